/* waybill offer: anybody with a draw's proof can draw it again. */
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cli_source.h"
#include "offer/offer_draw.h"

#define PROOF_BYTES_MAX ((size_t)64 << 20)

/* --- are its leaves in the chain? --- */

struct lookup {
	uint8_t (*entries)[CHAIN_HASH]; /* sorted */
	bool *found;
	size_t n;
};

static int
by_bytes(const void *a, const void *b)
{
	return memcmp(a, b, CHAIN_HASH);
}

static void
look(void *arg, int64_t index, const uint8_t entry[CHAIN_HASH])
{
	struct lookup *l = arg;
	(void)index;
	const uint8_t(*hit)[CHAIN_HASH] = bsearch(entry, l->entries, l->n, CHAIN_HASH, by_bytes);
	if (hit != NULL)
		l->found[hit - (const uint8_t(*)[CHAIN_HASH])l->entries] = true;
}

static enum code
check_chain(struct scope *sc, const char *where, const char *key, struct draw_verdict *v)
{
	struct opened_chain c;
	struct chain_report r;
	size_t missing = 0;
	struct lookup l = {v->entries, NEW_ARRAY(sc, v->n_entries, bool), v->n_entries};
	TRY(chain_open(sc, where, key, &c));
	qsort(l.entries, l.n, CHAIN_HASH, by_bytes);
	TRY(chain_verify(sc, &c.source, &c.key, look, &l, &r));
	for (size_t i = 0; i < l.n; i++)
		missing += l.found[i] ? 0 : 1;
	json_t *o = json_object();
	json_put_int(o, "size", r.size);
	json_put_int(o, "leaves", (int64_t)l.n);
	json_put_int(o, "missing", (int64_t)missing);
	json_put(o, "problems", json_incref(r.problems));
	json_put(v->report, "chain", o);
	v->ok = v->ok && missing == 0 && json_array_size(r.problems) == 0;
	json_put_bool(v->report, "ok", v->ok);
	return OK;
}

struct replay_words {
	const char *file, *nonce, *chain, *key;
};

static enum code
replay(struct scope *sc, const struct replay_words *w, struct draw_verdict *out)
{
	uint8_t *bytes, nonce[OFFER_NONCE];
	size_t n;
	json_t *proof, *you;
	TRY(file_read(sc, w->file, PROOF_BYTES_MAX, &bytes, &n));
	TRY(json_parse(sc, bytes, n, &proof));
	TRY(draw_replay(sc, proof, out));
	if (w->nonce != NULL) {
		TRY(hex_decode(sc, w->nonce, nonce, sizeof nonce));
		TRY(draw_find(sc, proof, nonce, &you));
		json_put(out->report, "you", json_incref(you));
	}
	return w->chain == NULL ? OK : check_chain(sc, w->chain, w->key, out);
}

static int
run_replay(struct scope *sc, int argc, char **argv)
{
	struct replay_words w = {0};
	const char *words[1];
	size_t n;
	struct draw_verdict v;
	const struct option_def defs[] = {{"--nonce", OPTION_TEXT, &w.nonce, 0, 0},
					  {"--chain", OPTION_TEXT, &w.chain, 0, 0},
					  {"--key", OPTION_TEXT, &w.key, 0, 0}};
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n);
	if (rc == OK) {
		w.file = words[0];
		rc = replay(sc, &w, &v);
	}
	if (rc != OK)
		return cli_exit(sc, rc);
	int status = cli_print(sc, v.report);
	return status != EXIT_YES ? status : v.ok ? EXIT_YES : EXIT_NO;
}

const struct command cli_offer_group[] = {
    {"replay", "DRAW.json [--nonce HEX] [--chain DIR|URL [--key KEY]]",
     "recompute a draw from its published proof; exit 1 where it does not hold", run_replay, NULL,
     "--nonce  the 32 bytes your phone chose: says where your request stands\n"
     "--chain  also look up every leaf of the proof in the chain, which is verified whole"},
    {0},
};
