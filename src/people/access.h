/* people/access: who is calling. Passphrases, sessions, device keys.
 *
 * A token is "<26 digits of the operator's id>.<base64url of 32 random bytes>".
 * Only its MAC is stored, and it is looked for under its own operator, so a
 * token cannot open another tenant's door.
 *
 * Drivers have no passphrase: the phone makes an Ed25519 key at sign-up and
 * answers challenges with it. A challenge is made without a write (random, time
 * and a MAC), lives 60 s and is spent by its first answer. */
#ifndef PEOPLE_ACCESS_H
#define PEOPLE_ACCESS_H

#include "people/people.h"

/* --- passphrases: argon2id, 19 MiB, 3 passes (about 30 ms: not on the writer's thread) --- */

#define PASSPHRASE_MIN 10 /* characters; at most 200 */
/* E_INVALID (reason "weak-passphrase")  too short, too long or one of the common ones. */
MUST_USE enum code passphrase_hash(struct scope *sc, const char *passphrase, const char **hash);
/* hash NULL costs the same time and is false: an unknown address cannot be told from a wrong word. */
MUST_USE enum code passphrase_verify(struct scope *sc, const char *hash, const char *passphrase, bool *right);

/* A sign-in is three steps: staff_login_find (read), passphrase_verify (no
 * transaction), then staff_login_done (write). */
struct login {
	const char *operator_id;
	const char *staff_id; /* NULL: nobody of that address */
	const char *hash;     /* NULL likewise, or when the account is disabled */
	int64_t bucket;	      /* where wrong tries at this address are counted */
};
/* slug may be NULL where there is one operator. E_DENIED (reason "too-many-tries")  10 wrong in 15 minutes. */
MUST_USE enum code staff_login_find(struct scope *sc, struct tx *tx, const char *slug, const char *email,
				    struct login *out);
/* right: a session's token. Wrong: the try is counted, *token is NULL; answer E_UNAUTHENTICATED outside
 * the transaction, which must commit. */
MUST_USE enum code staff_login_done(struct scope *sc, struct tx *tx, struct keys *k, const struct login *l, bool right,
				    const char **token);
MUST_USE enum code staff_set_passphrase(struct scope *sc, struct tx *tx, const char *operator_id, const char *staff_id,
					const char *hash);

/* --- tokens --- */

/* "<26 digits>.<base64url>" and back. E_UNAUTHENTICATED  another shape or length. */
char *token_text(struct scope *sc, const char *operator_id, const uint8_t *secret, size_t n);
MUST_USE enum code token_split(struct scope *sc, const char *token, const char **operator_id, uint8_t *secret,
			       size_t n);

/* --- sessions --- */

enum actor_kind { ACTOR_STAFF, ACTOR_DRIVER };
struct actor {
	enum actor_kind kind;
	const char *operator_id;
	const char *id; /* stf_… or drv_… */
	enum role role; /* staff */
	enum driver_state state;
	const char *session_id;
	const char *device_id; /* drivers */
	int64_t expires_ms;
};
#define SESSION_STAFF_MS (INT64_C(10) * 3600 * 1000)
#define SESSION_DRIVER_MS (INT64_C(14) * 3600 * 1000)
#define SESSION_KEY_MS (INT64_C(365) * 24 * 3600 * 1000) /* an integrator's */

/* E_UNAUTHENTICATED  unknown, ended, or its holder may not enter any more. Reads only. */
MUST_USE enum code session_actor(struct scope *sc, struct tx *tx, struct keys *k, const char *token, struct actor *out);
MUST_USE enum code session_end(struct scope *sc, struct tx *tx, const char *operator_id, const char *session_id);
/* All sessions of a driver or staff member. */
MUST_USE enum code sessions_end(struct scope *sc, struct tx *tx, const char *operator_id, const char *holder_id);
/* A key for a member of staff with the integrator's role; shown once. */
MUST_USE enum code integrator_key(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				  const char *staff_id, const char **token);

/* --- devices --- */

#define CHALLENGE_MS 60000
/* For a purpose: "signup", or a device's id. Text for JSON. Writes nothing. */
char *challenge_make(struct scope *sc, struct keys *k, struct random *r, const char *operator_id, const char *purpose,
		     int64_t now_ms);
/* What the phone signs: "waybill/device/1\n" operator id "\n" purpose "\n" challenge. */
char *challenge_message(struct scope *sc, const char *operator_id, const char *purpose, const char *challenge);
/* Answers a device's challenge; a driver who is suspended may still enter (to
 * read, appeal, export, leave). E_UNAUTHENTICATED without saying which part was wrong. */
MUST_USE enum code device_session(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				  const char *device_id, const char *challenge, const uint8_t signature[static 64],
				  const char **token, struct actor *out);
/* Proof of one act, not a session: this driver's device has signed a challenge of this purpose (a check-in's is
 * its award's id). Spends the challenge. E_UNAUTHENTICATED otherwise; the device may be anybody's but hers: the
 * same answer. */
MUST_USE enum code device_answer(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				 const char *driver_id, const char *device_id, const char *purpose,
				 const char *challenge, const uint8_t signature[static 64]);
/* For the moment after sign-up, which has proved the key already. */
MUST_USE enum code driver_session(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				  const char *driver_id, const char *device_id, const char **token);
/* From a signed-in device: bind another phone (its key signs a challenge of purpose "device"), or let one go.
 * E_CONFLICT (reason "last-device")  she could not come back. */
MUST_USE enum code device_add(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
			      const char *driver_id, const char *label, const uint8_t key[static 32],
			      const char *challenge, const uint8_t signature[static 64], struct id *out);
MUST_USE enum code device_remove(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 const char *device_id);

#endif
