/* Shipments as JSON, and their numbers. */
#include "freight/freight_rows.h"

static json_t *
window_json(const struct shipment *s)
{
	json_t *w = json_object();
	json_put_time(w, "earliest", s->earliest_ms);
	json_put_time(w, "latest", s->latest_ms);
	return w;
}

/* null: the sender gave the place. */
static json_t *
placed_json(const struct placing *p)
{
	if (p->by == NULL)
		return json_null();
	json_t *o = json_object();
	json_put_text(o, "by", p->by);
	json_put_text(o, "kind", p->kind);
	json_put_real(o, "confidence", (double)p->permille / 1000);
	return o;
}

static enum code
parcels_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *id, json_t **out)
{
	struct rows *r;
	TRY(sql_query(sc, tx, &r,
		      "SELECT barcode, weight_g, volume_ml, at_station_ms, loaded_ms FROM parcel"
		      " WHERE operator_id = $1 AND shipment_id = $2 ORDER BY n",
		      VALS(v_text(operator_id), v_text(id))));
	json_t *list = json_new_array(sc);
	while (row_next(r)) {
		json_t *p = json_object();
		json_put_text(p, "barcode", row_text(sc, r, 0));
		json_put_int(p, "weight_g", row_int(r, 1));
		json_put_int(p, "volume_ml", row_int(r, 2));
		json_put_time(p, "at_station", row_int(r, 3));
		json_put_time(p, "loaded", row_int(r, 4));
		json_array_append_new(list, p);
	}
	TRY(rows_end(sc, r));
	*out = list;
	return OK;
}

static json_t *
recipient_json(const struct recipient *who, bool with_email)
{
	json_t *o = json_object();
	json_put_text(o, "name", who->name);
	json_put_text(o, "phone", who->phone);
	if (with_email)
		json_put_text(o, "email", who->email);
	return o;
}

/* Forgotten recipients read as null. */
static enum code
may_open(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id,
	 struct recipient *out, bool *known)
{
	enum code rc = recipient_open(sc, tx, k, operator_id, id, out);
	*known = rc == OK;
	if (rc != E_NOT_FOUND || !text_eq(sc->err.reason, "erased"))
		return rc;
	error_clear(sc);
	return OK;
}

static enum code
shipment_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const struct shipment *s,
	      enum shipment_view view, json_t **out)
{
	struct recipient who = {0};
	bool known;
	json_t *parcels;
	TRY(may_open(sc, tx, k, operator_id, s->id, &who, &known));
	TRY(parcels_json(sc, tx, operator_id, s->id, &parcels));
	json_t *o = json_new_object(sc);
	json_put_text(o, "id", s->id);
	json_put_text(o, "reference", s->reference);
	json_put_text(o, "state", shipment_words[s->state]);
	json_put_text(o, "proof", proof_words[s->proof]);
	json_put(o, "recipient", known ? recipient_json(&who, view != SHIPMENT_FOR_DRIVER) : json_null());
	json_put_text(o, "address", who.address);
	json_put_text(o, "notes", who.notes);
	if (known)
		json_put_place(o, "place", s->place);
	else
		json_put(o, "place", json_null());
	json_put(o, "placed", placed_json(&s->placing));
	json_put(o, "window", window_json(s));
	json_put_int(o, "service_s", s->service_s);
	json_put_int(o, "attempts", s->attempts);
	json_put(o, "parcels", json_incref(parcels));
	if (view != SHIPMENT_FOR_DRIVER) {
		json_put_text(o, "station", s->station_id);
		json_put_text(o, "day", s->day);
		json_put_text(o, "duty", s->duty_id);
		json_put_int(o, "weight_g", s->weight_g);
		json_put_int(o, "volume_ml", s->volume_ml);
	}
	if (view == SHIPMENT_FOR_SENDER)
		json_put_text(o, "tracking", known ? tracking_token(sc, k, operator_id, s->id) : NULL);
	*out = o;
	return OK;
}

enum code
freight_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id,
	     enum shipment_view view, json_t **out)
{
	struct shipment s;
	TRY(freight_get(sc, tx, operator_id, id, &s));
	return shipment_json(sc, tx, k, operator_id, &s, view, out);
}

enum code
freight_list(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *station_id,
	     const char *day, enum shipment_state state, int64_t after_seq, size_t max, json_t **out)
{
	struct rows *r;
	const char *word = state == SHIPMENT_STATES ? NULL : shipment_words[state];
	json_t *items = json_new_array(sc);
	int64_t last = 0;
	bool more = false;
	TRY(sql_query(sc, tx, &r,
		      "SELECT " SHIPMENT_COLUMNS
		      " WHERE operator_id = $1 AND (CAST($2 AS TEXT) IS NULL OR station_id = $2)"
		      " AND (CAST($3 AS TEXT) IS NULL OR day = $3) AND (CAST($4 AS TEXT) IS NULL OR state = $4)"
		      " AND seq > $5 ORDER BY seq LIMIT $6",
		      VALS(v_text(operator_id), v_text(station_id), v_text(day), v_text(word), v_int(after_seq),
			   v_int((int64_t)max + 1))));
	while (row_next(r)) {
		struct shipment s;
		json_t *item;
		more = json_array_size(items) == max;
		if (more)
			break;
		TRY(shipment_read(sc, r, &s));
		TRY(shipment_json(sc, tx, k, operator_id, &s, SHIPMENT_FOR_STAFF, &item));
		json_array_append(items, item);
		last = row_int(r, 16);
	}
	if (!more)
		TRY(rows_end(sc, r));
	json_t *page = json_new_object(sc);
	json_put(page, "items", json_incref(items));
	json_put(page, "next", more ? json_integer(last) : json_null());
	*out = page;
	return OK;
}

enum code
freight_count(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id, const char *day,
	      struct freight_counts *out)
{
	struct rows *r;
	struct freight_counts c = {0};
	TRY(sql_query(
	    sc, tx, &r,
	    "SELECT state, COUNT(*), SUM(parcels), SUM(attempts), SUM(CASE WHEN sealed IS NULL THEN 1 ELSE 0 END)"
	    " FROM shipment WHERE operator_id = $1 AND (CAST($2 AS TEXT) IS NULL OR station_id = $2)"
	    " AND (CAST($3 AS TEXT) IS NULL OR day = $3) GROUP BY state",
	    VALS(v_text(operator_id), v_text(station_id), v_text(day))));
	while (row_next(r)) {
		const char *word = row_text(sc, r, 0);
		for (int i = 0; shipment_words[i] != NULL; i++) {
			if (strcmp(shipment_words[i], word) != 0)
				continue;
			c.shipments[i] = row_int(r, 1);
			c.parcels[i] = row_int(r, 2);
		}
		c.attempts += row_int(r, 3);
		c.forgotten += row_int(r, 4);
	}
	TRY(rows_end(sc, r));
	*out = c;
	return OK;
}

enum code
freight_recount(struct scope *sc, struct tx *tx, const char *operator_id, const char *day, struct freight_proof *out)
{
	struct rows *r;
	struct freight_proof p = {0};
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(*) FROM parcel p JOIN shipment s ON s.operator_id = p.operator_id AND s.id = p.shipment_id"
	    " WHERE s.operator_id = $1 AND s.day = $2",
	    VALS(v_text(operator_id), v_text(day))));
	p.parcels = row_int(r, 0);
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT COUNT(*) FROM shipment s WHERE s.operator_id = $1 AND s.day = $2 AND s.state <> (SELECT h.state"
	    " FROM shipment_history h WHERE h.operator_id = s.operator_id AND h.shipment_id = s.id"
	    " ORDER BY h.n DESC LIMIT 1)",
	    VALS(v_text(operator_id), v_text(day))));
	p.contradicted = row_int(r, 0);
	*out = p;
	return OK;
}
