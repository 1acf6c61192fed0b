#!/usr/bin/env bash
# Measures the scenarios of docs/PERFORMANCE.md on a release build. Arguments go to `perennial bench`. The made-up records
# stay in STORE (default: beside the build) for the next run.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"

say "building the release"
"$CARGO_PROGRAM" build --locked --release --features wasi --quiet
exec "$CARGO_TARGET_DIR/release/perennial" --store "${STORE:-$CARGO_TARGET_DIR/bench}" bench "$@"
