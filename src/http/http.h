/* http: bytes in, bytes out, nothing of the domain.
 *
 * libmicrohttpd on epoll, a few threads. An exchange is handed to the handler
 * when its whole body is there (bounded per route, see http_options.body_max) and stays
 * suspended until somebody, on any thread, replies: HTTP threads never wait
 * for a commit, a plan or a face.
 *
 *	handle(x) ──▶ … other threads … ──▶ http_reply(x, …)     once, always
 *	                               └──▶ http_stream_new(x, …), http_stream_start()   server-sent events
 *
 * What never reaches the handler is refused here with an RFC 9457 problem:
 *	400  bad-encoding      the path or query is not percent-encoded UTF-8
 *	400  bad-framing       two lengths, or a transfer coding other than chunked
 *	413  body-too-large    more than body_max() allows
 *	503  busy, closing     the server has no room for the body, or is going
 * A line or header that is not HTTP at all gets libmicrohttpd's own 400 or 431.
 *
 * A client may be as slow as it likes only within limits: a request must have
 * arrived 30 s after its first line (plus 1 s per 16 KiB of body), an answer
 * must have been taken in the same time; a ticker closes what lingers. */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <sys/types.h>

#include "base/scope.h"

struct http_server;
struct http_exchange;

struct http_field {
	const char *name, *value;
};

/* Bytes this path may send as a body; 0: none. HTTP_BODY_IGNORED: whatever comes
 * is thrown away and the handler is called without it. Called before any body is
 * read; path is decoded. */
typedef size_t http_body_max(void *ctx, const char *method, const char *path);
#define HTTP_BODY_IGNORED SIZE_MAX
typedef void http_handler(void *ctx, struct http_exchange *x);

struct http_options {
	const char *listen;		/* "127.0.0.1:8080", "[::]:443", "127.0.0.1:0" */
	const char *tls_cert, *tls_key; /* PEM files; both NULL: plain HTTP */
	int threads;
	int max_connections;
	int max_per_peer;   /* connections of one address; 0: no such limit */
	int idle_s;	    /* a silent connection is closed */
	int close_grace_ms; /* how long http_close() waits for handlers; 0: 5 s */
	size_t head_bytes;  /* a request's line and headers; 0: 16 KiB */
	size_t body_budget; /* bytes of all bodies held at once; 0: 128 MiB */
	http_body_max *body_max;
	http_handler *handle;
	void *ctx;
	const struct http_field *always; /* fields of every answer; borrowed */
	size_t n_always;
};
/* E_INVALID  the address or a PEM file is no good.  E_CONFLICT  the port is taken. */
MUST_USE enum code http_open(struct scope *sc, const struct http_options *opt, struct http_server **out);
/* The port that was bound. */
int http_port(const struct http_server *s);
/* Stops accepting, gives handlers close_grace_ms to reply, then answers 503 to what is
 * still suspended, ends streams, waits. A handler may reply even later: that
 * reply is dropped. NULL is fine. */
void http_close(struct http_server *s);

/* --- the request; everything is borrowed until the reply --- */
struct scope *http_scope(struct http_exchange *x); /* the exchange's own: lives until it has been sent */
const char *http_method(const struct http_exchange *x);
const char *http_target(const struct http_exchange *x);			  /* path and query as they came */
const char *http_path(const struct http_exchange *x);			  /* decoded once, no query, valid UTF-8 */
const char *http_query(const struct http_exchange *x, const char *name);  /* NULL: absent */
const char *http_header(const struct http_exchange *x, const char *name); /* NULL: absent */
const uint8_t *http_body(const struct http_exchange *x, size_t *n);
const char *http_peer(const struct http_exchange *x); /* address, for rate limits; never stored */

/* --- the answer --- */

/* Copies what it is given (body with copy = true) or borrows static bytes. From
 * any thread, once. After it the exchange and its scope are no longer the caller's. */
void http_reply(struct http_exchange *x, int status, const struct http_field *fields, size_t n_fields, const void *body,
		size_t n, bool copy);

/* Server-sent events. more() is called on an HTTP thread whenever the stream
 * may have something: it writes to `out` (at most `room` bytes) and returns
 * the bytes written, 0 for nothing yet, -1 to end. http_wake() makes more() be called.
 * Every 15 s a comment line keeps the connection alive and notices a client that left.
 * end() is called once when the client has gone; http_wake() may run until end()
 * returns and not after: whoever wakes removes the stream from its list in end(),
 * under the lock it wakes under. */
struct http_stream;
struct http_stream_calls {
	ssize_t (*more)(void *user, char *out, size_t room);
	void (*end)(void *user);
};
/* A stream that has not begun: put it where your publisher finds it, then start
 * it. Waking before the start is fine. */
struct http_stream *http_stream_new(struct http_exchange *x, const struct http_stream_calls *calls, void *user);
/* Replies 200 text/event-stream. From here on the exchange is not the caller's,
 * and the stream only until end(). */
void http_stream_start(struct http_stream *s, const struct http_field *fields, size_t n_fields);
void http_wake(struct http_stream *s);

#endif
