/* Closing a route: take one whole route out and let its tasks find room
 * elsewhere, together with a few strings of the routes around it, so that there
 * is room to find. Long-horizon plans freeze at the wrong number of routes
 * without it. Short routes are tried more often: they are the ones that can go. */
#include "route/route_search.h"

#define CANDIDATES 3
#define SIZE_MAX_CLOSED 60
#define NEIGHBOUR_STRINGS 3

static int32_t
draw_short_route(struct search *s, int32_t used)
{
	int32_t best = NO_NODE;
	for (int i = 0; i < CANDIDATES; i++) {
		int32_t r = state_used(s->now, (int32_t)prng_below(s->prng, (uint32_t)used));
		if (best == NO_NODE || s->now->line[r].size < s->now->line[best].size)
			best = r;
	}
	return best;
}

bool
move_close(struct search *s)
{
	const struct model *m = s->m;
	struct state *now = s->now;
	int32_t used = state_n_used(now);
	if (used < 2)
		return false;
	int32_t r = draw_short_route(s, used);
	if (now->line[r].size > SIZE_MAX_CLOSED)
		return false;
	int32_t first = now->node[route_head(m, r)].next;
	(void)search_remove_from(s, first, INT32_MAX);
	const int32_t *row = m->near + (size_t)first * (size_t)m->n_near;
	for (int32_t i = 0, cut = 0; i < m->n_near && row[i] >= 0 && cut < NEIGHBOUR_STRINGS; i++) {
		int32_t x = near_node(row[i]);
		if (now->node[x].route == NO_NODE)
			continue;
		search_remove(s, x);
		cut++;
	}
	search_recreate(s, 100);
	return true;
}
