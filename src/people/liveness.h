/* liveness: the challenges a driver's phone is asked when she checks in with her face.
 *
 * One is a row: which poses and colours, for which act of whom, on which phone, until
 * when. The phone answers with frames and a signature over the challenge and the hash
 * of every frame, so that neither can be used with another. It is spent by its first
 * answer, good or bad; a new one replaces the one before, and an act has so many of
 * them that nobody can ask on until poses come that were filmed before.
 *
 * Nobody but she reads these rows: they say who checks in with her face. They go when
 * she opts out or leaves, and those of a day ago whenever somebody is asked. Where they run out or are not wanted, the phone's key opens
 * the shift as ever. */
#ifndef PEOPLE_LIVENESS_H
#define PEOPLE_LIVENESS_H

#include "face/challenge.h"
#include "people/people.h"

#define LIVENESS_MS 120000
#define LIVENESS_PER_ACT 6 /* of 128 sequences of poses */

struct liveness {
	struct id id;
	int64_t ends_ms;
	struct face_challenge asked;
};

/* What random bytes draw; lights: colours, too. Pure. */
#define LIVENESS_RANDOM 40
void liveness_draw(const uint8_t random[static LIVENESS_RANDOM], bool lights, struct face_challenge *out);

/* E_CONFLICT (reason "challenges-used")  LIVENESS_PER_ACT were asked for this act. */
MUST_USE enum code liveness_open(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 const char *device_id, const char *act, const struct face_challenge *drawn,
				 struct liveness *out);
/* What the phone signs: "waybill/face/1\n" operator "\n" act "\n" challenge, and a line
 * with the SHA-256 (hex) of each frame in order. frames NULL: without these lines. */
char *liveness_message(struct scope *sc, const char *operator_id, const char *act, const char *challenge,
		       const json_t *frames);

struct liveness_answer {
	const char *operator_id, *driver_id, *device_id, *act;
	const char *challenge;	  /* its id */
	const uint8_t *signature; /* 64 bytes */
	const json_t *frames;	  /* hashes, hex */
};
/* Is this an answer to her open challenge, for this act, signed by this phone, with as many
 * frames as it asks for? Reads only: whoever judges the frames spends it afterwards.
 * E_CONFLICT (reason "challenge-over")  spent, replaced or too late: ask for a new one.
 * E_INVALID (reason "frames")  another number of frames.  E_DENIED (reason
 * "challenge-answer")  anything else. */
MUST_USE enum code liveness_take(struct scope *sc, struct tx *tx, const struct liveness_answer *a,
				 struct face_challenge *out);
/* E_CONFLICT (reason "challenge-over")  somebody was quicker. */
MUST_USE enum code liveness_spend(struct scope *sc, struct tx *tx, const char *operator_id, const char *challenge);

/* For her: what she was asked lately. */
MUST_USE enum code liveness_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 json_t **out);
MUST_USE enum code liveness_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);
/* {"poses":["left",…],"colours":[…]}: what a phone shows, what a decision keeps. */
json_t *liveness_asked_json(struct scope *sc, const struct face_challenge *c);

#endif
