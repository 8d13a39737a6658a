/* The road engine against slow, obvious oracles, on random towns and, where it
 * is here, on Gothenburg. */
#include "unit.h"

#include "base/json.h"
#include "base/prng.h"
#include "road/bench.h"
#include "road/climb.h"
#include "road/dijkstra.h"
#include "road/junction.h"
#include "road/town.h"

#include <math.h>
#include <zlib.h>

/* --- an oracle of its own: Bellman-Ford over arcs, from segments and ways ------- */

#define NEVER UINT32_MAX

struct oracle {
	const struct road *road;
	uint32_t *cost; /* per arc and layer: until it begins */
	size_t n;
};

/* A turn's time: where a street has no other way on, none. What ways on there
 * are differs between a private street's start copy and its end copy. */
static uint32_t
oracle_turn(const struct road *road, uint32_t a, uint32_t b, bool start_copy)
{
	for (uint32_t v = 0; v < road->n[SECTION_VERTEX]; v++) {
		if (road->vertex[v].arc != a || start_copy != (road->vertex[v].flags == VERTEX_START))
			continue;
		for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++)
			if (road->vertex[road->turn[e].to].arc == b)
				return road->turn[e].cost_ms;
	}
	return NEVER;
}

static bool
oracle_private(const struct road *road, uint32_t arc)
{
	return (road->way[road->segment[road->arc[arc].segment].way].flags & WAY_TRIP_ENDS) != 0;
}

/* layer 0: still on private ground since the start; 1: public; 2: private again. */
static uint32_t
oracle_layer(const struct road *road, uint32_t layer, uint32_t next)
{
	if (oracle_private(road, next))
		return layer == 0 ? 0 : 2;
	return layer == 2 ? NEVER : 1;
}

/* May one drive from arc a into arc b here, by the streets alone? */
static bool
oracle_may(const struct road *road, uint32_t a, uint32_t b, uint32_t layer)
{
	if (road->arc[a].head != road->arc[b].tail || oracle_layer(road, layer, b) == NEVER)
		return false;
	if (road->arc[a].segment != road->arc[b].segment || a == b)
		return true;
	for (uint32_t c = 0; c < road->n[SECTION_ARC]; c++)
		if (c != b && road->arc[c].tail == road->arc[a].head && oracle_layer(road, layer, c) != NEVER)
			return false; /* turning back only where nothing else is */
	return true;
}

static void
oracle_relax(struct oracle *o, uint32_t a, uint32_t layer, uint32_t at_end, bool *changed)
{
	const struct road *road = o->road;
	for (uint32_t b = 0; b < road->n[SECTION_ARC]; b++) {
		if (road->arc[a].head != road->arc[b].tail)
			continue;
		/* what the start copy and the end copy may do is told apart by layer 0 and 2 */
		uint32_t from = oracle_private(road, a) && layer != 0 ? 2 : layer;
		if (!oracle_may(road, a, b, from))
			continue;
		uint32_t turn = oracle_turn(road, a, b, oracle_private(road, a) && layer == 0);
		assert_int_not_equal(turn, NEVER);
		uint32_t *c = &o->cost[b * 3 + oracle_layer(road, from, b)];
		if (at_end + turn < *c) {
			*c = at_end + turn;
			*changed = true;
		}
	}
}

static uint32_t
oracle_trip(struct oracle *o, const struct road_point *from, const struct road_point *to)
{
	const struct road *road = o->road;
	for (size_t i = 0; i < 3 * o->n; i++)
		o->cost[i] = NEVER;
	bool changed = true;
	for (uint32_t d = 0; d < 2; d++) {
		uint32_t a = road->segment[from->segment].arc[d];
		if (a == ROAD_NONE || (from->leave & (1u << d)) == 0)
			continue;
		uint32_t ms = road->arc_ms[a];
		uint32_t rest = ms - road_part(ms, road_arc_fraction(&road->arc[a], from));
		if (oracle_private(road, a)) {
			oracle_relax(o, a, 0, rest, &changed);
			oracle_relax(o, a, 2, rest, &changed);
		} else {
			oracle_relax(o, a, 1, rest, &changed);
		}
	}
	while (changed) {
		changed = false;
		for (uint32_t a = 0; a < o->n; a++)
			for (uint32_t layer = 0; layer < 3; layer++)
				if (o->cost[a * 3 + layer] != NEVER)
					oracle_relax(o, a, layer, o->cost[a * 3 + layer] + road->arc_ms[a], &changed);
	}
	uint32_t dm;
	uint32_t arc;
	uint32_t best = direct_cost(road, road_metric_or_base(road, NULL), from, to, &dm, &arc);
	for (uint32_t d = 0; d < 2; d++) {
		uint32_t b = road->segment[to->segment].arc[d];
		if (b == ROAD_NONE || (to->arrive & (1u << d)) == 0)
			continue;
		uint32_t rest = road_part(road->arc_ms[b], road_arc_fraction(&road->arc[b], to));
		for (uint32_t layer = 0; layer < 3; layer++)
			if (o->cost[b * 3 + layer] != NEVER && o->cost[b * 3 + layer] + rest < best)
				best = o->cost[b * 3 + layer] + rest;
	}
	return best;
}

static struct place
town_place(struct prng *prng, int side)
{
	double span = (side - 1) * TOWN_STEP;
	return (struct place){(int32_t)((TOWN_LAT + prng_unit(prng) * span) * 1e7),
			      (int32_t)((TOWN_LON + prng_unit(prng) * span) * 1e7)};
}

static void
check_town(uint64_t seed)
{
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, seed);
	int side = 3 + (int)prng_below(&prng, 4);
	const char *json = town_geojson(&sc, &prng, side);
	struct road *road;
	struct road_import_report report;
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &road, &report));
	struct oracle o = {.road = road, .n = road->n[SECTION_ARC]};
	o.cost = NEW_ARRAY(&sc, 3 * o.n, uint32_t);
	enum { N = 12 };
	struct place places[N];
	struct road_point points[N];
	for (int i = 0; i < N; i++) {
		places[i] = town_place(&prng, side);
		assert_ok(&sc, road_snap(&sc, road, places[i], ROAD_SNAP_MAX_M, &points[i]));
	}
	struct road_matrix m;
	assert_ok(&sc, road_matrix(&sc, road, NULL, places, N, places, N, true, &m));
	for (int i = 0; i < N; i++) {
		for (int k = 0; k < N; k++) {
			uint32_t truth = oracle_trip(&o, &points[i], &points[k]);
			int32_t want = truth >= ROAD_INFINITE ? ROAD_UNREACHABLE : (int32_t)((truth + 50) / 100);
			if (m.duration_ds[i * N + k] != want)
				fail_msg("seed %" PRIu64 ": %d to %d takes %d ds, not %d", seed, i, k,
					 m.duration_ds[i * N + k], want);
			struct road_path path;
			if (want == ROAD_UNREACHABLE) {
				assert_int_equal(road_path(&sc, road, NULL, places[i], places[k], &path), E_NOT_FOUND);
				continue;
			}
			assert_ok(&sc, road_path(&sc, road, NULL, places[i], places[k], &path));
			assert_int_equal(path.duration_ds, want);
			assert_int_equal(llabs((int64_t)path.distance_m - m.distance_m[i * N + k]) <= 1, 1);
		}
	}
	road_close(road);
	scope_release(&sc);
}

static void
matrix_and_path_equal_a_brute_force_search(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++)
		check_town(seed);
}

/* --- snapping -------------------------------------------------------------------- */

static void
snap_finds_the_nearest_of_all_segments(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 7);
	const char *json = town_geojson(&sc, &prng, 9);
	struct road *road;
	struct road_import_report report;
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &road, &report));
	for (int i = 0; i < 300; i++) {
		struct place p = town_place(&prng, 9);
		struct road_point got;
		assert_ok(&sc, road_snap(&sc, road, p, 2000, &got));
		struct plane plane;
		plane_init(&plane, p);
		double best = 1e9;
		for (size_t s = 0; s < road->n[SECTION_SEGMENT]; s++) {
			const struct place *q = road->shape + road->segment[s].shape;
			for (uint32_t k = 0; k + 1 < road->segment[s].n_shape; k++) {
				double t;
				double d = segment_distance_m((struct metres){0, 0}, plane_project(&plane, q[k]),
							      plane_project(&plane, q[k + 1]), &t);
				best = d < best ? d : best;
			}
		}
		assert_true(got.off_m <= best + 0.01 && got.off_m >= best - 0.01);
		assert_true(place_distance_m(p, got.at) <= best + 0.1);
	}
	struct road_point none;
	struct place sea = {500000000, 0};
	assert_int_equal(road_snap(&sc, road, sea, ROAD_SNAP_MAX_M, &none), E_NOT_FOUND);
	assert_string_equal(sc.err.reason, "off-road");
	struct place pole = {899999990, 0}; /* where meridians meet, no ring of cells may be endless */
	assert_int_equal(road_snap(&sc, road, pole, 50000, &none), E_NOT_FOUND);
	/* the island was dropped: it leads nowhere */
	struct place island = {(int32_t)(TOWN_LAT * 1e7), (int32_t)((TOWN_LON + 1) * 1e7)};
	assert_int_equal(road_snap(&sc, road, island, ROAD_SNAP_MAX_M, &none), E_NOT_FOUND);
	assert_true(report.arcs_dropped >= 2);
	road_close(road);
	scope_release(&sc);
}

/* --- junctions ------------------------------------------------------------------- */

/* Towards the end of a segment's first (last) piece: long enough in these towns. */
static double
spoke_bearing(const struct road *road, const struct road_spoke *s)
{
	const struct road_segment *x = &road->segment[s->segment];
	const struct place *p = road->shape + x->shape;
	uint32_t last = x->n_shape - 1;
	return s->end == 0 ? place_bearing_deg(p[0], p[1]) : place_bearing_deg(p[last], p[last - 1]);
}

static void
check_junction(const struct road *road, uint32_t from, uint32_t to)
{
	struct junction j;
	junction_read(road, from, to, &j);
	assert_true(j.in < j.n && j.out < j.n);
	assert_int_equal(j.spoke[j.out].arc, to);
	assert_int_equal(j.spoke[j.in].segment, road->arc[from].segment);
	uint32_t v = plain_vertex(road, from);
	for (uint32_t i = 0; i < j.n; i++) {
		const struct road_spoke *s = &j.spoke[i];
		assert_int_equal(road->segment[s->segment].node[s->end], road->arc[from].head);
		assert_true(fabs(junction_angle(spoke_bearing(road, s), s->bearing_cdeg * 0.01)) < 0.02);
		assert_true(i == 0 || (s->bearing_cdeg + 50) % 36000 >= (s[-1].bearing_cdeg + 50) % 36000);
		bool turn = false;
		for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1]; e++)
			turn |= road->vertex[road->turn[e].to].arc == s->arc;
		assert_int_equal(junction_is_open(&j, i), turn);
	}
}

static void
junctions_have_their_streets_clockwise(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 11);
	const char *json = town_geojson(&sc, &prng, 8);
	struct road *road;
	struct road_import_report report;
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &road, &report));
	size_t pairs = 0;
	for (uint32_t a = 0; a < road->n[SECTION_ARC]; a++)
		for (uint32_t b = 0; b < road->n[SECTION_ARC]; b++)
			if (road->arc[b].tail == road->arc[a].head) {
				check_junction(road, a, b);
				pairs++;
			}
	assert_true(pairs > 300);
	road_close(road);
	scope_release(&sc);
}

/* A street without a name goes on a little to the right, another one leaves it
 * further to the right: who stays on the first keeps left. */
static void
a_fork_is_told_by_its_other_way(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct text t;
	text_init(&t, &sc);
	text_add(&t, "{\"type\":\"FeatureCollection\",\"features\":[");
	const double ways[3][2][2] = {
	    {{11.97, 57.70}, {11.97, 57.71}}, {{11.97, 57.71}, {11.973, 57.72}}, {{11.97, 57.71}, {11.9785, 57.72}}};
	for (int i = 0; i < 3; i++)
		town_add_way(&t, i + 1, "\"highway\":\"secondary\"", ways[i], 2);
	text_add(&t, "]}");
	struct road *road;
	struct road_import_report report;
	assert_ok(&sc, town_open_bytes(&sc, t.s, t.len, "van", &road, &report));
	unsigned status;
	char *json;
	assert_ok(&sc, road_osrm_answer(&sc, road, NULL, NULL,
					"/route/v1/driving/11.97,57.705;11.9715,57.715?steps=true", &status, &json));
	assert_non_null(strstr(json, "\"modifier\":\"slight left\",\"type\":\"fork\""));
	assert_ok(&sc, road_osrm_answer(&sc, road, NULL, NULL,
					"/route/v1/driving/11.97,57.705;11.97425,57.715?steps=true", &status, &json));
	assert_non_null(strstr(json, "\"modifier\":\"slight right\",\"type\":\"fork\""));
	road_close(road);
	scope_release(&sc);
}

/* --- climbs ---------------------------------------------------------------------- */

/* By the core or arc by arc: the same label; and the way to each depth costs it. */
static void
check_climb(struct scope *sc, const struct road *road, const struct road_point *p, bool leaves, uint32_t common)
{
	const struct road_metric *metric = road_metric_or_base(road, NULL);
	struct climb c;
	climb_begin(&c, sc, road, metric, p, leaves);
	climb_cell(&c, sc, road, metric, p, leaves, true);
	climb_core(&c, road, common);
	uint32_t *chain = NEW_ARRAY(sc, c.n, uint32_t);
	uint32_t *arcs = NEW_ARRAY(sc, c.n, uint32_t);
	int32_t *label = kernels_array(sc, c.n, sizeof *label);
	int32_t *start = kernels_array(sc, c.n, sizeof *start);
	label_chain(road, c.lowest, chain);
	label_fill_narrow(road, metric, p, leaves, chain, c.n, 0, label);
	label_start_narrow(road, metric, p, leaves, c.n, start);
	for (uint32_t d = 0; d < common; d++) {
		uint32_t first;
		if (label[d] >= NARROW_REACHED) {
			assert_true(c.by_depth[d] >= NARROW_REACHED);
			continue;
		}
		assert_int_equal(c.by_depth[d], label[d]);
		uint32_t n = climb_way(&c, road, d, arcs, &first);
		int32_t ms = start[road->depth[first]];
		for (uint32_t i = 0; i < n; i++) {
			assert_int_equal(road->up_head[arcs[i]], i == 0 ? chain[d] : road->up_tail[arcs[i - 1]]);
			ms += c.weight[arcs[i]];
		}
		assert_int_equal(n == 0 ? chain[d] : road->up_tail[arcs[n - 1]], first);
		assert_int_equal(ms, label[d]);
	}
}

static void
the_core_gives_the_labels_of_a_climb_by_arcs(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 23);
	const char *json = town_geojson(&sc, &prng, 14);
	struct road *road;
	struct road_import_report report;
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &road, &report));
	uint32_t n = (uint32_t)road->n[SECTION_VERTEX];
	size_t in_core = 0;
	for (uint32_t v = 0; v < n; v++)
		in_core += road->core_row[v] != ROAD_NONE;
	assert_true(in_core > n / 50 && in_core < n / 2);
	for (int i = 0; i < 400; i++) {
		struct road_point a;
		struct road_point b;
		assert_ok(&sc, road_snap(&sc, road, town_place(&prng, 14), 2000, &a));
		assert_ok(&sc, road_snap(&sc, road, town_place(&prng, 14), 2000, &b));
		uint32_t x = label_lowest(road, &a);
		uint32_t y = label_lowest(road, &b);
		uint32_t common = label_common(road, x, y);
		while (x != y) {
			uint32_t *low = x < y ? &x : &y;
			*low = road->parent[*low];
		}
		assert_int_equal(common, road->depth[x] + 1);
		check_climb(&sc, road, &a, true, common);
		check_climb(&sc, road, &b, false, common);
		check_climb(&sc, road, &a, true, road->depth[label_lowest(road, &a)] + 1);
	}
	road_close(road);
	scope_release(&sc);
}

/* --- files ----------------------------------------------------------------------- */

static void
damaged_files_are_refused(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 3);
	const char *json = town_geojson(&sc, &prng, 4);
	char *in = town_path(&sc, "in");
	char *file = town_path(&sc, "damaged.road");
	struct road_import_report report;
	struct road *road;
	assert_ok(&sc, file_write(&sc, in, json, strlen(json), 0600));
	assert_ok(&sc, road_import(&sc, in, file, "van", &report));
	uint8_t *bytes;
	size_t n;
	assert_ok(&sc, file_read(&sc, file, 1 << 24, &bytes, &n));
	assert_int_equal(n, report.bytes_written);
	for (int i = 0; i < 60; i++) {
		size_t at = prng_below(&prng, (uint32_t)n);
		uint8_t bit = (uint8_t)(1u << prng_below(&prng, 8));
		bytes[at] ^= bit;
		assert_ok(&sc, file_write(&sc, file, bytes, n, 0600));
		assert_int_equal(road_open(&sc, file, &road), E_CORRUPT);
		bytes[at] ^= bit;
	}
	for (size_t cut = 0; cut < n; cut += n / 13 + 1) {
		assert_ok(&sc, file_write(&sc, file, bytes, cut, 0600));
		assert_int_equal(road_open(&sc, file, &road), E_CORRUPT);
	}
	assert_int_equal(road_import(&sc, in, file, "boat", &report), E_INVALID);
	static const char *const bad[] = {"",
					  "{",
					  "{}",
					  "[]",
					  "hello",
					  "{\"type\":\"FeatureCollection\",\"features\":[]}",
					  "{\"type\":\"FeatureCollection\",\"features\":[{}]}"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_ok(&sc, file_write(&sc, in, bad[i], strlen(bad[i]), 0600));
		assert_int_equal(road_import(&sc, in, file, "van", &report), E_INVALID);
	}
	unlink(in);
	unlink(file);
	assert_int_equal(road_open(&sc, file, &road), E_NOT_FOUND);
	assert_int_equal(road_import(&sc, in, file, "van", &report), E_NOT_FOUND);
	scope_release(&sc);
}

/* --- metrics ---------------------------------------------------------------------- */

static void
a_swapped_metric_changes_answers_and_the_taken_one_stays(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 11);
	const char *json = town_geojson(&sc, &prng, 6);
	struct road *road;
	struct road_import_report report;
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &road, &report));
	struct place a = town_place(&prng, 6);
	struct place b = town_place(&prng, 6);
	size_t n = road->n[SECTION_ARC];
	uint32_t *ms = NEW_ARRAY(&sc, n, uint32_t);
	struct road_metric *metric[2];
	for (uint32_t k = 0; k < 2; k++) {
		for (size_t i = 0; i < n; i++)
			ms[i] = road->arc_ms[i] * (k + 2);
		assert_ok(&sc, road_metric_build(&sc, road, ms, &metric[k]));
	}
	assert_null(road_metric_take(road, 3));
	road_metric_swap(road, 3, metric[0]);
	struct road_metric *first = road_metric_take(road, 3);
	struct road_path slow;
	struct road_path slower;
	struct road_path again;
	assert_ok(&sc, road_path(&sc, road, first, a, b, &slow));
	road_metric_swap(road, 3, metric[1]);
	struct road_metric *second = road_metric_take(road, 3);
	assert_ok(&sc, road_path(&sc, road, second, a, b, &slower));
	assert_ok(&sc, road_path(&sc, road, first, a, b, &again));
	assert_int_equal(slow.duration_ds, again.duration_ds);
	assert_true(slower.duration_ds > slow.duration_ds);
	road_metric_drop(road, first);
	road_metric_drop(road, second);
	road_metric_swap(road, 3, NULL);
	assert_null(road_metric_take(road, 3));
	ms[n - 1] = 0;
	assert_int_equal(road_metric_build(&sc, road, ms, &metric[0]), E_INVALID);
	road_close(road);
	scope_release(&sc);
}

static void
threads_customise_to_the_same_bits(void **state)
{
	(void)state;
	for (uint32_t side = 2; side < 16; side += 6) {
		struct scope sc;
		scope_init(&sc);
		struct prng prng;
		prng_seed(&prng, side);
		const char *json = town_geojson(&sc, &prng, (int)side);
		struct road *road;
		struct road_import_report report;
		assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &road, &report));
		size_t m = road->n[SECTION_UP_HEAD];
		struct cch_narrow one;
		struct cch_wide one_wide;
		cch_customise_narrow(road, road->arc_ms, 1, &one);
		cch_customise_wide(road, road->arc_ms, 1, &one_wide);
		for (unsigned threads = 2; threads < 6; threads++) {
			struct cch_narrow many;
			struct cch_wide many_wide;
			cch_customise_narrow(road, road->arc_ms, threads, &many);
			cch_customise_wide(road, road->arc_ms, threads, &many_wide);
			assert_memory_equal(many.up, one.up, m * sizeof *one.up);
			assert_memory_equal(many.down, one.down, m * sizeof *one.down);
			assert_memory_equal(many_wide.up, one_wide.up, m * sizeof *one_wide.up);
			assert_memory_equal(many_wide.down, one_wide.down, m * sizeof *one_wide.down);
			cch_narrow_release(&many);
			free(many_wide.memory);
		}
		cch_narrow_release(&one);
		free(one_wide.memory);
		road_close(road);
		scope_release(&sc);
	}
}

/* --- tiles ------------------------------------------------------------------------ */

static size_t
count_streets(struct scope *sc, const uint8_t *gz, size_t n)
{
	uint8_t *raw = scope_alloc(sc, 1 << 22);
	z_stream z = {.next_in = (Bytef *)gz, .avail_in = (uInt)n, .next_out = raw, .avail_out = 1 << 22};
	assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
	assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
	size_t len = (1 << 22) - z.avail_out;
	inflateEnd(&z);
	size_t features = 0;
	for (size_t i = 0; i < len;) { /* layers: field 3 of the tile */
		assert_int_equal(raw[i++], 3 << 3 | 2);
		size_t size = 0;
		for (unsigned shift = 0;; shift += 7) {
			size |= (size_t)(raw[i] & 127) << shift;
			if (raw[i++] < 128)
				break;
		}
		const uint8_t *layer = raw + i;
		i += size;
		assert_true(i <= len);
		assert_int_equal(layer[0], 1 << 3 | 2);
		if (layer[1] != 7 || memcmp(layer + 2, "streets", 7) != 0)
			continue;
		for (size_t k = 9; k < size;) { /* the layer's fields */
			unsigned tag = layer[k++];
			size_t v = 0;
			for (unsigned shift = 0;; shift += 7) {
				v |= (size_t)(layer[k] & 127) << shift;
				if (layer[k++] < 128)
					break;
			}
			features += tag == (2 << 3 | 2);
			k += (tag & 7) == 2 ? v : 0;
		}
	}
	return features;
}

static void
tiles_show_the_streets(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 5);
	const char *json = town_geojson(&sc, &prng, 6);
	struct road *road;
	struct road_import_report report;
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &road, &report));
	uint8_t *bytes;
	size_t n;
	/* 57.705, 11.975 in the web's numbering */
	assert_ok(&sc, road_tile(&sc, road, 14, 8736, 4959, &bytes, &n));
	assert_true(n > 0);
	assert_true(count_streets(&sc, bytes, n) > 10);
	assert_ok(&sc, road_tile(&sc, road, 14, 0, 0, &bytes, &n));
	assert_int_equal(n, 0);
	assert_ok(&sc, road_tile(&sc, road, 0, 0, 0, &bytes, &n));
	assert_int_equal(road_tile(&sc, road, 3, 8, 0, &bytes, &n), E_INVALID);
	assert_int_equal(road_tile(&sc, road, 30, 0, 0, &bytes, &n), E_INVALID);
	road_close(road);
	scope_release(&sc);
}

/* --- OSRM's interface --------------------------------------------------------------- */

static void
osrm_answers_and_refuses_in_its_own_words(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct prng prng;
	prng_seed(&prng, 5);
	const char *json = town_geojson(&sc, &prng, 6);
	struct road *road;
	struct road_import_report report;
	assert_ok(&sc, town_open_bytes(&sc, json, strlen(json), "van", &road, &report));
	static const struct {
		const char *target, *code;
	} cases[] = {
	    {"/route/v1/driving/11.971,57.701;11.979,57.709?steps=true&geometries=geojson&annotations=true", "Ok"},
	    {"/route/v1/driving/11.971,57.701;11.975,57.703;11.979,57.709?overview=false", "Ok"},
	    {"/table/v1/driving/11.971,57.701;11.979,57.709?annotations=duration,distance&sources=0", "Ok"},
	    {"/nearest/v1/driving/11.971,57.701?number=2", "Ok"},
	    {"/route/v1/driving/polyline(c~l%60Jwvih%40oEoE)?overview=full", NULL},
	    {"/route/v1/driving/11.971,57.701", "InvalidOptions"},
	    {"/route/v1/driving/11.971;57.701", "InvalidQuery"},
	    {"/route/v1/driving/11.971,157.701;11,57", "InvalidValue"},
	    {"/route/v1/driving/11.971,57.701;11.979,57.709?steps=maybe", "InvalidQuery"},
	    {"/route/v1/driving/0,0;1,1", "NoSegment"},
	    {"/trip/v1/driving/0,0;1,1", "NotImplemented"},
	    {"/match/v1/driving/11.971,57.701;11.973,57.702?timestamps=10;20", NULL},
	    {"/match/v1/driving/0,0;1,1", "NoMatch"},
	    {"/route/v2/driving/0,0;1,1", "InvalidVersion"},
	    {"/route", "InvalidUrl"},
	    {"", "InvalidUrl"},
	    {"/route/v1/driving/%zz", "InvalidUrl"},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		unsigned status = 0;
		char *answer;
		assert_ok(&sc, road_osrm_answer(&sc, road, NULL, NULL, cases[i].target, &status, &answer));
		json_t *o;
		assert_ok(&sc, json_parse(&sc, answer, strlen(answer), &o));
		const char *code = json_string_value(json_object_get(o, "code"));
		if (cases[i].code != NULL)
			assert_string_equal(code, cases[i].code);
		assert_int_equal(status, strcmp(code, "Ok") == 0 ? 200 : 400);
	}
	road_close(road);
	scope_release(&sc);
}

/* --- a real city ---------------------------------------------------------------------- */

static void
gothenburg_is_exact(void **state)
{
	(void)state;
	const char *city = ".cache/deps/city/large-network.json";
	if (!file_exists(city)) {
		print_message("skipped: %s is not here (./dev setup fetches it)\n", city);
		skip();
	}
	struct scope sc;
	scope_init(&sc);
	char *file = town_path(&sc, "city.road");
	struct road_import_report report;
	assert_ok(&sc, road_import(&sc, city, file, "van", &report));
	assert_true(report.arcs > 20000);
	struct road *road;
	assert_ok(&sc, road_open(&sc, file, &road));
	unlink(file);
	struct road_bench_plan plan = {.queries = 10, .matrix = 10, .seed = 4, .metrics = 1};
	struct road_bench_result result;
	assert_ok(&sc, road_bench(&sc, road, &plan, &result));
	assert_int_equal(result.mismatches, 0);
	road_close(road);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(matrix_and_path_equal_a_brute_force_search),
	    cmocka_unit_test(snap_finds_the_nearest_of_all_segments),
	    cmocka_unit_test(junctions_have_their_streets_clockwise),
	    cmocka_unit_test(a_fork_is_told_by_its_other_way),
	    cmocka_unit_test(the_core_gives_the_labels_of_a_climb_by_arcs),
	    cmocka_unit_test(damaged_files_are_refused),
	    cmocka_unit_test(a_swapped_metric_changes_answers_and_the_taken_one_stays),
	    cmocka_unit_test(threads_customise_to_the_same_bits),
	    cmocka_unit_test(tiles_show_the_streets),
	    cmocka_unit_test(osrm_answers_and_refuses_in_its_own_words),
	    cmocka_unit_test(gothenburg_is_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
