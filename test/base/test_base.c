/* base: arenas, errors, times, zones, money, ids, encodings. */
#include "unit.h"

#include <math.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/geo.h"
#include "base/json.h"
#include "base/money.h"
#include "base/polyline.h"
#include "base/prng.h"
#include "base/random.h"
#include "base/text.h"

static enum code
origin(struct scope *sc)
{
	return fail_as(sc, E_CONFLICT, "twice", "row %d", 7);
}

static enum code
passes_on(struct scope *sc)
{
	TRY(origin(sc));
	return OK;
}

static void
an_error_keeps_its_origin(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	assert_int_equal(passes_on(&sc), E_CONFLICT);
	assert_string_equal(sc.err.message, "row 7");
	assert_string_equal(sc.err.reason, "twice");
	int line = sc.err.line;
	assert_int_equal(error_prefix(&sc, "import"), E_CONFLICT);
	assert_string_equal(sc.err.message, "import: row 7");
	assert_int_equal(sc.err.line, line);
	scope_release(&sc);
}

static void
arena_memory_is_zeroed_aligned_and_apart(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng r;
	prng_seed(&r, 1);
	uint8_t *p[2000];
	size_t n[2000];
	for (int i = 0; i < 2000; i++) {
		n[i] = prng_below(&r, i % 100 == 0 ? 300000 : 200);
		p[i] = scope_alloc(&sc, n[i]);
		assert_int_equal((uintptr_t)p[i] % 16, 0);
		for (size_t k = 0; k < n[i]; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], i & 255, n[i]);
	}
	for (int i = 0; i < 2000; i++)
		for (size_t k = 0; k < n[i]; k++)
			assert_int_equal(p[i][k], i & 255);
	void *big = &sc;
	assert_int_equal(scope_try_array(&sc, SIZE_MAX / 2, 16, &big), E_MEMORY);
	assert_int_equal(scope_try_array(&sc, SCOPE_CAP_DEFAULT, 2, &big), E_MEMORY);
	assert_ptr_equal(big, &sc);
	scope_release(&sc);
}

static void
times_survive_a_round_trip(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng r;
	prng_seed(&r, 2);
	for (int i = 0; i < 5000; i++) {
		int64_t t = (int64_t)(prng_u64(&r) % 253402300799999u);
		char text[TIME_TEXT_MAX];
		int64_t back = -1;
		assert_int_equal(time_parse(&sc, time_format(t, text), &back), OK);
		assert_int_equal(back, t);
	}
	int64_t t = 0;
	assert_int_equal(time_parse(&sc, "2024-02-29T23:59:59.5+05:30", &t), OK);
	assert_int_equal(t, 1709231399500);
	static const char *const bad[] = {"2023-02-29T00:00:00Z",
					  "2024-13-01T00:00:00Z",
					  "2024-01-01T24:00:00Z",
					  "2024-01-01",
					  "2024-01-01T00:00:00",
					  "2024-01-01T00:00:00Zx",
					  ""};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(time_parse(&sc, bad[i], &t), E_INVALID);
	scope_release(&sc);
}

static void
zones_know_their_summers(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	static const struct {
		const char *zone, *at;
		int minutes;
	} known[] = {
	    {"Europe/Stockholm", "2026-01-15T12:00:00Z", 60},	{"Europe/Stockholm", "2026-07-15T12:00:00Z", 120},
	    {"Europe/Stockholm", "2045-03-26T00:59:59Z", 60},	{"Europe/Stockholm", "2045-03-26T01:00:00Z", 120},
	    {"Europe/Stockholm", "2045-10-29T00:59:59Z", 120},	{"Europe/Stockholm", "2045-10-29T01:00:00Z", 60},
	    {"America/New_York", "2050-07-01T00:00:00Z", -240}, {"Australia/Melbourne", "2050-01-01T00:00:00Z", 660},
	    {"Asia/Kolkata", "2050-01-01T00:00:00Z", 330},	{"UTC", "2050-01-01T00:00:00Z", 0},
	};
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		int64_t at = 0;
		int64_t off = -1;
		assert_int_equal(time_parse(&sc, known[i].at, &at), OK);
		assert_int_equal(zone_offset_ms(&sc, known[i].zone, at, &off), OK);
		assert_int_equal(off, known[i].minutes * 60000);
	}
	int64_t off = 5;
	assert_int_equal(zone_offset_ms(&sc, "../../etc/passwd", 0, &off), E_INVALID);
	assert_int_equal(zone_offset_ms(&sc, "Europe/Nowhere", 0, &off), E_INVALID);
	assert_int_equal(off, 5);
	scope_release(&sc);
}

static void
a_stepped_clock_never_runs_back(void **state)
{
	(void)state;
	struct clock c;
	clock_init_stepped(&c, 1000);
	clock_step_to(&c, 2000);
	clock_step_to(&c, 1500);
	assert_int_equal(clock_now_ms(&c), 2000);
	clock_release(&c);
	int64_t now = clock_now_ms(&c);
	assert_true(now >= 2000 && now < 62000);
}

static void
money_is_exact(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct money m = {0};
	assert_int_equal(money_scale(&sc, (struct money){-5}, 1, 2, &m), OK);
	assert_int_equal(m.minor, -3);
	assert_int_equal(money_scale(&sc, (struct money){INT64_MAX}, 3, 3, &m), OK);
	assert_int_equal(m.minor, INT64_MAX);
	assert_int_equal(money_scale(&sc, (struct money){INT64_MAX}, 2, 1, &m), E_INVALID);
	assert_int_equal(money_add(&sc, (struct money){INT64_MAX}, (struct money){1}, &m), E_INVALID);
	struct currency sek;
	struct currency jpy;
	assert_int_equal(currency_parse(&sc, "SEK", &sek), OK);
	assert_int_equal(currency_parse(&sc, "JPY", &jpy), OK);
	assert_string_equal(money_format(&sc, (struct money){-1234}, sek), "-12.34 SEK");
	assert_string_equal(money_format(&sc, (struct money){-1234}, jpy), "-1234 JPY");
	assert_string_equal(money_format(&sc, (struct money){INT64_MIN}, sek), "-92233720368547758.08 SEK");
	assert_int_equal(currency_parse(&sc, "XXQ", &sek), E_INVALID);
	assert_int_equal(currency_parse(&sc, "E R", &sek), E_INVALID);
	scope_release(&sc);
}

static void
ids_sort_by_birth_and_are_recognised(void **state)
{
	(void)state;
	struct random r;
	random_init_seeded(&r, 7);
	struct id last = id_new(&r, "drv", 1000);
	for (int i = 1; i < 100; i++) {
		struct id next = id_new(&r, "drv", 1000 + i);
		assert_true(id_is(next.s, "drv"));
		assert_false(id_is(next.s, "blk"));
		assert_true(strcmp(last.s, next.s) < 0);
		last = next;
	}
	struct random again;
	random_init_seeded(&again, 7);
	struct random other;
	random_init_seeded(&other, 8);
	struct id a = id_new(&again, "drv", 1000);
	struct id b = id_new(&other, "drv", 1000);
	assert_string_not_equal(a.s, b.s);
	random_init_seeded(&r, 7);
	assert_string_equal(a.s, id_new(&r, "drv", 1000).s);
}

static void
encodings_round_trip_and_refuse(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng r;
	prng_seed(&r, 3);
	for (size_t n = 0; n < 70; n++) {
		uint8_t bytes[70];
		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)prng_u64(&r);
		uint8_t *back = NULL;
		size_t got = 0;
		assert_int_equal(base64_decode(&sc, base64url_encode(&sc, bytes, n), 70, &back, &got), OK);
		assert_int_equal(got, n);
		assert_memory_equal(back, bytes, n);
		assert_int_equal(base64_decode(&sc, base64_encode(&sc, bytes, n), 70, &back, &got), OK);
		assert_int_equal(got, n);
		uint8_t hex[70];
		assert_int_equal(hex_decode(&sc, hex_encode(&sc, bytes, n), hex, n), OK);
		assert_memory_equal(hex, bytes, n);
	}
	uint8_t *out = NULL;
	size_t n = 0;
	assert_int_equal(base64_decode(&sc, "AA AA", 10, &out, &n), E_INVALID);
	assert_int_equal(base64_decode(&sc, "AAAAAAAAAAAAAAAAAAAA", 3, &out, &n), E_LIMIT);
	assert_true(utf8_valid("Göteborg", 9));
	assert_false(utf8_valid("\xC0\x80", 2));
	assert_false(utf8_valid("\xED\xA0\x80", 3));
	assert_false(utf8_valid("\xE2\x82", 2));
	scope_release(&sc);
}

static void
json_names_what_it_refuses(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	json_t *v = NULL;
	assert_int_equal(json_parse(&sc, "{\"a\":1,\"a\":2}", 13, &v), E_INVALID);
	assert_int_equal(json_parse(&sc, "{\"a\":1} x", 9, &v), E_INVALID);
	char deep[300];
	memset(deep, '[', sizeof deep);
	assert_int_equal(json_parse(&sc, deep, sizeof deep, &v), E_INVALID);
	const char *text = "{\"name\":\"Åsa\",\"n\":9007199254740993,\"at\":{\"lat\":57.7,\"lon\":11.9}}";
	assert_int_equal(json_parse(&sc, text, strlen(text), &v), OK);
	const char *name = NULL;
	int64_t n = 0;
	struct place at = {0, 0};
	assert_int_equal(json_need_text(&sc, v, "name", 1, 3, &name), OK);
	assert_int_equal(json_need_int(&sc, v, "n", 0, INT64_MAX, &n), OK);
	assert_true(n == 9007199254740993);
	assert_int_equal(json_need_place(&sc, v, "at", &at), OK);
	assert_int_equal(at.lat_e7, 577000000);
	assert_int_equal(json_need_text(&sc, v, "n", 1, 3, &name), E_INVALID);
	assert_non_null(strstr(sc.err.message, "\"n\""));
	static const char *const names[] = {"name", "at", NULL};
	assert_int_equal(json_only(&sc, v, names), E_INVALID);
	assert_non_null(strstr(sc.err.message, "\"n\""));
	scope_release(&sc);
}

static void
distances_are_the_earths(void **state)
{
	(void)state;
	struct place gothenburg = {577089000, 119746000};
	struct place stockholm = {593293000, 180686000};
	double km = place_distance_m(gothenburg, stockholm) / 1000;
	assert_true(km > 396 && km < 400);
	double east = place_bearing_deg((struct place){0, 0}, (struct place){0, 10000000});
	assert_true(east > 89.99 && east < 90.01);
}

static void
distances_from_one_place_to_many_are_the_same(void **state)
{
	(void)state;
	struct prng rng;
	struct place at[200];
	struct sphere_point on[200];
	double got[200];
	prng_seed(&rng, 1);
	for (int i = 0; i < 200; i++) {
		/* a city, a country, the whole Earth */
		int64_t span = i < 60 ? 1000000 : i < 120 ? 50000000 : 900000000;
		at[i].lat_e7 = (int32_t)(prng_below(&rng, (uint32_t)(2 * span)) - span);
		at[i].lon_e7 = (int32_t)(prng_below(&rng, (uint32_t)(4 * span)) - 2 * span);
		on[i] = place_on_sphere(at[i]);
	}
	for (int i = 0; i < 200; i++) {
		sphere_distances_m(on[i], on, 200, got);
		assert_true(got[i] == 0);
		for (int j = 0; j < 200; j++) {
			double want = place_distance_m(at[i], at[j]);
			/* near the antipode neither has more digits */
			double most = want < 1e6 ? 1e-6 : want < 1.9e7 ? 1e-3 : 1;
			assert_true(fabs(got[j] - want) < most);
		}
	}
}

static void
wall_times_and_instants_agree(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	static const struct {
		const char *zone, *wall, *at, *date;
	} known[] = {
	    {"Europe/Stockholm", "2026-11-22T00:30:00Z", "2026-11-21T23:30:00.000Z", "2026-11-22"},
	    {"Europe/Stockholm", "2026-07-01T08:00:00Z", "2026-07-01T06:00:00.000Z", "2026-07-01"},
	    {"Europe/Stockholm", "2026-03-29T02:30:00Z", "2026-03-29T01:30:00.000Z", "2026-03-29"}, /* skipped */
	    {"Europe/Stockholm", "2026-03-29T03:30:00Z", "2026-03-29T01:30:00.000Z", "2026-03-29"},
	    {"America/New_York", "2026-01-01T23:00:00Z", "2026-01-02T04:00:00.000Z", "2026-01-01"},
	    {"UTC", "2026-01-01T23:00:00Z", "2026-01-01T23:00:00.000Z", "2026-01-01"},
	};
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		int64_t wall;
		int64_t at;
		char text[TIME_TEXT_MAX];
		char date[DATE_TEXT_MAX];
		assert_int_equal(time_parse(&sc, known[i].wall, &wall), OK);
		assert_int_equal(zone_to_utc(&sc, known[i].zone, wall, &at), OK);
		assert_string_equal(time_format(at, text), known[i].at);
		assert_int_equal(zone_date(&sc, known[i].zone, at, date), OK);
		assert_string_equal(date, known[i].date);
	}
	scope_release(&sc);
}

static void
a_line_survives_as_text(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	/* The published example of the format. */
	const struct place known[] = {{385000000, -1202000000}, {407000000, -1209500000}, {432520000, -1264530000}};
	struct text t;
	text_init(&t, &sc);
	polyline_add(&t, POLYLINE5_UNIT, known, 3);
	assert_string_equal(t.s, "_p~iF~ps|U_ulLnnqC_mqNvxq`@");
	struct prng r;
	prng_seed(&r, 9);
	struct place line[200];
	for (int i = 0; i < 200; i++)
		line[i] = (struct place){((int32_t)prng_below(&r, 180000000) - 90000000) * 10,
					 ((int32_t)prng_below(&r, 360000000) - 180000000) * 10};
	text_init(&t, &sc);
	polyline_add(&t, POLYLINE6_UNIT, line, 200);
	struct place *back = NULL;
	size_t n = 0;
	assert_ok(&sc, polyline_read(&sc, t.s, POLYLINE6_UNIT, &back, &n));
	assert_int_equal(n, 200);
	assert_memory_equal(back, line, sizeof line);
	assert_int_equal(polyline_read(&sc, "_p~iF~ps|U_", POLYLINE6_UNIT, &back, &n), E_INVALID);
	assert_int_equal(polyline_read(&sc, "____________________", POLYLINE6_UNIT, &back, &n), E_INVALID);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_error_keeps_its_origin),
	    cmocka_unit_test(arena_memory_is_zeroed_aligned_and_apart),
	    cmocka_unit_test(times_survive_a_round_trip),
	    cmocka_unit_test(zones_know_their_summers),
	    cmocka_unit_test(wall_times_and_instants_agree),
	    cmocka_unit_test(a_stepped_clock_never_runs_back),
	    cmocka_unit_test(money_is_exact),
	    cmocka_unit_test(ids_sort_by_birth_and_are_recognised),
	    cmocka_unit_test(encodings_round_trip_and_refuse),
	    cmocka_unit_test(json_names_what_it_refuses),
	    cmocka_unit_test(distances_are_the_earths),
	    cmocka_unit_test(distances_from_one_place_to_many_are_the_same),
	    cmocka_unit_test(a_line_survives_as_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
