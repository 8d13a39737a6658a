# Building: pages, binary, prepared models.

jobs() { echo "${WAYBILL_JOBS:-$(nproc)}"; }

# changed_since MARK DIR...: is any file under DIR newer than MARK?
changed_since() {
	local mark=$1
	shift
	[ ! -e "$mark" ] || [ -n "$(find "$@" -name node_modules -prune -o -path web/dist -prune -o -type f -newer "$mark" -print -quit)" ]
}

# The driver app and the console: web/dist, which the binary embeds.
build_pages() {
	[ -f web/package.json ] || return 0
	use_node
	local lock=.cache/web-lock built=.cache/web-built now
	now=$(sha256_of web/package-lock.json)
	if [ ! -d web/node_modules ] || [ "$(cat $lock 2>/dev/null)" != "$now" ]; then
		run npm --prefix web ci --no-audit --no-fund --loglevel=error </dev/null >&2 ||
			die "npm could not install what web/package-lock.json lists: connect to the network, then try again"
		printf '%s\n' "$now" >$lock
	fi
	[ ! -d web/dist ] || changed_since $built web || return 0
	run npm --prefix web run build --loglevel=error </dev/null >&2 || die "the pages do not build"
	touch $built
}

# build_preset NAME [TARGET...]
build_preset() {
	local preset=$1 log=.cache/build-$1.log
	shift
	cmake --preset "$preset" >"$log" 2>&1 || {
		cat "$log" >&2
		die "cmake could not configure the $preset build"
	}
	cmake --build --preset "$preset" -j "$(jobs)" ${1:+--target "$@"} >&2 || die "the $preset build failed"
}

build_release() {
	build_pages
	build_preset release
	prepare_models
}

# The face engine's own form of the models (.cache/deps/models), from the files
# as published (models/raw). The command does nothing when they are current.
prepare_models() {
	[ -e models/manifest ] || return 0
	build/release/waybill face prepare --raw "$DEPS/models/raw" --out "$DEPS/models" >.cache/models.log ||
		die "the face models could not be prepared"
}
