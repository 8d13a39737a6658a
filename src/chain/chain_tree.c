#include "chain/chain_tree.h"

#include <assert.h>
#include <sodium.h>

#include "base/text.h"

_Static_assert(CHAIN_HASH == crypto_hash_sha256_BYTES, "SHA-256");

void
hash_leaf(const uint8_t entry[static CHAIN_HASH], uint8_t out[static CHAIN_HASH])
{
	uint8_t in[1 + CHAIN_HASH] = {0x00};
	memcpy(in + 1, entry, CHAIN_HASH);
	crypto_hash_sha256(out, in, sizeof in);
}

void
hash_node(const uint8_t left[static CHAIN_HASH], const uint8_t right[static CHAIN_HASH], uint8_t out[static CHAIN_HASH])
{
	uint8_t in[1 + 2 * CHAIN_HASH] = {0x01};
	memcpy(in + 1, left, CHAIN_HASH);
	memcpy(in + 1 + CHAIN_HASH, right, CHAIN_HASH);
	crypto_hash_sha256(out, in, sizeof in);
}

void
hash_pairs(uint8_t (*hashes)[CHAIN_HASH], size_t n, uint8_t out[static CHAIN_HASH])
{
	assert(n > 0 && (n & (n - 1)) == 0);
	for (; n > 1; n /= 2)
		for (size_t i = 0; i < n / 2; i++)
			hash_node(hashes[2 * i], hashes[2 * i + 1], hashes[i]);
	memcpy(out, hashes[0], CHAIN_HASH);
}

void
frontier_add(struct frontier *f, const uint8_t leaf[static CHAIN_HASH])
{
	uint8_t carry[CHAIN_HASH];
	memcpy(carry, leaf, CHAIN_HASH);
	int h = 0;
	for (; (f->size >> h & 1) != 0; h++)
		hash_node(f->at[h], carry, carry);
	memcpy(f->at[h], carry, CHAIN_HASH);
	f->size++;
}

void
frontier_root(const struct frontier *f, uint8_t root[static CHAIN_HASH])
{
	if (f->size == 0) {
		crypto_hash_sha256(root, (const uint8_t *)"", 0);
		return;
	}
	int h = 0;
	while ((f->size >> h & 1) == 0)
		h++;
	uint8_t acc[CHAIN_HASH];
	memcpy(acc, f->at[h], CHAIN_HASH);
	for (h++; f->size >> h != 0; h++)
		if ((f->size >> h & 1) != 0)
			hash_node(f->at[h], acc, acc);
	memcpy(root, acc, CHAIN_HASH);
}

/* --- names --- */

int
tile_width(int64_t size, int level, int64_t n)
{
	int64_t hashes = size >> (8 * (level == TILE_ENTRIES ? 0 : level));
	int64_t left = hashes - n * TILE_WIDTH;
	return left <= 0 ? 0 : left >= TILE_WIDTH ? TILE_WIDTH : (int)left;
}

char *
tile_path(struct scope *sc, struct tile_name t)
{
	struct text s;
	text_init(&s, sc);
	if (t.level == TILE_ENTRIES)
		text_add(&s, "tile/entries/");
	else
		text_printf(&s, "tile/%d/", t.level);
	int64_t scale = 1;
	while (t.n / scale >= 1000)
		scale *= 1000;
	for (; scale > 1; scale /= 1000)
		text_printf(&s, "x%03d/", (int)(t.n / scale % 1000));
	text_printf(&s, "%03d", (int)(t.n % 1000));
	if (t.width < TILE_WIDTH)
		text_printf(&s, ".p/%d", t.width);
	return s.s;
}

/* Decimal digits without leading zeros, at most max. */
static bool
take_number(const char **at, int64_t max, int64_t *out)
{
	const char *s = *at;
	int64_t v = 0;
	size_t digits = 0;
	for (; s[digits] >= '0' && s[digits] <= '9' && digits < 18; digits++)
		v = v * 10 + (s[digits] - '0');
	if (digits == 0 || (digits > 1 && s[0] == '0') || v > max)
		return false;
	*at = s + digits;
	*out = v;
	return true;
}

static bool
take_word(const char **at, const char *word)
{
	if (!text_starts(*at, word))
		return false;
	*at += strlen(word);
	return true;
}

static bool
take_three(const char **at, int64_t *n)
{
	const char *s = *at;
	for (int i = 0; i < 3; i++) {
		if (s[i] < '0' || s[i] > '9')
			return false;
		*n = *n * 10 + (s[i] - '0');
	}
	*at = s + 3;
	return *n <= TREE_SIZE_MAX / TILE_WIDTH;
}

bool
tile_parse(const char *path, struct tile_name *out)
{
	struct tile_name t = {.width = TILE_WIDTH};
	const char *at = path;
	int64_t v;
	if (!take_word(&at, "tile/"))
		return false;
	if (take_word(&at, "entries/"))
		t.level = TILE_ENTRIES;
	else if (take_number(&at, TREE_LEVELS - 1, &v) && take_word(&at, "/"))
		t.level = (int)v;
	else
		return false;
	bool first = true;
	for (; take_word(&at, "x"); first = false) {
		const char *group = at;
		if (!take_three(&at, &t.n) || !take_word(&at, "/") || (first && text_starts(group, "000")))
			return false;
	}
	if (!take_three(&at, &t.n))
		return false;
	if (take_word(&at, ".p/")) {
		if (!take_number(&at, TILE_WIDTH - 1, &v) || v == 0)
			return false;
		t.width = (int)v;
	}
	if (*at != '\0')
		return false;
	*out = t;
	return true;
}

/* --- reading --- */

enum code
tree_init(struct scope *sc, struct tree *t, const struct chain_source *source, int64_t size)
{
	if (size < 0 || size > TREE_SIZE_MAX)
		return fail(sc, E_INVALID, "no tree has %" PRId64 " leaves", size);
	memset(t, 0, sizeof *t);
	t->source = source;
	t->size = size;
	for (int i = 0; i < TREE_LEVELS; i++)
		t->last[i].n = -1;
	return OK;
}

/* A resource of exactly `unit` bytes per element. Where a partial one is gone,
 * the full one's head serves, as the specification allows. */
static enum code
fetch_exact(struct scope *sc, struct tree *t, struct tile_name name, size_t unit, const uint8_t **bytes)
{
	size_t n, want = (size_t)name.width * unit;
	const char *path = tile_path(sc, name);
	enum code rc = t->source->fetch(sc, t->source->arg, path, TILE_WIDTH * unit, bytes, &n);
	if (rc == E_NOT_FOUND && name.width < TILE_WIDTH) {
		error_clear(sc);
		name.width = TILE_WIDTH;
		path = tile_path(sc, name);
		rc = t->source->fetch(sc, t->source->arg, path, TILE_WIDTH * unit, bytes, &n);
		if (rc == OK && n == TILE_WIDTH * unit)
			return OK;
	}
	if (rc == OK && n != want)
		return fail_as(sc, E_CORRUPT, "bad-tile", "%s has %zu bytes, not %zu", path, n, want);
	return rc;
}

enum code
tree_tile(struct scope *sc, struct tree *t, int level, int64_t n, const uint8_t **bytes)
{
	assert(level >= 0 && level < TREE_LEVELS);
	if (t->last[level].n != n) {
		struct tile_name name = {level, n, tile_width(t->size, level, n)};
		if (name.width == 0)
			return fail(sc, E_INVALID, "level %d of %" PRId64 " leaves has no tile %" PRId64, level,
				    t->size, n);
		const uint8_t *got;
		TRY(fetch_exact(sc, t, name, CHAIN_HASH, &got));
		t->last[level].n = n;
		t->last[level].bytes = got;
	}
	*bytes = t->last[level].bytes;
	return OK;
}

enum code
tree_bundle(struct scope *sc, struct tree *t, int64_t n, uint8_t (**entries)[CHAIN_HASH], size_t *count)
{
	struct tile_name name = {TILE_ENTRIES, n, tile_width(t->size, TILE_ENTRIES, n)};
	if (name.width == 0)
		return fail(sc, E_INVALID, "%" PRId64 " leaves have no bundle %" PRId64, t->size, n);
	const uint8_t *bytes;
	TRY(fetch_exact(sc, t, name, BUNDLE_ENTRY_BYTES, &bytes));
	uint8_t(*list)[CHAIN_HASH] = scope_array(sc, (size_t)name.width, CHAIN_HASH);
	for (int i = 0; i < name.width; i++) {
		const uint8_t *e = bytes + (size_t)i * BUNDLE_ENTRY_BYTES;
		if (e[0] != 0 || e[1] != CHAIN_HASH)
			return fail_as(sc, E_CORRUPT, "bad-bundle", "%s: entry %d is not %d bytes long",
				       tile_path(sc, name), i, CHAIN_HASH);
		memcpy(list[i], e + 2, CHAIN_HASH);
	}
	*entries = list;
	*count = (size_t)name.width;
	return OK;
}

/* The root of the complete subtree of 2^height leaves that begins at index << height. */
static enum code
subtree(struct scope *sc, struct tree *t, int height, int64_t index, uint8_t out[static CHAIN_HASH])
{
	int level = height / 8, inside = height % 8;
	int64_t first = index << inside;
	const uint8_t *bytes;
	TRY(tree_tile(sc, t, level, first / TILE_WIDTH, &bytes));
	uint8_t hashes[TILE_WIDTH][CHAIN_HASH];
	size_t n = (size_t)1 << inside;
	memcpy(hashes, bytes + (size_t)(first % TILE_WIDTH) * CHAIN_HASH, n * CHAIN_HASH);
	hash_pairs(hashes, n, out);
	return OK;
}

/* The largest power of two below n > 1, as an exponent. */
static int
split_height(int64_t n)
{
	return 63 - __builtin_clzll((unsigned long long)(n - 1));
}

enum code
tree_range(struct scope *sc, struct tree *t, int64_t from, int64_t to, uint8_t out[static CHAIN_HASH])
{
	assert(from >= 0 && from < to && to <= t->size);
	int64_t n = to - from;
	if (n == 1)
		return subtree(sc, t, 0, from, out);
	int h = split_height(n);
	if (n == (int64_t)1 << (h + 1) && from % n == 0)
		return subtree(sc, t, h + 1, from >> (h + 1), out);
	uint8_t left[CHAIN_HASH], right[CHAIN_HASH];
	TRY(tree_range(sc, t, from, from + ((int64_t)1 << h), left));
	TRY(tree_range(sc, t, from + ((int64_t)1 << h), to, right));
	hash_node(left, right, out);
	return OK;
}

/* RFC 6962 2.1.1, unrolled from the root down: the siblings come top first, so they are turned round at the end. */
static void
reverse(uint8_t (*path)[CHAIN_HASH], size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		uint8_t keep[CHAIN_HASH];
		memcpy(keep, path[i], CHAIN_HASH);
		memcpy(path[i], path[n - 1 - i], CHAIN_HASH);
		memcpy(path[n - 1 - i], keep, CHAIN_HASH);
	}
}

enum code
tree_inclusion(struct scope *sc, struct tree *t, int64_t index, int64_t size, uint8_t (*path)[CHAIN_HASH], size_t *n)
{
	if (index < 0 || index >= size || size > t->size)
		return fail(sc, E_INVALID, "leaf %" PRId64 " is not among %" PRId64, index, size);
	size_t len = 0;
	int64_t from = 0, to = size;
	while (to - from > 1) {
		int64_t middle = from + ((int64_t)1 << split_height(to - from));
		bool left = index < middle;
		TRY(tree_range(sc, t, left ? middle : from, left ? to : middle, path[len++]));
		if (left)
			to = middle;
		else
			from = middle;
	}
	reverse(path, len);
	*n = len;
	return OK;
}

/* RFC 6962 2.1.2: SUBPROOF(m, D[n], true), the same way. */
enum code
tree_consistency(struct scope *sc, struct tree *t, int64_t old_size, int64_t size, uint8_t (*path)[CHAIN_HASH],
		 size_t *n)
{
	if (old_size < 0 || old_size > size || size > t->size)
		return fail(sc, E_INVALID, "no consistency from %" PRId64 " to %" PRId64, old_size, size);
	size_t len = 0;
	if (old_size == 0 || old_size == size) {
		*n = 0;
		return OK;
	}
	int64_t from = 0, to = size;
	bool whole = true;
	while (old_size < to) {
		int64_t middle = from + ((int64_t)1 << split_height(to - from));
		if (old_size <= middle) {
			TRY(tree_range(sc, t, middle, to, path[len++]));
			to = middle;
		} else {
			TRY(tree_range(sc, t, from, middle, path[len++]));
			from = middle;
			whole = false;
		}
	}
	if (!whole)
		TRY(tree_range(sc, t, from, to, path[len++]));
	reverse(path, len);
	*n = len;
	return OK;
}

/* --- verification: RFC 9162, 2.1.3.2 and 2.1.4.2 --- */

static enum code
proof_bad(struct scope *sc, const char *what)
{
	return fail_as(sc, E_INVALID, "bad-proof", "%s", what);
}

enum code
chain_check_inclusion(struct scope *sc, const uint8_t entry[static CHAIN_HASH], int64_t index, int64_t size,
		      const uint8_t (*path)[CHAIN_HASH], size_t n_path, const uint8_t root[static CHAIN_HASH])
{
	if (index < 0 || index >= size || n_path > PROOF_MAX)
		return proof_bad(sc, "the leaf's number is not inside the tree");
	int64_t fn = index, sn = size - 1;
	uint8_t r[CHAIN_HASH];
	hash_leaf(entry, r);
	for (size_t i = 0; i < n_path; i++) {
		if (sn == 0)
			return proof_bad(sc, "the inclusion path is too long");
		if ((fn & 1) != 0 || fn == sn) {
			hash_node(path[i], r, r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			hash_node(r, path[i], r);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return proof_bad(sc, "the inclusion path is too short");
	if (memcmp(r, root, CHAIN_HASH) != 0)
		return proof_bad(sc, "the inclusion path leads to another root");
	return OK;
}

static enum code
check_trivial(struct scope *sc, int64_t old_size, const uint8_t *old_root, int64_t new_size, const uint8_t *new_root,
	      size_t n_path)
{
	if (n_path != 0)
		return proof_bad(sc, "this consistency needs no path");
	if (old_size == new_size && memcmp(old_root, new_root, CHAIN_HASH) != 0)
		return proof_bad(sc, "two roots for one size");
	struct frontier empty = {0};
	uint8_t none[CHAIN_HASH];
	frontier_root(&empty, none);
	if (old_size == 0 && memcmp(old_root, none, CHAIN_HASH) != 0)
		return proof_bad(sc, "this is not the empty tree's root");
	return OK;
}

enum code
chain_check_consistency(struct scope *sc, int64_t old_size, const uint8_t old_root[static CHAIN_HASH], int64_t new_size,
			const uint8_t new_root[static CHAIN_HASH], const uint8_t (*path)[CHAIN_HASH], size_t n_path)
{
	if (old_size < 0 || old_size > new_size || n_path > PROOF_MAX)
		return proof_bad(sc, "the tree has shrunk");
	if (old_size == 0 || old_size == new_size)
		return check_trivial(sc, old_size, old_root, new_size, new_root, n_path);
	if (n_path == 0)
		return proof_bad(sc, "the consistency path is empty");
	/* An old tree that is a complete subtree is itself the path's first hash. */
	bool complete = (old_size & (old_size - 1)) == 0;
	int64_t fn = old_size - 1, sn = new_size - 1;
	for (; (fn & 1) != 0; fn >>= 1)
		sn >>= 1;
	uint8_t fr[CHAIN_HASH], sr[CHAIN_HASH];
	memcpy(fr, complete ? old_root : path[0], CHAIN_HASH);
	memcpy(sr, fr, CHAIN_HASH);
	for (size_t i = complete ? 0 : 1; i < n_path; i++) {
		if (sn == 0)
			return proof_bad(sc, "the consistency path is too long");
		if ((fn & 1) != 0 || fn == sn) {
			hash_node(path[i], fr, fr);
			hash_node(path[i], sr, sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			hash_node(sr, path[i], sr);
		}
		fn >>= 1;
		sn >>= 1;
	}
	if (sn != 0)
		return proof_bad(sc, "the consistency path is too short");
	if (memcmp(fr, old_root, CHAIN_HASH) != 0)
		return proof_bad(sc, "the consistency path does not hold the old root");
	if (memcmp(sr, new_root, CHAIN_HASH) != 0)
		return proof_bad(sc, "the consistency path leads to another root");
	return OK;
}
