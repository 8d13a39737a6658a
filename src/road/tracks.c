#include "road/tracks.h"

#include <expat.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/text.h"
#include "road/vec.h"

#define CSV_STEP_MS 15000
#define LINE_MAX_BYTES ((size_t)4 << 20)

/* --- CSV ------------------------------------------------------------------------- */

static enum code
read_polyline(struct scope *sc, const char *text, size_t n, int64_t start_ms, struct road_track *t)
{
	json_t *list;
	TRY(json_parse(sc, text, n, &list));
	size_t fixes = json_array_size(list);
	if (!json_is_array(list) || fixes > ROAD_FIXES_MAX)
		return fail(sc, E_INVALID, "the polyline is no list of positions");
	t->fixes = NEW_ARRAY(sc, fixes, struct road_fix);
	for (size_t i = 0; i < fixes; i++) {
		const json_t *p = json_array_get(list, i);
		if (!json_is_number(json_array_get(p, 0)) || !json_is_number(json_array_get(p, 1)))
			return fail(sc, E_INVALID, "a position is not [lon,lat]");
		struct road_fix *f = &t->fixes[i];
		TRY(place_from_degrees(sc, json_number_value(json_array_get(p, 1)),
				       json_number_value(json_array_get(p, 0)), &f->at));
		f->at_ms = start_ms + (int64_t)i * CSV_STEP_MS;
	}
	t->n = fixes;
	return OK;
}

static enum code
read_line(struct scope *sc, const char *line, size_t n, struct road_track *t)
{
	const char *fields[3];
	size_t at = 0;
	for (int i = 0; i < 3; i++) {
		const char *comma = memchr(line + at, ',', n - at);
		if (comma == NULL)
			return fail(sc, E_INVALID, "fewer than four fields");
		fields[i] = scope_strndup(sc, line + at, (size_t)(comma - line) - at);
		at = (size_t)(comma - line) + 1;
	}
	int64_t start_s;
	TRY(parse_i64(sc, fields[2], 0, INT64_MAX / 1000000, &start_s));
	size_t end = n;
	if (at < end && line[at] == '"')
		at++;
	if (end > at && line[end - 1] == '"')
		end--;
	t->name = fields[0];
	t->driver = fields[1];
	return read_polyline(sc, line + at, end - at, start_s * 1000, t);
}

static enum code
read_csv(struct scope *sc, const char *text, size_t n, struct vec *tracks)
{
	size_t number = 0;
	for (size_t at = 0; at < n;) {
		const char *newline = memchr(text + at, '\n', n - at);
		size_t end = newline == NULL ? n : (size_t)(newline - text);
		size_t len = end - at;
		if (len > 0 && text[at + len - 1] == '\r')
			len--;
		number++;
		if (number > 1 && len > 0) {
			struct road_track t = {0};
			if (len > LINE_MAX_BYTES)
				return fail(sc, E_LIMIT, "line %zu is too long", number);
			if (read_line(sc, text + at, len, &t) != OK)
				return error_prefix(sc, "line %zu", number);
			if (t.n > 0)
				*(struct road_track *)vec_push(tracks) = t;
		}
		at = end + 1;
	}
	return OK;
}

/* --- GPX --------------------------------------------------------------------------- */

struct gpx {
	struct scope *sc;
	XML_Parser parser;
	enum code rc;
	struct vec *tracks;
	struct vec fixes;
	struct text *time; /* collects <time>; NULL: outside */
	bool inside_point;
};

static void
gpx_stop(struct gpx *g, enum code rc)
{
	g->rc = rc;
	XML_StopParser(g->parser, XML_FALSE);
}

static void XMLCALL
gpx_open(void *arg, const char *name, const char **attributes)
{
	struct gpx *g = arg;
	if (g->rc != OK)
		return;
	if (strcmp(name, "trkseg") == 0)
		g->fixes.n = 0;
	if (strcmp(name, "time") == 0 && g->inside_point) {
		g->time = NEW(g->sc, struct text);
		text_init(g->time, g->sc);
	}
	if (strcmp(name, "trkpt") != 0)
		return;
	double lat = 1000;
	double lon = 1000;
	for (size_t i = 0; attributes[i] != NULL; i += 2) {
		double *to = strcmp(attributes[i], "lat") == 0 ? &lat : strcmp(attributes[i], "lon") == 0 ? &lon : NULL;
		if (to != NULL && parse_double(g->sc, attributes[i + 1], -180, 180, to) != OK)
			gpx_stop(g, fail(g->sc, E_INVALID, "a trkpt is no place"));
	}
	struct road_fix f = {0};
	if (g->rc == OK && place_from_degrees(g->sc, lat, lon, &f.at) != OK)
		gpx_stop(g, E_INVALID);
	*(struct road_fix *)vec_push(&g->fixes) = f;
	g->inside_point = true;
}

static void XMLCALL
gpx_text(void *arg, const char *s, int n)
{
	struct gpx *g = arg;
	if (g->time != NULL && n > 0 && g->time->len < 64)
		text_add_n(g->time, s, (size_t)n);
}

static void XMLCALL
gpx_close(void *arg, const char *name)
{
	struct gpx *g = arg;
	if (g->rc != OK)
		return;
	if (strcmp(name, "time") == 0 && g->time != NULL) {
		int64_t at_ms;
		if (time_parse(g->sc, text_trim(g->time->s), &at_ms) != OK) {
			gpx_stop(g, E_INVALID);
			return;
		}
		VEC_AT(&g->fixes, struct road_fix, g->fixes.n - 1)->at_ms = at_ms;
		g->time = NULL;
	}
	if (strcmp(name, "trkpt") == 0)
		g->inside_point = false;
	if (strcmp(name, "trkseg") != 0 || g->fixes.n == 0)
		return;
	struct road_track *t = vec_push(g->tracks);
	t->name = scope_printf(g->sc, "%zu", g->tracks->n);
	t->driver = "";
	t->n = g->fixes.n;
	t->fixes = scope_memdup(g->sc, g->fixes.at, g->fixes.n * sizeof(struct road_fix));
}

static enum code
read_gpx(struct scope *sc, const uint8_t *bytes, size_t n, struct vec *tracks)
{
	struct gpx *g = NEW(sc, struct gpx);
	*g = (struct gpx){.sc = sc, .parser = XML_ParserCreate(NULL), .tracks = tracks};
	if (g->parser == NULL || n > INT32_MAX) {
		XML_ParserFree(g->parser);
		return fail(sc, E_LIMIT, "too large");
	}
	vec_init(&g->fixes, sc, sizeof(struct road_fix));
	XML_SetUserData(g->parser, g);
	XML_SetElementHandler(g->parser, gpx_open, gpx_close);
	XML_SetCharacterDataHandler(g->parser, gpx_text);
	if (XML_Parse(g->parser, (const char *)bytes, (int)n, 1) == XML_STATUS_ERROR && g->rc == OK)
		g->rc = fail(sc, E_INVALID, "%s", XML_ErrorString(XML_GetErrorCode(g->parser)));
	unsigned long line = XML_GetCurrentLineNumber(g->parser);
	XML_ParserFree(g->parser);
	return g->rc == OK ? OK : error_prefix(sc, "line %lu", line);
}

enum code
road_tracks_read(struct scope *sc, const uint8_t *bytes, size_t n, struct road_track **out, size_t *n_out)
{
	struct vec *tracks = NEW(sc, struct vec);
	vec_init(tracks, sc, sizeof(struct road_track));
	if (n > 0 && bytes[0] == '<')
		TRY(read_gpx(sc, bytes, n, tracks));
	else if (n > 7 && memcmp(bytes, "TRIP_ID", 7) == 0)
		TRY(read_csv(sc, (const char *)bytes, n, tracks));
	else
		return fail(sc, E_INVALID, "neither GPX nor a CSV of tracks");
	*out = VEC_AT(tracks, struct road_track, 0);
	*n_out = tracks->n;
	return OK;
}

/* --- a fix a line -------------------------------------------------------------------- */

#define AT_MAX_S 1e11

enum code
road_fix_parse(struct scope *sc, const char *line, struct road_fix *out)
{
	char **field;
	size_t n = text_split(sc, line, ',', &field);
	if (n < 3 || n > 4)
		return fail(sc, E_INVALID, "a fix is AT,LAT,LON[,SIGMA_M]");
	struct road_fix f = {0};
	double seconds;
	double lat;
	double lon;
	const char *at = text_trim(field[0]);
	if (strchr(at, 'T') != NULL) {
		TRY(time_parse(sc, at, &f.at_ms));
	} else {
		TRY(parse_double(sc, at, 0, AT_MAX_S, &seconds));
		f.at_ms = (int64_t)(seconds * 1000);
	}
	TRY(parse_double(sc, text_trim(field[1]), -90, 90, &lat));
	TRY(parse_double(sc, text_trim(field[2]), -180, 180, &lon));
	TRY(place_from_degrees(sc, lat, lon, &f.at));
	if (n == 4)
		TRY(parse_double(sc, text_trim(field[3]), 0, 1e6, &f.sigma_m));
	*out = f;
	return OK;
}
