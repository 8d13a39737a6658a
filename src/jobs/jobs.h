/* jobs: whatever must happen later, exactly once.
 *
 * A job is a row: unique (kind, subject, due). A runner leases it with a
 * fencing token (so a runner that lost its lease cannot commit), does its
 * work outside any transaction, and then commits the work's consequences and
 * the job's completion in ONE transaction. A process that dies between the two
 * has done nothing; the lease runs out and the job is run again.
 *
 *	struct job_kind close_draw = {"offer.close", NULL, offer_close_commit, …};
 *
 * work() may be long (plans, matrices, sending); it may read, it must not
 * write, and it can run twice. commit() is a write like any other: quick.
 * A job whose work or commit fails is tried again after growing pauses (1 s … 1 h,
 * 8 times), then stays as failed, which the console shows: nothing is dropped
 * silently. A process that dies in a job has used up one try of it.
 *
 * Under a stepped clock the runner starts nothing on its own:
 * jobs_run_until() runs what is due, in order of (due, seq), moving the clock to
 * each job's time. */
#ifndef JOBS_JOBS_H
#define JOBS_JOBS_H

#include "base/json.h"
#include "store/store.h"

struct job {
	int64_t seq;
	const char *kind;
	const char *subject;	 /* what it is about: a row's id */
	const char *operator_id; /* "" for jobs of the house */
	int64_t due_ms;
	int attempt; /* 1 at the first */
	const json_t *payload;
};

struct job_kind {
	const char *name; /* "<room>.<verb>" */
	/* NULL: nothing to compute. *result is the scope's. */
	enum code (*work)(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result);
	enum code (*commit)(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result);
	/* NULL, or called once after the last failed attempt, to leave the domain in a state people can act on. */
	enum code (*give_up)(struct scope *sc, struct tx *tx, void *ctx, const struct job *job);
};

struct jobs;

extern const struct schema jobs_schema;

/* One runner for a store. Leases left by a process that died end here.
 * kinds: NULL-ended list of pointers, borrowed, like ctx. threads ≥ 1. */
MUST_USE enum code jobs_open(struct scope *sc, struct store *st, const struct job_kind *const *kinds, void *ctx,
			     int threads, struct jobs **out);
/* Wall clock only: start picking due jobs. */
void jobs_start(struct jobs *j);
/* Lets running jobs finish, starts no more. NULL is fine. */
void jobs_close(struct jobs *j);

/* Ask for a job, in the transaction of the change that makes it necessary. The
 * same (kind, subject, due) twice is one job. payload may be NULL. */
MUST_USE enum code job_add(struct scope *sc, struct tx *tx, const char *kind, const char *operator_id,
			   const char *subject, int64_t due_ms, const json_t *payload);
/* Jobs of this kind and subject that have not ended are no longer wanted. One
 * that is being worked on is cancelled too: its commit does not happen. */
MUST_USE enum code job_cancel(struct scope *sc, struct tx *tx, const char *kind, const char *subject);

/* Stepped clock: run everything due up to and including to_ms, in order, then
 * leave the clock at to_ms. Returns when nothing is left. */
MUST_USE enum code jobs_run_until(struct scope *sc, struct jobs *j, int64_t to_ms);

/* For the console: failed jobs of an operator and of the house, newest first, as
 * [{seq, kind, subject, operator_id, due, failed, attempts, why}]. */
MUST_USE enum code jobs_failed(struct scope *sc, struct tx *tx, const char *operator_id, size_t max, json_t **out);
/* A person wants it tried again, from the start. E_NOT_FOUND  it has not failed. */
MUST_USE enum code job_retry(struct scope *sc, struct tx *tx, int64_t seq);

struct job_counts {
	int64_t waiting, leased, done, failed;
	int64_t next_due_ms; /* 0: none waiting */
};
MUST_USE enum code jobs_count(struct scope *sc, struct tx *tx, struct job_counts *out);

#endif
