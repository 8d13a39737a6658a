/* Is the engine exact? Trips, costs and matrices against whole trees of the plain
 * search: one tree per start, many ends read from it. Half of the points are
 * places where somebody lives, half are points of any street at all: private
 * ones, ferries, junctions, ends. */
#include "road/bench.h"
#include "road/cch.h"
#include "road/trip.h"

#define ENDS_PER_START 20u
#define STARTS_PER_MATRIX 25u

struct trial {
	struct scope *sc;
	const struct road *road;
	const struct road_metric *metric;
	const struct road_point *from, *to; /* a batch: start i has ENDS_PER_START ends of its own */
	size_t n_from, n_to;
	struct road_matrix narrow, wide;
	struct dijkstra *truth;
	struct road_exact *sum;
};

static enum code
pick_point(struct scope *sc, const struct road *road, struct prng *prng, struct road_point *out)
{
	struct place place;
	if (prng_below(prng, 2) == 0) {
		place = road_random_street_point(road, prng);
	} else {
		const struct road_segment *s = &road->segment[prng_below(prng, (uint32_t)road->n[SECTION_SEGMENT])];
		place = road->shape[s->shape + prng_below(prng, s->n_shape)];
	}
	return road_snap(sc, road, place, 50, out);
}

/* One-to-one: cost alone, cost with the way, and the way's own arcs and turns. */
static void
check_pair(struct trial *t, const struct road_point *from, const struct road_point *to)
{
	uint32_t dm;
	uint32_t last;
	uint32_t truth = dijkstra_read(t->truth, from, to, &dm, &last);
	struct trip trip;
	struct scope work;
	scope_init(&work);
	trip_find(&work, t->road, t->metric, from, to, &trip);
	bool same = trip.cost_ms == truth && trip_cost(&work, t->road, t->metric, from, to) == truth;
	if (same && truth < ROAD_INFINITE) {
		struct road_path path;
		uint32_t ms = 0;
		path_from_trip(&work, t->road, t->metric, &trip, from, to, &path);
		for (size_t i = 0; i < path.n_legs; i++)
			ms += (uint32_t)(path.legs[i].duration_ms + path.legs[i].turn_ms);
		same = ms == truth;
	}
	t->sum->pairs++;
	t->sum->unreachable += truth >= ROAD_INFINITE;
	t->sum->mismatches += !same;
	scope_release(&work);
}

static void
check_cells(struct trial *t, size_t i)
{
	for (size_t k = 0; k < t->n_to; k++) {
		uint32_t dm;
		uint32_t last;
		uint32_t ms = dijkstra_read(t->truth, &t->from[i], &t->to[k], &dm, &last);
		bool reached = ms < ROAD_INFINITE;
		int32_t ds = reached ? (int32_t)((ms + 50) / 100) : ROAD_UNREACHABLE;
		int32_t metres = reached ? (int32_t)((dm + 5) / 10) : ROAD_UNREACHABLE;
		size_t at = i * t->n_to + k;
		t->sum->cells++;
		t->sum->mismatches += t->narrow.duration_ds[at] != ds || t->wide.duration_ds[at] != ds ||
				      t->wide.distance_m[at] != metres;
	}
}

static enum code
check_batch(struct trial *t)
{
	TRY(road_matrix_of_points(t->sc, t->road, t->metric, t->from, t->n_from, t->to, t->n_to, false, &t->narrow));
	TRY(road_matrix_of_points(t->sc, t->road, t->metric, t->from, t->n_from, t->to, t->n_to, true, &t->wide));
	for (size_t k = 0; k < t->n_to; k++)
		dijkstra_want(t->truth, &t->to[k]);
	for (size_t i = 0; i < t->n_from; i++) {
		dijkstra_run(t->truth, &t->from[i]);
		for (size_t k = 0; k < ENDS_PER_START; k++)
			check_pair(t, &t->from[i], &t->to[i * ENDS_PER_START + k]);
		check_cells(t, i);
	}
	for (size_t k = 0; k < t->n_to; k++)
		dijkstra_unwant(t->truth, &t->to[k]);
	return OK;
}

static enum code
check_metric(struct scope *sc, const struct road *road, const struct road_metric *metric, const struct road_point *p,
	     size_t starts, struct road_exact *sum)
{
	struct dijkstra truth;
	struct scope work;
	scope_init(&work);
	dijkstra_init(&truth, sc, road, metric);
	const struct road_metric *m = road_metric_or_base(road, metric);
	enum code rc = OK;
	for (size_t i = 0; i < starts && rc == OK; i += STARTS_PER_MATRIX) {
		struct trial t = {.sc = &work, .road = road, .metric = m, .truth = &truth, .sum = sum};
		t.n_from = starts - i < STARTS_PER_MATRIX ? starts - i : STARTS_PER_MATRIX;
		t.n_to = t.n_from * ENDS_PER_START;
		t.from = p + i;
		t.to = p + starts + i * ENDS_PER_START;
		rc = check_batch(&t);
		if (rc != OK)
			sc->err = work.err;
		scope_clear(&work);
	}
	scope_release(&work);
	return rc;
}

static enum code
check_random_metric(struct scope *sc, struct road *road, uint64_t seed, const struct road_point *p, size_t starts,
		    struct road_exact *sum)
{
	size_t n = road->n[SECTION_ARC];
	uint32_t *ms = NEW_ARRAY(sc, n, uint32_t);
	struct prng prng;
	prng_seed(&prng, seed);
	for (size_t i = 0; i < n; i++)
		ms[i] = 1 + prng_below(&prng, 60000);
	struct road_metric *metric;
	TRY(road_metric_build(sc, road, ms, &metric));
	enum code rc = check_metric(sc, road, metric, p, starts, sum);
	road_metric_free(metric);
	return rc;
}

enum code
road_exact(struct scope *sc, struct road *road, const struct road_exact_plan *plan, struct road_exact *out)
{
	size_t starts = ((size_t)plan->pairs + ENDS_PER_START - 1) / ENDS_PER_START;
	size_t n = starts * (1 + ENDS_PER_START);
	struct road_point *p = NEW_ARRAY(sc, n, struct road_point);
	struct prng prng;
	prng_seed(&prng, (uint64_t)plan->seed);
	for (size_t i = 0; i < n; i++)
		TRY(pick_point(sc, road, &prng, &p[i]));
	struct road_exact sum = {0};
	TRY(check_metric(sc, road, NULL, p, starts, &sum));
	for (int64_t i = 0; i < plan->metrics; i++)
		TRY(check_random_metric(sc, road, (uint64_t)(plan->seed + i + 1), p, starts, &sum));
	*out = sum;
	return OK;
}
