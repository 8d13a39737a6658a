#!/usr/bin/env bash
# A small simulated day, twice with one seed: the reports are the same to the
# byte, nothing in them is a problem, and every story has happened.
set -euo pipefail
waybill=$1
deps=${2:-.cache/deps}
[ -f "$deps/city/large-network.json" ] || { echo "skipped: no city in $deps (run ./dev setup)"; exit 77; }
[ -f "$deps/models/manifest" ] || { echo "skipped: no prepared models in $deps/models (run ./dev build)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$waybill" road import "$deps/city/large-network.json" -o "$work/city.road" >/dev/null
day() {
	"$waybill" demo --once --data "$work/$1" --roads "$work/city.road" --models "$deps/models" --faces "$deps/faces" \
		--drivers 12 --parcels 90 --blocks 8 --with-face 4 --seed "$2" >"$work/$1.json" 2>"$work/$1.log" ||
		{ cat "$work/$1.log"; echo "the day $1 failed"; exit 1; }
}
day one 7
day two 7
day three 8
# Hashes of the chain cover fresh salts only where the seed differs: the whole report must agree.
cmp "$work/one.json" "$work/two.json" || { echo "one seed made two days"; exit 1; }
! cmp -s "$work/one.json" "$work/three.json" || { echo "two seeds made one day"; exit 1; }
python3 - "$work/one.json" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
p = r["parcels"]
assert r["problems"] == [], r["problems"]
assert p["total"] == 90 == p["delivered"] + p["returned"] + p["open"] + p["cancelled"], p
out, told = r["checked_outside"], r["told"]
assert out["draws"] == out["draws_replayed"] == 10, out
assert out["statements"] == out["statements_recomputed"] > 0, out
assert out["chain"]["ok"] is True and out["chain"]["size"] > 50, out
assert r["appeals"] == {"opened": 1, "upheld": 1, "rejected": 0}, r["appeals"]
assert told["left_and_erased"] and told["given_back"] == 1 and told["position.implausible"] >= 1, told
# the map alone foretold the day; what the night learned of it foretold the next morning, and better
day, next_morning = r["roads"], r["roads_next_morning"]
assert day["speeds_version"] == 0 and next_morning["speeds_version"] == 1, (day, next_morning)
assert day["foretold_over_driven"] < 0.8 < 0.85 < next_morning["foretold_over_driven"] < 1.15, (day, next_morning)
assert next_morning["mean_error_s"] < 0.6 * next_morning["map_mean_error_s"], next_morning
assert r["duties"]["planned_by_learned_times"] == 0, r["duties"]
morning = r["duties_next_morning"]
assert morning["planned_by_learned_times"] == morning["closed"] > 0, morning
late = lambda d: d["stops_over_10_min_late"] / d["stops_reached"]
assert late(morning) < late(r["duties"]), (r["duties"], morning)
if r["drivers"]["with_face_path"] >= 2:
    assert told["check_in_try_again"] >= 1 and told["checkin.review"] == 1, told
    assert r["checks"]["face_passed"] >= 1, r["checks"]
PY
echo "one seed, one day: $(wc -c <"$work/one.json") bytes agree"
