#include "jobs/job_table.h"

#include "base/text.h"

#define DONE_KEPT_MS ((int64_t)30 * 86400000)

static const char *const migrations[] = {
    "CREATE TABLE job("
    "seq INTEGER PRIMARY KEY AUTOINCREMENT, "
    "kind TEXT NOT NULL, "
    "subject TEXT NOT NULL, "
    "operator_id TEXT NOT NULL, "
    "due_ms INTEGER NOT NULL, "
    "payload TEXT, "
    "state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'leased', 'done', 'failed')), "
    "run_ms INTEGER NOT NULL, "
    "attempt INTEGER NOT NULL DEFAULT 0, "
    "fence INTEGER NOT NULL DEFAULT 0, "
    "why TEXT, "
    "ended_ms INTEGER, "
    "UNIQUE(kind, subject, due_ms)) STRICT;"
    "CREATE INDEX job_live ON job(run_ms, seq) WHERE state IN ('waiting', 'leased');"
    "CREATE INDEX job_ended ON job(state, ended_ms) WHERE state IN ('done', 'failed');",
    NULL};

const struct schema jobs_schema = {.room = "jobs", .migrations = migrations};

/* --- what other rooms ask for --- */

enum code
job_add(struct scope *sc, struct tx *tx, const char *kind, const char *operator_id, const char *subject, int64_t due_ms,
	const json_t *payload)
{
	TRY(sql_run(sc, tx,
		    "INSERT INTO job(kind, subject, operator_id, due_ms, run_ms, payload) "
		    "VALUES ($1, $2, $3, $4, $4, $5) ON CONFLICT (kind, subject, due_ms) DO NOTHING",
		    VALS(v_text(kind), v_text(subject), v_text(operator_id), v_int(due_ms),
			 v_text(payload == NULL ? NULL : json_text(sc, payload))),
		    NULL));
	tx_ring(tx, BELL_JOBS);
	return OK;
}

enum code
job_cancel(struct scope *sc, struct tx *tx, const char *kind, const char *subject)
{
	return sql_run(sc, tx, "DELETE FROM job WHERE kind = $1 AND subject = $2 AND state IN ('waiting', 'leased')",
		       VALS(v_text(kind), v_text(subject)), NULL);
}

enum code
job_retry(struct scope *sc, struct tx *tx, int64_t seq)
{
	int64_t changed;
	TRY(sql_run(sc, tx,
		    "UPDATE job SET state = 'waiting', attempt = 0, run_ms = $2, ended_ms = NULL "
		    "WHERE seq = $1 AND state = 'failed'",
		    VALS(v_int(seq), v_int(tx_now_ms(tx))), &changed));
	if (changed == 0)
		return fail(sc, E_NOT_FOUND, "no job %" PRId64 " has failed", seq);
	tx_ring(tx, BELL_JOBS);
	return OK;
}

static json_t *
failed_json(struct scope *sc, struct rows *r)
{
	json_t *o = json_object();
	json_put_int(o, "seq", row_int(r, 0));
	json_put_text(o, "kind", row_text(sc, r, 1));
	json_put_text(o, "subject", row_text(sc, r, 2));
	json_put_text(o, "operator_id", row_text(sc, r, 3));
	json_put_time(o, "due", row_int(r, 4));
	json_put_time(o, "failed", row_int(r, 5));
	json_put_int(o, "attempts", row_int(r, 6));
	json_put_text(o, "why", row_text(sc, r, 7));
	return o;
}

enum code
jobs_failed(struct scope *sc, struct tx *tx, const char *operator_id, size_t max, json_t **out)
{
	json_t *list = json_new_array(sc);
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT seq, kind, subject, operator_id, due_ms, ended_ms, attempt, why FROM job "
		      "WHERE state = 'failed' AND (operator_id = $1 OR operator_id = '') "
		      "ORDER BY ended_ms DESC, seq DESC LIMIT $2",
		      VALS(v_text(operator_id), v_int((int64_t)max))));
	while (row_next(r))
		json_array_append_new(list, failed_json(sc, r));
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

enum code
jobs_count(struct scope *sc, struct tx *tx, struct job_counts *out)
{
	struct job_counts c = {0};
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT state, COUNT(*) FROM job GROUP BY state", NO_VALS));
	while (row_next(r)) {
		const char *state = row_text(sc, r, 0);
		int64_t n = row_int(r, 1);
		if (text_eq(state, "waiting"))
			c.waiting = n;
		else if (text_eq(state, "leased"))
			c.leased = n;
		else if (text_eq(state, "done"))
			c.done = n;
		else
			c.failed = n;
	}
	TRY(rows_end(sc, r));
	TRY(sql_one(sc, tx, &r, "SELECT COALESCE(MIN(run_ms), 0) FROM job WHERE state = 'waiting'", NO_VALS));
	c.next_due_ms = row_int(r, 0);
	*out = c;
	return OK;
}

/* --- what the runner does --- */

static enum code
read_due(struct scope *sc, struct tx *tx, size_t max, struct leased_job **out, int64_t **run_ms, size_t *n)
{
	struct leased_job *list = NEW_ARRAY(sc, max, struct leased_job);
	int64_t *times = NEW_ARRAY(sc, max, int64_t);
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT seq, kind, subject, operator_id, due_ms, payload, attempt, fence, run_ms FROM job "
		      "WHERE state IN ('waiting', 'leased') AND run_ms <= $1 ORDER BY run_ms, seq LIMIT $2",
		      VALS(v_int(tx_now_ms(tx)), v_int((int64_t)max))));
	size_t k = 0;
	for (; row_next(r); k++) {
		struct leased_job *l = &list[k];
		const char *payload = row_text(sc, r, 5);
		json_t *value = NULL;
		if (payload != NULL)
			TRY(json_parse(sc, payload, strlen(payload), &value));
		l->job = (struct job){.seq = row_int(r, 0),
				      .kind = row_text(sc, r, 1),
				      .subject = row_text(sc, r, 2),
				      .operator_id = row_text(sc, r, 3),
				      .due_ms = row_int(r, 4),
				      .attempt = (int)row_int(r, 6) + 1,
				      .payload = value};
		l->fence = row_int(r, 7) + 1;
		times[k] = row_int(r, 8);
	}
	TRY(rows_end(sc, r));
	*out = list;
	*run_ms = times;
	*n = k;
	return OK;
}

static enum code
next_run(struct scope *sc, struct tx *tx, int64_t *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, "SELECT COALESCE(MIN(run_ms), 0) FROM job WHERE state IN ('waiting', 'leased')",
		    NO_VALS));
	*out = row_int(r, 0);
	return OK;
}

/* Rows that say how often a thing was done are of no use after a while. */
static enum code
forget_old(struct scope *sc, struct tx *tx)
{
	return sql_run(sc, tx,
		       "DELETE FROM job WHERE seq IN (SELECT seq FROM job WHERE state = 'done' AND ended_ms < $1 "
		       "ORDER BY ended_ms LIMIT 200)",
		       VALS(v_int(tx_now_ms(tx) - DONE_KEPT_MS)), NULL);
}

enum code
table_lease(struct scope *sc, struct tx *tx, size_t max, bool same_time, struct leased_job **out, size_t *n,
	    int64_t *next_ms)
{
	struct leased_job *list;
	int64_t *run_ms;
	size_t k;
	TRY(read_due(sc, tx, max, &list, &run_ms, &k));
	for (size_t i = 1; same_time && i < k; i++)
		if (run_ms[i] != run_ms[0])
			k = i;
	for (size_t i = 0; i < k; i++)
		TRY(sql_run(sc, tx,
			    "UPDATE job SET state = 'leased', run_ms = $2, attempt = $3, fence = $4 WHERE seq = $1",
			    VALS(v_int(list[i].job.seq), v_int(tx_now_ms(tx) + JOB_LEASE_MS),
				 v_int(list[i].job.attempt), v_int(list[i].fence)),
			    NULL));
	if (k > 0)
		TRY(forget_old(sc, tx));
	int64_t next;
	TRY(next_run(sc, tx, &next));
	*out = list;
	*n = k;
	*next_ms = next;
	return OK;
}

static enum code
need_one(struct scope *sc, int64_t changed, const struct leased_job *l)
{
	if (changed != 1)
		return fail_as(sc, E_CONFLICT, "lease-lost", "job %" PRId64 " is no longer this runner's", l->job.seq);
	return OK;
}

enum code
table_renew(struct scope *sc, struct tx *tx, int64_t seq, int64_t fence)
{
	return sql_run(sc, tx, "UPDATE job SET run_ms = $3 WHERE seq = $1 AND fence = $2 AND state = 'leased'",
		       VALS(v_int(seq), v_int(fence), v_int(tx_now_ms(tx) + JOB_LEASE_MS)), NULL);
}

enum code
table_put_back(struct scope *sc, struct tx *tx, int64_t seq, int64_t fence)
{
	return sql_run(sc, tx,
		       "UPDATE job SET state = 'waiting', attempt = attempt - 1, run_ms = $3 "
		       "WHERE seq = $1 AND fence = $2 AND state = 'leased'",
		       VALS(v_int(seq), v_int(fence), v_int(tx_now_ms(tx))), NULL);
}

enum code
table_done(struct scope *sc, struct tx *tx, const struct leased_job *l)
{
	int64_t changed;
	TRY(sql_run(sc, tx,
		    "UPDATE job SET state = 'done', ended_ms = $3, why = NULL "
		    "WHERE seq = $1 AND fence = $2 AND state = 'leased'",
		    VALS(v_int(l->job.seq), v_int(l->fence), v_int(tx_now_ms(tx))), &changed));
	return need_one(sc, changed, l);
}

enum code
table_pause(struct scope *sc, struct tx *tx, const struct leased_job *l, const char *why)
{
	static const int64_t pause_s[JOB_RETRIES] = {1, 3, 10, 30, 100, 360, 1200, 3600};
	int i = l->job.attempt < 1 ? 0 : l->job.attempt > JOB_RETRIES ? JOB_RETRIES - 1 : l->job.attempt - 1;
	int64_t changed;
	TRY(sql_run(sc, tx,
		    "UPDATE job SET state = 'waiting', run_ms = $3, why = $4 "
		    "WHERE seq = $1 AND fence = $2 AND state = 'leased'",
		    VALS(v_int(l->job.seq), v_int(l->fence), v_int(tx_now_ms(tx) + pause_s[i] * 1000), v_text(why)),
		    &changed));
	return need_one(sc, changed, l);
}

enum code
table_failed(struct scope *sc, struct tx *tx, const struct leased_job *l, const char *why)
{
	int64_t changed;
	TRY(sql_run(sc, tx,
		    "UPDATE job SET state = 'failed', ended_ms = $3, why = $4 "
		    "WHERE seq = $1 AND fence = $2 AND state = 'leased'",
		    VALS(v_int(l->job.seq), v_int(l->fence), v_int(tx_now_ms(tx)), v_text(why)), &changed));
	return need_one(sc, changed, l);
}

enum code
table_free_leases(struct scope *sc, struct tx *tx)
{
	return sql_run(sc, tx, "UPDATE job SET run_ms = $1 WHERE state = 'leased'", VALS(v_int(tx_now_ms(tx))), NULL);
}
