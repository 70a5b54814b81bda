#!/usr/bin/env bash
# run.sh: the outside judges. Everything they need is installed by name and pinned version into target/conformance;
# nothing is vendored, and neither the shop nor `make test` depends on any of it.
#
#   a  schemathesis asks the sandbox what the upstream's document makes up, and judges every answer by that document;
#   b  the sandbox's webhooks are checked against the document's schemas;
#   c  the client (examples/conformance) before Prism: its honest traffic through a strict proxy in front of the
#      sandbox, and what it makes of a mock's dynamic answers over many seeds;
#   d  Stripe's own library drives the stand-in that the tests ask, signs events for the shop and verifies the stand-in's;
#      what the shop asks is held against that library's types and against Stripe's published schema.
#   e  the Nu HTML checker reads every page of a demo: what visitors, customers and staff see (conformance/pages.py).
#
# Each judge says ok, or what it found and this ends with 1. `run.sh a b` runs only those two; c and e need Node, e Java too.
set -euo pipefail
cd "$(dirname "$0")/.."

here=$PWD
document=tests/fixtures/esimdual/openapi.json
work=${CARGO_TARGET_DIR:-target}/conformance
judges=${*:-a b c d e}
export PYTHONDONTWRITEBYTECODE=1
mkdir -p "$work"
work=$(cd "$work" && pwd)

need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "make conformance needs $2 (on Debian: apt-get install $3)." >&2
    exit 1
}
sorry() {
    echo "$1" >&2
    exit 1
}

# Installs again only when what is pinned has changed.
is_installed() { [ "$(cat "$work/installed-$1" 2>/dev/null)" = "$2" ]; }

install_python() {
    need python3 "Python 3.10 or newer with venv" "python3 python3-venv"
    local stamp
    stamp=$(sha256sum <conformance/requirements.txt)
    is_installed python "$stamp" && return
    echo "Installing the judges that run on Python." >&2
    rm -rf "$work/installed-python" "$work/venv"
    python3 -m venv "$work/venv" >&2 ||
        sorry "make conformance needs Python's venv (on Debian: apt-get install python3-venv)."
    "$work/venv/bin/pip" install --quiet --disable-pip-version-check -r conformance/requirements.txt >&2 ||
        sorry "make conformance needs the network once, to install the packages of conformance/requirements.txt with pip."
    echo "$stamp" >"$work/installed-python"
}

install_node() {
    need node "Node 20 or newer" nodejs
    need npm npm npm
    [ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] ||
        sorry "make conformance needs Node 20 or newer; this is $(node --version)."
    local stamp
    stamp=$(cat conformance/package.json conformance/package-lock.json | sha256sum)
    is_installed node "$stamp" && return
    echo "Installing the judges that run on Node." >&2
    rm -f "$work/installed-node"
    cp conformance/package.json conformance/package-lock.json "$work/"
    npm ci --prefix "$work" --no-audit --no-fund --loglevel error >&2 ||
        sorry "make conformance needs the network once, to install the packages of conformance/package.json with npm."
    echo "$stamp" >"$work/installed-node"
}

case " $judges " in *" a "* | *" b "* | *" d "*) install_python ;; esac
case " $judges " in *" c "* | *" e "*) install_node ;; esac

cargo build --locked --bin simfront --example conformance --example stripe_stand_in
built=${CARGO_TARGET_DIR:-target}/debug

sandbox=
demo=
stop() {
    for running in $sandbox $demo; do kill "$running" 2>/dev/null || true; done
}
trap stop EXIT

token() {
    curl --silent --fail "$1/login" -H 'accept: application/json' -H 'content-type: application/json' \
        -d '{"email":"partner@example.com","password":"StrongPassword123!","device_name":"conformance"}' |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])'
}

# judge BASE SELECTION…: the strict line, with a token of its own. It asks for JSON, as a client of the API does: who does
# not, and whose token is no longer known, is sent to a page for people.
judge() {
    local base=$1
    shift
    # In its own folder, where it keeps what it remembers.
    (cd "$work" && venv/bin/schemathesis run "$here/$document" --url "$base" -H 'Accept: application/json' \
        -H "Authorization: Bearer $(token "$base")" \
        --mode positive --phases examples,coverage,fuzzing \
        --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
        -n 20 --seed 1 --no-color "$@")
}

schemathesis() {
    "$built/simfront" sandbox --port 0 --packages 300 --balance 1000000 >"$work/sandbox.log" &
    sandbox=$!
    local base='' tries=0
    until base=$(sed -n 's/^sandbox: //p' "$work/sandbox.log") && [ -n "$base" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || { echo "The sandbox does not start." >&2; exit 1; }
        sleep 0.1
    done
    # A logout revokes the token that everything else needs, so it is judged by itself.
    judge "$base" --exclude-path /logout
    judge "$base" --include-path /logout
    # The negative control: a sandbox that answers a page of HTML must turn this judge red.
    curl --silent --fail -o /dev/null "${base%/api/*}/_sandbox/faults" -H 'content-type: application/json' \
        -d '{"fault":"bad_gateway","operation":"wallet","times":1000}'
    if judge "$base" --include-path /wallet >"$work/control.log" 2>&1; then
        echo "schemathesis overlooked a page of HTML in place of the wallet: see $work/control.log" >&2
        exit 1
    fi
    kill "$sandbox" && wait "$sandbox" || true
    sandbox=
    echo "ok: schemathesis finds nothing, and found the lie"
}

html() {
    need java "a Java runtime" default-jre-headless
    need python3 "Python 3" python3
    local program shop='' tries=0 port pages account
    program=$(cd "$built" && pwd)/simfront
    mkdir -p "$work/demo" "$work/html"
    rm -f "$work/html"/*
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    : >"$work/demo.log"
    (cd "$work/demo" && PORT=$port exec "$program" demo) >"$work/demo.log" 2>&1 &
    demo=$!
    until shop=$(sed -n 's/^shop: //p' "$work/demo.log") && [ -n "$shop" ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 1200 ] || { echo "The demo does not start: see $work/demo.log" >&2; exit 1; }
        sleep 0.1
    done
    # The sandbox's line comes after the shop's.
    until grep -q '^sandbox: ' "$work/demo.log"; do sleep 0.1; done
    # The account's e-mail and password.
    read -ra account <<<"$(sed -n 's/^admin: [^ ]* //p' "$work/demo.log")"
    pages=$(python3 conformance/pages.py "$shop" "${account[@]}" "$(sed -n 's/^sandbox: //p' "$work/demo.log")" "$work/html")
    kill "$demo" && wait "$demo" || true
    demo=
    (cd "$work/demo" && "$program" demo --reset) >>"$work/demo.log" 2>&1
    # The negative control: a page that is wrong must turn this judge red.
    local jar=$work/node_modules/vnu-jar/build/dist/vnu.jar
    echo '<!doctype html><title>x</title><p id=a><p id=a>' >"$work/wrong.html"
    if java -jar "$jar" --errors-only "$work/wrong.html" 2>/dev/null; then
        echo "the Nu HTML checker overlooked an id that stands twice" >&2
        exit 1
    fi
    java -jar "$jar" --errors-only "$work/html"
    echo "ok: the Nu HTML checker finds no error in $pages pages"
}

for one in $judges; do
    case "$one" in
    a) schemathesis ;;
    b) "$work/venv/bin/python" conformance/webhooks.py "$built/simfront" "$document" ;;
    c)
        # shellcheck disable=SC2016  # the variable is with_postgres' own
        scripts/with-postgres.sh sh -c 'exec "$0" "$1" "$2" "$SIMFRONT_TEST_DATABASE_URL"' \
            "$built/examples/conformance" "$work/node_modules/.bin/prism" "$document"
        ;;
    d)
        "$work/venv/bin/python" conformance/card.py "$(realpath "$built/simfront")" \
            "$(realpath "$built/examples/stripe_stand_in")" "$work/stripe.openapi.json" "$work/card.log"
        ;;
    e) html ;;
    *) echo "run.sh does not know the judge '$one'" >&2; exit 2 ;;
    esac
done
