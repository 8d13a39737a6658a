/* The recipient's side: a link, what she may know, and what she may ask for.
 *
 *	token  = operator's 26 digits "." base64url( key_mac("track/1 " operator " " shipment)[0..16) )
 *	track  = key_mac("track-find/1 " token)     in the row, to find it by
 *
 * The token is computed whenever it is needed and stored nowhere. */
#include "freight/freight_rows.h"
#include "store/event.h"

#define TRACK_BYTES 16
#define RESCHEDULE_DAYS_MAX 14

char *
tracking_token(struct scope *sc, struct keys *k, const char *operator_id, const char *shipment_id)
{
	uint8_t mac[32];
	char *text = scope_printf(sc, "track/1 %s %s", operator_id, shipment_id);
	key_mac(k, KEY_TOKEN, text, strlen(text), mac);
	return token_text(sc, operator_id, mac, TRACK_BYTES);
}

static void
find_mac(struct scope *sc, struct keys *k, const char *token, uint8_t mac[static 32])
{
	char *text = scope_printf(sc, "track-find/1 %s", token);
	key_mac(k, KEY_TOKEN, text, strlen(text), mac);
}

void
tracking_mac(struct scope *sc, struct keys *k, const char *operator_id, const char *shipment_id, uint8_t mac[static 32])
{
	find_mac(sc, k, tracking_token(sc, k, operator_id, shipment_id), mac);
}

enum code
tracking_find(struct scope *sc, struct tx *tx, struct keys *k, const char *token, const char **operator_id,
	      const char **shipment_id)
{
	const char *op;
	uint8_t secret[TRACK_BYTES];
	uint8_t mac[32];
	struct rows *r;
	if (token_split(sc, token, &op, secret, sizeof secret) != OK)
		return fail(sc, E_NOT_FOUND, "there is no such link");
	find_mac(sc, k, token_text(sc, op, secret, sizeof secret), mac);
	enum code rc = sql_one(sc, tx, &r, "SELECT id FROM shipment WHERE operator_id = $1 AND track = $2",
			       VALS(v_text(op), v_blob(mac, sizeof mac)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such link");
	TRY(rc);
	*operator_id = op;
	*shipment_id = row_text(sc, r, 0);
	return OK;
}

static const char *const notice[] = {
    "The sender gave us your name, address and contact so that we can deliver; the driver sees them while she is on "
    "her way to you.",
    "Where nobody is there, a photograph may prove the delivery. Faces and number plates are blurred. If you object, "
    "a code replaces it.",
    "30 days after the delivery your data and the photograph are destroyed.",
    "You can ask what we hold, have it corrected, or complain to your data protection authority.",
    NULL,
};

static bool
is_open(const struct shipment *s)
{
	return !shipment_ended(s->state);
}

static bool
may_reschedule(const struct shipment *s)
{
	return s->state == SHIPMENT_CREATED || s->state == SHIPMENT_AT_STATION;
}

/* States and times; who moved it is nobody's business here. */
static enum code
history_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT state, at_ms FROM shipment_history WHERE operator_id = $1 AND shipment_id = $2 ORDER BY n",
	    VALS(v_text(operator_id), v_text(shipment_id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *o = json_object();
		json_put_text(o, "state", row_text(sc, r, 0));
		json_put_time(o, "at", row_int(r, 1));
		json_array_append_new(list, o);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

static json_t *
lines_json(const char *const lines[])
{
	json_t *list = json_array();
	for (size_t i = 0; lines[i] != NULL; i++)
		json_array_append_new(list, json_string(lines[i]));
	return list;
}

enum code
tracking_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *shipment_id,
	      json_t **out)
{
	struct shipment s;
	struct operator o;
	struct recipient who;
	json_t *history;
	TRY(freight_get(sc, tx, operator_id, shipment_id, &s));
	TRY(operator_get(sc, tx, operator_id, &o));
	TRY(recipient_open(sc, tx, k, operator_id, shipment_id, &who));
	TRY(history_json(sc, tx, operator_id, shipment_id, &history));
	json_t *window = json_object();
	json_put_time(window, "earliest", s.earliest_ms);
	json_put_time(window, "latest", s.latest_ms);
	json_t *op = json_object();
	json_put_text(op, "name", o.name);
	json_put_text(op, "contact", o.contact);
	json_t *may = json_object();
	json_put_bool(may, "object", is_open(&s) && s.proof != PROOF_CODE);
	json_put_bool(may, "reschedule", may_reschedule(&s));
	json_t *t = json_new_object(sc);
	json_put_text(t, "reference", s.reference);
	json_put_text(t, "state", shipment_words[s.state]);
	json_put_text(t, "day", s.day);
	json_put(t, "window", window);
	json_put_int(t, "attempts", s.attempts);
	json_put_int(t, "parcels", s.parcels);
	json_put_text(t, "proof", proof_words[s.proof]);
	json_put_text(t, "code", is_open(&s) ? who.code : NULL);
	json_put(t, "history", json_incref(history));
	json_put(t, "operator", op);
	json_put(t, "notice", lines_json(notice));
	json_put(t, "may", may);
	*out = t;
	return OK;
}

enum code
tracking_object(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *shipment_id)
{
	struct shipment s;
	struct recipient who;
	TRY(freight_get(sc, tx, operator_id, shipment_id, &s));
	TRY(recipient_open(sc, tx, k, operator_id, shipment_id, &who)); /* there is a code to show instead */
	if (!is_open(&s))
		return fail_as(sc, E_CONFLICT, "bad-state", "the delivery is over");
	if (s.proof == PROOF_CODE)
		return OK;
	TRY(sql_run(sc, tx, "UPDATE shipment SET proof = 'code' WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(shipment_id)), NULL));
	json_t *data = json_new_object(sc);
	json_put_text(data, "proof", "code");
	return event_emit(sc, tx, operator_id, NULL, FOR_STAFF, "shipment.proof", shipment_id, data);
}

/* The same wall time, so many days later. */
static enum code
later_by_days(struct scope *sc, const char *zone, int64_t at_ms, int64_t days, int64_t *out)
{
	int64_t before;
	TRY(zone_offset_ms(sc, zone, at_ms, &before));
	return zone_to_utc(sc, zone, at_ms + before + days * DAY_MS, out);
}

enum code
tracking_reschedule(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id, int64_t days)
{
	struct shipment s;
	struct station station;
	int64_t earliest;
	int64_t latest;
	char day[DATE_TEXT_MAX];
	if (days < 1 || days > RESCHEDULE_DAYS_MAX)
		return fail_as(sc, E_INVALID, "bad-field", "\"days\": 1 to %d", RESCHEDULE_DAYS_MAX);
	TRY(freight_get(sc, tx, operator_id, shipment_id, &s));
	if (!may_reschedule(&s))
		return fail_as(sc, E_CONFLICT, "bad-state", "it is too late for another day: the tour is planned");
	TRY(station_get(sc, tx, operator_id, s.station_id, &station));
	TRY(later_by_days(sc, station.zone, s.earliest_ms, days, &earliest));
	TRY(later_by_days(sc, station.zone, s.latest_ms, days, &latest));
	TRY(zone_date(sc, station.zone, earliest, day));
	TRY(sql_run(sc, tx,
		    "UPDATE shipment SET earliest_ms = $3, latest_ms = $4, day = $5 WHERE operator_id = $1 AND id = $2",
		    VALS(v_text(operator_id), v_text(shipment_id), v_int(earliest), v_int(latest), v_text(day)), NULL));
	json_t *data = json_new_object(sc);
	json_put_text(data, "day", day);
	return event_emit(sc, tx, operator_id, NULL, FOR_STAFF, "shipment.rescheduled", shipment_id, data);
}
