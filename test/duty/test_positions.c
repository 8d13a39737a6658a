/* Positions: inside an open duty, or nowhere; and what a track can be. */
#include "road/town.h"

#include "base/prng.h"
#include "duty/duty.h"
#include "road/match_stream.h"

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

/* Two streets cross; the last fix lies at the crossing, nearer to the one she did
 * not come by. */
static void
a_van_is_on_the_street_it_came_by(void **state)
{
	(void)state;
	static const char town[] =
	    "{\"type\":\"FeatureCollection\",\"features\":["
	    "{\"type\":\"Feature\",\"id\":\"way/1\",\"properties\":{\"highway\":\"residential\",\"name\":\"Long\"},"
	    "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[11.96,57.7],[11.97,57.7],[11.98,57.7]]}},"
	    "{\"type\":\"Feature\",\"id\":\"way/2\",\"properties\":{\"highway\":\"residential\",\"name\":\"Cross\"},"
	    "\"geometry\":{\"type\":\"LineString\",\"coordinates\":[[11.97,57.69],[11.97,57.7],[11.97,57.71]]}}]}";
	struct scope sc;
	struct road *road;
	struct road_import_report report;
	scope_init(&sc);
	assert_ok(&sc, town_open_bytes(&sc, town, strlen(town), "van", &road, &report));
	struct road_matcher *m = road_matcher_new(&sc, road);
	struct position p[6];
	for (int i = 0; i < 6; i++) /* eastwards, 50 m in 5 s */
		p[i] = at(5 * i, 577000000, 119650000 + i * 8400);
	p[5] = at(25, 577000300, 119699500);
	assert_string_equal(positions_street(&sc, m, road, p, 6), "Long");
	assert_string_equal(positions_street(&sc, m, road, p + 5, 1), "Cross");
	p[0] = at(0, 0, 0);
	assert_null(positions_street(&sc, m, road, p, 1));
	assert_null(positions_street(&sc, m, road, p, 0));
	road_close(road);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(outside_the_duty_nothing_is_taken),
	    cmocka_unit_test(a_van_is_believed_and_a_leap_is_asked_about),
	    cmocka_unit_test(the_depot_has_a_radius),
	    cmocka_unit_test(a_van_is_on_the_street_it_came_by),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
