/* route: who drives where in which order, and when.
 *
 * An engine: pure computation. A problem is built from arrays, solved within a
 * budget and checked by code that shares nothing with the search. No store, no
 * network, no wall clock: a deadline is counted on base/clock's monotonic time.
 *
 *	struct route_problem *p;
 *	TRY(route_problem_new(sc, n_places, dims, &p));
 *	TRY(route_problem_profile(sc, p, &(struct route_profile){.durations = s, .distances = m}, &van));
 *	TRY(route_problem_vehicle(sc, p, &(struct route_vehicle){.profile = van, …}, NULL));
 *	TRY(route_problem_job(sc, p, &(struct route_task){.place = 7, .service = 90, …}, NULL));
 *	TRY(route_solve(sc, p, &(struct route_budget){.seconds = 1, .seed = 1}, &solution));
 *
 * Units. Times are whole numbers of one unit on one axis: seconds in the
 * product, tenths in the benchmarks; where the axis begins is the caller's
 * choice. Distances are metres. Amounts are whole numbers in `dims` dimensions.
 * Costs are whole numbers in the caller's unit; a rate "per hour" is per 3600
 * time units and "per km" per 1000 metres.
 *
 * Ownership: everything is copied into, and returned from, the scope given.
 * Tasks, vehicles and places are named by their index; `id` is the caller's
 * own name for them and only carried along. A problem is not changed by solving
 * and may be solved by several threads at once.
 *
 * Errors: E_INVALID  a value that can never be right, named in the message;
 * E_LIMIT  more than the bounds below.
 */
#ifndef ROUTE_ROUTE_H
#define ROUTE_ROUTE_H

#include <stdatomic.h>

#include "base/scope.h"

#define ROUTE_NONE UINT32_MAX	      /* no place, no task, no limit            */
#define ROUTE_UNREACHABLE INT32_MAX   /* a matrix cell: there is no way         */
#define ROUTE_CELL_MAX 100000000      /* the largest cell that is a way         */
#define ROUTE_TIME_MAX 4000000000LL   /* the last instant; "no end"             */
#define ROUTE_SPAN_MAX 400000000      /* from the first start to the last end   */
#define ROUTE_AMOUNT_MAX 1000000000LL /* of one task or vehicle, per dimension  */
#define ROUTE_RATE_MAX 1000000000LL   /* of a fixed cost or a rate              */
#define ROUTE_DIMS_MAX 8
#define ROUTE_TASKS_MAX 20000
#define ROUTE_RELATIONS_MAX 1000
#define ROUTE_VEHICLES_MAX 5000
#define ROUTE_PLACES_MAX 12000
#define ROUTE_PROFILES_MAX 32
#define ROUTE_WINDOWS_MAX 64
#define ROUTE_SKILLS_MAX 256 /* different skills in one problem */
#define ROUTE_BREAKS_MAX 8
#define ROUTE_TYPES_MAX 64 /* of vehicles that one task tells apart */
#define ROUTE_PRIORITY_MAX 100
#define ROUTE_MUST (-1) /* penalty: never left out by choice */

struct route_window {
	int64_t from, to; /* both included: service (or a break) begins inside */
};

/* Square matrices, row = from, n_places × n_places; ROUTE_UNREACHABLE marks "no way".
 * With slices, travel depends on the departure: durations holds n_slices matrices
 * one after another, sampled at slice_at[]; in between it is linear, before the
 * first and after the last constant. Nobody may gain by leaving later (FIFO):
 * E_INVALID where a duration falls faster than time passes. */
struct route_profile {
	const char *name;	  /* NULL: "car" */
	const int32_t *durations; /* time units */
	const int32_t *distances; /* metres; NULL: zero everywhere */
	const int32_t *costs;	  /* NULL: from the vehicle's rates; else the arc costs themselves */
	const int64_t *slice_at;  /* NULL: travel does not depend on time */
	uint32_t n_slices;
	/* The largest cell of the first durations, of distances and of costs; set by the problem. */
	int32_t longest, farthest, dearest;
};

/* A wish, not a rule: outside [from, to] each hour costs. */
struct route_soft {
	struct route_window window;
	int64_t early_per_hour, late_per_hour; /* both 0: no wish */
};

/* What a task takes on vehicles of one type, in the place of its own setup and service. */
struct route_work {
	uint32_t type; /* of route_vehicle, not 0 */
	int64_t setup, service;
};

enum route_kind { ROUTE_JOB, ROUTE_PICKUP, ROUTE_DELIVERY };

struct route_task {
	uint64_t id;
	const char *description; /* NULL: none */
	enum route_kind kind;	 /* set by the problem */
	uint32_t mate;		 /* the other half of a shipment; set by the problem */
	uint32_t place;
	int64_t setup; /* spent only when coming from another place */
	int64_t service;
	const struct route_work *work_by_type; /* each type once; vehicles of other types: setup and service above */
	uint32_t n_types;
	const struct route_window *windows; /* ascending, disjoint; none: any time */
	uint32_t n_windows;
	const int64_t *delivery; /* aboard from the start, left here [dims]; NULL: none */
	const int64_t *pickup;	 /* taken here, aboard until the end [dims]; NULL: none */
	const uint32_t *skills;	 /* all of them are needed */
	uint32_t n_skills;
	int priority;	 /* 0 … 100: higher ones are left out last */
	int64_t penalty; /* cost of leaving it out; ROUTE_MUST: out only when there is no way in */
	struct route_soft soft;
};

struct route_break {
	uint64_t id;
	const char *description;
	const struct route_window *windows; /* at least one */
	uint32_t n_windows;
	bool relative;		 /* windows count from the vehicle's departure */
	int64_t service;	 /* its length */
	const int64_t *max_load; /* [dims]; NULL: any load may be aboard */
};

struct route_rates {
	int64_t fixed;	       /* once, when the vehicle drives at all */
	int64_t per_hour;      /* of travel */
	int64_t per_task_hour; /* of setup and service */
	int64_t per_duty_hour; /* from departure to the end, waiting and breaks included */
	int64_t per_km;
};

struct route_vehicle {
	uint64_t id;
	const char *description;
	uint32_t type; /* for tasks that take longer by one vehicle than by another; 0: none */
	uint32_t profile;
	uint32_t start, end; /* places; ROUTE_NONE: begins at its first / ends at its last task */
	struct route_window shift;
	const int64_t *capacity; /* [dims]; NULL: no bound */
	const uint32_t *skills;
	uint32_t n_skills;
	struct route_rates rates;
	double speed_factor;  /* durations are divided by it; 0: 1 */
	uint32_t max_tasks;   /* ROUTE_NONE: no bound */
	int64_t max_distance; /* metres; 0: no bound */
	int64_t max_travel;   /* travel time; 0: no bound */
	int64_t max_duty;     /* departure to end; 0: no bound */
	const struct route_break *breaks;
	uint32_t n_breaks;
	uint32_t max_reloads; /* returns to reload_place for a fresh load between tasks */
	uint32_t reload_place;
	int64_t reload_service;
};

enum route_relation_kind {
	ROUTE_SAME_VEHICLE, /* all on one route, or left out           */
	ROUTE_APART,	    /* no two of them on one route              */
	ROUTE_IN_ORDER,	    /* where several ride on one route, in this order */
};

struct route_relation {
	enum route_relation_kind kind;
	const uint32_t *tasks;
	uint32_t n_tasks;
};

/* What "better" means after "fewer left out" (by priority, then number). */
struct route_aim {
	bool vehicles_first;		 /* one vehicle less beats any distance */
	int64_t balance_per_square_hour; /* × the square of each vehicle's duty in hours: equal duties are cheapest */
};

struct route_problem {
	uint32_t n_places, dims;
	const double *coords; /* n_places × (x or lon, y or lat); NULL: no pictures */
	bool coords_geo;      /* degrees; (0, 0): not known */
	struct route_profile *profiles;
	uint32_t n_profiles, cap_profiles;
	struct route_task *tasks;
	uint32_t n_tasks, cap_tasks;
	struct route_vehicle *vehicles;
	uint32_t n_vehicles, cap_vehicles;
	struct route_relation *relations;
	uint32_t n_relations, cap_relations;
	struct route_aim aim;
};

/* Each adds one thing, validated and copied, and gives its index (*index may be
 * NULL). Matrices are borrowed, not copied: they must outlive the problem. */
MUST_USE enum code route_problem_new(struct scope *sc, uint32_t n_places, uint32_t dims, struct route_problem **out);
MUST_USE enum code route_problem_profile(struct scope *sc, struct route_problem *p, const struct route_profile *profile,
					 uint32_t *index);
MUST_USE enum code route_problem_job(struct scope *sc, struct route_problem *p, const struct route_task *job,
				     uint32_t *index);
/* From `from` to `to` on one vehicle, in this order. The amount is from->pickup;
 * skills, priority and penalty are from's. *index names the pickup, *index + 1 the delivery. */
MUST_USE enum code route_problem_shipment(struct scope *sc, struct route_problem *p, const struct route_task *from,
					  const struct route_task *to, uint32_t *index);
MUST_USE enum code route_problem_vehicle(struct scope *sc, struct route_problem *p, const struct route_vehicle *vehicle,
					 uint32_t *index);
MUST_USE enum code route_problem_relation(struct scope *sc, struct route_problem *p,
					  const struct route_relation *relation);

/* --- an answer --- */

enum route_step { ROUTE_START, ROUTE_TASK, ROUTE_BREAK, ROUTE_RELOAD, ROUTE_END };

struct route_stop {
	enum route_step step;
	uint32_t index;				  /* ROUTE_TASK: the task; ROUTE_BREAK: which of the vehicle's breaks */
	uint32_t place;				  /* ROUTE_NONE: wherever the vehicle is */
	int64_t arrival, waiting, setup, service; /* work begins at arrival + waiting; leaves at the sum of all four */
	int64_t travelled, distance;		  /* travel time and metres since the start */
	const int64_t *load;			  /* [dims] aboard when it leaves */
};

/* One vehicle's round: stops[0] is ROUTE_START, the last one ROUTE_END. Vehicles
 * that stay at home have none. */
struct route_tour {
	uint32_t vehicle;
	struct route_stop *stops;
	uint32_t n_stops;
	int64_t travel, distance, setup, service, waiting, breaks; /* sums */
	/* The cost and its parts. */
	int64_t cost, cost_fixed, cost_travel, cost_distance, cost_work, cost_duty, cost_soft, cost_balance;
};

enum route_why {
	ROUTE_WHY_SKILL = 1, /* nobody has the skills                           */
	ROUTE_WHY_CAPACITY,  /* too large for every vehicle                     */
	ROUTE_WHY_UNREACHABLE,
	ROUTE_WHY_WINDOW,   /* alone on the best vehicle it would be too late  */
	ROUTE_WHY_LIMIT,    /* a vehicle's distance, travel or duty limit      */
	ROUTE_WHY_RELATION, /* what it is tied to cannot be served together    */
	ROUTE_WHY_PRICE,    /* serving it costs more than leaving it out       */
	ROUTE_WHY_FULL,	    /* alone it would fit: the fleet's time or room is used up */
	ROUTE_WHY_TIME,	    /* the budget ended before every place was tried   */
	ROUTE_WHY_STEPS,    /* given steps were followed and none names it     */
};

struct route_out {
	uint32_t task;
	enum route_why why;
	uint32_t vehicle; /* the vehicle that came nearest, or ROUTE_NONE */
	const char *text; /* a sentence for a person */
};

struct route_solution {
	struct route_tour *tours; /* by vehicle index */
	uint32_t n_tours;
	struct route_out *out; /* tasks left out, by index */
	uint32_t n_out;
	int64_t cost; /* of the tours and the given penalties of what is left out */
	int64_t travel, distance, setup, service, waiting, breaks;
	uint64_t iterations;
	double seconds;
};

struct route_progress {
	double seconds;
	uint64_t iterations;
	int64_t cost; /* of the best plan so far, as route_solution's */
	uint32_t tours, out;
	bool better; /* than when this was last called; false: only a sign of life, twice a second */
};

/* With seconds alone the answer depends on the machine; with iterations alone
 * (seconds = 0) the same problem, seed and threads give the same answer. Both 0:
 * the first plan, at once. */
struct route_budget {
	double seconds;
	uint64_t iterations; /* of all threads together */
	unsigned threads;    /* 0: one */
	bool cpu_time;	     /* seconds are CPU time of the calling thread: to measure on a busy machine */
	uint64_t seed;
	const _Atomic bool *cancel; /* NULL: none; true ends the search within a millisecond or two */
	void (*progress)(void *arg, const struct route_progress *best); /* called by the calling thread; may be NULL */
	void *arg;
};

/* Always an answer for a valid problem, however small the budget. */
MUST_USE enum code route_solve(struct scope *sc, const struct route_problem *p, const struct route_budget *budget,
			       struct route_solution **out);
/* The same from a given start: tours[v] lists vehicle v's tasks in order (n_vehicles
 * rows; tasks of no row are left out at first). What cannot stand is dropped and inserted anew. */
struct route_row {
	const uint32_t *tasks;
	uint32_t n_tasks;
};
MUST_USE enum code route_solve_from(struct scope *sc, const struct route_problem *p, const struct route_row *rows,
				    const struct route_budget *budget, struct route_solution **out);

const char *route_why_name(enum route_why why);

/* --- the running day --- */

/* Where a vehicle is in its row: the first n_done tasks are history, whatever
 * the search thinks of them; it is free at `place` from `free_at` on. */
struct route_standing {
	uint32_t n_done;
	uint32_t place; /* ROUTE_NONE: still where it starts */
	int64_t free_at;
};

/* What has happened. Tasks in no row are new; dropped ones (cancelled, failed for
 * today) are planned no more and stay in nobody's way. */
struct route_news {
	const struct route_row *rows;	       /* [n_vehicles] the plan so far, done tasks first */
	const struct route_standing *standing; /* [n_vehicles]; NULL: nobody has left yet */
	const uint32_t *dropped;
	uint32_t n_dropped;
	int64_t move_price; /* cost that moving one stop must save */
};

enum route_change { ROUTE_ADDED, ROUTE_DROPPED, ROUTE_MOVED_VEHICLE, ROUTE_MOVED_ORDER, ROUTE_NOW_OUT };
struct route_difference {
	enum route_change change;
	uint32_t task;
	uint32_t from, to; /* vehicles, ROUTE_NONE: none */
	const char *text;  /* a sentence for a person */
};

struct route_replanned {
	/* The rest of the day: tours hold what is still to do, from where each vehicle
	 * stands. Indices are the given problem's. */
	struct route_solution *plan;
	struct route_difference *differences;
	uint32_t n_differences;
	uint32_t n_moved; /* stops that changed vehicle or predecessor and were not new */
	bool improved;	  /* false: the old order with the news put in or taken out */
};

/* The least change first: new tasks go where they cost least, everything else
 * stays. With a budget the search then looks for a plan whose saving pays for
 * every stop it moves. A shipment that is aboard stays on its vehicle.
 * E_INVALID  rows or standing contradict the problem. */
MUST_USE enum code route_replan(struct scope *sc, const struct route_problem *p, const struct route_news *news,
				const struct route_budget *budget, struct route_replanned **out);

/* --- the verifier --- */

/* Follows the stops as they are written, without any code of the search: each
 * rule of the problem, each sum, each cost. */
struct route_verdict {
	bool feasible;
	int64_t cost, travel, distance;
	uint32_t tours, out;
	const char **faults; /* sentences, the first 100 */
	uint32_t n_faults;   /* all of them */
};
MUST_USE enum code route_check(struct scope *sc, const struct route_problem *p, const struct route_solution *s,
			       struct route_verdict *out);

#endif
