#include "duty/duty_order.h"

#include <math.h>

#include "route/route.h"

#define CELL_E7 INT64_C(13500) /* 150 m of latitude */
#define DAY_MS INT64_C(86400000)
#define SHARE_HALF 2 /* a wish of this many has half the share */

static const char *const order_migrations[] = {
    "CREATE TABLE order_wish("
    " operator_id TEXT NOT NULL, station_id TEXT NOT NULL, from_cell INTEGER NOT NULL, to_cell INTEGER NOT NULL,"
    " wish INTEGER NOT NULL CHECK(wish BETWEEN -8 AND 8), changed_ms INTEGER NOT NULL,"
    " PRIMARY KEY(operator_id, station_id, from_cell, to_cell)) STRICT, WITHOUT ROWID;",
    NULL,
};
const struct schema duty_order_schema = {"duty_order", order_migrations, false};

int64_t
order_cell(struct place p)
{
	int64_t row = (p.lat_e7 + INT64_C(900000000)) / CELL_E7;
	double middle = ((double)(row * CELL_E7) - 9e8) * 1e-7 * M_PI / 180;
	double step = (double)CELL_E7 / fmax(cos(middle), 0.01);
	return row << 20 | (int64_t)(((double)p.lon_e7 + 1.8e9) / step);
}

/* --- learning --- */

struct step {
	int64_t from, to;
};

static int
by_step(const void *a, const void *b)
{
	const struct step *x = a;
	const struct step *y = b;
	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	return (x->to > y->to) - (x->to < y->to);
}

/* The steps between different cells, each once, sorted. */
static size_t
steps_of(const struct place *places, size_t n, struct step *out)
{
	size_t k = 0;
	for (size_t i = 1; i < n; i++) {
		struct step s = {order_cell(places[i - 1]), order_cell(places[i])};
		if (s.from != s.to)
			out[k++] = s;
	}
	qsort(out, k, sizeof *out, by_step);
	size_t once = 0;
	for (size_t i = 0; i < k; i++)
		if (i == 0 || by_step(&out[i], &out[i - 1]) != 0)
			out[once++] = out[i];
	return once;
}

static enum code
vote(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, const struct step *s, int by)
{
	return sql_run(sc, tx,
		       "INSERT INTO order_wish(operator_id, station_id, from_cell, to_cell, wish, changed_ms)"
		       " VALUES($1, $2, $3, $4, $5, $6)"
		       " ON CONFLICT(operator_id, station_id, from_cell, to_cell) DO UPDATE SET changed_ms = $6,"
		       " wish = CASE WHEN order_wish.wish + $5 > $7 THEN $7 WHEN order_wish.wish + $5 < -$7 THEN -$7"
		       " ELSE order_wish.wish + $5 END",
		       VALS(v_text(operator_id), v_text(station_id), v_int(s->from), v_int(s->to), v_int(by),
			    v_int(tx_now_ms(tx)), v_int(ORDER_WISH_MAX)),
		       NULL);
}

/* Votes for what is in `mine` and not in `other`. */
static enum code
vote_difference(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
		const struct step *mine, size_t n_mine, const struct step *other, size_t n_other, int by)
{
	for (size_t i = 0; i < n_mine; i++)
		if (n_other == 0 || bsearch(&mine[i], other, n_other, sizeof *other, by_step) == NULL)
			TRY(vote(sc, tx, operator_id, station_id, &mine[i], by));
	return OK;
}

enum code
order_note(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, const struct place *before,
	   const struct place *after, size_t n)
{
	struct step *old = NEW_ARRAY(sc, n, struct step);
	struct step *new = NEW_ARRAY(sc, n, struct step);
	size_t n_old = steps_of(before, n, old);
	size_t n_new = steps_of(after, n, new);
	TRY(vote_difference(sc, tx, operator_id, station_id, new, n_new, old, n_old, 1));
	TRY(vote_difference(sc, tx, operator_id, station_id, old, n_old, new, n_new, -1));
	return sql_run(
	    sc, tx,
	    "DELETE FROM order_wish WHERE operator_id = $1 AND station_id = $2 AND (wish = 0 OR changed_ms < $3)",
	    VALS(v_text(operator_id), v_text(station_id), v_int(tx_now_ms(tx) - ORDER_WISH_DAYS * DAY_MS)), NULL);
}

/* --- using --- */

static int
by_number(const void *a, const void *b)
{
	const int64_t *x = a;
	const int64_t *y = b;
	return (*x > *y) - (*x < *y);
}

static int
by_cells(const void *a, const void *b)
{
	const struct order_wish *x = a;
	const struct order_wish *y = b;
	if (x->from_cell != y->from_cell)
		return x->from_cell < y->from_cell ? -1 : 1;
	return (x->to_cell > y->to_cell) - (x->to_cell < y->to_cell);
}

enum code
order_wishes(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
	     const struct place *places, size_t n, struct order_wish **out, size_t *n_out)
{
	struct rows *r;
	int64_t *cells = NEW_ARRAY(sc, n, int64_t);
	struct order_wish *list = NEW_ARRAY(sc, ORDER_USED_MAX, struct order_wish);
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		cells[i] = order_cell(places[i]);
	qsort(cells, n, sizeof *cells, by_number);
	TRY(sql_query(sc, tx, &r,
		      "SELECT from_cell, to_cell, wish FROM order_wish WHERE operator_id = $1 AND station_id = $2"
		      " AND changed_ms >= $3 ORDER BY ABS(wish) DESC, from_cell, to_cell",
		      VALS(v_text(operator_id), v_text(station_id), v_int(tx_now_ms(tx) - ORDER_WISH_DAYS * DAY_MS))));
	while (row_next(r)) {
		const struct order_wish w = {row_int(r, 0), row_int(r, 1), row_int(r, 2)};
		bool here = n > 0 && bsearch(&w.from_cell, cells, n, sizeof *cells, by_number) != NULL &&
			    bsearch(&w.to_cell, cells, n, sizeof *cells, by_number) != NULL;
		if (here && k < ORDER_USED_MAX)
			list[k++] = w;
	}
	TRY(rows_end(sc, r));
	qsort(list, k, sizeof *list, by_cells);
	*out = list;
	*n_out = k;
	return OK;
}

int32_t
order_cost(int32_t duration_s, int64_t wish)
{
	int64_t size = wish < 0 ? -wish : wish;
	int64_t share = (int64_t)duration_s * ORDER_SHARE_PERCENT * wish / (100 * (size + SHARE_HALF));
	int64_t cost = duration_s - share;
	return cost > ROUTE_CELL_MAX ? ROUTE_CELL_MAX : (int32_t)cost;
}

int32_t *
order_costs(struct scope *sc, const struct order_wish *wishes, size_t n_wishes, const struct place *places, size_t n,
	    const int32_t *durations)
{
	if (n_wishes == 0)
		return NULL;
	int32_t *costs = scope_memdup(sc, durations, n * n * sizeof *costs);
	int64_t *cell = NEW_ARRAY(sc, n, int64_t);
	for (size_t i = 0; i < n; i++)
		cell[i] = order_cell(places[i]);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			const struct order_wish key = {cell[i], cell[j], 0};
			const struct order_wish *w = bsearch(&key, wishes, n_wishes, sizeof *wishes, by_cells);
			if (w != NULL && costs[i * n + j] != ROUTE_UNREACHABLE)
				costs[i * n + j] = order_cost(costs[i * n + j], w->wish);
		}
	return costs;
}
