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
#include "route/route_rows.h"

static const struct row_form form = {.unit = 10, .how = -1, .time_max = 1e7, .xy_max = 1e6};

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
add_jobs(struct scope *sc, struct route_problem *p, const struct row_table *t)
{
	for (uint32_t i = 1; i < t->n; i++) {
		struct route_window w;
		struct route_task job = rows_task(t, i, &w);
		job.delivery = &t->rows[i].demand;
		TRY(route_problem_job(sc, p, &job, NULL));
	}
	return OK;
}

enum code
solomon_read(struct scope *sc, const char *text, size_t n, struct route_file *out)
{
	struct words w = {text, text + n, 1};
	struct row_table t;
	struct route_problem *p;
	int64_t vehicles;
	int64_t capacity;
	char word[64];
	TRY(skip_past(sc, &w, "CAPACITY"));
	TRY(words_int(sc, &w, 1, ROUTE_VEHICLES_MAX, &vehicles));
	TRY(words_int(sc, &w, 0, ROUTE_AMOUNT_MAX, &capacity));
	TRY(skip_past(sc, &w, "SERVICE"));
	struct words ahead = w;
	if (words_next(&ahead, word, sizeof word) && strcmp(word, "TIME") == 0)
		w = ahead;
	TRY(rows_read(sc, &w, &form, &t));
	TRY(rows_problem(sc, &t, &form, vehicles, capacity, &p));
	TRY(add_jobs(sc, p, &t));
	*out = (struct route_file){.format = ROUTE_SOLOMON, .problem = p, .unit = 0.1, .geometry = true};
	return OK;
}
