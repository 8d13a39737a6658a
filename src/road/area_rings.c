/* Multipolygon relations. Their ways are joined into rings, inner and outer ones
 * apart; a hole belongs to the smallest outer ring around it. Data is as it is:
 * ways that are missing, rings that do not close and holes outside all are left
 * out and the relation is counted, the rest is drawn. */
#include "road/area_rings.h"

#include <math.h>

#include "road/chains.h"

/* --- rings -------------------------------------------------------------------- */

bool
ring_holds(const struct ring *r, struct place p)
{
	bool inside = false;
	for (uint32_t i = 0; i + 1 < r->n; i++) {
		struct place a = r->at[i];
		struct place b = r->at[i + 1];
		if ((a.lat_e7 > p.lat_e7) == (b.lat_e7 > p.lat_e7))
			continue;
		double t = ((double)p.lat_e7 - a.lat_e7) / ((double)b.lat_e7 - a.lat_e7);
		if (p.lon_e7 < a.lon_e7 + t * ((double)b.lon_e7 - a.lon_e7))
			inside = !inside;
	}
	return inside;
}

double
ring_turn(const struct ring *r)
{
	double sum = 0;
	struct place o = r->at[0]; /* near it the products stay exact */
	for (uint32_t i = 0; i + 1 < r->n; i++) {
		double ax = (double)r->at[i].lon_e7 - o.lon_e7;
		double ay = (double)r->at[i].lat_e7 - o.lat_e7;
		double bx = (double)r->at[i + 1].lon_e7 - o.lon_e7;
		double by = (double)r->at[i + 1].lat_e7 - o.lat_e7;
		sum += ax * by - bx * ay;
	}
	return sum;
}

struct bounds
ring_bounds(const struct ring *r)
{
	struct bounds b;
	bounds_init(&b);
	for (uint32_t i = 0; i < r->n; i++)
		bounds_add(&b, r->at[i]);
	return b;
}

static void
push_ring(struct builder *b, const struct ring *r, struct road_line *line)
{
	memcpy(vec_push_n(&b->shapes, r->n), r->at, r->n * sizeof *r->at);
	vec_push_u32(&b->rings, r->n);
	line->n_shape += r->n;
	line->n_rings++;
}

void
area_add(struct builder *b, struct vec *lines, uint32_t kind, uint32_t name, const struct ring *outer,
	 const struct ring *holes, size_t n_holes)
{
	struct road_line line = {
	    .shape = (uint32_t)b->shapes.n,
	    .way = ROAD_NONE,
	    .kind = kind,
	    .name = name,
	    .ring = (uint32_t)b->rings.n,
	};
	push_ring(b, outer, &line);
	for (size_t i = 0; i < n_holes; i++)
		push_ring(b, &holes[i], &line);
	*(struct road_line *)vec_push(lines) = line;
	b->report->areas++;
}

/* --- the ways of relations -------------------------------------------------------- */

struct way_key {
	int64_t id;
	struct raw_way *way;
	bool loose;
};

struct assembler {
	struct builder *b;
	struct scope work;    /* of one relation */
	struct way_key *keys; /* sorted by id */
	size_t n_keys;
};

static int
compare_keys(const void *a, const void *b)
{
	const struct way_key *x = a;
	const struct way_key *y = b;
	return (x->id > y->id) - (x->id < y->id);
}

static void
assembler_init(struct assembler *a, struct builder *b)
{
	struct osm_raw *raw = b->raw;
	*a = (struct assembler){.b = b, .n_keys = raw->ways.n + raw->loose.n};
	scope_init(&a->work);
	a->keys = NEW_ARRAY(b->sc, a->n_keys, struct way_key);
	for (size_t i = 0; i < raw->ways.n; i++) {
		struct raw_way *w = VEC_AT(&raw->ways, struct raw_way, i);
		a->keys[i] = (struct way_key){w->id, w, false};
	}
	for (size_t i = 0; i < raw->loose.n; i++) {
		struct raw_way *w = VEC_AT(&raw->loose, struct raw_way, i);
		a->keys[raw->ways.n + i] = (struct way_key){w->id, w, true};
	}
	qsort(a->keys, a->n_keys, sizeof *a->keys, compare_keys);
}

static const struct way_key *
find_way(const struct assembler *a, int64_t id)
{
	struct way_key key = {.id = id};
	return bsearch(&key, a->keys, a->n_keys, sizeof key, compare_keys);
}

/* A way's raw nodes; false where one is missing. */
static bool
nodes_of(struct assembler *a, const struct way_key *k, struct stretch_of_nodes *out)
{
	const struct builder *b = a->b;
	uint32_t n = k->way->n_refs;
	uint32_t *node = NEW_ARRAY(&a->work, n, uint32_t);
	for (uint32_t i = 0; i < n; i++) {
		node[i] = k->loose ? raw_find_node(b->raw, *VEC_AT(&b->raw->loose_refs, int64_t, k->way->first_ref + i))
				   : b->ref_node[k->way->first_ref + i];
		if (node[i] == ROAD_NONE)
			return false;
	}
	*out = (struct stretch_of_nodes){node, n};
	return true;
}

/* The rings of the members that are inner, or of those that are not. */
static size_t
assemble(struct assembler *a, const struct raw_area *area, bool inner, struct ring **out, bool *whole)
{
	struct stretch_of_nodes *ways = NEW_ARRAY(&a->work, area->n_members, struct stretch_of_nodes);
	uint32_t n = 0;
	for (uint32_t i = 0; i < area->n_members; i++) {
		const struct raw_area_member *m =
		    VEC_AT(&a->b->raw->area_members, struct raw_area_member, area->first_member + i);
		if (m->inner != inner)
			continue;
		const struct way_key *k = find_way(a, m->way);
		if (k != NULL && nodes_of(a, k, &ways[n]))
			n++;
		else
			*whole = false;
	}
	struct chain_of_nodes *chains;
	size_t n_chains = chains_join(&a->work, ways, n, false, &chains);
	*out = NEW_ARRAY(&a->work, n_chains, struct ring);
	size_t k = 0;
	for (size_t i = 0; i < n_chains; i++) {
		if (!chains[i].closed || chains[i].n < 4) {
			*whole = false;
			continue;
		}
		struct ring r = {NEW_ARRAY(&a->work, chains[i].n, struct place), chains[i].n};
		for (uint32_t p = 0; p < r.n; p++)
			r.at[p] = VEC_AT(&a->b->raw->nodes, struct raw_node, chains[i].node[p])->at;
		(*out)[k++] = r;
	}
	return k;
}

/* What the relation shows: as it says, or as its outer ways do. They are not drawn
 * again by themselves. */
static uint8_t
take_kind(struct assembler *a, const struct raw_area *area, uint32_t *name)
{
	uint8_t kind = area->draw;
	*name = area->name;
	for (uint32_t i = 0; i < area->n_members; i++) {
		const struct raw_area_member *m =
		    VEC_AT(&a->b->raw->area_members, struct raw_area_member, area->first_member + i);
		const struct way_key *k = m->inner ? NULL : find_way(a, m->way);
		if (k == NULL || k->loose || !road_kind_is_area(k->way->draw))
			continue;
		if (kind == 0) {
			kind = k->way->draw;
			*name = k->way->name;
		}
		if (k->way->draw == kind && k->way->verdict.class == CLASS_NONE)
			k->way->draw = 0;
	}
	return kind;
}

/* The smallest outer ring around a hole; ROAD_NONE: there is none. */
static uint32_t
home_of(const struct ring *hole, const struct ring *outer, const struct bounds *bounds, size_t n)
{
	uint32_t best = ROAD_NONE;
	for (uint32_t i = 0; i < n; i++) {
		if (!bounds_contain(&bounds[i], hole->at[0]))
			continue;
		/* holes may touch their ring in a point or two, hardly in these both */
		bool holds = ring_holds(&outer[i], hole->at[0]) || ring_holds(&outer[i], hole->at[hole->n / 2]);
		if (holds && (best == ROAD_NONE || fabs(ring_turn(&outer[i])) < fabs(ring_turn(&outer[best]))))
			best = i;
	}
	return best;
}

static void
add_relation(struct assembler *a, struct vec *lines, const struct raw_area *area)
{
	bool whole = true;
	uint32_t name;
	struct ring *outer;
	struct ring *inner;
	size_t n_outer = assemble(a, area, false, &outer, &whole);
	size_t n_inner = assemble(a, area, true, &inner, &whole);
	uint8_t kind = n_outer > 0 ? take_kind(a, area, &name) : 0;
	uint32_t *home = NEW_ARRAY(&a->work, n_inner, uint32_t);
	struct ring *holes = NEW_ARRAY(&a->work, n_inner, struct ring);
	struct bounds *bounds = NEW_ARRAY(&a->work, n_outer, struct bounds);
	for (size_t i = 0; i < n_outer && n_inner > 0; i++)
		bounds[i] = ring_bounds(&outer[i]);
	for (size_t i = 0; i < n_inner; i++) {
		home[i] = home_of(&inner[i], outer, bounds, n_outer);
		whole &= home[i] != ROAD_NONE;
	}
	for (uint32_t i = 0; i < n_outer && kind != 0; i++) {
		size_t n = 0;
		for (size_t k = 0; k < n_inner; k++)
			if (home[k] == i)
				holes[n++] = inner[k];
		area_add(a->b, lines, kind, name, &outer[i], holes, n);
	}
	a->b->report->areas_broken += !whole;
}

void
areas_from_relations(struct builder *b, struct vec *lines)
{
	if (b->raw->areas.n == 0)
		return;
	struct assembler a;
	assembler_init(&a, b);
	for (size_t i = 0; i < b->raw->areas.n; i++) {
		add_relation(&a, lines, VEC_AT(&b->raw->areas, struct raw_area, i));
		scope_clear(&a.work);
	}
	scope_release(&a.work);
}
