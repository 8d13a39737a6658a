#include "jobs/job_run.h"

#include "base/log.h"
#include "base/text.h"

static const struct job_kind *
find_kind(const struct job_kind *const *kinds, const char *name)
{
	for (; *kinds != NULL; kinds++)
		if (text_eq((*kinds)->name, name))
			return *kinds;
	return NULL;
}

struct run *
run_new(struct store *st, void *ctx, const struct job_kind *const *kinds, const struct leased_job *l)
{
	struct run *r = calloc(1, sizeof *r);
	if (r == NULL)
		abort(); /* as scope_alloc() does */
	scope_init(&r->sc);
	r->store = st;
	r->ctx = ctx;
	r->kind = find_kind(kinds, l->job.kind);
	r->lease = *l;
	struct job *job = &r->lease.job;
	job->kind = scope_strdup(&r->sc, job->kind);
	job->subject = scope_strdup(&r->sc, job->subject);
	job->operator_id = scope_strdup(&r->sc, job->operator_id);
	/* A copy of its own: the lease's scope lives on another thread. */
	if (job->payload != NULL)
		job->payload = json_own(&r->sc, json_deep_copy(job->payload));
	return r;
}

void
run_free(struct run *r)
{
	scope_release(&r->sc);
	free(r);
}

enum code
run_work(struct run *r)
{
	const struct job *job = &r->lease.job;
	if (r->kind == NULL)
		return fail(&r->sc, E_INTERNAL, "nobody here knows jobs of the kind %s", job->kind);
	if (job->attempt > JOB_RETRIES + 1)
		return fail(&r->sc, E_INTERNAL, "every process that began it died");
	if (r->kind->work == NULL)
		return OK;
	return r->kind->work(&r->sc, r->store, r->ctx, job, &r->result);
}

/* The row first: a commit that cancels its own kind and subject means the others. */
enum code
run_commit(struct scope *sc, struct tx *tx, void *arg)
{
	struct run *r = arg;
	TRY(table_done(sc, tx, &r->lease));
	if (r->kind->commit == NULL)
		return OK;
	return r->kind->commit(sc, tx, r->ctx, &r->lease.job, r->result);
}

struct ending {
	struct run *run;
	const char *why;
};

static enum code
write_pause(struct scope *sc, struct tx *tx, void *arg)
{
	struct ending *e = arg;
	return table_pause(sc, tx, &e->run->lease, e->why);
}

static enum code
write_given_up(struct scope *sc, struct tx *tx, void *arg)
{
	struct ending *e = arg;
	TRY(table_failed(sc, tx, &e->run->lease, e->why));
	const struct job_kind *kind = e->run->kind;
	if (kind == NULL || kind->give_up == NULL)
		return OK;
	return kind->give_up(sc, tx, e->run->ctx, &e->run->lease.job);
}

static enum code
write_failed(struct scope *sc, struct tx *tx, void *arg)
{
	struct ending *e = arg;
	return table_failed(sc, tx, &e->run->lease, e->why);
}

static enum code
give_up(struct run *r, struct ending *e)
{
	enum code rc = store_write(&r->sc, r->store, LANE_MAIN, write_given_up, e);
	if (rc == OK || text_eq(r->sc.err.reason, "lease-lost"))
		return rc;
	log_error(&r->sc, "leaving a failed job");
	e->why = scope_printf(&r->sc, "%s; and leaving it failed: %s", e->why, r->sc.err.message);
	return store_write(&r->sc, r->store, LANE_MAIN, write_failed, e);
}

static bool
lost(const struct run *r, enum code rc)
{
	return rc == E_CONFLICT && text_eq(r->sc.err.reason, "lease-lost");
}

/* Where even this cannot be written, the lease ends and the job is run again. */
void
run_failed(struct run *r, enum code rc)
{
	if (lost(r, rc)) {
		log_line(LOG_DEBUG, "job %s: cancelled or taken over", r->lease.job.kind);
		return;
	}
	struct ending e = {r, scope_strdup(&r->sc, r->sc.err.message)};
	bool again = r->lease.job.attempt <= JOB_RETRIES;
	log_line(again ? LOG_WARN : LOG_ERROR, "job %s %s, try %d: %s (%s:%d)", r->lease.job.kind, r->lease.job.subject,
		 r->lease.job.attempt, e.why, r->sc.err.file, r->sc.err.line);
	rc = again ? store_write(&r->sc, r->store, LANE_MAIN, write_pause, &e) : give_up(r, &e);
	if (rc != OK && !lost(r, rc))
		log_error(&r->sc, "noting a job's failure");
}
