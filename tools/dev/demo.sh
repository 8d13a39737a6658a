# ./dev demo: the city's streets, an empty data directory, then the day.

CITY_ROADS=.cache/gothenburg.road
DEMO_DIR=.cache/demo

# Made anew with every new binary: its format may be another.
build_city() {
	[ ! "$CITY_ROADS" -nt build/release/waybill ] || return 0
	note "demo: reading the streets of Gothenburg"
	build/release/waybill road import "$DEPS/city/large-network.json" -o "$CITY_ROADS.new" >/dev/null ||
		die "the city's streets could not be read"
	mv -f "$CITY_ROADS.new" "$CITY_ROADS"
	touch "$CITY_ROADS"
}

# Each demo begins with a day nobody has lived. The lock is the demo's as long
# as it runs; a test's demo has a directory of its own (WAYBILL_DEMO_DIR).
run_demo() {
	local dir=${WAYBILL_DEMO_DIR:-$DEMO_DIR}
	build_city
	mkdir -p "$(dirname "$dir")"
	exec 7>"$dir.lock"
	flock -n 7 || die "a demo is running in $dir already; stop it first"
	rm -rf "$dir"
	exec build/release/waybill demo --data "$dir" --roads "$CITY_ROADS" --models "$DEPS/models" --faces "$DEPS/faces" "$@"
}
