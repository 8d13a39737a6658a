/* A log in memory, by the book: RFC 6962's own recursions over a plain array,
 * tiles cut out of it. Slow and obvious, to hold the real one against. */
#ifndef TEST_CHAIN_NAIVE_LOG_H
#define TEST_CHAIN_NAIVE_LOG_H

#include <sodium.h>

#include "base/text.h"
#include "chain/chain_tree.h"

struct naive_log {
	int64_t size;
	uint8_t (*entries)[CHAIN_HASH];
	uint8_t (*leaves)[CHAIN_HASH];
	struct naive_memo *memo; /* subtrees of 2^h leaves that were hashed already */
};

#define NAIVE_MEMO_HEIGHTS 18
struct naive_memo {
	uint8_t (*hash[NAIVE_MEMO_HEIGHTS])[CHAIN_HASH];
	bool *known[NAIVE_MEMO_HEIGHTS];
};

static inline void
naive_init(struct scope *sc, struct naive_log *l, int64_t size, uint64_t seed)
{
	l->size = size;
	l->entries = scope_array(sc, (size_t)size + 1, CHAIN_HASH);
	l->leaves = scope_array(sc, (size_t)size + 1, CHAIN_HASH);
	l->memo = NEW(sc, struct naive_memo);
	for (int h = 0; h < NAIVE_MEMO_HEIGHTS; h++) {
		l->memo->hash[h] = scope_array(sc, (size_t)(size >> h) + 1, CHAIN_HASH);
		l->memo->known[h] = NEW_ARRAY(sc, (size_t)(size >> h) + 1, bool);
	}
	for (int64_t i = 0; i < size; i++) {
		uint64_t in[2] = {seed, (uint64_t)i};
		crypto_hash_sha256(l->entries[i], (const uint8_t *)in, sizeof in);
		uint8_t data[1 + CHAIN_HASH] = {0};
		memcpy(data + 1, l->entries[i], CHAIN_HASH);
		crypto_hash_sha256(l->leaves[i], data, sizeof data);
	}
}

static inline int64_t
naive_split(int64_t n)
{
	int64_t k = 1;
	while (k * 2 < n)
		k *= 2;
	return k;
}

static inline void naive_hash(const struct naive_log *l, int64_t from, int64_t to, uint8_t out[CHAIN_HASH]);

static inline void
naive_hash_anew(const struct naive_log *l, int64_t from, int64_t to, uint8_t out[CHAIN_HASH])
{
	if (to - from == 1) {
		memcpy(out, l->leaves[from], CHAIN_HASH);
		return;
	}
	uint8_t in[1 + 2 * CHAIN_HASH] = {1};
	int64_t k = naive_split(to - from);
	naive_hash(l, from, from + k, in + 1);
	naive_hash(l, from + k, to, in + 1 + CHAIN_HASH);
	crypto_hash_sha256(out, in, sizeof in);
}

/* MTH(D[from:to]) */
static inline void
naive_hash(const struct naive_log *l, int64_t from, int64_t to, uint8_t out[CHAIN_HASH])
{
	int h = 0;
	while ((int64_t)1 << h < to - from)
		h++;
	bool complete = to - from == (int64_t)1 << h && from % (to - from) == 0 && h < NAIVE_MEMO_HEIGHTS;
	if (!complete) {
		naive_hash_anew(l, from, to, out);
		return;
	}
	int64_t i = from >> h;
	if (!l->memo->known[h][i])
		naive_hash_anew(l, from, to, l->memo->hash[h][i]);
	l->memo->known[h][i] = true;
	memcpy(out, l->memo->hash[h][i], CHAIN_HASH);
}

/* PATH(m, D[from:to]) */
static inline size_t
naive_path(const struct naive_log *l, int64_t m, int64_t from, int64_t to, uint8_t (*path)[CHAIN_HASH])
{
	if (to - from == 1)
		return 0;
	int64_t k = naive_split(to - from);
	size_t n = m < k ? naive_path(l, m, from, from + k, path) : naive_path(l, m - k, from + k, to, path);
	if (m < k)
		naive_hash(l, from + k, to, path[n]);
	else
		naive_hash(l, from, from + k, path[n]);
	return n + 1;
}

/* SUBPROOF(m, D[from:to], b) */
static inline size_t
naive_subproof(const struct naive_log *l, int64_t m, int64_t from, int64_t to, bool b, uint8_t (*path)[CHAIN_HASH])
{
	if (m == to - from) {
		if (b)
			return 0;
		naive_hash(l, from, to, path[0]);
		return 1;
	}
	int64_t k = naive_split(to - from);
	size_t n;
	if (m <= k) {
		n = naive_subproof(l, m, from, from + k, b, path);
		naive_hash(l, from + k, to, path[n]);
	} else {
		n = naive_subproof(l, m - k, from + k, to, false, path);
		naive_hash(l, from, from + k, path[n]);
	}
	return n + 1;
}

static inline enum code
naive_fetch(struct scope *sc, void *arg, const char *path, size_t max, const uint8_t **bytes, size_t *n)
{
	const struct naive_log *l = arg;
	struct tile_name t;
	if (!tile_parse(path, &t) || t.width > tile_width(l->size, t.level, t.n))
		return fail(sc, E_NOT_FOUND, "no %s", path);
	size_t unit = t.level == TILE_ENTRIES ? BUNDLE_ENTRY_BYTES : CHAIN_HASH;
	uint8_t *out = scope_array(sc, (size_t)t.width, unit);
	for (int i = 0; i < t.width; i++) {
		int64_t at = t.n * TILE_WIDTH + i;
		uint8_t *to = out + (size_t)i * unit;
		if (t.level == TILE_ENTRIES) {
			to[1] = CHAIN_HASH;
			memcpy(to + 2, l->entries[at], CHAIN_HASH);
		} else {
			int64_t span = (int64_t)1 << (8 * t.level);
			naive_hash(l, at * span, (at + 1) * span, to);
		}
	}
	*n = (size_t)t.width * unit;
	*bytes = out;
	return *n <= max ? OK : fail(sc, E_LIMIT, "too long");
}

#endif
