#!/usr/bin/env bash
# Installs what a target needs on Debian: system packages through apt, Python tools into an environment of their own.
# usage: scripts/setup.sh make|build|demo|test|judges
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# Lines of `test that it is there | Debian package`.
NEEDS_MAKE='command -v make | make'
# RocksDB, in which the graph is kept, is C++ and has its bindings made with libclang.
NEEDS_BUILD='command -v cc | gcc
test -e /usr/include/stdlib.h | libc6-dev
command -v c++ | g++
ls /usr/lib/llvm-*/lib/libclang*.so* | libclang-dev'
# The demonstration's payloads are made by a Python script.
NEEDS_DEMO='command -v python3 | python3'
# Programs of recipes: bubblewrap isolates native ones; clang and wasi-libc build the modules of fixtures/recipes.
NEEDS_RECIPES='command -v bwrap | bubblewrap
command -v clang | clang
command -v wasm-ld | lld
test -e /usr/lib/wasm32-wasi/libc.a | wasi-libc
ls /usr/lib/llvm-*/lib/clang/*/lib/wasi/libclang_rt.builtins-wasm32.a | libclang-rt-14-dev-wasm32
command -v funpack | libcfitsio-bin'
NEEDS_TEST='command -v make | make
command -v zstd | zstd
command -v jq | jq
command -v curl | curl
command -v unshare | util-linux
command -v chromium | chromium
command -v python3 | python3
command -v ogrinfo | gdal-bin
python3 -c "import ensurepip, venv" | python3-venv'

# STAC Browser is built from its npm package.
NEEDS_JUDGES='command -v npm | npm'

missing_packages() {
    local check package
    while IFS='|' read -r check package; do
        eval "$check" >/dev/null 2>&1 || printf '%s' "$package"
    done <<<"$1"
}

install_packages() {
    local packages
    packages=$(missing_packages "$1")
    [ -n "$packages" ] || return 0
    # shellcheck disable=SC2086
    set -- $packages
    local line="apt-get install -y --no-install-recommends $*"
    local rights=()
    if ! command -v apt-get >/dev/null; then
        fail "these Debian packages are missing, and there is no apt-get here; install what corresponds to: $*"
    fi
    if [ "$(id -u)" -ne 0 ]; then
        if ! sudo -n true 2>/dev/null; then
            fail "system packages are missing and this user may not install them; type: sudo $line"
        fi
        rights=(sudo -n)
    fi
    say "installing $*"
    "${rights[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
    # shellcheck disable=SC2086
    "${rights[@]}" env DEBIAN_FRONTEND=noninteractive $line
}

check_rust() {
    command -v cargo >/dev/null || [ ! -x "$HOME/.cargo/bin/cargo" ] || fail "cargo is in ~/.cargo/bin but not in PATH; type: . ~/.cargo/env"
    command -v cargo >/dev/null || fail "Rust is missing; https://rustup.rs tells how to install it"
}

# An environment is made again when its list of tools changes, never half: install_environment FOLDER LIST
install_environment() {
    local folder=$1 wanted="$ROOT/tests/judges/$2" stamp="$1/perennial-requirements.txt"
    if [ -x "$folder/bin/python" ] && cmp -s "$wanted" "$stamp" && "$folder/bin/python" -c ''; then
        return 0
    fi
    say "installing the Python tools of tests/judges/$2 into $folder"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --retries 5 --no-deps -r "$wanted"
    cp "$wanted" "$stamp"
}

install_python_tools() {
    install_environment "$PERENNIAL_VENV" requirements.txt
    install_environment "$PERENNIAL_VENV-crates" requirements-crates.txt
    install_environment "$PERENNIAL_VENV-ckan" requirements-ckan.txt
    install_environment "$PERENNIAL_VENV-peers" requirements-peers.txt
}

case "${1:-}" in
make) install_packages "$NEEDS_MAKE" ;;
build)
    install_packages "$NEEDS_BUILD"
    check_rust
    ;;
demo)
    install_packages "$NEEDS_BUILD"$'\n'"$NEEDS_DEMO"
    check_rust
    ;;
test | judges)
    needs=$NEEDS_BUILD$'\n'$NEEDS_TEST$'\n'$NEEDS_RECIPES
    [ "$1" = test ] || needs+=$'\n'$NEEDS_JUDGES
    install_packages "$needs"
    check_rust
    install_python_tools
    ;;
*) fail "usage: scripts/setup.sh make|build|demo|test|judges" ;;
esac
