/* How far a shipment has come: the arrows of freight.h and nothing else. */
#include "freight/freight_rows.h"
#include "store/event.h"

#include <sodium.h>

#define CODE_TRIES_MAX 5

#define TO(state) (1u << (state))
static const unsigned arrows[SHIPMENT_STATES] = {
    [SHIPMENT_CREATED] = TO(SHIPMENT_AT_STATION) | TO(SHIPMENT_CANCELLED),
    [SHIPMENT_AT_STATION] = TO(SHIPMENT_PLANNED) | TO(SHIPMENT_RETURNED) | TO(SHIPMENT_CANCELLED),
    [SHIPMENT_PLANNED] = TO(SHIPMENT_LOADED) | TO(SHIPMENT_AT_STATION) | TO(SHIPMENT_CANCELLED),
    [SHIPMENT_LOADED] = TO(SHIPMENT_DELIVERED) | TO(SHIPMENT_FAILED) | TO(SHIPMENT_AT_STATION),
    [SHIPMENT_FAILED] = TO(SHIPMENT_LOADED) | TO(SHIPMENT_AT_STATION) | TO(SHIPMENT_RETURNED),
};

bool
shipment_may_move(enum shipment_state from, enum shipment_state to)
{
	return (arrows[from] & TO(to)) != 0;
}

bool
shipment_ended(enum shipment_state s)
{
	return arrows[s] == 0;
}

/* --- reading --- */

static int
word_at(const char *const words[], const char *word)
{
	for (int i = 0; words[i] != NULL; i++)
		if (text_eq(words[i], word))
			return i;
	return -1;
}

enum code
shipment_read(struct scope *sc, struct rows *r, struct shipment *out)
{
	int state = word_at(shipment_words, row_text(sc, r, 4));
	int proof = word_at(proof_words, row_text(sc, r, 5));
	if (state < 0 || proof < 0)
		return fail(sc, E_CORRUPT, "a shipment's state or proof is no word of ours");
	*out = (struct shipment){
	    .id = row_text(sc, r, 0),
	    .reference = row_text(sc, r, 1),
	    .station_id = row_text(sc, r, 2),
	    .day = row_text(sc, r, 3),
	    .state = (enum shipment_state)state,
	    .proof = (enum proof_kind)proof,
	    .place = {(int32_t)row_int(r, 6), (int32_t)row_int(r, 7)},
	    .earliest_ms = row_int(r, 8),
	    .latest_ms = row_int(r, 9),
	    .service_s = row_int(r, 10),
	    .weight_g = row_int(r, 11),
	    .volume_ml = row_int(r, 12),
	    .parcels = row_int(r, 13),
	    .attempts = row_int(r, 14),
	    .duty_id = row_text(sc, r, 15),
	    .placing = {row_text(sc, r, 19), row_text(sc, r, 20), row_int(r, 21)},
	};
	return OK;
}

enum code
freight_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, struct shipment *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT " SHIPMENT_COLUMNS " WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such shipment");
	TRY(rc);
	return shipment_read(sc, r, out);
}

/* All rows of a query into one array. */
static enum code
read_all(struct scope *sc, struct rows *r, struct shipment **out, size_t *n)
{
	size_t cap = 64;
	size_t len = 0;
	struct shipment *list = NEW_ARRAY(sc, cap, struct shipment);
	while (row_next(r)) {
		if (len == cap) {
			struct shipment *more = NEW_ARRAY(sc, cap * 2, struct shipment);
			memcpy(more, list, len * sizeof *list);
			list = more;
			cap *= 2;
		}
		TRY(shipment_read(sc, r, &list[len]));
		len++;
	}
	TRY(rows_end(sc, r));
	*out = list;
	*n = len;
	return OK;
}

enum code
freight_waiting(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, const char *day,
		enum shipment_state state, size_t max, struct shipment **out, size_t *n)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT " SHIPMENT_COLUMNS " WHERE operator_id = $1 AND station_id = $2 AND state = $3"
		      " AND (CAST($4 AS TEXT) IS NULL OR day <= $4) ORDER BY day, seq LIMIT $5",
		      VALS(v_text(operator_id), v_text(station_id), v_text(shipment_words[state]), v_text(day),
			   v_int((int64_t)max))));
	return read_all(sc, r, out, n);
}

enum code
freight_of_duty(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id, struct shipment **out,
		size_t *n)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r, "SELECT " SHIPMENT_COLUMNS " WHERE operator_id = $1 AND duty_id = $2 ORDER BY seq",
		      VALS(v_text(operator_id), v_text(duty_id))));
	return read_all(sc, r, out, n);
}

/* --- moving --- */

static bool
needs_reason(enum shipment_state to)
{
	return to == SHIPMENT_FAILED || to == SHIPMENT_RETURNED || to == SHIPMENT_CANCELLED;
}

static enum code
check_move(struct scope *sc, const struct shipment *s, const struct move *m)
{
	if (!shipment_may_move(s->state, m->to))
		return fail_as(sc, E_CONFLICT, "bad-state", "a shipment that is %s cannot become %s",
			       shipment_words[s->state], shipment_words[m->to]);
	if (m->to == SHIPMENT_PLANNED && m->duty_id == NULL)
		return fail(sc, E_INVALID, "planned for which duty?");
	if (m->to != SHIPMENT_PLANNED && m->duty_id != NULL && s->duty_id != NULL && !text_eq(m->duty_id, s->duty_id))
		return fail_as(sc, E_CONFLICT, "other-van", "this shipment belongs to another tour");
	if (needs_reason(m->to) && (m->reason == NULL || m->reason[0] == '\0'))
		return fail_as(sc, E_INVALID, "bad-field", "\"reason\": say why it was %s", shipment_words[m->to]);
	return OK;
}

/* The duty that the shipment belongs to after the move. */
static const char *
duty_after(const struct shipment *s, const struct move *m)
{
	if (m->to == SHIPMENT_AT_STATION)
		return NULL;
	return m->to == SHIPMENT_PLANNED ? m->duty_id : s->duty_id;
}

/* Parcels follow their shipment where it was moved as a whole. */
static enum code
move_parcels(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id, enum shipment_state to)
{
	const char *sql = NULL;
	if (to == SHIPMENT_AT_STATION)
		sql = "UPDATE parcel SET loaded_ms = 0, at_station_ms = CASE WHEN at_station_ms = 0 THEN $3"
		      " ELSE at_station_ms END WHERE operator_id = $1 AND shipment_id = $2";
	if (to == SHIPMENT_LOADED)
		sql = "UPDATE parcel SET loaded_ms = $3 WHERE operator_id = $1 AND shipment_id = $2 AND loaded_ms = 0";
	if (sql == NULL)
		return OK;
	return sql_run(sc, tx, sql, VALS(v_text(operator_id), v_text(shipment_id), v_int(tx_now_ms(tx))), NULL);
}

static enum code
tell_staff(struct scope *sc, struct tx *tx, const char *operator_id, const struct shipment *s, const struct move *m)
{
	json_t *data = json_new_object(sc);
	json_put_text(data, "state", shipment_words[m->to]);
	json_put_text(data, "reference", s->reference);
	json_put_text(data, "duty", m->to == SHIPMENT_PLANNED ? m->duty_id : s->duty_id);
	json_put_text(data, "reason", m->reason);
	return event_emit(sc, tx, operator_id, NULL, FOR_STAFF, "shipment.state", s->id, data);
}

static enum code
apply_move(struct scope *sc, struct tx *tx, const char *operator_id, const struct shipment *s, const struct move *m)
{
	int64_t now = tx_now_ms(tx);
	int64_t ended = shipment_ended(m->to) ? now : 0;
	TRY(sql_run(sc, tx,
		    "UPDATE shipment SET state = $3, duty_id = $4, attempts = attempts + $5, ended_ms = $6"
		    " WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(s->id), v_text(shipment_words[m->to]), v_text(duty_after(s, m)),
			 v_int(m->to == SHIPMENT_FAILED || m->to == SHIPMENT_DELIVERED), v_int(ended)),
		    NULL));
	TRY(move_parcels(sc, tx, operator_id, s->id, m->to));
	TRY(history_add(sc, tx, operator_id, s->id, m->to, m->by, m->to == SHIPMENT_PLANNED ? m->duty_id : s->duty_id,
			m->reason));
	if (ended != 0)
		TRY(job_add(sc, tx, freight_forget_job.name, operator_id, s->id, now + FORGET_AFTER_MS, NULL));
	return OK;
}

enum code
freight_move(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id, const struct move *m)
{
	struct shipment s;
	TRY(freight_get(sc, tx, operator_id, shipment_id, &s));
	TRY(check_move(sc, &s, m));
	TRY(apply_move(sc, tx, operator_id, &s, m));
	return tell_staff(sc, tx, operator_id, &s, m);
}

enum code
freight_receive_part(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, const char *day,
		     const char *by, size_t max, int64_t *moved)
{
	struct shipment *list;
	size_t n;
	struct move m = {.to = SHIPMENT_AT_STATION, .by = by};
	TRY(freight_waiting(sc, tx, operator_id, station_id, day, SHIPMENT_CREATED, max, &list, &n));
	for (size_t i = 0; i < n; i++)
		TRY(apply_move(sc, tx, operator_id, &list[i], &m));
	*moved = (int64_t)n;
	return OK;
}

enum code
freight_received(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, const char *day,
		 int64_t moved)
{
	json_t *data = json_new_object(sc);
	json_put_text(data, "day", day);
	json_put_int(data, "shipments", moved);
	return event_emit(sc, tx, operator_id, NULL, FOR_STAFF, "freight.received", station_id, data);
}

enum code
freight_receive(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, const char *day,
		const char *by, int64_t *moved)
{
	int64_t n;
	TRY(freight_receive_part(sc, tx, operator_id, station_id, day, by, CSV_ROWS_MAX * 10, &n));
	TRY(freight_received(sc, tx, operator_id, station_id, day, n));
	*moved = n;
	return OK;
}

/* --- scanning --- */

static enum code
parcel_find(struct scope *sc, struct tx *tx, const char *operator_id, const char *barcode, const char **shipment_id,
	    int64_t *n)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT shipment_id, n FROM parcel WHERE operator_id = $1 AND barcode = $2",
			       VALS(v_text(operator_id), v_text(barcode)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "nobody knows this barcode here");
	TRY(rc);
	*shipment_id = row_text(sc, r, 0);
	*n = row_int(r, 1);
	return OK;
}

/* Is this scan the one this state waits for, or a repetition of it? */
static enum code
check_scan(struct scope *sc, const struct shipment *s, const char *duty_id)
{
	if (duty_id == NULL) {
		if (s->state == SHIPMENT_CREATED || s->state == SHIPMENT_AT_STATION)
			return OK;
	} else if (s->duty_id != NULL && !text_eq(s->duty_id, duty_id)) {
		return fail_as(sc, E_CONFLICT, "other-van", "this parcel belongs into another van");
	} else if (s->state == SHIPMENT_PLANNED || s->state == SHIPMENT_LOADED) {
		return OK;
	}
	return fail_as(sc, E_CONFLICT, "bad-state", "this parcel is %s: nothing to scan here",
		       shipment_words[s->state]);
}

static enum code
count_scanned(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id, bool van,
	      struct scan *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r,
		    "SELECT COUNT(*), COALESCE(SUM(CASE WHEN at_station_ms <> 0 THEN 1 ELSE 0 END), 0),"
		    " COALESCE(SUM(CASE WHEN loaded_ms <> 0 THEN 1 ELSE 0 END), 0)"
		    " FROM parcel WHERE operator_id = $1 AND shipment_id = $2",
		    VALS(v_text(operator_id), v_text(shipment_id))));
	out->of = row_int(r, 0);
	out->scanned = row_int(r, van ? 2 : 1);
	out->complete = out->scanned == out->of;
	return OK;
}

enum code
freight_scan(struct scope *sc, struct tx *tx, const char *operator_id, const char *barcode, const char *duty_id,
	     const char *by, struct scan *out)
{
	static const char at_station[] =
	    "UPDATE parcel SET at_station_ms = $4 WHERE operator_id = $1 AND shipment_id = $2"
	    " AND n = $3 AND at_station_ms = 0";
	static const char loaded[] = "UPDATE parcel SET loaded_ms = $4 WHERE operator_id = $1 AND shipment_id = $2"
				     " AND n = $3 AND loaded_ms = 0";
	struct shipment s;
	struct scan result = {0};
	int64_t n;
	TRY(parcel_find(sc, tx, operator_id, barcode, &result.shipment_id, &n));
	TRY(freight_get(sc, tx, operator_id, result.shipment_id, &s));
	TRY(check_scan(sc, &s, duty_id));
	TRY(sql_run(sc, tx, duty_id == NULL ? at_station : loaded,
		    VALS(v_text(operator_id), v_text(s.id), v_int(n), v_int(tx_now_ms(tx))), NULL));
	TRY(count_scanned(sc, tx, operator_id, s.id, duty_id != NULL, &result));
	enum shipment_state to = duty_id == NULL ? SHIPMENT_AT_STATION : SHIPMENT_LOADED;
	if (result.complete && s.state != to) {
		struct move m = {.to = to, .by = by};
		TRY(freight_move(sc, tx, operator_id, s.id, &m));
	}
	*out = result;
	return OK;
}

/* --- the recipient's code --- */

static enum code
code_tries(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id, int64_t *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT code_tries FROM shipment WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(shipment_id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such shipment");
	TRY(rc);
	*out = row_int(r, 0);
	return OK;
}

enum code
freight_code_try(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *shipment_id,
		 const char *code, bool *right)
{
	struct recipient who;
	int64_t tries;
	TRY(code_tries(sc, tx, operator_id, shipment_id, &tries));
	if (tries >= CODE_TRIES_MAX)
		return fail_as(sc, E_DENIED, "code-locked", "too many wrong codes: call the desk");
	TRY(recipient_open(sc, tx, k, operator_id, shipment_id, &who));
	size_t n = strlen(who.code);
	bool good = strlen(code) == n && sodium_memcmp(code, who.code, n) == 0;
	TRY(sql_run(sc, tx, "UPDATE shipment SET code_tries = $3 WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(shipment_id), v_int(good ? 0 : tries + 1)), NULL));
	*right = good;
	return OK;
}
