#!/usr/bin/env bash
# lighthouse.sh: Lighthouse, as it judges a phone, on the home page, a country and a plan of a demo. Prints each score and
# what costs points, and ends with 1 where one of the four is under 100. Installed by name and pinned version into
# target/lighthouse; neither the shop nor `make test` depends on it. PROFILE=release judges the program as it ships.
set -euo pipefail
cd "$(dirname "$0")/.."

work=${CARGO_TARGET_DIR:-target}/lighthouse
mkdir -p "$work/demo" "$work/reports"
work=$(cd "$work" && pwd)

need() {
    command -v "$1" >/dev/null 2>&1 && return
    echo "make lighthouse needs $2 (on Debian: apt-get install $3)." >&2
    exit 1
}
need node "Node 20 or newer" nodejs
need npm npm npm
need python3 "Python 3" python3
chrome=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
[ -n "$chrome" ] || { echo "make lighthouse needs Chromium (on Debian: apt-get install chromium)." >&2; exit 1; }

stamp=$(cat conformance/lighthouse/package.json conformance/lighthouse/package-lock.json | sha256sum)
if [ "$(cat "$work/installed" 2>/dev/null)" != "$stamp" ]; then
    echo "Installing Lighthouse." >&2
    cp conformance/lighthouse/package.json conformance/lighthouse/package-lock.json "$work/"
    npm ci --prefix "$work" --no-audit --no-fund --loglevel error >&2
    echo "$stamp" >"$work/installed"
fi

profile=${PROFILE:-dev}
cargo build --locked --profile "$profile" --bin simfront
folder=$profile
[ "$profile" = dev ] && folder=debug
program=$(cd "${CARGO_TARGET_DIR:-target}/$folder" && pwd)/simfront

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
: >"$work/demo.log"
(cd "$work/demo" && PORT=$port exec "$program" demo) >"$work/demo.log" 2>&1 &
demo=$!
trap 'kill "$demo" 2>/dev/null || true' EXIT
shop='' tries=0
until shop=$(sed -n 's/^shop: //p' "$work/demo.log") && [ -n "$shop" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 1200 ] || { echo "The demo does not start: see $work/demo.log" >&2; exit 1; }
    sleep 0.1
done

failed=0
for page in / /destinations/france /plans/1120; do
    report=$work/reports/$(echo "$page" | tr -c 'a-z0-9\n' _).json
    # Judged is the page, not how busy the machine is: the throttling is computed.
    CHROME_PATH=$chrome "$work/node_modules/.bin/lighthouse" "$shop$page" --quiet --output json --output-path "$report" \
        --only-categories=performance,accessibility,best-practices,seo --form-factor=mobile --throttling-method=simulate \
        --chrome-flags='--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage'
    python3 conformance/lighthouse/scores.py "$page" "$report" || failed=1
done
exit "$failed"
