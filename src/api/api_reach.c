/* What can be reached in time: for a dispatcher who looks at a map. Streets only;
 * nobody's place is asked for or kept. */
#include "api/areas.h"
#include "base/text.h"
#include "people/people.h"
#include "road/isochrone.h"
#include "traffic/traffic.h"

#define MINUTES_MAX 60 /* a city's worth */

struct asked {
	struct place from;
	int64_t local_ms;
	int32_t within_ds[ROAD_BANDS_MAX];
	size_t n;
};

static enum code
read_minutes(struct scope *sc, const struct call *c, struct asked *a)
{
	const char *list = call_query(c, "minutes");
	char **fields;
	size_t n = text_split(sc, list == NULL ? "5,10,15" : list, ',', &fields);
	if (n > ROAD_BANDS_MAX)
		return fail_as(sc, E_INVALID, "bad-field", "minutes: at most %u bands", ROAD_BANDS_MAX);
	for (size_t i = 0; i < n; i++) {
		int64_t minutes;
		if (parse_i64(sc, fields[i], 1, MINUTES_MAX, &minutes) != OK ||
		    (i > 0 && minutes * 600 <= a->within_ds[i - 1]))
			return fail_as(sc, E_INVALID, "bad-field", "minutes: rising whole numbers, 1 to %d",
				       MINUTES_MAX);
		a->within_ds[i] = (int32_t)minutes * 600;
	}
	a->n = n;
	return OK;
}

static enum code
read_degrees(struct scope *sc, const struct call *c, const char *name, double most, double *out)
{
	const char *value;
	TRY(call_need_query(sc, c, name, &value));
	if (parse_double(sc, value, -most, most, out) != OK)
		return fail_as(sc, E_INVALID, "bad-field", "%s: degrees", name);
	return OK;
}

/* A station, or a place. */
static enum code
read_from(struct scope *sc, struct tx *tx, const struct call *c, struct place *out)
{
	const char *station_id = call_query(c, "station_id");
	if (station_id != NULL) {
		struct station s;
		TRY(station_get(sc, tx, c->who.operator_id, station_id, &s));
		*out = s.place;
		return OK;
	}
	double lat;
	double lon;
	TRY(read_degrees(sc, c, "lat", 90, &lat));
	TRY(read_degrees(sc, c, "lon", 180, &lon));
	return place_from_degrees(sc, lat, lon, out);
}

static enum code
reach_asked(struct scope *sc, struct tx *tx, struct call *c)
{
	struct asked *a = NEW(sc, struct asked);
	struct operator op;
	int64_t offset_ms;
	if (c->house->road == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-map", "this house has no streets");
	TRY(read_minutes(sc, c, a));
	TRY(read_from(sc, tx, c, &a->from));
	TRY(operator_get(sc, tx, c->who.operator_id, &op));
	a->local_ms = clock_now_ms(&c->house->clock);
	TRY(zone_offset_ms(sc, op.zone, a->local_ms, &offset_ms));
	a->local_ms += offset_ms;
	c->user = a;
	return OK;
}

static enum code
draw(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct asked *a, char **geojson)
{
	struct road_point from;
	struct road_isochrone iso;
	TRY(road_snap(sc, road, a->from, ROAD_SNAP_MAX_M, &from));
	TRY(road_isochrone(sc, road, metric, &from, a->within_ds, a->n, &iso));
	*geojson = road_isochrone_geojson(sc, road, &iso);
	return OK;
}

static enum code
reach(struct scope *sc, struct call *c)
{
	const struct road *road = c->house->road;
	char *geojson = NULL;
	const struct asked *a = c->user;
	struct traffic_now now;
	TRY(traffic_take(sc, c->house->store, c->house->planner.traffic, c->who.operator_id, road_hour_of(a->local_ms),
			 &now));
	enum code rc = draw(sc, road, now.metric, a, &geojson);
	traffic_drop(&now);
	TRY(rc);
	reply_bytes(c, "application/json", geojson, strlen(geojson));
	return OK;
}

static const struct route reach_rows[] = {
    {.method = "GET",
     .path = "/v1/reach",
     .who = MAY_DISPATCH,
     .prepare = reach_asked,
     .work = reach,
     .summary = "What can be driven to in time from a station or a place, at the pace of this hour: an area a band",
     .query = "station_id,lat,lon,minutes",
     .answer = "Reach"},
    {0},
};
const struct route_table api_reach_table = {"Reach", "How far a van comes.", reach_rows};
