/* net: runs a prepared network in bfloat16, half the width of ONNX Runtime's
 * floats and twice the speed, on processors that multiply it (AVX512-BF16).
 *
 * Sums are 32-bit floats; what goes from layer to layer and the weights are
 * rounded to bfloat16. All memory is taken and all weights are laid out when a
 * network is opened; a run allocates nothing, maps nothing and asks the system for nothing.
 */
#ifndef FACE_NET_H
#define FACE_NET_H

#include "face/onnx_file.h"

struct net;

/* Can this processor run any? */
bool net_runs_here(void);

/* E_UNAVAILABLE  not on this processor.  E_INVALID  the graph has something that is
 * not run here. The graph is not needed afterwards. Heap; net_close(). */
MUST_USE enum code net_open(struct scope *sc, const struct onnx_graph *g, struct net **out);
void net_close(struct net *net);

/* Planar, as the graph's input is; the net's own, and kept between runs. */
float *net_input(struct net *net, size_t *n);
/* Output i, pixel by pixel (NHWC). Which they are: net_plan.h. */
const float *net_output(const struct net *net, size_t i, size_t *n);
size_t net_outputs(const struct net *net);
void net_run(struct net *net);

#endif
