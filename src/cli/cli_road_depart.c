/* waybill road route|matrix --depart: answers for a time of day. */
#include "base/clock.h"
#include "base/text.h"
#include "cli/cli_road.h"
#include "road/depart.h"

/* "2026-11-23T08:10" on the wall where the streets are. */
enum code
cli_road_departure(struct scope *sc, const char *text, int64_t *local_ms)
{
	const char *whole = scope_printf(sc, "%s%s", text, strlen(text) == 16 ? ":00Z" : "Z");
	if (time_parse(sc, whole, local_ms) != OK)
		return fail(sc, E_USAGE, "--depart wants a local time, as 2026-11-23T08:10");
	return OK;
}

enum code
cli_road_week(struct scope *sc, const struct road *road, const struct cli_depart *depart, struct road_week **week,
	      int64_t *local_ms)
{
	struct road_speeds speeds;
	if (depart->at == NULL || depart->speeds == NULL)
		return fail(sc, E_USAGE, "--depart TIME and --speeds FILE belong together");
	TRY(cli_road_departure(sc, depart->at, local_ms));
	TRY(cli_road_speeds(sc, depart->speeds, &speeds));
	return road_week_of_speeds(sc, road, &speeds, week);
}

/* Opened once, closed once. */
struct stage {
	struct road *road;
	struct road_week *week;
	int64_t local_ms;
};

static void
stage_close(struct stage *s)
{
	road_week_free(s->week);
	road_close(s->road);
}

static enum code
stage_open(struct scope *sc, const char *road_file, const struct cli_depart *depart, struct stage *s)
{
	*s = (struct stage){0};
	TRY(road_open(sc, road_file, &s->road));
	enum code rc = cli_road_week(sc, s->road, depart, &s->week, &s->local_ms);
	if (rc != OK)
		stage_close(s);
	return rc;
}

static enum code
snap_places(struct scope *sc, const struct road *road, const struct place *places, size_t n, struct road_point **out)
{
	struct road_point *points = NEW_ARRAY(sc, n, struct road_point);
	for (size_t i = 0; i < n; i++)
		if (road_snap(sc, road, places[i], ROAD_SNAP_MAX_M, &points[i]) != OK)
			return error_prefix(sc, "place %zu", i + 1);
	*out = points;
	return OK;
}

static enum code
print_line(struct scope *sc, const char *json)
{
	return puts(json) >= 0 ? OK : fail(sc, E_IO, "standard output is closed");
}

enum code
cli_road_route_at(struct scope *sc, const char *road_file, const struct cli_depart *depart, struct place from,
		  struct place to)
{
	struct stage s;
	struct road_point *points;
	const struct place places[2] = {from, to};
	char *json = NULL;
	TRY(stage_open(sc, road_file, depart, &s));
	enum code rc = snap_places(sc, s.road, places, 2, &points);
	if (rc == OK)
		rc = road_route_at_json(sc, s.road, s.week, &points[0], &points[1], s.local_ms, &json);
	stage_close(&s);
	TRY(rc);
	return print_line(sc, json);
}

enum code
cli_road_table_at(struct scope *sc, const char *road_file, const struct cli_depart *depart, const struct place *places,
		  size_t n)
{
	struct stage s;
	struct road_point *points;
	char *json = NULL;
	TRY(stage_open(sc, road_file, depart, &s));
	enum code rc = snap_places(sc, s.road, places, n, &points);
	if (rc == OK)
		rc = road_table_at_json(sc, s.road, s.week, points, n, s.local_ms, &json);
	stage_close(&s);
	TRY(rc);
	return print_line(sc, json);
}
