/* The largest strongly connected part of the turn graph, so that a way exists
 * between any two points that are left. Streets for trip ends only are not part
 * of it: they stay where the part can be reached from them and they from it. */
#include "road/road_build.h"

struct tarjan {
	const uint32_t *first;
	const struct road_turn_edge *turn;
	uint32_t *index, *low, *part;
	uint32_t *stack, *call, *next;
	uint32_t n_stack, n_call, n_seen, n_parts;
};

static void
tarjan_enter(struct tarjan *t, uint32_t v)
{
	t->index[v] = t->low[v] = ++t->n_seen;
	t->stack[t->n_stack++] = v;
	t->call[t->n_call++] = v;
	t->next[v] = t->first[v];
}

static void
tarjan_leave(struct tarjan *t, uint32_t v)
{
	if (t->low[v] == t->index[v]) {
		uint32_t w;
		do {
			w = t->stack[--t->n_stack];
			t->part[w] = t->n_parts;
		} while (w != v);
		t->n_parts++;
	}
	t->n_call--;
	if (t->n_call > 0) {
		uint32_t up = t->call[t->n_call - 1];
		if (t->low[v] < t->low[up])
			t->low[up] = t->low[v];
	}
}

static void
tarjan_from(struct tarjan *t, uint32_t root)
{
	tarjan_enter(t, root);
	while (t->n_call > 0) {
		uint32_t v = t->call[t->n_call - 1];
		if (t->next[v] == t->first[v + 1]) {
			tarjan_leave(t, v);
			continue;
		}
		uint32_t w = t->turn[t->next[v]++].to;
		if (t->index[w] == 0)
			tarjan_enter(t, w);
		else if (t->part[w] == ROAD_NONE && t->index[w] < t->low[v])
			t->low[v] = t->index[w];
	}
}

static uint32_t
largest_part(const struct builder *b, const struct tarjan *t)
{
	uint32_t *size = NEW_ARRAY(b->sc, t->n_parts + 1, uint32_t);
	uint32_t best = 0;
	for (size_t v = 0; v < b->vertices.n; v++)
		if (++size[t->part[v]] > size[best])
			best = t->part[v];
	return best;
}

/* Everything that can be reached from the marked vertices along `to` lists. */
static void
spread(bool *reached, const uint32_t *first, const uint32_t *to, uint32_t *queue, size_t n)
{
	size_t tail = 0;
	for (uint32_t v = 0; v < n; v++)
		if (reached[v])
			queue[tail++] = v;
	for (size_t head = 0; head < tail; head++) {
		for (uint32_t e = first[queue[head]]; e < first[queue[head] + 1]; e++) {
			if (!reached[to[e]]) {
				reached[to[e]] = true;
				queue[tail++] = to[e];
			}
		}
	}
}

static void
reverse_turns(const struct builder *b, uint32_t *first, uint32_t *from)
{
	size_t n = b->vertices.n;
	const uint32_t *turn_first = BUILT(b, turn_first, uint32_t, 0);
	const struct road_turn_edge *turn = BUILT(b, turns, struct road_turn_edge, 0);
	for (size_t e = 0; e < b->turns.n; e++)
		first[turn[e].to + 2]++;
	for (size_t v = 2; v < n + 2; v++)
		first[v] += first[v - 1];
	for (uint32_t v = 0; v < n; v++)
		for (uint32_t e = turn_first[v]; e < turn_first[v + 1]; e++)
			from[first[turn[e].to + 1]++] = v;
}

static size_t
mark_kept(struct builder *b, bool *keep)
{
	size_t n = b->vertices.n;
	struct scope *sc = b->sc;
	struct tarjan t = {.first = BUILT(b, turn_first, uint32_t, 0),
			   .turn = BUILT(b, turns, struct road_turn_edge, 0),
			   .index = NEW_ARRAY(sc, n, uint32_t),
			   .low = NEW_ARRAY(sc, n, uint32_t),
			   .part = NEW_ARRAY(sc, n, uint32_t),
			   .stack = NEW_ARRAY(sc, n, uint32_t),
			   .call = NEW_ARRAY(sc, n, uint32_t),
			   .next = NEW_ARRAY(sc, n, uint32_t)};
	memset(t.part, 0xff, n * sizeof *t.part);
	for (uint32_t v = 0; v < n; v++)
		if (t.index[v] == 0)
			tarjan_from(&t, v);
	uint32_t core = largest_part(b, &t);
	bool *ahead = NEW_ARRAY(sc, n, bool); /* reached from the core */
	bool *behind = NEW_ARRAY(sc, n, bool);
	for (size_t v = 0; v < n; v++)
		ahead[v] = behind[v] = t.part[v] == core;
	uint32_t *to = NEW_ARRAY(sc, b->turns.n + 1, uint32_t);
	for (size_t e = 0; e < b->turns.n; e++)
		to[e] = t.turn[e].to;
	spread(ahead, t.first, to, t.stack, n);
	uint32_t *in_first = NEW_ARRAY(sc, n + 2, uint32_t);
	uint32_t *in_from = NEW_ARRAY(sc, b->turns.n + 1, uint32_t);
	reverse_turns(b, in_first, in_from);
	spread(behind, in_first, in_from, t.stack, n);
	bool *starts = NEW_ARRAY(sc, b->arcs.n, bool);
	bool *ends = NEW_ARRAY(sc, b->arcs.n, bool);
	for (size_t v = 0; v < n; v++) {
		const struct road_vertex *x = BUILT(b, vertices, struct road_vertex, v);
		starts[x->arc] |= behind[v] && (x->flags & VERTEX_START) != 0;
		ends[x->arc] |= ahead[v] && (x->flags & VERTEX_END) != 0;
	}
	size_t dropped = 0;
	for (size_t a = 0; a < b->arcs.n; a++) {
		keep[a] = starts[a] && ends[a];
		dropped += !keep[a];
	}
	return dropped;
}

static void
drop_arcs(struct builder *b, const bool *keep)
{
	size_t n_arcs = 0;
	size_t n_segments = 0;
	for (size_t i = 0; i < b->segments.n; i++) {
		struct road_segment s = *BUILT(b, segments, struct road_segment, i);
		bool used = false;
		for (unsigned d = 0; d < 2; d++) {
			if (s.arc[d] == ROAD_NONE)
				continue;
			if (!keep[s.arc[d]]) {
				s.arc[d] = ROAD_NONE;
				b->report->arcs_dropped++;
				b->report->km_dropped += s.length_dm * 1e-4;
				continue;
			}
			/* arcs of a segment lie behind each other: moving down overtakes nothing */
			struct road_arc a = *BUILT(b, arcs, struct road_arc, s.arc[d]);
			a.segment = (uint32_t)n_segments;
			s.arc[d] = (uint32_t)n_arcs;
			*BUILT(b, arcs, struct road_arc, n_arcs++) = a;
			used = true;
		}
		if (used)
			*BUILT(b, segments, struct road_segment, n_segments++) = s;
	}
	b->arcs.n = n_arcs;
	b->segments.n = n_segments;
	build_arc_lists(b);
}

bool
build_connected(struct builder *b)
{
	bool *keep = NEW_ARRAY(b->sc, b->arcs.n, bool);
	if (mark_kept(b, keep) == 0)
		return false;
	drop_arcs(b, keep);
	return true;
}
