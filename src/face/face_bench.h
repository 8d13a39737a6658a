/* face_bench: how accurate is this model set on pictures of known people?
 *
 * Pictures in a directory, a folder a person; pairs from a list (`image_a image_b
 * same`, tab-separated with a header; or LFW's pairs.txt with its folds) or all of
 * them; groups from a list (`image group`). A picture without a face counts as an
 * error in every pair it is in. Nothing of a picture leaves this: no file name, no
 * person, no score of a pair is in the result. */
#ifndef FACE_FACE_BENCH_H
#define FACE_FACE_BENCH_H

#include "base/json.h"
#include "face/face.h"

struct bench_options {
	const char *images, *pairs, *groups; /* pairs and groups may be NULL */
	const char *models, *runtime;	     /* runtime may be NULL */
	bool fp32;			     /* by ONNX Runtime, whatever the processor could do */
};

/* The result as JSON (see docs/face.md), with the DET curve's points and a
 * calibration in it. E_INVALID  a list is malformed or names a missing picture. */
MUST_USE enum code bench_run(struct scope *sc, const struct bench_options *options, json_t **result);

/* One self-contained page for an auditor. */
char *bench_page(struct scope *sc, const json_t *result);

/* The manifest's text with the result's calibration in it. */
MUST_USE enum code bench_calibrated_manifest(struct scope *sc, const char *manifest_path, const json_t *result,
					     char **text);

#endif
