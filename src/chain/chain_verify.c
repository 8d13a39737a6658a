#include "chain/chain_verify.h"

#include <assert.h>

#include "base/file.h"
#include "base/text.h"

/* --- sources --- */

static enum code
directory_fetch(struct scope *sc, void *arg, const char *path, size_t max, const uint8_t **bytes, size_t *n)
{
	uint8_t *got;
	TRY(file_read(sc, path_join(sc, arg, path), max, &got, n));
	*bytes = got;
	return OK;
}

void
chain_directory_source(struct scope *sc, const char *dir, struct chain_source *out)
{
	*out = (struct chain_source){directory_fetch, scope_strdup(sc, dir)};
}

/* --- the checkpoints --- */

enum code
checkpoints_page_parse(struct scope *sc, const void *bytes, size_t n, const char ***notes, size_t *n_notes)
{
	const char *at = bytes, *end = at + n;
	const char **list = NEW_ARRAY(sc, CHECKPOINTS_PAGE, const char *);
	size_t count = 0;
	while (at < end) {
		const char *stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL || count == CHECKPOINTS_PAGE)
			return fail(sc, E_INVALID, "a page of checkpoints holds up to %d whole lines",
				    CHECKPOINTS_PAGE);
		json_t *v;
		TRY(json_parse(sc, at, (size_t)(stop - at), &v));
		if (!json_is_string(v) || json_string_length(v) > NOTE_MAX)
			return fail(sc, E_INVALID, "line %zu of the page holds no note", count + 1);
		list[count++] = scope_strdup(sc, json_string_value(v));
		at = stop + 1;
	}
	*notes = list;
	*n_notes = count;
	return OK;
}

struct points {
	struct checkpoint *list;
	size_t n, room;
};

static void
problem(struct chain_report *r, const char *text)
{
	if (json_array_size(r->problems) < 100) /* enough to see what is wrong */
		json_array_append_new(r->problems, json_string(text));
}

static void
points_add(struct scope *sc, struct points *p, const struct checkpoint *c)
{
	if (p->n == p->room) {
		p->room = p->room == 0 ? 64 : p->room * 2;
		struct checkpoint *grown = NEW_ARRAY(sc, p->room, struct checkpoint);
		if (p->n > 0)
			memcpy(grown, p->list, p->n * sizeof *grown);
		p->list = grown;
	}
	p->list[p->n++] = *c;
}

/* Notes that do not open are problems; those that do must grow. */
static void
points_take(struct scope *sc, struct points *p, const struct verifier_key *k, const char *note, struct chain_report *r)
{
	struct checkpoint c;
	if (checkpoint_open(sc, note, strlen(note), k, &c) != OK) {
		problem(r, scope_printf(sc, "stored checkpoint %zu: %s", p->n + 1, sc->err.message));
		error_clear(sc);
		return;
	}
	if (p->n > 0 && c.size <= p->list[p->n - 1].size)
		problem(
		    r, scope_printf(sc, "checkpoint %" PRId64 " comes after %" PRId64, c.size, p->list[p->n - 1].size));
	else
		points_add(sc, p, &c);
}

/* A log that does not list its checkpoints is judged by its newest alone. */
static enum code
points_read(struct scope *sc, const struct chain_source *source, const struct verifier_key *k, struct points *p,
	    struct chain_report *r)
{
	for (int64_t page = 0;; page++) {
		const uint8_t *bytes;
		size_t n, n_notes;
		const char **notes;
		enum code rc = source->fetch(sc, source->arg, scope_printf(sc, "checkpoints/%" PRId64, page),
					     CHECKPOINTS_PAGE_BYTES, &bytes, &n);
		if (rc == E_NOT_FOUND) {
			error_clear(sc);
			return OK;
		}
		TRY(rc);
		TRY(checkpoints_page_parse(sc, bytes, n, &notes, &n_notes));
		for (size_t i = 0; i < n_notes; i++)
			points_take(sc, p, k, notes[i], r);
		if (n_notes < CHECKPOINTS_PAGE)
			return OK;
	}
}

/* The newest checkpoint and those before it, by size; *newest.size is -1 where
 * the newest does not open: then nothing more can be said. */
static enum code
points_collect(struct scope *sc, const struct chain_source *source, const struct verifier_key *k, struct points *p,
	       struct checkpoint *newest, struct chain_report *r)
{
	const uint8_t *bytes;
	size_t n;
	TRY(source->fetch(sc, source->arg, "checkpoint", NOTE_MAX, &bytes, &n));
	newest->size = -1;
	if (checkpoint_open(sc, (const char *)bytes, n, k, newest) != OK) {
		problem(r, scope_strdup(sc, sc->err.message));
		error_clear(sc);
		return OK;
	}
	TRY(points_read(sc, source, k, p, r));
	/* pages are read after the newest: a live log may have grown in between */
	while (p->n > 0 && p->list[p->n - 1].size > newest->size)
		p->n--;
	if (p->n == 0 || p->list[p->n - 1].size < newest->size)
		points_add(sc, p, newest);
	else if (memcmp(p->list[p->n - 1].root, newest->root, CHAIN_HASH) != 0)
		problem(r, "two checkpoints of one size have different roots");
	r->size = newest->size;
	memcpy(r->root, newest->root, CHAIN_HASH);
	return OK;
}

/* --- verify: everything again from the entries --- */

struct walk {
	struct tree tree;
	struct frontier frontier;
	uint8_t (*level[TREE_LEVELS])[CHAIN_HASH]; /* the tile being filled */
	int filled[TREE_LEVELS];
	int64_t tile[TREE_LEVELS];
	const struct points *points;
	size_t next_point;
	chain_each *each;
	void *arg;
	struct chain_report *report;
};

static enum code
compare_tile(struct scope *sc, struct walk *w, int level)
{
	const uint8_t *bytes;
	TRY(tree_tile(sc, &w->tree, level, w->tile[level], &bytes));
	w->report->tiles++;
	if (memcmp(bytes, w->level[level], (size_t)w->filled[level] * CHAIN_HASH) != 0)
		problem(w->report, scope_printf(sc, "tile %" PRId64 " of level %d does not follow from the entries",
						w->tile[level], level));
	return OK;
}

/* A hash joins its level's tile; a full tile is compared, and its root joins the level above. */
static enum code
walk_hash(struct scope *sc, struct walk *w, const uint8_t hash[static CHAIN_HASH])
{
	uint8_t up[CHAIN_HASH];
	memcpy(up, hash, CHAIN_HASH);
	for (int level = 0; level < TREE_LEVELS; level++) {
		memcpy(w->level[level][w->filled[level]++], up, CHAIN_HASH);
		if (w->filled[level] < TILE_WIDTH)
			return OK;
		TRY(compare_tile(sc, w, level));
		hash_pairs(w->level[level], TILE_WIDTH, up);
		w->filled[level] = 0;
		w->tile[level]++;
	}
	return fail(sc, E_LIMIT, "the tree is higher than %d tiles", TREE_LEVELS);
}

static void
walk_points(struct scope *sc, struct walk *w)
{
	const struct points *p = w->points;
	if (w->next_point == p->n || p->list[w->next_point].size != w->frontier.size)
		return;
	uint8_t root[CHAIN_HASH];
	frontier_root(&w->frontier, root);
	w->report->checkpoints++;
	if (memcmp(root, p->list[w->next_point++].root, CHAIN_HASH) != 0)
		problem(w->report,
			scope_printf(sc, "the root of checkpoint %" PRId64 " does not follow from the entries",
				     w->frontier.size));
}

static enum code
walk_bundle(struct scope *sc, struct walk *w, int64_t n)
{
	uint8_t(*entries)[CHAIN_HASH];
	size_t count;
	TRY(tree_bundle(sc, &w->tree, n, &entries, &count));
	for (size_t i = 0; i < count; i++) {
		uint8_t leaf[CHAIN_HASH];
		if (w->each != NULL)
			w->each(w->arg, w->frontier.size, entries[i]);
		hash_leaf(entries[i], leaf);
		frontier_add(&w->frontier, leaf);
		TRY(walk_hash(sc, w, leaf));
		walk_points(sc, w);
	}
	return OK;
}

static enum code
walk_all(struct scope *sc, struct walk *w)
{
	struct scope one; /* a bundle's memory is not kept */
	scope_init(&one);
	enum code rc = OK;
	for (int64_t n = 0; rc == OK && n * TILE_WIDTH < w->tree.size; n++) {
		scope_clear(&one);
		for (int i = 0; i < TREE_LEVELS; i++)
			w->tree.last[i].n = -1; /* was the scope's */
		rc = walk_bundle(&one, w, n);
	}
	for (int level = 0; rc == OK && level < TREE_LEVELS; level++)
		if (w->filled[level] > 0)
			rc = compare_tile(&one, w, level);
	if (rc != OK)
		rc = error_set(sc, rc, one.err.reason, one.err.file, one.err.line, "%s", one.err.message);
	scope_release(&one);
	return rc;
}

enum code
chain_verify(struct scope *sc, const struct chain_source *source, const struct verifier_key *k, chain_each *each,
	     void *arg, struct chain_report *out)
{
	struct chain_report r = {.problems = json_new_array(sc)};
	struct points points = {0};
	struct checkpoint newest;
	TRY(points_collect(sc, source, k, &points, &newest, &r));
	if (newest.size >= 0) {
		struct walk *w = NEW(sc, struct walk);
		TRY(tree_init(sc, &w->tree, source, newest.size));
		for (int i = 0; i < TREE_LEVELS; i++)
			w->level[i] = scope_array(sc, TILE_WIDTH, CHAIN_HASH);
		w->points = &points;
		w->each = each;
		w->arg = arg;
		w->report = &r;
		walk_points(sc, w); /* a checkpoint of the empty tree */
		enum code rc = walk_all(sc, w);
		if (rc == E_CORRUPT || rc == E_NOT_FOUND) {
			problem(&r, scope_strdup(sc, sc->err.message));
			error_clear(sc);
		} else if (rc != OK) {
			return rc;
		}
	}
	*out = r;
	return OK;
}

/* --- audit: from checkpoint to checkpoint --- */

static enum code
audit_step(struct scope *sc, struct tree *t, const struct checkpoint *a, const struct checkpoint *b, bool *follows)
{
	uint8_t path[PROOF_MAX][CHAIN_HASH];
	size_t n;
	TRY(tree_consistency(sc, t, a->size, b->size, path, &n));
	*follows = chain_check_consistency(sc, a->size, a->root, b->size, b->root, (const uint8_t(*)[CHAIN_HASH])path,
					   n) == OK;
	error_clear(sc);
	return OK;
}

static void
audit_list(struct scope *sc, json_t *list, const struct checkpoint *c, const bool *follows)
{
	json_t *o = json_object();
	json_put_int(o, "size", c->size);
	json_put_text(o, "root", hex_encode(sc, c->root, CHAIN_HASH));
	json_put(o, "follows", follows == NULL ? json_null() : json_boolean(*follows));
	json_array_append_new(list, o);
}

enum code
chain_audit(struct scope *sc, const struct chain_source *source, const struct verifier_key *k, json_t *list,
	    struct chain_report *out)
{
	struct chain_report r = {.problems = json_new_array(sc)};
	struct points p = {0};
	struct checkpoint newest;
	TRY(points_collect(sc, source, k, &p, &newest, &r));
	struct tree t;
	TRY(tree_init(sc, &t, source, newest.size < 0 ? 0 : newest.size));
	for (size_t i = 0; i < p.n; i++) {
		bool follows = true;
		if (i > 0) {
			enum code rc = audit_step(sc, &t, &p.list[i - 1], &p.list[i], &follows);
			if (rc == E_CORRUPT || rc == E_NOT_FOUND)
				follows = false;
			else
				TRY(rc);
			error_clear(sc);
		}
		if (!follows)
			problem(&r, scope_printf(sc, "checkpoint %" PRId64 " does not follow from %" PRId64,
						 p.list[i].size, p.list[i - 1].size));
		audit_list(sc, list, &p.list[i], i == 0 ? NULL : &follows);
		r.checkpoints++;
	}
	*out = r;
	return OK;
}
