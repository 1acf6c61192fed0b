#!/usr/bin/env bash
# Builds STAC Browser from its npm package, once, for the judge that looks at our STAC API with it.
# usage: scripts/stac-browser.sh FOLDER; the pages are in FOLDER/package/dist afterwards.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

VERSION=4.0.1
# Its package names ranges; a later ol-stac than this one does not fit the OpenLayers that it names.
OL_STAC=1.1.0
FOLDER=${1:?usage: scripts/stac-browser.sh FOLDER}
STAMP="$VERSION with ol-stac $OL_STAC"

[ "$(cat "$FOLDER/built" 2>/dev/null)" != "$STAMP" ] || exit 0
command -v npm >/dev/null || fail "npm is missing; scripts/setup.sh judges installs it"
say "building STAC Browser $STAMP in $FOLDER"
rm -rf "$FOLDER"
mkdir -p "$FOLDER"
cd "$FOLDER"
npm pack --silent "@radiantearth/stac-browser@$VERSION" >/dev/null
tar xzf ./*.tgz
cd package
npm pkg set "dependencies.ol-stac=$OL_STAC"
npm install --silent --no-audit --no-fund --legacy-peer-deps --ignore-scripts
NODE_ENV=production npx vue-cli-service build --noSourceMaps --historyMode=hash >"$FOLDER/build.log" 2>&1 ||
    fail "STAC Browser does not build; $FOLDER/build.log tells why"
echo "$STAMP" >"$FOLDER/built"
