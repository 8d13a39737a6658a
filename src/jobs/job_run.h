/* jobs/job_run: one leased job from work to its end. Inside the room only. */
#ifndef JOBS_JOB_RUN_H
#define JOBS_JOB_RUN_H

#include "jobs/job_table.h"

struct run {
	struct scope sc; /* all that belongs to this run */
	struct store *store;
	void *ctx;
	struct leased_job lease;
	const struct job_kind *kind; /* NULL: this process knows no such kind */
	void *result;		     /* of work() */
	struct run *next;
};

/* Copies the lease; never NULL. */
struct run *run_new(struct store *st, void *ctx, const struct job_kind *const *kinds, const struct leased_job *l);
void run_free(struct run *r);

/* Outside any transaction. */
MUST_USE enum code run_work(struct run *r);
/* A tx_fn, arg the run: consequences and completion in one. */
enum code run_commit(struct scope *sc, struct tx *tx, void *arg);
/* After run_work() or run_commit() failed with rc: pause it, or give it up. */
void run_failed(struct run *r, enum code rc);

#endif
