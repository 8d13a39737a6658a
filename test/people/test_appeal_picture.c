/* appeal pictures: the very one that was checked, for the person who answers,
 * and gone after fourteen days. */
#include "people_fixture.h"

#include "base/text.h"
#include "people/appeal_picture.h"
#include "people/vault.h"

static const struct schema *const schemas[] = {PEOPLE_FIXTURE_SCHEMAS, NULL};

#define WORDS "I have looked at the picture and at her papers."
#define DAY_MS (INT64_C(24) * 3600 * 1000)

struct scene {
	struct people_fixture p;
	struct fixture_driver ada, bo;
	uint8_t picture[6000];
	struct id decision, appeal;
	const char *queue_id;
	/* what the next call is about */
	const char *driver_id, *staff_id;
	int64_t n;
	struct appeal_picture got;
	struct queue_verdict verdict;
};

/* A check-in that goes to a person, with its picture's hash, and the appeal against the refusal. */
static enum code
refuse_and_appeal(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	uint8_t hash[crypto_hash_sha256_BYTES];
	crypto_hash_sha256(hash, s->picture, sizeof s->picture);
	json_t *inputs = json_new_object(sc);
	json_put(inputs, "pictures", json_pack("[s]", hex_encode(sc, hash, sizeof hash)));
	struct decision d = {
	    .operator_id = s->p.op.s,
	    .driver_id = s->ada.id.s,
	    .kind = "checkin.review",
	    .subject = "chk_1",
	    .rule = "duty.checkin/1",
	    .inputs = inputs,
	    .outcome = "review",
	    .reason = "identity",
	};
	struct id first;
	TRY(record_decide(sc, tx, &d, &first));
	d.kind = "checkin.refuse";
	d.inputs = NULL;
	d.outcome = "refused";
	d.reason = "seen_by_a_person";
	d.staff_id = s->p.reviewer.s;
	d.reasoning = WORDS;
	d.overrides = first.s;
	TRY(record_decide(sc, tx, &d, &s->decision));
	TRY(appeal_open(sc, tx, s->p.op.s, s->ada.id.s, s->decision.s, "That was me.", &s->appeal));
	struct appeal a;
	TRY(appeal_get(sc, tx, s->p.op.s, s->appeal.s, &a));
	s->queue_id = scope_strdup(&s->p.f.sc, a.queue_id);
	return OK;
}

static enum code
hand_in(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	return appeal_picture_add(sc, tx, s->p.keys, s->p.op.s, s->driver_id, s->appeal.s, s->picture,
				  sizeof s->picture, &s->n);
}

static enum code
look(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	TRY(appeal_picture_look(sc, tx, s->p.keys, s->p.op.s, s->queue_id, s->n, s->staff_id, &s->got));
	SAY(s->got.size == sizeof s->picture && memcmp(s->got.bytes, s->picture, s->got.size) == 0);
	SAY(text_eq(s->got.media_type, "image/jpeg"));
	return OK;
}

static enum code
open_question(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	json_t *item;
	TRY(queue_open_item(sc, tx, s->p.op.s, s->queue_id, s->staff_id, &item));
	SAY(json_array_size(json_object_get(item, "evidence")) == 3); /* words, decision, picture */
	return OK;
}

static enum code
answer(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	struct queue_item item;
	s->verdict = (struct queue_verdict){s->queue_id, s->staff_id, "upheld", WORDS};
	return queue_decide(sc, tx, s->p.op.s, &s->verdict, &item);
}

static enum code
she_reads_who_looked(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	json_t *list;
	TRY(access_list(sc, tx, s->p.op.s, s->ada.id.s, &list));
	SAY(json_array_size(list) == 1);
	SAY(text_eq(json_string_value(json_object_get(json_array_get(list, 0), "what")), "picture 1"));
	return OK;
}

static enum code
nothing_is_left(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	struct rows *r;
	TRY(sql_one(
	    sc, tx, &r,
	    "SELECT (SELECT COUNT(*) FROM appeal_picture), (SELECT COUNT(*) FROM person_key WHERE owner_id = $1)",
	    VALS(v_text(s->appeal.s))));
	SAY(row_int(r, 0) == 0 && row_int(r, 1) == 0);
	return OK;
}

static enum code
erase(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	return people_erase(sc, tx, s->p.op.s, s->ada.id.s);
}

static void
scene_open(struct scene *s)
{
	memset(s, 0, sizeof *s);
	people_fixture_open(&s->p, schemas);
	s->ada = people_fixture_driver(&s->p, "Ada Lind");
	s->bo = people_fixture_driver(&s->p, "Bo Lind");
	random_bytes(&s->p.f.random, s->picture, sizeof s->picture);
	memcpy(s->picture, "\xFF\xD8\xFF\xE0", 4);
	fixture_write(&s->p, refuse_and_appeal, s);
	s->driver_id = s->ada.id.s;
	s->staff_id = s->p.reviewer2.s;
}

static void
only_the_checked_picture_is_taken_and_only_opened_eyes_see_it(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	s.picture[100] ^= 1;
	fixture_refuses(&s.p, E_INVALID, "other-picture", hand_in, &s); /* one bit is another picture */
	s.picture[100] ^= 1;
	s.picture[0] = 'G';
	fixture_refuses(&s.p, E_INVALID, "other-picture", hand_in, &s);
	s.picture[0] = 0xFF;
	s.driver_id = s.bo.id.s;
	fixture_refuses(&s.p, E_NOT_FOUND, NULL, hand_in, &s);
	s.driver_id = s.ada.id.s;
	fixture_write(&s.p, hand_in, &s);
	fixture_write(&s.p, hand_in, &s); /* again: the same one */
	assert_int_equal(s.n, 1);
	fixture_refuses(&s.p, E_CONFLICT, "not-opened", look, &s);
	fixture_write(&s.p, open_question, &s);
	fixture_write(&s.p, look, &s);
	assert_ok(&s.p.f.sc, store_read(&s.p.f.sc, s.p.f.store, she_reads_who_looked, &s));
	s.n = 2;
	fixture_refuses(&s.p, E_NOT_FOUND, NULL, look, &s);
	fixture_write(&s.p, answer, &s);
	s.n = 1;
	fixture_refuses(&s.p, E_CONFLICT, "decided", hand_in, &s);
	people_fixture_close(&s.p);
}

static const struct job_kind *const job_kinds[] = {&people_appeal_picture_job, &record_overdue_job, NULL};

static void
fourteen_days_later_it_is_gone(void **state)
{
	(void)state;
	struct scene s;
	struct jobs *jobs;
	scene_open(&s);
	assert_ok(&s.p.f.sc, jobs_open(&s.p.f.sc, s.p.f.store, job_kinds, NULL, 1, &jobs));
	fixture_write(&s.p, hand_in, &s);
	fixture_write(&s.p, open_question, &s);
	int64_t end = clock_now_ms(&s.p.f.clock) + 14 * DAY_MS;
	assert_ok(&s.p.f.sc, jobs_run_until(&s.p.f.sc, jobs, end - 1));
	fixture_write(&s.p, look, &s);
	assert_ok(&s.p.f.sc, jobs_run_until(&s.p.f.sc, jobs, end));
	fixture_refuses(&s.p, E_NOT_FOUND, NULL, look, &s);
	assert_ok(&s.p.f.sc, store_read(&s.p.f.sc, s.p.f.store, nothing_is_left, &s));
	jobs_close(jobs);
	people_fixture_close(&s.p);
}

static void
leaving_takes_it_along(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	fixture_write(&s.p, hand_in, &s);
	fixture_write(&s.p, erase, &s);
	assert_ok(&s.p.f.sc, store_read(&s.p.f.sc, s.p.f.store, nothing_is_left, &s));
	people_fixture_close(&s.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(only_the_checked_picture_is_taken_and_only_opened_eyes_see_it),
	    cmocka_unit_test(fourteen_days_later_it_is_gone),
	    cmocka_unit_test(leaving_takes_it_along),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
