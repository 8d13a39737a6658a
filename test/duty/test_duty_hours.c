/* A wave's hours: whose turn it is, and the matrices a route solver takes. */
#include "road/town.h"

#include "duty/duty_hours.h"
#include "route/route.h"

#define HOUR_MS INT64_C(3600000)
#define EIGHT_MS INT64_C(1795420800000) /* 2026-11-23 08:00 in UTC */
#define PLACES 5

struct fixture {
	struct scope sc;
	struct road *road;
	struct place places[PLACES];
	struct road_metric *metric[3];
	struct duty_hours h;
	struct road_service_own own;
};

/* Three hours from eight on; the second is three times as slow, the third as the first. */
static void
fixture_init(struct fixture *f)
{
	static const uint32_t factor[3] = {1, 3, 1};
	struct prng prng;
	struct road_import_report report;
	*f = (struct fixture){0};
	scope_init(&f->sc);
	prng_seed(&prng, 4);
	const char *json = town_geojson(&f->sc, &prng, 8);
	assert_ok(&f->sc, town_open_bytes(&f->sc, json, strlen(json), "van", &f->road, &report));
	road_service_own_init(&f->own, f->road);
	for (int i = 0; i < PLACES; i++)
		f->places[i] = road_random_street_point(f->road, &prng);
	f->h.n = 3;
	for (size_t k = 0; k < 3; k++) {
		uint32_t *ms = NEW_ARRAY(&f->sc, report.arcs, uint32_t);
		for (size_t a = 0; a < report.arcs; a++)
			ms[a] = road_arc_ms(f->road)[a] * factor[k];
		assert_ok(&f->sc, road_metric_build(&f->sc, f->road, ms, &f->metric[k]));
		f->h.now[k] = (struct traffic_now){.metric = f->metric[k], .version = 7, .hour = (unsigned)(8 + k)};
		f->h.at_ms[k] = EIGHT_MS + (int64_t)k * HOUR_MS + HOUR_MS / 2;
	}
}

static void
fixture_release(struct fixture *f)
{
	for (size_t k = 0; k < 3; k++)
		road_metric_free(f->metric[k]);
	road_close(f->road);
	scope_release(&f->sc);
}

static void
each_instant_has_its_hour(void **state)
{
	(void)state;
	struct fixture f;
	fixture_init(&f);
	assert_int_equal(duty_hours_at(&f.h, EIGHT_MS - HOUR_MS)->hour, 8);
	assert_int_equal(duty_hours_at(&f.h, EIGHT_MS)->hour, 8);
	assert_int_equal(duty_hours_at(&f.h, EIGHT_MS + HOUR_MS - 1)->hour, 8);
	assert_int_equal(duty_hours_at(&f.h, EIGHT_MS + HOUR_MS)->hour, 9);
	assert_int_equal(duty_hours_at(&f.h, EIGHT_MS + 2 * HOUR_MS)->hour, 10);
	assert_int_equal(duty_hours_at(&f.h, EIGHT_MS + 9 * HOUR_MS)->hour, 10);
	fixture_release(&f);
}

static int32_t
paced_s(const struct fixture *f, const struct road_metric *metric, size_t cell)
{
	struct scope sc;
	struct road_matrix m;
	scope_init(&sc);
	assert_ok(&sc, road_matrix(&sc, f->road, metric, f->places, PLACES, f->places, PLACES, false, &m));
	int32_t ds = m.duration_ds[cell];
	scope_release(&sc);
	return ds == ROAD_UNREACHABLE ? ds : (int32_t)(((int64_t)ds * PLAN_PACE_PERCENT + 999) / 1000);
}

static void
slices_lie_on_the_lines_between_hours(void **state)
{
	(void)state;
	struct fixture f;
	struct duty_times t;
	size_t cells = (size_t)PLACES * PLACES;
	fixture_init(&f);
	/* a wave at ten to nine: the first slice is a third of the way from eight's to nine's */
	int64_t starts_ms = EIGHT_MS + 50 * 60000;
	assert_ok(&f.sc, duty_times_of(&f.sc, &f.own.service, &f.h, starts_ms, f.places, PLACES, &t));
	assert_int_equal(t.n_slices, 3);
	assert_int_equal(t.slice_s[0], 0);
	assert_int_equal(t.slice_s[1], 40 * 60);
	assert_int_equal(t.slice_s[2], 100 * 60);
	int ways = 0;
	for (size_t i = 0; i < cells; i++) {
		int32_t eight = paced_s(&f, f.metric[0], i);
		int32_t nine = paced_s(&f, f.metric[1], i);
		assert_int_equal(t.duration_s[cells + i], nine);
		assert_int_equal(t.duration_s[2 * cells + i], eight);
		if (nine == ROAD_UNREACHABLE)
			continue;
		assert_true(abs(t.duration_s[i] - (2 * eight + nine) / 3) <= 1);
		ways += nine > 0;
	}
	assert_true(ways > 10);
	/* and the solver takes them */
	struct route_problem *p;
	const struct route_profile van = {
	    .durations = t.duration_s, .distances = t.distance_m, .slice_at = t.slice_s, .n_slices = t.n_slices};
	assert_ok(&f.sc, route_problem_new(&f.sc, PLACES, 1, &p));
	assert_ok(&f.sc, route_problem_profile(&f.sc, p, &van, NULL));
	fixture_release(&f);
}

static void
nothing_learned_is_one_matrix_of_the_maps_own(void **state)
{
	(void)state;
	struct fixture f;
	struct duty_times t;
	struct duty_hours h;
	fixture_init(&f);
	assert_ok(&f.sc,
		  duty_hours_take(&f.sc, NULL, NULL, "op", "Europe/Stockholm", EIGHT_MS, EIGHT_MS + 4 * HOUR_MS, &h));
	assert_int_equal(h.n, 1);
	assert_int_equal(h.version, 0);
	assert_int_equal(h.now[0].hour, 9); /* on that wall */
	assert_ok(&f.sc, duty_times_of(&f.sc, &f.own.service, &h, EIGHT_MS, f.places, PLACES, &t));
	assert_int_equal(t.n_slices, 1);
	assert_null(t.slice_s);
	for (size_t i = 0; i < (size_t)PLACES * PLACES; i++)
		assert_int_equal(t.duration_s[i], paced_s(&f, NULL, i));
	duty_hours_drop(&h);
	fixture_release(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_instant_has_its_hour),
	    cmocka_unit_test(slices_lie_on_the_lines_between_hours),
	    cmocka_unit_test(nothing_learned_is_one_matrix_of_the_maps_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
