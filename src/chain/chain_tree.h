/* chain_tree: the Merkle tree of RFC 6962 as C2SP tlog-tiles cut it.
 *
 * A tile of level L holds up to 256 neighbouring hashes of the tree's height
 * 8L; every other node is computed from those 256. A tree is read through a
 * source of resources, whatever holds them: the database, a directory, a
 * server, or a test. Nothing here trusts what it reads but for its length.
 *
 *	height 16   tile/2/000         ┌──────────── … each hash: 65,536 leaves
 *	height  8   tile/1/000         ├─┬─┬─┬────── … each hash: one full tile below
 *	height  0   tile/0/000 … 255   └─┴─┴─┴────── … leaf hashes
 */
#ifndef CHAIN_CHAIN_TREE_H
#define CHAIN_CHAIN_TREE_H

#include "base/scope.h"
#include "chain/chain.h"

#define TILE_WIDTH 256
#define TILE_BYTES ((size_t)TILE_WIDTH * CHAIN_HASH)
#define BUNDLE_ENTRY_BYTES (2 + CHAIN_HASH)
#define TREE_LEVELS 8			 /* of tiles: 2^63 leaves */
#define TREE_SIZE_MAX ((int64_t)1 << 48) /* beyond what anyone stores; keeps sums inside int64 */
#define PROOF_MAX 128			 /* hashes; more than any proof of such a tree has */

void hash_leaf(const uint8_t entry[static CHAIN_HASH], uint8_t out[static CHAIN_HASH]);
void hash_node(const uint8_t left[static CHAIN_HASH], const uint8_t right[static CHAIN_HASH],
	       uint8_t out[static CHAIN_HASH]);
/* Root of n ≥ 1 hashes, n a power of two; the hashes are overwritten. */
void hash_pairs(uint8_t (*hashes)[CHAIN_HASH], size_t n, uint8_t out[static CHAIN_HASH]);

/* Leaves one after another, O(log n) memory: the roots of the complete
 * subtrees, one for each bit that is set in size. */
struct frontier {
	int64_t size;
	uint8_t at[64][CHAIN_HASH];
};
void frontier_add(struct frontier *f, const uint8_t leaf[static CHAIN_HASH]);
/* Of the empty tree: SHA-256 of nothing. */
void frontier_root(const struct frontier *f, uint8_t root[static CHAIN_HASH]);

/* --- names of resources --- */

#define TILE_ENTRIES (-1)
struct tile_name {
	int level; /* or TILE_ENTRIES */
	int64_t n;
	int width; /* 1 … 256 */
};
/* How wide tile n of a level is in a tree of this size: 0 … 256. */
int tile_width(int64_t size, int level, int64_t n);
/* "tile/0/x001/234.p/5" */
char *tile_path(struct scope *sc, struct tile_name t);
/* Only what tile_path() would write. */
bool tile_parse(const char *path, struct tile_name *out);

/* --- reading a tree --- */

/* E_NOT_FOUND  no such resource.  E_LIMIT  longer than max. */
struct chain_source {
	enum code (*fetch)(struct scope *sc, void *arg, const char *path, size_t max, const uint8_t **bytes, size_t *n);
	void *arg;
};

struct tree {
	const struct chain_source *source;
	int64_t size;
	struct {
		int64_t n; /* -1: nothing yet */
		const uint8_t *bytes;
	} last[TREE_LEVELS]; /* the newest tile read on each level */
};
/* E_INVALID  a size that no tree has. */
MUST_USE enum code tree_init(struct scope *sc, struct tree *t, const struct chain_source *source, int64_t size);
/* A whole tile, tile_width() hashes. E_CORRUPT  it has another length. */
MUST_USE enum code tree_tile(struct scope *sc, struct tree *t, int level, int64_t n, const uint8_t **bytes);
/* Entry bundle n: tile_width() entries, without their length prefixes. E_CORRUPT  another shape. */
MUST_USE enum code tree_bundle(struct scope *sc, struct tree *t, int64_t n, uint8_t (**entries)[CHAIN_HASH],
			       size_t *count);
/* Merkle tree hash of leaves [from, to), 0 ≤ from < to ≤ size. */
MUST_USE enum code tree_range(struct scope *sc, struct tree *t, int64_t from, int64_t to,
			      uint8_t out[static CHAIN_HASH]);
/* Proofs in a tree of `size` ≤ t->size leaves; path holds PROOF_MAX. */
MUST_USE enum code tree_inclusion(struct scope *sc, struct tree *t, int64_t index, int64_t size,
				  uint8_t (*path)[CHAIN_HASH], size_t *n);
MUST_USE enum code tree_consistency(struct scope *sc, struct tree *t, int64_t old_size, int64_t size,
				    uint8_t (*path)[CHAIN_HASH], size_t *n);

#endif
