/* "/route/v1/driving/13.38,52.51;13.39,52.52?steps=true" → struct osrm_request. */
#include "road/osrm_request.h"

#include <math.h>

#include "base/polyline.h"
#include "base/text.h"

#define BAD_URL "InvalidUrl"
#define BAD_QUERY "InvalidQuery"
#define BAD_OPTIONS "InvalidOptions"
#define BAD_VALUE "InvalidValue"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static enum code
percent_decode(struct scope *sc, const char *s, char **out)
{
	size_t n = strlen(s);
	char *d = scope_alloc(sc, n + 1);
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		if (s[i] != '%') {
			d[k++] = s[i];
			continue;
		}
		int hi = hex_digit(s[i + 1]); /* the string's NUL is no digit */
		int lo = hi >= 0 ? hex_digit(s[i + 2]) : -1;
		if (lo < 0 || hi * 16 + lo == 0)
			return fail_as(sc, E_INVALID, BAD_URL, "URL string malformed close to position %zu", i);
		d[k++] = (char)(hi * 16 + lo);
		i += 2;
	}
	*out = d;
	return OK;
}

static enum code
bad_option(struct scope *sc, const char *name)
{
	return fail_as(sc, E_INVALID, BAD_QUERY, "Query string malformed: %.40s", name);
}

/* --- coordinates ------------------------------------------------------------ */

static enum code
parse_pair(struct scope *sc, const char *s, struct place *out)
{
	char *end;
	double lon = strtod(s, &end);
	if (end == s || *end != ',')
		return fail_as(sc, E_INVALID, BAD_QUERY, "Query string malformed close to \"%.40s\"", s);
	const char *second = end + 1;
	double lat = strtod(second, &end);
	if (end == second || *end != '\0')
		return fail_as(sc, E_INVALID, BAD_QUERY, "Query string malformed close to \"%.40s\"", s);
	if (place_from_degrees(sc, lat, lon, out) != OK)
		return fail_as(sc, E_INVALID, BAD_VALUE, "Invalid coordinate value.");
	return OK;
}

static enum code
parse_polyline(struct scope *sc, char *s, int32_t unit, struct osrm_request *r)
{
	struct place *places;
	size_t n;
	size_t len = strlen(s);
	if (len < 2 || s[len - 1] != ')')
		return bad_option(sc, "polyline");
	s[len - 1] = '\0';
	if (polyline_read(sc, s, unit, &places, &n) != OK)
		return text_eq(sc->err.reason, "bad-place")
			   ? fail_as(sc, E_INVALID, BAD_VALUE, "Invalid coordinate value.")
			   : bad_option(sc, "polyline");
	r->points = NEW_ARRAY(sc, n, struct osrm_point);
	for (size_t i = 0; i < n; i++)
		r->points[i].at = places[i];
	r->n_points = n;
	return OK;
}

static enum code
parse_points(struct scope *sc, char *s, struct osrm_request *r)
{
	if (text_ends(s, ".json"))
		s[strlen(s) - 5] = '\0';
	if (text_starts(s, "polyline("))
		TRY(parse_polyline(sc, s + 9, POLYLINE5_UNIT, r));
	else if (text_starts(s, "polyline6("))
		TRY(parse_polyline(sc, s + 10, POLYLINE6_UNIT, r));
	else {
		char **fields;
		size_t n = text_split(sc, s, ';', &fields);
		if (n > OSRM_POINTS_MAX)
			return fail_as(sc, E_INVALID, "TooBig",
				       "Number of entries %zu is higher than current maximum (%u)", n, OSRM_POINTS_MAX);
		r->points = NEW_ARRAY(sc, n, struct osrm_point);
		for (size_t i = 0; i < n; i++)
			TRY(parse_pair(sc, fields[i], &r->points[i].at));
		r->n_points = n;
	}
	for (size_t i = 0; i < r->n_points; i++) {
		r->points[i].radius_m = -1;
		r->points[i].bearing = -1;
	}
	return OK;
}

/* --- options ------------------------------------------------------------------ */

static enum code
parse_bool(struct scope *sc, const char *name, const char *value, bool *out)
{
	if (!text_eq(value, "true") && !text_eq(value, "false"))
		return bad_option(sc, name);
	*out = text_eq(value, "true");
	return OK;
}

static enum code
parse_notes(struct scope *sc, const char *value, unsigned *out)
{
	static const struct {
		const char *word;
		unsigned note;
	} words[] = {{"duration", OSRM_NOTE_DURATION},
		     {"distance", OSRM_NOTE_DISTANCE},
		     {"speed", OSRM_NOTE_SPEED},
		     {"nodes", OSRM_NOTE_NODES},
		     {"datasources", OSRM_NOTE_DATASOURCES},
		     {"weight", OSRM_NOTE_WEIGHT},
		     {"true", OSRM_NOTE_DURATION | OSRM_NOTE_DISTANCE | OSRM_NOTE_SPEED | OSRM_NOTE_NODES |
				  OSRM_NOTE_WEIGHT | OSRM_NOTE_DATASOURCES},
		     {"false", 0}};
	char **fields;
	size_t n = text_split(sc, value, ',', &fields);
	unsigned notes = 0;
	for (size_t i = 0; i < n; i++) {
		size_t w = 0;
		while (w < COUNT_OF(words) && strcmp(words[w].word, fields[i]) != 0)
			w++;
		if (w == COUNT_OF(words))
			return bad_option(sc, "annotations");
		notes |= words[w].note;
	}
	*out = notes;
	return OK;
}

static enum code
parse_indices(struct scope *sc, const char *name, const char *value, size_t n_points, size_t **out, size_t *n_out)
{
	if (text_eq(value, "all"))
		return OK;
	char **fields;
	size_t n = text_split(sc, value, ';', &fields);
	size_t *list = NEW_ARRAY(sc, n, size_t);
	for (size_t i = 0; i < n; i++) {
		int64_t v;
		if (parse_i64(sc, fields[i], 0, (int64_t)n_points - 1, &v) != OK)
			return bad_option(sc, name);
		list[i] = (size_t)v;
	}
	*out = list;
	*n_out = n;
	return OK;
}

/* "heading,range", both whole degrees. */
static enum code
parse_bearing(struct scope *sc, const char *value, struct osrm_point *p)
{
	char **fields;
	int64_t heading, range;
	if (text_split(sc, value, ',', &fields) != 2 || parse_i64(sc, fields[0], 0, 360, &heading) != OK ||
	    parse_i64(sc, fields[1], 0, 180, &range) != OK)
		return bad_option(sc, "bearings");
	p->bearing = (int)heading;
	p->bearing_range = (int)range;
	return OK;
}

static enum code
parse_per_point(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	char **fields;
	size_t n = text_split(sc, value, ';', &fields);
	if (n != r->n_points)
		return fail_as(sc, E_INVALID, BAD_OPTIONS, "Number of %s does not match number of coordinates", name);
	for (size_t i = 0; i < n; i++) {
		struct osrm_point *p = &r->points[i];
		const char *f = fields[i];
		if (*f == '\0')
			continue;
		if (name[0] == 'r') { /* radiuses */
			if (!text_eq(f, "unlimited") && parse_double(sc, f, 0, 1e7, &p->radius_m) != OK)
				return bad_option(sc, name);
		} else if (name[0] == 'b') { /* bearings */
			TRY(parse_bearing(sc, f, p));
		} else { /* approaches */
			if (!text_eq(f, "curb") && !text_eq(f, "unrestricted") && !text_eq(f, "opposite"))
				return bad_option(sc, name);
			p->kerb = text_eq(f, "curb");
		}
	}
	return OK;
}

static enum code
parse_timestamps(struct scope *sc, const char *value, struct osrm_request *r)
{
	char **fields;
	size_t n = text_split(sc, value, ';', &fields);
	if (n != r->n_points)
		return fail_as(sc, E_INVALID, BAD_OPTIONS, "Number of timestamps does not match number of coordinates");
	r->timestamps = NEW_ARRAY(sc, n, int64_t);
	for (size_t i = 0; i < n; i++)
		if (parse_i64(sc, fields[i], 0, INT64_MAX / 10000, &r->timestamps[i]) != OK)
			return bad_option(sc, "timestamps");
	return OK;
}

static enum code
parse_word(struct scope *sc, const char *name, const char *value, const char *const words[], unsigned *out)
{
	for (unsigned i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], value) == 0) {
			*out = i;
			return OK;
		}
	}
	return bad_option(sc, name);
}

/* Options of the interface that change nothing here. */
static bool
is_ignored(const char *name)
{
	static const char *const names[] = {"alternatives", "continue_straight",
					    "hints",	    "generate_hints",
					    "exclude",	    "snapping",
					    "gaps",	    "waypoints",
					    "format",	    NULL};
	for (size_t i = 0; names[i] != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static enum code
parse_option(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	static const char *const geometries[] = {"polyline", "polyline6", "geojson", NULL};
	static const char *const overviews[] = {"simplified", "full", "false", NULL};
	unsigned word = 0;
	int64_t number;
	if (text_eq(name, "steps"))
		return parse_bool(sc, name, value, &r->steps);
	if (text_eq(name, "tidy"))
		return parse_bool(sc, name, value, &r->tidy);
	if (text_eq(name, "skip_waypoints"))
		return parse_bool(sc, name, value, &r->skip_waypoints);
	if (text_eq(name, "annotations"))
		return parse_notes(sc, value, &r->notes);
	if (text_eq(name, "sources") && r->service == OSRM_TABLE)
		return parse_indices(sc, name, value, r->n_points, &r->sources, &r->n_sources);
	if (text_eq(name, "destinations") && r->service == OSRM_TABLE)
		return parse_indices(sc, name, value, r->n_points, &r->destinations, &r->n_destinations);
	if (text_eq(name, "radiuses") || text_eq(name, "bearings") || text_eq(name, "approaches"))
		return parse_per_point(sc, name, value, r);
	if (text_eq(name, "timestamps"))
		return parse_timestamps(sc, value, r);
	if (text_eq(name, "geometries")) {
		TRY(parse_word(sc, name, value, geometries, &word));
		r->geometry = (enum osrm_geometry)word;
		return OK;
	}
	if (text_eq(name, "overview")) {
		TRY(parse_word(sc, name, value, overviews, &word));
		r->overview = (enum osrm_overview)word;
		return OK;
	}
	if (text_eq(name, "number")) {
		if (parse_i64(sc, value, 1, 100, &number) != OK)
			return bad_option(sc, name);
		r->number = (unsigned)number;
		return OK;
	}
	return is_ignored(name) ? OK : bad_option(sc, name);
}

static enum code
parse_options(struct scope *sc, char *query, struct osrm_request *r)
{
	char **options;
	size_t n = text_split(sc, query, '&', &options);
	for (size_t i = 0; i < n; i++) {
		if (options[i][0] == '\0')
			continue;
		char *equals = strchr(options[i], '=');
		if (equals == NULL)
			return bad_option(sc, options[i]);
		*equals = '\0';
		TRY(parse_option(sc, options[i], equals + 1, r));
	}
	return OK;
}

static size_t *
all_points(struct scope *sc, size_t n)
{
	size_t *list = NEW_ARRAY(sc, n, size_t);
	for (size_t i = 0; i < n; i++)
		list[i] = i;
	return list;
}

enum code
osrm_request_parse(struct scope *sc, const char *target, struct osrm_request *out)
{
	struct osrm_request r = {.number = 1};
	char *copy = scope_strdup(sc, target);
	char *mark = strchr(copy, '?');
	const char *packed = mark == NULL ? "" : mark + 1;
	if (mark != NULL)
		*mark = '\0';
	char *path;
	char *query;
	TRY(percent_decode(sc, copy, &path));
	TRY(percent_decode(sc, packed, &query));
	char **parts;
	/* "", service, version, profile, coordinates; a polyline may hold '?' only escaped */
	size_t n = text_split(sc, path, '/', &parts);
	if (n != 5 || parts[0][0] != '\0')
		return fail_as(sc, E_INVALID, BAD_URL, "URL string malformed close to position 1");
	static const char *const services[] = {"route", "table", "nearest", "match", NULL};
	unsigned service = 0;
	while (services[service] != NULL && strcmp(services[service], parts[1]) != 0)
		service++;
	if (services[service] == NULL)
		return fail_as(sc, E_INVALID, "InvalidService", "Service %.40s not found!", parts[1]);
	if (strcmp(parts[2], "v1") != 0)
		return fail_as(sc, E_INVALID, "InvalidVersion", "Service %.40s not found!", parts[1]);
	r.service = (enum osrm_service)service;
	TRY(parse_points(sc, parts[4], &r));
	TRY(parse_options(sc, query, &r));
	size_t least = r.service == OSRM_ROUTE || r.service == OSRM_MATCH ? 2 : 1;
	if (r.n_points < least || (r.service == OSRM_NEAREST && r.n_points != 1))
		return fail_as(sc, E_INVALID, BAD_OPTIONS, "Number of coordinates needs to be at least %zu.", least);
	if (r.sources == NULL) {
		r.sources = all_points(sc, r.n_points);
		r.n_sources = r.n_points;
	}
	if (r.destinations == NULL) {
		r.destinations = all_points(sc, r.n_points);
		r.n_destinations = r.n_points;
	}
	*out = r;
	return OK;
}
