/* New shipments into the tables. What could collide with rows that are there is
 * asked before anything is written, so that a file's faults can be listed. */
#include "freight/freight_rows.h"
#include "store/event.h"

#include <sodium.h>

/* --- what the recipient told --- */

static const char *
row_name(struct scope *sc, const char *shipment_id)
{
	return scope_printf(sc, "shipment %s", shipment_id);
}

enum code
recipient_seal(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *shipment_id,
	       const struct recipient *in, struct val *out)
{
	uint8_t *sealed;
	size_t n;
	json_t *o = json_new_object(sc);
	json_put_text(o, "name", in->name);
	json_put_text(o, "phone", in->phone);
	json_put_text(o, "email", in->email);
	json_put_text(o, "address", in->address);
	json_put_text(o, "notes", in->notes);
	json_put_text(o, "code", in->code);
	const char *text = json_canonical(sc, o);
	TRY(vault_seal(sc, tx, k, operator_id, shipment_id, KEY_PROOF, row_name(sc, shipment_id), text, strlen(text),
		       &sealed, &n));
	*out = v_blob(sealed, n);
	return OK;
}

enum code
recipient_open(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *shipment_id,
	       struct recipient *out)
{
	struct rows *r;
	uint8_t *plain;
	size_t n;
	size_t sealed_n = 0;
	json_t *o;
	enum code rc = sql_one(sc, tx, &r, "SELECT sealed FROM shipment WHERE operator_id = $1 AND id = $2",
			       VALS(v_text(operator_id), v_text(shipment_id)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "there is no such shipment");
	TRY(rc);
	const uint8_t *sealed = row_blob(sc, r, 0, &sealed_n);
	if (sealed == NULL)
		return fail_as(sc, E_NOT_FOUND, "erased", "the recipient's data have been destroyed");
	TRY(vault_open(sc, tx, k, operator_id, shipment_id, KEY_PROOF, row_name(sc, shipment_id), sealed, sealed_n,
		       &plain, &n));
	TRY(json_parse(sc, plain, n, &o));
	*out = (struct recipient){
	    .name = json_string_value(json_object_get(o, "name")),
	    .phone = json_string_value(json_object_get(o, "phone")),
	    .email = json_string_value(json_object_get(o, "email")),
	    .address = json_string_value(json_object_get(o, "address")),
	    .notes = json_string_value(json_object_get(o, "notes")),
	    .code = json_string_value(json_object_get(o, "code")),
	};
	return OK;
}

/* --- the local day of each window --- */

/* A zone's offset seldom changes: where it is the same at both ends of a short
 * span, it is the same inside, and its file is read twice instead of a thousand
 * times on the writer's thread. */
struct days {
	const char *zone;
	bool even;
	int64_t offset_ms;
};

static enum code
days_init(struct scope *sc, struct days *d, const char *zone, const struct shipment_new *list, size_t n)
{
	int64_t first = n > 0 ? list[0].earliest_ms : 0;
	int64_t last = first;
	int64_t other;
	for (size_t i = 1; i < n; i++) {
		first = list[i].earliest_ms < first ? list[i].earliest_ms : first;
		last = list[i].earliest_ms > last ? list[i].earliest_ms : last;
	}
	d->zone = zone;
	TRY(zone_offset_ms(sc, zone, first, &d->offset_ms));
	TRY(zone_offset_ms(sc, zone, last, &other));
	d->even = last - first < 20 * DAY_MS && other == d->offset_ms;
	return OK;
}

static enum code
day_of(struct scope *sc, const struct days *d, int64_t at_ms, char out[static DATE_TEXT_MAX])
{
	if (!d->even)
		return zone_date(sc, d->zone, at_ms, out);
	return zone_date(sc, "UTC", at_ms + d->offset_ms, out);
}

/* --- writing --- */

struct adding {
	struct keys *k;
	const char *operator_id, *station_id, *by;
	struct days days;
};

static const char *
random_digits(struct scope *sc, struct tx *tx, size_t n)
{
	char *s = scope_alloc(sc, n + 1);
	for (size_t i = 0; i < n; i++) {
		uint8_t b;
		do
			random_bytes(tx_random(tx), &b, 1);
		while (b >= 250); /* 250 is a multiple of ten: no digit is likelier */
		s[i] = (char)('0' + b % 10);
	}
	return s;
}

static enum code
insert_parcels(struct scope *sc, struct tx *tx, const struct adding *a, const char *shipment_id,
	       const struct shipment_new *s)
{
	for (size_t i = 0; i < s->n_parcels; i++) {
		const struct parcel_new *p = &s->parcels[i];
		const char *barcode =
		    p->barcode != NULL ? p->barcode : scope_printf(sc, "WB%s", random_digits(sc, tx, 18));
		TRY(sql_run(
		    sc, tx,
		    "INSERT INTO parcel (operator_id, shipment_id, n, barcode, weight_g, volume_ml, at_station_ms,"
		    " loaded_ms) VALUES ($1, $2, $3, $4, $5, $6, 0, 0)",
		    VALS(v_text(a->operator_id), v_text(shipment_id), v_int((int64_t)i + 1), v_text(barcode),
			 v_int(p->weight_g), v_int(p->volume_ml)),
		    NULL));
	}
	return OK;
}

enum code
history_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id,
	    enum shipment_state state, const char *by, const char *duty_id, const char *reason)
{
	return sql_run(
	    sc, tx,
	    "INSERT INTO shipment_history (operator_id, shipment_id, n, state, at_ms, moved_by, duty_id, reason)"
	    " VALUES ($1, $2, (SELECT COALESCE(MAX(n), 0) + 1 FROM shipment_history WHERE operator_id = $1"
	    " AND shipment_id = $2), $3, $4, $5, $6, $7)",
	    VALS(v_text(operator_id), v_text(shipment_id), v_text(shipment_words[state]), v_int(tx_now_ms(tx)),
		 v_text(by), v_text(duty_id), v_text(reason)),
	    NULL);
}

static enum code
insert_shipment(struct scope *sc, struct tx *tx, const struct adding *a, const struct shipment_new *s, struct id *out)
{
	struct id id = tx_new_id(tx, "shp");
	struct val sealed;
	char day[DATE_TEXT_MAX];
	uint8_t track[32];
	int64_t weight = 0;
	int64_t volume = 0;
	for (size_t i = 0; i < s->n_parcels; i++) {
		weight += s->parcels[i].weight_g;
		volume += s->parcels[i].volume_ml;
	}
	struct recipient who = {s->recipient, s->phone, s->email, s->address, s->notes, random_digits(sc, tx, 6)};
	TRY(recipient_seal(sc, tx, a->k, a->operator_id, id.s, &who, &sealed));
	TRY(day_of(sc, &a->days, s->earliest_ms, day));
	tracking_mac(sc, a->k, a->operator_id, id.s, track);
	TRY(sql_run(
	    sc, tx,
	    "INSERT INTO shipment (operator_id, seq, id, station_id, reference, day, state, proof, lat_e7, lon_e7,"
	    " earliest_ms, latest_ms, service_s, weight_g, volume_ml, parcels, attempts, created_ms, ended_ms,"
	    " code_tries, track, sealed, placed_by, placed_kind, placed_permille) VALUES ($1,"
	    " (SELECT COALESCE(MAX(seq), 0) + 1 FROM shipment WHERE operator_id = $1), $2, $3, $4, $5, 'created',"
	    " $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, $15, 0, 0, $16, $17, $18, $19, $20)",
	    VALS(v_text(a->operator_id), v_text(id.s), v_text(a->station_id), v_text(s->reference), v_text(day),
		 v_text(proof_words[s->proof]), v_int(s->place.lat_e7), v_int(s->place.lon_e7), v_int(s->earliest_ms),
		 v_int(s->latest_ms), v_int(s->service_s), v_int(weight), v_int(volume), v_int((int64_t)s->n_parcels),
		 v_int(tx_now_ms(tx)), v_blob(track, sizeof track), sealed, v_text(s->placing.by),
		 v_text(s->placing.kind), s->placing.by == NULL ? v_null() : v_int(s->placing.permille)),
	    NULL));
	TRY(insert_parcels(sc, tx, a, id.s, s));
	TRY(history_add(sc, tx, a->operator_id, id.s, SHIPMENT_CREATED, a->by, NULL, NULL));
	*out = id;
	return OK;
}

/* The word of `s` that a row of this operator has already, with its column; NULL: none. */
static enum code
find_collision(struct scope *sc, struct tx *tx, const char *operator_id, const struct shipment_new *s,
	       const char **column, const char **word)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT 1 FROM shipment WHERE operator_id = $1 AND reference = $2",
			       VALS(v_text(operator_id), v_text(s->reference)));
	if (rc == OK) {
		*column = "reference";
		*word = s->reference;
		return OK;
	}
	for (size_t i = 0; i < s->n_parcels && rc == E_NOT_FOUND; i++) {
		if (s->parcels[i].barcode == NULL)
			continue;
		rc = sql_one(sc, tx, &r, "SELECT 1 FROM parcel WHERE operator_id = $1 AND barcode = $2",
			     VALS(v_text(operator_id), v_text(s->parcels[i].barcode)));
		if (rc == OK) {
			*column = "barcodes";
			*word = s->parcels[i].barcode;
			return OK;
		}
	}
	if (rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	*column = NULL;
	return OK;
}

static enum code
adding_init(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *station_id,
	    const char *by, const struct shipment_new *list, size_t n, struct adding *out)
{
	struct station station;
	TRY(station_get(sc, tx, operator_id, station_id, &station));
	*out = (struct adding){.k = k, .operator_id = operator_id, .station_id = station_id, .by = by};
	return days_init(sc, &out->days, station.zone, list, n);
}

static enum code
tell_staff(struct scope *sc, struct tx *tx, const struct adding *a, size_t n)
{
	json_t *data = json_new_object(sc);
	json_put_int(data, "shipments", (int64_t)n);
	return event_emit(sc, tx, a->operator_id, NULL, FOR_STAFF, "freight.added", a->station_id, data);
}

enum code
freight_add(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *station_id,
	    const char *by, const struct shipment_new *list, size_t n, struct added *out)
{
	struct adding a;
	struct id *ids = NEW_ARRAY(sc, n, struct id);
	TRY(adding_init(sc, tx, k, operator_id, station_id, by, list, n, &a));
	for (size_t i = 0; i < n; i++) {
		const char *column;
		const char *word;
		TRY(find_collision(sc, tx, operator_id, &list[i], &column, &word));
		if (column != NULL)
			return fail_as(sc, E_CONFLICT, column[0] == 'r' ? "duplicate-reference" : "duplicate-barcode",
				       "shipments[%zu]: the %s \"%s\" is known already", list[i].line,
				       column[0] == 'r' ? "reference" : "barcode", word);
		TRY(insert_shipment(sc, tx, &a, &list[i], &ids[i]));
	}
	TRY(tell_staff(sc, tx, &a, n));
	out->shipment_ids = ids;
	out->n = n;
	return OK;
}

/* --- a file --- */

static void
put_fault(json_t *list, size_t line, const char *column, const char *code, const char *text, const json_t *more)
{
	json_t *f = json_object();
	json_put(f, "line", line == 0 ? json_null() : json_integer((json_int_t)line));
	json_put_text(f, "column", column);
	json_put_text(f, "code", code);
	json_put_text(f, "text", text);
	if (more != NULL)
		json_object_update(f, (json_t *)(uintptr_t)more);
	json_array_append_new(list, f);
}

/* The rows that collide with nothing, in order; the others become faults. */
static enum code
free_rows(struct scope *sc, struct tx *tx, const char *operator_id, const struct csv_import *in,
	  struct shipment_new *out, size_t *n, json_t *faults)
{
	size_t len = 0;
	for (size_t i = 0; i < in->n; i++) {
		const char *column;
		const char *word;
		TRY(find_collision(sc, tx, operator_id, &in->shipments[i], &column, &word));
		if (column == NULL)
			out[len++] = in->shipments[i];
		else
			put_fault(faults, in->shipments[i].line, column, "duplicate",
				  scope_printf(sc, "\"%s\" is known already", word), NULL);
	}
	*n = len;
	return OK;
}

static json_t *
words_json(const char *const *words, size_t n)
{
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(words[i]));
	return list;
}

enum code
freight_add_csv(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *station_id,
		const char *by, const struct csv_import *in, bool partial, json_t **out)
{
	struct adding a;
	size_t n;
	struct shipment_new *list = NEW_ARRAY(sc, in->n, struct shipment_new);
	json_t *faults = json_new_array(sc);
	json_t *ids = json_new_array(sc);
	TRY(adding_init(sc, tx, k, operator_id, station_id, by, in->shipments, in->n, &a));
	for (size_t i = 0; i < in->n_faults; i++)
		put_fault(faults, in->faults[i].line, in->faults[i].column, in->faults[i].code, in->faults[i].text,
			  in->faults[i].more);
	TRY(free_rows(sc, tx, operator_id, in, list, &n, faults));
	if (json_array_size(faults) > 0 && !partial)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		struct id id;
		TRY(insert_shipment(sc, tx, &a, &list[i], &id));
		json_array_append_new(ids, json_string(id.s));
	}
	if (n > 0)
		TRY(tell_staff(sc, tx, &a, n));
	json_t *o = json_new_object(sc);
	json_put_int(o, "rows", (int64_t)in->rows);
	json_put_int(o, "landed", (int64_t)n);
	json_put(o, "shipments", json_incref(ids));
	json_put(o, "faults", json_incref(faults));
	json_put(o, "ignored", words_json(in->ignored, in->n_ignored));
	json_put_text(o, "encoding", in->encoding);
	json_put_text(o, "separator", in->separator);
	*out = o;
	return OK;
}
