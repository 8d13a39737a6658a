/* A person has decided: what follows, in the same transaction. */
#include "day/day.h"

#include "base/text.h"

struct verdict {
	const struct queue_item *item;
	const struct queue_verdict *v;
	const struct verdict_terms *terms;
	json_t *out;
};

enum code
day_driver_decide(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
		  const struct driver_verdict *v, struct id *decision_id)
{
	TRY(driver_decide(sc, tx, operator_id, driver_id, v, decision_id));
	bool out = v->to == DRIVER_SUSPENDED || v->to == DRIVER_DEACTIVATED;
	return out ? duty_release_all(sc, tx, operator_id, driver_id) : OK;
}

static enum code
signup_decided(struct scope *sc, struct tx *tx, const struct verdict *x)
{
	struct id decision;
	bool accepted = strcmp(x->v->outcome, "accepted") == 0;
	const struct driver_verdict dv = {
	    .to = accepted ? DRIVER_ACTIVE : DRIVER_REFUSED,
	    .staff_id = x->v->staff_id,
	    .reason = accepted ? "application_accepted" : "application_refused",
	    .reasoning = x->v->reasoning,
	    .review = x->item->review,
	};
	TRY(driver_decide(sc, tx, x->item->operator_id, x->item->driver_id, &dv, &decision));
	json_put_text(x->out, "decision_id", decision.s);
	return OK;
}

/* Only a suspension that is kept has another date. */
static enum code
check_date(struct scope *sc, const struct verdict *x)
{
	bool kept = strcmp(x->item->kind, "suspension.review") == 0 && strcmp(x->v->outcome, "kept") == 0;
	if (x->terms->until_ms != 0 && !kept)
		return fail_as(sc, E_INVALID, "bad-field", "\"until\" is for a suspension that is kept");
	return OK;
}

/* Who has come back, or left, while the question was open: nothing follows. */
static enum code
suspension_decided(struct scope *sc, struct tx *tx, const struct verdict *x)
{
	struct id decision;
	struct driver d;
	bool back = strcmp(x->v->outcome, "reinstated") == 0;
	const struct driver_verdict dv = {
	    .to = back ? DRIVER_ACTIVE : DRIVER_SUSPENDED,
	    .staff_id = x->v->staff_id,
	    .reason = back ? "suspension_over" : "suspension_kept",
	    .reasoning = x->v->reasoning,
	    .review = x->item->review,
	    .until_ms = x->terms->until_ms,
	};
	TRY(driver_get(sc, tx, x->item->operator_id, x->item->driver_id, &d));
	if (d.state != DRIVER_SUSPENDED)
		return OK;
	TRY(driver_decide(sc, tx, x->item->operator_id, x->item->driver_id, &dv, &decision));
	json_put_text(x->out, "decision_id", decision.s);
	return OK;
}

static enum code
checkin_decided(struct scope *sc, struct tx *tx, const struct verdict *x)
{
	return checkin_review(sc, tx, x->item->operator_id, x->item->subject, strcmp(x->v->outcome, "passed") == 0,
			      x->v->staff_id, x->v->reasoning, x->item->review);
}

/* An implausible track: a person looked; the finding is a decision she reads, and nothing else follows. */
static enum code
position_decided(struct scope *sc, struct tx *tx, const struct verdict *x)
{
	struct id decision;
	const struct decision d = {
	    .operator_id = x->item->operator_id,
	    .driver_id = x->item->driver_id,
	    .kind = "position.review",
	    .subject = x->item->subject,
	    .rule = "duty.positions/1",
	    .inputs = x->item->review,
	    .outcome = x->v->outcome,
	    .reason = "seen_by_a_person",
	    .staff_id = x->v->staff_id,
	    .reasoning = x->v->reasoning,
	};
	TRY(record_decide(sc, tx, &d, &decision));
	json_put_text(x->out, "decision_id", decision.s);
	return OK;
}

static enum code
facts_of(struct scope *sc, const json_t *o, struct pay_facts *out)
{
	static const char *const names[] = {"engaged_s", "wait_s", "stops", "distance_m", NULL};
	const int64_t most = INT64_C(1) << 32;
	TRY(json_only(sc, o, names));
	TRY(json_need_int(sc, o, "engaged_s", 0, most, &out->engaged_s));
	TRY(json_need_int(sc, o, "wait_s", 0, most, &out->wait_s));
	TRY(json_need_int(sc, o, "stops", 0, most, &out->stops));
	return json_need_int(sc, o, "distance_m", 0, most, &out->distance_m);
}

/* Who appeals risks nothing by it. */
static enum code
pays_no_less(struct scope *sc, struct tx *tx, const char *operator_id, const char *before_id, const char *after_id)
{
	json_t *before;
	json_t *after;
	TRY(pay_statement_get(sc, tx, operator_id, NULL, before_id, &before));
	TRY(pay_statement_get(sc, tx, operator_id, NULL, after_id, &after));
	if (json_integer_value(json_object_get(after, "total")) < json_integer_value(json_object_get(before, "total")))
		return fail_as(
		    sc, E_INVALID, "pays-less",
		    "these facts pay less than the statement she appeals against: an appeal never costs her");
	return OK;
}

/* An upheld appeal: what can be put right here is put right here (a statement is
 * corrected from the facts the reviewer states, an account opens again); a block
 * that was lost is given by a person's next act, offer.direct, which overrides
 * the decision appealed against and may add a unit. */
static enum code
appeal_decided(struct scope *sc, struct tx *tx, const struct verdict *x)
{
	json_t *decision;
	if (strcmp(x->v->outcome, "upheld") != 0)
		return OK;
	TRY(record_decision_json(sc, tx, x->item->operator_id, x->item->subject, &decision));
	const char *kind = json_string_value(json_object_get(decision, "kind"));
	const char *subject = json_string_value(json_object_get(decision, "subject"));
	if (kind == NULL || subject == NULL)
		return fail(sc, E_CORRUPT, "decision %s has no kind or subject", x->item->subject);
	if (text_starts(kind, "statement.")) {
		struct pay_facts facts = {0};
		struct id statement;
		if (x->terms->facts == NULL)
			return fail_as(sc, E_INVALID, "facts-wanted",
				       "\"facts\": say what the duty's time, stops and distance really were");
		TRY(facts_of(sc, x->terms->facts, &facts));
		TRY(pay_statement_correct(sc, tx, x->item->operator_id, subject, &facts, x->v->staff_id,
					  x->v->reasoning, &statement));
		TRY(pays_no_less(sc, tx, x->item->operator_id, subject, statement.s));
		json_put_text(x->out, "statement_id", statement.s);
	}
	if (strcmp(kind, "driver.suspend") == 0 || strcmp(kind, "driver.deactivate") == 0 ||
	    strcmp(kind, "signup.refuse") == 0) {
		struct id fresh;
		const struct driver_verdict dv = {
		    .to = DRIVER_ACTIVE,
		    .staff_id = x->v->staff_id,
		    .reason = "appeal_upheld",
		    .reasoning = x->v->reasoning,
		    .overrides = x->item->subject,
		    .review = x->item->review,
		};
		TRY(driver_decide(sc, tx, x->item->operator_id, x->item->driver_id, &dv, &fresh));
		json_put_text(x->out, "decision_id", fresh.s);
	}
	return OK;
}

static const struct {
	const char *kind;
	enum code (*follow)(struct scope *sc, struct tx *tx, const struct verdict *x);
} consequences[] = {
    {"signup.review", signup_decided},	 {"suspension.review", suspension_decided},
    {"checkin.review", checkin_decided}, {"position.implausible", position_decided},
    {"appeal", appeal_decided},
};

enum code
day_queue_decide(struct scope *sc, struct tx *tx, const char *operator_id, const struct queue_verdict *v,
		 const struct verdict_terms *terms, json_t **out)
{
	struct queue_item item;
	TRY(queue_decide(sc, tx, operator_id, v, &item));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", item.id);
	json_put_text(o, "kind", item.kind);
	json_put_text(o, "outcome", v->outcome);
	const struct verdict x = {&item, v, terms, o};
	TRY(check_date(sc, &x));
	for (size_t i = 0; i < COUNT_OF(consequences); i++)
		if (strcmp(consequences[i].kind, item.kind) == 0)
			TRY(consequences[i].follow(sc, tx, &x));
	*out = o;
	return OK;
}
