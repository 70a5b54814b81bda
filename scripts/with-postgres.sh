#!/usr/bin/env bash
# with-postgres.sh COMMAND…: runs a command beside a throw-away PostgreSQL (examples/with_postgres.rs).
#
# That program is built from this package, and the package builds only with fresh prepared queries, which need that
# program. So the last one that was built is kept; without any, it is built from the last commit.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
built=$target/debug/examples/with_postgres
kept=$target/with_postgres
commit=$target/last-commit

if cargo build --locked --example with_postgres; then
    install -m 755 "$built" "$kept"
elif [ -x "$kept" ]; then
    echo "The package does not build without a database: going on with the last with_postgres that did." >&2
else
    echo "The package does not build without a database: building with_postgres from the last commit." >&2
    rm -rf "$commit"
    git worktree prune
    git worktree add --quiet --detach "$commit" HEAD
    trap 'git worktree remove --force "$commit"' EXIT
    cargo build --quiet --locked --example with_postgres --manifest-path "$commit/Cargo.toml" --target-dir "$target"
    install -m 755 "$built" "$kept"
    git worktree remove --force "$commit"
    trap - EXIT
fi
exec "$kept" "$@"
