/* One to all against the plain search, to every vertex and to points; and the
 * areas drawn around what is reached. */
#include "road/town.h"

#include "road/dijkstra.h"
#include "road/isochrone.h"
#include "road/reach_inner.h"

static struct road *
town_open(struct scope *sc, struct prng *prng, int side)
{
	const char *json = town_geojson(sc, prng, side);
	struct road *road;
	struct road_import_report report;
	assert_ok(sc, town_open_bytes(sc, json, strlen(json), "van", &road, &report));
	return road;
}

static struct road_metric *
random_metric(struct scope *sc, const struct road *road, struct prng *prng)
{
	uint32_t *ms = NEW_ARRAY(sc, road->n[SECTION_ARC], uint32_t);
	for (size_t i = 0; i < road->n[SECTION_ARC]; i++)
		ms[i] = 1 + prng_below(prng, 60000);
	struct road_metric *m;
	assert_ok(sc, road_metric_build(sc, road, ms, &m));
	return m;
}

static struct road_point
random_point(struct scope *sc, const struct road *road, struct prng *prng)
{
	struct road_point p;
	assert_ok(sc, road_snap(sc, road, road_random_street_point(road, prng), ROAD_SNAP_MAX_M, &p));
	return p;
}

/* Every vertex, with and without a budget. */
static void
check_reach(struct scope *sc, const struct road *road, const struct road_metric *metric, struct dijkstra *d,
	    const struct road_point *from, int32_t budget_ds)
{
	struct road_reach *reach;
	assert_ok(sc, road_reach(sc, road, metric, from, budget_ds, &reach));
	d->n_wanted = 1; /* nothing is: it runs to the end */
	dijkstra_run(d, from);
	d->n_wanted = 0;
	for (uint32_t v = 0; v < road->n[SECTION_VERTEX]; v++) {
		uint32_t truth = d->cost[v] <= reach->budget_ms ? d->cost[v] : ROAD_INFINITE;
		if (reach->cost[v] != truth)
			fail_msg("vertex %u: %u ms, not %u (budget %d ds)", v, reach->cost[v], truth, budget_ds);
	}
}

static void
every_vertex_costs_what_a_plain_search_says(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct scope sc;
		scope_init(&sc);
		struct prng prng;
		prng_seed(&prng, seed);
		struct road *road = town_open(&sc, &prng, 4 + (int)prng_below(&prng, 8));
		struct road_metric *metric = seed % 2 == 0 ? random_metric(&sc, road, &prng) : NULL;
		struct dijkstra d;
		dijkstra_init(&d, &sc, road, metric);
		for (int i = 0; i < 25; i++) {
			struct road_point from = random_point(&sc, road, &prng);
			check_reach(&sc, road, metric, &d, &from, ROAD_UNREACHABLE);
			check_reach(&sc, road, metric, &d, &from, (int32_t)prng_below(&prng, 3000));
		}
		road_metric_free(metric);
		road_close(road);
		scope_release(&sc);
	}
}

static void
points_cost_what_the_matrix_says(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 5);
	struct road *road = town_open(&sc, &prng, 9);
	enum { N = 60 };
	struct road_point points[N];
	for (int i = 0; i < N; i++)
		points[i] = random_point(&sc, road, &prng);
	struct road_matrix m;
	assert_ok(&sc, road_matrix_of_points(&sc, road, NULL, points, N, points, N, false, &m));
	for (int i = 0; i < N; i++) {
		struct road_reach *reach;
		assert_ok(&sc, road_reach(&sc, road, NULL, &points[i], ROAD_UNREACHABLE, &reach));
		for (int k = 0; k < N; k++)
			assert_int_equal(road_reach_ds(reach, &points[k]), m.duration_ds[i * N + k]);
		struct road_near *near;
		size_t n;
		size_t within = 0;
		assert_ok(&sc, road_reach(&sc, road, NULL, &points[i], 900, &reach));
		assert_ok(&sc, road_reach_points(&sc, reach, points, N, &near, &n));
		for (int k = 0; k < N; k++)
			within += m.duration_ds[i * N + k] < 900;
		assert_true(n >= within && n > 0 && near[0].duration_ds == 0);
		for (size_t k = 0; k < n; k++) {
			assert_int_equal(near[k].duration_ds, m.duration_ds[(size_t)i * N + near[k].index]);
			assert_true(near[k].duration_ds <= 900);
			assert_true(k == 0 || near[k - 1].duration_ds <= near[k].duration_ds);
		}
	}
	road_close(road);
	scope_release(&sc);
}

/* --- areas ------------------------------------------------------------------------- */

static double
ring_area(const struct road_ring *r)
{
	double twice = 0;
	for (size_t i = 0; i + 1 < r->n; i++)
		twice += (double)r->at[i].lon_e7 * r->at[i + 1].lat_e7 - (double)r->at[i + 1].lon_e7 * r->at[i].lat_e7;
	return twice / 2;
}

static bool
ring_holds(const struct road_ring *r, struct place p)
{
	bool in = false;
	for (size_t i = 0; i + 1 < r->n; i++) {
		struct place a = r->at[i];
		struct place b = r->at[i + 1];
		if ((a.lat_e7 > p.lat_e7) == (b.lat_e7 > p.lat_e7))
			continue;
		double x = a.lon_e7 + (double)(p.lat_e7 - a.lat_e7) / (b.lat_e7 - a.lat_e7) * (b.lon_e7 - a.lon_e7);
		in ^= p.lon_e7 < x;
	}
	return in;
}

static bool
band_holds(const struct road_band *b, struct place p)
{
	for (size_t i = 0; i < b->n_areas; i++) {
		bool in = ring_holds(&b->areas[i].rings[0], p);
		for (size_t k = 1; k < b->areas[i].n_rings; k++)
			in &= !ring_holds(&b->areas[i].rings[k], p);
		if (in)
			return true;
	}
	return false;
}

static void
check_rings(const struct road_band *b)
{
	assert_true(b->n_areas >= 1);
	for (size_t i = 0; i < b->n_areas; i++) {
		for (size_t k = 0; k < b->areas[i].n_rings; k++) {
			const struct road_ring *r = &b->areas[i].rings[k];
			assert_true(r->n >= 4);
			assert_memory_equal(&r->at[0], &r->at[r->n - 1], sizeof r->at[0]);
			assert_true(k == 0 ? ring_area(r) > 0 : ring_area(r) < 0);
			if (k > 0)
				assert_true(ring_holds(&b->areas[i].rings[0], r->at[0]));
		}
	}
}

/* What a trip reaches well in time lies inside its band, what it reaches well
 * after lies outside; and each band lies inside the next. */
static void
bands_hold_what_is_reached(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 6);
	struct road *road = town_open(&sc, &prng, 24);
	static const int32_t within[] = {800, 1600, 2400};
	int inside = 0;
	int outside = 0;
	for (int round = 0; round < 4; round++) {
		struct road_point from = random_point(&sc, road, &prng);
		struct road_reach *reach;
		struct road_isochrone iso;
		assert_ok(&sc, road_reach(&sc, road, NULL, &from, ROAD_UNREACHABLE, &reach));
		assert_ok(&sc, road_isochrone(&sc, road, NULL, &from, within, 3, &iso));
		assert_int_equal(iso.n_bands, 3);
		for (size_t b = 0; b < 3; b++)
			check_rings(&iso.bands[b]);
		for (int i = 0; i < 400; i++) {
			struct road_point p = random_point(&sc, road, &prng);
			p.arrive = (uint8_t)((road->segment[p.segment].arc[0] != ROAD_NONE ? ROAD_FORWARD : 0) |
					     (road->segment[p.segment].arc[1] != ROAD_NONE ? ROAD_BACKWARD : 0));
			int32_t ds = road_reach_ds(reach, &p);
			bool in[3];
			for (size_t b = 0; b < 3; b++) {
				in[b] = band_holds(&iso.bands[b], p.at);
				if (ds < within[b] - ROAD_BAND_SLACK_DS) {
					assert_true(in[b]);
					inside++;
				}
				assert_true(b == 0 || in[b] || !in[b - 1]);
			}
			if (ds > within[2] + ROAD_BAND_SLACK_DS && !in[2])
				outside++;
		}
	}
	assert_true(inside > 200 && outside > 50);
	road_close(road);
	scope_release(&sc);
}

static void
senseless_bands_are_refused(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 7);
	struct road *road = town_open(&sc, &prng, 5);
	struct road_point from = random_point(&sc, road, &prng);
	struct road_isochrone iso;
	static const int32_t falling[] = {600, 300};
	static const int32_t none[] = {0};
	static const int32_t long_one[] = {ROAD_BAND_MAX_DS + 1};
	assert_int_equal(road_isochrone(&sc, road, NULL, &from, falling, 2, &iso), E_INVALID);
	assert_int_equal(road_isochrone(&sc, road, NULL, &from, none, 1, &iso), E_INVALID);
	assert_int_equal(road_isochrone(&sc, road, NULL, &from, long_one, 1, &iso), E_INVALID);
	assert_int_equal(road_isochrone(&sc, road, NULL, &from, falling, 0, &iso), E_INVALID);
	sc.cap = 1 << 12;
	static const int32_t one[] = {600};
	assert_int_equal(road_isochrone(&sc, road, NULL, &from, one, 1, &iso), E_MEMORY);
	road_close(road);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_vertex_costs_what_a_plain_search_says),
	    cmocka_unit_test(points_cost_what_the_matrix_says),
	    cmocka_unit_test(bands_hold_what_is_reached),
	    cmocka_unit_test(senseless_bands_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
