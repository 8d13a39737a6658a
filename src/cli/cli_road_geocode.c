/* waybill road geocode, bench-geocode: addresses to places from the command line. */
#include "base/text.h"
#include "cli/cli_road.h"
#include "road/geocode.h"
#include "road/geocode_bench.h"

static enum code
one_text(struct scope *sc, const struct road *road, const char *text, bool streets, int *status)
{
	const struct geo_query query = {.text = text, .streets = streets};
	struct geo_answer a;
	TRY(road_geocode(sc, road, &query, &a));
	*status = cli_print(sc, geo_answer_json(sc, &a));
	if (*status == EXIT_YES && a.verdict != GEO_PLACED)
		*status = EXIT_NO;
	return OK;
}

static enum code
geocode(struct scope *sc, int argc, char **argv, int *status)
{
	bool streets = false;
	const struct option_def defs[] = {{"--streets", OPTION_FLAG, &streets, 0, 0}};
	const char *words[2];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 2, 2, &n));
	struct road *road;
	TRY(road_open(sc, words[0], &road));
	enum code rc = one_text(sc, road, words[1], streets, status);
	road_close(road);
	return rc;
}

int
cli_road_geocode(struct scope *sc, int argc, char **argv)
{
	int status = EXIT_YES;
	enum code rc = geocode(sc, argc, argv, &status);
	return rc != OK ? cli_exit(sc, rc) : status;
}

/* --- bench ------------------------------------------------------------------------ */

static json_t *
row_json(enum geo_way way, const struct geo_bench_row *r)
{
	json_t *o = json_object();
	json_put_text(o, "asked_as", geo_way_words[way]);
	json_put_int(o, "asked", (int64_t)r->asked);
	json_put_real(o, "placed_right", r->asked == 0 ? 0 : (double)(r->placed - r->wrong) / (double)r->asked);
	json_put_int(o, "wrong", (int64_t)r->wrong);
	json_put_int(o, "ambiguous", (int64_t)r->ambiguous);
	json_put_int(o, "listed", (int64_t)r->listed);
	json_put_int(o, "not_found", (int64_t)r->not_found);
	json_put_int(o, "between", (int64_t)r->between);
	json_put_real(o, "median_m", r->median_m);
	json_put_real(o, "p90_m", r->p90_m);
	json_put_real(o, "worst_m", r->worst_m);
	json_put_real(o, "us", r->us);
	return o;
}

static enum code
bench(struct scope *sc, int argc, char **argv, json_t *o)
{
	int64_t most = 5000;
	int64_t seed = 1;
	const struct option_def defs[] = {{"--most", OPTION_INT, &most, 1, 10000000},
					  {"--seed", OPTION_INT, &seed, 0, INT64_MAX}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	struct road *road;
	TRY(road_open(sc, words[0], &road));
	struct geo_bench b;
	enum code rc = road_geocode_bench(sc, road, (size_t)most, (uint64_t)seed, &b);
	road_close(road);
	TRY(rc);
	json_put_int(o, "addresses", (int64_t)b.houses);
	json_put_int(o, "twins", (int64_t)b.twins);
	json_put_int(o, "streets_and_places", (int64_t)b.entities);
	json_put_int(o, "names", (int64_t)b.names);
	json_put_int(o, "words", (int64_t)b.tokens);
	json_put_int(o, "bytes", (int64_t)b.bytes);
	json_t *rows = json_array();
	for (enum geo_way way = 0; way < GEO_WAYS; way++)
		json_array_append_new(rows, row_json(way, &b.row[way]));
	json_put(o, "rows", rows);
	return OK;
}

int
cli_road_bench_geocode(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	enum code rc = bench(sc, argc, argv, o);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}
