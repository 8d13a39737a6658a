/* The sea. A coast line has land to its left and water to its right. Coast ways are
 * joined, cut at the extract's box, and tied along the box's edge with the clock:
 * from where one leaves the box to where the next enters it there is water. Closed
 * coasts are islands (holes in the sea) or, the other way round, waters of their
 * own. Where a coast ends well inside the box the data is not whole, and which side is
 * wet beyond that end is not known: then no sea is filled. */
#include "road/area_rings.h"

#include <math.h>

#include "road/chains.h"

#define PASSAGES_MAX 10000u
#define EDGE_SHARE 0.005 /* of the box: as near to the edge as this is at it */

/* A coast from where it enters the box to where it leaves it, along the box's edge:
 * 0 … 1 the north side from west to east, then east, south, west. */
struct passage {
	struct place *at;
	uint32_t n;
	double enters, leaves;
	bool used;
};

struct sea {
	struct scope work;
	struct bounds box;
	struct vec passages;	    /* struct passage */
	struct vec islands, waters; /* struct ring */
	size_t gaps;
};

/* --- the box ---------------------------------------------------------------------- */

static double
edge_position(const struct bounds *b, struct place p)
{
	double x = ((double)p.lon_e7 - b->min.lon_e7) / ((double)b->max.lon_e7 - b->min.lon_e7);
	double y = ((double)p.lat_e7 - b->min.lat_e7) / ((double)b->max.lat_e7 - b->min.lat_e7);
	if (p.lat_e7 >= b->max.lat_e7)
		return x;
	if (p.lon_e7 >= b->max.lon_e7)
		return 2 - y;
	if (p.lat_e7 <= b->min.lat_e7)
		return 3 - x;
	return 3 + y;
}

static struct place
corner(const struct bounds *b, int number)
{
	const struct place all[4] = {{b->max.lat_e7, b->max.lon_e7},
				     {b->min.lat_e7, b->max.lon_e7},
				     {b->min.lat_e7, b->min.lon_e7},
				     {b->max.lat_e7, b->min.lon_e7}};
	return all[number % 4];
}

static int32_t
clamp(double x, int32_t lo, int32_t hi)
{
	return x <= lo ? lo : x >= hi ? hi : (int32_t)lround(x);
}

/* The part of a → b within the box; false where there is none. cut[0], cut[1]:
 * whether its beginning, its end is not a or b itself (Liang, Barsky 1984). */
static bool
clip(const struct bounds *box, struct place a, struct place b, struct place part[2], bool cut[2])
{
	double dx = (double)b.lon_e7 - a.lon_e7;
	double dy = (double)b.lat_e7 - a.lat_e7;
	double p[4] = {-dx, dx, -dy, dy};
	double q[4] = {(double)a.lon_e7 - box->min.lon_e7, (double)box->max.lon_e7 - a.lon_e7,
		       (double)a.lat_e7 - box->min.lat_e7, (double)box->max.lat_e7 - a.lat_e7};
	double t[2] = {0, 1};
	for (int i = 0; i < 4; i++) {
		if (p[i] == 0 && q[i] < 0)
			return false;
		if (p[i] < 0 && q[i] / p[i] > t[0])
			t[0] = q[i] / p[i];
		if (p[i] > 0 && q[i] / p[i] < t[1])
			t[1] = q[i] / p[i];
	}
	if (t[0] >= t[1])
		return false;
	for (int i = 0; i < 2; i++) {
		cut[i] = i == 0 ? t[0] > 0 : t[1] < 1;
		double lat = a.lat_e7 + t[i] * dy;
		double lon = a.lon_e7 + t[i] * dx;
		part[i] = (struct place){clamp(lat, box->min.lat_e7, box->max.lat_e7),
					 clamp(lon, box->min.lon_e7, box->max.lon_e7)};
	}
	return true;
}

/* --- passages ------------------------------------------------------------------------ */

/* An extract cut at its box may lack the nodes behind the edge. A coast that ends
 * near the edge is led straight to it; *edge: where. */
static bool
lead_to_edge(const struct bounds *b, struct place p, struct place *edge)
{
	double high = (double)b->max.lat_e7 - b->min.lat_e7;
	double wide = (double)b->max.lon_e7 - b->min.lon_e7;
	const struct {
		double off; /* as a share of the box */
		struct place at;
	} sides[4] = {{((double)p.lat_e7 - b->min.lat_e7) / high, {b->min.lat_e7, p.lon_e7}},
		      {((double)b->max.lat_e7 - p.lat_e7) / high, {b->max.lat_e7, p.lon_e7}},
		      {((double)p.lon_e7 - b->min.lon_e7) / wide, {p.lat_e7, b->min.lon_e7}},
		      {((double)b->max.lon_e7 - p.lon_e7) / wide, {p.lat_e7, b->max.lon_e7}}};
	int best = 0;
	for (int i = 1; i < 4; i++)
		best = sides[i].off < sides[best].off ? i : best;
	*edge = sides[best].at;
	return sides[best].off <= EDGE_SHARE;
}

/* *at: what was passed, with room for one place before its first. */
static void
end_passage(struct sea *s, struct vec *at)
{
	if (at->n < 3)
		return;
	struct place *p = VEC_AT(at, struct place, 1);
	struct place edge[2];
	if (!lead_to_edge(&s->box, p[0], &edge[0]) || !lead_to_edge(&s->box, p[at->n - 2], &edge[1])) {
		s->gaps++;
		return;
	}
	*VEC_AT(at, struct place, 0) = edge[0];
	*(struct place *)vec_push(at) = edge[1];
	*(struct passage *)vec_push(&s->passages) = (struct passage){
	    .at = scope_memdup(&s->work, at->at, at->n * sizeof *p),
	    .n = (uint32_t)at->n,
	    .enters = edge_position(&s->box, edge[0]),
	    .leaves = edge_position(&s->box, edge[1]),
	};
}

static void
cut_at_box(struct sea *s, const struct ring *r)
{
	struct vec *at = NEW(&s->work, struct vec);
	vec_init(at, &s->work, sizeof(struct place));
	for (uint32_t i = 0; i + 1 < r->n; i++) {
		struct place part[2] = {{0}};
		bool cut[2] = {false};
		if (!clip(&s->box, r->at[i], r->at[i + 1], part, cut))
			continue;
		if (at->n == 0 || cut[0]) {
			at->n = 0;
			vec_push(at);
			*(struct place *)vec_push(at) = part[0];
		}
		*(struct place *)vec_push(at) = part[1];
		if (cut[1]) {
			end_passage(s, at);
			at->n = 0;
		}
	}
	end_passage(s, at);
}

static bool
lies_inside(const struct bounds *box, const struct ring *r)
{
	struct bounds b = ring_bounds(r);
	return bounds_contain(box, b.min) && bounds_contain(box, b.max);
}

/* A closed coast that crosses the box's edge begins anew outside of it. */
static void
turn_to_outside(const struct bounds *box, struct ring *r)
{
	uint32_t out = 0;
	while (out + 1 < r->n && bounds_contain(box, r->at[out]))
		out++;
	struct place *old = r->at;
	struct place *turned = old + r->n; /* there is room for both */
	for (uint32_t i = 0; i + 1 < r->n; i++)
		turned[i] = old[(out + i) % (r->n - 1)];
	turned[r->n - 1] = turned[0];
	r->at = turned;
}

static void
take_coast(struct sea *s, const struct builder *b, const struct chain_of_nodes *c)
{
	struct ring r = {NEW_ARRAY(&s->work, (size_t)2 * c->n, struct place), c->n};
	for (uint32_t i = 0; i < c->n; i++)
		r.at[i] = VEC_AT(&b->raw->nodes, struct raw_node, c->node[i])->at;
	if (!c->closed || c->n < 4) {
		cut_at_box(s, &r);
	} else if (lies_inside(&s->box, &r)) {
		struct vec *to = ring_turn(&r) > 0 ? &s->islands : &s->waters;
		*(struct ring *)vec_push(to) = r;
	} else {
		turn_to_outside(&s->box, &r);
		cut_at_box(s, &r);
	}
}

/* --- seas ----------------------------------------------------------------------------- */

/* The unused passage that enters first from `from` on with the clock. */
static struct passage *
next_passage(struct sea *s, double from, const struct passage *start)
{
	struct passage *best = NULL;
	double least = 5;
	for (size_t i = 0; i < s->passages.n; i++) {
		struct passage *p = VEC_AT(&s->passages, struct passage, i);
		if (p->used && p != start)
			continue;
		double way = p->enters - from;
		way = way < 0 ? way + 4 : way;
		if (way < least) {
			least = way;
			best = p;
		}
	}
	return best;
}

static void
add_corners(struct sea *s, struct vec *at, double from, double to)
{
	to = to < from ? to + 4 : to;
	for (int c = (int)from + 1; c <= to; c++)
		*(struct place *)vec_push(at) = corner(&s->box, c - 1);
}

static struct ring
tie(struct sea *s, struct passage *start)
{
	struct vec *at = NEW(&s->work, struct vec);
	vec_init(at, &s->work, sizeof(struct place));
	struct passage *p = start;
	do {
		p->used = true;
		memcpy(vec_push_n(at, p->n), p->at, p->n * sizeof *p->at);
		struct passage *next = next_passage(s, p->leaves, start);
		add_corners(s, at, p->leaves, next->enters);
		p = next;
	} while (p != start);
	*(struct place *)vec_push(at) = start->at[0];
	return (struct ring){VEC_AT(at, struct place, 0), (uint32_t)at->n};
}

static void
add_sea(struct sea *s, struct builder *b, struct vec *lines, const struct ring *outer)
{
	struct ring *holes = NEW_ARRAY(&s->work, s->islands.n, struct ring);
	struct bounds around = ring_bounds(outer);
	size_t n = 0;
	for (size_t i = 0; i < s->islands.n; i++) {
		const struct ring *island = VEC_AT(&s->islands, struct ring, i);
		if (bounds_contain(&around, island->at[0]) && ring_holds(outer, island->at[0]))
			holes[n++] = *island;
	}
	area_add(b, lines, DRAW_SEA, 0, outer, holes, n);
}

static void
add_seas(struct sea *s, struct builder *b, struct vec *lines)
{
	for (size_t i = 0; i < s->waters.n; i++)
		add_sea(s, b, lines, VEC_AT(&s->waters, struct ring, i));
	for (size_t i = 0; i < s->passages.n; i++) {
		struct passage *p = VEC_AT(&s->passages, struct passage, i);
		if (p->used)
			continue;
		struct ring outer = tie(s, p);
		add_sea(s, b, lines, &outer);
	}
	if (s->passages.n > 0 || s->islands.n == 0)
		return;
	struct place all[5] = {corner(&s->box, 0), corner(&s->box, 1), corner(&s->box, 2), corner(&s->box, 3),
			       corner(&s->box, 0)};
	add_sea(s, b, lines, &(struct ring){all, 5});
}

static size_t
coasts_of(struct sea *s, const struct builder *b, struct chain_of_nodes **out)
{
	struct stretch_of_nodes *ways = NEW_ARRAY(&s->work, b->raw->ways.n, struct stretch_of_nodes);
	uint32_t n = 0;
	for (size_t i = 0; i < b->raw->ways.n; i++) {
		const struct raw_way *w = VEC_AT(&b->raw->ways, struct raw_way, i);
		if (w->draw != DRAW_COAST)
			continue;
		struct stretch_of_nodes way = {b->ref_node + w->first_ref, w->n_refs};
		bool whole = true;
		for (uint32_t k = 0; k < way.n; k++)
			whole &= way.node[k] != ROAD_NONE;
		if (whole)
			ways[n++] = way;
	}
	return n == 0 ? 0 : chains_join(&s->work, ways, n, true, out);
}

void
areas_from_coasts(struct builder *b, struct vec *lines)
{
	struct sea *s = NEW(b->sc, struct sea);
	scope_init(&s->work);
	vec_init(&s->passages, &s->work, sizeof(struct passage));
	vec_init(&s->islands, &s->work, sizeof(struct ring));
	vec_init(&s->waters, &s->work, sizeof(struct ring));
	s->box = b->raw->box;
	struct chain_of_nodes *coasts = NULL;
	size_t n = b->raw->has_box ? coasts_of(s, b, &coasts) : 0;
	for (size_t i = 0; i < n; i++)
		take_coast(s, b, &coasts[i]);
	s->gaps += s->passages.n > PASSAGES_MAX; /* a coast that runs along the edge to and fro */
	b->report->coast_gaps = s->gaps;
	if (s->gaps == 0)
		add_seas(s, b, lines);
	scope_release(&s->work);
}
