/* The way of a call through its phases. See api.h for the picture.
 *
 * A call is in one hand at a time: the HTTP thread's, then perhaps the pool's,
 * then the writer's, and whoever holds it last replies and forgets it. Bodies
 * beyond INLINE_BODY (pictures, lists) go to the pool before they are parsed. */
#include "api/api_inner.h"

#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define INLINE_BODY ((size_t)96 << 10)
#define CALL_MS 30000

const int64_t api_latency_us[LATENCY_BUCKETS] = {500,	1000,	2500,	5000,	 10000,	  25000,
						 50000, 100000, 250000, 1000000, 5000000, INT64_MAX};

/* The first one goes out over TLS only. */
static const struct http_field always[] = {
    {"Strict-Transport-Security", "max-age=31536000"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Permissions-Policy", "camera=(self), geolocation=(self), microphone=()"},
    {"Content-Security-Policy",
     "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
     "worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
};

/* --- the end of a call --- */

static void
count_reply(struct api *a, const struct call *c)
{
	int64_t us = (clock_mono_ns() - c->began_ns) / 1000;
	size_t bucket = 0;
	while (us > api_latency_us[bucket])
		bucket++;
	atomic_fetch_add(&a->count.latency[bucket], 1);
	atomic_fetch_add(&a->count.latency_sum_us, (uint64_t)us);
	int status = c->reply.stream != NULL ? 200 : c->reply.status;
	atomic_fetch_add(&a->count.by_class[status / 100 % 6], 1);
}

static void
call_send(struct call *c)
{
	struct reply *r = &c->reply;
	bool has_cache = false;
	for (size_t i = 0; i < r->n_fields; i++)
		has_cache |= text_eq(r->fields[i].name, "Cache-Control");
	if (!has_cache)
		reply_field(c, "Cache-Control", "no-store");
	if (r->content_type != NULL)
		reply_field(c, "Content-Type", r->content_type);
	if (r->json != NULL) {
		r->bytes = json_text(c->sc, r->json);
		r->n = strlen(r->bytes);
	}
	http_reply(c->x, r->status, r->fields, r->n_fields, r->bytes, r->n, !r->borrowed);
}

static void
call_finish(struct call *c)
{
	struct api *a = c->api;
	count_reply(a, c);
	if (c->reply.stream != NULL)
		c->reply.stream(c);
	else
		call_send(c);
	atomic_fetch_sub(&a->calls, 1);
}

static void
call_end(struct call *c, enum code rc)
{
	if (rc != OK)
		problem_reply(c, rc);
	else if (c->reply.status == 0 && c->reply.stream == NULL)
		reply_json(c, json_ok(c->sc));
	call_finish(c);
}

/* --- commit --- */

/* The snapshot that said who she is may be old by now: a picture was looked at, a
 * passphrase hashed. Who has signed out, left or lost her role meanwhile changes
 * nothing any more. */
static enum code
still_she(struct scope *sc, struct tx *tx, const struct call *c)
{
	struct actor now;
	if (!c->known)
		return OK;
	TRY(session_actor(sc, tx, c->house->keys, c->token, &now));
	if (now.kind != c->who.kind || now.role != c->who.role || !text_eq(now.id, c->who.id))
		return fail_as(sc, E_UNAUTHENTICATED, "unauthenticated", "sign in again");
	return OK;
}

static enum code
run_commit(struct scope *sc, struct tx *tx, void *arg)
{
	struct call *c = arg;
	c->reply = (struct reply){0};
	TRY(still_she(sc, tx, c));
	TRY(once_find(sc, tx, c, &c->replayed));
	if (c->replayed)
		return OK;
	TRY(c->route->commit(sc, tx, c));
	if (c->reply.status == 0)
		reply_json(c, json_ok(sc));
	return once_keep(sc, tx, c);
}

static void
commit_done(struct write *w)
{
	call_end(w->user, w->rc);
}

static void
call_commit(struct call *c)
{
	if (c->route->commit == NULL) {
		call_end(c, OK);
		return;
	}
	c->write = (struct write){.sc = c->sc,
				  .lane = c->route->positions ? LANE_POSITIONS : LANE_MAIN,
				  .fn = run_commit,
				  .arg = c,
				  .done = commit_done,
				  .user = c};
	if (store_write_async(c->house->store, &c->write) != OK)
		call_end(c, fail_as(c->sc, E_UNAVAILABLE, "busy", "too many writes are waiting"));
}

/* --- work --- */

static void
call_work_now(struct call *c)
{
	enum code rc = c->route->work(c->sc, c);
	if (rc != OK)
		call_end(c, rc);
	else
		call_commit(c);
}

/* --- the snapshot: who is it, what does she want --- */

static enum code
authenticate(struct scope *sc, struct tx *tx, struct call *c)
{
	const char *field = http_header(c->x, "Authorization");
	if (field == NULL)
		return (c->route->who & MAY_PUBLIC) != 0
			   ? OK
			   : fail_as(sc, E_UNAUTHENTICATED, "unauthenticated", "a bearer token is needed");
	if (strncmp(field, "Bearer ", 7) != 0 || strlen(field) > 300)
		return fail_as(sc, E_UNAUTHENTICATED, "unauthenticated", "Authorization must be a bearer token");
	c->token = field + 7;
	enum code rc = session_actor(sc, tx, c->house->keys, c->token, &c->who);
	if (rc == E_UNAUTHENTICATED && (c->route->who & MAY_PUBLIC) != 0) {
		error_clear(sc);
		return OK; /* a page with an old token may still read what anybody may */
	}
	TRY(rc);
	c->known = true;
	return OK;
}

static enum code
may_she(struct scope *sc, const struct call *c)
{
	unsigned who = c->route->who;
	unsigned is = c->who.kind == ACTOR_DRIVER ? MAY_DRIVER : MAY_ROLE(c->who.role);
	if ((who & MAY_PUBLIC) != 0 || (c->known && (who & is) != 0))
		return OK;
	return fail_as(sc, E_DENIED, "role", "this is not for %s",
		       c->who.kind == ACTOR_DRIVER ? "drivers" : role_words[c->who.role]);
}

static enum code
take_limit(struct scope *sc, struct call *c, const char *who)
{
	if (!c->api->opt.limits)
		return OK;
	int64_t retry_s = 0;
	enum code rc = limits_take(sc, c->api->limits, c->route->limit, who, &retry_s);
	if (rc != OK)
		reply_field(c, "Retry-After", scope_printf(sc, "%" PRId64, retry_s));
	return rc;
}

static bool
is_media(const char *field, const char *type)
{
	size_t n = strlen(type);
	return field != NULL && strncasecmp(field, type, n) == 0 &&
	       (field[n] == '\0' || field[n] == ';' || field[n] == ' ');
}

static enum code
take_body(struct scope *sc, struct call *c)
{
	if (c->route->body == BODY_NONE)
		return OK;
	const char *type = c->route->body == BODY_CSV ? "text/csv" : "application/json";
	if (!is_media(http_header(c->x, "Content-Type"), type))
		return fail_as(sc, E_INVALID, "bad-media-type", "Content-Type must be %s", type);
	if (c->route->body == BODY_CSV)
		return OK;
	size_t n;
	const uint8_t *bytes = http_body(c->x, &n);
	json_t *body;
	if (json_parse(sc, bytes, n, &body) != OK)
		return fail_as(sc, E_INVALID, "bad-json", "%s", scope_strdup(sc, sc->err.message));
	if (!json_is_object(body))
		return fail_as(sc, E_INVALID, "bad-json", "the body must be a JSON object");
	c->body = body;
	return OK;
}

static enum code
enter(struct scope *sc, struct tx *tx, void *arg)
{
	struct call *c = arg;
	TRY(authenticate(sc, tx, c));
	TRY(may_she(sc, c));
	if (c->known)
		TRY(take_limit(sc, c, c->who.id));
	TRY(once_find(sc, tx, c, &c->replayed));
	if (c->replayed)
		return OK;
	TRY(take_body(sc, c));
	return c->route->prepare == NULL ? OK : c->route->prepare(sc, tx, c);
}

static void
call_begin(struct call *c, bool in_pool)
{
	c->begun = true;
	enum code rc = once_begin(c->sc, c);
	if (rc == OK)
		rc = store_read(c->sc, c->house->store, enter, c);
	if (rc != OK || c->replayed || c->reply.stream != NULL) {
		call_end(c, rc);
		return;
	}
	if (c->route->work == NULL) {
		call_commit(c);
	} else if (in_pool) {
		call_work_now(c);
	} else {
		rc = pool_add(c->sc, c->api->pool, c);
		if (rc != OK)
			call_end(c, rc);
	}
}

static void
pool_run(struct call *c)
{
	if (c->begun)
		call_work_now(c);
	else
		call_begin(c, true);
}

/* --- from http --- */

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	const struct api *a = ctx;
	struct scope sc;
	scope_init(&sc);
	const struct route *r = NULL;
	const char *param[CALL_PARAMS];
	const char *allowed;
	enum match m = route_match(&sc, method, path, a->house->clock.stepped, &r, param, &allowed);
	scope_release(&sc);
	if (m != MATCH_FOUND)
		return HTTP_BODY_IGNORED;
	if (r->body == BODY_NONE)
		return text_eq(method, "POST") || text_eq(method, "DELETE") ? 2 : 0; /* "{}" is a polite nothing */
	return r->body_max == 0 ? BODY_SMALL : r->body_max;
}

static void
no_route(struct call *c, enum match m, const char *allowed)
{
	if (m == MATCH_OTHER_METHOD) {
		reply_field(c, "Allow", allowed);
		reply_problem(c, E_INVALID, "method", "it takes %s", allowed);
	} else if (!static_reply(c)) {
		(void)fail(c->sc, E_NOT_FOUND, "no such address");
		problem_reply(c, E_NOT_FOUND);
	}
	call_finish(c);
}

static void
handle(void *ctx, struct http_exchange *x)
{
	struct api *a = ctx;
	struct scope *sc = http_scope(x);
	struct call *c = NEW(sc, struct call);
	c->sc = sc;
	c->api = a;
	c->house = a->house;
	c->x = x;
	c->began_ns = clock_mono_ns();
	atomic_fetch_add(&a->calls, 1);
	sc->deadline_ms = clock_mono_ms() + CALL_MS;
	const char *allowed = NULL;
	enum match m =
	    route_match(sc, http_method(x), http_path(x), a->house->clock.stepped, &c->route, c->param, &allowed);
	if (m != MATCH_FOUND) {
		no_route(c, m, allowed);
		return;
	}
	enum code rc = (c->route->who & MAY_PUBLIC) != 0 ? take_limit(sc, c, http_peer(x)) : OK;
	size_t n;
	http_body(x, &n);
	bool large = n > INLINE_BODY;
	if (rc == OK && large)
		rc = pool_add(sc, a->pool, c);
	if (rc != OK)
		call_end(c, rc);
	else if (!large)
		call_begin(c, false);
}

/* --- opening and closing --- */

enum code
api_open(struct scope *sc, struct house *house, const struct api_options *opt, struct api **out)
{
	struct api *a = calloc(1, sizeof *a);
	if (a == NULL)
		return fail(sc, E_MEMORY, "no memory for the api");
	a->house = house;
	a->opt = *opt;
	pthread_mutex_init(&a->advancing, NULL);
	struct http_options http = {.listen = opt->listen,
				    .tls_cert = opt->tls_cert,
				    .tls_key = opt->tls_key,
				    .threads = opt->http_threads,
				    .max_connections = 4096,
				    .max_per_peer =
					1024, /* a depot behind one address fits; one address never takes all */
				    .idle_s = 75,
				    .body_max = body_max,
				    .handle = handle,
				    .ctx = a,
				    .always = always + (opt->tls_cert == NULL),
				    .n_always = COUNT_OF(always) - (opt->tls_cert == NULL)};
	enum code rc = limits_open(sc, &a->limits);
	if (rc == OK)
		rc = pool_open(sc, opt->pool_threads, pool_run, &a->pool);
	if (rc == OK)
		rc = places_open(sc, house, &a->places);
	if (rc == OK)
		rc = live_open(sc, house, a->places, &a->live);
	if (rc == OK)
		rc = http_open(sc, &http, &a->http);
	if (rc != OK) {
		api_close(a);
		return rc;
	}
	*out = a;
	return OK;
}

int
api_port(const struct api *a)
{
	return http_port(a->http);
}

void
api_stop(struct api *a)
{
	http_close(a->http);
	a->http = NULL;
	pool_close(a->pool);
	a->pool = NULL;
	while (atomic_load(&a->calls) > 0) /* the writer has them; it is still running */
		usleep(1000);
}

void
api_close(struct api *a)
{
	if (a == NULL)
		return;
	api_stop(a);
	live_close(a->live);
	places_close(a->places);
	limits_close(a->limits);
	pthread_mutex_destroy(&a->advancing);
	free(a);
}
