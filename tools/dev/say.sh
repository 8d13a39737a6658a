# Talking to the person at the terminal. Progress goes to stderr: stdout belongs
# to whatever the command was asked for.

note() { printf '%s\n' "$*" >&2; }

# One clear sentence, then exit 4 (the contract's "failed").
die() {
	printf 'dev: %s\n' "$*" >&2
	exit 4
}

usage_error() {
	printf 'dev: %s (./dev help lists the commands)\n' "$*" >&2
	exit 2
}

# run COMMAND...: shows the line, then runs it.
run() {
	note "+ $*"
	"$@"
}

sha256_of() { sha256sum <"$1" | cut -c1-64; }
