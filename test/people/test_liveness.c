/* liveness: a challenge belongs to one driver, phone and act, is answered once, in time,
 * with the frames that were signed; and nobody may ask until familiar poses come. */
#include "people_fixture.h"

#include "base/text.h"
#include "people/liveness.h"

static const struct schema *const schemas[] = {PEOPLE_FIXTURE_SCHEMAS, NULL};

#define ACT "awd_1"

struct scene {
	struct people_fixture p;
	struct fixture_driver ada, bo;
	struct liveness asked;
	bool lights;
	uint8_t seed;
	/* the next answer */
	struct liveness_answer a;
	uint8_t signature[64];
	const struct fixture_driver *signer;
	const char *signed_act;
	size_t n_frames, n_signed;
	int64_t left;
};

static void
open_scene(struct scene *s)
{
	memset(s, 0, sizeof *s);
	people_fixture_open(&s->p, schemas);
	s->ada = people_fixture_driver(&s->p, "Ada Lind");
	s->bo = people_fixture_driver(&s->p, "Bo Frid");
}

static enum code
ask(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	uint8_t random[LIVENESS_RANDOM] = {0};
	struct face_challenge drawn;
	memset(random, s->seed++, sizeof random);
	liveness_draw(random, s->lights, &drawn);
	return liveness_open(sc, tx, s->p.op.s, s->ada.id.s, s->ada.device.s, ACT, &drawn, &s->asked);
}

static json_t *
hashes(struct scope *sc, size_t n)
{
	json_t *list = json_new_array(sc);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_sprintf("%064zu", i));
	return list;
}

/* Everything as it should be; each test then spoils one thing. */
static void
right_answer(struct scene *s)
{
	s->a = (struct liveness_answer){.operator_id = s->p.op.s,
					.driver_id = s->ada.id.s,
					.device_id = s->ada.device.s,
					.act = ACT,
					.challenge = s->asked.id.s};
	s->signer = &s->ada;
	s->signed_act = ACT;
	s->n_frames = face_challenge_frames(&s->asked.asked);
	s->n_signed = s->n_frames;
}

static enum code
take(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	struct face_challenge c;
	char *text = liveness_message(sc, s->p.op.s, s->signed_act, s->asked.id.s, hashes(sc, s->n_signed));
	crypto_sign_detached(s->signature, NULL, (const uint8_t *)text, strlen(text), s->signer->secret_key);
	s->a.signature = s->signature;
	s->a.frames = hashes(sc, s->n_frames);
	TRY(liveness_take(sc, tx, &s->a, &c));
	SAY(memcmp(c.asks, s->asked.asked.asks, sizeof c.asks) == 0);
	SAY(c.n_lights == s->asked.asked.n_lights);
	SAY(memcmp(c.lights, s->asked.asked.lights, sizeof c.lights) == 0);
	return OK;
}

static enum code
spend(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	return liveness_spend(sc, tx, s->p.op.s, s->asked.id.s);
}

static void
an_answer_is_of_her_phone_act_and_frames(void **state)
{
	(void)state;
	struct scene s;
	open_scene(&s);
	for (int lights = 0; lights < 2; lights++) {
		s.lights = lights == 1;
		fixture_write(&s.p, ask, &s);
		right_answer(&s);
		assert_int_equal(s.n_frames, lights == 1 ? 9 : 5);
		fixture_write(&s.p, take, &s);
		s.signer = &s.bo;
		fixture_refuses(&s.p, E_DENIED, "challenge-answer", take, &s);
		right_answer(&s);
		s.a.driver_id = s.bo.id.s;
		fixture_refuses(&s.p, E_DENIED, "challenge-answer", take, &s);
		right_answer(&s);
		s.a.device_id = s.bo.device.s;
		fixture_refuses(&s.p, E_DENIED, "challenge-answer", take, &s);
		right_answer(&s);
		s.a.act = s.signed_act = "awd_2";
		fixture_refuses(&s.p, E_DENIED, "challenge-answer", take, &s);
		right_answer(&s);
		s.n_signed--; /* a frame that was not signed */
		fixture_refuses(&s.p, E_DENIED, "challenge-answer", take, &s);
		for (int more = -1; more <= 1; more += 2) {
			right_answer(&s);
			s.n_frames = s.n_signed = more < 0 ? s.n_frames - 1 : s.n_frames + 1;
			fixture_refuses(&s.p, E_INVALID, "frames", take, &s);
		}
	}
	people_fixture_close(&s.p);
}

static void
it_is_answered_once_and_in_time(void **state)
{
	(void)state;
	struct scene s;
	open_scene(&s);
	fixture_write(&s.p, ask, &s);
	right_answer(&s);
	fixture_write(&s.p, spend, &s);
	fixture_refuses(&s.p, E_CONFLICT, "challenge-over", take, &s);
	fixture_refuses(&s.p, E_CONFLICT, "challenge-over", spend, &s);
	/* A new one replaces the one before. */
	fixture_write(&s.p, ask, &s);
	struct liveness before = s.asked;
	fixture_write(&s.p, ask, &s);
	struct liveness newest = s.asked;
	s.asked = before;
	right_answer(&s);
	fixture_refuses(&s.p, E_CONFLICT, "challenge-over", take, &s);
	s.asked = newest;
	right_answer(&s);
	fixture_step(&s.p, LIVENESS_MS);
	fixture_write(&s.p, take, &s);
	fixture_step(&s.p, 1);
	fixture_refuses(&s.p, E_CONFLICT, "challenge-over", take, &s);
	people_fixture_close(&s.p);
}

static enum code
count(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	json_t *list;
	TRY(liveness_json(sc, tx, s->p.op.s, s->ada.id.s, &list));
	s->left = (int64_t)json_array_size(list);
	return OK;
}

static enum code
leave(struct scope *sc, struct tx *tx, void *arg)
{
	struct scene *s = arg;
	return people_erase(sc, tx, s->p.op.s, s->ada.id.s);
}

static void
nobody_asks_on_until_familiar_poses_come(void **state)
{
	(void)state;
	struct scene s;
	open_scene(&s);
	for (int i = 0; i < LIVENESS_PER_ACT; i++)
		fixture_write(&s.p, ask, &s);
	fixture_refuses(&s.p, E_CONFLICT, "challenges-used", ask, &s);
	/* A day later the rows are gone; and all of them with her. */
	fixture_step(&s.p, INT64_C(24) * 3600 * 1000 + LIVENESS_MS + 1);
	fixture_write(&s.p, ask, &s);
	fixture_write(&s.p, count, &s);
	assert_int_equal(s.left, 1);
	fixture_write(&s.p, leave, &s);
	fixture_write(&s.p, count, &s);
	assert_int_equal(s.left, 0);
	people_fixture_close(&s.p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(an_answer_is_of_her_phone_act_and_frames),
	    cmocka_unit_test(it_is_answered_once_and_in_time),
	    cmocka_unit_test(nobody_asks_on_until_familiar_poses_come),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
