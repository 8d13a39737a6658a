# ./dev fuzz TARGET SECONDS: libFuzzer over test/fuzz/fuzz_TARGET.c. Inputs that
# reach new code join test/fuzz/corpus/TARGET, which ordinary tests replay; to
# keep that quick, only small ones do, and only while the corpus is small.

FUZZ_INPUT_MAX_BYTES=16384
FUZZ_CORPUS_MAX_KB=1024

list_fuzz_targets() {
	local file
	for file in test/fuzz/fuzz_*.c; do
		[ -e "$file" ] || continue
		file=${file##*/fuzz_}
		printf '%s\n' "${file%.c}"
	done
}

merge_corpus() {
	local target=$1 found=$2 corpus=test/fuzz/corpus/$1 before after
	if [ "$(du -sk "$corpus" | cut -f 1)" -ge $FUZZ_CORPUS_MAX_KB ]; then
		note "fuzz: $corpus holds $FUZZ_CORPUS_MAX_KB KB already; nothing was added"
		return 0
	fi
	find "$found" -type f -size +${FUZZ_INPUT_MAX_BYTES}c -delete
	before=$(find "$corpus" -type f | wc -l)
	build/fuzz/"fuzz_$target" -merge=1 "$corpus" "$found" >build/fuzz/"merge-$target.log" 2>&1 ||
		die "merging the corpus failed; build/fuzz/merge-$target.log says why"
	after=$(find "$corpus" -type f | wc -l)
	note "fuzz: $((after - before)) inputs joined $corpus ($after now)"
}

# run_fuzz TARGET SECONDS
run_fuzz() {
	local target=$1 seconds=$2 found=build/fuzz/found/$1 crash=build/fuzz/crash-$1-
	[ -f "test/fuzz/fuzz_$target.c" ] || usage_error "there is no target '$target'; the targets: $(list_fuzz_targets | xargs)"
	[[ $seconds =~ ^[1-9][0-9]{0,5}$ ]] || usage_error "SECONDS is a whole number, not '$seconds'"
	build_preset fuzz "fuzz_$target"
	mkdir -p "$found" "test/fuzz/corpus/$target"
	build/fuzz/"fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$crash" "$found" "test/fuzz/corpus/$target" >&2 || {
		note "fuzz: $target fails on the input just written; mend it, then move that input into test/fuzz/corpus/$target"
		return 1
	}
	merge_corpus "$target" "$found"
}
