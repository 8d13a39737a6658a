/* What Solomon's and Li & Lim's files share: one row a place, the depot first, and
 * a fleet of equal vehicles. Within the room. */
#ifndef ROUTE_ROUTE_ROWS_H
#define ROUTE_ROUTE_ROWS_H

#include "route/route_file.h"

struct row {
	double x, y;
	int64_t no, demand, ready, due, service; /* times in units */
	int64_t from, to;			 /* pairs: the rows of its pickup and delivery, 0: none */
};

/* How a format writes its rows. */
struct row_form {
	int unit;	 /* of times and distances: 1 / unit */
	int how;	 /* Euclid is cut (-1) or rounded (0) */
	double time_max; /* as written */
	double xy_max;
	bool pairs; /* two more columns; demands may be negative; rows are numbered from 0 */
};

struct row_table {
	struct row *rows;
	uint32_t n; /* at least 1: the depot */
};

MUST_USE enum code rows_read(struct scope *sc, struct words *w, const struct row_form *form, struct row_table *out);
/* Places, matrix and fleet; the tasks are the caller's to add. */
MUST_USE enum code rows_problem(struct scope *sc, const struct row_table *t, const struct row_form *form,
				int64_t vehicles, int64_t capacity, struct route_problem **out);
/* The job of row i; its window lies in *w, which the caller keeps until it is added. */
struct route_task rows_task(const struct row_table *t, uint32_t i, struct route_window *w);

#endif
