/* freight: what is to be delivered, to whom, and how far it has come.
 *
 * A shipment goes to one recipient and consists of parcels that travel
 * together. It belongs to a station and to a day (the station's local date).
 *
 *	created ─▶ at_station ─▶ planned ─▶ loaded ─▶ delivered
 *
 *	created, at_station, planned ─▶ cancelled
 *	planned, loaded, failed      ─▶ at_station    taken off the plan, or brought back
 *	loaded                       ─▶ failed        an attempt in vain
 *	failed                       ─▶ loaded        the next attempt of the same tour
 *	failed, at_station           ─▶ returned      given up: back to the sender
 *
 * freight_move() knows these arrows and no others. Delivered, returned and
 * cancelled are ends: 30 days later the recipient's data are destroyed
 * (freight_forget_job) and the row stays for the counts.
 *
 * The recipient's name, contacts, address, notes and code lie sealed under the
 * shipment's own key (people/vault, purpose proof). A row shows what planning
 * needs: place, window, service time, weight, volume, proof. */
#ifndef FREIGHT_FREIGHT_H
#define FREIGHT_FREIGHT_H

#include "base/geo.h"
#include "base/json.h"
#include "jobs/jobs.h"
#include "keys/keys.h"
#include "store/store.h"

extern const struct schema freight_schema;
extern const struct job_kind freight_forget_job; /* "freight.forget"; its ctx is not used */

enum shipment_state {
	SHIPMENT_CREATED,
	SHIPMENT_AT_STATION,
	SHIPMENT_PLANNED,
	SHIPMENT_LOADED,
	SHIPMENT_DELIVERED,
	SHIPMENT_FAILED, /* attempted in vain, still in the vehicle */
	SHIPMENT_RETURNED,
	SHIPMENT_CANCELLED,
	SHIPMENT_STATES
};
extern const char *const shipment_words[]; /* "created", "at_station", …, NULL */
enum proof_kind { PROOF_ANY, PROOF_PHOTO, PROOF_CODE };
extern const char *const proof_words[]; /* "any", "photo", "code", NULL */

bool shipment_may_move(enum shipment_state from, enum shipment_state to);
bool shipment_ended(enum shipment_state s);

/* --- coming in --- */

#define SHIPMENTS_PER_CALL 1000
#define PARCELS_PER_SHIPMENT 50
#define CSV_BYTES_MAX ((size_t)4 << 20)
#define CSV_ROWS_MAX 2000
#define CSV_FAULTS_MAX 500 /* listed; the last one says how many more there are */

struct parcel_new {
	const char *barcode; /* 1–64 printable ASCII; NULL: one is made, "WB" + 18 digits */
	int64_t weight_g, volume_ml;
};
/* How a place was found from an address. */
struct placing {
	const char *by;	  /* "extract", "nominatim", "photon", "staff"; NULL: the sender gave coordinates */
	const char *kind; /* "address", "interpolated", "street"; NULL: not told */
	int64_t permille; /* confidence, 0–1000 */
};
struct shipment_new {
	const char *reference;		       /* the sender's own; unique with the operator, 1–64 */
	const char *recipient, *phone, *email; /* phone, email may be NULL */
	const char *address, *notes;	       /* notes may be NULL */
	struct place place;
	struct placing placing;
	bool unplaced;			/* a file's row without coordinates: `place` is still to be found */
	int64_t earliest_ms, latest_ms; /* the promised window, at most 24 h; its day is earliest's */
	int64_t service_s;		/* at the door; 30–3600, 120 unless told */
	enum proof_kind proof;
	const struct parcel_new *parcels;
	size_t n_parcels;
	size_t line; /* of the file, or index in the list: for messages */
};

/* A list of shipments as the API takes it (1–1000):
 *	{"reference","recipient":{"name","phone","email"},"address","place":{"lat","lon"},
 *	 "earliest","latest","service_s","notes","proof":"any|photo|code","parcels":[{"barcode","weight_g","volume_ml"}],
 *	 "picked":true where a person chose the place among candidates}
 * E_INVALID  "shipments[17].place: …": nothing of the list is taken. */
MUST_USE enum code shipments_parse(struct scope *sc, const json_t *list, struct shipment_new **out, size_t *n);

/* One thing wrong with a file, for the person who made it. */
struct csv_fault {
	size_t line;	    /* 1 is the header; the line the row begins on */
	const char *column; /* the header's word; NULL: the whole line */
	const char *code;   /* "missing", "not-a-number", "no-place", "bad-time", … */
	const char *text;   /* what is wrong and what to do */
	const json_t *more; /* members that go with it: "candidates", "shipment"; NULL: none */
};
struct csv_import {
	struct shipment_new *shipments; /* the good rows */
	size_t n;
	struct csv_fault *faults;
	size_t n_faults;
	size_t rows;	      /* data rows read */
	const char **ignored; /* header words that mean nothing here */
	size_t n_ignored;
	const char *encoding, *separator; /* "utf-8" | "latin-1"; "comma" | "semicolon" | "tab" */
};
/* Reads a whole file; pure. Header words, any order and case: reference*,
 * recipient*, address*, lat, lon, earliest*, latest*, date, phone, email,
 * parcels, barcodes ('|' between), weight_kg, volume_l, service_min, proof, notes.
 * Times are RFC 3339, "YYYY-MM-DD HH:MM", or "HH:MM" of the `date` column or of
 * `day` ("2026-11-22"), local to `zone`. A row without lat and lon is a fault
 * ("no-place"), never guessed; with `find_places` it comes out `unplaced`: the caller
 * finds its place or lists it, csv_not_placed(). Weight and volume are the shipment's, shared out
 * evenly over its parcels.
 * E_INVALID  no header could be read.  E_LIMIT  too many bytes or rows. */
MUST_USE enum code shipments_read_csv(struct scope *sc, const void *bytes, size_t n_bytes, const char *zone,
				      const char *day, bool find_places, struct csv_import *out);
/* A row leaves the good ones and becomes a fault of its address, with what to choose from (a list of
 * {"text","place","kind","confidence","within_m"}) and the row as shipments_parse() takes it, but its place.
 * Rows that are `unplaced` must all have left before freight_add_csv(). */
void csv_not_placed(struct scope *sc, struct csv_import *in, size_t row, const char *code, const char *text,
		    json_t *candidates);

struct added {
	struct id *shipment_ids; /* in the order given */
	size_t n;
};
/* All or none. `by`: stf_… or NULL. E_CONFLICT (reason "duplicate-reference",
 * "duplicate-barcode")  says which line. */
MUST_USE enum code freight_add(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
			       const char *station_id, const char *by, const struct shipment_new *list, size_t n,
			       struct added *out);
/* The import as one write: with faults and not `partial`, nothing lands.
 * {"rows","landed","shipments":[ids],"faults":[{"line","column","code","text",…}],"ignored","encoding","separator"} */
MUST_USE enum code freight_add_csv(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				   const char *station_id, const char *by, const struct csv_import *in, bool partial,
				   json_t **out);

/* --- the work --- */

struct shipment {
	const char *id, *reference, *station_id, *day;
	enum shipment_state state;
	enum proof_kind proof;
	struct place place;
	int64_t earliest_ms, latest_ms, service_s;
	int64_t weight_g, volume_ml, parcels;
	int64_t attempts;
	const char *duty_id; /* whose van it is planned for; NULL: nobody's */
	struct placing placing;
};
MUST_USE enum code freight_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
			       struct shipment *out);
/* Shipments of a station in a state, day at or before `day` (so that what was
 * left over is planned first), oldest first. day NULL: any day. */
MUST_USE enum code freight_waiting(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
				   const char *day, enum shipment_state state, size_t max, struct shipment **out,
				   size_t *n);
MUST_USE enum code freight_of_duty(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id,
				   struct shipment **out, size_t *n);

struct move {
	enum shipment_state to;
	const char *by;	     /* drv_… or stf_…; NULL: the house */
	const char *duty_id; /* needed for planned; kept until the shipment is back at the station or ended */
	const char *reason;  /* needed for failed, returned and cancelled: a code, "nobody-home", "locked-gate", … */
};
/* Moves a shipment and its parcels, writes its history and an event.
 * E_CONFLICT (reason "bad-state")  no such arrow from where it stands. Failed and delivered count as attempts. */
MUST_USE enum code freight_move(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id,
				const struct move *m);
/* Everything `created` for a station's day has arrived (a scan per parcel is the other way). */
MUST_USE enum code freight_receive(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
				   const char *day, const char *by, int64_t *moved);
/* The same in parts, so that a morning's thousands do not hold the writer: at most `max`, then
 * freight_received() once with their sum. What a crash leaves `created` the next call receives. */
MUST_USE enum code freight_receive_part(struct scope *sc, struct tx *tx, const char *operator_id,
					const char *station_id, const char *day, const char *by, size_t max,
					int64_t *moved);
MUST_USE enum code freight_received(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
				    const char *day, int64_t moved);
struct scan {
	const char *shipment_id;
	int64_t scanned, of; /* parcels of the shipment at this step, and in all */
	bool complete;	     /* that was the last: the shipment has moved too */
};
/* A parcel's barcode at the station (`duty_id` NULL: created → at_station) or at
 * the van (planned for this duty → loaded). A second scan changes nothing.
 * E_NOT_FOUND  nobody's barcode here.  E_CONFLICT (reason "other-van", "bad-state"). */
MUST_USE enum code freight_scan(struct scope *sc, struct tx *tx, const char *operator_id, const char *barcode,
				const char *duty_id, const char *by, struct scan *out);
/* The recipient's code, in constant time; 5 wrong ones lock it (E_DENIED, reason "code-locked"). Wrong: *right is
 * false, and the transaction must commit so that the try counts. */
MUST_USE enum code freight_code_try(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				    const char *shipment_id, const char *code, bool *right);

/* --- as JSON --- */

enum shipment_view {
	SHIPMENT_FOR_STAFF,  /* everything but the code */
	SHIPMENT_FOR_DRIVER, /* name, address, place, notes, phone, window, proof, parcels; for her open duty only */
	SHIPMENT_FOR_SENDER, /* everything, with the tracking token */
};
MUST_USE enum code freight_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				const char *id, enum shipment_view view, json_t **out);
/* {"items":[SHIPMENT_FOR_STAFF…],"next":cursor or null}; station_id, day NULL: all; state SHIPMENT_STATES: all. */
MUST_USE enum code freight_list(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				const char *station_id, const char *day, enum shipment_state state, int64_t after_seq,
				size_t max, json_t **out);

/* --- the recipient --- */

/* "<26 digits of the operator's id>.<22 characters>", made again from the id whenever it is needed, stored nowhere. */
char *tracking_token(struct scope *sc, struct keys *k, const char *operator_id, const char *shipment_id);
/* Which shipment a link is for. E_NOT_FOUND  unknown or forgotten. */
MUST_USE enum code tracking_find(struct scope *sc, struct tx *tx, struct keys *k, const char *token,
				 const char **operator_id, const char **shipment_id);
/* {"state","window","attempts","proof","code"?,"history":[{"state","at"}],"operator":{"name","contact"},
 *  "notice":[…],"may":{"object","reschedule"}} */
MUST_USE enum code tracking_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				 const char *shipment_id, json_t **out);
/* No photograph of my door: the proof is a code from now on. E_CONFLICT  it has ended. */
MUST_USE enum code tracking_object(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				   const char *shipment_id);
/* Another day, before it is planned: the window moves by whole days, at most 14. E_CONFLICT  too late. */
MUST_USE enum code tracking_reschedule(struct scope *sc, struct tx *tx, const char *operator_id,
				       const char *shipment_id, int64_t days);

/* --- counting, the rights --- */

struct freight_counts {
	int64_t shipments[SHIPMENT_STATES];
	int64_t parcels[SHIPMENT_STATES]; /* of the shipments in that state; they add up to all */
	int64_t attempts, forgotten;
};
/* station_id, day NULL: all. */
MUST_USE enum code freight_count(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
				 const char *day, struct freight_counts *out);
/* The same day counted another way, for the report to compare: rows of parcels, and shipments whose history ends
 * otherwise than they stand. */
struct freight_proof {
	int64_t parcels, contradicted;
};
MUST_USE enum code freight_recount(struct scope *sc, struct tx *tx, const char *operator_id, const char *day,
				   struct freight_proof *out);
/* A driver's part: which shipments she moved, when, with which result; nothing of the recipients. */
MUST_USE enum code freight_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				  json_t *into);
/* Her id leaves the histories; the shipments stay. */
MUST_USE enum code freight_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);
/* A recipient's: key and sealed data destroyed now. E_CONFLICT  still under way. */
MUST_USE enum code freight_forget(struct scope *sc, struct tx *tx, const char *operator_id, const char *shipment_id);

#endif
