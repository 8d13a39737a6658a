#!/usr/bin/env bash
# Every file that a page of documentation links to is there.
set -euo pipefail
cd "$(dirname "$0")/../.."
checked=0
broken=0
while IFS=: read -r page link; do
	target=${link#*](}
	target=${target%)}
	target=${target%%#*}
	case $target in '' | *://* | mailto:*) continue ;; esac
	checked=$((checked + 1))
	[ -e "$(dirname "$page")/$target" ] || {
		echo "$page links to $target, which is not there"
		broken=1
	}
done < <(grep -oHE '\]\([^) ]+\)' ./*.md docs/*.md)
[ $checked -ge 10 ] || { echo "only $checked links were found: this test does not read them" && exit 1; }
echo "$checked links lead somewhere"
exit $broken
