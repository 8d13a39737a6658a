#include "people/enrolment.h"

#include "people/liveness.h"
#include "people/people_rows.h"
#include "people/vault.h"
#include "store/event.h"

#define CONSENT_PURPOSE "To check at the start of a shift that the driver of this account is the person present (1:1)."

static const char *const consent_lines[] = {
    "You can work without this: the key in your phone alone opens your shift, just as fast.",
    "Your pictures stay on your phone. From them a row of numbers, the template, is computed and kept sealed under a "
    "key of your own.",
    "It is compared with pictures of you at the start of a shift, with nobody else's, and for nothing else.",
    "Where the programme asks for it, you look to the sides, up, down or come closer in an order drawn for you, so "
    "that "
    "a photograph of you opens nothing. If the screen lights up in colours as well, you may do without.",
    "No age, sex, origin or mood is computed, no score is kept, and no model learns from your face.",
    "A person, not the machine, decides when a check does not succeed.",
    "Dispatch does not see whether you use this.",
    "You can end it at any moment; template and key are destroyed at once. This text and the dates stay as proof.",
    NULL,
};

/* The policy that is in force for a driver. */
static enum code
policy_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, struct policy *out)
{
	struct driver d;
	TRY(driver_get(sc, tx, operator_id, driver_id, &d));
	return programme_policy(sc, tx, operator_id, d.programme_id, 0, out);
}

static enum code
check_path(struct scope *sc, const struct policy *p)
{
	if (!p->face_enabled)
		return fail_as(sc, E_DENIED, "face-off", "there are no face checks in this programme");
	return OK;
}

enum code
enrolment_consent_text(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct policy p;
	TRY(policy_of(sc, tx, operator_id, driver_id, &p));
	TRY(check_path(sc, &p));
	json_t *text = json_array();
	for (size_t i = 0; consent_lines[i] != NULL; i++)
		json_array_append_new(text, json_string(consent_lines[i]));
	json_t *o = json_new_object(sc);
	json_put_text(o, "version", CONSENT_TEXT_VERSION);
	json_put_text(o, "purpose", CONSENT_PURPOSE);
	json_put_text(o, "lawful_basis", p.lawful_basis);
	json_put_text(o, "dpia_reference", p.dpia_reference);
	json_put_int(o, "term_days", p.template_days);
	json_put(o, "text", text);
	json_put_text(o, "alternative", consent_lines[0]);
	*out = o;
	return OK;
}

enum code
enrolment_consent(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
		  const char *text_version, struct id *out)
{
	struct policy p;
	TRY(policy_of(sc, tx, operator_id, driver_id, &p));
	TRY(check_path(sc, &p));
	if (!text_eq(text_version, CONSENT_TEXT_VERSION))
		return fail(sc, E_INVALID, "the text has changed: read %s", CONSENT_TEXT_VERSION);
	struct id id = tx_new_id(tx, "enr");
	TRY(sql_run(sc, tx,
		    "INSERT INTO enrolment (operator_id, id, driver_id, state, text_version, purpose, term_days,"
		    " policy_version, consented_ms, enrolled_ms, ends_ms, ended_ms)"
		    " VALUES ($1, $2, $3, 'consented', $4, $5, $6, $7, $8, 0, 0, 0)",
		    VALS(v_text(operator_id), v_text(id.s), v_text(driver_id), v_text(CONSENT_TEXT_VERSION),
			 v_text(CONSENT_PURPOSE), v_int(p.template_days), v_int(p.version), v_int(tx_now_ms(tx))),
		    NULL));
	*out = id;
	return OK;
}

/* --- the template --- */

static const char *
template_row(struct scope *sc, const char *enrolment_id, const char *model)
{
	return scope_printf(sc, "enrolment %s %s", enrolment_id, model);
}

/* Row, key and job go; the consent stays. Says whether there was a template. */
static enum code
destroy(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *why, bool *had)
{
	struct rows *r;
	const char *open = NULL;
	TRY(sql_query(sc, tx, &r,
		      "SELECT id FROM enrolment WHERE operator_id = $1 AND driver_id = $2 AND state = 'enrolled'",
		      VALS(v_text(operator_id), v_text(driver_id))));
	while (row_next(r))
		open = row_text(sc, r, 0);
	TRY(rows_end(sc, r));
	TRY(sql_run(sc, tx,
		    "UPDATE enrolment SET state = 'ended', template = NULL, ended_ms = $3, ended_why = $4"
		    " WHERE operator_id = $1 AND driver_id = $2 AND state = 'enrolled'",
		    VALS(v_text(operator_id), v_text(driver_id), v_int(tx_now_ms(tx)), v_text(why)), NULL));
	TRY(vault_destroy(sc, tx, operator_id, driver_id, KEY_BIOMETRIC));
	if (open != NULL)
		TRY(job_cancel(sc, tx, people_template_job.name, open));
	*had = open != NULL;
	return OK;
}

struct consent_row {
	const char *state;
	int64_t term_days;
};

static enum code
consent_read(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *enrolment_id,
	     struct consent_row *out)
{
	struct rows *r;
	enum code rc = sql_one(
	    sc, tx, &r, "SELECT state, term_days FROM enrolment WHERE operator_id = $1 AND id = $2 AND driver_id = $3",
	    VALS(v_text(operator_id), v_text(enrolment_id), v_text(driver_id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such consent");
	TRY(rc);
	*out = (struct consent_row){row_text(sc, r, 0), row_int(r, 1)};
	return OK;
}

static enum code
decide(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *kind,
       const char *subject, const char *outcome, const char *reason, const json_t *inputs)
{
	struct id id;
	struct decision d = {
	    .operator_id = operator_id,
	    .driver_id = driver_id,
	    .kind = kind,
	    .subject = subject,
	    .rule = "people.enrolment/1",
	    .inputs = inputs,
	    .outcome = outcome,
	    .reason = reason,
	};
	return record_decide(sc, tx, &d, &id);
}

enum code
enrolment_store(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
		const char *enrolment_id, const char *model, const void *template_, size_t n)
{
	struct policy p;
	struct consent_row c;
	uint8_t *sealed;
	size_t sealed_n;
	bool had;
	if (n == 0 || n > TEMPLATE_BYTES_MAX)
		return fail(sc, E_LIMIT, "a template of %zu bytes", n);
	TRY(policy_of(sc, tx, operator_id, driver_id, &p));
	TRY(check_path(sc, &p));
	TRY(consent_read(sc, tx, operator_id, driver_id, enrolment_id, &c));
	if (!text_eq(c.state, "consented"))
		return fail_as(sc, E_CONFLICT, "bad-state", "this consent has been used: give a new one");
	TRY(destroy(sc, tx, operator_id, driver_id, "renewed", &had));
	TRY(vault_seal(sc, tx, k, operator_id, driver_id, KEY_BIOMETRIC, template_row(sc, enrolment_id, model),
		       template_, n, &sealed, &sealed_n));
	int64_t now = tx_now_ms(tx);
	int64_t ends = now + c.term_days * DAY_MS;
	TRY(sql_run(sc, tx,
		    "UPDATE enrolment SET state = 'enrolled', enrolled_ms = $3, ends_ms = $4, model = $5, template = $6"
		    " WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(enrolment_id), v_int(now), v_int(ends), v_text(model),
			 v_blob(sealed, sealed_n)),
		    NULL));
	TRY(job_add(sc, tx, people_template_job.name, operator_id, enrolment_id, ends, NULL));
	json_t *inputs = json_new_object(sc);
	json_put_text(inputs, "consent", enrolment_id);
	json_put_text(inputs, "model", model);
	json_put_time(inputs, "ends", ends);
	return decide(sc, tx, operator_id, driver_id, "enrolment.accept", enrolment_id, "enrolled", "capture-good",
		      inputs);
}

enum code
enrolment_template(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
		   struct enrolment *out)
{
	struct rows *r;
	struct enrolment e;
	size_t sealed_n = 0;
	uint8_t *plain;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT id, model, ends_ms, template FROM enrolment WHERE operator_id = $1"
			       " AND driver_id = $2 AND state = 'enrolled' AND ends_ms > $3",
			       VALS(v_text(operator_id), v_text(driver_id), v_int(tx_now_ms(tx))));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "not-enrolled", "there is no face template");
	TRY(rc);
	e.id = row_text(sc, r, 0);
	e.model = row_text(sc, r, 1);
	e.ends_ms = row_int(r, 2);
	const uint8_t *sealed = row_blob(sc, r, 3, &sealed_n);
	TRY(vault_open(sc, tx, k, operator_id, driver_id, KEY_BIOMETRIC, template_row(sc, e.id, e.model), sealed,
		       sealed_n, &plain, &e.n));
	e.template_ = plain;
	*out = e;
	return OK;
}

static json_t *
consent_json(struct scope *sc, struct rows *r)
{
	json_t *o = json_object();
	json_put_text(o, "id", row_text(sc, r, 0));
	json_put_text(o, "state", row_text(sc, r, 1));
	json_put_text(o, "text_version", row_text(sc, r, 2));
	json_put_text(o, "purpose", row_text(sc, r, 3));
	json_put_int(o, "term_days", row_int(r, 4));
	json_put_time(o, "consented", row_int(r, 5));
	json_put_time(o, "enrolled", row_int(r, 6));
	json_put_time(o, "ends", row_int(r, 7));
	json_put_time(o, "ended", row_int(r, 8));
	json_put_text(o, "ended_why", row_text(sc, r, 9));
	return o;
}

enum code
enrolment_status(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t **out)
{
	struct policy p;
	struct rows *r;
	int64_t since = 0;
	int64_t ends = 0;
	TRY(policy_of(sc, tx, operator_id, driver_id, &p));
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT id, state, text_version, purpose, term_days, consented_ms, enrolled_ms, ends_ms, ended_ms,"
	    " ended_why FROM enrolment WHERE operator_id = $1 AND driver_id = $2 ORDER BY id",
	    VALS(v_text(operator_id), v_text(driver_id))));
	json_t *consents = json_new_array(sc);
	while (row_next(r)) {
		json_array_append_new(consents, consent_json(sc, r));
		if (text_eq(row_text(sc, r, 1), "enrolled")) {
			since = row_int(r, 6);
			ends = row_int(r, 7);
		}
	}
	TRY(rows_end(sc, r));
	json_t *o = json_new_object(sc);
	json_put_bool(o, "available", p.face_enabled);
	json_put_bool(o, "challenge", p.face_enabled && p.face_challenge);
	json_put_bool(o, "lights", p.face_enabled && p.face_lights);
	json_put_bool(o, "enrolled", since != 0);
	json_put_time(o, "since", since);
	json_put_time(o, "ends", ends);
	json_put(o, "consents", json_incref(consents));
	*out = o;
	return OK;
}

enum code
enrolment_end(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *why)
{
	bool had;
	TRY(destroy(sc, tx, operator_id, driver_id, why, &had));
	TRY(liveness_erase(sc, tx, operator_id, driver_id));
	TRY(sql_run(sc, tx,
		    "UPDATE enrolment SET state = 'ended', ended_ms = $3, ended_why = $4"
		    " WHERE operator_id = $1 AND driver_id = $2 AND state = 'consented'",
		    VALS(v_text(operator_id), v_text(driver_id), v_int(tx_now_ms(tx)), v_text(why)), NULL));
	if (!had)
		return OK;
	return decide(sc, tx, operator_id, driver_id, "enrolment.end", driver_id, "destroyed", why, NULL);
}

/* The term is over: the subject is the enrolment, which may have ended otherwise. */
static enum code
template_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	struct rows *r;
	(void)ctx;
	(void)result;
	enum code rc = sql_one(
	    sc, tx, &r, "SELECT driver_id FROM enrolment WHERE operator_id = $1 AND id = $2 AND state = 'enrolled'",
	    VALS(v_text(job->operator_id), v_text(job->subject)));
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		return OK;
	}
	TRY(rc);
	return enrolment_end(sc, tx, job->operator_id, row_text(sc, r, 0), "term");
}

const struct job_kind people_template_job = {"people.template", NULL, template_commit, NULL};
