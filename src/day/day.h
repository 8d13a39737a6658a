/* day: the story across rooms, and the house they live in.
 *
 * The only orchestrator: whatever takes more than one room (a duty's close is
 * a duty, a statement and postings; leaving is all of them) is one function
 * here, so that api, jobs and tests tell the same story.
 *
 * Functions that need a face child or roads come in phases, each named for
 * where it may run:
 *
 *	…_read(sc, tx, …)    a snapshot: collect what the work needs
 *	…_work(sc, house, …) no transaction; may take long
 *	…_write(sc, tx, …)   the consequences; quick
 */
#ifndef DAY_DAY_H
#define DAY_DAY_H

#include "chain/chain_sign.h"
#include "duty/duty.h"
#include "finder/finder.h"
#include "guide/guide.h"
#include "hooks/hooks.h"
#include "jobs/jobs.h"
#include "keys/keys.h"
#include "pay/pay.h"
#include "people/access.h"
#include "people/enrolment.h"
#include "people/liveness.h"
#include "people/people.h"
#include "report/report.h"
#include "road/road.h"
#include "store/store.h"
#include "workers/workers.h"

/* --- the house --- */

/* DIR/waybill.json, written once by `waybill init`:
 *	{"format":1,"created":"…","simulation":null | {"seed":7,"start":"…"},"roads":"city.road"} */
struct house_settings {
	bool simulation; /* only such a directory may have a stepped clock */
	int64_t seed, start_ms;
	const char *roads; /* file name within DIR, or a path; NULL: no roads, no plans */
	/* to make one: PostgreSQL's address, and a schema (NULL: the store's own choice); NULL: files in DIR */
	const char *store, *schema;
};
MUST_USE enum code house_settings_read(struct scope *sc, const char *dir, struct house_settings *out);
/* Creates DIR (0700), the settings, the root keys and the signing key. E_CONFLICT  DIR has them already.
 * As store_reach() where the tables are to live in PostgreSQL. */
MUST_USE enum code house_create(struct scope *sc, const char *dir, const struct house_settings *settings);

struct house_options {
	const char *dir;
	const char *exe;	/* this binary, for its children */
	const char *models;	/* prepared face models; NULL: the face path answers "unavailable" */
	unsigned face_children; /* 0: none */
	bool stepped;		/* E_DENIED unless the directory was made for simulation */
	int job_threads;
	unsigned road_threads;			  /* that make one metric of the streets; 0: one */
	struct finder_options finder;		  /* who finds addresses; borrowed for the call */
	struct guide_options guide;		  /* whose driving times plans are made of; likewise */
	enum http_reach webhooks;		  /* which addresses they may have; REACH_ANY counts as REACH_PUBLIC */
	const char *webhooks_ca;		  /* PEM of the authorities to trust; NULL: the machine's. Borrowed */
	const struct schema *const *more_schemas; /* of rooms above this one, NULL-ended; NULL: none */
	const struct job_kind *const *more_jobs;  /* likewise; borrowed as long as the house is open */
};
#define HOUSE_JOBS_MAX 32
struct house {
	struct chain_host chain; /* first: the chain's jobs look for their signer here */
	const char *dir;
	struct clock clock;
	struct random random;
	struct store *store;
	struct jobs *jobs;
	struct keys *keys;
	struct workers *faces;		   /* NULL: no face path in this process */
	struct road *road;		   /* NULL: no roads */
	struct road_service_own own_roads; /* over it */
	struct finder *finder;		   /* NULL: neither roads nor a geocoding server */
	struct hooks *hooks;
	struct guide *guide; /* NULL: our own times */
	struct duty_planner planner;
	bool simulation;
	const struct job_kind *job_kinds[HOUSE_JOBS_MAX]; /* NULL-ended */
};
/* Opens everything; jobs wait for house_start(). The caller owns *out: house_close(). */
MUST_USE enum code house_open(struct scope *sc, const struct house_options *opt, struct house **out);
void house_start(struct house *h); /* jobs begin (wall clock; a stepped one is moved by house_advance) */
void house_close(struct house *h); /* NULL is fine */
/* Stepped only: run what is due, leave the clock at to_ms. */
MUST_USE enum code house_advance(struct scope *sc, struct house *h, int64_t to_ms);
/* Stepped only: from here on the clock runs by itself, and jobs with it. */
MUST_USE enum code house_release_clock(struct scope *sc, struct house *h);
/* All rooms' tables: for tools that open a store without a house. */
extern const struct schema *const house_schemas[];

/* --- offers --- */

/* Publishes a block and asks for its wave's plan. *block_id. */
MUST_USE enum code day_block_publish(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id,
				     const struct block_new *block, struct id *block_id);
/* A person gives a unit, offer_award_direct(); a wave that was planned already is planned again for her. */
MUST_USE enum code day_award_direct(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				    const char *driver_id, const char *staff_id, const char *reasoning,
				    const char *overrides, struct id *award_id);
/* A person takes an award back, offer_award_cancel(); what was planned for it goes back to the station.
 * E_CONFLICT (reason "duty-open")  its duty has begun. */
MUST_USE enum code day_award_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id,
				    const char *staff_id, const char *reasoning);
/* A person cancels a block, offer_block_cancel(); what was planned for its drivers goes back to the station. */
MUST_USE enum code day_block_cancel(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				    const char *staff_id, const char *reasoning);
/* The driver gives an award back: her shipments return to the station, the block is drawn again. */
MUST_USE enum code day_give_back(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 const char *award_id);

/* A shipment is cancelled, freight_move(); where it was planned, its stop is taken off the round. */
MUST_USE enum code day_shipment_cancel(struct scope *sc, struct tx *tx, const char *operator_id,
				       const char *shipment_id, const char *by, const char *reason);

/* --- faces --- */

#define PICTURES_MAX CHALLENGE_FRAMES_MAX
struct pictures {
	const uint8_t *bytes[PICTURES_MAX];
	size_t n_bytes[PICTURES_MAX];
	size_t n;
};
/* E_INVALID (reason "poor-capture")  the message names the picture and the hint; *hint is its word. */
struct enrol {
	const char *operator_id, *driver_id, *consent_id;
	struct pictures pictures;
	const char *hint; /* NULL: accepted */
	uint8_t *template_;
	size_t template_n;
};
MUST_USE enum code day_enrol_work(struct scope *sc, struct house *h, struct enrol *e);
MUST_USE enum code day_enrol_write(struct scope *sc, struct tx *tx, struct house *h, const char *text_version,
				   struct enrol *e, struct id *enrolment_id);

/* A proof photograph without metadata and faces. E_INVALID  no picture.  E_UNAVAILABLE  no face child to look for faces. */
MUST_USE enum code day_photo_work(struct scope *sc, struct house *h, const uint8_t *photo, size_t n, uint8_t **jpeg,
				  size_t *jpeg_n);

/* --- check-in --- */

struct check_in {
	const char *operator_id, *driver_id, *award_id;
	struct place fix; /* wiped by the work phase: it is never stored */
	bool by_face;
	struct pictures pictures; /* by face */
	const char *device_id;
	const char
	    *challenge; /* by device: of challenge_make(), purpose: the award's id; by face: day_face_challenge()'s id,
				     or NULL where the programme asks none */
	const uint8_t *signature; /* 64 bytes over challenge_message(), or liveness_message() */
	struct place depot_;	  /* of the read phase */
	double radius_m_;
	struct enrolment enrolment_;
	struct face_challenge asked_; /* by face, with a challenge */
	const json_t *hashes_;	      /* by face: SHA-256 of each picture, hex */
	struct checkin_seen seen;     /* of the work phase */
};
/* What the camera shall see, for this award of hers. lights: she takes colours, too; drawn only where the
 * programme has them. E_CONFLICT (reason "not-enrolled" | "challenges-used").  E_NOT_FOUND  no award of hers. */
struct face_ask_for {
	const char *operator_id, *driver_id, *device_id, *award_id;
	bool lights;
	uint8_t random[LIVENESS_RANDOM];
};
MUST_USE enum code day_face_challenge(struct scope *sc, struct tx *tx, struct house *h, const struct face_ask_for *ask,
				      struct liveness *out);
/* E_INVALID (reason "challenge-needed")  pictures alone do not do in this programme. And liveness_take()'s. */
MUST_USE enum code day_check_in_read(struct scope *sc, struct tx *tx, struct house *h, struct check_in *c);
MUST_USE enum code day_check_in_work(struct scope *sc, struct house *h, struct check_in *c);
MUST_USE enum code day_check_in_write(struct scope *sc, struct tx *tx, struct house *h, struct check_in *c,
				      struct id *checkin_id, enum checkin_outcome *outcome);

/* --- the duty's end --- */

/* Closes the duty and issues its statement. */
MUST_USE enum code day_duty_close(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				  const char **duty_id, struct id *statement_id);
/* A person ends it for her, duty_end_early(), and its statement is issued. */
MUST_USE enum code day_duty_end(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id,
				const char *staff_id, const char *reasoning, struct id *statement_id);

/* --- people decide --- */

/* What a reviewer may say beside her outcome. */
struct verdict_terms {
	const json_t *facts; /* {"engaged_s","wait_s","stops","distance_m"} of an upheld pay appeal; NULL: none */
	int64_t until_ms;    /* of a suspension kept: when a person is asked again; 0: no date */
};
/* A verdict on a queue item and what follows from it, in one transaction:
 * signup.review, suspension.review → state; checkin.review → check-in; appeal upheld → a remedy
 * is owed (statement appeals may carry corrected facts); position.implausible → a note.
 * E_INVALID (reason "bad-field")  a date where no suspension is kept, or one that is past or more than a year off. */
MUST_USE enum code day_queue_decide(struct scope *sc, struct tx *tx, const char *operator_id,
				    const struct queue_verdict *v, const struct verdict_terms *terms, json_t **out);

/* A person decides about a driver's account, driver_decide(). Who is suspended or let go could not come: what was
 * planned for her and not begun goes back to the station and is planned for others; her awards stay hers. */
MUST_USE enum code day_driver_decide(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				     const struct driver_verdict *v, struct id *decision_id);

/* --- the rights --- */

/* Everything about her, one JSON object. Positions come from the other file: two reads. */
MUST_USE enum code day_export(struct scope *sc, struct house *h, const char *operator_id, const char *driver_id,
			      json_t **out);
/* May she leave now? E_CONFLICT (reason "duty-open"): asked before anything of hers is erased. */
MUST_USE enum code day_leave_check(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);
/* She leaves: erased from every room now. E_CONFLICT (reason "duty-open")  close the duty first.
 * {"erased":[…],"kept":[{"what","why","until"}]} */
MUST_USE enum code day_leave_write(struct scope *sc, struct tx *tx, struct house *h, const char *operator_id,
				   const char *driver_id, json_t **receipt);
/* The positions' half, on LANE_POSITIONS; re-runnable. */
MUST_USE enum code day_leave_positions(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);

#endif
