/* A child of two plans: one plan, but a few neighbouring routes of it are the other's.
 *
 *	a  ──────────▶ child: the routes around a random task leave,
 *	b ─ routes that serve mostly the same tasks come,
 *	               a task served twice loses one of its places,
 *	               a task served nowhere is inserted
 *
 * After the selective route exchange of Nagata and Kobayashi (2010). What the child
 * owes to neither parent is repaired by the search, which is told which tasks that
 * may concern. */
#ifndef ROUTE_ROUTE_CROSS_H
#define ROUTE_ROUTE_CROSS_H

#include "route/route_search.h"

struct cross; /* scratch */

MUST_USE enum code cross_new(struct scope *sc, const struct model *m, struct cross **out);
/* Makes s->now a child of a and b, and s->own the tasks of the routes that are not a's.
 * False: the parents do not differ there. For problems without relations. */
bool cross_plans(struct cross *c, struct search *s, const struct state *a, const struct state *b);

#endif
