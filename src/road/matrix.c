/* Matrices: from each of these to each of those. */
#include "road/dijkstra.h"

static int32_t
to_ds(uint32_t ms)
{
	return ms >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)((ms + 50) / 100);
}

static int32_t
to_m(uint32_t ms, uint32_t dm)
{
	return ms >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)((dm + 5) / 10);
}

static void
fill_row(const struct dijkstra *d, const struct road_point *from, const struct road_point *to, size_t n_to,
	 int32_t *durations, int32_t *distances)
{
	for (size_t k = 0; k < n_to; k++) {
		uint32_t dm = 0;
		uint32_t last;
		uint32_t ms = dijkstra_read(d, from, &to[k], &dm, &last);
		durations[k] = to_ds(ms);
		if (distances != NULL)
			distances[k] = to_m(ms, dm);
	}
}

enum code
road_matrix_of_points(struct scope *sc, const struct road *road, const struct road_metric *metric,
		      const struct road_point *from, size_t n_from, const struct road_point *to, size_t n_to,
		      bool want_distances, struct road_matrix *out)
{
	struct road_matrix m = {.n_from = n_from, .n_to = n_to};
	size_t cells;
	if (__builtin_mul_overflow(n_from, n_to, &cells))
		return fail(sc, E_MEMORY, "a matrix of %zu x %zu does not exist", n_from, n_to);
	TRY(scope_try_array(sc, cells, sizeof(int32_t), (void **)&m.duration_ds));
	if (want_distances)
		TRY(scope_try_array(sc, cells, sizeof(int32_t), (void **)&m.distance_m));
	struct scope work;
	scope_init(&work);
	struct dijkstra d;
	dijkstra_init(&d, &work, road, metric);
	for (size_t k = 0; k < n_to; k++)
		dijkstra_want(&d, &to[k]);
	enum code rc = OK;
	for (size_t i = 0; i < n_from && rc == OK; i++) {
		dijkstra_run(&d, &from[i]);
		fill_row(&d, &from[i], to, n_to, m.duration_ds + i * n_to,
			 want_distances ? m.distance_m + i * n_to : NULL);
		rc = scope_check_deadline(sc);
	}
	scope_release(&work);
	if (rc == OK)
		*out = m;
	return rc;
}

static enum code
snap_places(struct scope *sc, const struct road *road, const struct place *places, size_t n, const char *what,
	    struct road_point **out)
{
	struct road_point *p;
	TRY(scope_try_array(sc, n, sizeof *p, (void **)&p));
	for (size_t i = 0; i < n; i++)
		if (road_snap(sc, road, places[i], ROAD_SNAP_MAX_M, &p[i]) != OK)
			return error_prefix(sc, "%s %zu", what, i);
	*out = p;
	return OK;
}

enum code
road_matrix(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct place *from,
	    size_t n_from, const struct place *to, size_t n_to, bool want_distances, struct road_matrix *out)
{
	struct road_point *starts;
	struct road_point *ends;
	TRY(snap_places(sc, road, from, n_from, "source", &starts));
	if (from == to && n_from == n_to)
		ends = starts;
	else
		TRY(snap_places(sc, road, to, n_to, "destination", &ends));
	return road_matrix_of_points(sc, road, metric, starts, n_from, ends, n_to, want_distances, out);
}
