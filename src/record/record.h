/* record: every consequence for a driver, with its reason, and the people who
 * can change it.
 *
 * A decision row says: about whom, what kind, by which published rule and
 * version, from which inputs (all of which the driver may read), with which
 * outcome and reason code, decided by whom (a named person, or the rule), and
 * carries a commitment in the chain. Kinds are a closed list; each says
 * whether a rule may decide it or only a person. A machine that suspends,
 * fines or deactivates does not exist: record_decide() refuses such a kind
 * without a staff id, and the table's CHECK refuses it again. A staff id is one
 * of decider_add()'s: a consequence carries somebody's name or does not exist.
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

/* The people who may decide, by name; people/staff_create() tells. The name of one
 * who has left stays with what she decided. */
MUST_USE enum code decider_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id,
			       const char *name);

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
	const char *reasoning; /* the person's own words; required with staff_id, ≥ 20 characters where human only */
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

/* E_DENIED (reason "human-only")  a machine asked for what only people decide.
 * E_INVALID  an unknown kind, or a person's decision without her own words.
 * E_CONFLICT  the staff id names nobody.
 * The driver gets the event "decision.made". */
MUST_USE enum code record_decide(struct scope *sc, struct tx *tx, const struct decision *d, struct id *out);

/* A decision as its driver (or a reviewer) reads it:
 *	{"id","seq","at","driver","kind","purpose","subject","rule","inputs","outcome","reason","params",
 *	 "by":{"kind":"rule"} or {"kind":"person","staff","name","reasoning"},"overrides","overridden_by",
 *	 "appeal":{"may","until","id","state"},
 *	 "leaf":{"kind":"decision","salt","entry","record":{…},"index","size"}}
 * leaf.record is what the entry commits to; index and size are null until the
 * sequencer has numbered it. */
MUST_USE enum code record_decision_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
					json_t **out);
/* {"items":[the same without leaf.record],"next":cursor or null}, newest first; before_seq 0: from the newest. */
MUST_USE enum code record_decisions_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				       int64_t before_seq, size_t max, json_t **out);

/* Does this decision, or another one about the same driver and subject, list this
 * SHA-256 (hex) under "pictures" of its inputs? So a picture that the server has
 * not kept can be shown to a person later, and be known for the same one. */
MUST_USE enum code record_names_picture(struct scope *sc, struct tx *tx, const char *operator_id,
					const char *decision_id, const char *sha256, bool *named);

/* --- the human queue --- */

/* kind and the outcomes a person may choose; closed.
 *
 *	signup.review  enrolment.review             accepted  refused
 *	checkin.review                              passed    refused
 *	position.implausible                        noted     cleared
 *	suspension.review                           reinstated kept
 *	stop.review  statement.review               confirmed changed
 *	appeal                                      upheld    rejected
 *	plan.review  duty.review  job.failed        noted
 */
struct queue_kind {
	const char *name;	 /* "signup.review", "checkin.review", "appeal", … */
	const char *outcomes[3]; /* the unused are NULL */
};
extern const struct queue_kind queue_kinds[]; /* ends with name NULL */

struct queue_entry {
	const char *operator_id;
	const char *station_id; /* NULL: none */
	const char *driver_id;	/* NULL: about no driver */
	const char *kind;	/* one of queue_kinds */
	const char *subject;
	const char *question;	/* what is asked, one sentence */
	const json_t *evidence; /* list of {label, value | href}; NULL: none */
	int64_t due_ms;		/* the promised answer; 0: none */
};
MUST_USE enum code queue_add(struct scope *sc, struct tx *tx, const struct queue_entry *q, struct id *out);
/* {"items":[{"id","seq","kind","subject","driver","station","question","state","overdue","created","due",
 *  "outcome","by","decided"}],"next":cursor or null}; state "open" or "decided". For reviewers' eyes: kinds
 * tell who uses the face path, which dispatch must not learn. */
MUST_USE enum code queue_list(struct scope *sc, struct tx *tx, const char *operator_id, const char *state,
			      int64_t after_seq, size_t max, json_t **out);
/* One item, whole, with "evidence", "outcomes" and "openings"; marks that this person opened it (write transaction). */
MUST_USE enum code queue_open_item(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
				   const char *staff_id, json_t **out);
/* One more piece of evidence for an open question; a label that is there already stays as it is. */
MUST_USE enum code queue_evidence_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
				      const char *label, const char *href);
/* This person has looked at one piece of evidence; part of what the decision carries. */
MUST_USE enum code queue_evidence_seen(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
				       const char *staff_id, const char *label);
struct queue_verdict {
	const char *id;
	const char *staff_id;
	const char *outcome;   /* one of the kind's outcomes */
	const char *reasoning; /* ≥ 20 characters, the person's own */
};
struct queue_item {
	const char *id, *operator_id, *driver_id, *kind, *subject;
	/* For the inputs of what follows from the verdict: {"question","evidence","evidence_seen","looked_ms"};
	 * the driver reads what the person had before her and for how long. */
	const json_t *review;
};
/* Marks it decided and gives the item back so that the domain can act in the
 * same transaction. An appeal's verdict is a decision itself ("appeal.decide"),
 * written here; its subject is the decision appealed against, and the remedy is
 * the domain's. E_CONFLICT  already decided ("decided"), never opened by this
 * person ("not-opened"), or decided by the one appealed against ("same-person"). */
MUST_USE enum code queue_decide(struct scope *sc, struct tx *tx, const char *operator_id, const struct queue_verdict *v,
				struct queue_item *out);

/* --- appeals: against any decision, within 30 days, answered in 14 --- */
#define APPEAL_WITHIN_MS (INT64_C(30) * 24 * 3600 * 1000)
#define APPEAL_ANSWER_MS (INT64_C(14) * 24 * 3600 * 1000)
/* text: 1–4000 characters. E_NOT_FOUND  no such decision about her. E_CONFLICT  too late ("appeal-late"),
 * once already ("duplicate"), or the verdict on an appeal ("final"). */
MUST_USE enum code appeal_open(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       const char *decision_id, const char *text, struct id *out);

struct appeal {
	const char *id, *driver_id, *decision_id, *queue_id;
	bool open;
};
MUST_USE enum code appeal_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
			      struct appeal *out);
/* [{"id","decision","text","state":"open|upheld|rejected","opened","due","answered","answer":decision id}] */
MUST_USE enum code appeals_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			      json_t **out);

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
/* [{"at","staff","name","what","why"}], newest first, at most 1000 */
MUST_USE enum code access_list(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       json_t **out);

/* --- counting: what was decided in [from, to), for the report --- */
struct record_counts {
	int64_t by_rule, by_person;
	int64_t questions, questions_decided;
	int64_t appeals_opened, appeals_upheld, appeals_rejected;
};
MUST_USE enum code record_count(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms,
				int64_t to_ms, struct record_counts *out);

/* --- the rights --- */

/* into.record = {"decisions","appeals","reviews","notes","accesses"} */
MUST_USE enum code record_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 json_t *into);
/* Deletes all rows and events about her, salts with them: what the chain holds
 * then means nothing. The last step of an erasure: the rooms before it may still
 * write decisions. */
MUST_USE enum code record_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);

#endif
