#include "face/relief.h"

#include <math.h>

const struct relief_view relief_plain = {.scale = 1, .gain = {1, 1, 1}, .behind = 0.15f};

/* The five points on a head seen from the front. */
static const struct face_point five_of_head[5] = {{-0.5f, 0}, {0.5f, 0}, {0, 0.57f}, {-0.42f, 1.155f}, {0.42f, 1.155f}};

enum code
relief_of(struct scope *sc, const struct picture *photo, const struct face_point five[static 5], struct relief *out)
{
	struct similarity s;
	if (!similarity_fit(five_of_head, five, 5, &s) || hypotf(s.a, s.b) < 4)
		return fail(sc, E_INVALID, "this face is too small to be laid over a head");
	*out = (struct relief){photo, s};
	return OK;
}

struct relief_view
relief_asked(enum face_ask ask, float strength)
{
	struct relief_view v = relief_plain;
	if (ask == ASK_LEFT)
		v.yaw_deg = 22 * strength;
	if (ask == ASK_RIGHT)
		v.yaw_deg = -22 * strength;
	if (ask == ASK_UP)
		v.pitch_deg = 17 * strength;
	if (ask == ASK_DOWN)
		v.pitch_deg = -17 * strength;
	if (ask == ASK_CLOSER)
		v.scale = 1 + 0.36f * strength;
	return v;
}

struct relief_view
relief_lit(enum face_colour colour, float glow)
{
	struct relief_view v = relief_plain;
	v.glow[colour] = glow;
	return v;
}

/* --- the shape --- */

#define MIDDLE_Y 0.35f
#define HEAD_X 1.25f
#define HEAD_Y 1.80f
#define HEAD_Z 1.45f
#define AXIS_Z (-0.75f) /* what the head turns about lies this far behind the eyes */

static float
gauss(float x, float width)
{
	return expf(-x * x / (2 * width * width));
}

static float
depth_at(float x, float y)
{
	float ex = x / HEAD_X;
	float ey = (y - MIDDLE_Y) / HEAD_Y;
	float round = 1 - ex * ex - ey * ey;
	float z = HEAD_Z * (sqrtf(fmaxf(round, 0.04f)) - 0.97f);
	float bridge = fminf(fmaxf((y + 0.10f) / 0.70f, 0), 1); /* 0 between the eyes, 1 at the tip */
	float under = y > 0.62f ? gauss(y - 0.62f, 0.10f) : 1;
	z += 0.50f * bridge * under * gauss(x, 0.13f + 0.08f * bridge);
	z -= 0.10f * (gauss(x - 0.5f, 0.20f) + gauss(x + 0.5f, 0.20f)) * gauss(y, 0.16f);
	return z;
}

/* 1 on the face, 0 in the room behind. */
static float
head_share(float x, float y)
{
	float ex = x / HEAD_X;
	float ey = (y - MIDDLE_Y) / HEAD_Y;
	float d = sqrtf(ex * ex + ey * ey);
	float t = fminf(fmaxf((1.75f - d) / 0.80f, 0), 1);
	return t * t * (3 - 2 * t);
}

/* The cosine between the surface and the light in front of it. */
static float
facing(float x, float y)
{
	const float h = 0.05f;
	float dx = (depth_at(x + h, y) - depth_at(x - h, y)) / (2 * h);
	float dy = (depth_at(x, y + h) - depth_at(x, y - h)) / (2 * h);
	return 1 / sqrtf(1 + dx * dx + dy * dy);
}

/* --- turning --- */

struct turn {
	float cos_yaw, sin_yaw, cos_pitch, sin_pitch;
};

/* Where the head's point (x, y) is seen after the turn. */
static struct face_point
turned(const struct turn *t, float x, float y)
{
	float z = depth_at(x, y) - AXIS_Z;
	float w = head_share(x, y);
	float tx = x * t->cos_yaw + z * t->sin_yaw;
	float tz = z * t->cos_yaw - x * t->sin_yaw;
	float ty = MIDDLE_Y + (y - MIDDLE_Y) * t->cos_pitch - tz * t->sin_pitch;
	return (struct face_point){x + w * (tx - x), y + w * (ty - y)};
}

/* The point that is seen at q: the turn's displacement changes slowly enough for
 * this to settle in a few steps. */
static struct face_point
before_turn(const struct turn *t, struct face_point q)
{
	struct face_point s = q;
	for (int i = 0; i < 8; i++) {
		struct face_point at = turned(t, s.x, s.y);
		s.x += q.x - at.x;
		s.y += q.y - at.y;
	}
	return s;
}

/* --- seeing --- */

#define NODE 6 /* pixels between the points where the shape is looked at */

struct node {
	float x, y;  /* of the photo */
	float light; /* share of the glow */
};

struct grid {
	int width, height;
	struct node *nodes;
};

static struct grid
look(struct scope *sc, const struct relief *r, const struct relief_view *v)
{
	const float rad = 3.14159265f / 180;
	const struct turn t = {cosf(v->yaw_deg * rad), sinf(v->yaw_deg * rad), cosf(v->pitch_deg * rad),
			       sinf(v->pitch_deg * rad)};
	struct similarity to_head = similarity_inverse(r->head_to_photo);
	struct grid g = {r->photo->width / NODE + 2, r->photo->height / NODE + 2, NULL};
	g.nodes = NEW_ARRAY(sc, (size_t)g.width * (size_t)g.height, struct node);
	for (int j = 0; j < g.height; j++) {
		for (int i = 0; i < g.width; i++) {
			struct face_point at = {(float)(i * NODE), (float)(j * NODE)};
			struct face_point q = similarity_apply(to_head, at);
			q.x /= v->scale;
			q.y = MIDDLE_Y + (q.y - MIDDLE_Y) / v->scale;
			struct face_point s = before_turn(&t, q);
			float share = head_share(s.x, s.y);
			float lit = v->flat ? 1 : facing(s.x, s.y);
			struct face_point p = similarity_apply(r->head_to_photo, s);
			g.nodes[j * g.width + i] = (struct node){p.x, p.y, share * lit + (1 - share) * v->behind};
		}
	}
	return g;
}

static struct node
node_between(const struct grid *g, int x, int y)
{
	float fx = (float)(x % NODE) / NODE;
	float fy = (float)(y % NODE) / NODE;
	const struct node *a = g->nodes + (size_t)(y / NODE) * (size_t)g->width + (size_t)(x / NODE);
	const struct node *b = a + g->width;
#define BLEND(m) ((a[0].m * (1 - fx) + a[1].m * fx) * (1 - fy) + (b[0].m * (1 - fx) + b[1].m * fx) * fy)
	return (struct node){BLEND(x), BLEND(y), BLEND(light)};
#undef BLEND
}

/* Bilinear; beyond the photograph its edge goes on. */
static float
photo_at(const struct picture *p, const struct node *n, int channel)
{
	float x = fminf(fmaxf(n->x, 0), (float)p->width - 1.001f);
	float y = fminf(fmaxf(n->y, 0), (float)p->height - 1.001f);
	float fx = x - floorf(x);
	float fy = y - floorf(y);
	size_t row = (size_t)p->width * 3;
	const uint8_t *q = p->rgb + (size_t)y * row + (size_t)x * 3 + (size_t)channel;
	return ((float)q[0] * (1 - fx) + (float)q[3] * fx) * (1 - fy) +
	       ((float)q[row] * (1 - fx) + (float)q[row + 3] * fx) * fy;
}

static bool
is_lit(const struct relief_view *v)
{
	for (int c = 0; c < 3; c++)
		if (v->glow[c] > 0 || fabsf(v->gain[c] - 1) > 1e-6f)
			return true;
	return false;
}

enum code
relief_show(struct scope *sc, const struct relief *r, const struct relief_view *v, struct prng *noise,
	    struct face_picture *out)
{
	struct picture p = *r->photo;
	struct grid g = look(sc, r, v);
	bool lit = is_lit(v);
	uint8_t *jpeg;
	p.rgb = NEW_ARRAY(sc, (size_t)p.width * (size_t)p.height * 3, uint8_t);
	for (int y = 0; y < p.height; y++) {
		for (int x = 0; x < p.width; x++) {
			struct node n = node_between(&g, x, y);
			uint8_t *to = p.rgb + ((size_t)y * (size_t)p.width + (size_t)x) * 3;
			int grain = v->noise > 0 ? (int)prng_below(noise, (uint32_t)(2 * v->noise + 1)) - v->noise : 0;
			for (int c = 0; c < 3; c++) {
				float seen = photo_at(r->photo, &n, c);
				if (lit)
					seen *= powf(v->gain[c] * (1 + v->glow[c] * n.light), 1 / 2.2f);
				to[c] = (uint8_t)fminf(fmaxf(seen + (float)grain + 0.5f, 0), 255);
			}
		}
	}
	TRY(picture_encode(sc, &p, 90, &jpeg, &out->n));
	out->bytes = jpeg;
	return OK;
}
