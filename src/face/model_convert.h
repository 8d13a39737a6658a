/* model_convert: published model files → the ONNX form that runs fastest here. */
#ifndef FACE_MODEL_CONVERT_H
#define FACE_MODEL_CONVERT_H

#include "face/onnx_file.h"

/* Weights below 1e-9 in magnitude become 0: denormal numbers cost microcode, and
 * in fr_feature 8,939 of them make a run ten times slower. */
void model_zero_denormals(struct onnx_graph *g);

/* PRelu(x) with one slope a channel becomes a·x + (1 − a)·relu(x), as two 1 × 1
 * depthwise convolutions and an addition, which ONNX Runtime keeps in its blocked
 * layout (PRelu itself makes it leave and re-enter). E_INVALID  a slope of another shape. */
MUST_USE enum code model_rewrite_prelu(struct scope *sc, struct onnx_graph *g);

/* A TensorFlow Lite file of convolutions (NHWC) → NCHW, batch 1. The leaky unit
 * that its exporter wrote as relu(x) + c·(x − |x|) comes back as PRelu with 2c. */
MUST_USE enum code model_from_tflite(struct scope *sc, const uint8_t *bytes, size_t n, struct onnx_graph *out);

/* dlib's 29-layer face ResNet from the TensorFlow.js weights of face-api:
 * `manifest` is the JSON list of tensors, `bin` their 8-bit values in order. */
MUST_USE enum code model_from_face_api(struct scope *sc, const uint8_t *manifest, size_t manifest_n, const uint8_t *bin,
				       size_t bin_n, struct onnx_graph *out);

#endif
