/* relief: a photograph laid over a head of generic shape, turned and lit. It makes
 * what one photograph a person does not give: the poses of a challenge, for the
 * simulated day, the tests and the attacks of `waybill face attacks`.
 *
 * It is also an attack: who can draw frames into a camera's stream can draw these
 * (docs/face.md says what stands in the way and what does not).
 *
 *	head    units: the distance between the eyes; x to the picture's right, y down,
 *		z to the camera; the origin between the eyes
 *	shape   an ellipsoid, a nose on it, two hollows for the eyes
 *	turn	pixels move as their point of the shape does; far from the face they
 *		stay, so the room behind does not turn with the head
 *	light   a screen's light on a matt surface: linear light × (1 + glow × cosine) */
#ifndef FACE_RELIEF_H
#define FACE_RELIEF_H

#include "base/prng.h"
#include "face/challenge.h"
#include "face/warp.h"

struct relief {
	const struct picture *photo;
	struct similarity head_to_photo;
};

/* five: eyes (picture's left first), nose, mouth corners, pixels of the photo, which is borrowed. */
MUST_USE enum code relief_of(struct scope *sc, const struct picture *photo, const struct face_point five[static 5],
			     struct relief *out);

struct relief_view {
	float yaw_deg, pitch_deg; /* as struct face_quality has them */
	float scale;		  /* 1: as photographed */
	float glow[3];		  /* the screen's light over the room's, red, green, blue */
	float behind;		  /* share of the glow that reaches what is behind: 1 for a print or a screen */
	float gain[3];		  /* the camera's white balance and exposure, in linear light */
	bool flat;		  /* lit like a sheet: every part alike */
	int noise;		  /* ± grey levels */
};
extern const struct relief_view relief_plain;
/* How a head stands, or is lit, that does what is asked. strength: 1 as somebody does who is asked to. */
struct relief_view relief_asked(enum face_ask ask, float strength);
struct relief_view relief_lit(enum face_colour colour, float glow);

/* The picture as a camera sees it, as large as the photo, as a JPEG; scope-owned. */
MUST_USE enum code relief_show(struct scope *sc, const struct relief *r, const struct relief_view *view,
			       struct prng *noise, struct face_picture *out);

#endif
