/* The liveness challenge: what is asked, and a short form of the attacks on real
 * photographs (`waybill face attacks` is the whole). */
#include "samples.h"

#include "face/challenge.h"
#include "face/engine.h"
#include "face/face_attack.h"
#include "face/relief.h"

static void
a_challenge_is_fair_and_hard_to_guess(void **state)
{
	(void)state;
	size_t seen[5 * 5 * 5 * 5] = {0};
	size_t different = 0;
	for (unsigned i = 0; i < 4000; i++) {
		uint8_t random[32] = {0};
		struct face_challenge c;
		memcpy(random + 16, &i, sizeof i);
		face_challenge_make(random, 1000, &c);
		unsigned word = 0;
		bool left = false;
		bool right = false;
		for (size_t k = 0; k < CHALLENGE_ASKS; k++) {
			assert_true(c.asks[k] < ASK_COUNT);
			assert_true(k == 0 || c.asks[k] != c.asks[k - 1]);
			left = left || c.asks[k] == ASK_LEFT;
			right = right || c.asks[k] == ASK_RIGHT;
			word = word * 5 + c.asks[k];
		}
		assert_true(left && right);
		different += seen[word]++ == 0;
	}
	assert_true(different >= 100);
	for (size_t i = 0; i < COUNT_OF(seen); i++) /* no sequence is a favourite */
		assert_true(seen[i] < 4000 / 20);
}

static void
lights_change_and_are_hard_to_guess(void **state)
{
	(void)state;
	size_t seen[81] = {0};
	size_t different = 0;
	for (uint64_t i = 0; i < 4000; i++) {
		uint8_t random[8];
		struct face_challenge c = {.asks = {ASK_LEFT, ASK_RIGHT, ASK_LEFT, ASK_UP}};
		size_t word = 0;
		memcpy(random, &i, sizeof i);
		face_challenge_add_lights(random, &c);
		assert_true(face_challenge_is_fair(&c));
		assert_int_equal(face_challenge_frames(&c), CHALLENGE_FRAMES_MAX);
		for (size_t k = 0; k < CHALLENGE_LIGHTS; k++)
			word = word * 3 + c.lights[k];
		different += seen[word]++ == 0;
	}
	assert_int_equal(different, 24);
	for (size_t i = 0; i < COUNT_OF(seen); i++)
		assert_true(seen[i] < 4000 / 12);
}

/* --- a head that does as asked --- */

struct person {
	struct picture photo;
	struct relief relief;
	struct face_template template;
};

/* The i-th largest face of a sample photograph and its surroundings, enrolled. */
static void
meet(struct scope *sc, struct face_engine *e, int photo, size_t i, struct person *out)
{
	uint8_t *bytes;
	size_t len;
	struct picture p;
	struct face_found found;
	struct face_picture front;
	struct face_point five[5];
	struct prng r;
	enum face_hint hint;
	size_t at;
	assert_ok(sc, file_read(sc, sample_photo(sc, photo), FACE_PICTURE_BYTES_MAX, &bytes, &len));
	assert_ok(sc, picture_decode(sc, bytes, len, 0, &p));
	assert_ok(sc, face_analyse(sc, e, (struct face_picture){bytes, len}, &found));
	assert_true(i < found.n);
	const struct face_box *f = &found.faces[i];
	int reach = (int)((f->right - f->left) * 1.1f);
	int x = (int)(f->left + f->right) / 2;
	int y = (int)(f->top + f->bottom) / 2;
	struct rectangle r4 = {x - reach, y - reach, x + reach, y + reach};
	r4 = (struct rectangle){r4.left < 0 ? 0 : r4.left, r4.top < 0 ? 0 : r4.top,
				r4.right > p.width ? p.width : r4.right, r4.bottom > p.height ? p.height : r4.bottom};
	assert_ok(sc, picture_part(sc, &p, r4, 1, &out->photo));
	for (int k = 0; k < 5; k++)
		five[k] = (struct face_point){f->points[k].x - (float)r4.left, f->points[k].y - (float)r4.top};
	assert_ok(sc, relief_of(sc, &out->photo, five, &out->relief));
	prng_seed(&r, 4);
	assert_ok(sc, relief_show(sc, &out->relief, &relief_plain, &r, &front));
	assert_ok(sc, face_template_make(sc, e, &front, 1, &out->template, &hint, &at));
	assert_int_equal(hint, FACE_HINT_NONE);
}

static void
answer(struct scope *sc, const struct person *who, const struct face_challenge *c, struct face_picture *frames)
{
	struct prng r;
	prng_seed(&r, 5);
	for (size_t i = 0; i < face_challenge_frames(c); i++) {
		struct relief_view v = i == 0		      ? relief_plain
				       : i < CHALLENGE_FRAMES ? relief_asked(c->asks[i - 1], 1)
							      : relief_lit(c->lights[i - CHALLENGE_FRAMES], 0.2f);
		v.noise = 3;
		assert_ok(sc, relief_show(sc, &who->relief, &v, &r, &frames[i]));
	}
}

static struct face_live_check
check(struct scope *sc, struct face_engine *e, const struct face_challenge *c, const struct face_picture *frames,
      const struct person *enrolled)
{
	struct face_live_check out;
	assert_ok(sc, face_challenge_check(sc, e, c, frames, &enrolled->template, &out));
	assert_true(out.live == LIVE_ALIVE || out.verdict.decision == FACE_POOR_CAPTURE);
	return out;
}

static void
who_does_as_asked_is_alive_and_herself(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct face_engine *e;
	struct person *her = NEW(&sc, struct person);
	struct person *other = NEW(&sc, struct person);
	struct face_picture frames[CHALLENGE_FRAMES_MAX];
	struct face_picture changed[CHALLENGE_FRAMES_MAX];
	struct face_challenge c = {.asks = {ASK_LEFT, ASK_UP, ASK_RIGHT, ASK_CLOSER},
				   .n_lights = CHALLENGE_LIGHTS,
				   .lights = {LIGHT_GREEN, LIGHT_BLUE, LIGHT_RED, LIGHT_BLUE}};
	assert_ok(&sc, face_engine_open(&sc, sample_models(&sc), NULL, &e));
	meet(&sc, e, 6, 0, her);
	meet(&sc, e, 3, 0, other);
	answer(&sc, her, &c, frames);
	struct face_live_check v = check(&sc, e, &c, frames, her);
	assert_string_equal(face_live_word(v.live), "alive");
	assert_int_equal(v.verdict.decision, FACE_MATCH);
	/* Alive, and not who is enrolled. */
	v = check(&sc, e, &c, frames, other);
	assert_int_equal(v.live, LIVE_ALIVE);
	assert_int_equal(v.verdict.decision, FACE_NO_MATCH);
	/* Another's poses under her face, and the other way round. */
	answer(&sc, other, &c, changed);
	changed[0] = frames[0];
	v = check(&sc, e, &c, changed, her);
	assert_int_not_equal(v.live, LIVE_ALIVE);
	struct face_picture stranger = changed[5];
	memcpy(changed, frames, sizeof frames);
	changed[5] = stranger;
	v = check(&sc, e, &c, changed, her);
	assert_int_equal(v.verdict.hint, FACE_HINT_SAME);
	/* Out of order: what was asked second comes first. */
	memcpy(changed, frames, sizeof frames);
	changed[1] = frames[2];
	changed[2] = frames[1];
	v = check(&sc, e, &c, changed, her);
	assert_int_equal(v.verdict.hint, FACE_HINT_POSE);
	/* A still. */
	for (size_t i = 0; i < CHALLENGE_FRAMES_MAX; i++)
		changed[i] = frames[0];
	v = check(&sc, e, &c, changed, her);
	assert_int_equal(v.verdict.hint, FACE_HINT_POSE);
	/* The right poses and a light that does not know what was asked. */
	memcpy(changed, frames, sizeof frames);
	changed[5] = frames[6];
	changed[6] = frames[5];
	v = check(&sc, e, &c, changed, her);
	assert_int_equal(v.verdict.hint, FACE_HINT_SCREEN);
	for (size_t i = CHALLENGE_FRAMES; i < CHALLENGE_FRAMES_MAX; i++)
		changed[i] = frames[0];
	v = check(&sc, e, &c, changed, her);
	assert_int_equal(v.verdict.hint, FACE_HINT_SCREEN);
	/* No lights were asked: five frames are the whole answer. */
	c.n_lights = 0;
	v = check(&sc, e, &c, frames, her);
	assert_int_equal(v.verdict.decision, FACE_MATCH);
	face_engine_close(e);
	scope_release(&sc);
}

/* The six sample photographs as people of one print each, tilted, bent and moved. */
static void
prints_are_not_alive(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const char *models = sample_models(&sc);
	char *dir = scope_printf(&sc, "%s-prints-%d", models, (int)getpid());
	struct face_engine *e;
	assert_ok(&sc, face_engine_open(&sc, models, NULL, &e));
	size_t n = sample_people(&sc, e, dir);
	face_engine_close(e);
	assert_true(n >= 10);
	const struct attack_options o = {.images = dir, .models = models, .pictures = 2, .seed = 3};
	json_t *result;
	assert_ok(&sc, face_attack_run(&sc, &o, &result));
	static const char *const kinds[] = {"flat", "bent", "still", "whole", "other_colours"};
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const json_t *kind = json_object_get(result, kinds[k]);
		assert_true(json_integer_value(json_object_get(kind, "presented")) >= 1);
		assert_int_equal(json_integer_value(json_object_get(kind, "accepted")), 0);
	}
	sample_people_gone(&sc, dir, n);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_challenge_is_fair_and_hard_to_guess),
	    cmocka_unit_test(lights_change_and_are_hard_to_guess),
	    cmocka_unit_test(who_does_as_asked_is_alive_and_herself),
	    cmocka_unit_test(prints_are_not_alive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
