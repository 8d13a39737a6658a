/* The first look at a task's neighbours: beside which of them could it stand, as far as
 * the neighbour itself tells? One matrix is both time and cost; where it is not symmetric,
 * one side is asked with the arcs from the neighbours, the other with those to them.
 *
 *	behind y   arc(x,y) − y.arc <= more     y.leave + arc(x,y) <= close
 *	ahead of y arc(x,y) − y.arc_in <= more  open + service + arc(x,y) <= y.late
 *
 * Four differences whose signs are asked at once, of four neighbours at a time where the
 * processor has AVX-512; the answer is the same everywhere. */
#ifndef ROUTE_ROUTE_SIEVE_H
#define ROUTE_ROUTE_SIEVE_H

#include "route/route_state.h"

#define SIEVE_MOST 64 /* neighbours a call */

struct sieve {
	int32_t more;  /* how much longer than the old arc the new one may be */
	int32_t close; /* x's last moment, … */
	int32_t done;  /* … and when it is done at the earliest */
};

struct sieved {
	int32_t n_behind, n_ahead;
	struct near_arc behind[SIEVE_MOST + 4], ahead[SIEVE_MOST + 4]; /* whole vectors are written */
};

/* n <= SIEVE_MOST neighbours; once a node is -1, all others are. Who is left keeps their order. */
void sieve_near(const struct node *node, const struct near_arc *near, int32_t n, const struct sieve *x,
		struct sieved *out);
/* The same on any processor. */
void sieve_near_portable(const struct node *node, const struct near_arc *near, int32_t n, const struct sieve *x,
			 struct sieved *out);

#endif
