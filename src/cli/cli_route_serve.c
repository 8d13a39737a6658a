/* waybill route serve: problems by HTTP, for programs that already speak to
 * vroom-express.
 *
 *	POST /       VROOM's JSON in, VROOM's JSON out
 *	GET  /health 200 as long as requests are taken
 *
 * A problem may carry "options": "l", the seconds it wants (no more than the
 * server's), and "x", vroom-express's exploration level 0 … 5, read as a share of
 * the server's seconds (0: the first plan). With "c" nothing is searched: the
 * vehicles' steps are timed, and the answer names what they break. "t" and "g" are
 * accepted and change nothing: a search has one core, distances are in the answer
 * where they are known.
 *
 * What is wrong is answered as there: {"code": 2, "error": …}; code 1 is ours
 * (HTTP 500), 2 the problem's (400), 4 too large (413). Warnings of the reader
 * stand in the answer as "warnings". Nothing is kept. */
#include <stdatomic.h>

#include "cli/cli.h"
#include "cli/stand.h"
#include "route/route_file.h"

#define BODY_MAX ((size_t)64 << 20)
#define MEMORY_MAX ((size_t)2 << 30) /* of one problem */
#define QUEUE_MAX 32u
#define LEVELS 5 /* of vroom-express's exploration */

struct planner {
	double seconds;
	int64_t max_places;
	_Atomic bool closing;
};

static const struct http_field json_fields[] = {{"content-type", "application/json; charset=utf-8"}};

static void
reply(struct http_exchange *x, int status, const json_t *o)
{
	char *text = json_text(http_scope(x), o);
	http_reply(x, status, json_fields, COUNT_OF(json_fields), text, strlen(text), true);
}

static void
reply_wrong(struct http_exchange *x, int status, int code, const char *text)
{
	json_t *o = json_new_object(http_scope(x));
	json_put_int(o, "code", code);
	json_put_text(o, "error", text);
	reply(x, status, o);
}

static void
reply_failure(struct http_exchange *x, const struct error *e)
{
	if (e->code == E_INVALID)
		reply_wrong(x, 400, 2, e->message);
	else if (e->code == E_LIMIT || e->code == E_MEMORY)
		reply_wrong(x, 413, 4, e->message);
	else
		reply_wrong(x, 500, 1, e->message);
}

/* The seconds of this request; fewer than the server's where its options say so. */
static enum code
seconds_of(struct scope *sc, const struct planner *pl, const json_t *top, double *out)
{
	const json_t *options = json_object_get(top, "options");
	double seconds = pl->seconds;
	int64_t level = LEVELS;
	if (json_is_object(options)) {
		TRY(json_may_int(sc, options, "x", 0, LEVELS, &level));
		seconds *= (double)level / LEVELS;
		if (json_is_number(json_object_get(options, "l")))
			TRY(json_need_real(sc, options, "l", 0, 86400, &seconds));
	}
	*out = seconds < pl->seconds ? seconds : pl->seconds;
	return OK;
}

static void
put_warnings(json_t *answer, const struct route_file *file, bool searched)
{
	bool ignored = searched && file->demands;
	if (file->n_warnings == 0 && !ignored)
		return;
	json_t *list = json_array();
	for (uint32_t i = 0; i < file->n_warnings; i++)
		json_array_append_new(list, json_string(file->warnings[i]));
	if (ignored)
		json_array_append_new(list, json_string(VROOM_DEMANDS_IGNORED));
	json_put(answer, "warnings", list);
}

static enum code
only_timed(struct scope *sc, const json_t *top, bool *out)
{
	const json_t *options = json_object_get(top, "options");
	return json_is_object(options) ? json_may_bool(sc, options, "c", out) : OK;
}

static enum code
search(struct scope *sc, const struct planner *pl, const struct route_file *file, double seconds, json_t **out)
{
	struct route_budget budget = {.seconds = seconds, .seed = 1, .cancel = &pl->closing};
	struct route_solution *s;
	TRY(route_solve_from(sc, file->problem, file->rows, &budget, &s));
	*out = vroom_write(sc, file, s);
	return OK;
}

static enum code
plan(struct scope *sc, const struct planner *pl, const uint8_t *bytes, size_t n, json_t **out)
{
	json_t *top;
	json_t *answer;
	struct route_file file;
	double seconds;
	bool timed = false;
	TRY(json_parse(sc, bytes, n, &top));
	TRY(seconds_of(sc, pl, top, &seconds));
	TRY(only_timed(sc, top, &timed));
	TRY(vroom_from_json(sc, top, &file));
	if (file.problem->n_places > (uint64_t)pl->max_places)
		return fail(sc, E_LIMIT, "%u places; this server takes %" PRId64, file.problem->n_places,
			    pl->max_places);
	TRY(timed ? vroom_follow(sc, &file, &answer) : search(sc, pl, &file, seconds, &answer));
	put_warnings(answer, &file, !timed);
	*out = answer;
	return OK;
}

static void
serve(void *ctx, struct http_exchange *x)
{
	const struct planner *pl = ctx;
	struct scope *sc = http_scope(x);
	bool post = strcmp(http_method(x), "POST") == 0;
	bool get = strcmp(http_method(x), "GET") == 0 || strcmp(http_method(x), "HEAD") == 0;
	json_t *answer;
	size_t n;
	const uint8_t *bytes = http_body(x, &n);
	sc->cap = MEMORY_MAX;
	if (get && strcmp(http_path(x), "/health") == 0)
		reply(x, 200, json_new_object(sc));
	else if (!post || strcmp(http_path(x), "/") != 0)
		reply_wrong(x, 404, 2, "problems are sent by POST to /; GET /health says whether the server is well");
	else if (plan(sc, pl, bytes, n, &answer) == OK)
		reply(x, 200, answer);
	else
		reply_failure(x, &sc->err);
}

static void
busy(void *ctx, struct http_exchange *x)
{
	(void)ctx;
	reply_wrong(x, 503, 1, "too many problems wait already; come again");
}

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	return strcmp(method, "POST") == 0 && strcmp(path, "/") == 0 ? BODY_MAX : HTTP_BODY_IGNORED;
}

static void
closing(void *ctx)
{
	struct planner *pl = ctx;
	atomic_store(&pl->closing, true);
}

int
cli_route_serve(struct scope *sc, int argc, char **argv)
{
	struct planner *pl = NEW(sc, struct planner);
	struct stand stand = {.listen = "127.0.0.1:0",
			      .threads = 2,
			      .queue_max = QUEUE_MAX,
			      .body_max = body_max,
			      .serve = serve,
			      .busy = busy,
			      .closing = closing,
			      .ctx = pl};
	pl->seconds = 5;
	pl->max_places = 2000;
	const struct option_def defs[] = {{"--listen", OPTION_TEXT, &stand.listen, 0, 0},
					  {"--seconds", OPTION_REAL, &pl->seconds, 0, 3600},
					  {"--threads", OPTION_INT, &stand.threads, 1, STAND_THREADS_MAX},
					  {"--max-places", OPTION_INT, &pl->max_places, 1, ROUTE_PLACES_MAX}};
	const char *words[1];
	size_t n;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 0, &n);
	if (rc == OK) {
		stand_hold_signals();
		rc = stand_run(sc, &stand);
	}
	return cli_exit(sc, rc);
}
