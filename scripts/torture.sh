#!/usr/bin/env bash
# The whole of tests/torture, beside a PostgreSQL, after 10,000 visitors who hang up (F101; `make test` has 2,000 of them);
# the target `torture` of the Makefile calls it. With SCRIPT only that script; with SCRIPT, AT and MODE one death alone, as
# the line says that a broken run prints.
set -euo pipefail
cd "$(dirname "$0")/.."

export TORTURE=all TORTURE_SEED=${SEED:-} TORTURE_SCRIPT=${SCRIPT:-} TORTURE_AT=${AT:-} TORTURE_MODE=${MODE:-}
export RUST_BACKTRACE=${RUST_BACKTRACE:-0}
if [ -z "$TORTURE_SCRIPT" ]; then
  HANG_UPS=10000 cargo test --locked --test shop f101_visitors
fi
exec cargo test --locked --test torture f96_killed -- --nocapture
