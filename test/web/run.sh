#!/usr/bin/env bash
# usage: test/web/run.sh WAYBILL POSE_FRAMES [DEPS]
# A driver's day and a dispatcher's, through the pages, in Chromium. 77: this
# machine lacks something the test needs, and one sentence says what.
# UPDATE_SCREENS=1 writes docs/screens/*.png on the way; KEEP=1 leaves the data directory and its log.
set -euo pipefail
[ $# -ge 2 ] || { sed -n 's/^# //; 2,5p' "$0" >&2; exit 2; }
waybill=$(readlink -f "$1")
poses=$(readlink -f "$2")
deps=$(readlink -f "${3:-.cache/deps}")
skip() {
	echo "skipped: $*"
	exit 77
}
[ ! -x "$deps/node/bin/node" ] || PATH=$deps/node/bin:$PATH
command -v node >/dev/null || skip "there is no Node here (./dev setup installs it)"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 20 ] || skip "Node $(node --version) is too old, 20 is needed (./dev setup fetches one)"
chromium=$(command -v chromium || command -v chromium-browser || true)
[ -n "$chromium" ] || skip "there is no Chromium here (Debian: apt-get install chromium)"
# Ubuntu's is a snap in a box of its own: it sees neither our files nor our fake camera.
[[ $(readlink -f "$chromium") != */snap* ]] || skip "this Chromium is a snap, which cannot be driven from here"
command -v ffmpeg >/dev/null || skip "there is no ffmpeg here, which makes the fake camera's film"
[ -f "$deps/city/large-network.json" ] || skip "no city in $deps (run ./dev setup)"
[ -f "$deps/models/manifest" ] || skip "no prepared face models in $deps/models (run ./dev build)"
[ -f "$deps/faces/sample6.jpg" ] || skip "no sample photographs in $deps/faces (run ./dev setup)"
[ -d web/node_modules/playwright-core ] || skip "no playwright-core in web/node_modules (run ./dev build)"
[ -f web/dist/index.html ] || skip "the pages are not built (run ./dev build)"
exec node test/web/day.mjs "$waybill" "$deps" "$chromium" "$poses"
