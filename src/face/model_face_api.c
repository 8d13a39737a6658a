/* dlib's face ResNet as TensorFlow.js carries it: every tensor is 8-bit with its
 * own scale and minimum; a convolution is followed by a per-channel scale, which
 * is folded into its weights here.
 *
 *	7×7/2 → max 3×3/2 → 3 × res(32) → down 64, 3 × res → down 128, 2 × res
 *	→ down 256, 2 × res → down 256 → mean → 128
 *
 * A "down" block adds the 2×2 mean of its input, with missing channels as zeros,
 * written here as one 2×2 convolution; where its own output is a row short, zeros
 * are put behind it. Both as the original does. */
#include <math.h>

#include "base/json.h"
#include "face/model_convert.h"

struct weights {
	const json_t *list;
	const uint8_t *bin;
	size_t n;
};

struct shape {
	size_t n;
	int64_t dim[4];
	size_t count;
};

static enum code
shape_read(struct scope *sc, const json_t *entry, struct shape *out)
{
	const json_t *list;
	struct shape s = {.count = 1};
	TRY(json_need_array(sc, entry, "shape", 1, 4, &list));
	for (s.n = 0; s.n < json_array_size(list); s.n++) {
		json_int_t v = json_integer_value(json_array_get(list, s.n));
		if (v < 1 || v > 4096 || s.count > ((size_t)1 << 26) / (size_t)v)
			return fail(sc, E_INVALID, "a tensor has a strange shape");
		s.dim[s.n] = v;
		s.count *= (size_t)v;
	}
	*out = s;
	return OK;
}

static enum code
dequantise(struct scope *sc, const json_t *entry, const uint8_t *bytes, size_t n, float *out)
{
	const json_t *q;
	double scale;
	double min;
	TRY(json_need_object(sc, entry, "quantization", &q));
	TRY(json_need_real(sc, q, "scale", 0, 1e6, &scale));
	TRY(json_need_real(sc, q, "min", -1e6, 1e6, &min));
	for (size_t k = 0; k < n; k++)
		out[k] = (float)((double)bytes[k] * scale + min);
	return OK;
}

/* The tensor of that name as floats: 8-bit with a scale, or floats as they are. */
static enum code
weights_get(struct scope *sc, const struct weights *w, const char *name, float **out, struct shape *shape)
{
	size_t at = 0;
	for (size_t i = 0; i < json_array_size(w->list); i++) {
		const json_t *entry = json_array_get(w->list, i);
		const char *here;
		struct shape s;
		TRY(json_need_text(sc, entry, "name", 1, 200, &here));
		TRY(shape_read(sc, entry, &s));
		bool quantised = json_object_get(entry, "quantization") != NULL;
		size_t bytes = quantised ? s.count : s.count * sizeof(float);
		if (bytes > w->n - at)
			return fail(sc, E_INVALID, "the weights end before %.80s", here);
		if (strcmp(here, name) == 0) {
			*shape = s;
			*out = NEW_ARRAY(sc, s.count, float);
			if (quantised)
				return dequantise(sc, entry, w->bin + at, s.count, *out);
			memcpy(*out, w->bin + at, bytes);
			return OK;
		}
		at += bytes;
	}
	return fail(sc, E_INVALID, "there are no weights called %s", name);
}

/* A convolution with its scale folded in, from `block`/… to a node called `out`. */
static enum code
add_layer(struct scope *sc, struct onnx_graph *g, const struct weights *w, const char *block, const char *in,
	  const char *out, int64_t stride, int64_t *channels)
{
	float *k;
	float *b;
	float *scale;
	float *shift;
	struct shape ks;
	struct shape bs;
	TRY(weights_get(sc, w, scope_printf(sc, "%s/conv/filters", block), &k, &ks));
	TRY(weights_get(sc, w, scope_printf(sc, "%s/conv/bias", block), &b, &bs));
	size_t outs = ks.n == 4 ? (size_t)ks.dim[3] : 0;
	if (outs == 0 || ks.dim[0] != ks.dim[1] || bs.count != outs)
		return fail(sc, E_INVALID, "%s has a strange shape", block);
	TRY(weights_get(sc, w, scope_printf(sc, "%s/scale/weights", block), &scale, &bs));
	if (bs.count != outs)
		return fail(sc, E_INVALID, "%s has a strange scale", block);
	TRY(weights_get(sc, w, scope_printf(sc, "%s/scale/biases", block), &shift, &bs));
	if (bs.count != outs)
		return fail(sc, E_INVALID, "%s has a strange scale", block);
	size_t area = (size_t)(ks.dim[0] * ks.dim[1]);
	size_t ins = (size_t)ks.dim[2];
	float *to = NEW_ARRAY(sc, ks.count, float);
	for (size_t a = 0; a < area; a++) /* HWIO → OIHW */
		for (size_t i = 0; i < ins; i++)
			for (size_t o = 0; o < outs; o++)
				to[(o * ins + i) * area + a] = k[(a * ins + i) * outs + o] * scale[o];
	for (size_t o = 0; o < outs; o++)
		b[o] = b[o] * scale[o] + shift[o];
	int64_t pad = stride == 1 ? ks.dim[0] / 2 : 0;
	struct onnx_conv conv = {(int64_t)outs, (int64_t)ins, ks.dim[0], stride, 1, {pad, pad, pad, pad}};
	onnx_add_conv(sc, g, in, out, &conv, to, b);
	*channels = (int64_t)outs;
	return OK;
}

/* The 2×2 mean of `from` channels, as a convolution to `to` ≥ from channels. */
static void
add_mean_pool(struct scope *sc, struct onnx_graph *g, const char *in, const char *out, int64_t from, int64_t to)
{
	float *w = NEW_ARRAY(sc, (size_t)(to * from * 4), float);
	for (int64_t c = 0; c < from; c++)
		for (int64_t a = 0; a < 4; a++)
			w[(c * from + c) * 4 + a] = 0.25f;
	struct onnx_conv conv = {to, from, 2, 2, 1, {0, 0, 0, 0}};
	onnx_add_conv(sc, g, in, out, &conv, w, NULL);
}

/* side and channels: of the block's input on entry, of its output on return. */
static enum code
add_block(struct scope *sc, struct onnx_graph *g, const struct weights *w, const char *block, const char *in,
	  const char *out, int64_t *side, int64_t *channels)
{
	bool down = strstr(block, "down") != NULL;
	const char *mid = scope_printf(sc, "%s.1", out);
	const char *mid_relu = scope_printf(sc, "%s.1r", out);
	const char *own = scope_printf(sc, "%s.2", out);
	const char *kept = in;
	int64_t before = *channels;
	TRY(add_layer(sc, g, w, scope_printf(sc, "%s/conv1", block), in, mid, down ? 2 : 1, channels));
	onnx_add_node(sc, g, "Relu", &mid, 1, mid_relu);
	TRY(add_layer(sc, g, w, scope_printf(sc, "%s/conv2", block), mid_relu, own, 1, channels));
	if (down) {
		kept = scope_printf(sc, "%s.kept", out);
		add_mean_pool(sc, g, in, kept, before, *channels);
		int64_t pooled = *side / 2;
		if ((*side - 3) / 2 + 1 < pooled) {
			const char *padded = scope_printf(sc, "%s.2p", out);
			char *pads = scope_printf(sc, "%s.pads", out);
			onnx_add_ints(sc, g, pads, (int64_t[]){0, 0, 0, 0, 0, 0, 1, 1}, 8);
			onnx_add_node(sc, g, "Pad", (const char *[]){own, pads}, 2, padded);
			own = padded;
		}
		*side = pooled;
	}
	const char *sum = scope_printf(sc, "%s.sum", out);
	onnx_add_node(sc, g, "Add", (const char *[]){own, kept}, 2, sum);
	onnx_add_node(sc, g, "Relu", &sum, 1, out);
	return OK;
}

static enum code
add_head(struct scope *sc, struct onnx_graph *g, const struct weights *w, const char *in, int64_t channels)
{
	float *fc;
	struct shape s;
	TRY(weights_get(sc, w, "fc", &fc, &s));
	if (s.n != 2 || s.dim[0] != channels)
		return fail(sc, E_INVALID, "the last layer has a strange shape");
	const char *mean = "mean";
	const char *flat = "flat";
	onnx_add_node(sc, g, "GlobalAveragePool", &in, 1, mean);
	onnx_set_int(sc, onnx_add_node(sc, g, "Flatten", &mean, 1, flat), "axis", 1);
	onnx_add_floats(sc, g, "fc", s.dim, 2, fc);
	onnx_add_node(sc, g, "MatMul", (const char *[]){flat, "fc"}, 2, "output");
	g->outputs = NEW(sc, struct onnx_value);
	*g->outputs = (struct onnx_value){"output", 2, {1, s.dim[1]}};
	g->n_outputs = 1;
	return OK;
}

enum code
model_from_face_api(struct scope *sc, const uint8_t *manifest, size_t manifest_n, const uint8_t *bin, size_t bin_n,
		    struct onnx_graph *out)
{
	static const char *const blocks[] = {
	    "conv32_1",	    "conv32_2",	 "conv32_3",  "conv64_down",  "conv64_1",  "conv64_2",	"conv64_3",
	    "conv128_down", "conv128_1", "conv128_2", "conv256_down", "conv256_1", "conv256_2", "conv256_down_out"};
	struct onnx_graph g = {.ir_version = 7, .opset = 11};
	json_t *whole;
	TRY(json_parse(sc, manifest, manifest_n, &whole));
	struct weights w = {.bin = bin, .n = bin_n};
	TRY(json_need_array(sc, json_array_get(whole, 0), "weights", 1, 1000, &w.list));
	g.inputs = NEW(sc, struct onnx_value);
	*g.inputs = (struct onnx_value){"input", 4, {1, 3, 150, 150}};
	g.n_inputs = 1;
	int64_t channels = 3;
	const char *conv = "first";
	const char *relu = "first.r";
	const char *at = "first.p";
	TRY(add_layer(sc, &g, &w, "conv32_down", "input", conv, 2, &channels));
	onnx_add_node(sc, &g, "Relu", &conv, 1, relu);
	struct onnx_node *pool = onnx_add_node(sc, &g, "MaxPool", &relu, 1, at);
	onnx_set_ints(sc, pool, "kernel_shape", (int64_t[]){3, 3}, 2);
	onnx_set_ints(sc, pool, "strides", (int64_t[]){2, 2}, 2);
	int64_t side = 35; /* (150 − 7) / 2 + 1 = 72, (72 − 3) / 2 + 1 = 35 */
	for (size_t i = 0; i < COUNT_OF(blocks); i++) {
		const char *to = scope_printf(sc, "b%zu", i);
		TRY(add_block(sc, &g, &w, blocks[i], at, to, &side, &channels));
		at = to;
	}
	TRY(add_head(sc, &g, &w, at, channels));
	*out = g;
	return OK;
}
