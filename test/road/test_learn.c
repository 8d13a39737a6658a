/* Learning: what was driven slowly is foretold slower, and nobody's own drive
 * can be read from the result. */
#include "road/town.h"

#include "road/learn.h"
#include "road/metric.h"

#define MONDAY_8 ((int64_t)345600 * 1000 + 8 * 3600000) /* 1970-01-05 */

struct town {
	struct scope sc;
	struct prng prng;
	struct road *road;
};

static void
town_init(struct town *t)
{
	scope_init(&t->sc);
	prng_seed(&t->prng, 6);
	const char *json = town_geojson(&t->sc, &t->prng, 9);
	struct road_import_report report;
	assert_ok(&t->sc, town_open_bytes(&t->sc, json, strlen(json), "van", &t->road, &report));
}

/* A drive from a to b that takes `slow` times the map's own time, a fix a second
 * of the map's time. */
static size_t
drive(struct town *t, struct place a, struct place b, double slow, int64_t start_ms, struct road_fix **out)
{
	struct road_path path;
	assert_ok(&t->sc, road_path(&t->sc, t->road, NULL, a, b, &path));
	*out = NEW_ARRAY(&t->sc, path.n_shape + 1, struct road_fix);
	size_t n = 0;
	double s = 0;
	double step = path.duration_ds * 0.1 / path.distance_m;
	for (size_t i = 0; i < path.n_shape; i++) {
		s += i == 0 ? 0 : place_distance_m(path.shape[i - 1], path.shape[i]) * step;
		(*out)[n++] = (struct road_fix){path.shape[i], start_ms + (int64_t)(s * slow * 1000), 5};
	}
	return n;
}

static size_t
learn(struct town *t, unsigned drivers, int drives, double slow, struct road_speeds *out)
{
	struct road_learner *l = road_learner_new(&t->sc, t->road);
	prng_seed(&t->prng, 99);
	for (int i = 0; i < drives; i++) {
		struct place a = road_random_street_point(t->road, &t->prng);
		struct place b = road_random_street_point(t->road, &t->prng);
		if (place_distance_m(a, b) < 300)
			continue;
		struct road_fix *fixes;
		size_t n = drive(t, a, b, slow, MONDAY_8, &fixes);
		assert_ok(&t->sc, road_learner_add(&t->sc, l, (unsigned)i % drivers, fixes, n));
	}
	assert_ok(&t->sc, road_learner_finish(&t->sc, l, out));
	return out->n_arcs;
}

static void
slow_drives_make_slow_streets(void **state)
{
	(void)state;
	struct town t;
	town_init(&t);
	struct road_speeds speeds;
	learn(&t, 5, 120, 2.0, &speeds);
	struct road_metric *metric;
	assert_ok(&t.sc, road_speeds_metric(&t.sc, t.road, &speeds, road_hour_of(MONDAY_8), true, &metric));
	double ratio = 0;
	int n = 0;
	for (int i = 0; i < 30; i++) {
		struct road_path free_flow;
		struct road_path slow;
		struct place a = road_random_street_point(t.road, &t.prng);
		struct place b = road_random_street_point(t.road, &t.prng);
		assert_ok(&t.sc, road_path(&t.sc, t.road, NULL, a, b, &free_flow));
		assert_ok(&t.sc, road_path(&t.sc, t.road, metric, a, b, &slow));
		if (free_flow.duration_ds < 300)
			continue;
		ratio += (double)slow.duration_ds / free_flow.duration_ds;
		n++;
	}
	assert_true(n > 10 && ratio / n > 1.7 && ratio / n < 2.3);
	road_metric_free(metric);
	/* text and back */
	struct road_speeds again;
	assert_ok(&t.sc, road_speeds_parse(&t.sc, road_speeds_text(&t.sc, &speeds), &again));
	assert_int_equal(again.n_arcs, speeds.n_arcs);
	assert_int_equal(road_speeds_parse(&t.sc, "", &again), E_INVALID);
	assert_int_equal(road_speeds_parse(&t.sc, "waybill-speeds 1\narc 1 2 3 4\n", &again), E_INVALID);
	assert_int_equal(road_speeds_parse(&t.sc, "waybill-speeds 1\ntrip nan\n", &again), E_INVALID);
	road_close(t.road);
	scope_release(&t.sc);
}

static void
one_or_two_drivers_leave_no_trace(void **state)
{
	(void)state;
	struct town t;
	town_init(&t);
	struct road_speeds speeds;
	assert_int_equal(learn(&t, 1, 80, 3.0, &speeds), 0);
	assert_int_equal(learn(&t, 2, 80, 3.0, &speeds), 0);
	for (unsigned c = 0; c < ROAD_CLASSES; c++)
		for (unsigned h = 0; h < ROAD_HOURS; h++)
			assert_true(speeds.class_hour[c][h] > 0.999 && speeds.class_hour[c][h] < 1.001);
	road_close(t.road);
	scope_release(&t.sc);
}

static void
a_phone_that_lies_teaches_nothing_wild(void **state)
{
	(void)state;
	struct town t;
	town_init(&t);
	struct road_learner *l = road_learner_new(&t.sc, t.road);
	/* it stands an hour, it jumps, it is in another country */
	for (uint64_t driver = 0; driver < 4; driver++) {
		struct place a = road_random_street_point(t.road, &t.prng);
		struct road_fix lie[4] = {{a, 1000, 5}, {a, 3600000, 5}, {a, 3601000, 5}, {a, 3602000, 5}};
		lie[2].at.lat_e7 += (int32_t)(driver * 3000000);
		lie[3].at = road_random_street_point(t.road, &t.prng);
		assert_ok(&t.sc, road_learner_add(&t.sc, l, driver, lie, 4));
		struct road_fix far[2] = {{{0, 0}, 1, 5}, {{10000, 0}, 2, 5}};
		assert_ok(&t.sc, road_learner_add(&t.sc, l, driver, far, 2));
	}
	struct road_speeds speeds;
	if (road_learner_finish(&t.sc, l, &speeds) == OK) {
		struct road_metric *metric;
		assert_ok(&t.sc, road_speeds_metric(&t.sc, t.road, &speeds, 8, true, &metric));
		for (size_t i = 0; i < t.road->n[SECTION_ARC]; i++) /* no arc leaves [0.2, 12] of its own time */
			assert_in_range(metric->arc_ms[i], t.road->arc_ms[i] / 5, t.road->arc_ms[i] * 12 + 1);
		road_metric_free(metric);
		assert_true(speeds.trip > 0.2 && speeds.trip < 12);
	}
	road_close(t.road);
	scope_release(&t.sc);
}

/* Honest phones drive at twice the map's time. A fourth driver, with a thousand
 * times their driving, tells that nobody moves, or that everybody flies. */
static void
one_voice_bends_a_mean_only_so_far(void **state)
{
	(void)state;
	struct scope sc;
	struct prng prng;
	scope_init(&sc);
	prng_seed(&prng, 21);
	for (int round = 0; round < 500; round++) {
		size_t n = 3 + prng_below(&prng, 12); /* the last one lies */
		double lo = 1e9;
		double hi = 0;
		struct voice *list = NEW_ARRAY(&sc, n, struct voice);
		for (size_t i = 0; i < n; i++) {
			double weight = 1 + prng_unit(&prng) * 100;
			double ratio = 0.5 + prng_unit(&prng) * 2;
			if (i + 1 < n) {
				lo = ratio < lo ? ratio : lo;
				hi = ratio > hi ? ratio : hi;
			} else {
				weight *= 1000;
				ratio = prng_below(&prng, 2) == 0 ? 1e-6 : 1e6;
			}
			list[i] = (struct voice){7, i, ratio * weight, weight};
		}
		struct voices v;
		bool heard;
		voices_init(&v, &sc, list, n);
		double mean = voices_mean(&v, 7, 1, 0, &heard);
		assert_true(heard && mean <= 2 * hi + 1e-9 && mean >= lo * 2 / 3 - 1e-9);
		assert_true(voices_mean(&v, 8, 1.25, 10, &heard) == 1.25 && !heard); /* nobody speaks of 8 */
		scope_clear(&sc);
	}
	scope_release(&sc);
}

/* The metric that honest drives teach, with and without a liar among them. */
static void
one_phone_of_a_thousand_drives_is_one_driver(void **state)
{
	(void)state;
	struct town t;
	town_init(&t);
	struct road_metric *metric[2];
	for (int liar = 0; liar < 2; liar++) {
		struct road_learner *l = road_learner_new(&t.sc, t.road);
		prng_seed(&t.prng, 4);
		for (int i = 0; i < 1000; i++) {
			struct place a = road_random_street_point(t.road, &t.prng);
			struct place b = road_random_street_point(t.road, &t.prng);
			bool lies = i >= 150;
			if (place_distance_m(a, b) < 300 || (lies && liar == 0))
				continue;
			struct road_fix *fixes;
			size_t n = drive(&t, a, b, lies ? 11.0 : 1.5, MONDAY_8, &fixes);
			assert_ok(&t.sc, road_learner_add(&t.sc, l, lies ? 99 : (uint64_t)(i % 5), fixes, n));
		}
		struct road_speeds speeds;
		assert_ok(&t.sc, road_learner_finish(&t.sc, l, &speeds));
		assert_ok(&t.sc, road_speeds_metric(&t.sc, t.road, &speeds, 8, true, &metric[liar]));
	}
	double worst = 0;
	double sum = 0;
	size_t n = t.road->n[SECTION_ARC];
	for (size_t i = 0; i < n; i++) {
		double moved = (double)metric[1]->arc_ms[i] / metric[0]->arc_ms[i];
		worst = moved > worst ? moved : worst;
		sum += moved;
	}
	assert_true(worst < 4 && sum / (double)n < 2); /* told: 11 / 1.5 = 7.3 everywhere */
	road_metric_free(metric[0]);
	road_metric_free(metric[1]);
	road_close(t.road);
	scope_release(&t.sc);
}

/* Rows of another extract: those that name no arc here are counted and change nothing. */
static void
rows_of_streets_that_are_gone_are_passed_over(void **state)
{
	(void)state;
	struct town t;
	town_init(&t);
	struct road_speeds s;
	learn(&t, 5, 120, 2.0, &s);
	size_t n = s.n_arcs;
	assert_true(n > 20 && road_speeds_known(&t.sc, t.road, &s) == n);
	for (size_t i = 0; i < n; i += 2)
		s.arcs[i].position += 1000; /* cut anew */
	s.arcs[1].way += 1000000;	    /* deleted */
	assert_int_equal(road_speeds_known(&t.sc, t.road, &s), n / 2 - 1);
	struct road_metric *metric;
	assert_ok(&t.sc, road_speeds_metric(&t.sc, t.road, &s, 8, true, &metric));
	road_metric_free(metric);
	road_close(t.road);
	scope_release(&t.sc);
}

static void
hours_know_the_weekend(void **state)
{
	(void)state;
	assert_int_equal(road_hour_of(MONDAY_8), 8);
	assert_int_equal(road_hour_of(0), 0);			       /* a Thursday */
	assert_int_equal(road_hour_of((int64_t)2 * 86400000), 24);     /* Saturday, midnight */
	assert_int_equal(road_hour_of((int64_t)4 * 86400000 - 1), 47); /* Sunday's last hour */
	assert_int_equal(road_hour_of(-1), 23);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(slow_drives_make_slow_streets),
	    cmocka_unit_test(one_or_two_drivers_leave_no_trace),
	    cmocka_unit_test(a_phone_that_lies_teaches_nothing_wild),
	    cmocka_unit_test(one_voice_bends_a_mean_only_so_far),
	    cmocka_unit_test(one_phone_of_a_thousand_drives_is_one_driver),
	    cmocka_unit_test(rows_of_streets_that_are_gone_are_passed_over),
	    cmocka_unit_test(hours_know_the_weekend),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
