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
#include "route/route_file.h"

#define UNIT 10000
#define TIME_MAX_ROW 39000.0

struct row {
	double x, y;
	int64_t demand, ready, due, service, from, to;
};

static enum code
read_row(struct scope *sc, struct words *w, struct row *r)
{
	double ready;
	double due;
	double service;
	TRY(words_number(sc, w, -1e4, 1e4, &r->x));
	TRY(words_number(sc, w, -1e4, 1e4, &r->y));
	TRY(words_int(sc, w, -ROUTE_AMOUNT_MAX, ROUTE_AMOUNT_MAX, &r->demand));
	TRY(words_number(sc, w, 0, TIME_MAX_ROW, &ready));
	TRY(words_number(sc, w, 0, TIME_MAX_ROW, &due));
	TRY(words_number(sc, w, 0, TIME_MAX_ROW, &service));
	TRY(words_int(sc, w, 0, ROUTE_PLACES_MAX, &r->from));
	TRY(words_int(sc, w, 0, ROUTE_PLACES_MAX, &r->to));
	r->ready = (int64_t)(ready * UNIT);
	r->due = (int64_t)(due * UNIT);
	r->service = (int64_t)(service * UNIT);
	return OK;
}

static enum code
read_rows(struct scope *sc, struct words *w, struct row **rows, uint32_t *n)
{
	uint32_t cap = 128;
	struct row *r = NEW_ARRAY(sc, cap, struct row);
	uint32_t count = 0;
	for (struct words ahead = *w;; ahead = *w) {
		char word[64];
		int64_t no;
		if (!words_next(&ahead, word, sizeof word))
			break;
		if (count == ROUTE_PLACES_MAX)
			return fail_as(sc, E_LIMIT, "problem-too-large", "more than %d rows", ROUTE_PLACES_MAX);
		if (count == cap) {
			struct row *wide = NEW_ARRAY(sc, (size_t)cap * 2, struct row);
			memcpy(wide, r, cap * sizeof *r);
			r = wide;
			cap *= 2;
		}
		TRY(words_int(sc, w, 0, ROUTE_PLACES_MAX, &no));
		if (no != count)
			return fail_as(sc, E_INVALID, "bad-problem",
				       "line %d: row %" PRId64 " stands where row %u is due", w->line, no, count);
		TRY(read_row(sc, w, &r[count++]));
	}
	if (count < 1)
		return fail_as(sc, E_INVALID, "bad-problem", "there is no depot row");
	*rows = r;
	*n = count;
	return OK;
}

static struct route_task
task_of(const struct row *rows, int64_t i, const struct route_window *w)
{
	return (struct route_task){.id = (uint64_t)i,
				   .place = (uint32_t)i,
				   .windows = w,
				   .n_windows = 1,
				   .service = rows[i].service,
				   .penalty = ROUTE_MUST};
}

static enum code
add_pairs(struct scope *sc, struct route_problem *p, const struct row *rows, uint32_t n)
{
	uint32_t served = 0;
	for (int64_t i = 1; i < n; i++) {
		int64_t j = rows[i].to;
		if (j == 0)
			continue;
		if (rows[i].demand < 0 || j >= n || rows[j].from != i || rows[j].demand != -rows[i].demand)
			return fail_as(sc, E_INVALID, "bad-problem", "rows %" PRId64 " and %" PRId64 " are not a pair",
				       i, j);
		struct route_window w[2] = {{rows[i].ready, rows[i].due}, {rows[j].ready, rows[j].due}};
		struct route_task from = task_of(rows, i, &w[0]);
		struct route_task to = task_of(rows, j, &w[1]);
		from.pickup = &rows[i].demand;
		TRY(route_problem_shipment(sc, p, &from, &to, NULL));
		served += 2;
	}
	if (served != n - 1)
		return fail_as(sc, E_INVALID, "bad-problem", "%u rows belong to no pair", n - 1 - served);
	return OK;
}

static enum code
build(struct scope *sc, const struct row *rows, uint32_t n, int64_t vehicles, int64_t capacity,
      struct route_problem **out)
{
	struct route_problem *p;
	double *xy = NEW_ARRAY(sc, (size_t)n * 2, double);
	for (uint32_t i = 0; i < n; i++) {
		xy[2 * i] = rows[i].x;
		xy[2 * i + 1] = rows[i].y;
	}
	int32_t *cells;
	TRY(route_problem_new(sc, n, 1, &p));
	TRY(euclid_matrix(sc, xy, n, UNIT, 0, &cells));
	p->coords = xy;
	p->aim.vehicles_first = true;
	TRY(route_problem_profile(sc, p, &(struct route_profile){.durations = cells, .distances = cells}, NULL));
	TRY(add_pairs(sc, p, rows, n));
	for (int64_t v = 0; v < vehicles; v++)
		TRY(route_problem_vehicle(sc, p,
					  &(struct route_vehicle){.id = (uint64_t)v + 1,
								  .start = 0,
								  .end = 0,
								  .shift = {rows[0].ready, rows[0].due},
								  .capacity = &capacity,
								  .rates.per_hour = 3600,
								  .max_tasks = ROUTE_NONE},
					  NULL));
	*out = p;
	return OK;
}

enum code
lilim_read(struct scope *sc, const char *text, size_t n, struct route_file *out)
{
	struct words w = {text, text + n, 1};
	int64_t vehicles;
	int64_t capacity;
	double speed;
	TRY(words_int(sc, &w, 1, ROUTE_VEHICLES_MAX, &vehicles));
	TRY(words_int(sc, &w, 0, ROUTE_AMOUNT_MAX, &capacity));
	TRY(words_number(sc, &w, 0, 1e6, &speed));
	struct row *rows = NULL;
	uint32_t count = 0;
	TRY(read_rows(sc, &w, &rows, &count));
	struct route_problem *p;
	TRY(build(sc, rows, count, vehicles, capacity, &p));
	*out = (struct route_file){.format = ROUTE_LILIM, .problem = p, .unit = 0.0001, .geometry = true};
	return OK;
}
