/* http: bytes in, bytes out, nothing of the domain.
 *
 * libmicrohttpd on epoll, a few threads. An exchange is handed to the handler
 * when its whole body is there (bounded per route, see http_options.body_max) and stays
 * suspended until somebody, on any thread, replies: HTTP threads never wait
 * for a commit, a plan or a face.
 *
 *	handle(x) ──▶ … other threads … ──▶ http_reply(x, …)     once, always
 *	                               └──▶ http_stream(x, …)    server-sent events
 */
#ifndef HTTP_HTTP_H
#define HTTP_HTTP_H

#include <sys/types.h>

#include "base/scope.h"

struct http_server;
struct http_exchange;

/* Bytes this path may send as a body; 0: none. Called before any body is read. */
typedef size_t http_body_max(void *ctx, const char *method, const char *path);
typedef void http_handler(void *ctx, struct http_exchange *x);

struct http_options {
	const char *listen;		/* "127.0.0.1:8080", "[::]:443", "127.0.0.1:0" */
	const char *tls_cert, *tls_key; /* PEM files; both NULL: plain HTTP */
	int threads;
	int max_connections;
	int idle_s; /* a silent connection is closed */
	http_body_max *body_max;
	http_handler *handle;
	void *ctx;
};
MUST_USE enum code http_open(struct scope *sc, const struct http_options *opt, struct http_server **out);
/* The port that was bound. */
int http_port(const struct http_server *s);
/* Stops accepting, answers 503 to what is suspended, waits. NULL is fine. */
void http_close(struct http_server *s);

/* --- the request; everything is borrowed until the reply --- */
struct scope *http_scope(struct http_exchange *x); /* the exchange's own: lives until it has been sent */
const char *http_method(const struct http_exchange *x);
const char *http_path(const struct http_exchange *x);			  /* decoded once, no query, valid UTF-8 */
const char *http_query(const struct http_exchange *x, const char *name);  /* NULL: absent */
const char *http_header(const struct http_exchange *x, const char *name); /* NULL: absent */
const uint8_t *http_body(const struct http_exchange *x, size_t *n);
const char *http_peer(const struct http_exchange *x); /* address, for rate limits; never stored */

/* --- the answer --- */
struct http_field {
	const char *name, *value;
};
/* Copies what it is given (body with copy = true) or borrows static bytes. From any thread, once. */
void http_reply(struct http_exchange *x, int status, const struct http_field *fields, size_t n_fields, const void *body,
		size_t n, bool copy);

/* Server-sent events. more() is called on an HTTP thread whenever the stream
 * may have something: it appends to `out` (at most `room` bytes) and returns
 * the bytes written, 0 for nothing yet, -1 to end. http_wake() makes more() be called.
 * end() is called once when the client has gone; after it nothing of the stream is used. */
struct http_stream;
struct http_stream_calls {
	ssize_t (*more)(void *user, char *out, size_t room);
	void (*end)(void *user);
};
struct http_stream *http_stream_start(struct http_exchange *x, const struct http_field *fields, size_t n_fields,
				      const struct http_stream_calls *calls, void *user);
void http_wake(struct http_stream *s);

#endif
