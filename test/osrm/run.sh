#!/usr/bin/env bash
# OSRM's npm clients, unchanged, against `waybill road serve`. Installs them from their
# lockfile where npm can; skips (77), saying so, without Node 18, npm or the city.
set -euo pipefail
waybill=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
skip() { echo "skipped: $1"; exit 77; }
[ -d "$root/.cache/deps/node/bin" ] && PATH=$root/.cache/deps/node/bin:$PATH
command -v node >/dev/null || skip "no node"
store=$root/.cache/test-osrm
if ! cmp -s "$root/test/osrm/package-lock.json" "$store/installed.json"; then
	mkdir -p "$store"
	cp "$root"/test/osrm/package*.json "$store"
	npm --prefix "$store" ci --no-audit --no-fund --ignore-scripts --loglevel=error --fetch-retries=1 </dev/null ||
		skip "npm cannot install the clients"
	cp "$root/test/osrm/package-lock.json" "$store/installed.json"
fi
cp "$root/test/osrm/clients.mjs" "$root/test/osrm/town.osm" "$store/"
exec node --no-warnings "$store/clients.mjs" "$waybill" "$store/town.osm"
