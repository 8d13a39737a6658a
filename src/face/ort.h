/* ort: ONNX Runtime, opened at run time, one thread a model.
 *
 * The library is found by: the path given, WAYBILL_ORT, beside the checkout
 * (../../.cache/deps/onnxruntime/lib from the binary), the system's. Give every
 * session one thread: more of them spin against each other and lose. */
#ifndef FACE_ORT_H
#define FACE_ORT_H

#include "base/scope.h"

struct ort;
struct ort_model;

/* E_UNAVAILABLE  no library, or one too old. Heap; ort_close(). */
MUST_USE enum code ort_open(struct scope *sc, const char *path, struct ort **out);
void ort_close(struct ort *o);

#define ORT_OUTPUTS_MAX 3

/* Loads a model of one float input and 1 … ORT_OUTPUTS_MAX float outputs, all of
 * fixed shape. E_CORRUPT  the bytes are no such model. Heap; ort_model_close(). */
MUST_USE enum code ort_model_open(struct scope *sc, struct ort *o, const char *name, const void *bytes, size_t n,
				  struct ort_model **out);
void ort_model_close(struct ort_model *m);

/* The tensors are the model's own and stay where they are between runs. */
float *ort_input(struct ort_model *m, size_t *n);
const float *ort_output(struct ort_model *m, size_t i, size_t *n);
size_t ort_outputs(const struct ort_model *m);
MUST_USE enum code ort_run(struct scope *sc, struct ort_model *m);

#endif
