/* The child's side: one request at a time until the parent hangs up. */
#include <signal.h>
#include <sys/time.h>
#include <unistd.h>

#include "workers/frame.h"
#include "workers/sandbox.h"
#include "workers/workers.h"

/* CPU time of one request: the kernel ends the process when it is used up. */
static void
cpu_allow(unsigned seconds)
{
	struct itimerval t = {.it_value = {.tv_sec = (time_t)seconds}};
	(void)setitimer(ITIMER_PROF, &t, NULL);
}

enum code
workers_child_serve(struct scope *sc, const struct worker_limits *limits, workers_handler *handler, void *arg)
{
	(void)close_range(WORKER_FD + 1, ~0U, 0);
	(void)signal(SIGPIPE, SIG_IGN);
	TRY(sandbox_shut(sc, limits->memory_bytes, limits->read_only));
	if (frame_send(WORKER_FD, "ready", 5, 0) != FRAME_OK)
		return fail(sc, E_UNAVAILABLE, "nobody is at the other end of descriptor %d", WORKER_FD);
	size_t cap = sc->cap;
	sc->cap = limits->memory_bytes;
	for (;;) {
		uint8_t *request;
		uint8_t *answer = NULL;
		size_t n;
		size_t answer_n = 0;
		scope_clear(sc);
		enum frame_end end = frame_receive(sc, WORKER_FD, limits->request_max, 0, &request, &n);
		if (end == FRAME_CLOSED)
			break;
		if (end != FRAME_OK)
			return fail(sc, E_INVALID, "the parent sent something that is no request");
		cpu_allow(limits->cpu_s);
		handler(sc, arg, request, n, &answer, &answer_n);
		cpu_allow(0);
		if (frame_send(WORKER_FD, answer, answer_n, 0) != FRAME_OK)
			break;
	}
	sc->cap = cap;
	return OK;
}
