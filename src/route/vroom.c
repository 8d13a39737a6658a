/* VROOM's JSON in: jobs, shipments, vehicles, matrices (API of VROOM 1.14).
 *
 * Places. With a matrix, `…_index` fields name its rows. Without one, every
 * distinct coordinate becomes a place and travel is the great circle, stretched
 * by 1.4, at 10 m/s; a warning says so.
 *
 * Fields this reader does not know are named in a warning and otherwise
 * ignored. Beyond VROOM's own it takes: a task's "penalty" and "soft_window",
 * a vehicle's "max_duty", "reload", "costs.per_duty_hour" and a break's
 * "relative", and at the top "relations" and "objective"; docs/route.md has
 * their shapes. */
#include "route/route_file.h"

#include <math.h>

#include "base/geo.h"

#define STRETCH 1.4
#define SPEED_M_S 10.0
#define WARNINGS_MAX 100
#define ID_MAX INT64_MAX
#define JSON_TIME_MAX ROUTE_TIME_MAX

struct reader {
	struct scope *sc;
	struct route_file *file;
	struct route_problem *p;
	uint32_t n_rows; /* of the matrices; 0: none given */
	struct place *places;
	uint32_t n_places, cap_places;
	bool located;
	uint32_t dims;
	const char *profiles[ROUTE_PROFILES_MAX];
	const json_t *profile_json[ROUTE_PROFILES_MAX];
	uint32_t n_profiles;
};

/* --- warnings --- */

static void
warn(struct reader *r, const char *text)
{
	struct route_file *f = r->file;
	for (uint32_t i = 0; i < f->n_warnings; i++)
		if (strcmp(f->warnings[i], text) == 0)
			return;
	if (f->n_warnings < WARNINGS_MAX)
		f->warnings[f->n_warnings++] = scope_strdup(r->sc, text);
}

static void
warn_unknown(struct reader *r, const json_t *o, const char *what, const char *const known[])
{
	const char *key;
	json_t *v;
	json_object_foreach((json_t *)o, key, v)
	{
		bool found = false;
		for (size_t i = 0; known[i] != NULL && !found; i++)
			found = strcmp(known[i], key) == 0;
		if (!found)
			warn(r, scope_printf(r->sc, "%s: the field \"%.60s\" is not known and was ignored", what, key));
	}
}

/* --- small values --- */

static enum code
read_amounts(struct reader *r, const json_t *o, const char *key, const int64_t **out)
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(o, key);
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a) || json_array_size(a) > ROUTE_DIMS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\": a list of at most %d numbers is due", key,
			       ROUTE_DIMS_MAX);
	if (json_array_size(a) != r->dims)
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\" has %zu dimensions where others have %u", key,
			       json_array_size(a), r->dims);
	int64_t *values = NEW_ARRAY(sc, r->dims, int64_t);
	for (uint32_t d = 0; d < r->dims; d++) {
		const json_t *v = json_array_get(a, d);
		if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > ROUTE_AMOUNT_MAX)
			return fail_as(sc, E_INVALID, "bad-problem", "\"%s\": 0 to %lld are possible", key,
				       ROUTE_AMOUNT_MAX);
		values[d] = json_integer_value(v);
	}
	*out = values;
	return OK;
}

static enum code
read_skills(struct reader *r, const json_t *o, const uint32_t **out, uint32_t *n)
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(o, "skills");
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a) || json_array_size(a) > ROUTE_SKILLS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"skills\": a list of at most %d is due",
			       ROUTE_SKILLS_MAX);
	uint32_t *skills = NEW_ARRAY(sc, json_array_size(a), uint32_t);
	for (size_t i = 0; i < json_array_size(a); i++) {
		const json_t *v = json_array_get(a, i);
		if (!json_is_integer(v) || json_integer_value(v) < 0 || json_integer_value(v) > UINT32_MAX)
			return fail_as(sc, E_INVALID, "bad-problem", "\"skills\": whole numbers are due");
		skills[i] = (uint32_t)json_integer_value(v);
	}
	*out = skills;
	*n = (uint32_t)json_array_size(a);
	return OK;
}

static enum code
read_window(struct scope *sc, const json_t *v, struct route_window *out)
{
	const json_t *from = json_array_get(v, 0);
	const json_t *to = json_array_get(v, 1);
	if (!json_is_array(v) || json_array_size(v) != 2 || !json_is_integer(from) || !json_is_integer(to))
		return fail_as(sc, E_INVALID, "bad-problem", "a time window is [from, to] in whole numbers");
	int64_t a = json_integer_value(from);
	int64_t b = json_integer_value(to);
	if (a < 0 || a > b)
		return fail_as(sc, E_INVALID, "bad-problem", "the time window [%" PRId64 ", %" PRId64 "] is empty", a,
			       b);
	*out = (struct route_window){a, b < JSON_TIME_MAX ? b : JSON_TIME_MAX};
	return OK;
}

static int
by_from(const void *a, const void *b)
{
	const struct route_window *x = a;
	const struct route_window *y = b;
	return (x->from > y->from) - (x->from < y->from);
}

static enum code
read_windows(struct reader *r, const json_t *o, const char *key, const struct route_window **out, uint32_t *n)
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(o, key);
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a) || json_array_size(a) == 0 || json_array_size(a) > ROUTE_WINDOWS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\": 1 to %d time windows are possible", key,
			       ROUTE_WINDOWS_MAX);
	struct route_window *w = NEW_ARRAY(sc, json_array_size(a), struct route_window);
	for (size_t i = 0; i < json_array_size(a); i++)
		TRY(read_window(sc, json_array_get(a, i), &w[i]));
	qsort(w, json_array_size(a), sizeof *w, by_from);
	*out = w;
	*n = (uint32_t)json_array_size(a);
	return OK;
}

/* --- places --- */

static enum code
place_of_coords(struct reader *r, const json_t *v, uint32_t *out)
{
	struct scope *sc = r->sc;
	const json_t *lon = json_array_get(v, 0);
	const json_t *lat = json_array_get(v, 1);
	struct place at;
	if (!json_is_array(v) || json_array_size(v) != 2 || !json_is_number(lon) || !json_is_number(lat))
		return fail_as(sc, E_INVALID, "bad-problem", "a location is [longitude, latitude]");
	TRY(place_from_degrees(sc, json_number_value(lat), json_number_value(lon), &at));
	r->located = true;
	for (uint32_t i = 0; i < r->n_places; i++)
		if (r->places[i].lat_e7 == at.lat_e7 && r->places[i].lon_e7 == at.lon_e7) {
			*out = i;
			return OK;
		}
	if (r->n_places == ROUTE_PLACES_MAX)
		return fail_as(sc, E_LIMIT, "problem-too-large", "more than %d places", ROUTE_PLACES_MAX);
	if (r->n_places == r->cap_places) {
		uint32_t cap = r->cap_places == 0 ? 64 : r->cap_places * 2;
		struct place *wide = NEW_ARRAY(sc, cap, struct place);
		if (r->n_places > 0)
			memcpy(wide, r->places, r->n_places * sizeof *wide);
		r->places = wide;
		r->cap_places = cap;
	}
	r->places[r->n_places] = at;
	*out = r->n_places++;
	return OK;
}

/* By index where there is a matrix (coordinates then only for pictures), else by coordinates. */
static enum code
read_place(struct reader *r, const json_t *o, const char *coords_key, const char *index_key, uint32_t *out)
{
	struct scope *sc = r->sc;
	const json_t *coords = json_object_get(o, coords_key);
	const json_t *index = json_object_get(o, index_key);
	if (r->n_rows == 0) {
		if (coords == NULL || json_is_null(coords))
			return fail_as(sc, E_INVALID, "bad-problem", "\"%s\" is missing and there is no matrix",
				       coords_key);
		return place_of_coords(r, coords, out);
	}
	if (index == NULL || json_is_null(index))
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\" is missing: with a matrix places go by index",
			       index_key);
	int64_t i = json_integer_value(index);
	if (!json_is_integer(index) || i < 0 || i >= r->n_rows)
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\" is not a row of the matrix, which has %u",
			       index_key, r->n_rows);
	*out = (uint32_t)i;
	if (coords != NULL && json_is_array(coords) && json_array_size(coords) == 2 && r->places != NULL) {
		struct place at;
		TRY(place_from_degrees(sc, json_number_value(json_array_get(coords, 1)),
				       json_number_value(json_array_get(coords, 0)), &at));
		r->places[i] = at;
		r->located = true;
	}
	return OK;
}

/* --- matrices --- */

static enum code
read_cells(struct scope *sc, const json_t *rows, uint32_t n, const char *what, const int32_t **out)
{
	if (!json_is_array(rows) || json_array_size(rows) != n)
		return fail_as(sc, E_INVALID, "bad-problem", "%s: %u rows are due", what, n);
	void *room;
	TRY(scope_try_array(sc, (size_t)n * n, sizeof(int32_t), &room));
	int32_t *cells = room;
	for (uint32_t i = 0; i < n; i++) {
		const json_t *row = json_array_get(rows, i);
		if (!json_is_array(row) || json_array_size(row) != n)
			return fail_as(sc, E_INVALID, "bad-problem",
				       "%s: row %u is not %u long: the matrix is not square", what, i, n);
		for (uint32_t j = 0; j < n; j++) {
			const json_t *v = json_array_get(row, j);
			int64_t d = json_integer_value(v);
			if (json_is_null(v) || d == UINT32_MAX || d == INT32_MAX)
				d = ROUTE_UNREACHABLE;
			else if (!json_is_integer(v) || d < 0 || d > ROUTE_CELL_MAX)
				return fail_as(sc, E_INVALID, "bad-problem",
					       "%s: cell (%u, %u) is not a whole number from 0 to %d", what, i, j,
					       ROUTE_CELL_MAX);
			cells[(size_t)i * n + j] = (int32_t)d;
		}
	}
	*out = cells;
	return OK;
}

/* Unreachable in one matrix of a profile is unreachable in all. */
static void
align_cells(struct route_profile *f, uint32_t n)
{
	for (size_t i = 0; i < (size_t)n * n; i++) {
		bool none = f->durations[i] == ROUTE_UNREACHABLE ||
			    (f->distances != NULL && f->distances[i] == ROUTE_UNREACHABLE) ||
			    (f->costs != NULL && f->costs[i] == ROUTE_UNREACHABLE);
		if (none)
			((int32_t *)f->durations)[i] = ROUTE_UNREACHABLE;
	}
}

static enum code
read_profile(struct reader *r, const char *name, const json_t *o, struct route_profile *f)
{
	static const char *const known[] = {"durations", "distances", "costs", NULL};
	struct scope *sc = r->sc;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "matrices: \"%.40s\" must be an object", name);
	warn_unknown(r, o, "a matrix", known);
	*f = (struct route_profile){.name = name};
	const json_t *d = json_object_get(o, "durations");
	if (d == NULL)
		return fail_as(sc, E_INVALID, "bad-problem", "matrices: \"%.40s\" has no durations", name);
	TRY(read_cells(sc, d, r->n_rows, "durations", &f->durations));
	if ((d = json_object_get(o, "distances")) != NULL) {
		TRY(read_cells(sc, d, r->n_rows, "distances", &f->distances));
		r->file->geometry = true;
	}
	if ((d = json_object_get(o, "costs")) != NULL)
		TRY(read_cells(sc, d, r->n_rows, "costs", &f->costs));
	align_cells(f, r->n_rows);
	return OK;
}

static enum code
find_matrices(struct reader *r, const json_t *top)
{
	struct scope *sc = r->sc;
	const json_t *matrices = json_object_get(top, "matrices");
	const json_t *matrix = json_object_get(top, "matrix");
	if (matrices == NULL && matrix != NULL) {
		json_t *car = json_new_object(sc);
		json_put(car, "durations", json_incref((json_t *)matrix));
		r->profiles[0] = "car";
		r->profile_json[0] = car;
		r->n_profiles = 1;
	}
	const char *name;
	json_t *o;
	if (json_is_object(matrices))
		json_object_foreach((json_t *)matrices, name, o)
		{
			if (r->n_profiles == ROUTE_PROFILES_MAX)
				return fail_as(sc, E_LIMIT, "problem-too-large", "more than %d profiles",
					       ROUTE_PROFILES_MAX);
			r->profiles[r->n_profiles] = name;
			r->profile_json[r->n_profiles++] = o;
		}
	if (r->n_profiles == 0)
		return OK;
	size_t rows = json_array_size(json_object_get(r->profile_json[0], "durations"));
	if (rows == 0 || rows > ROUTE_PLACES_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "a matrix has 1 to %d rows", ROUTE_PLACES_MAX);
	r->n_rows = (uint32_t)rows;
	r->places = NEW_ARRAY(sc, r->n_rows, struct place);
	return OK;
}

static enum code
great_circles(struct reader *r, struct route_profile *f)
{
	struct scope *sc = r->sc;
	uint32_t n = r->n_places;
	void *seconds;
	void *metres;
	TRY(scope_try_array(sc, (size_t)n * n, sizeof(int32_t), &seconds));
	TRY(scope_try_array(sc, (size_t)n * n, sizeof(int32_t), &metres));
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			double d = STRETCH * place_distance_m(r->places[i], r->places[j]);
			((int32_t *)metres)[i * n + j] = (int32_t)(d + 0.5);
			((int32_t *)seconds)[i * n + j] = (int32_t)(d / SPEED_M_S + 0.5);
		}
	f->durations = seconds;
	f->distances = metres;
	r->file->geometry = true;
	warn(r, "no matrix was given: travel is 1.4 times the great circle at 10 m/s");
	return OK;
}

/* --- tasks --- */

static enum code
read_soft(struct reader *r, const json_t *o, struct route_soft *out)
{
	struct scope *sc = r->sc;
	const json_t *v = json_object_get(o, "soft_window");
	if (v == NULL || json_is_null(v))
		return OK;
	struct route_soft s = {.window = {0, ROUTE_TIME_MAX}};
	if (!json_is_object(v))
		return fail_as(sc, E_INVALID, "bad-problem", "\"soft_window\" must be an object");
	TRY(json_may_int(sc, v, "from", 0, ROUTE_TIME_MAX, &s.window.from));
	TRY(json_may_int(sc, v, "to", 0, ROUTE_TIME_MAX, &s.window.to));
	TRY(json_may_int(sc, v, "early_per_hour", 0, ROUTE_RATE_MAX, &s.early_per_hour));
	TRY(json_may_int(sc, v, "late_per_hour", 0, ROUTE_RATE_MAX, &s.late_per_hour));
	*out = s;
	return OK;
}

static enum code
read_step(struct reader *r, const json_t *o, struct route_task *t)
{
	struct scope *sc = r->sc;
	int64_t id;
	TRY(json_need_int(sc, o, "id", 0, ID_MAX, &id));
	*t = (struct route_task){.id = (uint64_t)id, .penalty = ROUTE_MUST};
	TRY(json_may_text(sc, o, "description", 0, 1000, &t->description));
	TRY(read_place(r, o, "location", "location_index", &t->place));
	TRY(json_may_int(sc, o, "setup", 0, ROUTE_SPAN_MAX, &t->setup));
	TRY(json_may_int(sc, o, "service", 0, ROUTE_SPAN_MAX, &t->service));
	TRY(read_windows(r, o, "time_windows", &t->windows, &t->n_windows));
	return read_soft(r, o, &t->soft);
}

static enum code
read_choice(struct reader *r, const json_t *o, struct route_task *t)
{
	int64_t priority = 0;
	TRY(read_skills(r, o, &t->skills, &t->n_skills));
	TRY(json_may_int(r->sc, o, "priority", 0, ROUTE_PRIORITY_MAX, &priority));
	t->priority = (int)priority;
	return json_may_int(r->sc, o, "penalty", 0, ROUTE_RATE_MAX, &t->penalty);
}

static enum code
read_job(struct reader *r, const json_t *o)
{
	static const char *const known[] = {"id",	"description",	"location", "location_index", "setup",
					    "service",	"delivery",	"pickup",   "amount",	      "skills",
					    "priority", "time_windows", "penalty",  "soft_window",    NULL};
	struct route_task t;
	if (!json_is_object(o))
		return fail_as(r->sc, E_INVALID, "bad-problem", "a job must be an object");
	warn_unknown(r, o, "a job", known);
	TRY(read_step(r, o, &t));
	TRY(read_amounts(r, o, "amount", &t.delivery));
	TRY(read_amounts(r, o, "delivery", &t.delivery));
	TRY(read_amounts(r, o, "pickup", &t.pickup));
	TRY(read_choice(r, o, &t));
	return route_problem_job(r->sc, r->p, &t, NULL);
}

static enum code
read_shipment(struct reader *r, const json_t *o)
{
	static const char *const known[] = {"pickup", "delivery", "amount", "skills", "priority", "penalty", NULL};
	static const char *const step[] = {
	    "id", "description", "location", "location_index", "setup", "service", "time_windows", "soft_window", NULL};
	struct scope *sc = r->sc;
	const json_t *a;
	const json_t *b;
	struct route_task from;
	struct route_task to;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a shipment must be an object");
	warn_unknown(r, o, "a shipment", known);
	TRY(json_need_object(sc, o, "pickup", &a));
	TRY(json_need_object(sc, o, "delivery", &b));
	warn_unknown(r, a, "a pickup", step);
	warn_unknown(r, b, "a delivery", step);
	TRY(read_step(r, a, &from));
	TRY(read_step(r, b, &to));
	TRY(read_amounts(r, o, "amount", &from.pickup));
	TRY(read_choice(r, o, &from));
	return route_problem_shipment(sc, r->p, &from, &to, NULL);
}

/* --- vehicles --- */

static enum code
read_break(struct reader *r, const json_t *o, struct route_break *b)
{
	static const char *const known[] = {"id",	"description", "time_windows", "service", "max_load",
					    "relative", NULL};
	struct scope *sc = r->sc;
	int64_t id;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a break must be an object");
	warn_unknown(r, o, "a break", known);
	TRY(json_need_int(sc, o, "id", 0, ID_MAX, &id));
	*b = (struct route_break){.id = (uint64_t)id};
	TRY(json_may_text(sc, o, "description", 0, 1000, &b->description));
	TRY(json_may_int(sc, o, "service", 0, ROUTE_SPAN_MAX, &b->service));
	TRY(json_may_bool(sc, o, "relative", &b->relative));
	TRY(read_windows(r, o, "time_windows", &b->windows, &b->n_windows));
	return read_amounts(r, o, "max_load", &b->max_load);
}

static enum code
read_costs(struct reader *r, const json_t *o, struct route_rates *rates)
{
	static const char *const known[] = {"fixed", "per_hour", "per_task_hour", "per_km", "per_duty_hour", NULL};
	struct scope *sc = r->sc;
	const json_t *c = json_object_get(o, "costs");
	rates->per_hour = 3600;
	if (c == NULL || json_is_null(c))
		return OK;
	if (!json_is_object(c))
		return fail_as(sc, E_INVALID, "bad-problem", "\"costs\" must be an object");
	warn_unknown(r, c, "costs", known);
	TRY(json_may_int(sc, c, "fixed", 0, ROUTE_RATE_MAX, &rates->fixed));
	TRY(json_may_int(sc, c, "per_hour", 0, ROUTE_RATE_MAX, &rates->per_hour));
	TRY(json_may_int(sc, c, "per_task_hour", 0, ROUTE_RATE_MAX, &rates->per_task_hour));
	TRY(json_may_int(sc, c, "per_duty_hour", 0, ROUTE_RATE_MAX, &rates->per_duty_hour));
	return json_may_int(sc, c, "per_km", 0, ROUTE_RATE_MAX, &rates->per_km);
}

static enum code
read_end(struct reader *r, const json_t *o, const char *coords, const char *index, uint32_t *out)
{
	if (json_object_get(o, coords) == NULL && json_object_get(o, index) == NULL) {
		*out = ROUTE_NONE;
		return OK;
	}
	return read_place(r, o, coords, index, out);
}

static enum code
read_profile_name(struct reader *r, const json_t *o, uint32_t *out)
{
	struct scope *sc = r->sc;
	const char *name = "car";
	TRY(json_may_text(sc, o, "profile", 1, 100, &name));
	for (uint32_t i = 0; i < r->n_profiles; i++)
		if (strcmp(r->profiles[i], name) == 0) {
			*out = i;
			return OK;
		}
	if (r->n_rows == 0) {
		if (r->n_profiles == ROUTE_PROFILES_MAX)
			return fail_as(sc, E_LIMIT, "problem-too-large", "more than %d profiles", ROUTE_PROFILES_MAX);
		r->profiles[r->n_profiles] = name;
		*out = r->n_profiles++;
		return OK;
	}
	return fail_as(sc, E_INVALID, "bad-problem", "there is no matrix for profile \"%.40s\"", name);
}

static enum code
read_vehicle_limits(struct reader *r, const json_t *o, struct route_vehicle *v)
{
	struct scope *sc = r->sc;
	int64_t max_tasks = ROUTE_NONE;
	TRY(json_may_int(sc, o, "max_tasks", 0, INT32_MAX, &max_tasks));
	v->max_tasks = (uint32_t)max_tasks;
	TRY(json_may_int(sc, o, "max_travel_time", 0, ROUTE_TIME_MAX, &v->max_travel));
	TRY(json_may_int(sc, o, "max_distance", 0, INT32_MAX, &v->max_distance));
	TRY(json_may_int(sc, o, "max_duty", 0, ROUTE_TIME_MAX, &v->max_duty));
	if (json_is_number(json_object_get(o, "speed_factor")))
		TRY(json_need_real(sc, o, "speed_factor", 0.01, 100, &v->speed_factor));
	const json_t *reload = json_object_get(o, "reload");
	if (!json_is_object(reload))
		return OK;
	int64_t most = 1;
	TRY(json_may_int(sc, reload, "max", 0, 100, &most));
	TRY(json_may_int(sc, reload, "service", 0, ROUTE_SPAN_MAX, &v->reload_service));
	TRY(read_place(r, reload, "location", "location_index", &v->reload_place));
	v->max_reloads = (uint32_t)most;
	return OK;
}

static enum code
read_breaks(struct reader *r, const json_t *o, struct route_vehicle *v)
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(o, "breaks");
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a) || json_array_size(a) > ROUTE_BREAKS_MAX)
		return fail_as(sc, E_INVALID, "bad-problem", "\"breaks\": a list of at most %d is due",
			       ROUTE_BREAKS_MAX);
	struct route_break *b = NEW_ARRAY(sc, json_array_size(a), struct route_break);
	for (size_t i = 0; i < json_array_size(a); i++)
		TRY(read_break(r, json_array_get(a, i), &b[i]));
	v->breaks = b;
	v->n_breaks = (uint32_t)json_array_size(a);
	return OK;
}

static enum code
read_vehicle(struct reader *r, const json_t *o)
{
	static const char *const known[] = {"id",	    "profile",	 "description",	 "start",     "start_index",
					    "end",	    "end_index", "capacity",	 "costs",     "skills",
					    "time_window",  "breaks",	 "speed_factor", "max_tasks", "max_travel_time",
					    "max_distance", "max_duty",	 "reload",	 NULL};
	struct scope *sc = r->sc;
	int64_t id;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a vehicle must be an object");
	warn_unknown(r, o, "a vehicle", known);
	TRY(json_need_int(sc, o, "id", 0, ID_MAX, &id));
	struct route_vehicle v = {.id = (uint64_t)id, .shift = {0, ROUTE_TIME_MAX}};
	TRY(json_may_text(sc, o, "description", 0, 1000, &v.description));
	TRY(read_profile_name(r, o, &v.profile));
	TRY(read_end(r, o, "start", "start_index", &v.start));
	TRY(read_end(r, o, "end", "end_index", &v.end));
	TRY(read_amounts(r, o, "capacity", &v.capacity));
	TRY(read_skills(r, o, &v.skills, &v.n_skills));
	TRY(read_costs(r, o, &v.rates));
	const json_t *w = json_object_get(o, "time_window");
	if (w != NULL && !json_is_null(w))
		TRY(read_window(sc, w, &v.shift));
	TRY(read_vehicle_limits(r, o, &v));
	TRY(read_breaks(r, o, &v));
	return route_problem_vehicle(sc, r->p, &v, NULL);
}

/* --- relations and aim --- */

/* The task a relation names: a number (a job's id) or {"pickup": id} / {"delivery": id}. */
static enum code
find_task(struct reader *r, const json_t *v, uint32_t *out)
{
	enum route_kind kind = ROUTE_JOB;
	if (json_is_object(v)) {
		kind = json_object_get(v, "pickup") != NULL ? ROUTE_PICKUP : ROUTE_DELIVERY;
		v = json_object_get(v, kind == ROUTE_PICKUP ? "pickup" : "delivery");
	}
	for (uint32_t i = 0; json_is_integer(v) && i < r->p->n_tasks; i++)
		if (r->p->tasks[i].kind == kind && (int64_t)r->p->tasks[i].id == json_integer_value(v)) {
			*out = i;
			return OK;
		}
	return fail_as(r->sc, E_INVALID, "bad-problem", "a relation names a task that is not there");
}

static enum code
read_relation(struct reader *r, const json_t *o)
{
	static const char *const words[] = {"same_vehicle", "apart", "in_order", NULL};
	struct scope *sc = r->sc;
	size_t kind;
	const json_t *list;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "a relation must be an object");
	TRY(json_need_word(sc, o, "type", words, &kind));
	TRY(json_need_array(sc, o, "tasks", 2, ROUTE_TASKS_MAX, &list));
	uint32_t *tasks = NEW_ARRAY(sc, json_array_size(list), uint32_t);
	for (size_t i = 0; i < json_array_size(list); i++)
		TRY(find_task(r, json_array_get(list, i), &tasks[i]));
	return route_problem_relation(sc, r->p,
				      &(struct route_relation){.kind = (enum route_relation_kind)kind,
							       .tasks = tasks,
							       .n_tasks = (uint32_t)json_array_size(list)});
}

static enum code
read_aim(struct reader *r, const json_t *top)
{
	struct scope *sc = r->sc;
	const json_t *o = json_object_get(top, "objective");
	if (o == NULL || json_is_null(o))
		return OK;
	if (!json_is_object(o))
		return fail_as(sc, E_INVALID, "bad-problem", "\"objective\" must be an object");
	TRY(json_may_bool(sc, o, "vehicles_first", &r->p->aim.vehicles_first));
	return json_may_int(sc, o, "balance_per_square_hour", 0, ROUTE_RATE_MAX, &r->p->aim.balance_per_square_hour);
}

/* --- the whole --- */

/* Every amount has as many dimensions as the first one met. */
static void
find_dims(struct reader *r, const json_t *top)
{
	static const char *const keys[] = {"capacity", "delivery", "pickup", "amount"};
	static const char *const lists[] = {"vehicles", "jobs", "shipments"};
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		const json_t *a = json_object_get(top, lists[l]);
		for (size_t i = 0; i < json_array_size(a); i++)
			for (size_t k = 0; k < COUNT_OF(keys); k++) {
				const json_t *v = json_object_get(json_array_get(a, i), keys[k]);
				if (json_is_array(v)) {
					size_t n = json_array_size(v);
					r->dims = n > ROUTE_DIMS_MAX ? ROUTE_DIMS_MAX : (uint32_t)n;
					return;
				}
			}
	}
}

static enum code
each(struct reader *r, const json_t *top, const char *key, enum code (*read)(struct reader *r, const json_t *o))
{
	struct scope *sc = r->sc;
	const json_t *a = json_object_get(top, key);
	if (a == NULL || json_is_null(a))
		return OK;
	if (!json_is_array(a))
		return fail_as(sc, E_INVALID, "bad-problem", "\"%s\" must be a list", key);
	for (size_t i = 0; i < json_array_size(a); i++)
		if (read(r, json_array_get(a, i)) != OK)
			return error_prefix(sc, "%s[%zu]", key, i);
	return OK;
}

static int
by_kind_and_id(const void *a, const void *b)
{
	const struct route_task *x = *(const struct route_task *const *)a;
	const struct route_task *y = *(const struct route_task *const *)b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static int
by_vehicle_id(const void *a, const void *b)
{
	const struct route_vehicle *x = *(const struct route_vehicle *const *)a;
	const struct route_vehicle *y = *(const struct route_vehicle *const *)b;
	return (x->id > y->id) - (x->id < y->id);
}

static enum code
refuse_duplicates(struct scope *sc, const struct route_problem *p)
{
	const struct route_task **t = NEW_ARRAY(sc, p->n_tasks, const struct route_task *);
	for (uint32_t i = 0; i < p->n_tasks; i++)
		t[i] = &p->tasks[i];
	qsort(t, p->n_tasks, sizeof(const struct route_task *), by_kind_and_id);
	for (uint32_t i = 1; i < p->n_tasks; i++)
		if (t[i]->kind == t[i - 1]->kind && t[i]->id == t[i - 1]->id)
			return fail_as(sc, E_INVALID, "bad-problem", "the id %" PRIu64 " names two tasks", t[i]->id);
	const struct route_vehicle **v = NEW_ARRAY(sc, p->n_vehicles, const struct route_vehicle *);
	for (uint32_t i = 0; i < p->n_vehicles; i++)
		v[i] = &p->vehicles[i];
	qsort(v, p->n_vehicles, sizeof(const struct route_vehicle *), by_vehicle_id);
	for (uint32_t i = 1; i < p->n_vehicles; i++)
		if (v[i]->id == v[i - 1]->id)
			return fail_as(sc, E_INVALID, "bad-problem", "the id %" PRIu64 " names two vehicles", v[i]->id);
	return OK;
}

/* Places are complete only after all tasks and vehicles are read once: without a
 * matrix a first pass collects them. */
static enum code
collect_places(struct reader *r, const json_t *top)
{
	static const char *const lists[] = {"jobs", "shipments", "vehicles"};
	static const char *const keys[] = {"location", "start", "end"};
	uint32_t index;
	for (size_t l = 0; l < COUNT_OF(lists); l++) {
		const json_t *a = json_object_get(top, lists[l]);
		for (size_t i = 0; i < json_array_size(a); i++) {
			const json_t *o = json_array_get(a, i);
			const json_t *inner[4] = {o, json_object_get(o, "pickup"), json_object_get(o, "delivery"),
						  json_object_get(o, "reload")};
			for (size_t k = 0; k < COUNT_OF(inner) * COUNT_OF(keys); k++) {
				const json_t *v = json_object_get(inner[k / COUNT_OF(keys)], keys[k % COUNT_OF(keys)]);
				if (json_is_array(v))
					TRY(place_of_coords(r, v, &index));
			}
		}
	}
	if (r->n_places == 0)
		return fail_as(r->sc, E_INVALID, "bad-problem", "there is neither a matrix nor a location");
	return OK;
}

static enum code
add_profiles(struct reader *r)
{
	for (uint32_t i = 0; i < r->n_profiles; i++) {
		struct route_profile f;
		TRY(read_profile(r, r->profiles[i], r->profile_json[i], &f));
		TRY(route_problem_profile(r->sc, r->p, &f, NULL));
	}
	return OK;
}

/* Without matrices every profile named drives the same great circles. */
static enum code
add_circles(struct reader *r, const json_t *top)
{
	struct route_profile f = {0};
	TRY(great_circles(r, &f));
	const json_t *a = json_object_get(top, "vehicles");
	for (size_t i = 0; i < json_array_size(a); i++) {
		uint32_t index;
		if (json_is_object(json_array_get(a, i)))
			TRY(read_profile_name(r, json_array_get(a, i), &index));
	}
	for (uint32_t i = 0; i < r->n_profiles; i++) {
		f.name = r->profiles[i];
		TRY(route_problem_profile(r->sc, r->p, &f, NULL));
	}
	return OK;
}

static void
set_coords(struct reader *r)
{
	if (!r->located)
		return;
	double *xy = NEW_ARRAY(r->sc, (size_t)r->p->n_places * 2, double);
	for (uint32_t i = 0; i < r->p->n_places; i++) {
		xy[2 * i] = place_lon(r->places[i]);
		xy[2 * i + 1] = place_lat(r->places[i]);
	}
	r->p->coords = xy;
	r->p->coords_geo = true;
}

enum code
vroom_read(struct scope *sc, const void *bytes, size_t n, struct route_file *out)
{
	static const char *const known[] = {"jobs",   "shipments", "vehicles",	"matrices",
					    "matrix", "relations", "objective", NULL};
	struct route_file file = {.format = ROUTE_VROOM, .unit = 1};
	struct reader r = {.sc = sc, .file = &file};
	json_t *top;
	TRY(json_parse(sc, bytes, n, &top));
	if (!json_is_object(top))
		return fail_as(sc, E_INVALID, "bad-problem", "a problem is a JSON object");
	file.warnings = NEW_ARRAY(sc, WARNINGS_MAX, const char *);
	warn_unknown(&r, top, "the problem", known);
	find_dims(&r, top);
	TRY(find_matrices(&r, top));
	if (r.n_rows == 0)
		TRY(collect_places(&r, top));
	TRY(route_problem_new(sc, r.n_rows > 0 ? r.n_rows : r.n_places, r.dims, &r.p));
	TRY(r.n_rows > 0 ? add_profiles(&r) : add_circles(&r, top));
	TRY(each(&r, top, "jobs", read_job));
	TRY(each(&r, top, "shipments", read_shipment));
	TRY(each(&r, top, "vehicles", read_vehicle));
	TRY(each(&r, top, "relations", read_relation));
	TRY(read_aim(&r, top));
	TRY(refuse_duplicates(sc, r.p));
	set_coords(&r);
	file.problem = r.p;
	*out = file;
	return OK;
}
