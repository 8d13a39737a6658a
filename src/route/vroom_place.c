/* VROOM's JSON: places and the matrices between them. */
#include "route/vroom_reader.h"

#define STRETCH 1.4
#define SPEED_M_S 10.0

/* --- places --- */

/* Where the place stands in the table, or would. */
static uint32_t *
place_slot(const struct reader *r, struct place at)
{
	uint64_t key = (uint64_t)(uint32_t)at.lat_e7 << 32 | (uint32_t)at.lon_e7;
	uint32_t mask = 4 * r->cap_places - 1;
	uint32_t i = (uint32_t)(key * 0x9e3779b97f4a7c15u >> 40) & mask;
	for (; r->slots[i] != 0; i = (i + 1) & mask) {
		const struct place *p = &r->places[r->slots[i] - 1];
		if (p->lat_e7 == at.lat_e7 && p->lon_e7 == at.lon_e7)
			break;
	}
	return &r->slots[i];
}

/* Twice the room; the table anew. */
static void
widen_places(struct reader *r)
{
	uint32_t cap = r->cap_places == 0 ? 64 : r->cap_places * 2;
	struct place *wide = NEW_ARRAY(r->sc, cap, struct place);
	if (r->n_places > 0)
		memcpy(wide, r->places, r->n_places * sizeof *wide);
	r->places = wide;
	r->cap_places = cap;
	r->slots = NEW_ARRAY(r->sc, 4 * (size_t)cap, uint32_t);
	for (uint32_t i = 0; i < r->n_places; i++)
		*place_slot(r, wide[i]) = i + 1;
}

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
	if (r->n_places == r->cap_places)
		widen_places(r);
	uint32_t *slot = place_slot(r, at);
	if (*slot == 0 && r->n_places == ROUTE_PLACES_MAX)
		return fail_as(sc, E_LIMIT, "problem-too-large", "more than %d places: plan areas or days one by one",
			       ROUTE_PLACES_MAX);
	if (*slot == 0) {
		r->places[r->n_places++] = at;
		*slot = r->n_places;
	}
	*out = *slot - 1;
	return OK;
}

/* By index where there is a matrix (coordinates then only for pictures), else by coordinates. */
enum code
reader_place(struct reader *r, const json_t *o, const char *coords_key, const char *index_key, uint32_t *out)
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
	reader_warn_unknown(r, o, "a matrix", known);
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

enum code
reader_find_matrices(struct reader *r, const json_t *top)
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
	size_t n = r->n_places;
	void *seconds;
	void *metres;
	TRY(scope_try_array(sc, n * n, sizeof(int32_t), &seconds));
	TRY(scope_try_array(sc, n * n, sizeof(int32_t), &metres));
	struct sphere_point *at = NEW_ARRAY(sc, n, struct sphere_point);
	double *row = NEW_ARRAY(sc, n, double);
	for (size_t i = 0; i < n; i++)
		at[i] = place_on_sphere(r->places[i]);
	for (size_t i = 0; i < n; i++) {
		int32_t *s = (int32_t *)seconds + i * n;
		int32_t *m = (int32_t *)metres + i * n;
		sphere_distances_m(at[i], at + i, n - i, row + i);
		for (size_t j = i; j < n; j++) {
			m[j] = (int32_t)(STRETCH * row[j] + 0.5);
			s[j] = (int32_t)(STRETCH / SPEED_M_S * row[j] + 0.5);
		}
		if ((i + 1) % CELL_BAND == 0 || i + 1 == n) {
			mirror_band(seconds, n, i / CELL_BAND * CELL_BAND);
			mirror_band(metres, n, i / CELL_BAND * CELL_BAND);
		}
	}
	f->durations = seconds;
	f->distances = metres;
	r->file->geometry = true;
	reader_warn(r, "no matrix was given: travel is 1.4 times the great circle at 10 m/s");
	return OK;
}

enum code
reader_profile(struct reader *r, const json_t *o, uint32_t *out)
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

/* Places are complete only after all tasks and vehicles are read once: without a
 * matrix a first pass collects them. */
enum code
reader_collect_places(struct reader *r, const json_t *top)
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

enum code
reader_add_profiles(struct reader *r)
{
	for (uint32_t i = 0; i < r->n_profiles; i++) {
		struct route_profile f;
		TRY(read_profile(r, r->profiles[i], r->profile_json[i], &f));
		TRY(route_problem_profile(r->sc, r->p, &f, NULL));
	}
	return OK;
}

/* Without matrices every profile named drives the same great circles. */
enum code
reader_add_circles(struct reader *r, const json_t *top)
{
	struct route_profile f = {0};
	TRY(great_circles(r, &f));
	const json_t *a = json_object_get(top, "vehicles");
	for (size_t i = 0; i < json_array_size(a); i++) {
		uint32_t index;
		if (json_is_object(json_array_get(a, i)))
			TRY(reader_profile(r, json_array_get(a, i), &index));
	}
	for (uint32_t i = 0; i < r->n_profiles; i++) {
		f.name = r->profiles[i];
		TRY(route_problem_profile(r->sc, r->p, &f, NULL));
	}
	return OK;
}

void
reader_set_coords(struct reader *r)
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
