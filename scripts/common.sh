# Shared by the scripts of this folder: where things are, and how to say things. Sourced, never run.
# shellcheck shell=bash

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export ROOT
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$HOME/.cache/perennial-target}
export PERENNIAL_VENV=${PERENNIAL_VENV:-$HOME/.cache/perennial-venv}
# Real records to test against, when they lie beside the project.
export PERENNIAL_SHARED=${PERENNIAL_SHARED:-$ROOT/../shared}
# Another program may stand for cargo, for instance one that waits its turn on a busy machine.
export CARGO_PROGRAM=${CARGO_PROGRAM:-cargo}

say() { printf '== %s\n' "$*"; }
fail() { printf 'error: %s\n' "$*" >&2; exit 1; }

# Whether PERENNIAL_SKIP names the check.
is_skipped() { case ",${PERENNIAL_SKIP:-}," in *",$1,"*) return 0 ;; *) return 1 ;; esac; }
