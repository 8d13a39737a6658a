/* A plan while it is being changed: routes as linked lists of nodes, the times
 * that make one insertion O(1) to judge, and the way back.
 *
 *	head → a → b → c → tail      one list per route; node[x].prev / .next
 *
 * Invariants while a route stands (plain problems; state_check() proves them):
 *	early[next] = max(open[next], leave[x] + time(x, next)),  leave = early + service
 *	late[x]     = min(close[x], late[next] - time(x, next) - service[x])
 *	early[x] <= late[x] for every x
 *	line.cost   = sum of arcs (+ fixed when it serves anybody)
 *
 * Copy on touch. state_mark() begins a change; from then on the first write to a
 * node or route files its old value; state_undo() puts back what was touched,
 * however the change went, so trying costs what it touches and nothing else.
 *
 * In a rich problem the times come from route_timetable.c after every change of
 * a route; `early` is then exact and `late` optimistic. */
#ifndef ROUTE_ROUTE_STATE_H
#define ROUTE_ROUTE_STATE_H

#include "base/prng.h"
#include "route/route_model.h"

struct node {
	int32_t prev, next, route, place; /* route NO_NODE: left out */
	int32_t arc, leave, arc_in, late; /* costs to next and from prev; side by side: a scan reads all four at once */
	int32_t early;
	int32_t home; /* what stood before a task when it was taken out: likely where it goes again */
};

struct line {
	int64_t cost;
	int64_t load; /* LOAD_SUM */
	int64_t more; /* clocked: cost beyond the arcs' (route_clock.h) */
	int32_t size; /* tasks */
	int32_t class;
	int32_t at; /* where it stands in `order` */
};

struct saved_node {
	int32_t id;
	struct node was;
};
struct saved_more {
	int32_t id;
	int64_t was;
};
struct saved_line {
	int32_t id;
	struct line was;
};

struct state {
	const struct model *m;
	struct node *node;
	struct line *line;
	int64_t *high_before, *high_after, *aboard; /* LOAD_PROFILE: [node × dims] */
	int64_t *more;				    /* clocked: [node] its share of line.more */
	int32_t *order;				    /* routes by class; in each class those in use come first */
	int32_t *used;				    /* [class] how many are in use */
	int32_t *allowed;			    /* [class] how many may be used */
	int32_t *out;				    /* tasks left out (pickups stand for both) */
	int32_t n_out;
	int32_t n_here; /* tasks this plan, or this part of one, is about */
	int64_t cost;	/* lines and left_out */
	/* the way back */
	uint32_t stamp;
	uint32_t *node_stamp, *line_stamp, *more_stamp;
	bool hurried; /* insert_find() looks beside neighbours only */
	bool broken;  /* taking something out has made a route impossible: undo */
	struct saved_node *old_nodes;
	struct saved_line *old_lines;
	struct saved_more *old_more;
	int32_t n_old_nodes, n_old_lines, n_old_more;
	int64_t old_cost;
	int32_t *old_out;
	int32_t n_old_out;
	/* scratch */
	uint32_t visit, *visited; /* [route] */
	struct timetable *timetable;
	struct prng prng;
};

MUST_USE enum code state_new(struct scope *sc, const struct model *m, uint64_t seed, struct state **out);
/* Every task left out, every route empty. */
void state_clear(struct state *s);
void state_copy(struct state *to, const struct state *from);

/* A plan in parts, one for each of `members` that work on it at the same time:
 * owner[r] says whose route r is. state_take() makes `to` the part of `me`, with
 * its share of the unused vehicles and of the tasks left out; the others' tasks
 * do not exist there. state_empty() and then state_put() from each make a whole again. */
void state_take(struct state *to, const struct state *from, const uint8_t *owner, uint8_t me, int32_t members);
void state_empty(struct state *s);
void state_put(struct state *to, const struct state *from, const uint8_t *owner, uint8_t me);

void state_mark(struct state *s);
void state_undo(struct state *s);

/* The way to write to a node or route: files its old value first. */
static inline struct node *
state_touch(struct state *s, int32_t x)
{
	if (s->node_stamp[x] != s->stamp) {
		s->node_stamp[x] = s->stamp;
		s->old_nodes[s->n_old_nodes++] = (struct saved_node){x, s->node[x]};
	}
	return &s->node[x];
}

static inline int64_t *
state_touch_more(struct state *s, int32_t x)
{
	if (s->more_stamp[x] != s->stamp) {
		s->more_stamp[x] = s->stamp;
		s->old_more[s->n_old_more++] = (struct saved_more){x, s->more[x]};
	}
	return &s->more[x];
}

static inline struct line *
state_touch_line(struct state *s, int32_t r)
{
	struct line *l = &s->line[r];
	if (s->line_stamp[r] != s->stamp) {
		s->line_stamp[r] = s->stamp;
		s->old_lines[s->n_old_lines++] = (struct saved_line){r, *l};
	}
	return l;
}

/* Put task x between node `after` and its successor. The caller has judged it. */
void state_link(struct state *s, int32_t x, int32_t after);
/* Both halves at once; mate_after may be x. */
void state_link_pair(struct state *s, int32_t x, int32_t after, int32_t mate, int32_t mate_after);
/* Take what stands from first to last out of its route. In a rich problem the route's times
 * wait for state_refresh(). */
void state_unlink_run(struct state *s, int32_t first, int32_t last);
static inline void
state_unlink(struct state *s, int32_t x)
{
	state_unlink_run(s, x, x);
}
/* What is behind a and what is behind b change places. Either may be a head, or the
 * last task. In a plain problem with tails alike the caller has judged it, and it costs
 * what changes; else both routes are timed anew, and s->broken says that one cannot be
 * driven or is overloaded. Skills, pairs and relations are the caller's business. */
void state_swap_tails(struct state *s, int32_t a, int32_t b);
/* The end of a route costs and takes the same on either of the two. */
bool state_tails_alike(const struct state *s, int32_t ra, int32_t rb);
/* Times, loads and cost of route r from scratch. */
void state_refresh(struct state *s, int32_t r);

/* A route of the class that serves nobody yet, or NO_NODE. */
int32_t state_spare(const struct state *s, int32_t class);
/* The i-th route in use, 0 ≤ i < state_n_used(). */
int32_t state_n_used(const struct state *s);
int32_t state_used(const struct state *s, int32_t i);

/* Long routes: their ends are worth looking at, and their number changes only while it
 * is hot. */
#define LONG_ROUTE 25 /* tasks, in the mean */
static inline bool
state_routes_are_long(const struct state *s, int32_t used)
{
	return s->n_here >= used * LONG_ROUTE;
}

void state_out_add(struct state *s, int32_t task);

/* True where every invariant holds: for asserts and tests; slow. */
bool state_check(const struct state *s);

/* --- where a task could go --- */

struct spot {
	int64_t delta; /* cost; INT64_MAX: nowhere */
	int32_t route, after;
	int32_t mate_after; /* pairs: the delivery goes behind this node (the pickup itself where equal to it) */
};

#define INSERT_ANY INT64_MAX
/* The best place for task x (a pickup: for the pair), blinking past one position
 * in `blink` (0: never). Route `only` ≥ 0: nowhere else. A place that costs `below` or
 * more is of no use: it need not be found (INSERT_ANY: every place is). */
void insert_find(struct state *s, int32_t x, uint32_t blink, int32_t only, int64_t below, struct spot *best);
void insert_apply(struct state *s, int32_t x, const struct spot *spot);
/* The same in the common case: model.simple, any route (route_insert_plain.c). */
void insert_find_plain(struct state *s, int32_t x, uint32_t blink, int64_t below, struct spot *best);

/* The cheapest few, by rising delta. */
#define SHORTLIST_MAX 4
struct shortlist {
	struct spot spots[SHORTLIST_MAX];
	int32_t n;
};
void shortlist_add(struct shortlist *l, const struct spot *spot);
/* What the next one must be cheaper than: `most` until the list is full. */
static inline int64_t
shortlist_bar(const struct shortlist *l, int64_t most)
{
	return l->n < SHORTLIST_MAX ? most : l->spots[SHORTLIST_MAX - 1].delta;
}
/* For rich problems (model.scanned): places beside x's neighbours, or everywhere, and on an unused vehicle. */
void insert_list_plain(const struct state *s, int32_t x, bool everywhere, int64_t below, struct shortlist *list);

/* --- the last word in rich problems (route_timetable.c) --- */

struct timetable;
MUST_USE enum code timetable_new(struct scope *sc, const struct model *m, struct timetable **out);
/* Can route r's class serve seq in this order? *cost: all of it but the fixed
 * part, scaled. early (may be NULL) gets the start of work per task, from base. */
bool timetable_try(struct timetable *t, int32_t class, const int32_t *seq, int32_t n, int64_t *cost, int32_t *early);
/* The finished tour of a vehicle, with stops. False: it cannot be driven. */
bool timetable_tour(struct scope *sc, struct timetable *t, uint32_t vehicle, const int32_t *seq, int32_t n,
		    struct route_tour *out);
/* Room for 2 × n_tasks numbers, the caller's between two calls. */
int32_t *timetable_room(struct timetable *t);
/* Relations that forbid x on route r as things stand. */
bool relations_allow(const struct state *s, int32_t x, int32_t r);

#endif
