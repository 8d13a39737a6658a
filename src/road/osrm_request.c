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
parse_polyline(struct scope *sc, char *s, enum polyline_unit unit, struct osrm_request *r)
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
parse_timestamps(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	char **fields;
	size_t n = text_split(sc, value, ';', &fields);
	if (n != r->n_points)
		return fail_as(sc, E_INVALID, BAD_OPTIONS, "Number of %s does not match number of coordinates", name);
	r->timestamps = NEW_ARRAY(sc, n, int64_t);
	for (size_t i = 0; i < n; i++)
		if (parse_i64(sc, fields[i], 0, INT64_MAX / 10000, &r->timestamps[i]) != OK)
			return bad_option(sc, name);
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

static enum code
parse_geometries(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	static const char *const words[] = {"polyline", "polyline6", "geojson", NULL};
	unsigned word = 0;
	TRY(parse_word(sc, name, value, words, &word));
	r->geometry = (enum osrm_geometry)word;
	return OK;
}

static enum code
parse_overview(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	static const char *const words[] = {"simplified", "full", "false", NULL};
	unsigned word = 0;
	TRY(parse_word(sc, name, value, words, &word));
	r->overview = (enum osrm_overview)word;
	return OK;
}

static enum code
parse_number(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	int64_t number;
	if (parse_i64(sc, value, 1, OSRM_NEAREST_MAX, &number) != OK)
		return bad_option(sc, name);
	r->number = (unsigned)number;
	return OK;
}

static enum code
parse_alternatives(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	int64_t number = text_eq(value, "true") ? 1 : 0;
	if (!text_eq(value, "true") && !text_eq(value, "false") && parse_i64(sc, value, 0, 100, &number) != OK)
		return bad_option(sc, name);
	r->alternatives = (unsigned)number;
	return OK;
}

static enum code
parse_continue_straight(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	static const char *const words[] = {"default", "true", "false", NULL};
	unsigned word = 0;
	TRY(parse_word(sc, name, value, words, &word));
	r->straight = (enum osrm_straight)word;
	return OK;
}

static enum code
parse_gaps(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	static const char *const words[] = {"split", "ignore", NULL};
	unsigned word = 0;
	TRY(parse_word(sc, name, value, words, &word));
	r->whole = word == 1;
	return OK;
}

/* Points that are not named are passed through; the first and last must be. */
static enum code
parse_waypoints(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	size_t *list = NULL;
	size_t n = 0;
	TRY(parse_indices(sc, name, value, r->n_points, &list, &n));
	for (size_t i = 0; i < n; i++)
		if (i > 0 && list[i] <= list[i - 1])
			return bad_option(sc, name);
	if (n < 2 || list[0] != 0 || list[n - 1] != r->n_points - 1)
		return fail_as(sc, E_INVALID, BAD_VALUE, "First and last coordinates must be specified as waypoints.");
	r->waypoints = list;
	r->n_waypoints = n;
	return OK;
}

static enum code
parse_factor(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	double *to = text_eq(name, "scale_factor") ? &r->scale : &r->fallback_m_s;
	if (parse_double(sc, value, 1e-6, 1e6, to) != OK)
		return fail_as(sc, E_INVALID, BAD_QUERY, "%s must be > 0", name);
	return OK;
}

static enum code
parse_fallback_coordinate(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	static const char *const words[] = {"input", "snapped", NULL};
	unsigned word = 0;
	TRY(parse_word(sc, name, value, words, &word));
	r->fallback_snapped = word == 1;
	return OK;
}

/* Streets are left out when a metric is made, not when it is asked. */
static enum code
parse_exclude(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	(void)name;
	(void)r;
	return value[0] == '\0' ? OK : fail_as(sc, E_INVALID, BAD_VALUE, "Exclude flag combination is not supported.");
}

/* A hint would spare a look at the grid, which takes a microsecond: they are
 * counted and not needed. */
static enum code
parse_hints(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	char **fields;
	if (text_split(sc, value, ';', &fields) != r->n_points)
		return fail_as(sc, E_INVALID, BAD_OPTIONS, "Number of %s does not match number of coordinates", name);
	return OK;
}

static enum code
parse_snapping(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	static const char *const words[] = {"default", "any", NULL};
	unsigned word;
	(void)r;
	return parse_word(sc, name, value, words, &word);
}

static enum code
parse_flag(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	const struct {
		const char *name;
		bool *to;
	} flags[] = {{"steps", &r->steps}, {"tidy", &r->tidy}, {"skip_waypoints", &r->skip_waypoints}};
	for (size_t i = 0; i < COUNT_OF(flags); i++)
		if (text_eq(flags[i].name, name))
			return parse_bool(sc, name, value, flags[i].to);
	return bad_option(sc, name);
}

static enum code
parse_unheard_flag(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	bool flag;
	(void)r;
	return parse_bool(sc, name, value, &flag);
}

static enum code
parse_sources(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	return text_eq(name, "sources")
		   ? parse_indices(sc, name, value, r->n_points, &r->sources, &r->n_sources)
		   : parse_indices(sc, name, value, r->n_points, &r->destinations, &r->n_destinations);
}

static enum code
parse_annotations(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	(void)name;
	return parse_notes(sc, value, &r->notes);
}

#define FOR(service) (1u << (service))
#define FOR_WAYS (FOR(OSRM_ROUTE) | FOR(OSRM_MATCH))
#define FOR_ALL (FOR_WAYS | FOR(OSRM_TABLE) | FOR(OSRM_NEAREST))

static enum code
parse_option(struct scope *sc, const char *name, const char *value, struct osrm_request *r)
{
	static const struct {
		const char *name;
		unsigned services;
		enum code (*parse)(struct scope *sc, const char *name, const char *value, struct osrm_request *r);
	} options[] = {
	    {"steps", FOR_WAYS, parse_flag},
	    {"geometries", FOR_WAYS, parse_geometries},
	    {"overview", FOR_WAYS, parse_overview},
	    {"annotations", FOR_WAYS | FOR(OSRM_TABLE), parse_annotations},
	    {"alternatives", FOR(OSRM_ROUTE), parse_alternatives},
	    {"continue_straight", FOR(OSRM_ROUTE), parse_continue_straight},
	    {"waypoints", FOR_WAYS, parse_waypoints},
	    {"sources", FOR(OSRM_TABLE), parse_sources},
	    {"destinations", FOR(OSRM_TABLE), parse_sources},
	    {"scale_factor", FOR(OSRM_TABLE), parse_factor},
	    {"fallback_speed", FOR(OSRM_TABLE), parse_factor},
	    {"fallback_coordinate", FOR(OSRM_TABLE), parse_fallback_coordinate},
	    {"number", FOR(OSRM_NEAREST), parse_number},
	    {"timestamps", FOR(OSRM_MATCH), parse_timestamps},
	    {"gaps", FOR(OSRM_MATCH), parse_gaps},
	    {"tidy", FOR(OSRM_MATCH), parse_flag},
	    {"radiuses", FOR_ALL, parse_per_point},
	    {"bearings", FOR_ALL, parse_per_point},
	    {"approaches", FOR_ALL, parse_per_point},
	    {"hints", FOR_ALL, parse_hints},
	    {"generate_hints", FOR_ALL, parse_unheard_flag},
	    {"skip_waypoints", FOR_ALL, parse_flag},
	    {"exclude", FOR_ALL, parse_exclude},
	    {"snapping", FOR_ALL, parse_snapping},
	};
	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (text_eq(options[i].name, name))
			return (options[i].services & FOR(r->service)) != 0 ? options[i].parse(sc, name, value, r)
									    : bad_option(sc, name);
	return bad_option(sc, name);
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

/* Rounds are a planner's work and this map has tiles of its own: both are said
 * plainly instead of looking like a wrong address. */
static enum code
parse_service(struct scope *sc, const char *service, const char *version, struct osrm_request *r)
{
	static const char *const services[] = {"route", "table", "nearest", "match", "trip", "tile", NULL};
	unsigned word = 0;
	while (services[word] != NULL && strcmp(services[word], service) != 0)
		word++;
	if (services[word] == NULL)
		return fail_as(sc, E_INVALID, "InvalidService", "Service %.40s not found!", service);
	if (strcmp(version, "v1") != 0)
		return fail_as(sc, E_INVALID, "InvalidVersion", "Service %.40s not found!", service);
	if (strcmp(service, "trip") == 0)
		return fail_as(sc, E_INVALID, "NotImplemented",
			       "There is no trip service here: ask for a table and plan with `waybill route`");
	if (strcmp(service, "tile") == 0)
		return fail_as(sc, E_INVALID, "NotImplemented",
			       "There are no debugging tiles here; the map's are at /map/tiles/{z}/{x}/{y}.mvt");
	r->service = (enum osrm_service)word;
	return OK;
}

enum code
osrm_request_parse(struct scope *sc, const char *target, struct osrm_request *out)
{
	struct osrm_request r = {.number = 1, .scale = 1};
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
	TRY(parse_service(sc, parts[1], parts[2], &r));
	TRY(parse_points(sc, parts[4], &r));
	TRY(parse_options(sc, query, &r));
	size_t least = r.service == OSRM_ROUTE || r.service == OSRM_MATCH ? 2 : 1;
	if (r.n_points < least)
		return fail_as(sc, E_INVALID, BAD_OPTIONS, "Number of coordinates needs to be at least %zu.", least);
	if (r.service == OSRM_NEAREST && r.n_points != 1)
		return fail_as(sc, E_INVALID, BAD_OPTIONS, "Only one input coordinate is supported");
	if (r.sources == NULL) {
		r.sources = all_points(sc, r.n_points);
		r.n_sources = r.n_points;
	}
	if (r.destinations == NULL) {
		r.destinations = all_points(sc, r.n_points);
		r.n_destinations = r.n_points;
	}
	if (r.waypoints == NULL) {
		r.waypoints = all_points(sc, r.n_points);
		r.n_waypoints = r.n_points;
	}
	*out = r;
	return OK;
}
