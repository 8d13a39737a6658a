/* OSRM's HTTP interface, version 1, from its client's side. */
#include "guide/guide_tongue.h"

#include "base/polyline.h"
#include "base/text.h"

/* --- questions --- */

static void
add_places(struct text *t, const struct place *p, size_t n, bool *first)
{
	for (size_t i = 0; i < n; i++) {
		text_printf(t, "%s%.7f,%.7f", *first ? "" : ";", place_lon(p[i]), place_lat(p[i]));
		*first = false;
	}
}

static void
add_numbers(struct text *t, const char *key, size_t from, size_t n)
{
	text_add(t, key);
	for (size_t i = 0; i < n; i++)
		text_printf(t, i == 0 ? "%zu" : ";%zu", from + i);
}

static bool
is_square(const struct guide_span *s)
{
	return s->row == s->column && s->n_rows == s->n_columns;
}

static struct guide_question
times_ask(struct scope *sc, const struct guide_trip *trip)
{
	const struct guide_span *s = &trip->span;
	struct text t;
	bool first = true;
	text_init(&t, sc);
	text_printf(&t, "/table/v1/%s/", trip->profile);
	add_places(&t, trip->places + s->row, s->n_rows, &first);
	if (!is_square(s))
		add_places(&t, trip->places + s->column, s->n_columns, &first);
	text_add(&t, "?annotations=duration,distance&generate_hints=false");
	if (!is_square(s)) {
		add_numbers(&t, "&sources=", 0, s->n_rows);
		add_numbers(&t, "&destinations=", s->n_rows, s->n_columns);
	}
	return (struct guide_question){t.s, NULL};
}

/* Each leg for itself, as a table's cell: a van may turn back where it has stopped. */
static struct guide_question
drive_ask(struct scope *sc, const struct guide_trip *trip)
{
	struct text t;
	bool first = true;
	text_init(&t, sc);
	text_printf(&t, "/route/v1/%s/", trip->profile);
	add_places(&t, trip->places, trip->n_places, &first);
	text_add(&t, "?steps=true&overview=false&geometries=polyline6&continue_straight=false&generate_hints=false");
	return (struct guide_question){t.s, NULL};
}

/* --- answers --- */

static enum code
answer_read(struct scope *sc, const void *bytes, size_t n, json_t **out)
{
	json_t *o;
	TRY(json_parse(sc, bytes, n, &o));
	if (!text_eq(json_string_value(json_object_get(o, "code")), "Ok"))
		return fail(sc, E_INVALID, "an answer whose code is not \"Ok\"");
	*out = o;
	return OK;
}

/* The streets that the server took for the asked places; `number` is the first one's, for the message. */
static enum code
waypoints_check(struct scope *sc, const json_t *o, const char *key, const struct place *asked, size_t n, size_t number)
{
	const json_t *list;
	TRY(json_need_array(sc, o, key, n, n, &list));
	for (size_t i = 0; i < n; i++) {
		const json_t *at = json_object_get(json_array_get(list, i), "location");
		struct place p;
		if (!json_is_number(json_array_get(at, 0)) || !json_is_number(json_array_get(at, 1)))
			return fail(sc, E_INVALID, "\"%s\" %zu has no location", key, i);
		TRY(place_from_degrees(sc, json_number_value(json_array_get(at, 1)),
				       json_number_value(json_array_get(at, 0)), &p));
		TRY(guide_near(sc, p, asked[i], number + i));
	}
	return OK;
}

static enum code
times_read(struct scope *sc, const void *bytes, size_t n, const struct guide_trip *trip, struct road_matrix *out)
{
	const struct guide_span *s = &trip->span;
	json_t *o;
	TRY(answer_read(sc, bytes, n, &o));
	TRY(waypoints_check(sc, o, "sources", trip->places + s->row, s->n_rows, s->row));
	TRY(waypoints_check(sc, o, "destinations", trip->places + s->column, s->n_columns, s->column));
	return guide_table_read(sc, json_object_get(o, "durations"), json_object_get(o, "distances"), 1, s, out);
}

/* What has no word here is a turn like any other, as OSRM asks of its clients. */
static size_t
word_of(const json_t *o, const char *key, const char *const words[], size_t n, size_t otherwise)
{
	const char *word = json_string_value(json_object_get(o, key));
	for (size_t i = 0; i < n; i++)
		if (word != NULL && text_eq(word, words[i]))
			return i;
	return otherwise;
}

/* Adds the step's points behind those there are; neighbours share their ends. */
static enum code
shape_join(struct scope *sc, const json_t *step, struct guide_shape *shape, struct road_step *s)
{
	struct place *p;
	size_t n;
	const char *line = json_string_value(json_object_get(step, "geometry"));
	if (line == NULL)
		return fail(sc, E_INVALID, "a step without its geometry");
	TRY(polyline_read(sc, line, POLYLINE6_UNIT, &p, &n));
	if (n == 0)
		return fail(sc, E_INVALID, "a step without a point");
	guide_shape_add(sc, shape, p[0]);
	s->first_shape = shape->n - 1;
	for (size_t i = 1; i < n; i++)
		guide_shape_add(sc, shape, p[i]);
	s->n_shape = shape->n - s->first_shape;
	return OK;
}

static enum code
step_read(struct scope *sc, const json_t *v, struct guide_shape *shape, struct road_step *out)
{
	const json_t *m;
	TRY(json_need_object(sc, v, "maneuver", &m));
	struct road_step s = {
	    .manoeuvre = (enum road_manoeuvre)word_of(m, "type", road_manoeuvre_words, ROAD_FERRY + 1, ROAD_TURN),
	    .heading = (enum road_heading)word_of(m, "modifier", road_heading_words, ROAD_NO_HEADING, ROAD_NO_HEADING),
	    .name = guide_name(v, "name"),
	    .ref = guide_name(v, "ref"),
	    .rotary_name = guide_name(v, "rotary_name"),
	    .destinations = guide_name(v, "destinations"),
	    .exit = (uint8_t)guide_small(m, "exit", UINT8_MAX),
	    .bearing_before = (int16_t)guide_small(m, "bearing_before", 360),
	    .bearing_after = (int16_t)guide_small(m, "bearing_after", 360),
	};
	TRY(guide_seconds(sc, v, "duration", &s.duration_ds));
	TRY(guide_metres(sc, v, "distance", 1, &s.distance_m));
	TRY(shape_join(sc, v, shape, &s));
	*out = s;
	return OK;
}

#define STEPS_MAX 20000

static enum code
leg_read(struct scope *sc, const json_t *v, struct road_path *out)
{
	struct road_path path = {0};
	struct guide_shape shape = {0};
	const json_t *steps;
	TRY(guide_seconds(sc, v, "duration", &path.duration_ds));
	TRY(guide_metres(sc, v, "distance", 1, &path.distance_m));
	TRY(json_need_array(sc, v, "steps", 1, STEPS_MAX, &steps));
	path.n_steps = json_array_size(steps);
	path.steps = NEW_ARRAY(sc, path.n_steps, struct road_step);
	for (size_t i = 0; i < path.n_steps; i++)
		if (step_read(sc, json_array_get(steps, i), &shape, &path.steps[i]) != OK)
			return error_prefix(sc, "step %zu", i);
	path.shape = shape.p;
	path.n_shape = shape.n;
	*out = path;
	return OK;
}

static enum code
drive_read(struct scope *sc, const void *bytes, size_t n, const struct guide_trip *trip, struct road_path *out)
{
	json_t *o;
	const json_t *routes;
	const json_t *legs;
	size_t n_legs = trip->n_places - 1;
	TRY(answer_read(sc, bytes, n, &o));
	TRY(waypoints_check(sc, o, "waypoints", trip->places, trip->n_places, trip->first));
	TRY(json_need_array(sc, o, "routes", 1, 10, &routes));
	TRY(json_need_array(sc, json_array_get(routes, 0), "legs", n_legs, n_legs, &legs));
	for (size_t i = 0; i < n_legs; i++)
		if (leg_read(sc, json_array_get(legs, i), &out[i]) != OK)
			return error_prefix(sc, "leg %zu", i);
	return OK;
}

static enum guide_verdict
refusal(struct scope *sc, int status, const void *bytes, size_t n, const char **said)
{
	static const struct {
		const char *word;
		enum guide_verdict verdict;
	} words[] = {{"TooBig", GUIDE_TOO_BIG},
		     {"NoSegment", GUIDE_OFF_ROAD},
		     {"NoRoute", GUIDE_NO_WAY},
		     {"NoTable", GUIDE_NO_WAY}};
	json_t *o;
	*said = "";
	if (json_parse(sc, bytes, n, &o) != OK) {
		error_clear(sc);
		return status == 413 || status == 414 || status == 431 ? GUIDE_TOO_BIG : GUIDE_REFUSES;
	}
	const char *code = json_string_value(json_object_get(o, "code"));
	*said = guide_said(sc, json_string_value(json_object_get(o, "message")));
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (code != NULL && text_eq(code, words[i].word))
			return words[i].verdict;
	return GUIDE_REFUSES;
}

const struct guide_tongue guide_osrm = {"osrm", "driving", 25, times_ask, times_read, drive_ask, drive_read, refusal};
