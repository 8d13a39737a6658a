#include "face/face_wire.h"

enum { OP_ENROL = 1, OP_CHECK = 2, OP_REDACT = 3, OP_LIVE = 4 };

#define NO_LIGHT 255
#define PICTURES_MAX CHALLENGE_FRAMES_MAX /* of any operation */

/* What stands before the pictures of a LIVE request. */
struct live_head {
	struct face_template template;
	uint8_t asks[CHALLENGE_ASKS];
	uint8_t lights[CHALLENGE_LIGHTS];
};

static size_t
pictures_max(uint8_t op)
{
	return op == OP_REDACT ? 1 : op == OP_LIVE ? CHALLENGE_FRAMES_MAX : FACE_PICTURES_MAX;
}

static size_t
bytes_max(uint8_t op)
{
	return op == OP_LIVE ? FACE_FRAME_BYTES_MAX : FACE_PICTURE_BYTES_MAX;
}

static size_t
head_bytes(uint8_t op)
{
	switch (op) {
	case OP_CHECK: return sizeof(struct face_template);
	case OP_LIVE: return sizeof(struct live_head);
	case OP_REDACT: return 4;
	default: return 0;
	}
}

static void
put_u32(uint8_t *p, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> (8 * i));
}

static uint32_t
get_u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* --- requests out --- */

static enum code
request(struct scope *sc, uint8_t op, const void *head, const struct face_picture *pictures, size_t n, uint8_t **bytes,
	size_t *len)
{
	size_t head_n = head_bytes(op);
	if (n < 1 || n > pictures_max(op))
		return fail_as(sc, E_LIMIT, "too-many-pictures", "%zu pictures; 1 to %zu are accepted", n,
			       pictures_max(op));
	size_t total = 4 + head_n;
	for (size_t i = 0; i < n; i++) {
		if (pictures[i].n > bytes_max(op))
			return fail_as(sc, E_LIMIT, "picture-too-large",
				       "the picture has %zu bytes; at most %zu are accepted", pictures[i].n,
				       bytes_max(op));
		total += 4 + pictures[i].n;
	}
	uint8_t *p = scope_alloc(sc, total);
	uint8_t *at = p;
	*at++ = 'W';
	*at++ = 'F';
	*at++ = op;
	*at++ = (uint8_t)n;
	if (head_n > 0)
		memcpy(at, head, head_n);
	at += head_n;
	for (size_t i = 0; i < n; i++) {
		put_u32(at, (uint32_t)pictures[i].n);
		at += 4;
		if (pictures[i].n > 0)
			memcpy(at, pictures[i].bytes, pictures[i].n);
		at += pictures[i].n;
	}
	*bytes = p;
	*len = total;
	return OK;
}

enum code
face_wire_enrol_request(struct scope *sc, const struct face_picture *pictures, size_t n, uint8_t **bytes, size_t *len)
{
	return request(sc, OP_ENROL, NULL, pictures, n, bytes, len);
}

enum code
face_wire_check_request(struct scope *sc, const struct face_template *enrolled, const struct face_picture *pictures,
			size_t n, uint8_t **bytes, size_t *len)
{
	return request(sc, OP_CHECK, enrolled, pictures, n, bytes, len);
}

enum code
face_wire_redact_request(struct scope *sc, struct face_picture picture, uint32_t max_side, uint8_t **bytes, size_t *len)
{
	uint8_t side[4];
	put_u32(side, max_side);
	return request(sc, OP_REDACT, side, &picture, 1, bytes, len);
}

enum code
face_wire_live_request(struct scope *sc, const struct face_template *enrolled, const struct face_challenge *c,
		       const struct face_picture *frames, size_t n, uint8_t **bytes, size_t *len)
{
	struct live_head *head = NEW(sc, struct live_head);
	if (n != face_challenge_frames(c))
		return fail_as(sc, E_INVALID, "frames", "this challenge is answered by %zu frames, not %zu",
			       face_challenge_frames(c), n);
	head->template = *enrolled;
	for (size_t i = 0; i < CHALLENGE_ASKS; i++)
		head->asks[i] = (uint8_t)c->asks[i];
	for (size_t i = 0; i < CHALLENGE_LIGHTS; i++)
		head->lights[i] = c->n_lights > 0 ? (uint8_t)c->lights[i] : NO_LIGHT;
	return request(sc, OP_LIVE, head, frames, n, bytes, len);
}

/* --- answers in --- */

static enum code
not_an_answer(struct scope *sc)
{
	return fail_as(sc, E_CORRUPT, "worker-nonsense", "a face child answered something that is no answer");
}

/* The body behind the head; the child's own failure is passed on as this call's. */
static enum code
answer_body(struct scope *sc, uint8_t op, const uint8_t *bytes, size_t n, const uint8_t **body, size_t *body_n)
{
	if (n < 4 || bytes[0] != 'W' || bytes[1] != 'A' || bytes[2] != op || bytes[3] > E_INTERNAL)
		return not_an_answer(sc);
	if (bytes[3] != OK) {
		if (n - 4 >= sizeof sc->err.message)
			return not_an_answer(sc);
		return fail(sc, (enum code)bytes[3], "%.*s", (int)(n - 4), (const char *)bytes + 4);
	}
	*body = bytes + 4;
	*body_n = n - 4;
	return OK;
}

enum code
face_wire_enrol_answer(struct scope *sc, const uint8_t *bytes, size_t n, struct face_enrolled *out)
{
	const uint8_t *b;
	size_t len;
	TRY(answer_body(sc, OP_ENROL, bytes, n, &b, &len));
	bool template = len == 4 + sizeof out->template;
	if ((!template && len != 4) || b[0] >= FACE_HINT_COUNT || b[1] >= FACE_PICTURES_MAX || b[2] != 0 || b[3] != 0 ||
	    (b[0] == FACE_HINT_NONE) != template)
		return not_an_answer(sc);
	struct face_enrolled e = {.hint = (enum face_hint)b[0], .at = b[1]};
	if (template)
		memcpy(&e.template, b + 4, sizeof e.template);
	*out = e;
	return OK;
}

/* CHECK's answer, and LIVE's with a word more: enum face_live. */
static enum code
verdict_answer(struct scope *sc, uint8_t op, const uint8_t *bytes, size_t n, struct face_live_check *out)
{
	const uint8_t *b;
	size_t len;
	TRY(answer_body(sc, op, bytes, n, &b, &len));
	if (len != 4 || b[0] >= FACE_DECISION_COUNT || b[1] >= FACE_HINT_COUNT || b[2] >= FACE_FMR_COUNT ||
	    b[3] >= LIVE_COUNT)
		return not_an_answer(sc);
	/* A match below the policy's rate is a contradiction, whoever says it; so is anything but another try for
	 * what is not alive. */
	if ((b[0] == FACE_MATCH && b[2] < FACE_FMR_1E4) || (b[3] != LIVE_ALIVE && b[0] != FACE_POOR_CAPTURE))
		return not_an_answer(sc);
	*out = (struct face_live_check){{(enum face_decision)b[0], (enum face_hint)b[1], (enum face_fmr_band)b[2]},
					(enum face_live)b[3]};
	return OK;
}

enum code
face_wire_check_answer(struct scope *sc, const uint8_t *bytes, size_t n, struct face_verdict *out)
{
	struct face_live_check check;
	TRY(verdict_answer(sc, OP_CHECK, bytes, n, &check));
	if (check.live != LIVE_ALIVE)
		return not_an_answer(sc);
	*out = check.verdict;
	return OK;
}

enum code
face_wire_live_answer(struct scope *sc, const uint8_t *bytes, size_t n, struct face_live_check *out)
{
	return verdict_answer(sc, OP_LIVE, bytes, n, out);
}

enum code
face_wire_redact_answer(struct scope *sc, const uint8_t *bytes, size_t n, const uint8_t **jpeg, size_t *jpeg_n)
{
	const uint8_t *b;
	size_t len;
	TRY(answer_body(sc, OP_REDACT, bytes, n, &b, &len));
	if (len < 4 || b[0] != 0xFF || b[1] != 0xD8 || b[len - 2] != 0xFF || b[len - 1] != 0xD9)
		return not_an_answer(sc);
	*jpeg = b;
	*jpeg_n = len;
	return OK;
}

/* --- the child's side --- */

struct asked {
	uint8_t op;
	size_t n;
	struct face_picture pictures[PICTURES_MAX];
	struct live_head head; /* the template alone: CHECK */
	struct face_challenge challenge;
	uint32_t max_side;
};

static enum code
challenge_read(struct scope *sc, const struct live_head *head, size_t frames, struct face_challenge *out)
{
	struct face_challenge c = {.n_lights = head->lights[0] == NO_LIGHT ? 0 : CHALLENGE_LIGHTS};
	for (size_t i = 0; i < CHALLENGE_ASKS; i++)
		c.asks[i] = (enum face_ask)head->asks[i];
	for (size_t i = 0; i < CHALLENGE_LIGHTS; i++) {
		if (c.n_lights == 0 && head->lights[i] != NO_LIGHT)
			return fail(sc, E_INVALID, "this request asks for half of the lights");
		c.lights[i] = c.n_lights > 0 ? (enum face_colour)head->lights[i] : LIGHT_RED;
	}
	if (!face_challenge_is_fair(&c) || face_challenge_frames(&c) != frames)
		return fail(sc, E_INVALID, "this request asks for what no challenge does");
	*out = c;
	return OK;
}

static enum code
head_read(struct scope *sc, const uint8_t *p, struct asked *a)
{
	if (a->op == OP_REDACT)
		a->max_side = get_u32(p);
	else
		memcpy(&a->head, p, head_bytes(a->op));
	return a->op == OP_LIVE ? challenge_read(sc, &a->head, a->n, &a->challenge) : OK;
}

static enum code
request_read(struct scope *sc, const uint8_t *p, size_t n, struct asked *out)
{
	if (n < 4 || p[0] != 'W' || p[1] != 'F' || p[2] < OP_ENROL || p[2] > OP_LIVE || p[3] < 1 ||
	    p[3] > pictures_max(p[2]))
		return fail(sc, E_INVALID, "this is no request");
	struct asked a = {.op = p[2], .n = p[3]};
	size_t at = 4;
	if (n - at < head_bytes(a.op))
		return fail(sc, E_INVALID, "this request ends early");
	TRY(head_read(sc, p + at, &a));
	at += head_bytes(a.op);
	for (size_t i = 0; i < a.n; i++) {
		if (n - at < 4 || get_u32(p + at) > n - at - 4)
			return fail(sc, E_INVALID, "this request ends early");
		a.pictures[i] = (struct face_picture){p + at + 4, get_u32(p + at)};
		if (a.pictures[i].n > bytes_max(a.op))
			return fail(sc, E_LIMIT, "a picture of this request is too large");
		at += 4 + a.pictures[i].n;
	}
	if (at != n)
		return fail(sc, E_INVALID, "this request goes on behind its end");
	*out = a;
	return OK;
}

static void
answer_put(struct scope *sc, uint8_t op, enum code status, const void *a, size_t a_n, const void *b, size_t b_n,
	   uint8_t **answer, size_t *answer_n)
{
	uint8_t *p = scope_alloc(sc, 4 + a_n + b_n);
	p[0] = 'W';
	p[1] = 'A';
	p[2] = op;
	p[3] = (uint8_t)status;
	if (a_n > 0)
		memcpy(p + 4, a, a_n);
	if (b_n > 0)
		memcpy(p + 4 + a_n, b, b_n);
	*answer = p;
	*answer_n = 4 + a_n + b_n;
}

static enum code
do_enrol(struct scope *sc, struct face_engine *e, const struct asked *a, uint8_t **answer, size_t *answer_n)
{
	struct face_template t;
	enum face_hint hint;
	size_t at;
	TRY(face_template_make(sc, e, a->pictures, a->n, &t, &hint, &at));
	uint8_t head[4] = {(uint8_t)hint, (uint8_t)at, 0, 0};
	answer_put(sc, a->op, OK, head, 4, &t, hint == FACE_HINT_NONE ? sizeof t : 0, answer, answer_n);
	return OK;
}

static enum code
do_check(struct scope *sc, struct face_engine *e, const struct asked *a, uint8_t **answer, size_t *answer_n)
{
	struct face_verdict v;
	TRY(face_check(sc, e, &a->head.template, a->pictures, a->n, &v));
	uint8_t head[4] = {(uint8_t)v.decision, (uint8_t)v.hint, (uint8_t)v.band, 0};
	answer_put(sc, a->op, OK, head, 4, NULL, 0, answer, answer_n);
	return OK;
}

static enum code
do_live(struct scope *sc, struct face_engine *e, const struct asked *a, uint8_t **answer, size_t *answer_n)
{
	struct face_live_check c;
	TRY(face_challenge_check(sc, e, &a->challenge, a->pictures, &a->head.template, &c));
	uint8_t head[4] = {(uint8_t)c.verdict.decision, (uint8_t)c.verdict.hint, (uint8_t)c.verdict.band,
			   (uint8_t)c.live};
	answer_put(sc, a->op, OK, head, 4, NULL, 0, answer, answer_n);
	return OK;
}

static enum code
do_redact(struct scope *sc, struct face_engine *e, const struct asked *a, uint8_t **answer, size_t *answer_n)
{
	uint8_t *jpeg;
	size_t n;
	if (a->max_side > FACE_REDACT_SIDE_MAX)
		return fail(sc, E_LIMIT, "the longer side is at most %u pixels", FACE_REDACT_SIDE_MAX);
	TRY(face_redact(sc, e, a->pictures[0], a->max_side, &jpeg, &n));
	if (n > FACE_WIRE_ANSWER_MAX - 4)
		return fail(sc, E_LIMIT, "the redacted picture is too large");
	answer_put(sc, a->op, OK, jpeg, n, NULL, 0, answer, answer_n);
	return OK;
}

void
face_wire_handle(struct scope *sc, struct face_engine *e, const uint8_t *bytes, size_t n, uint8_t **answer,
		 size_t *answer_n)
{
	struct asked *a = NEW(sc, struct asked);
	enum code rc = request_read(sc, bytes, n, a);
	if (rc == OK && e == NULL)
		rc = fail(sc, E_UNAVAILABLE, "there is no engine behind this");
	if (rc == OK) {
		switch (a->op) {
		case OP_ENROL: rc = do_enrol(sc, e, a, answer, answer_n); break;
		case OP_CHECK: rc = do_check(sc, e, a, answer, answer_n); break;
		case OP_LIVE: rc = do_live(sc, e, a, answer, answer_n); break;
		default: rc = do_redact(sc, e, a, answer, answer_n);
		}
	}
	if (rc != OK)
		answer_put(sc, a->op, rc, sc->err.message, strlen(sc->err.message), NULL, 0, answer, answer_n);
}
