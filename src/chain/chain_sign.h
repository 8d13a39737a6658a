/* chain_sign: the process that holds the signing key.
 *
 * A child of the server, this same binary, opens DIR/signing.key, shuts itself
 * in (no new files, no network, no processes: seccomp) and then answers two
 * questions over one socket: what did you sign last, and will you sign this
 * tree. It signs a tree only if its root follows from the tree it signed last
 * (RFC 6962 consistency), so a server that was broken into, or a database that
 * was put back, cannot make it sign a smaller tree or another past. What it
 * signed last lies in DIR/signing.state, written and synced before a signature
 * leaves the process.
 *
 *	server                                  child (fd 3, SOCK_SEQPACKET)
 *	'S'                              ──▶
 *	                                 ◀──   status:u8 size:u64 root:32 text (verifier key)
 *	'C' size:u64 root:32 n:u16 path  ──▶   (little-endian)
 *	                                 ◀──   status:u8 size:u64 root:32 text (the signed note, or why not)
 *
 *	signing.state: two lines of 128 bytes, written in turn; the larger size holds
 *	<size, 20 digits> <root, 64 hex> <BLAKE2b-64 of both, 16 hex> padding "\n"
 *
 * A child that died is started again by the next call. */
#ifndef CHAIN_CHAIN_SIGN_H
#define CHAIN_CHAIN_SIGN_H

#include "chain/chain_note.h"

struct signer;

/* What the ctx of the chain's jobs begins with: let your context's first member be one. */
struct chain_host {
	struct signer *signer; /* NULL: nothing can be signed here (E_UNAVAILABLE) */
};

/* exe NULL: this binary. key_path is DIR/signing.key. Owned by the caller until signer_close(). Thread-safe.
 * E_UNAVAILABLE  the child does not start, or found no good key and state. */
MUST_USE enum code signer_open(struct scope *sc, const char *exe, const char *key_path, struct signer **out);
void signer_close(struct signer *s); /* NULL is fine */
struct signer_state {
	int64_t size; /* 0: nothing signed yet */
	uint8_t root[CHAIN_HASH];
	const char *vkey;
};
MUST_USE enum code signer_state(struct scope *sc, struct signer *s, struct signer_state *out);
/* path: consistency from the state's tree to this one.
 * E_CONFLICT (reason "signer-refuses")  smaller, another past, or another root for the same size. */
MUST_USE enum code signer_sign(struct scope *sc, struct signer *s, int64_t size, const uint8_t root[static CHAIN_HASH],
			       const uint8_t (*path)[CHAIN_HASH], size_t n_path, const char **note);

/* --- the child's side --- */

#define SIGN_COMMAND "sign-child" /* waybill sign-child KEY_FILE */
#define SIGN_FD 3
#define SIGN_REQUEST_MAX (1 + 8 + CHAIN_HASH + 2 + 128 * CHAIN_HASH)
#define SIGN_ANSWER_MAX (1 + 8 + CHAIN_HASH + NOTE_MAX)

/* Serves SIGN_FD until the server hangs up. Returns the exit status. */
int chain_sign_child(const char *key_path);

/* What the child knows, and one exchange with it: apart from the process, for tests. */
struct sign_desk {
	struct signing_key key;
	int state_fd; /* -1: keep nothing */
	int64_t size; /* last signed */
	uint8_t root[CHAIN_HASH];
};
/* n bytes of request in, an answer of up to SIGN_ANSWER_MAX bytes out; returns its length, never 0. */
size_t sign_answer(struct scope *sc, struct sign_desk *d, const uint8_t *request, size_t n,
		   uint8_t answer[static SIGN_ANSWER_MAX]);
/* The larger good line of a state file's bytes. E_CORRUPT  bytes, but no good line. n = 0: nothing signed yet. */
MUST_USE enum code sign_state_read(struct scope *sc, const void *bytes, size_t n, int64_t *size,
				   uint8_t root[static CHAIN_HASH]);

#endif
