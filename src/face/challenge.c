#include "face/challenge.h"

#include <assert.h>
#include <math.h>

#include "base/prng.h"
#include "face/engine.h"
#include "face/face_light.h"

const char *
face_ask_word(enum face_ask ask)
{
	static const char *const words[ASK_COUNT] = {"left", "right", "up", "down", "closer"};
	return ask < ASK_COUNT ? words[ask] : "left";
}

const char *
face_live_word(enum face_live live)
{
	static const char *const words[LIVE_COUNT] = {"alive", "poor", "order", "splice", "flat", "unlit"};
	return live < LIVE_COUNT ? words[live] : "poor";
}

const char *
face_colour_word(enum face_colour colour)
{
	static const char *const words[LIGHT_COLOURS] = {"red", "green", "blue"};
	return colour < LIGHT_COLOURS ? words[colour] : "red";
}

static bool
asks_are_fair(const enum face_ask asks[static CHALLENGE_ASKS])
{
	unsigned seen = 0;
	for (size_t i = 0; i < CHALLENGE_ASKS; i++) {
		if (asks[i] >= ASK_COUNT || (i > 0 && asks[i] == asks[i - 1]))
			return false;
		seen |= 1u << asks[i];
	}
	return (seen & (1u << ASK_LEFT)) != 0 && (seen & (1u << ASK_RIGHT)) != 0;
}

bool
face_challenge_is_fair(const struct face_challenge *c)
{
	if (c->n_lights != 0 && c->n_lights != CHALLENGE_LIGHTS)
		return false;
	for (size_t i = 0; i < c->n_lights; i++)
		if (c->lights[i] >= LIGHT_COLOURS || (i > 0 && c->lights[i] == c->lights[i - 1]))
			return false;
	return asks_are_fair(c->asks);
}

size_t
face_challenge_frames(const struct face_challenge *c)
{
	return CHALLENGE_FRAMES + c->n_lights;
}

void
face_challenge_add_lights(const uint8_t random[static 8], struct face_challenge *c)
{
	struct prng r;
	uint64_t seed;
	memcpy(&seed, random, sizeof seed);
	prng_seed(&r, seed);
	c->n_lights = CHALLENGE_LIGHTS;
	c->lights[0] = (enum face_colour)prng_below(&r, LIGHT_COLOURS);
	for (size_t i = 1; i < CHALLENGE_LIGHTS; i++) /* one of the two others */
		c->lights[i] = (enum face_colour)((c->lights[i - 1] + 1 + prng_below(&r, 2)) % LIGHT_COLOURS);
}

void
face_challenge_make(const uint8_t random[static 32], int64_t deadline_ms, struct face_challenge *out)
{
	struct prng r;
	uint64_t seed;
	struct face_challenge c = {.deadline_ms = deadline_ms};
	memcpy(c.nonce, random, sizeof c.nonce);
	memcpy(&seed, random + 16, sizeof seed); /* as unguessable as the caller's bytes: 2^64 seeds, 128 sequences */
	prng_seed(&r, seed);
	do {
		for (size_t i = 0; i < CHALLENGE_ASKS; i++)
			c.asks[i] = (enum face_ask)prng_below(&r, ASK_COUNT);
	} while (!asks_are_fair(c.asks));
	*out = c;
}

/* --- what a frame shows --- */

/* Degrees from the first frame, and how much larger. The points' angles are coarse:
 * these are well above their noise and well within what anybody can do. */
#define TURN_MIN_DEG 13.0f
#define NOD_MIN_DEG 9.0f
#define CLOSER_MIN 1.22f
#define FRONT_MAX_DEG 18.0f

struct frame {
	struct engine_portrait portrait;
	float vector[FACE_VECTOR_DIM];
	struct face_light light;
	bool has_light;
};

/* A frame shows one ask or none, so that no frame can stand in for another: what is
 * largest counts, in units of what is asked at least. */
static bool
shows(const struct face_quality *first, const struct face_quality *q, enum face_ask ask)
{
	float turn = (q->yaw_deg - first->yaw_deg) / TURN_MIN_DEG; /* her left is the picture's right */
	float nod = (q->pitch_deg - first->pitch_deg) / NOD_MIN_DEG;
	bool near = q->eye_distance_px >= CLOSER_MIN * first->eye_distance_px;
	bool turned = fabsf(turn) >= fabsf(nod);
	if (ask == ASK_CLOSER)
		return near && fabsf(turn) < 1 && fabsf(nod) < 1;
	if (near)
		return false;
	switch (ask) {
	case ASK_LEFT: return turned && turn >= 1;
	case ASK_RIGHT: return turned && turn <= -1;
	case ASK_UP: return !turned && nod >= 1;
	case ASK_DOWN: return !turned && nod <= -1;
	default: return false;
	}
}

/* A turned head is no poor capture here; everything else is. */
static enum face_hint
hint_but_pose(const struct engine_capture *c)
{
	return c->hint == FACE_HINT_TURN || c->hint == FACE_HINT_FURTHER ? FACE_HINT_NONE : c->hint;
}

/* --- depth --- */

/* 3 × 3 symmetric positive system, by Cramer's rule. */
static bool
solve3(const double m[static 6], const double v[static 3], double out[static 3])
{
	/* m: xx xy x yy y 1 */
	double a = m[0];
	double b = m[1];
	double c = m[2];
	double d = m[3];
	double e = m[4];
	double f = m[5];
	double det = a * (d * f - e * e) - b * (b * f - c * e) + c * (b * e - c * d);
	if (fabs(det) < 1e-9)
		return false;
	out[0] = (v[0] * (d * f - e * e) - b * (v[1] * f - e * v[2]) + c * (v[1] * e - d * v[2])) / det;
	out[1] = (a * (v[1] * f - e * v[2]) - v[0] * (b * f - c * e) + c * (b * v[2] - v[1] * c)) / det;
	out[2] = (a * (d * v[2] - v[1] * e) - b * (b * v[2] - v[1] * c) + v[0] * (b * e - c * d)) / det;
	return true;
}

/* The points of the plane-like parts: eyes (36–47) and outer mouth (48–59). */
#define PLANE_FIRST 36
#define PLANE_END 60

/* How far the nose (27–35) is from where the affine map that carries eyes and mouth
 * of one frame onto the other's would put it, in distances between the eyes. */
static float
depth_shown(const struct engine_face *from, const struct engine_face *to)
{
	double m[6] = {0};
	double vx[3] = {0};
	double vy[3] = {0};
	for (int i = PLANE_FIRST; i < PLANE_END; i++) {
		double x = (double)(from->points[i].x - from->five[2].x);
		double y = (double)(from->points[i].y - from->five[2].y);
		m[0] += x * x;
		m[1] += x * y;
		m[2] += x;
		m[3] += y * y;
		m[4] += y;
		m[5] += 1;
		double u = (double)to->points[i].x;
		double v = (double)to->points[i].y;
		vx[0] += x * u;
		vx[1] += y * u;
		vx[2] += u;
		vy[0] += x * v;
		vy[1] += y * v;
		vy[2] += v;
	}
	double ax[3];
	double ay[3];
	if (!solve3(m, vx, ax) || !solve3(m, vy, ay))
		return 0;
	double sum = 0;
	for (int i = 27; i < 36; i++) {
		double x = (double)(from->points[i].x - from->five[2].x);
		double y = (double)(from->points[i].y - from->five[2].y);
		sum += hypot(ax[0] * x + ax[1] * y + ax[2] - (double)to->points[i].x,
			     ay[0] * x + ay[1] * y + ay[2] - (double)to->points[i].y);
	}
	double eyes = hypot((double)(to->five[1].x - to->five[0].x), (double)(to->five[1].y - to->five[0].y));
	return eyes > 1 ? (float)(sum / 9 / eyes) : 0;
}

/* A turn of TURN_MIN_DEG moves a real nose further than this. */
#define DEPTH_MIN 0.050f

/* --- the verdict --- */

static enum code
look_at(struct scope *sc, struct face_engine *e, struct face_picture picture, struct frame *f, enum face_hint *hint)
{
	struct engine_capture c;
	TRY(engine_capture(sc, e, picture, &c));
	*hint = hint_but_pose(&c);
	if (*hint != FACE_HINT_NONE)
		return OK;
	f->portrait = c.portrait;
	f->has_light = face_light_measure(&c, &f->light);
	return engine_embed(sc, e, &c.portrait, f->vector);
}

static bool
faces_camera(const struct frame *f)
{
	return fabsf(f->portrait.quality.yaw_deg) <= FRONT_MAX_DEG;
}

/* With the first frame and with the one before it. */
static bool
same_person(const struct face_engine *e, const struct frame *frames, size_t at)
{
	double same = calibration_score(&e->calibration, 1e-2);
	if (engine_score(frames[0].vector, frames[at].vector) < same)
		return false;
	return at < 2 || engine_score(frames[at - 1].vector, frames[at].vector) >= same;
}

static enum face_live
judge_pose(const struct face_engine *e, const struct frame *frames, size_t at, enum face_ask ask)
{
	const struct frame *first = &frames[0];
	const struct frame *f = &frames[at];
	if (!shows(&first->portrait.quality, &f->portrait.quality, ask))
		return LIVE_ORDER;
	if (!same_person(e, frames, at))
		return LIVE_SPLICE;
	bool turned = ask == ASK_LEFT || ask == ASK_RIGHT;
	if (turned && depth_shown(&first->portrait.face, &f->portrait.face) < DEPTH_MIN)
		return LIVE_FLAT;
	return LIVE_ALIVE;
}

static enum face_live
judge_frame(const struct face_engine *e, const struct face_challenge *c, const struct frame *frames, size_t at)
{
	if (at > 0 && at < CHALLENGE_FRAMES)
		return judge_pose(e, frames, at, c->asks[at - 1]);
	if (at > 0 && !same_person(e, frames, at))
		return LIVE_SPLICE;
	if (!faces_camera(&frames[at]))
		return LIVE_ORDER;
	return at > 0 && !frames[at].has_light ? LIVE_UNLIT : LIVE_ALIVE;
}

static bool
lights_seen(const struct face_challenge *c, const struct frame *frames)
{
	struct face_light seen[CHALLENGE_LIGHTS];
	uint8_t colours[CHALLENGE_LIGHTS];
	for (size_t i = 0; i < c->n_lights; i++) {
		seen[i] = frames[CHALLENGE_FRAMES + i].light;
		colours[i] = (uint8_t)c->lights[i];
	}
	return face_light_rise(seen, colours, c->n_lights) >= FACE_LIGHT_MIN;
}

/* Looks at frame after frame until one fails; *v says which and why. */
static enum code
judge_frames(struct scope *sc, struct face_engine *e, const struct face_challenge *c, const struct face_picture *frames,
	     struct frame *seen, struct face_live_verdict *v)
{
	assert(face_challenge_is_fair(c));
	v->live = LIVE_ALIVE;
	for (size_t i = 0; i < face_challenge_frames(c) && v->live == LIVE_ALIVE; i++) {
		v->at = i;
		TRY(look_at(sc, e, frames[i], &seen[i], &v->hint));
		v->live = v->hint != FACE_HINT_NONE ? LIVE_POOR : judge_frame(e, c, seen, i);
	}
	if (v->live == LIVE_ALIVE && c->n_lights > 0 && !lights_seen(c, seen))
		v->live = LIVE_UNLIT;
	return OK;
}

enum code
face_challenge_judge(struct scope *sc, struct face_engine *e, const struct face_challenge *c,
		     const struct face_picture *frames, struct face_live_verdict *out)
{
	struct frame *seen = NEW_ARRAY(sc, CHALLENGE_FRAMES_MAX, struct frame);
	struct face_live_verdict v = {.hint = FACE_HINT_NONE};
	TRY(judge_frames(sc, e, c, frames, seen, &v));
	if (v.live == LIVE_ALIVE) {
		const float *front[1] = {seen[0].vector};
		v.template.version = 1;
		v.template.pictures = 1;
		memcpy(v.template.model_set, e->set, sizeof e->set);
		engine_mean(e, front, 1, v.template.vector);
	}
	*out = v;
	return OK;
}

/* --- alive, and her --- */

static enum face_hint
hint_of_live(const struct face_live_verdict *v)
{
	switch (v->live) {
	case LIVE_POOR: return v->hint;
	case LIVE_SPLICE: return FACE_HINT_SAME;
	case LIVE_UNLIT: return FACE_HINT_SCREEN;
	default: return FACE_HINT_POSE;
	}
}

/* Every frame by itself within 1e-2, their mean as the policy has it. */
static struct face_verdict
compare(const struct face_engine *e, const struct frame *seen, size_t n, const struct face_template *enrolled)
{
	const float *list[CHALLENGE_FRAMES_MAX];
	float probe[FACE_VECTOR_DIM];
	double floor_score = calibration_score(&e->calibration, 1e-2);
	bool each = true;
	for (size_t i = 0; i < n; i++) {
		list[i] = seen[i].vector;
		each = each && engine_score(enrolled->vector, seen[i].vector) >= floor_score;
	}
	engine_mean(e, list, n, probe);
	double score = engine_score(enrolled->vector, probe);
	enum face_decision d = engine_decide(e, score);
	if (d == FACE_MATCH && !each)
		d = FACE_UNSURE;
	enum face_hint hint = d == FACE_UNSURE ? quality_hint_soft(&seen[0].portrait.quality) : FACE_HINT_NONE;
	struct face_verdict v = {d, hint, engine_band(e, score)};
	if (engine_covered(&seen[0].portrait))
		engine_uncover(&v);
	return v;
}

enum code
face_challenge_check(struct scope *sc, struct face_engine *e, const struct face_challenge *c,
		     const struct face_picture *frames, const struct face_template *enrolled,
		     struct face_live_check *out)
{
	struct frame *seen = NEW_ARRAY(sc, CHALLENGE_FRAMES_MAX, struct frame);
	struct face_live_verdict v = {.hint = FACE_HINT_NONE};
	TRY(engine_template_check(sc, e, enrolled));
	TRY(judge_frames(sc, e, c, frames, seen, &v));
	struct face_live_check check = {{FACE_POOR_CAPTURE, hint_of_live(&v), FACE_FMR_ABOVE_1E2}, v.live};
	if (v.live == LIVE_ALIVE)
		check.verdict = compare(e, seen, face_challenge_frames(c), enrolled);
	*out = check;
	return OK;
}
