#include "guide/guide_tongue.h"

#include <math.h>

#include "base/text.h"

#define SAID_MAX 160

static bool
within(const json_t *v, double max, double unit, double *out)
{
	double d = json_number_value(v) * unit;
	if (!json_is_number(v) || !(d >= 0 && d <= max))
		return false;
	*out = d;
	return true;
}

static bool
cell_read(const json_t *duration, const json_t *distance, double unit_m, int32_t *ds, int32_t *m)
{
	double s;
	double metres;
	if (json_is_null(duration)) {
		*ds = ROAD_UNREACHABLE;
		*m = ROAD_UNREACHABLE;
		return true;
	}
	if (!within(duration, GUIDE_SECONDS_MAX, 1, &s) || !within(distance, GUIDE_METRES_MAX, unit_m, &metres))
		return false;
	*ds = (int32_t)lround(s * 10);
	*m = (int32_t)lround(metres);
	return true;
}

static bool
is_list_of(const json_t *v, size_t n)
{
	return json_is_array(v) && json_array_size(v) == n;
}

enum code
guide_table_read(struct scope *sc, const json_t *durations, const json_t *distances, double unit_m,
		 const struct guide_span *span, struct road_matrix *out)
{
	size_t rows = span->n_rows;
	size_t columns = span->n_columns;
	struct road_matrix m = {rows, columns, NEW_ARRAY(sc, rows * columns, int32_t),
				NEW_ARRAY(sc, rows * columns, int32_t)};
	if (!is_list_of(durations, rows) || !is_list_of(distances, rows))
		return fail(sc, E_INVALID, "a table that has not %zu rows of durations and distances", rows);
	for (size_t i = 0; i < rows; i++) {
		const json_t *s = json_array_get(durations, i);
		const json_t *d = json_array_get(distances, i);
		if (!is_list_of(s, columns) || !is_list_of(d, columns))
			return fail(sc, E_INVALID, "row %zu of a table has not %zu columns", i, columns);
		for (size_t k = 0; k < columns; k++)
			if (!cell_read(json_array_get(s, k), json_array_get(d, k), unit_m,
				       &m.duration_ds[i * columns + k], &m.distance_m[i * columns + k]))
				return fail(sc, E_INVALID, "cell %zu, %zu of a table is no duration and distance", i,
					    k);
	}
	*out = m;
	return OK;
}

enum code
guide_seconds(struct scope *sc, const json_t *o, const char *key, int32_t *ds)
{
	double s;
	TRY(json_need_real(sc, o, key, 0, GUIDE_SECONDS_MAX, &s));
	*ds = (int32_t)lround(s * 10);
	return OK;
}

enum code
guide_metres(struct scope *sc, const json_t *o, const char *key, double unit_m, double *m)
{
	double length;
	TRY(json_need_real(sc, o, key, 0, GUIDE_METRES_MAX / unit_m, &length));
	*m = length * unit_m;
	return OK;
}

const char *
guide_name(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s == NULL || strlen(s) > GUIDE_NAME_MAX ? "" : s;
}

int
guide_small(const json_t *o, const char *key, int max)
{
	const json_t *v = json_object_get(o, key);
	json_int_t i = json_integer_value(v);
	return json_is_integer(v) && i >= 0 && i <= max ? (int)i : 0;
}

void
guide_shape_add(struct scope *sc, struct guide_shape *shape, struct place p)
{
	const struct place *last = shape->p == NULL ? NULL : &shape->p[shape->n - 1];
	if (last != NULL && last->lat_e7 == p.lat_e7 && last->lon_e7 == p.lon_e7)
		return;
	if (last == NULL || shape->n == shape->room) {
		size_t room = last == NULL ? 64 : 2 * shape->room;
		struct place *wider = NEW_ARRAY(sc, room, struct place);
		if (last != NULL)
			memcpy(wider, shape->p, shape->n * sizeof *wider);
		shape->p = wider;
		shape->room = room;
	}
	shape->p[shape->n++] = p;
}

enum code
guide_near(struct scope *sc, struct place at, struct place asked, size_t number)
{
	double off_m = place_distance_m(at, asked);
	if (off_m > ROAD_SNAP_MAX_M)
		return fail_as(sc, E_NOT_FOUND, "off-road",
			       "place %zu is %.0f m from the nearest street that the road server knows", number, off_m);
	return OK;
}

const char *
guide_said(struct scope *sc, const char *words)
{
	char *s = words == NULL ? scope_strdup(sc, "") : scope_strndup(sc, words, strnlen(words, SAID_MAX));
	for (char *p = s; *p != '\0'; p++)
		if (*p < ' ' || *p > '~')
			*p = ' ';
	return s;
}
