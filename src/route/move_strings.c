/* Slack induction by string removals (Christiaens, Vanden Berghe 2020): around a
 * random task, cut a string of consecutive tasks out of each of a few nearby
 * routes. What is near in space is free to be put together anew; the rest of the
 * plan keeps its shape. */
#include "route/route_search.h"

#define MEAN_REMOVED 10.0
#define STRING_MAX 10.0
#define SPLIT_CHANCE 0.5
#define SPLIT_STOP 0.01

static int32_t
between(struct search *s, double low, double high)
{
	return (int32_t)(low + prng_unit(s->prng) * (high - low));
}

/* `before` tasks back from x, as far as the route goes. */
static int32_t
step_back(const struct search *s, int32_t x, int32_t before)
{
	const struct node *node = s->now->node;
	while (before-- > 0 && node[x].prev < s->m->n)
		x = node[x].prev;
	return x;
}

/* Cuts `length` tasks around x, sparing `kept` in the middle. */
static void
cut_string(struct search *s, int32_t x, int32_t length, int32_t kept)
{
	const struct node *node = s->now->node;
	int32_t whole = length + kept;
	int32_t ahead = 0;
	for (int32_t y = node[x].next; y < s->m->n && ahead < whole - 1; y = node[y].next)
		ahead++;
	int32_t back = (int32_t)prng_below(s->prng, (uint32_t)whole);
	if (whole - 1 - back > ahead)
		back = whole - 1 - ahead;
	int32_t first = step_back(s, x, back);
	int32_t before = kept > 0 ? 1 + (int32_t)prng_below(s->prng, (uint32_t)length) : length;
	int32_t y = search_remove_from(s, first, before);
	for (int32_t i = 0; i < kept && y < s->m->n; i++)
		y = node[y].next;
	(void)search_remove_from(s, y, length - before);
}

static void
cut_route(struct search *s, int32_t x, double longest)
{
	int32_t size = s->now->line[s->now->node[x].route].size;
	double most = size < longest ? size : longest;
	int32_t length = between(s, 1, most + 1);
	int32_t kept = 0;
	if (length > 1 && length < size && prng_unit(s->prng) < SPLIT_CHANCE) {
		kept = 1;
		while (length + kept < size && prng_unit(s->prng) > SPLIT_STOP)
			kept++;
	}
	cut_string(s, x, length, kept);
}

bool
move_strings(struct search *s)
{
	const struct model *m = s->m;
	struct state *now = s->now;
	int32_t used = state_n_used(now);
	if (used == 0 || s->n_own == 0)
		return false;
	double mean = (double)(now->n_here - now->n_out) / used;
	double longest = mean < STRING_MAX ? mean : STRING_MAX;
	double most = 4 * MEAN_REMOVED / (1 + longest) - 1;
	int32_t routes = between(s, 1, most + 1);
	int32_t seed = s->own[prng_below(s->prng, (uint32_t)s->n_own)];
	const int32_t *row = m->near + (size_t)seed * (size_t)m->n_near;
	uint32_t mark = ++s->visit;
	for (int32_t i = -1; i < m->n_near && routes > 0; i++) {
		if (i >= 0 && row[i] < 0)
			break;
		int32_t x = i < 0 ? seed : near_node(row[i]);
		int32_t r = now->node[x].route;
		if (r == NO_NODE || s->visited[r] == mark)
			continue;
		s->visited[r] = mark;
		cut_route(s, x, longest);
		routes--;
	}
	search_recreate(s, 100);
	return true;
}
