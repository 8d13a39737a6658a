/* cover: dark glasses and masks are seen, faces are not taken for them; and what follows
 * is a hint for who did not match, nothing for who did. */
#include "samples.h"

#include "face/cover.h"

#define SIDE ENGINE_CHIP

struct chip {
	float v[3 * SIDE * SIDE];
};

static void
fill(struct chip *c, int left, int top, int right, int bottom, float r, float g, float b)
{
	const float rgb[3] = {r, g, b};
	for (int k = 0; k < 3; k++)
		for (int y = top; y < bottom; y++)
			for (int x = left; x < right; x++)
				c->v[(k * SIDE + y) * SIDE + x] = rgb[k];
}

/* Skin from one end of the scale to the other, lips a little redder, eyes a little darker;
 * light: how much of it there is, warm: its colour. */
static void
draw_face(struct chip *c, float skin, float light, float warm)
{
	float r = 255 * skin * light * warm;
	float g = 190 * skin * light;
	float b = 150 * skin * light / warm;
	fill(c, 0, 0, SIDE, SIDE, r, g, b);
	fill(c, 31, 46, 45, 57, r * 0.6f, g * 0.6f, b * 0.6f);
	fill(c, 67, 46, 81, 57, r * 0.6f, g * 0.6f, b * 0.6f);
	fill(c, 44, 87, 68, 97, r * 0.9f, g * 0.75f, b * 0.8f);
}

static bool
seen(const struct chip *c)
{
	struct cover m = cover_measure(c->v);
	return cover_seen(&m);
}

static void
skin_and_light_do_not_weigh(void **state)
{
	(void)state;
	struct chip *c = malloc(sizeof *c);
	assert_non_null(c);
	for (int skin = 0; skin < 4; skin++) {
		for (int light = 0; light < 3; light++) {
			for (int warm = 0; warm < 3; warm++) {
				float s = 0.25f + 0.25f * (float)skin;
				float l = 0.4f + 0.3f * (float)light;
				float w = 0.9f + 0.1f * (float)warm;
				draw_face(c, s, l, w);
				assert_false(seen(c));
				float glass = 0.15f * 190 * s * l;
				fill(c, 28, 44, 84, 66, glass, glass, glass);
				assert_true(seen(c));
				draw_face(c, s, l, w);
				fill(c, 20, 76, 92, SIDE, 120 * l, 170 * l, 205 * l);
				assert_true(seen(c));
			}
		}
	}
	free(c);
}

static double
rate(const json_t *result, const char *kind)
{
	const json_t *o = json_object_get(result, kind);
	int64_t n = json_integer_value(json_object_get(o, "face_found"));
	assert_true(n >= 8);
	return (double)json_integer_value(json_object_get(o, "seen")) / (double)n;
}

static void
what_people_wear_is_seen(void **state)
{
	(void)state;
	struct scope sc;
	struct face_engine *e;
	json_t *result;
	scope_init(&sc);
	const char *models = sample_models(&sc);
	char *dir = scope_printf(&sc, "%s-worn-%d", models, (int)getpid());
	assert_ok(&sc, face_engine_open(&sc, models, NULL, &e));
	size_t n = sample_people(&sc, e, dir);
	face_engine_close(e);
	const struct cover_options o = {.images = dir, .models = models};
	assert_ok(&sc, cover_bench(&sc, &o, &result));
	assert_true(rate(result, "plain") < 0.1); /* 22 people; docs/face.md has the rate of a thousand */
	assert_true(rate(result, "mask_blue") > 0.7);
	assert_true(rate(result, "mask_white") > 0.6);
	assert_true(rate(result, "sunglasses") > 0.5);
	sample_people_gone(&sc, dir, n);
	scope_release(&sc);
}

static void
only_who_did_not_match_hears_of_it(void **state)
{
	(void)state;
	struct face_verdict v = {FACE_MATCH, FACE_HINT_NONE, FACE_FMR_1E5};
	engine_uncover(&v);
	assert_int_equal(v.decision, FACE_MATCH);
	assert_int_equal(v.hint, FACE_HINT_NONE);
	static const enum face_decision others[] = {FACE_NO_MATCH, FACE_UNSURE, FACE_POOR_CAPTURE};
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		v = (struct face_verdict){others[i], FACE_HINT_NONE, FACE_FMR_ABOVE_1E2};
		engine_uncover(&v);
		assert_int_equal(v.decision, FACE_POOR_CAPTURE);
		assert_int_equal(v.hint, FACE_HINT_UNCOVER);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(skin_and_light_do_not_weigh),
	    cmocka_unit_test(what_people_wear_is_seen),
	    cmocka_unit_test(only_who_did_not_match_hears_of_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
