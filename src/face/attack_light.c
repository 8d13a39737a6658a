#include "face/attack_light.h"

#include <math.h>

#include "face/face_light.h"
#include "face/relief.h"

const char *const lit_words[] = {"lit", "dim", "still", "whole", "other_colours", "cut_out", NULL};

static float
between(struct prng *r, float low, float high)
{
	return low + (high - low) * (float)prng_unit(r);
}

static void
draw_lights(struct prng *r, struct face_challenge *c)
{
	uint8_t random[8];
	uint64_t v = prng_u64(r);
	memcpy(random, &v, sizeof random);
	face_challenge_add_lights(random, c);
}

/* A hand and a head that do not keep quite still, a camera that corrects itself. */
static struct relief_view
view_of(struct prng *r, enum lit kind, enum face_colour colour, float glow)
{
	struct relief_view v = relief_lit(colour, kind == LIT_STILL ? 0 : glow);
	v.behind = kind == LIT_WHOLE ? 1 : between(r, 0.05f, 0.30f);
	v.flat = kind == LIT_WHOLE || kind == LIT_CUT_OUT;
	v.yaw_deg = between(r, -2, 2);
	v.pitch_deg = between(r, -2, 2);
	v.scale = between(r, 0.98f, 1.02f);
	v.noise = 3;
	float exposure = between(r, 0.85f, 1.15f);
	for (int c = 0; c < 3; c++)
		v.gain[c] = exposure * between(r, 0.92f, 1.08f);
	return v;
}

static enum code
photo_relief(struct scope *sc, struct face_engine *e, struct face_picture photo, struct relief *out)
{
	struct engine_capture *c = NEW(sc, struct engine_capture);
	struct face_point five[5];
	TRY(engine_capture(sc, e, photo, c));
	if (c->faces == 0)
		return fail(sc, E_INVALID, "nobody is in this photograph");
	for (int i = 0; i < 5; i++)
		five[i] = similarity_apply(c->portrait.to_whole, c->portrait.face.five[i]);
	return relief_of(sc, &c->whole, five, out);
}

enum code
attack_light_present(struct scope *sc, struct face_engine *e, struct prng *r, struct face_picture photo, enum lit kind,
		     bool *seen, bool *measured)
{
	struct face_challenge asked = {.n_lights = 0};
	struct face_challenge shown;
	struct face_light light[CHALLENGE_LIGHTS];
	uint8_t colours[CHALLENGE_LIGHTS];
	struct relief relief;
	bool all = true;
	float glow = kind == LIT_DIM ? between(r, 0.03f, 0.08f) : 0.08f * powf(3.75f, (float)prng_unit(r));
	TRY(photo_relief(sc, e, photo, &relief));
	draw_lights(r, &asked);
	shown = asked;
	while (kind == LIT_OTHER && memcmp(shown.lights, asked.lights, sizeof asked.lights) == 0)
		draw_lights(r, &shown);
	for (size_t i = 0; i < CHALLENGE_LIGHTS; i++) {
		struct relief_view v = view_of(r, kind, shown.lights[i], glow);
		struct engine_capture c;
		struct face_picture frame;
		TRY(relief_show(sc, &relief, &v, r, &frame));
		TRY(engine_capture(sc, e, frame, &c));
		all = all && c.faces > 0 && face_light_measure(&c, &light[i]);
		colours[i] = (uint8_t)asked.lights[i];
	}
	*measured = all;
	*seen = all && face_light_rise(light, colours, CHALLENGE_LIGHTS) >= FACE_LIGHT_MIN;
	return OK;
}
