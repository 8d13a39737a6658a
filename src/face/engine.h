/* engine: the inside of face.h, for this room (bench, speed, challenge). */
#ifndef FACE_ENGINE_H
#define FACE_ENGINE_H

#include "face/face.h"
#include "face/model_manifest.h"
#include "face/network.h"
#include "face/warp.h"

struct face_engine {
	enum network_precision precision;
	struct ort *ort; /* NULL: no network needs it */
	struct network models[MODEL_ROLES];
	size_t dims[MODEL_EMBEDDINGS];
	float weights[MODEL_EMBEDDINGS];
	uint8_t set[16];
	struct calibration calibration;
};

struct engine_options {
	const char *models, *runtime;	  /* as face_engine_open() */
	bool uncalibrated;		  /* open a set without a calibration too: what measures one */
	enum network_precision precision; /* the fastest, unless the manifest wants 32-bit floats */
};
MUST_USE enum code engine_open(struct scope *sc, const struct engine_options *options, struct face_engine **out);
/* "bf16", "fp32", or "mixed" where one network runs only in the latter. */
const char *engine_precision(const struct face_engine *e);

/* The shorter side pictures are decoded to where the face stays large enough. */
#define ENGINE_SIDE 480

struct engine_face {
	float left, top, right, bottom, score; /* pixels held */
	struct face_point points[68];
	struct face_point five[5];
};

#define ENGINE_SCORE_MIN 0.65f

/* Are the network's inputs and outputs those of the detector? */
bool engine_detector_fits(struct network *m);
/* Boxes only, best score first, at most max. */
MUST_USE enum code engine_detect(struct scope *sc, struct face_engine *e, const struct picture *p, float score_min,
				 struct engine_face *faces, size_t max, size_t *n);
/* Fills the points of a face whose box is set. */
MUST_USE enum code engine_landmarks(struct scope *sc, struct face_engine *e, const struct picture *p,
				    struct engine_face *face);
/* One face by itself: its surroundings cut out and shrunk by whole boxes until it
 * has just the pixels that the networks use, its points, its quality. */
struct engine_portrait {
	struct picture picture;
	struct engine_face face; /* in its coordinates */
	struct face_quality quality;
	struct similarity to_whole; /* its coordinates → those of the picture it was cut from */
	float *chip;		    /* aligned: ENGINE_CHIP² RGB, planar, 0 … 255; scope-owned */
};
#define ENGINE_CHIP 112
/* Where a chip has the eyes (picture's left first), the nose, the mouth's corners. */
extern const struct face_point engine_chip_five[5];
MUST_USE enum code engine_portrait(struct scope *sc, struct face_engine *e, const struct picture *p,
				   const struct engine_face *box, struct engine_portrait *out);
/* The fused vector of one face: per embedding L2-normalised × sqrt(weight), one behind the other. */
MUST_USE enum code engine_embed(struct scope *sc, struct face_engine *e, const struct engine_portrait *t,
				float out[static FACE_VECTOR_DIM]);
/* Means of vectors, normalised per embedding again. */
void engine_mean(const struct face_engine *e, const float *const *vectors, size_t n, float out[static FACE_VECTOR_DIM]);
double engine_score(const float a[static FACE_VECTOR_DIM], const float b[static FACE_VECTOR_DIM]);

/* quality.c */
void quality_measure(const struct picture *p, const struct engine_face *face,
		     const float chip[static 3 * ENGINE_CHIP * ENGINE_CHIP], struct face_quality *out);
enum face_hint quality_hint(const struct face_quality *q);
/* Of a capture that was good enough and yet did not decide: what to try next. Never NONE. */
enum face_hint quality_hint_soft(const struct face_quality *q);
/* Where nobody was found: is the whole picture too dark to tell? */
bool quality_too_dark(const struct picture *p);

/* One face to use from a picture: the largest; decoded again larger where it must be. */
struct engine_capture {
	struct picture whole;		 /* what the portrait was cut from */
	struct engine_portrait portrait; /* when faces > 0 */
	enum face_hint hint;
	size_t faces;
};
MUST_USE enum code engine_capture(struct scope *sc, struct face_engine *e, struct face_picture from,
				  struct engine_capture *out);

/* cover.h of a portrait; and what it does to a verdict: who does not match hears what is in the way. */
bool engine_covered(const struct engine_portrait *t);
void engine_uncover(struct face_verdict *v);
/* E_CONFLICT  made by another model set.  E_INVALID  numbers no template has. */
MUST_USE enum code engine_template_check(struct scope *sc, const struct face_engine *e, const struct face_template *t);
enum face_fmr_band engine_band(const struct face_engine *e, double score);
enum face_decision engine_decide(const struct face_engine *e, double score);

#endif
