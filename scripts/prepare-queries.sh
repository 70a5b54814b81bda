#!/usr/bin/env bash
# prepare-queries.sh FOLDER CARGO-COMMAND…: compiles every target against the database beside it, whereby sqlx's macros
# write each query's description into FOLDER. Runs inside with-postgres.sh.
set -euo pipefail
cd "$(dirname "$0")/.."

into=$1
shift

# A changed variable alone recompiles nothing. The old time comes back at the end, so that no other build is repeated.
before=$(mktemp)
touch -r src/lib.rs "$before"
trap 'touch -r "$before" src/lib.rs; rm -f "$before"' EXIT
touch src/lib.rs
SQLX_OFFLINE=false SQLX_OFFLINE_DIR="$into" DATABASE_URL="$SIMFRONT_TEST_DATABASE_URL" cargo "$@"
