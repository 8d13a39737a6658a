/* chain_note: checkpoints as C2SP signed notes, and the keys that sign them.
 *
 *	waybill.example/city            origin: the log's name and its key's
 *	20852                           leaves
 *	CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=      root, base64
 *
 *	— waybill.example/city Az3grl…  base64(key id, Ed25519 signature of all above the blank line)
 *
 * A verifier's key is text too: "<name>+<key id, hex>+<base64 of 0x01 and the key>". */
#ifndef CHAIN_CHAIN_NOTE_H
#define CHAIN_CHAIN_NOTE_H

#include "base/random.h"
#include "base/scope.h"
#include "chain/chain.h"

#define ORIGIN_MAX 128
#define NOTE_MAX 4096
#define VKEY_MAX 256
#define SIGNATURE_BYTES 64

struct verifier_key {
	char name[ORIGIN_MAX + 1];
	uint8_t id[4];
	uint8_t key[32];
};
/* E_INVALID  not a verifier key, or one whose id does not fit. */
MUST_USE enum code vkey_parse(struct scope *sc, const char *text, struct verifier_key *out);
/* E_INVALID  a name that no key may have: empty, blanks, control characters, '+', or too long. */
MUST_USE enum code vkey_make(struct scope *sc, const char *name, const uint8_t key[static 32],
			     struct verifier_key *out);
char *vkey_text(struct scope *sc, const struct verifier_key *k);

/* What is signed: everything above the blank line. */
char *checkpoint_body(struct scope *sc, const char *origin, int64_t size, const uint8_t root[static CHAIN_HASH]);
char *note_text(struct scope *sc, const char *body, const struct verifier_key *k,
		const uint8_t signature[static SIGNATURE_BYTES]);
/* A checkpoint of this key's log with a signature of this key that holds.
 * out->at_ms is 0: a note carries no time. E_INVALID otherwise. */
MUST_USE enum code checkpoint_open(struct scope *sc, const char *note, size_t n, const struct verifier_key *k,
				   struct checkpoint *out);

/* --- the signing key's file ---
 *
 *	waybill-signing-key/1
 *	origin waybill.example/city
 *	seed 64 hex digits
 */
struct signing_key {
	struct verifier_key verifier;
	uint8_t secret[64];
};
/* Writes path (0600) and, beside it, "<path without .key>.pub" with the verifier
 * key. E_CONFLICT  there is one already. */
MUST_USE enum code signing_key_create(struct scope *sc, const char *path, struct random *r, const char *origin);
/* E_CORRUPT  not a whole signing key. */
MUST_USE enum code signing_key_read(struct scope *sc, const void *bytes, size_t n, struct signing_key *out);

#endif
