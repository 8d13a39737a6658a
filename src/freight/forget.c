/* Rights: a driver's part of the histories, and the end of a recipient's data. */
#include "freight/freight_rows.h"

enum code
freight_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, json_t *into)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT shipment_id, state, at_ms, duty_id, reason FROM shipment_history"
		      " WHERE operator_id = $1 AND moved_by = $2 ORDER BY at_ms, shipment_id, n",
		      VALS(v_text(operator_id), v_text(driver_id))));
	json_t *list = json_array();
	json_put(into, "freight", list);
	while (row_next(r)) {
		json_t *o = json_object();
		json_put_text(o, "shipment", row_text(sc, r, 0));
		json_put_text(o, "state", row_text(sc, r, 1));
		json_put_time(o, "at", row_int(r, 2));
		json_put_text(o, "duty", row_text(sc, r, 3));
		json_put_text(o, "reason", row_text(sc, r, 4));
		json_array_append_new(list, o);
	}
	return rows_end(sc, r);
}

enum code
freight_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	return sql_run(sc, tx, "UPDATE shipment_history SET moved_by = NULL WHERE operator_id = $1 AND moved_by = $2",
		       VALS(v_text(operator_id), v_text(driver_id)), NULL);
}

enum code
freight_forget(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id)
{
	struct shipment s;
	TRY(freight_get(sc, tx, operator_id, shipment_id, &s));
	if (!shipment_ended(s.state))
		return fail_as(sc, E_CONFLICT, "bad-state", "the delivery is not over: cancel it first");
	TRY(vault_destroy(sc, tx, operator_id, shipment_id, KEY_PROOF));
	return sql_run(sc, tx,
		       "UPDATE shipment SET sealed = NULL, track = NULL, lat_e7 = NULL, lon_e7 = NULL"
		       " WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(shipment_id)), NULL);
}

static enum code
forget_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	return freight_forget(sc, tx, job->operator_id, job->subject);
}

const struct job_kind freight_forget_job = {"freight.forget", NULL, forget_commit, NULL};
