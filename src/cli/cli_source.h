/* Where a chain is read from: a data directory (opened for reading only, a
 * server may be running on it), a directory of tiles, or a log's address. */
#ifndef CLI_CLI_SOURCE_H
#define CLI_CLI_SOURCE_H

#include "chain/chain_verify.h"

struct opened_chain {
	struct chain_source source;
	struct verifier_key key;
	bool key_given; /* else it was found beside the chain: good against accidents, not against its owner */
};
/* where: DIR or http(s)://…; key: a verifier key, a file that holds one, or NULL. Lives as long as the scope. */
MUST_USE enum code chain_open(struct scope *sc, const char *where, const char *key, struct opened_chain *out);
/* Every resource of the newest checkpoint, as files below dir. */
MUST_USE enum code chain_copy(struct scope *sc, const struct opened_chain *c, const char *dir, int64_t *files);

#endif
