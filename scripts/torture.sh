#!/usr/bin/env bash
# The whole of tests/torture, beside a PostgreSQL; the target `torture` of the Makefile calls it. With SCRIPT only that
# script; with SCRIPT, AT and MODE one death alone, as the line says that a broken run prints.
set -euo pipefail
cd "$(dirname "$0")/.."

export TORTURE=all TORTURE_SEED=${SEED:-} TORTURE_SCRIPT=${SCRIPT:-} TORTURE_AT=${AT:-} TORTURE_MODE=${MODE:-}
export RUST_BACKTRACE=${RUST_BACKTRACE:-0}
exec cargo test --locked --test torture f96_killed -- --nocapture
