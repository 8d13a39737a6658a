/* The server's side of the signing process. */
#include "chain/chain_sign.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "chain/chain_tree.h"

#define ANSWER_HEAD (1 + 8 + CHAIN_HASH)
#define ANSWER_WAIT_MS 10000

struct signer {
	pthread_mutex_t lock; /* one question at a time */
	char *exe, *key_path;
	pid_t pid; /* 0: no child */
	int fd;
};

/* --- the child's life --- */

static void
child_end(struct signer *s, bool kill_it)
{
	if (s->pid == 0)
		return;
	close(s->fd); /* which tells it to go */
	if (kill_it)
		kill(s->pid, SIGKILL);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	s->pid = 0;
}

static int
spawn(const struct signer *s, int fd, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	/* its own group: a Ctrl-C in the terminal is for the server, which says good-bye itself */
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	posix_spawn_file_actions_adddup2(&files, fd, SIGN_FD);
	posix_spawn_file_actions_addclosefrom_np(&files, SIGN_FD + 1);
	char *argv[] = {s->exe, (char[]){SIGN_COMMAND}, s->key_path, NULL};
	char *env[] = {NULL};
	int rc = posix_spawn(pid, s->exe, &files, &attr, argv, env);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

static enum code
child_start(struct scope *sc, struct signer *s)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return fail(sc, E_UNAVAILABLE, "no socket for the signing process: %s", strerror(errno));
	/* dup2 onto itself would keep the close-on-exec flag: the child's end must not be SIGN_FD already */
	if (pair[1] == SIGN_FD) {
		int moved = dup(pair[1]);
		close(pair[1]);
		pair[1] = moved;
	}
	pid_t pid;
	int rc = spawn(s, pair[1], &pid);
	close(pair[1]);
	if (rc != 0) {
		close(pair[0]);
		return fail(sc, E_UNAVAILABLE, "the signing process does not start: %s", strerror(rc));
	}
	s->fd = pair[0];
	s->pid = pid;
	return OK;
}

/* --- asking --- */

static bool
exchange(struct signer *s, const uint8_t *request, size_t n, uint8_t answer[static SIGN_ANSWER_MAX], size_t *got)
{
	if (send(s->fd, request, n, MSG_NOSIGNAL) != (ssize_t)n)
		return false;
	struct pollfd p = {.fd = s->fd, .events = POLLIN};
	int ready;
	while ((ready = poll(&p, 1, ANSWER_WAIT_MS)) < 0 && errno == EINTR)
		;
	ssize_t r = ready == 1 ? recv(s->fd, answer, SIGN_ANSWER_MAX, 0) : -1;
	if (r < (ssize_t)ANSWER_HEAD)
		return false;
	*got = (size_t)r;
	return true;
}

static enum code
ask_locked(struct scope *sc, struct signer *s, const uint8_t *request, size_t n, uint8_t *answer, size_t *got)
{
	bool fresh = s->pid == 0;
	if (fresh)
		TRY(child_start(sc, s));
	if (exchange(s, request, n, answer, got))
		return OK;
	child_end(s, true);
	if (!fresh) { /* it had died since the last question */
		TRY(child_start(sc, s));
		if (exchange(s, request, n, answer, got))
			return OK;
		child_end(s, true);
	}
	return fail_as(sc, E_UNAVAILABLE, "no-signer", "the signing process does not answer; the log says why");
}

static enum code
ask(struct scope *sc, struct signer *s, const uint8_t *request, size_t n, struct signer_state *state, const char **text)
{
	if (s == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-signer", "there is no signing process here");
	uint8_t answer[SIGN_ANSWER_MAX];
	size_t got;
	pthread_mutex_lock(&s->lock);
	enum code rc = ask_locked(sc, s, request, n, answer, &got);
	pthread_mutex_unlock(&s->lock);
	TRY(rc);
	uint64_t size = 0;
	for (int i = 0; i < 8; i++)
		size |= (uint64_t)answer[1 + i] << (8 * i);
	const char *words = scope_strndup(sc, (const char *)answer + ANSWER_HEAD, got - ANSWER_HEAD);
	if (answer[0] == E_CONFLICT)
		return fail_as(sc, E_CONFLICT, "signer-refuses", "the signing process refuses: %s", words);
	if (answer[0] != OK || size > (uint64_t)TREE_SIZE_MAX)
		return fail(sc, E_UNAVAILABLE, "the signing process failed: %s", words);
	state->size = (int64_t)size;
	memcpy(state->root, answer + 9, CHAIN_HASH);
	*text = words;
	return OK;
}

enum code
signer_state(struct scope *sc, struct signer *s, struct signer_state *out)
{
	struct signer_state state = {0};
	TRY(ask(sc, s, (const uint8_t *)"S", 1, &state, &state.vkey));
	*out = state;
	return OK;
}

enum code
signer_sign(struct scope *sc, struct signer *s, int64_t size, const uint8_t root[static CHAIN_HASH],
	    const uint8_t (*path)[CHAIN_HASH], size_t n_path, const char **note)
{
	if (n_path > PROOF_MAX)
		return fail(sc, E_INVALID, "a proof of %zu hashes", n_path);
	uint8_t request[SIGN_REQUEST_MAX] = {'C'};
	for (int i = 0; i < 8; i++)
		request[1 + i] = (uint8_t)((uint64_t)size >> (8 * i));
	memcpy(request + 9, root, CHAIN_HASH);
	request[9 + CHAIN_HASH] = (uint8_t)n_path;
	request[10 + CHAIN_HASH] = (uint8_t)(n_path >> 8);
	if (n_path > 0)
		memcpy(request + 11 + CHAIN_HASH, path, n_path * CHAIN_HASH);
	struct signer_state after;
	return ask(sc, s, request, 11 + CHAIN_HASH + n_path * CHAIN_HASH, &after, note);
}

enum code
signer_open(struct scope *sc, const char *exe, const char *key_path, struct signer **out)
{
	struct signer *s = calloc(1, sizeof *s);
	if (s == NULL)
		return fail(sc, E_MEMORY, "no memory for the signer");
	s->exe = strdup(exe == NULL ? "/proc/self/exe" : exe);
	s->key_path = strdup(key_path);
	pthread_mutex_init(&s->lock, NULL);
	struct signer_state state;
	enum code rc = s->exe != NULL && s->key_path != NULL ? signer_state(sc, s, &state)
							     : fail(sc, E_MEMORY, "no memory for the signer");
	if (rc != OK) {
		signer_close(s);
		return rc;
	}
	*out = s;
	return OK;
}

void
signer_close(struct signer *s)
{
	if (s == NULL)
		return;
	child_end(s, false);
	pthread_mutex_destroy(&s->lock);
	free(s->exe);
	free(s->key_path);
	free(s);
}
