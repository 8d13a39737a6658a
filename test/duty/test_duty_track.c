/* A duty's positions, cut at its doors: the van's part and the driver's steps. */
#include "unit.h"

#include "base/prng.h"
#include "duty/duty_track.h"

#define BEGAN_MS INT64_C(1795327200000)
#define M_E7 90.0 /* one metre of latitude, about */

struct tape {
	struct position p[2000];
	size_t n;
	double m; /* where the phone is, along a street to the north */
	int64_t at_ms;
	struct prng prng;
	double noise_m;
};

static void
report(struct tape *t)
{
	double off = t->noise_m * (prng_unit(&t->prng) - 0.5) * 2;
	t->p[t->n++] = (struct position){.at_ms = t->at_ms,
					 .place = {577000000 + (int32_t)((t->m + off) * M_E7), 119700000},
					 .accuracy_m = 5,
					 .speed_mps = -1};
}

/* Moves on at a speed for so long, reporting every step. */
static void
go(struct tape *t, double mps, int seconds, int step_s)
{
	for (int s = 0; s < seconds; s += step_s) {
		t->m += mps * step_s;
		t->at_ms += step_s * 1000;
		report(t);
	}
}

/* Two doors: 200 s of driving, 24 s to walk, a minute's service, 24 s back. */
static void
record(struct tape *t, int step_s, double noise_m, struct knock knocks[2])
{
	*t = (struct tape){.at_ms = BEGAN_MS, .noise_m = noise_m};
	prng_seed(&t->prng, 12);
	report(t);
	for (int i = 0; i < 2; i++) {
		go(t, 10, 200, step_s);
		go(t, 1.2, 24, 6);
		knocks[i] = (struct knock){
		    .arrived_ms = t->at_ms, .door = {577000000 + (int32_t)(t->m * M_E7), 119700000}, .told_s = 90};
		go(t, 0, 60, step_s);
		knocks[i].done_ms = t->at_ms;
		go(t, -1.2, 24, 6);
	}
	go(t, 10, 200, step_s);
	go(t, 0, 300, step_s); /* back at the depot, not closed yet */
}

static void
cut(struct scope *sc, const struct tape *t, const struct knock *knocks, size_t n, struct road_drive *drives,
    struct traffic_visit *visits, size_t *n_visits)
{
	const struct duty_track track = {.driver = 7,
					 .departed_ms = BEGAN_MS,
					 .closed_ms = t->at_ms,
					 .offset_ms = 3600000,
					 .positions = t->p,
					 .n_positions = t->n,
					 .knocks = knocks,
					 .n_knocks = n};
	duty_track_cut(sc, &track, drives, visits, n_visits);
}

static double
length_s(const struct road_drive *d)
{
	return d->n == 0 ? 0 : (double)(d->fixes[d->n - 1].at_ms - d->fixes[0].at_ms) / 1000;
}

static void
what_is_slower_than_walking_is_not_driving(void **state)
{
	(void)state;
	static const int steps[] = {1, 2, 5, 10, 20};
	for (size_t i = 0; i < COUNT_OF(steps); i++)
		for (int noisy = 0; noisy < 2; noisy++) {
			struct scope sc;
			struct tape t;
			struct knock knocks[2];
			struct road_drive drives[3];
			struct traffic_visit visits[2];
			size_t n;
			scope_init(&sc);
			record(&t, steps[i], noisy * 4.0, knocks);
			cut(&sc, &t, knocks, 2, drives, visits, &n);
			assert_int_equal(n, 2);
			double give_s = (noisy ? 20 : 6) + steps[i]; /* a shaking fix may look like driving */
			for (int k = 0; k < 3; k++) {
				assert_true(length_s(&drives[k]) > 200 - give_s && length_s(&drives[k]) < 200 + give_s);
				assert_true(drives[k].fixes[0].at_ms >= BEGAN_MS + 3600000); /* on the wall */
			}
			for (size_t k = 0; k < 2; k++) {
				assert_true(visits[k].driver == 7 && visits[k].told_s == 90);
				assert_true(visits[k].service_s == 60);
				assert_true(visits[k].walk_s > 48 - 2 * give_s && visits[k].walk_s < 48 + 2 * give_s);
				double off_m = place_distance_m(visits[k].parked, visits[k].door);
				assert_true(off_m > 5 && off_m < 50); /* the van stood 28.8 m from the door */
			}
			scope_release(&sc);
		}
}

static void
a_silent_phone_teaches_nothing_and_an_unknown_arrival_no_visit(void **state)
{
	(void)state;
	struct scope sc;
	struct tape t;
	struct knock knocks[2];
	struct road_drive drives[3];
	struct traffic_visit visits[2];
	size_t n;
	scope_init(&sc);
	record(&t, 5, 0, knocks);
	knocks[0].arrived_ms = 0; /* she did not say so; the drives are seen all the same */
	cut(&sc, &t, knocks, 2, drives, visits, &n);
	assert_true(n == 1 && length_s(&drives[0]) > 170 && length_s(&drives[0]) < 230);
	t.n = 0;
	cut(&sc, &t, knocks, 2, drives, visits, &n);
	assert_true(n == 0 && drives[0].n == 0 && drives[1].n == 0 && drives[2].n == 0);
	t = (struct tape){.at_ms = BEGAN_MS};
	go(&t, 0, 3600, 10); /* a phone that lies in a drawer */
	knocks[1].done_ms = BEGAN_MS + 1000000;
	cut(&sc, &t, &knocks[1], 1, drives, visits, &n);
	assert_true(n == 0 && drives[0].n == 0 && drives[1].n == 0);
	scope_release(&sc);
}

static void
any_positions_are_cut_without_harm(void **state)
{
	(void)state;
	struct prng prng;
	prng_seed(&prng, 9);
	for (int round = 0; round < 2000; round++) {
		struct scope sc;
		struct tape t = {.at_ms = BEGAN_MS};
		struct knock knocks[4];
		struct road_drive drives[5];
		struct traffic_visit visits[4];
		size_t n;
		size_t n_knocks = prng_below(&prng, 5);
		scope_init(&sc);
		size_t n_positions = prng_below(&prng, 60);
		for (size_t i = 0; i < n_positions; i++) {
			t.at_ms += 1 + prng_below(&prng, 60000);
			t.m = prng_unit(&prng) * 5000;
			report(&t);
		}
		int64_t at_ms = BEGAN_MS;
		for (size_t i = 0; i < n_knocks; i++) {
			at_ms += prng_below(&prng, 400000);
			knocks[i] = (struct knock){prng_below(&prng, 3) == 0 ? 0 : at_ms - prng_below(&prng, 90000),
						   at_ms,
						   {577000000, 119700000},
						   100};
		}
		cut(&sc, &t, knocks, n_knocks, drives, visits, &n);
		assert_true(n <= n_knocks);
		size_t fixes = 0;
		for (size_t i = 0; i <= n_knocks; i++) {
			for (size_t k = 1; k < drives[i].n; k++)
				assert_true(drives[i].fixes[k].at_ms > drives[i].fixes[k - 1].at_ms);
			fixes += drives[i].n;
		}
		assert_true(fixes <= n_positions);
		for (size_t i = 0; i < n; i++)
			assert_true(visits[i].walk_s >= 0 && visits[i].service_s > 0);
		scope_release(&sc);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(what_is_slower_than_walking_is_not_driving),
	    cmocka_unit_test(a_silent_phone_teaches_nothing_and_an_unknown_arrival_no_visit),
	    cmocka_unit_test(any_positions_are_cut_without_harm),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
