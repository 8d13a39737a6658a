/* Offers through the store: publish, ask, draw, give back, assign, leave. */
#include "people_fixture.h"

#include "base/prng.h"
#include "base/text.h"
#include "chain/chain_tree.h"
#include "offer/offer.h"
#include "offer/offer_draw.h"
#include "prop.h"

static const struct schema *const schemas[] = {PEOPLE_FIXTURE_SCHEMAS, &offer_schema, NULL};

/* What happens in the background is not this room's: the chain only takes leaves here. */
static enum code
nothing(struct scope *sc, struct tx *tx, void *ctx, const struct job *job, void *result)
{
	(void)sc, (void)tx, (void)ctx, (void)job, (void)result;
	return OK;
}
static const struct job_kind sequence_later = {"chain.sequence", NULL, nothing, NULL};
static const struct job_kind sign_up_later = {"people.template", NULL, nothing, NULL};
static const struct job_kind *const kinds[] = {&offer_close_job, &sequence_later, &sign_up_later, NULL};

#define DRIVERS_MAX 24
#define HOUR_MS INT64_C(3600000)
static const char reasoning[] = "The depot asked for a driver who knows the harbour gates.";

struct yard {
	struct people_fixture p;
	struct jobs *jobs;
	struct fixture_driver d[DRIVERS_MAX];
	size_t n;
	uint8_t nonce_count;
};

static void
open_yard(struct yard *y, size_t drivers)
{
	memset(y, 0, sizeof *y);
	people_fixture_open(&y->p, schemas);
	assert_ok(&y->p.f.sc, jobs_open(&y->p.f.sc, y->p.f.store, kinds, NULL, 1, &y->jobs));
	for (size_t i = 0; i < drivers; i++)
		y->d[i] = people_fixture_driver(&y->p, "Ada Lind");
	y->n = drivers;
}

static void
close_yard(struct yard *y)
{
	jobs_close(y->jobs);
	people_fixture_close(&y->p);
}

static void
run_to(struct yard *y, int64_t at_ms)
{
	assert_ok(&y->p.f.sc, jobs_run_until(&y->p.f.sc, y->jobs, at_ms));
}

static json_t *
some_terms(struct scope *sc)
{
	static const char text[] = "{\"pay\":{\"minor\":84000,\"currency\":\"SEK\"},\"stops\":{\"min\":20,\"max\":35},"
				   "\"distance_m\":{\"min\":15000,\"max\":40000},\"vehicles\":[\"van\",\"car\"]}";
	json_t *terms;
	assert_ok(sc, json_parse(sc, text, sizeof text - 1, &terms));
	return terms;
}

/* A call of the room, run as one write or one read of the test. */
enum op {
	PUBLISH,
	REQUEST,
	WITHDRAW,
	GIVE_BACK,
	DIRECT,
	AWARD_CANCEL,
	BLOCK_CANCEL,
	ERASE,
	PROOF,
	BLOCK_JSON,
	OPEN_FOR,
	STATUS,
	AWARDS_OF,
	AWARDS_IN,
	DECISIONS,
	EXPORT,
	MOVE,
};
struct call {
	enum op op;
	const char *operator_id, *driver, *block, *award, *staff, *words, *overrides;
	struct block_new new;
	uint8_t nonce[OFFER_NONCE];
	enum award_state to;
	struct id id;
	json_t *json;
	struct award *awards;
	size_t n;
};

static enum code
perform(struct scope *sc, struct tx *tx, void *arg)
{
	struct call *c = arg;
	const char *op = c->operator_id;
	switch (c->op) {
	case PUBLISH: return offer_block_publish(sc, tx, op, c->staff, &c->new, &c->id);
	case REQUEST: return offer_request(sc, tx, op, c->driver, c->block, c->nonce, &c->json);
	case WITHDRAW: return offer_withdraw(sc, tx, op, c->driver, c->block);
	case GIVE_BACK: return offer_give_back(sc, tx, op, c->driver, c->award);
	case DIRECT:
		return offer_award_direct(sc, tx, op, c->block, c->driver, c->staff, c->words, c->overrides, &c->id);
	case AWARD_CANCEL: return offer_award_cancel(sc, tx, op, c->award, c->staff, c->words);
	case BLOCK_CANCEL: return offer_block_cancel(sc, tx, op, c->block, c->staff, c->words);
	case ERASE: return offer_erase(sc, tx, op, c->driver);
	case PROOF: return offer_draw_proof(sc, tx, op, c->block, &c->json);
	case BLOCK_JSON: return offer_block_json(sc, tx, op, c->block, &c->json);
	case OPEN_FOR: return offer_blocks_open_for(sc, tx, op, c->driver, 100, &c->json);
	case STATUS: return offer_status(sc, tx, op, &c->json);
	case AWARDS_OF: return offer_awards_of(sc, tx, op, c->driver, 0, 1000, &c->awards, &c->n);
	case AWARDS_IN: return offer_awards_in(sc, tx, op, c->block, &c->awards, &c->n);
	case DECISIONS: return record_decisions_of(sc, tx, op, c->driver, INT64_MAX, 1000, &c->json);
	case EXPORT: c->json = json_new_object(sc); return offer_export(sc, tx, op, c->driver, c->json);
	case MOVE: return offer_award_move(sc, tx, op, c->award, c->to);
	}
	return E_INTERNAL;
}

static enum code
run(struct yard *y, struct call *c)
{
	struct scope *sc = &y->p.f.sc;
	error_clear(sc);
	if (c->operator_id == NULL)
		c->operator_id = y->p.op.s;
	if (c->op >= PROOF && c->op != MOVE)
		return store_read(sc, y->p.f.store, perform, c);
	return store_write(sc, y->p.f.store, LANE_MAIN, perform, c);
}

static void
refused(struct yard *y, struct call c, enum code rc, const char *reason)
{
	enum code got = run(y, &c);
	if (got != rc || (reason != NULL && !text_eq(y->p.f.sc.err.reason, reason)))
		fail_msg("wanted %s (%s), got %s (%s): %s", code_name(rc), reason, code_name(got), y->p.f.sc.err.reason,
			 y->p.f.sc.err.message);
}

static struct call
must(struct yard *y, struct call c)
{
	assert_ok(&y->p.f.sc, run(y, &c));
	return c;
}

/* A block that starts in `start_h` hours for four hours; requests close an hour before. */
static struct id
publish(struct yard *y, enum award_rule rule, int64_t units, int64_t start_h)
{
	int64_t now = clock_now_ms(&y->p.f.clock);
	struct call c = {.op = PUBLISH, .staff = y->p.dispatcher.s};
	c.new = (struct block_new){.programme_id = y->p.programme.s,
				   .station_id = y->p.station.s,
				   .pay_plan_id = "pay_1",
				   .hours = {now + start_h * HOUR_MS, now + (start_h + 4) * HOUR_MS},
				   .units = units,
				   .rule = rule,
				   .requests_close_ms = now + (start_h - 1) * HOUR_MS,
				   .terms = some_terms(&y->p.f.sc)};
	return must(y, c).id;
}

static struct call
asking(struct yard *y, size_t driver, const char *block)
{
	struct call c = {.op = REQUEST, .driver = y->d[driver].id.s, .block = block};
	random_bytes(&y->p.f.random, c.nonce, sizeof c.nonce);
	return c;
}

static json_t *
proof_of(struct yard *y, const char *block)
{
	return must(y, (struct call){.op = PROOF, .block = block}).json;
}

static struct draw_verdict
replayed(struct yard *y, const char *block)
{
	struct draw_verdict v;
	assert_ok(&y->p.f.sc, draw_replay(&y->p.f.sc, proof_of(y, block), &v));
	if (!v.ok)
		fail_msg("%s", json_text(&y->p.f.sc, v.report));
	return v;
}

static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static size_t
held_by(struct yard *y, const char *block, const char *driver)
{
	struct call c = must(y, (struct call){.op = AWARDS_IN, .block = block});
	size_t held = 0;
	for (size_t i = 0; i < c.n; i++)
		held += c.awards[i].state <= AWARD_DONE && (driver == NULL || text_eq(c.awards[i].driver_id, driver));
	return held;
}

/* Index of the driver who holds the block by an award in this state; SIZE_MAX. */
static size_t
holder(struct yard *y, const char *block, const char **award)
{
	struct call c = must(y, (struct call){.op = AWARDS_IN, .block = block});
	for (size_t i = 0; i < c.n; i++)
		for (size_t k = 0; k < y->n; k++)
			if (c.awards[i].state == AWARD_HELD && text_eq(c.awards[i].driver_id, y->d[k].id.s)) {
				*award = c.awards[i].id;
				return k;
			}
	return SIZE_MAX;
}

/* How many decisions of a kind about this block she can read. */
static size_t
decisions(struct yard *y, size_t driver, const char *kind, const char *block)
{
	json_t *list = must(y, (struct call){.op = DECISIONS, .driver = y->d[driver].id.s}).json, *d;
	json_t *items = json_is_array(list) ? list : json_object_get(list, "items");
	size_t i, n = 0;
	json_array_foreach(items, i, d) n += text_eq(text_of(d, "kind"), kind) && text_eq(text_of(d, "subject"), block);
	return n;
}

/* --- the draw --- */

static void
a_block_is_asked_for_drawn_and_proved(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 6);
	struct id b = publish(&y, AWARD_DRAW, 2, 8);
	json_t *block = must(&y, (struct call){.op = BLOCK_JSON, .block = b.s}).json;
	assert_int_equal(strlen(text_of(block, "commitment")), 64); /* before anybody asked */
	struct call sealed[5];
	for (size_t i = 0; i < 5; i++) {
		struct call c = asking(&y, i, b.s);
		sealed[i] = must(&y, c);
		assert_true(json_is_true(json_object_get(sealed[i].json, "eligible")));
		/* the same again is the same; another nonce is not */
		assert_string_equal(text_of(must(&y, c).json, "request"), text_of(sealed[i].json, "request"));
		refused(&y, asking(&y, i, b.s), E_CONFLICT, "already-requested");
	}
	struct call twin = {.op = REQUEST, .driver = y.d[5].id.s, .block = b.s};
	memcpy(twin.nonce, sealed[0].nonce, sizeof twin.nonce);
	refused(&y, twin, E_CONFLICT, "nonce-taken");
	/* sealed: neither staff nor the public sees who or how many, and nobody the secret */
	block = must(&y, (struct call){.op = BLOCK_JSON, .block = b.s}).json;
	assert_null(json_object_get(block, "requests"));
	refused(&y, (struct call){.op = PROOF, .block = b.s}, E_NOT_FOUND, "not-drawn");
	/* one changes her mind, and is as if she had never asked */
	must(&y, (struct call){.op = WITHDRAW, .driver = y.d[4].id.s, .block = b.s});
	refused(&y, (struct call){.op = WITHDRAW, .driver = y.d[4].id.s, .block = b.s}, E_NOT_FOUND, "no-request");
	run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
	struct draw_verdict v = replayed(&y, b.s);
	assert_int_equal(json_integer_value(json_object_get(v.report, "requests")), 4);
	assert_int_equal(held_by(&y, b.s, NULL), 2);
	for (size_t i = 0; i < 6; i++) {
		size_t won = held_by(&y, b.s, y.d[i].id.s);
		assert_int_equal(decisions(&y, i, "offer.award", b.s), won);
		assert_int_equal(decisions(&y, i, "offer.not_awarded", b.s), i < 4 ? 1 - won : 0);
	}
	refused(&y, asking(&y, 5, b.s), E_CONFLICT, "requests-closed");
	/* her own leaf, told when she asked, is the one in the proof */
	json_t *proof = proof_of(&y, b.s), *you;
	assert_ok(&y.p.f.sc, draw_find(&y.p.f.sc, proof, sealed[2].nonce, &you));
	assert_string_equal(text_of(you, "pseudonym"), text_of(sealed[2].json, "pseudonym"));
	assert_non_null(strstr(json_text(&y.p.f.sc, proof), text_of(json_object_get(sealed[2].json, "leaf"), "entry")));
	/* and nobody's id is in it */
	for (size_t i = 0; i < 6; i++)
		assert_null(strstr(json_text(&y.p.f.sc, proof), y.d[i].id.s));
	close_yard(&y);
}

static void
give_backs_go_down_the_list_at_no_cost(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 5);
	struct id b = publish(&y, AWARD_DRAW, 1, 8);
	for (size_t i = 0; i < 5; i++)
		must(&y, asking(&y, i, b.s));
	run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
	/* whoever is third on the list goes off it: she must be passed over, in the open */
	json_t *rounds = json_object_get(proof_of(&y, b.s), "rounds");
	const char *third = json_string_value(
	    json_array_get(json_object_get(json_object_get(json_array_get(rounds, 0), "record"), "ranking"), 2));
	for (size_t i = 0; i < 5; i++) {
		json_t *mine =
		    json_object_get(must(&y, (struct call){.op = EXPORT, .driver = y.d[i].id.s}).json, "requests");
		if (text_eq(text_of(json_array_get(mine, 0), "pseudonym"), third))
			must(&y, (struct call){.op = WITHDRAW, .driver = y.d[i].id.s, .block = b.s});
	}
	size_t seen[5] = {0};
	for (int turn = 0; turn < 4; turn++) {
		const char *award;
		size_t who = holder(&y, b.s, &award);
		assert_true(who < 5);
		assert_int_equal(seen[who]++, 0); /* never the same twice */
		assert_int_equal(held_by(&y, b.s, NULL), 1);
		refused(&y, (struct call){.op = WITHDRAW, .driver = y.d[who].id.s, .block = b.s}, E_CONFLICT,
			"awarded");
		refused(&y, (struct call){.op = GIVE_BACK, .driver = y.d[(who + 1) % 5].id.s, .award = award},
			E_NOT_FOUND, "no-award");
		must(&y, (struct call){.op = GIVE_BACK, .driver = y.d[who].id.s, .award = award});
		refused(&y, (struct call){.op = GIVE_BACK, .driver = y.d[who].id.s, .award = award}, E_CONFLICT,
			"bad-state");
		struct draw_verdict v = replayed(&y, b.s);
		assert_int_equal(json_integer_value(json_object_get(v.report, "rounds")), turn + 2);
		assert_int_equal(decisions(&y, who, "offer.release", b.s), 1);
	}
	assert_int_equal(held_by(&y, b.s, NULL), 0); /* nobody waits any more */
	json_t *status = must(&y, (struct call){.op = STATUS}).json;
	assert_int_equal(json_array_size(json_object_get(status, "unfilled")), 1);
	close_yard(&y);
}

static void
nothing_of_the_past_weighs_in_a_draw(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 3);
	/* driver 0 gives back again and again, driver 1 works, driver 2 never asks */
	for (int day = 0; day < 6; day++) {
		struct id b = publish(&y, AWARD_DRAW, 2, 8);
		must(&y, asking(&y, 0, b.s));
		must(&y, asking(&y, 1, b.s));
		run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
		struct call mine = must(&y, (struct call){.op = AWARDS_OF, .driver = y.d[0].id.s});
		must(&y, (struct call){.op = GIVE_BACK, .driver = y.d[0].id.s, .award = mine.awards[0].id});
		struct call hers = must(&y, (struct call){.op = AWARDS_OF, .driver = y.d[1].id.s});
		must(&y, (struct call){.op = MOVE, .award = hers.awards[0].id, .to = AWARD_CHECKED_IN});
		must(&y, (struct call){.op = MOVE, .award = hers.awards[0].id, .to = AWARD_DONE});
		refused(&y, (struct call){.op = MOVE, .award = hers.awards[0].id, .to = AWARD_CHECKED_IN}, E_CONFLICT,
			"bad-state");
		run_to(&y, clock_now_ms(&y.p.f.clock) + 41 * HOUR_MS);
	}
	struct id b = publish(&y, AWARD_DRAW, 1, 8);
	struct call asked[3];
	for (size_t i = 0; i < 3; i++) {
		asked[i] = must(&y, asking(&y, i, b.s));
		assert_true(json_is_true(json_object_get(asked[i].json, "eligible")));
	}
	run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
	/* the order follows from the published secret and nonces alone: the proof has no room for a history, and holds */
	replayed(&y, b.s);
	json_t *proof = proof_of(&y, b.s);
	json_t *first = json_object_get(json_array_get(json_object_get(proof, "rounds"), 0), "record");
	struct draw_entry e[3];
	uint8_t secret[32], seed[32];
	size_t order[3];
	memset(e, 0, sizeof e);
	assert_ok(&y.p.f.sc, hex_decode(&y.p.f.sc, text_of(proof, "secret"), secret, 32));
	for (size_t i = 0; i < 3; i++) {
		memcpy(e[i].nonce, asked[i].nonce, OFFER_NONCE);
		draw_pseudonym(b.s, e[i].nonce, e[i].pseudonym);
	}
	draw_seed(&y.p.f.sc, secret, b.s, e, 3, seed);
	draw_order(&y.p.f.sc, AWARD_DRAW, seed, e, 3, order);
	assert_int_equal(held_by(&y, b.s, y.d[order[0]].id.s), 1);
	assert_null(json_object_get(first, "standing"));
	close_yard(&y);
}

/* --- rota, direct --- */

static void
the_rota_evens_out_and_forgives_give_backs(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 4);
	int turns[4] = {0};
	for (int day = 0; day < 8; day++) {
		struct id b = publish(&y, AWARD_ROTA, 1, 8);
		for (size_t i = 0; i < 4; i++)
			must(&y, asking(&y, i, b.s));
		run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
		replayed(&y, b.s);
		const char *award;
		size_t who = holder(&y, b.s, &award);
		if (day == 2) { /* giving back is no turn: she stands where she stood */
			must(&y, (struct call){.op = GIVE_BACK, .driver = y.d[who].id.s, .award = award});
			size_t first = who;
			who = holder(&y, b.s, &award);
			assert_int_not_equal(who, first);
			replayed(&y, b.s);
			struct id next = publish(&y, AWARD_ROTA, 1, 48);
			must(&y, asking(&y, first, next.s));
			must(&y, asking(&y, who, next.s));
			run_to(&y, clock_now_ms(&y.p.f.clock) + 47 * HOUR_MS);
			assert_int_equal(held_by(&y, next.s, y.d[first].id.s), 1);
			turns[first]++;
			replayed(&y, next.s);
		}
		turns[who]++;
		run_to(&y, clock_now_ms(&y.p.f.clock) + 20 * HOUR_MS);
	}
	for (int i = 0; i < 4; i++)
		assert_in_range(turns[i], 2, 3); /* nine turns among four */
	close_yard(&y);
}

static void
a_person_assigns_by_name_and_reason(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 4);
	struct id b = publish(&y, AWARD_DIRECT, 1, 8);
	refused(&y, asking(&y, 0, b.s), E_CONFLICT, "block-direct");
	struct call give = {
	    .op = DIRECT, .block = b.s, .driver = y.d[0].id.s, .staff = y.p.dispatcher.s, .words = reasoning};
	struct call wordless = give, nobody = give, machine = give;
	wordless.words = "ok";
	nobody.staff = "stf_nobody";
	machine.staff = NULL;
	assert_true(run(&y, &wordless) != OK);
	assert_true(run(&y, &nobody) != OK);
	assert_true(run(&y, &machine) != OK);
	assert_int_equal(held_by(&y, b.s, NULL), 0);
	must(&y, give);
	refused(&y, give, E_CONFLICT, "already-awarded");
	assert_int_equal(decisions(&y, 0, "offer.direct", b.s), 1);
	struct call second = give;
	second.driver = y.d[1].id.s;
	refused(&y, second, E_CONFLICT, "no-unit");
	/* she holds that time now: the published rule binds the person too */
	struct id same = publish(&y, AWARD_DIRECT, 1, 8);
	struct call clash = give;
	clash.block = same.s;
	refused(&y, clash, E_CONFLICT, "overlap");
	/* and the person may take back what a person gave, with her words */
	struct call mine = must(&y, (struct call){.op = AWARDS_OF, .driver = y.d[0].id.s});
	must(&y, (struct call){
		     .op = AWARD_CANCEL, .award = mine.awards[0].id, .staff = y.p.reviewer.s, .words = reasoning});
	assert_int_equal(decisions(&y, 0, "offer.withdraw", b.s), 1);
	refused(&y, (struct call){.op = PROOF, .block = b.s}, E_NOT_FOUND, "not-drawn");
	run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
	assert_string_equal(text_of(must(&y, (struct call){.op = BLOCK_JSON, .block = b.s}).json, "state"), "closed");
	close_yard(&y);
}

/* Her newest decision of a kind. */
static const char *
decision_of(struct yard *y, size_t driver, const char *kind)
{
	json_t *list = must(y, (struct call){.op = DECISIONS, .driver = y->d[driver].id.s}).json, *d;
	json_t *items = json_is_array(list) ? list : json_object_get(list, "items");
	size_t i;
	json_array_foreach(items, i, d) if (text_eq(text_of(d, "kind"), kind)) return text_of(d, "id");
	fail_msg("driver %zu has no decision %s", driver, kind);
	return NULL;
}

static void
a_remedy_adds_a_unit_and_takes_nobodys(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 2);
	struct id other = publish(&y, AWARD_DRAW, 2, 60), b = publish(&y, AWARD_DRAW, 1, 8);
	for (size_t i = 0; i < 2; i++)
		must(&y, asking(&y, i, b.s));
	run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
	const char *award;
	size_t won = holder(&y, b.s, &award), lost = 1 - won;
	const char *no = decision_of(&y, lost, "offer.not_awarded");
	struct call give = {
	    .op = DIRECT, .block = b.s, .driver = y.d[lost].id.s, .staff = y.p.reviewer.s, .words = reasoning};
	refused(&y, give, E_CONFLICT, "no-unit");
	give.overrides = decision_of(&y, won, "offer.award"); /* somebody else's */
	assert_true(run(&y, &give) != OK);
	give.overrides = no;
	give.block = other.s; /* about another block */
	refused(&y, give, E_INVALID, "other-decision");
	give.block = b.s;
	must(&y, give);
	assert_int_equal(held_by(&y, b.s, NULL), 2);
	assert_int_equal(held_by(&y, b.s, y.d[won].id.s), 1);
	/* the added unit is not drawn again when it comes back */
	must(&y, (struct call){.op = GIVE_BACK, .driver = y.d[won].id.s, .award = award});
	assert_int_equal(held_by(&y, b.s, NULL), 1);
	replayed(&y, b.s);
	close_yard(&y);
}

/* --- visible, refused, apart --- */

static void
a_withheld_draw_is_overdue_for_all_to_see(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 2);
	struct id b = publish(&y, AWARD_DRAW, 1, 8);
	must(&y, asking(&y, 0, b.s));
	fixture_step(&y.p, 7 * HOUR_MS + OFFER_OVERDUE_MS + 1); /* and the draw's job never runs */
	json_t *block = must(&y, (struct call){.op = BLOCK_JSON, .block = b.s}).json;
	assert_true(json_is_true(json_object_get(block, "overdue")));
	json_t *late = json_object_get(must(&y, (struct call){.op = STATUS}).json, "overdue");
	assert_int_equal(json_array_size(late), 1);
	assert_string_equal(text_of(json_array_get(late, 0), "block"), b.s);
	refused(&y, (struct call){.op = PROOF, .block = b.s}, E_NOT_FOUND, "draw-overdue");
	refused(&y, asking(&y, 1, b.s), E_CONFLICT, "requests-closed");
	run_to(&y, clock_now_ms(&y.p.f.clock)); /* late is better than never */
	replayed(&y, b.s);
	block = must(&y, (struct call){.op = BLOCK_JSON, .block = b.s}).json;
	assert_true(json_is_false(json_object_get(block, "overdue")));
	close_yard(&y);
}

static void
a_cancelled_block_frees_everybody(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 2);
	struct id b = publish(&y, AWARD_DRAW, 1, 8), c = publish(&y, AWARD_DRAW, 1, 8);
	must(&y, asking(&y, 0, b.s));
	run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
	assert_int_equal(held_by(&y, b.s, NULL), 1);
	struct call cancel = {.op = BLOCK_CANCEL, .block = b.s, .staff = y.p.dispatcher.s, .words = reasoning};
	must(&y, cancel);
	refused(&y, cancel, E_CONFLICT, "bad-state");
	assert_int_equal(held_by(&y, b.s, NULL), 0);
	assert_int_equal(decisions(&y, 0, "offer.withdraw", b.s), 1);
	replayed(&y, b.s);
	struct call give = {
	    .op = DIRECT, .block = c.s, .driver = y.d[0].id.s, .staff = y.p.dispatcher.s, .words = reasoning};
	must(&y, give); /* the hours are hers again */
	close_yard(&y);
}

static void
who_leaves_leaves_no_link(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 4);
	struct id drawn = publish(&y, AWARD_DRAW, 1, 8), sealed = publish(&y, AWARD_DRAW, 1, 60);
	for (size_t i = 0; i < 4; i++) {
		must(&y, asking(&y, i, drawn.s));
		must(&y, asking(&y, i, sealed.s));
	}
	run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
	const char *award;
	size_t who = holder(&y, drawn.s, &award);
	json_t *data = must(&y, (struct call){.op = EXPORT, .driver = y.d[who].id.s}).json;
	assert_int_equal(json_array_size(json_object_get(data, "requests")), 2);
	assert_int_equal(json_array_size(json_object_get(data, "awards")), 1);
	must(&y, (struct call){.op = ERASE, .driver = y.d[who].id.s});
	must(&y, (struct call){.op = ERASE, .driver = y.d[who].id.s}); /* again is fine */
	data = must(&y, (struct call){.op = EXPORT, .driver = y.d[who].id.s}).json;
	assert_int_equal(json_array_size(json_object_get(data, "requests")), 0);
	assert_int_equal(json_array_size(json_object_get(data, "awards")), 0);
	assert_int_equal(held_by(&y, drawn.s, NULL), 1); /* the next has it */
	assert_int_equal(held_by(&y, drawn.s, y.d[who].id.s), 0);
	replayed(&y, drawn.s);
	run_to(&y, clock_now_ms(&y.p.f.clock) + 53 * HOUR_MS);
	struct draw_verdict v = replayed(&y, sealed.s);
	assert_int_equal(json_integer_value(json_object_get(v.report, "requests")), 3);
	close_yard(&y);
}

static void
bad_blocks_are_refused(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 0);
	struct scope *sc = &y.p.f.sc;
	int64_t now = clock_now_ms(&y.p.f.clock);
	struct call good = {.op = PUBLISH, .staff = y.p.dispatcher.s};
	good.new = (struct block_new){.programme_id = y.p.programme.s,
				      .station_id = y.p.station.s,
				      .pay_plan_id = "pay_1",
				      .hours = {now + 8 * HOUR_MS, now + 12 * HOUR_MS},
				      .units = 1,
				      .rule = -1,
				      .requests_close_ms = now + HOUR_MS,
				      .terms = some_terms(sc)};
	for (int i = 0; i < 8; i++) {
		struct call c = good;
		switch (i) {
		case 0: c.new.units = 0; break;
		case 1: c.new.hours.ends_ms = c.new.hours.starts_ms; break;
		case 2: c.new.hours.starts_ms = now; break;
		case 3: c.new.requests_close_ms = now; break;
		case 4: c.new.requests_close_ms = c.new.hours.starts_ms + 1; break;
		case 5: c.new.requests_open_ms = c.new.requests_close_ms + 1; break;
		case 6: c.new.hours.ends_ms = c.new.hours.starts_ms + 25 * HOUR_MS; break;
		default: c.new.units = OFFER_UNITS_MAX + 1; break;
		}
		refused(&y, c, E_INVALID, "bad-field");
	}
	struct call c = good;
	c.new.programme_id = "prg_none";
	refused(&y, c, E_NOT_FOUND, NULL);
	c = good;
	c.new.station_id = "sta_none";
	refused(&y, c, E_NOT_FOUND, NULL);
	struct id b = must(&y, good).id;
	assert_string_equal(text_of(must(&y, (struct call){.op = BLOCK_JSON, .block = b.s}).json, "rule"), "draw");
	/* terms: integers and known words */
	static const char *const terms[] = {
	    "{}",
	    "{\"pay\":{\"minor\":1.5,\"currency\":\"SEK\"},\"stops\":{\"min\":1,\"max\":2},\"distance_m\":{\"min\":1,"
	    "\"max\":2}}",
	    "{\"pay\":{\"minor\":1,\"currency\":\"XXZ\"},\"stops\":{\"min\":1,\"max\":2},\"distance_m\":{\"min\":1,"
	    "\"max\":2}}",
	    "{\"pay\":{\"minor\":1,\"currency\":\"SEK\"},\"stops\":{\"min\":3,\"max\":2},\"distance_m\":{\"min\":1,"
	    "\"max\":2}}",
	    "{\"pay\":{\"minor\":1,\"currency\":\"SEK\"},\"stops\":{\"min\":1,\"max\":2},\"distance_m\":{\"min\":1,"
	    "\"max\":2},\"vehicles\":[\"tank\"]}",
	    "{\"pay\":{\"minor\":1,\"currency\":\"SEK\"},\"stops\":{\"min\":1,\"max\":2},\"distance_m\":{\"min\":1,"
	    "\"max\":2},\"secret\":1}",
	};
	for (size_t i = 0; i < COUNT_OF(terms); i++) {
		json_t *t;
		assert_ok(sc, json_parse(sc, terms[i], strlen(terms[i]), &t));
		c = good;
		c.new.terms = t;
		assert_int_equal(run(&y, &c), E_INVALID);
	}
	static const char json[] =
	    "{\"programme\":\"prg_1\",\"station\":\"sta_1\",\"pay_plan\":\"pay_1\",\"starts\":\"2026-11-23T06:00:00Z\","
	    "\"ends\":\"2026-11-23T10:00:00Z\",\"units\":3,\"requests_close\":\"2026-11-22T20:00:00Z\",\"terms\":"
	    "{\"pay\":{\"minor\":1,\"currency\":\"SEK\"},\"stops\":{\"min\":1,\"max\":2},\"distance_m\":{\"min\":1,"
	    "\"max\":2}}}";
	json_t *v;
	struct block_new parsed;
	assert_ok(sc, json_parse(sc, json, sizeof json - 1, &v));
	assert_ok(sc, block_parse(sc, v, &parsed));
	assert_int_equal(parsed.units, 3);
	assert_int_equal(parsed.rule, -1);
	json_put_text(v, "rule", "auction");
	assert_int_equal(block_parse(sc, v, &parsed), E_INVALID);
	close_yard(&y);
}

/* --- two tenants --- */

static enum code
second_operator(struct scope *sc, struct tx *tx, void *arg)
{
	struct operator_new o = {.slug = "annan",
				 .name = "Annan Bud",
				 .zone = "Europe/Stockholm",
				 .country = "SE",
				 .currency = "SEK",
				 .contact = "hej@annan.example"};
	return operator_create(sc, tx, &o, arg);
}

static void
two_tenants_never_mix(void **state)
{
	(void)state;
	struct yard y;
	open_yard(&y, 3);
	struct id other;
	fixture_write(&y.p, second_operator, &other);
	struct id b = publish(&y, AWARD_DRAW, 1, 8), d = publish(&y, AWARD_DIRECT, 1, 40);
	for (size_t i = 0; i < 3; i++)
		must(&y, asking(&y, i, b.s));
	/* every call, with what is right but for the operator */
	struct call strange[] = {
	    asking(&y, 0, b.s),
	    {.op = WITHDRAW, .driver = y.d[0].id.s, .block = b.s},
	    {.op = PROOF, .block = b.s},
	    {.op = BLOCK_JSON, .block = b.s},
	    {.op = AWARDS_IN, .block = b.s},
	    {.op = OPEN_FOR, .driver = y.d[0].id.s},
	    {.op = BLOCK_CANCEL, .block = b.s, .staff = y.p.dispatcher.s, .words = reasoning},
	    {.op = DIRECT, .block = d.s, .driver = y.d[0].id.s, .staff = y.p.dispatcher.s, .words = reasoning},
	    {.op = ERASE, .driver = y.d[0].id.s},
	    {.op = AWARDS_OF, .driver = y.d[0].id.s},
	    {.op = EXPORT, .driver = y.d[0].id.s},
	    {.op = STATUS},
	};
	for (size_t i = 0; i < COUNT_OF(strange); i++) {
		struct call c = strange[i];
		c.operator_id = other.s;
		enum code rc = run(&y, &c);
		bool nothing_there =
		    rc == OK && (c.op == AWARDS_OF || c.op == AWARDS_IN ? c.n == 0
				 : c.op == STATUS ? json_integer_value(json_object_get(c.json, "open")) == 0
				 : c.op == EXPORT ? json_array_size(json_object_get(c.json, "requests")) == 0
						  : c.op == ERASE);
		if (rc != E_NOT_FOUND && !nothing_there)
			fail_msg("call %d of another tenant gave %s", (int)c.op, code_name(rc));
	}
	struct call publishing = {.op = PUBLISH, .operator_id = other.s, .staff = y.p.dispatcher.s};
	publishing.new = (struct block_new){
	    .programme_id = y.p.programme.s,
	    .station_id = y.p.station.s,
	    .pay_plan_id = "pay_1",
	    .hours = {clock_now_ms(&y.p.f.clock) + 8 * HOUR_MS, clock_now_ms(&y.p.f.clock) + 12 * HOUR_MS},
	    .units = 1,
	    .rule = AWARD_DRAW,
	    .requests_close_ms = clock_now_ms(&y.p.f.clock) + HOUR_MS,
	    .terms = some_terms(&y.p.f.sc)};
	refused(&y, publishing, E_NOT_FOUND, NULL);
	run_to(&y, clock_now_ms(&y.p.f.clock) + 7 * HOUR_MS);
	struct draw_verdict v = replayed(&y, b.s);
	assert_int_equal(json_integer_value(json_object_get(v.report, "requests")), 3); /* nobody was touched */
	const char *award;
	size_t who = holder(&y, b.s, &award);
	refused(&y, (struct call){.op = GIVE_BACK, .operator_id = other.s, .driver = y.d[who].id.s, .award = award},
		E_NOT_FOUND, "no-award");
	refused(&y, (struct call){.op = MOVE, .operator_id = other.s, .award = award, .to = AWARD_CHECKED_IN},
		E_NOT_FOUND, "no-award");
	assert_int_equal(held_by(&y, b.s, y.d[who].id.s), 1);
	close_yard(&y);
}

/* --- any day --- */

static void
random_act(struct yard *y, struct prng *r, const struct id *blocks, size_t n)
{
	const char *block = blocks[prng_below(r, (uint32_t)n)].s, *award;
	size_t driver = prng_below(r, (uint32_t)y->n);
	struct call c = asking(y, driver, block);
	switch (prng_below(r, 10)) {
	case 0: c.op = WITHDRAW; break;
	case 1:
		c.op = DIRECT;
		c.staff = y->p.dispatcher.s;
		c.words = reasoning;
		break;
	case 2: {
		size_t who = holder(y, block, &award);
		if (who == SIZE_MAX)
			return;
		c = (struct call){.op = GIVE_BACK, .driver = y->d[who].id.s, .award = award};
		break;
	}
	case 3: run_to(y, clock_now_ms(&y->p.f.clock) + (int64_t)prng_below(r, 4) * HOUR_MS); return;
	default: break;
	}
	enum code rc = run(y, &c);
	if (rc != OK && rc != E_CONFLICT && rc != E_NOT_FOUND)
		fail_msg("%s: %s", code_name(rc), y->p.f.sc.err.message);
}

/* Whatever happens: no driver at two places, none without rest, no unit twice, every proof replays. */
static bool
a_day_keeps_its_invariants(struct prng *r, size_t size)
{
	struct yard y;
	struct id blocks[12];
	size_t n = 2 + size / 4;
	open_yard(&y, 2 + size / 3);
	for (size_t i = 0; i < n; i++)
		blocks[i] = publish(&y, prng_below(r, 3) == 0 ? AWARD_ROTA : AWARD_DRAW, 1 + prng_below(r, 3),
				    4 + prng_below(r, 40));
	for (size_t i = 0; i < size * 6; i++)
		random_act(&y, r, blocks, n);
	run_to(&y, clock_now_ms(&y.p.f.clock) + 100 * HOUR_MS);
	bool holds = true;
	for (size_t i = 0; i < n; i++) {
		struct call c = must(&y, (struct call){.op = BLOCK_JSON, .block = blocks[i].s});
		int64_t units = json_integer_value(json_object_get(c.json, "units"));
		holds = holds && (int64_t)held_by(&y, blocks[i].s, NULL) <= units;
		replayed(&y, blocks[i].s);
	}
	const struct offer_need none = {.rest_ms = 11 * HOUR_MS};
	for (size_t i = 0; i < y.n; i++) {
		struct call c = must(&y, (struct call){.op = AWARDS_OF, .driver = y.d[i].id.s});
		struct hours *held = NEW_ARRAY(&y.p.f.sc, c.n + 1, struct hours);
		size_t n_held = 0;
		for (size_t k = 0; k < c.n; k++)
			if (c.awards[k].state <= AWARD_DONE)
				held[n_held++] = c.awards[k].hours;
		for (size_t k = 0; k < n_held; k++) { /* each one against the others */
			struct offer_need need = none;
			need.hours = held[k];
			struct hours *others = scope_memdup(&y.p.f.sc, held, n_held * sizeof *held);
			others[k] = others[n_held - 1];
			const struct offer_candidate her = {
			    .state = DRIVER_ACTIVE, .path_ready = true, .busy = others, .n_busy = n_held - 1};
			holds = holds && offer_eligible(&need, &her) == OFFER_ELIGIBLE;
		}
	}
	close_yard(&y);
	return holds;
}

static void
any_day(void **state)
{
	(void)state;
	prop_check("a day keeps its invariants", 12, 36, a_day_keeps_its_invariants);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_block_is_asked_for_drawn_and_proved),
	    cmocka_unit_test(give_backs_go_down_the_list_at_no_cost),
	    cmocka_unit_test(nothing_of_the_past_weighs_in_a_draw),
	    cmocka_unit_test(the_rota_evens_out_and_forgives_give_backs),
	    cmocka_unit_test(a_person_assigns_by_name_and_reason),
	    cmocka_unit_test(a_remedy_adds_a_unit_and_takes_nobodys),
	    cmocka_unit_test(a_withheld_draw_is_overdue_for_all_to_see),
	    cmocka_unit_test(a_cancelled_block_frees_everybody),
	    cmocka_unit_test(who_leaves_leaves_no_link),
	    cmocka_unit_test(bad_blocks_are_refused),
	    cmocka_unit_test(two_tenants_never_mix),
	    cmocka_unit_test(any_day),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
