#!/usr/bin/env bash
# run.sh [PATCH…]: does a test notice when the program breaks in a known way?
#
# Each `mutants/*.patch` breaks one thing. Its header says what (`breaks:`) and which tests must turn red (`red:`, one a
# line: the test binary, or `lib`, and the test's full name). The patch is applied to a copy of the project below
# target/mutants, the named tests run there, and this ends with 1 when one of them stays green, does not exist, or the
# patch no longer applies or compiles. First of all the named tests run without any patch, and must be green: red
# proves something only where green was possible.
#
# Run it beside a PostgreSQL: `make mutants`.
set -euo pipefail
cd "$(dirname "$0")/.."

here=$PWD
target=$here/${CARGO_TARGET_DIR:-target}
copy=$target/mutants/copy
log=$target/mutants/log
patches=("$@")
[ ${#patches[@]} -gt 0 ] || patches=(mutants/*.patch)
: "${SIMFRONT_TEST_DATABASE_URL:?run this as \`make mutants\`, which brings a PostgreSQL}"

# The copy shares compiled dependencies with the project; the program itself is compiled for the copy alone: see below.
export CARGO_TARGET_DIR=$target
# The copy lies inside the project's own repository, of which `git apply` must know nothing here.
export GIT_CEILING_DIRECTORIES=$target/mutants
export RUST_BACKTRACE=0

rm -rf "$copy" "$log"
mkdir -p "$copy" "$log"
git ls-files --cached --others --exclude-standard -z |
    while IFS= read -r -d '' file; do [ -e "$file" ] && printf '%s\0' "$file"; done |
    tar --null --files-from - --create | tar --extract --touch --directory "$copy"

# Another version of the package, under which cargo keeps what it compiles of the copy apart. Under one and the same, what
# was compiled of a broken copy would be taken for the project's own, and the other way round.
sed -i '/^\[package\]$/,/^\[dependencies\]$/s/^version = .*/version = "0.0.0-broken"/' "$copy/Cargo.toml"
sed -i '/^name = "simfront"$/{n;s/^version = .*/version = "0.0.0-broken"/}' "$copy/Cargo.lock"

reds() { sed -nE 's/^red: +//p' "$1"; }

# run NAME: runs the tests that are named on standard input, a binary at a time; each one's result is a line in the log.
# Ends with 1 when they cannot be compiled.
run() {
    local name=$1 lines binary tests flag
    lines=$(sort -u)
    : >"$log/$name"
    for binary in $(cut -d' ' -f1 <<<"$lines" | sort -u); do
        mapfile -t tests < <(sed -nE "s/^$binary //p" <<<"$lines")
        flag=(--test "$binary")
        [ "$binary" != lib ] || flag=(--lib)
        if ! (cd "$copy" && cargo test --quiet --locked "${flag[@]}" --no-run) >>"$log/$name" 2>&1; then
            return 1
        fi
        # Named one by one, so that one which hangs or aborts takes no other with it.
        for one in "${tests[@]}"; do
            if (cd "$copy" && timeout 600 cargo test --quiet --locked "${flag[@]}" -- --exact "$one") >"$log/one" 2>&1; then
                if grep -q '^test result: ok. 1 passed' "$log/one"; then
                    echo "GREEN $binary $one" >>"$log/$name"
                else
                    echo "MISSING $binary $one" >>"$log/$name"
                fi
            else
                echo "RED $binary $one" >>"$log/$name"
            fi
            cat "$log/one" >>"$log/$name"
        done
    done
}

failed=0
complain() {
    echo "FAILED $1" >&2
    failed=1
}

echo "without a patch: every named test must be green"
for patch in "${patches[@]}"; do reds "$patch"; done | run unbroken || { tail -30 "$log/unbroken" >&2; exit 1; }
while IFS= read -r line; do complain "without a patch: $line"; done < <(grep -E '^(RED|MISSING) ' "$log/unbroken")
[ "$failed" -eq 0 ] || exit 1

for patch in "${patches[@]}"; do
    name=$(basename "$patch" .patch)
    if [ -z "$(reds "$patch")" ] || ! grep -q '^breaks: ' "$patch"; then
        complain "$name: its header says neither what it breaks nor what must turn red"
    elif ! git -C "$copy" apply "$here/$patch"; then
        complain "$name: it no longer applies"
    else
        if ! reds "$patch" | run "$name"; then
            complain "$name: it does not compile; see $log/$name"
        elif grep -E '^(GREEN|MISSING) ' "$log/$name" >"$log/stayed"; then
            while IFS= read -r line; do complain "$name: $line"; done <"$log/stayed"
        else
            echo "ok: $name turns $(reds "$patch" | wc -l) tests red: $(sed -n 's/^breaks: *//p' "$patch")"
        fi
        git -C "$copy" apply --reverse "$here/$patch"
    fi
done
exit "$failed"
