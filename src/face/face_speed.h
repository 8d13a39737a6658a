/* face_speed: how near one check is to the metal. */
#ifndef FACE_FACE_SPEED_H
#define FACE_FACE_SPEED_H

#include "face/face.h"

struct speed {
	double whole_ms; /* decode to vector: what a check of one picture takes */
	double floor_ms; /* the same decode and the models' runs by ONNX Runtime in 32-bit floats, and nothing else */
	double ratio;	 /* the median of whole over floor, pair by pair */
	double decode_ms, detect_ms, landmarks_ms, embeddings_ms; /* of the floor */
};

/* CPU time of this thread; `rounds` whole checks by `e` interleaved with `rounds` floors by `fp32`
 * (an engine of the same models opened with NETWORK_FP32; may be `e`). */
MUST_USE enum code speed_measure(struct scope *sc, struct face_engine *e, struct face_engine *fp32,
				 struct face_picture picture, int rounds, struct speed *out);

#endif
