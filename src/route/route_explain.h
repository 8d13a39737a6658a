/* Why a task was left out: the first rule that stands in its way. */
#ifndef ROUTE_ROUTE_EXPLAIN_H
#define ROUTE_ROUTE_EXPLAIN_H

#include "route/route_state.h"

/* Fills out->out and out->n_out. hurried: not every place was looked at. */
MUST_USE enum code explain_left_out(struct scope *sc, const struct model *m, const struct state *s, bool hurried,
				    struct route_solution *out);

#endif
