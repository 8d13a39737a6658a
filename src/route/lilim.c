/* Li & Lim: pickups and deliveries with time windows.
 *
 *	25	200	1                                vehicles, capacity, speed (not used)
 *	0	40	50	0	0	1236	0	0	0    depot
 *	1	45	68	-10	912	967	90	11	0    number, x, y, demand, ready, due,
 *	…                                                        service, pickup's row, delivery's row
 *
 * A row with a positive demand is a pickup and names its delivery in the last
 * column. Published results use exact Euclidean distances and count vehicles
 * first: here one unit is 1/10000. */
#include "route/route_rows.h"

static const struct row_form form = {.unit = 10000, .how = 0, .time_max = 39000, .xy_max = 1e4, .pairs = true};

static enum code
add_pairs(struct scope *sc, struct route_problem *p, const struct row_table *t)
{
	const struct row *rows = t->rows;
	uint32_t served = 0;
	for (uint32_t i = 1; i < t->n; i++) {
		int64_t j = rows[i].to;
		if (j == 0)
			continue;
		if (rows[i].demand < 0 || j >= t->n || rows[j].from != i || rows[j].demand != -rows[i].demand)
			return fail_as(sc, E_INVALID, "bad-problem", "rows %u and %" PRId64 " are not a pair", i, j);
		struct route_window w[2];
		struct route_task from = rows_task(t, i, &w[0]);
		struct route_task to = rows_task(t, (uint32_t)j, &w[1]);
		from.pickup = &rows[i].demand;
		TRY(route_problem_shipment(sc, p, &from, &to, NULL));
		served += 2;
	}
	if (served != t->n - 1)
		return fail_as(sc, E_INVALID, "bad-problem", "%u rows belong to no pair", t->n - 1 - served);
	return OK;
}

enum code
lilim_read(struct scope *sc, const char *text, size_t n, struct route_file *out)
{
	struct words w = {text, text + n, 1};
	struct row_table t;
	struct route_problem *p;
	int64_t vehicles;
	int64_t capacity;
	double speed;
	TRY(words_int(sc, &w, 1, ROUTE_VEHICLES_MAX, &vehicles));
	TRY(words_int(sc, &w, 0, ROUTE_AMOUNT_MAX, &capacity));
	TRY(words_number(sc, &w, 0, 1e6, &speed));
	TRY(rows_read(sc, &w, &form, &t));
	TRY(rows_problem(sc, &t, &form, vehicles, capacity, &p));
	TRY(add_pairs(sc, p, &t));
	p->aim.vehicles_first = true;
	*out = (struct route_file){.format = ROUTE_LILIM, .problem = p, .unit = 0.0001, .geometry = true};
	return OK;
}
