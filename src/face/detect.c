/* Detection: the whole picture stretched to 320 × 240; the network answers 4,420
 * boxes, from which overlapping ones (IoU > 0.4) are dropped.
 *
 * The network has four heads at strides 8, 16, 32 and 64. At every place of a head
 * stand two or three squares (10, 16, 24; 32, 48; 64, 96; 128, 192, 256 pixels); for
 * each a head says two numbers, not a face and a face (before softmax), and four, how far the box's
 * centre and size are from the square's (in tenths of its side; in fifths of an e-fold).
 * ONNX Runtime works the boxes out itself; net.h stops at the heads. */
#include <math.h>

#include "face/engine.h"

#define DETECT_WIDTH 320
#define DETECT_HEIGHT 240
#define DETECT_IOU 0.4f
#define DETECT_BOXES 4420
#define DETECT_HEADS 4

static const struct head {
	int width, height, squares;
	float side[3];
} heads[DETECT_HEADS] = {
    {40, 30, 3, {10, 16, 24}}, {20, 15, 2, {32, 48, 0}}, {10, 8, 2, {64, 96, 0}}, {5, 4, 3, {128, 192, 256}}};

bool
engine_detector_fits(struct network *m)
{
	size_t n;
	size_t boxes = 0;
	(void)network_input(m, &n);
	bool ok = n == (size_t)3 * DETECT_WIDTH * DETECT_HEIGHT;
	if (m->net == NULL) {
		ok = ok && network_outputs(m) == 2;
		(void)network_output(m, 0, &n);
		if (ok)
			(void)network_output(m, 1, &boxes);
		return ok && n == (size_t)2 * DETECT_BOXES && boxes == 2 * n;
	}
	ok = ok && network_outputs(m) == (size_t)2 * DETECT_HEADS;
	for (size_t i = 0; i < DETECT_HEADS && ok; i++) {
		size_t squares = (size_t)heads[i].width * (size_t)heads[i].height * (size_t)heads[i].squares;
		(void)network_output(m, 2 * i, &n);
		(void)network_output(m, 2 * i + 1, &boxes);
		ok = n == 2 * squares && boxes == 4 * squares;
	}
	return ok;
}

static float
overlap(const struct engine_face *a, const struct engine_face *b)
{
	float w = fminf(a->right, b->right) - fmaxf(a->left, b->left);
	float h = fminf(a->bottom, b->bottom) - fmaxf(a->top, b->top);
	if (w <= 0 || h <= 0)
		return 0;
	float both = w * h;
	float area_a = (a->right - a->left) * (a->bottom - a->top);
	float area_b = (b->right - b->left) * (b->bottom - b->top);
	return both / (area_a + area_b - both);
}

#define CANDIDATES_MAX 512u

struct candidates {
	struct engine_face *faces;
	size_t n;
	float width, height; /* of the picture */
	float score_min;
};

/* Corners in 0 … 1. */
static void
consider(struct candidates *c, float score, const float corners[static 4])
{
	if (c->n == CANDIDATES_MAX || !(score >= c->score_min) || !(corners[2] > corners[0]) ||
	    !(corners[3] > corners[1]))
		return;
	c->faces[c->n++] = (struct engine_face){.left = corners[0] * c->width,
						.top = corners[1] * c->height,
						.right = corners[2] * c->width,
						.bottom = corners[3] * c->height,
						.score = score};
}

static void
consider_boxes(struct candidates *c, struct network *m)
{
	size_t n;
	const float *scores = network_output(m, 0, &n);
	const float *boxes = network_output(m, 1, &n);
	for (size_t i = 0; i < n / 4; i++)
		consider(c, scores[2 * i + 1], boxes + 4 * i);
}

/* Place i of a head: its squares' corners from what the head says. */
static void
consider_place(struct candidates *c, const struct head *h, int i, const float *scores, const float *offsets)
{
	for (int k = 0; k < h->squares; k++, scores += 2, offsets += 4) {
		float score = 1 / (1 + expf(scores[0] - scores[1]));
		if (!(score >= c->score_min))
			continue;
		float width = fminf(h->side[k] / DETECT_WIDTH, 1);
		float height = fminf(h->side[k] / DETECT_HEIGHT, 1);
		float x = ((float)(i % h->width) + 0.5f) / (float)h->width + offsets[0] * 0.1f * width;
		float y = ((float)(i / h->width) + 0.5f) / (float)h->height + offsets[1] * 0.1f * height;
		float half_width = width * expf(offsets[2] * 0.2f) / 2;
		float half_height = height * expf(offsets[3] * 0.2f) / 2;
		consider(c, score, (float[4]){x - half_width, y - half_height, x + half_width, y + half_height});
	}
}

static void
consider_heads(struct candidates *c, struct network *m)
{
	size_t n;
	for (size_t k = 0; k < DETECT_HEADS; k++) {
		const struct head *h = &heads[k];
		const float *scores = network_output(m, 2 * k, &n);
		const float *offsets = network_output(m, 2 * k + 1, &n);
		for (int i = 0; i < h->width * h->height; i++)
			consider_place(c, h, i, scores + (size_t)(2 * h->squares * i),
				       offsets + (size_t)(4 * h->squares * i));
	}
}

static int
by_score(const void *a, const void *b)
{
	const struct engine_face *x = a;
	const struct engine_face *y = b;
	return (x->score < y->score) - (x->score > y->score);
}

enum code
engine_detect(struct scope *sc, struct face_engine *e, const struct picture *p, float score_min,
	      struct engine_face *faces, size_t max, size_t *n)
{
	static const struct channel_norm norm = {{127, 127, 127}, 1.0f / 128.0f, false};
	struct network *m = &e->models[MODEL_DETECT];
	struct candidates c = {NEW_ARRAY(sc, CANDIDATES_MAX, struct engine_face), 0, (float)p->width, (float)p->height,
			       score_min};
	size_t len;
	warp_stretch(sc, p, DETECT_WIDTH, DETECT_HEIGHT, &norm, network_input(m, &len));
	TRY(network_run(sc, m));
	if (m->net != NULL)
		consider_heads(&c, m);
	else
		consider_boxes(&c, m);
	qsort(c.faces, c.n, sizeof *c.faces, by_score);
	size_t kept = 0;
	for (size_t i = 0; i < c.n && kept < max; i++) {
		bool new = true;
		for (size_t k = 0; k < kept && new; k++)
			new = overlap(&c.faces[i], &faces[k]) <= DETECT_IOU;
		if (new)
			faces[kept++] = c.faces[i];
	}
	*n = kept;
	return OK;
}
