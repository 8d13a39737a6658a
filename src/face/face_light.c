#include "face/face_light.h"

#include <math.h>

/* Linear light of a grey level, 0 … 1: near enough to sRGB for a ratio. */
static float
linear(uint8_t v)
{
	float x = (float)v / 255;
	return x * x * (0.78f + 0.22f * x);
}

#define DARK 10	   /* noise speaks below */
#define BURNT 248  /* clipped above */
#define SHARE 0.02 /* of the frame's pixels, at least, on the face and behind it */

/* Grey levels of one part of the frame. What a camera clips and what is black must
 * not weigh, and which pixels those are changes with its exposure: so the mean is
 * taken over the middle half of each channel's levels, wherever they lie. */
struct region {
	uint32_t levels[3][256];
	uint32_t n;
};

static void
region_add(struct region *r, const uint8_t *p)
{
	if (p[0] < DARK && p[1] < DARK && p[2] < DARK)
		return;
	for (int c = 0; c < 3; c++)
		r->levels[c][p[c]]++;
	r->n++;
}

/* Mean linear light between the quartiles; false: they are black or clipped. */
static bool
middle_light(const uint32_t levels[static 256], uint32_t n, double *out)
{
	double low = n * 0.25;
	double high = n * 0.75;
	double below = 0;
	double sum = 0;
	int first = -1;
	int last = 0;
	for (int v = 0; v < 256; v++) {
		double part = fmin(below + levels[v], high) - fmax(below, low);
		below += levels[v];
		if (part <= 0)
			continue;
		first = first < 0 ? v : first;
		last = v;
		sum += part * (double)linear((uint8_t)v);
	}
	*out = sum / (high - low);
	return first >= DARK && last <= BURNT;
}

/* Where the face is in the whole frame: the middle between eyes and mouth, the
 * distances between the eyes and from them to the mouth. */
struct place_of_face {
	struct face_point middle;
	float eyes, mouth;
};

static struct place_of_face
place_of(const struct engine_portrait *t)
{
	struct face_point five[5];
	for (int i = 0; i < 5; i++)
		five[i] = similarity_apply(t->to_whole, t->face.five[i]);
	struct face_point eyes = {(five[0].x + five[1].x) / 2, (five[0].y + five[1].y) / 2};
	struct face_point mouth = {(five[3].x + five[4].x) / 2, (five[3].y + five[4].y) / 2};
	return (struct place_of_face){
	    .middle = {(eyes.x + mouth.x) / 2, (eyes.y + mouth.y) / 2},
	    .eyes = hypotf(five[1].x - five[0].x, five[1].y - five[0].y),
	    .mouth = hypotf(mouth.x - eyes.x, mouth.y - eyes.y),
	};
}

/* On the face: inside the oval from brows to mouth. Behind: beside the head and above
 * the chin, where no shoulder is. */
bool
face_light_measure(const struct engine_capture *c, struct face_light *out)
{
	const struct picture *p = &c->whole;
	const struct place_of_face f = place_of(&c->portrait);
	struct region face = {{{0}}, 0};
	struct region behind = {{{0}}, 0};
	if (!(f.eyes > 4) || !(f.mouth > 4))
		return false;
	for (int y = 0; y < p->height; y += 2) {
		for (int x = 0; x < p->width; x += 2) {
			float dx = fabsf((float)x - f.middle.x) / f.eyes;
			float dy = ((float)y - f.middle.y) / f.mouth;
			const uint8_t *q = p->rgb + ((size_t)y * (size_t)p->width + (size_t)x) * 3;
			if (dx * dx / 0.64f + dy * dy / 0.72f < 1)
				region_add(&face, q);
			else if ((dx > 1.9f || dy < -2.4f) && dy < 0.9f)
				region_add(&behind, q);
		}
	}
	double enough = SHARE * (p->width / 2.0) * (p->height / 2.0);
	if ((double)face.n < enough || (double)behind.n < enough)
		return false;
	struct face_light l;
	for (int k = 0; k < 3; k++) {
		double on;
		double off;
		if (!middle_light(face.levels[k], face.n, &on) || !middle_light(behind.levels[k], behind.n, &off))
			return false;
		l.over[k] = (float)log(on / off);
	}
	*out = l;
	return true;
}

float
face_light_rise(const struct face_light *seen, const uint8_t *colours, size_t n)
{
	float mean[3] = {0};
	float least = INFINITY;
	for (size_t i = 0; i < n; i++)
		for (int c = 0; c < 3; c++)
			mean[c] += seen[i].over[c] / (float)n;
	for (size_t i = 0; i < n; i++) {
		float lit = seen[i].over[colours[i]] - mean[colours[i]];
		for (int c = 0; c < 3; c++)
			if (c != colours[i])
				least = fminf(least, lit - (seen[i].over[c] - mean[c]));
	}
	return least;
}
