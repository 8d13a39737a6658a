/* A backup of PostgreSQL is two SQLite files, and an operator who outgrows the
 * files takes their rows along: both are the same walk.
 *
 *	one snapshot of `from` ─▶ each table, parents first ─▶ writes of COPY_ROWS rows into `to`
 *	                       ─▶ the counters behind events and jobs, so that no number comes twice
 *	                       ─▶ as many rows there as were read
 *
 * SQLite lists its tables in the order they were made, and a table refers only
 * to older ones; so the side that is SQLite says the order.
 */
#include "store/backend.h"

#include <assert.h>

#include "base/text.h"

#define COPY_ROWS 400
#define PIECE_ROWS 2000
#define COLUMNS_MAX 60
#define TABLES_MAX 400

struct table {
	const char *name;
	const char *columns[COLUMNS_MAX];
	size_t n;
};

struct listing {
	const char *sql;
	struct table *tables;
	size_t n;
};

struct copying {
	struct store *from, *to;
	struct listing lanes[2];
};

/* --- which tables --- */

static enum code
list_tables(struct scope *sc, struct tx *tx, void *arg)
{
	struct listing *l = arg;
	struct rows *r;
	l->tables = NEW_ARRAY(sc, TABLES_MAX, struct table);
	TRY(sql_query(sc, tx, &r, l->sql, NO_VALS));
	while (row_next(r)) {
		const char *name = row_text(sc, r, 0);
		if (l->n == 0 || !text_eq(l->tables[l->n - 1].name, name)) {
			if (l->n == TABLES_MAX)
				return fail(sc, E_LIMIT, "more than %d tables", TABLES_MAX);
			l->tables[l->n++].name = name;
		}
		struct table *t = &l->tables[l->n - 1];
		if (t->n == COLUMNS_MAX)
			return fail(sc, E_LIMIT, "table %s has more than %d columns", name, COLUMNS_MAX);
		t->columns[t->n++] = row_text(sc, r, 1);
	}
	return rows_end(sc, r);
}

static enum code
list_lanes(struct scope *sc, struct copying *c)
{
	struct store *files = store_backend(c->from) == &sqlite_backend ? c->from : c->to;
	assert(store_backend(files) == &sqlite_backend);
	for (int lane = 0; lane < 2; lane++) {
		c->lanes[lane].sql = sqlite_backend.tables[lane];
		TRY(store_read(sc, files, list_tables, &c->lanes[lane]));
	}
	return OK;
}

/* --- one table --- */

struct batch {
	const char *insert;
	size_t columns, rows;
	struct val *vals; /* rows × columns */
};

static enum code
put_batch(struct scope *sc, struct tx *tx, void *arg)
{
	const struct batch *b = arg;
	for (size_t i = 0; i < b->rows; i++)
		TRY(sql_run(sc, tx, b->insert, b->vals + i * b->columns, b->columns, NULL));
	return OK;
}

static const char *
columns_text(struct scope *sc, const struct table *t)
{
	struct text s;
	text_init(&s, sc);
	for (size_t i = 0; i < t->n; i++)
		text_printf(&s, "%s\"%s\"", i == 0 ? "" : ", ", t->columns[i]);
	return s.s;
}

static const char *
insert_text(struct scope *sc, const struct table *t)
{
	struct text s;
	text_init(&s, sc);
	text_printf(&s, "INSERT INTO \"%s\"(%s) VALUES (", t->name, columns_text(sc, t));
	for (size_t i = 0; i < t->n; i++)
		text_printf(&s, "%s$%zu", i == 0 ? "" : ", ", i + 1);
	text_add_char(&s, ')');
	return s.s;
}

/* Reads up to COPY_ROWS rows into the batch's scope. */
static void
fill_batch(struct scope *sc, struct rows *r, struct batch *b)
{
	b->vals = NEW_ARRAY(sc, COPY_ROWS * b->columns, struct val);
	for (b->rows = 0; b->rows < COPY_ROWS && row_next(r); b->rows++)
		for (size_t i = 0; i < b->columns; i++)
			b->vals[b->rows * b->columns + i] = row_copy(sc, r, (int)i);
}

static enum code
copy_rows(struct scope *sc, struct rows *r, struct store *to, enum lane lane, struct batch *b, int64_t *rows)
{
	struct scope piece;
	enum code rc = OK;
	scope_init(&piece);
	do {
		fill_batch(&piece, r, b);
		if (b->rows > 0)
			rc = store_write(&piece, to, lane, put_batch, b);
		*rows += (int64_t)b->rows;
		if (rc != OK)
			sc->err = piece.err;
		scope_clear(&piece);
	} while (rc == OK && b->rows == COPY_ROWS);
	scope_release(&piece);
	return rc;
}

/* A backend whose answers are whole gives a long one in pieces. */
static enum code
copy_table(struct scope *sc, struct tx *tx, const struct copying *c, enum lane lane, const struct table *t,
	   int64_t *rows)
{
	struct rows *r;
	struct batch b = {.insert = insert_text(sc, t), .columns = t->n};
	const char *select = scope_printf(sc, "SELECT %s FROM \"%s\"", columns_text(sc, t), t->name);
	if (!tx->conn->be->whole_answers) {
		TRY(sql_query(sc, tx, &r, select, NO_VALS));
		TRY(copy_rows(sc, r, c->to, lane, &b, rows));
		return rows_end(sc, r);
	}
	const char *fetch = scope_printf(sc, "FETCH %d FROM \"of_%s\"", PIECE_ROWS, t->name);
	TRY(sql_run(sc, tx, scope_printf(sc, "DECLARE \"of_%s\" NO SCROLL CURSOR FOR %s", t->name, select), NO_VALS,
		    NULL));
	for (int64_t before = -1; before != *rows;) {
		before = *rows;
		TRY(sql_query(sc, tx, &r, fetch, NO_VALS));
		TRY(copy_rows(sc, r, c->to, lane, &b, rows));
		TRY(rows_end(sc, r));
	}
	return OK; /* the transaction's end closes it */
}

struct count {
	const char *sql;
	int64_t n;
};

static enum code
count_rows(struct scope *sc, struct tx *tx, void *arg)
{
	struct count *c = arg;
	struct rows *r;
	TRY(sql_one(sc, tx, &r, c->sql, NO_VALS));
	c->n = row_int(r, 0);
	return OK;
}

static enum code
copy_and_count(struct scope *sc, struct tx *tx, const struct copying *c, enum lane lane, const struct table *t)
{
	int64_t rows = 0;
	struct count there = {scope_printf(sc, "SELECT COUNT(*) FROM \"%s\"", t->name), 0};
	if (copy_table(sc, tx, c, lane, t, &rows) != OK)
		return error_prefix(sc, "table %s", t->name);
	TRY(store_read(sc, c->to, count_rows, &there));
	if (there.n == rows)
		return OK;
	return fail(sc, E_CONFLICT, "table %s: %" PRId64 " rows were read, %" PRId64 " are there", t->name, rows,
		    there.n);
}

/* --- the counters --- */

struct counter {
	const char *const *sql; /* NULL-ended */
	const char *table;
	int64_t last;
};

static enum code
set_counter(struct scope *sc, struct tx *tx, void *arg)
{
	const struct counter *c = arg;
	struct rows *r;
	for (size_t i = 0; c->sql[i] != NULL; i++) /* queried, not run: one of them is a SELECT */
		TRY(sql_query(sc, tx, &r, c->sql[i], VALS(v_text(c->table), v_int(c->last))));
	return OK;
}

static enum code
copy_counters(struct scope *sc, struct tx *tx, const struct copying *c)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r, store_backend(c->from)->counters, NO_VALS));
	while (row_next(r)) {
		struct counter one = {store_backend(c->to)->set_counter, row_text(sc, r, 0), row_int(r, 1)};
		TRY(store_write(sc, c->to, LANE_MAIN, set_counter, &one));
	}
	return rows_end(sc, r);
}

static enum code
copy_all(struct scope *sc, struct tx *tx, void *arg)
{
	const struct copying *c = arg;
	for (int lane = 0; lane < 2; lane++)
		for (size_t i = 0; i < c->lanes[lane].n; i++)
			TRY(copy_and_count(sc, tx, c, (enum lane)lane, &c->lanes[lane].tables[i]));
	return copy_counters(sc, tx, c);
}

enum code
store_copy(struct scope *sc, struct store *from, struct store *to)
{
	struct copying c = {.from = from, .to = to};
	TRY(list_lanes(sc, &c));
	return store_read(sc, from, copy_all, &c);
}
