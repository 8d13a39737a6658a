/* The liveness challenge: what is asked, and a short form of the attacks on real
 * photographs (`waybill face attacks` is the whole). */
#include "samples.h"

#include "face/challenge.h"
#include "face/engine.h"
#include "face/face_attack.h"

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
	size_t n = 0;
	for (int photo = 1; photo <= 6; photo++) {
		uint8_t *bytes;
		size_t len;
		struct picture p;
		struct face_found found;
		assert_ok(&sc, file_read(&sc, sample_photo(&sc, photo), FACE_PICTURE_BYTES_MAX, &bytes, &len));
		assert_ok(&sc, picture_decode(&sc, bytes, len, 0, &p));
		assert_ok(&sc, face_analyse(&sc, e, (struct face_picture){bytes, len}, &found));
		for (size_t i = 0; i < found.n; i++) {
			const struct face_box *f = &found.faces[i];
			int reach = (int)(f->right - f->left);
			int x = (int)(f->left + f->right) / 2;
			int y = (int)(f->top + f->bottom) / 2;
			struct rectangle r = {x - reach, y - reach, x + reach, y + reach};
			struct picture print;
			uint8_t *jpeg;
			if (r.left < 0 || r.top < 0 || r.right > p.width || r.bottom > p.height)
				continue;
			assert_ok(&sc, picture_part(&sc, &p, r, 1, &print));
			assert_ok(&sc, picture_encode(&sc, &print, 92, &jpeg, &len));
			char *person = scope_printf(&sc, "%s/p%zu", dir, n++);
			assert_ok(&sc, file_make_dirs(&sc, person, 0700));
			assert_ok(&sc, file_write(&sc, path_join(&sc, person, "1.jpg"), jpeg, len, 0600));
		}
	}
	face_engine_close(e);
	assert_true(n >= 10);
	const struct attack_options o = {.images = dir, .models = models, .seed = 3};
	json_t *result;
	assert_ok(&sc, face_attack_run(&sc, &o, &result));
	static const char *const kinds[] = {"flat", "bent"};
	for (size_t k = 0; k < COUNT_OF(kinds); k++) {
		const json_t *kind = json_object_get(result, kinds[k]);
		assert_true(json_integer_value(json_object_get(kind, "presented")) >= 6);
		assert_int_equal(json_integer_value(json_object_get(kind, "accepted")), 0);
	}
	for (size_t i = 0; i < n; i++) {
		char *person = scope_printf(&sc, "%s/p%zu", dir, i);
		unlink(path_join(&sc, person, "1.jpg"));
		rmdir(person);
	}
	rmdir(dir);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_challenge_is_fair_and_hard_to_guess),
	    cmocka_unit_test(prints_are_not_alive),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
