/* Photographs of doorsteps: every face goes, before anybody else sees the picture.
 *
 * Faces in such pictures are often small, so the detector looks at the whole and
 * at overlapping quarters. What it finds, with a margin and a low bar, is replaced
 * by a 4 × 4 grid of mean colours blended into each other: sixteen colours are all
 * that is left of a face, whatever its size. */
#include <math.h>

#include "face/engine.h"

#define REDACT_SCORE_MIN 0.40f
#define REDACT_MARGIN 0.25f
#define GRID 4
#define REDACT_QUALITY 82

static void
wash(struct picture *p, struct rectangle r)
{
	float grid[GRID][GRID][3];
	int w = r.right - r.left;
	int h = r.bottom - r.top;
	for (int gy = 0; gy < GRID; gy++) {
		for (int gx = 0; gx < GRID; gx++) {
			double sum[3] = {0, 0, 0};
			int x0 = r.left + w * gx / GRID;
			int x1 = r.left + w * (gx + 1) / GRID;
			int y0 = r.top + h * gy / GRID;
			int y1 = r.top + h * (gy + 1) / GRID;
			for (int y = y0; y < y1; y++)
				for (int x = x0; x < x1; x++)
					for (int c = 0; c < 3; c++)
						sum[c] +=
						    p->rgb[((size_t)y * (size_t)p->width + (size_t)x) * 3 + (size_t)c];
			double n = fmax(1, (double)(x1 - x0) * (double)(y1 - y0));
			for (int c = 0; c < 3; c++)
				grid[gy][gx][c] = (float)(sum[c] / n);
		}
	}
	for (int y = r.top; y < r.bottom; y++) {
		for (int x = r.left; x < r.right; x++) {
			float u = fminf(fmaxf(((float)(x - r.left) + 0.5f) / (float)w * GRID - 0.5f, 0), GRID - 1.001f);
			float v = fminf(fmaxf(((float)(y - r.top) + 0.5f) / (float)h * GRID - 0.5f, 0), GRID - 1.001f);
			int i = (int)u;
			int j = (int)v;
			u -= (float)i;
			v -= (float)j;
			for (int c = 0; c < 3; c++) {
				float top = grid[j][i][c] * (1 - u) + grid[j][i + 1][c] * u;
				float low = grid[j + 1][i][c] * (1 - u) + grid[j + 1][i + 1][c] * u;
				p->rgb[((size_t)y * (size_t)p->width + (size_t)x) * 3 + (size_t)c] =
				    (uint8_t)(top * (1 - v) + low * v + 0.5f);
			}
		}
	}
}

#define REDACT_FACES_MAX 64u

struct faces {
	struct rectangle at[REDACT_FACES_MAX * 6];
	size_t n;
};

static enum code
look_in(struct scope *sc, struct face_engine *e, const struct picture *p, struct rectangle where, struct faces *all)
{
	struct engine_face *found = NEW_ARRAY(sc, REDACT_FACES_MAX, struct engine_face);
	size_t n;
	struct picture part;
	TRY(picture_part(sc, p, where, 1, &part));
	TRY(engine_detect(sc, e, &part, REDACT_SCORE_MIN, found, REDACT_FACES_MAX, &n));
	for (size_t i = 0; i < n; i++) {
		float mx = (found[i].right - found[i].left) * REDACT_MARGIN;
		float my = (found[i].bottom - found[i].top) * REDACT_MARGIN;
		struct rectangle r = {where.left + (int)fmaxf(found[i].left - mx, 0),
				      where.top + (int)fmaxf(found[i].top - my, 0),
				      where.left + (int)fminf(found[i].right + mx, (float)part.width),
				      where.top + (int)fminf(found[i].bottom + my, (float)part.height)};
		if (r.right - r.left >= GRID && r.bottom - r.top >= GRID)
			all->at[all->n++] = r;
	}
	return OK;
}

enum code
face_redact(struct scope *sc, struct face_engine *e, struct face_picture picture, uint32_t max_side, uint8_t **jpeg,
	    size_t *n)
{
	struct picture p;
	if (max_side < 64 || max_side > 4096)
		return fail(sc, E_LIMIT, "the longer side must be 64 to 4096 pixels");
	TRY(picture_decode(sc, picture.bytes, picture.n, (int)max_side, &p));
	int longer = p.width > p.height ? p.width : p.height;
	if (longer > (int)max_side)
		TRY(picture_shrink(sc, &p, (int)((int64_t)p.width * max_side / longer),
				   (int)((int64_t)p.height * max_side / longer), &p));
	struct faces *all = NEW(sc, struct faces);
	TRY(look_in(sc, e, &p, (struct rectangle){0, 0, p.width, p.height}, all));
	int w = p.width * 5 / 9;
	int h = p.height * 5 / 9;
	for (int k = 0; k < 4 && p.width >= 320 && p.height >= 240; k++) {
		int x = (k & 1) != 0 ? p.width - w : 0;
		int y = (k & 2) != 0 ? p.height - h : 0;
		TRY(look_in(sc, e, &p, (struct rectangle){x, y, x + w, y + h}, all));
	}
	for (size_t i = 0; i < all->n; i++)
		wash(&p, all->at[i]);
	return picture_encode(sc, &p, REDACT_QUALITY, jpeg, n);
}
