/* The signing process: see chain_sign.h. */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <sodium.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "chain/chain_sign.h"
#include "chain/chain_tree.h"

#define STATE_LINE 128
#define ANSWER_HEAD (1 + 8 + CHAIN_HASH)
_Static_assert(PROOF_MAX == 128, "SIGN_REQUEST_MAX holds the longest proof");

/* --- the state file --- */

static size_t
state_head(char *to, size_t max, int64_t size, const uint8_t root[static CHAIN_HASH])
{
	char hex[2 * CHAIN_HASH + 1];
	sodium_bin2hex(hex, sizeof hex, root, CHAIN_HASH);
	return (size_t)snprintf(to, max, "%020" PRId64 " %s ", size, hex);
}

static void
state_line(char line[static STATE_LINE + 1], int64_t size, const uint8_t root[static CHAIN_HASH])
{
	size_t n = state_head(line, STATE_LINE + 1, size, root);
	uint8_t sum[16];
	char hex[2 * 8 + 1];
	crypto_generichash(sum, sizeof sum, (const uint8_t *)line, n, NULL, 0);
	sodium_bin2hex(hex, sizeof hex, sum, 8);
	snprintf(line + n, STATE_LINE + 1 - n, "%-*s\n", (int)(STATE_LINE - 1 - n), hex);
}

/* True when the line is what state_line() writes for its own size and root. */
static bool
state_take(const char *bytes, int64_t *size, uint8_t root[static CHAIN_HASH])
{
	char digits[21] = {0}, line[STATE_LINE + 1];
	memcpy(digits, bytes, 20);
	size_t got;
	int64_t v = 0;
	for (int i = 0; i < 20; i++) {
		if (digits[i] < '0' || digits[i] > '9' || v > TREE_SIZE_MAX)
			return false;
		v = v * 10 + (digits[i] - '0');
	}
	if (bytes[20] != ' ' ||
	    sodium_hex2bin(root, CHAIN_HASH, bytes + 21, (size_t)2 * CHAIN_HASH, NULL, &got, NULL) != 0 ||
	    got != CHAIN_HASH)
		return false;
	state_line(line, v, root);
	*size = v;
	return memcmp(line, bytes, STATE_LINE) == 0;
}

enum code
sign_state_read(struct scope *sc, const void *bytes, size_t n, int64_t *size, uint8_t root[static CHAIN_HASH])
{
	int64_t best = n == 0 ? 0 : -1;
	uint8_t best_root[CHAIN_HASH] = {0};
	for (size_t at = 0; at + STATE_LINE <= n && at < 2 * (size_t)STATE_LINE; at += STATE_LINE) {
		int64_t v;
		uint8_t r[CHAIN_HASH];
		if (!state_take((const char *)bytes + at, &v, r) || v <= best)
			continue;
		best = v;
		memcpy(best_root, r, CHAIN_HASH);
	}
	if (best < 0)
		return fail_as(sc, E_CORRUPT, "bad-signing-state", "no line of the signing state is whole");
	*size = best;
	memcpy(root, best_root, CHAIN_HASH);
	return OK;
}

/* Into the line that does not hold the present state, so that a torn write loses nothing. */
static bool
state_write(struct sign_desk *d, int64_t size, const uint8_t root[static CHAIN_HASH])
{
	if (d->state_fd < 0)
		return true;
	char old[2 * STATE_LINE], line[STATE_LINE + 1];
	ssize_t n = pread(d->state_fd, old, sizeof old, 0);
	int64_t v;
	uint8_t r[CHAIN_HASH];
	bool first_holds = n >= STATE_LINE && state_take(old, &v, r) && v == d->size;
	state_line(line, size, root);
	return pwrite(d->state_fd, line, STATE_LINE, first_holds ? STATE_LINE : 0) == STATE_LINE &&
	       fdatasync(d->state_fd) == 0;
}

/* --- one exchange --- */

static size_t
answer_write(const struct sign_desk *d, enum code status, const char *text, uint8_t answer[static SIGN_ANSWER_MAX])
{
	answer[0] = (uint8_t)status;
	for (int i = 0; i < 8; i++)
		answer[1 + i] = (uint8_t)((uint64_t)d->size >> (8 * i));
	memcpy(answer + 9, d->root, CHAIN_HASH);
	size_t n = strlen(text);
	if (n > SIGN_ANSWER_MAX - ANSWER_HEAD)
		n = SIGN_ANSWER_MAX - ANSWER_HEAD;
	memcpy(answer + ANSWER_HEAD, text, n);
	return ANSWER_HEAD + n;
}

struct sign_request {
	int64_t size;
	uint8_t root[CHAIN_HASH];
	uint8_t path[PROOF_MAX][CHAIN_HASH];
	size_t n_path;
};

static bool
request_read(const uint8_t *p, size_t n, struct sign_request *out)
{
	const size_t head = 1 + 8 + CHAIN_HASH + 2;
	if (n < head)
		return false;
	uint64_t size = 0;
	for (int i = 0; i < 8; i++)
		size |= (uint64_t)p[1 + i] << (8 * i);
	size_t n_path = p[head - 2] | (size_t)p[head - 1] << 8;
	if (size == 0 || size > (uint64_t)TREE_SIZE_MAX || n_path > PROOF_MAX || n != head + n_path * CHAIN_HASH)
		return false;
	out->size = (int64_t)size;
	memcpy(out->root, p + 9, CHAIN_HASH);
	memcpy(out->path, p + head, n_path * CHAIN_HASH);
	out->n_path = n_path;
	return true;
}

/* From nothing signed any tree follows; from then on only what contains it. */
static enum code
follows(struct scope *sc, const struct sign_desk *d, const struct sign_request *q)
{
	if (q->size < d->size)
		return fail(sc, E_CONFLICT, "a tree of %" PRId64 " leaves was signed already; %" PRId64 " are fewer",
			    d->size, q->size);
	if (d->size == 0)
		return OK;
	if (chain_check_consistency(sc, d->size, d->root, q->size, q->root, (const uint8_t(*)[CHAIN_HASH])q->path,
				    q->n_path) != OK)
		return fail(sc, E_CONFLICT,
			    "the tree of %" PRId64 " leaves does not follow from the one signed at %" PRId64, q->size,
			    d->size);
	return OK;
}

size_t
sign_answer(struct scope *sc, struct sign_desk *d, const uint8_t *request, size_t n,
	    uint8_t answer[static SIGN_ANSWER_MAX])
{
	if (n == 1 && request[0] == 'S')
		return answer_write(d, OK, vkey_text(sc, &d->key.verifier), answer);
	struct sign_request q;
	if (n == 0 || request[0] != 'C' || !request_read(request, n, &q))
		return answer_write(d, E_INVALID, "not a question", answer);
	if (follows(sc, d, &q) != OK)
		return answer_write(d, E_CONFLICT, sc->err.message, answer);
	if (q.size > d->size && !state_write(d, q.size, q.root))
		return answer_write(d, E_IO, "the signing state cannot be written", answer);
	d->size = q.size;
	memcpy(d->root, q.root, CHAIN_HASH);
	char *body = checkpoint_body(sc, d->key.verifier.name, q.size, q.root);
	uint8_t signature[SIGNATURE_BYTES];
	crypto_sign_detached(signature, NULL, (const uint8_t *)body, strlen(body), d->key.secret);
	return answer_write(d, OK, note_text(sc, body, &d->key.verifier, signature), answer);
}

/* --- the process --- */

static enum code
desk_open(struct scope *sc, struct sign_desk *d, const char *key_path)
{
	uint8_t *bytes;
	size_t n;
	TRY(file_read(sc, key_path, NOTE_MAX, &bytes, &n));
	enum code rc = signing_key_read(sc, bytes, n, &d->key);
	sodium_memzero(bytes, n);
	TRY(rc);
	size_t stem = text_ends(key_path, ".key") ? strlen(key_path) - 4 : strlen(key_path);
	const char *path = scope_printf(sc, "%.*s.state", (int)stem, key_path);
	d->state_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (d->state_fd < 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	if (flock(d->state_fd, LOCK_EX | LOCK_NB) != 0)
		return fail(sc, E_CONFLICT, "another process signs with %s", key_path);
	char state[2 * STATE_LINE];
	ssize_t got = pread(d->state_fd, state, sizeof state, 0);
	if (got < 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	return sign_state_read(sc, state, (size_t)got, &d->size, d->root);
}

/* Memory, the socket and the state file: nothing else is left to do. */
static const int allowed_calls[] = {
    SCMP_SYS(read),	      SCMP_SYS(write),	    SCMP_SYS(recvfrom), SCMP_SYS(sendto),	 SCMP_SYS(pread64),
    SCMP_SYS(pwrite64),	      SCMP_SYS(fdatasync),  SCMP_SYS(close),	SCMP_SYS(brk),		 SCMP_SYS(mmap),
    SCMP_SYS(munmap),	      SCMP_SYS(madvise),    SCMP_SYS(futex),	SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask), SCMP_SYS(exit_group), SCMP_SYS(exit),
};

static enum code
shut_in(struct scope *sc)
{
	struct rlimit none = {0, 0};
	if (prctl(PR_SET_DUMPABLE, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return fail(sc, E_UNAVAILABLE, "the signing process cannot hide its memory: %s", strerror(errno));
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return fail(sc, E_UNAVAILABLE, "no system-call filter");
	int rc = 0;
	for (size_t i = 0; i < COUNT_OF(allowed_calls) && rc == 0; i++)
		rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	if (rc == 0)
		rc = seccomp_load(filter);
	seccomp_release(filter);
	return rc == 0 ? OK : fail(sc, E_UNAVAILABLE, "the system-call filter does not load: %s", strerror(-rc));
}

static void
serve(struct scope *sc, struct sign_desk *d)
{
	uint8_t request[SIGN_REQUEST_MAX], answer[SIGN_ANSWER_MAX];
	for (;;) {
		ssize_t n = recv(SIGN_FD, request, sizeof request, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the server has gone */
		size_t len = sign_answer(sc, d, request, (size_t)n, answer);
		scope_clear(sc);
		if (send(SIGN_FD, answer, len, MSG_NOSIGNAL) != (ssize_t)len)
			return;
	}
}

int
chain_sign_child(const char *key_path)
{
	struct scope sc;
	struct sign_desk d = {.state_fd = -1};
	scope_init(&sc);
	enum code rc = desk_open(&sc, &d, key_path);
	if (rc == OK)
		rc = shut_in(&sc);
	if (rc != OK)
		log_error(&sc, "signing process");
	else
		serve(&sc, &d);
	sodium_memzero(&d, sizeof d);
	_exit(rc == OK ? 0 : 4); /* no exit handlers: what they would do is no longer allowed */
}
