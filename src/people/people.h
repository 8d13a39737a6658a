/* people: who takes part. Operators (tenants) and their staff, programmes with
 * versioned policies, stations, drivers.
 *
 * Every function takes the operator's id and can reach nothing of another's.
 * Sessions, passphrases and devices are in people/access.h; the face path's
 * consent and templates in people/enrolment.h; personal keys in people/vault.h.
 *
 * What a driver tells of herself (name, birth date, contacts) lies sealed under
 * a key of her own; a row shows only what the work needs: state, programme,
 * station, vehicle, language. Destroying her keys is the erasure.
 *
 *	applied ──rule──▶ active ◀──person──▶ suspended
 *	   │ person         │ person             │ person
 *	   ▼                ▼                    ▼
 *	refused         deactivated ◀────────────┘      (an appeal leads back to active)
 *	any but left ──she herself──▶ left              (keys destroyed)
 *
 * Who is suspended may be so again: another date, other words. When the date of a
 * suspension comes, a person is asked ("suspension.review"); nothing follows by itself.
 *
 * The arrows marked "person" need a staff id and a reasoning; the table's CHECK
 * refuses the state without them. */
#ifndef PEOPLE_PEOPLE_H
#define PEOPLE_PEOPLE_H

#include "base/geo.h"
#include "base/json.h"
#include "base/money.h"
#include "jobs/jobs.h"
#include "keys/keys.h"
#include "record/record.h"
#include "store/store.h"

extern const struct schema people_schema;

/* --- operators --- */

struct operator_new {
	const char *slug; /* [a-z0-9-]{2,40}, unique: the word in sign-in forms and addresses */
	const char *name;
	const char *zone;	/* IANA: "Europe/Stockholm" */
	const char *country;	/* ISO 3166-1 alpha-2 */
	const char *currency;	/* ISO 4217 */
	const char *contact;	/* where a driver or recipient writes to */
	int64_t statutory_days; /* how long tax and labour law keep rows; 0: 7 years */
};
struct operator
{
	const char *id, *slug, *name, *zone, *country, *contact;
	struct currency currency;
	int64_t statutory_days;
};
MUST_USE enum code operator_create(struct scope *sc, struct tx *tx, const struct operator_new *o, struct id *out);
MUST_USE enum code operator_get(struct scope *sc, struct tx *tx, const char *id, struct operator* out);
/* slug NULL: the only operator of this house, where there is exactly one. */
MUST_USE enum code operator_find(struct scope *sc, struct tx *tx, const char *slug, struct operator* out);
MUST_USE enum code operators_all(struct scope *sc, struct tx *tx, struct operator** out, size_t *n);

/* --- staff --- */

enum role { ROLE_ADMIN, ROLE_DISPATCHER, ROLE_REVIEWER, ROLE_REPRESENTATIVE, ROLE_AUDITOR, ROLE_INTEGRATOR };
enum right {
	RIGHT_MANAGE,	/* staff, programmes, stations, pay plans: admin */
	RIGHT_DISPATCH, /* blocks, plans, shipments, live map: dispatcher, admin */
	RIGHT_REVIEW,	/* the human queue: reviewer, admin */
	RIGHT_COSIGN,	/* monitoring changes: representative only */
	RIGHT_AUDIT,	/* policies, notices, chain, counts; no personal data: auditor, representative, admin */
	RIGHT_SHIP,	/* create and read shipments: integrator, dispatcher, admin */
};
extern const char *const role_words[]; /* by enum role, ends with NULL */
bool role_may(enum role role, enum right right);

struct staff_new {
	const char *email, *name;
	enum role role;
	const char *passphrase_hash; /* of passphrase_hash(); NULL for integrators, who have keys */
};
struct staff {
	const char *id, *email, *name;
	enum role role;
	bool disabled;
};
/* E_CONFLICT (reason "duplicate")  the address is taken. */
MUST_USE enum code staff_create(struct scope *sc, struct tx *tx, const char *operator_id, const struct staff_new *s,
				struct id *out);
MUST_USE enum code staff_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
			     struct staff *out);
/* [{"id","email","name","role","disabled"}] */
MUST_USE enum code staff_list(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out);
/* Ends the person's sessions too. E_CONFLICT (reason "last-admin")  nobody could manage any more. */
MUST_USE enum code staff_disable(struct scope *sc, struct tx *tx, const char *operator_id, const char *id);

/* --- programmes and their policies --- */

enum award_rule { AWARD_DRAW, AWARD_ROTA, AWARD_DIRECT };
extern const char *const award_words[]; /* "draw", "rota", "direct", NULL */

/* A policy as JSON, all members optional but for what `face.enabled` needs:
 *	{"award":"draw","sign_up":"open|review",
 *	 "face":{"enabled":true,"lawful_basis":"…","dpia_reference":"…","template_days":365},
 *	 "monitoring":{"positions":true,"position_review":true,"photo_proof":true}}
 * A switch that is on in a new version and was not before waits for the
 * representative's signature; turning one off does not. The first version
 * may start with monitoring on (nobody has signed up yet), never with faces. */
struct policy {
	int64_t version;
	enum award_rule award;
	bool sign_up_review; /* a person looks at each application; else the published rule activates */
	bool face_enabled;
	const char *lawful_basis, *dpia_reference; /* set where face_enabled */
	int64_t template_days;
	bool face_challenge;  /* a face check asks for poses in a drawn order; else one picture is enough */
	bool face_lights;     /* … and for colours, from those who take them */
	bool positions;	      /* inside an open duty */
	bool position_review; /* implausible tracks go to a person */
	bool photo_proof;
	int64_t from_ms;
	const char *proposed_by, *signed_by; /* staff ids; signed_by NULL where none was needed */
};
/* E_INVALID  names the member.  (reason "face-basis")  faces without lawful_basis and dpia_reference. */
MUST_USE enum code policy_parse(struct scope *sc, const json_t *json, struct policy *out);
json_t *policy_json(struct scope *sc, const struct policy *p);

/* policy NULL: draw, open sign-up, positions and reviews on, photo or code, no faces. */
MUST_USE enum code programme_create(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id,
				    const char *name, const json_t *policy, struct id *out);
/* A next version: in force at once, or *waiting for the representative's signature. */
MUST_USE enum code programme_propose(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id,
				     const char *staff_id, const json_t *policy, int64_t *version, bool *waiting);
/* By a representative other than the proposer. E_DENIED otherwise; E_CONFLICT  not waiting. */
MUST_USE enum code programme_sign(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id,
				  int64_t version, const char *staff_id, bool agree, const char *words);
/* version 0: the one in force. */
MUST_USE enum code programme_policy(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id,
				    int64_t version, struct policy *out);
/* [{"id","name","policy":{…,"version"},"waiting":[…]}] */
MUST_USE enum code programme_list(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out);

/* --- stations --- */

struct station_new {
	const char *name, *address;
	const char *zone; /* NULL: the operator's */
	struct place place;
};
struct station {
	const char *id, *operator_id, *name, *address, *zone;
	struct place place;
};
MUST_USE enum code station_create(struct scope *sc, struct tx *tx, const char *operator_id, const struct station_new *s,
				  struct id *out);
MUST_USE enum code station_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
			       struct station *out);
/* [{"id","name","address","zone","place"}] */
MUST_USE enum code station_list(struct scope *sc, struct tx *tx, const char *operator_id, json_t **out);

/* --- drivers --- */

enum driver_state {
	DRIVER_APPLIED,
	DRIVER_ACTIVE,
	DRIVER_SUSPENDED,
	DRIVER_DEACTIVATED,
	DRIVER_REFUSED,
	DRIVER_LEFT,
	DRIVER_STATES
};
extern const char *const driver_state_words[];
enum vehicle_kind { VEHICLE_VAN, VEHICLE_CAR, VEHICLE_BIKE, VEHICLE_CARGO_BIKE, VEHICLE_FOOT };
extern const char *const vehicle_words[];

struct signup {
	const char *programme_id, *station_id;
	const char *name;	/* 2–120 characters */
	const char *birth_date; /* "1990-04-30" */
	const char *email;	/* or NULL; one contact of the two must be there */
	const char *phone;	/* "+46…", or NULL */
	const char *language;	/* "sv", "en", … */
	enum vehicle_kind vehicle;
	int64_t capacity_g, capacity_ml;
	const char *device_label;
	uint8_t device_key[32]; /* Ed25519 public key, raw */
	const char *challenge;	/* of challenge_make(), purpose "signup" */
	uint8_t signature[64];	/* by the device's key over challenge_message() */
};
/* {"programme","station","name","birth_date","email","phone","language",
 *  "vehicle":{"kind","capacity_g","capacity_ml"},
 *  "device":{"public_key":base64url,"label"},"challenge","signature":base64url} */
MUST_USE enum code signup_parse(struct scope *sc, const json_t *json, struct signup *out);
/* Binds the device, then applies the published rule people.signup/1: active at
 * once, or a queue item "signup.review".
 * E_INVALID (reason "under-age")  not 18 on the operator's local date; nothing is stored.
 * E_UNAUTHENTICATED  the challenge is not ours, spent, older than 60 s, or not signed by this key. */
MUST_USE enum code driver_sign_up(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				  const struct signup *s, struct id *driver_id, struct id *device_id);

/* What the work needs: no personal data. */
struct driver {
	const char *id, *programme_id, *station_id, *language;
	enum driver_state state;
	enum vehicle_kind vehicle;
	int64_t capacity_g, capacity_ml;
	int64_t since_ms; /* signed up */
};
MUST_USE enum code driver_get(struct scope *sc, struct tx *tx, const char *operator_id, const char *id,
			      struct driver *out);
/* station_id NULL: all; state DRIVER_STATES: all. */
MUST_USE enum code drivers_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
			      enum driver_state state, struct driver **out, size_t *n);
/* Her name, unsealed; "driver 7F3K" (the id's last four) once her key is gone. */
MUST_USE enum code driver_name(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id,
			       const char **out);
enum driver_view {
	VIEW_SELF, /* all she told, devices, face path, and what may be done */
	VIEW_STAFF, /* {"id","name","state","programme","station","vehicle","language","since","contact"}; nothing of the face path */
};
MUST_USE enum code driver_json(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *id,
			       enum driver_view view, json_t **out);
/* {"items":[VIEW_STAFF…],"next":cursor or null}, newest sign-up first; before_seq 0: from the newest. */
MUST_USE enum code driver_list(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
			       int64_t before_seq, size_t max, json_t **out);
/* She changes her own data: name, email, phone, language, vehicle, station. */
MUST_USE enum code driver_change(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				 const char *id, const json_t *change);

struct driver_verdict {
	enum driver_state to; /* active, suspended, deactivated, refused */
	const char *staff_id;
	const char *reason;    /* code, for the record */
	const char *reasoning; /* ≥ 20 characters, the person's own words; she reads them */
	const char *overrides; /* the decision this one replaces, or NULL */
	const json_t *review;  /* of the queue item behind it (record/queue_decide), or NULL */
	int64_t until_ms;      /* to suspended: when a person is asked about it again; 0: no date */
};
/* The only way into suspended, deactivated and refused, and out again. Writes the decision.
 * E_CONFLICT (reason "bad-state")  no such arrow.  E_INVALID  until: not a date within a year, or of no suspension. */
MUST_USE enum code driver_decide(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 const struct driver_verdict *v, struct id *decision_id);

/* What tax and labour law keep of her, from under her statutory key: {"name","birth_date"}; it opens after she
 * has left, too, until the term ends. E_NOT_FOUND (reason "erased")  the term is over. */
MUST_USE enum code driver_statutory(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				    const char *id, json_t **out);

/* For the report: how many drivers, by state, and how many of the active ones chose the face path (a count, never
 * who). */
struct people_counts {
	int64_t by_state[DRIVER_STATES];
	int64_t with_face;
};
MUST_USE enum code people_count(struct scope *sc, struct tx *tx, const char *operator_id, struct people_counts *out);

/* --- the public notice --- */

/* What is monitored (datum, purpose, when, who sees it, how long, on or off),
 * which decisions are made (kind, by whom, purpose), the rules' parameters with
 * their weights, terms of keeping, rights and where to write: for the page that
 * anybody may read. */
MUST_USE enum code people_notice(struct scope *sc, struct tx *tx, const char *operator_id, const char *programme_id,
				 json_t **out);

/* --- the rights --- */

MUST_USE enum code people_export(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				 const char *driver_id, json_t *into);
/* She leaves: account and biometric keys, sealed rows, devices and sessions are
 * destroyed, her state is `left`; her statutory key dies at the end of its term
 * (people_statutory_job). Idempotent. */
MUST_USE enum code people_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);
extern const struct job_kind people_statutory_job;  /* "people.statutory" */
extern const struct job_kind people_suspension_job; /* "people.suspension": its date has come */
extern const struct job_kind people_template_job;   /* "people.template": a template's term ends */

#endif
