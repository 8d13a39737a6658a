/* From a raw extract to a file: segments, turns, the connected part, indices
 * in space, the map's lines. */
#include "road/area_rings.h"

#include <math.h>

#define GRID_CELL_M 150.0
#define GRID_CELLS_MAX 4000000u
#define GRID_ITEMS_MAX ((size_t)1 << 26) /* cells of all items together */

/* --- a grid of cells over boxes: cell → what touches it ------------------- */

struct grid {
	struct bounds bounds;
	uint32_t columns, rows;
	int64_t cell_lat, cell_lon;
	uint32_t *first, *item;
	size_t n_items;
};

static void
grid_init(struct grid *g, struct bounds bounds, int64_t cell_lat, int64_t cell_lon)
{
	int64_t high = (int64_t)bounds.max.lat_e7 - bounds.min.lat_e7;
	int64_t wide = (int64_t)bounds.max.lon_e7 - bounds.min.lon_e7;
	while ((high / cell_lat + 1) * (wide / cell_lon + 1) > GRID_CELLS_MAX) {
		cell_lat *= 2;
		cell_lon *= 2;
	}
	*g = (struct grid){.bounds = bounds, .cell_lat = cell_lat, .cell_lon = cell_lon};
	g->rows = (uint32_t)(high / cell_lat + 1);
	g->columns = (uint32_t)(wide / cell_lon + 1);
}

typedef void grid_visit(struct grid *g, size_t cell, uint32_t item);

static void
grid_count(struct grid *g, size_t cell, uint32_t item)
{
	(void)item;
	g->first[cell + 2]++;
	g->n_items++;
}

static void
grid_put(struct grid *g, size_t cell, uint32_t item)
{
	g->item[g->first[cell + 1]++] = item;
}

/* Every cell of the box of each two neighbouring points; an item's cells may repeat
 * across its points, so the last item put into a cell is remembered. */
static void
grid_walk(struct grid *g, const struct place *p, uint32_t n, uint32_t item, uint32_t *last, grid_visit *visit)
{
	for (uint32_t i = 0; i + 1 < n; i++) {
		int64_t lat0 = p[i].lat_e7 < p[i + 1].lat_e7 ? p[i].lat_e7 : p[i + 1].lat_e7;
		int64_t lat1 = p[i].lat_e7 < p[i + 1].lat_e7 ? p[i + 1].lat_e7 : p[i].lat_e7;
		int64_t lon0 = p[i].lon_e7 < p[i + 1].lon_e7 ? p[i].lon_e7 : p[i + 1].lon_e7;
		int64_t lon1 = p[i].lon_e7 < p[i + 1].lon_e7 ? p[i + 1].lon_e7 : p[i].lon_e7;
		for (int64_t r = (lat0 - g->bounds.min.lat_e7) / g->cell_lat;
		     r <= (lat1 - g->bounds.min.lat_e7) / g->cell_lat; r++) {
			for (int64_t c = (lon0 - g->bounds.min.lon_e7) / g->cell_lon;
			     c <= (lon1 - g->bounds.min.lon_e7) / g->cell_lon; c++) {
				size_t cell = (size_t)r * g->columns + (size_t)c;
				if (last[cell] == item + 1)
					continue;
				last[cell] = item + 1;
				visit(g, cell, item);
			}
		}
	}
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

/* A line, or one ring of an area; stretches of an item follow on each other. */
struct stretch {
	uint32_t shape, n_shape;
	uint32_t item;
	bool area;
};

/* Where a row's middle crosses the rings of an area, west to east. */
static uint32_t
row_crossings(const struct grid *g, const struct place *shape, const struct stretch *s, uint32_t n, int64_t row,
	      double *at)
{
	double lat = (double)(g->bounds.min.lat_e7 + row * g->cell_lat) + (double)g->cell_lat / 2;
	uint32_t k = 0;
	for (uint32_t i = 0; i < n; i++) {
		const struct place *p = shape + s[i].shape;
		for (uint32_t e = 0; e + 1 < s[i].n_shape; e++) {
			if ((p[e].lat_e7 > lat) == (p[e + 1].lat_e7 > lat))
				continue;
			double t = (lat - p[e].lat_e7) / ((double)p[e + 1].lat_e7 - p[e].lat_e7);
			at[k++] = p[e].lon_e7 + t * ((double)p[e + 1].lon_e7 - p[e].lon_e7);
		}
	}
	qsort(at, k, sizeof *at, compare_doubles);
	return k;
}

/* The cells that no edge touches and that lie within: those between two crossings
 * of their row's middle. */
static void
grid_walk_inside(struct grid *g, const struct place *shape, const struct stretch *s, uint32_t n, uint32_t *last,
		 grid_visit *visit)
{
	struct bounds b;
	size_t edges = 0;
	bounds_init(&b);
	for (uint32_t i = 0; i < n; i++) {
		edges += s[i].n_shape;
		for (uint32_t k = 0; k < s[i].n_shape; k++)
			bounds_add(&b, shape[s[i].shape + k]);
	}
	int64_t first = (b.min.lat_e7 - g->bounds.min.lat_e7) / g->cell_lat + 1;
	int64_t end = (b.max.lat_e7 - g->bounds.min.lat_e7) / g->cell_lat;
	if (first >= end || (int64_t)b.max.lon_e7 - b.min.lon_e7 < 2 * g->cell_lon)
		return; /* too small to hold a cell */
	struct scope work;
	scope_init(&work);
	double *at = NEW_ARRAY(&work, edges, double);
	for (int64_t r = first; r < end; r++) {
		uint32_t k = row_crossings(g, shape, s, n, r, at);
		for (uint32_t i = 0; i + 1 < k; i += 2) {
			int64_t c0 = ((int64_t)at[i] - g->bounds.min.lon_e7) / g->cell_lon;
			int64_t c1 = ((int64_t)at[i + 1] - g->bounds.min.lon_e7) / g->cell_lon;
			for (int64_t c = c0; c <= c1; c++) {
				size_t cell = (size_t)r * g->columns + (size_t)c;
				if (last[cell] == s->item + 1)
					continue;
				last[cell] = s->item + 1;
				visit(g, cell, s->item);
			}
		}
	}
	scope_release(&work);
}

static void
grid_walk_all(struct grid *g, const struct place *shape, const struct stretch *s, size_t n, uint32_t *last,
	      grid_visit *visit)
{
	for (size_t i = 0; i < n && g->n_items <= GRID_ITEMS_MAX;) {
		uint32_t k = 0;
		for (; i + k < n && s[i + k].item == s[i].item; k++)
			grid_walk(g, shape + s[i + k].shape, s[i + k].n_shape, s[i].item, last, visit);
		if (s[i].area)
			grid_walk_inside(g, shape, s + i, k, last, visit);
		i += k;
	}
}

/* E_LIMIT  its lines run to and fro across half the world. */
MUST_USE static enum code
grid_fill(struct scope *sc, struct grid *g, const struct place *shape, const struct stretch *s, size_t n)
{
	size_t cells = (size_t)g->columns * g->rows;
	g->first = NEW_ARRAY(sc, cells + 2, uint32_t);
	uint32_t *last = NEW_ARRAY(sc, cells, uint32_t);
	grid_walk_all(g, shape, s, n, last, grid_count);
	if (g->n_items > GRID_ITEMS_MAX)
		return fail(sc, E_LIMIT, "its lines and areas are too long for its box");
	for (size_t c = 2; c < cells + 2; c++)
		g->first[c] += g->first[c - 1];
	g->item = NEW_ARRAY(sc, g->n_items + 1, uint32_t);
	memset(last, 0, cells * sizeof *last);
	grid_walk_all(g, shape, s, n, last, grid_put);
	return OK;
}

/* --- sections ------------------------------------------------------------- */

static void
put_section(struct road_sections *out, enum road_section s, const void *at, size_t n)
{
	out->at[s] = at;
	out->n[s] = n;
}

static size_t
list_stretches(const struct builder *b, const struct vec *lines, struct stretch *s, struct bounds *bounds)
{
	size_t n = 0;
	bounds_init(bounds);
	for (uint32_t i = 0; i < lines->n; i++) {
		const struct road_line *x = VEC_AT(lines, struct road_line, i);
		bool area = road_kind_is_area(x->kind);
		uint32_t shape = x->shape;
		for (uint32_t k = 0; k < x->n_shape; k++)
			bounds_add(bounds, *BUILT(b, shapes, struct place, shape + k));
		if (x->n_rings == 0)
			s[n++] = (struct stretch){shape, x->n_shape, i, area};
		for (uint32_t r = 0; r < x->n_rings; r++) {
			uint32_t points = *BUILT(b, rings, uint32_t, x->ring + r);
			s[n++] = (struct stretch){shape, points, i, area};
			shape += points;
		}
	}
	return n;
}

MUST_USE static enum code
put_grids(struct builder *b, const struct vec *lines, struct road_head *head, struct road_sections *out)
{
	const struct place *shape = BUILT(b, shapes, struct place, 0);
	struct stretch *s = NEW_ARRAY(b->sc, b->segments.n + lines->n + b->rings.n, struct stretch);
	bounds_init(&head->bounds);
	for (size_t i = 0; i < b->segments.n; i++) {
		const struct road_segment *x = BUILT(b, segments, struct road_segment, i);
		s[i] = (struct stretch){x->shape, x->n_shape, (uint32_t)i, false};
		for (uint32_t k = 0; k < x->n_shape; k++)
			bounds_add(&head->bounds, shape[x->shape + k]);
	}
	struct plane plane;
	plane_init(&plane, head->bounds.min);
	struct grid g;
	grid_init(&g, head->bounds, lround(GRID_CELL_M / plane.m_per_e7_lat),
		  lround(GRID_CELL_M / (plane.m_per_e7_lon > 1e-4 ? plane.m_per_e7_lon : 1e-4)));
	TRY(grid_fill(b->sc, &g, shape, s, b->segments.n));
	put_section(out, SECTION_GRID_FIRST, g.first, (size_t)g.columns * g.rows + 1);
	put_section(out, SECTION_GRID, g.item, g.n_items);
	head->grid_columns = g.columns;
	head->grid_rows = g.rows;
	head->cell_e7_lat = (uint32_t)g.cell_lat;
	head->cell_e7_lon = (uint32_t)g.cell_lon;
	size_t n = list_stretches(b, lines, s, &head->draw_bounds);
	grid_init(&g, head->draw_bounds, DRAW_CELL_E7, DRAW_CELL_E7);
	TRY(grid_fill(b->sc, &g, shape, s, n));
	put_section(out, SECTION_DRAW_FIRST, g.first, (size_t)g.columns * g.rows + 1);
	put_section(out, SECTION_DRAW, g.item, g.n_items);
	head->draw_columns = g.columns;
	head->draw_rows = g.rows;
	head->draw_cell_e7 = (uint32_t)g.cell_lat;
	return OK;
}

/* Areas, then each way's points once more, whole, for drawing. */
static void
add_lines(struct builder *b, struct vec *lines)
{
	areas_from_relations(b, lines);
	areas_from_coasts(b, lines);
	for (uint32_t i = 0; i < b->raw->ways.n; i++) {
		const struct raw_way *w = VEC_AT(&b->raw->ways, struct raw_way, i);
		struct road_line line = {.shape = (uint32_t)b->shapes.n, .way = i, .name = w->name};
		line.kind = w->draw != 0 ? w->draw : (uint32_t)w->verdict.class;
		if (line.kind == CLASS_NONE)
			continue; /* an area shows it */
		for (uint32_t k = 0; k < w->n_refs; k++) {
			uint32_t node = b->ref_node[w->first_ref + k];
			if (node == ROAD_NONE)
				continue;
			*(struct place *)vec_push(&b->shapes) = VEC_AT(&b->raw->nodes, struct raw_node, node)->at;
			line.n_shape++;
		}
		if (line.n_shape >= 2)
			*(struct road_line *)vec_push(lines) = line;
	}
	b->report->lines_drawn = lines->n;
}

static uint32_t *
arc_durations(struct builder *b)
{
	uint32_t *ms = NEW_ARRAY(b->sc, b->arcs.n, uint32_t);
	for (size_t i = 0; i < b->arcs.n; i++) {
		const struct road_arc *a = BUILT(b, arcs, struct road_arc, i);
		const struct road_segment *s = BUILT(b, segments, struct road_segment, a->segment);
		const struct road_way *w = BUILT(b, ways, struct road_way, s->way);
		uint32_t kmh = a->backward != 0 ? w->backward_kmh : w->forward_kmh;
		uint64_t t = (uint64_t)s->length_dm * 360 / kmh;
		ms[i] = t < 1 ? 1 : (uint32_t)t;
	}
	return ms;
}

static void
put_spots(struct builder *b, struct road_sections *out)
{
	struct road_spot *spots = NEW_ARRAY(b->sc, b->raw->spots.n, struct road_spot);
	for (size_t i = 0; i < b->raw->spots.n; i++) {
		const struct raw_spot *r = VEC_AT(&b->raw->spots, struct raw_spot, i);
		spots[i] = (struct road_spot){r->at, r->name, r->kind};
	}
	put_section(out, SECTION_SPOT, spots, b->raw->spots.n);
}

MUST_USE static enum code
put_sections(struct builder *b, struct road_sections *out)
{
	struct road_head *head = NEW(b->sc, struct road_head);
	struct vec *lines = NEW(b->sc, struct vec);
	vec_init(lines, b->sc, sizeof(struct road_line));
	add_lines(b, lines);
	TRY(put_grids(b, lines, head, out));
	head->drives_on_left = drives_on_left(*BUILT(b, shapes, struct place, 0));
	head->profile = raw_text(b->raw, b->raw->profile->name);
	head->source = raw_text(b->raw, b->raw->source);
	head->n_nodes = b->n_junctions;
	head->kerb_classes = b->raw->profile->kerb_classes;
	put_section(out, SECTION_HEAD, head, 1);
	put_section(out, SECTION_WAY, b->ways.at, b->ways.n);
	put_section(out, SECTION_SHAPE, b->shapes.at, b->shapes.n);
	put_section(out, SECTION_SHAPE_NODE, b->shape_nodes.at, b->raw->nameless_nodes ? 0 : b->shape_nodes.n);
	build_spokes(b, out);
	put_section(out, SECTION_SEGMENT, b->segments.at, b->segments.n);
	put_section(out, SECTION_SEGMENT_VERTEX, b->segment_vertex.at, b->segment_vertex.n);
	put_section(out, SECTION_ARC, b->arcs.at, b->arcs.n);
	put_section(out, SECTION_ARC_MS, arc_durations(b), b->arcs.n);
	put_section(out, SECTION_VERTEX, b->vertices.at, b->vertices.n);
	put_section(out, SECTION_TURN_FIRST, b->turn_first.at, b->turn_first.n);
	put_section(out, SECTION_TURN, b->turns.at, b->turns.n);
	put_section(out, SECTION_LINE, lines->at, lines->n);
	put_section(out, SECTION_RING, b->rings.at, b->rings.n);
	put_spots(b, out);
	build_names(b, out);
	put_section(out, SECTION_TEXT, b->raw->text.at, b->raw->text.n);
	return OK;
}

static struct builder *
builder_new(struct scope *sc, struct osm_raw *raw, struct road_import_report *report)
{
	struct builder *b = NEW(sc, struct builder);
	b->sc = sc;
	b->raw = raw;
	b->report = report;
	vec_init(&b->ways, sc, sizeof(struct road_way));
	vec_init(&b->shapes, sc, sizeof(struct place));
	vec_init(&b->rings, sc, sizeof(uint32_t));
	vec_init(&b->shape_nodes, sc, sizeof(int64_t));
	vec_init(&b->segments, sc, sizeof(struct road_segment));
	vec_init(&b->arcs, sc, sizeof(struct road_arc));
	vec_init(&b->forbidden, sc, sizeof(uint64_t));
	vec_init(&b->trie, sc, sizeof(struct trie_state));
	vec_init(&b->trie_arcs, sc, sizeof(uint32_t));
	vec_init(&b->ends, sc, sizeof(struct trie_end));
	vec_init(&b->vertices, sc, sizeof(struct road_vertex));
	vec_init(&b->vertex_state, sc, sizeof(uint32_t));
	vec_init(&b->segment_vertex, sc, sizeof(uint32_t));
	vec_init(&b->turn_first, sc, sizeof(uint32_t));
	vec_init(&b->turns, sc, sizeof(struct road_turn_edge));
	return b;
}

enum code
road_build(struct scope *sc, struct osm_raw *raw, struct road_sections *out, struct road_import_report *report)
{
	*report = (struct road_import_report){0};
	struct builder *b = builder_new(sc, raw, report);
	TRY(build_segments(b));
	do { /* a private street may have led through one that went */
		build_restrictions(b);
		build_turns(b);
	} while (b->arcs.n > 0 && build_connected(b));
	if (b->arcs.n == 0)
		return fail_as(sc, E_INVALID, "no-streets", "no two of its streets lead to each other");
	*out = (struct road_sections){0};
	TRY(put_sections(b, out));
	struct road_head *head = NEW(sc, struct road_head);
	*head = *(const struct road_head *)out->at[SECTION_HEAD];
	TRY(build_order(b, out, head));
	out->at[SECTION_HEAD] = head;
	report->segments = b->segments.n;
	report->arcs = b->arcs.n;
	report->vertices = b->vertices.n;
	report->turns = b->turns.n;
	return OK;
}
