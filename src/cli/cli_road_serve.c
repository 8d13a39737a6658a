/* waybill road serve: OSRM's HTTP interface, version 1, over one road file, for
 * programs that already speak to osrm-routed.
 *
 *	GET /route|table|nearest|match/v1/{profile}/{coordinates}?…    road_osrm_answer()
 *	GET /health                                                    200 as long as requests are taken
 *
 * Any page may ask (as with osrm-routed): there is nothing here but streets. */
#include "cli/cli_road.h"
#include "cli/stand.h"
#include "road/road.h"

#define QUEUE_MAX 128u
#define HEAD_MAX ((size_t)256 << 10) /* some ten thousand coordinates in a line */

struct streets {
	struct road *road;
	struct road_osrm_limits limits;
};

static const struct http_field osrm_fields[] = {{"content-type", "application/json; charset=utf-8"},
						{"access-control-allow-origin", "*"}};

static void
reply(struct http_exchange *x, int status, const char *json)
{
	http_reply(x, status, osrm_fields, COUNT_OF(osrm_fields), json, strlen(json), true);
}

static void
serve(void *ctx, struct http_exchange *x)
{
	const struct streets *s = ctx;
	unsigned status;
	char *json;
	if (strcmp(http_path(x), "/health") == 0)
		reply(x, 200, "{\"code\":\"Ok\"}");
	else if (strcmp(http_method(x), "GET") != 0 && strcmp(http_method(x), "HEAD") != 0)
		reply(x, 405, "{\"code\":\"InvalidUrl\",\"message\":\"Requests are GET\"}");
	else if (road_osrm_answer(http_scope(x), s->road, NULL, &s->limits, http_target(x), &status, &json) == OK)
		reply(x, (int)status, json);
	else
		reply(x, 500, "{\"code\":\"InternalError\",\"message\":\"something is wrong here\"}");
}

static void
busy(void *ctx, struct http_exchange *x)
{
	(void)ctx;
	reply(x, 503, "{\"code\":\"TooBusy\",\"message\":\"too many requests wait already\"}");
}

static size_t
no_body(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	(void)method;
	(void)path;
	return HTTP_BODY_IGNORED;
}

static enum code
open_and_run(struct scope *sc, const char *file, struct stand *stand, struct streets *s)
{
	TRY(road_open(sc, file, &s->road));
	road_set_threads(s->road, (unsigned)stand->threads); /* those that answer wait for the first metric anyway */
	stand->ctx = s;
	enum code rc = stand_run(sc, stand);
	road_close(s->road);
	return rc;
}

int
cli_road_serve(struct scope *sc, int argc, char **argv)
{
	struct streets s = {.limits = ROAD_OSRM_LIMITS};
	struct stand stand = {.listen = "127.0.0.1:5000",
			      .threads = 2,
			      .queue_max = QUEUE_MAX,
			      .head_bytes = HEAD_MAX,
			      .body_max = no_body,
			      .serve = serve,
			      .busy = busy};
	int64_t route = (int64_t)s.limits.route;
	int64_t match = (int64_t)s.limits.match;
	int64_t table = (int64_t)s.limits.table;
	int64_t nearest = (int64_t)s.limits.nearest;
	const struct option_def defs[] = {{"--listen", OPTION_TEXT, &stand.listen, 0, 0},
					  {"--threads", OPTION_INT, &stand.threads, 1, STAND_THREADS_MAX},
					  {"--max-route", OPTION_INT, &route, 2, 10000},
					  {"--max-match", OPTION_INT, &match, 2, 10000},
					  {"--max-table", OPTION_INT, &table, 1, 10000},
					  {"--max-nearest", OPTION_INT, &nearest, 1, 1000}};
	const char *words[1];
	size_t n;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n);
	s.limits = (struct road_osrm_limits){
	    .route = (size_t)route, .match = (size_t)match, .table = (size_t)table, .nearest = (size_t)nearest};
	if (rc == OK)
		rc = open_and_run(sc, words[0], &stand, &s);
	return cli_exit(sc, rc);
}
