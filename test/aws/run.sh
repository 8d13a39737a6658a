#!/usr/bin/env bash
# The AWS SDK against `waybill face serve`. Installs the SDK from its lockfile where
# npm can; skips (77), saying so, without Node 18, npm, models or photographs.
set -euo pipefail
waybill=$1
root=$(cd "$(dirname "$0")/../.." && pwd)
skip() { echo "skipped: $1"; exit 77; }
[ -d "$root/.cache/deps/node/bin" ] && PATH=$root/.cache/deps/node/bin:$PATH
command -v node >/dev/null || skip "no node"
photo=$root/.cache/deps/faces/sample5.jpg
[ -f "$photo" ] || skip "no sample photographs; ./dev setup fetches them"
[ -f "$root/.cache/deps/models/raw/fr_detect.onnx" ] || skip "no models; ./dev setup fetches them"
models=$root/build/aws-models
"$waybill" face prepare --raw "$root/.cache/deps/models/raw" --out "$models" --manifest "$root/models/manifest" >/dev/null
store=$root/.cache/test-aws
if ! cmp -s "$root/test/aws/package-lock.json" "$store/installed.json"; then
	mkdir -p "$store"
	cp "$root"/test/aws/package*.json "$store"
	npm --prefix "$store" ci --no-audit --no-fund --ignore-scripts --loglevel=error --fetch-retries=1 </dev/null ||
		skip "npm cannot install the SDK"
	cp "$root/test/aws/package-lock.json" "$store/installed.json"
fi
cp "$root/test/aws/rekognition.mjs" "$store/"
exec node --no-warnings "$store/rekognition.mjs" "$waybill" "$models" "$photo"
