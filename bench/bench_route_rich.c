/* room: route
 * Tries a second of CPU, and what they lead to, where a route is more than a list:
 * the same VRPTW instance plain and in the shapes below.
 *
 *	bench_route_rich INSTANCE [SECONDS [SEED [SHAPE]]]
 *
 * The slices are a day's wave: up to 40 % slower in two rush hours. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "route/route_file.h"

#define SLICES 24

static double
rush(double share_of_day)
{
	double morning = (share_of_day - 0.3) / 0.08;
	double evening = (share_of_day - 0.7) / 0.1;
	return 1 + 0.4 * exp(-morning * morning) + 0.4 * exp(-evening * evening);
}

static void
slice(struct scope *sc, struct route_problem *p)
{
	struct route_profile *f = &p->profiles[0];
	size_t cells = (size_t)p->n_places * p->n_places;
	int64_t *at = NEW_ARRAY(sc, SLICES, int64_t);
	int32_t *all = NEW_ARRAY(sc, cells * SLICES, int32_t);
	int64_t day = p->vehicles[0].shift.to;
	for (size_t k = 0; k < SLICES; k++) {
		double factor = rush((double)k / SLICES);
		at[k] = (int64_t)k * day / SLICES;
		for (size_t i = 0; i < cells; i++)
			all[k * cells + i] = (int32_t)(f->durations[i] * factor);
	}
	f->durations = all;
	f->slice_at = at;
	f->n_slices = SLICES;
}

/* A lunch hour in the middle of each window that is long enough. */
static void
split_windows(struct scope *sc, struct route_problem *p)
{
	for (uint32_t i = 0; i < p->n_tasks; i++) {
		struct route_task *t = &p->tasks[i];
		if (t->n_windows != 1 || t->windows[0].to - t->windows[0].from < 100)
			continue;
		struct route_window *w = NEW_ARRAY(sc, 2, struct route_window);
		int64_t middle = (t->windows[0].from + t->windows[0].to) / 2;
		w[0] = (struct route_window){t->windows[0].from, middle - 10};
		w[1] = (struct route_window){middle + 10, t->windows[0].to};
		t->windows = w;
		t->n_windows = 2;
	}
}

/* A twentieth of the shift of rest, to begin in its second quarter. */
static void
give_breaks(struct scope *sc, struct route_problem *p)
{
	for (uint32_t v = 0; v < p->n_vehicles; v++) {
		struct route_vehicle *x = &p->vehicles[v];
		int64_t shift = x->shift.to - x->shift.from;
		struct route_break *rest = NEW(sc, struct route_break);
		struct route_window *w = NEW(sc, struct route_window);
		*w = (struct route_window){x->shift.from + shift / 4, x->shift.from + shift / 2};
		*rest = (struct route_break){.id = 1, .windows = w, .n_windows = 1, .service = shift / 20};
		x->breaks = rest;
		x->n_breaks = 1;
	}
}

/* Small cheap, middle and large dear ones in turn. */
static void
mix_fleet(struct scope *sc, struct route_problem *p)
{
	static const struct route_rates rates[3] = {
	    {.fixed = 500, .per_hour = 3600}, {.fixed = 900, .per_hour = 3960}, {.fixed = 1600, .per_hour = 4680}};
	for (uint32_t v = 0; v < p->n_vehicles; v++) {
		struct route_vehicle *x = &p->vehicles[v];
		int64_t *room = NEW(sc, int64_t);
		*room = *x->capacity * (1 << v % 3) / 2;
		x->capacity = room;
		x->rates = rates[v % 3];
	}
}

/* Every hour on duty is paid, waiting too. */
static void
pay_duty(struct scope *sc, struct route_problem *p)
{
	(void)sc;
	for (uint32_t v = 0; v < p->n_vehicles; v++)
		p->vehicles[v].rates.per_duty_hour = 1800;
}

static void
all_at_once(struct scope *sc, struct route_problem *p)
{
	slice(sc, p);
	split_windows(sc, p);
	give_breaks(sc, p);
	mix_fleet(sc, p);
}

static const struct shape {
	const char *name;
	void (*change)(struct scope *sc, struct route_problem *p);
} shapes[] = {
    {"plain", NULL},	    {"slices", slice},	{"windows", split_windows}, {"breaks", give_breaks},
    {"classes", mix_fleet}, {"duty", pay_duty}, {"all", all_at_once},
};

static enum code
run(struct scope *sc, const char *path, const struct shape *shape, double seconds, uint64_t seed, double *speed)
{
	uint8_t *bytes;
	size_t n;
	struct route_file file;
	struct route_solution *s;
	struct route_verdict v;
	TRY(file_read(sc, path, ROUTE_FILE_MAX, &bytes, &n));
	TRY(route_file_read(sc, bytes, n, &file));
	if (shape->change != NULL)
		shape->change(sc, file.problem);
	const struct route_budget budget = {.seconds = seconds, .cpu_time = true, .seed = seed};
	TRY(route_solve(sc, file.problem, &budget, &s));
	TRY(route_check(sc, file.problem, s, &v));
	double now = (double)s->iterations / s->seconds;
	printf("%-10s %9.0f tries/s  %5.2f x  cost %.1f  left out %u%s\n", shape->name, now,
	       *speed > 0 ? *speed / now : 1, (double)s->cost * file.unit, s->n_out,
	       v.feasible ? "" : "  NOT FEASIBLE");
	if (*speed == 0)
		*speed = now;
	return OK;
}

static enum code
run_all(struct scope *sc, const char *path, double seconds, uint64_t seed, const char *only)
{
	double speed = 0;
	for (size_t i = 0; i < COUNT_OF(shapes); i++)
		if (only == NULL || strcmp(only, shapes[i].name) == 0)
			TRY(run(sc, path, &shapes[i], seconds, seed, &speed));
	return OK;
}

int
main(int argc, char **argv)
{
	struct scope sc;
	if (argc < 2) {
		fprintf(stderr, "usage: bench_route_rich INSTANCE [SECONDS [SEED [SHAPE]]]\n");
		return 2;
	}
	scope_init(&sc);
	sc.cap = (size_t)4 << 30;
	enum code rc = run_all(&sc, argv[1], argc > 2 ? strtod(argv[2], NULL) : 3,
			       argc > 3 ? strtoull(argv[3], NULL, 10) : 1, argc > 4 ? argv[4] : NULL);
	if (rc != OK)
		fprintf(stderr, "%s\n", sc.err.message);
	scope_release(&sc);
	return rc != OK;
}
