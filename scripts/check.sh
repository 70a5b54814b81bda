#!/usr/bin/env bash
# The part of `make test` that has a database beside it: lints and the freshness of .sqlx in one build, then all tests.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fresh=$work/fresh none=$work/none
mkdir "$fresh" "$none"
scripts/prepare-queries.sh "$fresh" clippy --locked --all-targets -- -D warnings
committed=$none
[ -d .sqlx ] && committed=.sqlx
if ! diff -r "$committed" "$fresh"; then
    echo "The prepared queries in .sqlx are not those of the code: run 'make queries' and commit them." >&2
    exit 1
fi
cargo test --locked
