/* jobs/job_table: the rows of jobs and the moves they may make. Inside the room only.
 *
 *	            lease                    commit
 *	waiting ───────────▶ leased ─────────────────▶ done
 *	   ▲                  │ │                        (kept 30 days: the same
 *	   │ work or commit   │ │ tried often enough      job is not run again)
 *	   └── failed: a ─────┘ └─────────────▶ failed
 *	       pause
 *
 * run_ms is when the row is next to be looked at: its due time, the end of a
 * pause, or the end of its lease. A lease is no more than that: a later time to
 * try again, and a fence number that only its holder knows. Every move out of
 * `leased` names the fence; a runner that lost its lease changes no row, and
 * its transaction is given up. */
#ifndef JOBS_JOB_TABLE_H
#define JOBS_JOB_TABLE_H

#include "jobs/jobs.h"

#define JOB_LEASE_MS 60000
#define JOB_RETRIES 8

struct leased_job {
	struct job job;
	int64_t fence;
};

/* The jobs due by now with the earliest run_ms, in order; at most max. Reports
 * the next run_ms after them (0: none). same_time: only such that share one
 * run_ms. */
MUST_USE enum code table_lease(struct scope *sc, struct tx *tx, size_t max, bool same_time, struct leased_job **out,
			       size_t *n, int64_t *next_ms);
/* Whoever has lost the lease meanwhile finds out at the end. */
MUST_USE enum code table_renew(struct scope *sc, struct tx *tx, int64_t seq, int64_t fence);
/* Leased, but not begun: as if it had not been. */
MUST_USE enum code table_put_back(struct scope *sc, struct tx *tx, int64_t seq, int64_t fence);
/* E_CONFLICT (reason "lease-lost")  it is no longer this holder's. So do the next two. */
MUST_USE enum code table_done(struct scope *sc, struct tx *tx, const struct leased_job *l);
MUST_USE enum code table_pause(struct scope *sc, struct tx *tx, const struct leased_job *l, const char *why);
MUST_USE enum code table_failed(struct scope *sc, struct tx *tx, const struct leased_job *l, const char *why);
/* Leases of a process that is gone end now. */
MUST_USE enum code table_free_leases(struct scope *sc, struct tx *tx);

#endif
