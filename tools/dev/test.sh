# ./dev test: everything a contributor must see green.

# ctest writes what happened as JUnit XML; its first line has the counts.
print_counts() {
	local xml=$1 tests failed skipped disabled
	count() { sed -n "s/^[[:space:]]*$1=\"\([0-9]*\)\".*/\1/p" "$xml" | head -n 1; }
	tests=$(count tests)
	failed=$(count failures)
	skipped=$(count skipped)
	disabled=$(count disabled)
	skipped=$((skipped + disabled))
	printf '%d passed, %d failed, %d skipped\n' $((tests - failed - skipped)) "$failed" "$skipped"
}

# run_tests [FILTER]
run_tests() {
	local xml=$PWD/build/debug/tests.xml status=0
	rm -f "$xml"
	ctest --preset debug -j "$(jobs)" --no-tests=error --output-junit "$xml" ${1:+-R "$1"} </dev/null || status=$?
	[ -f "$xml" ] || die "no test ran; ctest --preset debug -N lists their names"
	print_counts "$xml"
	return $status
}
