/* http/client: asking one other server, named by the operator's configuration or,
 * with a `reach`, by somebody who is not trusted with this machine's networks.
 *
 * A client is bound to a base address when it is opened; a request adds a path
 * and a query to it and can reach nothing else: redirections are not followed,
 * proxies of the environment are not used, only http and https are spoken.
 * Certificates and names of https servers are checked (TLS 1.2 or later).
 *
 *	struct http_client *c;
 *	TRY(http_client_open(sc, &(struct http_client_options){.base = "https://geo.example/nominatim"}, &c));
 *	TRY(http_client_get(sc, c, scope_printf(sc, "/search?q=%s", url_encode(sc, text)), &answer));
 *	http_client_close(c);
 *
 * Any thread may ask at any time; connections are kept and used again. A request
 * takes at most timeout_ms, and never longer than the scope's deadline. With
 * pace_ms, requests begin at least that far apart, whoever makes them: a caller
 * waits for its turn. */
#ifndef HTTP_HTTP_CLIENT_H
#define HTTP_HTTP_CLIENT_H

#include <stdatomic.h>

#include "http/http.h"
#include "http/http_address.h"

struct http_client;

struct http_client_options {
	const char *base;	/* "https://host[:port][/path]": no user, query or fragment */
	const char *ca_file;	/* PEM of the authorities to trust; NULL: the machine's */
	const char *user_agent; /* NULL: "waybill/<version>" */
	int timeout_ms;		/* of a whole request; 0: 10 s */
	int pace_ms;		/* least time between the beginnings of two requests; 0: none */
	size_t answer_max;	/* bytes of an answer's body, unpacked; 0: 4 MiB */
	/* Checked on the address a connection is made to, whatever its name said a moment before. */
	enum http_reach reach;
	bool status_only;	  /* the body is read past, and a longer one than answer_max cut off */
	const _Atomic bool *stop; /* once true, requests end within a second or so; NULL: never */
};

struct http_answer {
	int status;		 /* 100 … 599, whatever the server said */
	const char *type;	 /* Content-Type as sent; "" where there was none */
	const char *retry_after; /* Retry-After likewise: http_retry_after_ms() reads it */
	const uint8_t *body;	 /* scope-owned, with a NUL behind its last byte */
	size_t n;
};

/* Copies what it is given; the heap's until closed.
 * E_INVALID  the base is not such an address.  E_UNAVAILABLE  no client can be made. */
MUST_USE enum code http_client_open(struct scope *sc, const struct http_client_options *opt, struct http_client **out);
/* Nobody may be asking any more. NULL is fine. */
void http_client_close(struct http_client *c);
const char *http_client_base(const struct http_client *c);

/* `target` begins with '/': path and query, already percent-encoded (url_encode()).
 * OK means that an answer came, whatever its status.
 * E_INVALID  the target holds blanks, control characters or what is not ASCII.  E_LIMIT  the answer is too long.
 * E_DEADLINE  no whole answer in time.  E_UNAVAILABLE  not reached, not trusted, or not HTTP.
 * E_DENIED (reason "address-not-allowed")  its name leads beyond `reach`.  E_CANCELLED  `stop`. */
MUST_USE enum code http_client_get(struct scope *sc, struct http_client *c, const char *target,
				   struct http_answer *out);
MUST_USE enum code http_client_post(struct scope *sc, struct http_client *c, const char *target, const char *type,
				    const void *body, size_t n, struct http_answer *out);

struct http_request {
	const char *target;
	const char *type; /* of the body; NULL: a GET */
	const void *body;
	size_t n;
	const struct http_field *fields; /* beside Content-Type */
	size_t n_fields;
};
MUST_USE enum code http_client_send(struct scope *sc, struct http_client *c, const struct http_request *request,
				    struct http_answer *out);

/* How long from now_ms a Retry-After asks to be left alone: seconds, or until a date. At most HTTP_RETRY_MAX_MS; 0 for
 * what is past, or is neither. */
#define HTTP_RETRY_MAX_MS (INT64_C(365) * 24 * 3600 * 1000)
int64_t http_retry_after_ms(const char *field, int64_t now_ms);

/* Percent-encodes everything but RFC 3986's unreserved characters; scope-owned. */
char *url_encode(struct scope *sc, const char *s);

#endif
