/* Sampling a large face down to 112 or 64 pixels would touch every pixel many
 * times, once a network. Instead its surroundings are shrunk once by whole boxes:
 * to twice the embeddings' size, and again to the landmarks'. */
#include <math.h>

#include "face/engine.h"

/* Share of the box's side kept around it: a turned chip reaches that far. */
#define MARGIN 0.75f
/* Height of the box after shrinking, at least: the chips then enlarge nothing. */
#define FINE_PX 160.0f
#define COARSE_PX 80.0f

static struct rectangle
surroundings(const struct picture *p, const struct engine_face *f)
{
	float side = fmaxf(f->right - f->left, f->bottom - f->top);
	float reach = side * (0.5f + MARGIN);
	float x = (f->left + f->right) / 2;
	float y = (f->top + f->bottom) / 2;
	struct rectangle r = {(int)fmaxf(0, x - reach), (int)fmaxf(0, y - reach),
			      (int)fminf((float)p->width, x + reach + 1), (int)fminf((float)p->height, y + reach + 1)};
	return r;
}

static int
boxes_of(float height, float least)
{
	int k = (int)(height / least);
	return k < 1 ? 1 : k > 16 ? 16 : k;
}

static struct engine_face
moved(const struct engine_face *f, struct similarity s)
{
	struct engine_face g = *f;
	struct face_point a = similarity_apply(s, (struct face_point){f->left, f->top});
	struct face_point b = similarity_apply(s, (struct face_point){f->right, f->bottom});
	g.left = a.x;
	g.top = a.y;
	g.right = b.x;
	g.bottom = b.y;
	for (size_t i = 0; i < 68; i++)
		g.points[i] = similarity_apply(s, f->points[i]);
	for (size_t i = 0; i < 5; i++)
		g.five[i] = similarity_apply(s, f->five[i]);
	return g;
}

/* Pixel i of a part stands for the middle of k pixels of the whole. */
static struct similarity
part_to_whole(int left, int top, int k)
{
	float half = (float)(k - 1) / 2;
	return (struct similarity){(float)k, 0, (float)left + half, (float)top + half};
}

const struct face_point engine_chip_five[5] = {
    {38.2946f, 51.6963f}, {73.5318f, 51.5014f}, {56.0252f, 71.7366f}, {41.5493f, 92.3655f}, {70.7299f, 92.2041f}};

/* Cut once: two embeddings and the quality look at it. */
static enum code
cut_chip(struct scope *sc, struct engine_portrait *t)
{
	static const struct channel_norm as_is = {{0, 0, 0}, 1, false};
	struct similarity to_picture;
	if (!similarity_fit(engine_chip_five, t->face.five, 5, &to_picture))
		return fail(sc, E_INTERNAL, "the face's points collapsed");
	t->chip = NEW_ARRAY(sc, (size_t)3 * ENGINE_CHIP * ENGINE_CHIP, float);
	warp_chip(&t->picture, to_picture, ENGINE_CHIP, &as_is, t->chip);
	return OK;
}

enum code
engine_portrait(struct scope *sc, struct face_engine *e, const struct picture *p, const struct engine_face *box,
		struct engine_portrait *out)
{
	struct engine_portrait t;
	struct rectangle r = surroundings(p, box);
	float height = box->bottom - box->top;
	int k = boxes_of(height, FINE_PX);
	if (r.right - r.left < k || r.bottom - r.top < k)
		return fail(sc, E_INTERNAL, "a face outside its picture");
	TRY(picture_part(sc, p, r, k, &t.picture));
	t.to_whole = part_to_whole(r.left, r.top, k);
	t.face = moved(box, similarity_inverse(t.to_whole));
	int m = boxes_of(height / (float)k, COARSE_PX);
	if (m > 1 && t.picture.width >= m && t.picture.height >= m) {
		struct picture coarse;
		struct rectangle all = {0, 0, t.picture.width, t.picture.height};
		struct similarity up = part_to_whole(0, 0, m);
		TRY(picture_part(sc, &t.picture, all, m, &coarse));
		struct engine_face small = moved(&t.face, similarity_inverse(up));
		TRY(engine_landmarks(sc, e, &coarse, &small));
		t.face = moved(&small, up);
	} else {
		TRY(engine_landmarks(sc, e, &t.picture, &t.face));
	}
	TRY(cut_chip(sc, &t));
	quality_measure(&t.picture, &t.face, t.chip, &t.quality);
	*out = t;
	return OK;
}
