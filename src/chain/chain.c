/* The stored chain.
 *
 *	chain_leaf        seq (order of commit), entry, idx (its number in the tree; NULL: not yet)
 *	chain_tile        level, n → up to 256 hashes; the rightmost of each level grows
 *	chain_checkpoint  size → root, signed note
 *	chain_key         the verifier key of the log
 *
 * Two jobs, so that what is signed was durable before: chain.sequence numbers
 * waiting leaves and extends the tiles in one transaction; chain.sign has the
 * tree that resulted signed, and stores the checkpoint. A crash between the two
 * leaves a numbered tree without a checkpoint; a crash after signing leaves a
 * signature that is simply made again, because the numbers stand. What is
 * served and proved never passes the newest checkpoint. */
#include "chain/chain.h"

#include <sodium.h>

#include "base/text.h"
#include "chain/chain_note.h"
#include "chain/chain_sign.h"
#include "chain/chain_tree.h"
#include "chain/chain_verify.h"

#define SEQUENCE_BATCH 4096
#define SEQUENCE_EVERY_MS 1000

static const char *const migrations[] = {
    "CREATE TABLE chain_leaf ("
    " seq INTEGER NOT NULL PRIMARY KEY,"
    " entry BLOB NOT NULL UNIQUE CHECK (length(entry) = 32),"
    " idx INTEGER UNIQUE,"
    " at_ms INTEGER NOT NULL) STRICT;"
    "CREATE INDEX chain_leaf_waiting ON chain_leaf (seq) WHERE idx IS NULL;"
    "CREATE TABLE chain_tile ("
    " level INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"
    " hashes BLOB NOT NULL,"
    " PRIMARY KEY (level, n)) STRICT;"
    "CREATE TABLE chain_checkpoint ("
    " size INTEGER NOT NULL PRIMARY KEY,"
    " root BLOB NOT NULL,"
    " note TEXT NOT NULL,"
    " at_ms INTEGER NOT NULL) STRICT;"
    "CREATE TABLE chain_key ("
    " vkey TEXT NOT NULL PRIMARY KEY,"
    " at_ms INTEGER NOT NULL) STRICT;",
    NULL,
};
const struct schema chain_schema = {"chain", migrations, false};

/* --- leaves --- */

void
chain_entry(struct scope *sc, const char *kind, const json_t *record, const uint8_t salt[static CHAIN_HASH],
	    uint8_t entry[static CHAIN_HASH])
{
	const char *data = scope_printf(sc, "waybill/v1\n%s\n%s\n%s", kind, hex_encode(sc, salt, CHAIN_HASH),
					json_canonical(sc, record));
	crypto_hash_sha256(entry, (const uint8_t *)data, strlen(data));
}

/* Whole seconds, the next but one: by then this transaction has long committed,
 * and leaves of a second share one run. */
static int64_t
next_run_ms(int64_t now_ms)
{
	return (now_ms / SEQUENCE_EVERY_MS + 2) * SEQUENCE_EVERY_MS;
}

enum code
chain_leaf(struct scope *sc, struct tx *tx, const char *kind, const json_t *record, struct leaf *out)
{
	struct leaf leaf;
	random_bytes(tx_random(tx), leaf.salt, sizeof leaf.salt);
	chain_entry(sc, kind, record, leaf.salt, leaf.entry);
	int64_t now = tx_now_ms(tx);
	TRY(sql_run(sc, tx,
		    "INSERT INTO chain_leaf (seq, entry, idx, at_ms)"
		    " VALUES ((SELECT COALESCE(MAX(seq), 0) + 1 FROM chain_leaf), $1, NULL, $2)",
		    VALS(v_blob(leaf.entry, CHAIN_HASH), v_int(now)), NULL));
	TRY(job_add(sc, tx, chain_sequence_job.name, "", "chain", next_run_ms(now), NULL));
	*out = leaf;
	return OK;
}

/* --- reading what is stored --- */

static enum code
count_of(struct scope *sc, struct tx *tx, const char *sql, int64_t *out)
{
	struct rows *r;
	TRY(sql_one(sc, tx, &r, sql, NO_VALS));
	*out = row_int(r, 0);
	return rows_end(sc, r);
}

/* Leaves that have a number. */
static enum code
numbered(struct scope *sc, struct tx *tx, int64_t *size)
{
	return count_of(sc, tx, "SELECT COALESCE(MAX(idx) + 1, 0) FROM chain_leaf", size);
}

static enum code
stored_tile(struct scope *sc, struct tx *tx, int level, int64_t n, const uint8_t **hashes, size_t *bytes)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT hashes FROM chain_tile WHERE level = $1 AND n = $2",
			       VALS(v_int(level), v_int(n)));
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "no tile %" PRId64 " on level %d", n, level);
	TRY(rc);
	*hashes = row_blob(sc, r, 0, bytes);
	return rows_end(sc, r);
}

static enum code
stored_bundle(struct scope *sc, struct tx *tx, int64_t n, int width, const uint8_t **bytes)
{
	uint8_t *out = scope_array(sc, (size_t)width, BUNDLE_ENTRY_BYTES);
	struct rows *r;
	int got = 0;
	TRY(sql_query(sc, tx, &r, "SELECT entry FROM chain_leaf WHERE idx >= $1 AND idx < $2 ORDER BY idx",
		      VALS(v_int(n * TILE_WIDTH), v_int(n * TILE_WIDTH + width))));
	while (row_next(r) && got < width) {
		size_t len;
		const uint8_t *entry = row_blob(sc, r, 0, &len);
		uint8_t *to = out + (size_t)got++ * BUNDLE_ENTRY_BYTES;
		to[1] = CHAIN_HASH;
		if (len == CHAIN_HASH)
			memcpy(to + 2, entry, CHAIN_HASH);
	}
	TRY(rows_end(sc, r));
	if (got != width)
		return fail(sc, E_CORRUPT, "bundle %" PRId64 " has %d entries, not %d", n, got, width);
	*bytes = out;
	return OK;
}

/* A tile or bundle as it stands in a tree of `size` leaves. */
static enum code
tile_resource(struct scope *sc, struct tx *tx, int64_t size, const char *path, const uint8_t **bytes, size_t *n)
{
	struct tile_name t;
	if (!tile_parse(path, &t) || t.width > tile_width(size, t.level, t.n))
		return fail(sc, E_NOT_FOUND, "the chain has no such resource");
	if (t.level == TILE_ENTRIES) {
		TRY(stored_bundle(sc, tx, t.n, t.width, bytes));
		*n = (size_t)t.width * BUNDLE_ENTRY_BYTES;
		return OK;
	}
	size_t len, want = (size_t)t.width * CHAIN_HASH;
	TRY(stored_tile(sc, tx, t.level, t.n, bytes, &len));
	if (len < want)
		return fail(sc, E_CORRUPT, "tile %" PRId64 " of level %d is too short", t.n, t.level);
	*n = want;
	return OK;
}

/* The tree inside a transaction, as a source. */
struct tx_tree {
	struct tx *tx;
	int64_t size;
};

static enum code
tx_fetch(struct scope *sc, void *arg, const char *path, size_t max, const uint8_t **bytes, size_t *n)
{
	struct tx_tree *t = arg;
	(void)max; /* tiles have their width */
	return tile_resource(sc, t->tx, t->size, path, bytes, n);
}

enum code
chain_checkpoint(struct scope *sc, struct tx *tx, struct checkpoint *out)
{
	struct rows *r;
	enum code rc = sql_one(
	    sc, tx, &r, "SELECT size, root, note, at_ms FROM chain_checkpoint ORDER BY size DESC LIMIT 1", NO_VALS);
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "no-checkpoint", "nothing has been signed yet");
	TRY(rc);
	struct checkpoint c = {.size = row_int(r, 0), .note = row_text(sc, r, 2), .at_ms = row_int(r, 3)};
	size_t n;
	const uint8_t *root = row_blob(sc, r, 1, &n);
	if (n != CHAIN_HASH)
		return fail(sc, E_CORRUPT, "checkpoint %" PRId64 " has no root", c.size);
	memcpy(c.root, root, CHAIN_HASH);
	TRY(rows_end(sc, r));
	*out = c;
	return OK;
}

/* One JSON string, the note, a line. */
static enum code
checkpoints_page(struct scope *sc, struct tx *tx, int64_t page, const uint8_t **bytes, size_t *n)
{
	struct rows *r;
	struct text s;
	text_init(&s, sc);
	TRY(sql_query(sc, tx, &r, "SELECT note FROM chain_checkpoint ORDER BY size LIMIT $1 OFFSET $2",
		      VALS(v_int(CHECKPOINTS_PAGE), v_int(page * CHECKPOINTS_PAGE))));
	while (row_next(r)) {
		text_add(&s, json_text(sc, json_own(sc, json_string(row_text(sc, r, 0)))));
		text_add_char(&s, '\n');
	}
	TRY(rows_end(sc, r));
	if (s.len == 0)
		return fail(sc, E_NOT_FOUND, "there are fewer checkpoints");
	*bytes = (const uint8_t *)s.s;
	*n = s.len;
	return OK;
}

static enum code
key_resource(struct scope *sc, struct tx *tx, const uint8_t **bytes, size_t *n)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT vkey FROM chain_key ORDER BY at_ms DESC LIMIT 1", NO_VALS);
	if (rc == E_NOT_FOUND)
		return fail(sc, E_NOT_FOUND, "nothing has been signed yet");
	TRY(rc);
	const char *text = scope_printf(sc, "%s\n", row_text(sc, r, 0));
	*bytes = (const uint8_t *)text;
	*n = strlen(text);
	return rows_end(sc, r);
}

enum code
chain_resource(struct scope *sc, struct tx *tx, const char *path, const uint8_t **bytes, size_t *n,
	       const char **content_type)
{
	const char *type = "text/plain; charset=utf-8";
	if (text_eq(path, "key")) {
		TRY(key_resource(sc, tx, bytes, n));
	} else if (text_starts(path, "checkpoints/")) {
		int64_t page;
		if (parse_i64(sc, path + strlen("checkpoints/"), 0, TREE_SIZE_MAX / CHECKPOINTS_PAGE, &page) != OK)
			return fail(sc, E_NOT_FOUND, "the chain has no such resource");
		TRY(checkpoints_page(sc, tx, page, bytes, n));
		type = "application/jsonl";
	} else {
		struct checkpoint c;
		TRY(chain_checkpoint(sc, tx, &c));
		if (text_eq(path, "checkpoint")) {
			*bytes = (const uint8_t *)c.note;
			*n = strlen(c.note);
		} else {
			TRY(tile_resource(sc, tx, c.size, path, bytes, n));
			type = "application/octet-stream";
		}
	}
	*content_type = type;
	return OK;
}

struct resource_read {
	const char *path;
	size_t max;
	const uint8_t *bytes;
	size_t n;
};

static enum code
read_resource(struct scope *sc, struct tx *tx, void *arg)
{
	struct resource_read *r = arg;
	const char *type;
	return chain_resource(sc, tx, r->path, &r->bytes, &r->n, &type);
}

static enum code
store_fetch(struct scope *sc, void *arg, const char *path, size_t max, const uint8_t **bytes, size_t *n)
{
	struct resource_read r = {.path = path};
	TRY(store_read(sc, arg, read_resource, &r));
	if (r.n > max)
		return fail(sc, E_LIMIT, "%s is longer than %zu bytes", path, max);
	*bytes = r.bytes;
	*n = r.n;
	return OK;
}

void
chain_store_source(struct store *st, struct chain_source *out)
{
	*out = (struct chain_source){store_fetch, st};
}

enum code
chain_prove(struct scope *sc, struct tx *tx, const uint8_t entry[static CHAIN_HASH], struct inclusion *out)
{
	struct rows *r;
	enum code rc = sql_one(sc, tx, &r, "SELECT idx FROM chain_leaf WHERE entry = $1 AND idx IS NOT NULL",
			       VALS(v_blob(entry, CHAIN_HASH)));
	if (rc == E_NOT_FOUND)
		return fail_as(sc, E_NOT_FOUND, "not-sequenced", "the chain has no such entry (yet)");
	TRY(rc);
	struct inclusion p = {.index = row_int(r, 0)};
	TRY(rows_end(sc, r));
	TRY(chain_checkpoint(sc, tx, &p.checkpoint));
	p.size = p.checkpoint.size;
	if (p.index >= p.size)
		return fail_as(sc, E_NOT_FOUND, "not-sequenced", "no checkpoint holds this entry yet");
	struct tx_tree at = {tx, p.size};
	const struct chain_source source = {tx_fetch, &at};
	struct tree t;
	TRY(tree_init(sc, &t, &source, p.size));
	p.path = scope_array(sc, PROOF_MAX, CHAIN_HASH);
	TRY(tree_inclusion(sc, &t, p.index, p.size, p.path, &p.n_path));
	*out = p;
	return OK;
}

/* --- chain.sequence: numbers and tiles --- */

struct builder {
	struct tx *tx;
	int64_t size;
	uint8_t (*level[TREE_LEVELS])[CHAIN_HASH]; /* the rightmost tile; NULL: not loaded */
	int filled[TREE_LEVELS];
	bool dirty[TREE_LEVELS];
};

static enum code
tile_load(struct scope *sc, struct builder *b, int level)
{
	int64_t hashes = b->size >> (8 * level);
	b->level[level] = scope_array(sc, TILE_WIDTH, CHAIN_HASH);
	b->filled[level] = (int)(hashes % TILE_WIDTH);
	if (b->filled[level] == 0)
		return OK;
	const uint8_t *bytes;
	size_t n;
	TRY(stored_tile(sc, b->tx, level, hashes / TILE_WIDTH, &bytes, &n));
	if (n != (size_t)b->filled[level] * CHAIN_HASH)
		return fail(sc, E_CORRUPT, "the last tile of level %d is not as wide as the tree says", level);
	memcpy(b->level[level], bytes, n);
	return OK;
}

static enum code
tile_store(struct scope *sc, struct builder *b, int level, int64_t n)
{
	b->dirty[level] = false;
	return sql_run(sc, b->tx,
		       "INSERT INTO chain_tile (level, n, hashes) VALUES ($1, $2, $3)"
		       " ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes",
		       VALS(v_int(level), v_int(n), v_blob(b->level[level], (size_t)b->filled[level] * CHAIN_HASH)),
		       NULL);
}

/* b->size still counts the leaves before this one. */
static enum code
builder_add(struct scope *sc, struct builder *b, const uint8_t leaf[static CHAIN_HASH])
{
	uint8_t up[CHAIN_HASH];
	memcpy(up, leaf, CHAIN_HASH);
	for (int level = 0; level < TREE_LEVELS; level++) {
		if (b->level[level] == NULL)
			TRY(tile_load(sc, b, level));
		memcpy(b->level[level][b->filled[level]++], up, CHAIN_HASH);
		b->dirty[level] = true;
		if (b->filled[level] < TILE_WIDTH)
			break;
		TRY(tile_store(sc, b, level, b->size >> (8 * (level + 1))));
		hash_pairs(b->level[level], TILE_WIDTH, up);
		b->filled[level] = 0;
	}
	b->size++;
	return OK;
}

static enum code
builder_finish(struct scope *sc, struct builder *b)
{
	for (int level = 0; level < TREE_LEVELS; level++)
		if (b->dirty[level])
			TRY(tile_store(sc, b, level, b->size >> (8 * (level + 1))));
	return OK;
}

struct waiting {
	int64_t seq;
	uint8_t entry[CHAIN_HASH];
};

static enum code
waiting_leaves(struct scope *sc, struct tx *tx, struct waiting **out, size_t *n)
{
	struct waiting *list = NEW_ARRAY(sc, SEQUENCE_BATCH, struct waiting);
	struct rows *r;
	size_t count = 0;
	TRY(sql_query(sc, tx, &r, "SELECT seq, entry FROM chain_leaf WHERE idx IS NULL ORDER BY seq LIMIT $1",
		      VALS(v_int(SEQUENCE_BATCH))));
	while (row_next(r) && count < SEQUENCE_BATCH) {
		size_t len;
		const uint8_t *entry = row_blob(sc, r, 1, &len);
		if (len != CHAIN_HASH)
			return fail(sc, E_CORRUPT, "a leaf of %zu bytes", len);
		list[count].seq = row_int(r, 0);
		memcpy(list[count++].entry, entry, CHAIN_HASH);
	}
	TRY(rows_end(sc, r));
	*out = list;
	*n = count;
	return OK;
}

static enum code
sequence_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)result;
	struct waiting *leaves;
	size_t n;
	struct builder b = {.tx = tx};
	TRY(waiting_leaves(sc, tx, &leaves, &n));
	if (n == 0)
		return OK;
	TRY(numbered(sc, tx, &b.size));
	for (size_t i = 0; i < n; i++) {
		uint8_t leaf[CHAIN_HASH];
		TRY(sql_run(sc, tx, "UPDATE chain_leaf SET idx = $1 WHERE seq = $2",
			    VALS(v_int(b.size), v_int(leaves[i].seq)), NULL));
		hash_leaf(leaves[i].entry, leaf);
		TRY(builder_add(sc, &b, leaf));
	}
	TRY(builder_finish(sc, &b));
	if (n == SEQUENCE_BATCH) {
		int64_t now = tx_now_ms(tx), after = (now > job->due_ms ? now : job->due_ms) + 1;
		TRY(job_add(sc, tx, chain_sequence_job.name, "", "chain", after, NULL));
	}
	/* the size in its subject makes it one job a tree */
	return job_add(sc, tx, chain_sign_job.name, "", scope_printf(sc, "%" PRId64, b.size), tx_now_ms(tx), NULL);
}

const struct job_kind chain_sequence_job = {"chain.sequence", NULL, sequence_commit, NULL};

/* --- chain.sign: a checkpoint of what is numbered --- */

struct signing {
	struct signer *signer;
	struct checkpoint made;
	const char *vkey;
	bool nothing; /* the newest checkpoint says it all */
};

/* Reads the tree and has it signed. The signer's own state decides from which tree it must follow. */
static enum code
sign_tree(struct scope *sc, struct tx *tx, void *arg)
{
	struct signing *s = arg;
	int64_t size, signed_size;
	TRY(numbered(sc, tx, &size));
	TRY(count_of(sc, tx, "SELECT COALESCE(MAX(size), 0) FROM chain_checkpoint", &signed_size));
	s->nothing = size == signed_size;
	if (s->nothing)
		return OK;
	struct signer_state state;
	TRY(signer_state(sc, s->signer, &state));
	if (state.size > size)
		return fail_as(sc, E_CONFLICT, "signer-ahead",
			       "the signing process has signed %" PRId64 " leaves, the database holds %" PRId64
			       ": it was put back to an earlier day",
			       state.size, size);
	struct tx_tree at = {tx, size};
	const struct chain_source source = {tx_fetch, &at};
	struct tree t;
	uint8_t path[PROOF_MAX][CHAIN_HASH];
	size_t n_path;
	TRY(tree_init(sc, &t, &source, size));
	TRY(tree_range(sc, &t, 0, size, s->made.root));
	TRY(tree_consistency(sc, &t, state.size, size, path, &n_path));
	TRY(signer_sign(sc, s->signer, size, s->made.root, (const uint8_t(*)[CHAIN_HASH])path, n_path, &s->made.note));
	s->made.size = size;
	s->vkey = state.vkey;
	return OK;
}

static enum code
sign_work(struct scope *sc, struct store *st, void *ctx, const struct job *job, void **result)
{
	(void)job;
	const struct chain_host *host = ctx;
	struct signing *s = NEW(sc, struct signing);
	s->signer = host == NULL ? NULL : host->signer;
	TRY(store_read(sc, st, sign_tree, s));
	*result = s;
	return OK;
}

static enum code
sign_commit(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)ctx;
	(void)job;
	const struct signing *s = result;
	if (s->nothing)
		return OK;
	TRY(sql_run(sc, tx, "INSERT INTO chain_key (vkey, at_ms) VALUES ($1, $2) ON CONFLICT (vkey) DO NOTHING",
		    VALS(v_text(s->vkey), v_int(tx_now_ms(tx))), NULL));
	return sql_run(
	    sc, tx,
	    "INSERT INTO chain_checkpoint (size, root, note, at_ms) VALUES ($1, $2, $3, $4)"
	    " ON CONFLICT (size) DO NOTHING",
	    VALS(v_int(s->made.size), v_blob(s->made.root, CHAIN_HASH), v_text(s->made.note), v_int(tx_now_ms(tx))),
	    NULL);
}

const struct job_kind chain_sign_job = {"chain.sign", sign_work, sign_commit, NULL};
