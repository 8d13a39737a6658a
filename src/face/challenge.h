/* challenge: is there a living head in front of the camera, now?
 *
 * The server draws a sequence of asks from random bytes, binds it to a nonce and a
 * deadline, and sends it to the phone; the phone sends one frame that faces the
 * camera and one for each ask, in order. The frames are judged together:
 *
 *	late          the deadline or the nonce is not the session's   (the caller's check)
 *	poor          a frame without one usable face
 *	order         a frame does not show what was asked at its place
 *	splice        the frames do not show one person
 *	flat          the head turned as a sheet of paper would
 *	unlit         the screen's colours are not seen on the face (lights only)
 *	alive         none of these
 *
 * Why a flat picture fails twice: seen from another side, a plane changes by a
 * homography. The nose stays on the line between the middles of eyes and mouth,
 * at the same share of it, so the yaw and pitch that quality.c measures do not
 * change; and what does move, an affine map of the points explains. A real nose
 * leaves the plane of the eyes and the mouth.
 *
 * Lights: the screen shines in a sequence of red, green and blue, one frame for
 * each; face_light.c tells which the face saw. They come on top of the poses and
 * never instead of them, and whoever does not want them goes without.
 *
 * A score of a passive spoof network is no part of this: it errs too often to be
 * a control (docs/face.md). */
#ifndef FACE_CHALLENGE_H
#define FACE_CHALLENGE_H

#include "face/face.h"

enum face_ask { ASK_LEFT, ASK_RIGHT, ASK_UP, ASK_DOWN, ASK_CLOSER, ASK_COUNT };
/* "left", … : to the person's own left and right. */
const char *face_ask_word(enum face_ask ask);

#define CHALLENGE_ASKS 4u
#define CHALLENGE_FRAMES (CHALLENGE_ASKS + 1u)

enum face_colour { LIGHT_RED, LIGHT_GREEN, LIGHT_BLUE, LIGHT_COLOURS };
const char *face_colour_word(enum face_colour colour); /* "red", "green", "blue" */

#define CHALLENGE_LIGHTS 4u
#define CHALLENGE_FRAMES_MAX (CHALLENGE_FRAMES + CHALLENGE_LIGHTS)

struct face_challenge {
	uint8_t nonce[16];
	int64_t deadline_ms; /* the caller's clock */
	enum face_ask asks[CHALLENGE_ASKS];
	size_t n_lights; /* 0 or CHALLENGE_LIGHTS */
	enum face_colour lights[CHALLENGE_LIGHTS];
};

/* No ask follows itself; left and right are both in it, so that depth is shown. No lights. */
void face_challenge_make(const uint8_t random[static 32], int64_t deadline_ms, struct face_challenge *out);
/* Lights as well: no colour follows itself. */
void face_challenge_add_lights(const uint8_t random[static 8], struct face_challenge *c);
/* Could face_challenge_make() have drawn this? What a child asks of a request. */
bool face_challenge_is_fair(const struct face_challenge *c);
/* How many frames answer it: the one that faces the camera, one for each ask, one for each light. */
size_t face_challenge_frames(const struct face_challenge *c);

enum face_live { LIVE_ALIVE, LIVE_POOR, LIVE_ORDER, LIVE_SPLICE, LIVE_FLAT, LIVE_UNLIT, LIVE_COUNT };
const char *face_live_word(enum face_live live);

struct face_live_verdict {
	enum face_live live;
	enum face_hint hint;	       /* for poor: of frame `at` */
	size_t at;		       /* the first frame that failed */
	struct face_template template; /* of the frames that face the camera, when alive */
};

/* frames: face_challenge_frames() of them; those for lights face the camera. */
MUST_USE enum code face_challenge_judge(struct scope *sc, struct face_engine *e, const struct face_challenge *c,
					const struct face_picture *frames, struct face_live_verdict *out);

/* Alive, and is it her? One template against all frames: every frame must be within
 * FMR 1e-2 of it, so that nobody turns her head for somebody else, and their mean
 * decides as face_check() does. What is not alive answers poor_capture with the hint
 * that helps: "pose" says as little about prints as about heads turned too little.
 * E_CONFLICT  the template was made by another model set. */
struct face_live_check {
	struct face_verdict verdict;
	enum face_live live;
};
MUST_USE enum code face_challenge_check(struct scope *sc, struct face_engine *e, const struct face_challenge *c,
					const struct face_picture *frames, const struct face_template *enrolled,
					struct face_live_check *out);

#endif
