#include "face/warp.h"

#include <math.h>

bool
similarity_fit(const struct face_point *from, const struct face_point *to, size_t n, struct similarity *out)
{
	double fx = 0;
	double fy = 0;
	double tx = 0;
	double ty = 0;
	for (size_t i = 0; i < n; i++) {
		fx += (double)from[i].x;
		fy += (double)from[i].y;
		tx += (double)to[i].x;
		ty += (double)to[i].y;
	}
	double inv = 1.0 / (double)n;
	fx *= inv;
	fy *= inv;
	tx *= inv;
	ty *= inv;
	double dot = 0;
	double cross = 0;
	double spread = 0;
	for (size_t i = 0; i < n; i++) {
		double x = (double)from[i].x - fx;
		double y = (double)from[i].y - fy;
		double u = (double)to[i].x - tx;
		double v = (double)to[i].y - ty;
		dot += x * u + y * v;
		cross += x * v - y * u;
		spread += x * x + y * y;
	}
	if (!(spread > 1e-6) || !(dot * dot + cross * cross > 1e-9))
		return false;
	double a = dot / spread;
	double b = cross / spread;
	*out = (struct similarity){(float)a, (float)b, (float)(tx - a * fx + b * fy), (float)(ty - b * fx - a * fy)};
	return isfinite(out->a) && isfinite(out->b) && isfinite(out->tx) && isfinite(out->ty);
}

struct similarity
similarity_inverse(struct similarity s)
{
	float d = s.a * s.a + s.b * s.b;
	float a = s.a / d;
	float b = -s.b / d;
	return (struct similarity){a, b, -(a * s.tx - b * s.ty), -(b * s.tx + a * s.ty)};
}

/* Bilinear sample at pixel centres; black outside. rgb gets 0 … 255. */
static inline void
sample(const struct picture *p, float x, float y, float rgb[static 3])
{
	rgb[0] = rgb[1] = rgb[2] = 0;
	if (!(x > -1.0f && y > -1.0f && x < (float)p->width && y < (float)p->height))
		return;
	float fx = floorf(x);
	float fy = floorf(y);
	int x0 = (int)fx;
	int y0 = (int)fy;
	float ax = x - fx;
	float ay = y - fy;
	float weight[4] = {(1 - ax) * (1 - ay), ax * (1 - ay), (1 - ax) * ay, ax * ay};
	if (x0 >= 0 && y0 >= 0 && x0 + 1 < p->width && y0 + 1 < p->height) {
		const uint8_t *q = p->rgb + ((size_t)y0 * (size_t)p->width + (size_t)x0) * 3;
		const uint8_t *r = q + (size_t)p->width * 3;
		for (int c = 0; c < 3; c++)
			rgb[c] = weight[0] * (float)q[c] + weight[1] * (float)q[c + 3] + weight[2] * (float)r[c] +
				 weight[3] * (float)r[c + 3];
		return;
	}
	for (int k = 0; k < 4; k++) {
		int sx = x0 + (k & 1);
		int sy = y0 + (k >> 1);
		if (sx < 0 || sy < 0 || sx >= p->width || sy >= p->height)
			continue;
		const uint8_t *q = p->rgb + ((size_t)sy * (size_t)p->width + (size_t)sx) * 3;
		for (int c = 0; c < 3; c++)
			rgb[c] += weight[k] * (float)q[c];
	}
}

/* A chip pixel that covers more than one picture pixel is the mean of taps² samples. */
static int
taps_for(struct similarity s)
{
	float step = sqrtf(s.a * s.a + s.b * s.b);
	if (!(step > 1.5f))
		return 1;
	return step < 7.5f ? (int)(step + 0.5f) : 8;
}

static void
sample_area(const struct picture *p, struct similarity s, float x, float y, int taps, float rgb[static 3])
{
	if (taps == 1) {
		struct face_point at = similarity_apply(s, (struct face_point){x, y});
		sample(p, at.x, at.y, rgb);
		return;
	}
	float sum[3] = {0, 0, 0};
	for (int j = 0; j < taps; j++) {
		for (int i = 0; i < taps; i++) {
			float dx = ((float)i + 0.5f) / (float)taps - 0.5f;
			float dy = ((float)j + 0.5f) / (float)taps - 0.5f;
			struct face_point at = similarity_apply(s, (struct face_point){x + dx, y + dy});
			float one[3];
			sample(p, at.x, at.y, one);
			for (int c = 0; c < 3; c++)
				sum[c] += one[c];
		}
	}
	for (int c = 0; c < 3; c++)
		rgb[c] = sum[c] / (float)(taps * taps);
}

void
warp_chip(const struct picture *p, struct similarity chip_to_picture, int side, const struct channel_norm *norm,
	  float *out)
{
	int taps = taps_for(chip_to_picture);
	size_t plane = (size_t)side * (size_t)side;
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			float rgb[3];
			sample_area(p, chip_to_picture, (float)x, (float)y, taps, rgb);
			float *to = out + (size_t)y * (size_t)side + (size_t)x;
			for (int c = 0; c < 3; c++)
				to[plane * (size_t)c] = (rgb[norm->bgr ? 2 - c : c] - norm->mean[c]) * norm->scale;
		}
	}
}

void
warp_grey(const struct picture *p, struct similarity chip_to_picture, int side, uint8_t *out)
{
	int taps = taps_for(chip_to_picture);
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			float rgb[3];
			sample_area(p, chip_to_picture, (float)x, (float)y, taps, rgb);
			float grey = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
			out[(size_t)y * (size_t)side + (size_t)x] = (uint8_t)(grey + 0.5f);
		}
	}
}

void
warp_stretch(const struct picture *p, int width, int height, const struct channel_norm *norm, float *out)
{
	size_t plane = (size_t)width * (size_t)height;
	float step_x = (float)p->width / (float)width;
	float step_y = (float)p->height / (float)height;
	int taps_x = step_x > 1.5f ? (step_x < 7.5f ? (int)(step_x + 0.5f) : 8) : 1;
	int taps_y = step_y > 1.5f ? (step_y < 7.5f ? (int)(step_y + 0.5f) : 8) : 1;
	float inv = 1.0f / (float)(taps_x * taps_y);
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			float sum[3] = {0, 0, 0};
			for (int j = 0; j < taps_y; j++) {
				for (int i = 0; i < taps_x; i++) {
					float one[3];
					float at_x = ((float)x + ((float)i + 0.5f) / (float)taps_x) * step_x - 0.5f;
					float at_y = ((float)y + ((float)j + 0.5f) / (float)taps_y) * step_y - 0.5f;
					at_x = fminf(fmaxf(at_x, 0), (float)(p->width - 1));
					at_y = fminf(fmaxf(at_y, 0), (float)(p->height - 1));
					sample(p, at_x, at_y, one);
					for (int c = 0; c < 3; c++)
						sum[c] += one[c];
				}
			}
			float *to = out + (size_t)y * (size_t)width + (size_t)x;
			for (int c = 0; c < 3; c++)
				to[plane * (size_t)c] =
				    (sum[norm->bgr ? 2 - c : c] * inv - norm->mean[c]) * norm->scale;
		}
	}
}
