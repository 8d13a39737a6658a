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
	int x0 = (int)(x + 1) - 1; /* rounds down: x > −1 */
	int y0 = (int)(y + 1) - 1;
	float ax = x - (float)x0;
	float ay = y - (float)y0;
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

/* A chip pixel that covers more than `enough` picture pixels is the mean of taps² samples. */
static int
taps_for(struct similarity s, float enough)
{
	float step = sqrtf(s.a * s.a + s.b * s.b);
	if (!(step > enough))
		return 1;
	return step < 7.5f ? (int)(step + 0.5f) : 8;
}

/* Do all samples of a side × side chip, and their right and lower neighbours, lie inside? */
static bool
wholly_inside(const struct picture *p, struct similarity s, int side)
{
	float last = (float)side - 0.5f;
	const struct face_point corners[4] = {{-0.5f, -0.5f}, {last, -0.5f}, {-0.5f, last}, {last, last}};
	for (int i = 0; i < 4; i++) {
		struct face_point at = similarity_apply(s, corners[i]);
		if (!(at.x >= 0 && at.y >= 0 && at.x < (float)(p->width - 2) && at.y < (float)(p->height - 2)))
			return false;
	}
	return true;
}

/* sample() where nothing can be outside. */
static inline void
sample_inside(const struct picture *p, float x, float y, float rgb[static 3])
{
	int x0 = (int)x;
	int y0 = (int)y;
	float ax = x - (float)x0;
	float ay = y - (float)y0;
	const uint8_t *q = p->rgb + ((size_t)y0 * (size_t)p->width + (size_t)x0) * 3;
	const uint8_t *r = q + (size_t)p->width * 3;
	for (int c = 0; c < 3; c++) {
		float top = (float)q[c] + ax * (float)(q[c + 3] - q[c]);
		float low = (float)r[c] + ax * (float)(r[c + 3] - r[c]);
		rgb[c] = top + ay * (low - top);
	}
}

/* One chip pixel: the mean of taps × taps samples over what it covers. */
static inline void
sample_area(const struct picture *p, struct similarity s, float x, float y, int taps, bool inside, float rgb[static 3])
{
	float share = 1.0f / (float)taps;
	float sum[3] = {0, 0, 0};
	for (int j = 0; j < taps; j++) {
		for (int i = 0; i < taps; i++) {
			float dx = ((float)i + 0.5f) * share - 0.5f;
			float dy = ((float)j + 0.5f) * share - 0.5f;
			struct face_point at = similarity_apply(s, (struct face_point){x + dx, y + dy});
			float one[3];
			if (inside)
				sample_inside(p, at.x, at.y, one);
			else
				sample(p, at.x, at.y, one);
			for (int c = 0; c < 3; c++)
				sum[c] += one[c];
		}
	}
	for (int c = 0; c < 3; c++)
		rgb[c] = sum[c] * (share * share);
}

void
warp_chip(const struct picture *p, struct similarity chip_to_picture, int side, const struct channel_norm *norm,
	  float *out)
{
	int taps = taps_for(chip_to_picture, 2.0f);
	bool inside = wholly_inside(p, chip_to_picture, side);
	size_t plane = (size_t)side * (size_t)side;
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			float rgb[3];
			sample_area(p, chip_to_picture, (float)x, (float)y, taps, inside, rgb);
			float *to = out + (size_t)y * (size_t)side + (size_t)x;
			for (int c = 0; c < 3; c++)
				to[plane * (size_t)c] = (rgb[norm->bgr ? 2 - c : c] - norm->mean[c]) * norm->scale;
		}
	}
}

void
warp_grey(const struct picture *p, struct similarity chip_to_picture, int side, uint8_t *out)
{
	int taps = taps_for(chip_to_picture, 1.5f);
	bool inside = wholly_inside(p, chip_to_picture, side);
	for (int y = 0; y < side; y++) {
		for (int x = 0; x < side; x++) {
			float rgb[3];
			sample_area(p, chip_to_picture, (float)x, (float)y, taps, inside, rgb);
			float grey = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
			out[(size_t)y * (size_t)side + (size_t)x] = (uint8_t)(grey + 0.5f);
		}
	}
}

/* Which input samples make one output sample, per axis: `taps` bilinear samples
 * spread evenly over what it covers, each between at[] and at[] + 1. */
#define STRETCH_TAPS_MAX 8

struct axis {
	int taps;
	int at[STRETCH_TAPS_MAX];
	float part[STRETCH_TAPS_MAX]; /* of at[] + 1, already divided by taps */
	float rest[STRETCH_TAPS_MAX]; /* of at[] */
};

/* At two to one a bilinear sample between pixels is already the mean of both. */
static struct axis
axis_at(int out, int in_size, int out_size)
{
	float step = (float)in_size / (float)out_size;
	struct axis a = {.taps = step > 2.01f ? (step < 7.5f ? (int)(step + 0.5f) : STRETCH_TAPS_MAX) : 1};
	float share = 1.0f / (float)a.taps;
	for (int i = 0; i < a.taps; i++) {
		float x = ((float)out + ((float)i + 0.5f) * share) * step - 0.5f;
		x = fminf(fmaxf(x, 0), (float)(in_size - 1));
		a.at[i] = (int)x < in_size - 1 ? (int)x : (in_size > 1 ? in_size - 2 : 0);
		a.part[i] = (x - (float)a.at[i]) * share;
		a.rest[i] = share - a.part[i];
	}
	return a;
}

/* row[] = the output row's mix of input rows, still at the input's width. */
static void
mix_rows(const struct picture *p, const struct axis *a, float *restrict row)
{
	size_t n = (size_t)p->width * 3;
	for (int i = 0; i < a->taps; i++) {
		const uint8_t *restrict top = p->rgb + (size_t)a->at[i] * n;
		const uint8_t *restrict low = p->height > 1 ? top + n : top;
		float rest = a->rest[i];
		float part = a->part[i];
		for (size_t k = 0; k < n; k++)
			row[k] = (i == 0 ? 0 : row[k]) + rest * (float)top[k] + part * (float)low[k];
	}
}

void
warp_stretch(struct scope *sc, const struct picture *p, int width, int height, const struct channel_norm *norm,
	     float *out)
{
	size_t plane = (size_t)width * (size_t)height;
	size_t next = p->width > 1 ? 3 : 0;
	struct axis *columns = NEW_ARRAY(sc, (size_t)width, struct axis);
	float *row = NEW_ARRAY(sc, (size_t)p->width * 3, float);
	for (int x = 0; x < width; x++)
		columns[x] = axis_at(x, p->width, width);
	for (int y = 0; y < height; y++) {
		struct axis rows = axis_at(y, p->height, height);
		mix_rows(p, &rows, row);
		float *to = out + (size_t)y * (size_t)width;
		for (int x = 0; x < width; x++) {
			const struct axis *a = &columns[x];
			float sum[3] = {0, 0, 0};
			for (int i = 0; i < a->taps; i++) {
				const float *q = row + (size_t)a->at[i] * 3;
				for (size_t c = 0; c < 3; c++)
					sum[c] += a->rest[i] * q[c] + a->part[i] * q[c + next];
			}
			for (size_t c = 0; c < 3; c++)
				to[plane * c + (size_t)x] = (sum[norm->bgr ? 2 - c : c] - norm->mean[c]) * norm->scale;
		}
	}
}
