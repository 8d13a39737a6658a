/* What the outside can do wrong: each case ends in a clear error or a documented
 * neutral answer. Other cases stand with what they break: a damaged road file in
 * test_road.c, broken areas in test_areas.c, a lying phone in test_learn.c. */
#include "road/town.h"

#include "road/osm_raw.h"

static const char *const extracts[] = {"dense", "plain", "areas"};

static void
read_extract(struct scope *sc, const char *name, uint8_t **bytes, size_t *n)
{
	assert_ok(sc, file_read(sc, scope_printf(sc, "test/fuzz/corpus/osm_pbf/%s", name), 1 << 20, bytes, n));
}

static enum code
import_bytes(const uint8_t *bytes, size_t n)
{
	struct scope sc;
	struct road_sections sections;
	struct road_import_report report;
	scope_init(&sc);
	struct osm_raw *raw = NEW(&sc, struct osm_raw);
	raw_init(raw, &sc, profile_find("van"));
	enum code rc = osm_read_pbf(&sc, bytes, n, raw);
	if (rc == OK)
		rc = road_build(&sc, raw, &sections, &report);
	if (rc != OK)
		assert_true(sc.err.message[0] != '\0');
	scope_release(&sc);
	return rc;
}

static void
a_truncated_extract_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(extracts); i++) {
		struct scope sc;
		uint8_t *bytes;
		size_t n;
		scope_init(&sc);
		read_extract(&sc, extracts[i], &bytes, &n);
		assert_int_equal(import_bytes(bytes, n), OK);
		for (size_t cut = 0; cut < n; cut++) {
			uint8_t *part = scope_memdup(&sc, bytes, cut); /* so that reading beyond it is seen */
			assert_int_equal(import_bytes(part, cut), E_INVALID);
		}
		scope_release(&sc);
	}
}

static void
a_flipped_bit_is_refused_or_harmless(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(extracts); i++) {
		struct scope sc;
		uint8_t *bytes;
		size_t n;
		int refused = 0;
		scope_init(&sc);
		read_extract(&sc, extracts[i], &bytes, &n);
		for (size_t bit = 0; bit < n * 8; bit++) {
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
			enum code rc = import_bytes(bytes, n);
			assert_true(rc == OK || rc == E_INVALID || rc == E_LIMIT);
			refused += rc != OK;
			bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
		assert_true(refused > 0);
		scope_release(&sc);
	}
}

/* Two towns that no road joins, the second one smaller. */
static struct road *
two_towns(struct scope *sc, struct road_import_report *report)
{
	const char *json =
	    "{\"type\":\"FeatureCollection\",\"features\":["
	    "{\"type\":\"Feature\",\"id\":\"way/1\",\"properties\":{\"highway\":\"residential\"},\"geometry\":"
	    "{\"type\":\"LineString\",\"coordinates\":[[11,57],[11.001,57],[11.002,57]]}},"
	    "{\"type\":\"Feature\",\"id\":\"way/2\",\"properties\":{\"highway\":\"residential\"},\"geometry\":"
	    "{\"type\":\"LineString\",\"coordinates\":[[11.001,57],[11.001,57.001]]}},"
	    "{\"type\":\"Feature\",\"id\":\"way/3\",\"properties\":{\"highway\":\"residential\"},\"geometry\":"
	    "{\"type\":\"LineString\",\"coordinates\":[[11.1,57],[11.101,57]]}}]}";
	struct road *road;
	assert_ok(sc, town_open_bytes(sc, json, strlen(json), "van", &road, report));
	return road;
}

static const struct place in_first = {570000000, 110010000};
static const struct place in_second = {570000000, 111005000};
static const struct place elsewhere = {-338000000, 1512000000}; /* the other side of the world */

static void
no_road_between_is_said_at_import_and_at_asking(void **state)
{
	(void)state;
	struct scope sc;
	struct road_import_report report;
	struct road_path path;
	scope_init(&sc);
	struct road *road = two_towns(&sc, &report);
	assert_int_equal(report.arcs_dropped, 2);
	assert_true(report.km_dropped > 0.05);
	assert_int_equal(road_path(&sc, road, NULL, in_first, in_second, &path), E_NOT_FOUND);
	assert_string_equal(sc.err.reason, "off-road");
	assert_int_equal(road_path(&sc, road, NULL, in_second, in_first, &path), E_NOT_FOUND);
	assert_string_equal(sc.err.reason, "off-road");
	road_close(road);
	scope_release(&sc);
}

static void
places_outside_the_extract_are_named(void **state)
{
	(void)state;
	struct scope sc;
	struct road_import_report report;
	struct road_point point;
	struct road_matrix m;
	scope_init(&sc);
	struct road *road = two_towns(&sc, &report);
	assert_int_equal(road_snap(&sc, road, elsewhere, ROAD_SNAP_MAX_M, &point), E_NOT_FOUND);
	assert_string_equal(sc.err.reason, "off-road");
	const struct place places[] = {in_first, elsewhere};
	assert_int_equal(road_matrix(&sc, road, NULL, places, 2, places, 2, true, &m), E_NOT_FOUND);
	assert_non_null(strstr(sc.err.message, "source 1"));
	const struct place extremes[] = {{900000000, 1800000000}, {-900000000, -1800000000}, {0, 0}};
	for (size_t i = 0; i < COUNT_OF(extremes); i++)
		assert_int_equal(road_snap(&sc, road, extremes[i], ROAD_SNAP_MAX_M, &point), E_NOT_FOUND);
	/* a track in another country */
	struct road_fix fixes[] = {{elsewhere, 1000, 0}, {elsewhere, 2000, 0}};
	struct road_match match;
	assert_int_equal(road_match(&sc, road, NULL, fixes, 2, &match), E_NOT_FOUND);
	assert_string_equal(sc.err.reason, "off-road");
	road_close(road);
	scope_release(&sc);
}

static void
a_matrix_without_its_memory_is_refused(void **state)
{
	(void)state;
	const size_t n = 10000;
	struct scope sc;
	struct road_import_report report;
	scope_init(&sc);
	struct road *road = two_towns(&sc, &report);
	struct road_point *points = NEW_ARRAY(&sc, n, struct road_point);
	assert_ok(&sc, road_snap(&sc, road, in_first, ROAD_SNAP_MAX_M, &points[0]));
	for (size_t i = 1; i < n; i++)
		points[i] = points[0];
	struct road_matrix m = {.n_from = 77};
	size_t caps[] = {1 << 20, (size_t)300 << 20,
			 (size_t)500 << 20}; /* none for it, for durations but not both, … */
	for (size_t i = 0; i < COUNT_OF(caps); i++) {
		sc.cap = caps[i];
		assert_int_equal(road_matrix_of_points(&sc, road, NULL, points, n, points, n, true, &m), E_MEMORY);
		assert_int_equal(m.n_from, 77); /* untouched */
		assert_true(sc.err.message[0] != '\0');
	}
	assert_int_equal(road_matrix_of_points(&sc, road, NULL, points, SIZE_MAX / 2, points, 4, false, &m), E_MEMORY);
	road_close(road);
	scope_release(&sc);
}

static void
a_table_without_room_for_its_text_is_refused(void **state)
{
	(void)state;
	const size_t n = 600;
	struct scope sc;
	struct road_import_report report;
	scope_init(&sc);
	struct road *road = two_towns(&sc, &report);
	struct text target;
	text_init(&target, &sc);
	text_add(&target, "/table/v1/driving/");
	for (size_t i = 0; i < n; i++)
		text_printf(&target, "%s11.00%zu,57", i > 0 ? ";" : "", 1 + i % 2);
	unsigned status;
	char *json;
	sc.cap = sc.used + n * n * sizeof(int32_t) + (1 << 20); /* the cells fit, their text does not */
	enum code rc = road_osrm_answer(&sc, road, NULL, NULL, target.s, &status, &json);
	assert_true(rc == E_MEMORY || (rc == OK && status == 400 && strstr(json, "TooBig") != NULL));
	road_close(road);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_truncated_extract_is_refused),
	    cmocka_unit_test(a_flipped_bit_is_refused_or_harmless),
	    cmocka_unit_test(no_road_between_is_said_at_import_and_at_asking),
	    cmocka_unit_test(places_outside_the_extract_are_named),
	    cmocka_unit_test(a_matrix_without_its_memory_is_refused),
	    cmocka_unit_test(a_table_without_room_for_its_text_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
