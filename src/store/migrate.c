/* One row for each migration that has run, with a hash of its text: a shipped
 * migration that somebody edits is noticed before it does harm, and a file of
 * a newer build is refused before an older one writes into it. */
#include "store/migrate.h"

#include <sodium.h>

#include "base/text.h"
#include "store/event.h"

static const char ledger_ddl[] = "CREATE TABLE IF NOT EXISTS store_migration("
				 "room TEXT NOT NULL, step INTEGER NOT NULL, text_hash TEXT NOT NULL, "
				 "at_ms INTEGER NOT NULL, PRIMARY KEY(room, step)) STRICT";

static char *
hash_of(struct scope *sc, const char *text)
{
	uint8_t h[16];
	crypto_generichash(h, sizeof h, (const unsigned char *)text, strlen(text), NULL, 0);
	return hex_encode(sc, h, sizeof h);
}

static size_t
steps_of(const struct schema *s)
{
	size_t n = 0;
	while (s->migrations[n] != NULL)
		n++;
	return n;
}

static const struct schema *
find_schema(const struct store_options *opt, const char *room, bool positions)
{
	if (!positions && text_eq(room, store_schema.room))
		return &store_schema;
	for (size_t i = 0; opt->schemas != NULL && opt->schemas[i] != NULL; i++)
		if (opt->schemas[i]->positions == positions && text_eq(opt->schemas[i]->room, room))
			return opt->schemas[i];
	return NULL;
}

static enum code
check_ran(struct scope *sc, const struct store_options *opt, bool positions, struct rows *r)
{
	const char *room = row_text(sc, r, 0);
	int64_t step = row_int(r, 1);
	const struct schema *s = find_schema(opt, room, positions);
	if (s == NULL && opt->read_only)
		return OK; /* a tool that knows some rooms only */
	if (s == NULL || step > (int64_t)steps_of(s))
		return fail(sc, E_CORRUPT, "the data was written by a newer version (%s, step %" PRId64 ")", room,
			    step);
	if (step < 1 || !text_eq(row_text(sc, r, 2), hash_of(sc, s->migrations[step - 1])))
		return fail(sc, E_CORRUPT, "step %" PRId64 " of %s is not what ran on this data", step, room);
	return OK;
}

static enum code
check_all_ran(struct scope *sc, struct conn *c, const struct store_options *opt, bool positions)
{
	struct tx tx = {.conn = c};
	struct rows *r;
	TRY(sql_query(sc, &tx, &r, "SELECT room, step, text_hash FROM store_migration ORDER BY room, step", NO_VALS));
	enum code rc = OK;
	while (rc == OK && row_next(r))
		rc = check_ran(sc, opt, positions, r);
	if (rc == OK)
		rc = rows_end(sc, r);
	c->be->finish_all(c);
	return rc;
}

static enum code
steps_done(struct scope *sc, struct conn *c, const char *room, size_t *out)
{
	struct tx tx = {.conn = c};
	struct rows *r;
	TRY(sql_one(sc, &tx, &r, "SELECT COUNT(*) FROM store_migration WHERE room = $1", VALS(v_text(room))));
	*out = (size_t)row_int(r, 0);
	return OK;
}

static enum code
run_step(struct scope *sc, struct conn *c, const struct schema *s, size_t step, int64_t now_ms)
{
	const char *ddl = s->migrations[step - 1];
	TRY(c->be->control(sc, c, BEGIN_WRITE));
	if (c->be->script(sc, c, ddl) != OK)
		return error_prefix(sc, "migration %zu of %s", step, s->room);
	struct tx tx = {.conn = c, .writable = true};
	TRY(sql_run(sc, &tx, "INSERT INTO store_migration(room, step, text_hash, at_ms) VALUES ($1, $2, $3, $4)",
		    VALS(v_text(s->room), v_int((int64_t)step), v_text(hash_of(sc, ddl)), v_int(now_ms)), NULL));
	return c->be->control(sc, c, COMMIT);
}

static enum code
migrate_room(struct scope *sc, struct conn *c, const struct schema *s, int64_t now_ms)
{
	size_t done;
	TRY(steps_done(sc, c, s->room, &done));
	for (size_t step = done + 1; step <= steps_of(s); step++) {
		enum code rc = run_step(sc, c, s, step, now_ms);
		if (rc != OK) {
			c->be->roll_back(c);
			return rc;
		}
	}
	return OK;
}

enum code
migrate_lane(struct scope *sc, struct conn *c, const struct store_options *opt, bool positions)
{
	TRY(c->be->script(sc, c, ledger_ddl));
	TRY(check_all_ran(sc, c, opt, positions));
	int64_t now_ms = clock_now_ms(opt->clock);
	if (!positions)
		TRY(migrate_room(sc, c, &store_schema, now_ms));
	for (size_t i = 0; opt->schemas != NULL && opt->schemas[i] != NULL; i++)
		if (opt->schemas[i]->positions == positions)
			TRY(migrate_room(sc, c, opt->schemas[i], now_ms));
	return OK;
}

enum code
migrate_verify(struct scope *sc, struct conn *c, const struct store_options *opt, bool positions)
{
	TRY(check_all_ran(sc, c, opt, positions));
	for (size_t i = 0; opt->schemas != NULL && opt->schemas[i] != NULL; i++) {
		const struct schema *s = opt->schemas[i];
		size_t done;
		TRY(steps_done(sc, c, s->room, &done));
		if (s->positions == positions && done < steps_of(s))
			return fail_as(sc, E_CONFLICT, "migration-due",
				       "the data is of an older version: open it once for writing (%s)", s->room);
	}
	return OK;
}
