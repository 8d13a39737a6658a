/* What a budget is spent on: first fewer vehicles, where they come first; a short
 * cycle, so that whoever loses patience has a decent plan; then, by what the rest
 * is worth, one hot cycle, several, or a bank of plans. */
#ifndef ROUTE_ROUTE_ANNEAL_H
#define ROUTE_ROUTE_ANNEAL_H

#include "route/route_run.h"

/* All of the budget, from the plan that stands. */
MUST_USE enum code run_anneal(struct scope *sc, struct run *r);

#endif
