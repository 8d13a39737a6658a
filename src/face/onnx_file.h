/* onnx_file: an ONNX graph in memory, read from and written to its file format.
 *
 * ONNX files are protocol buffers; this reads the part that inference graphs of
 * plain convolution networks use, with every length checked, and refuses the
 * rest (subgraphs, strings, external data). Writing is canonical: one graph has
 * one byte sequence, so a prepared file has a hash that can be published.
 *
 * Fields used (name = number): Model ir_version=1 graph=7 opset=8; Graph node=1
 * name=2 initializer=5 input=11 output=12; Node input=1 output=2 name=3 op=4
 * attribute=5; Attribute name=1 f=2 i=3 s=4 t=5 floats=7 ints=8 type=20; Tensor
 * dims=1 type=2 float_data=4 int64_data=7 name=8 raw=9. */
#ifndef FACE_ONNX_FILE_H
#define FACE_ONNX_FILE_H

#include "base/scope.h"

#define ONNX_DIMS_MAX 8
#define ONNX_FILE_MAX ((size_t)256 << 20)

enum onnx_type { ONNX_FLOAT = 1, ONNX_INT32 = 6, ONNX_INT64 = 7 };

struct onnx_tensor {
	const char *name;
	enum onnx_type type;
	size_t n_dims;
	int64_t dims[ONNX_DIMS_MAX];
	size_t count; /* product of dims */
	void *data;   /* count elements, aligned */
};

enum onnx_attr_kind {
	ONNX_ATTR_FLOAT = 1,
	ONNX_ATTR_INT,
	ONNX_ATTR_STRING,
	ONNX_ATTR_TENSOR,
	ONNX_ATTR_FLOATS = 6,
	ONNX_ATTR_INTS
};
struct onnx_attr {
	const char *name;
	enum onnx_attr_kind kind;
	float f;
	int64_t i;
	const char *s;
	struct onnx_tensor *t;
	float *floats;
	int64_t *ints;
	size_t n; /* of floats or ints */
};

struct onnx_node {
	const char *op;
	const char **in, **out;
	size_t n_in, n_out;
	struct onnx_attr *attrs;
	size_t n_attrs;
};

struct onnx_value { /* a graph input or output, float */
	const char *name;
	size_t n_dims;
	int64_t dims[ONNX_DIMS_MAX];
};

/* Everything is scope-owned. Nodes stay in topological order. */
struct onnx_graph {
	int64_t ir_version, opset;
	struct onnx_node *nodes;
	size_t n_nodes, cap_nodes;
	struct onnx_tensor *tensors; /* initialisers */
	size_t n_tensors, cap_tensors;
	struct onnx_value *inputs, *outputs;
	size_t n_inputs, n_outputs;
};

/* E_INVALID  not such a file. */
MUST_USE enum code onnx_read(struct scope *sc, const uint8_t *bytes, size_t n, struct onnx_graph *out);
void onnx_write(struct scope *sc, const struct onnx_graph *g, uint8_t **bytes, size_t *n);

struct onnx_tensor *onnx_find(const struct onnx_graph *g, const char *name); /* NULL: none */

/* --- building --- */

/* Appends; the returned pointer holds until the next append. */
struct onnx_node *onnx_add_node(struct scope *sc, struct onnx_graph *g, const char *op, const char *const *in,
				size_t n_in, const char *out);
void onnx_set_ints(struct scope *sc, struct onnx_node *node, const char *name, const int64_t *v, size_t n);
void onnx_set_int(struct scope *sc, struct onnx_node *node, const char *name, int64_t v);
/* An initialiser of floats; `data` is taken over, not copied. */
void onnx_add_floats(struct scope *sc, struct onnx_graph *g, const char *name, const int64_t *dims, size_t n_dims,
		     float *data);
void onnx_add_ints(struct scope *sc, struct onnx_graph *g, const char *name, const int64_t *v, size_t n);
/* Conv with square kernel and its own weights; pads top, left, bottom, right. */
struct onnx_conv {
	int64_t out, in_per_group, kernel, stride, group;
	int64_t pads[4];
};
void onnx_add_conv(struct scope *sc, struct onnx_graph *g, const char *in, const char *out,
		   const struct onnx_conv *conv, float *weights, float *bias);

#endif
