/* A bank of plans: what most budgets are spent on.
 *
 *	founders   plans cooled on their own from hot, each for a while
 *	children   of two of them (route_cross.h), cooled from mild where they differ
 *	           from the first parent, whose place they take if they are cheaper
 *
 * A plan that is cooled again from its best finds the same plan again; what two good
 * plans have in common is likely right, and where they differ is where there is
 * something to be had. A child only ever replaces the parent it is most like, so the
 * bank stays of many kinds until nothing differs (Nagata, Bräysy and Dullaert 2010). */
#ifndef ROUTE_ROUTE_BANK_H
#define ROUTE_ROUTE_BANK_H

#include "route/route_run.h"

/* Is a bank what so many tries are to be spent on, where plans are like this one? */
bool bank_is_worth(const struct model *m, const struct state *plan, double tries);
/* Founds and crosses until `to` of the budget is used, which is about so many tries, or
 * until nothing differs any more. The best of all is then the search's best. */
MUST_USE enum code bank_run(struct scope *sc, struct run *r, double tries, double to);

#endif
