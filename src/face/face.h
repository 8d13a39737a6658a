/* face: one-to-one verification of faces. Pure computation: pictures in,
 * answers out; no store, no network, no clock, no idea of who anyone is.
 *
 *	picture → decode → detect → landmarks twice → align → quality → embed
 *	pictures of one person → template;  template + probe pictures → decision
 *
 * What this room cannot do, on purpose: no call takes a face and returns a
 * person, no call takes more than one template, and nothing says age, gender,
 * race or emotion. A template is compared with one probe; that is all.
 *
 * A decision is made by the false-match rate its score stands for (FMR, as
 * measured for the worst measured group; see models/manifest), never by a raw
 * similarity. Thread safety: an engine belongs to one thread at a time.
 *
 * Pictures come from outside: decode them in a helper child (face_wire.h and
 * workers/workers.h), not in a process that holds keys or a store. */
#ifndef FACE_FACE_H
#define FACE_FACE_H

#include "base/scope.h"

struct face_engine;

#define FACE_PICTURES_MAX 5u
#define FACE_PICTURE_BYTES_MAX ((size_t)8 << 20)
#define FACE_PIXELS_MAX ((uint64_t)50000000)

struct face_picture {
	const uint8_t *bytes; /* JPEG or PNG; borrowed */
	size_t n;
};

/* The one thing that would help most. Words: face_hint_word(). */
enum face_hint {
	FACE_HINT_NONE,
	FACE_HINT_NO_FACE,    /* "no_face"     nobody was found                       */
	FACE_HINT_ONE_PERSON, /* "one_person"  somebody else is in the picture        */
	FACE_HINT_CLOSER,     /* "closer"      the face is too small                  */
	FACE_HINT_FURTHER,    /* "further"     the face runs out of the picture       */
	FACE_HINT_LIGHT,      /* "light"       too dark, too bright, or against light */
	FACE_HINT_TURN,	      /* "turn_to_me"  not facing the camera                  */
	FACE_HINT_HOLD_STILL, /* "hold_still"  blurred                                */
	FACE_HINT_UNCOVER,    /* "uncover"     glasses, hat or mask in the way        */
	FACE_HINT_SAME,	      /* "same_person" the pictures show different people     */
	FACE_HINT_POSE,	      /* "pose"        what was asked was not seen            */
	FACE_HINT_SCREEN,     /* "screen"      the screen's light was not seen        */
	FACE_HINT_COUNT,
};
const char *face_hint_word(enum face_hint hint);

enum face_decision { FACE_MATCH, FACE_NO_MATCH, FACE_POOR_CAPTURE, FACE_UNSURE, FACE_DECISION_COUNT };
/* "match", "no_match", "poor_capture", "unsure" */
const char *face_decision_word(enum face_decision decision);

/* How rare a score this high is between two different people, as a band that is
 * safe to keep: FACE_FMR_1E4 says "at most 1 in 10,000". Coarse on purpose: a
 * finer answer would help someone climb towards a match. */
enum face_fmr_band { FACE_FMR_ABOVE_1E2, FACE_FMR_1E2, FACE_FMR_1E3, FACE_FMR_1E4, FACE_FMR_1E5, FACE_FMR_COUNT };
/* ">1e-2", "<=1e-2", "<=1e-3", "<=1e-4", "<=1e-5" */
const char *face_fmr_word(enum face_fmr_band band);

struct face_point {
	float x, y; /* pixels of the upright picture, origin top left */
};

struct face_quality {
	float eye_distance_px; /* between the eyes, pixels of the original */
	float sharpness;       /* 0 blurred … 1 sharp */
	float brightness;      /* mean luminance of the face, 0 … 1 */
	float contrast;	       /* standard deviation of luminance, 0 … 0.5 */
	float yaw_deg;	       /* from the points: 0 faces the camera, + to the picture's right */
	float pitch_deg;       /* + up */
	float roll_deg;	       /* + clockwise */
	float inside;	       /* share of the face's square inside the picture, 0 … 1 */
};

#define FACE_FOUND_MAX 16u
struct face_box {
	float left, top, right, bottom; /* pixels of the upright picture */
	float score;			/* detector's, 0 … 1 */
	struct face_point points[5];	/* eyes (picture's left first), nose, mouth corners */
	struct face_quality quality;
};

struct face_found {
	uint32_t width, height; /* the upright picture, pixels */
	size_t n;		/* largest first */
	struct face_box faces[FACE_FOUND_MAX];
	enum face_hint hint; /* what stands in the way of using the first face */
};

/* Numbers only, no pointers: sealed and stored as it is. Meaningful only to an
 * engine with the same model set. */
#define FACE_VECTOR_DIM 832u
struct face_template {
	uint8_t model_set[16]; /* which files and weights made it */
	uint32_t version;      /* of this layout: 1 */
	uint32_t pictures;     /* how many made it */
	float vector[FACE_VECTOR_DIM];
};

/* Where prepared models are: WAYBILL_MODELS, else .cache/deps/models of the checkout
 * the binary was built in, else share/waybill/models beside bin. Scope-owned. */
const char *face_models_dir(struct scope *sc);

/* Opens the models of a prepared directory (`waybill face prepare`).
 * runtime: path of ONNX Runtime's library, or NULL to look for it.
 * E_UNAVAILABLE  the runtime or a file is missing.  E_CORRUPT  a file's hash is
 * not the manifest's, or a model has no calibration. */
MUST_USE enum code face_engine_open(struct scope *sc, const char *models_dir, const char *runtime,
				    struct face_engine **out);
void face_engine_close(struct face_engine *e); /* NULL is fine */

/* Everything found in one picture. E_INVALID  not a JPEG or PNG, or broken;
 * E_LIMIT  too many pixels or bytes. A picture without faces is OK with n = 0. */
MUST_USE enum code face_analyse(struct scope *sc, struct face_engine *e, struct face_picture picture,
				struct face_found *out);

/* A template from 1 … FACE_PICTURES_MAX pictures of one person. Every picture
 * must be good: *hint says what is wrong with picture *at (0-based), else
 * FACE_HINT_NONE and *out is written. */
MUST_USE enum code face_template_make(struct scope *sc, struct face_engine *e, const struct face_picture *pictures,
				      size_t n, struct face_template *out, enum face_hint *hint, size_t *at);

struct face_verdict {
	enum face_decision decision;
	enum face_hint hint; /* for poor_capture and unsure */
	enum face_fmr_band band;
};
/* One template against the probe pictures of one moment. A probe is usable when
 * at least one of its pictures is.
 * E_CONFLICT  the template was made by another model set. */
MUST_USE enum code face_check(struct scope *sc, struct face_engine *e, const struct face_template *enrolled,
			      const struct face_picture *pictures, size_t n, struct face_verdict *out);

/* The picture with every face made unrecognisable, upright, without metadata,
 * its longer side at most max_side pixels; scope-owned JPEG. */
MUST_USE enum code face_redact(struct scope *sc, struct face_engine *e, struct face_picture picture, uint32_t max_side,
			       uint8_t **jpeg, size_t *n);

#endif
