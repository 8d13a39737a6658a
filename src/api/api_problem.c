/* Failures as RFC 9457 problem documents. What the caller may know: the code's
 * status, a reason slug, one sentence. What is ours to mend (I/O, corruption,
 * broken promises) is logged with its origin and told as "failed" only. A thing
 * that is not there and a thing of another tenant's read the same. */
#include "api/api_inner.h"
#include "base/log.h"
#include "base/text.h"

struct code_row {
	enum code code;
	int status;
	const char *reason; /* where the error has none of its own */
	const char *title;
};
static const struct code_row code_rows[] = {
    {E_USAGE, 400, "invalid", "The request cannot be right as it stands"},
    {E_INVALID, 400, "invalid", "The request cannot be right as it stands"},
    {E_LIMIT, 413, "too-large", "More than is taken here"},
    {E_NOT_FOUND, 404, "not-found", "There is no such thing, or it is not yours to know of"},
    {E_CONFLICT, 409, "conflict", "It contradicts what is already so"},
    {E_DENIED, 403, "denied", "You may not do this"},
    {E_UNAUTHENTICATED, 401, "unauthenticated", "Who is calling is not known"},
    {E_RETRY, 503, "busy", "Try the same again"},
    {E_DEADLINE, 503, "busy", "It took too long; try the same again"},
    {E_CANCELLED, 503, "busy", "It was given up"},
    {E_UNAVAILABLE, 503, "unavailable", "Something this needs is not there right now"},
    {E_IO, 500, "failed", "The server failed"},
    {E_CORRUPT, 500, "failed", "The server failed"},
    {E_MEMORY, 500, "failed", "The server failed"},
    {E_INTERNAL, 500, "failed", "The server failed"},
};

/* Reasons with a status of their own. */
static const struct {
	const char *reason;
	int status;
} reason_rows[] = {
    {"too-many-requests", 429}, {"too-many-tries", 429}, {"bad-media-type", 415},
    {"poor-capture", 422},	{"once-mismatch", 422},	 {"method", 405},
};

static const struct code_row *
row_of(enum code code)
{
	for (size_t i = 0; i < COUNT_OF(code_rows); i++)
		if (code_rows[i].code == code)
			return &code_rows[i];
	return &code_rows[COUNT_OF(code_rows) - 1];
}

int
problem_status(enum code code, const char *reason)
{
	for (size_t i = 0; reason != NULL && i < COUNT_OF(reason_rows); i++)
		if (text_eq(reason_rows[i].reason, reason))
			return reason_rows[i].status;
	return row_of(code)->status;
}

static const char *
status_title(int status)
{
	switch (status) {
	case 405: return "This address does not take this method";
	case 415: return "This address does not take this kind of body";
	case 422: return "It can be read, and cannot be done as it stands";
	case 429: return "Too many of these in a short time";
	default: break;
	}
	for (size_t i = 0; i < COUNT_OF(code_rows); i++)
		if (code_rows[i].status == status)
			return code_rows[i].title;
	return "It failed";
}

json_t *
problem_json(struct scope *sc, int status, const char *reason, const char *detail)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "type", scope_printf(sc, "/problems/%s", reason));
	json_put_text(o, "title", status_title(status));
	json_put_int(o, "status", status);
	json_put_text(o, "detail", detail);
	json_put_text(o, "reason", reason);
	return o;
}

static void
put_problem(struct call *c, enum code code, const char *reason, const char *detail)
{
	int status = problem_status(code, reason);
	struct reply before = c->reply;
	json_t *problem = problem_json(c->sc, status, reason, detail);
	if (c->hint != NULL)
		json_put_text(problem, "hint", c->hint);
	reply_status(c, status, problem);
	c->reply.content_type = "application/problem+json";
	for (size_t i = 0; i < before.n_fields; i++) /* Retry-After, Allow */
		reply_field(c, before.fields[i].name, before.fields[i].value);
	if (status == 401)
		reply_field(c, "WWW-Authenticate", "Bearer");
	if (status == 503 && before.n_fields == 0)
		reply_field(c, "Retry-After", "1");
}

void
reply_problem(struct call *c, enum code code, const char *reason, const char *fmt, ...)
{
	char detail[400];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(detail, sizeof detail, fmt, ap);
	va_end(ap);
	put_problem(c, code, reason, detail);
}

void
problem_reply(struct call *c, enum code code)
{
	struct error err = c->sc->err;
	const struct code_row *row = row_of(code);
	if (row->status == 500) {
		log_error(c->sc, c->route == NULL ? "request" : c->route->path);
		put_problem(c, code, row->reason, "it is in the log; nothing was changed");
	} else if (code == E_NOT_FOUND) {
		put_problem(c, code, "not-found", "there is no such thing here, or it is not yours");
	} else {
		put_problem(c, code, err.reason != NULL ? err.reason : row->reason, err.message);
	}
}
