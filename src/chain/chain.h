/* chain: commitments that the operator cannot take back.
 *
 * A transaction leaves leaves: chain_leaf() hashes a record with a fresh salt and
 * stores only the hash, unsequenced. One leased sequencer (a job) numbers
 * leaves in commit order, extends the Merkle tree (RFC 6962 hashing, C2SP
 * tlog-tiles layout) and has the checkpoint signed (C2SP signed note, Ed25519)
 * by a process of its own that holds the signing key.
 *
 * The chain holds no personal data: whoever holds record and salt can prove the
 * record was committed; whoever has only the chain learns nothing; erasing
 * record and salt leaves a number that means nothing any more.
 *
 *	leaf data   = "waybill/v1\n" kind "\n" salt(32, hex) "\n" canonical JSON of the record
 *	leaf hash   = SHA-256(0x00 || SHA-256(leaf data))      entry bundle holds the inner 32 bytes
 *	node        = SHA-256(0x01 || left || right)
 */
#ifndef CHAIN_CHAIN_H
#define CHAIN_CHAIN_H

#include "base/json.h"
#include "jobs/jobs.h"
#include "store/store.h"

#define CHAIN_HASH 32

struct leaf {
	uint8_t salt[CHAIN_HASH];
	uint8_t entry[CHAIN_HASH]; /* SHA-256(leaf data): what the entry bundle holds */
};

extern const struct schema chain_schema;
extern const struct job_kind chain_sequence_job; /* "chain.sequence" numbers leaves, then asks for the next */
extern const struct job_kind chain_sign_job; /* "chain.sign": its ctx begins with a struct chain_host (chain_sign.h) */

/* Commit to a record in the transaction that makes it so. The caller keeps
 * leaf.salt and leaf.entry beside the record. Asks for the sequencer's job. */
MUST_USE enum code chain_leaf(struct scope *sc, struct tx *tx, const char *kind, const json_t *record,
			      struct leaf *out);
/* The same hash from record and salt: what a verifier computes. */
void chain_entry(struct scope *sc, const char *kind, const json_t *record, const uint8_t salt[static CHAIN_HASH],
		 uint8_t entry[static CHAIN_HASH]);

struct checkpoint {
	int64_t size;
	uint8_t root[CHAIN_HASH];
	const char *note; /* the signed note, text */
	int64_t at_ms;
};
/* E_NOT_FOUND  none yet. */
MUST_USE enum code chain_checkpoint(struct scope *sc, struct tx *tx, struct checkpoint *out);
/* The tlog-tiles resources, by path below the prefix: "checkpoint",
 * "tile/0/000", "tile/0/000.p/5", "tile/entries/000"; and two of our own, "key"
 * and "checkpoints/0" (chain_verify.h). E_NOT_FOUND otherwise. */
MUST_USE enum code chain_resource(struct scope *sc, struct tx *tx, const char *path, const uint8_t **bytes, size_t *n,
				  const char **content_type);
/* Inclusion of an entry in the newest checkpoint. E_NOT_FOUND  not sequenced yet, or unknown. */
struct inclusion {
	int64_t index, size;
	uint8_t (*path)[CHAIN_HASH];
	size_t n_path;
	struct checkpoint checkpoint;
};
MUST_USE enum code chain_prove(struct scope *sc, struct tx *tx, const uint8_t entry[static CHAIN_HASH],
			       struct inclusion *out);
/* Pure verification. E_INVALID says what does not hold. */
MUST_USE enum code chain_check_inclusion(struct scope *sc, const uint8_t entry[static CHAIN_HASH], int64_t index,
					 int64_t size, const uint8_t (*path)[CHAIN_HASH], size_t n_path,
					 const uint8_t root[static CHAIN_HASH]);
MUST_USE enum code chain_check_consistency(struct scope *sc, int64_t old_size,
					   const uint8_t old_root[static CHAIN_HASH], int64_t new_size,
					   const uint8_t new_root[static CHAIN_HASH], const uint8_t (*path)[CHAIN_HASH],
					   size_t n_path);

#endif
