/* waybill chain: what anybody can check about the commitments. */
#include "base/text.h"
#include "chain/chain_sign.h"
#include "cli/cli.h"
#include "cli/cli_source.h"

/* WORDS… [--key KEY] → the chain that words[0] names. */
static enum code
open_words(struct scope *sc, int argc, char **argv, size_t n_words, const char **words, struct opened_chain *out)
{
	const char *key = NULL;
	size_t n;
	const struct option_def defs[] = {{"--key", OPTION_TEXT, &key, 0, 0}};
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, n_words, n_words, &n));
	return chain_open(sc, words[0], key, out);
}

static json_t *
report_json(struct scope *sc, const struct opened_chain *c, const struct chain_report *r)
{
	json_t *o = json_new_object(sc);
	json_put_bool(o, "ok", json_array_size(r->problems) == 0);
	json_put_int(o, "size", r->size);
	json_put_text(o, "root", hex_encode(sc, r->root, CHAIN_HASH));
	json_put_int(o, "checkpoints", r->checkpoints);
	json_put_text(o, "log", c->key.name);
	json_put_text(o, "key", c->key_given ? "given" : "found");
	json_put(o, "problems", json_incref(r->problems));
	return o;
}

static int
answer(struct scope *sc, enum code rc, const json_t *o)
{
	if (rc != OK)
		return cli_exit(sc, rc);
	int status = cli_print(sc, o);
	return status != EXIT_YES || json_is_true(json_object_get(o, "ok")) ? status : EXIT_NO;
}

static int
run_verify(struct scope *sc, int argc, char **argv)
{
	const char **words = NEW_ARRAY(sc, (size_t)argc, const char *);
	struct opened_chain c;
	struct chain_report r;
	json_t *o = NULL;
	enum code rc = open_words(sc, argc, argv, 1, words, &c);
	if (rc == OK)
		rc = chain_verify(sc, &c.source, &c.key, NULL, NULL, &r);
	if (rc == OK) {
		o = report_json(sc, &c, &r);
		json_put_int(o, "tiles", r.tiles);
	}
	return answer(sc, rc, o);
}

static int
run_audit(struct scope *sc, int argc, char **argv)
{
	const char **words = NEW_ARRAY(sc, (size_t)argc, const char *);
	struct opened_chain c;
	struct chain_report r;
	json_t *o = NULL, *list = json_new_array(sc);
	enum code rc = open_words(sc, argc, argv, 1, words, &c);
	if (rc == OK)
		rc = chain_audit(sc, &c.source, &c.key, list, &r);
	if (rc == OK) {
		o = report_json(sc, &c, &r);
		json_put(o, "list", json_incref(list));
	}
	return answer(sc, rc, o);
}

/* --- prove --- */

static enum code
find_entry(struct scope *sc, struct tree *t, const uint8_t entry[static CHAIN_HASH], int64_t *index)
{
	*index = -1;
	for (int64_t n = 0; n * TILE_WIDTH < t->size; n++) {
		uint8_t(*entries)[CHAIN_HASH];
		size_t count;
		TRY(tree_bundle(sc, t, n, &entries, &count));
		for (size_t i = 0; i < count; i++)
			if (memcmp(entries[i], entry, CHAIN_HASH) == 0) {
				*index = n * TILE_WIDTH + (int64_t)i;
				return OK;
			}
	}
	return OK;
}

static enum code
prove_entry(struct scope *sc, const struct opened_chain *c, const uint8_t entry[static CHAIN_HASH], json_t *o)
{
	const uint8_t *note;
	size_t n_note, n = 0;
	struct checkpoint newest;
	struct tree t;
	int64_t index;
	uint8_t path[PROOF_MAX][CHAIN_HASH];
	TRY(c->source.fetch(sc, c->source.arg, "checkpoint", NOTE_MAX, &note, &n_note));
	TRY(checkpoint_open(sc, (const char *)note, n_note, &c->key, &newest));
	TRY(tree_init(sc, &t, &c->source, newest.size));
	TRY(find_entry(sc, &t, entry, &index));
	json_put_bool(o, "ok", index >= 0);
	json_put_text(o, "entry", hex_encode(sc, entry, CHAIN_HASH));
	json_put_int(o, "size", newest.size);
	if (index < 0)
		return OK;
	TRY(tree_inclusion(sc, &t, index, newest.size, path, &n));
	TRY(chain_check_inclusion(sc, entry, index, newest.size, (const uint8_t(*)[CHAIN_HASH])path, n, newest.root));
	json_t *list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(hex_encode(sc, path[i], CHAIN_HASH)));
	json_put_int(o, "index", index);
	json_put(o, "path", list);
	json_put_text(o, "checkpoint", newest.note);
	json_put_text(o, "key", c->key_given ? "given" : "found");
	return OK;
}

static int
run_prove(struct scope *sc, int argc, char **argv)
{
	const char **words = NEW_ARRAY(sc, (size_t)argc, const char *);
	struct opened_chain c;
	uint8_t entry[CHAIN_HASH];
	json_t *o = json_new_object(sc);
	enum code rc = open_words(sc, argc, argv, 2, words, &c);
	if (rc == OK)
		rc = hex_decode(sc, words[1], entry, sizeof entry);
	if (rc == OK)
		rc = prove_entry(sc, &c, entry, o);
	return answer(sc, rc, o);
}

static int
run_copy(struct scope *sc, int argc, char **argv)
{
	const char **words = NEW_ARRAY(sc, (size_t)argc, const char *);
	struct opened_chain c;
	int64_t files = 0;
	enum code rc = open_words(sc, argc, argv, 2, words, &c);
	if (rc == OK)
		rc = chain_copy(sc, &c, words[1], &files);
	json_t *o = json_new_object(sc);
	json_put_bool(o, "ok", rc == OK);
	json_put_int(o, "files", files);
	return answer(sc, rc, o);
}

const struct command cli_chain_group[] = {
    {"verify", "DIR|URL [--key KEY]", "recompute every tile and checkpoint from the entries", run_verify, NULL,
     "DIR is a data directory or a directory of tiles; URL the log's address. KEY is a\n"
     "verifier key or a file with one; without it the key found beside the chain is used."},
    {"prove", "DIR|URL ENTRY [--key KEY]", "show that an entry (64 hex digits) is in the newest checkpoint", run_prove,
     NULL, NULL},
    {"audit", "DIR|URL [--key KEY]", "list the checkpoints and check that each follows from the one before", run_audit,
     NULL, NULL},
    {"copy", "DIR|URL TO [--key KEY]", "copy the log's resources into a directory of tiles", run_copy, NULL, NULL},
    {0},
};

/* --- the signing process: hidden, see chain_sign.h --- */

int
cli_sign_child(struct scope *sc, int argc, char **argv)
{
	const char *words[1];
	size_t n;
	enum code rc =
	    argc > 2 ? fail(sc, E_USAGE, "one word too many") : args_parse(sc, argc, argv, NULL, 0, words, 1, 1, &n);
	return rc == OK ? chain_sign_child(words[0]) : cli_exit(sc, rc);
}
