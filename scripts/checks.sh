# The checks that are more than one command; test.sh and judges.sh name them. Sourced, never run.
# shellcheck shell=bash

# Shell scripts parse, stop at the first error and can be run.
check_scripts() {
    local script
    for script in .ci/run scripts/*.sh tests/judges/*.sh; do
        [ -e "$script" ] || continue
        bash -n "$script"
        head -n 1 "$script" | grep -q '^#!' || continue
        grep -q '^set -euo pipefail$' "$script" || fail "$script: without 'set -euo pipefail'"
        [ -x "$script" ] || fail "$script: not executable"
    done
    echo "all shell scripts parse"
}

# Python files compile, and each judge tells how to use it.
check_python() {
    local file
    while IFS= read -r file; do
        "$PERENNIAL_VENV/bin/python" -W error -c 'import sys; compile(open(sys.argv[1], "rb").read(), sys.argv[1], "exec")' "$file"
    done < <(git ls-files -co --exclude-standard '*.py')
    for file in tests/judges/*.py; do
        [ -e "$file" ] || continue
        grep -q '^if __name__ ==' "$file" || continue
        "$PERENNIAL_VENV/bin/python" "$file" --help >/dev/null || fail "$file --help"
    done
    echo "all Python files compile"
}

check_rustdoc() {
    RUSTDOCFLAGS="-D warnings" "$CARGO_PROGRAM" doc --locked --no-deps --quiet
    echo "the documentation builds without warnings"
}
