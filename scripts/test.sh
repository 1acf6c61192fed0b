#!/usr/bin/env bash
# Runs every check of the project, each even when an earlier one failed, and ends with `N passed, N failed`.
# What is missing fails, unless PERENNIAL_SKIP names the check (`PERENNIAL_SKIP=kill9,disk-full make test`). Only the
# corpus of real records, which is no part of the project, may be absent: its checks are then printed as skipped.
# PERENNIAL_ONLY=name,name runs these checks alone, while working on one.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
# shellcheck source=scripts/checks.sh
source scripts/checks.sh

passed=0 failed=0 skipped=0 summary=""
WORK=$(mktemp -d "${TMPDIR:-/tmp}/perennial-test.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
PROGRAM=$CARGO_TARGET_DIR/debug/perennial

skip() {
    printf '\n!!!! SKIPPED: %s: %s\n' "$1" "$2"
    skipped=$((skipped + 1))
    summary+="  skipped  $1: $2"$'\n'
}

# Runs one check; cargo's own test counts are added up, any other check counts as one.
check() {
    local name=$1 started=$SECONDS log=$WORK/log status tests
    shift
    [ -z "${PERENNIAL_ONLY:-}" ] || case ",$PERENNIAL_ONLY," in *",$name,"*) ;; *) return 0 ;; esac
    if is_skipped "$name"; then
        skip "$name" "PERENNIAL_SKIP names it"
        return 0
    fi
    printf '\n'
    say "$name"
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
        [ "$status" -ne "$CANNOT_RUN" ] || summary+="           it cannot run here; PERENNIAL_SKIP=$name leaves it out"$'\n'
    fi
}

# A check that needs the corpus of real records.
check_corpus() {
    if [ -d "$PERENNIAL_SHARED/corpus/data/stac" ] || [ -n "${PERENNIAL_ONLY:-}" ]; then check "$@"; else skip "$1" "no corpus in $PERENNIAL_SHARED"; fi
}

check format "$CARGO_PROGRAM" fmt --check
check scripts check_scripts
check python check_python
check fixtures check_fixtures
check clippy "$CARGO_PROGRAM" clippy --locked --all-targets --features wasi --quiet -- -D warnings
check rustdoc check_rustdoc
check cargo-test "$CARGO_PROGRAM" test --locked --features wasi
# The program that the tests were run with: a build of its own would build half of the dependencies again, whose features differ.
check build "$CARGO_PROGRAM" test --locked --features wasi --no-run --quiet

check demo-store make_store "$PROGRAM" "$WORK/store"
check ocfl-py judge_ocfl "$WORK/store"
check recover judge_recover "$PROGRAM" "$WORK/store"
check recover-v2 judge_recover "$PROGRAM" fixtures/formats/v2
check reindex judge_reindex "$PROGRAM" "$WORK/store"
check pystac-client judge_pystac "$PROGRAM" "$WORK/store"
check stac judge_stac "$PROGRAM" "$WORK/store"
check stac-api-validator judge_stac_api "$PROGRAM" "$WORK/store"
check searches judge_searches "$PROGRAM" "$WORK/store"
check eodag judge_eodag "$PROGRAM" "$WORK/store"
check ogc-clients judge_ogc "$PROGRAM" "$WORK/store"
check exports judge_exports "$PROGRAM" "$WORK/store"
check schemathesis judge schemathesis_run.py --binary "$PROGRAM" "$WORK/store"
check pages judge_pages "$PROGRAM" "$WORK/store"
check dcat-feed judge_dcat_feed "$PROGRAM" "$WORK/store"
check resync judge_resync "$PROGRAM" "$WORK/store"
check_corpus corpus judge corpus_all.py --binary "$PROGRAM" "$WORK/corpus" --shared "$PERENNIAL_SHARED" --check-coverage "$COVERAGE"
for question in D1 D2 D3 D4 D5 D6 D7 D8 D9 D10 D11; do
    check_corpus "question-$question" judge_questions "$PROGRAM" "$WORK/corpus" "$question"
done
check_corpus sparql-questions judge_sparql_questions "$PROGRAM" "$WORK/corpus"
check_corpus scale judge scale.py --binary "$PROGRAM" --shared "$PERENNIAL_SHARED"
check_corpus oai-harvest judge oai_harvest.py --binary "$PROGRAM" --shared "$PERENNIAL_SHARED" --records 1500 --pages 1
check_corpus relevance judge_relevance "$PROGRAM" "$WORK/relevance"
check_corpus corpus-stac judge corpus_stac.py --binary "$PROGRAM" "$WORK/corpus-stac" --shared "$PERENNIAL_SHARED"
check_corpus corpus-served-as-stac judge_stac "$PROGRAM" "$WORK/corpus"
check_corpus drills judge_drills "$PROGRAM"
check cql2 judge cql2_oracle.py --binary "$PROGRAM" --items 1000 --filters 60
check_corpus pages-stranger judge_pages "$PROGRAM" "$WORK/store" --corpus "$WORK/corpus" --shared "$PERENNIAL_SHARED" --only-stranger
check hostile judge hostile.py --binary "$PROGRAM"
check backup judge backup_while_serving.py --binary "$PROGRAM"
check kill9 judge kill9.py --binary "$PROGRAM" --kills 20 --records 2000
check sparql-clients judge sparql_clients.py --binary "$PROGRAM"
check sparql-hostile judge sparql_hostile.py --binary "$PROGRAM" --clients 16 --turns 1
check graph-kill9 judge graph_kill9.py --binary "$PROGRAM" --kills 10
check harvest judge harvest.py --binary "$PROGRAM" --records 600 --kills 5
check federated judge federated.py --binary "$PROGRAM" --peers "$PERENNIAL_VENV-peers/bin/python"
check mirror judge mirror.py --binary "$PROGRAM" --kills 8
check tes judge tes_client.py --binary "$PROGRAM"
check_corpus drills-tes judge drills.py --binary "$PROGRAM" --shared "$PERENNIAL_SHARED" --tes
check disk-full judge disk_full.py --binary "$PROGRAM"

printf '\nSummary, %d s:\n%s' "$SECONDS" "$summary"
if [ "$skipped" -gt 0 ]; then
    printf '!!!! %d check(s) SKIPPED\n%d passed, %d failed, %d skipped\n' "$skipped" "$passed" "$failed" "$skipped"
else
    printf '%d passed, %d failed\n' "$passed" "$failed"
fi
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
