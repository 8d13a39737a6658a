#include "offer/offer_draw.h"

#include <sodium.h>

#include "base/text.h"

#define MISMATCHES_MAX 50
#define ROUNDS_MAX 20000

void
draw_pseudonym(const char *block_id, const uint8_t nonce[static OFFER_NONCE], char out[static PSEUDONYM_TEXT])
{
	static const char head[] = "waybill/pseudonym/1\n";
	uint8_t sum[(PSEUDONYM_TEXT - 1) / 2];
	crypto_generichash_state h;
	crypto_generichash_init(&h, NULL, 0, sizeof sum);
	crypto_generichash_update(&h, (const uint8_t *)head, sizeof head - 1);
	crypto_generichash_update(&h, (const uint8_t *)block_id, strlen(block_id));
	crypto_generichash_update(&h, (const uint8_t *)"\n", 1);
	crypto_generichash_update(&h, nonce, OFFER_NONCE);
	crypto_generichash_final(&h, sum, sizeof sum);
	sodium_bin2hex(out, PSEUDONYM_TEXT, sum, sizeof sum);
}

static int
by_nonce(const void *a, const void *b)
{
	return memcmp(a, b, OFFER_NONCE);
}

void
draw_seed(struct scope *sc, const uint8_t secret[static 32], const char *block_id, const struct draw_entry *e, size_t n,
	  uint8_t seed[static 32])
{
	static const char head[] = "waybill/draw/1\n";
	uint8_t(*nonces)[OFFER_NONCE] = scope_array(sc, n + 1, OFFER_NONCE);
	for (size_t i = 0; i < n; i++)
		memcpy(nonces[i], e[i].nonce, OFFER_NONCE);
	qsort(nonces, n, OFFER_NONCE, by_nonce);
	crypto_generichash_state h;
	crypto_generichash_init(&h, NULL, 0, 32);
	crypto_generichash_update(&h, (const uint8_t *)head, sizeof head - 1);
	crypto_generichash_update(&h, secret, 32);
	crypto_generichash_update(&h, (const uint8_t *)block_id, strlen(block_id));
	crypto_generichash_update(&h, (const uint8_t *)"\n", 1);
	crypto_generichash_update(&h, (const uint8_t *)nonces, n * OFFER_NONCE);
	crypto_generichash_final(&h, seed, 32);
}

struct ticket {
	int64_t turns, last_ms;
	uint8_t lot[32];
	size_t index;
};

static int
by_ticket(const void *a, const void *b)
{
	const struct ticket *x = a, *y = b;
	if (x->turns != y->turns)
		return x->turns < y->turns ? -1 : 1;
	if (x->last_ms != y->last_ms)
		return x->last_ms < y->last_ms ? -1 : 1;
	return memcmp(x->lot, y->lot, sizeof x->lot);
}

void
draw_order(struct scope *sc, enum award_rule rule, const uint8_t seed[static 32], const struct draw_entry *e, size_t n,
	   size_t *order)
{
	struct ticket *t = NEW_ARRAY(sc, n + 1, struct ticket);
	for (size_t i = 0; i < n; i++) {
		t[i].index = i;
		if (rule == AWARD_ROTA) {
			t[i].turns = e[i].turns;
			t[i].last_ms = e[i].last_ms;
		}
		crypto_generichash(t[i].lot, sizeof t[i].lot, (const uint8_t *)e[i].pseudonym, PSEUDONYM_TEXT - 1, seed,
				   32);
	}
	qsort(t, n, sizeof *t, by_ticket);
	for (size_t i = 0; i < n; i++)
		order[i] = t[i].index;
}

/* --- making --- */

json_t *
leaf_json(struct scope *sc, const struct leaf *leaf)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "salt", hex_encode(sc, leaf->salt, CHAIN_HASH));
	json_put_text(o, "entry", hex_encode(sc, leaf->entry, CHAIN_HASH));
	return o;
}

static void
list_pseudonym(json_t *list, const struct draw_entry *e)
{
	json_array_append_new(list, json_string(e->pseudonym));
}

static void
put_ranking(struct scope *sc, json_t *record, const struct draw_round *q)
{
	json_t *ranking = json_array(), *standing = json_array();
	for (size_t i = 0; i < q->n; i++) {
		json_t *s = json_object();
		list_pseudonym(ranking, &q->e[q->order[i]]);
		json_put_int(s, "turns", q->e[i].turns);
		json_put_int(s, "last", q->e[i].last_ms);
		json_array_append_new(standing, s);
	}
	json_put_text(record, "seed", hex_encode(sc, q->seed, 32));
	json_put(record, "ranking", ranking);
	if (q->rule == AWARD_ROTA)
		json_put(record, "standing", standing);
	else
		json_decref(standing);
}

json_t *
draw_round_record(struct scope *sc, const struct draw_round *q, bool *awarded, size_t *winners, size_t *n_winners)
{
	json_t *record = json_new_object(sc), *candidates = json_array(), *awards = json_array();
	size_t given = 0;
	json_put_text(record, "block", q->block_id);
	json_put_int(record, "round", q->round);
	json_put_int(record, "at", q->at_ms);
	json_put_text(record, "cause", q->cause);
	json_put_text(record, "from", q->from);
	json_put_int(record, "vacant", q->vacant);
	if (q->round == 0)
		put_ranking(sc, record, q);
	for (size_t rank = 0; rank < q->n; rank++) {
		size_t i = q->order[rank];
		if (awarded[i])
			continue;
		json_t *c = json_object();
		json_put_text(c, "pseudonym", q->e[i].pseudonym);
		json_put_text(c, "reason", q->reasons[i]);
		json_array_append_new(candidates, c);
		if (q->reasons[i][0] != '\0' || (int64_t)given == q->vacant)
			continue;
		list_pseudonym(awards, &q->e[i]);
		awarded[i] = true;
		winners[given++] = i;
	}
	json_put(record, "candidates", candidates);
	json_put(record, "awards", awards);
	*n_winners = given;
	return record;
}

json_t *
draw_proof(struct scope *sc, const json_t *block, const struct leaf *leaf, const uint8_t secret[static 32],
	   const json_t *requests, const json_t *rounds)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "format", "waybill/draw/1");
	json_put(o, "block", json_deep_copy(block));
	json_put(o, "leaf", json_incref(leaf_json(sc, leaf)));
	json_put_text(o, "secret", hex_encode(sc, secret, 32));
	json_put(o, "requests", json_deep_copy(requests));
	json_put(o, "rounds", json_deep_copy(rounds));
	return o;
}

/* --- replay --- */

struct replay {
	struct scope *sc;
	json_t *mismatches;
	const char *block_id;
	enum award_rule rule;
	int64_t units;
	uint8_t commitment[32];
	struct draw_entry *e; /* by pseudonym */
	size_t n;
	size_t *order;
	bool *awarded;	    /* by index; in any round so far */
	bool *vacated;	    /* by index; her unit came back */
	bool *open;	    /* by index; false once withdrawn: it cannot be undone */
	size_t held, given; /* units held now; awards made in all */
	uint8_t (*entries)[CHAIN_HASH];
	size_t n_entries;
};

static void mismatch(struct replay *r, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void
mismatch(struct replay *r, const char *fmt, ...)
{
	char text[200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (json_array_size(r->mismatches) < MISMATCHES_MAX)
		json_array_append_new(r->mismatches, json_string(text));
}

/* Lower-case hex only: one value, one text. */
static enum code
need_hex(struct scope *sc, const json_t *o, const char *key, uint8_t *out, size_t n)
{
	const char *s;
	TRY(json_need_text(sc, o, key, 2 * n, 2 * n, &s));
	if (strspn(s, "0123456789abcdef") != 2 * n)
		return fail_as(sc, E_INVALID, "bad-field", "%s: not %zu bytes of lower-case hex", key, n);
	return hex_decode(sc, s, out, n);
}

/* A leaf's salt and entry must fit its record; the entry is remembered for the chain. */
static enum code
check_leaf(struct scope *sc, struct replay *r, const char *what, const json_t *holder, const char *kind,
	   const json_t *record)
{
	uint8_t salt[CHAIN_HASH], entry[CHAIN_HASH], want[CHAIN_HASH];
	TRY(need_hex(sc, holder, "salt", salt, sizeof salt));
	TRY(need_hex(sc, holder, "entry", entry, sizeof entry));
	chain_entry(sc, kind, record, salt, want);
	if (memcmp(entry, want, sizeof want) != 0)
		mismatch(r, "%s: the chain's entry is of another record", what);
	memcpy(r->entries[r->n_entries++], entry, CHAIN_HASH);
	return OK;
}

static enum code
read_block(struct scope *sc, struct replay *r, const json_t *proof)
{
	const json_t *block, *leaf;
	const char *id;
	size_t rule;
	static const char *const rules[] = {"draw", "rota", NULL};
	static const char *const leaf_members[] = {"salt", "entry", NULL};
	TRY(json_need_object(sc, proof, "block", &block));
	TRY(json_need_object(sc, proof, "leaf", &leaf));
	TRY(json_only(sc, leaf, leaf_members));
	TRY(json_need_text(sc, block, "id", 5, ID_TEXT_MAX, &id));
	if (!id_is(id, "blk"))
		return fail_as(sc, E_INVALID, "bad-field", "block.id: not a block");
	TRY(json_need_int(sc, block, "units", 1, OFFER_UNITS_MAX, &r->units));
	TRY(json_need_word(sc, block, "rule", rules, &rule));
	TRY(need_hex(sc, block, "commitment", r->commitment, sizeof r->commitment));
	r->block_id = id;
	r->rule = rule == 0 ? AWARD_DRAW : AWARD_ROTA;
	return check_leaf(sc, r, "block", leaf, "offer.block", block);
}

static enum code
read_request(struct scope *sc, struct replay *r, const json_t *q, struct draw_entry *e)
{
	static const char *const members[] = {"pseudonym", "nonce", "salt", "entry", NULL};
	const char *pseudonym;
	TRY(json_only(sc, q, members));
	TRY(json_need_text(sc, q, "pseudonym", PSEUDONYM_TEXT - 1, PSEUDONYM_TEXT - 1, &pseudonym));
	TRY(need_hex(sc, q, "nonce", e->nonce, sizeof e->nonce));
	draw_pseudonym(r->block_id, e->nonce, e->pseudonym);
	if (strcmp(e->pseudonym, pseudonym) != 0)
		mismatch(r, "request %s: another pseudonym follows from its nonce", pseudonym);
	json_t *record = json_new_object(sc);
	json_put_text(record, "block", r->block_id);
	json_put(record, "nonce", json_incref(json_object_get(q, "nonce")));
	return check_leaf(sc, r, scope_printf(sc, "request %s", pseudonym), q, "offer.request", record);
}

static enum code
read_requests(struct scope *sc, struct replay *r, const json_t *list)
{
	r->n = json_array_size(list);
	r->e = NEW_ARRAY(sc, r->n + 1, struct draw_entry);
	for (size_t i = 0; i < r->n; i++) {
		enum code rc = read_request(sc, r, json_array_get(list, i), &r->e[i]);
		if (rc != OK)
			return error_prefix(sc, "requests[%zu]", i);
		if (i > 0 && strcmp(r->e[i - 1].pseudonym, r->e[i].pseudonym) >= 0)
			mismatch(r, "request %s: not in order, or twice", r->e[i].pseudonym);
	}
	return OK;
}

/* Index of a pseudonym among the requests; r->n: none. */
static size_t
find(const struct replay *r, const char *pseudonym)
{
	size_t lo = 0, hi = r->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = pseudonym == NULL ? 1 : strcmp(r->e[mid].pseudonym, pseudonym);
		if (c == 0)
			return mid;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return r->n;
}

static enum code
read_standing(struct scope *sc, struct replay *r, const json_t *record)
{
	const json_t *list;
	static const char *const members[] = {"turns", "last", NULL};
	if (r->rule != AWARD_ROTA)
		return OK;
	TRY(json_need_array(sc, record, "standing", r->n, r->n, &list));
	for (size_t i = 0; i < r->n; i++) {
		const json_t *s = json_array_get(list, i);
		TRY(json_only(sc, s, members));
		TRY(json_need_int(sc, s, "turns", 0, INT32_MAX, &r->e[i].turns));
		TRY(json_need_int(sc, s, "last", 0, INT64_MAX, &r->e[i].last_ms));
	}
	return OK;
}

static enum code
check_ranking(struct scope *sc, struct replay *r, const json_t *proof, const json_t *record)
{
	uint8_t secret[32], seed[32], told[32], commitment[32];
	const json_t *ranking;
	TRY(need_hex(sc, proof, "secret", secret, sizeof secret));
	crypto_hash_sha256(commitment, secret, sizeof secret);
	if (memcmp(commitment, r->commitment, sizeof commitment) != 0)
		mismatch(r, "secret: it is not what the block committed to");
	TRY(read_standing(sc, r, record));
	draw_seed(sc, secret, r->block_id, r->e, r->n, seed);
	TRY(need_hex(sc, record, "seed", told, sizeof told));
	if (memcmp(seed, told, sizeof seed) != 0)
		mismatch(r, "seed: another one follows from secret and nonces");
	r->order = NEW_ARRAY(sc, r->n + 1, size_t);
	draw_order(sc, r->rule, seed, r->e, r->n, r->order);
	TRY(json_need_array(sc, record, "ranking", 0, OFFER_REQUESTS_MAX, &ranking));
	if (json_array_size(ranking) != r->n)
		mismatch(r, "ranking: it has %zu places for %zu requests", json_array_size(ranking), r->n);
	for (size_t i = 0; i < r->n; i++)
		if (!text_eq(json_string_value(json_array_get(ranking, i)), r->e[r->order[i]].pseudonym)) {
			mismatch(r, "ranking: place %zu is %s's", i + 1, r->e[r->order[i]].pseudonym);
			break;
		}
	return OK;
}

/* The reasons a request may have for not being awarded. */
static bool
reason_known(const char *s)
{
	for (int i = 0; i < OFFER_REASONS; i++)
		if (text_eq(s, offer_reason_words[i]))
			return true;
	return text_eq(s, "withdrawn");
}

/* Everybody who was never awarded, by rank, nobody left out; the first eligible get what is vacant. */
static enum code
check_candidates(struct scope *sc, struct replay *r, int64_t round, const json_t *record, int64_t vacant)
{
	static const char *const members[] = {"pseudonym", "reason", NULL};
	const json_t *list, *awards;
	TRY(json_need_array(sc, record, "candidates", 0, OFFER_REQUESTS_MAX, &list));
	TRY(json_need_array(sc, record, "awards", 0, OFFER_UNITS_MAX, &awards));
	size_t at = 0, given = 0;
	for (size_t rank = 0; rank < r->n; rank++) {
		size_t i = r->order[rank];
		if (r->awarded[i])
			continue;
		const json_t *c = json_array_get(list, at++);
		const char *pseudonym, *reason;
		if (c == NULL) {
			mismatch(r, "round %" PRId64 ": %s was passed over", round, r->e[i].pseudonym);
			return OK;
		}
		TRY(json_only(sc, c, members));
		TRY(json_need_text(sc, c, "pseudonym", 1, PSEUDONYM_TEXT, &pseudonym));
		TRY(json_need_text(sc, c, "reason", 0, 40, &reason));
		if (strcmp(pseudonym, r->e[i].pseudonym) != 0) {
			mismatch(r, "round %" PRId64 ": %s was passed over", round, r->e[i].pseudonym);
			return OK;
		}
		if (!reason_known(reason))
			mismatch(r, "round %" PRId64 ": no rule has the reason \"%s\"", round, reason);
		if (!r->open[i] && strcmp(reason, "withdrawn") != 0)
			mismatch(r, "round %" PRId64 ": %s had withdrawn", round, pseudonym);
		if (strcmp(reason, "withdrawn") == 0)
			r->open[i] = false;
		if (reason[0] != '\0' || (int64_t)given == vacant)
			continue;
		if (!text_eq(json_string_value(json_array_get(awards, given)), pseudonym))
			mismatch(r, "round %" PRId64 ": award %zu is %s's", round, given + 1, pseudonym);
		r->awarded[i] = true;
		given++;
	}
	if (json_array_size(list) != at || json_array_size(awards) != given)
		mismatch(r, "round %" PRId64 ": it names more candidates or awards than there can be", round);
	r->held += given;
	r->given += given;
	return OK;
}

/* A unit that came back: from whom, and it can come back once. A unit given by
 * a person's own decision has no pseudonym. */
static void
check_cause(struct replay *r, int64_t round, const char *cause, const char *from)
{
	if ((round == 0) != (strcmp(cause, "close") == 0))
		mismatch(r, "round %" PRId64 ": \"%s\" is not its cause", round, cause);
	if (from == NULL)
		return;
	size_t i = find(r, from);
	if (round == 0 || i == r->n || !r->awarded[i] || r->vacated[i]) {
		mismatch(r, "round %" PRId64 ": %s had nothing to give back", round, from);
		return;
	}
	r->vacated[i] = true;
	r->held--;
}

static enum code
check_record(struct scope *sc, struct replay *r, const json_t *proof, const json_t *record, int64_t round)
{
	static const char *const causes[] = {"close", "given_back", "cancelled", NULL};
	static const char *const close_members[] = {"block", "round",	"at",	    "cause",	  "from",   "vacant",
						    "seed",  "ranking", "standing", "candidates", "awards", NULL};
	static const char *const later_members[] = {"block",  "round",	    "at",     "cause", "from",
						    "vacant", "candidates", "awards", NULL};
	int64_t number, at, vacant;
	size_t cause;
	const char *block, *from = NULL;
	TRY(json_only(sc, record, round == 0 ? close_members : later_members));
	TRY(json_need_text(sc, record, "block", 1, ID_TEXT_MAX, &block));
	TRY(json_need_int(sc, record, "round", 0, ROUNDS_MAX, &number));
	TRY(json_need_int(sc, record, "at", 0, INT64_MAX, &at));
	TRY(json_need_word(sc, record, "cause", causes, &cause));
	TRY(json_may_text(sc, record, "from", 1, PSEUDONYM_TEXT, &from));
	TRY(json_need_int(sc, record, "vacant", 0, OFFER_UNITS_MAX, &vacant));
	if (strcmp(block, r->block_id) != 0 || number != round)
		mismatch(r, "round %" PRId64 ": it is another block's, or another round", round);
	if (round == 0)
		TRY(check_ranking(sc, r, proof, record));
	check_cause(r, round, causes[cause], from);
	if (vacant > r->units || (round > 0 && vacant > 1))
		mismatch(r, "round %" PRId64 ": more is vacant than there can be", round);
	TRY(check_candidates(sc, r, round, record, vacant));
	if ((int64_t)r->held > r->units)
		mismatch(r, "round %" PRId64 ": more units are held than there are", round);
	return OK;
}

static enum code
check_rounds(struct scope *sc, struct replay *r, const json_t *proof, const json_t *rounds)
{
	static const char *const members[] = {"salt", "entry", "record", NULL};
	for (size_t i = 0; i < json_array_size(rounds); i++) {
		const json_t *round = json_array_get(rounds, i), *record;
		const char *what = scope_printf(sc, "round %zu", i);
		enum code rc = json_only(sc, round, members);
		if (rc == OK)
			rc = json_need_object(sc, round, "record", &record);
		if (rc == OK)
			rc = check_leaf(sc, r, what, round, "offer.draw", record);
		if (rc == OK)
			rc = check_record(sc, r, proof, record, (int64_t)i);
		if (rc != OK)
			return error_prefix(sc, "%s", what);
	}
	return OK;
}

static json_t *
report_of(const struct replay *r, size_t rounds)
{
	json_t *o = json_new_object(r->sc);
	bool ok = json_array_size(r->mismatches) == 0;
	json_put_bool(o, "ok", ok);
	json_put_text(o, "block", r->block_id);
	json_put_text(o, "rule", r->rule == AWARD_DRAW ? "offer.draw/1" : "offer.rota/1");
	json_put_int(o, "units", r->units);
	json_put_int(o, "requests", (int64_t)r->n);
	json_put_int(o, "rounds", (int64_t)rounds);
	json_put_int(o, "awarded", (int64_t)r->given);
	json_put(o, "mismatches", json_incref(r->mismatches));
	return o;
}

enum code
draw_replay(struct scope *sc, const json_t *proof, struct draw_verdict *out)
{
	static const char *const members[] = {"format", "block", "leaf", "secret", "requests", "rounds", NULL};
	static const char *const formats[] = {"waybill/draw/1", NULL};
	const json_t *requests, *rounds;
	size_t format;
	TRY(json_only(sc, proof, members));
	TRY(json_need_word(sc, proof, "format", formats, &format));
	TRY(json_need_array(sc, proof, "requests", 0, OFFER_REQUESTS_MAX, &requests));
	TRY(json_need_array(sc, proof, "rounds", 1, ROUNDS_MAX, &rounds));
	struct replay r = {.sc = sc, .mismatches = json_new_array(sc)};
	size_t n = json_array_size(requests), leaves = 1 + n + json_array_size(rounds);
	r.entries = scope_array(sc, leaves, CHAIN_HASH);
	r.awarded = NEW_ARRAY(sc, n + 1, bool);
	r.vacated = NEW_ARRAY(sc, n + 1, bool);
	r.open = NEW_ARRAY(sc, n + 1, bool);
	memset(r.open, 1, n * sizeof *r.open);
	TRY(read_block(sc, &r, proof));
	TRY(read_requests(sc, &r, requests));
	TRY(check_rounds(sc, &r, proof, rounds));
	*out = (struct draw_verdict){.ok = json_array_size(r.mismatches) == 0,
				     .report = report_of(&r, json_array_size(rounds)),
				     .entries = r.entries,
				     .n_entries = r.n_entries};
	return OK;
}

/* --- finding oneself --- */

static bool
list_has(const json_t *list, const char *pseudonym, size_t *at)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (text_eq(json_string_value(json_array_get(list, i)), pseudonym)) {
			*at = i;
			return true;
		}
	return false;
}

/* The newest round's word on her. */
static const char *
newest_reason(const json_t *candidates, const char *pseudonym, const char *before)
{
	for (size_t i = 0; i < json_array_size(candidates); i++) {
		const json_t *c = json_array_get(candidates, i);
		if (text_eq(json_string_value(json_object_get(c, "pseudonym")), pseudonym))
			return json_string_value(json_object_get(c, "reason"));
	}
	return before;
}

enum code
draw_find(struct scope *sc, const json_t *proof, const uint8_t nonce[static OFFER_NONCE], json_t **out)
{
	const json_t *block = json_object_get(proof, "block"), *rounds = json_object_get(proof, "rounds");
	const char *block_id, *reason = NULL;
	char pseudonym[PSEUDONYM_TEXT];
	TRY(json_need_text(sc, block, "id", 1, ID_TEXT_MAX, &block_id));
	draw_pseudonym(block_id, nonce, pseudonym);
	json_t *o = json_new_object(sc);
	bool ranked = false, awarded = false;
	size_t rank = 0, at;
	for (size_t i = 0; i < json_array_size(rounds); i++) {
		const json_t *record = json_object_get(json_array_get(rounds, i), "record");
		if (i == 0)
			ranked = list_has(json_object_get(record, "ranking"), pseudonym, &rank);
		awarded = awarded || list_has(json_object_get(record, "awards"), pseudonym, &at);
		reason = newest_reason(json_object_get(record, "candidates"), pseudonym, reason);
	}
	json_put_text(o, "pseudonym", pseudonym);
	json_put(o, "rank", ranked ? json_integer((json_int_t)rank + 1) : json_null());
	json_put_bool(o, "awarded", awarded);
	json_put_text(o, "reason", awarded ? "" : reason);
	*out = o;
	return OK;
}
