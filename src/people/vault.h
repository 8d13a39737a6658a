/* people/vault: personal keys as rows, and sealing under them.
 *
 * person_key(operator_id, owner_id, purpose) holds a key sealed under the
 * purpose's root (keys room). Destroying the row is the erasure of everything
 * it sealed. */
#ifndef PEOPLE_VAULT_H
#define PEOPLE_VAULT_H

#include "keys/keys.h"
#include "store/store.h"

/* Makes the owner's key where there is none. */
MUST_USE enum code vault_key(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
			     const char *owner_id, enum key_purpose purpose);
/* Seals for the row `row`; makes the key where there is none. */
MUST_USE enum code vault_seal(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
			      const char *owner_id, enum key_purpose purpose, const char *row, const void *plain,
			      size_t n, uint8_t **out, size_t *out_n);
/* E_NOT_FOUND (reason "erased")  the key is gone.  E_CORRUPT  not sealed for this owner and row. */
MUST_USE enum code vault_open(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id,
			      const char *owner_id, enum key_purpose purpose, const char *row, const void *sealed,
			      size_t n, uint8_t **out, size_t *out_n);
MUST_USE enum code vault_destroy(struct scope *sc, struct tx *tx, const char *operator_id, const char *owner_id,
				 enum key_purpose purpose);

#endif
