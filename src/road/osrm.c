#include "road/osrm.h"

#include <math.h>

#include "base/polyline.h"

/* --- text ----------------------------------------------------------------------- */

char *
put_unsigned(char *s, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;
	if (v < 10) {
		*s = (char)('0' + v);
		return s + 1;
	}
	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	while (at < sizeof digits)
		*s++ = digits[at++];
	return s;
}

static char *
put_integer(char *s, int64_t v)
{
	if (v < 0)
		*s++ = '-';
	return put_unsigned(s, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

char *
put_number(char *s, double v)
{
	double tenths = v * 10;
	int64_t n = (int64_t)(tenths < 0 ? tenths - 0.5 : tenths + 0.5); /* half away from zero */
	if (n < 0)
		*s++ = '-';
	uint64_t u = n < 0 ? -(uint64_t)n : (uint64_t)n;
	s = put_unsigned(s, u / 10);
	if (u % 10 != 0) {
		*s++ = '.';
		*s++ = (char)('0' + u % 10);
	}
	return s;
}

/* e7 degrees with six decimals. */
static char *
put_degrees(char *s, int32_t e7)
{
	uint32_t u = (uint32_t)(e7 < 0 ? -(int64_t)e7 : e7);
	uint32_t micro = (uint32_t)(((uint64_t)u + 5) / 10);
	if (e7 < 0 && micro > 0)
		*s++ = '-';
	s = put_unsigned(s, micro / 1000000);
	*s = '.';
	uint32_t rest = micro % 1000000;
	for (int i = 6; i > 0; i--, rest /= 10)
		s[i] = (char)('0' + rest % 10);
	return s + 7;
}

char *
put_location(char *s, struct place p)
{
	*s++ = '[';
	s = put_degrees(s, p.lon_e7);
	*s++ = ',';
	s = put_degrees(s, p.lat_e7);
	*s++ = ']';
	return s;
}

void
osrm_add_integer(struct text *t, int64_t v)
{
	text_end(t, put_integer(text_room(t, PUT_INTEGER), v));
}

void
osrm_add_number(struct text *t, double v)
{
	text_end(t, put_number(text_room(t, PUT_INTEGER), v));
}

void
osrm_add_location(struct text *t, struct place p)
{
	text_end(t, put_location(text_room(t, PUT_LOCATION), p));
}

void
osrm_add_string(struct text *t, const char *s)
{
	text_add_char(t, '"');
	for (const char *p = s; *p != '\0'; p++) {
		unsigned char c = (unsigned char)*p;
		if (c == '"' || c == '\\') {
			text_add_char(t, '\\');
			text_add_char(t, *p);
		} else if (c < ' ') {
			text_printf(t, "\\u%04x", c);
		} else {
			size_t n = 1;
			while ((unsigned char)p[n] >= ' ' && p[n] != '"' && p[n] != '\\')
				n++;
			text_add_n(t, p, n);
			p += n - 1;
		}
	}
	text_add_char(t, '"');
}

/* As a JSON string: of its characters only the backslash needs escaping, which
 * is done where it stands, from behind. */
static void
add_polyline(struct text *t, enum polyline_unit unit, const struct place *p, size_t n)
{
	size_t extra = 0;
	text_add_char(t, '"');
	size_t from = t->len;
	polyline_add(t, unit, p, n);
	for (size_t i = from; i < t->len; i++)
		extra += t->s[i] == '\\';
	char *end = text_room(t, extra + 1);
	char *to = end + extra;
	text_end(t, to);
	for (const char *s = end; extra > 0; extra -= *s == '\\') {
		*--to = *--s;
		if (*s == '\\')
			*--to = '\\';
	}
	text_add_char(t, '"');
}

void
osrm_add_geometry(struct text *t, enum osrm_geometry kind, const struct place *p, size_t n)
{
	struct place twice[2] = {p[0], p[0]};
	if (n == 1) { /* a line has two points */
		p = twice;
		n = 2;
	}
	if (kind != OSRM_GEOJSON) {
		add_polyline(t, kind == OSRM_POLYLINE6 ? POLYLINE6_UNIT : POLYLINE5_UNIT, p, n);
		return;
	}
	text_add(t, "{\"coordinates\":[");
	char *s = text_room(t, n * (PUT_LOCATION + 1));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*s++ = ',';
		s = put_location(s, p[i]);
	}
	text_end(t, s);
	text_add(t, "],\"type\":\"LineString\"}");
}

void
osrm_add_waypoint(struct text *t, const struct road *road, const struct road_point *p)
{
	text_add(t, "{\"hint\":\"\",\"distance\":");
	osrm_add_number(t, (double)p->off_m);
	text_add(t, ",\"name\":");
	osrm_add_string(t, road_point_name(road, p));
	text_add(t, ",\"location\":");
	osrm_add_location(t, p->at);
	text_add_char(t, '}');
}

/* --- legs and routes -------------------------------------------------------------- */

/* The two names driven longest, in their order. */
static void
add_summary(struct text *t, const struct road_path *path)
{
	size_t best[2] = {SIZE_MAX, SIZE_MAX};
	for (size_t i = 0; i < path->n_steps; i++) {
		const struct road_step *s = &path->steps[i];
		if (*s->name == '\0' || (best[0] != SIZE_MAX && text_eq(path->steps[best[0]].name, s->name)))
			continue;
		if (best[0] == SIZE_MAX || s->distance_m > path->steps[best[0]].distance_m) {
			best[1] = best[0];
			best[0] = i;
		} else if (best[1] == SIZE_MAX || s->distance_m > path->steps[best[1]].distance_m) {
			best[1] = i;
		}
	}
	if (best[1] != SIZE_MAX && best[1] < best[0]) {
		size_t swap = best[0];
		best[0] = best[1];
		best[1] = swap;
	}
	struct text names;
	text_init(&names, t->sc);
	for (int i = 0; i < 2; i++) {
		if (best[i] == SIZE_MAX)
			continue;
		if (names.len > 0)
			text_add(&names, ", ");
		text_add(&names, path->steps[best[i]].name);
	}
	osrm_add_string(t, names.s);
}

static void
add_leg(struct text *t, const struct road *road, const struct osrm_request *r, const struct road_path *path)
{
	text_add(t, "{\"steps\":[");
	for (size_t i = 0; r->steps && i < path->n_steps; i++) {
		if (i > 0)
			text_add_char(t, ',');
		osrm_add_step(t, road, r->geometry, path, &path->steps[i]);
	}
	text_add(t, "],\"summary\":");
	if (r->steps)
		add_summary(t, path);
	else
		text_add(t, "\"\"");
	text_add(t, ",\"weight\":");
	osrm_add_number(t, path->duration_ds * 0.1);
	text_add(t, ",\"duration\":");
	osrm_add_number(t, path->duration_ds * 0.1);
	text_add(t, ",\"distance\":");
	osrm_add_number(t, path->distance_m);
	if (r->notes != 0)
		osrm_add_notes(t, road, path, r->notes);
	text_add_char(t, '}');
}

/* Keeps the points that stand off the line by more than tolerance (Douglas,
 * Peucker 1973), with a stack of its own. */
static size_t
simplify(struct scope *sc, const struct place *p, size_t n, double tolerance_m, struct place *out)
{
	bool *keep = NEW_ARRAY(sc, n, bool);
	size_t *stack = NEW_ARRAY(sc, 2 * n + 2, size_t);
	size_t top = 0;
	struct plane plane;
	plane_init(&plane, p[0]);
	keep[0] = keep[n - 1] = true;
	stack[top++] = 0;
	stack[top++] = n - 1;
	while (top > 0) {
		size_t hi = stack[--top];
		size_t lo = stack[--top];
		double worst = tolerance_m;
		size_t at = 0;
		for (size_t i = lo + 1; i < hi; i++) {
			double t;
			double d = segment_distance_m(plane_project(&plane, p[i]), plane_project(&plane, p[lo]),
						      plane_project(&plane, p[hi]), &t);
			if (d > worst) {
				worst = d;
				at = i;
			}
		}
		if (at == 0)
			continue;
		keep[at] = true;
		stack[top++] = lo;
		stack[top++] = at;
		stack[top++] = at;
		stack[top++] = hi;
	}
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (keep[i])
			out[k++] = p[i];
	return k;
}

static void
add_overview(struct text *t, const struct osrm_request *r, const struct road_path *paths, size_t n_paths)
{
	size_t n = 0;
	for (size_t i = 0; i < n_paths; i++)
		n += paths[i].n_shape;
	struct place *all = NEW_ARRAY(t->sc, n, struct place);
	n = 0;
	for (size_t i = 0; i < n_paths; i++) {
		for (size_t k = 0; k < paths[i].n_shape; k++) {
			struct place p = paths[i].shape[k];
			if (n == 0 || all[n - 1].lat_e7 != p.lat_e7 || all[n - 1].lon_e7 != p.lon_e7)
				all[n++] = p;
		}
	}
	if (r->overview == OSRM_SIMPLIFIED) {
		struct bounds b;
		bounds_init(&b);
		for (size_t i = 0; i < n; i++)
			bounds_add(&b, all[i]);
		n = simplify(t->sc, all, n, place_distance_m(b.min, b.max) / 400, all);
	}
	osrm_add_geometry(t, r->geometry, all, n);
}

void
osrm_add_route(struct text *t, const struct road *road, const struct osrm_request *r, const struct road_path *paths,
	       size_t n_paths)
{
	double seconds = 0;
	double metres = 0;
	text_add_char(t, '{');
	if (r->overview != OSRM_NO_OVERVIEW && n_paths > 0) {
		text_add(t, "\"geometry\":");
		add_overview(t, r, paths, n_paths);
		text_add_char(t, ',');
	}
	text_add(t, "\"legs\":[");
	for (size_t i = 0; i < n_paths; i++) {
		if (i > 0)
			text_add_char(t, ',');
		add_leg(t, road, r, &paths[i]);
		seconds += paths[i].duration_ds * 0.1;
		metres += paths[i].distance_m;
	}
	text_add(t, "],\"weight_name\":\"duration\",\"weight\":");
	osrm_add_number(t, seconds);
	text_add(t, ",\"duration\":");
	osrm_add_number(t, seconds);
	text_add(t, ",\"distance\":");
	osrm_add_number(t, metres);
	text_add_char(t, '}');
}
