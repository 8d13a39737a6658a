/* room: route
 * Tries a second of CPU where a route is more than a list: the same VRPTW instance
 * plain, with travel that changes with the time of departure (24 slices), and
 * with two windows a task.
 *
 *	bench_route_rich INSTANCE [SECONDS]
 *
 * The slices are a day's wave: up to 40 % slower in two rush hours. */
#include <math.h>
#include <stdio.h>

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

static enum code
run(struct scope *sc, const char *path, const char *what, double seconds,
    void (*change)(struct scope *sc, struct route_problem *p), double *speed)
{
	uint8_t *bytes;
	size_t n;
	struct route_file file;
	struct route_solution *s;
	struct route_verdict v;
	TRY(file_read(sc, path, ROUTE_FILE_MAX, &bytes, &n));
	TRY(route_file_read(sc, bytes, n, &file));
	if (change != NULL)
		change(sc, file.problem);
	const struct route_budget budget = {.seconds = seconds, .cpu_time = true, .seed = 1};
	TRY(route_solve(sc, file.problem, &budget, &s));
	TRY(route_check(sc, file.problem, s, &v));
	double now = (double)s->iterations / s->seconds;
	printf("%-10s %9.0f tries/s  %5.2f x  cost %.1f  left out %u%s\n", what, now, *speed > 0 ? *speed / now : 1,
	       (double)s->cost * file.unit, s->n_out, v.feasible ? "" : "  NOT FEASIBLE");
	if (*speed == 0)
		*speed = now;
	return OK;
}

static enum code
run_all(struct scope *sc, const char *path, double seconds)
{
	double speed = 0;
	TRY(run(sc, path, "plain", seconds, NULL, &speed));
	TRY(run(sc, path, "24 slices", seconds, slice, &speed));
	return run(sc, path, "2 windows", seconds, split_windows, &speed);
}

int
main(int argc, char **argv)
{
	struct scope sc;
	if (argc < 2) {
		fprintf(stderr, "usage: bench_route_rich INSTANCE [SECONDS]\n");
		return 2;
	}
	scope_init(&sc);
	sc.cap = (size_t)4 << 30;
	enum code rc = run_all(&sc, argv[1], argc > 2 ? strtod(argv[2], NULL) : 3);
	if (rc != OK)
		fprintf(stderr, "%s\n", sc.err.message);
	scope_release(&sc);
	return rc != OK;
}
