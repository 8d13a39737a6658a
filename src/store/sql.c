/* Statements inside a transaction: ask, step, read, and say what went wrong. */
#include <assert.h>

#include "store/backend.h"

int64_t
tx_now_ms(struct tx *tx)
{
	return tx->now_ms;
}

struct random *
tx_random(struct tx *tx)
{
	return store_random(tx->store);
}

struct id
tx_new_id(struct tx *tx, const char *prefix)
{
	return id_new(tx_random(tx), prefix, tx->now_ms);
}

bool
tx_writable(const struct tx *tx)
{
	return tx->writable;
}

void
tx_ring(struct tx *tx, enum bell bell)
{
	tx->after.bells |= 1u << bell;
}

uint64_t
sql_hash(const char *sql)
{
	uint64_t h = 0xcbf29ce484222325u; /* FNV-1a */
	for (; *sql != '\0'; sql++)
		h = (h ^ (unsigned char)*sql) * 0x100000001b3u;
	return h;
}

static enum code
statement(struct scope *sc, struct tx *tx, const struct ask *ask, struct rows **out)
{
	if (tx->failed)
		return fail(sc, E_INTERNAL, "a statement of this transaction failed before: %.120s", ask->sql);
	struct rows *r;
	enum code rc = tx->conn->be->start(sc, tx->conn, ask, &r);
	if (rc != OK) {
		tx->failed = true;
		return rc;
	}
	r->tx = tx;
	*out = r;
	return OK;
}

static enum code
tell_failure(struct scope *sc, const struct rows *r)
{
	return fail_as(sc, r->why.code, r->why.reason, "%s (in: %.120s)", r->why.message, r->sql);
}

/* Moves to the next row; false at the end, which rows_end() explains. */
static bool
advance(struct rows *r)
{
	const struct backend *be = r->conn->be;
	if (be->step(r))
		return true;
	r->ended = true;
	if (r->why.code != OK)
		r->tx->failed = true;
	be->finish(r);
	return false;
}

enum code
sql_run(struct scope *sc, struct tx *tx, const char *sql, const struct val *vals, size_t n, int64_t *changed)
{
	const struct backend *be = tx->conn->be;
	struct rows *r;
	TRY(statement(sc, tx, &(struct ask){sql, vals, n, tx->writable, false}, &r));
	if (advance(r)) {
		tx->failed = true;
		be->finish(r);
		return fail(sc, E_INTERNAL, "sql_run() is for statements without rows: %.200s", sql);
	}
	if (r->why.code != OK)
		return not_ok(tell_failure(sc, r));
	if (changed != NULL)
		*changed = be->changed(r);
	return OK;
}

/* The first step is made here, so that an INSERT … RETURNING has happened when
 * this returns and its errors are this call's. */
enum code
sql_query(struct scope *sc, struct tx *tx, struct rows **out, const char *sql, const struct val *vals, size_t n)
{
	struct rows *r;
	TRY(statement(sc, tx, &(struct ask){sql, vals, n, tx->writable, true}, &r));
	r->ahead = advance(r);
	if (!r->ahead && r->why.code != OK)
		return not_ok(tell_failure(sc, r));
	*out = r;
	return OK;
}

bool
row_next(struct rows *r)
{
	if (r->ahead) {
		r->ahead = false;
		return true;
	}
	return !r->ended && advance(r);
}

enum code
rows_end(struct scope *sc, struct rows *r)
{
	if (r->conn == NULL)
		return OK;
	if (!r->ended)
		r->conn->be->finish(r);
	r->ended = true;
	return r->why.code == OK ? OK : tell_failure(sc, r);
}

static struct val
copy_value(struct scope *sc, struct val v)
{
	if (v.kind != VAL_TEXT && v.kind != VAL_BLOB)
		return v;
	char *copy = scope_alloc(sc, v.n + 1);
	if (v.n > 0)
		memcpy(copy, v.p, v.n);
	v.p = copy;
	return v;
}

static struct rows *
copy_row(struct scope *sc, struct rows *r)
{
	struct rows *copy = NEW(sc, struct rows);
	copy->ended = true;
	copy->owner = sc;
	copy->n_vals = r->conn->be->width(r);
	copy->vals = NEW_ARRAY(sc, (size_t)copy->n_vals, struct val);
	for (int i = 0; i < copy->n_vals; i++)
		copy->vals[i] = copy_value(sc, r->conn->be->column(r, i));
	return copy;
}

/* The row is copied out and the statement is free again at once: the same
 * question can be asked in a loop without preparing it anew. */
enum code
sql_one(struct scope *sc, struct tx *tx, struct rows **out, const char *sql, const struct val *vals, size_t n)
{
	struct rows *r;
	TRY(statement(sc, tx, &(struct ask){sql, vals, n, tx->writable, false}, &r));
	if (advance(r)) {
		*out = copy_row(sc, r);
		tx->conn->be->finish(r);
		return OK;
	}
	return r->why.code == OK ? fail(sc, E_NOT_FOUND, "there is no such row") : not_ok(tell_failure(sc, r));
}

static struct val
row_value(struct rows *r, int col)
{
	if (r->conn != NULL)
		return r->conn->be->column(r, col);
	assert(col >= 0 && col < r->n_vals);
	return r->vals[col];
}

struct val
row_copy(struct scope *sc, struct rows *r, int col)
{
	return copy_value(sc, row_value(r, col));
}

int64_t
row_int(struct rows *r, int col)
{
	struct val v = row_value(r, col);
	return v.kind == VAL_REAL ? (int64_t)v.d : v.i;
}

double
row_real(struct rows *r, int col)
{
	struct val v = row_value(r, col);
	return v.kind == VAL_INT ? (double)v.i : v.d;
}

bool
row_null(struct rows *r, int col)
{
	return row_value(r, col).kind == VAL_NULL;
}

/* The bytes of a column with a NUL behind them; NULL for SQL NULL. */
static void *
row_bytes(struct scope *sc, struct rows *r, int col, size_t *n)
{
	struct val v = row_value(r, col);
	assert(v.kind == VAL_NULL || v.kind == VAL_TEXT || v.kind == VAL_BLOB);
	if (r->conn != NULL || r->owner != sc)
		v = copy_value(sc, v);
	*n = v.n;
	return (void *)(uintptr_t)v.p;
}

char *
row_text(struct scope *sc, struct rows *r, int col)
{
	size_t n;
	return row_bytes(sc, r, col, &n);
}

uint8_t *
row_blob(struct scope *sc, struct rows *r, int col, size_t *n)
{
	return row_bytes(sc, r, col, n);
}
