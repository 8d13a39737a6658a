#include "face/door_wire.h"

#include <math.h>

#include "face/engine.h"

static size_t
pictures_of(enum door_op op)
{
	return op == DOOR_COMPARE ? 2 : op == DOOR_LIVE ? CHALLENGE_FRAMES : 1;
}

enum code
door_request(struct scope *sc, enum door_op op, const struct face_challenge *challenge,
	     const struct face_picture *pictures, uint8_t **bytes, size_t *n)
{
	size_t count = pictures_of(op);
	size_t total = op == DOOR_LIVE ? 4 + CHALLENGE_ASKS : 4;
	for (size_t i = 0; i < count; i++) {
		if (pictures[i].n > FACE_PICTURE_BYTES_MAX)
			return fail_as(sc, E_LIMIT, "picture-too-large", "the picture has %zu bytes", pictures[i].n);
		total += 4 + pictures[i].n;
	}
	uint8_t *p = scope_alloc(sc, total);
	uint8_t *at = p;
	const uint8_t head[4] = {'W', 'D', (uint8_t)op, (uint8_t)count};
	memcpy(at, head, sizeof head);
	at += sizeof head;
	for (size_t i = 0; op == DOOR_LIVE && i < CHALLENGE_ASKS; i++)
		*at++ = (uint8_t)challenge->asks[i];
	for (size_t i = 0; i < count; i++) {
		for (int k = 0; k < 4; k++)
			*at++ = (uint8_t)(pictures[i].n >> (8 * k));
		if (pictures[i].n > 0)
			memcpy(at, pictures[i].bytes, pictures[i].n);
		at += pictures[i].n;
	}
	*bytes = p;
	*n = total;
	return OK;
}

static bool
found_is_sound(const struct face_found *f)
{
	if (f->n > FACE_FOUND_MAX || f->hint >= FACE_HINT_COUNT)
		return false;
	for (size_t i = 0; i < f->n; i++) {
		const struct face_box *b = &f->faces[i];
		if (!isfinite(b->left) || !isfinite(b->top) || !isfinite(b->right) || !isfinite(b->bottom))
			return false;
	}
	return f->n == 0 || (f->width > 0 && f->height > 0);
}

enum code
door_answer_read(struct scope *sc, enum door_op op, const uint8_t *bytes, size_t n, struct door_answer *out)
{
	struct door_answer *a = NEW(sc, struct door_answer);
	if (n < 4 || bytes[0] != 'W' || bytes[1] != 'R' || bytes[2] != op || bytes[3] > E_INTERNAL)
		return fail(sc, E_CORRUPT, "a child answered something that is no answer");
	if (bytes[3] != OK && n - 4 < sizeof sc->err.message)
		return fail(sc, (enum code)bytes[3], "%.*s", (int)(n - 4), (const char *)bytes + 4);
	if (bytes[3] != OK || n - 4 != sizeof *a)
		return fail(sc, E_CORRUPT, "a child answered something that is no answer");
	memcpy(a, bytes + 4, sizeof *a);
	bool sound = found_is_sound(&a->source) && found_is_sound(&a->target) && a->live < LIVE_COUNT &&
		     a->hint < FACE_HINT_COUNT;
	for (size_t i = 0; sound && op == DOOR_COMPARE && i < a->target.n; i++)
		sound = a->fmr[i] > 0 && a->fmr[i] <= 1;
	if (!sound)
		return fail(sc, E_CORRUPT, "a child answered something that is no answer");
	*out = *a;
	return OK;
}

/* --- the child's side --- */

static enum code
request_read(struct scope *sc, const uint8_t *p, size_t n, struct face_challenge *challenge,
	     struct face_picture pictures[static CHALLENGE_FRAMES])
{
	if (n < 4 || p[0] != 'W' || p[1] != 'D' || p[2] < DOOR_DETECT || p[2] > DOOR_LIVE ||
	    p[3] != pictures_of((enum door_op)p[2]))
		return fail(sc, E_INVALID, "this is no request");
	size_t at = 4;
	for (size_t i = 0; p[2] == DOOR_LIVE && i < CHALLENGE_ASKS; i++, at++) {
		if (at >= n || p[at] >= ASK_COUNT)
			return fail(sc, E_INVALID, "this request asks for no pose");
		challenge->asks[i] = (enum face_ask)p[at];
	}
	for (size_t i = 0; i < p[3]; i++) {
		size_t len = 0;
		if (n - at < 4)
			return fail(sc, E_INVALID, "this request ends early");
		for (size_t k = 0; k < 4; k++)
			len |= (size_t)p[at + k] << (8 * k);
		at += 4;
		if (len > n - at)
			return fail(sc, E_INVALID, "this request ends early");
		pictures[i] = (struct face_picture){p + at, len};
		at += len;
	}
	if (p[2] == DOOR_LIVE && !face_challenge_is_fair(challenge))
		return fail(sc, E_INVALID, "this request asks for poses that no challenge has");
	return at == n ? OK : fail(sc, E_INVALID, "this request goes on behind its end");
}

static enum code
compare(struct scope *sc, struct face_engine *e, const struct face_picture *pictures, struct door_answer *a)
{
	struct engine_capture source;
	struct picture p;
	float mine[FACE_VECTOR_DIM];
	TRY(face_analyse(sc, e, pictures[0], &a->source));
	TRY(face_analyse(sc, e, pictures[1], &a->target));
	if (a->source.n == 0)
		return OK;
	TRY(engine_capture(sc, e, pictures[0], &source));
	if (source.faces == 0)
		return OK;
	TRY(engine_embed(sc, e, &source.portrait, mine));
	TRY(picture_decode(sc, pictures[1].bytes, pictures[1].n, ENGINE_SIDE * 2, &p));
	float x = (float)p.width / (float)a->target.width;
	float y = (float)p.height / (float)a->target.height;
	for (size_t i = 0; i < a->target.n; i++) {
		const struct face_box *b = &a->target.faces[i];
		struct engine_face box = {
		    .left = b->left * x, .top = b->top * y, .right = b->right * x, .bottom = b->bottom * y};
		struct engine_portrait portrait;
		float other[FACE_VECTOR_DIM];
		TRY(engine_portrait(sc, e, &p, &box, &portrait));
		TRY(engine_embed(sc, e, &portrait, other));
		a->fmr[i] = calibration_fmr(&e->calibration, engine_score(mine, other));
	}
	return OK;
}

static enum code
answer_body(struct scope *sc, struct face_engine *e, const uint8_t *request, size_t n, struct door_answer *a)
{
	struct face_picture pictures[CHALLENGE_FRAMES];
	struct face_challenge challenge = {.deadline_ms = 0};
	TRY(request_read(sc, request, n, &challenge, pictures));
	if (e == NULL)
		return fail(sc, E_UNAVAILABLE, "there is no engine behind this");
	if (request[2] == DOOR_DETECT)
		return face_analyse(sc, e, pictures[0], &a->source);
	if (request[2] == DOOR_COMPARE)
		return compare(sc, e, pictures, a);
	struct face_live_verdict v;
	TRY(face_challenge_judge(sc, e, &challenge, pictures, &v));
	a->live = (uint32_t)v.live;
	a->hint = (uint32_t)v.hint;
	return OK;
}

void
door_handle(struct scope *sc, struct face_engine *e, const uint8_t *request, size_t n, uint8_t **answer,
	    size_t *answer_n)
{
	struct door_answer *a = NEW(sc, struct door_answer);
	enum code rc = answer_body(sc, e, request, n, a);
	const void *body = rc == OK ? (const void *)a : sc->err.message;
	size_t len = rc == OK ? sizeof *a : strlen(sc->err.message);
	uint8_t *p = scope_alloc(sc, len + 4);
	const uint8_t head[4] = {'W', 'R', n > 2 ? request[2] : 0, (uint8_t)rc};
	memcpy(p, head, sizeof head);
	memcpy(p + 4, body, len);
	*answer = p;
	*answer_n = len + 4;
}
