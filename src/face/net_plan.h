/* net_plan: an ONNX graph of convolutions as a list of fused steps, for net.c.
 *
 * What stands alone in the file is put together here: a convolution with the
 * addition and the rectifier behind it, the pair of scalings that preparation
 * wrote for a PRelu, batch normalisations and scalar factors (into the weights),
 * concatenations (each part is written where it belongs), padding (every plane
 * has a border of zeros).
 */
#ifndef FACE_NET_PLAN_H
#define FACE_NET_PLAN_H

#include "face/onnx_file.h"

#define NET_OUTPUTS_MAX 8

struct net_plane {
	int32_t height, width, channels;
	int32_t pitch;	/* channels filled up to a multiple of 16; the input's to 4 */
	int32_t border; /* the widest any reader needs */
};

enum net_step_kind { NET_CONV, NET_DEPTHWISE, NET_MAX, NET_MEAN };

struct net_step {
	enum net_step_kind kind;
	size_t in, out; /* planes */
	bool adds;
	size_t residual;     /* plane added before the rectifier; where `adds` */
	int32_t out_channel; /* the first of out's this writes */
	int32_t kernel_height, kernel_width, stride, dilation, pad_top, pad_left;
	int32_t height, width, inputs, outputs;
	float *weights; /* [outputs][inputs][kernel_height][kernel_width]; depthwise without [inputs] */
	float *bias;	/* [outputs] */
	bool rectified;
	float *slope; /* [outputs], below zero; NULL: the identity */
};

/* Scope-owned. Planes without a writer are left over from fusing. */
struct net_plan {
	struct net_plane *planes;
	size_t n_planes;
	struct net_step *steps;
	size_t n_steps;
	size_t input;
	size_t outputs[NET_OUTPUTS_MAX];
	size_t n_outputs;
};

/* Outputs are the graph's own, or, where it turns results to NHWC (a detector's
 * heads), those results in the order it turns them; what follows is the caller's.
 * E_INVALID  something in the graph that net.c does not run. */
MUST_USE enum code net_plan(struct scope *sc, const struct onnx_graph *g, struct net_plan *out);

#endif
