/* attack_light: lights of a challenge on one photograph, as a camera might see them:
 * on a living head, and on what is held up in its place. */
#ifndef FACE_ATTACK_LIGHT_H
#define FACE_ATTACK_LIGHT_H

#include "base/prng.h"
#include "face/challenge.h"

enum lit {
	LIT_HEAD,    /* a head before a wall, lit more than what is behind it: by 8 to 30 % of the room's light */
	LIT_DIM,     /* … by 3 to 8 % */
	LIT_STILL,   /* a film that knows nothing of the screen; the camera's gains wander */
	LIT_WHOLE,   /* a print or a second screen: the whole frame changes alike */
	LIT_OTHER,   /* a film of a head in other colours: an earlier session */
	LIT_CUT_OUT, /* a print cut along the face, held before a wall */
	LIT_KINDS
};
extern const char *const lit_words[]; /* "lit", "dim", "still", "whole", "other_colours", "cut_out" */

/* *seen: the asked colours were. *measured false: too little of the frame could be used; *seen is false.
 * E_INVALID  no face to use. */
MUST_USE enum code attack_light_present(struct scope *sc, struct face_engine *e, struct prng *r,
					struct face_picture photo, enum lit kind, bool *seen, bool *measured);

#endif
