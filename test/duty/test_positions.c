/* Positions: inside an open duty, or nowhere; and what a track can be. */
#include "unit.h"

#include "base/prng.h"
#include "duty/duty.h"

#define OPEN_MS INT64_C(1795327200000)

static struct position
at(int64_t s, int32_t lat_e7, int32_t lon_e7)
{
	return (struct position){
	    .at_ms = OPEN_MS + s * 1000, .place = {lat_e7, lon_e7}, .accuracy_m = 8, .speed_mps = -1};
}

static void
outside_the_duty_nothing_is_taken(void **state)
{
	(void)state;
	const struct position_window w = {.duty_id = "dty_x", .from_ms = OPEN_MS, .to_ms = OPEN_MS + 3600000};
	int64_t now_ms = OPEN_MS + 7200000;
	struct position p = at(-1, 577000000, 119700000);
	assert_string_equal(position_refusal(&w, &p, now_ms), "outside-duty");
	p = at(3601, 577000000, 119700000);
	assert_string_equal(position_refusal(&w, &p, now_ms), "outside-duty");
	p = at(0, 577000000, 119700000);
	assert_null(position_refusal(&w, &p, now_ms));
	p.accuracy_m = 5000;
	assert_string_equal(position_refusal(&w, &p, now_ms), "inaccurate");
	const struct position_window open = {.duty_id = "dty_x", .from_ms = OPEN_MS, .to_ms = INT64_MAX};
	p = at(900, 577000000, 119700000);
	assert_string_equal(position_refusal(&open, &p, OPEN_MS + 600000), "future");
	const struct position_window off = {.duty_id = "dty_x", .from_ms = OPEN_MS, .to_ms = INT64_MAX, .off = true};
	assert_string_equal(position_refusal(&off, &p, p.at_ms), "not-monitored");
}

static void
a_van_is_believed_and_a_leap_is_asked_about(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng r;
	prng_seed(&r, 4);
	struct position track[200];
	int32_t lat = 577000000;
	int32_t lon = 119700000;
	for (int i = 0; i < 200; i++) {
		track[i] = at(i * 5, lat, lon);
		lat += (int32_t)prng_below(&r, 9000) - 4500; /* up to 50 m in 5 s, and noise */
		lon += (int32_t)prng_below(&r, 9000) - 4500;
	}
	const char *why = NULL;
	assert_true(positions_plausible(track, 200, &sc, &why));
	assert_null(why);
	track[100].place.lat_e7 += 2000000; /* 22 km away, and back */
	assert_false(positions_plausible(track, 200, &sc, &why));
	assert_non_null(strstr(why, "km in 5 s"));
	scope_release(&sc);
}

static void
the_depot_has_a_radius(void **state)
{
	(void)state;
	struct place depot = {577000000, 119700000};
	struct place near = {577010000, 119700000}; /* 111 m */
	struct place far = {577030000, 119700000};  /* 334 m */
	assert_true(checkin_at_depot(near, depot, 250));
	assert_false(checkin_at_depot(far, depot, 250));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(outside_the_duty_nothing_is_taken),
	    cmocka_unit_test(a_van_is_believed_and_a_leap_is_asked_about),
	    cmocka_unit_test(the_depot_has_a_radius),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
