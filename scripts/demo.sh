#!/usr/bin/env bash
# Builds Perennial in the quick profile, ingests the shipped fixtures into a new store and serves it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

say "building (the first time takes some minutes)"
"$CARGO_PROGRAM" build --locked --features wasi --quiet
arguments=()
[ -z "${PORT:-}" ] || arguments+=(--listen "127.0.0.1:$PORT")
exec "$CARGO_TARGET_DIR/debug/perennial" --store "${STORE:-./store}" demo "${arguments[@]}"
