/* How the engine grows: an extract laid side by side k × k times, neighbours
 * tied by streets, imported and asked as if it were one city. */
#include "base/clock.h"
#include "base/file.h"
#include "road/bench.h"
#include "road/osm_raw.h"
#include "road/road_build.h"

#define TIES 24 /* streets between two neighbouring copies, along their border */

static void
copy_nodes(const struct osm_raw *from, struct osm_raw *to, int64_t copy, int32_t shift_lat, int32_t shift_lon)
{
	for (size_t i = 0; i < from->nodes.n; i++) {
		struct raw_node n = *VEC_AT(&from->nodes, struct raw_node, i);
		n.id = (int64_t)i + copy * (int64_t)from->nodes.n;
		n.at.lat_e7 += shift_lat;
		n.at.lon_e7 += shift_lon;
		*(struct raw_node *)vec_push(&to->nodes) = n;
	}
}

static void
copy_ways(const struct osm_raw *from, struct osm_raw *to, int64_t copy)
{
	for (size_t i = 0; i < from->ways.n; i++) {
		struct raw_way w = *VEC_AT(&from->ways, struct raw_way, i);
		uint32_t first = (uint32_t)to->refs.n;
		for (uint32_t k = 0; k < w.n_refs; k++) {
			uint32_t number = raw_find_node(from, *VEC_AT(&from->refs, int64_t, w.first_ref + k));
			*(int64_t *)vec_push(&to->refs) =
			    number == ROAD_NONE ? -1 : (int64_t)number + copy * (int64_t)from->nodes.n;
		}
		w.first_ref = first;
		w.id += copy * ((int64_t)1 << 40);
		*(struct raw_way *)vec_push(&to->ways) = w;
	}
}

/* In each of TIES bands along the border: the junction of a two-way street that
 * lies farthest to one side, per band and side. */
struct border {
	int64_t node[2][2][TIES]; /* axis: 0 east–west, 1 north–south; 0 low, 1 high end */
};

static void
find_border(const struct osm_raw *raw, const struct bounds *b, struct border *out)
{
	int64_t best[2][2][TIES] = {0};
	memset(out, 0xff, sizeof *out);
	for (size_t i = 0; i < raw->ways.n; i++) {
		const struct raw_way *w = VEC_AT(&raw->ways, struct raw_way, i);
		uint32_t number = raw_find_node(raw, *VEC_AT(&raw->refs, int64_t, w->first_ref));
		if (w->verdict.forward_kmh == 0 || w->verdict.backward_kmh == 0 || number == ROAD_NONE)
			continue;
		struct place p = VEC_AT(&raw->nodes, struct raw_node, number)->at;
		int64_t x = (int64_t)p.lon_e7 - b->min.lon_e7;
		int64_t y = (int64_t)p.lat_e7 - b->min.lat_e7;
		int64_t wide = (int64_t)b->max.lon_e7 - b->min.lon_e7 + 1;
		int64_t high = (int64_t)b->max.lat_e7 - b->min.lat_e7 + 1;
		for (int axis = 0; axis < 2; axis++) {
			int64_t band = axis == 0 ? y * TIES / high : x * TIES / wide;
			int64_t at = axis == 0 ? x : y;
			for (int end = 0; end < 2; end++) {
				int64_t *node = &out->node[axis][end][band];
				int64_t *far = &best[axis][end][band];
				if (*node >= 0 && (end == 0 ? at >= *far : at <= *far))
					continue;
				*node = number;
				*far = at;
			}
		}
	}
}

static void
tie_copies(const struct osm_raw *from, struct osm_raw *to, const struct border *border, int axis, int64_t a, int64_t b)
{
	struct raw_way tie = {.verdict = {CLASS_TERTIARY, 0, 40, 40}, .n_refs = 2};
	for (int i = 0; i < TIES; i++) {
		if (border->node[axis][0][i] < 0)
			continue;
		tie.id = -(int64_t)to->ways.n - 1;
		tie.first_ref = (uint32_t)to->refs.n;
		*(int64_t *)vec_push(&to->refs) = border->node[axis][1][i] + a * (int64_t)from->nodes.n;
		*(int64_t *)vec_push(&to->refs) = border->node[axis][0][i] + b * (int64_t)from->nodes.n;
		*(struct raw_way *)vec_push(&to->ways) = tie;
	}
}

static void
lay_out(const struct osm_raw *from, struct osm_raw *to, int64_t side)
{
	struct bounds b;
	bounds_init(&b);
	for (size_t i = 0; i < from->nodes.n; i++)
		bounds_add(&b, VEC_AT(&from->nodes, struct raw_node, i)->at);
	struct border border;
	find_border(from, &b, &border);
	memcpy(vec_push_n(&to->text, from->text.n - 1), from->text.at + 1, from->text.n - 1);
	for (int64_t y = 0; y < side; y++) {
		for (int64_t x = 0; x < side; x++) {
			int64_t copy = y * side + x;
			copy_nodes(from, to, copy, (int32_t)(y * (b.max.lat_e7 - b.min.lat_e7)),
				   (int32_t)(x * (b.max.lon_e7 - b.min.lon_e7)));
			copy_ways(from, to, copy);
			if (x > 0)
				tie_copies(from, to, &border, 0, copy - 1, copy);
			if (y > 0)
				tie_copies(from, to, &border, 1, copy - side, copy);
		}
	}
}

enum code
road_growth_bench(struct scope *sc, const char *extract, const char *work_file, int64_t side, struct road_growth *out)
{
	uint8_t *bytes;
	size_t n;
	TRY(file_read(sc, extract, (size_t)1 << 30, &bytes, &n));
	struct osm_raw *one = NEW(sc, struct osm_raw);
	struct osm_raw *many = NEW(sc, struct osm_raw);
	raw_init(one, sc, profile_find("van"));
	raw_init(many, sc, profile_find("van"));
	TRY(osm_read_pbf(sc, bytes, n, one));
	lay_out(one, many, side);
	struct road_sections sections;
	struct road_import_report report;
	int64_t start = clock_cpu_ns();
	TRY(road_build(sc, many, &sections, &report));
	out->build_s = (double)(clock_cpu_ns() - start) * 1e-9;
	TRY(road_file_write(sc, work_file, &sections, &report.bytes_written));
	struct road *road;
	TRY(road_open(sc, work_file, &road));
	struct road_bench_plan plan = {.queries = 200, .matrix = 50, .seed = 1, .threads = 1};
	struct road_bench_result r;
	enum code rc = road_bench(sc, road, &plan, &r);
	road_close(road);
	TRY(rc);
	out->arcs = report.arcs;
	out->query_us = r.query_us;
	out->customise_ms = r.customise_ms;
	out->mismatches = r.mismatches;
	return OK;
}
