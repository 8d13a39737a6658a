/* Solomon and Gehring & Homberger: VRPTW.
 *
 *	C101
 *
 *	VEHICLE
 *	NUMBER     CAPACITY
 *	  25         200
 *
 *	CUSTOMER
 *	CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME
 *	    0       40       50        0        0         1236        0
 *	…
 *
 * Row 0 is the depot. Distances by the DIMACS convention: ten times Euclid, cut;
 * times and services in tenths. */
#include "route/route_file.h"

#define UNIT 10
#define NUMBER_MAX 10000000.0

struct row {
	double x, y;
	int64_t no, demand, ready, due, service;
};

static enum code
read_row(struct scope *sc, struct words *w, struct row *r)
{
	double ready;
	double due;
	double service;
	TRY(words_int(sc, w, 0, UINT32_MAX, &r->no));
	TRY(words_number(sc, w, -1e6, 1e6, &r->x));
	TRY(words_number(sc, w, -1e6, 1e6, &r->y));
	TRY(words_int(sc, w, 0, ROUTE_AMOUNT_MAX, &r->demand));
	TRY(words_number(sc, w, 0, NUMBER_MAX, &ready));
	TRY(words_number(sc, w, 0, NUMBER_MAX, &due));
	TRY(words_number(sc, w, 0, NUMBER_MAX, &service));
	r->ready = (int64_t)(ready * UNIT);
	r->due = (int64_t)(due * UNIT);
	r->service = (int64_t)(service * UNIT);
	return OK;
}

/* Up to and past the word; E_INVALID where it never comes. */
static enum code
skip_past(struct scope *sc, struct words *w, const char *word)
{
	char seen[64];
	while (words_next(w, seen, sizeof seen))
		if (strcmp(seen, word) == 0)
			return OK;
	return fail_as(sc, E_INVALID, "bad-problem", "there is no %s section", word);
}

static enum code
read_rows(struct scope *sc, struct words *w, struct row **rows, uint32_t *n)
{
	uint32_t cap = 128;
	struct row *r = NEW_ARRAY(sc, cap, struct row);
	uint32_t count = 0;
	for (;;) {
		struct words ahead = *w;
		char word[64];
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
		TRY(read_row(sc, w, &r[count++]));
	}
	if (count < 1)
		return fail_as(sc, E_INVALID, "bad-problem", "there is no depot row");
	*rows = r;
	*n = count;
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
	TRY(euclid_matrix(sc, xy, n, UNIT, -1, &cells));
	p->coords = xy;
	TRY(route_problem_profile(sc, p, &(struct route_profile){.durations = cells, .distances = cells}, NULL));
	for (uint32_t i = 1; i < n; i++) {
		struct route_window w = {rows[i].ready, rows[i].due};
		TRY(route_problem_job(sc, p,
				      &(struct route_task){.id = (uint64_t)rows[i].no,
							   .place = i,
							   .windows = &w,
							   .n_windows = 1,
							   .service = rows[i].service,
							   .delivery = &rows[i].demand,
							   .penalty = ROUTE_MUST},
				      NULL));
	}
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
solomon_read(struct scope *sc, const char *text, size_t n, struct route_file *out)
{
	struct words w = {text, text + n, 1};
	int64_t vehicles;
	int64_t capacity;
	TRY(skip_past(sc, &w, "CAPACITY"));
	TRY(words_int(sc, &w, 1, ROUTE_VEHICLES_MAX, &vehicles));
	TRY(words_int(sc, &w, 0, ROUTE_AMOUNT_MAX, &capacity));
	TRY(skip_past(sc, &w, "SERVICE"));
	struct words ahead = w;
	char word[64];
	if (words_next(&ahead, word, sizeof word) && strcmp(word, "TIME") == 0)
		w = ahead;
	struct row *rows = NULL;
	uint32_t count = 0;
	TRY(read_rows(sc, &w, &rows, &count));
	struct route_problem *p;
	TRY(build(sc, rows, count, vehicles, capacity, &p));
	*out = (struct route_file){.format = ROUTE_SOLOMON, .problem = p, .unit = 0.1, .geometry = true};
	return OK;
}
