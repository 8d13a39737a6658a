/* The turn graph: which arc may follow which, and what the turn costs.
 *
 * A restriction at one node forbids pairs of arcs. A restriction over several
 * ways forbids (or demands) the last arc of a sequence a, v1 … vk, b: its
 * proper prefixes of two arcs and more become *states*, and an arc entered in
 * a state has a vertex of its own. On the next arc the state becomes the
 * longest suffix that is again such a prefix (as in Aho & Corasick 1975).
 *
 * Turning back is allowed only where nothing else is.
 */
#include <math.h>

#include "road/road_build.h"

#define VIA_ARCS_MAX 24
#define STATE_START 0x80000000u /* the start copy of a street for trip ends */

static const struct road_arc *
arc_at(const struct builder *b, uint32_t arc)
{
	return BUILT(b, arcs, struct road_arc, arc);
}

static const struct road_segment *
segment_of(const struct builder *b, uint32_t arc)
{
	return BUILT(b, segments, struct road_segment, arc_at(b, arc)->segment);
}

static const struct road_way *
way_of(const struct builder *b, uint32_t arc)
{
	return BUILT(b, ways, struct road_way, segment_of(b, arc)->way);
}

static uint32_t
junction_of(const struct builder *b, int64_t node_id)
{
	const struct raw_node *v = VEC_AT(&b->raw->nodes, struct raw_node, 0);
	size_t lo = 0;
	size_t hi = b->raw->nodes.n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (v[mid].id < node_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < b->raw->nodes.n && v[lo].id == node_id ? b->junction[lo] : ROAD_NONE;
}

static void
forbid(struct builder *b, uint32_t from, uint32_t to)
{
	*(uint64_t *)vec_push(&b->forbidden) = (uint64_t)from << 32 | to;
}

static bool
restrict_at_node(struct builder *b, const struct raw_restriction *r)
{
	uint32_t node = junction_of(b, r->via_node);
	if (node == ROAD_NONE)
		return false;
	bool used = false;
	for (uint32_t i = b->in_first[node]; i < b->in_first[node + 1]; i++) {
		uint32_t from = b->in_arc[i];
		if (way_of(b, from)->osm_id != r->from)
			continue;
		bool has_to = false;
		for (uint32_t o = b->out_first[node]; o < b->out_first[node + 1]; o++)
			has_to |= way_of(b, b->out_arc[o])->osm_id == r->to;
		for (uint32_t o = b->out_first[node]; has_to && o < b->out_first[node + 1]; o++) {
			bool hit = way_of(b, b->out_arc[o])->osm_id == r->to;
			if (hit != r->only)
				forbid(b, from, b->out_arc[o]);
		}
		used |= has_to;
	}
	return used;
}

/* Follows the via ways in their order from `node` until an arc of `to` leaves;
 * path[0] is the from arc. Returns the length with the last arc, or 0. */
static size_t
follow_via(const struct builder *b, const struct raw_restriction *r, uint32_t path[static VIA_ARCS_MAX], size_t n,
	   uint32_t way_index)
{
	uint32_t node = arc_at(b, path[n - 1])->head;
	if (way_index == r->n_via_ways) {
		for (uint32_t o = b->out_first[node]; n > 1 && o < b->out_first[node + 1]; o++) {
			if (way_of(b, b->out_arc[o])->osm_id != r->to)
				continue;
			path[n] = b->out_arc[o];
			return n + 1;
		}
		way_index--;
	}
	if (n + 1 >= VIA_ARCS_MAX)
		return 0;
	for (uint32_t w = way_index; w < way_index + 2 && w < r->n_via_ways; w++) {
		int64_t want = *VEC_AT(&b->raw->via_ways, int64_t, r->via_way + w);
		for (uint32_t o = b->out_first[node]; o < b->out_first[node + 1]; o++) {
			uint32_t next = b->out_arc[o];
			if (way_of(b, next)->osm_id != want ||
			    arc_at(b, next)->segment == arc_at(b, path[n - 1])->segment)
				continue;
			path[n] = next;
			size_t found = follow_via(b, r, path, n + 1, w + 1 == r->n_via_ways ? w + 1 : w);
			if (found != 0)
				return found;
		}
	}
	return 0;
}

static bool
same_arcs(const struct builder *b, uint32_t first, const uint32_t *path, size_t n)
{
	return memcmp(BUILT(b, trie_arcs, uint32_t, first), path, n * sizeof *path) == 0;
}

/* The state number (from 1) of this sequence; 0: it is none. */
static uint32_t
find_state(const struct builder *b, const uint32_t *path, size_t n)
{
	for (uint32_t i = 0; i < b->trie.n; i++) {
		const struct trie_state *s = BUILT(b, trie, struct trie_state, i);
		if (s->n == n && s->arc == path[n - 1] && same_arcs(b, s->first, path, n))
			return i + 1;
	}
	return 0;
}

static void
remember_sequence(struct builder *b, const struct raw_restriction *r, const uint32_t *path, size_t n)
{
	uint32_t first = (uint32_t)b->trie_arcs.n;
	memcpy(vec_push_n(&b->trie_arcs, n), path, n * sizeof *path);
	*(struct trie_end *)vec_push(&b->ends) = (struct trie_end){first, (uint32_t)n - 1, path[n - 1], r->only};
	for (uint32_t len = 2; len < n; len++)
		if (find_state(b, path, len) == 0)
			*(struct trie_state *)vec_push(&b->trie) = (struct trie_state){path[len - 1], first, len};
}

static bool
restrict_via_ways(struct builder *b, const struct raw_restriction *r)
{
	bool used = false;
	for (uint32_t a = 0; a < b->arcs.n; a++) {
		if (way_of(b, a)->osm_id != r->from)
			continue;
		uint32_t path[VIA_ARCS_MAX];
		path[0] = a;
		size_t n = follow_via(b, r, path, 1, 0);
		if (n < 3)
			continue;
		remember_sequence(b, r, path, n);
		used = true;
	}
	return used;
}

static int
compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a;
	uint64_t y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

void
build_restrictions(struct builder *b)
{
	b->forbidden.n = 0;
	b->trie.n = 0;
	b->trie_arcs.n = 0;
	b->ends.n = 0;
	size_t used = 0;
	for (size_t i = 0; i < b->raw->restrictions.n; i++) {
		const struct raw_restriction *r = VEC_AT(&b->raw->restrictions, struct raw_restriction, i);
		used += r->n_via_ways > 0 ? restrict_via_ways(b, r) : restrict_at_node(b, r);
	}
	if (b->forbidden.n > 0)
		qsort(b->forbidden.at, b->forbidden.n, sizeof(uint64_t), compare_u64);
	b->report->restrictions_used = used;
	b->report->restrictions_ignored = b->raw->restrictions_ignored + b->raw->restrictions.n - used;
}

/* --- vertices ----------------------------------------------------------- */

static void
add_vertex(struct builder *b, uint32_t arc, uint32_t state, uint32_t flags)
{
	*(struct road_vertex *)vec_push(&b->vertices) = (struct road_vertex){arc, flags};
	vec_push_u32(&b->vertex_state, state);
}

static void
add_vertices_of(struct builder *b, uint32_t arc)
{
	bool ends_only = (way_of(b, arc)->flags & WAY_TRIP_ENDS) != 0;
	add_vertex(b, arc, 0, VERTEX_START | VERTEX_END);
	if (ends_only)
		add_vertex(b, arc, STATE_START, VERTEX_START);
	for (uint32_t i = 0; i < b->trie.n; i++) {
		if (BUILT(b, trie, struct trie_state, i)->arc != arc)
			continue;
		add_vertex(b, arc, i + 1, VERTEX_END);
		if (ends_only)
			add_vertex(b, arc, (i + 1) | STATE_START, 0);
	}
}

static void
number_vertices(struct builder *b)
{
	b->vertices.n = 0;
	b->vertex_state.n = 0;
	b->segment_vertex.n = 0;
	for (size_t i = 0; i < b->segments.n; i++) {
		vec_push_u32(&b->segment_vertex, (uint32_t)b->vertices.n);
		for (unsigned d = 0; d < 2; d++) {
			uint32_t arc = BUILT(b, segments, struct road_segment, i)->arc[d];
			if (arc != ROAD_NONE)
				add_vertices_of(b, arc);
		}
	}
	vec_push_u32(&b->segment_vertex, (uint32_t)b->vertices.n);
}

static uint32_t
find_vertex(const struct builder *b, uint32_t arc, uint32_t state)
{
	uint32_t segment = arc_at(b, arc)->segment;
	uint32_t v = *BUILT(b, segment_vertex, uint32_t, segment);
	uint32_t end = *BUILT(b, segment_vertex, uint32_t, segment + 1);
	for (; v < end; v++)
		if (BUILT(b, vertices, struct road_vertex, v)->arc == arc &&
		    *BUILT(b, vertex_state, uint32_t, v) == state)
			return v;
	return ROAD_NONE;
}

/* --- turns -------------------------------------------------------------- */

static bool
is_forbidden_at_node(const struct builder *b, uint32_t from, uint32_t to)
{
	uint64_t pair = (uint64_t)from << 32 | to;
	return b->forbidden.n > 0 && bsearch(&pair, b->forbidden.at, b->forbidden.n, sizeof pair, compare_u64) != NULL;
}

/* The arcs driven so far that a state remembers, the last one always. */
static size_t
history_of(const struct builder *b, uint32_t arc, uint32_t state, uint32_t seq[static VIA_ARCS_MAX])
{
	state &= ~STATE_START;
	if (state == 0) {
		seq[0] = arc;
		return 1;
	}
	const struct trie_state *s = BUILT(b, trie, struct trie_state, state - 1);
	memcpy(seq, BUILT(b, trie_arcs, uint32_t, s->first), s->n * sizeof *seq);
	return s->n;
}

static bool
is_forbidden_by_sequence(const struct builder *b, const uint32_t *seq, size_t n, uint32_t to)
{
	for (size_t i = 0; i < b->ends.n; i++) {
		const struct trie_end *e = BUILT(b, ends, struct trie_end, i);
		if (e->n > n || !same_arcs(b, e->first, seq + n - e->n, e->n))
			continue;
		if ((e->to == to) != (e->only != 0))
			return true;
	}
	return false;
}

/* seq has room for one more arc. */
static uint32_t
next_state(const struct builder *b, uint32_t *seq, size_t n, uint32_t to)
{
	seq[n] = to;
	for (size_t from = 0; from + 1 <= n; from++) {
		uint32_t state = find_state(b, seq + from, n + 1 - from);
		if (state != 0)
			return state;
	}
	return 0;
}

/* Degrees to the right, (-180, 180]. */
static double
turn_angle(const struct builder *b, uint32_t from, uint32_t to)
{
	const struct place *shape = BUILT(b, shapes, struct place, 0);
	double in = arc_bearing(shape, segment_of(b, from), arc_at(b, from)->backward != 0, true);
	double out = arc_bearing(shape, segment_of(b, to), arc_at(b, to)->backward != 0, false);
	double d = fmod(out - in + 540, 360) - 180;
	return d <= -180 ? 180 : d;
}

/* A turn by 90° takes turn_ms, a bend of a street without a choice nothing;
 * turns across the oncoming traffic take longer. */
static uint32_t
turn_cost(const struct builder *b, uint32_t from, uint32_t to, size_t choices, bool left_hand)
{
	const struct profile *p = b->raw->profile;
	uint32_t node = arc_at(b, from)->head;
	uint8_t flags = VEC_AT(&b->raw->nodes, struct raw_node, b->junction_raw[node])->flags;
	uint32_t cost = (flags & NODE_SIGNAL) != 0 ? p->signal_ms : 0;
	if ((flags & NODE_GATE) != 0)
		cost += p->barrier_ms;
	if (arc_at(b, from)->segment == arc_at(b, to)->segment && arc_at(b, from)->backward != arc_at(b, to)->backward)
		return cost + p->u_turn_ms;
	if (choices < 2)
		return cost;
	double angle = turn_angle(b, from, to);
	bool crossing = left_hand ? angle > 30 : angle < -30;
	double share = angle * angle / 8100;
	double ms = p->turn_ms * (share < 2 ? share : 2) * (crossing ? p->cross_pct : 100) / 100;
	return cost + (uint32_t)lround(ms);
}

static uint32_t
layer_after(const struct builder *b, uint32_t from, uint32_t from_state, uint32_t to, bool *allowed)
{
	bool from_ends = (way_of(b, from)->flags & WAY_TRIP_ENDS) != 0;
	bool to_ends = (way_of(b, to)->flags & WAY_TRIP_ENDS) != 0;
	bool at_start = (from_state & STATE_START) != 0;
	*allowed = !(from_ends && !at_start && !to_ends);
	return from_ends && at_start && to_ends ? STATE_START : 0;
}

struct choice {
	uint32_t arc;
	uint32_t state;
};

static size_t
list_choices(const struct builder *b, uint32_t v, bool back, struct choice *out)
{
	uint32_t from = BUILT(b, vertices, struct road_vertex, v)->arc;
	uint32_t state = *BUILT(b, vertex_state, uint32_t, v);
	uint32_t node = arc_at(b, from)->head;
	bool blocked = (VEC_AT(&b->raw->nodes, struct raw_node, b->junction_raw[node])->flags & NODE_BLOCKED) != 0;
	uint32_t seq[VIA_ARCS_MAX + 1];
	size_t n_seq = history_of(b, from, state, seq);
	size_t n = 0;
	for (uint32_t o = b->out_first[node]; o < b->out_first[node + 1]; o++) {
		uint32_t to = b->out_arc[o];
		bool same = arc_at(b, to)->segment == arc_at(b, from)->segment;
		bool is_back = same && arc_at(b, to)->backward != arc_at(b, from)->backward;
		bool allowed;
		uint32_t layer = layer_after(b, from, state, to, &allowed);
		if (is_back != back || !allowed || (blocked && !is_back))
			continue;
		if (is_forbidden_at_node(b, from, to) || is_forbidden_by_sequence(b, seq, n_seq, to))
			continue;
		out[n++] = (struct choice){to, layer | (b->trie.n > 0 ? next_state(b, seq, n_seq, to) : 0)};
	}
	return n;
}

static void
add_turns_of(struct builder *b, uint32_t v, struct choice *room, bool left_hand)
{
	uint32_t from = BUILT(b, vertices, struct road_vertex, v)->arc;
	size_t n = list_choices(b, v, false, room);
	size_t ways_on = n;
	if (n == 0)
		n = list_choices(b, v, true, room);
	for (size_t i = 0; i < n; i++) {
		uint32_t to = find_vertex(b, room[i].arc, room[i].state);
		uint32_t cost = turn_cost(b, from, room[i].arc, ways_on, left_hand);
		*(struct road_turn_edge *)vec_push(&b->turns) = (struct road_turn_edge){to, cost};
	}
}

void
build_turns(struct builder *b)
{
	number_vertices(b);
	b->turn_first.n = 0;
	b->turns.n = 0;
	uint32_t most = 0;
	for (uint32_t i = 0; i < b->n_junctions; i++)
		if (b->out_first[i + 1] - b->out_first[i] > most)
			most = b->out_first[i + 1] - b->out_first[i];
	struct choice *room = NEW_ARRAY(b->sc, most + 1, struct choice);
	bool left_hand = drives_on_left(*BUILT(b, shapes, struct place, 0));
	for (uint32_t v = 0; v < b->vertices.n; v++) {
		vec_push_u32(&b->turn_first, (uint32_t)b->turns.n);
		add_turns_of(b, v, room, left_hand);
	}
	vec_push_u32(&b->turn_first, (uint32_t)b->turns.n);
}
