/* A new connection: what it is set to, whose tables it sees, the writers' locks,
 * and what PostgreSQL's refusals mean.
 *
 *	schema S                the main lane's tables, store_migration, store_owner
 *	schema S_positions      the other lane's, with the same two of its own
 *	store_owner(id, commits)   one row: the data directory the schema belongs to,
 *	                           and how many transactions its writer has committed
 *
 * One process writes: each writer's session holds an advisory lock named after
 * its schema for as long as it lives, whatever machine it is on.
 */
#include <sodium.h>
#include <stdatomic.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "store/ddl.h"
#include "store/pg_conn.h"
#include "store/pg_value.h"

#define SERVER_VERSION_MIN 120000
/* A session that was killed a moment ago may hold its lock a little longer. */
#define LOCK_PATIENCE_MS 3000
#define LOCK_AGAIN_MS 25

/* --- what a refusal means --- */

struct meaning {
	const char *state; /* SQLSTATE, or its first characters */
	enum code code;
	const char *reason;
};
static const struct meaning meanings[] = {
    {"23505", E_CONFLICT, "duplicate"},
    {"23503", E_CONFLICT, "reference"},
    {"23514", E_CONFLICT, "check"},
    {"40", E_RETRY, NULL}, /* serialisation failure, deadlock */
    {"55P03", E_RETRY, NULL},
    {"53100", E_IO, "disk-full"},
    {"53200", E_MEMORY, NULL},
    {"53", E_UNAVAILABLE, "store-unreachable"}, /* too many connections */
    {"57014", E_DEADLINE, NULL},
    {"57P", E_UNAVAILABLE, "store-unreachable"}, /* shut down, starting, crashed */
    {"08P01", E_INTERNAL, NULL},		 /* the count of values is wrong */
    {"08", E_UNAVAILABLE, "store-unreachable"},
    {"28", E_DENIED, NULL},
    {"42501", E_DENIED, NULL},
    {"58", E_IO, NULL},
    {"XX001", E_CORRUPT, NULL},
    {"XX002", E_CORRUPT, NULL},
    {"54", E_LIMIT, NULL},
    {"22021", E_INVALID, NULL}, /* text that is not UTF-8 */
};

static struct meaning
meaning_of(const char *state)
{
	for (size_t i = 0; i < COUNT_OF(meanings); i++)
		if (text_starts(state, meanings[i].state))
			return meanings[i];
	return (struct meaning){state, E_INTERNAL, NULL};
}

enum code
pg_fail(struct scope *sc, struct pg_conn *c, const PGresult *r, const char *doing)
{
	const char *state = r == NULL ? NULL : PQresultErrorField(r, PG_DIAG_SQLSTATE);
	if (state != NULL) {
		struct meaning m = meaning_of(state);
		return fail_as(sc, m.code, m.reason, "%s (%s, in: %.120s)",
			       PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY), state, doing);
	}
	if (r != NULL && PQresultStatus(r) == PGRES_EMPTY_QUERY)
		return fail(sc, E_INTERNAL, "one statement is wanted: there is none");
	const char *why = c->pg == NULL ? "not connected" : PQerrorMessage(c->pg);
	return fail_as(sc, E_UNAVAILABLE, "store-unreachable", "PostgreSQL: %.*s", (int)strcspn(why, "\n"), why);
}

/* --- plain statements --- */

enum code
pg_say(struct scope *sc, struct pg_conn *c, const char *sql, PGresult **out)
{
	PGresult *r = PQexec(c->pg, sql);
	ExecStatusType is = PQresultStatus(r);
	if (is != PGRES_COMMAND_OK && is != PGRES_TUPLES_OK) {
		enum code rc = pg_fail(sc, c, r, sql);
		PQclear(r);
		return not_ok(rc);
	}
	if (out != NULL)
		*out = r;
	else
		PQclear(r);
	return OK;
}

/* One number, given as text. */
static enum code
ask_number(struct scope *sc, struct pg_conn *c, const char *sql, int64_t *out)
{
	PGresult *r;
	TRY(pg_say(sc, c, sql, &r));
	*out = PQntuples(r) == 1 ? strtoll(PQgetvalue(r, 0, 0), NULL, 10) : 0;
	PQclear(r);
	return OK;
}

char *
pg_quoted(struct scope *sc, const char *name)
{
	struct text t;
	text_init(&t, sc);
	text_add_char(&t, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"')
			text_add_char(&t, '"');
		text_add_char(&t, *name);
	}
	text_add_char(&t, '"');
	return t.s;
}

static char *
literal(struct scope *sc, const char *s)
{
	struct text t;
	text_init(&t, sc);
	text_add_char(&t, '\'');
	for (; *s != '\0'; s++) {
		if (*s == '\'')
			text_add_char(&t, '\'');
		text_add_char(&t, *s);
	}
	text_add_char(&t, '\'');
	return t.s;
}

/* --- connecting --- */

static const char *
own_schema(const struct pg_conn *c)
{
	return c->lane == LANE_POSITIONS ? c->db->where.positions : c->db->where.schema;
}

static const char *
other_schema(const struct pg_conn *c)
{
	return c->lane == LANE_POSITIONS ? c->db->where.schema : c->db->where.positions;
}

/* What stands before the URL gives way to it. */
static enum code
dial(struct scope *sc, struct pg_conn *c)
{
	static const char *const names[] = {"connect_timeout",	"keepalives_idle",  "keepalives_interval",
					    "keepalives_count", "tcp_user_timeout", "application_name",
					    "dbname",		"client_encoding",  NULL};
	const char *const values[] = {"5", "10", "5", "3", "20000", "waybill", c->db->where.url, "UTF8", NULL};
	c->pg = PQconnectdbParams(names, values, 1);
	if (PQstatus(c->pg) != CONNECTION_OK)
		return pg_fail(sc, c, NULL, "connecting");
	if (PQserverVersion(c->pg) < SERVER_VERSION_MIN)
		return fail(sc, E_INVALID, "PostgreSQL %d is too old: 12 is wanted", PQserverVersion(c->pg) / 10000);
	if (!text_eq(PQparameterStatus(c->pg, "server_encoding"), "UTF8"))
		return fail(sc, E_INVALID, "the database keeps its text as %s: UTF8 is wanted",
			    PQparameterStatus(c->pg, "server_encoding"));
	return OK;
}

/* A stricter synchronous_commit than "on" is the server's to choose; a laxer one is not. */
static enum code
set_up(struct scope *sc, struct pg_conn *c)
{
	static const char full[] =
	    "SELECT set_config('synchronous_commit', CASE WHEN current_setting('synchronous_commit') IN "
	    "('off', 'local') THEN 'on' ELSE current_setting('synchronous_commit') END, false)";
	TRY(pg_say(sc, c,
		   scope_printf(sc,
				"SET search_path TO %s, %s; SET client_min_messages = error; SET timezone = 'UTC'; "
				"SET jit = off; SET statement_timeout = 0; SET lock_timeout = 0; "
				"SET idle_in_transaction_session_timeout = 0",
				pg_quoted(sc, own_schema(c)), pg_quoted(sc, other_schema(c))),
		   NULL));
	if (!c->writes)
		return pg_say(sc, c, "SET default_transaction_read_only = on", NULL);
	return pg_say(sc, c, c->lane == LANE_POSITIONS ? "SET synchronous_commit = off" : full, NULL);
}

/* --- whose tables --- */

static enum code
lock_lane(struct scope *sc, struct pg_conn *c)
{
	uint8_t key[8];
	const char *name = own_schema(c);
	crypto_generichash_state h;
	crypto_generichash_init(&h, (const uint8_t *)"waybill writer", 14, 16);
	crypto_generichash_update(&h, (const uint8_t *)name, strlen(name));
	uint8_t whole[16];
	crypto_generichash_final(&h, whole, sizeof whole);
	memcpy(key, whole, sizeof key);
	struct val number;
	(void)pg_value_read(PG_INT8, key, sizeof key, &number);
	const char *sql = scope_printf(sc, "SELECT pg_try_advisory_lock(%" PRId64 ")::int", number.i);
	int64_t until = clock_mono_ms() + LOCK_PATIENCE_MS;
	for (;;) {
		int64_t ours = 0;
		TRY(ask_number(sc, c, sql, &ours));
		if (ours == 1)
			return OK;
		if (clock_mono_ms() > until)
			return fail_as(sc, E_CONFLICT, "in-use", "another process writes to schema %s", name);
		nanosleep(&(struct timespec){.tv_nsec = LOCK_AGAIN_MS * 1000000}, NULL);
	}
}

static enum code
count_tables(struct scope *sc, struct pg_conn *c, int64_t *all, int64_t *owner)
{
	static const char from[] = "FROM pg_class t JOIN pg_namespace n ON n.oid = t.relnamespace "
				   "WHERE t.relkind = 'r' AND n.nspname";
	const char *name = literal(sc, own_schema(c));
	TRY(ask_number(sc, c, scope_printf(sc, "SELECT count(*) %s = %s", from, name), all));
	return ask_number(sc, c, scope_printf(sc, "SELECT count(*) %s = %s AND t.relname = 'store_owner'", from, name),
			  owner);
}

/* A schema gets our mark while it is empty; another's is not touched. */
static enum code
mark_schema(struct scope *sc, struct pg_conn *c)
{
	int64_t there;
	int64_t tables;
	int64_t owner;
	const char *name = own_schema(c);
	TRY(ask_number(sc, c,
		       scope_printf(sc, "SELECT count(*) FROM pg_namespace WHERE nspname = %s", literal(sc, name)),
		       &there));
	if (there == 0) /* not IF NOT EXISTS: that asks for the right to create even where there is nothing to do */
		TRY(pg_say(sc, c, scope_printf(sc, "CREATE SCHEMA %s", pg_quoted(sc, name)), NULL));
	TRY(count_tables(sc, c, &tables, &owner));
	if (owner == 1)
		return OK;
	if (tables != 0)
		return fail(sc, E_CORRUPT, "schema %s holds tables of another program", name);
	return pg_say(sc, c,
		      scope_printf(sc,
				   "BEGIN; CREATE TABLE store_owner(id TEXT NOT NULL, commits BIGINT NOT NULL); "
				   "INSERT INTO store_owner(id, commits) VALUES (%s, 0); COMMIT",
				   literal(sc, c->db->where.id)),
		      NULL);
}

static enum code
check_owner(struct scope *sc, struct pg_conn *c)
{
	int64_t tables;
	int64_t owner;
	PGresult *r;
	TRY(count_tables(sc, c, &tables, &owner));
	if (owner == 0)
		return fail(sc, E_NOT_FOUND, "there is no store in schema %s", own_schema(c));
	TRY(pg_say(sc, c, "SELECT id, commits FROM store_owner", &r));
	bool ours = PQntuples(r) == 1 && text_eq(PQgetvalue(r, 0, 0), c->db->where.id);
	int64_t commits = ours ? strtoll(PQgetvalue(r, 0, 1), NULL, 10) : 0;
	if (ours && c->writes && commits < c->commits && c->lane == LANE_MAIN)
		log_line(LOG_ERROR,
			 "store: this PostgreSQL lacks the last %" PRId64
			 " commits it acknowledged: is it an older copy?",
			 c->commits - commits);
	if (ours)
		c->commits = commits;
	PQclear(r);
	return ours ? OK : fail(sc, E_CORRUPT, "schema %s belongs to another data directory", own_schema(c));
}

/* What an operator must know before she trusts it. */
static enum code
check_server(struct scope *sc, struct pg_conn *c)
{
	PGresult *r;
	TRY(pg_say(sc, c, "SHOW fsync", &r));
	if (!text_eq(PQgetvalue(r, 0, 0), "on"))
		log_line(LOG_WARN,
			 "store: this PostgreSQL runs with fsync off: a power cut may take what was acknowledged");
	PQclear(r);
	return OK;
}

static enum code
begin(struct scope *sc, struct pg_conn *c)
{
	TRY(dial(sc, c));
	TRY(set_up(sc, c));
	if (c->writes) {
		TRY(lock_lane(sc, c));
		TRY(mark_schema(sc, c));
		if (c->lane == LANE_MAIN)
			TRY(check_server(sc, c));
	}
	TRY(check_owner(sc, c));
	if (PQsetnonblocking(c->pg, 1) != 0 || PQenterPipelineMode(c->pg) != 1)
		return pg_fail(sc, c, NULL, "pipeline");
	c->dead = false;
	return OK;
}

/* In a scope of its own: a connection is renewed in the middle of somebody's work. */
enum code
pg_session_begin(struct scope *sc, struct pg_conn *c)
{
	struct scope own;
	scope_init(&own);
	enum code rc = begin(&own, c);
	if (rc == OK)
		atomic_store(&c->db->down_until_ms, 0);
	else
		sc->err = own.err;
	scope_release(&own);
	return rc;
}

enum code
pg_script(struct scope *sc, struct conn *conn, const char *ddl)
{
	struct pg_conn *c = (struct pg_conn *)conn;
	char *translated;
	PGresult *r;
	TRY(ddl_for_postgres(sc, ddl, &translated));
	if (c->tx == PG_TX_QUEUED) {
		TRY(pg_exchange(sc, c, NULL, &r));
		PQclear(r);
	}
	if (PQexitPipelineMode(c->pg) != 1)
		return pg_fail(sc, c, NULL, "pipeline");
	enum code rc = pg_say(sc, c, translated, NULL);
	if (PQenterPipelineMode(c->pg) != 1)
		c->dead = true;
	c->wrote = true;
	return rc;
}
