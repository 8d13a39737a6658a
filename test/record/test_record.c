/* record: what only people decide, appeals, the queue, the mirror. */
#include "store_fixture.h"

#include "base/text.h"
#include "chain/chain.h"
#include "jobs/jobs.h"
#include "record/record.h"

#define OP "op_00000000000000000000000001"
#define OP2 "op_00000000000000000000000002"
#define DRV "drv_0000000000000000000000001a"
#define STF "stf_0000000000000000000000001a"
#define STF2 "stf_0000000000000000000000001b"
#define WORDS "I have read the file and talked to her."

#define SAY(cond) \
	do { \
		if (!(cond)) \
			return fail(sc, E_INTERNAL, "line %d: %s", __LINE__, #cond); \
	} while (0)

static const struct schema *const schemas[] = {&jobs_schema, &chain_schema, &record_schema, NULL};

static void
write_ok(struct store_fixture *f, tx_fn *fn, void *arg)
{
	assert_ok(&f->sc, store_write(&f->sc, f->store, LANE_MAIN, fn, arg));
}

static void
write_refused(struct store_fixture *f, enum code wanted, const char *why, tx_fn *fn, void *arg)
{
	assert_int_equal(store_write(&f->sc, f->store, LANE_MAIN, fn, arg), wanted);
	if (why != NULL)
		assert_string_equal(f->sc.err.reason == NULL ? "" : f->sc.err.reason, why);
	error_clear(&f->sc);
}

static enum code
deciders(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	TRY(decider_add(sc, tx, OP, STF, "Siv Dahl"));
	TRY(decider_add(sc, tx, OP, STF2, "Nils Falk"));
	return decider_add(sc, tx, OP2, STF, "Somebody Else");
}

static void
open_fixture(struct store_fixture *f)
{
	store_fixture_open(f, schemas);
	write_ok(f, deciders, NULL);
}

static struct decision
plain_decision(void)
{
	return (struct decision){
	    .operator_id = OP,
	    .driver_id = DRV,
	    .kind = "offer.award",
	    .subject = "blk_1",
	    .rule = "offer.draw/1",
	    .outcome = "awarded",
	    .reason = "drawn",
	};
}

struct decide {
	struct decision d;
	struct id id;
};

static enum code
decide(struct scope *sc, struct tx *tx, void *arg)
{
	struct decide *a = arg;
	return record_decide(sc, tx, &a->d, &a->id);
}

static void
every_human_kind_refuses_a_machine(void **state)
{
	(void)state;
	struct store_fixture f;
	open_fixture(&f);
	size_t human = 0;
	for (const struct decision_kind *k = record_kinds; k->name != NULL; k++) {
		struct decide a = {plain_decision(), {""}};
		a.d.kind = k->name;
		if (!k->human_only) {
			write_ok(&f, decide, &a);
			continue;
		}
		human++;
		write_refused(&f, E_DENIED, "human-only", decide, &a);
		a.d.staff_id = STF;
		write_refused(&f, E_INVALID, "reasoning", decide, &a);
		a.d.reasoning = "too short";
		write_refused(&f, E_INVALID, "reasoning", decide, &a);
		a.d.reasoning = WORDS;
		a.d.staff_id = "stf_00000000000000000000000099";
		write_refused(&f, E_CONFLICT, "nobody", decide, &a);
		a.d.staff_id = STF;
		write_ok(&f, decide, &a);
	}
	assert_true(human >= 10);
	store_fixture_close(&f);
}

struct raw {
	const char *kind, *staff_id, *reasoning;
};

static enum code
raw_insert(struct scope *sc, struct tx *tx, void *arg)
{
	const struct raw *a = arg;
	struct id id = tx_new_id(tx, "dec");
	return sql_run(
	    sc, tx,
	    "INSERT INTO decision (operator_id, seq, id, driver_id, kind, subject, rule, inputs, outcome, reason,"
	    " params, staff_id, reasoning, at_ms, salt, entry) VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1"
	    " FROM decision), $2, $3, $4, 's', 'r/1', '{}', 'o', 'r', '{}', $5, $6, 1, $7, $7)",
	    VALS(v_text(OP), v_text(id.s), v_text(DRV), v_text(a->kind), v_text(a->staff_id), v_text(a->reasoning),
		 v_blob("", 1)),
	    NULL);
}

/* The table says the same as the code, for somebody who goes round the code. */
static void
the_table_refuses_what_the_code_refuses(void **state)
{
	(void)state;
	struct store_fixture f;
	open_fixture(&f);
	for (const struct decision_kind *k = record_kinds; k->name != NULL; k++) {
		struct raw a = {k->name, NULL, NULL};
		if (k->human_only)
			write_refused(&f, E_CONFLICT, NULL, raw_insert, &a);
		else
			write_ok(&f, raw_insert, &a);
		a = (struct raw){k->name, "stf_nobody", WORDS};
		write_refused(&f, E_CONFLICT, NULL, raw_insert, &a);
		a = (struct raw){k->name, STF, WORDS};
		write_ok(&f, raw_insert, &a);
	}
	static const char *const unheard_of[] = {"driver.fine", "driver.penalty", "pay.deduct", "statement.fine", ""};
	for (size_t i = 0; i < COUNT_OF(unheard_of); i++) {
		struct raw a = {unheard_of[i], STF, WORDS};
		write_refused(&f, E_CONFLICT, NULL, raw_insert, &a);
		struct decide d = {plain_decision(), {""}};
		d.d.kind = unheard_of[i];
		d.d.staff_id = STF;
		d.d.reasoning = WORDS;
		write_refused(&f, E_INVALID, NULL, decide, &d);
	}
	store_fixture_close(&f);
}

struct read_one {
	const char *operator_id, *id;
	json_t *out;
};

static enum code
read_one(struct scope *sc, struct tx *tx, void *arg)
{
	struct read_one *a = arg;
	return record_decision_json(sc, tx, a->operator_id, a->id, &a->out);
}

static const char *
text_at(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));
	return s == NULL ? "" : s;
}

static void
a_decision_shows_what_its_leaf_commits_to(void **state)
{
	(void)state;
	struct store_fixture f;
	open_fixture(&f);
	struct decide a = {plain_decision(), {""}};
	json_t *inputs = json_new_object(&f.sc);
	json_put_int(inputs, "requests", 12);
	json_put_text(inputs, "block", "blk_1");
	a.d.inputs = inputs;
	write_ok(&f, decide, &a);
	struct read_one r = {OP, a.id.s, NULL};
	assert_ok(&f.sc, store_read(&f.sc, f.store, read_one, &r));
	const json_t *leaf = json_object_get(r.out, "leaf");
	uint8_t salt[CHAIN_HASH];
	uint8_t entry[CHAIN_HASH];
	assert_ok(&f.sc, hex_decode(&f.sc, text_at(leaf, "salt"), salt, sizeof salt));
	chain_entry(&f.sc, "decision", json_object_get(leaf, "record"), salt, entry);
	assert_string_equal(hex_encode(&f.sc, entry, sizeof entry), text_at(leaf, "entry"));
	assert_true(json_is_null(json_object_get(leaf, "index"))); /* nobody has sequenced it */
	assert_int_equal(json_integer_value(json_object_get(json_object_get(r.out, "inputs"), "requests")), 12);
	assert_string_equal(text_at(json_object_get(r.out, "by"), "kind"), "rule");
	/* one word changed, and the entry is another */
	json_put_text(json_object_get(leaf, "record"), "outcome", "not_awarded");
	chain_entry(&f.sc, "decision", json_object_get(leaf, "record"), salt, entry);
	assert_string_not_equal(hex_encode(&f.sc, entry, sizeof entry), text_at(leaf, "entry"));
	r.operator_id = OP2;
	assert_int_equal(store_read(&f.sc, f.store, read_one, &r), E_NOT_FOUND);
	store_fixture_close(&f);
}

struct page {
	int64_t before;
	size_t max;
	json_t *out;
};

static enum code
read_page(struct scope *sc, struct tx *tx, void *arg)
{
	struct page *p = arg;
	return record_decisions_of(sc, tx, OP, DRV, p->before, p->max, &p->out);
}

static void
pages_hold_every_decision_once(void **state)
{
	(void)state;
	struct store_fixture f;
	open_fixture(&f);
	for (int i = 0; i < 23; i++) {
		struct decide a = {plain_decision(), {""}};
		write_ok(&f, decide, &a);
		a.d.driver_id = "drv_somebody_else";
		write_ok(&f, decide, &a);
	}
	size_t seen = 0;
	int64_t last = INT64_MAX;
	struct page p = {0, 5, NULL};
	do {
		assert_ok(&f.sc, store_read(&f.sc, f.store, read_page, &p));
		const json_t *items = json_object_get(p.out, "items");
		for (size_t i = 0; i < json_array_size(items); i++) {
			int64_t seq = json_integer_value(json_object_get(json_array_get(items, i), "seq"));
			assert_true(seq < last);
			last = seq;
			seen++;
		}
		p.before = json_integer_value(json_object_get(p.out, "next"));
	} while (p.before != 0);
	assert_int_equal(seen, 23);
	store_fixture_close(&f);
}

/* --- appeals and the queue --- */

struct appealing {
	const char *operator_id, *driver_id, *decision_id;
	struct id id;
};

static enum code
open_appeal(struct scope *sc, struct tx *tx, void *arg)
{
	struct appealing *a = arg;
	return appeal_open(sc, tx, a->operator_id, a->driver_id, a->decision_id, "I was at the depot in time.", &a->id);
}

struct list {
	const char *operator_id, *state;
	json_t *out;
};

static enum code
list_queue(struct scope *sc, struct tx *tx, void *arg)
{
	struct list *a = arg;
	return queue_list(sc, tx, a->operator_id, a->state, 0, 100, &a->out);
}

static const char *
only_item(struct store_fixture *f, const char *state)
{
	struct list l = {OP, state, NULL};
	assert_ok(&f->sc, store_read(&f->sc, f->store, list_queue, &l));
	const json_t *items = json_object_get(l.out, "items");
	assert_int_equal(json_array_size(items), 1);
	return text_at(json_array_get(items, 0), "id");
}

struct verdict {
	const char *operator_id;
	struct queue_verdict v;
	struct queue_item item;
	json_t *shown;
};

static enum code
open_item(struct scope *sc, struct tx *tx, void *arg)
{
	struct verdict *a = arg;
	return queue_open_item(sc, tx, a->operator_id, a->v.id, a->v.staff_id, &a->shown);
}

static enum code
see_decision(struct scope *sc, struct tx *tx, void *arg)
{
	struct verdict *a = arg;
	TRY(queue_evidence_seen(sc, tx, a->operator_id, a->v.id, a->v.staff_id, "decision"));
	return queue_evidence_seen(sc, tx, a->operator_id, a->v.id, a->v.staff_id, "decision");
}

static enum code
give_verdict(struct scope *sc, struct tx *tx, void *arg)
{
	struct verdict *a = arg;
	return queue_decide(sc, tx, a->operator_id, &a->v, &a->item);
}

static enum code
read_appeals(struct scope *sc, struct tx *tx, void *arg)
{
	return appeals_of(sc, tx, OP, DRV, arg);
}

static void
an_appeal_is_answered_by_somebody_else(void **state)
{
	(void)state;
	struct store_fixture f;
	open_fixture(&f);
	struct decide d = {plain_decision(), {""}};
	d.d.kind = "checkin.refuse";
	d.d.staff_id = STF;
	d.d.reasoning = WORDS;
	write_ok(&f, decide, &d);
	struct appealing a = {OP, "drv_not_hers", d.id.s, {""}};
	write_refused(&f, E_NOT_FOUND, NULL, open_appeal, &a);
	a = (struct appealing){OP2, DRV, d.id.s, {""}};
	write_refused(&f, E_NOT_FOUND, NULL, open_appeal, &a);
	a = (struct appealing){OP, DRV, d.id.s, {""}};
	write_ok(&f, open_appeal, &a);
	write_refused(&f, E_CONFLICT, "duplicate", open_appeal, &a);

	struct verdict v = {OP, {only_item(&f, "open"), STF2, "upheld", WORDS}, {0}, NULL};
	write_refused(&f, E_CONFLICT, "not-opened", give_verdict, &v);
	write_ok(&f, open_item, &v);
	assert_int_equal(json_array_size(json_object_get(v.shown, "evidence")), 2);
	clock_step_to(&f.clock, clock_now_ms(&f.clock) + 90000);
	write_ok(&f, see_decision, &v);
	v.v.outcome = "noted";
	write_refused(&f, E_INVALID, NULL, give_verdict, &v);
	v.v.outcome = "upheld";
	v.v.reasoning = "ok";
	write_refused(&f, E_INVALID, "reasoning", give_verdict, &v);
	v.v.reasoning = WORDS;
	v.v.staff_id = STF; /* who took the decision */
	write_ok(&f, open_item, &v);
	write_refused(&f, E_CONFLICT, "same-person", give_verdict, &v);
	v.v.staff_id = STF2;
	v.operator_id = OP2;
	write_refused(&f, E_NOT_FOUND, NULL, give_verdict, &v);
	v.operator_id = OP;
	write_ok(&f, give_verdict, &v);
	assert_string_equal(v.item.kind, "appeal");
	assert_string_equal(v.item.subject, d.id.s);
	assert_int_equal(json_integer_value(json_object_get(v.item.review, "looked_ms")), 90000);
	assert_int_equal(json_array_size(json_object_get(v.item.review, "evidence")), 2);
	assert_int_equal(json_array_size(json_object_get(v.item.review, "evidence_seen")), 1);
	write_refused(&f, E_CONFLICT, "decided", give_verdict, &v);

	json_t *appeals;
	assert_ok(&f.sc, store_read(&f.sc, f.store, read_appeals, &appeals));
	const json_t *mine = json_array_get(appeals, 0);
	assert_string_equal(text_at(mine, "state"), "upheld");
	struct read_one answer = {OP, text_at(mine, "answer"), NULL};
	assert_ok(&f.sc, store_read(&f.sc, f.store, read_one, &answer));
	assert_string_equal(text_at(answer.out, "overrides"), d.id.s);
	assert_string_equal(text_at(json_object_get(answer.out, "by"), "name"), "Nils Falk");
	const json_t *inputs = json_object_get(answer.out, "inputs");
	assert_int_equal(json_integer_value(json_object_get(inputs, "looked_ms")), 90000);
	assert_int_equal(json_array_size(json_object_get(inputs, "evidence_seen")), 1);
	struct read_one first = {OP, d.id.s, NULL};
	assert_ok(&f.sc, store_read(&f.sc, f.store, read_one, &first));
	assert_string_equal(text_at(first.out, "overridden_by"), text_at(mine, "answer"));
	a.decision_id = text_at(mine, "answer");
	write_refused(&f, E_CONFLICT, "final", open_appeal, &a);
	store_fixture_close(&f);
}

static const struct job_kind *const job_kinds[] = {&record_overdue_job, &chain_sequence_job, NULL};

static void
thirty_days_to_appeal_and_fourteen_to_answer(void **state)
{
	(void)state;
	struct store_fixture f;
	open_fixture(&f);
	struct jobs *jobs;
	assert_ok(&f.sc, jobs_open(&f.sc, f.store, job_kinds, NULL, 1, &jobs));
	struct decide d = {plain_decision(), {""}};
	struct decide late = {plain_decision(), {""}};
	write_ok(&f, decide, &d);
	write_ok(&f, decide, &late);
	int64_t day = INT64_C(24) * 3600 * 1000;
	int64_t start = clock_now_ms(&f.clock);
	clock_step_to(&f.clock, start + 30 * day);
	struct appealing a = {OP, DRV, d.id.s, {""}};
	write_ok(&f, open_appeal, &a);
	clock_step_to(&f.clock, start + 30 * day + 1);
	struct appealing b = {OP, DRV, late.id.s, {""}};
	write_refused(&f, E_CONFLICT, "appeal-late", open_appeal, &b);
	assert_ok(&f.sc, jobs_run_until(&f.sc, jobs, start + 44 * day - 1));
	struct list l = {OP, "open", NULL};
	assert_ok(&f.sc, store_read(&f.sc, f.store, list_queue, &l));
	const json_t *item = json_array_get(json_object_get(l.out, "items"), 0);
	assert_false(json_is_true(json_object_get(item, "overdue")));
	assert_ok(&f.sc, jobs_run_until(&f.sc, jobs, start + 44 * day));
	assert_ok(&f.sc, store_read(&f.sc, f.store, list_queue, &l));
	item = json_array_get(json_object_get(l.out, "items"), 0);
	assert_true(json_is_true(json_object_get(item, "overdue")));
	jobs_close(jobs);
	store_fixture_close(&f);
}

/* --- the mirror --- */

static enum code
write_about_her(struct scope *sc, struct tx *tx, void *arg)
{
	struct id id;
	(void)arg;
	TRY(note_add(sc, tx, OP, DRV, STF, "Prefers the early shift.", &id));
	TRY(access_note(sc, tx, OP, DRV, STF2, "profile", "called her about a parcel"));
	struct event *events;
	size_t n;
	int64_t last;
	TRY(events_last(sc, tx, &last));
	TRY(events_after(sc, tx, OP, DRV, 0, 10, &events, &n));
	SAY(n == 1 && text_eq(events[0].kind, "note.added") && strstr(events[0].data, "early shift") != NULL);
	TRY(events_after(sc, tx, OP, NULL, 0, 10, &events, &n));
	SAY(n == 0);
	return OK;
}

static enum code
take_along(struct scope *sc, struct tx *tx, void *arg)
{
	return record_export(sc, tx, OP, DRV, arg);
}

static enum code
erase_her(struct scope *sc, struct tx *tx, void *arg)
{
	(void)arg;
	return record_erase(sc, tx, OP, DRV);
}

static enum code
count_events(struct scope *sc, struct tx *tx, void *arg)
{
	struct event *events;
	(void)arg;
	size_t n;
	TRY(events_after(sc, tx, OP, DRV, 0, 1000, &events, &n));
	SAY(n == 0);
	TRY(events_after(sc, tx, OP, "drv_somebody_else", 0, 1000, &events, &n));
	SAY(n == 1);
	return OK;
}

static size_t
exported(struct store_fixture *f, const char *part)
{
	json_t *into = json_new_object(&f->sc);
	assert_ok(&f->sc, store_read(&f->sc, f->store, take_along, into));
	return json_array_size(json_object_get(json_object_get(into, "record"), part));
}

static void
she_reads_what_is_written_about_her_and_can_end_it(void **state)
{
	(void)state;
	struct store_fixture f;
	open_fixture(&f);
	write_ok(&f, write_about_her, NULL);
	struct decide d = {plain_decision(), {""}};
	struct decide other = {plain_decision(), {""}};
	other.d.driver_id = "drv_somebody_else";
	write_ok(&f, decide, &d);
	write_ok(&f, decide, &other);
	struct appealing a = {OP, DRV, d.id.s, {""}};
	write_ok(&f, open_appeal, &a);
	static const char *const parts[] = {"decisions", "appeals", "reviews", "notes", "accesses"};
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		assert_int_equal(exported(&f, parts[i]), 1);
	write_ok(&f, erase_her, NULL);
	for (size_t i = 0; i < COUNT_OF(parts); i++)
		assert_int_equal(exported(&f, parts[i]), 0);
	assert_ok(&f.sc, store_read(&f.sc, f.store, count_events, NULL));
	struct read_one r = {OP, other.id.s, NULL};
	assert_ok(&f.sc, store_read(&f.sc, f.store, read_one, &r));
	store_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_human_kind_refuses_a_machine),
	    cmocka_unit_test(the_table_refuses_what_the_code_refuses),
	    cmocka_unit_test(a_decision_shows_what_its_leaf_commits_to),
	    cmocka_unit_test(pages_hold_every_decision_once),
	    cmocka_unit_test(an_appeal_is_answered_by_somebody_else),
	    cmocka_unit_test(thirty_days_to_appeal_and_fourteen_to_answer),
	    cmocka_unit_test(she_reads_what_is_written_about_her_and_can_end_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
