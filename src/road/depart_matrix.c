/* Matrices of departures: at one time, and over a day. */
#include "road/depart.h"

#define HOUR_MS 3600000

/* --- at one time -------------------------------------------------------------------- */

/* Cells that do not end within the hour, each by a search of its own. */
static enum code
fill_late(struct scope *sc, const struct road *road, const struct road_week *week, const struct road_point *from,
	  const struct road_point *to, int64_t local_ms, struct road_matrix *m)
{
	int64_t into_hour = local_ms % HOUR_MS + (local_ms % HOUR_MS < 0 ? HOUR_MS : 0);
	int64_t left_ds = (HOUR_MS - into_hour) / 100 - 1; /* cells are rounded */
	struct scope work;
	scope_init(&work);
	enum code rc = OK;
	for (size_t cell = 0; cell < m->n_from * m->n_to && rc == OK; cell++) {
		int32_t ms;
		if (m->duration_ds[cell] == ROAD_UNREACHABLE || m->duration_ds[cell] <= left_ds)
			continue;
		rc = road_duration_at(&work, road, week, &from[cell / m->n_to], &to[cell % m->n_to], local_ms, &ms);
		if (rc == OK)
			m->duration_ds[cell] = (ms + 50) / 100;
		else
			sc->err = work.err;
		scope_clear(&work);
		if (rc == OK)
			rc = scope_check_deadline(sc);
	}
	scope_release(&work);
	return rc;
}

enum code
road_matrix_at(struct scope *sc, const struct road *road, const struct road_week *week, const struct road_point *from,
	       size_t n_from, const struct road_point *to, size_t n_to, int64_t local_ms, struct road_matrix *out)
{
	const struct road_metric *metric;
	struct road_matrix m;
	TRY(road_week_metric(sc, week, road_hour_of(local_ms), &metric));
	TRY(road_matrix_of_points(sc, road, metric, from, n_from, to, n_to, false, &m));
	TRY(fill_late(sc, road, week, from, to, local_ms, &m));
	*out = m;
	return OK;
}

/* --- over a day --------------------------------------------------------------------- */

void
road_slices_fifo(int32_t *durations, size_t cells, const int64_t *at, size_t n_slices)
{
	for (size_t k = 1; k < n_slices; k++) {
		const int32_t *before = durations + (k - 1) * cells;
		int32_t *now = durations + k * cells;
		int64_t passed = at[k] - at[k - 1];
		for (size_t i = 0; i < cells; i++) {
			bool way = before[i] >= 0 && before[i] != ROAD_UNREACHABLE && now[i] >= 0;
			if (way && before[i] - passed > now[i])
				now[i] = (int32_t)(before[i] - passed);
		}
	}
}

static enum code
fill_slice(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *points,
	   size_t k, struct road_slices *s)
{
	size_t cells = s->n_points * s->n_points;
	struct road_matrix m;
	struct scope work;
	scope_init(&work);
	work.cap = sc->cap;
	work.deadline_ms = sc->deadline_ms;
	enum code rc = road_matrix_of_points(&work, road, metric, points, s->n_points, points, s->n_points, k == 0, &m);
	if (rc == OK && cells > 0) {
		memcpy(s->duration_ds + k * cells, m.duration_ds, cells * sizeof *m.duration_ds);
		if (k == 0)
			memcpy(s->distance_m, m.distance_m, cells * sizeof *m.distance_m);
	} else if (rc != OK) {
		sc->err = work.err;
	}
	scope_release(&work);
	return rc;
}

/* In deciseconds, as the durations are; any origin serves. */
static void
make_fifo(struct scope *sc, struct road_slices *s)
{
	int64_t *at_ds = NEW_ARRAY(sc, s->n, int64_t);
	for (size_t k = 0; k < s->n; k++)
		at_ds[k] = s->at_ms[k] / 100;
	road_slices_fifo(s->duration_ds, s->n_points * s->n_points, at_ds, s->n);
}

enum code
road_slices(struct scope *sc, const struct road *road, const struct road_hour *hours, size_t n_hours,
	    const struct road_point *points, size_t n, struct road_slices *out)
{
	if (n_hours == 0)
		return fail(sc, E_INVALID, "slices of no hour");
	if (n_hours > ROAD_SLICES_MAX)
		return fail(sc, E_LIMIT, "%zu hours are more than %u", n_hours, ROAD_SLICES_MAX);
	for (size_t k = 1; k < n_hours; k++)
		if (hours[k].at_ms <= hours[k - 1].at_ms)
			return fail(sc, E_INVALID, "hour %zu is not after the one before", k);
	struct road_slices s = {.n = n_hours, .n_points = n};
	size_t cells;
	if (__builtin_mul_overflow(n, n, &cells))
		return fail(sc, E_MEMORY, "a matrix of %zu x %zu does not exist", n, n);
	s.at_ms = NEW_ARRAY(sc, s.n, int64_t);
	TRY(scope_try_array(sc, cells, s.n * sizeof(int32_t), (void **)&s.duration_ds));
	TRY(scope_try_array(sc, cells, sizeof(int32_t), (void **)&s.distance_m));
	for (size_t k = 0; k < s.n; k++) {
		s.at_ms[k] = hours[k].at_ms;
		TRY(fill_slice(sc, road, hours[k].metric, points, k, &s));
	}
	make_fifo(sc, &s);
	*out = s;
	return OK;
}

static int64_t
hour_begins(int64_t at_ms)
{
	return at_ms - at_ms % HOUR_MS - (at_ms % HOUR_MS < 0 ? HOUR_MS : 0);
}

enum code
road_week_hours(struct scope *sc, const struct road_week *week, int64_t from_ms, int64_t to_ms, struct road_hour **out,
		size_t *n_out)
{
	if (to_ms < from_ms)
		return fail(sc, E_INVALID, "the day ends before it begins");
	int64_t first = hour_begins(from_ms);
	int64_t n = (hour_begins(to_ms) - first) / HOUR_MS + 1;
	if (n > (int64_t)ROAD_SLICES_MAX)
		return fail(sc, E_LIMIT, "%" PRId64 " hours are more than %u", n, ROAD_SLICES_MAX);
	struct road_hour *hours = NEW_ARRAY(sc, (size_t)n, struct road_hour);
	for (int64_t k = 0; k < n; k++) {
		hours[k].at_ms = first + k * HOUR_MS + HOUR_MS / 2;
		TRY(road_week_metric(sc, week, road_hour_of(hours[k].at_ms), &hours[k].metric));
	}
	*out = hours;
	*n_out = (size_t)n;
	return OK;
}
