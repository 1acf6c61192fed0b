#!/usr/bin/env bash
# Full numbers and tools from outside, on a release build; writes docs/JUDGES.md from what the judges report.
# PERENNIAL_KILLS and PERENNIAL_KILL_RECORDS change the numbers of the kill test; the report then says so.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$ROOT"
# shellcheck source=scripts/checks.sh
source scripts/checks.sh

WORK=$(mktemp -d "${TMPDIR:-/tmp}/perennial-judges.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
export PERENNIAL_REPORT=$WORK/reports.jsonl
PROGRAM=$CARGO_TARGET_DIR/release/perennial
failed=0
: >"$PERENNIAL_REPORT"

# Runs a judge; one that ends without a report gets a row that says so.
run() {
    local name=$1 rows status
    shift
    say "$name"
    rows=$(wc -l <"$PERENNIAL_REPORT")
    set +e
    (set -e; "$@") </dev/null
    status=$?
    set -e
    [ "$status" -eq 0 ] || failed=$((failed + 1))
    if [ "$(wc -l <"$PERENNIAL_REPORT")" -eq "$rows" ]; then
        jq -cn --arg judge "$name" --argjson status "$status" '{judge: $judge, passed: ($status == 0), checked: 1,
            failed: (if $status == 0 then 0 else 1 end), failures: (if $status == 0 then [] else ["ended with exit code \($status)"] end),
            figures: {}, tools: {}, seconds: 0, skipped: null}' >>"$PERENNIAL_REPORT"
    fi
}

say "building the release"
build_program --release
export PERENNIAL_BINARY=$PROGRAM

run "demonstration store" make_store "$PROGRAM" "$WORK/store"
run "corpus, all formats" judge corpus_all.py --binary "$PROGRAM" "$WORK/corpus" --shared "$PERENNIAL_SHARED" --check-coverage "$COVERAGE"
run "questions D1 to D11" judge_questions "$PROGRAM" "$WORK/corpus"
run "scale" judge scale.py --binary "$PROGRAM" --release --shared "$PERENNIAL_SHARED"
run "relevance" judge_relevance "$PROGRAM" "$WORK/relevance"
run "corpus, STAC" judge corpus_stac.py --binary "$PROGRAM" "$WORK/corpus-stac" --shared "$PERENNIAL_SHARED"
for store in store corpus; do
    run "STAC 1.1.0 schemas" judge_stac "$PROGRAM" "$WORK/$store"
    run "ocfl-py" judge_ocfl "$WORK/$store"
    run "recover.py" judge_recover "$PROGRAM" "$WORK/$store"
    run "reindex" judge_reindex "$PROGRAM" "$WORK/$store"
    run "pystac-client" judge_pystac "$PROGRAM" "$WORK/$store" --walks 200 --validate 200
done
run "cql2 as oracle" judge cql2_oracle.py --binary "$PROGRAM"
run "random filters" judge_filters
run "random geometries" judge_geometries
run "stac-api-validator" judge_stac_api "$PROGRAM" "$WORK/store" --pagination
run "pystac-client, searches" judge_searches "$PROGRAM" "$WORK/corpus" --properties 12
run "eodag" judge_eodag "$PROGRAM" "$WORK/corpus"
run "OWSLib and GDAL" judge_ogc "$PROGRAM" "$WORK/corpus" --layers 10
run "exports" judge_exports "$PROGRAM" "$WORK/corpus" --collections 10
run "schemathesis" judge schemathesis_run.py --binary "$PROGRAM" "$WORK/store" --seconds "${PERENNIAL_SCHEMATHESIS_SECONDS:-1800}"
run "pages in Chromium" judge_pages "$PROGRAM" "$WORK/store" --corpus "$WORK/corpus" --shared "$PERENNIAL_SHARED"
run "recreation drills" judge_drills "$PROGRAM"
run "SHACL and forms of RDF" judge_shacl "$PROGRAM" "$WORK/store"
run "SHACL and forms of RDF" judge_shacl "$PROGRAM" "$WORK/corpus" --records 300
run "linked data" judge_linked_data "$PROGRAM" "$WORK/store"
run "linked data" judge_linked_data "$PROGRAM" "$WORK/corpus"
run "sickle and oaipmh-scythe" judge oai_harvest.py --binary "$PROGRAM" --shared "$PERENNIAL_SHARED" --pace 2
run "CKAN, DCAT feed" judge_dcat_feed "$PROGRAM" "$WORK/store"
run "CKAN, DCAT feed" judge_dcat_feed "$PROGRAM" "$WORK/corpus" --limit 200
run "resync, ResourceSync" judge_resync "$PROGRAM" "$WORK/corpus"
run "vocabularies" judge vocabularies.py
run "STAC Browser" judge_stac_browser "$PROGRAM" "$WORK/store"
run "hostile requests" judge hostile.py --binary "$PROGRAM"
run "backup while serving" judge backup_while_serving.py --binary "$PROGRAM" --seconds 10
run "full and read-only disk" judge disk_full.py --binary "$PROGRAM"
run "kill -9" judge kill9.py --binary "$PROGRAM" --kills "${PERENNIAL_KILLS:-200}" --records "${PERENNIAL_KILL_RECORDS:-100000}"
run "SPARQL, D6 and D9" judge_sparql_questions "$PROGRAM" "$WORK/corpus"
run "SPARQL clients" judge sparql_clients.py --binary "$PROGRAM"
run "Comunica" judge_comunica "$PROGRAM"
run "SPARQL, hostile" judge sparql_hostile.py --binary "$PROGRAM" --strict
run "py-tes" judge tes_client.py --binary "$PROGRAM"
run "drills by TES" judge drills.py --binary "$PROGRAM" --shared "$PERENNIAL_SHARED" --tes
run "kill -9, graph" judge graph_kill9.py --binary "$PROGRAM" --kills "${PERENNIAL_KILLS:-200}" --longest 0.5
run "harvest" judge harvest.py --binary "$PROGRAM" --records 10000 --kills 50
run "federated search" judge federated.py --binary "$PROGRAM" --peers "$PERENNIAL_VENV-peers/bin/python"
run "mirror" judge mirror.py --binary "$PROGRAM" --kills 100

"$PYTHON" tests/judges/render.py "$PERENNIAL_REPORT" >"$WORK/JUDGES.md"
cp "$WORK/JUDGES.md" docs/JUDGES.md
say "docs/JUDGES.md is written"
[ "$failed" -eq 0 ] || fail "$failed judge(s) did not pass"
