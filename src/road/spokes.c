/* The streets around each junction, clockwise, and where each arc may go on:
 * what a driver sees there, made once so that steps need not look again. */
#include "road/road_build.h"

#include <math.h>

#define LOOK_M 8.0 /* along a street: junctions have stubs */

/* Seen from one end of a segment: where it leads, hundredths of a degree. */
static uint16_t
bearing_of(const struct place *p, uint32_t n, unsigned end)
{
	struct plane plane;
	struct metres m;
	uint32_t last = n - 1;
	uint32_t k = end != 0 ? last : 0;
	plane_init(&plane, p[k]);
	do {
		k = end != 0 ? k - 1 : k + 1;
		m = plane_project(&plane, p[k]);
	} while (k != 0 && k != last && m.x * m.x + m.y * m.y < LOOK_M * LOOK_M);
	double deg = atan2(m.x, m.y) * (180 / M_PI);
	return (uint16_t)((lround(deg * 100) + SPOKE_CIRCLE) % SPOKE_CIRCLE);
}

/* By whole degrees as they are shown: what rounds up to 360 comes first. */
static int
compare_spokes(const void *a, const void *b)
{
	const struct road_spoke *x = a;
	const struct road_spoke *y = b;
	int p = (x->bearing_cdeg + 50) % SPOKE_CIRCLE;
	int q = (y->bearing_cdeg + 50) % SPOKE_CIRCLE;
	if (p != q)
		return p - q;
	if (x->segment != y->segment)
		return x->segment < y->segment ? -1 : 1;
	return (int)x->end - (int)y->end;
}

static bool
may_turn(const struct builder *b, uint32_t vertex, uint32_t arc)
{
	for (uint32_t e = *BUILT(b, turn_first, uint32_t, vertex); e < *BUILT(b, turn_first, uint32_t, vertex + 1); e++)
		if (BUILT(b, vertices, struct road_vertex, BUILT(b, turns, struct road_turn_edge, e)->to)->arc == arc)
			return true;
	return false;
}

/* Of the vertex that is the arc's plain one. */
static uint32_t
open_spokes(const struct builder *b, uint32_t arc, const struct road_spoke *spoke, uint32_t n)
{
	uint32_t v = *BUILT(b, segment_vertex, uint32_t, BUILT(b, arcs, struct road_arc, arc)->segment);
	uint32_t open = 0;
	while (BUILT(b, vertices, struct road_vertex, v)->arc != arc)
		v++;
	for (uint32_t i = 0; i < n && i < SPOKES_SEEN; i++)
		if (spoke[i].arc != ROAD_NONE && may_turn(b, v, spoke[i].arc))
			open |= 1u << i;
	return open;
}

static struct road_spoke
spoke_of(const struct builder *b, uint32_t segment, unsigned end)
{
	const struct road_segment *s = BUILT(b, segments, struct road_segment, segment);
	return (struct road_spoke){
	    .segment = segment,
	    .arc = s->arc[end],
	    .bearing_cdeg = bearing_of(BUILT(b, shapes, struct place, s->shape), s->n_shape, end),
	    .end = (uint16_t)end,
	};
}

void
build_spokes(struct builder *b, struct road_sections *out)
{
	uint32_t ends = 2 * (uint32_t)b->segments.n;
	uint32_t *first = NEW_ARRAY(b->sc, b->n_junctions + 2, uint32_t);
	struct road_spoke *spoke = NEW_ARRAY(b->sc, ends, struct road_spoke);
	uint32_t *open = NEW_ARRAY(b->sc, b->arcs.n, uint32_t);
	for (uint32_t i = 0; i < ends; i++)
		first[BUILT(b, segments, struct road_segment, i / 2)->node[i % 2] + 2]++;
	for (size_t i = 2; i < b->n_junctions + 2; i++)
		first[i] += first[i - 1];
	for (uint32_t i = 0; i < ends; i++)
		spoke[first[BUILT(b, segments, struct road_segment, i / 2)->node[i % 2] + 1]++] =
		    spoke_of(b, i / 2, i % 2);
	for (uint32_t i = 0; i < b->n_junctions; i++)
		qsort(spoke + first[i], first[i + 1] - first[i], sizeof *spoke, compare_spokes);
	for (uint32_t i = 0; i < b->arcs.n; i++) {
		uint32_t node = BUILT(b, arcs, struct road_arc, i)->head;
		open[i] = open_spokes(b, i, spoke + first[node], first[node + 1] - first[node]);
	}
	out->at[SECTION_NODE_FIRST] = first;
	out->n[SECTION_NODE_FIRST] = b->n_junctions + 1;
	out->at[SECTION_SPOKE] = spoke;
	out->n[SECTION_SPOKE] = ends;
	out->at[SECTION_ARC_OPEN] = open;
	out->n[SECTION_ARC_OPEN] = b->arcs.n;
}
