#!/usr/bin/env bash
# Runs every check of the project, each even when an earlier one failed, and ends with `N passed, N failed`.
# What is missing fails, unless PERENNIAL_SKIP names the check (`PERENNIAL_SKIP=kill9,pystac-client make test`).
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
# shellcheck source=scripts/checks.sh
source scripts/checks.sh

passed=0 failed=0 skipped=0 summary=""

# Runs one check; cargo's own test counts are added up, any other check counts as one.
check() {
    local name=$1 started=$SECONDS log status tests
    shift
    if is_skipped "$name"; then
        printf '\n!!!! SKIPPED, because PERENNIAL_SKIP names it: %s\n' "$name"
        skipped=$((skipped + 1))
        summary+="  skipped  $name"$'\n'
        return 0
    fi
    printf '\n'
    say "$name"
    log=$(mktemp)
    # Not behind `||`: there bash would ignore errors inside the check.
    set +e
    (set -e; "$@") </dev/null 2>&1 | tee "$log"
    status=${PIPESTATUS[0]}
    set -e
    tests=$(awk '/^test result:/ { sum += $4 } END { print sum + 0 }' "$log")
    [ "$tests" -gt 0 ] || tests=1
    if [ "$status" -eq 0 ]; then
        passed=$((passed + tests))
        summary+="  passed   $name ($tests, $((SECONDS - started)) s)"$'\n'
    else
        failed=$((failed + 1))
        summary+="  FAILED   $name ($((SECONDS - started)) s)"$'\n'
    fi
    rm -f "$log"
}

check format "$CARGO_PROGRAM" fmt --check
check scripts check_scripts
check python check_python
check clippy "$CARGO_PROGRAM" clippy --locked --all-targets --quiet -- -D warnings
check rustdoc check_rustdoc
check cargo-test "$CARGO_PROGRAM" test --locked

printf '\nSummary, %d s:\n%s' "$SECONDS" "$summary"
[ "$skipped" -eq 0 ] || printf '!!!! %d check(s) SKIPPED by PERENNIAL_SKIP\n' "$skipped"
if [ "$skipped" -gt 0 ]; then
    printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
else
    printf '%d passed, %d failed\n' "$passed" "$failed"
fi
[ "$failed" -eq 0 ]
