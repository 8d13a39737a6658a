/* chain_verify: what anybody can check who has the tiles and the log's key.
 *
 * A source gives resources by the paths of tlog-tiles; the two that Waybill
 * adds are "key" (the verifier key, a convenience: trust one you were given)
 * and "checkpoints/<n>" (256 a page, oldest first, one JSON string, the signed
 * note, a line). */
#ifndef CHAIN_CHAIN_VERIFY_H
#define CHAIN_CHAIN_VERIFY_H

#include "base/json.h"
#include "chain/chain_note.h"
#include "chain/chain_tree.h"

#define CHECKPOINTS_PAGE 256
#define CHECKPOINTS_PAGE_BYTES ((size_t)CHECKPOINTS_PAGE * 2048)

/* The stored chain of a data directory; the store must outlive the source. */
void chain_store_source(struct store *st, struct chain_source *out);
/* A directory that holds the resources as files. */
void chain_directory_source(struct scope *sc, const char *dir, struct chain_source *out);

/* Every word a check found not to hold goes to report->problems (text); none: it holds.
 * A failure to read is a failure of the call. */
struct chain_report {
	int64_t size;	     /* leaves under the newest checkpoint */
	int64_t checkpoints; /* whose signatures and roots were checked */
	int64_t tiles;	     /* compared */
	uint8_t root[CHAIN_HASH];
	json_t *problems;
};
/* Reads everything: recomputes every tile and the root of every checkpoint from
 * the entries. each (may be NULL) sees every entry in order. */
typedef void chain_each(void *arg, int64_t index, const uint8_t entry[CHAIN_HASH]);
MUST_USE enum code chain_verify(struct scope *sc, const struct chain_source *source, const struct verifier_key *k,
				chain_each *each, void *arg, struct chain_report *out);
/* Reads O(log size) a checkpoint: signatures, and a consistency proof from each
 * checkpoint to the next. list gets {"size","root","follows"}, one an element. */
MUST_USE enum code chain_audit(struct scope *sc, const struct chain_source *source, const struct verifier_key *k,
			       json_t *list, struct chain_report *out);
/* One page of lines (see above) → notes. E_INVALID  not such a page. */
MUST_USE enum code checkpoints_page_parse(struct scope *sc, const void *bytes, size_t n, const char ***notes,
					  size_t *n_notes);

#endif
