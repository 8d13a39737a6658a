/* The parent's side.
 *
 *	state of a child          who moves it on
 *	NONE ─── spawn ───▶ STARTING        the keeper
 *	STARTING ─ ready ─▶ IDLE            the keeper
 *	IDLE ─── taken ───▶ BUSY ──▶ IDLE   the caller that has it
 *	any ──── wrong ───▶ DOOMED          whoever saw it
 *	DOOMED ─ reaped ──▶ NONE            the keeper
 *
 * One thread of the pool, the keeper, starts and buries children, so that no
 * caller ever waits for a fork or a wait. States are read and written under one
 * lock; a BUSY child's socket belongs to its caller alone. */
#include "workers/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "workers/frame.h"

#define CHILDREN_MAX 16u

enum child_state { CHILD_NONE, CHILD_STARTING, CHILD_IDLE, CHILD_BUSY, CHILD_DOOMED };

struct child {
	enum child_state state;
	pid_t pid;
	int fd;
	int64_t ready_by_ms;
};

struct workers {
	char **argv;
	char **env;
	unsigned n, queue_max;
	size_t request_max, answer_max;
	int64_t start_ms;
	int wake; /* eventfd: tells the keeper to look again */
	pthread_t keeper;
	pthread_mutex_t lock;
	pthread_cond_t freed; /* a child became IDLE, or none will */
	/* under the lock */
	bool closing;
	unsigned waiting;
	unsigned failed_starts; /* in a row */
	int64_t start_again_ms;
	struct workers_stats stats;
	struct child children[CHILDREN_MAX];
};

/* Failed starts in a row after which callers are told at once. */
#define STARTS_BEFORE_DOWN 3u

static void
wake_keeper(struct workers *w)
{
	uint64_t one = 1;
	if (write(w->wake, &one, sizeof one) < 0)
		log_line(LOG_ERROR, "workers: the keeper cannot be woken: %s", strerror(errno));
}

/* --- starting and burying, by the keeper, under the lock --- */

static bool
spawn_child(struct workers *w, struct child *c)
{
	int pair[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return false;
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	sigset_t all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	int rc = posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	rc |= posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	rc |= posix_spawn_file_actions_adddup2(&files, pair[1], WORKER_FD);
	rc |= posix_spawnattr_setsigmask(&attr, &none);
	rc |= posix_spawnattr_setsigdefault(&attr, &all);
	rc |= posix_spawnattr_setpgroup(&attr, 0);
	rc |= posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	pid_t pid = -1;
	if (rc == 0)
		rc = posix_spawn(&pid, w->argv[0], &files, &attr, w->argv, w->env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	close(pair[1]);
	if (rc != 0) {
		close(pair[0]);
		log_line(LOG_ERROR, "workers: %s does not start: %s", w->argv[0], strerror(rc));
		return false;
	}
	(void)fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*c = (struct child){CHILD_STARTING, pid, pair[0], clock_mono_ms() + w->start_ms};
	w->stats.starts++;
	return true;
}

static void
start_failed(struct workers *w)
{
	unsigned shift = w->failed_starts < 6 ? w->failed_starts : 6;
	w->failed_starts++;
	w->start_again_ms = clock_mono_ms() + (int64_t)100 * (1 << shift);
	pthread_cond_broadcast(&w->freed);
}

static void
bury(struct workers *w, struct child *c)
{
	int status = 0;
	(void)kill(c->pid, SIGKILL);
	close(c->fd);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!w->closing && WIFSIGNALED(status) && WTERMSIG(status) != SIGKILL)
		log_line(LOG_WARN, "workers: child %d ended by signal %d", (int)c->pid, WTERMSIG(status));
	w->stats.deaths++;
	*c = (struct child){.state = CHILD_NONE, .fd = -1};
}

/* A starting child has said something, or nothing in time. */
static void
welcome(struct workers *w, struct child *c)
{
	struct scope sc;
	uint8_t *bytes;
	size_t n;
	scope_init(&sc);
	/* The frame is 13 bytes and sent at once: when its head is there, so is the rest. */
	enum frame_end end = frame_receive(&sc, c->fd, 16, clock_mono_ms() + 100, &bytes, &n);
	if (end == FRAME_OK && n == 5 && memcmp(bytes, "ready", 5) == 0) {
		c->state = CHILD_IDLE;
		w->failed_starts = 0;
		pthread_cond_broadcast(&w->freed);
	} else {
		c->state = CHILD_DOOMED;
		start_failed(w);
	}
	scope_release(&sc);
}

static bool
has_news(int fd)
{
	struct pollfd p = {fd, POLLIN, 0};
	return poll(&p, 1, 0) != 0;
}

static void
tend(struct workers *w, struct child *c)
{
	if (c->state == CHILD_STARTING && has_news(c->fd))
		welcome(w, c);
	if (c->state == CHILD_STARTING && clock_mono_ms() > c->ready_by_ms) {
		log_line(LOG_WARN, "workers: child %d was not ready in %" PRId64 " ms", (int)c->pid, w->start_ms);
		c->state = CHILD_DOOMED;
		start_failed(w);
	}
	if (c->state == CHILD_IDLE && has_news(c->fd)) /* it died, or speaks unasked */
		c->state = CHILD_DOOMED;
	if (c->state == CHILD_DOOMED)
		bury(w, c);
	if (c->state == CHILD_NONE && !w->closing && clock_mono_ms() >= w->start_again_ms && !spawn_child(w, c))
		start_failed(w);
}

static void *
keep(void *arg)
{
	struct workers *w = arg;
	pthread_mutex_lock(&w->lock);
	while (!w->closing) {
		struct pollfd polled[CHILDREN_MAX + 1] = {{w->wake, POLLIN, 0}};
		nfds_t n = 1;
		for (unsigned i = 0; i < w->n; i++) {
			struct child *c = &w->children[i];
			tend(w, c);
			if (c->state == CHILD_STARTING || c->state == CHILD_IDLE)
				polled[n++] = (struct pollfd){c->fd, POLLIN, 0};
		}
		bool waits_to_start = w->failed_starts > 0;
		pthread_mutex_unlock(&w->lock);
		(void)poll(polled, n, waits_to_start ? 50 : 500);
		uint64_t woken;
		if ((polled[0].revents & POLLIN) != 0 && read(w->wake, &woken, sizeof woken) < 0)
			log_line(LOG_DEBUG, "workers: eventfd: %s", strerror(errno));
		pthread_mutex_lock(&w->lock);
	}
	for (unsigned i = 0; i < w->n; i++)
		if (w->children[i].state != CHILD_NONE)
			bury(w, &w->children[i]);
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

/* --- opening and closing --- */

static char **
copy_words(const char *const *words)
{
	size_t n = 0;
	while (words[n] != NULL)
		n++;
	char **copy = calloc(n + 1, sizeof *copy);
	if (copy == NULL)
		abort();
	for (size_t i = 0; i < n; i++) {
		copy[i] = strdup(words[i]);
		if (copy[i] == NULL)
			abort();
	}
	return copy;
}

static void
free_words(char **words)
{
	for (size_t i = 0; words != NULL && words[i] != NULL; i++)
		free(words[i]);
	free(words);
}

/* A child knows nothing of its parent's environment but what it needs to start. */
static char **
child_environment(struct scope *sc)
{
	static const char *const names[] = {"ASAN_OPTIONS",    "UBSAN_OPTIONS", "TSAN_OPTIONS",
					    "LD_LIBRARY_PATH", "WAYBILL_ORT",	"WAYBILL_MODELS"};
	const char *env[COUNT_OF(names) + 1] = {NULL};
	size_t n = 0;
	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (getenv(names[i]) != NULL)
			env[n++] = scope_printf(sc, "%s=%s", names[i], getenv(names[i]));
	return copy_words(env);
}

static void
workers_free(struct workers *w)
{
	if (w->wake >= 0)
		close(w->wake);
	pthread_cond_destroy(&w->freed);
	pthread_mutex_destroy(&w->lock);
	free_words(w->argv);
	free_words(w->env);
	free(w);
}

enum code
workers_open(struct scope *sc, const struct workers_config *config, struct workers **out)
{
	if (config->children < 1 || config->children > CHILDREN_MAX || config->argv == NULL || config->argv[0] == NULL)
		return fail(sc, E_INVALID, "a pool has 1 to %u children and a command", CHILDREN_MAX);
	struct workers *w = calloc(1, sizeof *w);
	if (w == NULL)
		abort();
	w->argv = copy_words(config->argv);
	w->env = child_environment(sc);
	w->n = config->children;
	w->queue_max = config->queue_max;
	w->request_max = config->request_max;
	w->answer_max = config->answer_max;
	w->start_ms = config->start_ms;
	for (unsigned i = 0; i < CHILDREN_MAX; i++)
		w->children[i].fd = -1;
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->freed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&w->lock, NULL);
	w->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->wake < 0 || pthread_create(&w->keeper, NULL, keep, w) != 0) {
		workers_free(w);
		return fail(sc, E_UNAVAILABLE, "the pool cannot start: %s", strerror(errno));
	}
	*out = w;
	return OK;
}

void
workers_close(struct workers *w)
{
	if (w == NULL)
		return;
	pthread_mutex_lock(&w->lock);
	w->closing = true;
	pthread_mutex_unlock(&w->lock);
	wake_keeper(w);
	pthread_join(w->keeper, NULL);
	workers_free(w);
}

/* --- calling --- */

static struct timespec
as_timespec(int64_t mono_ms)
{
	return (struct timespec){.tv_sec = (time_t)(mono_ms / 1000), .tv_nsec = (long)(mono_ms % 1000) * 1000000L};
}

/* One that is idle and alive, or NULL. Under the lock. */
static struct child *
find_idle(struct workers *w)
{
	for (unsigned i = 0; i < w->n; i++) {
		struct child *c = &w->children[i];
		if (c->state != CHILD_IDLE)
			continue;
		if (!has_news(c->fd))
			return c;
		c->state = CHILD_DOOMED;
		wake_keeper(w);
	}
	return NULL;
}

static bool
is_down(const struct workers *w)
{
	if (w->failed_starts < STARTS_BEFORE_DOWN)
		return false;
	for (unsigned i = 0; i < w->n; i++)
		if (w->children[i].state == CHILD_IDLE || w->children[i].state == CHILD_BUSY)
			return false;
	return true;
}

/* Waits for an idle child; under the lock. */
static enum code
wait_idle(struct scope *sc, struct workers *w, int64_t deadline_ms, struct child **out)
{
	struct timespec until = as_timespec(deadline_ms);
	for (;;) {
		*out = find_idle(w);
		if (*out != NULL)
			return OK;
		if (is_down(w))
			return fail_as(sc, E_UNAVAILABLE, "workers-down", "the helper does not start");
		if (pthread_cond_timedwait(&w->freed, &w->lock, &until) == ETIMEDOUT)
			return fail_as(sc, E_DEADLINE, "workers-busy", "no helper was free in time");
	}
}

enum code
workers_ready(struct scope *sc, struct workers *w, int64_t timeout_ms)
{
	struct child *c;
	pthread_mutex_lock(&w->lock);
	enum code rc = wait_idle(sc, w, clock_mono_ms() + timeout_ms, &c);
	pthread_mutex_unlock(&w->lock);
	if (rc != OK)
		return fail_as(sc, E_UNAVAILABLE, "workers-down", "no helper was ready in %" PRId64 " ms", timeout_ms);
	return OK;
}

static enum code
take(struct scope *sc, struct workers *w, int64_t deadline_ms, struct child **out)
{
	pthread_mutex_lock(&w->lock);
	struct child *c = find_idle(w);
	enum code rc = OK;
	if (c == NULL && w->waiting >= w->queue_max) {
		rc = fail_as(sc, E_UNAVAILABLE, "workers-busy", "%u callers wait already", w->waiting);
	} else if (c == NULL) {
		w->waiting++;
		rc = wait_idle(sc, w, deadline_ms, &c);
		w->waiting--;
	}
	if (rc == OK) {
		c->state = CHILD_BUSY;
		w->stats.calls++;
		*out = c;
	}
	pthread_mutex_unlock(&w->lock);
	return rc;
}

static void
give_back(struct workers *w, struct child *c, enum frame_end end)
{
	pthread_mutex_lock(&w->lock);
	c->state = end == FRAME_OK ? CHILD_IDLE : CHILD_DOOMED;
	if (end == FRAME_LATE)
		w->stats.hangs++;
	if (end != FRAME_OK)
		(void)kill(c->pid, SIGKILL); /* not reaped yet: the pid is still its own */
	pthread_cond_signal(&w->freed);
	pthread_mutex_unlock(&w->lock);
	if (end != FRAME_OK)
		wake_keeper(w);
}

enum code
workers_call(struct scope *sc, struct workers *w, const void *request, size_t n, int64_t deadline_ms, uint8_t **answer,
	     size_t *answer_n)
{
	struct child *c;
	uint8_t *bytes;
	size_t len;
	if (n > w->request_max)
		return fail(sc, E_LIMIT, "a request of %zu bytes; at most %zu", n, w->request_max);
	TRY(take(sc, w, deadline_ms, &c));
	enum frame_end end = frame_send(c->fd, request, n, deadline_ms);
	if (end == FRAME_OK)
		end = frame_receive(sc, c->fd, w->answer_max, deadline_ms, &bytes, &len);
	give_back(w, c, end);
	switch (end) {
	case FRAME_OK: break;
	case FRAME_LATE: return fail_as(sc, E_DEADLINE, "worker-hung", "the helper did not answer in time");
	case FRAME_CLOSED: return fail_as(sc, E_UNAVAILABLE, "worker-died", "the helper crashed on this request");
	case FRAME_BAD: return fail_as(sc, E_UNAVAILABLE, "worker-died", "the helper answered nonsense");
	}
	*answer = bytes;
	*answer_n = len;
	return OK;
}

void
workers_stats(struct workers *w, struct workers_stats *out)
{
	pthread_mutex_lock(&w->lock);
	*out = w->stats;
	out->callers_waiting = w->waiting;
	for (unsigned i = 0; i < w->n; i++)
		if (w->children[i].state == CHILD_IDLE || w->children[i].state == CHILD_BUSY)
			out->children_ready++;
	pthread_mutex_unlock(&w->lock);
}
