/* waybill road isochrone|within: what can be reached in time. */
#include "base/file.h"
#include "base/text.h"
#include "cli/cli_road.h"
#include "road/isochrone.h"
#include "road/week.h"

/* "5,10,15", also "7.5" → deciseconds. */
static enum code
parse_minutes(struct scope *sc, const char *text, int32_t **out, size_t *n_out)
{
	char **fields;
	size_t n = text_split(sc, text, ',', &fields);
	int32_t *ds = NEW_ARRAY(sc, n, int32_t);
	for (size_t i = 0; i < n; i++) {
		double minutes;
		if (parse_double(sc, text_trim(fields[i]), 0, 1e6, &minutes) != OK)
			return fail(sc, E_USAGE, "--minutes wants numbers: 5,10,15");
		ds[i] = (int32_t)(minutes * 600);
	}
	*out = ds;
	*n_out = n;
	return OK;
}

struct bands {
	struct place from;
	int32_t *within_ds;
	size_t n;
	struct cli_depart depart;
};

static enum code
draw_bands(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct bands *b,
	   char **geojson)
{
	struct road_point point;
	struct road_isochrone iso;
	TRY(road_snap(sc, road, b->from, ROAD_SNAP_MAX_M, &point));
	TRY(road_isochrone(sc, road, metric, &point, b->within_ds, b->n, &iso));
	*geojson = road_isochrone_geojson(sc, road, &iso);
	return OK;
}

static enum code
draw_bands_at(struct scope *sc, const struct road *road, const struct bands *b, char **geojson)
{
	struct road_week *week;
	int64_t local_ms;
	const struct road_metric *metric = NULL;
	TRY(cli_road_week(sc, road, &b->depart, &week, &local_ms));
	enum code rc = road_week_metric(sc, week, road_hour_of(local_ms), &metric);
	if (rc == OK)
		rc = draw_bands(sc, road, metric, b, geojson);
	road_week_free(week);
	return rc;
}

static enum code
isochrone(struct scope *sc, int argc, char **argv)
{
	const char *from = NULL;
	const char *minutes = "5,10,15";
	const char *out = NULL;
	struct bands b = {0};
	const struct option_def defs[] = {{"--from", OPTION_TEXT, &from, 0, 0},
					  {"--minutes", OPTION_TEXT, &minutes, 0, 0},
					  {"--depart", OPTION_TEXT, &b.depart.at, 0, 0},
					  {"--speeds", OPTION_TEXT, &b.depart.speeds, 0, 0},
					  {"-o", OPTION_TEXT, &out, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	if (cli_road_place(sc, from, &b.from) != OK)
		return fail(sc, E_USAGE, "--from LAT,LON is wanted");
	TRY(parse_minutes(sc, minutes, &b.within_ds, &b.n));
	struct road *road;
	char *geojson = NULL;
	TRY(road_open(sc, words[0], &road));
	enum code rc =
	    cli_departs(&b.depart) ? draw_bands_at(sc, road, &b, &geojson) : draw_bands(sc, road, NULL, &b, &geojson);
	road_close(road);
	TRY(rc);
	if (out != NULL)
		return file_write(sc, out, geojson, strlen(geojson), 0644);
	return puts(geojson) >= 0 ? OK : fail(sc, E_IO, "standard output is closed");
}

int
cli_road_isochrone(struct scope *sc, int argc, char **argv)
{
	return cli_exit(sc, isochrone(sc, argc, argv));
}

/* --- which of many places -------------------------------------------------------- */

static enum code
list_within(struct scope *sc, const struct road *road, struct place from, int32_t within_ds, const struct place *places,
	    size_t n, json_t *list)
{
	struct road_point at;
	struct road_reach *reach;
	struct road_near *near;
	struct road_point *points = NEW_ARRAY(sc, n, struct road_point);
	TRY(road_snap(sc, road, from, ROAD_SNAP_MAX_M, &at));
	for (size_t i = 0; i < n; i++)
		if (road_snap(sc, road, places[i], ROAD_SNAP_MAX_M, &points[i]) != OK)
			return error_prefix(sc, "place %zu", i + 1);
	TRY(road_reach(sc, road, NULL, &at, within_ds, &reach));
	TRY(road_reach_points(sc, reach, points, n, &near, &n));
	for (size_t i = 0; i < n; i++) {
		json_t *o = json_object();
		json_put_int(o, "place", (int64_t)near[i].index + 1);
		json_put_real(o, "duration", near[i].duration_ds * 0.1);
		json_array_append_new(list, o);
	}
	return OK;
}

static enum code
within(struct scope *sc, int argc, char **argv, json_t *list)
{
	const char *from = NULL;
	const char *file = NULL;
	double minutes = 15;
	const struct option_def defs[] = {{"--from", OPTION_TEXT, &from, 0, 0},
					  {"--points", OPTION_TEXT, &file, 0, 0},
					  {"--minutes", OPTION_REAL, &minutes, 0, 100000}};
	const char *words[1];
	size_t n;
	struct place at;
	struct place *places = NULL;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	if (file == NULL || cli_road_place(sc, from, &at) != OK)
		return fail(sc, E_USAGE, "--from LAT,LON and --points FILE are wanted");
	TRY(cli_road_places(sc, file, &places, &n));
	struct road *road;
	TRY(road_open(sc, words[0], &road));
	enum code rc = list_within(sc, road, at, (int32_t)(minutes * 600), places, n, list);
	road_close(road);
	return rc;
}

int
cli_road_within(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	json_t *list = json_array();
	json_put(o, "within", list);
	enum code rc = within(sc, argc, argv, list);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}
