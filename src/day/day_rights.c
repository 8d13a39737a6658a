/* Her rights across all rooms: everything as one file, and everything gone. */
#include "day/day.h"

#include "freight/freight.h"
#include "offer/offer.h"

struct export_call {
	struct house *h;
	const char *operator_id, *driver_id;
	json_t *into;
};

static enum code
export_rooms(struct scope *sc, struct tx *tx, void *arg)
{
	const struct export_call *c = arg;
	json_t *into = c->into;
	json_put_text(into, "format", "waybill-export/1");
	json_put_text(into, "driver_id", c->driver_id);
	json_put_time(into, "made_at", tx_now_ms(tx));
	TRY(people_export(sc, tx, c->h->keys, c->operator_id, c->driver_id, into));
	TRY(record_export(sc, tx, c->operator_id, c->driver_id, into));
	TRY(offer_export(sc, tx, c->operator_id, c->driver_id, into));
	TRY(freight_export(sc, tx, c->operator_id, c->driver_id, into));
	TRY(duty_export(sc, tx, c->operator_id, c->driver_id, into));
	TRY(positions_export(sc, tx, c->operator_id, c->driver_id, into));
	return pay_export(sc, tx, c->operator_id, c->driver_id, into);
}

enum code
day_export(struct scope *sc, struct house *h, const char *operator_id, const char *driver_id, json_t **out)
{
	struct export_call c = {h, operator_id, driver_id, json_new_object(sc)};
	TRY(store_read(sc, h->store, export_rooms, &c));
	*out = c.into;
	return OK;
}

enum code
day_leave_check(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	const char *duty_id;
	enum code rc = duty_current(sc, tx, operator_id, driver_id, &duty_id);
	if (rc == OK)
		return fail_as(sc, E_CONFLICT, "duty-open",
			       "close your duty first: parcels are waiting for their people");
	if (rc == E_NOT_FOUND) {
		error_clear(sc);
		return OK;
	}
	return rc;
}

static void
kept(json_t *list, const char *what, const char *why, int64_t until_ms)
{
	json_t *o = json_object();
	json_put_text(o, "what", what);
	json_put_text(o, "why", why);
	json_put_time(o, "until", until_ms);
	json_array_append_new(list, o);
}

static json_t *
receipt_json(struct scope *sc, const char *driver_id, int64_t now_ms, int64_t statutory_days)
{
	static const char *const erased[] = {"name, birth date, contacts", "devices and sessions",
					     "face template and its key",  "positions",
					     "delivery photographs",	   "check-ins",
					     "requests and decisions",	   NULL};
	json_t *o = json_new_object(sc);
	json_t *gone = json_array();
	json_t *stays = json_array();
	for (size_t i = 0; erased[i] != NULL; i++)
		json_array_append_new(gone, json_string(erased[i]));
	kept(stays, "statements and ledger entries, under a pseudonym", "tax and labour law",
	     now_ms + statutory_days * INT64_C(86400000));
	kept(stays, "consent texts and their dates, without your name", "proof that a face check was agreed to",
	     now_ms + statutory_days * INT64_C(86400000));
	json_put_text(o, "driver_id", driver_id);
	json_put_time(o, "at", now_ms);
	json_put(o, "erased", gone);
	json_put(o, "kept", stays);
	return o;
}

enum code
day_leave_write(struct scope *sc, struct tx *tx, struct house *h, const char *operator_id, const char *driver_id,
		json_t **receipt)
{
	(void)h;
	struct operator op;
	struct id pseudonym = tx_new_id(tx, "psn");
	TRY(day_leave_check(sc, tx, operator_id, driver_id));
	TRY(operator_get(sc, tx, operator_id, &op));
	TRY(duty_release_all(sc, tx, operator_id, driver_id)); /* what was planned for her waits for somebody else */
	TRY(offer_erase(sc, tx, operator_id, driver_id));
	TRY(duty_erase(sc, tx, operator_id, driver_id, pseudonym.s));
	TRY(pay_erase(sc, tx, operator_id, driver_id, pseudonym.s));
	TRY(freight_erase(sc, tx, operator_id, driver_id));
	TRY(people_erase(sc, tx, operator_id, driver_id));
	TRY(record_erase(sc, tx, operator_id, driver_id)); /* last: ending an enrolment is a decision, too */
	*receipt = receipt_json(sc, driver_id, tx_now_ms(tx), op.statutory_days > 0 ? op.statutory_days : 2557);
	return OK;
}

enum code
day_leave_positions(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id)
{
	return positions_erase(sc, tx, operator_id, driver_id);
}
