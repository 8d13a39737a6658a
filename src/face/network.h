/* network: one model, run by whoever runs it fastest here.
 *
 * net.h runs it in bfloat16 where the processor multiplies that and the graph has
 * nothing else; ONNX Runtime runs it in 32-bit floats everywhere. Answers differ
 * by rounding only: vectors of one may be compared with vectors of the other. */
#ifndef FACE_NETWORK_H
#define FACE_NETWORK_H

#include "face/net.h"
#include "face/ort.h"

enum network_precision { NETWORK_FASTEST, NETWORK_FP32 };

struct network {
	struct net *net;       /* this */
	struct ort_model *ort; /* or this */
};

/* Bytes of a prepared model that net.h can run, on this processor? Else *out is untouched and false. */
bool network_open_fast(const void *bytes, size_t n, struct network *out);
/* By ONNX Runtime; errors as ort_model_open(). */
MUST_USE enum code network_open(struct scope *sc, struct ort *ort, const char *name, const void *bytes, size_t n,
				struct network *out);
void network_close(struct network *m);

/* Is there a model at all? */
static inline bool
network_is_open(const struct network *m)
{
	return m->net != NULL || m->ort != NULL;
}

/* The arrays are the network's own and stay where they are between runs. */
float *network_input(struct network *m, size_t *n);
const float *network_output(struct network *m, size_t i, size_t *n);
size_t network_outputs(const struct network *m);
MUST_USE enum code network_run(struct scope *sc, struct network *m);

#endif
