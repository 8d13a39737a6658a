/* people/people_rows: what the files of this room share with each other only. */
#ifndef PEOPLE_PEOPLE_ROWS_H
#define PEOPLE_PEOPLE_ROWS_H

#include "base/text.h"
#include "people/people.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)

/* The index of a word in a NULL-ended list; E_CORRUPT  a table holds another. */
MUST_USE enum code word_index(struct scope *sc, const char *const words[], const char *word, int *out);

/* A session for whoever; only the token's MAC is kept. */
MUST_USE enum code session_begin(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				 const char *holder_id, const char *device_id, int64_t ttl_ms, const char **token);

/* Spends a challenge that this key has signed. E_UNAUTHENTICATED otherwise. */
MUST_USE enum code challenge_answer(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				    const char *purpose, const char *challenge, const uint8_t key[static 32],
				    const uint8_t signature[static 64]);
/* Has this phone of hers signed this text? E_UNAUTHENTICATED otherwise. */
MUST_USE enum code device_signed(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				 const char *device_id, const char *text, const uint8_t signature[static 64]);
MUST_USE enum code device_bind(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
			       const char *label, const uint8_t key[static 32], struct id *out);
MUST_USE enum code devices_json(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id,
				json_t **out);

/* What she told about herself, unsealed. E_NOT_FOUND (reason "erased")  gone. */
struct personal {
	const char *name, *birth_date, *email, *phone;
};
MUST_USE enum code personal_read(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				 const char *driver_id, struct personal *out);
MUST_USE enum code personal_check(struct scope *sc, const struct personal *p);
/* Seals for the account and the statutory term. */
MUST_USE enum code personal_write(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
				  const char *driver_id, const struct personal *p);

/* E_INVALID (reason "under-age")  not 18 on the day `today` ("2026-11-22"). */
MUST_USE enum code age_check(struct scope *sc, const char *birth_date, const char *today);
MUST_USE enum code vehicle_parse(struct scope *sc, const json_t *vehicle, enum vehicle_kind *kind, int64_t *capacity_g,
				 int64_t *capacity_ml);

#endif
