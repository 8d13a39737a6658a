/* The people of the simulated day do as a challenge asks: each that stands in it with her face. */
#include "face/samples.h"

#include "face/challenge.h"
#include "sim/sim_faces.h"

#define PEOPLE_MIN 4

static void
everybody_does_as_asked(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct face_engine *e;
	struct sim_faces *f;
	const char *models = sample_models(&sc);
	char *photos = scope_strdup(&sc, sample_photo(&sc, 1));
	*strrchr(photos, '/') = '\0';
	struct prng r;
	prng_seed(&r, 7);
	assert_ok(&sc, sim_faces_open(&sc, photos, models, &f));
	int people = sim_faces_count(f);
	assert_true(people >= PEOPLE_MIN);
	assert_ok(&sc, face_engine_open(&sc, models, NULL, &e));
	for (int person = 0; person < people; person++) {
		struct scope one;
		struct face_picture frames[CHALLENGE_FRAMES];
		struct face_live_verdict v;
		struct face_challenge c = {.asks = {ASK_LEFT, ASK_UP, ASK_RIGHT, ASK_DOWN}};
		if (person % 2 == 0)
			c.asks[3] = ASK_CLOSER;
		scope_init(&one);
		assert_ok(&one, sim_frames(&one, f, person, SELFIE_GOOD, c.asks, &r, frames));
		assert_ok(&one, face_challenge_judge(&one, e, &c, frames, &v));
		if (v.live != LIVE_ALIVE)
			print_message("person %d, frame %zu: %s, %s\n", person, v.at, face_live_word(v.live),
				      face_hint_word(v.hint));
		assert_string_equal(face_live_word(v.live), "alive");
		scope_release(&one);
	}
	face_engine_close(e);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(everybody_does_as_asked)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
