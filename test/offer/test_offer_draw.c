/* Draws, pure: lots are fair to whoever holds them, proofs replay, and nothing in
 * a proof can be changed. */
#include "unit.h"

#include <sodium.h>

#include "base/random.h"
#include "base/text.h"
#include "offer/offer_draw.h"
#include "prop.h"

/* --- a draw made up from a generator --- */

struct made {
	struct scope sc;
	struct prng *r;
	const char *block_id;
	struct draw_entry *e;
	size_t n;
	json_t *proof;
};

static void
fill(struct prng *r, void *to, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)to)[i] = (uint8_t)prng_below(r, 256);
}

static struct leaf
made_leaf(struct made *m, const char *kind, const json_t *record)
{
	struct leaf l;
	fill(m->r, l.salt, sizeof l.salt);
	chain_entry(&m->sc, kind, record, l.salt, l.entry);
	return l;
}

static int
by_pseudonym(const void *a, const void *b)
{
	return strcmp(((const struct draw_entry *)a)->pseudonym, ((const struct draw_entry *)b)->pseudonym);
}

static json_t *
made_requests(struct made *m)
{
	json_t *list = json_new_array(&m->sc);
	for (size_t i = 0; i < m->n; i++) {
		fill(m->r, m->e[i].nonce, OFFER_NONCE);
		draw_pseudonym(m->block_id, m->e[i].nonce, m->e[i].pseudonym);
		m->e[i].turns = prng_below(m->r, 4);
		m->e[i].last_ms = m->e[i].turns == 0 ? 0 : 1 + prng_below(m->r, 3);
	}
	qsort(m->e, m->n, sizeof *m->e, by_pseudonym);
	for (size_t i = 0; i < m->n; i++) {
		json_t *record = json_new_object(&m->sc), *o;
		json_put_text(record, "block", m->block_id);
		json_put_text(record, "nonce", hex_encode(&m->sc, m->e[i].nonce, OFFER_NONCE));
		struct leaf l = made_leaf(m, "offer.request", record);
		o = leaf_json(&m->sc, &l);
		json_put_text(o, "pseudonym", m->e[i].pseudonym);
		json_put_text(o, "nonce", json_string_value(json_object_get(record, "nonce")));
		json_array_append(list, o);
	}
	return list;
}

static json_t *
made_block(struct made *m, enum award_rule rule, int64_t units, const uint8_t secret[static 32])
{
	uint8_t commitment[32];
	crypto_hash_sha256(commitment, secret, 32);
	json_t *o = json_new_object(&m->sc), *terms = json_object();
	json_put_text(o, "id", m->block_id);
	json_put_int(o, "units", units);
	json_put_text(o, "rule", rule == AWARD_DRAW ? "draw" : "rota");
	json_put_text(o, "commitment", hex_encode(&m->sc, commitment, 32));
	json_put_text(terms, "note", "gr\xC3\xB6nt \"kort\" 12");
	json_put(o, "terms", terms);
	return o;
}

static void
add_round(struct made *m, json_t *rounds, const struct draw_round *q, bool *awarded, size_t *winners, size_t *n)
{
	json_t *record = draw_round_record(&m->sc, q, awarded, winners, n);
	struct leaf l = made_leaf(m, "offer.draw", record);
	json_t *o = leaf_json(&m->sc, &l);
	json_put(o, "record", json_incref(record));
	json_array_append(rounds, o);
}

/* Everybody's reason, at random; who has withdrawn stays so. */
static void
new_reasons(struct made *m, const char **reasons)
{
	for (size_t i = 0; i < m->n; i++) {
		uint32_t dice = prng_below(m->r, 8);
		if (reasons[i] != NULL && strcmp(reasons[i], "withdrawn") == 0)
			continue;
		reasons[i] = dice == 0 ? "withdrawn" : dice == 1 ? "overlap" : dice == 2 ? "rest" : "";
	}
}

/* A proof of `size` requests with a few give-backs, by the code that the product runs. */
static void
make(struct made *m, struct prng *r, size_t size)
{
	memset(m, 0, sizeof *m);
	scope_init(&m->sc);
	m->r = r;
	m->n = prng_below(r, (uint32_t)size + 1);
	m->e = NEW_ARRAY(&m->sc, m->n + 1, struct draw_entry);
	struct random ids;
	random_init_seeded(&ids, prng_u64(r));
	struct id id = id_new(&ids, "blk", 1795327200000);
	m->block_id = scope_strdup(&m->sc, id.s);
	enum award_rule rule = prng_below(r, 2) == 0 ? AWARD_DRAW : AWARD_ROTA;
	int64_t units = 1 + prng_below(r, 5);
	uint8_t secret[32], seed[32];
	fill(r, secret, sizeof secret);
	json_t *block = made_block(m, rule, units, secret);
	struct leaf leaf = made_leaf(m, "offer.block", block);
	json_t *requests = made_requests(m), *rounds = json_new_array(&m->sc);
	size_t *order = NEW_ARRAY(&m->sc, m->n + 1, size_t), *winners = NEW_ARRAY(&m->sc, m->n + 1, size_t), n;
	bool *awarded = NEW_ARRAY(&m->sc, m->n + 1, bool);
	const char **reasons = NEW_ARRAY(&m->sc, m->n + 1, const char *);
	draw_seed(&m->sc, secret, m->block_id, m->e, m->n, seed);
	draw_order(&m->sc, rule, seed, m->e, m->n, order);
	struct draw_round q = {.block_id = m->block_id,
			       .at_ms = 5,
			       .cause = "close",
			       .vacant = units,
			       .rule = rule,
			       .seed = seed,
			       .e = m->e,
			       .n = m->n,
			       .order = order,
			       .reasons = reasons};
	new_reasons(m, reasons);
	add_round(m, rounds, &q, awarded, winners, &n);
	for (int back = 0; back < 3 && n > 0; back++) {
		q.round++;
		q.at_ms++;
		q.cause = prng_below(r, 2) == 0 ? "given_back" : "cancelled";
		q.from = m->e[winners[0]].pseudonym;
		q.vacant = 1;
		new_reasons(m, reasons);
		add_round(m, rounds, &q, awarded, winners, &n);
	}
	m->proof = draw_proof(&m->sc, block, &leaf, secret, requests, rounds);
}

static bool
replays(struct scope *sc, const json_t *proof, bool *ok)
{
	struct draw_verdict v;
	if (draw_replay(sc, proof, &v) != OK)
		return false;
	*ok = v.ok;
	return true;
}

/* --- the claims --- */

static bool
a_draw_replays(struct prng *r, size_t size)
{
	struct made m;
	bool ok = false;
	make(&m, r, size);
	bool holds = replays(&m.sc, m.proof, &ok) && ok;
	/* also after a trip through text */
	const char *text = json_canonical(&m.sc, m.proof);
	json_t *again;
	holds = holds && json_parse(&m.sc, text, strlen(text), &again) == OK && replays(&m.sc, again, &ok) && ok;
	scope_release(&m.sc);
	return holds;
}

static bool
a_changed_byte_is_found(struct prng *r, size_t size)
{
	struct made m;
	bool holds = true;
	make(&m, r, size);
	char *text = json_canonical(&m.sc, m.proof);
	size_t n = strlen(text);
	for (int i = 0; i < 150 && holds; i++) {
		size_t at = prng_below(r, (uint32_t)n);
		char keep = text[at];
		text[at] = (char)(text[at] ^ (1 << prng_below(r, 8)));
		struct scope sc;
		scope_init(&sc);
		json_t *proof;
		bool ok = true;
		if (json_parse(&sc, text, n, &proof) == OK && replays(&sc, proof, &ok) && ok) {
			print_error("byte %zu: %.40s\n", at, text + (at < 20 ? 0 : at - 20));
			holds = false;
		}
		scope_release(&sc);
		text[at] = keep;
	}
	scope_release(&m.sc);
	return holds;
}

/* Someone is left out, swapped, or given a unit that is another's: with its leaves made anew, as the operator could. */
static json_t *
resealed(struct made *m, json_t *proof)
{
	json_t *round;
	size_t i;
	json_array_foreach(json_object_get(proof, "rounds"), i, round)
	{
		struct leaf l = made_leaf(m, "offer.draw", json_object_get(round, "record"));
		json_put_text(round, "salt", hex_encode(&m->sc, l.salt, CHAIN_HASH));
		json_put_text(round, "entry", hex_encode(&m->sc, l.entry, CHAIN_HASH));
	}
	return proof;
}

static bool
a_resealed_lie_is_found(struct prng *r, size_t size)
{
	struct made m;
	bool ok = true, holds = true;
	make(&m, r, size + 3);
	for (int lie = 0; lie < 6 && holds && m.n >= 2; lie++) {
		json_t *proof = json_own(&m.sc, json_deep_copy(m.proof));
		json_t *first = json_object_get(json_array_get(json_object_get(proof, "rounds"), 0), "record");
		json_t *ranking = json_object_get(first, "ranking"), *awards = json_object_get(first, "awards");
		json_t *candidates = json_object_get(first, "candidates"),
		       *requests = json_object_get(proof, "requests");
		switch (lie) {
		case 0: /* two places swapped */
			json_array_insert(ranking, 0, json_array_get(ranking, m.n - 1));
			json_array_remove(ranking, m.n);
			break;
		case 1: json_array_remove(candidates, 0); break; /* the first passed over */
		case 2: json_array_remove(requests, 0); break;	 /* a request never made */
		case 3: json_array_append(awards, json_array_get(ranking, 0)); break;
		case 4: json_put_int(json_object_get(proof, "block"), "units", 900); break;
		default: /* another secret, to which the block never committed */
			json_put_text(proof, "secret", hex_encode(&m.sc, m.e[0].nonce, 32));
			break;
		}
		holds = !replays(&m.sc, resealed(&m, proof), &ok) || !ok;
		if (!holds)
			print_error("lie %d was believed\n", lie);
	}
	scope_release(&m.sc);
	return holds;
}

static bool
the_order_is_the_lots_alone(struct prng *r, size_t size)
{
	struct made m;
	make(&m, r, size);
	uint8_t seed[32], seed2[32], secret[32];
	fill(r, secret, sizeof secret);
	size_t *a = NEW_ARRAY(&m.sc, m.n + 1, size_t), *b = NEW_ARRAY(&m.sc, m.n + 1, size_t);
	draw_seed(&m.sc, secret, m.block_id, m.e, m.n, seed);
	draw_order(&m.sc, AWARD_DRAW, seed, m.e, m.n, a);
	/* the same entries in another row, with another history of turns */
	struct draw_entry *e = scope_memdup(&m.sc, m.e, (m.n + 1) * sizeof *e);
	for (size_t i = m.n; i > 1; i--) {
		size_t k = prng_below(r, (uint32_t)i);
		struct draw_entry keep = e[i - 1];
		e[i - 1] = e[k];
		e[k] = keep;
	}
	for (size_t i = 0; i < m.n; i++)
		e[i].turns += prng_below(r, 9);
	draw_seed(&m.sc, secret, m.block_id, e, m.n, seed2);
	draw_order(&m.sc, AWARD_DRAW, seed2, e, m.n, b);
	bool holds = memcmp(seed, seed2, sizeof seed) == 0;
	bool *seen = NEW_ARRAY(&m.sc, m.n + 1, bool);
	for (size_t i = 0; i < m.n && holds; i++) {
		holds = strcmp(m.e[a[i]].pseudonym, e[b[i]].pseudonym) == 0 && !seen[a[i]];
		seen[a[i]] = true;
	}
	scope_release(&m.sc);
	return holds;
}

static bool
the_rota_goes_by_turns_first(struct prng *r, size_t size)
{
	struct made m;
	make(&m, r, size);
	uint8_t seed[32];
	fill(r, seed, sizeof seed);
	size_t *a = NEW_ARRAY(&m.sc, m.n + 1, size_t);
	draw_order(&m.sc, AWARD_ROTA, seed, m.e, m.n, a);
	bool holds = true;
	for (size_t i = 1; i < m.n && holds; i++) {
		const struct draw_entry *x = &m.e[a[i - 1]], *y = &m.e[a[i]];
		holds = x->turns < y->turns || (x->turns == y->turns && x->last_ms <= y->last_ms);
	}
	scope_release(&m.sc);
	return holds;
}

/* Each of four drivers is first about as often as the others: 4,000 draws, five standard deviations. */
static void
lots_are_even(void **state)
{
	(void)state;
	struct prng r;
	prng_seed(&r, 20);
	int first[4] = {0};
	for (int i = 0; i < 4000; i++) {
		struct scope sc;
		scope_init(&sc);
		struct draw_entry e[4];
		uint8_t secret[32], seed[32];
		size_t order[4];
		fill(&r, secret, sizeof secret);
		for (int k = 0; k < 4; k++) {
			fill(&r, e[k].nonce, OFFER_NONCE);
			draw_pseudonym("blk_1", e[k].nonce, e[k].pseudonym);
		}
		draw_seed(&sc, secret, "blk_1", e, 4, seed);
		draw_order(&sc, AWARD_DRAW, seed, e, 4, order);
		first[order[0]]++;
		scope_release(&sc);
	}
	for (int k = 0; k < 4; k++)
		assert_in_range(first[k], 1000 - 137, 1000 + 137);
}

static void
what_is_no_proof_is_said_to_be_none(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	static const char *const bad[] = {
	    "{}",
	    "[]",
	    "null",
	    "{\"format\":\"waybill/draw/2\"}",
	    "{\"format\":\"waybill/draw/1\",\"block\":{},\"leaf\":{},\"secret\":\"\",\"requests\":[],\"rounds\":[]}",
	    ("{\"format\":\"waybill/draw/1\",\"block\":{\"id\":\"blk_x\"},\"leaf\":{\"salt\":\"00\",\"entry\":\"\"},"
	     "\"secret\":\"\",\"requests\":[],\"rounds\":[{}]}")};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		json_t *v;
		struct draw_verdict out;
		assert_ok(&sc, json_parse(&sc, bad[i], strlen(bad[i]), &v));
		assert_int_equal(draw_replay(&sc, v, &out), E_INVALID);
	}
	scope_release(&sc);
}

static void
properties(void **state)
{
	(void)state;
	struct random r;
	random_init_os(&r);
	prop_check("a draw replays", 120, 60, a_draw_replays);
	prop_check("a changed byte is found", 40, 12, a_changed_byte_is_found);
	prop_check("a resealed lie is found", 60, 20, a_resealed_lie_is_found);
	prop_check("the order is the lots alone", 80, 80, the_order_is_the_lots_alone);
	prop_check("the rota goes by turns", 80, 80, the_rota_goes_by_turns_first);
}

/* --- eligibility --- */

#define H(h) (INT64_C(1795327200000) + (int64_t)(h)*3600000)

static void
the_rule_says_the_first_reason(void **state)
{
	(void)state;
	const struct offer_need van = {.hours = {H(0), H(4)}, .vehicles = 1u << VEHICLE_VAN, .rest_ms = 11 * 3600000};
	struct offer_candidate c = {.state = DRIVER_ACTIVE, .path_ready = true, .vehicle = VEHICLE_VAN};
	assert_int_equal(offer_eligible(&van, &c), OFFER_ELIGIBLE);
	c.vehicle = VEHICLE_BIKE;
	assert_int_equal(offer_eligible(&van, &c), OFFER_VEHICLE);
	c.path_ready = false;
	assert_int_equal(offer_eligible(&van, &c), OFFER_PATH_INCOMPLETE);
	for (int s = 0; s < DRIVER_STATES; s++) {
		c.state = (enum driver_state)s;
		assert_int_equal(offer_eligible(&van, &c) == OFFER_NOT_ACTIVE, s != DRIVER_ACTIVE);
	}
	struct offer_need any = van;
	any.vehicles = 0;
	c = (struct offer_candidate){.state = DRIVER_ACTIVE, .path_ready = true, .vehicle = VEHICLE_FOOT};
	assert_int_equal(offer_eligible(&any, &c), OFFER_ELIGIBLE);
}

static void
hours_and_rest_are_exact(void **state)
{
	(void)state;
	struct offer_need need = {.rest_ms = 11 * 3600000};
	static const struct {
		int from, to;	/* the block */
		int busy[3][2]; /* hers; 0,0: none */
		enum offer_reason is;
	} cases[] = {
	    {6, 12, {{12, 14}}, OFFER_ELIGIBLE}, /* one ends as the other begins */
	    {6, 12, {{11, 14}}, OFFER_OVERLAP},
	    {6, 12, {{5, 13}}, OFFER_OVERLAP},
	    {6, 12, {{8, 9}}, OFFER_OVERLAP},
	    {6, 12, {{15, 19}}, OFFER_ELIGIBLE},  /* 13 hours of a day, 11 free */
	    {6, 12, {{15, 20}}, OFFER_REST},	  /* 20:00 to 6:00 is ten */
	    {15, 20, {{6, 12}}, OFFER_REST},	  /* the same, asked from the other side */
	    {6, 12, {{-12, -5}}, OFFER_ELIGIBLE}, /* eleven since yesterday evening */
	    {6, 12, {{-12, -4}}, OFFER_REST},	  /* ten */
	    {6, 12, {{18, 22}, {40, 44}}, OFFER_REST},
	    {6, 12, {{25, 30}}, OFFER_ELIGIBLE},
	    {6, 12, {{22, 29}}, OFFER_REST},	 /* ten hours after */
	    {6, 12, {{23, 29}}, OFFER_ELIGIBLE}, /* eleven after */
	    {6, 12, {{-40, -30}, {60, 70}}, OFFER_ELIGIBLE},
	};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct hours busy[3];
		struct offer_candidate c = {.state = DRIVER_ACTIVE, .path_ready = true, .busy = busy};
		for (int k = 0; k < 3 && (cases[i].busy[k][0] != 0 || cases[i].busy[k][1] != 0); k++)
			busy[c.n_busy++] = (struct hours){H(cases[i].busy[k][0]), H(cases[i].busy[k][1])};
		need.hours = (struct hours){H(cases[i].from), H(cases[i].to)};
		if (offer_eligible(&need, &c) != cases[i].is)
			fail_msg("case %zu: %s", i, offer_reason_words[offer_eligible(&need, &c)]);
	}
	need.rest_ms = 0;
	struct hours all_day = {H(6), H(18)};
	struct offer_candidate c = {.state = DRIVER_ACTIVE, .path_ready = true, .busy = &all_day, .n_busy = 1};
	need.hours = (struct hours){H(18), H(30)};
	assert_int_equal(offer_eligible(&need, &c), OFFER_ELIGIBLE);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(properties),
	    cmocka_unit_test(lots_are_even),
	    cmocka_unit_test(what_is_no_proof_is_said_to_be_none),
	    cmocka_unit_test(the_rule_says_the_first_reason),
	    cmocka_unit_test(hours_and_rest_are_exact),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
