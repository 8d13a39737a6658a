/* waybill road bench-queries. */
#include "cli/cli_road.h"
#include "road/query_bench.h"

static enum code
bench(struct scope *sc, int argc, char **argv, json_t *o, bool *exact)
{
	struct road_query_plan plan = {.queries = 200, .seed = 1};
	const char *speeds_file = NULL;
	const struct option_def defs[] = {{"--queries", OPTION_INT, &plan.queries, 1, 1000000},
					  {"--seed", OPTION_INT, &plan.seed, 0, INT64_MAX},
					  {"--speeds", OPTION_TEXT, &speeds_file, 0, 0}};
	const char *words[1];
	size_t n;
	struct road_speeds speeds;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	if (speeds_file != NULL) {
		TRY(cli_road_speeds(sc, speeds_file, &speeds));
		plan.speeds = &speeds;
	}
	struct road *road;
	struct road_query_result r;
	TRY(road_open(sc, words[0], &road));
	enum code rc = road_query_bench(sc, road, &plan, &r);
	road_close(road);
	TRY(rc);
	json_put_int(o, "compared", r.compared);
	json_put_int(o, "mismatches", r.mismatches);
	json_put_real(o, "reach_ms", r.reach_ms);
	json_put_real(o, "reach_15_ms", r.reach_15_ms);
	json_put_real(o, "dijkstra_ms", r.dijkstra_ms);
	json_put_real(o, "isochrone_ms", r.isochrone_ms);
	*exact = r.mismatches == 0;
	if (plan.speeds == NULL)
		return OK;
	json_put_real(o, "depart_us", r.depart_us);
	json_put_real(o, "depart_crossing_us", r.depart_crossing_us);
	json_put_real(o, "crossing_share", r.crossing_share);
	json_put_real(o, "plain_us", r.plain_us);
	json_put_real(o, "slice_error_mean", r.slice_error_mean);
	json_put_real(o, "slice_error_95", r.slice_error_95);
	json_put_real(o, "slice_error_max", r.slice_error_max);
	return OK;
}

int
cli_road_bench_queries(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	bool exact = false;
	enum code rc = bench(sc, argc, argv, o, &exact);
	if (rc != OK)
		return cli_exit(sc, rc);
	int status = cli_print(sc, o);
	return status == EXIT_YES && !exact ? EXIT_FAILED : status;
}
