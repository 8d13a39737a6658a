#include "face/face_attack.h"

#include <math.h>

#include "base/file.h"
#include "base/prng.h"
#include "face/attack_light.h"
#include "face/challenge.h"
#include "face/engine.h"
#include "face/face_bench_lists.h"
#include "face/rate.h"
#include "face/relief.h"

#define FRAME_SIDE 320

/* A picture of the set as a frame: its bytes, and how its head stands. */
struct shot {
	struct face_picture jpeg, closer;
	struct face_quality quality, closer_quality;
	bool usable, has_closer;
	int32_t person;
};

enum kind {
	KIND_GENUINE,
	KIND_FLAT,
	KIND_BENT,
	KIND_REPLAY,
	KIND_ORDER,
	KIND_SPLICE,
	KIND_RELIEF,
	KIND_OWN,      /* a genuine sequence against her own template */
	KIND_STRANGER, /* … against somebody else's */
	KIND_LIT,      /* the lights alone: as enum lit from here on */
	KINDS = KIND_LIT + LIT_KINDS
};

struct attacks {
	struct face_engine *e;
	struct prng r;
	struct shot *shots;
	size_t n_shots;
	size_t presented[KINDS];
	size_t accepted[KINDS];
	size_t said[KINDS][LIVE_COUNT];
};

/* --- making frames --- */

/* How a print is held: turned about the vertical and the horizontal axis, how much
 * larger, and the radius it is bent round, in halves of its width (0: flat). */
struct hold {
	float yaw, pitch, scale, shift_x, shift_y, radius;
};

#define CAMERA_DISTANCE 2.2f /* widths of the print */

/* Where on the print (−1 … 1) the ray through the frame's point (x, y) lands. */
static bool
print_point(const struct hold *h, float x, float y, float *u, float *v)
{
	float cy = cosf(h->yaw);
	float sy = sinf(h->yaw);
	float cp = cosf(h->pitch);
	float sp = sinf(h->pitch);
	const float d = 2 * CAMERA_DISTANCE;
	x = x / h->scale - h->shift_x;
	y = y / h->scale - h->shift_y;
	/* The print's axes in space: (cy, sp·sy, −cp·sy) and (0, cp, sp). */
	float a = d * cy + x * cp * sy;
	float b = -x * sp;
	float c = d * sp * sy + y * cp * sy;
	float e = d * cp - y * sp;
	float det = a * e - b * c;
	if (fabsf(det) < 1e-4f)
		return false;
	float pu = (x * d * e - b * y * d) / det;
	float pv = (a * y * d - c * x * d) / det;
	if (h->radius > 0) {
		if (fabsf(pu) >= h->radius)
			return false;
		pu = h->radius * asinf(pu / h->radius);
	}
	*u = pu;
	*v = pv;
	return fabsf(pu) <= 1 && fabsf(pv) <= 1;
}

static enum code
print_frame(struct scope *sc, const struct picture *print, const struct hold *h, struct face_picture *out)
{
	struct picture p = {FRAME_SIDE, FRAME_SIDE, FRAME_SIDE, FRAME_SIDE, 1, NULL};
	uint8_t *jpeg;
	p.rgb = NEW_ARRAY(sc, (size_t)FRAME_SIDE * FRAME_SIDE * 3, uint8_t);
	for (int y = 0; y < FRAME_SIDE; y++) {
		for (int x = 0; x < FRAME_SIDE; x++) {
			float u;
			float v;
			float fx = ((float)x + 0.5f) / FRAME_SIDE * 2 - 1;
			float fy = ((float)y + 0.5f) / FRAME_SIDE * 2 - 1;
			if (!print_point(h, fx, fy, &u, &v))
				continue;
			/* One bilinear sample, as a chip of one pixel. */
			struct similarity at = {1, 0, (u + 1) / 2 * (float)(print->width - 1),
						(v + 1) / 2 * (float)(print->height - 1)};
			static const struct channel_norm as_is = {{0, 0, 0}, 1, false};
			float rgb[3];
			warp_chip(print, at, 1, &as_is, rgb);
			for (int c = 0; c < 3; c++)
				p.rgb[(y * FRAME_SIDE + x) * 3 + c] = (uint8_t)rgb[c];
		}
	}
	TRY(picture_encode(sc, &p, 90, &jpeg, &out->n));
	out->bytes = jpeg;
	return OK;
}

static enum code
take_shot(struct scope *sc, struct scope *one, struct attacks *a, const char *path, struct shot *s)
{
	uint8_t *bytes;
	struct engine_capture c;
	struct picture p;
	struct face_picture near;
	TRY(file_read(sc, path, FACE_PICTURE_BYTES_MAX, &bytes, &s->jpeg.n));
	s->jpeg.bytes = bytes;
	TRY(engine_capture(one, a->e, s->jpeg, &c));
	s->quality = c.portrait.quality;
	/* Bystanders of a news photograph are not the phone's: such pictures are left out. */
	s->usable = c.hint == FACE_HINT_NONE || c.hint == FACE_HINT_TURN;
	if (!s->usable)
		return OK;
	TRY(picture_decode(one, s->jpeg.bytes, s->jpeg.n, ENGINE_SIDE, &p));
	const struct hold closer = {.scale = 1.4f};
	TRY(print_frame(one, &p, &closer, &near));
	s->closer = (struct face_picture){scope_memdup(sc, near.bytes, near.n), near.n};
	TRY(engine_capture(one, a->e, s->closer, &c));
	s->closer_quality = c.portrait.quality;
	s->has_closer = c.hint == FACE_HINT_NONE || c.hint == FACE_HINT_FURTHER;
	return OK;
}

static enum code
take_shots(struct scope *sc, struct attacks *a, const struct attack_options *o, const struct bench_lists *l)
{
	a->shots = NEW_ARRAY(sc, l->n_pictures, struct shot);
	a->n_shots = l->n_pictures;
	for (size_t i = 0; i < l->n_pictures; i++) {
		struct scope one;
		scope_init(&one);
		a->shots[i].person = l->pictures[i].person;
		enum code rc = take_shot(sc, &one, a, path_join(&one, o->images, l->pictures[i].path), &a->shots[i]);
		if (rc != OK && one.err.code == rc)
			rc = fail(sc, rc, "picture %zu: %s", i, one.err.message);
		scope_release(&one);
		TRY(rc);
	}
	return OK;
}

/* --- sequences --- */

struct sequence {
	struct face_challenge c;
	struct face_picture frames[CHALLENGE_FRAMES];
	int32_t person;
};

static void
draw_challenge(struct attacks *a, struct face_challenge *c)
{
	uint8_t random[32];
	for (size_t i = 0; i < sizeof random; i += 8) {
		uint64_t v = prng_u64(&a->r);
		memcpy(random + i, &v, 8);
	}
	face_challenge_make(random, 0, c);
}

static bool
fits(const struct face_quality *first, const struct face_quality *q, enum face_ask ask)
{
	float yaw = q->yaw_deg - first->yaw_deg;
	float pitch = q->pitch_deg - first->pitch_deg;
	bool turned = fabsf(yaw) / 14 >= fabsf(pitch) / 10;
	float larger = q->eye_distance_px / first->eye_distance_px;
	if (ask == ASK_CLOSER)
		return larger >= 1.25f && fabsf(yaw) < 8 && fabsf(pitch) < 5;
	if (larger > 1.15f) /* the same person from nearer: another pose */
		return false;
	switch (ask) {
	case ASK_LEFT: return turned && yaw >= 14 && yaw < 45;
	case ASK_RIGHT: return turned && yaw <= -14 && yaw > -45;
	case ASK_UP: return !turned && pitch >= 10;
	case ASK_DOWN: return !turned && pitch <= -10;
	default: return false;
	}
}

/* A person's pictures [from, to) as an answer to a fresh challenge; false: she has
 * no pictures for the poses of some forty draws. */
static bool
assemble(struct attacks *a, size_t from, size_t to, struct sequence *out)
{
	for (int draw = 0; draw < 40; draw++) {
		struct sequence s = {.person = a->shots[from].person};
		size_t first = from + prng_below(&a->r, (uint32_t)(to - from));
		const struct face_quality *front = &a->shots[first].quality;
		if (!a->shots[first].usable || fabsf(front->yaw_deg) > 12)
			continue;
		draw_challenge(a, &s.c);
		s.frames[0] = a->shots[first].jpeg;
		size_t found = 0;
		for (size_t k = 0; k < CHALLENGE_ASKS; k++) {
			size_t start = prng_below(&a->r, (uint32_t)(to - from));
			for (size_t i = 0; i < to - from; i++) {
				const struct shot *t = &a->shots[from + (start + i) % (to - from)];
				bool closer = s.c.asks[k] == ASK_CLOSER;
				if (!t->usable || (closer && !t->has_closer) ||
				    !fits(front, closer ? &t->closer_quality : &t->quality, s.c.asks[k]))
					continue;
				s.frames[k + 1] = closer ? t->closer : t->jpeg;
				found++;
				break;
			}
		}
		if (found == CHALLENGE_ASKS) {
			*out = s;
			return true;
		}
	}
	return false;
}

static enum code
present(struct scope *sc, struct attacks *a, enum kind kind, const struct face_challenge *c,
	const struct face_picture frames[static CHALLENGE_FRAMES])
{
	struct scope one;
	struct face_live_verdict v;
	scope_init(&one);
	enum code rc = face_challenge_judge(&one, a->e, c, frames, &v);
	if (rc != OK)
		rc = fail(sc, rc, "%s", one.err.message);
	scope_release(&one);
	TRY(rc);
	a->presented[kind]++;
	a->accepted[kind] += v.live == LIVE_ALIVE;
	a->said[kind][v.live]++;
	return OK;
}

static enum code
present_identity(struct scope *sc, struct attacks *a, enum kind kind, const struct sequence *s,
		 const struct face_template *enrolled)
{
	struct scope one;
	struct face_live_check check;
	scope_init(&one);
	enum code rc = face_challenge_check(&one, a->e, &s->c, s->frames, enrolled, &check);
	if (rc != OK)
		rc = fail(sc, rc, "%s", one.err.message);
	scope_release(&one);
	TRY(rc);
	a->presented[kind]++;
	a->accepted[kind] += check.verdict.decision == FACE_MATCH;
	a->said[kind][check.live]++;
	return OK;
}

/* --- the attacks --- */

static float
between(struct attacks *a, float low, float high)
{
	return low + (high - low) * (float)prng_unit(&a->r);
}

/* A print held as somebody would who knows what is asked. */
static struct hold
hold_for(struct attacks *a, enum face_ask ask, float radius)
{
	struct hold h = {.scale = 1, .radius = radius};
	float strong = between(a, 0.35f, 0.85f); /* 20 to 49 degrees */
	h.shift_x = between(a, -0.06f, 0.06f);
	h.shift_y = between(a, -0.06f, 0.06f);
	h.yaw = between(a, -0.05f, 0.05f);
	h.pitch = between(a, -0.05f, 0.05f);
	float sign = prng_below(&a->r, 4) == 0 ? -1.0f : 1.0f;
	if (ask == ASK_LEFT)
		h.yaw = sign * strong;
	if (ask == ASK_RIGHT)
		h.yaw = -sign * strong;
	if (ask == ASK_UP)
		h.pitch = sign * strong;
	if (ask == ASK_DOWN)
		h.pitch = -sign * strong;
	if (ask == ASK_CLOSER)
		h.scale = between(a, 1.3f, 1.6f);
	return h;
}

static enum code
attack_with_print(struct scope *sc, struct attacks *a, const struct shot *s, bool bent)
{
	struct scope one;
	struct picture print;
	struct face_challenge c;
	struct face_picture frames[CHALLENGE_FRAMES];
	scope_init(&one);
	draw_challenge(a, &c);
	float radius = bent ? between(a, 1.05f, 1.8f) : 0;
	enum code rc = picture_decode(&one, s->jpeg.bytes, s->jpeg.n, ENGINE_SIDE, &print);
	const struct hold straight = {.scale = 1, .radius = radius};
	if (rc == OK)
		rc = print_frame(&one, &print, &straight, &frames[0]);
	for (size_t k = 0; k < CHALLENGE_ASKS && rc == OK; k++) {
		struct hold h = hold_for(a, c.asks[k], radius);
		rc = print_frame(&one, &print, &h, &frames[k + 1]);
	}
	if (rc != OK)
		rc = fail(sc, rc, "%s", one.err.message);
	else
		rc = present(sc, a, bent ? KIND_BENT : KIND_FLAT, &c, frames);
	scope_release(&one);
	return rc;
}

/* The photograph over a head of generic shape that does all that is asked: what a
 * film driven by a model of faces would show. */
static enum code
attack_with_relief(struct scope *sc, struct attacks *a, const struct shot *s)
{
	struct scope one;
	struct picture photo;
	struct relief relief;
	struct face_challenge c;
	struct face_picture frames[CHALLENGE_FRAMES];
	scope_init(&one);
	struct face_found *found = NEW(&one, struct face_found);
	draw_challenge(a, &c);
	enum code rc = face_analyse(&one, a->e, s->jpeg, found);
	if (rc == OK)
		rc = picture_decode(&one, s->jpeg.bytes, s->jpeg.n, 0, &photo);
	if (rc == OK)
		rc = relief_of(&one, &photo, found->faces[0].points, &relief);
	for (size_t k = 0; k < CHALLENGE_FRAMES && rc == OK; k++) {
		struct relief_view v = k == 0 ? relief_plain : relief_asked(c.asks[k - 1], between(a, 0.9f, 1.1f));
		v.noise = 3;
		rc = relief_show(&one, &relief, &v, &a->r, &frames[k]);
	}
	if (rc != OK)
		rc = fail(sc, rc, "%s", one.err.message);
	else
		rc = present(sc, a, KIND_RELIEF, &c, frames);
	scope_release(&one);
	return rc;
}

static enum code
attack_with_light(struct scope *sc, struct attacks *a, const struct shot *s)
{
	for (int kind = 0; kind < LIT_KINDS; kind++) {
		struct scope one;
		bool seen;
		bool measured;
		scope_init(&one);
		enum code rc = attack_light_present(&one, a->e, &a->r, s->jpeg, (enum lit)kind, &seen, &measured);
		if (rc != OK)
			rc = fail(sc, rc, "%s", one.err.message);
		scope_release(&one);
		TRY(rc);
		a->presented[KIND_LIT + kind]++;
		a->accepted[KIND_LIT + kind] += seen;
		a->said[KIND_LIT + kind][seen ? LIVE_ALIVE : measured ? LIVE_UNLIT : LIVE_POOR]++;
	}
	return OK;
}

/* Those of a person's pictures [from, to) that are not in the sequence and face the camera, as she would enrol. */
static enum code
enrol_beside(struct scope *sc, struct attacks *a, size_t from, size_t to, const struct sequence *s,
	     struct face_template *out, bool *enrolled)
{
	struct face_picture pictures[3];
	struct scope one;
	enum face_hint hint;
	size_t at;
	size_t n = 0;
	for (size_t i = from; i < to && n < COUNT_OF(pictures); i++) {
		const struct shot *t = &a->shots[i];
		bool used = false;
		for (size_t k = 0; k < CHALLENGE_FRAMES; k++)
			used = used || s->frames[k].bytes == t->jpeg.bytes || s->frames[k].bytes == t->closer.bytes;
		if (!used && t->usable && fabsf(t->quality.yaw_deg) < 25)
			pictures[n++] = t->jpeg;
	}
	*enrolled = false;
	if (n == 0)
		return OK;
	scope_init(&one);
	enum code rc = face_template_make(&one, a->e, pictures, n, out, &hint, &at);
	if (rc != OK)
		rc = fail(sc, rc, "%s", one.err.message);
	scope_release(&one);
	*enrolled = rc == OK && hint == FACE_HINT_NONE;
	return rc;
}

static bool
same_asks(const struct face_challenge *a, const struct face_challenge *b)
{
	return memcmp(a->asks, b->asks, sizeof a->asks) == 0;
}

/* Everything that is made from one genuine sequence. */
static enum code
attack_with_sequence(struct scope *sc, struct attacks *a, const struct sequence *s, const struct sequence *others,
		     size_t n_others)
{
	struct face_picture frames[CHALLENGE_FRAMES];
	struct face_challenge c;
	TRY(present(sc, a, KIND_GENUINE, &s->c, s->frames));
	do
		draw_challenge(a, &c);
	while (same_asks(&c, &s->c)); /* equal ones: 1 in 128 draws; see docs/face.md */
	TRY(present(sc, a, KIND_REPLAY, &c, s->frames));
	memcpy(frames, s->frames, sizeof frames);
	size_t k = 1 + prng_below(&a->r, CHALLENGE_ASKS - 1);
	frames[k] = s->frames[k + 1];
	frames[k + 1] = s->frames[k];
	TRY(present(sc, a, KIND_ORDER, &s->c, frames));
	for (size_t i = 0; i < n_others; i++) {
		if (others[i].person == s->person)
			continue;
		memcpy(frames, s->frames, sizeof frames);
		frames[0] = others[i].frames[0];
		TRY(present(sc, a, KIND_SPLICE, &s->c, frames));
	}
	return OK;
}

/* Of people before: their sequences to splice, their templates to be taken for. */
struct others {
	struct sequence sequences[4];
	size_t n;
	struct face_template template;
	bool enrolled;
};

static enum code
run_identity(struct scope *sc, struct attacks *a, size_t from, size_t to, const struct sequence *s, struct others *o)
{
	struct face_template *own = NEW(sc, struct face_template);
	bool enrolled;
	TRY(enrol_beside(sc, a, from, to, s, own, &enrolled));
	if (enrolled)
		TRY(present_identity(sc, a, KIND_OWN, s, own));
	if (o->enrolled)
		TRY(present_identity(sc, a, KIND_STRANGER, s, &o->template));
	return OK;
}

static enum code
run_person(struct scope *sc, struct attacks *a, size_t from, size_t to, struct others *o)
{
	struct sequence s;
	struct sequence first;
	int i = 0;
	for (; i < 6 && to - from >= 3 && assemble(a, from, to, &s); i++) {
		if (i == 0)
			first = s;
		TRY(attack_with_sequence(sc, a, &s, o->sequences, o->n < 4 ? o->n : 4));
		TRY(run_identity(sc, a, from, to, &s, o));
	}
	if (i == 0)
		return OK;
	o->sequences[o->n++ % COUNT_OF(o->sequences)] = first;
	bool enrolled;
	struct face_template t;
	TRY(enrol_beside(sc, a, from, to, &first, &t, &enrolled));
	if (enrolled) {
		o->template = t;
		o->enrolled = true;
	}
	return OK;
}

static enum code
run_pictures(struct scope *sc, struct attacks *a, const struct attack_options *o)
{
	size_t done = 0;
	for (size_t i = 0; i < a->n_shots; i++) {
		const struct shot *s = &a->shots[i];
		if (!s->usable || (o->pictures > 0 && done >= (size_t)o->pictures))
			continue;
		TRY(attack_with_print(sc, a, s, false));
		TRY(attack_with_print(sc, a, s, true));
		bool front = fabsf(s->quality.yaw_deg) < 15;
		if (front)
			TRY(attack_with_relief(sc, a, s));
		if (front)
			TRY(attack_with_light(sc, a, s));
		done++;
	}
	return OK;
}

static enum code
run_all(struct scope *sc, struct attacks *a, const struct attack_options *o)
{
	struct others *others = NEW(sc, struct others);
	for (size_t from = 0; from < a->n_shots;) {
		size_t to = from;
		while (to < a->n_shots && a->shots[to].person == a->shots[from].person)
			to++;
		TRY(run_person(sc, a, from, to, others));
		from = to;
	}
	return run_pictures(sc, a, o);
}

static json_t *
kind_json(const struct attacks *a, enum kind kind)
{
	size_t n = a->presented[kind];
	size_t alive = a->accepted[kind];
	bool genuine =
	    kind == KIND_GENUINE || kind == KIND_OWN || kind == KIND_LIT + LIT_HEAD || kind == KIND_LIT + LIT_DIM;
	json_t *o = json_object();
	json_t *why = json_object();
	json_put_int(o, "presented", (int64_t)n);
	json_put_int(o, genuine ? "refused" : "accepted", (int64_t)(genuine ? n - alive : alive));
	json_put(o, genuine ? "bpcer" : "apcer", rate_json((struct rate){genuine ? n - alive : alive, n}));
	for (int i = 0; i < LIVE_COUNT; i++)
		json_put_int(why, face_live_word((enum face_live)i), (int64_t)a->said[kind][i]);
	json_put(o, "verdicts", why);
	return o;
}

static enum code
run_with(struct scope *sc, struct face_engine *e, const struct attack_options *o, json_t **result)
{
	static const char *const names[KIND_LIT] = {"genuine", "flat",	 "bent",	 "replay",  "order",
						    "splice",  "relief", "own_template", "stranger"};
	struct attacks *a = NEW(sc, struct attacks);
	struct bench_lists l;
	const struct bench_options lists = {.images = o->images};
	a->e = e;
	prng_seed(&a->r, o->seed);
	TRY(bench_lists_read(sc, &lists, &l));
	TRY(take_shots(sc, a, o, &l));
	TRY(run_all(sc, a, o));
	json_t *out = json_new_object(sc);
	for (int i = 0; i < KINDS; i++)
		json_put(out, i < KIND_LIT ? names[i] : lit_words[i - KIND_LIT], kind_json(a, (enum kind)i));
	json_put_int(out, "seed", (int64_t)o->seed);
	*result = out;
	return OK;
}

enum code
face_attack_run(struct scope *sc, const struct attack_options *options, json_t **result)
{
	struct face_engine *e;
	TRY(face_engine_open(sc, options->models, options->runtime, &e));
	sc->cap = (size_t)4 << 30;
	enum code rc = run_with(sc, e, options, result);
	face_engine_close(e);
	return rc;
}
