/* A child of two plans: one plan, but a few neighbouring routes of it are the other's.
 *
 *	a  ──────────▶ child: the routes around a random task leave,
 *	b ─ routes that serve mostly the same tasks come,
 *	               a task served twice loses one of its places,
 *	               a task served nowhere is inserted
 *
 * After the selective route exchange of Nagata and Kobayashi (2010). What the child
 * owes to neither parent is repaired by the search, which is told which tasks that
 * may concern.
 *
 * Most exchanges leave so much to repair that no search makes up for it, and how much
 * is known as soon as the child is whole, in a fourteenth of the time that a search
 * takes. So several are drafted, each around a task of its own, and one is searched:
 * the one that costs least beyond the first parent for each task to be searched. */
#ifndef ROUTE_ROUTE_CROSS_H
#define ROUTE_ROUTE_CROSS_H

#include "route/route_search.h"

struct cross; /* scratch */

MUST_USE enum code cross_new(struct scope *sc, const struct model *m, struct cross **out);
/* Makes `child` and s->now the best draft of a and b, and s->own the tasks of the routes
 * that are not a's. False: in no draft did the parents differ, and `child` is what it
 * was. For problems without relations. `child` is none of the parents. */
bool cross_plans(struct cross *c, struct search *s, const struct state *a, const struct state *b, struct state *child);

#endif
