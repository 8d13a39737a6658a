# Files from the npm registry, pinned in tools/downloads.tsv.
#
# Two places: the store, shared by all checkouts of this user and addressed by
# content ($STORE/files/<sha256>), and .cache/deps, where the build expects
# them. A tarball lives in $STORE/part only until its members are unpacked and
# right; an interrupted download goes on where it stopped.

MANIFEST=tools/downloads.tsv
STORE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/waybill
DEPS=.cache/deps
STAMP=$DEPS/.manifest

machine() {
	case $(uname -m) in
	x86_64) echo x64 ;;
	aarch64) echo arm64 ;;
	*) die "ONNX Runtime comes for x86-64 and arm64 only; this machine is $(uname -m)" ;;
	esac
}

# The newest Node that vite and playwright-core refuse is 20.18.
node_is_current() {
	local v
	v=$(node --version 2>/dev/null) || return 1
	printf 'v20.19.0\n%s\n' "$v" | sort -V -C
}

system_has_onnxruntime() { pkg-config --exists libonnxruntime 2>/dev/null; }

# wanted_rows: the manifest's lines this machine needs.
wanted_rows() {
	local skip='^$' arch
	arch=$(machine)
	# A node fetched earlier is on the path (use_node) and must not hide itself.
	[ -e "$DEPS/node/bin/node" ] || ! node_is_current || skip+='|^node/'
	! system_has_onnxruntime || skip+='|^onnxruntime/'
	awk -F '\t' -v arch="$arch" -v skip="$skip" \
		'!/^#/ && ($3 == "any" || $3 == arch) && $8 !~ skip' "$MANIFEST"
}

# is_placed SHA BYTES PATH-INSIDE DEST: present with the right size (a whole
# package: with the right mark). Contents were checked when it was placed.
is_placed() {
	if [ "$3" = . ]; then
		[ "$(cat "$DEPS/$4/.from" 2>/dev/null)" = "$1" ]
	else
		[ "$(stat -c %s "$DEPS/$4" 2>/dev/null)" = "$2" ]
	fi
}

all_placed() {
	local path sha bytes dest _
	[ "$(cat "$STAMP" 2>/dev/null)" = "$(sha256_of "$MANIFEST")" ] || return 1
	while IFS=$'\t' read -r _ _ _ _ path sha bytes dest _; do
		is_placed "$sha" "$bytes" "$path" "$dest" || return 1
	done < <(wanted_rows)
}

in_store() { [ -f "$STORE/files/$1" ] && [ "$(sha256_of "$STORE/files/$1")" = "$1" ]; }

# npm_client ARG...: fails in seconds, not minutes, where there is no network.
npm_client() {
	npm --loglevel=error --fetch-retries=1 --fetch-retry-mintimeout=1000 --fetch-timeout=30000 "$@" </dev/null
}

# tarball_address PACKAGE VERSION, as the user's npm client knows it.
tarball_address() {
	local url why=$STORE/part/npm.log
	if ! url=$(npm_client view "$1@$2" dist.tarball 2>"$why") || [ -z "$url" ]; then
		why=$(awk '$3 == "code" {print $4; exit} $2 == "code" {print $3; exit}' "$why")
		die "the npm registry $(npm_client config get registry 2>/dev/null) does not answer for $1@$2 (${why:-no answer}):" \
			"connect to the network or set npm's registry, then run ./dev setup again"
	fi
	printf '%s\n' "$url"
}

# download URL FILE: goes on where FILE ends; from the start where the server
# cannot (curl's error 33).
download() {
	local progress=--no-progress-meter status=0
	[ ! -t 2 ] || progress=--progress-bar
	curl --fail --location --continue-at - --retry 4 --connect-timeout 20 --speed-limit 1024 --speed-time 60 \
		"$progress" --output "$2" "$1" || status=$?
	[ $status = 33 ] || return $status
	rm -f "$2"
	curl --fail --location --connect-timeout 20 --speed-limit 1024 --speed-time 60 "$progress" --output "$2" "$1"
}

# fetch_tarball PACKAGE VERSION SHA256 -> $STORE/part/<sha256>.tgz, verified.
fetch_tarball() {
	local part=$STORE/part/$3.tgz url had=''
	if [ -s "$part" ]; then
		[ "$(sha256_of "$part")" != "$3" ] || return 0
		had=" (going on after $(stat -c %s "$part") bytes)"
	fi
	url=$(tarball_address "$1" "$2")
	note "fetching $1 $2$had"
	download "$url" "$part" ||
		die "the download of $1 $2 broke off; what came is kept, so run ./dev setup again when the network is back"
	[ "$(sha256_of "$part")" = "$3" ] || {
		rm -f "$part"
		die "$1 $2 is not the package pinned in $MANIFEST (its SHA-256 differs); nothing of it was used"
	}
	note "         $1 $2: $(($(stat -c %s "$part") / 1000000)) MB, SHA-256 as pinned"
}

# unpack_to_store PACKAGE VERSION TARBALL-SHA: every member this machine wants.
unpack_to_store() {
	local part=$STORE/part/$3.tgz dir=$STORE/part/$3.d path sha _
	rm -rf "$dir" && mkdir -p "$dir"
	wanted_rows | awk -F '\t' -v t="$3" '$4 == t && $5 != "." {print "package/" $5}' >"$dir/list"
	tar -xzf "$part" -C "$dir" --no-same-owner --touch --files-from "$dir/list"
	while IFS=$'\t' read -r _ _ _ _ path sha _; do
		if [ "$path" = . ]; then
			ln -f "$part" "$dir/member"
		else
			mv -f "$dir/package/$path" "$dir/member"
		fi
		[ "$(sha256_of "$dir/member")" = "$sha" ] || die "$1 $2: $path is not the file pinned in $MANIFEST"
		case $path in bin/*) chmod 555 "$dir/member" ;; *) chmod 444 "$dir/member" ;; esac
		mv -f "$dir/member" "$STORE/files/$sha"
	done < <(wanted_rows | awk -F '\t' -v t="$3" '$4 == t')
	rm -rf "$dir" "$part"
}

# place SHA PATH-INSIDE DEST: from the store into .cache/deps.
place() {
	local from=$STORE/files/$1 to=$DEPS/$3
	mkdir -p "$(dirname "$to")"
	if [ "$2" = . ]; then
		rm -rf "$to" && mkdir -p "$to"
		tar -xzf "$from" -C "$to" --no-same-owner --strip-components=1
		printf '%s\n' "$1" >"$to/.from"
	else
		ln -f "$from" "$to" 2>/dev/null || cp -f --preserve=mode "$from" "$to"
	fi
}

setup_downloads() {
	local package version tarball path sha dest _
	! all_placed || return 0
	mkdir -p "$STORE/files" "$STORE/part" "$DEPS"
	exec 8>"$STORE/lock"
	flock 8
	while IFS=$'\t' read -r package version _ tarball path sha _ dest _; do
		in_store "$sha" || {
			fetch_tarball "$package" "$version" "$tarball"
			unpack_to_store "$package" "$version" "$tarball"
		}
		place "$sha" "$path" "$dest"
	done < <(wanted_rows)
	exec 8>&-
	sha256_of "$MANIFEST" >"$STAMP"
}

# Puts the fetched Node (and its npm) first on the path, where there is one.
use_node() {
	[ -e "$DEPS/node/bin/node" ] || return 0
	ln -sfn ../lib/node_modules/npm/bin/npm-cli.js "$DEPS/node/bin/npm"
	ln -sfn ../lib/node_modules/npm/bin/npx-cli.js "$DEPS/node/bin/npx"
	chmod +x "$DEPS"/node/lib/node_modules/npm/bin/np[mx]-cli.js
	PATH=$PWD/$DEPS/node/bin:$PATH
	export PATH
}
