/* model_manifest: which model files an engine may load, and what its scores mean.
 *
 * `models/manifest` is JSON:
 *
 *	{"models": [{"name": "detect", "file": "detect.onnx", "sha256": …, "from": "onnx",
 *	             "raw": ["fr_detect.onnx"], "input": …, "output": …, "origin": …, "licence": …,
 *	             "training_data": …}, …],
 *	 "weights": {"feature": 0.5, …},
 *	 "precision": "fastest",
 *	 "calibration": {"set": hex, "knots": [[score, fmr], …], "measured_on": …, …}}
 *
 * The set id hashes the files' hashes and the weights; a calibration names the
 * set it was measured on, so files, weights and calibration cannot drift apart.
 * "precision" is "fastest" (bfloat16 where the processor has it; what a calibration was measured
 * in stands in it) or "fp32"; vectors of both compare, so it is no part of the id. */
#ifndef FACE_MODEL_MANIFEST_H
#define FACE_MODEL_MANIFEST_H

#include "base/json.h"

/* Detector and landmarks, then the embeddings in the order of the fused vector. */
enum model_role { MODEL_DETECT, MODEL_LANDMARK, MODEL_FEATURE, MODEL_MOBILE, MODEL_DLIB, MODEL_ROLES };
#define MODEL_FIRST_EMBEDDING MODEL_FEATURE
#define MODEL_EMBEDDINGS (MODEL_ROLES - MODEL_FIRST_EMBEDDING)

struct model_entry {
	const char *name, *file, *from;
	const char *raw[2];
	uint8_t sha256[32];
};

#define CALIBRATION_KNOTS_MAX 32
struct calibration {
	bool known;	 /* there is one, and it is of this set */
	uint8_t set[16]; /* which set it was measured on */
	size_t n;	 /* knots: score rising, FMR falling */
	double score[CALIBRATION_KNOTS_MAX];
	double fmr[CALIBRATION_KNOTS_MAX]; /* of the worst measured group, upper bound */
};

struct model_manifest {
	struct model_entry models[MODEL_ROLES];
	double weights[MODEL_EMBEDDINGS]; /* ≥ 0, sum 1 */
	bool fp32_only;
	uint8_t set[16];
	struct calibration calibration;
	json_t *whole; /* the manifest itself; scope-owned */
};

#define MODEL_MANIFEST_MAX ((size_t)1 << 20)

/* E_INVALID  malformed, or a model is missing. */
MUST_USE enum code model_manifest_parse(struct scope *sc, const uint8_t *bytes, size_t n, struct model_manifest *out);
MUST_USE enum code model_manifest_read(struct scope *sc, const char *path, struct model_manifest *out);

/* The false-match rate a score stands for: log-linear between knots, the end
 * knots' rates beyond them. */
double calibration_fmr(const struct calibration *c, double score);
/* The score whose rate is `fmr`; beyond the last knot: above 1, nothing reaches it. */
double calibration_score(const struct calibration *c, double fmr);

#endif
