#!/usr/bin/env bash
# Writes .sqlx anew, from the queries in the code and the migrations.
set -euo pipefail
cd "$(dirname "$0")/.."

fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
scripts/with-postgres.sh scripts/prepare-queries.sh "$fresh" check --locked --all-targets
mkdir -p .sqlx
find .sqlx -name 'query-*.json' -delete
find "$fresh" -name 'query-*.json' -exec cp {} .sqlx/ \;
echo "$(find .sqlx -name 'query-*.json' | wc -l) queries are prepared in .sqlx"
