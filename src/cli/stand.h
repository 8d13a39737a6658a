/* cli/stand: a server in a process of its own: HTTP in front, a bounded queue, a
 * few threads, until SIGTERM or SIGINT. It opens no store and keeps no state of
 * Waybill's; what it answers is its caller's.
 *
 *	http thread ── queue ──▶ serve(), on one of the threads
 *	            └─ full  ──▶ busy(), at once
 */
#ifndef CLI_STAND_H
#define CLI_STAND_H

#include "http/http.h"

#define STAND_THREADS_MAX 8u

struct stand {
	const char *listen; /* HOST:PORT; port 0 takes any */
	const char *tls_cert, *tls_key;
	int64_t threads;   /* 1 … STAND_THREADS_MAX */
	size_t head_bytes; /* of a request's line and headers; 0: http_options' own */
	size_t queue_max;  /* requests that may wait */
	http_body_max *body_max;
	void (*serve)(void *ctx, struct http_exchange *x); /* replies */
	void (*busy)(void *ctx, struct http_exchange *x);  /* replies: come again */
	void (*closing)(void *ctx); /* a signal came: cut long answers short; NULL: there are none */
	void *ctx;
};

/* The signals that end a stand wait for stand_run() in every thread and child
 * made from now on. */
void stand_hold_signals(void);
/* Prints {"port":…} once requests are taken, and returns after a signal, when what
 * waited has been answered. Errors: those of http_open(). */
MUST_USE enum code stand_run(struct scope *sc, const struct stand *stand);

#endif
