/* http_inner: what the files of this room share; nobody else includes it.
 *
 * Locks, outermost first: a publisher's own, server.lock, exchange.lock or
 * stream.lock, then libmicrohttpd's. No callback of a user runs under any of ours.
 *
 * An exchange has two owners: libmicrohttpd, from the request line until the
 * answer has left (or the client has), and the handler, from handle() until its
 * reply. The last one frees it. A suspended connection cannot go away, so a
 * reply may always resume it. */
#ifndef HTTP_HTTP_INNER_H
#define HTTP_HTTP_INNER_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>

#include "http/http.h"
#include "http/http_url.h"

#define ARRIVE_MS 30000		       /* a request's, and an answer's, time on the wire … */
#define WIRE_BYTES_PER_MS 16	       /* … plus this much for its bytes */
#define DISCARD_MAX ((size_t)32 << 20) /* a larger body that nobody wants ends the connection */

/* One TCP connection, for the ticker. */
struct http_connection {
	int fd;
	_Atomic int64_t deadline_ms; /* clock_mono_ms(); 0: none */
	struct http_connection *next, *prev;
};

struct http_server {
	struct http_options opt;
	_Atomic int owners; /* http_open() and every exchange: a late reply finds its server */
	struct MHD_Daemon *daemon;
	int listen_fd;
	int port;
	_Atomic bool closing;
	_Atomic size_t body_bytes;
	_Atomic int sending; /* answered, the answer not yet sent */
	pthread_t ticker;
	bool ticking;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t tick;
	bool tick_stop;
	struct http_connection *connections;
	struct http_exchange *unanswered; /* handed to the handler */
	struct http_stream *streams;
	unsigned tick_count;
};

struct http_exchange {
	struct http_server *server;
	struct MHD_Connection *mhd;
	struct http_connection *connection;
	struct scope sc;
	char *raw;
	const char *method;
	struct http_target target;
	char peer[64];
	bool begun;
	int refused; /* status of a refusal, 0: none */
	uint8_t *body;
	size_t body_n, body_cap, body_max, received;
	bool discard;
	_Atomic int owners;
	pthread_mutex_t lock; /* guards what follows */
	bool answered, suspended;
	int status;
	struct MHD_Response *response;
	size_t response_n;
	struct http_exchange *next, *prev; /* server.unanswered, under server.lock */
};

/* --- http_server.c --- */
void server_unref(struct http_server *s);

/* --- http_exchange.c --- */
void *exchange_uri(void *server, const char *uri, struct MHD_Connection *mhd);
enum MHD_Result exchange_access(void *server, struct MHD_Connection *mhd, const char *url, const char *method,
				const char *version, const char *data, size_t *n, void **exchange);
void exchange_completed(void *server, struct MHD_Connection *mhd, void **exchange, enum MHD_RequestTerminationCode how);
void exchange_unref(struct http_exchange *x);
/* The answer, once; takes over the response. False: somebody was quicker. */
bool exchange_answer(struct http_exchange *x, int status, struct MHD_Response *response, size_t n);
/* The same, saying that the server goes. False also where there is no memory. */
bool exchange_answer_closing(struct http_exchange *x);
/* Everything a client of ours understands: RFC 9457. */
struct MHD_Response *exchange_problem(const struct http_server *s, int status, const char *reason, const char *detail,
				      size_t *n);
void response_fields(const struct http_server *s, struct MHD_Response *r, const struct http_field *fields, size_t n);

/* --- http_stream.c: both under server.lock --- */
void stream_beat(struct http_stream *s);
struct http_stream *stream_next(const struct http_stream *s);

#endif
