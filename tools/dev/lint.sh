# ./dev lint: each check runs, then the command fails if one of them did.

c_files() { git ls-files -co --exclude-standard -- '*.c' '*.h'; }
source_files() { git ls-files -co --exclude-standard -- 'src/*.c'; }

script_files() {
	printf '%s\n' dev tools/dev/*.sh
	git ls-files -co --exclude-standard -- .ci tools bench test | while read -r file; do
		case $(head -n 1 "$file" | tr -d '\0') in '#!'*sh) printf '%s\n' "$file" ;; esac
	done
}

# Versions of clang-format disagree in corners; Debian 12's decides.
CLANG_FORMAT_MAJOR=14

formatter_decides() {
	clang-format --version | grep -q "version $CLANG_FORMAT_MAJOR\." || {
		note "lint: layout is clang-format $CLANG_FORMAT_MAJOR's to decide (Debian 12); this machine's is another, so it was left alone"
		return 1
	}
}

check_layout() { ! formatter_decides || c_files | xargs -r clang-format --dry-run -Werror; }
check_layers() { tools/check-layers; }
check_scripts() { script_files | sort -u | xargs shellcheck --shell=bash --severity=style; }
check_tidy() { source_files | xargs -r -n 4 -P "$(jobs)" clang-tidy --quiet -p build/debug; }

check_cppcheck() {
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
		--library=tools/cppcheck.cfg \
		--suppress=missingIncludeSystem --suppress=unmatchedSuppression --suppress=normalCheckLevelMaxBranches \
		--suppress=shiftTooManyBitsSigned -D_GNU_SOURCE -I src -j "$(jobs)" src
}

check_analyzer() { build_preset analyze; }

run_lint() {
	local failed='' check
	build_preset debug
	for check in layout layers scripts tidy cppcheck analyzer; do
		note "lint: $check"
		(check_"$check") || failed+=" $check"
	done
	[ -z "$failed" ] || {
		note "lint: findings in:$failed"
		return 1
	}
	note "lint: nothing found"
}

run_fmt() { formatter_decides && c_files | xargs -r clang-format -i; }
