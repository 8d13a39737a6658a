/* Leaving: everything she told in one file, and then the keys are destroyed.
 *
 *	biometric  at once                   template
 *	account    at once                   name, birth date, contacts, phones, sessions
 *	statutory  after the term            name and birth date, for tax and labour law
 *
 * Consents stay, without a name, as proof that templates were given freely,
 * until the same term ends. */
#include "people/access.h"
#include "people/appeal_picture.h"
#include "people/enrolment.h"
#include "people/liveness.h"
#include "people/people_rows.h"
#include "people/vault.h"
#include "store/event.h"

enum code
people_export(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	      json_t *into)
{
	json_t *self;
	json_t *statutory;
	json_t *challenges;
	TRY(driver_json(sc, tx, k, operator_id, driver_id, VIEW_SELF, &self));
	TRY(driver_statutory(sc, tx, k, operator_id, driver_id, &statutory));
	TRY(liveness_json(sc, tx, operator_id, driver_id, &challenges));
	json_put(into, "face_challenges", json_incref(challenges));
	json_put(into, "driver", json_incref(self));
	json_put(into, "statutory", json_incref(statutory));
	return OK;
}

static enum code
mark_left(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	return sql_run(sc, tx,
		       "UPDATE driver SET state = 'left', left_ms = $3, personal = NULL, language = 'en'"
		       " WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(driver_id), v_int(tx_now_ms(tx))), NULL);
}

enum code
people_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	struct driver d;
	struct operator o;
	TRY(driver_get(sc, tx, operator_id, driver_id, &d));
	TRY(operator_get(sc, tx, operator_id, &o));
	if (d.state == DRIVER_LEFT)
		return OK;
	TRY(enrolment_end(sc, tx, operator_id, driver_id, "left"));
	TRY(appeal_pictures_erase(sc, tx, operator_id, driver_id));
	TRY(vault_destroy(sc, tx, operator_id, driver_id, KEY_ACCOUNT));
	TRY(sessions_end(sc, tx, operator_id, driver_id));
	TRY(sql_run(sc, tx, "DELETE FROM device WHERE operator_id = $1 AND driver_id = $2",
		    VALS(v_text(operator_id), v_text(driver_id)), NULL));
	TRY(job_cancel(sc, tx, people_suspension_job.name, driver_id));
	TRY(mark_left(sc, tx, operator_id, driver_id));
	TRY(job_add(sc, tx, people_statutory_job.name, operator_id, driver_id,
		    tx_now_ms(tx) + o.statutory_days * DAY_MS, NULL));
	return event_emit(sc, tx, operator_id, NULL, FOR_STAFF, "driver.left", driver_id, NULL);
}

static enum code
statutory_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	TRY(vault_destroy(sc, tx, job->operator_id, job->subject, KEY_STATUTORY));
	TRY(sql_run(sc, tx, "DELETE FROM enrolment WHERE operator_id = $1 AND driver_id = $2",
		    VALS(v_text(job->operator_id), v_text(job->subject)), NULL));
	return sql_run(sc, tx, "UPDATE driver SET statutory = NULL WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(job->operator_id), v_text(job->subject)), NULL);
}

const struct job_kind people_statutory_job = {"people.statutory", NULL, statutory_commit, NULL};
