/* Glasses and masks drawn onto pictures, by the 68 points: what cover.c sees of them. */
#include <math.h>

#include "base/file.h"
#include "base/prng.h"
#include "face/cover.h"
#include "face/face_bench_lists.h"
#include "face/rate.h"

enum worn { WORN_NOTHING, WORN_SUNGLASSES, WORN_BLUE, WORN_WHITE, WORN_BLACK, WORN_KINDS };
static const char *const worn_words[WORN_KINDS] = {"plain", "sunglasses", "mask_blue", "mask_white", "mask_black"};
static const uint8_t worn_colours[WORN_KINDS][3] = {
    {0, 0, 0}, {28, 26, 27}, {122, 172, 206}, {216, 217, 214}, {34, 34, 38}};

struct canvas {
	struct picture *p;
	const uint8_t *colour;
	struct prng noise;
};

/* Cloth and glass keep some of the light and shade of the picture under them. */
static void
paint(struct canvas *c, int x, int y, float shade)
{
	if (x < 0 || y < 0 || x >= c->p->width || y >= c->p->height)
		return;
	uint8_t *to = c->p->rgb + ((size_t)y * (size_t)c->p->width + (size_t)x) * 3;
	float under = 0.299f * (float)to[0] + 0.587f * (float)to[1] + 0.114f * (float)to[2];
	float light = 1 + shade * (under / 128 - 1);
	int grain = (int)prng_below(&c->noise, 9) - 4;
	for (int k = 0; k < 3; k++)
		to[k] = (uint8_t)fminf(fmaxf((float)c->colour[k] * light + (float)grain, 0), 255);
}

static void
paint_oval(struct canvas *c, struct face_point at, float rx, float ry)
{
	for (int y = (int)(at.y - ry); y <= (int)(at.y + ry); y++) {
		for (int x = (int)(at.x - rx); x <= (int)(at.x + rx); x++) {
			float dx = ((float)x - at.x) / rx;
			float dy = ((float)y - at.y) / ry;
			if (dx * dx * dx * dx + dy * dy * dy * dy < 1)
				paint(c, x, y, 0.15f);
		}
	}
}

/* Even-odd, row by row. */
static void
paint_polygon(struct canvas *c, const struct face_point *points, size_t n)
{
	for (int y = 0; y < c->p->height; y++) {
		for (int x = 0; x < c->p->width; x++) {
			bool in = false;
			for (size_t i = 0, k = n - 1; i < n; k = i++) {
				const struct face_point a = points[i];
				const struct face_point b = points[k];
				if ((a.y > (float)y) != (b.y > (float)y) &&
				    (float)x < (b.x - a.x) * ((float)y - a.y) / (b.y - a.y) + a.x)
					in = !in;
			}
			if (in)
				paint(c, x, y, 0.45f);
		}
	}
}

/* points: iBUG-68, pixels of p. */
static void
wear(struct picture *p, const struct face_point points[static 68], const struct face_point five[static 5],
     enum worn worn, uint64_t seed)
{
	struct canvas c = {.p = p, .colour = worn_colours[worn]};
	prng_seed(&c.noise, seed);
	float eyes = hypotf(five[1].x - five[0].x, five[1].y - five[0].y);
	if (worn == WORN_SUNGLASSES) {
		for (int i = 0; i < 2; i++) {
			struct face_point at = {five[i].x, five[i].y + 0.06f * eyes};
			paint_oval(&c, at, 0.40f * eyes, 0.29f * eyes);
		}
		return;
	}
	struct face_point mask[15];
	for (size_t i = 0; i < 14; i++)
		mask[i] = points[2 + i < 15 ? 2 + i : 14]; /* along the jaw, ear to ear */
	mask[13] = points[14];
	mask[14] = points[29]; /* over the nose */
	paint_polygon(&c, mask, COUNT_OF(mask));
}

struct counts {
	size_t presented[WORN_KINDS], found[WORN_KINDS], seen[WORN_KINDS];
};

static enum code
look(struct scope *sc, struct face_engine *e, const struct picture *p, enum worn worn, struct counts *n)
{
	struct engine_capture c;
	struct face_picture jpeg;
	uint8_t *bytes;
	TRY(picture_encode(sc, p, 92, &bytes, &jpeg.n));
	jpeg.bytes = bytes;
	TRY(engine_capture(sc, e, jpeg, &c));
	n->presented[worn]++;
	if (c.faces == 0)
		return OK;
	struct cover cover = cover_measure(c.portrait.chip);
	n->found[worn]++;
	n->seen[worn] += cover_seen(&cover);
	return OK;
}

static enum code
look_at_all(struct scope *sc, struct face_engine *e, const char *path, uint64_t seed, struct counts *n)
{
	struct face_picture jpeg;
	struct engine_capture c;
	uint8_t *bytes;
	TRY(file_read(sc, path, FACE_PICTURE_BYTES_MAX, &bytes, &jpeg.n));
	jpeg.bytes = bytes;
	TRY(engine_capture(sc, e, jpeg, &c));
	if (c.faces == 0 || c.hint == FACE_HINT_ONE_PERSON)
		return OK;
	struct face_point points[68];
	struct face_point five[5];
	for (int i = 0; i < 68; i++)
		points[i] = similarity_apply(c.portrait.to_whole, c.portrait.face.points[i]);
	for (int i = 0; i < 5; i++)
		five[i] = similarity_apply(c.portrait.to_whole, c.portrait.face.five[i]);
	for (int worn = 0; worn < WORN_KINDS; worn++) {
		struct picture p = c.whole;
		p.rgb = scope_memdup(sc, c.whole.rgb, (size_t)p.width * (size_t)p.height * 3);
		if (worn != WORN_NOTHING)
			wear(&p, points, five, (enum worn)worn, seed);
		TRY(look(sc, e, &p, (enum worn)worn, n));
	}
	return OK;
}

static enum code
bench_with(struct scope *sc, struct face_engine *e, const struct cover_options *o, json_t **result)
{
	struct bench_lists l;
	struct counts n = {{0}, {0}, {0}};
	const struct bench_options lists = {.images = o->images};
	TRY(bench_lists_read(sc, &lists, &l));
	for (size_t i = 0; i < l.n_pictures && (o->pictures == 0 || i < (size_t)o->pictures); i++) {
		struct scope one;
		scope_init(&one);
		enum code rc = look_at_all(&one, e, path_join(&one, o->images, l.pictures[i].path), i, &n);
		if (rc != OK)
			rc = fail(sc, rc, "picture %zu: %s", i, one.err.message);
		scope_release(&one);
		TRY(rc);
	}
	json_t *out = json_new_object(sc);
	for (int i = 0; i < WORN_KINDS; i++) {
		json_t *o2 = json_object();
		json_put_int(o2, "presented", (int64_t)n.presented[i]);
		json_put_int(o2, "face_found", (int64_t)n.found[i]);
		json_put_int(o2, "seen", (int64_t)n.seen[i]);
		json_put(o2, "rate", rate_json((struct rate){n.seen[i], n.found[i]}));
		json_put(out, worn_words[i], o2);
	}
	*result = out;
	return OK;
}

enum code
cover_bench(struct scope *sc, const struct cover_options *o, json_t **result)
{
	struct face_engine *e;
	TRY(face_engine_open(sc, o->models, o->runtime, &e));
	sc->cap = (size_t)1 << 30;
	enum code rc = bench_with(sc, e, o, result);
	face_engine_close(e);
	return rc;
}
