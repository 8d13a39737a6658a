/* The services of OSRM's interface: a request line in, JSON out. What a client
 * can get wrong is answered in OSRM's own words with status 400. */
#include "road/osrm.h"

#include <math.h>

#include "road/trip.h"

#define REACH_M 50000.0 /* of a point that sets no radius */

/* The street's own bearing where the point lies on it. */
static double
bearing_at(const struct road *road, const struct road_point *p)
{
	const struct road_segment *s = &road->segment[p->segment];
	const struct place *at = road->shape + s->shape;
	double left = s->length_dm * 0.1 * p->fraction / ROAD_WHOLE;
	uint32_t i = 0;
	double d = place_distance_m(at[0], at[1]);
	while (i + 2 < s->n_shape && left > d) {
		left -= d;
		i++;
		d = place_distance_m(at[i], at[i + 1]);
	}
	return place_bearing_deg(at[i], at[i + 1]);
}

static bool
heads_so(const struct osrm_point *p, double bearing)
{
	return fabs(fmod(bearing - p->bearing + 540, 360) - 180) <= p->bearing_range;
}

/* Both ways are kept open only where both head as asked. */
static bool
keep_bearing(const struct road *road, const struct osrm_point *p, struct road_point *at)
{
	const struct road_segment *s = &road->segment[at->segment];
	double along = bearing_at(road, at);
	unsigned open = 0;
	if (s->arc[0] != ROAD_NONE && heads_so(p, along))
		open |= ROAD_FORWARD;
	if (s->arc[1] != ROAD_NONE && heads_so(p, along + 180))
		open |= ROAD_BACKWARD;
	at->leave &= (uint8_t)open;
	at->arrive = (uint8_t)open;
	return at->leave != 0;
}

static enum code
snap_point(struct scope *sc, const struct road *road, const struct osrm_point *p, struct road_point *out)
{
	double max_m = p->radius_m < 0 ? REACH_M : p->radius_m;
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
		if (!keep_bearing(road, p, &near[i]))
			continue;
		*out = near[i];
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

static enum code
too_big(struct scope *sc, size_t n, size_t max)
{
	return fail_as(sc, E_LIMIT, "TooBig", "Number of entries %zu is higher than current maximum (%zu)", n, max);
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

/* --- route ---------------------------------------------------------------------- */

static bool
goes_straight(const struct road *road, const struct osrm_request *r)
{
	if (r->straight != OSRM_AS_PROFILE)
		return r->straight == OSRM_STRAIGHT;
	return strcmp(road->info.profile, "van") == 0;
}

/* A stop on the way that can be left as it was arrived at, in one direction or the other. */
static uint8_t
through(const struct road_point *p)
{
	return p->leave & p->arrive;
}

/* What it costs to be at a point, by the direction of arriving, and how the one
 * before was then left. A point with one state has it in [0]. */
struct passing {
	uint64_t ms[2];
	uint8_t before[2];
};
static const unsigned directions[2] = {ROAD_FORWARD, ROAD_BACKWARD};

static void
pass_from(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *a,
	  uint64_t so_far, unsigned state, const struct road_point *b, bool b_passes, struct passing *out)
{
	for (unsigned to = 0; to < (b_passes ? 2u : 1u); to++) {
		struct road_point end = *b;
		if (b_passes)
			end.arrive = (uint8_t)(through(b) & directions[to]);
		uint32_t ms = end.arrive == 0 ? ROAD_INFINITE : trip_cost(sc, road, metric, a, &end);
		if (ms >= ROAD_INFINITE || so_far + ms >= out->ms[to])
			continue;
		out->ms[to] = so_far + ms;
		out->before[to] = (uint8_t)state;
	}
}

/* Each stop on the way gets one direction to arrive and leave by, so that the
 * whole is cheapest. Where there is no such way at all, nothing is changed: the
 * vehicle turns back. */
static void
fix_directions(struct scope *sc, const struct road *road, const struct road_metric *metric, struct road_point *p,
	       size_t n)
{
	struct passing *at = NEW_ARRAY(sc, n, struct passing);
	at[0].ms[1] = UINT64_MAX;
	for (size_t i = 1; i < n; i++) {
		bool passes = i + 1 < n && through(&p[i]) != 0;
		at[i].ms[0] = at[i].ms[1] = UINT64_MAX;
		for (unsigned state = 0; state < 2; state++) {
			struct road_point a = p[i - 1];
			if (i > 1 && through(&a) != 0)
				a.leave = (uint8_t)(through(&a) & directions[state]);
			if (at[i - 1].ms[state] != UINT64_MAX && a.leave != 0)
				pass_from(sc, road, metric, &a, at[i - 1].ms[state], state, &p[i], passes, &at[i]);
		}
	}
	if (at[n - 1].ms[0] == UINT64_MAX)
		return;
	unsigned state = at[n - 1].before[0];
	for (size_t i = n - 1; i-- > 1;) {
		if (through(&p[i]) != 0)
			p[i].leave = p[i].arrive = (uint8_t)(through(&p[i]) & directions[state]);
		state = at[i].before[state];
	}
}

static enum code
answer_route(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct osrm_request *r,
	     struct text *t)
{
	struct road_point *p;
	TRY(snap_points(sc, road, r, &p));
	size_t n = r->n_points - 1;
	if (n > 1 && goes_straight(road, r))
		fix_directions(sc, road, metric, p, r->n_points);
	struct road_path *paths = NEW_ARRAY(sc, n, struct road_path);
	for (size_t i = 0; i < n; i++)
		if (road_path_of_points(sc, road, metric, &p[i], &p[i + 1], &paths[i]) != OK)
			return fail_as(sc, E_NOT_FOUND, "NoRoute", "Impossible route between points");
	size_t n_legs = r->n_waypoints - 1;
	struct road_path *legs = NEW_ARRAY(sc, n_legs, struct road_path);
	for (size_t i = 0; i < n_legs; i++) {
		size_t from = r->waypoints[i];
		size_t to = r->waypoints[i + 1];
		paths_as_one(sc, road, &paths[from], to - from, &p[to], &legs[i]);
	}
	text_add(t, "{\"code\":\"Ok\",\"routes\":[");
	osrm_add_route(t, road, r, legs, n_legs);
	text_add_char(t, ']');
	if (!r->skip_waypoints) {
		text_add(t, ",\"waypoints\":");
		add_waypoints(t, road, p, r->waypoints, r->n_waypoints);
	}
	text_add_char(t, '}');
	return OK;
}

/* --- table ---------------------------------------------------------------------- */

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

/* Where there is no way: as the crow flies at fallback_speed, and said so. */
static void
add_fallbacks(struct text *t, const struct osrm_request *r, const struct road_point *p, struct road_matrix *m)
{
	bool first = true;
	text_add(t, ",\"fallback_speed_cells\":[");
	for (size_t i = 0; i < m->n_from * m->n_to; i++) {
		if (m->duration_ds[i] != ROAD_UNREACHABLE)
			continue;
		size_t a = r->sources[i / m->n_to];
		size_t b = r->destinations[i % m->n_to];
		double metres = r->fallback_snapped ? place_distance_m(p[a].at, p[b].at)
						    : place_distance_m(r->points[a].at, r->points[b].at);
		double ds = fmin(metres / r->fallback_m_s * 10, ROAD_UNREACHABLE - 1);
		m->duration_ds[i] = (int32_t)ds;
		if (m->distance_m != NULL)
			m->distance_m[i] = (int32_t)lround(metres);
		text_printf(t, first ? "[%zu,%zu]" : ",[%zu,%zu]", i / m->n_to, i % m->n_to);
		first = false;
	}
	text_add_char(t, ']');
}

static void
add_tables(struct text *t, const struct osrm_request *r, const struct road_point *p, struct road_matrix *m)
{
	bool durations = (r->notes & OSRM_NOTE_DURATION) != 0 || m->distance_m == NULL;
	if (r->fallback_m_s > 0)
		add_fallbacks(t, r, p, m);
	if (durations)
		add_table(t, ",\"durations\":[", m->duration_ds, m->n_from, m->n_to, 0.1 * r->scale);
	if (m->distance_m != NULL)
		add_table(t, ",\"distances\":[", m->distance_m, m->n_from, m->n_to, 1);
}

#define CELL_ROOM 9u	   /* "123456.7," is a day and a half */
#define WAYPOINT_ROOM 200u /* but for names of uncommon length */

/* A table's text finds its room at once or is refused: text that grows by itself
 * would end the program. E_MEMORY */
static enum code
make_room(struct text *t, const struct road_matrix *m, bool distances)
{
	size_t n =
	    t->len + m->n_from * m->n_to * (distances ? 2 : 1) * CELL_ROOM + (m->n_from + m->n_to) * WAYPOINT_ROOM;
	void *s;
	TRY(scope_try_array(t->sc, n + 1, 1, &s));
	memcpy(s, t->s, t->len + 1);
	t->s = s;
	t->cap = n + 1;
	return OK;
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
	struct road_matrix m;
	TRY(road_matrix_of_points(sc, road, metric, from, r->n_sources, to, r->n_destinations, distances, &m));
	TRY(make_room(t, &m, distances));
	text_add(t, "{\"code\":\"Ok\"");
	add_tables(t, r, p, &m);
	if (!r->skip_waypoints) {
		text_add(t, ",\"sources\":");
		add_waypoints(t, road, p, r->sources, r->n_sources);
		text_add(t, ",\"destinations\":");
		add_waypoints(t, road, p, r->destinations, r->n_destinations);
	}
	text_add_char(t, '}');
	return OK;
}

/* --- nearest and match ------------------------------------------------------------ */

/* The OSM nodes it lies between, in the direction that may be driven. */
static void
add_nearest(struct text *t, const struct road *road, const struct road_point *p)
{
	osrm_add_waypoint(t, road, p);
	if (road->n[SECTION_SHAPE_NODE] == 0)
		return;
	const struct road_segment *s = &road->segment[p->segment];
	bool back = s->arc[0] == ROAD_NONE;
	t->s[--t->len] = '\0'; /* its brace: more members follow */
	text_add(t, ",\"nodes\":[");
	osrm_add_integer(t, road->shape_node[s->shape + (back ? s->n_shape - 1 : 0)]);
	text_add_char(t, ',');
	osrm_add_integer(t, road->shape_node[s->shape + (back ? 0 : s->n_shape - 1)]);
	text_add(t, "]}");
}

static enum code
answer_nearest(struct scope *sc, const struct road *road, const struct osrm_request *r, struct text *t)
{
	struct road_point *p;
	size_t n;
	const struct osrm_point *asked = &r->points[0];
	double max_m = asked->radius_m < 0 ? REACH_M : asked->radius_m;
	size_t most = asked->bearing < 0 ? r->number : OSRM_NEAREST_MAX;
	if (road_snap_all(sc, road, asked->at, max_m, most, &p, &n) != OK)
		return fail_as(sc, E_NOT_FOUND, "NoSegment", "Could not find a matching segment for coordinate 0");
	size_t found = 0;
	text_add(t, "{\"code\":\"Ok\",\"waypoints\":[");
	for (size_t i = 0; i < n && found < r->number; i++) {
		if (asked->bearing >= 0 && !keep_bearing(road, asked, &p[i]))
			continue;
		if (found++ > 0)
			text_add_char(t, ',');
		add_nearest(t, road, &p[i]);
	}
	if (found == 0)
		return fail_as(sc, E_NOT_FOUND, "NoSegment", "Could not find a matching segment for coordinate 0");
	text_add(t, "]}");
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
check_limits(struct scope *sc, const struct osrm_request *r, const struct road_osrm_limits *l)
{
	size_t max = 0;
	size_t n = r->n_points;
	switch (r->service) {
	case OSRM_ROUTE: max = l->route; break;
	case OSRM_MATCH: max = l->match; break;
	case OSRM_NEAREST:
		max = l->nearest;
		n = r->number;
		break;
	case OSRM_TABLE:
		if (r->n_sources > l->table * l->table / r->n_destinations)
			return fail_as(sc, E_LIMIT, "TooBig", "Too many table coordinates");
		return OK;
	}
	return n > max ? too_big(sc, n, max) : OK;
}

static enum code
answer(struct scope *sc, const struct road *road, const struct road_metric *metric,
       const struct road_osrm_limits *limits, const char *target, struct text *t)
{
	struct osrm_request r;
	TRY(osrm_request_parse(sc, target, &r));
	if (limits != NULL)
		TRY(check_limits(sc, &r, limits));
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
road_osrm_answer(struct scope *sc, const struct road *road, const struct road_metric *metric,
		 const struct road_osrm_limits *limits, const char *target, unsigned *status, char **json)
{
	struct text t;
	text_init(&t, sc);
	enum code rc = answer(sc, road, metric, limits, target, &t);
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
