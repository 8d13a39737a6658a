/* PostgreSQL behind the store: two schemas of one database.
 *
 *	S               writer with synchronous_commit=on      everything that matters
 *	S_positions     writer with synchronous_commit=off     positions
 *
 * Every connection sees both by plain names (search_path). That a lane writes
 * its own tables only is looked up when a statement is seen for the first time;
 * a reader's session may not write at all.
 */
#include <stdatomic.h>

#include "base/text.h"
#include "store/pg_conn.h"
#include "store/where.h"

static struct pg_conn *
own(struct conn *c)
{
	return (struct pg_conn *)c;
}

static void
where_free(struct database *db)
{
	struct pg_database *d = (struct pg_database *)db;
	free(d->where.url);
	free(d->where.schema);
	free(d->where.positions);
	free(d->where.id);
	free(d);
}

static enum code
where_open(struct scope *sc, const char *dir, const struct where *w, struct database **out)
{
	(void)dir;
	struct pg_database *d = calloc(1, sizeof *d);
	if (d == NULL)
		return fail(sc, E_MEMORY, "no memory for a store");
	d->base.be = &postgres_backend;
	d->where = (struct pg_where){
	    .url = strdup(w->url),
	    .schema = strdup(w->schema),
	    .positions = strdup(scope_printf(sc, "%s_positions", w->schema)),
	    .id = strdup(w->id),
	};
	if (d->where.url == NULL || d->where.schema == NULL || d->where.positions == NULL || d->where.id == NULL) {
		where_free(&d->base);
		return fail(sc, E_MEMORY, "no memory for a store");
	}
	*out = &d->base;
	return OK;
}

static enum code
connect_lane(struct scope *sc, struct database *db, enum lane lane, bool read_only, struct conn **out)
{
	struct pg_conn *c;
	TRY(pg_conn_open(sc, (struct pg_database *)db, lane, !read_only, &c));
	*out = &c->base;
	return OK;
}

static enum code
connect_reader(struct scope *sc, struct database *db, struct conn **out)
{
	return connect_lane(sc, db, LANE_MAIN, true, out);
}

static void
disconnect(struct conn *c)
{
	pg_conn_close(own(c));
}

/* Both schemas are on the search path already; what may not be written is learnt. */
static enum code
see_other(struct scope *sc, struct database *db, struct conn *c, enum lane lane)
{
	const struct pg_where *w = &((struct pg_database *)db)->where;
	struct tx tx = {.conn = c};
	struct rows *r;
	TRY(sql_one(sc, &tx, &r, "SELECT '|' || string_agg(tablename, '|') || '|' FROM pg_tables WHERE schemaname = $1",
		    VALS(v_text(lane == LANE_MAIN ? w->positions : w->schema))));
	const char *names = row_text(sc, r, 0);
	own(c)->not_ours = strdup(names == NULL ? "|" : names);
	return own(c)->not_ours == NULL ? fail(sc, E_MEMORY, "no memory for a connection") : OK;
}

static void
forget_other(struct conn *c)
{
	(void)c;
}

/* --- keeping --- */

/* Every row is read, with what is stored apart from it. */
static enum code
read_tables(struct scope *sc, struct tx *tx, const struct pg_where *w)
{
	struct rows *tables;
	struct rows *r;
	TRY(sql_query(sc, tx, &tables,
		      "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ($1, $2) ORDER BY 1, 2",
		      VALS(v_text(w->schema), v_text(w->positions))));
	while (row_next(tables)) {
		const char *name = scope_printf(sc, "%s.%s", pg_quoted(sc, row_text(sc, tables, 0)),
						pg_quoted(sc, row_text(sc, tables, 1)));
		if (sql_one(sc, tx, &r, scope_printf(sc, "SELECT COUNT(CAST(t AS TEXT)) FROM %s t", name), NO_VALS) !=
		    OK)
			return error_prefix(sc, "table %s", name);
	}
	return rows_end(sc, tables);
}

static enum code
check_catalogue(struct scope *sc, struct tx *tx, const struct pg_where *w)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
		      " LEFT JOIN pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_constraint k ON k.conrelid = c.oid"
		      " WHERE n.nspname IN ($1, $2) AND (NOT i.indisvalid OR NOT k.convalidated)",
		      VALS(v_text(w->schema), v_text(w->positions))));
	if (row_next(r))
		return fail(sc, E_CORRUPT, "%s is an index, or has a constraint, that does not hold",
			    row_text(sc, r, 0));
	return rows_end(sc, r);
}

static enum code
check(struct scope *sc, struct database *db)
{
	const struct pg_where *w = &((struct pg_database *)db)->where;
	struct conn *c;
	TRY(connect_reader(sc, db, &c));
	struct tx tx = {.conn = c};
	enum code rc = pg_control(sc, c, BEGIN_READ);
	if (rc == OK)
		rc = check_catalogue(sc, &tx, w);
	if (rc == OK)
		rc = read_tables(sc, &tx, w);
	pg_roll_back(c);
	disconnect(c);
	return rc;
}

#define IDENTITIES \
	" FROM pg_depend d JOIN pg_class c ON c.oid = d.refobjid JOIN pg_class s ON s.oid = d.objid" \
	" WHERE d.deptype = 'i' AND s.relkind = 'S' AND c.relnamespace = CAST(current_schema() AS regnamespace)"

static const char *const set_counter[] = {
    "SELECT setval(CAST(d.objid AS regclass), GREATEST($2, 1))" IDENTITIES " AND c.relname = $1",
    NULL,
};

const struct backend postgres_backend = {
    .open = where_open,
    .close = where_free,
    .connect_lane = connect_lane,
    .see_other = see_other,
    .forget_other = forget_other,
    .connect_reader = connect_reader,
    .disconnect = disconnect,
    .check = check,
    .control = pg_control,
    .roll_back = pg_roll_back,
    .in_transaction = pg_in_transaction,
    .watch = pg_watch,
    .script = pg_script,
    .start = pg_start,
    .step = pg_step,
    .width = pg_width,
    .column = pg_column,
    .changed = pg_changed,
    .finish = pg_finish,
    .finish_all = pg_finish_all,
    .whole_answers = true,
    .counters = "SELECT c.relname, COALESCE(pg_sequence_last_value(d.objid), 0)" IDENTITIES,
    .set_counter = set_counter,
};
