#!/usr/bin/env bash
# need.sh WHAT…: sees to it that a machine has what a target needs, where WHAT is postgres, browser or lints.
# What is missing is installed when this is root on a Debian, and otherwise named in one sentence and a failing exit.
set -euo pipefail

packages=() wanted=()

has() { command -v "$1" >/dev/null 2>&1; }

has_postgres() {
    local dir
    for dir in "${PG_BIN_DIR:-}" /usr/lib/postgresql/*/bin /usr/local/pgsql/bin; do
        [ -n "$dir" ] && [ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && new_enough "$dir/postgres" && return 0
    done
    has initdb && has postgres && new_enough postgres
}

# PostgreSQL 15 is the oldest that is tested.
new_enough() {
    local major
    major=$("$1" --version | sed -nE 's/.*\(PostgreSQL\) ([0-9]+).*/\1/p')
    [ "${major:-0}" -ge 15 ]
}

has_chromium() { has chromium || has chromium-browser || has google-chrome; }

look() {
    packages=() wanted=()
    for what in "$@"; do
        case "$what" in
        postgres) has_postgres || { packages+=(postgresql); wanted+=("PostgreSQL 15 or newer with its server programs"); } ;;
        browser)
            has_chromium || { packages+=(chromium); wanted+=("Chromium"); }
            has chromedriver || { packages+=(chromium-driver); wanted+=("chromedriver"); }
            ;;
        lints) ;;
        *) echo "need.sh does not know '$what'" >&2; exit 2 ;;
        esac
    done
}

join() { local joined; joined=$(printf ', %s' "$@"); echo "${joined:2}"; }

if ! has cargo || ! { has cc || has gcc || has clang; }; then
    echo "This needs a Rust toolchain (https://rustup.rs) and a C compiler (on Debian: apt-get install gcc libc6-dev)." >&2
    exit 1
fi

if [[ " $* " == *" lints "* ]] && ! { cargo fmt --version && cargo clippy --version; } >/dev/null 2>&1; then
    if has rustup; then
        rustup component add rustfmt clippy
    else
        echo "The checks need rustfmt and clippy of your Rust toolchain: install them beside cargo." >&2
        exit 1
    fi
fi

look "$@"
[ ${#packages[@]} -eq 0 ] && exit 0
if [ "$(id -u)" -eq 0 ] && has apt-get; then
    echo "Installing ${packages[*]} with apt-get." >&2
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -q >&2
    apt-get install -q -y --no-install-recommends "${packages[@]}" >&2
    look "$@"
    [ ${#packages[@]} -eq 0 ] && exit 0
fi
echo "Missing: $(join "${wanted[@]}"). Install it (on Debian and Ubuntu: sudo apt-get install ${packages[*]}) and run this again." >&2
exit 1
