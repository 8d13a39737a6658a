/* room: route
 * One stop more while the day runs: how long route_replan() takes to find its place
 * in a plan of all the others, nothing else moved. Each of COUNT tasks in turn is the
 * news. CPU time, from the arrays to the finished plan with its differences.
 *
 *	bench_route_day INSTANCE */
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "route/route_file.h"

#define COUNT 200

static double
cpu_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* The plan's rows without the task that is still to come. */
static struct route_row *
rows_without(struct scope *sc, const struct route_problem *p, const struct route_solution *s, uint32_t task)
{
	struct route_row *rows = NEW_ARRAY(sc, p->n_vehicles, struct route_row);
	for (uint32_t t = 0; t < s->n_tours; t++) {
		const struct route_tour *tour = &s->tours[t];
		uint32_t *tasks = NEW_ARRAY(sc, tour->n_stops, uint32_t);
		uint32_t n = 0;
		for (uint32_t i = 0; i < tour->n_stops; i++)
			if (tour->stops[i].step == ROUTE_TASK && tour->stops[i].index != task)
				tasks[n++] = tour->stops[i].index;
		rows[tour->vehicle] = (struct route_row){tasks, n};
	}
	return rows;
}

static enum code
insert_one(const struct route_problem *p, const struct route_solution *s, uint32_t task, double *ms)
{
	struct scope sc;
	struct route_replanned *r;
	scope_init(&sc);
	const struct route_news news = {.rows = rows_without(&sc, p, s, task)};
	double begun = cpu_ms();
	enum code rc = route_replan(&sc, p, &news, &(struct route_budget){.seed = 1}, &r);
	*ms = cpu_ms() - begun;
	if (rc != OK)
		fprintf(stderr, "task %u: %s\n", task, sc.err.message);
	else if (r->plan->n_out > 0 || r->n_moved > 0)
		fprintf(stderr, "task %u: %u left out, %u moved\n", task, r->plan->n_out, r->n_moved);
	scope_release(&sc);
	return rc;
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

static enum code
run(struct scope *sc, const char *path)
{
	uint8_t *bytes;
	size_t n;
	struct route_file file;
	struct route_solution *s;
	double ms[COUNT];
	TRY(file_read(sc, path, ROUTE_FILE_MAX, &bytes, &n));
	TRY(route_file_read(sc, bytes, n, &file));
	TRY(route_solve(sc, file.problem, &(struct route_budget){.seed = 1, .iterations = 100000}, &s));
	for (uint32_t i = 0; i < COUNT; i++)
		TRY(insert_one(file.problem, s, i * file.problem->n_tasks / COUNT, &ms[i]));
	qsort(ms, COUNT, sizeof *ms, by_value);
	printf("%u stops, %d insertions: least %.2f ms, median %.2f ms, p99 %.2f ms, most %.2f ms\n",
	       file.problem->n_tasks, COUNT, ms[0], ms[COUNT / 2], ms[COUNT * 99 / 100], ms[COUNT - 1]);
	return OK;
}

int
main(int argc, char **argv)
{
	struct scope sc;
	if (argc < 2) {
		fprintf(stderr, "usage: bench_route_day INSTANCE\n");
		return 2;
	}
	scope_init(&sc);
	enum code rc = run(&sc, argv[1]);
	if (rc != OK)
		fprintf(stderr, "%s\n", sc.err.message);
	scope_release(&sc);
	return rc != OK;
}
