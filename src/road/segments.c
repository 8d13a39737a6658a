/* Ways become segments: pieces between junctions, where a junction is a node
 * that ends a way, is used twice, or blocks the way. Each segment gets an arc
 * for each direction its way may be driven in. */
#include <math.h>

#include "road/road_build.h"

static int
compare_nodes(const void *a, const void *b)
{
	const struct raw_node *x = a;
	const struct raw_node *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

/* Sorted by id, each id once; flags of doubles are joined. */
static void
sort_nodes(struct vec *nodes)
{
	struct raw_node *v = VEC_AT(nodes, struct raw_node, 0);
	bool sorted = true;
	for (size_t i = 1; i < nodes->n && sorted; i++)
		sorted = v[i - 1].id < v[i].id;
	if (sorted)
		return;
	qsort(v, nodes->n, sizeof *v, compare_nodes);
	size_t n = 0;
	for (size_t i = 0; i < nodes->n; i++) {
		if (n > 0 && v[n - 1].id == v[i].id)
			v[n - 1].flags |= v[i].flags;
		else
			v[n++] = v[i];
	}
	nodes->n = n;
}

uint32_t
raw_find_node(const struct osm_raw *raw, int64_t id)
{
	const struct raw_node *v = VEC_AT(&raw->nodes, struct raw_node, 0);
	size_t lo = 0;
	size_t hi = raw->nodes.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (v[mid].id < id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < raw->nodes.n && v[lo].id == id ? (uint32_t)lo : ROAD_NONE;
}

static void
resolve_refs(struct builder *b)
{
	struct osm_raw *raw = b->raw;
	b->ref_node = NEW_ARRAY(b->sc, raw->refs.n + 1, uint32_t);
	for (size_t i = 0; i < raw->refs.n; i++) {
		b->ref_node[i] = raw_find_node(raw, *VEC_AT(&raw->refs, int64_t, i));
		if (b->ref_node[i] == ROAD_NONE)
			b->report->refs_missing++;
	}
}

static bool
is_driven(const struct raw_way *w)
{
	return w->verdict.forward_kmh != 0 || w->verdict.backward_kmh != 0;
}

/* Numbers the junctions among the raw nodes. */
static void
find_junctions(struct builder *b)
{
	size_t n = b->raw->nodes.n;
	uint8_t *uses = NEW_ARRAY(b->sc, n + 1, uint8_t);
	for (size_t i = 0; i < b->raw->ways.n; i++) {
		const struct raw_way *w = VEC_AT(&b->raw->ways, struct raw_way, i);
		if (!is_driven(w))
			continue;
		for (uint32_t k = 0; k < w->n_refs; k++) {
			uint32_t node = b->ref_node[w->first_ref + k];
			if (node == ROAD_NONE)
				continue;
			bool last = k + 1 == w->n_refs || b->ref_node[w->first_ref + k + 1] == ROAD_NONE;
			bool first = k == 0 || b->ref_node[w->first_ref + k - 1] == ROAD_NONE;
			unsigned sum = uses[node] + (first || last ? 2u : 1u);
			uses[node] = (uint8_t)(sum > 2 ? 2 : sum);
		}
	}
	b->junction = NEW_ARRAY(b->sc, n + 1, uint32_t);
	b->junction_raw = NEW_ARRAY(b->sc, n + 1, uint32_t);
	for (size_t i = 0; i < n; i++) {
		bool blocked = (VEC_AT(&b->raw->nodes, struct raw_node, i)->flags & NODE_BLOCKED) != 0;
		b->junction[i] = uses[i] >= 2 || (uses[i] != 0 && blocked) ? b->n_junctions++ : ROAD_NONE;
		if (b->junction[i] != ROAD_NONE)
			b->junction_raw[b->junction[i]] = (uint32_t)i;
	}
}

static void
add_arc(struct builder *b, struct road_segment *s, uint32_t segment, unsigned backward)
{
	s->arc[backward] = (uint32_t)b->arcs.n;
	*(struct road_arc *)vec_push(&b->arcs) =
	    (struct road_arc){segment, backward, s->node[backward], s->node[1 - backward]};
}

static void
add_segment(struct builder *b, const struct raw_way *w, uint32_t way, uint32_t from, uint32_t to)
{
	const struct raw_node *nodes = VEC_AT(&b->raw->nodes, struct raw_node, 0);
	const uint32_t *refs = b->ref_node + w->first_ref;
	struct road_segment s = {
	    .node = {b->junction[refs[from]], b->junction[refs[to]]},
	    .shape = (uint32_t)b->shapes.n,
	    .n_shape = to - from + 1,
	    .way = way,
	    .arc = {ROAD_NONE, ROAD_NONE},
	    .position = from,
	};
	double length = 0;
	for (uint32_t k = from; k <= to; k++) {
		*(struct place *)vec_push(&b->shapes) = nodes[refs[k]].at;
		*(int64_t *)vec_push(&b->shape_nodes) = nodes[refs[k]].id;
		if (k > from)
			length += place_distance_m(nodes[refs[k - 1]].at, nodes[refs[k]].at);
	}
	s.length_dm = (uint32_t)lround(length * 10);
	uint32_t number = (uint32_t)b->segments.n;
	if (w->verdict.forward_kmh != 0)
		add_arc(b, &s, number, 0);
	if (w->verdict.backward_kmh != 0)
		add_arc(b, &s, number, 1);
	*(struct road_segment *)vec_push(&b->segments) = s;
}

static void
cut_way(struct builder *b, const struct raw_way *w, uint32_t way)
{
	const uint32_t *refs = b->ref_node + w->first_ref;
	uint32_t from = ROAD_NONE;
	for (uint32_t k = 0; k < w->n_refs; k++) {
		if (refs[k] == ROAD_NONE) {
			from = ROAD_NONE;
			continue;
		}
		if (from != ROAD_NONE && b->junction[refs[k]] != ROAD_NONE && refs[k] != refs[k - 1])
			add_segment(b, w, way, from, k);
		if (b->junction[refs[k]] != ROAD_NONE)
			from = k;
	}
}

static void
add_way(struct builder *b, const struct raw_way *w)
{
	*(struct road_way *)vec_push(&b->ways) = (struct road_way){
	    .osm_id = w->id,
	    .name = w->name,
	    .ref = w->ref,
	    .destination = w->destination,
	    .class = w->verdict.class != CLASS_NONE ? (uint8_t)w->verdict.class : w->draw,
	    .flags = w->verdict.flags,
	    .forward_kmh = w->verdict.forward_kmh,
	    .backward_kmh = w->verdict.backward_kmh,
	};
}

enum code
build_segments(struct builder *b)
{
	sort_nodes(&b->raw->nodes);
	resolve_refs(b);
	find_junctions(b);
	for (size_t i = 0; i < b->raw->ways.n; i++) {
		const struct raw_way *w = VEC_AT(&b->raw->ways, struct raw_way, i);
		add_way(b, w);
		if (!is_driven(w))
			continue;
		b->report->ways_used++;
		cut_way(b, w, (uint32_t)i);
	}
	b->report->nodes = b->raw->nodes.n;
	b->report->ways = b->raw->ways.n;
	b->report->relations = b->raw->relations;
	if (b->arcs.n == 0)
		return fail_as(b->sc, E_INVALID, "no-streets", "there is no street in it that this profile may use");
	if (b->arcs.n > UINT32_MAX / 8 || b->shapes.n > UINT32_MAX / 2)
		return fail(b->sc, E_LIMIT, "more streets than a road file holds");
	build_arc_lists(b);
	return OK;
}

void
build_arc_lists(struct builder *b)
{
	size_t n = b->n_junctions;
	size_t m = b->arcs.n;
	b->out_first = NEW_ARRAY(b->sc, n + 2, uint32_t);
	b->in_first = NEW_ARRAY(b->sc, n + 2, uint32_t);
	b->out_arc = NEW_ARRAY(b->sc, m, uint32_t);
	b->in_arc = NEW_ARRAY(b->sc, m, uint32_t);
	for (size_t i = 0; i < m; i++) {
		b->out_first[BUILT(b, arcs, struct road_arc, i)->tail + 2]++;
		b->in_first[BUILT(b, arcs, struct road_arc, i)->head + 2]++;
	}
	for (size_t i = 2; i < n + 2; i++) {
		b->out_first[i] += b->out_first[i - 1];
		b->in_first[i] += b->in_first[i - 1];
	}
	for (uint32_t i = 0; i < m; i++) {
		const struct road_arc *a = BUILT(b, arcs, struct road_arc, i);
		b->out_arc[b->out_first[a->tail + 1]++] = i;
		b->in_arc[b->in_first[a->head + 1]++] = i;
	}
}

double
arc_bearing(const struct place *shape, const struct road_segment *s, bool backward, bool at_end)
{
	const struct place *p = shape + s->shape;
	uint32_t last = s->n_shape - 1;
	bool at_last_point = at_end != backward;
	/* look some metres along, where the points allow it: junctions have stubs */
	uint32_t i = at_last_point ? last : 0;
	uint32_t k = i;
	do
		k = at_last_point ? k - 1 : k + 1;
	while (k != 0 && k != last && place_distance_m(p[i], p[k]) < 8);
	return at_end ? place_bearing_deg(p[k], p[i]) : place_bearing_deg(p[i], p[k]);
}
