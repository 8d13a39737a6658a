/* Areas of the map: rings from relations, seas from coasts, holes in tiles. The
 * oracle is arithmetic: every area's size is known beforehand. */
#include "road/town.h"

#include <math.h>
#include <zlib.h>

#include "road/road_map.h"

/* The box: 0 … 100 east and north, in thousandths of a degree from its corner. It
 * lies within tile 11/1137/966. */
#define WEST 19.88
#define SOUTH 10.0
#define SIDE 100

struct map {
	struct scope sc;
	struct text nodes, ways, relations;
	int n_nodes, n_ways, n_relations;
	struct road *road;
	struct road_import_report report;
};

static int
add_node(struct map *m, double x, double y)
{
	text_printf(&m->nodes, "<node id=\"%d\" lat=\"%.7f\" lon=\"%.7f\"/>", ++m->n_nodes, SOUTH + y * 0.001,
		    WEST + x * 0.001);
	return m->n_nodes;
}

static int
add_way(struct map *m, const int *nodes, int n, const char *key, const char *value)
{
	text_printf(&m->ways, "<way id=\"%d\">", ++m->n_ways);
	for (int i = 0; i < n; i++)
		text_printf(&m->ways, "<nd ref=\"%d\"/>", nodes[i]);
	if (key != NULL)
		text_printf(&m->ways, "<tag k=\"%s\" v=\"%s\"/>", key, value);
	text_add(&m->ways, "</way>");
	return m->n_ways;
}

/* A closed way against the clock, or with it. */
static int
add_square(struct map *m, double x, double y, double side, bool clockwise, const char *key, const char *value)
{
	int a = add_node(m, x, y);
	int b = add_node(m, x + side, y);
	int c = add_node(m, x + side, y + side);
	int d = add_node(m, x, y + side);
	int ring[5] = {a, clockwise ? d : b, c, clockwise ? b : d, a};
	return add_way(m, ring, 5, key, value);
}

/* members: way numbers, below zero: inner; ended by 0. */
static void
add_relation(struct map *m, const int *members, const char *key, const char *value)
{
	text_printf(&m->relations, "<relation id=\"%d\"><tag k=\"type\" v=\"multipolygon\"/>", ++m->n_relations);
	for (int i = 0; members[i] != 0; i++)
		text_printf(&m->relations, "<member type=\"way\" ref=\"%d\" role=\"%s\"/>", abs(members[i]),
			    members[i] < 0 ? "inner" : "outer");
	if (key != NULL)
		text_printf(&m->relations, "<tag k=\"%s\" v=\"%s\"/>", key, value);
	text_add(&m->relations, "</relation>");
}

static void
map_init(struct map *m)
{
	*m = (struct map){0};
	scope_init(&m->sc);
	text_init(&m->nodes, &m->sc);
	text_init(&m->ways, &m->sc);
	text_init(&m->relations, &m->sc);
	(void)add_square(m, 1, 1, 1, false, "highway", "residential"); /* without a street nothing is imported */
}

static void
map_import(struct map *m)
{
	char *xml = scope_printf(&m->sc,
				 "<osm version=\"0.6\"><bounds minlat=\"%.3f\" minlon=\"%.3f\" maxlat=\"%.3f\" "
				 "maxlon=\"%.3f\"/>%s%s%s</osm>",
				 SOUTH, WEST, SOUTH + SIDE * 0.001, WEST + SIDE * 0.001, m->nodes.s, m->ways.s,
				 m->n_relations > 0 ? m->relations.s : "");
	assert_ok(&m->sc, town_open_bytes(&m->sc, xml, strlen(xml), "van", &m->road, &m->report));
}

static void
map_release(struct map *m)
{
	road_close(m->road);
	scope_release(&m->sc);
}

static double
ring_size(const struct place *p, uint32_t n)
{
	double sum = 0;
	for (uint32_t i = 0; i + 1 < n; i++)
		sum += ((double)p[i].lon_e7 - p[0].lon_e7) * ((double)p[i + 1].lat_e7 - p[0].lat_e7) -
		       ((double)p[i + 1].lon_e7 - p[0].lon_e7) * ((double)p[i].lat_e7 - p[0].lat_e7);
	return fabs(sum) / 2 / 1e8; /* in the map's own units, squared */
}

/* Of all areas of a kind: how many, with how many holes, of which size. */
struct tally {
	int areas, holes;
	double size;
};

static struct tally
tally_of(const struct map *m, uint32_t kind)
{
	struct tally t = {0};
	for (size_t i = 0; i < m->road->n[SECTION_LINE]; i++) {
		const struct road_line *l = &m->road->line[i];
		const struct place *p = m->road->shape + l->shape;
		if (l->kind != kind)
			continue;
		t.areas++;
		if (l->n_rings == 0)
			t.size += ring_size(p, l->n_shape);
		for (uint32_t r = 0; r < l->n_rings; r++) {
			uint32_t n = m->road->ring[l->ring + r];
			t.size += r == 0 ? ring_size(p, n) : -ring_size(p, n);
			t.holes += r > 0;
			p += n;
		}
	}
	return t;
}

static void
assert_tally(const struct map *m, uint32_t kind, int areas, int holes, double size)
{
	struct tally t = tally_of(m, kind);
	assert_int_equal(t.areas, areas);
	assert_int_equal(t.holes, holes);
	assert_true(fabs(t.size - size) < 0.01);
}

/* --- relations --------------------------------------------------------------------- */

static void
rings_are_joined_and_holes_find_their_place(void **state)
{
	(void)state;
	struct map m;
	map_init(&m);
	int a = add_node(&m, 10, 10);
	int b = add_node(&m, 40, 10);
	int c = add_node(&m, 40, 40);
	int d = add_node(&m, 10, 40);
	int around = add_way(&m, (const int[]){a, b, c}, 3, NULL, NULL);
	int back = add_way(&m, (const int[]){a, d, c}, 3, "barrier", "fence"); /* the other way round */
	int pond = add_square(&m, 20, 20, 5, false, "natural", "water");
	int field = add_square(&m, 30, 30, 5, true, NULL, NULL);
	int other = add_square(&m, 50, 10, 10, true, NULL, NULL);
	int clearing = add_square(&m, 52, 12, 2, true, NULL, NULL);
	add_relation(&m, (const int[]){around, -pond, back, other, -field, -clearing, 0}, "landuse", "forest");
	/* of its outer way's kind; that way is not drawn a second time */
	int lake = add_square(&m, 70, 70, 10, false, "natural", "water");
	int island = add_square(&m, 72, 72, 4, false, NULL, NULL);
	add_relation(&m, (const int[]){lake, -island, 0}, NULL, NULL);
	map_import(&m);
	assert_tally(&m, DRAW_GREEN, 2, 3, 900 - 25 - 25 + 100 - 4);
	assert_tally(&m, DRAW_WATER, 2, 1, 25 + 100 - 16); /* the pond draws itself */
	assert_int_equal(m.report.areas, 3);
	assert_int_equal(m.report.areas_broken, 0);
	map_release(&m);
}

static void
broken_relations_are_counted_and_the_rest_is_drawn(void **state)
{
	(void)state;
	struct map m;
	map_init(&m);
	int a = add_node(&m, 10, 10);
	int b = add_node(&m, 40, 10);
	int c = add_node(&m, 40, 40);
	int open = add_way(&m, (const int[]){a, b, c}, 3, NULL, NULL);
	int ghost = add_way(&m, (const int[]){a, 9999, c, a}, 4, NULL, NULL); /* a node that is not here */
	int whole = add_square(&m, 50, 50, 10, false, NULL, NULL);
	int hole = add_square(&m, 53, 53, 2, false, NULL, NULL);
	int astray = add_square(&m, 80, 80, 5, false, NULL, NULL);
	add_relation(&m, (const int[]){open, 0}, "landuse", "forest");	     /* does not close */
	add_relation(&m, (const int[]){open, 7777, 0}, "landuse", "forest"); /* no such way */
	add_relation(&m, (const int[]){ghost, 0}, "landuse", "forest");
	add_relation(&m, (const int[]){whole, open, -hole, -astray, 0}, "natural", "wood"); /* in part */
	add_relation(&m, (const int[]){-hole, 0}, "natural", "wood");			    /* all inner */
	add_relation(&m, (const int[]){open, 0}, "railway", "rail");			    /* no area: passed over */
	map_import(&m);
	assert_tally(&m, DRAW_GREEN, 1, 1, 100 - 4);
	assert_int_equal(m.report.areas, 1);
	assert_int_equal(m.report.areas_broken, 5);
	map_release(&m);
}

static void
geojson_polygons_keep_their_holes(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const char *json =
	    "{\"type\":\"FeatureCollection\",\"features\":["
	    "{\"type\":\"Feature\",\"id\":\"way/"
	    "1\",\"properties\":{\"highway\":\"residential\"},\"geometry\":{\"type\":"
	    "\"LineString\",\"coordinates\":[[19.9,10],[19.901,10]]}},"
	    "{\"type\":\"Feature\",\"id\":\"relation/2\",\"properties\":{\"natural\":\"water\"},\"geometry\":{\"type\":"
	    "\"Polygon\",\"coordinates\":[[[19.9,10],[19.91,10],[19.91,10.01],[19.9,10]],"
	    "[[19.905,10.001],[19.906,10.001],[19.906,10.002],[19.905,10.001]]]}},"
	    "{\"type\":\"Feature\",\"id\":\"relation/3\",\"properties\":{\"leisure\":\"park\"},\"geometry\":{\"type\":"
	    "\"MultiPolygon\",\"coordinates\":[[[[19.9,10],[19.91,10],[19.91,10.01],[19.9,10]]],"
	    "[[[19.95,10],[19.96,10],[19.96,10.01],[19.95,10]]]]}}]}";
	struct map m = {0};
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &m.road, &m.report));
	assert_tally(&m, DRAW_WATER, 1, 1, 50 - 0.5);
	assert_tally(&m, DRAW_GREEN, 2, 0, 100);
	road_close(m.road);
	scope_release(&sc);
}

/* --- the sea ------------------------------------------------------------------------- */

/* A coast from south to north at x, in two ways; it begins and ends at y0 and y1. */
static void
add_coast(struct map *m, double x, double y0, double y1)
{
	int a = add_node(m, x, y0);
	int b = add_node(m, x, 50);
	int c = add_node(m, x, y1);
	(void)add_way(m, (const int[]){b, c}, 2, "natural", "coastline");
	(void)add_way(m, (const int[]){a, b}, 2, "natural", "coastline");
}

static void
water_lies_right_of_coasts(void **state)
{
	(void)state;
	static const struct {
		double from, to; /* the coast's ends; beyond 0 … 100: outside the box */
		bool coast, island, lagoon;
		int seas, holes, gaps;
		double size;
	} cases[] = {
	    {-20, 130, true, false, false, 1, 0, 0, 6000},   {-20, 130, true, true, false, 1, 1, 0, 6000 - 25},
	    {0.3, 99.8, true, false, false, 1, 0, 0, 6000}, /* cut off at its last nodes within */
	    {20, 130, true, true, false, 0, 0, 1, 0},	    /* a gap: nobody knows */
	    {0, 0, false, true, false, 1, 1, 0, 10000 - 25}, {0, 0, false, false, true, 1, 0, 0, 25},
	    {0, 0, false, false, false, 0, 0, 0, 0},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct map m;
		map_init(&m);
		if (cases[i].coast)
			add_coast(&m, 40, cases[i].from, cases[i].to);
		if (cases[i].island || cases[i].lagoon)
			(void)add_square(&m, 70, 70, 5, cases[i].lagoon, "natural", "coastline");
		map_import(&m);
		assert_tally(&m, DRAW_SEA, cases[i].seas, cases[i].holes, cases[i].size);
		assert_int_equal(m.report.coast_gaps, cases[i].gaps);
		map_release(&m);
	}
}

static void
islands_cut_by_the_box_and_two_coasts_are_tied_in_order(void **state)
{
	(void)state;
	struct map m;
	map_init(&m);
	/* land left of x = 10; a strait of water; land right of x = 60, whose coast runs south */
	add_coast(&m, 10, -5, 105);
	int a = add_node(&m, 60, 105);
	int b = add_node(&m, 60, -5);
	(void)add_way(&m, (const int[]){a, b}, 2, "natural", "coastline");
	/* an island half outside to the south, within the strait */
	(void)add_square(&m, 30, -5, 10, false, "natural", "coastline");
	map_import(&m);
	assert_tally(&m, DRAW_SEA, 1, 0, 5000 - 50);
	map_release(&m);
}

/* --- tiles ---------------------------------------------------------------------------- */

static size_t
take_varint(const uint8_t *p, uint64_t *v)
{
	size_t n = 0;
	*v = 0;
	do
		*v |= (uint64_t)(p[n] & 127) << 7 * n;
	while (p[n++] >= 128);
	return n;
}

static int64_t
unzigzag(uint64_t v)
{
	return (int64_t)(v >> 1) ^ -(int64_t)(v & 1);
}

/* The signed size of a feature's rings on the screen: holes count below zero. */
static double
geometry_size(const uint8_t *p, size_t n, int *rings)
{
	double sum = 0;
	int64_t x = 0;
	int64_t y = 0;
	int64_t start_x = 0;
	int64_t start_y = 0;
	for (size_t i = 0; i < n;) {
		uint64_t command;
		i += take_varint(p + i, &command);
		if ((command & 7) == 7) { /* close */
			sum += (double)(x * start_y - start_x * y);
			(*rings)++;
			continue;
		}
		for (uint64_t k = 0; k < command >> 3; k++) {
			uint64_t dx;
			uint64_t dy;
			int64_t from_x = x;
			int64_t from_y = y;
			i += take_varint(p + i, &dx);
			i += take_varint(p + i, &dy);
			x += unzigzag(dx);
			y += unzigzag(dy);
			if ((command & 7) == 1) {
				start_x = x;
				start_y = y;
			} else {
				sum += (double)(from_x * y - x * from_y);
			}
		}
	}
	return sum / 2;
}

/* Over all areas of a tile. */
static double
tile_size(struct scope *sc, const struct road *road, unsigned z, unsigned x, unsigned y, int *rings)
{
	uint8_t *gz;
	size_t n;
	*rings = 0;
	assert_ok(sc, road_tile(sc, road, z, x, y, &gz, &n));
	if (n == 0)
		return 0;
	uint8_t *raw = scope_alloc(sc, 1 << 20);
	z_stream s = {.next_in = gz, .avail_in = (uInt)n, .next_out = raw, .avail_out = 1 << 20};
	assert_int_equal(inflateInit2(&s, 15 + 16), Z_OK);
	assert_int_equal(inflate(&s, Z_FINISH), Z_STREAM_END);
	size_t len = (1 << 20) - s.avail_out;
	inflateEnd(&s);
	double sum = 0;
	uint64_t v;
	for (size_t i = 0; i < len;) {
		i += 1 + take_varint(raw + i + 1, &v); /* a layer */
		size_t end = i + v;
		bool areas = memcmp(raw + i,
				    "\x0a\x05"
				    "areas",
				    7) == 0;
		while (i < end) {
			uint8_t tag = raw[i];
			i += 1 + take_varint(raw + i + 1, &v);
			if (areas && tag == (2 << 3 | 2)) { /* a feature */
				for (size_t k = i; k < i + v;) {
					uint64_t size;
					uint8_t field = raw[k];
					k += 1 + take_varint(raw + k + 1, &size);
					if (field == (4 << 3 | 2))
						sum += geometry_size(raw + k, size, rings);
					k += (field & 7) == 2 ? size : 0;
				}
			}
			i += (tag & 7) == 2 ? v : 0;
		}
	}
	return sum;
}

static double
mercator(double lat)
{
	return asinh(tan(lat * M_PI / 180)) / (2 * M_PI);
}

static void
tiles_leave_holes_open_and_fill_what_no_edge_crosses(void **state)
{
	(void)state;
	struct map m;
	map_init(&m);
	(void)add_square(&m, 70, 70, 20, false, "natural", "coastline");
	map_import(&m);
	double unit = 4096 * 2048;
	double wide = SIDE * 0.001 / 360 * unit;
	double high = (mercator(SOUTH + SIDE * 0.001) - mercator(SOUTH)) * unit;
	double island = 0.2 * wide * (mercator(SOUTH + 0.09) - mercator(SOUTH + 0.07)) * unit;
	int rings;
	double got = tile_size(&m.sc, m.road, 11, 1137, 966, &rings);
	assert_int_equal(rings, 2);
	assert_true(fabs(got - (wide * high - island)) < 0.002 * wide * high);
	/* a tile in the middle of the sea: all of it, with its margin */
	unsigned n = 1u << 16;
	unsigned x = (unsigned)((WEST + 0.03 + 180) / 360 * n);
	unsigned y = (unsigned)((0.5 - mercator(SOUTH + 0.03)) * n);
	got = tile_size(&m.sc, m.road, 16, x, y, &rings);
	assert_int_equal(rings, 1);
	assert_true(fabs(got - 4224.0 * 4224.0) < 0.01 * 4224 * 4224);
	/* and one within the island: none */
	x = (unsigned)((WEST + 0.08 + 180) / 360 * n);
	y = (unsigned)((0.5 - mercator(SOUTH + 0.08)) * n);
	assert_true(tile_size(&m.sc, m.road, 16, x, y, &rings) == 0);
	map_release(&m);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rings_are_joined_and_holes_find_their_place),
	    cmocka_unit_test(broken_relations_are_counted_and_the_rest_is_drawn),
	    cmocka_unit_test(geojson_polygons_keep_their_holes),
	    cmocka_unit_test(water_lies_right_of_coasts),
	    cmocka_unit_test(islands_cut_by_the_box_and_two_coasts_are_tied_in_order),
	    cmocka_unit_test(tiles_leave_holes_open_and_fill_what_no_edge_crosses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
