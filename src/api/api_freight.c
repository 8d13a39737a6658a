/* Shipments: created by lists and by files, read by staff, followed by recipients. */
#include "api/areas.h"
#include "base/text.h"
#include "day/day.h"
#include "freight/freight.h"

static enum code
state_of(struct scope *sc, const struct call *c, enum shipment_state *out)
{
	const char *text = call_query(c, "state");
	*out = SHIPMENT_STATES;
	for (unsigned i = 0; text != NULL && shipment_words[i] != NULL; i++)
		if (text_eq(shipment_words[i], text))
			*out = (enum shipment_state)i;
	if (text != NULL && *out == SHIPMENT_STATES)
		return fail_as(sc, E_INVALID, "bad-field", "\"state\": there is no state \"%.40s\"", text);
	return OK;
}

/* --- creating --- */

struct incoming {
	const char *station_id; /* one for the whole call */
	struct shipment_new *list;
	size_t n;
};

/* Beside the room's members an item may carry station_id (or the call has one
 * for all) and `window` for earliest and latest. */
static enum code
room_form(struct scope *sc, const json_t *in, size_t i, const char **station_id, json_t *out)
{
	json_t *copy = json_own(sc, json_copy((json_t *)(uintptr_t)in));
	if (!json_is_object(copy))
		return fail_as(sc, E_INVALID, "bad-field", "\"shipments\"[%zu] must be an object", i);
	const char *station = *station_id;
	TRY(json_may_text(sc, copy, "station_id", 1, 40, &station));
	if (station == NULL)
		return fail_as(sc, E_INVALID, "bad-field", "\"station_id\" is missing");
	if (*station_id != NULL && !text_eq(*station_id, station))
		return fail_as(sc, E_INVALID, "bad-field",
			       "\"shipments\"[%zu].station_id: one call takes shipments of one station", i);
	*station_id = scope_strdup(sc, station);
	const json_t *window = json_object_get(copy, "window");
	if (json_is_object(window)) {
		json_object_set(copy, "earliest", json_object_get(window, "from"));
		json_object_set(copy, "latest", json_object_get(window, "to"));
	}
	json_object_del(copy, "station_id");
	json_object_del(copy, "window");
	json_object_del(copy, "due_date");
	json_array_append(out, copy);
	return OK;
}

/* Without a window a shipment may come at any time of its day, or of today. */
static enum code
default_window(struct scope *sc, struct tx *tx, const struct call *c, const char *station_id, const json_t *in,
	       json_t *out)
{
	if (json_object_get(out, "earliest") != NULL)
		return OK;
	struct station st;
	int64_t from_ms = tx_now_ms(tx) - tx_now_ms(tx) % (24 * 3600000);
	int64_t offset_ms;
	const char *date = json_string_value(json_object_get(in, "due_date"));
	if (date != NULL)
		TRY(date_parse(sc, date, &from_ms));
	TRY(station_get(sc, tx, c->who.operator_id, station_id, &st));
	TRY(zone_offset_ms(sc, st.zone, from_ms, &offset_ms));
	json_put_time(out, "earliest", from_ms - offset_ms + 7 * 3600000);
	json_put_time(out, "latest", from_ms - offset_ms + 22 * 3600000);
	return OK;
}

static enum code
add_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"station_id", "shipments", NULL};
	const json_t *given;
	struct incoming *in = NEW(sc, struct incoming);
	json_t *list = json_new_array(sc);
	TRY(json_only(sc, c->body, names));
	TRY(json_may_text(sc, c->body, "station_id", 1, 40, &in->station_id));
	TRY(json_need_array(sc, c->body, "shipments", 1, SHIPMENTS_PER_CALL, &given));
	for (size_t i = 0; i < json_array_size(given); i++) {
		TRY(room_form(sc, json_array_get(given, i), i, &in->station_id, list));
		TRY(default_window(sc, tx, c, in->station_id, json_array_get(given, i), json_array_get(list, i)));
	}
	TRY(shipments_parse(sc, list, &in->list, &in->n));
	c->user = in;
	return OK;
}

static enum code
items_of(struct scope *sc, struct tx *tx, const struct call *c, const struct id *ids, size_t n, json_t **out)
{
	json_t *items = json_new_array(sc);
	for (size_t i = 0; i < n; i++) {
		json_t *one;
		TRY(freight_json(sc, tx, c->house->keys, c->who.operator_id, ids[i].s, SHIPMENT_FOR_SENDER, &one));
		json_array_append(items, one);
	}
	*out = items;
	return OK;
}

static enum code
add_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct incoming *in = c->user;
	struct added added;
	json_t *items;
	TRY(freight_add(sc, tx, c->house->keys, c->who.operator_id, in->station_id, c->who.id, in->list, in->n,
			&added));
	TRY(items_of(sc, tx, c, added.shipment_ids, added.n, &items));
	reply_items(sc, c, items);
	return OK;
}

/* --- a file --- */

struct file_in {
	const char *station_id;
	bool partial, streets;
	struct place station;
	struct csv_import csv;
};

static enum code
import_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	struct file_in *in = NEW(sc, struct file_in);
	struct station st;
	const char *day = call_query(c, "due_date");
	int64_t midnight_ms;
	TRY(call_need_query(sc, c, "station_id", &in->station_id));
	if (day != NULL)
		TRY(date_parse(sc, day, &midnight_ms));
	TRY(station_get(sc, tx, c->who.operator_id, in->station_id, &st));
	in->partial = text_eq(call_query(c, "partial"), "true") || text_eq(call_query(c, "partial"), "1");
	in->streets = text_eq(call_query(c, "streets"), "true");
	in->station = st.place;
	size_t n;
	const uint8_t *bytes = http_body(c->x, &n);
	TRY(shipments_read_csv(sc, bytes, n, st.zone, day, c->house->finder != NULL, &in->csv));
	c->user = in;
	return OK;
}

/* What a person should know who chooses instead. */
static const char *
why_not_placed(struct scope *sc, const struct finding *f)
{
	static const struct {
		const char *reason, *text;
	} texts[] = {
	    {"several", "several places fit this address: choose one"},
	    {"elsewhere", "the town it names is not where this street is"},
	    {"words-left", "some of its words fit nothing here"},
	    {"no-number", "the street is known; the address gives no number"},
	    {"no-such-number", "the street is known, this number is not"},
	    {"place-only", "only the town is known"},
	    {"weak", "it fits, but badly"},
	};
	const char *text = "no such address is known here: give lat and lon of the door";
	for (size_t i = 0; i < COUNT_OF(texts); i++)
		if (text_eq(texts[i].reason, f->answer.reason))
			text = texts[i].text;
	return f->trouble == NULL ? text : scope_printf(sc, "%s (the geocoding server: %s)", text, f->trouble);
}

static void
place_row(struct shipment_new *s, const struct finding *f)
{
	const struct geo_candidate *best = &f->answer.candidates[0];
	s->unplaced = false;
	s->place = best->at;
	s->placing = (struct placing){.by = finder_words[f->by],
				      .kind = geo_kind_words[best->kind],
				      .permille = (int64_t)(best->confidence * 1000 + 0.5)};
}

/* Rows without coordinates get the place of their address, or are listed with what it could be. */
static enum code
import_work(struct scope *sc, struct call *c)
{
	struct file_in *in = c->user;
	struct finder_budget budget = {0};
	for (size_t i = 0; i < in->csv.n;) {
		struct shipment_new *s = &in->csv.shipments[i];
		if (!s->unplaced) {
			i++;
			continue;
		}
		const struct geo_query query = {
		    .text = s->address, .has_near = true, .near = in->station, .streets = in->streets};
		struct finding f = {.answer = {.verdict = GEO_NOT_FOUND, .reason = "nothing"}};
		enum code rc = finder_find(sc, c->house->finder, &query, &budget, &f);
		if (rc != OK && rc != E_INVALID)
			return rc;
		error_clear(sc);
		if (f.answer.verdict == GEO_PLACED) {
			place_row(s, &f);
			i++;
			continue;
		}
		csv_not_placed(sc, &in->csv, i, "not-placed", why_not_placed(sc, &f),
			       json_object_get(geo_answer_json(sc, &f.answer), "candidates"));
	}
	return OK;
}

/* The room's answer in the API's words, with the shipments that landed. */
static enum code
import_reply(struct scope *sc, struct tx *tx, struct call *c, const json_t *done)
{
	json_t *o = json_new_object(sc);
	json_t *rejected = json_array();
	json_put(o, "rejected", rejected);
	size_t i;
	json_t *v;
	json_array_foreach(json_object_get(done, "faults"), i, v)
	{
		json_t *row = json_object();
		json_object_set(row, "line", json_object_get(v, "line"));
		json_object_set(row, "column", json_object_get(v, "column"));
		json_object_set(row, "reason", json_object_get(v, "code"));
		json_object_set(row, "detail", json_object_get(v, "text"));
		if (json_object_get(v, "candidates") != NULL) {
			json_object_set(row, "candidates", json_object_get(v, "candidates"));
			json_object_set(row, "shipment", json_object_get(v, "shipment"));
		}
		json_array_append_new(rejected, row);
	}
	json_t *items = json_array();
	json_put(o, "items", items);
	json_array_foreach(json_object_get(done, "shipments"), i, v)
	{
		json_t *one;
		TRY(freight_json(sc, tx, c->house->keys, c->who.operator_id, json_string_value(v), SHIPMENT_FOR_SENDER,
				 &one));
		json_array_append(items, one);
	}
	json_object_set(o, "imported", json_object_get(done, "landed"));
	json_object_set(o, "rows", json_object_get(done, "rows"));
	bool nothing = json_integer_value(json_object_get(done, "landed")) == 0;
	reply_status(c, nothing ? 400 : 201, o);
	return OK;
}

static enum code
import_commit(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct file_in *in = c->user;
	json_t *done;
	TRY(freight_add_csv(sc, tx, c->house->keys, c->who.operator_id, in->station_id, c->who.id, &in->csv,
			    in->partial, &done));
	return import_reply(sc, tx, c, done);
}

/* --- reading --- */

static enum code
list(struct scope *sc, struct tx *tx, struct call *c)
{
	int64_t after;
	size_t max;
	enum shipment_state state;
	json_t *page;
	TRY(call_page(sc, c, &after, &max));
	TRY(state_of(sc, c, &state));
	TRY(freight_list(sc, tx, c->house->keys, c->who.operator_id, call_query(c, "station_id"), call_query(c, "date"),
			 state, after, max, &page));
	reply_json(c, page);
	return OK;
}

static enum code
counts(struct scope *sc, struct tx *tx, struct call *c)
{
	struct freight_counts n;
	TRY(freight_count(sc, tx, c->who.operator_id, call_query(c, "station_id"), call_query(c, "date"), &n));
	json_t *shipments = json_object();
	json_t *parcels = json_object();
	for (size_t i = 0; i < SHIPMENT_STATES; i++) {
		json_put_int(shipments, shipment_words[i], n.shipments[i]);
		json_put_int(parcels, shipment_words[i], n.parcels[i]);
	}
	json_t *o = json_new_object(sc);
	json_put(o, "shipments", shipments);
	json_put(o, "parcels", parcels);
	reply_json(c, o);
	return OK;
}

static enum code
one(struct scope *sc, struct tx *tx, struct call *c)
{
	json_t *o;
	bool sender = c->who.role == ROLE_INTEGRATOR;
	TRY(freight_json(sc, tx, c->house->keys, c->who.operator_id, c->param[0],
			 sender ? SHIPMENT_FOR_SENDER : SHIPMENT_FOR_STAFF, &o));
	reply_json(c, o);
	return OK;
}

static enum code
cancel(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"reason", NULL};
	const char *reason;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "reason", 1, 60, &reason));
	return day_shipment_cancel(sc, tx, c->who.operator_id, c->param[0], c->who.id, reason);
}

/* A part holds the writer for a few milliseconds. */
#define RECEIVE_PART 50

struct receiving {
	struct call *c;
	const char *day;
	int64_t part, moved;
};

static enum code
receive_prepare(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"date", NULL};
	struct receiving *r = NEW(sc, struct receiving);
	int64_t midnight_ms;
	(void)tx;
	r->c = c;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_text(sc, c->body, "date", 10, 10, &r->day));
	TRY(date_parse(sc, r->day, &midnight_ms));
	c->user = r;
	return OK;
}

static enum code
receive_part(struct scope *sc, struct tx *tx, void *arg)
{
	struct receiving *r = arg;
	const struct call *c = r->c;
	return freight_receive_part(sc, tx, c->who.operator_id, c->param[0], r->day, c->who.id, RECEIVE_PART, &r->part);
}

static enum code
receive_work(struct scope *sc, struct call *c)
{
	struct receiving *r = c->user;
	do {
		TRY(store_write(sc, c->house->store, LANE_MAIN, receive_part, r));
		r->moved += r->part;
	} while (r->part == RECEIVE_PART);
	return OK;
}

static enum code
receive(struct scope *sc, struct tx *tx, struct call *c)
{
	const struct receiving *r = c->user;
	TRY(freight_received(sc, tx, c->who.operator_id, c->param[0], r->day, r->moved));
	json_t *o = json_new_object(sc);
	json_put_int(o, "received", r->moved);
	reply_json(c, o);
	return OK;
}

/* --- the recipient --- */

static enum code
track(struct scope *sc, struct tx *tx, struct call *c)
{
	const char *operator_id;
	const char *shipment_id;
	json_t *o;
	TRY(tracking_find(sc, tx, c->house->keys, c->param[0], &operator_id, &shipment_id));
	TRY(tracking_json(sc, tx, c->house->keys, operator_id, shipment_id, &o));
	reply_json(c, o);
	return OK;
}

static enum code
object(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"photo", NULL};
	const char *operator_id;
	const char *shipment_id;
	bool photo = false;
	TRY(json_only(sc, c->body, names));
	TRY(json_may_bool(sc, c->body, "photo", &photo));
	if (!photo)
		return fail_as(sc, E_INVALID, "bad-field", "\"photo\" must be true: that is what may be objected to");
	TRY(tracking_find(sc, tx, c->house->keys, c->param[0], &operator_id, &shipment_id));
	return tracking_object(sc, tx, c->house->keys, operator_id, shipment_id);
}

static enum code
reschedule(struct scope *sc, struct tx *tx, struct call *c)
{
	static const char *const names[] = {"days", NULL};
	const char *operator_id;
	const char *shipment_id;
	int64_t days;
	TRY(json_only(sc, c->body, names));
	TRY(json_need_int(sc, c->body, "days", 1, 14, &days));
	TRY(tracking_find(sc, tx, c->house->keys, c->param[0], &operator_id, &shipment_id));
	return tracking_reschedule(sc, tx, operator_id, shipment_id, days);
}

static const struct route rows[] = {
    {.method = "POST",
     .path = "/v1/shipments",
     .who = MAY_SHIP,
     .prepare = add_prepare,
     .commit = add_commit,
     .summary = "Up to 1000 shipments of one station: all or none",
     .request = "ShipmentsNew",
     .answer = "ShipmentList",
     .body = BODY_JSON,
     .body_max = BODY_LIST,
     .once = true,
     .status = 201},
    {.method = "POST",
     .path = "/v1/shipments/import",
     .who = MAY_SHIP,
     .prepare = import_prepare,
     .work = import_work,
     .commit = import_commit,
     .summary =
	 "Shipments from a CSV file; every bad line is named, lines without coordinates are looked up by address",
     .query = "station_id,due_date,partial,streets",
     .answer = "ShipmentImport",
     .body = BODY_CSV,
     .body_max = CSV_BYTES_MAX,
     .once = true,
     .status = 201},
    {.method = "GET",
     .path = "/v1/shipments",
     .who = MAY_SHIP | MAY_REVIEW,
     .prepare = list,
     .summary = "Shipments",
     .query = "station_id,date,state,after,limit",
     .answer = "ShipmentList"},
    {.method = "GET",
     .path = "/v1/parcel-counts",
     .who = MAY_STAFF,
     .prepare = counts,
     .summary = "How many shipments and parcels are in which state",
     .query = "station_id,date",
     .answer = "ParcelCounts"},
    {.method = "GET",
     .path = "/v1/shipments/{shipment_id}",
     .who = MAY_SHIP | MAY_REVIEW,
     .prepare = one,
     .summary = "One shipment",
     .answer = "Shipment"},
    {.method = "POST",
     .path = "/v1/shipments/{shipment_id}/cancel",
     .who = MAY_SHIP,
     .commit = cancel,
     .summary = "It will not be delivered",
     .request = "Reason",
     .body = BODY_JSON,
     .once = true},
    {.method = "POST",
     .path = "/v1/stations/{station_id}/receive",
     .who = MAY_DISPATCH,
     .prepare = receive_prepare,
     .work = receive_work,
     .commit = receive,
     .summary = "Everything announced for this day has arrived at the station",
     .request = "Receive",
     .answer = "Received",
     .body = BODY_JSON,
     .once = true},
    {.method = "GET",
     .path = "/v1/track/{token}",
     .who = MAY_PUBLIC,
     .prepare = track,
     .summary = "A recipient's parcel, by the link she was sent",
     .answer = "Tracking",
     .limit = LIMIT_LOOK},
    {.method = "POST",
     .path = "/v1/track/{token}/objection",
     .who = MAY_PUBLIC,
     .commit = object,
     .summary = "No photograph of my door: a code instead",
     .request = "Objection",
     .body = BODY_JSON,
     .limit = LIMIT_LOOK},
    {.method = "POST",
     .path = "/v1/track/{token}/reschedule",
     .who = MAY_PUBLIC,
     .commit = reschedule,
     .summary = "Some days later, please",
     .request = "Reschedule",
     .body = BODY_JSON,
     .limit = LIMIT_LOOK},
    {0},
};
const struct route_table api_freight_table = {"Freight", "Shipments in, and the recipient's side.", rows};
