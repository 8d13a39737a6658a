/* keys: secrets that live outside the database and its backups.
 *
 * A key file, DIR/keys (or another path, or the output of a command the
 * operator configures: "|command"), holds one 32-byte root per purpose. What is sealed
 * carries a nonce and is bound to the row it belongs to (associated data), so
 * a sealed value moved to another row does not open (XChaCha20-Poly1305,
 * libsodium).
 *
 * The file is text, so that a safe or a vault can carry it:
 *
 *	waybill-keys/1
 *	biometric 64 hex digits
 *	account …, statutory …, proof …, token …      in this order
 *	check 32 hex digits                           BLAKE2b-128 of all above
 *
 * Erasure: every person has a key of her own per purpose, random, sealed under
 * the purpose's root, and stored as a row; destroying that row makes what it
 * sealed unreadable, in backups too once the root has turned. Leaving destroys
 * the biometric and account keys and starts the statutory key's clock. */
#ifndef KEYS_KEYS_H
#define KEYS_KEYS_H

#include "base/random.h"
#include "base/scope.h"

enum key_purpose {
	KEY_BIOMETRIC, /* face templates, appeal pictures */
	KEY_ACCOUNT,   /* names, contacts, licence data */
	KEY_STATUTORY, /* what tax and labour law make the operator keep */
	KEY_PROOF,     /* delivery photographs, 30 days */
	KEY_TOKEN,     /* session and tracking tokens are MACed, not stored */
	KEY_PURPOSES,
};

struct keys;

/* Creates the key file (0600); E_CONFLICT where one exists. */
MUST_USE enum code keys_create(struct scope *sc, const char *path, struct random *r);
/* The path of a key file, or '|' and a shell command that prints one.
 * E_NOT_FOUND, E_CORRUPT, E_DENIED when others may read the file, E_UNAVAILABLE
 * when the command fails. The keys live in locked memory until keys_close(). */
MUST_USE enum code keys_open(struct scope *sc, const char *path, struct keys **out);
/* The same from bytes. E_CORRUPT  not a whole, undamaged key file. */
MUST_USE enum code keys_read(struct scope *sc, const void *bytes, size_t n, struct keys **out);
/* Wipes. NULL is fine. */
void keys_close(struct keys *k);

#define KEY_BYTES 32
#define SEAL_OVERHEAD (24 + 16) /* nonce and tag */

/* A new personal key, sealed under the purpose's root and bound to `owner`
 * (the person's id): KEY_BYTES + SEAL_OVERHEAD bytes to store. */
MUST_USE enum code key_make(struct scope *sc, struct keys *k, struct random *r, enum key_purpose purpose,
			    const char *owner, uint8_t sealed[static KEY_BYTES + SEAL_OVERHEAD]);
/* Seal and open under a personal key; `row` names the row it belongs to.
 * Opening: E_CORRUPT when key, owner, row or bytes do not belong together. */
MUST_USE enum code key_seal(struct scope *sc, struct keys *k, struct random *r, enum key_purpose purpose,
			    const char *owner, const uint8_t sealed_key[static KEY_BYTES + SEAL_OVERHEAD],
			    const char *row, const void *plain, size_t n, uint8_t **out, size_t *out_n);
MUST_USE enum code key_unseal(struct scope *sc, struct keys *k, enum key_purpose purpose, const char *owner,
			      const uint8_t sealed_key[static KEY_BYTES + SEAL_OVERHEAD], const char *row,
			      const void *sealed, size_t n, uint8_t **out, size_t *out_n);
/* Keyed BLAKE2b-256 under a key derived from the purpose's root: lookups of
 * secrets without storing them. */
void key_mac(struct keys *k, enum key_purpose purpose, const void *p, size_t n, uint8_t mac[static 32]);

#endif
