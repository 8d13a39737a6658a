/* record: every consequence for a driver, with its reason, and the people who
 * can change it.
 *
 * A decision row says: about whom, what kind, by which published rule and
 * version, from which inputs (all of which the driver may read), with which
 * outcome and reason code, decided by whom (a named person, or the rule), and
 * carries a commitment in the chain. Kinds are a closed list; each says
 * whether a rule may decide it or only a person. A machine that suspends,
 * fines or deactivates does not exist: record_decide() refuses such a kind
 * without a staff id, and the table's CHECK refuses it again.
 *
 * The queue holds what people must decide. Opening an item is recorded; a
 * decision carries the reviewer's own reasoning, what evidence was opened and
 * how long it was looked at, and the same person may not decide an appeal
 * against herself.
 *
 * access_note() records who looked at a driver's data: the mirror of
 * monitoring, which the driver reads. */
#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

#include "base/json.h"
#include "jobs/jobs.h"
#include "store/store.h"

extern const struct schema record_schema;
extern const struct job_kind record_overdue_job; /* "record.overdue": a promised answer is late */

struct decision {
	const char *operator_id;
	const char *driver_id;
	const char *kind;      /* one of record_kinds */
	const char *subject;   /* the row it is about ("blk_…", "chk_…", "stm_…") */
	const char *rule;      /* "offer.draw/1": a published rule and version */
	const json_t *inputs;  /* what the rule read; shown to the driver */
	const char *outcome;   /* "awarded", "not_awarded", "passed", … */
	const char *reason;    /* code; params fill its sentence */
	const json_t *params;  /* may be NULL */
	const char *staff_id;  /* NULL: decided by the rule alone */
	const char *reasoning; /* the person's own words; required with staff_id */
	const char *overrides; /* the decision this one replaces, or NULL */
};

/* kind → may a rule decide it alone? Closed; documented in the public notice.
 *
 *	by a rule, or by a person          by a person only
 *	signup.accept                      signup.refuse
 *	enrolment.accept  enrolment.end    enrolment.refuse
 *	checkin.pass  checkin.review       checkin.refuse
 *	offer.award  offer.not_awarded     offer.direct  offer.withdraw
 *	offer.ineligible  offer.rota
 *	offer.release
 *	plan.assign  plan.change
 *	stop.outcome                       stop.review
 *	position.flag                      position.review
 *	duty.close                         duty.end_early
 *	statement.issue                    statement.correct
 *	                                   appeal.decide
 *	                                   driver.suspend  driver.reinstate  driver.deactivate
 *
 * There is no kind for a fine: nothing here can take money from a driver. */
struct decision_kind {
	const char *name;
	bool human_only;
	const char *purpose; /* one sentence for the notice */
};
extern const struct decision_kind record_kinds[]; /* ends with name NULL */

/* E_DENIED (reason "human-only")  a machine asked for what only people decide. */
MUST_USE enum code record_decide(struct scope *sc, struct tx *tx, const struct decision *d, struct id *out);

/* A decision as its driver (or a reviewer) reads it; JSON with leaf and proof state. */
MUST_USE enum code record_decision_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
					json_t **out);
MUST_USE enum code record_decisions_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				       int64_t before_seq, size_t max, json_t **out);

/* --- the human queue --- */

struct queue_entry {
	const char *operator_id;
	const char *station_id; /* NULL: none */
	const char *driver_id;	/* NULL: about no driver */
	const char *kind;	/* "checkin.review", "appeal", "position.implausible", … */
	const char *subject;
	const char *question;	/* what is asked, one sentence */
	const json_t *evidence; /* list of {label, value | href} */
	int64_t due_ms;		/* the promised answer; 0: none */
};
MUST_USE enum code queue_add(struct scope *sc, struct tx *tx, const struct queue_entry *q, struct id *out);
/* {"items":[…],"next":cursor}; state "open" or "decided". */
MUST_USE enum code queue_list(struct scope *sc, struct tx *tx, const char *operator_id, const char *state,
			      int64_t after_seq, size_t max, json_t **out);
/* One item, whole; marks that this person opened it (write transaction). */
MUST_USE enum code queue_open_item(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
				   const char *staff_id, json_t **out);
struct queue_verdict {
	const char *id;
	const char *staff_id;
	const char *outcome;   /* one of the kind's outcomes: "upheld", "rejected", "passed", "refused", "noted" */
	const char *reasoning; /* ≥ 20 characters, the person's own */
};
struct queue_item {
	const char *id, *operator_id, *driver_id, *kind, *subject;
};
/* Marks it decided and gives the item back so that the domain can act in the
 * same transaction. E_CONFLICT  already decided, never opened by this person, or
 * decided by the one appealed against. */
MUST_USE enum code queue_decide(struct scope *sc, struct tx *tx, const char *operator_id, const struct queue_verdict *v,
				struct queue_item *out);

/* --- appeals: against any decision, within 30 days, answered in 14 --- */
MUST_USE enum code appeal_open(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       const char *decision_id, const char *text, struct id *out);

/* --- notes: what a person writes about a driver reaches the driver --- */

/* 1–1000 characters. She gets it as an event and reads it in her data; there is
 * no other place to write about her. */
MUST_USE enum code note_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			    const char *staff_id, const char *text, struct id *out);
MUST_USE enum code notes_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			    json_t **out);

/* --- who looked --- */
MUST_USE enum code access_note(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       const char *staff_id, const char *what, const char *why);
MUST_USE enum code access_list(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       json_t **out);

/* --- the rights --- */
MUST_USE enum code record_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 json_t *into);
MUST_USE enum code record_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);

#endif
