/* The rule of Christiaens and Vanden Berghe (2020): forbid one vehicle and let
 * its tasks be homeless. Each task remembers how often it was left over; a
 * change is kept when those it leaves over were left over less often in sum than
 * those before. So the search walks towards plans whose homeless are easy to
 * place, and when nobody is homeless the vehicle was not needed. */
#include "route/route_fleet.h"

#include <math.h>

#define CLOCK_EVERY 32

static uint64_t
missed_sum(const struct search *s, const int32_t *tasks, int32_t n)
{
	uint64_t sum = 0;
	for (int32_t i = 0; i < n; i++)
		sum += s->missed[tasks[i]];
	return sum;
}

/* The route whose tasks are the easiest to place elsewhere, by what is remembered. */
static int32_t
easiest_route(const struct search *s)
{
	int32_t used = state_n_used(s->now);
	int32_t best = NO_NODE;
	uint64_t least = UINT64_MAX;
	for (int32_t i = 0; i < used; i++) {
		int32_t r = state_used(s->now, i);
		uint64_t sum = 0;
		for (int32_t x = s->now->node[route_head(s->m, r)].next; x < s->m->n; x = s->now->node[x].next)
			sum += 1 + s->missed[x];
		if (sum < least) {
			least = sum;
			best = r;
		}
	}
	return best;
}

/* Empties the easiest route; no class may have more vehicles than are left in use. */
static bool
give_up_one(struct search *s)
{
	struct state *now = s->now;
	int32_t r = easiest_route(s);
	if (r == NO_NODE || state_n_used(now) < 2)
		return false;
	state_mark(now);
	s->n_removed = 0;
	(void)search_remove_from(s, now->node[route_head(s->m, r)].next, INT32_MAX);
	for (int32_t c = 0; c < s->m->n_classes; c++)
		now->allowed[c] = now->used[c];
	for (int32_t i = 0; i < s->n_removed; i++)
		state_out_add(now, s->removed[i]);
	state_mark(now);
	return true;
}

static void
try_once(struct search *s)
{
	struct state *now = s->now;
	s->iterations++;
	s->n_removed = 0;
	state_mark(now);
	move_strings(s);
	if (now->broken) {
		state_undo(now);
		return;
	}
	uint64_t after = missed_sum(s, now->out, now->n_out);
	uint64_t before = missed_sum(s, now->old_out, now->n_old_out);
	for (int32_t i = 0; i < now->n_out; i++)
		s->missed[now->out[i]]++;
	double bar = (double)now->old_cost - s->temperature * log(1 - prng_unit(s->prng));
	bool same = now->n_out == now->n_old_out && (double)now->cost < bar;
	if (now->n_out < now->n_old_out || after < before || same)
		return;
	state_undo(now);
}

void
fleet_reduce(struct search *s, uint64_t patience, bool (*go_on)(void *arg), void *arg)
{
	struct state *now = s->now;
	if (now->n_out > 0)
		return; /* too few already */
	state_copy(s->best, now);
	uint64_t since = 0;
	while (give_up_one(s)) {
		while (now->n_out > 0 && since < patience) {
			if (since++ % CLOCK_EVERY == 0 && !go_on(arg))
				since = patience;
			try_once(s);
		}
		if (now->n_out > 0)
			break;
		since = 0;
		state_copy(s->best, now);
	}
	state_copy(now, s->best);
	/* with one class a vehicle more is never right; with several, one may take another's place */
	for (int32_t c = 0; c < s->m->n_classes; c++)
		now->allowed[c] = s->m->one_class ? now->used[c] : s->m->classes[c].n;
	state_copy(s->best, now);
}
