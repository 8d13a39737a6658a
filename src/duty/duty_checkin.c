/* Check-in: is it her, and is she at the depot? Two questions, two tries, then a person. */
#include "duty/duty.h"

#include "base/text.h"
#include "duty/duty_rows.h"
#include "offer/offer.h"
#include "people/people.h"
#include "record/record.h"
#include "store/event.h"

#define CHECKIN_RULE "duty.checkin/1"
#define TRIES_BEFORE_REVIEW 2
#define EARLY_MS (60 * 60000)
#define REVIEW_WITHIN_MS (15 * 60000)

const char *const checkin_words[] = {"passed", "try_again", "review", NULL};

bool
checkin_at_depot(struct place fix, struct place depot, double radius_m)
{
	return place_distance_m(fix, depot) <= radius_m;
}

enum code
duty_driver_may(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	struct driver d;
	TRY(driver_get(sc, tx, operator_id, driver_id, &d));
	if (d.state != DRIVER_ACTIVE)
		return fail_as(sc, E_DENIED, "not-active",
			       "your account is %s; the decision and how to appeal are with your data",
			       driver_state_words[d.state]);
	return OK;
}

static enum code
award_for_checkin(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *award_id,
		  struct award *out)
{
	struct award a;
	TRY(offer_award_get(sc, tx, operator_id, award_id, &a));
	if (!text_eq(a.driver_id, driver_id))
		return fail_as(sc, E_NOT_FOUND, "no-award", "there is no such award");
	TRY(duty_driver_may(sc, tx, operator_id, driver_id));
	if (a.state == AWARD_CHECKED_IN)
		return fail_as(sc, E_CONFLICT, "checked-in", "you are checked in already");
	if (a.state != AWARD_HELD)
		return fail_as(sc, E_CONFLICT, "award-state", "this block is not yours any more");
	if (tx_now_ms(tx) < a.hours.starts_ms - EARLY_MS)
		return fail_as(sc, E_CONFLICT, "too-early", "check-in opens an hour before the block starts");
	if (tx_now_ms(tx) >= a.hours.ends_ms)
		return fail_as(sc, E_CONFLICT, "too-late", "the block has ended; the desk can help");
	*out = a;
	return OK;
}

static enum code
tries_before(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id, int64_t *n)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(*) FROM checkin WHERE operator_id = $1 AND award_id = $2 AND outcome = 'try_again'",
		    VALS(v_text(operator_id), v_text(award_id))));
	*n = row_int(r, 0);
	return OK;
}

/* The check-in of this award that a person has been asked about and has not answered, or NULL. */
static enum code
waiting_review(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id, const char **checkin_id)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT id FROM checkin WHERE operator_id = $1 AND award_id = $2 AND outcome = 'review'"
			       " ORDER BY at_ms LIMIT 1",
			       VALS(v_text(operator_id), v_text(award_id)));
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		*checkin_id = NULL;
		return OK;
	}
	TRY(rc);
	*checkin_id = row_text(sc, r, 0);
	return OK;
}

static enum checkin_outcome
outcome_of(const struct checkin_seen *seen, int64_t tries)
{
	if (seen->at_depot && seen->identity == IDENTITY_CONFIRMED)
		return CHECKIN_PASSED;
	return tries >= TRIES_BEFORE_REVIEW ? CHECKIN_REVIEW : CHECKIN_TRY_AGAIN;
}

static json_t *
inputs_of(struct scope *sc, const struct checkin_seen *seen, int64_t tries)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "path", seen->by_face ? "face" : "device");
	json_put_bool(o, "at_depot", seen->at_depot);
	json_put_text(o, "identity",
		      seen->identity == IDENTITY_CONFIRMED ? "confirmed"
		      : seen->identity == IDENTITY_UNSURE  ? "unsure"
							   : "try_again");
	json_put_text(o, "false_match_band", seen->band);
	json_put_int(o, "tries_before", tries);
	if (seen->pictures != NULL)
		json_put(o, "pictures", json_deep_copy(seen->pictures));
	if (seen->challenge != NULL)
		json_put(o, "challenge", json_deep_copy(seen->challenge));
	return o;
}

static enum code
decide(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a, const struct checkin_seen *seen,
       int64_t tries, enum checkin_outcome outcome, const char *checkin_id, struct id *out)
{
	const struct decision d = {
	    .operator_id = operator_id,
	    .driver_id = a->driver_id,
	    .kind = outcome == CHECKIN_PASSED ? "checkin.pass" : "checkin.review",
	    .subject = checkin_id,
	    .rule = CHECKIN_RULE,
	    .inputs = inputs_of(sc, seen, tries),
	    .outcome = checkin_words[outcome],
	    .reason = outcome == CHECKIN_PASSED ? "identity_and_place"
		      : !seen->at_depot		? "place"
						: "identity",
	};
	return record_decide(sc, tx, &d, out);
}

/* What the reviewer reads does not say which path she uses. */
static enum code
ask_a_person(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a,
	     const struct checkin_seen *seen, const char *checkin_id)
{
	struct id id;
	json_t *evidence = json_new_array(sc);
	json_array_append_new(evidence,
			      json_pack("{ssss}", "label", "At the depot", "value", seen->at_depot ? "yes" : "no"));
	json_array_append_new(evidence,
			      json_pack("{ssss}", "label", "Identity", "value",
					seen->identity == IDENTITY_CONFIRMED ? "confirmed" : "not confirmed"));
	const struct queue_entry q = {
	    .operator_id = operator_id,
	    .station_id = a->station_id,
	    .driver_id = a->driver_id,
	    .kind = "checkin.review",
	    .subject = checkin_id,
	    .question =
		"Is the person at the gate the driver who holds this block? Look at her papers, not at a score.",
	    .evidence = evidence,
	    .due_ms = tx_now_ms(tx) + REVIEW_WITHIN_MS,
	};
	return queue_add(sc, tx, &q, &id);
}

static enum code
checkin_insert(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a,
	       const struct checkin_seen *seen, enum checkin_outcome outcome, const char *id, const char *decision_id)
{
	return sql_run(
	    sc, tx,
	    "INSERT INTO checkin(operator_id, id, driver_id, award_id, at_ms, by_face, outcome, hint, decision_id)"
	    " VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9)",
	    VALS(v_text(operator_id), v_text(id), v_text(a->driver_id), v_text(a->id), v_int(tx_now_ms(tx)),
		 v_bool(seen->by_face), v_text(checkin_words[outcome]), v_text(seen->hint), v_text(decision_id)),
	    NULL);
}

enum code
checkin_record(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *award_id,
	       const struct checkin_seen *seen, struct id *id, enum checkin_outcome *outcome)
{
	struct award a;
	int64_t tries;
	struct id decision = {{0}};
	const char *waiting;
	TRY(award_for_checkin(sc, tx, operator_id, driver_id, award_id, &a));
	TRY(tries_before(sc, tx, operator_id, award_id, &tries));
	TRY(waiting_review(sc, tx, operator_id, award_id, &waiting));
	enum checkin_outcome o = outcome_of(seen, tries);
	bool asked = o == CHECKIN_REVIEW && waiting != NULL;
	if (asked)
		o = CHECKIN_TRY_AGAIN;
	struct id mine = tx_new_id(tx, "chk");
	if (o != CHECKIN_TRY_AGAIN)
		TRY(decide(sc, tx, operator_id, &a, seen, tries, o, mine.s, &decision));
	TRY(checkin_insert(sc, tx, operator_id, &a, seen, o, mine.s, o == CHECKIN_TRY_AGAIN ? NULL : decision.s));
	if (o == CHECKIN_PASSED)
		TRY(offer_award_move(sc, tx, operator_id, award_id, AWARD_CHECKED_IN));
	if (o == CHECKIN_REVIEW)
		TRY(ask_a_person(sc, tx, operator_id, &a, seen, mine.s));
	json_t *data = json_new_object(sc);
	json_put_text(data, "outcome", checkin_words[o]);
	TRY(event_emit(sc, tx, operator_id, driver_id, o == CHECKIN_TRY_AGAIN ? FOR_DRIVER : FOR_BOTH, "checkin",
		       mine.s, data));
	if (asked)
		memcpy(mine.s, waiting, strlen(waiting) + 1);
	*id = mine;
	*outcome = asked ? CHECKIN_REVIEW : o;
	return OK;
}

enum code
checkin_review(struct scope *sc, struct tx *tx, const char *operator_id, const char *checkin_id, bool passed,
	       const char *staff_id, const char *reasoning, const json_t *review)
{
	struct rows *r;
	struct award a;
	struct id decision;
	enum code rc =
	    sql_one(sc, tx, &r,
		    "SELECT award_id, decision_id, driver_id FROM checkin WHERE operator_id = $1 AND id = $2 AND"
		    " outcome = 'review'",
		    VALS(v_text(operator_id), v_text(checkin_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-checkin", "no such check-in waits for a review");
	TRY(rc);
	const char *award_id = row_text(sc, r, 0);
	const struct decision d = {
	    .operator_id = operator_id,
	    .overrides = row_text(sc, r, 1),
	    .driver_id = row_text(sc, r, 2),
	    .kind = passed ? "checkin.pass" : "checkin.refuse",
	    .subject = checkin_id,
	    .rule = CHECKIN_RULE,
	    .inputs = review,
	    .outcome = passed ? "passed" : "refused",
	    .reason = "seen_by_a_person",
	    .staff_id = staff_id,
	    .reasoning = reasoning,
	};
	TRY(record_decide(sc, tx, &d, &decision));
	TRY(sql_run(
	    sc, tx,
	    "UPDATE checkin SET outcome = $3, decision_id = $4, reviewed = 1 WHERE operator_id = $1 AND id = $2",
	    VALS(v_text(operator_id), v_text(checkin_id), v_text(passed ? "passed" : "refused"), v_text(decision.s)),
	    NULL));
	TRY(offer_award_get(sc, tx, operator_id, award_id, &a));
	if (passed && a.state == AWARD_HELD)
		TRY(offer_award_move(sc, tx, operator_id, award_id, AWARD_CHECKED_IN));
	json_t *data = json_new_object(sc);
	json_put_text(data, "outcome", passed ? "passed" : "refused");
	return event_emit(sc, tx, operator_id, d.driver_id, FOR_BOTH, "checkin", checkin_id, data);
}
