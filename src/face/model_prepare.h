/* model_prepare: from the files as published to a directory an engine opens. */
#ifndef FACE_MODEL_PREPARE_H
#define FACE_MODEL_PREPARE_H

#include "base/json.h"

struct prepare_options {
	const char *raw_dir, *out_dir;
	const char *manifest; /* path */
	bool trust;	      /* take the hashes that come out instead of those in the manifest */
};

/* Writes every model and the manifest into out_dir; does nothing when they are
 * there already with the right hashes. The result says per model what was done:
 * {"models":[{"name","file","sha256","done":"written"|"current"}],"set":hex}.
 * E_CORRUPT  a prepared file is not what the manifest says. */
MUST_USE enum code model_prepare(struct scope *sc, const struct prepare_options *options, json_t **result);

/* One model's prepared bytes, by its manifest's "from" word: "onnx", "tflite", "face-api". */
MUST_USE enum code model_prepare_bytes(struct scope *sc, const char *from, const uint8_t *const raw[2],
				       const size_t raw_n[2], uint8_t **bytes, size_t *n);

#endif
