/* The services of OSRM's interface: a request line in, JSON out. What a client
 * can get wrong is answered in OSRM's own words with status 400. */
#include "road/osrm.h"

static enum code
snap_point(struct scope *sc, const struct road *road, const struct osrm_point *p, struct road_point *out)
{
	double max_m = p->radius_m < 0 ? 50000 : p->radius_m;
	struct road_point *near;
	size_t n;
	if (p->bearing < 0) {
		TRY(road_snap(sc, road, p->at, max_m, out));
		if (p->kerb && out->off_m > 1)
			out->arrive = out->left == road->info.drives_on_left ? ROAD_FORWARD : ROAD_BACKWARD;
		if (road->segment[out->segment].arc[out->arrive == ROAD_FORWARD ? 0 : 1] == ROAD_NONE)
			out->arrive = out->leave;
		return OK;
	}
	TRY(road_snap_all(sc, road, p->at, max_m, 32, &near, &n));
	for (size_t i = 0; i < n; i++) {
		const struct road_segment *s = &road->segment[near[i].segment];
		uint8_t open = 0;
		for (unsigned back = 0; back < 2; back++) {
			uint32_t piece = 0; /* the segment's own direction is near enough between junctions */
			struct place a = road->shape[s->shape + piece];
			struct place b = road->shape[s->shape + s->n_shape - 1];
			int heading = (int)(back != 0 ? place_bearing_deg(b, a) : place_bearing_deg(a, b));
			int off = abs((heading - p->bearing + 540) % 360 - 180);
			if (s->arc[back] != ROAD_NONE && off <= p->bearing_range)
				open |= back != 0 ? ROAD_BACKWARD : ROAD_FORWARD;
		}
		if (open == 0)
			continue;
		*out = near[i];
		out->leave = out->arrive = open;
		return OK;
	}
	return fail_as(sc, E_NOT_FOUND, "off-road", "no street with that bearing near");
}

static enum code
snap_points(struct scope *sc, const struct road *road, const struct osrm_request *r, struct road_point **out)
{
	struct road_point *p = NEW_ARRAY(sc, r->n_points, struct road_point);
	for (size_t i = 0; i < r->n_points; i++)
		if (snap_point(sc, road, &r->points[i], &p[i]) != OK)
			return fail_as(sc, E_NOT_FOUND, "NoSegment",
				       "Could not find a matching segment for coordinate %zu", i);
	*out = p;
	return OK;
}

static void
add_waypoints(struct text *t, const struct road *road, const struct road_point *p, const size_t *index, size_t n)
{
	text_add_char(t, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text_add_char(t, ',');
		osrm_add_waypoint(t, road, &p[index[i]]);
	}
	text_add_char(t, ']');
}

static enum code
answer_route(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct osrm_request *r,
	     struct text *t)
{
	struct road_point *p;
	TRY(snap_points(sc, road, r, &p));
	size_t n = r->n_points - 1;
	struct road_path *paths = NEW_ARRAY(sc, n, struct road_path);
	for (size_t i = 0; i < n; i++)
		if (road_path_of_points(sc, road, metric, &p[i], &p[i + 1], &paths[i]) != OK)
			return fail_as(sc, E_NOT_FOUND, "NoRoute", "Impossible route between points");
	text_add(t, "{\"code\":\"Ok\",\"routes\":[");
	osrm_add_route(t, road, r, paths, n);
	text_add_char(t, ']');
	if (!r->skip_waypoints) {
		text_add(t, ",\"waypoints\":");
		add_waypoints(t, road, p, r->sources, r->n_points);
	}
	text_add_char(t, '}');
	return OK;
}

static void
add_table(struct text *t, const char *key, const int32_t *cells, size_t rows, size_t columns, double unit)
{
	text_add(t, key);
	for (size_t i = 0; i < rows; i++) {
		text_add(t, i > 0 ? ",[" : "[");
		for (size_t k = 0; k < columns; k++) {
			if (k > 0)
				text_add_char(t, ',');
			int32_t v = cells[i * columns + k];
			if (v == ROAD_UNREACHABLE)
				text_add(t, "null");
			else
				osrm_add_number(t, v * unit);
		}
		text_add_char(t, ']');
	}
	text_add_char(t, ']');
}

static enum code
answer_table(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct osrm_request *r,
	     struct text *t)
{
	struct road_point *p;
	TRY(snap_points(sc, road, r, &p));
	struct road_point *from = NEW_ARRAY(sc, r->n_sources, struct road_point);
	struct road_point *to = NEW_ARRAY(sc, r->n_destinations, struct road_point);
	for (size_t i = 0; i < r->n_sources; i++)
		from[i] = p[r->sources[i]];
	for (size_t i = 0; i < r->n_destinations; i++)
		to[i] = p[r->destinations[i]];
	bool distances = (r->notes & OSRM_NOTE_DISTANCE) != 0;
	bool durations = (r->notes & OSRM_NOTE_DURATION) != 0 || !distances;
	struct road_matrix m;
	TRY(road_matrix_of_points(sc, road, metric, from, r->n_sources, to, r->n_destinations, distances, &m));
	text_add(t, "{\"code\":\"Ok\"");
	if (durations)
		add_table(t, ",\"durations\":[", m.duration_ds, m.n_from, m.n_to, 0.1);
	if (distances)
		add_table(t, ",\"distances\":[", m.distance_m, m.n_from, m.n_to, 1);
	text_add(t, ",\"sources\":");
	add_waypoints(t, road, p, r->sources, r->n_sources);
	text_add(t, ",\"destinations\":");
	add_waypoints(t, road, p, r->destinations, r->n_destinations);
	text_add_char(t, '}');
	return OK;
}

static enum code
answer_nearest(struct scope *sc, const struct road *road, const struct osrm_request *r, struct text *t)
{
	struct road_point *p;
	size_t n;
	double max_m = r->points[0].radius_m < 0 ? 50000 : r->points[0].radius_m;
	if (road_snap_all(sc, road, r->points[0].at, max_m, r->number, &p, &n) != OK)
		return fail_as(sc, E_NOT_FOUND, "NoSegment", "Could not find a matching segment for coordinate 0");
	size_t *index = NEW_ARRAY(sc, n, size_t);
	for (size_t i = 0; i < n; i++)
		index[i] = i;
	text_add(t, "{\"code\":\"Ok\",\"waypoints\":");
	add_waypoints(t, road, p, index, n);
	text_add_char(t, '}');
	return OK;
}

static void
add_tracepoint(struct text *t, const struct road *road, const struct road_match_point *p)
{
	if (!p->matched) {
		text_add(t, "null");
		return;
	}
	osrm_add_waypoint(t, road, &p->point);
	t->s[--t->len] = '\0'; /* its brace: more members follow */
	text_printf(t, ",\"matchings_index\":%u,\"waypoint_index\":%u,\"alternatives_count\":0}", p->piece, p->number);
}

enum code
osrm_match_json(struct scope *sc, const struct road *road, const struct road_metric *metric,
		const struct osrm_request *r, const struct road_fix *fixes, size_t n, char **json)
{
	struct road_match m;
	enum code rc = road_match(sc, road, metric, fixes, n, &m);
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "NoMatch", "Could not match the trace.");
	if (rc == E_INVALID)
		return fail_as(sc, E_INVALID, "InvalidValue", "%s", scope_strdup(sc, sc->err.message));
	TRY(rc);
	struct text t;
	text_init(&t, sc);
	text_add(&t, "{\"code\":\"Ok\",\"matchings\":[");
	for (size_t i = 0; i < m.n_pieces; i++) {
		text_add(&t, i > 0 ? ",{\"confidence\":" : "{\"confidence\":");
		text_printf(&t, "%.6f,", m.pieces[i].confidence);
		struct text route;
		text_init(&route, sc);
		osrm_add_route(&route, road, r, m.pieces[i].paths, m.pieces[i].n_paths);
		text_add(&t, route.s + 1);
	}
	text_add(&t, "],\"tracepoints\":[");
	for (size_t i = 0; i < m.n_points; i++) {
		if (i > 0)
			text_add_char(&t, ',');
		add_tracepoint(&t, road, &m.points[i]);
	}
	text_add(&t, "]}");
	*json = t.s;
	return OK;
}

static enum code
answer_match(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct osrm_request *r,
	     struct text *t)
{
	struct road_fix *fixes = NEW_ARRAY(sc, r->n_points, struct road_fix);
	for (size_t i = 0; i < r->n_points; i++) {
		fixes[i].at = r->points[i].at;
		fixes[i].at_ms = r->timestamps == NULL ? 0 : r->timestamps[i] * 1000;
		fixes[i].sigma_m = r->points[i].radius_m > 0 ? r->points[i].radius_m : 0;
	}
	char *json;
	TRY(osrm_match_json(sc, road, metric, r, fixes, r->n_points, &json));
	text_add(t, json);
	return OK;
}

static enum code
answer(struct scope *sc, const struct road *road, const struct road_metric *metric, const char *target, struct text *t)
{
	struct osrm_request r;
	TRY(osrm_request_parse(sc, target, &r));
	switch (r.service) {
	case OSRM_ROUTE: return answer_route(sc, road, metric, &r, t);
	case OSRM_TABLE: return answer_table(sc, road, metric, &r, t);
	case OSRM_NEAREST: return answer_nearest(sc, road, &r, t);
	case OSRM_MATCH: return answer_match(sc, road, metric, &r, t);
	}
	return fail_as(sc, E_INVALID, "InvalidService", "no such service");
}

static bool
is_clients_fault(enum code rc)
{
	return rc == E_INVALID || rc == E_NOT_FOUND || rc == E_MEMORY || rc == E_LIMIT;
}

enum code
road_osrm_answer(struct scope *sc, const struct road *road, const struct road_metric *metric, const char *target,
		 unsigned *status, char **json)
{
	struct text t;
	text_init(&t, sc);
	enum code rc = answer(sc, road, metric, target, &t);
	if (rc != OK && !is_clients_fault(rc))
		return rc;
	*status = rc == OK ? 200 : 400;
	if (rc != OK) {
		const char *word = rc == E_MEMORY ? "TooBig" : sc->err.reason != NULL ? sc->err.reason : "InvalidQuery";
		struct text e;
		text_init(&e, sc);
		text_add(&e, "{\"code\":");
		osrm_add_string(&e, word);
		text_add(&e, ",\"message\":");
		osrm_add_string(&e, sc->err.message);
		text_add_char(&e, '}');
		error_clear(sc);
		*json = e.s;
		return OK;
	}
	*json = t.s;
	return OK;
}
