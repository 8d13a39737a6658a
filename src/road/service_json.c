/* A service's answers in OSRM's shapes: what reads those reads these. */
#include "road/osrm.h"
#include "road/service.h"

enum code
road_service_route_json(struct scope *sc, const struct road_service *s, struct place from, struct place to,
			int64_t local_ms, char **json)
{
	const struct osrm_request form = {
	    .service = OSRM_ROUTE, .steps = true, .geometry = OSRM_GEOJSON, .overview = OSRM_FULL};
	const struct road_hour hour = {local_ms, NULL};
	const struct place places[] = {from, to};
	struct road_path path;
	struct text t;
	TRY(s->drive(sc, s, &hour, places, 2, &path));
	text_init(&t, sc);
	text_add(&t, "{\"code\":\"Ok\",\"routes\":[");
	osrm_add_route(&t, NULL, &form, &path, 1);
	text_add(&t, "]}");
	*json = t.s;
	return OK;
}

static void
add_rows(struct text *t, const char *key, const int32_t *cells, size_t n, double unit)
{
	text_add(t, key);
	for (size_t i = 0; i < n * n; i++) {
		text_add(t, i == 0 ? "[" : i % n == 0 ? "],[" : ",");
		if (cells[i] == ROAD_UNREACHABLE)
			text_add(t, "null");
		else
			osrm_add_number(t, cells[i] * unit);
	}
	text_add(t, "]]");
}

enum code
road_service_table_json(struct scope *sc, const struct road_service *s, const struct place *places, size_t n,
			int64_t local_ms, char **json)
{
	const struct road_hour hour = {local_ms, NULL};
	struct road_slices m;
	struct text t;
	TRY(s->times(sc, s, &hour, 1, places, n, &m));
	text_init(&t, sc);
	text_add(&t, "{\"code\":\"Ok\"");
	add_rows(&t, ",\"durations\":[", m.duration_ds, n, 0.1);
	add_rows(&t, ",\"distances\":[", m.distance_m, n, 1);
	text_add_char(&t, '}');
	*json = t.s;
	return OK;
}
