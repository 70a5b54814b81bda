#!/usr/bin/env bash
# The long run of tests/torture, optimised, with UNITS units and the courses of SEED. It starts a PostgreSQL of its own,
# because it restarts it. The report's place stands in its last lines.
set -euo pipefail
cd "$(dirname "$0")/.."

export TORTURE_UNITS=${UNITS:-20000} TORTURE_SEED=${SEED:-}
export RUST_BACKTRACE=${RUST_BACKTRACE:-0}
# Optimised without the whole program's optimisation, which takes minutes and finds nothing more.
exec cargo test --locked --profile bench --test torture f96_in_a_long_run -- --nocapture
