/* Matrices: a label per point, then a minimum of sums per cell (label.h). */
#include "road/kernels.h"
#include "road/label.h"

/* --- chains ------------------------------------------------------------------ */

/* The first depth from `lo` on where two chains differ, at most `hi`. */
static uint32_t
common_prefix(const uint32_t *a, const uint32_t *b, uint32_t lo, uint32_t hi)
{
	while (lo < hi) { /* once apart, chains stay apart */
		uint32_t mid = lo + (hi - lo) / 2;
		if (a[mid] == b[mid])
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static enum code
sort_by_chain(struct scope *sc, const struct road *road, const struct road_point *points, uint32_t n, uint32_t **order,
	      struct chain **chains)
{
	uint64_t *key;
	TRY(scope_try_array(sc, n + 1, sizeof *key, (void **)&key));
	TRY(scope_try_array(sc, n + 1, sizeof **order, (void **)order));
	TRY(scope_try_array(sc, n + 1, sizeof **chains, (void **)chains));
	for (uint32_t i = 0; i < n; i++)
		key[i] = (uint64_t)label_lowest(road, &points[i]) << 32 | i;
	qsort(key, n, sizeof *key, compare_u64);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t lowest = (uint32_t)(key[i] >> 32);
		struct chain *c = &(*chains)[i];
		(*order)[i] = (uint32_t)key[i];
		TRY(scope_try_array(sc, road->depth[lowest] + 1, sizeof(uint32_t), (void **)&c->rank));
		c->n = label_chain(road, lowest, c->rank);
	}
	return OK;
}

/* How many points from `first` on make a good group: a full one, unless the
 * next point shares far less with the ones before than they do. */
#define LOSS_MAX 64u

static uint32_t
group_size(const struct chain *chain, uint32_t first, uint32_t n, uint32_t *shared)
{
	uint32_t common = chain[first].n;
	uint32_t k = 1;
	for (; k < LANES && first + k < n; k++) {
		const struct chain *c = &chain[first + k];
		uint32_t next = common_prefix(chain[first].rank, c->rank, 0, common < c->n ? common : c->n);
		if (k >= LANES / 2 && next + LOSS_MAX < common)
			break;
		common = next;
	}
	*shared = common;
	return k;
}

/* --- cells -------------------------------------------------------------------- */

static int32_t
to_ds(uint32_t ms)
{
	return ms >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)((ms + 50) / 100);
}

static void
put_narrow(struct road_matrix *m, size_t at, int32_t cell)
{
	m->duration_ds[at] = cell >= NARROW_REACHED ? ROAD_UNREACHABLE : (cell + 50) / 100;
}

static void
put_wide(struct road_matrix *m, size_t at, int64_t cell)
{
	bool reached = cell < WIDE_REACHED;
	m->duration_ds[at] = reached ? (int32_t)(((cell >> 32) + 50) / 100) : ROAD_UNREACHABLE;
	m->distance_m[at] = reached ? (int32_t)(((cell & UINT32_MAX) + 5) / 10) : ROAD_UNREACHABLE;
}

#define WEIGHT int32_t
#define NAME(x) x##_narrow
#define INFINITE NARROW_INFINITE
#define WEIGHTS_OF cch_narrow_of
#define KERNEL(x) kernels_pick()->x##_narrow
#define PUT put_narrow
#include "road/matrix_body.h"
#undef WEIGHT
#undef NAME
#undef INFINITE
#undef WEIGHTS_OF
#undef KERNEL
#undef PUT

#define WEIGHT int64_t
#define NAME(x) x##_wide
#define INFINITE WIDE_INFINITE
#define WEIGHTS_OF cch_wide_of
#define KERNEL(x) kernels_pick()->x##_wide
#define PUT put_wide
#include "road/matrix_body.h"

/* --- special pairs: see label_is_special --------------------------------------- */

static void
fill_special(struct dijkstra *d, const struct road_point *from, const struct road_point *to, size_t at,
	     struct road_matrix *m)
{
	uint32_t dm;
	uint32_t ms = dijkstra_pair(d, from, to, &dm);
	m->duration_ds[at] = to_ds(ms);
	if (m->distance_m != NULL)
		m->distance_m[at] = ms >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)((dm + 5) / 10);
}

static enum code
fill_specials(struct scope *sc, const struct road *road, const struct road_metric *metric,
	      const struct road_point *from, size_t n_from, const struct road_point *to, size_t n_to,
	      struct road_matrix *m)
{
	uint64_t *key;
	TRY(scope_try_array(sc, n_to + 1, sizeof *key, (void **)&key));
	for (size_t k = 0; k < n_to; k++)
		key[k] = (uint64_t)to[k].segment << 32 | k;
	qsort(key, n_to, sizeof *key, compare_u64);
	struct dijkstra d = {0};
	for (size_t i = 0; i < n_from; i++) {
		size_t lo = 0;
		size_t hi = n_to;
		while (lo < hi) {
			size_t mid = lo + (hi - lo) / 2;
			if (key[mid] >> 32 < from[i].segment)
				lo = mid + 1;
			else
				hi = mid;
		}
		for (; lo < n_to && key[lo] >> 32 == from[i].segment; lo++) {
			size_t k = (uint32_t)key[lo];
			if (!label_is_special(road, &from[i], &to[k]))
				continue;
			if (d.road == NULL)
				dijkstra_init(&d, sc, road, metric);
			fill_special(&d, &from[i], &to[k], i * n_to + k, m);
		}
	}
	return OK;
}

enum code
road_matrix_of_points(struct scope *sc, const struct road *road, const struct road_metric *metric,
		      const struct road_point *from, size_t n_from, const struct road_point *to, size_t n_to,
		      bool want_distances, struct road_matrix *out)
{
	struct road_matrix m = {.n_from = n_from, .n_to = n_to};
	size_t cells;
	if (__builtin_mul_overflow(n_from, n_to, &cells) || n_from > UINT32_MAX / 4 || n_to > UINT32_MAX / 4)
		return fail(sc, E_MEMORY, "a matrix of %zu x %zu does not exist", n_from, n_to);
	TRY(scope_try_array(sc, cells, sizeof(int32_t), (void **)&m.duration_ds));
	if (want_distances)
		TRY(scope_try_array(sc, cells, sizeof(int32_t), (void **)&m.distance_m));
	struct scope work;
	scope_init(&work);
	work.cap = sc->cap;
	work.deadline_ms = sc->deadline_ms;
	const struct road_metric *x = road_metric_or_base(road, metric);
	enum code rc = want_distances ? fill_matrix_wide(&work, road, x, from, n_from, to, n_to, &m)
				      : fill_matrix_narrow(&work, road, x, from, n_from, to, n_to, &m);
	if (rc == OK)
		rc = fill_specials(&work, road, x, from, n_from, to, n_to, &m);
	if (rc != OK)
		sc->err = work.err;
	else
		*out = m;
	scope_release(&work);
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
