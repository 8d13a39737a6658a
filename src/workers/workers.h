/* workers: a pool of child processes for work on bytes that nobody trusts.
 *
 * A child is this same binary under another command. It gets one socket (file
 * descriptor 3), loads what it needs, locks itself in (sandbox.h) and then
 * answers one request at a time. A child that crashes, hangs past its deadline
 * or talks nonsense is killed and replaced; the caller gets an error, everyone
 * else gets the next child, the server lives.
 *
 *	parent                         child
 *	workers_open ── spawn ──────▶ workers_child_serve(…)
 *	             ◀──── ready ────  (after its sandbox is shut)
 *	workers_call ── frame ──────▶ handler
 *	             ◀──── frame ────
 *
 * Frames: "WBW1" size:u32 (little-endian) bytes.
 *
 * Thread-safe: any number of threads may call; one call per child at a time,
 * at most queue_max callers wait. */
#ifndef WORKERS_WORKERS_H
#define WORKERS_WORKERS_H

#include "base/scope.h"

struct workers;

struct workers_config {
	const char *const *argv; /* argv[0] is the binary's path; NULL-ended; copied */
	unsigned children;	 /* 1 … 16 */
	unsigned queue_max;	 /* callers that may wait for a free child */
	size_t request_max;	 /* bytes */
	size_t answer_max;	 /* bytes */
	int64_t start_ms;	 /* a child that is not ready by then is killed */
};

/* Starts the children and returns without waiting for them (workers_ready()).
 * The pool lives on the heap until workers_close(). */
MUST_USE enum code workers_open(struct scope *sc, const struct workers_config *config, struct workers **out);
/* No call may be under way. Kills the children and waits for them. NULL is fine. */
void workers_close(struct workers *w);

/* Waits until one child is ready. E_UNAVAILABLE  none is after timeout_ms. */
MUST_USE enum code workers_ready(struct scope *sc, struct workers *w, int64_t timeout_ms);

/* Sends one request to a free child and waits for its answer (scope-owned).
 * deadline_ms: on clock_mono_ms(), for waiting and working together.
 * E_LIMIT        the request is too long.
 * E_UNAVAILABLE  "workers-busy": the queue is full; "worker-died": the child crashed or
 *                answered nonsense; "workers-down": children do not start.
 * E_DEADLINE     "workers-busy" while waiting, "worker-hung" while working. */
MUST_USE enum code workers_call(struct scope *sc, struct workers *w, const void *request, size_t n, int64_t deadline_ms,
				uint8_t **answer, size_t *answer_n);

struct workers_stats {
	unsigned children_ready, callers_waiting;
	uint64_t calls, deaths, hangs, starts;
};
void workers_stats(struct workers *w, struct workers_stats *out);

/* --- the child's side --- */

/* Leaves *answer in the scope; the scope is cleared after each request. */
typedef void workers_handler(struct scope *sc, void *arg, const uint8_t *request, size_t n, uint8_t **answer,
			     size_t *answer_n);

struct worker_limits {
	size_t memory_bytes;   /* of private data, beyond which allocation fails */
	unsigned cpu_s;	       /* of one request, beyond which the kernel kills */
	size_t request_max;    /* bytes */
	const char *read_only; /* a directory that may still be read, or NULL */
};

#define WORKER_FD 3

/* Shuts the sandbox, says ready on WORKER_FD and serves until the parent hangs
 * up (OK). E_UNAVAILABLE  the sandbox could not be shut: nothing was served. */
MUST_USE enum code workers_child_serve(struct scope *sc, const struct worker_limits *limits, workers_handler *handler,
				       void *arg);

#endif
