#!/usr/bin/env bash
# fuzz.sh: runs each fuzz target for FUZZ_SECONDS. On a stable compiler there is no sanitizer, and none is missed:
# unsafe code is forbidden here, so what remains to be found is panics, overflows and broken promises.
set -euo pipefail
cd "$(dirname "$0")/.."

version=0.13.2
if [ "$(cargo fuzz --version 2>/dev/null)" != "cargo-fuzz $version" ]; then
    cargo install cargo-fuzz --version "$version" --locked
fi

for target in ${FUZZ_TARGETS:-packages orders webhooks}; do
    mkdir -p "fuzz/corpus/$target"
    # The first folder collects what is found; the second is committed.
    cargo fuzz run --sanitizer none "$target" "fuzz/corpus/$target" "fuzz/seeds/$target" -- \
        -max_total_time="${FUZZ_SECONDS:-60}" -max_len=16384 -timeout=10 -rss_limit_mb=2048 -dict=fuzz/json.dict \
        -print_final_stats=1
done
