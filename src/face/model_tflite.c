/* A .tflite file is a flatbuffer: tables with a vtable of field offsets, vectors
 * with a count, all offsets relative. Fields are read by their place in the schema:
 *
 *	Model        operator_codes 1, subgraphs 2, buffers 4
 *	OperatorCode deprecated_builtin_code 0 (int8), builtin_code 3 (int32)
 *	SubGraph     tensors 0, inputs 1, outputs 2, operators 3
 *	Tensor       shape 0, type 1, buffer 2
 *	Operator     opcode_index 0, inputs 1, outputs 2, builtin_options 4
 *	Buffer       data 0
 *	Conv2D and DepthwiseConv2D options: padding 0, stride_w 1, stride_h 2 */
#include "face/model_convert.h"

struct flat {
	const uint8_t *p;
	size_t n;
	bool bad; /* something pointed outside: every later read is 0 */
};

static uint32_t
flat_uint(struct flat *f, size_t at, size_t size)
{
	if (f->bad || at > f->n || f->n - at < size) {
		f->bad = true;
		return 0;
	}
	uint32_t v = 0;
	for (size_t i = 0; i < size; i++)
		v |= (uint32_t)f->p[at + i] << (8 * i);
	return v;
}

/* Where field `i` of the table lies, 0 when the table leaves it out. */
static size_t
flat_field(struct flat *f, size_t table, unsigned i)
{
	int64_t vtable = (int64_t)table - (int32_t)flat_uint(f, table, 4);
	if (vtable < 0 || (uint64_t)vtable > f->n) {
		f->bad = true;
		return 0;
	}
	uint32_t size = flat_uint(f, (size_t)vtable, 2);
	if (4 + 2 * i + 2 > size)
		return 0;
	uint32_t offset = flat_uint(f, (size_t)vtable + 4 + 2 * (size_t)i, 2);
	return offset == 0 ? 0 : table + offset;
}

static uint32_t
flat_get(struct flat *f, size_t table, unsigned i, size_t size, uint32_t otherwise)
{
	size_t at = flat_field(f, table, i);
	return at == 0 ? otherwise : flat_uint(f, at, size);
}

static size_t
flat_follow(struct flat *f, size_t at)
{
	return at == 0 ? 0 : at + flat_uint(f, at, 4);
}

struct vector {
	size_t at; /* of the first element */
	size_t n;
};

static struct vector
flat_vector(struct flat *f, size_t table, unsigned i, size_t element)
{
	size_t at = flat_follow(f, flat_field(f, table, i));
	if (at == 0)
		return (struct vector){0, 0};
	size_t n = flat_uint(f, at, 4);
	if (f->bad || n > (f->n - at - 4) / element) {
		f->bad = true;
		return (struct vector){0, 0};
	}
	return (struct vector){at + 4, n};
}

static size_t
flat_table_at(struct flat *f, struct vector v, size_t i)
{
	if (i >= v.n) {
		f->bad = true;
		return 0;
	}
	return flat_follow(f, v.at + 4 * i);
}

/* --- the network --- */

enum {
	OP_ADD = 0,
	OP_CONV = 3,
	OP_DEPTHWISE = 4,
	OP_MUL = 18,
	OP_RELU = 19,
	OP_RESHAPE = 22,
	OP_SUB = 41,
	OP_ABS = 101
};

struct tflite {
	struct flat f;
	struct vector codes, buffers, tensors, operators;
	struct onnx_graph *g;
	/* For the leaky unit: what an elementwise tensor was made of. */
	struct leaky {
		uint32_t x;	/* 1 + tensor it comes from */
		uint32_t slope; /* 1 + tensor of c, for MUL */
		enum { PLAIN, RELU_OF, ABS_OF, MINUS_ABS_OF, SCALED } what;
	} * made;
};

struct operator_io {
	uint32_t code;
	size_t table, options;
	struct vector in, out;
};

static uint32_t
io_tensor(struct tflite *t, struct vector v, size_t i)
{
	if (i >= v.n) {
		t->f.bad = true;
		return 0;
	}
	uint32_t index = flat_uint(&t->f, v.at + 4 * i, 4);
	if (index >= t->tensors.n) {
		t->f.bad = true;
		return 0;
	}
	return index;
}

static struct vector
tensor_shape(struct tflite *t, uint32_t index, int64_t dims[static 4])
{
	struct vector shape = flat_vector(&t->f, flat_table_at(&t->f, t->tensors, index), 0, 4);
	if (shape.n > 4)
		t->f.bad = true;
	for (size_t i = 0; i < shape.n && i < 4; i++)
		dims[i] = (int32_t)flat_uint(&t->f, shape.at + 4 * i, 4);
	return shape;
}

/* The floats of a constant tensor; E_INVALID when it is none or not `want` long. */
static enum code
constant(struct scope *sc, struct tflite *t, uint32_t index, size_t want, float **out)
{
	size_t tensor = flat_table_at(&t->f, t->tensors, index);
	uint32_t type = flat_get(&t->f, tensor, 1, 1, 0);
	size_t buffer = flat_table_at(&t->f, t->buffers, flat_get(&t->f, tensor, 2, 4, 0));
	struct vector data = flat_vector(&t->f, buffer, 0, 1);
	if (t->f.bad || type != 0 || data.n != want * sizeof(float))
		return fail(sc, E_INVALID, "tensor %u is not a constant of %zu floats", index, want);
	*out = scope_memdup(sc, t->f.p + data.at, data.n);
	return OK;
}

static const char *
tensor_name(struct scope *sc, uint32_t index)
{
	return scope_printf(sc, "t%u", index);
}

/* "Same" padding: the odd pixel goes to the end. */
static void
same_pads(int64_t in, int64_t out, int64_t kernel, int64_t stride, int64_t *begin, int64_t *end)
{
	int64_t total = (out - 1) * stride + kernel - in;
	if (total < 0)
		total = 0;
	*begin = total / 2;
	*end = total - total / 2;
}

static enum code
convert_conv(struct scope *sc, struct tflite *t, const struct operator_io *io)
{
	bool depthwise = io->code == OP_DEPTHWISE;
	uint32_t x = io_tensor(t, io->in, 0);
	uint32_t w = io_tensor(t, io->in, 1);
	uint32_t b = io_tensor(t, io->in, 2);
	uint32_t y = io_tensor(t, io->out, 0);
	int64_t in[4] = {0};
	int64_t out[4] = {0};
	int64_t k[4] = {0}; /* OHWI, or 1HWC */
	bool shaped = tensor_shape(t, x, in).n == 4 && tensor_shape(t, y, out).n == 4 && tensor_shape(t, w, k).n == 4;
	int64_t stride = flat_get(&t->f, io->options, 1, 4, 1);
	uint32_t activation = flat_get(&t->f, io->options, depthwise ? 4 : 3, 1, 0);
	for (int i = 1; i < 4; i++)
		shaped = shaped && in[i] > 0 && in[i] < 4096 && out[i] > 0 && out[i] < 4096 && k[i] > 0 && k[i] < 4096;
	bool fits = depthwise ? k[0] == 1 && k[3] == in[3] && out[3] == in[3] : k[0] == out[3] && k[3] == in[3];
	if (t->f.bad || !shaped || !fits || k[1] != k[2] || stride < 1 || stride > 8 || activation != 0)
		return fail(sc, E_INVALID, "a convolution of a kind that is not used here");
	struct onnx_conv conv = {out[3], depthwise ? 1 : in[3], k[1], stride, depthwise ? in[3] : 1, {0, 0, 0, 0}};
	if (flat_get(&t->f, io->options, 0, 1, 0) == 0) {
		same_pads(in[1], out[1], k[1], stride, &conv.pads[0], &conv.pads[2]);
		same_pads(in[2], out[2], k[1], stride, &conv.pads[1], &conv.pads[3]);
	}
	size_t area = (size_t)(k[1] * k[2]);
	size_t outs = (size_t)out[3];
	size_t ins = (size_t)conv.in_per_group;
	float *from;
	float *bias;
	TRY(constant(sc, t, w, outs * ins * area, &from));
	TRY(constant(sc, t, b, outs, &bias));
	float *to = NEW_ARRAY(sc, outs * ins * area, float);
	for (size_t o = 0; o < outs; o++)
		for (size_t i = 0; i < ins; i++)
			for (size_t a = 0; a < area; a++)
				to[(o * ins + i) * area + a] =
				    depthwise ? from[a * outs + o] : from[(o * area + a) * ins + i];
	onnx_add_conv(sc, t->g, tensor_name(sc, x), tensor_name(sc, y), &conv, to, bias);
	return OK;
}

/* ADD is a shortcut, or the end of a leaky unit: relu(x) + c·(x − |x|). */
static enum code
convert_add(struct scope *sc, struct tflite *t, const struct operator_io *io)
{
	uint32_t a = io_tensor(t, io->in, 0);
	uint32_t b = io_tensor(t, io->in, 1);
	uint32_t y = io_tensor(t, io->out, 0);
	const struct leaky *first = &t->made[a];
	const struct leaky *second = &t->made[b];
	if (first->what == PLAIN && second->what == PLAIN) {
		onnx_add_node(sc, t->g, "Add", (const char *[]){tensor_name(sc, a), tensor_name(sc, b)}, 2,
			      tensor_name(sc, y));
		return OK;
	}
	if (first->what != RELU_OF || second->what != SCALED || first->x != second->x)
		return fail(sc, E_INVALID, "an addition of a kind that is not used here");
	int64_t dims[4] = {0};
	if (tensor_shape(t, y, dims).n != 4 || dims[3] < 1 || dims[3] > 4096)
		return fail(sc, E_INVALID, "a leaky unit without channels");
	float *slope;
	TRY(constant(sc, t, second->slope - 1, (size_t)dims[3], &slope));
	for (int64_t i = 0; i < dims[3]; i++)
		slope[i] *= 2.0f;
	char *name = scope_printf(sc, "t%u.slope", y);
	onnx_add_floats(sc, t->g, name, (int64_t[]){dims[3], 1, 1}, 3, slope);
	onnx_add_node(sc, t->g, "PRelu", (const char *[]){tensor_name(sc, first->x - 1), name}, 2, tensor_name(sc, y));
	return OK;
}

static enum code
convert_elementwise(struct scope *sc, struct tflite *t, const struct operator_io *io)
{
	uint32_t a = io_tensor(t, io->in, 0);
	uint32_t y = io_tensor(t, io->out, 0);
	struct leaky *made = &t->made[y];
	if (io->code == OP_RELU) {
		*made = (struct leaky){a + 1, 0, RELU_OF};
		return OK;
	}
	if (io->code == OP_ABS) {
		*made = (struct leaky){a + 1, 0, ABS_OF};
		return OK;
	}
	uint32_t b = io_tensor(t, io->in, 1);
	if (io->code == OP_SUB && t->made[b].what == ABS_OF && t->made[b].x == a + 1) {
		*made = (struct leaky){a + 1, 0, MINUS_ABS_OF};
		return OK;
	}
	if (io->code == OP_MUL && t->made[b].what == MINUS_ABS_OF) {
		*made = (struct leaky){t->made[b].x, a + 1, SCALED};
		return OK;
	}
	return fail(sc, E_INVALID, "an elementwise operator that is not part of a leaky unit");
}

static enum code
convert_operator(struct scope *sc, struct tflite *t, size_t i)
{
	struct operator_io io = {.table = flat_table_at(&t->f, t->operators, i)};
	size_t code = flat_table_at(&t->f, t->codes, flat_get(&t->f, io.table, 0, 4, 0));
	uint32_t old = flat_get(&t->f, code, 0, 1, 0);
	uint32_t new = flat_get(&t->f, code, 3, 4, 0);
	io.code = old > new ? old : new;
	io.in = flat_vector(&t->f, io.table, 1, 4);
	io.out = flat_vector(&t->f, io.table, 2, 4);
	io.options = flat_follow(&t->f, flat_field(&t->f, io.table, 4));
	if (t->f.bad)
		return fail(sc, E_INVALID, "the TensorFlow Lite file is damaged");
	switch (io.code) {
	case OP_CONV:
	case OP_DEPTHWISE: return convert_conv(sc, t, &io);
	case OP_ADD: return convert_add(sc, t, &io);
	case OP_RELU:
	case OP_ABS:
	case OP_SUB:
	case OP_MUL: return convert_elementwise(sc, t, &io);
	case OP_RESHAPE: {
		uint32_t x = io_tensor(t, io.in, 0);
		uint32_t y = io_tensor(t, io.out, 0);
		const char *in = tensor_name(sc, x);
		onnx_set_int(sc, onnx_add_node(sc, t->g, "Flatten", &in, 1, tensor_name(sc, y)), "axis", 1);
		return OK;
	}
	default: return fail(sc, E_INVALID, "operator %u is not used here", io.code);
	}
}

/* A graph value, its shape turned from NHWC to NCHW with one picture a batch. */
static struct onnx_value *
graph_value(struct scope *sc, struct tflite *t, struct vector list)
{
	uint32_t index = io_tensor(t, list, 0);
	int64_t dims[4] = {0};
	size_t n = tensor_shape(t, index, dims).n;
	struct onnx_value *v = NEW(sc, struct onnx_value);
	v->name = tensor_name(sc, index);
	v->n_dims = n;
	v->dims[0] = 1;
	if (n == 4) {
		v->dims[1] = dims[3];
		v->dims[2] = dims[1];
		v->dims[3] = dims[2];
	} else if (n == 2) {
		v->dims[1] = dims[1];
	} else {
		t->f.bad = true;
	}
	return v;
}

enum code
model_from_tflite(struct scope *sc, const uint8_t *bytes, size_t n, struct onnx_graph *out)
{
	struct onnx_graph g = {.ir_version = 7, .opset = 11};
	struct tflite t = {.f = {bytes, n, false}, .g = &g};
	if (n < 8 || n > ONNX_FILE_MAX || memcmp(bytes + 4, "TFL3", 4) != 0)
		return fail(sc, E_INVALID, "this is not a TensorFlow Lite file");
	size_t model = flat_uint(&t.f, 0, 4);
	t.codes = flat_vector(&t.f, model, 1, 4);
	t.buffers = flat_vector(&t.f, model, 4, 4);
	size_t sub = flat_table_at(&t.f, flat_vector(&t.f, model, 2, 4), 0);
	t.tensors = flat_vector(&t.f, sub, 0, 4);
	t.operators = flat_vector(&t.f, sub, 3, 4);
	if (t.f.bad || t.tensors.n == 0 || t.operators.n > 4096)
		return fail(sc, E_INVALID, "the TensorFlow Lite file is damaged");
	t.made = NEW_ARRAY(sc, t.tensors.n, struct leaky);
	g.inputs = graph_value(sc, &t, flat_vector(&t.f, sub, 1, 4));
	g.outputs = graph_value(sc, &t, flat_vector(&t.f, sub, 2, 4));
	g.n_inputs = g.n_outputs = 1;
	for (size_t i = 0; i < t.operators.n; i++)
		TRY(convert_operator(sc, &t, i));
	if (t.f.bad)
		return fail(sc, E_INVALID, "the TensorFlow Lite file is damaged");
	*out = g;
	return OK;
}
