/* Another server's times: our own OSRM door as that server, a Valhalla that this test
 * plays over the same streets, and what a server can do wrong. */
#include <math.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/polyline.h"
#include "base/prng.h"
#include "base/text.h"
#include "guide/guide.h"
#include "http/http.h"
#include "road/town.h"
#include "unit.h"

#define PLACES 40
#define HOUR_MS INT64_C(3600000)
#define MORNING_MS INT64_C(1795420800000) /* 2026-11-23 08:00 on the wall */

enum answers { OUR_DOOR, CANNED, A_VALHALLA };

struct fixture {
	struct scope sc;
	struct road *road;
	struct road_service_own own;
	struct http_server *server;
	struct guide *guide;
	struct place places[PLACES];
	struct road_hour hours[PLACES];
	enum answers answers;
	struct road_osrm_limits limits; /* OUR_DOOR, A_VALHALLA */
	const char *body;		/* CANNED */
	int status, delay_ms;
	_Atomic int asked;
	char target[256];
};

/* --- a Valhalla --- */

static enum code
places_of(struct scope *sc, const json_t *o, const char *key, struct place **out, size_t *n)
{
	const json_t *list;
	TRY(json_need_array(sc, o, key, 1, 1000, &list));
	*n = json_array_size(list);
	*out = NEW_ARRAY(sc, *n, struct place);
	for (size_t i = 0; i < *n; i++) {
		double lat;
		double lon;
		TRY(json_need_real(sc, json_array_get(list, i), "lat", -90, 90, &lat));
		TRY(json_need_real(sc, json_array_get(list, i), "lon", -180, 180, &lon));
		TRY(place_from_degrees(sc, lat, lon, &(*out)[i]));
	}
	return OK;
}

static json_t *
refusal(int code, const char *words)
{
	return json_pack("{sisssi}", "error_code", code, "error", words, "status_code", 400);
}

/* Whole seconds, kilometres, and one refusal for all that is unreachable or off the roads. */
static enum code
valhalla_table(struct scope *sc, struct fixture *f, const json_t *o, json_t **out)
{
	struct place *from;
	struct place *to;
	size_t n_from;
	size_t n_to;
	struct road_matrix m;
	TRY(places_of(sc, o, "sources", &from, &n_from));
	TRY(places_of(sc, o, "targets", &to, &n_to));
	if (n_from * n_to > f->limits.table * f->limits.table) {
		*out = refusal(150, "Exceeded max locations: 2500");
		return OK;
	}
	if (road_matrix(sc, f->road, NULL, from, n_from, to, n_to, true, &m) != OK) {
		error_clear(sc);
		*out = refusal(170, "Locations are in unconnected regions. Go check/edit the map at osm.org");
		return OK;
	}
	json_t *durations = json_array();
	json_t *distances = json_array();
	for (size_t i = 0; i < n_from; i++) {
		json_t *s = json_array();
		json_t *d = json_array();
		for (size_t k = 0; k < n_to; k++) {
			size_t cell = i * n_to + k;
			bool none = m.duration_ds[cell] == ROAD_UNREACHABLE;
			json_array_append_new(s, none ? json_null() : json_integer(m.duration_ds[cell] / 10));
			json_array_append_new(d, none ? json_null() : json_real(m.distance_m[cell] / 1000.0));
		}
		json_array_append_new(durations, s);
		json_array_append_new(distances, d);
	}
	*out = json_pack("{s{soso}ss}", "sources_to_targets", "durations", durations, "distances", distances, "units",
			 "kilometers");
	return OK;
}

static json_t *
valhalla_leg(struct scope *sc, const struct road_path *p)
{
	struct text shape;
	text_init(&shape, sc);
	polyline_add(&shape, POLYLINE6_UNIT, p->shape, p->n_shape);
	int last = (int)p->n_shape - 1;
	double s = p->duration_ds / 10.0;
	double km = p->distance_m / 1000;
	json_t *list =
	    json_pack("[{sisfsfsisis[s]},{sisfsfsisisi}]", "type", 2, "time", s, "length", km, "begin_shape_index", 0,
		      "end_shape_index", last, "street_names", p->steps[0].name, "type", 5, "time", 0.0, "length", 0.0,
		      "begin_shape_index", last, "end_shape_index", last, "bearing_before", 90);
	return json_pack("{s{sfsf}soso}", "summary", "time", s, "length", km, "maneuvers", list, "shape",
			 json_string(shape.s));
}

static enum code
valhalla_route(struct scope *sc, struct fixture *f, const json_t *o, json_t **out)
{
	struct place *p;
	size_t n;
	TRY(places_of(sc, o, "locations", &p, &n));
	if (n > f->limits.route) {
		*out = refusal(150, "Exceeded max locations: 20");
		return OK;
	}
	json_t *legs = json_array();
	for (size_t i = 0; i + 1 < n; i++) {
		struct road_path path;
		enum code rc = road_path(sc, f->road, NULL, p[i], p[i + 1], &path);
		if (rc == OK) {
			json_array_append_new(legs, valhalla_leg(sc, &path));
			continue;
		}
		json_decref(legs);
		*out = text_eq(sc->err.reason, "off-road") ? refusal(171, "No suitable edges near location")
							   : refusal(442, "No path could be found for input");
		error_clear(sc);
		return OK;
	}
	*out = json_pack("{s{soss}}", "trip", "legs", legs, "units", "kilometers");
	return OK;
}

static void
be_valhalla(struct fixture *f, struct http_exchange *x)
{
	struct scope *sc = http_scope(x);
	size_t n;
	const uint8_t *body = http_body(x, &n);
	json_t *o;
	json_t *answer = NULL;
	assert_ok(sc, json_parse(sc, body, n, &o));
	bool table = text_eq(http_path(x), "/roads/sources_to_targets");
	assert_true(table || text_eq(http_path(x), "/roads/route"));
	assert_string_equal(json_string_value(json_object_get(json_object_get(o, "date_time"), "value")),
			    "2026-11-23T08:00");
	assert_ok(sc, table ? valhalla_table(sc, f, o, &answer) : valhalla_route(sc, f, o, &answer));
	json_own(sc, answer);
	const char *text = json_text(sc, answer);
	http_reply(x, json_object_get(answer, "error_code") == NULL ? 200 : 400, NULL, 0, text, strlen(text), true);
}

/* --- the server --- */

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	(void)method;
	(void)path;
	return 1 << 20;
}

static void
be_our_door(struct fixture *f, struct http_exchange *x)
{
	unsigned status;
	char *json;
	assert_true(text_starts(http_target(x), "/roads/"));
	assert_ok(http_scope(x), road_osrm_answer(http_scope(x), f->road, NULL, &f->limits,
						  http_target(x) + strlen("/roads"), &status, &json));
	http_reply(x, (int)status, NULL, 0, json, strlen(json), true);
}

static void
handle(void *ctx, struct http_exchange *x)
{
	static const struct http_field elsewhere[] = {{"location", "/roads/elsewhere"}};
	struct fixture *f = ctx;
	snprintf(f->target, sizeof f->target, "%s", http_target(x));
	f->asked++;
	if (f->answers == OUR_DOOR) {
		be_our_door(f, x);
		return;
	}
	if (f->answers == A_VALHALLA) {
		be_valhalla(f, x);
		return;
	}
	usleep((useconds_t)f->delay_ms * 1000);
	http_reply(x, f->status, elsewhere, f->status == 302 ? 1 : 0, f->body, strlen(f->body), true);
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (f == NULL)
		return -1;
	struct prng prng;
	struct road_import_report report;
	scope_init(&f->sc);
	prng_seed(&prng, 11);
	const char *town = town_geojson(&f->sc, &prng, 14);
	assert_ok(&f->sc, town_open_bytes(&f->sc, town, strlen(town), "van", &f->road, &report));
	road_service_own_init(&f->own, f->road);
	for (size_t i = 0; i < PLACES; i++) {
		f->places[i] = road_random_street_point(f->road, &prng);
		f->hours[i] = (struct road_hour){MORNING_MS, NULL};
	}
	f->status = 200;
	f->body = "{}";
	f->limits = ROAD_OSRM_LIMITS;
	const struct http_options opt = {.listen = "127.0.0.1:0",
					 .threads = 2,
					 .max_connections = 16,
					 .idle_s = 5,
					 .close_grace_ms = 2000,
					 .body_max = body_max,
					 .handle = handle,
					 .ctx = f};
	assert_ok(&f->sc, http_open(&f->sc, &opt, &f->server));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	guide_close(f->guide);
	http_close(f->server);
	road_close(f->road);
	scope_release(&f->sc);
	free(f);
	return 0;
}

static const struct road_service *
guided_by(struct fixture *f, enum guide_kind kind, enum answers answers)
{
	const struct guide_options opt = {
	    .kind = kind,
	    .url = scope_printf(&f->sc, "http://127.0.0.1:%d/roads/", http_port(f->server)),
	    .timeout_ms = 2000,
	    .rest_ms = 300,
	};
	f->answers = answers;
	assert_ok(&f->sc, guide_open(&f->sc, &opt, &f->guide));
	return guide_service(f->guide);
}

static enum code
ask_times(struct fixture *f, const struct road_service *s, size_t n, struct road_slices *out)
{
	return s->times(&f->sc, s, f->hours, 1, f->places, n, out);
}

static enum code
ask_drive(struct fixture *f, const struct road_service *s, size_t n, struct road_path *out)
{
	return s->drive(&f->sc, s, f->hours, f->places, n, out);
}

/* --- the same, whoever says it --- */

static int32_t
rounded(int32_t e7)
{
	return (e7 >= 0 ? e7 + 5 : e7 - 5) / 10 * 10;
}

static void
shapes_equal(const struct road_path *a, const struct road_path *b)
{
	size_t k = 0; /* ours may have a point twice */
	for (size_t i = 0; i < a->n_shape; i++) {
		struct place p = {rounded(a->shape[i].lat_e7), rounded(a->shape[i].lon_e7)};
		if (k > 0 && memcmp(&b->shape[k - 1], &p, sizeof p) == 0)
			continue;
		assert_true(k < b->n_shape);
		assert_memory_equal(&b->shape[k++], &p, sizeof p);
	}
	assert_int_equal(k, b->n_shape);
}

static void
steps_equal(const struct road_path *a, const struct road_path *b)
{
	assert_int_equal(a->n_steps, b->n_steps);
	for (size_t i = 0; i < a->n_steps; i++) {
		const struct road_step *s = &a->steps[i];
		const struct road_step *t = &b->steps[i];
		assert_int_equal(s->manoeuvre, t->manoeuvre);
		assert_int_equal(s->heading, t->heading);
		assert_string_equal(s->name, t->name);
		assert_int_equal(s->exit, t->exit);
		assert_int_equal(s->bearing_after, t->bearing_after);
		assert_int_equal(s->duration_ds, t->duration_ds);
	}
}

static void
paths_equal(struct fixture *f, const struct road_service *s, size_t n, bool steps)
{
	struct road_path *ours = NEW_ARRAY(&f->sc, n, struct road_path);
	struct road_path *theirs = NEW_ARRAY(&f->sc, n, struct road_path);
	assert_ok(&f->sc, ask_drive(f, &f->own.service, n, ours));
	assert_ok(&f->sc, ask_drive(f, s, n, theirs));
	for (size_t i = 0; i + 1 < n; i++) {
		assert_int_equal(ours[i].duration_ds, theirs[i].duration_ds);
		assert_true(fabs(ours[i].distance_m - theirs[i].distance_m) <= 0.0501);
		shapes_equal(&ours[i], &theirs[i]);
		if (steps)
			steps_equal(&ours[i], &theirs[i]);
	}
}

static void
our_own_door_says_what_the_engine_says(void **state)
{
	struct fixture *f = *state;
	struct road_slices ours;
	struct road_slices theirs;
	const struct road_service *s = guided_by(f, GUIDE_OSRM, OUR_DOOR);
	assert_string_equal(s->kind, "osrm");
	assert_string_equal(s->profile, "driving");
	assert_true(text_starts(s->at, "127.0.0.1:") && strchr(s->at, '/') == NULL);
	assert_ok(&f->sc, ask_times(f, &f->own.service, PLACES, &ours));
	for (size_t limit = 1000; limit > 0; limit /= 7) { /* 1000, 142, 20, 2: the last one is asked pair by pair */
		f->limits.table = limit;
		f->asked = 0;
		assert_ok(&f->sc, ask_times(f, s, PLACES, &theirs));
		assert_int_equal(theirs.n, 1);
		assert_int_equal(theirs.n_points, PLACES);
		assert_memory_equal(ours.duration_ds, theirs.duration_ds, sizeof(int32_t) * PLACES * PLACES);
		assert_memory_equal(ours.distance_m, theirs.distance_m, sizeof(int32_t) * PLACES * PLACES);
		assert_true(limit > PLACES ? f->asked == 1 : f->asked >= 4);
	}
	paths_equal(f, s, PLACES, true);
	f->limits.route = 4;
	paths_equal(f, s, PLACES, true);
	paths_equal(f, s, 2, true);
}

static void
a_size_that_was_too_big_is_not_tried_again(void **state)
{
	struct fixture *f = *state;
	struct road_slices theirs;
	const struct road_service *s = guided_by(f, GUIDE_OSRM, OUR_DOOR);
	f->limits.table = 20;
	assert_ok(&f->sc, ask_times(f, s, PLACES, &theirs));
	assert_int_equal(f->asked, 1 + 4); /* 40 are too many; 2 × 2 parts of 20 */
	f->asked = 0;
	assert_ok(&f->sc, ask_times(f, s, PLACES, &theirs));
	assert_int_equal(f->asked, 4);
}

/* Whole seconds: half a second apart at most, and metres. */
static void
a_valhalla_is_understood(void **state)
{
	struct fixture *f = *state;
	struct road_slices ours;
	struct road_slices theirs;
	const struct road_service *s = guided_by(f, GUIDE_VALHALLA, A_VALHALLA);
	assert_string_equal(s->profile, "auto");
	f->limits.table = 50;
	f->limits.route = 20;
	assert_ok(&f->sc, ask_times(f, &f->own.service, PLACES, &ours));
	assert_ok(&f->sc, ask_times(f, s, PLACES, &theirs));
	for (size_t i = 0; i < (size_t)PLACES * PLACES; i++) {
		assert_int_equal(ours.duration_ds[i] / 10 * 10, theirs.duration_ds[i]);
		assert_int_equal(ours.distance_m[i], theirs.distance_m[i]);
	}
	f->limits.table = 15;
	assert_ok(&f->sc, ask_times(f, s, PLACES, &theirs));
	assert_int_equal(ours.distance_m[PLACES * PLACES - 2], theirs.distance_m[PLACES * PLACES - 2]);
	paths_equal(f, s, PLACES, false);
	struct road_path path;
	assert_ok(&f->sc, ask_drive(f, s, 2, &path));
	assert_int_equal(path.n_steps, 2);
	assert_int_equal(path.steps[0].manoeuvre, ROAD_DEPART);
	assert_int_equal(path.steps[1].manoeuvre, ROAD_ARRIVE);
	assert_int_equal(path.steps[1].heading, ROAD_RIGHT);
	assert_int_equal(path.steps[1].first_shape, path.n_shape - 1);
}

/* --- places --- */

static void
fails(struct fixture *f, enum code rc, enum code wanted, const char *reason, const char *words)
{
	if (rc != wanted || !text_eq(f->sc.err.reason == NULL ? "" : f->sc.err.reason, reason) ||
	    strstr(f->sc.err.message, words) == NULL)
		fail_msg("%s, %s: %s", code_name(rc), f->sc.err.reason, f->sc.err.message);
	error_clear(&f->sc);
}

static void
a_place_off_the_roads_is_named(void **state)
{
	struct fixture *f = *state;
	struct road_slices m;
	struct road_path paths[PLACES];
	const struct road_service *s = guided_by(f, GUIDE_OSRM, OUR_DOOR);
	f->places[33].lat_e7 += 600000; /* out of town */
	fails(f, ask_times(f, s, PLACES, &m), E_NOT_FOUND, "off-road", "place 33 is ");
	fails(f, ask_drive(f, s, PLACES, paths), E_NOT_FOUND, "off-road", "place 33 is ");
	guide_close(f->guide);
	s = guided_by(f, GUIDE_VALHALLA, A_VALHALLA); /* which does not say itself which one it is */
	f->places[3].lat_e7 += 600000;
	fails(f, ask_times(f, s, 8, &m), E_NOT_FOUND, "off-road", "or 3 is too far");
	fails(f, ask_drive(f, s, 8, paths), E_NOT_FOUND, "off-road", "place 2 or 3 is too far");
}

static void
no_way_is_a_cell_and_not_the_end(void **state)
{
	struct fixture *f = *state;
	struct road_slices m;
	const struct road_service *s = guided_by(f, GUIDE_OSRM, CANNED);
	const char *at =
	    scope_printf(&f->sc, "{\"location\":[%.6f,%.6f]}", place_lon(f->places[0]), place_lat(f->places[0]));
	f->places[1] = f->places[0];
	f->body = scope_printf(&f->sc,
			       "{\"code\":\"Ok\",\"durations\":[[0,null],[7.25,0]],\"distances\":[[0,null],[80.4,0]],"
			       "\"sources\":[%s,%s],\"destinations\":[%s,%s]}",
			       at, at, at, at);
	assert_ok(&f->sc, ask_times(f, s, 2, &m));
	assert_int_equal(m.duration_ds[1], ROAD_UNREACHABLE);
	assert_int_equal(m.distance_m[1], ROAD_UNREACHABLE);
	assert_int_equal(m.duration_ds[2], 73);
	assert_int_equal(m.distance_m[2], 80);
	struct road_path path;
	f->status = 400;
	f->body = "{\"code\":\"NoRoute\",\"message\":\"Impossible route between points\"}";
	fails(f, ask_drive(f, s, 2, &path), E_NOT_FOUND, "no-route", "from place 0 to 1");
	guide_close(f->guide);
	s = guided_by(f, GUIDE_VALHALLA, CANNED); /* which refuses the table; its drive says what it is */
	f->body = "{\"error_code\":442,\"error\":\"No path could be found for input\"}";
	assert_ok(&f->sc, ask_times(f, s, 2, &m));
	assert_int_equal(m.duration_ds[1], ROAD_UNREACHABLE);
}

/* --- a server that does not do --- */

static void
nonsense_is_not_believed(void **state)
{
	struct fixture *f = *state;
	static const char *const bodies[] = {
	    "",
	    "<html>",
	    "{}",
	    "[]",
	    "{\"code\":\"Ok\"}",
	    "{\"code\":\"Ok\",\"durations\":[[0]],\"distances\":[[0]],\"sources\":[AT],\"destinations\":[AT]}",
	    "{\"code\":\"Ok\",\"durations\":[[0,1],[1]],\"distances\":[[0,1],[1,0]],\"sources\":[AT,AT],"
	    "\"destinations\":[AT,AT]}",
	    "{\"code\":\"Ok\",\"durations\":[[0,-1],[1,0]],\"distances\":[[0,1],[1,0]],\"sources\":[AT,AT],"
	    "\"destinations\":[AT,AT]}",
	    "{\"code\":\"Ok\",\"durations\":[[0,1e300],[1,0]],\"distances\":[[0,1],[1,0]],\"sources\":[AT,AT],"
	    "\"destinations\":[AT,AT]}",
	    "{\"code\":\"Ok\",\"durations\":[[0,NaN],[1,0]],\"distances\":[[0,1],[1,0]],\"sources\":[AT,AT],"
	    "\"destinations\":[AT,AT]}",
	    "{\"code\":\"Ok\",\"durations\":[[0,1],[1,0]],\"distances\":[[0,null],[1,0]],\"sources\":[AT,AT],"
	    "\"destinations\":[AT,AT]}",
	    "{\"code\":\"Ok\",\"durations\":[[0,1],[1,0]],\"sources\":[AT,AT],\"destinations\":[AT,AT]}",
	    "{\"code\":\"Ok\",\"durations\":[[0,1],[1,0]],\"distances\":[[0,1],[1,0]],\"sources\":[AT,{}],"
	    "\"destinations\":[AT,AT]}",
	    "{\"code\":\"Ok\",\"waypoints\":[AT,AT],\"routes\":[{\"legs\":[]}]}",
	    "{\"code\":\"Ok\",\"waypoints\":[AT,AT],\"routes\":[{\"legs\":[{\"duration\":1,\"distance\":1,\"steps\":[]}"
	    "]}"
	    "]}",
	    "{\"code\":\"Ok\",\"waypoints\":[AT,AT],\"routes\":[{\"legs\":[{\"duration\":1,\"distance\":1,\"steps\":[{"
	    "\"duration\":1,\"distance\":1,\"geometry\":\"~~\",\"maneuver\":{}}]}]}]}",
	};
	struct road_slices m;
	struct road_path path;
	const struct road_service *s = guided_by(f, GUIDE_OSRM, CANNED);
	f->places[1] = f->places[0];
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		char **parts;
		struct text body;
		size_t n = text_split(&f->sc, bodies[i], 'A', &parts); /* AT: where the place is */
		text_init(&body, &f->sc);
		text_add(&body, parts[0]);
		for (size_t k = 1; k < n; k++)
			text_printf(&body, "{\"location\":[%.6f,%.6f]}%s", place_lon(f->places[0]),
				    place_lat(f->places[0]), parts[k] + 1);
		f->body = body.s;
		fails(f, ask_times(f, s, 2, &m), E_UNAVAILABLE, "roads-nonsense", "");
		fails(f, ask_drive(f, s, 2, &path), E_UNAVAILABLE, "roads-nonsense", "");
	}
	guide_close(f->guide);
	s = guided_by(f, GUIDE_VALHALLA, CANNED);
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		f->body = bodies[i];
		fails(f, ask_times(f, s, 2, &m), E_UNAVAILABLE, "roads-nonsense", "");
		fails(f, ask_drive(f, s, 2, &path), E_UNAVAILABLE, "roads-nonsense", "");
	}
}

static void
a_server_that_is_away_is_left_alone(void **state)
{
	struct fixture *f = *state;
	struct road_slices m;
	const struct road_service *s = guided_by(f, GUIDE_OSRM, CANNED);
	f->status = 503;
	fails(f, ask_times(f, s, 2, &m), E_UNAVAILABLE, "roads-away", "status 503");
	assert_int_equal(f->asked, 3);
	fails(f, ask_times(f, s, 2, &m), E_UNAVAILABLE, "roads-away", "a moment ago");
	assert_int_equal(f->asked, 3); /* nobody was asked */
	usleep(350000);
	f->answers = OUR_DOOR;
	assert_ok(&f->sc, ask_times(f, s, 2, &m));
}

static void
a_slow_server_costs_its_time_only(void **state)
{
	struct fixture *f = *state;
	struct road_slices m;
	struct guide *slow;
	const struct guide_options opt = {
	    .kind = GUIDE_OSRM,
	    .url = scope_printf(&f->sc, "http://127.0.0.1:%d", http_port(f->server)),
	    .timeout_ms = 100,
	};
	f->answers = CANNED;
	f->delay_ms = 400;
	assert_ok(&f->sc, guide_open(&f->sc, &opt, &slow));
	const struct road_service *s = guide_service(slow);
	fails(f, ask_times(f, s, 2, &m), E_UNAVAILABLE, "roads-away", "in time");
	assert_int_equal(f->asked, 1); /* who was slow once is not asked thrice */
	guide_close(slow);
	assert_ok(&f->sc, guide_open(&f->sc, &opt, &slow));
	s = guide_service(slow);
	f->sc.deadline_ms = clock_mono_ms() + 30; /* the caller's own end is no fault of the server's */
	fails(f, ask_times(f, s, 2, &m), E_DEADLINE, "", "");
	f->sc.deadline_ms = 0;
	guide_close(slow);
}

static void
refusals_say_what_to_do(void **state)
{
	struct fixture *f = *state;
	static const struct {
		int status;
		const char *body, *words;
	} cases[] = {
	    {302, "", "not followed"},
	    {401, "", "credentials"},
	    {404, "<html>", "nothing is there"},
	    {400, "{\"code\":\"InvalidOptions\",\"message\":\"no \\u001b[1mcar\"}", "no  [1mcar: are its address"},
	    {200, "{\"code\":\"TooBig\"}", "of the other kind"},
	};
	struct road_slices m;
	const struct road_service *s = guided_by(f, GUIDE_OSRM, CANNED);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		f->status = cases[i].status;
		f->body = cases[i].body;
		f->asked = 0;
		fails(f, ask_times(f, s, 3, &m), E_UNAVAILABLE,
		      i + 1 < COUNT_OF(cases) ? "roads-refuse" : "roads-nonsense", cases[i].words);
		assert_int_equal(f->asked, 1);
		assert_true(text_starts(f->target, "/roads/table/v1/driving/"));
	}
	f->status = 400;
	f->body = "{\"code\":\"TooBig\"}"; /* even of one pair */
	fails(f, ask_times(f, s, 3, &m), E_UNAVAILABLE, "roads-refuse", "400");
}

static void
addresses_and_profiles_are_checked(void **state)
{
	struct fixture *f = *state;
	static const char *const urls[] = {NULL, "", "roads.example", "file:///etc/passwd", "http://a@b/"};
	static const char *const profiles[] = {"", "a/b", "car?x=1", "..",
					       "f\xc3\xbc"
					       "r"};
	struct guide_options opt = {.kind = GUIDE_OSRM};
	struct guide *g;
	for (size_t i = 0; i < COUNT_OF(urls); i++) {
		opt.url = urls[i];
		fails(f, guide_open(&f->sc, &opt, &g), E_INVALID, "", "road_times_url");
	}
	opt.url = "http://127.0.0.1:1/";
	for (size_t i = 0; i < COUNT_OF(profiles); i++) {
		opt.profile = profiles[i];
		fails(f, guide_open(&f->sc, &opt, &g), E_INVALID, "", "road_times_profile");
	}
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(our_own_door_says_what_the_engine_says),
	    CASE(a_size_that_was_too_big_is_not_tried_again),
	    CASE(a_valhalla_is_understood),
	    CASE(a_place_off_the_roads_is_named),
	    CASE(no_way_is_a_cell_and_not_the_end),
	    CASE(nonsense_is_not_believed),
	    CASE(a_server_that_is_away_is_left_alone),
	    CASE(a_slow_server_costs_its_time_only),
	    CASE(refusals_say_what_to_do),
	    CASE(addresses_and_profiles_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
