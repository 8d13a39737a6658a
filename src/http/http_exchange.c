/* One request and its answer: how libmicrohttpd's callbacks become an exchange.
 *
 *	exchange_uri()        the request line is there
 *	exchange_access()     1st: headers; then: pieces of the body; then: its end,
 *	                      where the handler is called and the connection sleeps
 *	                      until exchange_answer(); then once more, to queue the answer
 *	exchange_completed()  it was sent, or the connection broke */
#include "http/http_inner.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"

static void
wire_deadline(struct http_exchange *x, size_t n)
{
	if (x->connection != NULL)
		atomic_store(&x->connection->deadline_ms,
			     clock_mono_ms() + ARRIVE_MS + (int64_t)(n / WIRE_BYTES_PER_MS));
}

static void
no_deadline(struct http_exchange *x)
{
	if (x->connection != NULL)
		atomic_store(&x->connection->deadline_ms, 0);
}

static void
peer_text(struct MHD_Connection *mhd, char *out, size_t n)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *addr = info == NULL ? NULL : info->client_addr;
	snprintf(out, n, "unknown");
	if (addr != NULL && addr->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)addr)->sin_addr, out, (socklen_t)n);
	if (addr != NULL && addr->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr, out, (socklen_t)n);
}

void *
exchange_uri(void *server, const char *uri, struct MHD_Connection *mhd)
{
	struct http_exchange *x = calloc(1, sizeof *x);
	if (x == NULL)
		return NULL; /* exchange_access() ends the connection */
	x->server = server;
	atomic_fetch_add(&x->server->owners, 1);
	x->mhd = mhd;
	scope_init(&x->sc);
	pthread_mutex_init(&x->lock, NULL);
	atomic_store(&x->owners, 1);
	x->raw = scope_strdup(&x->sc, uri);
	peer_text(mhd, x->peer, sizeof x->peer);
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	x->connection = info == NULL ? NULL : info->socket_context;
	wire_deadline(x, 0);
	return x;
}

void
exchange_unref(struct http_exchange *x)
{
	if (atomic_fetch_sub(&x->owners, 1) != 1)
		return;
	if (x->response != NULL)
		MHD_destroy_response(x->response);
	atomic_fetch_sub(&x->server->body_bytes, x->body_cap);
	free(x->body);
	pthread_mutex_destroy(&x->lock);
	scope_release(&x->sc);
	server_unref(x->server);
	free(x);
}

void
exchange_completed(void *server, struct MHD_Connection *mhd, void **exchange, enum MHD_RequestTerminationCode how)
{
	(void)mhd;
	(void)how;
	struct http_server *s = server;
	struct http_exchange *x = *exchange;
	*exchange = NULL;
	if (x == NULL)
		return;
	if (x->connection != NULL)
		atomic_store(&x->connection->deadline_ms, clock_mono_ms() + ARRIVE_MS + s->opt.idle_s * INT64_C(1000));
	pthread_mutex_lock(&x->lock);
	if (x->answered)
		atomic_fetch_sub(&s->sending, 1);
	pthread_mutex_unlock(&x->lock);
	exchange_unref(x);
}

/* --- answers --- */

void
response_fields(const struct http_server *s, struct MHD_Response *r, const struct http_field *fields, size_t n)
{
	for (size_t i = 0; i < s->opt.n_always; i++)
		MHD_add_response_header(r, s->opt.always[i].name, s->opt.always[i].value);
	for (size_t i = 0; i < n; i++)
		if (MHD_add_response_header(r, fields[i].name, fields[i].value) == MHD_NO)
			log_line(LOG_ERROR, "http: field %s cannot be sent", fields[i].name);
}

static const char *
status_title(int status)
{
	switch (status) {
	case MHD_HTTP_BAD_REQUEST: return "The request cannot be read";
	case MHD_HTTP_CONTENT_TOO_LARGE: return "The body is larger than this address takes";
	default: return "The server cannot serve this now";
	}
}

/* reason and detail are ours or went through the decoder: no quote or control
 * character needs more than this. */
static void
quote(struct text *t, const char *s)
{
	text_add_char(t, '"');
	for (; *s != '\0'; s++)
		text_add_char(t, *s == '"' || *s == '\\' || (unsigned char)*s < ' ' ? '\'' : *s);
	text_add_char(t, '"');
}

struct MHD_Response *
exchange_problem(const struct http_server *s, int status, const char *reason, const char *detail, size_t *n)
{
	struct scope sc;
	scope_init(&sc);
	struct text t;
	text_init(&t, &sc);
	text_printf(&t, "{\"type\":\"/problems/%s\",\"title\":\"%s\",\"status\":%d,\"detail\":", reason,
		    status_title(status), status);
	quote(&t, detail);
	text_printf(&t, ",\"reason\":\"%s\"}", reason);
	struct MHD_Response *r = MHD_create_response_from_buffer(t.len, t.s, MHD_RESPMEM_MUST_COPY);
	*n = t.len;
	scope_release(&sc);
	static const struct http_field fields[] = {{"Content-Type", "application/problem+json"},
						   {"Cache-Control", "no-store"}};
	if (r != NULL)
		response_fields(s, r, fields, COUNT_OF(fields));
	return r;
}

static void
unanswered_add(struct http_exchange *x)
{
	struct http_server *s = x->server;
	pthread_mutex_lock(&s->lock);
	x->prev = NULL;
	x->next = s->unanswered;
	if (x->next != NULL)
		x->next->prev = x;
	s->unanswered = x;
	pthread_mutex_unlock(&s->lock);
}

static void
unanswered_remove(struct http_exchange *x)
{
	struct http_server *s = x->server;
	pthread_mutex_lock(&s->lock);
	if (x->next != NULL)
		x->next->prev = x->prev;
	if (x->prev != NULL)
		x->prev->next = x->next;
	else
		s->unanswered = x->next;
	pthread_mutex_unlock(&s->lock);
}

bool
exchange_answer(struct http_exchange *x, int status, struct MHD_Response *response, size_t n)
{
	pthread_mutex_lock(&x->lock);
	if (x->answered) {
		pthread_mutex_unlock(&x->lock);
		MHD_destroy_response(response);
		return false;
	}
	x->answered = true;
	atomic_fetch_add(&x->server->sending, 1);
	x->status = status;
	x->response = response;
	x->response_n = n;
	bool resume = x->suspended;
	x->suspended = false;
	pthread_mutex_unlock(&x->lock);
	unanswered_remove(x);
	if (resume)
		MHD_resume_connection(x->mhd);
	return true;
}

bool
exchange_answer_closing(struct http_exchange *x)
{
	size_t n;
	struct MHD_Response *r =
	    exchange_problem(x->server, MHD_HTTP_SERVICE_UNAVAILABLE, "closing", "the server is going down", &n);
	return r != NULL && exchange_answer(x, MHD_HTTP_SERVICE_UNAVAILABLE, r, n);
}

void
http_reply(struct http_exchange *x, int status, const struct http_field *fields, size_t n_fields, const void *body,
	   size_t n, bool copy)
{
	/* A borrowed body is never written to: the library's prototype only forgot its const. */
	struct MHD_Response *r = MHD_create_response_from_buffer(n, (void *)(uintptr_t)body,
								 copy ? MHD_RESPMEM_MUST_COPY : MHD_RESPMEM_PERSISTENT);
	if (r == NULL) {
		log_line(LOG_ERROR, "http: no memory for an answer of %zu bytes", n);
		abort();
	}
	response_fields(x->server, r, fields, n_fields);
	exchange_answer(x, status, r, n);
	exchange_unref(x);
}

static enum MHD_Result
queue_answer(struct http_exchange *x)
{
	if (x->response_n != SIZE_MAX)
		wire_deadline(x, x->response_n);
	else
		no_deadline(x);
	enum MHD_Result rc = MHD_queue_response(x->mhd, (unsigned)x->status, x->response);
	MHD_destroy_response(x->response);
	x->response = NULL;
	return rc;
}

static enum MHD_Result
queue_problem(struct http_exchange *x, int status, const char *reason, const char *detail)
{
	size_t n;
	struct MHD_Response *r = exchange_problem(x->server, status, reason, detail, &n);
	if (r == NULL)
		return MHD_NO;
	wire_deadline(x, n);
	enum MHD_Result rc = MHD_queue_response(x->mhd, (unsigned)status, r);
	MHD_destroy_response(r);
	return rc;
}

/* --- the head --- */

static void
refuse(struct http_exchange *x, int status, enum code code, const char *reason, const char *detail)
{
	x->refused = status;
	x->discard = true;
	if (reason != NULL)
		(void)error_set(&x->sc, code, reason, __FILE__, __LINE__, "%s", detail);
}

struct framing {
	int lengths, codings;
	bool odd_coding;
};

static enum MHD_Result
count_framing(void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	(void)kind;
	struct framing *f = cls;
	if (strcasecmp(name, "Content-Length") == 0)
		f->lengths++;
	if (strcasecmp(name, "Transfer-Encoding") == 0) {
		f->codings++;
		f->odd_coding |= value == NULL || strcasecmp(value, "chunked") != 0;
	}
	return MHD_YES;
}

/* Content-Length; SIZE_MAX: chunked, not known yet; 0: no body. */
static size_t
announced_length(struct http_exchange *x)
{
	struct framing f = {0};
	MHD_get_connection_values(x->mhd, MHD_HEADER_KIND, count_framing, &f);
	if (f.lengths + f.codings > 1 || f.odd_coding)
		refuse(x, MHD_HTTP_BAD_REQUEST, E_INVALID, "bad-framing", "the request gives its length in two ways");
	if (f.codings > 0)
		return SIZE_MAX;
	const char *length = http_header(x, "Content-Length");
	int64_t n = 0;
	if (length != NULL && parse_i64(&x->sc, length, 0, INT64_MAX, &n) != OK) {
		error_clear(&x->sc);
		refuse(x, MHD_HTTP_BAD_REQUEST, E_INVALID, "bad-framing", "Content-Length is no number");
	}
	return (size_t)n;
}

static void
refuse_too_large(struct http_exchange *x)
{
	const char *detail =
	    x->body_max == 0 ? "this address takes no body" : scope_printf(&x->sc, "at most %zu bytes", x->body_max);
	refuse(x, MHD_HTTP_CONTENT_TOO_LARGE, E_LIMIT, "body-too-large", detail);
}

static void
examine_head(struct http_exchange *x, size_t length)
{
	struct http_server *s = x->server;
	if (atomic_load(&s->closing))
		refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, E_UNAVAILABLE, "closing", "the server is going down");
	else if (http_target_parse(&x->sc, x->raw, &x->target) != OK)
		refuse(x, MHD_HTTP_BAD_REQUEST, E_INVALID, NULL, NULL);
	if (x->refused != 0)
		return;
	x->body_max = s->opt.body_max(s->opt.ctx, x->method, x->target.path);
	x->discard = x->body_max == HTTP_BODY_IGNORED;
	if (!x->discard && length != SIZE_MAX && length > x->body_max)
		refuse_too_large(x);
}

/* A refusal waits until the body has passed by, so that the client reads it
 * instead of a reset; unless there is too much of it, or the client asked first. */
static enum MHD_Result
begin(struct http_exchange *x, const char *method)
{
	x->begun = true;
	x->method = scope_strdup(&x->sc, method);
	size_t length = announced_length(x);
	if (x->refused != 0) /* where this request ends is anybody's guess: the connection goes */
		return queue_problem(x, x->refused, x->sc.err.reason, x->sc.err.message);
	examine_head(x, length);
	wire_deadline(x, length == SIZE_MAX ? 0 : length < DISCARD_MAX ? length : DISCARD_MAX);
	bool asked = http_header(x, "Expect") != NULL;
	bool endless = length != SIZE_MAX && length > DISCARD_MAX;
	if (endless && x->refused == 0)
		refuse_too_large(x);
	if (x->refused != 0 && length > 0 && (asked || endless))
		return queue_problem(x, x->refused, x->sc.err.reason, x->sc.err.message);
	return MHD_YES;
}

/* --- the body --- */

static bool
body_reserve(struct http_exchange *x, size_t need)
{
	struct http_server *s = x->server;
	if (need <= x->body_cap)
		return true;
	size_t cap = x->body_cap == 0 ? 1024 : x->body_cap;
	while (cap < need)
		cap *= 2;
	if (cap > x->body_max)
		cap = x->body_max;
	size_t more = cap - x->body_cap;
	if (atomic_fetch_add(&s->body_bytes, more) + more > s->opt.body_budget) {
		atomic_fetch_sub(&s->body_bytes, more);
		return false;
	}
	uint8_t *grown = realloc(x->body, cap);
	if (grown == NULL) {
		atomic_fetch_sub(&s->body_bytes, more);
		return false;
	}
	x->body = grown;
	x->body_cap = cap;
	return true;
}

static enum MHD_Result
take_piece(struct http_exchange *x, const char *data, size_t n)
{
	x->received += n;
	if (x->discard)
		return x->received > DISCARD_MAX ? MHD_NO : MHD_YES;
	if (x->received > x->body_max) {
		refuse_too_large(x);
		return MHD_YES;
	}
	if (!body_reserve(x, x->received)) {
		refuse(x, MHD_HTTP_SERVICE_UNAVAILABLE, E_UNAVAILABLE, "busy", "too many large bodies at once");
		return MHD_YES;
	}
	memcpy(x->body + x->body_n, data, n);
	x->body_n += n;
	return MHD_YES;
}

static enum MHD_Result
hand_over(struct http_exchange *x)
{
	struct http_server *s = x->server;
	no_deadline(x);
	unanswered_add(x);
	/* Begun before the server was closed, but whole only now: whoever closes has perhaps looked for
	 * the unanswered already, so this one must not wait for anybody. */
	if (atomic_load(&s->closing)) {
		exchange_answer_closing(x);
	} else {
		atomic_fetch_add(&x->owners, 1); /* the handler's */
		s->opt.handle(s->opt.ctx, x);
	}
	pthread_mutex_lock(&x->lock);
	bool answered = x->answered;
	if (!answered) {
		MHD_suspend_connection(x->mhd);
		x->suspended = true;
	}
	pthread_mutex_unlock(&x->lock);
	return answered ? queue_answer(x) : MHD_YES;
}

enum MHD_Result
exchange_access(void *server, struct MHD_Connection *mhd, const char *url, const char *method, const char *version,
		const char *data, size_t *n, void **exchange)
{
	(void)server;
	(void)mhd;
	(void)url;
	(void)version;
	struct http_exchange *x = *exchange;
	if (x == NULL)
		return MHD_NO;
	if (!x->begun)
		return begin(x, method);
	if (*n > 0) {
		size_t piece = *n;
		*n = 0;
		return take_piece(x, data, piece);
	}
	if (x->response != NULL)
		return queue_answer(x);
	if (x->refused != 0)
		return queue_problem(x, x->refused, x->sc.err.reason, x->sc.err.message);
	return hand_over(x);
}

/* --- reading it --- */

struct scope *
http_scope(struct http_exchange *x)
{
	return &x->sc;
}

const char *
http_method(const struct http_exchange *x)
{
	return x->method;
}

const char *
http_target(const struct http_exchange *x)
{
	return x->raw;
}

const char *
http_path(const struct http_exchange *x)
{
	return x->target.path;
}

const char *
http_query(const struct http_exchange *x, const char *name)
{
	for (size_t i = 0; i < x->target.n_query; i++)
		if (text_eq(x->target.query[i].name, name))
			return x->target.query[i].value;
	return NULL;
}

const char *
http_header(const struct http_exchange *x, const char *name)
{
	return MHD_lookup_connection_value(x->mhd, MHD_HEADER_KIND, name);
}

const uint8_t *
http_body(const struct http_exchange *x, size_t *n)
{
	*n = x->body_n;
	return x->body == NULL ? (const uint8_t *)"" : x->body;
}

const char *
http_peer(const struct http_exchange *x)
{
	return x->peer;
}
