/* net.h against plain loops over graphs made here, and against ONNX Runtime over
 * the prepared models. What runs in bfloat16 is skipped, saying so, on processors
 * without it; what is refused is tested everywhere. */
#include "samples.h"

#include <math.h>

#include "base/prng.h"
#include "face/engine.h"
#include "face/net_plan.h"

static void
needs_bfloat16(void)
{
	if (net_runs_here())
		return;
	print_message("skipped: this processor does not multiply bfloat16\n");
	skip();
}

static float *
noise(struct scope *sc, struct prng *r, size_t n, float reach)
{
	float *v = NEW_ARRAY(sc, n, float);
	for (size_t i = 0; i < n; i++)
		v[i] = (float)(prng_unit(r) * 2 - 1) * reach;
	return v;
}

static struct onnx_graph
graph_of(struct scope *sc, int64_t channels, int64_t height, int64_t width)
{
	struct onnx_graph g = {.ir_version = 8, .opset = 13};
	g.inputs = NEW(sc, struct onnx_value);
	g.inputs[0] = (struct onnx_value){"input", 4, {1, channels, height, width}};
	g.outputs = NEW(sc, struct onnx_value);
	g.n_inputs = g.n_outputs = 1;
	return g;
}

/* --- plain loops: planar floats --- */

struct planar {
	int c, h, w;
	float *v;
};

static struct planar
plain_conv(struct scope *sc, struct planar x, const struct onnx_conv *k, const float *weights, const float *bias)
{
	int size = (int)k->kernel;
	int stride = (int)k->stride;
	int h = (x.h + (int)(k->pads[0] + k->pads[2]) - size) / stride + 1;
	int w = (x.w + (int)(k->pads[1] + k->pads[3]) - size) / stride + 1;
	struct planar y = {(int)k->out, h, w, NEW_ARRAY(sc, (size_t)((int)k->out * h * w), float)};
	int each = (int)k->in_per_group;
	for (int o = 0; o < y.c; o++)
		for (int i = 0; i < h * w; i++) {
			double sum = bias != NULL ? (double)bias[o] : 0;
			for (int c = 0; c < each; c++)
				for (int t = 0; t < size * size; t++) {
					int sy = i / w * stride + t / size - (int)k->pads[0];
					int sx = i % w * stride + t % size - (int)k->pads[1];
					int from = k->group > 1 ? o : c;
					if (sy < 0 || sx < 0 || sy >= x.h || sx >= x.w)
						continue;
					sum += (double)x.v[(from * x.h + sy) * x.w + sx] *
					       (double)weights[(o * each + c) * size * size + t];
				}
			y.v[o * h * w + i] = (float)sum;
		}
	return y;
}

static void
plain_rectify(struct planar x, const float *slope)
{
	for (int i = 0; i < x.c * x.h * x.w; i++)
		if (x.v[i] < 0)
			x.v[i] *= slope != NULL ? slope[i / (x.h * x.w)] : 0;
}

/* --- building the graph and its plain value together --- */

struct builder {
	struct scope *sc;
	struct onnx_graph g;
	struct prng r;
	struct planar now;
	int names;
};

static const char *
next_name(struct builder *b)
{
	return scope_printf(b->sc, "v%d", ++b->names);
}

static const char *
build_conv(struct builder *b, const char *from, struct onnx_conv k)
{
	const char *to = next_name(b);
	size_t each = (size_t)(k.in_per_group * k.kernel * k.kernel);
	float *w = noise(b->sc, &b->r, (size_t)k.out * each, 1.5f / sqrtf((float)each));
	float *bias = noise(b->sc, &b->r, (size_t)k.out, 0.2f);
	onnx_add_conv(b->sc, &b->g, from, to, &k, w, bias);
	b->now = plain_conv(b->sc, b->now, &k, w, bias);
	return to;
}

static const char *
build_relu(struct builder *b, const char *from)
{
	const char *to = next_name(b);
	onnx_add_node(b->sc, &b->g, "Relu", &from, 1, to);
	plain_rectify(b->now, NULL);
	return to;
}

/* As models have it once they are prepared. */
static const char *
build_prelu(struct builder *b, const char *from)
{
	int64_t n = b->now.c;
	float *slope = noise(b->sc, &b->r, (size_t)n, 0.5f);
	float *rest = NEW_ARRAY(b->sc, (size_t)n, float);
	for (int64_t i = 0; i < n; i++)
		rest[i] = 1 - slope[i];
	struct onnx_conv k = {n, 1, 1, 1, n, {0, 0, 0, 0}};
	const char *relu = next_name(b);
	const char *kept = next_name(b);
	const char *above = next_name(b);
	const char *to = next_name(b);
	onnx_add_node(b->sc, &b->g, "Relu", &from, 1, relu);
	onnx_add_conv(b->sc, &b->g, from, kept, &k, slope, NULL);
	onnx_add_conv(b->sc, &b->g, relu, above, &k, rest, NULL);
	onnx_add_node(b->sc, &b->g, "Add", (const char *[]){kept, above}, 2, to);
	plain_rectify(b->now, slope);
	return to;
}

static const char *
build_sum(struct builder *b, const char *x, const char *y, struct planar other)
{
	const char *to = next_name(b);
	onnx_add_node(b->sc, &b->g, "Add", (const char *[]){x, y}, 2, to);
	for (int i = 0; i < b->now.c * b->now.h * b->now.w; i++)
		b->now.v[i] += other.v[i];
	return to;
}

static struct planar
copy_of(struct builder *b)
{
	struct planar p = b->now;
	p.v = scope_memdup(b->sc, p.v, (size_t)(p.c * p.h * p.w) * sizeof *p.v);
	return p;
}

/* Runs the graph on noise that is already bfloat16; the output is within `share` of the plain one's spread. */
static void
agrees(struct builder *b, const struct planar *input, double share)
{
	struct net *net;
	size_t n;
	assert_ok(b->sc, net_open(b->sc, &b->g, &net));
	float *in = net_input(net, &n);
	assert_int_equal(n, input->c * input->h * input->w);
	for (int run = 0; run < 2; run++) { /* the second finds the memory of the first */
		memcpy(in, input->v, n * sizeof *in);
		net_run(net);
	}
	const float *out = net_output(net, 0, &n);
	struct planar y = b->now;
	assert_int_equal(n, y.c * y.h * y.w);
	double off = 0;
	double spread = 0;
	for (int c = 0; c < y.c; c++)
		for (int i = 0; i < y.h * y.w; i++) {
			double want = (double)y.v[c * y.h * y.w + i];
			double got = (double)out[i * y.c + c];
			off += (got - want) * (got - want);
			spread += want * want;
		}
	if (!(sqrt(off / spread) < share))
		fail_msg("off by %.4f of the spread", sqrt(off / spread));
	net_close(net);
}

static struct planar
start(struct builder *b, struct scope *sc, int channels, int height, int width, uint64_t seed)
{
	*b = (struct builder){.sc = sc, .g = graph_of(sc, channels, height, width)};
	prng_seed(&b->r, seed);
	b->now = (struct planar){channels, height, width, noise(sc, &b->r, (size_t)(channels * height * width), 1)};
	for (int i = 0; i < channels * height * width; i++)
		b->now.v[i] = roundf(b->now.v[i] * 128) / 128;
	return copy_of(b);
}

/* Every width of tile, odd sizes, uneven padding. */
static void
one_convolution_is_exact_but_for_rounding(void **state)
{
	(void)state;
	needs_bfloat16();
	static const int outs[] = {16, 32, 48, 64, 80, 6, 136};
	for (size_t i = 0; i < COUNT_OF(outs); i++) {
		struct scope sc;
		struct builder b;
		scope_init(&sc);
		int channels = i % 2 == 0 ? 3 : 1;
		struct planar in = start(&b, &sc, channels, 13, 9, 40 + i);
		struct onnx_conv k = {outs[i], channels, 3, 1 + (int64_t)(i % 2), 1, {0, 1, 1, 0}};
		b.g.outputs[0].name = build_conv(&b, "input", k);
		agrees(&b, &in, 0.004);
		scope_release(&sc);
	}
}

/* What MobileFaceNet is made of. */
static void
depthwise_prelu_and_sums_agree(void **state)
{
	(void)state;
	needs_bfloat16();
	static const int widths[] = {48, 32, 80}; /* whole and half blocks of 32 */
	for (size_t i = 0; i < COUNT_OF(widths); i++) {
		struct scope sc;
		struct builder b;
		scope_init(&sc);
		int64_t c = widths[i];
		struct planar in = start(&b, &sc, 3, 18, 18, 60 + i);
		const char *v =
		    build_prelu(&b, build_conv(&b, "input", (struct onnx_conv){c, 3, 3, 2, 1, {1, 1, 1, 1}}));
		for (int block = 0; block < 3; block++) {
			struct planar before = copy_of(&b);
			const char *was = v;
			v = build_prelu(&b, build_conv(&b, v, (struct onnx_conv){2 * c, c, 1, 1, 1, {0, 0, 0, 0}}));
			v = build_prelu(&b, build_conv(&b, v, (struct onnx_conv){2 * c, 1, 3, 1, 2 * c, {1, 1, 1, 1}}));
			v = build_conv(&b, v, (struct onnx_conv){c, 2 * c, 1, 1, 1, {0, 0, 0, 0}});
			v = build_sum(&b, was, v, before);
		}
		v = build_conv(&b, v, (struct onnx_conv){c, 1, 3, 2, c, {0, 0, 1, 1}});
		b.g.outputs[0].name = build_conv(&b, v, (struct onnx_conv){20, c, 1, 1, 1, {0, 0, 0, 0}});
		agrees(&b, &in, 0.015);
		scope_release(&sc);
	}
}

/* What dlib's ResNet is made of: the sum reads zeros beyond the smaller plane. */
static void
pooling_padding_and_means_agree(void **state)
{
	(void)state;
	needs_bfloat16();
	struct scope sc;
	struct builder b;
	scope_init(&sc);
	struct planar in = start(&b, &sc, 3, 21, 21, 80);
	const char *v = build_relu(&b, build_conv(&b, "input", (struct onnx_conv){32, 3, 5, 2, 1, {0, 0, 0, 0}}));
	const char *pooled = next_name(&b);
	struct onnx_node *node = onnx_add_node(&sc, &b.g, "MaxPool", &v, 1, pooled);
	onnx_set_ints(&sc, node, "kernel_shape", (const int64_t[]){3, 3}, 2);
	onnx_set_ints(&sc, node, "strides", (const int64_t[]){2, 2}, 2);
	struct planar small = {32, 4, 4, NEW_ARRAY(&sc, 32 * 16, float)};
	for (int i = 0; i < 32 * 16; i++)
		for (int t = 0; t < 9; t++)
			small.v[i] =
			    fmaxf(small.v[i], b.now.v[i / 16 * 81 + (i / 4 % 4 * 2 + t / 3) * 9 + i % 4 * 2 + t % 3]);
	b.now = small;
	v = build_conv(&b, pooled, (struct onnx_conv){48, 32, 3, 1, 1, {0, 0, 0, 0}}); /* 2 × 2 */
	struct planar padded = {48, 4, 4, NEW_ARRAY(&sc, 48 * 16, float)};
	for (int i = 0; i < 48 * 4; i++)
		padded.v[i / 4 * 16 + i / 2 % 2 * 4 + i % 2] = b.now.v[i];
	onnx_add_ints(&sc, &b.g, "pads", (const int64_t[]){0, 0, 0, 0, 0, 0, 2, 2}, 8);
	const char *wide = next_name(&b);
	onnx_add_node(&sc, &b.g, "Pad", (const char *[]){v, "pads"}, 2, wide);
	b.now = small;
	v = build_conv(&b, pooled, (struct onnx_conv){48, 32, 1, 1, 1, {0, 0, 0, 0}});
	v = build_relu(&b, build_sum(&b, v, wide, padded));
	const char *mean = next_name(&b);
	onnx_add_node(&sc, &b.g, "GlobalAveragePool", &v, 1, mean);
	struct planar one = {48, 1, 1, NEW_ARRAY(&sc, 48, float)};
	for (int i = 0; i < 48 * 16; i++)
		one.v[i / 16] += b.now.v[i] / 16;
	b.now = one;
	b.g.outputs[0].name = build_conv(&b, mean, (struct onnx_conv){30, 48, 1, 1, 1, {0, 0, 0, 0}});
	agrees(&b, &in, 0.01);
	scope_release(&sc);
}

static void
what_it_does_not_run_is_refused(void **state)
{
	(void)state;
	static const char *const ops[] = {"Sigmoid", "Relu", "Add", "Pad", "MaxPool", "Reshape", "Transpose", "Concat"};
	for (size_t i = 0; i < COUNT_OF(ops); i++) {
		struct scope sc;
		struct net_plan plan = {.n_steps = 77};
		scope_init(&sc);
		struct onnx_graph g = graph_of(&sc, 3, 8, 8);
		const char *in[] = {"input", "input"};
		onnx_add_node(&sc, &g, ops[i], in, strcmp(ops[i], "Add") == 0 ? 2 : 1, "out");
		g.outputs[0].name = "out";
		assert_int_equal(net_plan(&sc, &g, &plan), E_INVALID);
		assert_int_equal(plan.n_steps, 77);
		scope_release(&sc);
	}
}

/* A sum of three scalings that only looks like a PRelu stays what it is: refused, not run wrong. */
static void
a_pair_that_is_no_prelu_is_not_taken_for_one(void **state)
{
	(void)state;
	struct scope sc;
	struct builder b;
	struct net_plan plan;
	scope_init(&sc);
	(void)start(&b, &sc, 3, 8, 8, 5);
	const char *v = build_conv(&b, "input", (struct onnx_conv){16, 3, 3, 1, 1, {1, 1, 1, 1}});
	b.g.outputs[0].name = build_prelu(&b, v);
	assert_ok(&sc, net_plan(&sc, &b.g, &plan));
	assert_int_equal(plan.n_steps, 1);
	float *rest = b.g.tensors[b.g.n_tensors - 1].data;
	rest[3] += 0.01f;
	assert_int_equal(net_plan(&sc, &b.g, &plan), E_INVALID);
	scope_release(&sc);
}

/* --- the real ones --- */

static uint8_t *
photo_bytes(struct scope *sc, int i, size_t *n)
{
	uint8_t *bytes;
	assert_ok(sc, file_read(sc, sample_photo(sc, i), FACE_PICTURE_BYTES_MAX, &bytes, n));
	return bytes;
}

static void
open_both(struct scope *sc, struct face_engine *e[2])
{
	struct engine_options o = {.models = sample_models(sc)};
	assert_ok(sc, engine_open(sc, &o, &e[0]));
	o.precision = NETWORK_FP32;
	assert_ok(sc, engine_open(sc, &o, &e[1]));
	assert_string_equal(engine_precision(e[0]), "bf16"); /* no network fell back unseen */
	assert_string_equal(engine_precision(e[1]), "fp32");
	assert_null(e[0]->ort);
}

static bool
same_place(const struct engine_portrait *a, const struct engine_portrait *b)
{
	struct face_point p = similarity_apply(a->to_whole, a->face.five[2]);
	struct face_point q = similarity_apply(b->to_whole, b->face.five[2]);
	return hypotf(p.x - q.x, p.y - q.y) < 0.1f * (a->face.bottom - a->face.top) * a->to_whole.a;
}

static void
both_precisions_see_the_same(void **state)
{
	(void)state;
	needs_bfloat16();
	struct scope sc;
	struct face_engine *e[2];
	scope_init(&sc);
	sc.cap = (size_t)1 << 30;
	open_both(&sc, e);
	int alike = 0;
	int others = 0;
	for (int photo = 1; photo <= 6; photo++) {
		size_t n;
		uint8_t *bytes = photo_bytes(&sc, photo, &n);
		struct face_picture picture = {bytes, n};
		struct face_found found[2];
		struct engine_capture c[2];
		float v[2][FACE_VECTOR_DIM];
		for (int i = 0; i < 2; i++) {
			assert_ok(&sc, face_analyse(&sc, e[i], picture, &found[i]));
			assert_ok(&sc, engine_capture(&sc, e[i], picture, &c[i]));
			assert_ok(&sc, engine_embed(&sc, e[i], &c[i].portrait, v[i]));
		}
		assert_int_equal(found[0].n, found[1].n);
		for (size_t k = 0; k < found[0].n; k++) {
			const struct face_box *a = &found[0].faces[k];
			const struct face_box *b = &found[1].faces[k];
			float size = b->bottom - b->top;
			assert_true(fabsf(a->left - b->left) < 0.05f * size);
			assert_true(fabsf(a->bottom - b->bottom) < 0.05f * size);
			for (int p = 0; p < 5; p++)
				assert_true(hypotf(a->points[p].x - b->points[p].x, a->points[p].y - b->points[p].y) <
					    0.03f * size);
		}
		alike += engine_score(v[0], v[1]) > 0.998;
		/* Two people of one size: which of them is the larger is a matter of rounding. */
		others += !same_place(&c[0].portrait, &c[1].portrait);
	}
	assert_int_equal(alike + others, 6);
	assert_true(others <= 1);
	for (int i = 0; i < 2; i++)
		face_engine_close(e[i]);
	scope_release(&sc);
}

/* "precision": "fp32" in the manifest keeps the engine off bfloat16, whatever is asked for. */
static void
a_manifest_can_forbid_bfloat16(void **state)
{
	(void)state;
	struct scope sc;
	uint8_t *manifest;
	size_t n;
	struct face_engine *e;
	static const char *const files[] = {"detect.onnx", "landmark.onnx", "feature.onnx", "mobile.onnx", "dlib.onnx"};
	scope_init(&sc);
	const char *models = sample_models(&sc);
	char *dir = scope_printf(&sc, "%s-fp32-%d", models, (int)getpid());
	assert_ok(&sc, file_make_dirs(&sc, dir, 0700));
	for (size_t i = 0; i < COUNT_OF(files); i++)
		assert_int_equal(symlink(path_join(&sc, models, files[i]), path_join(&sc, dir, files[i])), 0);
	assert_ok(&sc, file_read(&sc, path_join(&sc, models, "manifest"), MODEL_MANIFEST_MAX, &manifest, &n));
	char *word = memmem(manifest, n, "\"fastest\"", 9);
	assert_non_null(word);
	memcpy(word, "\"fp32\"   ", 9);
	assert_ok(&sc, file_write(&sc, path_join(&sc, dir, "manifest"), manifest, n, 0600));
	assert_ok(&sc, face_engine_open(&sc, dir, NULL, &e));
	assert_string_equal(engine_precision(e), "fp32");
	face_engine_close(e);
	memcpy(word, "\"fp31\"   ", 9);
	assert_ok(&sc, file_write(&sc, path_join(&sc, dir, "manifest"), manifest, n, 0600));
	assert_int_equal(face_engine_open(&sc, dir, NULL, &e), E_INVALID);
	for (size_t i = 0; i < COUNT_OF(files); i++)
		unlink(path_join(&sc, dir, files[i]));
	unlink(path_join(&sc, dir, "manifest"));
	rmdir(dir);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(one_convolution_is_exact_but_for_rounding),
	    cmocka_unit_test(depthwise_prelu_and_sums_agree),
	    cmocka_unit_test(pooling_padding_and_means_agree),
	    cmocka_unit_test(what_it_does_not_run_is_refused),
	    cmocka_unit_test(a_pair_that_is_no_prelu_is_not_taken_for_one),
	    cmocka_unit_test(both_precisions_see_the_same),
	    cmocka_unit_test(a_manifest_can_forbid_bfloat16),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
