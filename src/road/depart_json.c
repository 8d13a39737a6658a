/* Departures in OSRM's shapes: what reads those reads these. */
#include "road/depart.h"
#include "road/osrm.h"

enum code
road_route_at_json(struct scope *sc, const struct road *road, const struct road_week *week,
		   const struct road_point *from, const struct road_point *to, int64_t local_ms, char **json)
{
	const struct osrm_request form = {
	    .service = OSRM_ROUTE, .steps = true, .geometry = OSRM_GEOJSON, .overview = OSRM_FULL};
	struct road_path path;
	TRY(road_path_at(sc, road, week, from, to, local_ms, &path));
	struct text t;
	text_init(&t, sc);
	text_add(&t, "{\"code\":\"Ok\",\"routes\":[");
	osrm_add_route(&t, road, &form, &path, 1);
	text_add(&t, "],\"waypoints\":[");
	osrm_add_waypoint(&t, road, from);
	text_add_char(&t, ',');
	osrm_add_waypoint(&t, road, to);
	text_add(&t, "]}");
	*json = t.s;
	return OK;
}

static void
add_row(struct text *t, const int32_t *cells, size_t n)
{
	text_add_char(t, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text_add_char(t, ',');
		if (cells[i] == ROAD_UNREACHABLE)
			text_add(t, "null");
		else
			osrm_add_number(t, cells[i] * 0.1);
	}
	text_add_char(t, ']');
}

static void
add_places(struct text *t, const char *key, const struct road *road, const struct road_point *points, size_t n)
{
	text_add(t, key);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text_add_char(t, ',');
		osrm_add_waypoint(t, road, &points[i]);
	}
	text_add_char(t, ']');
}

enum code
road_table_at_json(struct scope *sc, const struct road *road, const struct road_week *week,
		   const struct road_point *points, size_t n, int64_t local_ms, char **json)
{
	struct road_matrix m;
	TRY(road_matrix_at(sc, road, week, points, n, points, n, local_ms, &m));
	struct text t;
	text_init(&t, sc);
	text_add(&t, "{\"code\":\"Ok\",\"durations\":[");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text_add_char(&t, ',');
		add_row(&t, m.duration_ds + i * n, n);
	}
	text_add_char(&t, ']');
	add_places(&t, ",\"sources\":[", road, points, n);
	add_places(&t, ",\"destinations\":[", road, points, n);
	text_add_char(&t, '}');
	*json = t.s;
	return OK;
}
