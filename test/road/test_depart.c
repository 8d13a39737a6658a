/* Trips that begin at a time of day against an oracle that tries every turn over
 * and over, and knows nothing of hierarchies; lazily made hours under threads. */
#include "road/town.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "road/depart.h"
#include "road/dijkstra.h"
#include "road/trip.h"
#include "road/week_inner.h"

#define HOUR_MS 3600000
#define MONDAY_MS ((int64_t)1795392000000) /* 2026-11-23 */

/* Durations that differ wildly from hour to hour. */
struct wild {
	uint64_t seed;
	uint32_t most_ms;
	_Atomic int made;
};

static uint32_t
wild_ms(const struct wild *w, unsigned hour, uint32_t arc)
{
	struct prng prng;
	prng_seed(&prng, w->seed * 1000003 + hour * 100000 + arc);
	return 1 + prng_below(&prng, w->most_ms);
}

static enum code
wild_metric(void *arg, struct scope *sc, const struct road *road, unsigned hour, struct road_metric **out)
{
	struct wild *w = arg;
	atomic_fetch_add(&w->made, 1);
	struct scope work;
	scope_init(&work);
	uint32_t *ms = NEW_ARRAY(&work, road->n[SECTION_ARC], uint32_t);
	for (uint32_t a = 0; a < road->n[SECTION_ARC]; a++)
		ms[a] = wild_ms(w, hour, a);
	enum code rc = road_metric_build(sc, road, ms, out);
	scope_release(&work);
	return rc;
}

static struct road *
town_open(struct scope *sc, struct prng *prng, int side)
{
	const char *json = town_geojson(sc, prng, side);
	struct road *road;
	struct road_import_report report;
	assert_ok(sc, town_open_bytes(sc, json, strlen(json), "van", &road, &report));
	return road;
}

static struct road_point
random_point(struct scope *sc, const struct road *road, struct prng *prng)
{
	struct road_point p;
	assert_ok(sc, road_snap(sc, road, road_random_street_point(road, prng), ROAD_SNAP_MAX_M, &p));
	return p;
}

/* --- the oracle ------------------------------------------------------------------- */

struct oracle {
	const struct road *road;
	const struct wild *wild;
};

static int64_t
oracle_need(const struct oracle *o, int64_t at, uint32_t arc, uint32_t f, uint32_t g)
{
	uint32_t w = wild_ms(o->wild, road_hour_of(at), arc);
	return (int64_t)road_part(w, g) - road_part(w, f);
}

/* The rule of depart.h, hour by hour. */
static int64_t
oracle_through(const struct oracle *o, uint32_t arc, uint32_t f, uint32_t g, int64_t at)
{
	int64_t need = oracle_need(o, at, arc, f, g);
	int64_t left = need;
	for (;;) {
		int64_t next_hour = (at / HOUR_MS + 1) * HOUR_MS;
		if (at + left <= next_hour)
			return at + left;
		left -= next_hour - at;
		at = next_hour;
		int64_t then = oracle_need(o, at, arc, f, g);
		left = need == 0 ? 0 : left * then / need + (left * then % need != 0);
		need = then;
	}
}

static bool
oracle_relax(const struct oracle *o, int64_t *at, uint32_t v, int64_t end)
{
	const struct road *road = o->road;
	bool changed = false;
	for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++) {
		uint32_t to = road->turn[e].to;
		if (end + road->turn[e].cost_ms < at[to]) {
			at[to] = end + road->turn[e].cost_ms;
			changed = true;
		}
	}
	return changed;
}

static int64_t
oracle_trip(struct scope *sc, const struct oracle *o, const struct road_point *from, const struct road_point *to,
	    int64_t depart)
{
	const struct road *road = o->road;
	size_t n = road->n[SECTION_VERTEX];
	int64_t *at = NEW_ARRAY(sc, n, int64_t);
	int64_t best = INT64_MAX;
	for (size_t v = 0; v < n; v++)
		at[v] = INT64_MAX;
	for (uint32_t v = road->segment_vertex[from->segment]; v < road->segment_vertex[from->segment + 1]; v++) {
		uint32_t arc = road->vertex[v].arc;
		uint32_t f = road_arc_fraction(&road->arc[arc], from);
		if (!point_leaves_by(road, from, v))
			continue;
		oracle_relax(o, at, v, oracle_through(o, arc, f, ROAD_WHOLE, depart));
		uint32_t g = road_arc_fraction(&road->arc[arc], to);
		unsigned way = road->arc[arc].backward != 0 ? ROAD_BACKWARD : ROAD_FORWARD;
		if (from->segment == to->segment && (to->arrive & way) != 0 && g >= f) {
			int64_t end = oracle_through(o, arc, f, g, depart);
			best = end < best ? end : best;
		}
	}
	for (bool changed = true; changed;) {
		changed = false;
		for (uint32_t v = 0; v < n; v++)
			if (at[v] != INT64_MAX)
				changed |= oracle_relax(o, at, v,
							oracle_through(o, road->vertex[v].arc, 0, ROAD_WHOLE, at[v]));
	}
	for (uint32_t v = road->segment_vertex[to->segment]; v < road->segment_vertex[to->segment + 1]; v++) {
		if (!point_arrives_by(road, to, v) || at[v] == INT64_MAX)
			continue;
		uint32_t arc = road->vertex[v].arc;
		int64_t end = oracle_through(o, arc, 0, road_arc_fraction(&road->arc[arc], to), at[v]);
		best = end < best ? end : best;
	}
	return best;
}

/* --- exactness -------------------------------------------------------------------- */

static int64_t
legs_ms(const struct road_path *path)
{
	int64_t ms = 0;
	for (size_t i = 0; i < path->n_legs; i++)
		ms += path->legs[i].duration_ms + path->legs[i].turn_ms;
	return ms;
}

static void
check_trip(struct scope *sc, const struct oracle *o, const struct road_week *week, const struct road_point *a,
	   const struct road_point *b, int64_t depart, int *crossed)
{
	int64_t truth = oracle_trip(sc, o, a, b, depart);
	int32_t ms;
	struct road_path path;
	assert_ok(sc, road_duration_at(sc, o->road, week, a, b, depart, &ms));
	if (truth == INT64_MAX) {
		assert_int_equal(ms, ROAD_UNREACHABLE);
		assert_int_equal(road_path_at(sc, o->road, week, a, b, depart, &path), E_NOT_FOUND);
		return;
	}
	if (ms != truth - depart)
		fail_msg("seed %" PRIu64 ": %d ms, not %" PRId64, o->wild->seed, ms, truth - depart);
	assert_ok(sc, road_path_at(sc, o->road, week, a, b, depart, &path));
	assert_int_equal(legs_ms(&path), ms);
	assert_int_equal(path.duration_ds, (ms + 50) / 100);
	assert_true(path.n_steps >= 2);
	*crossed += depart / HOUR_MS != truth / HOUR_MS;
}

static void
every_departure_arrives_when_the_oracle_says(void **state)
{
	(void)state;
	int crossed = 0;
	for (uint64_t seed = 1; seed <= 16; seed++) {
		struct scope sc;
		scope_init(&sc);
		struct prng prng;
		prng_seed(&prng, seed);
		struct road *road = town_open(&sc, &prng, 4 + (int)prng_below(&prng, 5));
		/* from a few minutes across town to the better part of a day */
		struct wild wild = {.seed = seed, .most_ms = 60000u << seed % 6};
		const struct road_week_source source = {wild_metric, NULL, &wild};
		struct road_week *week;
		assert_ok(&sc, road_week_new(&sc, road, &source, &week));
		const struct oracle o = {road, &wild};
		for (int i = 0; i < 25; i++) {
			struct scope one;
			scope_init(&one);
			struct road_point a = random_point(&one, road, &prng);
			struct road_point b = i % 8 == 0 ? a : random_point(&one, road, &prng);
			if (i % 8 == 0)
				b.fraction = prng_below(&prng, ROAD_WHOLE + 1);
			int64_t depart = MONDAY_MS + prng_below(&prng, 7 * 24 * 3600) * (int64_t)1000;
			check_trip(&one, &o, week, &a, &b, depart, &crossed);
			scope_release(&one);
		}
		road_week_free(week);
		road_close(road);
		scope_release(&sc);
	}
	assert_true(crossed > 100);
}

static void
who_leaves_later_arrives_later(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 21);
	struct road *road = town_open(&sc, &prng, 6);
	struct wild wild = {.seed = 21, .most_ms = 900000};
	const struct road_week_source source = {wild_metric, NULL, &wild};
	struct road_week *week;
	assert_ok(&sc, road_week_new(&sc, road, &source, &week));
	for (int i = 0; i < 8; i++) {
		struct road_point a = random_point(&sc, road, &prng);
		struct road_point b = random_point(&sc, road, &prng);
		int64_t before = 0;
		for (int64_t t = MONDAY_MS + 8 * HOUR_MS; t < MONDAY_MS + 11 * HOUR_MS; t += 97531) {
			int32_t ms;
			assert_ok(&sc, road_duration_at(&sc, road, week, &a, &b, t, &ms));
			if (ms == ROAD_UNREACHABLE)
				break;
			assert_true(t + ms >= before);
			before = t + ms;
		}
	}
	road_week_free(week);
	road_close(road);
	scope_release(&sc);
}

/* Half of a street at each hour's pace: the rule is an integral over time. */
static void
an_arc_over_a_border_is_driven_at_both_paces(void **state)
{
	(void)state;
	struct wild wild = {.seed = 4, .most_ms = 5000000};
	const struct oracle o = {NULL, &wild};
	for (uint32_t arc = 0; arc < 50; arc++) {
		int64_t at = MONDAY_MS + arc * 1234567;
		int64_t end = MONDAY_MS;
		/* oracle_through needs no road but for fractions: the whole arc */
		end = oracle_through(&o, arc, 0, ROAD_WHOLE, at);
		double done = 0;
		for (int64_t t = at; t < end; t++)
			done += 1.0 / wild_ms(&wild, road_hour_of(t), arc);
		assert_true(fabs(done - 1) < 1e-4 + 3.0 / wild_ms(&wild, road_hour_of(end), arc));
		at = end;
	}
}

/* --- matrices ---------------------------------------------------------------------- */

static void
a_matrix_of_one_departure_is_its_trips(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 9);
	struct road *road = town_open(&sc, &prng, 6);
	struct wild wild = {.seed = 9, .most_ms = 400000};
	const struct road_week_source source = {wild_metric, NULL, &wild};
	struct road_week *week;
	assert_ok(&sc, road_week_new(&sc, road, &source, &week));
	enum { N = 9 };
	struct road_point points[N];
	for (int i = 0; i < N; i++)
		points[i] = random_point(&sc, road, &prng);
	struct road_matrix m;
	int64_t depart = MONDAY_MS + 8 * HOUR_MS + 40 * 60000;
	assert_ok(&sc, road_matrix_at(&sc, road, week, points, N, points, N, depart, &m));
	for (int i = 0; i < N * N; i++) {
		int32_t ms;
		assert_ok(&sc, road_duration_at(&sc, road, week, &points[i / N], &points[i % N], depart, &ms));
		assert_int_equal(m.duration_ds[i], ms == ROAD_UNREACHABLE ? ms : (ms + 50) / 100);
	}
	road_week_free(week);
	road_close(road);
	scope_release(&sc);
}

static void
slices_are_each_hours_matrix_and_fifo(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 10);
	struct road *road = town_open(&sc, &prng, 6);
	struct wild wild = {.seed = 10, .most_ms = 2000000}; /* hours across town: FIFO must be made */
	const struct road_week_source source = {wild_metric, NULL, &wild};
	struct road_week *week;
	assert_ok(&sc, road_week_new(&sc, road, &source, &week));
	enum { N = 8 };
	struct road_point points[N];
	for (int i = 0; i < N; i++)
		points[i] = random_point(&sc, road, &prng);
	struct road_slices s;
	int64_t from = MONDAY_MS + 8 * HOUR_MS + 1;
	struct road_hour *hours;
	size_t n_hours;
	assert_ok(&sc, road_week_hours(&sc, week, from, from + 3 * HOUR_MS, &hours, &n_hours));
	assert_ok(&sc, road_slices(&sc, road, hours, n_hours, points, N, &s));
	assert_int_equal(s.n, 4);
	int raised = 0;
	for (size_t k = 0; k < s.n; k++) {
		assert_int_equal(s.at_ms[k], MONDAY_MS + (8 + (int64_t)k) * HOUR_MS + HOUR_MS / 2);
		const struct road_metric *metric;
		struct road_matrix m;
		assert_ok(&sc, road_week_metric(&sc, week, 8 + (unsigned)k, &metric));
		assert_ok(&sc, road_matrix_of_points(&sc, road, metric, points, N, points, N, false, &m));
		for (size_t i = 0; i < (size_t)N * N; i++) {
			int32_t now = s.duration_ds[k * N * N + i];
			int32_t before = k == 0 ? now : s.duration_ds[(k - 1) * N * N + i];
			assert_true(now >= m.duration_ds[i] && before - now <= 36000);
			raised += now != m.duration_ds[i];
			assert_true(now == m.duration_ds[i] || before - now == 36000);
		}
	}
	assert_true(raised > 0);
	assert_int_equal(road_week_hours(&sc, week, from, from - 1, &hours, &n_hours), E_INVALID);
	assert_int_equal(road_week_hours(&sc, week, from, from + 49 * (int64_t)HOUR_MS, &hours, &n_hours), E_LIMIT);
	hours[1].at_ms = hours[0].at_ms;
	assert_int_equal(road_slices(&sc, road, hours, n_hours, points, N, &s), E_INVALID);
	assert_int_equal(road_slices(&sc, road, hours, 0, points, N, &s), E_INVALID);
	road_week_free(week);
	road_close(road);
	scope_release(&sc);
}

/* --- threads ------------------------------------------------------------------------ */

#define ASKERS 6
#define ROUNDS 12
#define PAIRS 5

struct stage {
	const struct road *road;
	const struct road_week *week;
	struct road_point from[PAIRS], to[PAIRS];
	int32_t known[PAIRS][24];
	_Atomic int ready, wrong;
};

/* All begin at once, each with another hour, so that they meet where hours are made. */
static void *
ask(void *arg)
{
	struct stage *s = arg;
	struct scope sc;
	scope_init(&sc);
	int me = atomic_fetch_add(&s->ready, 1);
	while (atomic_load(&s->ready) < ASKERS)
		nanosleep(&(struct timespec){.tv_nsec = 1000}, NULL);
	for (int i = 0; i < PAIRS * 24; i++) {
		int hour = (i + 4 * me) % 24;
		int32_t ms = -1;
		enum code rc = road_duration_at(&sc, s->road, s->week, &s->from[i % PAIRS], &s->to[i % PAIRS],
						MONDAY_MS + hour * HOUR_MS + 50 * 60000, &ms);
		atomic_fetch_add(&s->wrong, rc != OK || ms != s->known[i % PAIRS][hour]);
		scope_clear(&sc);
	}
	scope_release(&sc);
	return NULL;
}

static void
ask_all(struct scope *sc, struct stage *s, struct wild *wild)
{
	const struct road_week_source source = {wild_metric, NULL, wild};
	struct road_week *week;
	pthread_t askers[ASKERS];
	assert_ok(sc, road_week_new(sc, s->road, &source, &week));
	assert_int_equal(road_week_made(week), 0);
	s->week = week;
	atomic_store(&s->ready, 0);
	for (int i = 0; i < ASKERS; i++)
		assert_int_equal(pthread_create(&askers[i], NULL, ask, s), 0);
	for (int i = 0; i < ASKERS; i++)
		pthread_join(askers[i], NULL);
	assert_true(road_week_made(week) >= 24);
	road_week_free(week);
}

static void
hours_are_made_once_however_many_ask(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 12);
	struct road *road = town_open(&sc, &prng, 6);
	struct stage s = {.road = road};
	struct wild wild = {.seed = 50, .most_ms = 300000};
	const struct road_week_source source = {wild_metric, NULL, &wild};
	struct road_week *alone;
	assert_ok(&sc, road_week_new(&sc, road, &source, &alone));
	for (int i = 0; i < PAIRS; i++) {
		s.from[i] = random_point(&sc, road, &prng);
		s.to[i] = random_point(&sc, road, &prng);
		for (int hour = 0; hour < 24; hour++)
			assert_ok(&sc, road_duration_at(&sc, road, alone, &s.from[i], &s.to[i],
							MONDAY_MS + hour * HOUR_MS + 50 * 60000, &s.known[i][hour]));
	}
	size_t hours = road_week_made(alone);
	road_week_free(alone);
	for (int round = 0; round < ROUNDS; round++) {
		atomic_store(&wild.made, 0);
		ask_all(&sc, &s, &wild);
		/* once for each hour, and for bounds over a week once more at most */
		assert_true((size_t)wild.made >= hours && (size_t)wild.made <= hours + 3 * ROAD_HOURS);
	}
	assert_int_equal(s.wrong, 0);
	road_close(road);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_departure_arrives_when_the_oracle_says),
	    cmocka_unit_test(who_leaves_later_arrives_later),
	    cmocka_unit_test(an_arc_over_a_border_is_driven_at_both_paces),
	    cmocka_unit_test(a_matrix_of_one_departure_is_its_trips),
	    cmocka_unit_test(slices_are_each_hours_matrix_and_fifo),
	    cmocka_unit_test(hours_are_made_once_however_many_ask),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
