#!/usr/bin/env bash
# Builds the programs of fixtures/recipes as modules of WASI preview 1 with Debian's clang and wasi-libc. The same sources and
# compiler give the same bytes in whatever folder and whenever: nothing of the machine goes in.
# usage: scripts/recipes.sh FOLDER [native]      with native also for this machine, into FOLDER/native, to compare speed
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -ge 1 ] && [ "${2:-native}" = native ] || fail "usage: scripts/recipes.sh FOLDER [native]"
command -v clang >/dev/null || fail "clang is missing; scripts/setup.sh test installs it"
[ -e /usr/lib/wasm32-wasi/libc.a ] || fail "wasi-libc is missing; scripts/setup.sh test installs it"
mkdir -p "$1"
into=$(cd "$1" && pwd)
# Names in the module, such as those in assertions, are relative to the folder.
cd "$ROOT/fixtures/recipes"
for source in *.c; do
    clang --target=wasm32-wasi -std=gnu11 -O2 -g0 -Wall -Wextra -Werror -Wl,--strip-all \
        -o "$into/${source%.c}.wasm" "$source" -lm
done
[ "${2:-}" = native ] || exit 0
mkdir -p "$into/native"
for source in *.c; do
    cc -std=gnu11 -O2 -w -o "$into/native/${source%.c}" "$source" -lm
done
