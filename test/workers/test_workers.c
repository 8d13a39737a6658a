/* The pool against children that misbehave in every way we could think of. The
 * test's own binary is the child: `test_workers child`. */
#include "unit.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "workers/workers.h"

#define ANSWER_MAX ((size_t)1 << 20)

static void
must_be_impossible(const char *what)
{
	/* Reached only when the sandbox let something through. */
	fprintf(stderr, "the sandbox allowed: %s\n", what);
}

static void
behave(struct scope *sc, void *arg, const uint8_t *request, size_t n, uint8_t **answer, size_t *answer_n)
{
	(void)arg;
	const char *word = scope_strndup(sc, (const char *)request, n < 32 ? n : 32);
	const char *said = "done";
	if (strcmp(word, "crash") == 0)
		raise(SIGSEGV);
	if (strcmp(word, "hang") == 0)
		for (volatile int i = 0;; i = i + 1)
			;
	if (strcmp(word, "nonsense") == 0) {
		(void)!write(WORKER_FD, "what is this now", 16);
		pause();
	}
	if (strcmp(word, "huge") == 0) {
		*answer = scope_alloc(sc, ANSWER_MAX + 1);
		*answer_n = ANSWER_MAX + 1;
		return;
	}
	if (strcmp(word, "leave") == 0)
		_exit(0);
	if (strcmp(word, "bomb") == 0) {
		size_t taken = 0;
		while (taken < (size_t)2 << 30) {
			char *p = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (p == MAP_FAILED)
				break;
			memset(p, 1, 1 << 20);
			taken += 1 << 20;
		}
		said = taken < (size_t)600 << 20 ? "bounded" : "unbounded";
	}
	if (strcmp(word, "open") == 0)
		said = open("/etc/passwd", O_RDONLY) < 0 ? "refused" : "opened";
	if (strcmp(word, "connect") == 0) {
		(void)!socket(AF_INET, SOCK_STREAM, 0);
		must_be_impossible("socket");
	}
	if (strcmp(word, "fork") == 0) {
		(void)!fork();
		must_be_impossible("fork");
	}
	if (strcmp(word, "exec") == 0) {
		execl("/bin/true", "true", (char *)NULL);
		must_be_impossible("exec");
	}
	if (strcmp(word, "code") == 0) {
		(void)!mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		must_be_impossible("executable memory");
	}
	if (strcmp(word, "memory") == 0)
		said = request[0] == 'm' ? "clean" : "";
	*answer = (uint8_t *)scope_strdup(sc, said);
	*answer_n = strlen(said);
}

static int
be_child(void)
{
	struct scope sc;
	scope_init(&sc);
	struct worker_limits limits = {.memory_bytes = (size_t)128 << 20, .cpu_s = 30, .request_max = 4096};
	enum code rc = workers_child_serve(&sc, &limits, behave, NULL);
	if (rc != OK)
		fprintf(stderr, "%s\n", sc.err.message);
	_exit(rc == OK ? 0 : 1);
}

static struct workers *
open_pool(struct scope *sc, unsigned children, unsigned queue)
{
	static char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	assert_true(n > 0);
	self[n] = '\0';
	const char *argv[] = {self, "child", NULL};
	struct workers_config config = {.argv = argv,
					.children = children,
					.queue_max = queue,
					.request_max = 4096,
					.answer_max = ANSWER_MAX,
					.start_ms = 20000};
	struct workers *w = NULL;
	assert_ok(sc, workers_open(sc, &config, &w));
	assert_ok(sc, workers_ready(sc, w, 20000));
	return w;
}

static enum code
ask(struct scope *sc, struct workers *w, const char *word, int64_t ms, char answer[static 64])
{
	uint8_t *bytes;
	size_t n;
	answer[0] = '\0';
	TRY(workers_call(sc, w, word, strlen(word), clock_mono_ms() + ms, &bytes, &n));
	assert_true(n < 64);
	memcpy(answer, bytes, n);
	answer[n] = '\0';
	return OK;
}

/* Whatever happened before: the next request is answered. */
static void
assert_next_runs(struct scope *sc, struct workers *w)
{
	char answer[64];
	assert_ok(sc, ask(sc, w, "hello", 30000, answer));
	assert_string_equal(answer, "done");
}

static void
a_child_that_fails_is_replaced(void **state)
{
	(void)state;
	static const char *const ways[] = {"crash", "nonsense", "huge", "leave", "connect", "fork", "exec"};
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_pool(&sc, 1, 4);
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		char answer[64];
		assert_int_equal(ask(&sc, w, ways[i], 30000, answer), E_UNAVAILABLE);
		assert_string_equal(sc.err.reason, "worker-died");
		assert_next_runs(&sc, w);
	}
	struct workers_stats stats;
	workers_stats(w, &stats);
	assert_true(stats.deaths >= COUNT_OF(ways));
	workers_close(w);
	scope_release(&sc);
}

static void
no_memory_becomes_code(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_pool(&sc, 1, 4);
	char answer[64];
	assert_int_equal(ask(&sc, w, "code", 30000, answer), E_UNAVAILABLE);
	assert_next_runs(&sc, w);
	workers_close(w);
	scope_release(&sc);
}

static void
a_child_that_hangs_is_killed_at_the_deadline(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_pool(&sc, 1, 4);
	char answer[64];
	int64_t start = clock_mono_ms();
	assert_int_equal(ask(&sc, w, "hang", 300, answer), E_DEADLINE);
	assert_string_equal(sc.err.reason, "worker-hung");
	assert_in_range(clock_mono_ms() - start, 290, 5000);
	assert_next_runs(&sc, w);
	workers_close(w);
	scope_release(&sc);
}

static void
a_child_opens_nothing_and_takes_bounded_memory(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_pool(&sc, 1, 4);
	char answer[64];
	assert_ok(&sc, ask(&sc, w, "open", 30000, answer));
	assert_string_equal(answer, "refused");
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	assert_ok(&sc, ask(&sc, w, "bomb", 30000, answer));
	assert_string_equal(answer, "bounded");
#endif
	workers_close(w);
	scope_release(&sc);
}

static void
a_request_too_long_is_refused_here(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_pool(&sc, 1, 4);
	static uint8_t long_request[5000];
	uint8_t *answer;
	size_t n;
	assert_int_equal(workers_call(&sc, w, long_request, sizeof long_request, clock_mono_ms() + 1000, &answer, &n),
			 E_LIMIT);
	assert_next_runs(&sc, w);
	workers_close(w);
	scope_release(&sc);
}

struct caller {
	struct workers *w;
	unsigned seed;
	int answered, refused, wrong;
};

static void *
call_much(void *arg)
{
	struct caller *c = arg;
	for (int i = 0; i < 40; i++) {
		struct scope sc;
		scope_init(&sc);
		uint8_t *answer;
		size_t n;
		const char *word = (i + (int)c->seed) % 13 == 0 ? "crash" : "hello";
		enum code rc = workers_call(&sc, c->w, word, 5, clock_mono_ms() + 60000, &answer, &n);
		if (rc == OK && n == 4 && memcmp(answer, "done", 4) == 0)
			c->answered++;
		else if (rc == E_UNAVAILABLE || rc == E_DEADLINE)
			c->refused++;
		else
			c->wrong++;
		scope_release(&sc);
	}
	return NULL;
}

static void
many_threads_share_a_pool_whose_children_die(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_pool(&sc, 2, 16);
	pthread_t threads[8];
	struct caller callers[8] = {{0}};
	for (unsigned i = 0; i < 8; i++) {
		callers[i] = (struct caller){.w = w, .seed = i};
		assert_int_equal(pthread_create(&threads[i], NULL, call_much, &callers[i]), 0);
	}
	int answered = 0;
	for (unsigned i = 0; i < 8; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(callers[i].wrong, 0);
		answered += callers[i].answered;
	}
	assert_true(answered >= 8 * 40 * 3 / 4);
	assert_next_runs(&sc, w);
	workers_close(w);
	scope_release(&sc);
}

static void *
hang_once(void *arg)
{
	struct scope sc;
	char answer[64];
	scope_init(&sc);
	(void)!ask(&sc, arg, "hang", 2000, answer);
	scope_release(&sc);
	return NULL;
}

static void
a_full_queue_says_so_at_once(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct workers *w = open_pool(&sc, 1, 0);
	struct workers_stats stats = {0};
	pthread_t busy;
	char answer[64];
	assert_int_equal(pthread_create(&busy, NULL, hang_once, w), 0);
	while (stats.calls == 0)
		workers_stats(w, &stats);
	int64_t start = clock_mono_ms();
	assert_int_equal(ask(&sc, w, "hello", 30000, answer), E_UNAVAILABLE);
	assert_string_equal(sc.err.reason, "workers-busy");
	assert_true(clock_mono_ms() - start < 1500);
	pthread_join(busy, NULL);
	workers_close(w);
	scope_release(&sc);
}

static void
a_command_that_cannot_start_is_reported(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const char *argv[] = {"/nonexistent/helper", NULL};
	struct workers_config config = {
	    .argv = argv, .children = 1, .queue_max = 2, .request_max = 64, .answer_max = 64, .start_ms = 1000};
	struct workers *w = NULL;
	char answer[64];
	assert_ok(&sc, workers_open(&sc, &config, &w));
	assert_int_equal(ask(&sc, w, "hello", 20000, answer), E_UNAVAILABLE);
	assert_string_equal(sc.err.reason, "workers-down");
	workers_close(w);
	scope_release(&sc);
}

int
main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "child") == 0)
		return be_child();
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_child_that_fails_is_replaced),
	    cmocka_unit_test(no_memory_becomes_code),
	    cmocka_unit_test(a_child_that_hangs_is_killed_at_the_deadline),
	    cmocka_unit_test(a_child_opens_nothing_and_takes_bounded_memory),
	    cmocka_unit_test(a_request_too_long_is_refused_here),
	    cmocka_unit_test(many_threads_share_a_pool_whose_children_die),
	    cmocka_unit_test(a_full_queue_says_so_at_once),
	    cmocka_unit_test(a_command_that_cannot_start_is_reported),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
