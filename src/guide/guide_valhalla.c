/* Valhalla's /sources_to_targets and /route, from their client's side. */
#include "guide/guide_tongue.h"

#include "base/clock.h"
#include "base/polyline.h"
#include "base/text.h"

#define KILOMETRE 1000.0

/* --- questions --- */

static json_t *
places_json(const struct place *p, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{sfsfsi}", "lat", place_lat(p[i]), "lon", place_lon(p[i]),
						      "search_cutoff", (int)ROAD_SNAP_MAX_M));
	return list;
}

/* Departure on the wall where the streets are: for servers that know their traffic by the hour. */
static json_t *
question_json(struct scope *sc, const struct guide_trip *trip)
{
	char at[TIME_TEXT_MAX];
	json_t *o = json_new_object(sc);
	json_put_text(o, "costing", trip->profile);
	json_put_text(o, "units", "kilometers");
	if (trip->local_ms == 0)
		return o;
	time_format(trip->local_ms, at);
	at[strlen("2026-11-22T06:30")] = '\0';
	json_put(o, "date_time", json_pack("{siss}", "type", 1, "value", at));
	return o;
}

static struct guide_question
times_ask(struct scope *sc, const struct guide_trip *trip)
{
	const struct guide_span *s = &trip->span;
	json_t *o = question_json(sc, trip);
	json_put(o, "sources", places_json(trip->places + s->row, s->n_rows));
	json_put(o, "targets", places_json(trip->places + s->column, s->n_columns));
	json_put_bool(o, "verbose", false);
	return (struct guide_question){"/sources_to_targets", json_text(sc, o)};
}

static struct guide_question
drive_ask(struct scope *sc, const struct guide_trip *trip)
{
	json_t *o = question_json(sc, trip);
	json_put(o, "locations", places_json(trip->places, trip->n_places));
	return (struct guide_question){"/route", json_text(sc, o)};
}

/* --- answers --- */

static enum code
units_check(struct scope *sc, const json_t *o)
{
	if (!text_eq(json_string_value(json_object_get(o, "units")), "kilometers"))
		return fail(sc, E_INVALID, "an answer that is not in kilometers");
	return OK;
}

static enum code
times_read(struct scope *sc, const void *bytes, size_t n, const struct guide_trip *trip, struct road_matrix *out)
{
	json_t *o;
	const json_t *tables;
	TRY(json_parse(sc, bytes, n, &o));
	TRY(units_check(sc, o));
	TRY(json_need_object(sc, o, "sources_to_targets", &tables));
	return guide_table_read(sc, json_object_get(tables, "durations"), json_object_get(tables, "distances"),
				KILOMETRE, &trip->span, out);
}

/* Its manoeuvres in ours, by its number of them; what is not here goes on straight ahead. */
static const struct {
	enum road_manoeuvre manoeuvre;
	enum road_heading heading;
} kinds[] = {
    [0] = {ROAD_CONTINUE, ROAD_AHEAD},
    [1] = {ROAD_DEPART, ROAD_NO_HEADING},
    [2] = {ROAD_DEPART, ROAD_RIGHT},
    [3] = {ROAD_DEPART, ROAD_LEFT},
    [4] = {ROAD_ARRIVE, ROAD_NO_HEADING},
    [5] = {ROAD_ARRIVE, ROAD_RIGHT},
    [6] = {ROAD_ARRIVE, ROAD_LEFT},
    [7] = {ROAD_NEW_NAME, ROAD_AHEAD},
    [8] = {ROAD_CONTINUE, ROAD_AHEAD},
    [9] = {ROAD_TURN, ROAD_SLIGHT_RIGHT},
    [10] = {ROAD_TURN, ROAD_RIGHT},
    [11] = {ROAD_TURN, ROAD_SHARP_RIGHT},
    [12] = {ROAD_CONTINUE, ROAD_BACK},
    [13] = {ROAD_CONTINUE, ROAD_BACK},
    [14] = {ROAD_TURN, ROAD_SHARP_LEFT},
    [15] = {ROAD_TURN, ROAD_LEFT},
    [16] = {ROAD_TURN, ROAD_SLIGHT_LEFT},
    [17] = {ROAD_ON_RAMP, ROAD_AHEAD},
    [18] = {ROAD_ON_RAMP, ROAD_SLIGHT_RIGHT},
    [19] = {ROAD_ON_RAMP, ROAD_SLIGHT_LEFT},
    [20] = {ROAD_OFF_RAMP, ROAD_SLIGHT_RIGHT},
    [21] = {ROAD_OFF_RAMP, ROAD_SLIGHT_LEFT},
    [22] = {ROAD_FORK, ROAD_AHEAD},
    [23] = {ROAD_FORK, ROAD_SLIGHT_RIGHT},
    [24] = {ROAD_FORK, ROAD_SLIGHT_LEFT},
    [25] = {ROAD_MERGE, ROAD_AHEAD},
    [26] = {ROAD_ROUNDABOUT, ROAD_AHEAD},
    [27] = {ROAD_EXIT_ROUNDABOUT, ROAD_AHEAD},
    [28] = {ROAD_FERRY, ROAD_AHEAD},
    [29] = {ROAD_FERRY, ROAD_AHEAD},
    [30] = {ROAD_CONTINUE, ROAD_AHEAD},
    [37] = {ROAD_MERGE, ROAD_SLIGHT_RIGHT},
    [38] = {ROAD_MERGE, ROAD_SLIGHT_LEFT},
};
#define FIRST_OF_TRANSIT 30
#define LAST_OF_TRANSIT 36

static size_t
kind_of(const json_t *m)
{
	size_t kind = (size_t)guide_small(m, "type", (int)COUNT_OF(kinds) - 1);
	return kind >= FIRST_OF_TRANSIT && kind <= LAST_OF_TRANSIT ? 0 : kind;
}

static const char *
street_of(const json_t *m)
{
	const char *s = json_string_value(json_array_get(json_object_get(m, "street_names"), 0));
	return s == NULL || strlen(s) > GUIDE_NAME_MAX ? "" : s;
}

static enum code
step_read(struct scope *sc, const json_t *m, const struct road_path *path, struct road_step *out)
{
	int64_t first;
	int64_t last;
	int64_t end = (int64_t)path->n_shape - 1;
	size_t kind = kind_of(m);
	struct road_step s = {
	    .manoeuvre = kinds[kind].manoeuvre,
	    .heading = kinds[kind].heading,
	    .name = street_of(m),
	    .ref = "",
	    .rotary_name = "",
	    .destinations = "",
	    .exit = (uint8_t)guide_small(m, "roundabout_exit_count", UINT8_MAX),
	    .bearing_before = (int16_t)guide_small(m, "bearing_before", 360),
	    .bearing_after = (int16_t)guide_small(m, "bearing_after", 360),
	};
	TRY(guide_seconds(sc, m, "time", &s.duration_ds));
	TRY(guide_metres(sc, m, "length", KILOMETRE, &s.distance_m));
	TRY(json_need_int(sc, m, "begin_shape_index", 0, end, &first));
	TRY(json_need_int(sc, m, "end_shape_index", first, end, &last));
	s.first_shape = (size_t)first;
	s.n_shape = (size_t)(last - first) + 1;
	*out = s;
	return OK;
}

/* Ours says at the entry which street it is left by. */
static void
name_roundabouts(struct road_step *steps, size_t n)
{
	for (size_t i = 0; i + 1 < n; i++)
		if (steps[i].manoeuvre == ROAD_ROUNDABOUT && steps[i + 1].manoeuvre == ROAD_EXIT_ROUNDABOUT)
			steps[i].name = steps[i + 1].name;
}

#define MANOEUVRES_MAX 20000

static enum code
leg_read(struct scope *sc, const json_t *leg, struct road_path *out)
{
	struct road_path path = {0};
	const json_t *summary;
	const json_t *list;
	const char *line = json_string_value(json_object_get(leg, "shape"));
	if (line == NULL)
		return fail(sc, E_INVALID, "a leg without its shape");
	TRY(polyline_read(sc, line, POLYLINE6_UNIT, &path.shape, &path.n_shape));
	if (path.n_shape == 0)
		return fail(sc, E_INVALID, "a leg without a point");
	TRY(json_need_object(sc, leg, "summary", &summary));
	TRY(guide_seconds(sc, summary, "time", &path.duration_ds));
	TRY(guide_metres(sc, summary, "length", KILOMETRE, &path.distance_m));
	TRY(json_need_array(sc, leg, "maneuvers", 1, MANOEUVRES_MAX, &list));
	path.n_steps = json_array_size(list);
	path.steps = NEW_ARRAY(sc, path.n_steps, struct road_step);
	for (size_t i = 0; i < path.n_steps; i++)
		if (step_read(sc, json_array_get(list, i), &path, &path.steps[i]) != OK)
			return error_prefix(sc, "manoeuvre %zu", i);
	name_roundabouts(path.steps, path.n_steps);
	*out = path;
	return OK;
}

static enum code
drive_read(struct scope *sc, const void *bytes, size_t n, const struct guide_trip *trip, struct road_path *out)
{
	json_t *o;
	const json_t *way;
	const json_t *legs;
	size_t n_legs = trip->n_places - 1;
	TRY(json_parse(sc, bytes, n, &o));
	TRY(json_need_object(sc, o, "trip", &way));
	TRY(units_check(sc, way));
	TRY(json_need_array(sc, way, "legs", n_legs, n_legs, &legs));
	for (size_t i = 0; i < n_legs; i++) {
		if (leg_read(sc, json_array_get(legs, i), &out[i]) != OK)
			return error_prefix(sc, "leg %zu", i);
		TRY(guide_near(sc, out[i].shape[0], trip->places[i], trip->first + i));
		TRY(guide_near(sc, out[i].shape[out[i].n_shape - 1], trip->places[i + 1], trip->first + i + 1));
	}
	return OK;
}

/* Of its table of errors (its documentation's "Error codes"). A table says 170 of a place without a street, too. */
static enum guide_verdict
refusal(struct scope *sc, int status, const void *bytes, size_t n, const char **said)
{
	static const struct {
		int code;
		enum guide_verdict verdict;
	} codes[] = {{150, GUIDE_TOO_BIG},  {153, GUIDE_TOO_BIG}, {170, GUIDE_NO_WAY},
		     {171, GUIDE_OFF_ROAD}, {441, GUIDE_NO_WAY},  {442, GUIDE_NO_WAY}};
	json_t *o;
	*said = "";
	if (json_parse(sc, bytes, n, &o) != OK) {
		error_clear(sc);
		return status == 413 ? GUIDE_TOO_BIG : GUIDE_REFUSES;
	}
	*said = guide_said(sc, json_string_value(json_object_get(o, "error")));
	int code = guide_small(o, "error_code", 999);
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (code == codes[i].code)
			return codes[i].verdict;
	return GUIDE_REFUSES;
}

const struct guide_tongue guide_valhalla = {"valhalla", "auto",	   20,	       times_ask,
					    times_read, drive_ask, drive_read, refusal};
