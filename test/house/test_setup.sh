#!/usr/bin/env bash
# Set-up against a registry of its own: a stand-in npm that knows one package at
# a file:// address, in a scratch checkout with an empty cache.
set -euo pipefail
repo=$(cd "$(dirname "$0")/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
ln -s "$repo/tools/dev" parts
export XDG_CACHE_HOME=$scratch/cache
checks=0

fail_test() {
	printf 'FAILED: %s\n' "$*" >&2
	[ ! -f said ] || sed 's/^/  | /' said >&2
	exit 1
}
check() {
	checks=$((checks + 1))
	"${@:2}" || fail_test "$1"
}
sha() { sha256sum <"$1" | cut -c1-64; }

# The package: one text, and one file large enough to be cut in half.
mkdir -p src/package/data bin tools
printf 'a small file\n' >src/package/data/small.txt
head -c 300000 /dev/urandom >src/package/data/large.bin
tar -czf toy.tgz -C src package
cat >bin/npm <<'NPM'
#!/usr/bin/env bash
echo "$*" >>npm.calls
[ -f offline ] && { echo "npm ERR! code ENOTFOUND" >&2; exit 1; }
case "$*" in *view*toy@1.0.0*) echo "file://$PWD/toy.tgz" ;; *registry*) echo the-registry ;; *) exit 1 ;; esac
NPM
chmod +x bin/npm
export PATH=$PWD/bin:$PATH

manifest() { # TARBALL-SHA SMALL-SHA LARGE-SHA
	printf '# a comment\n'
	printf 'toy\t1.0.0\tany\t%s\tdata/small.txt\t%s\t13\tgiven/small.txt\tMIT\n' "$1" "$2"
	printf 'toy\t1.0.0\tany\t%s\tdata/large.bin\t%s\t300000\tgiven/large.bin\tMIT\n' "$1" "$3"
}
tarball=$(sha toy.tgz)
small=$(sha src/package/data/small.txt)
large=$(sha src/package/data/large.bin)

# run_setup: exit code in $code, what it said in ./said, npm's calls in ./npm.calls.
run_setup() {
	: >npm.calls
	code=0
	bash -c 'set -euo pipefail; . parts/say.sh; . parts/downloads.sh; setup_downloads' >said 2>&1 </dev/null || code=$?
}
fresh() {
	rm -rf cache .cache offline
	manifest "$tarball" "$small" "$large" >tools/downloads.tsv
}
forget_checkout() { rm -rf .cache; }
placed() { cmp -s src/package/data/small.txt .cache/deps/given/small.txt && cmp -s src/package/data/large.bin .cache/deps/given/large.bin; }
no_calls() { [ ! -s npm.calls ]; }
one_sentence() { [ "$code" = 4 ] && [ "$(grep -c '^dev: ' said)" = 1 ] && grep -q "$1" said; }
nothing_placed() { [ ! -e .cache/deps/given/small.txt ] && [ ! -e .cache/deps/.manifest ]; }

fresh
run_setup
check "a fresh set-up places both files" placed
check "and leaves no tarball behind" test -z "$(find cache/waybill/part -name '*.tgz')"
run_setup
check "a second run asks nobody" no_calls
forget_checkout
run_setup
check "another checkout is served from the store" placed
check "without asking anybody" no_calls

fresh
mkdir -p cache/waybill/part
head -c 150000 toy.tgz >"cache/waybill/part/$tarball.tgz"
run_setup
check "an interrupted download goes on" grep -q 'going on after 150000 bytes' said
check "and ends right" placed

fresh
manifest "${tarball//[0-7]/8}" "$small" "$large" >tools/downloads.tsv
run_setup
check "another tarball than the pinned one is refused" one_sentence 'not the package pinned'
check "and nothing of it is used" nothing_placed

fresh
manifest "$tarball" "${small//[0-7]/8}" "$large" >tools/downloads.tsv
run_setup
check "another member than the pinned one is refused" one_sentence 'not the file pinned'
check "and is not placed" nothing_placed

fresh
touch offline
run_setup
check "no registry: one sentence says so" one_sentence 'does not answer for toy@1.0.0 (ENOTFOUND)'

fresh
run_setup
chmod +w "cache/waybill/files/$small"
printf 'a SMALL file\n' >"cache/waybill/files/$small"
forget_checkout
run_setup
check "a damaged store is noticed and fetched anew" placed

# Packages: nobody with rights, a package that is nowhere.
printf 'no-such-package-anywhere  build  a test\ncommand:cat  build  there already\n' >tools/packages.debian
code=0
cat >bin/id <<<'#!/bin/sh
echo 1000'
chmod +x bin/id
mkdir only && for tool in bash cat sed dpkg-query grep apt-get; do ln -s "$(command -v $tool)" only/; done
ln -s "$PWD/bin/id" only/id
PATH=$PWD/only bash -c 'set -euo pipefail; . parts/say.sh; . parts/packages.sh; setup_packages build' >said 2>&1 || code=$?
check "no rights: one sentence names the packages" one_sentence 'neither root nor sudo.*no-such-package-anywhere'

printf '%d checks passed\n' $checks
