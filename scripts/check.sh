#!/usr/bin/env bash
# The part of `make test` that has a database beside it: lints and the freshness of .sqlx in one build, then all tests.
set -euo pipefail
cd "$(dirname "$0")/.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
scripts/prepare-queries.sh "$fresh" clippy --locked --all-targets -- -D warnings
committed=.sqlx
[ -d "$committed" ] || committed=$(mktemp -d)
if ! diff -r "$committed" "$fresh"; then
    echo "The prepared queries in .sqlx are not those of the code: run 'make queries' and commit them." >&2
    exit 1
fi
cargo test --locked
