/* The engine on real photographs: npm's @vladmandic/face-api sample pictures,
 * single people cut out of them. Skips, saying so, where they or the models are
 * not there. */
#include <math.h>

#include "samples.h"

#include "base/prng.h"
#include "face/engine.h"

struct studio {
	struct scope sc;
	struct face_engine *e;
	struct picture photo;
	struct face_found found;
};

static void
studio_open(struct studio *s, int photo)
{
	scope_init(&s->sc);
	uint8_t *bytes;
	size_t n;
	const char *models = sample_models(&s->sc);
	assert_ok(&s->sc, file_read(&s->sc, sample_photo(&s->sc, photo), FACE_PICTURE_BYTES_MAX, &bytes, &n));
	assert_ok(&s->sc, face_engine_open(&s->sc, models, NULL, &s->e));
	assert_ok(&s->sc, picture_decode(&s->sc, bytes, n, 0, &s->photo));
	assert_ok(&s->sc, face_analyse(&s->sc, s->e, (struct face_picture){bytes, n}, &s->found));
}

static void
studio_close(struct studio *s)
{
	face_engine_close(s->e);
	scope_release(&s->sc);
}

/* What a phone would send of person i, seen again: another crop, size, turn, light
 * and compression for each `take`. */
static struct face_picture
shoot(struct studio *s, size_t i, int take)
{
	static const struct channel_norm as_is = {{0, 0, 0}, 1, false};
	const struct face_box *f = &s->found.faces[i];
	int side = 260 + 20 * take;
	float width = (f->right - f->left) * (1.9f + 0.05f * (float)take);
	float turn = 0.04f * (float)(take % 3 - 1);
	float step = width / (float)side;
	float a = step * cosf(turn);
	float b = step * sinf(turn);
	float half = (float)side / 2;
	float cx = (f->left + f->right) / 2;
	float cy = (f->top + f->bottom) / 2;
	struct similarity to_photo = {a, b, cx - a * half + b * half, cy - b * half - a * half};
	float *planes = NEW_ARRAY(&s->sc, (size_t)(side * side * 3), float);
	warp_chip(&s->photo, to_photo, side, &as_is, planes);
	struct picture p = {side, side, side, side, 1, NEW_ARRAY(&s->sc, (size_t)(side * side * 3), uint8_t)};
	float gain = 1.0f - 0.08f * (float)(take % 3);
	for (int k = 0; k < side * side; k++)
		for (int c = 0; c < 3; c++)
			p.rgb[k * 3 + c] = (uint8_t)fminf(255, planes[c * side * side + k] * gain);
	struct face_picture out;
	uint8_t *jpeg;
	assert_ok(&s->sc, picture_encode(&s->sc, &p, 88 - 6 * take, &jpeg, &out.n));
	out.bytes = jpeg;
	return out;
}

/* A person whose single picture is good enough; the samples are of models who pose. */
static bool
is_usable(struct studio *s, size_t i)
{
	struct face_template t;
	enum face_hint hint;
	size_t at;
	struct face_picture p = shoot(s, i, 0);
	assert_ok(&s->sc, face_template_make(&s->sc, s->e, &p, 1, &t, &hint, &at));
	return hint == FACE_HINT_NONE;
}

static void
everybody_in_the_picture_is_found(void **state)
{
	(void)state;
	struct studio s;
	studio_open(&s, 5);
	assert_int_equal(s.found.width, 1920);
	assert_int_equal(s.found.n, 5);
	assert_int_equal(s.found.hint, FACE_HINT_ONE_PERSON);
	for (size_t i = 0; i < s.found.n; i++) {
		const struct face_box *f = &s.found.faces[i];
		for (int k = 0; k < 5; k++)
			assert_true(f->points[k].x > f->left && f->points[k].x < f->right && f->points[k].y > f->top &&
				    f->points[k].y < f->bottom);
		assert_true(f->points[0].y < f->points[3].y); /* eyes above the mouth */
	}
	studio_close(&s);
}

static void
people_match_themselves_and_nobody_else(void **state)
{
	(void)state;
	int people = 0;
	for (int photo = 3; photo <= 5; photo += 2) {
		struct studio s;
		struct face_template templates[FACE_FOUND_MAX];
		size_t who[FACE_FOUND_MAX];
		size_t n = 0;
		studio_open(&s, photo);
		for (size_t i = 0; i < s.found.n; i++) {
			enum face_hint hint;
			size_t at;
			if (!is_usable(&s, i))
				continue;
			struct face_picture p[2] = {shoot(&s, i, 0), shoot(&s, i, 1)};
			assert_ok(&s.sc, face_template_make(&s.sc, s.e, p, 2, &templates[n], &hint, &at));
			assert_int_equal(hint, FACE_HINT_NONE);
			who[n++] = i;
		}
		for (size_t a = 0; a < n; a++) {
			for (size_t b = 0; b < n; b++) {
				struct face_picture probe = shoot(&s, who[b], 3);
				struct face_verdict v;
				assert_ok(&s.sc, face_check(&s.sc, s.e, &templates[a], &probe, 1, &v));
				if (a == b)
					assert_int_equal(v.decision, FACE_MATCH);
				else
					assert_int_not_equal(v.decision, FACE_MATCH);
			}
		}
		people += (int)n;
		studio_close(&s);
	}
	assert_true(people >= 4);
}

static void
poor_captures_say_what_helps(void **state)
{
	(void)state;
	struct studio s;
	studio_open(&s, 5);
	size_t who = 0;
	while (who < s.found.n && !is_usable(&s, who))
		who++;
	assert_true(who < s.found.n);
	struct face_picture good = shoot(&s, who, 0);
	struct face_template t;
	enum face_hint hint;
	size_t at;
	assert_ok(&s.sc, face_template_make(&s.sc, s.e, &good, 1, &t, &hint, &at));

	struct picture p;
	assert_ok(&s.sc, picture_decode(&s.sc, good.bytes, good.n, 0, &p));
	size_t bytes = (size_t)(p.width * p.height * 3);
	struct picture dark = p;
	dark.rgb = scope_memdup(&s.sc, p.rgb, bytes);
	struct picture grey = p;
	grey.rgb = scope_memdup(&s.sc, p.rgb, bytes);
	struct picture twins = {p.width * 2, p.height, p.width * 2, p.height, 1, scope_alloc(&s.sc, bytes * 2)};
	struct picture tiny;
	assert_ok(&s.sc, picture_shrink(&s.sc, &p, 44, 44, &tiny));
	for (size_t i = 0; i < bytes; i++)
		dark.rgb[i] = p.rgb[i] / 6;
	memset(grey.rgb, 128, bytes);
	for (int y = 0; y < p.height; y++)
		for (int k = 0; k < 2; k++)
			memcpy(twins.rgb + (y * 2 + k) * p.width * 3, p.rgb + y * p.width * 3, (size_t)p.width * 3);
	struct {
		struct picture *p;
		enum face_hint hint;
	} cases[] = {{&dark, FACE_HINT_LIGHT},
		     {&grey, FACE_HINT_NO_FACE},
		     {&twins, FACE_HINT_ONE_PERSON},
		     {&tiny, FACE_HINT_CLOSER}};
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct face_picture probe;
		uint8_t *jpeg;
		struct face_verdict v;
		assert_ok(&s.sc, picture_encode(&s.sc, cases[i].p, 90, &jpeg, &probe.n));
		probe.bytes = jpeg;
		assert_ok(&s.sc, face_check(&s.sc, s.e, &t, &probe, 1, &v));
		assert_int_equal(v.decision, FACE_POOR_CAPTURE);
		assert_int_equal(v.hint, cases[i].hint);
	}
	studio_close(&s);
}

static void
frames_of_two_people_are_refused(void **state)
{
	(void)state;
	struct studio s;
	studio_open(&s, 5);
	size_t who[2];
	size_t n = 0;
	for (size_t i = 0; i < s.found.n && n < 2; i++)
		if (is_usable(&s, i))
			who[n++] = i;
	assert_int_equal(n, 2);
	struct face_picture both[2] = {shoot(&s, who[0], 0), shoot(&s, who[1], 0)};
	struct face_template t;
	enum face_hint hint;
	size_t at;
	assert_ok(&s.sc, face_template_make(&s.sc, s.e, both, 2, &t, &hint, &at));
	assert_int_equal(hint, FACE_HINT_SAME);
	assert_int_equal(at, 1);
	assert_ok(&s.sc, face_template_make(&s.sc, s.e, both, 1, &t, &hint, &at));
	struct face_verdict v;
	assert_ok(&s.sc, face_check(&s.sc, s.e, &t, both, 2, &v));
	assert_int_equal(v.decision, FACE_POOR_CAPTURE);
	assert_int_equal(v.hint, FACE_HINT_SAME);
	t.model_set[3] ^= 1;
	assert_int_equal(face_check(&s.sc, s.e, &t, both, 1, &v), E_CONFLICT);
	studio_close(&s);
}

static void
redaction_leaves_no_face(void **state)
{
	(void)state;
	struct studio s;
	studio_open(&s, 5);
	struct face_picture from;
	uint8_t *bytes;
	uint8_t *jpeg;
	size_t n;
	assert_ok(&s.sc, file_read(&s.sc, sample_photo(&s.sc, 5), FACE_PICTURE_BYTES_MAX, &bytes, &from.n));
	from.bytes = bytes;
	assert_ok(&s.sc, face_redact(&s.sc, s.e, from, 1200, &jpeg, &n));
	struct face_found found;
	assert_ok(&s.sc, face_analyse(&s.sc, s.e, (struct face_picture){jpeg, n}, &found));
	assert_int_equal(found.width, 1200);
	assert_int_equal(found.n, 0);
	assert_null(memmem(jpeg, n, "Exif", 4));
	studio_close(&s);
}

static void
another_file_or_no_calibration_is_refused(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	const char *models = sample_models(&sc);
	char *copy = scope_printf(&sc, "%s-altered-%d", models, (int)getpid());
	assert_ok(&sc, file_make_dirs(&sc, copy, 0700));
	static const char *const names[] = {"manifest",	    "detect.onnx", "landmark.onnx",
					    "feature.onnx", "mobile.onnx", "dlib.onnx"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		uint8_t *bytes;
		size_t n;
		assert_ok(&sc, file_read(&sc, path_join(&sc, models, names[i]), (size_t)64 << 20, &bytes, &n));
		if (strcmp(names[i], "feature.onnx") == 0)
			bytes[n / 2] ^= 1;
		assert_ok(&sc, file_write(&sc, path_join(&sc, copy, names[i]), bytes, n, 0600));
	}
	struct face_engine *e = NULL;
	assert_int_equal(face_engine_open(&sc, copy, NULL, &e), E_CORRUPT);
	assert_null(e);
	uint8_t *manifest;
	size_t n;
	assert_ok(&sc, file_read(&sc, path_join(&sc, models, "manifest"), (size_t)1 << 20, &manifest, &n));
	char *set = strstr((char *)manifest, "\"set\"");
	assert_non_null(set);
	set[9] = set[9] == '0' ? '1' : '0';
	assert_ok(&sc, file_write(&sc, path_join(&sc, copy, "manifest"), manifest, n, 0600));
	assert_int_equal(face_engine_open(&sc, copy, NULL, &e), E_CORRUPT);
	assert_non_null(strstr(sc.err.message, "calibration"));
	for (size_t i = 0; i < COUNT_OF(names); i++)
		unlink(path_join(&sc, copy, names[i]));
	rmdir(copy);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(everybody_in_the_picture_is_found),
	    cmocka_unit_test(people_match_themselves_and_nobody_else),
	    cmocka_unit_test(poor_captures_say_what_helps),
	    cmocka_unit_test(frames_of_two_people_are_refused),
	    cmocka_unit_test(redaction_leaves_no_face),
	    cmocka_unit_test(another_file_or_no_calibration_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
