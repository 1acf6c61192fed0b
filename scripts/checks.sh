# The checks that are more than one command; test.sh and judges.sh name them. Sourced, never run.
# shellcheck shell=bash

PYTHON=$PERENNIAL_VENV/bin/python
export PYTHONDONTWRITEBYTECODE=1
# Exit code of a judge that cannot run on this machine.
CANNOT_RUN=3
# What the corpus became, as it is committed.
COVERAGE=docs/importers/coverage.md

# Shell scripts parse, stop at the first error and can be run.
check_scripts() {
    local script
    for script in .ci/run scripts/*.sh; do
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
        "$PYTHON" -W error -c 'import pathlib, sys; compile(pathlib.Path(sys.argv[1]).read_bytes(), sys.argv[1], "exec")' "$file"
    done < <(git ls-files -co --exclude-standard '*.py')
    while IFS= read -r file; do
        "$PYTHON" "$file" --help >/dev/null || fail "$file --help"
    done < <(grep -l '^if __name__ ==' tests/judges/*.py)
    echo "all Python files compile"
}

check_rustdoc() {
    RUSTDOCFLAGS="-D warnings" "$CARGO_PROGRAM" doc --locked --no-deps --features wasi --quiet
    echo "the documentation builds without warnings"
}

# The demonstration records are true to their own rules, and their payloads come out the same each time.
check_fixtures() {
    "$PYTHON" fixtures/missions/check.py
    "$PYTHON" fixtures/missions/make_payloads.py --check
}

# With the engine of WebAssembly, as releases have it.
build_program() { "$CARGO_PROGRAM" build --locked --quiet --features wasi "$@"; }

# A store with the demonstration records and their payloads: make_store PROGRAM STORE
make_store() { "$1" --store "$2" demo --no-serve; }

# Runs a judge with its report: judge NAME.py ARGUMENTS…
judge() {
    local name=$1
    shift
    "$PYTHON" "tests/judges/$name" ${PERENNIAL_REPORT:+--report "$PERENNIAL_REPORT"} "$@"
}

# Runs a judge against a store that is being served: judge_served PROGRAM STORE NAME.py ARGUMENTS…, with {url} for the address
judge_served() {
    local program=$1 store=$2 name=$3
    shift 3
    "$PYTHON" tests/judges/serving.py --binary "$program" "$store" -- \
        "$PYTHON" "tests/judges/$name" ${PERENNIAL_REPORT:+--report "$PERENNIAL_REPORT"} "$@"
}

# The questions of the corpus, all or those that are named, on the store that corpus_all.py made: judge_questions PROGRAM STORE [QUESTION…]
judge_questions() {
    judge_served "$1" "$2" queries_all.py '{url}' "${@:3}" --ingest-report "$2-report.json" --shared "$PERENNIAL_SHARED"
}

# The same against a copy of the store, for a judge that writes.
judge_on_copy() {
    local copy status
    copy=$(mktemp -d "${TMPDIR:-/tmp}/perennial-copy.XXXXXX")
    cp -a "$2" "$copy/store"
    set +e
    judge_served "$1" "$copy/store" "${@:3}"
    status=$?
    set -e
    rm -rf "$copy"
    return "$status"
}

# recover.py and the outside validators on a finished store, and a walk on the corpus.
judge_ocfl() { judge ocfl_valid.py --damage "$1/archive"; }
judge_recover() { judge recover_roundtrip.py --binary "$1" "$2"; }
judge_reindex() { judge reindex_same.py --binary "$1" "$2"; }
# Every asked figure of relevance holds.
judge_relevance() {
    local program=$1 folder=$2 report
    report=$("$program" --store "$folder" --json bench relevance \
        --judgements "$PERENNIAL_SHARED/corpus/cmr/tests.tsv" --documents "$PERENNIAL_SHARED/corpus/data/cmr")
    jq -r '.figures[] | "\(.what): \(.measured)"' <<<"$report"
    jq -e '[.figures[] | select(.met != null) | .met] | length == 4 and all' >/dev/null <<<"$report"
}
judge_pystac() { judge_served "$1" "$2" pystac_client_walk.py '{url}/stac' "${@:3}"; }
# The index against the evaluator of filters over 10,000 random records.
judge_filters() { PERENNIAL_FILTER_RECORDS=10000 "$CARGO_PROGRAM" test --locked --features wasi --lib random_filters_are_answered; }
# Spatial relations against the crate geo over 100,000 random geometries.
judge_geometries() { PERENNIAL_GEOMETRIES=100000 "$CARGO_PROGRAM" test --locked --features wasi --lib query::shape::tests::random; }
judge_searches() { judge_served "$1" "$2" pystac_client_search.py '{url}/stac' "${@:3}"; }
judge_eodag() { judge_served "$1" "$2" eodag_search.py '{url}/stac'; }
judge_exports() { judge_served "$1" "$2" exports.py '{url}' "${@:3}"; }
judge_ogc() { judge_served "$1" "$2" ogc_clients.py '{url}' "${@:3}"; }
judge_stac_api() { judge_on_copy "$1" "$2" stac_api_classes.py '{url}/stac' "${@:3}"; }
judge_sparql_questions() { judge_served "$1" "$2" sparql_questions.py '{url}' --shared "$PERENNIAL_SHARED"; }
judge_stac() { judge_served "$1" "$2" stac_valid.py '{url}'; }

# The recreation cases of the corpus: judge_drills PROGRAM. Those written in C run as WebAssembly modules too.
judge_drills() {
    scripts/recipes.sh "$WORK/modules"
    judge drills.py --binary "$1" --shared "$PERENNIAL_SHARED" --modules "$WORK/modules" "${@:2}"
}

# Our endpoint asked by Comunica, which is installed once: judge_comunica PROGRAM
judge_comunica() {
    local folder=${PERENNIAL_COMUNICA:-$HOME/.cache/perennial-comunica}
    scripts/comunica.sh "$folder"
    judge comunica.py --binary "$1" --comunica "$folder"
}

# Descriptions as RDF: judge_shacl PROGRAM STORE [ARGUMENTS…]
judge_shacl() { judge shacl.py --binary "$1" "${@:2}"; }
judge_linked_data() { judge linked_data.py --binary "$1" "${@:2}"; }

# The pages in Chromium: judge_pages PROGRAM STORE [ARGUMENTS…]
judge_pages() { judge pages.py --binary "$1" "${@:2}"; }

# Our STAC API in STAC Browser, which is built once: judge_stac_browser PROGRAM STORE
judge_stac_browser() {
    local folder=${PERENNIAL_STAC_BROWSER:-$HOME/.cache/perennial-stac-browser}
    scripts/stac-browser.sh "$folder"
    judge stac_browser.py --binary "$1" "$2" --pages "$folder/package/dist"
}

# Judges that start the service themselves and write, on a copy of a store: judge_writing PROGRAM STORE NAME.py [ARGUMENTS…]
judge_writing() {
    local copy status
    copy=$(mktemp -d "${TMPDIR:-/tmp}/perennial-copy.XXXXXX")
    cp -a "$2" "$copy/store"
    set +e
    judge "$3" --binary "$1" "$copy/store" "${@:4}"
    status=$?
    set -e
    rm -rf "$copy"
    return "$status"
}

# The DCAT feed as CKAN reads it, whose packages have an environment of their own: judge_dcat_feed PROGRAM STORE [ARGUMENTS…]
judge_dcat_feed() { PYTHON=$PERENNIAL_VENV-ckan/bin/python judge_writing "$1" "$2" dcat_feed.py "${@:3}"; }
judge_resync() { judge_writing "$1" "$2" resync_lists.py; }
