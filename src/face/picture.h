/* picture: outside bytes → upright RGB pixels, bounded before anything is decoded.
 *
 * JPEG by libjpeg-turbo, decoded at the smallest of its scales (1, 1/2, 1/4, 1/8)
 * that keeps the shorter side at `want_side`; PNG by libspng, row by row, shrunk
 * by whole boxes to the same end. EXIF orientation is applied, so "up" is up. */
#ifndef FACE_PICTURE_H
#define FACE_PICTURE_H

#include "face/face.h"

struct picture {
	int width, height;	     /* of the pixels held */
	int full_width, full_height; /* of the upright original */
	float scale;		     /* pixels held per pixel of the original, ≤ 1 */
	uint8_t *rgb;		     /* width × height × 3, rows without padding; scope-owned */
};

/* want_side: the shorter side is at least this long where the original is; 0: no scaling.
 * E_INVALID  "not-a-picture", "broken-picture".  E_LIMIT  "picture-too-large". */
MUST_USE enum code picture_decode(struct scope *sc, const uint8_t *bytes, size_t n, int want_side, struct picture *out);

/* 1 … 8 as EXIF has it, from the TIFF block behind "Exif\0\0"; 1 where it says nothing sensible. */
int exif_orientation(const uint8_t *tiff, size_t n);

/* Baseline JPEG, 4:2:0, no metadata; scope-owned. */
MUST_USE enum code picture_encode(struct scope *sc, const struct picture *p, int quality, uint8_t **jpeg, size_t *n);

/* Area-averaged copy, each side at least 1; never enlarges. Scope-owned. */
MUST_USE enum code picture_shrink(struct scope *sc, const struct picture *p, int width, int height,
				  struct picture *out);

/* The rectangle [left, right) × [top, bottom) of it, as means of k × k boxes; a
 * remainder at the right and bottom is left out. Scope-owned. */
struct rectangle {
	int left, top, right, bottom;
};
MUST_USE enum code picture_part(struct scope *sc, const struct picture *p, struct rectangle r, int k,
				struct picture *out);

#endif
