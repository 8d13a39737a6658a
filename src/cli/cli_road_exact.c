/* waybill road bench-exact: is every answer the plain search's answer? */
#include "cli/cli_road.h"
#include "road/bench.h"

static enum code
exact(struct scope *sc, int argc, char **argv, json_t *o, bool *same)
{
	struct road_exact_plan plan = {.pairs = 10000, .metrics = 3, .seed = 1};
	const struct option_def defs[] = {{"--pairs", OPTION_INT, &plan.pairs, 1, 10000000},
					  {"--metrics", OPTION_INT, &plan.metrics, 0, 100},
					  {"--seed", OPTION_INT, &plan.seed, 0, INT64_MAX - 100}};
	struct road *road;
	TRY(cli_road_file(sc, argc, argv, defs, COUNT_OF(defs), &road));
	struct road_exact r;
	enum code rc = road_exact(sc, road, &plan, &r);
	road_close(road);
	TRY(rc);
	json_put_int(o, "mismatches", r.mismatches);
	json_put_int(o, "pairs", r.pairs);
	json_put_int(o, "cells", r.cells);
	json_put_int(o, "unreachable", r.unreachable);
	*same = r.mismatches == 0;
	return OK;
}

int
cli_road_exact(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	bool same;
	enum code rc = exact(sc, argc, argv, o, &same);
	if (rc != OK)
		return cli_exit(sc, rc);
	int status = cli_print(sc, o);
	return status == EXIT_YES && !same ? EXIT_FAILED : status;
}
