/* warp: crops and similarity warps from pixels to a network's input.
 *
 * Inputs are planar floats (NCHW, one picture). Samples are bilinear; outside
 * the picture is black, as the networks were trained. */
#ifndef FACE_WARP_H
#define FACE_WARP_H

#include "face/picture.h"

/* u = a·x − b·y + tx, v = b·x + a·y + ty: rotation, one scale, shift. */
struct similarity {
	float a, b, tx, ty;
};

/* Least squares over n point pairs (Umeyama 1991, without reflection: for points
 * in a plane it is the linear fit below). Maps `from` onto `to`. false: degenerate. */
bool similarity_fit(const struct face_point *from, const struct face_point *to, size_t n, struct similarity *out);
struct similarity similarity_inverse(struct similarity s);
static inline struct face_point
similarity_apply(struct similarity s, struct face_point p)
{
	return (struct face_point){s.a * p.x - s.b * p.y + s.tx, s.b * p.x + s.a * p.y + s.ty};
}

struct channel_norm {
	float mean[3], scale; /* (v − mean) × scale; v is 0 … 255 */
	bool bgr;
};

/* side × side × 3, planar: out(x, y) = picture(chip_to_picture(x, y)). */
void warp_chip(const struct picture *p, struct similarity chip_to_picture, int side, const struct channel_norm *norm,
	       float *out);
/* side × side bytes of luminance, the same way. */
void warp_grey(const struct picture *p, struct similarity chip_to_picture, int side, uint8_t *out);
/* The whole picture stretched to width × height, planar; area-averaged where it shrinks. */
void warp_stretch(struct scope *sc, const struct picture *p, int width, int height, const struct channel_norm *norm,
		  float *out);

#endif
