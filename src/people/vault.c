#include "people/vault.h"

/* The sealed key of an owner. E_NOT_FOUND (reason "erased")  there is none. */
static enum code
sealed_key_read(struct scope *sc, struct tx *tx, const char *operator_id, const char *owner_id,
		enum key_purpose purpose, uint8_t **out)
{
	struct rows *r;
	size_t n;
	enum code rc = sql_one(
	    sc, tx, &r, "SELECT sealed_key FROM person_key WHERE operator_id = $1 AND owner_id = $2 AND purpose = $3",
	    VALS(v_text(operator_id), v_text(owner_id), v_int(purpose)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "erased", "the key to this has been destroyed");
	TRY(rc);
	uint8_t *key = row_blob(sc, r, 0, &n);
	if (n != KEY_BYTES + SEAL_OVERHEAD)
		return fail(sc, E_CORRUPT, "a personal key has %zu bytes", n);
	*out = key;
	return OK;
}

/* Reads the owner's key, or makes it. */
static enum code
sealed_key_ensure(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *owner_id,
		  enum key_purpose purpose, uint8_t **out)
{
	enum code rc = sealed_key_read(sc, tx, operator_id, owner_id, purpose, out);
	if (rc != E_NOT_FOUND)
		return rc;
	error_clear(sc);
	uint8_t *key = scope_alloc(sc, KEY_BYTES + SEAL_OVERHEAD);
	TRY(key_make(sc, k, tx_random(tx), purpose, owner_id, key));
	TRY(sql_run(
	    sc, tx, "INSERT INTO person_key (operator_id, owner_id, purpose, sealed_key) VALUES ($1, $2, $3, $4)",
	    VALS(v_text(operator_id), v_text(owner_id), v_int(purpose), v_blob(key, KEY_BYTES + SEAL_OVERHEAD)), NULL));
	*out = key;
	return OK;
}

enum code
vault_key(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *owner_id,
	  enum key_purpose purpose)
{
	uint8_t *key;
	return sealed_key_ensure(sc, tx, k, operator_id, owner_id, purpose, &key);
}

enum code
vault_seal(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *owner_id,
	   enum key_purpose purpose, const char *row, const void *plain, size_t n, uint8_t **out, size_t *out_n)
{
	uint8_t *key;
	TRY(sealed_key_ensure(sc, tx, k, operator_id, owner_id, purpose, &key));
	return key_seal(sc, k, tx_random(tx), purpose, owner_id, key, row, plain, n, out, out_n);
}

enum code
vault_open(struct scope *sc, struct tx *tx, struct keys *k, const char *operator_id, const char *owner_id,
	   enum key_purpose purpose, const char *row, const void *sealed, size_t n, uint8_t **out, size_t *out_n)
{
	uint8_t *key;
	TRY(sealed_key_read(sc, tx, operator_id, owner_id, purpose, &key));
	return key_unseal(sc, k, purpose, owner_id, key, row, sealed, n, out, out_n);
}

enum code
vault_destroy(struct scope *sc, struct tx *tx, const char *operator_id, const char *owner_id, enum key_purpose purpose)
{
	return sql_run(sc, tx, "DELETE FROM person_key WHERE operator_id = $1 AND owner_id = $2 AND purpose = $3",
		       VALS(v_text(operator_id), v_text(owner_id), v_int(purpose)), NULL);
}
