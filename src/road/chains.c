#include "road/chains.h"

/* Where a way begins or, where it may be turned about, ends. */
struct end {
	uint32_t node, way;
};

struct joiner {
	const struct stretch_of_nodes *ways;
	struct end *ends; /* sorted */
	uint32_t n_ends;
	bool *used;
	struct vec *nodes; /* of the chain being made */
};

static int
compare_ends(const void *a, const void *b)
{
	const struct end *x = a;
	const struct end *y = b;
	if (x->node != y->node)
		return x->node < y->node ? -1 : 1;
	return (x->way > y->way) - (x->way < y->way);
}

static uint32_t
first_end(const struct joiner *j, uint32_t node)
{
	uint32_t lo = 0;
	uint32_t hi = j->n_ends;
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (j->ends[mid].node < node)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Adds a way to the chain, from the node where the chain ends. */
static void
append(struct joiner *j, uint32_t way)
{
	const struct stretch_of_nodes *w = &j->ways[way];
	bool about = j->nodes->n > 0 && w->node[0] != *VEC_AT(j->nodes, uint32_t, j->nodes->n - 1);
	j->used[way] = true;
	for (uint32_t i = j->nodes->n > 0 ? 1 : 0; i < w->n; i++)
		vec_push_u32(j->nodes, w->node[about ? w->n - 1 - i : i]);
}

/* Appends an unused way that goes on from the chain's end; false: there is none. */
static bool
go_on(struct joiner *j)
{
	uint32_t node = *VEC_AT(j->nodes, uint32_t, j->nodes->n - 1);
	for (uint32_t i = first_end(j, node); i < j->n_ends && j->ends[i].node == node; i++) {
		if (j->used[j->ends[i].way])
			continue;
		append(j, j->ends[i].way);
		return true;
	}
	return false;
}

static struct chain_of_nodes
follow(struct joiner *j, struct scope *sc, uint32_t way)
{
	j->nodes->n = 0;
	append(j, way);
	const uint32_t *node = VEC_AT(j->nodes, uint32_t, 0);
	while (node[0] != node[j->nodes->n - 1] && go_on(j))
		node = VEC_AT(j->nodes, uint32_t, 0);
	return (struct chain_of_nodes){
	    .node = scope_memdup(sc, node, j->nodes->n * sizeof *node),
	    .n = (uint32_t)j->nodes->n,
	    .closed = node[0] == node[j->nodes->n - 1],
	};
}

/* Per way: how many ways end where it begins. */
static uint32_t *
count_ins(const struct joiner *j, struct scope *sc, uint32_t n)
{
	uint32_t *ins = NEW_ARRAY(sc, n, uint32_t);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t node = j->ways[i].node[j->ways[i].n - 1];
		for (uint32_t k = first_end(j, node); k < j->n_ends && j->ends[k].node == node; k++)
			ins[j->ends[k].way]++;
	}
	return ins;
}

size_t
chains_join(struct scope *sc, const struct stretch_of_nodes *ways, uint32_t n, bool directed,
	    struct chain_of_nodes **out)
{
	struct joiner j = {.ways = ways};
	j.ends = NEW_ARRAY(sc, (size_t)2 * n, struct end);
	j.used = NEW_ARRAY(sc, n, bool);
	j.nodes = NEW(sc, struct vec);
	vec_init(j.nodes, sc, sizeof(uint32_t));
	for (uint32_t i = 0; i < n; i++) {
		j.ends[j.n_ends++] = (struct end){ways[i].node[0], i};
		if (!directed)
			j.ends[j.n_ends++] = (struct end){ways[i].node[ways[i].n - 1], i};
	}
	qsort(j.ends, j.n_ends, sizeof *j.ends, compare_ends);
	const uint32_t *ins = count_ins(&j, sc, n);
	*out = NEW_ARRAY(sc, n, struct chain_of_nodes);
	size_t k = 0;
	for (int pass = directed ? 0 : 1; pass < 2; pass++) /* open chains from their beginning, then the rest */
		for (uint32_t i = 0; i < n; i++)
			if (!j.used[i] && (pass == 1 || ins[i] == 0))
				(*out)[k++] = follow(&j, sc, i);
	return k;
}
