/* The problem as the search reads it: flat int32 arrays, nothing to look up.
 *
 *	place   0 … n_places-1 as in the problem; n_places is "nowhere", from and
 *	        to which every way is free (open starts and ends)
 *	node    0 … n-1 are the tasks; route r has two more, its head n + 2r and
 *	        its tail n + 2r + 1. Route r is vehicle r
 *	class   vehicles that differ in nothing the search can see. A class has
 *	        its time and cost matrix, each also transposed, so that both "from
 *	        here" and "to here" run along one row
 *	time    int32, shifted so that the earliest start is near 0
 *	cost    arcs are int32 in caller's units × scale; sums are int64
 *
 * Two kinds of problem. In a plain one a position can be judged exactly by the
 * node's earliest and latest times and the route's loads. In a rich one (several
 * windows, breaks, time-dependent travel, duty costs, reloads, …) that judgement
 * is a necessary condition only, and route_timetable.c has the last word. */
#ifndef ROUTE_ROUTE_MODEL_H
#define ROUTE_ROUTE_MODEL_H

#include "route/route.h"

#define FAR_TIME (1 << 29) /* no way: beyond every closing time */
#define FAR_COST (1 << 28)
#define ARC_MAX (1 << 26)
#define NO_NODE (-1)

struct class
{
	uint32_t vehicle; /* one of them */
	int32_t n;	  /* how many there are */
	const int32_t *time, *time_to, *cost, *cost_to;
	int32_t longest, dearest; /* cells of time and cost */
	int32_t start, end;	  /* places */
	int32_t open, close;
	int32_t max_tasks;
	int64_t fixed;	    /* scaled, with the vehicle tier */
	const int64_t *cap; /* [dims], already relaxed where the vehicle reloads */
};

struct job {
	int32_t place, open, close, service; /* first opening, last closing */
	int32_t mate;			     /* NO_NODE: none */
	int32_t setup;
	int32_t nearest;  /* no arc to or from it costs less (of the first class; route_near.c) */
	bool plain;	  /* these times are all there is: one window at most, no setup, the same by every type */
	int64_t demand;	  /* LOAD_SUM */
	int64_t left_out; /* scaled cost of leaving it out (pairs: at the pickup) */
};

enum load_kind {
	LOAD_NONE,
	LOAD_SUM,     /* one dimension, everything leaves (or arrives) at the depot: a sum per route */
	LOAD_PROFILE, /* anything else: the highest load before and after each node */
};

/* A neighbour that may stand before and / or after the node, nearest first. */
#define NEAR_BEFORE 1 /* the neighbour can precede the node */
#define NEAR_AFTER 2  /* the neighbour can follow it        */
static inline int32_t
near_node(int32_t entry)
{
	return entry >> 2;
}

/* For a fast scan: a neighbour and the arc to it; node -1 ends a short row. */
struct near_arc {
	int32_t node, arc;
};

struct model {
	const struct route_problem *p;
	int32_t n, n_routes, n_places, n_classes, n_nodes;
	int32_t dims;
	int64_t base; /* added to a time gives the caller's */
	double scale;
	int64_t vehicle_price; /* vehicles-first: what one vehicle more costs */
	bool scanned;	       /* one class, loads that only add up, nothing tied: the fast scan */
	bool simple;	       /* … and plain */
	bool rich, pairs, skills, relations, one_class, same_matrix, symmetric, duty, slices;
	bool clocked; /* rich, but only in what route_clock.c knows */
	enum load_kind load;
	struct class *classes;
	int32_t *class_of;	     /* [n_routes] */
	int32_t *routes_of;	     /* routes sorted by class */
	int32_t *first_of;	     /* [n_classes + 1] into routes_of */
	struct job *jobs;	     /* [n] */
	uint8_t *fits;		     /* [n × n_classes]: skills and size allow it; NULL: always */
	int32_t n_near;		     /* entries a row */
	int32_t *near;		     /* [n × n_near]; -1 ends a short row */
	struct near_arc *near_here;  /* [n × n_near] with the arcs from there; NULL: no scan uses them */
	struct near_arc *near_there; /* … to there; the same rows where the matrix is symmetric */
	int32_t **groups;	     /* [n] relations of a task, -1 ends; NULL: none */
	double mean_arc;	     /* of the nearest few neighbours: the scale of temperatures */
};

static inline bool
model_fits(const struct model *m, int32_t task, int32_t class)
{
	return m->fits == NULL || m->fits[(size_t)task * (size_t)m->n_classes + (size_t) class] != 0;
}

/* When a vehicle starts at the earliest: nothing before the model's first instant matters. */
static inline int64_t
model_start(const struct model *m, const struct route_vehicle *v)
{
	return v->shift.from > m->base ? v->shift.from : m->base;
}

static inline int32_t
route_head(const struct model *m, int32_t r)
{
	return m->n + 2 * r;
}

static inline int32_t
route_tail(const struct model *m, int32_t r)
{
	return m->n + 2 * r + 1;
}

/* With n_near neighbours a task. Once *cancel (NULL: never) is true the tasks still to come get none.
 * E_LIMIT  the times span more than ROUTE_SPAN_MAX.  E_MEMORY  the scope's cap. */
MUST_USE enum code model_new(struct scope *sc, const struct route_problem *p, int32_t n_near,
			     const _Atomic bool *cancel, struct model **out);
/* The neighbours' part of it (route_near.c): near and its arcs, n_near and mean_arc. */
MUST_USE enum code model_find_near(struct scope *sc, struct model *m, int32_t n_near, const _Atomic bool *cancel);

/* Travel of a vehicle over one cell of the matrix when it leaves at `at` (caller's
 * time) and slice k is the last one that begins no later (0 before the first);
 * FAR_TIME where there is no way. */
int64_t travel_in_slice(const struct route_problem *p, const struct route_vehicle *v, size_t cell, int64_t at,
			uint32_t k);
/* The last slice that begins no later than `at` (the first one before that), sought from `near`. */
uint32_t slice_at(const struct route_profile *f, int64_t at, uint32_t near);

#define NEVER INT64_MAX
/* The earliest instant at or after `at` inside a window moved by `shift`; NEVER: none. */
int64_t window_after(const struct route_window *w, uint32_t n, int64_t shift, int64_t at);

/* What a task takes on vehicles like v; NULL: its own setup and service. */
const struct route_work *work_row(const struct route_task *t, const struct route_vehicle *v);
/* Setup, when coming from place `before` that is another one, and service. */
int64_t work_time(const struct route_task *t, const struct route_vehicle *v, uint32_t before);

#endif
