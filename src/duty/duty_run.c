/* The duty from opening to its last stop: each call is one step of hers, checked against the state it needs. */
#include "duty/duty.h"

#include "base/text.h"
#include "duty/duty_legs.h"
#include "duty/duty_order.h"
#include "duty/duty_rows.h"
#include "freight/freight.h"
#include "offer/offer.h"
#include "people/people.h"
#include "people/vault.h"
#include "record/record.h"
#include "store/event.h"

#define DAY_MS INT64_C(86400000)

static enum code
say(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *kind,
    const char *subject, const char *duty_id)
{
	json_t *data = json_new_object(sc);
	json_put_text(data, "duty_id", duty_id);
	return event_emit(sc, tx, operator_id, driver_id, FOR_BOTH, kind, subject, data);
}

/* --- opening --- */

/* A block without parcels still is a duty: she came, so it counts. */
static enum code
duty_without_plan(struct scope *sc, struct tx *tx, const char *operator_id, const struct award *a, const char **id)
{
	struct station s;
	struct id fresh = tx_new_id(tx, "dty");
	TRY(station_get(sc, tx, operator_id, a->station_id, &s));
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO duty(operator_id, id, driver_id, award_id, block_id, station_id, state, starts_ms, ends_ms,"
	    " planned_ms, pay_plan_id, pay_plan_version, depot_lat_e7, depot_lon_e7, plan_version, plan_origin,"
	    " distance_m, duration_s, back_shape)"
	    " VALUES($1, $2, $3, $4, $5, $6, 'planned', $7, $8, $9, $10, $11, $12, $13, 0, '{}', 0, 0, '')",
	    VALS(v_text(operator_id), v_text(fresh.s), v_text(a->driver_id), v_text(a->id), v_text(a->block_id),
		 v_text(a->station_id), v_int(a->hours.starts_ms), v_int(a->hours.ends_ms), v_int(tx_now_ms(tx)),
		 v_text(a->pay_plan_id), v_int(a->pay_plan_version), v_int(s.place.lat_e7), v_int(s.place.lon_e7)),
	    NULL));
	TRY(job_add(sc, tx, duty_end_job.name, operator_id, fresh.s, a->hours.ends_ms, NULL));
	*id = scope_strdup(sc, fresh.s);
	return OK;
}

static enum code
passed_at(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id, int64_t *at_ms)
{
	struct rows *r;
	enum code rc =
	    sql_one(sc, tx, &r,
		    "SELECT at_ms FROM checkin WHERE operator_id = $1 AND award_id = $2 AND outcome = 'passed'"
		    " ORDER BY at_ms LIMIT 1",
		    VALS(v_text(operator_id), v_text(award_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_CONFLICT, "not-checked-in", "check in at the depot first");
	TRY(rc);
	*at_ms = row_int(r, 0);
	return OK;
}

enum code
duty_open(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *award_id,
	  struct id *out)
{
	struct award a;
	struct rows *r;
	int64_t checked_in_ms;
	const char *id;
	TRY(offer_award_get(sc, tx, operator_id, award_id, &a));
	if (!text_eq(a.driver_id, driver_id))
		return fail_as(sc, E_NOT_FOUND, "no-award", "there is no such award");
	if (a.state != AWARD_CHECKED_IN && a.state != AWARD_HELD)
		return fail_as(sc, E_CONFLICT, "award-state", "this block is not yours any more");
	if (tx_now_ms(tx) >= a.hours.ends_ms)
		return fail_as(sc, E_CONFLICT, "too-late", "the block has ended; the desk can help");
	TRY(duty_driver_may(sc, tx, operator_id, driver_id));
	TRY(passed_at(sc, tx, operator_id, award_id, &checked_in_ms));
	enum code rc = sql_one(
	    sc, tx, &r, "SELECT id, state FROM duty WHERE operator_id = $1 AND award_id = $2 AND state <> 'released'",
	    VALS(v_text(operator_id), v_text(award_id)));
	if (rc == OK && strcmp(row_text(sc, r, 1), "planned") != 0)
		return fail_as(sc, E_CONFLICT, "duty-open", "this duty was opened before");
	if (rc == OK)
		id = row_text(sc, r, 0);
	else if (rc == E_NOT_FOUND)
		TRY(duty_without_plan(sc, tx, operator_id, &a, &id));
	else
		return rc;
	rc = sql_run(sc, tx,
		     "UPDATE duty SET state = 'loading', opened_ms = $3, engaged_from_ms = $4 WHERE operator_id = $1 "
		     "AND id = $2",
		     VALS(v_text(operator_id), v_text(id), v_int(tx_now_ms(tx)), v_int(checked_in_ms)), NULL);
	if (rc == E_CONFLICT)
		return fail_as(sc, E_CONFLICT, "duty-open", "another duty of yours is open: close it first");
	TRY(rc);
	memset(out, 0, sizeof *out);
	memcpy(out->s, id, strlen(id));
	json_t *data = json_new_object(sc);
	json_put_text(data, "duty_id", id);
	json_put_text(data, "station", a.station_id);
	json_put_text(data, "block", a.block_id);
	return event_emit(sc, tx, operator_id, driver_id, FOR_BOTH, "duty.opened", id, data);
}

struct open_duty {
	const char *id, *station_id, *award_id;
	bool driving;
	struct place depot;
	int64_t ends_ms;
};

static enum code
duty_find(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, struct open_duty *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r,
			       "SELECT id, station_id, award_id, state, depot_lat_e7, depot_lon_e7, ends_ms FROM duty"
			       " WHERE operator_id = $1 AND driver_id = $2 AND state IN ('loading','driving')",
			       VALS(v_text(operator_id), v_text(driver_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-duty", "no duty of yours is open");
	TRY(rc);
	*out = (struct open_duty){
	    .id = row_text(sc, r, 0),
	    .station_id = row_text(sc, r, 1),
	    .award_id = row_text(sc, r, 2),
	    .driving = strcmp(row_text(sc, r, 3), "driving") == 0,
	    .depot = {(int32_t)row_int(r, 4), (int32_t)row_int(r, 5)},
	    .ends_ms = row_int(r, 6),
	};
	return OK;
}

enum code
duty_current(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char **duty_id)
{
	struct open_duty d;
	TRY(duty_find(sc, tx, operator_id, driver_id, &d));
	*duty_id = d.id;
	return OK;
}

/* --- loading --- */

static enum code
parcels_left(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, int64_t *left)
{
	struct shipment *list;
	size_t n;
	int64_t sum = 0;
	TRY(freight_of_duty(sc, tx, operator_id, duty_id, &list, &n));
	for (size_t i = 0; i < n; i++)
		if (list[i].state == SHIPMENT_PLANNED)
			sum += list[i].parcels;
	*left = sum;
	return OK;
}

enum code
duty_scan(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *barcode,
	  int64_t *left)
{
	struct open_duty d;
	struct scan scan;
	TRY(duty_find(sc, tx, operator_id, driver_id, &d));
	enum code rc = freight_scan(sc, tx, operator_id, barcode, d.id, driver_id, &scan);
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "not-yours", "no parcel of this duty has this barcode");
	TRY(rc);
	TRY(parcels_left(sc, tx, operator_id, d.id, left));
	*left -= scan.complete ? 0 : scan.scanned;
	return OK;
}

/* Parcels that were not there: their stops go, the shipments wait at the station. */
static enum code
leave_behind(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id)
{
	struct shipment *list;
	size_t n;
	TRY(freight_of_duty(sc, tx, operator_id, duty_id, &list, &n));
	for (size_t i = 0; i < n; i++) {
		if (list[i].state != SHIPMENT_PLANNED)
			continue;
		const struct move back = {.to = SHIPMENT_AT_STATION};
		TRY(freight_move(sc, tx, operator_id, list[i].id, &back));
		TRY(sql_run(
		    sc, tx,
		    "UPDATE stop SET state = 'released' WHERE operator_id = $1 AND duty_id = $2 AND shipment_id = $3",
		    VALS(v_text(operator_id), v_text(duty_id), v_text(list[i].id)), NULL));
	}
	return OK;
}

enum code
duty_depart(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, bool without_missing)
{
	struct open_duty d;
	int64_t left;
	TRY(duty_find(sc, tx, operator_id, driver_id, &d));
	if (d.driving)
		return fail_as(sc, E_CONFLICT, "duty-state", "you are on the road already");
	TRY(parcels_left(sc, tx, operator_id, d.id, &left));
	if (left > 0 && !without_missing)
		return fail_as(sc, E_CONFLICT, "not-loaded", "%" PRId64 " parcels are not scanned yet", left);
	if (left > 0)
		TRY(leave_behind(sc, tx, operator_id, d.id));
	TRY(sql_run(sc, tx, "UPDATE duty SET state = 'driving', departed_ms = $3 WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(d.id), v_int(tx_now_ms(tx))), NULL));
	return say(sc, tx, operator_id, driver_id, "duty.departed", d.id, d.id);
}

/* --- stops --- */

struct open_stop {
	const char *id, *shipment_id, *state;
	struct place place;
	int64_t attempts, arrived_ms; /* 0: not yet */
};

static enum code
stop_find(struct scope *sc, struct tx *tx, const char *operator_id, const struct open_duty *d, const char *stop_id,
	  struct open_stop *out)
{
	struct rows *r;
	enum code rc = sql_one(
	    sc, tx, &r,
	    "SELECT id, shipment_id, state, lat_e7, lon_e7, attempts, arrived_ms FROM stop WHERE operator_id = $1 AND"
	    " id = $2 AND duty_id = $3",
	    VALS(v_text(operator_id), v_text(stop_id), v_text(d->id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-stop", "there is no such stop on this duty");
	TRY(rc);
	*out = (struct open_stop){row_text(sc, r, 0), row_text(sc, r, 1),
				  row_text(sc, r, 2), {(int32_t)row_int(r, 3), (int32_t)row_int(r, 4)},
				  row_int(r, 5),      row_int(r, 6)};
	return OK;
}

/* Both the duty and the stop as a step at the door needs them. */
static enum code
at_the_door(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *stop_id,
	    struct open_duty *d, struct open_stop *s)
{
	TRY(duty_find(sc, tx, operator_id, driver_id, d));
	if (!d->driving)
		return fail_as(sc, E_CONFLICT, "duty-state", "load and depart first");
	TRY(stop_find(sc, tx, operator_id, d, stop_id, s));
	if (strcmp(s->state, "open") != 0 && strcmp(s->state, "arrived") != 0)
		return fail_as(sc, E_CONFLICT, "stop-state", "this stop is done");
	return OK;
}

enum code
stop_arrive(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *stop_id,
	    const struct place *fix_or_null)
{
	struct open_duty d;
	struct open_stop s;
	TRY(at_the_door(sc, tx, operator_id, driver_id, stop_id, &d, &s));
	TRY(sql_run(sc, tx,
		    "UPDATE stop SET state = 'arrived', arrived_ms = COALESCE(arrived_ms, $3) WHERE operator_id = $1 "
		    "AND id = $2",
		    VALS(v_text(operator_id), v_text(stop_id), v_int(tx_now_ms(tx))), NULL));
	if (fix_or_null != NULL && place_distance_m(*fix_or_null, s.place) > 2000) {
		const char *why = scope_printf(sc, "an arrival %.1f km from the door",
					       place_distance_m(*fix_or_null, s.place) / 1000);
		TRY(positions_ask_review(sc, tx, operator_id, driver_id, d.id, why));
	}
	return say(sc, tx, operator_id, driver_id, "stop.arrived", stop_id, d.id);
}

static enum code
attempt_insert(struct scope *sc, struct tx *tx, const char *operator_id, const struct open_duty *d,
	       const struct open_stop *s, enum stop_result result, const char *reason, const char *note, const char *to,
	       const char *proof_kind, const char *proof_id)
{
	struct id id = tx_new_id(tx, "att");
	return sql_run(sc, tx,
		       "INSERT INTO attempt(operator_id, id, stop_id, duty_id, at_ms, result, reason, note, handed_to,"
		       " proof_kind, proof_id, arrived_ms) VALUES($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
		       VALS(v_text(operator_id), v_text(id.s), v_text(s->id), v_text(d->id), v_int(tx_now_ms(tx)),
			    v_text(result == STOP_DELIVERED ? "delivered" : "failed"), v_text(reason), v_text(note),
			    v_text(to), v_text(proof_kind), v_text(proof_id),
			    s->arrived_ms == 0 ? v_null() : v_int(s->arrived_ms)),
		       NULL);
}

static enum code
photo_keep(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *duty_id,
	   const struct proof *p, const char **proof_id)
{
	struct id id = tx_new_id(tx, "prf");
	uint8_t *sealed;
	size_t n;
	TRY(vault_seal(sc, tx, k, operator_id, id.s, KEY_PROOF, id.s, p->photo, p->photo_n, &sealed, &n));
	TRY(sql_run(sc, tx, "INSERT INTO proof(operator_id, id, duty_id, at_ms, sealed) VALUES($1, $2, $3, $4, $5)",
		    VALS(v_text(operator_id), v_text(id.s), v_text(duty_id), v_int(tx_now_ms(tx)), v_blob(sealed, n)),
		    NULL));
	TRY(job_add(sc, tx, duty_proof_job.name, operator_id, id.s, tx_now_ms(tx) + PROOF_DAYS * DAY_MS, NULL));
	*proof_id = scope_strdup(sc, id.s);
	return OK;
}

/* Does this proof do for what the shipment asks? A wrong code must count as a
 * try, so it is answered by *right, not by an error. */
static enum code
proof_check(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const struct shipment *sh,
	    const struct proof *p, bool *right)
{
	bool code = strcmp(p->kind, "code") == 0;
	bool photo = strcmp(p->kind, "photo") == 0;
	*right = true;
	if (code)
		return freight_code_try(sc, tx, k, operator_id, sh->id, p->code, right);
	if (sh->proof == PROOF_CODE)
		return fail_as(sc, E_DENIED, "proof-wanted", "this recipient asks for a code, not a photograph");
	if (sh->proof == PROOF_PHOTO && !photo)
		return fail_as(sc, E_DENIED, "proof-wanted", "this shipment needs a photograph");
	if (!photo && (p->note == NULL || p->note[0] == '\0'))
		return fail_as(sc, E_INVALID, "proof-wanted", "say in a few words why there is no proof");
	return OK;
}

enum code
stop_deliver(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *driver_id,
	     const char *stop_id, const struct proof *proof, bool *right_code)
{
	struct open_duty d;
	struct open_stop s;
	struct shipment sh;
	const char *proof_id = NULL;
	TRY(at_the_door(sc, tx, operator_id, driver_id, stop_id, &d, &s));
	TRY(freight_get(sc, tx, operator_id, s.shipment_id, &sh));
	TRY(proof_check(sc, tx, k, operator_id, &sh, proof, right_code));
	if (!*right_code)
		return OK;
	if (proof->photo != NULL)
		TRY(photo_keep(sc, tx, k, operator_id, d.id, proof, &proof_id));
	const struct move to = {.to = SHIPMENT_DELIVERED, .by = driver_id, .duty_id = d.id};
	TRY(freight_move(sc, tx, operator_id, s.shipment_id, &to));
	TRY(attempt_insert(sc, tx, operator_id, &d, &s, STOP_DELIVERED, NULL, proof->note, proof->to, proof->kind,
			   proof_id));
	TRY(sql_run(sc, tx,
		    "UPDATE stop SET state = 'delivered', attempts = attempts + 1, done_ms = $3,"
		    " arrived_ms = COALESCE(arrived_ms, $3) WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(stop_id), v_int(tx_now_ms(tx))), NULL));
	return say(sc, tx, operator_id, driver_id, "stop.delivered", stop_id, d.id);
}

/* A second attempt makes sense where the door may open later. */
static bool
may_try_again(const char *reason, int64_t attempts_before)
{
	bool nobody = strcmp(reason, "nobody_home") == 0 || strcmp(reason, "no_access") == 0;
	return nobody && attempts_before + 1 < STOP_ATTEMPTS;
}

static enum code
decide_failure(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
	       const struct open_stop *s, const char *reason, bool again)
{
	struct id id;
	json_t *inputs = json_new_object(sc);
	json_put_text(inputs, "reason", reason);
	json_put_int(inputs, "attempts_before", s->attempts);
	json_put_int(inputs, "attempts_most", STOP_ATTEMPTS);
	const struct decision row = {
	    .operator_id = operator_id,
	    .driver_id = driver_id,
	    .kind = "stop.outcome",
	    .subject = s->id,
	    .rule = "duty.attempts/1",
	    .inputs = inputs,
	    .outcome = again ? "second_attempt" : "return",
	    .reason = reason,
	};
	return record_decide(sc, tx, &row, &id);
}

enum code
stop_fail(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *stop_id,
	  const char *reason, const char *note, bool *again)
{
	struct open_duty d;
	struct open_stop s;
	TRY(at_the_door(sc, tx, operator_id, driver_id, stop_id, &d, &s));
	bool second = may_try_again(reason, s.attempts);
	const struct move failed = {.to = SHIPMENT_FAILED, .by = driver_id, .duty_id = d.id, .reason = reason};
	TRY(freight_move(sc, tx, operator_id, s.shipment_id, &failed));
	TRY(attempt_insert(sc, tx, operator_id, &d, &s, STOP_FAILED, reason, note, NULL, NULL, NULL));
	TRY(decide_failure(sc, tx, operator_id, driver_id, &s, reason, second));
	if (second) {
		const struct move reload = {.to = SHIPMENT_LOADED, .by = driver_id, .duty_id = d.id};
		TRY(freight_move(sc, tx, operator_id, s.shipment_id, &reload));
		/* To the end of the round; she may pull it forward by reordering. */
		TRY(sql_run(
		    sc, tx,
		    "UPDATE stop SET state = 'open', attempts = attempts + 1, arrived_ms = NULL, seq = 1 + (SELECT "
		    "MAX(seq)"
		    " FROM stop t WHERE t.operator_id = $1 AND t.duty_id = $3) WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(stop_id), v_text(d.id)), NULL));
	} else {
		TRY(sql_run(sc, tx,
			    "UPDATE stop SET state = 'failed', attempts = attempts + 1, done_ms = $3, reason = $4,"
			    " arrived_ms = COALESCE(arrived_ms, $3) WHERE operator_id = $1 AND id = $2",
			    VALS(v_text(operator_id), v_text(stop_id), v_int(tx_now_ms(tx)), v_text(reason)), NULL));
	}
	*again = second;
	return say(sc, tx, operator_id, driver_id, second ? "stop.postponed" : "stop.failed", stop_id, d.id);
}

/* Tried often enough, or unwanted: back to the sender. Otherwise it waits for tomorrow. */
enum shipment_state
duty_goes_back_to(const struct shipment *sh, const char *reason)
{
	bool hopeless =
	    strcmp(reason, "refused") == 0 || strcmp(reason, "address_wrong") == 0 || strcmp(reason, "damaged") == 0;
	return hopeless || sh->attempts >= STOP_ATTEMPTS ? SHIPMENT_RETURNED : SHIPMENT_AT_STATION;
}

enum code
stop_return(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *stop_id,
	    int64_t *left)
{
	struct open_duty d;
	struct open_stop s;
	struct shipment sh;
	struct rows *r;
	TRY(duty_find(sc, tx, operator_id, driver_id, &d));
	TRY(stop_find(sc, tx, operator_id, &d, stop_id, &s));
	if (strcmp(s.state, "failed") != 0)
		return fail_as(sc, E_CONFLICT, "stop-state", "only what could not be delivered is handed back");
	TRY(sql_one(sc, tx, &r, "SELECT reason FROM stop WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(stop_id))));
	const char *reason = row_text(sc, r, 0);
	TRY(freight_get(sc, tx, operator_id, s.shipment_id, &sh));
	const struct move back = {
	    .to = duty_goes_back_to(&sh, reason), .by = driver_id, .duty_id = d.id, .reason = reason};
	TRY(freight_move(sc, tx, operator_id, s.shipment_id, &back));
	TRY(sql_run(sc, tx, "UPDATE stop SET state = 'returned' WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(stop_id)), NULL));
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(*) FROM stop WHERE operator_id = $1 AND duty_id = $2 AND state = 'failed'",
		    VALS(v_text(operator_id), v_text(d.id))));
	*left = row_int(r, 0);
	return say(sc, tx, operator_id, driver_id, "stop.returned", stop_id, d.id);
}

/* --- her own order --- */

/* The time on the station's wall. */
static enum code
wall_at(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, int64_t *local_ms)
{
	struct station s;
	int64_t offset_ms;
	TRY(station_get(sc, tx, operator_id, station_id, &s));
	TRY(zone_offset_ms(sc, s.zone, tx_now_ms(tx), &offset_ms));
	*local_ms = tx_now_ms(tx) + offset_ms;
	return OK;
}

enum code
duty_legs_read(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
	       const char *const *stop_ids, size_t n, struct duty_legs *out)
{
	struct open_duty d;
	struct rows *r;
	struct duty_legs legs;
	TRY(duty_find(sc, tx, operator_id, driver_id, &d));
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(*) FROM stop WHERE operator_id = $1 AND duty_id = $2 AND state IN ('open','arrived')",
		    VALS(v_text(operator_id), v_text(d.id))));
	if ((size_t)row_int(r, 0) != n)
		return fail_as(sc, E_CONFLICT, "stop-list", "name each of the %" PRId64 " open stops once",
			       row_int(r, 0));
	duty_legs_init(sc, &legs, n, d.depot);
	TRY(wall_at(sc, tx, operator_id, d.station_id, &legs.local_ms));
	for (size_t i = 0; i < n; i++) {
		struct open_stop s;
		TRY(stop_find(sc, tx, operator_id, &d, stop_ids[i], &s));
		for (size_t j = 0; j < i; j++)
			if (strcmp(stop_ids[j], stop_ids[i]) == 0)
				return fail_as(sc, E_CONFLICT, "stop-list", "a stop is named twice");
		if (strcmp(s.state, "open") != 0 && strcmp(s.state, "arrived") != 0)
			return fail_as(sc, E_CONFLICT, "stop-list", "a stop in the list is done");
		TRY(sql_one(sc, tx, &r, "SELECT service_s FROM stop WHERE operator_id = $1 AND id = $2",
			    VALS(v_text(operator_id), v_text(stop_ids[i]))));
		legs.service_s[i] = row_int(r, 0);
		legs.stop_ids[i] = scope_strdup(sc, stop_ids[i]);
		legs.places[i + 1] = s.place;
	}
	/* From the last door she was at, where there is one. */
	enum code rc =
	    sql_one(sc, tx, &r,
		    "SELECT lat_e7, lon_e7 FROM stop WHERE operator_id = $1 AND duty_id = $2 AND done_ms IS NOT NULL"
		    " ORDER BY done_ms DESC LIMIT 1",
		    VALS(v_text(operator_id), v_text(d.id)));
	if (rc == OK)
		legs.places[0] = (struct place){(int32_t)row_int(r, 0), (int32_t)row_int(r, 1)};
	else if (rc != E_NOT_FOUND)
		return rc;
	*out = legs;
	return OK;
}

static enum code
legs_write(struct scope *sc, struct tx *tx, const char *operator_id, const struct duty_legs *legs, int64_t from_seq)
{
	int64_t at_ms = tx_now_ms(tx);
	for (size_t i = 0; i < legs->n; i++) {
		at_ms += legs->duration_s[i] * 1000;
		TRY(sql_run(
		    sc, tx,
		    "UPDATE stop SET seq = $3, eta_ms = $4, shape = $5, leg_m = $6, leg_s = $7 WHERE operator_id = $1"
		    " AND id = $2",
		    VALS(v_text(operator_id), v_text(legs->stop_ids[i]), v_int(from_seq + (int64_t)i), v_int(at_ms),
			 v_text(legs->shape[i]), v_int(legs->distance_m[i]), v_int(legs->duration_s[i])),
		    NULL));
		at_ms += legs->service_s[i] * 1000;
	}
	return OK;
}

/* The same places in the order the plan has them now, beginning where she is. */
static enum code
planned_places(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, struct place here,
	       size_t n, struct place **out)
{
	struct rows *r;
	struct place *places = NEW_ARRAY(sc, n + 1, struct place);
	size_t k = 0;
	places[0] = here;
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT lat_e7, lon_e7 FROM stop WHERE operator_id = $1 AND duty_id = $2 AND state IN ('open','arrived')"
	    " ORDER BY seq",
	    VALS(v_text(operator_id), v_text(duty_id))));
	while (row_next(r) && k < n)
		places[++k] = (struct place){(int32_t)row_int(r, 0), (int32_t)row_int(r, 1)};
	TRY(rows_end(sc, r));
	*out = places;
	return OK;
}

enum code
duty_reorder(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
	     const struct duty_legs *legs)
{
	struct open_duty d;
	struct rows *r;
	struct duty_legs now;
	struct place *before;
	TRY(duty_find(sc, tx, operator_id, driver_id, &d));
	TRY(duty_legs_read(sc, tx, operator_id, driver_id, legs->stop_ids, legs->n, &now)); /* still the same stops? */
	TRY(planned_places(sc, tx, operator_id, d.id, now.places[0], now.n, &before));
	TRY(order_note(sc, tx, operator_id, d.station_id, before, now.places, now.n + 1));
	TRY(sql_one(sc, tx, &r, "SELECT COALESCE(MAX(seq), 0) FROM stop WHERE operator_id = $1 AND duty_id = $2",
		    VALS(v_text(operator_id), v_text(d.id))));
	TRY(legs_write(sc, tx, operator_id, legs, row_int(r, 0) + 1));
	TRY(sql_run(sc, tx,
		    "UPDATE duty SET plan_version = plan_version + 1, speeds_version = $5, back_shape = $3, distance_m "
		    "= $4 + (SELECT"
		    " COALESCE(SUM(leg_m), 0) FROM stop s WHERE s.operator_id = $1 AND s.duty_id = $2 AND s.state <> "
		    "'released')"
		    " WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(d.id), v_text(legs->n > 0 ? legs->shape[legs->n] : ""),
			 v_int(legs->distance_m[legs->n]), v_int(legs->speeds_version)),
		    NULL));
	json_t *data = json_new_object(sc);
	json_put_text(data, "duty_id", d.id);
	json_put_text(data, "times_by", legs->times_by);
	return event_emit(sc, tx, operator_id, driver_id, FOR_BOTH, "plan.reordered", d.id, data);
}

/* --- keeping proofs --- */

enum code
proof_photo(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *proof_id,
	    uint8_t **jpeg, size_t *n)
{
	struct rows *r;
	size_t sealed_n;
	enum code rc = sql_one(sc, tx, &r, "SELECT sealed FROM proof WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(proof_id)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-proof",
			       "there is no such photograph (they are deleted after %d days)", PROOF_DAYS);
	TRY(rc);
	const uint8_t *sealed = row_blob(sc, r, 0, &sealed_n);
	return vault_open(sc, tx, k, operator_id, proof_id, KEY_PROOF, proof_id, sealed, sealed_n, jpeg, n);
}

static enum code
proof_delete(struct scope *sc, struct tx *tx, const char *operator_id, const char *proof_id)
{
	TRY(vault_destroy(sc, tx, operator_id, proof_id, KEY_PROOF));
	return sql_run(sc, tx, "DELETE FROM proof WHERE operator_id = $1 AND id = $2",
		       VALS(v_text(operator_id), v_text(proof_id)), NULL);
}

static enum code
proof_job_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	return proof_delete(sc, tx, job->operator_id, job->subject);
}
const struct job_kind duty_proof_job = {"duty.proof", NULL, proof_job_commit, NULL};

/* --- the rights --- */

enum code
duty_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id, const char *pseudonym)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT p.id FROM proof p JOIN duty d ON d.operator_id = p.operator_id AND d.id = p.duty_id WHERE"
		      " p.operator_id = $1 AND d.driver_id = $2",
		      VALS(v_text(operator_id), v_text(driver_id))));
	while (row_next(r))
		TRY(vault_destroy(sc, tx, operator_id, row_text(sc, r, 0), KEY_PROOF));
	TRY(rows_end(sc, r));
	TRY(sql_run(
	    sc, tx,
	    "DELETE FROM proof WHERE operator_id = $1 AND duty_id IN (SELECT id FROM duty WHERE operator_id = $1 AND"
	    " driver_id = $2)",
	    VALS(v_text(operator_id), v_text(driver_id)), NULL));
	TRY(sql_run(sc, tx, "DELETE FROM checkin WHERE operator_id = $1 AND driver_id = $2",
		    VALS(v_text(operator_id), v_text(driver_id)), NULL));
	TRY(sql_run(sc, tx,
		    "UPDATE attempt SET note = NULL WHERE operator_id = $1 AND duty_id IN (SELECT id FROM duty WHERE"
		    " operator_id = $1 AND driver_id = $2)",
		    VALS(v_text(operator_id), v_text(driver_id)), NULL));
	return sql_run(sc, tx, "UPDATE duty SET driver_id = $3 WHERE operator_id = $1 AND driver_id = $2",
		       VALS(v_text(operator_id), v_text(driver_id), v_text(pseudonym)), NULL);
}
