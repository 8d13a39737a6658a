/* The search: try a change, keep it or undo it, millions of times.
 *
 * A move is one file (move_*.c) with one function: it takes tasks out of the
 * plan or shifts them, between state_mark() and the verdict. Most moves are
 * ruins: they only choose what to take out and leave the rest to
 * search_recreate(). moves.c lists them with their shares; a new move is a file
 * and a row there.
 *
 * Keeping is simulated annealing: a change is kept when
 *	cost < bar = before - temperature × ln(uniform).
 * The bar is drawn before the move, so that a change that cannot get below it
 * any more ends at once. */
#ifndef ROUTE_ROUTE_SEARCH_H
#define ROUTE_ROUTE_SEARCH_H

#include "route/route_pool.h"
#include "route/route_state.h"

struct search {
	const struct model *m;
	struct state *now, *best;
	struct prng *prng;	       /* now's */
	int32_t *removed;	       /* what the move has taken out (pickups stand for both) */
	int64_t *keys;		       /* scratch for sorting removed */
	struct order_keys *order_keys; /* [task] */
	int32_t n_removed;
	struct near_arc *followers; /* [n_near] scratch */
	uint32_t visit, *visited;   /* [route] ruined in this change */
	int32_t *own;		    /* the tasks this search works on */
	int32_t n_own;
	double temperature;
	int64_t bar; /* what the plan may cost after this change; INT64_MAX: it is not judged so */
	uint64_t iterations;
	struct pool *pool; /* NULL: none */
	double pool_below; /* temperature from which on the pool remembers routes */
	bool hurried;	   /* the first plan had to hurry: for who asks why tasks are left out */
	uint32_t *missed;  /* [task] how often it was left over: fleet reduction */
};

struct move {
	const char *name;
	int share;  /* of all changes tried */
	bool mixed; /* only where the fleet is of more than one class */
	/* False: nothing to do here. */
	bool (*apply)(struct search *s);
};
extern const struct move route_moves[]; /* ends with a NULL name */

bool move_strings(struct search *s);
bool move_close(struct search *s);
bool move_open(struct search *s);
bool move_tails(struct search *s);
bool move_trade(struct search *s);

/* Takes a task (and its mate) out; remembers it for search_recreate(). */
void search_remove(struct search *s, int32_t task);
/* … and up to n tasks of a route from x on. What stands behind them now. */
int32_t search_remove_from(struct search *s, int32_t x, int32_t n);
/* Puts back what was removed and some of what was left out, each in its best
 * place; what finds none is left out. */
void search_recreate(struct search *s, uint32_t blink);

MUST_USE enum code search_new(struct scope *sc, const struct model *m, uint64_t seed, struct search **out);
/* The first plan: every task in, where there is a way. `pace` is asked every few tasks;
 * once it says HURRY, places are sought beside neighbours only: a task then costs a few
 * microseconds, but may be left out although there is a place (s->hurried). */
enum pace { PACE_CALM, PACE_HURRY, PACE_STOP };
void search_construct(struct search *s, enum pace (*pace)(void *arg), void *arg);
/* One change tried; keeps best up to date. */
void search_step(struct search *s);
/* The search works on every task (again). */
void search_own_all(struct search *s);
/* Continue from the best. */
void search_restart(struct search *s);

#endif
