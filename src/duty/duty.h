/* duty: the work itself, from the depot's gate back to the depot's gate.
 *
 *	award ──plan job──▶ planned ──check-in, open──▶ loading ──depart──▶ driving ──close──▶ closed
 *	                       │ given back, nobody came     └──a person ends it──▶ closed
 *	                       ▼
 *	                    released (its shipments go back to the station)
 *
 * Who did not come loses nothing by it: at the block's end her shipments return
 * to the station, and a person is asked to find out what happened.
 *
 * A plan is made for a *wave*: everybody whose block begins at one station at
 * one time, and every shipment that waits there. Where times have been learned,
 * driving depends on when it begins, hour by hour, by one version; the plan
 * records the road file, the version, the hours and the seed, so that it can be
 * made again and compared. Where the operator has another server asked for times
 * (room `guide`), it records which one, and a digest of what it said: that plan can
 * be checked against a kept answer, not made again. It allows PLAN_PACE_PERCENT of the learned times, on
 * the roads and at the doors: what a faster street gains is not taken from the
 * driver's breath. And learning never shortens a stop below what its sender says.
 *
 * In the night after a duty its track teaches streets and doors (traffic). Duties
 * that a person was asked about, and programmes that have switched positions
 * off, teach nothing; who has left has no positions to teach with.
 *
 * Positions exist only inside an open duty: duty_positions_add() refuses, and
 * does not store, anything that lies outside [opened, closed]. A check-in's fix
 * is compared with the depot and forgotten.
 *
 * Nothing here punishes: a failed attempt is paid like any other, an implausible
 * track becomes a question to a person (position.implausible), and no rule reads how
 * often it happened.
 */
#ifndef DUTY_DUTY_H
#define DUTY_DUTY_H

#include "base/geo.h"
#include "base/json.h"
#include "jobs/jobs.h"
#include "keys/keys.h"
#include "offer/offer.h"
#include "road/service.h"
#include "store/store.h"
#include "traffic/traffic.h"

extern const struct schema duty_schema;		  /* main file */
extern const struct schema duty_order_schema;	  /* main file */
extern const struct schema duty_positions_schema; /* positions file */

/* The plan allows this many seconds for what the roads' times take 100: a published promise (see the notice). */
#define PLAN_PACE_PERCENT 115
#define PLAN_LEAD_MS (30 * 60000) /* the wave is planned this long before its block begins */
#define PROOF_DAYS 30
#define STOP_ATTEMPTS 2

/* --- check-in --- */

enum identity { IDENTITY_CONFIRMED, IDENTITY_TRY_AGAIN, IDENTITY_UNSURE };
struct checkin_seen {
	bool by_face;  /* kept for her alone: staff never read it */
	bool at_depot; /* the fix itself is gone by now */
	enum identity identity;
	const char *hint;	 /* word for her phone, or NULL */
	const char *band;	 /* face only: false-match band, "<=1e-4"; never a score */
	const json_t *pictures;	 /* face only: SHA-256 (hex) of each, for an appeal; the pictures themselves are gone */
	const json_t *challenge; /* face only: what was asked, and what was seen; NULL: nothing was asked */
};
enum checkin_outcome { CHECKIN_PASSED, CHECKIN_TRY_AGAIN, CHECKIN_REVIEW, CHECKIN_OUTCOMES };
extern const char *const checkin_words[]; /* "passed", "try_again", "review", NULL */

/* One try. The third that does not pass goes to a person, who is asked once: while
 * she has not answered, a try in vain answers "review" again and *id is the one she
 * looks at. The device path stays open all the while. Writes the decision; passing
 * moves the award to checked-in.
 * E_CONFLICT (reason "too-early" | "too-late" | "checked-in" | "award-state").
 * E_DENIED (reason "not-active")  a person has suspended or ended her account. */
MUST_USE enum code checkin_record(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				  const char *award_id, const struct checkin_seen *seen, struct id *id,
				  enum checkin_outcome *outcome);
/* A person's answer to a "checkin.review" item: passed or refused. `review`: what
 * she had before her (record/queue_decide), for the decision's inputs. */
MUST_USE enum code checkin_review(struct scope *sc, struct tx *tx, const char *operator_id, const char *checkin_id,
				  bool passed, const char *staff_id, const char *reasoning, const json_t *review);
/* Is this fix at the depot? radius_m from the programme. */
bool checkin_at_depot(struct place fix, struct place depot, double radius_m);

/* --- planning --- */

/* What planning needs besides the store. */
struct duty_planner {
	const struct road_service *roads;    /* whose times plans are made of */
	const struct road_service *fallback; /* asked where `roads` is another server that is away; or NULL */
	const struct road *road;	     /* what duties teach; NULL: nothing */
	const char *road_version;	     /* names the road file */
	struct traffic *traffic;	     /* learned times; NULL: the map's own */
	double seconds;			     /* solver's budget a wave; 0: by iterations alone (simulation) */
	uint64_t iterations;
	uint64_t seed;
};
/* The job "duty.plan" (subject: the station; payload {"starts_ms"}) in its two
 * phases; its row in the table of jobs is the caller's, who has the planner. */
#define DUTY_PLAN_JOB "duty.plan"
struct duty_wave_plan;
MUST_USE enum code duty_plan_work(struct scope *sc, struct store *st, const struct duty_planner *planner,
				  const struct job *job, struct duty_wave_plan **out);
MUST_USE enum code duty_plan_commit(struct scope *sc, struct tx *tx, const struct job *job,
				    const struct duty_wave_plan *plan);
/* Asks for a wave's plan, PLAN_LEAD_MS before its start (at once when that has passed). */
MUST_USE enum code duty_plan_ask(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
				 int64_t starts_ms);
/* What a stop is given in a plan: the learned time at PLAN_PACE_PERCENT, or the sender's where that is longer. */
int64_t duty_stop_s(const struct traffic_stop *learned, int64_t told_s);

/* --- learning --- */

#define DUTY_LEARN_DAYS 28 /* duties that ended within so many days teach */
#define DUTY_LEARN_HOUR 2  /* of the operator's night */
/* The job "duty.learn" (subject: the operator) in its two phases, likewise. Its commit asks for "duty.speeds", whose
 * work is traffic_refresh(): the new version is live without anybody having to wait for it. */
#define DUTY_LEARN_JOB "duty.learn"
#define DUTY_SPEEDS_JOB "duty.speeds"
/* *out NULL: there is nothing to learn from. */
MUST_USE enum code duty_learn_work(struct scope *sc, struct store *st, const struct duty_planner *planner,
				   const struct job *job, struct traffic_lesson **out);
MUST_USE enum code duty_learn_commit(struct scope *sc, struct tx *tx, const struct job *job,
				     const struct traffic_lesson *lesson);
/* Asks for a lesson at the operator's next DUTY_LEARN_HOUR. */
MUST_USE enum code duty_learn_tonight(struct scope *sc, struct tx *tx, const char *operator_id);
/* A person wants one now. */
MUST_USE enum code duty_learn_now(struct scope *sc, struct tx *tx, const char *operator_id);
/* Learns from the duties that ended in [from, to); for the job, and for a tool beside a data directory. */
MUST_USE enum code duty_learn(struct scope *sc, struct store *st, const struct duty_planner *planner,
			      const char *operator_id, int64_t from_ms, int64_t to_ms, struct traffic_lesson **out);

extern const struct job_kind duty_proof_job; /* "duty.proof": deletes a photo after PROOF_DAYS; ctx unused */
/* Given back or cancelled: what was planned for this award goes back to the station, and before the block's end
 * the wave is planned again. E_CONFLICT (reason "duty-open"). */
MUST_USE enum code duty_release(struct scope *sc, struct tx *tx, const char *operator_id, const char *award_id);
/* The same for every duty of hers that has not been opened: she leaves. */
MUST_USE enum code duty_release_all(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);
/* "duty.end" (subject: the duty), due at its block's end; ctx unused. Not opened: released, and the desk is asked
 * ("duty.review"). Still open DUTY_LATE_MS after the end: the desk is asked, nothing else happens. */
extern const struct job_kind duty_end_job;
/* Its sender has cancelled a shipment that was planned for this duty (NULL: for none): its stop is released, and
 * she hears "plan.changed". Without this she could neither deliver the stop nor fail it nor close. */
MUST_USE enum code duty_shipment_gone(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id,
				      const char *shipment_id);
#define DUTY_LATE_MS (2 * 3600000)

/* --- the duty --- */

/* Opens the award's duty; without a plan it has no stops. E_CONFLICT
 * (reason "not-checked-in" | "duty-open" | "too-late"). E_DENIED (reason "not-active"). */
MUST_USE enum code duty_open(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			     const char *award_id, struct id *out);
/* The open duty of a driver. E_NOT_FOUND (reason "no-duty"). */
MUST_USE enum code duty_current(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				const char **duty_id);
/* A parcel goes aboard. *left: parcels of this duty still to be scanned.
 * E_NOT_FOUND (reason "not-yours"), E_CONFLICT (reason "other-van"). */
MUST_USE enum code duty_scan(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			     const char *barcode, int64_t *left);
/* E_CONFLICT (reason "not-loaded")  parcels are missing and `without_missing` is false;
 * with it their stops are released and the shipments go back to the station. */
MUST_USE enum code duty_depart(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       bool without_missing);

enum stop_result { STOP_DELIVERED, STOP_FAILED };
struct proof {
	const char *kind;     /* "photo", "code", "none" */
	const uint8_t *photo; /* already stripped, shrunk, faces blurred; NULL otherwise */
	size_t photo_n;
	const char *code;
	const char *note; /* why there is none, or the failure's own words; or NULL */
	const char *to;	  /* "recipient", "neighbour", "safe_place"; delivered only */
};
MUST_USE enum code stop_arrive(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       const char *stop_id, const struct place *fix_or_null);
/* E_DENIED (reason "proof-wanted" | "code-locked"). A wrong code changes nothing but its count of tries:
 * *right_code is false, the transaction must commit, the answer is E_DENIED after it. The photo is sealed and
 * deleted after PROOF_DAYS. */
MUST_USE enum code stop_deliver(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				const char *driver_id, const char *stop_id, const struct proof *proof,
				bool *right_code);
/* *again: it comes back at the end of the round; else the parcels return to the depot. */
MUST_USE enum code stop_fail(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			     const char *stop_id, const char *reason, const char *note, bool *again);
/* Handed back at the depot. *left: failed stops still aboard. */
MUST_USE enum code stop_return(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       const char *stop_id, int64_t *left);

/* The driver's own order of her open stops: every open stop exactly once. Two
 * phases: duty_legs_read + duty_legs_drive (roads; outside a transaction), then
 * duty_reorder writes. */
struct duty_legs {
	size_t n; /* stops; legs are n + 1: from here, between, to the depot */
	const char **stop_ids;
	struct place *places;		  /* n + 2, depot at both ends */
	int64_t *service_s;		  /* n */
	char **shape;			  /* n + 1 polylines, 1e6 */
	int64_t *duration_s, *distance_m; /* n + 1 */
	int64_t local_ms;		  /* when they are driven, on the station's wall */
	int64_t speeds_version;		  /* of the durations; 0: the map's, or another server's */
	const char *times_by;		  /* road_service.kind of who was asked */
};
MUST_USE enum code duty_legs_read(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				  const char *const *stop_ids, size_t n, struct duty_legs *out);
MUST_USE enum code duty_legs_drive(struct scope *sc, struct store *st, const struct duty_planner *planner,
				   const char *operator_id, struct duty_legs *legs);
MUST_USE enum code duty_reorder(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				const struct duty_legs *legs);

/* What pay needs. */
struct duty_closed {
	const char *duty_id, *driver_id, *award_id, *station_id, *block_id, *pay_plan_id;
	int64_t pay_plan_version;
	int64_t engaged_from_ms, engaged_to_ms;
	int64_t wait_s, stops, distance_m;
};
/* E_CONFLICT (reason "stops-open" | "parcels-aboard"). */
MUST_USE enum code duty_close(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			      struct duty_closed *out);
/* A person ends an open duty (decision duty.end_early, with her reasoning): what was not delivered returns to the
 * station or its sender, the time until now is engaged time. E_NOT_FOUND (reason "no-duty").
 * E_CONFLICT (reason "duty-state")  it is not open. */
MUST_USE enum code duty_end_early(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id,
				  const char *staff_id, const char *reasoning, struct duty_closed *out);

/* --- positions (LANE_POSITIONS) --- */

struct position {
	int64_t at_ms;
	struct place place;
	double accuracy_m;
	double speed_mps; /* < 0: not said */
};
/* Reads the window of the driver's open duty, on the main file. */
struct position_window {
	const char *duty_id;
	int64_t from_ms, to_ms;
	bool off; /* her programme's policy says that positions are not taken */
};
MUST_USE enum code positions_window(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				    struct position_window *out);
/* Why a position is refused ("not-monitored", "outside-duty", "future", "inaccurate"), or NULL. */
const char *position_refusal(const struct position_window *w, const struct position *p, int64_t now_ms);
MUST_USE enum code positions_add(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 const char *duty_id, const struct position *p, size_t n);
MUST_USE enum code positions_of(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id,
				struct position **out, size_t *n);
MUST_USE enum code positions_last(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id,
				  struct position *out);
/* The newest `max` of them, oldest first. */
MUST_USE enum code positions_recent(struct scope *sc, struct tx *tx, const char *operator_id, const char *duty_id,
				    size_t max, struct position **out, size_t *n);
/* Every open duty, with its newest positions, oldest first: enough of them to know the street. */
#define POSITIONS_TAIL 8
struct duty_live {
	const char *duty_id;
	struct position *p;
	size_t n;
};
MUST_USE enum code positions_live(struct scope *sc, struct tx *tx, const char *operator_id, struct duty_live **out,
				  size_t *n);
/* The street a van is on, as the way it came says; "" where that has no name, NULL
 * where it is on none. p rises in time. */
struct road_matcher;
const char *positions_street(struct scope *sc, struct road_matcher *matcher, const struct road *road,
			     const struct position *p, size_t n);
/* Is the track possible? Fills `why` (a sentence) when it is not: faster than
 * 200 km/h over a kilometre, or two places at one time. Pure. */
bool positions_plausible(const struct position *p, size_t n, struct scope *sc, const char **why);
MUST_USE enum code positions_ask_review(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
					const char *duty_id, const char *why);
MUST_USE enum code positions_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);
MUST_USE enum code positions_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				    json_t *into);

/* --- views --- */

MUST_USE enum code duty_for_driver(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				   const char *driver_id, json_t **out);
/* Staff: state and counts per duty of a local date; names are the caller's to add. */
MUST_USE enum code duty_list(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms,
			     json_t **out);
MUST_USE enum code duty_for_staff(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				  const char *duty_id, json_t **out);
MUST_USE enum code proof_photo(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
			       const char *proof_id, uint8_t **jpeg, size_t *n);

/* Counts of a day, for the report. */
struct duty_counts {
	int64_t duties, stops_delivered, stops_failed_attempts;
	int64_t distance_m, engaged_s, driving_s;
	int64_t checks_device_passed, checks_face_passed, checks_face_retried, checks_reviewed;
	int64_t positions_reviewed;
	int64_t stops_reached, stops_late; /* of closed duties; late: DUTY_STOP_LATE_MS after the plan's time */
	int64_t duties_by_lesson;	   /* planned by learned times */
};
#define DUTY_STOP_LATE_MS (10 * 60000)
MUST_USE enum code duty_count(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms, int64_t to_ms,
			      struct duty_counts *out);

MUST_USE enum code duty_export(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       json_t *into);
/* Duties stay as counts under the pseudonym; proofs and check-ins of hers go. */
MUST_USE enum code duty_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			      const char *pseudonym);

#endif
