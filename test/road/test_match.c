/* Map matching: a clean drive comes back as it was; nonsense is refused. */
#include "road/town.h"

#include "road/match_bench.h"
#include "road/road_map.h"

struct town {
	struct scope sc;
	struct prng prng;
	struct road *road;
};

static void
town_init(struct town *t, uint64_t seed, int side)
{
	scope_init(&t->sc);
	prng_seed(&t->prng, seed);
	const char *json = town_geojson(&t->sc, &t->prng, side);
	struct road_import_report report;
	assert_ok(&t->sc, town_open_bytes(&t->sc, json, strlen(json), "van", &t->road, &report));
}

static void
town_release(struct town *t)
{
	road_close(t->road);
	scope_release(&t->sc);
}

/* A fix every 40 m along the path, exact to the centimetre. */
static size_t
fixes_along(struct scope *sc, const struct road_path *path, struct road_fix **out)
{
	*out = NEW_ARRAY(sc, (size_t)(path->distance_m / 40) + path->n_shape + 2, struct road_fix);
	size_t n = 0;
	double left = 0;
	for (size_t i = 0; i + 1 < path->n_shape; i++) {
		struct place a = path->shape[i];
		struct place b = path->shape[i + 1];
		double d = place_distance_m(a, b);
		for (; left < d; left += 40, n++) {
			double t = left / d;
			struct place p = {(int32_t)(a.lat_e7 + t * (b.lat_e7 - a.lat_e7)),
					  (int32_t)(a.lon_e7 + t * (b.lon_e7 - a.lon_e7))};
			(*out)[n] = (struct road_fix){p, (int64_t)n * 4000, 4};
		}
		left -= d;
	}
	return n;
}

static void
a_clean_drive_is_found_again(void **state)
{
	(void)state;
	int found = 0;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		struct town t;
		town_init(&t, seed, 9);
		struct road_path path;
		struct place a = road_random_street_point(t.road, &t.prng);
		struct place b = road_random_street_point(t.road, &t.prng);
		assert_ok(&t.sc, road_path(&t.sc, t.road, NULL, a, b, &path));
		struct road_fix *fixes;
		size_t n = fixes_along(&t.sc, &path, &fixes);
		if (n < 6) {
			town_release(&t);
			continue;
		}
		struct road_match m;
		assert_ok(&t.sc, road_match(&t.sc, t.road, NULL, fixes, n, &m));
		assert_int_equal(m.n_pieces, 1);
		double metres = 0;
		bool *driven = NEW_ARRAY(&t.sc, t.road->n[SECTION_ARC], bool);
		for (size_t i = 0; i < path.n_legs; i++)
			driven[path.legs[i].arc] = true;
		for (size_t i = 0; i < m.pieces[0].n_paths; i++) {
			metres += m.pieces[0].paths[i].distance_m;
			for (size_t k = 0; k < m.pieces[0].paths[i].n_legs; k++)
				if (m.pieces[0].paths[i].legs[k].distance_m > 1)
					assert_true(driven[m.pieces[0].paths[i].legs[k].arc]);
		}
		assert_true(metres <= path.distance_m + 2 && metres >= path.distance_m - 85);
		found++;
		town_release(&t);
	}
	assert_true(found >= 8);
}

static void
an_outlier_is_passed_over_and_a_jump_cuts_the_track(void **state)
{
	(void)state;
	struct town t;
	town_init(&t, 2, 9);
	struct road_path path;
	struct place a = {(int32_t)(TOWN_LAT * 1e7), (int32_t)(TOWN_LON * 1e7)};
	struct place b = {a.lat_e7 + 150000, a.lon_e7 + 150000};
	assert_ok(&t.sc, road_path(&t.sc, t.road, NULL, a, b, &path));
	struct road_fix *fixes;
	size_t n = fixes_along(&t.sc, &path, &fixes);
	assert_true(n > 12);
	struct road_fix outlier = fixes[n / 2];
	fixes[n / 2].at.lat_e7 += 90000000; /* another country */
	struct road_match m;
	assert_ok(&t.sc, road_match(&t.sc, t.road, NULL, fixes, n, &m));
	assert_int_equal(m.n_pieces, 1);
	assert_false(m.points[n / 2].matched);
	fixes[n / 2] = outlier;
	fixes[3].at_ms = 0;
	assert_int_equal(road_match(&t.sc, t.road, NULL, fixes, n, &m), E_INVALID);
	for (size_t i = 0; i < n; i++) {
		fixes[i].at_ms = 0;
		fixes[i].at.lon_e7 += 500000000;
	}
	assert_int_equal(road_match(&t.sc, t.road, NULL, fixes, n, &m), E_NOT_FOUND);
	assert_string_equal(t.sc.err.reason, "off-road");
	assert_int_equal(road_match(&t.sc, t.road, NULL, fixes, 0, &m), E_INVALID);
	town_release(&t);
}

static void
made_up_drives_are_matched_well(void **state)
{
	(void)state;
	struct town t;
	town_init(&t, 4, 16);
	struct road_match_cell cells[9];
	assert_ok(&t.sc, road_match_bench(&t.sc, t.road, 3, 1, cells, NULL));
	assert_true(cells[0].error < 0.02); /* 5 m, every 5 s */
	assert_true(cells[8].error < 0.35); /* 20 m, every 30 s */
	town_release(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_clean_drive_is_found_again),
	    cmocka_unit_test(an_outlier_is_passed_over_and_a_jump_cuts_the_track),
	    cmocka_unit_test(made_up_drives_are_matched_well),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
