/* Preparing models: the same bytes every time, the same answers as the originals.
 *
 * ONNX originals are run by ONNX Runtime beside their rewritten forms. The other
 * two formats are computed here a second time, operator by operator as the file
 * says, in plain loops over NHWC: nothing of the converters is used. */
#include "samples.h"

#include <math.h>

#include "base/prng.h"
#include "face/model_convert.h"
#include "face/model_manifest.h"
#include "face/ort.h"

static const char *
raw_dir(struct scope *sc)
{
	static const char *const raw[] = {RAW_MODELS};
	(void)sample_models(sc); /* skips where they are absent */
	return install_find(sc, raw, 1);
}

static void
fill(float *v, size_t n, uint64_t seed)
{
	struct prng r;
	prng_seed(&r, seed);
	for (size_t i = 0; i < n; i++)
		v[i] = (float)(prng_unit(&r) * 2 - 1);
}

static struct ort_model *
open_bytes(struct scope *sc, struct ort *o, const uint8_t *bytes, size_t n)
{
	struct ort_model *m = NULL;
	assert_ok(sc, ort_model_open(sc, o, "model", bytes, n, &m));
	return m;
}

static void
prepare_from(struct scope *sc, const char *from, const char *a, const char *b, uint8_t **bytes, size_t *n)
{
	const char *names[2] = {a, b};
	const uint8_t *raw[2] = {NULL, NULL};
	size_t raw_n[2] = {0, 0};
	for (int i = 0; i < 2 && names[i] != NULL; i++) {
		uint8_t *p;
		assert_ok(sc, file_read(sc, path_join(sc, raw_dir(sc), names[i]), ONNX_FILE_MAX, &p, &raw_n[i]));
		raw[i] = p;
	}
	assert_ok(sc, model_prepare_bytes(sc, from, raw, raw_n, bytes, n));
}

static void
rewritten_models_answer_as_their_originals(void **state)
{
	(void)state;
	static const char *const names[] = {"fr_detect.onnx", "fr_landmark.onnx", "fr_feature.onnx"};
	for (size_t k = 0; k < COUNT_OF(names); k++) {
		struct scope sc;
		struct ort *o;
		uint8_t *original;
		uint8_t *bytes;
		size_t original_n;
		size_t n;
		scope_init(&sc);
		sc.cap = (size_t)1 << 30;
		assert_ok(
		    &sc, file_read(&sc, path_join(&sc, raw_dir(&sc), names[k]), ONNX_FILE_MAX, &original, &original_n));
		prepare_from(&sc, "onnx", names[k], NULL, &bytes, &n);
		assert_ok(&sc, ort_open(&sc, NULL, &o));
		struct ort_model *was = open_bytes(&sc, o, original, original_n);
		struct ort_model *is = open_bytes(&sc, o, bytes, n);
		float *in = ort_input(was, &n);
		fill(in, n, 7 + k);
		memcpy(ort_input(is, &n), in, n * sizeof *in);
		assert_ok(&sc, ort_run(&sc, was));
		assert_ok(&sc, ort_run(&sc, is));
		for (size_t i = 0; i < ort_outputs(was); i++) {
			const float *x = ort_output(was, i, &n);
			const float *y = ort_output(is, i, &n);
			for (size_t j = 0; j < n; j++)
				assert_true(fabsf(x[j] - y[j]) < 2e-5f);
		}
		ort_model_close(was);
		ort_model_close(is);
		ort_close(o);
		scope_release(&sc);
	}
}

static void
prepared_bytes_are_the_same_every_time(void **state)
{
	(void)state;
	struct scope sc;
	uint8_t *once;
	uint8_t *twice;
	size_t n;
	size_t m;
	scope_init(&sc);
	sc.cap = (size_t)1 << 30;
	prepare_from(&sc, "tflite", "MobileFaceNet.tflite", NULL, &once, &n);
	prepare_from(&sc, "tflite", "MobileFaceNet.tflite", NULL, &twice, &m);
	assert_int_equal(n, m);
	assert_memory_equal(once, twice, n);
	scope_release(&sc);
}

/* --- plain loops --- */

struct nhwc {
	int h, w, c;
	float *v;
};

static struct nhwc
nhwc_new(struct scope *sc, int h, int w, int c)
{
	return (struct nhwc){h, w, c, NEW_ARRAY(sc, (size_t)(h * w * c), float)};
}

/* k[kh][kw][in][out]; depthwise: k[kh][kw][c]. Zeros outside. */
static struct nhwc
plain_conv(struct scope *sc, struct nhwc x, const float *k, const float *bias, int size, int stride, int pad_before,
	   int out_side, int outs, bool depthwise)
{
	struct nhwc y = nhwc_new(sc, out_side, out_side, outs);
	for (int oy = 0; oy < out_side; oy++) {
		for (int ox = 0; ox < out_side; ox++) {
			float *to = y.v + (oy * out_side + ox) * outs;
			memcpy(to, bias, (size_t)outs * sizeof *to);
			for (int ky = 0; ky < size; ky++) {
				for (int kx = 0; kx < size; kx++) {
					int iy = oy * stride + ky - pad_before;
					int ix = ox * stride + kx - pad_before;
					if (iy < 0 || ix < 0 || iy >= x.h || ix >= x.w)
						continue;
					const float *from = x.v + (iy * x.w + ix) * x.c;
					const float *w = k + (ky * size + kx) * x.c * (depthwise ? 1 : outs);
					for (int i = 0; i < x.c; i++) {
						if (depthwise) {
							to[i] += from[i] * w[i];
							continue;
						}
						for (int o = 0; o < outs; o++)
							to[o] += from[i] * w[i * outs + o];
					}
				}
			}
		}
	}
	return y;
}

/* Compares a converted model's answer on the same picture, NHWC here, NCHW there. */
static void
assert_answers(struct scope *sc, const uint8_t *bytes, size_t bytes_n, struct nhwc in, const float *want, size_t want_n)
{
	struct ort *o;
	size_t n;
	assert_ok(sc, ort_open(sc, NULL, &o));
	struct ort_model *m = open_bytes(sc, o, bytes, bytes_n);
	float *to = ort_input(m, &n);
	assert_int_equal(n, in.h * in.w * in.c);
	for (int c = 0; c < in.c; c++)
		for (int i = 0; i < in.h * in.w; i++)
			to[c * in.h * in.w + i] = in.v[i * in.c + c];
	assert_ok(sc, ort_run(sc, m));
	const float *got = ort_output(m, 0, &n);
	assert_int_equal(n, want_n);
	float largest = 0;
	for (size_t i = 0; i < n; i++)
		largest = fmaxf(largest, fabsf(want[i]));
	assert_true(largest > 0.01f);
	for (size_t i = 0; i < n; i++)
		assert_true(fabsf(got[i] - want[i]) < 2e-4f * fmaxf(1, largest));
	ort_model_close(m);
	ort_close(o);
}

/* --- face-api's weights, by their names --- */

struct named {
	json_t *list;
	const uint8_t *bin;
};

static float *
named_get(struct scope *sc, const struct named *w, const char *block, const char *part, int *last)
{
	size_t at = 0;
	char *name = scope_printf(sc, "%s%s", block, part);
	for (size_t i = 0; i < json_array_size(w->list); i++) {
		const json_t *e = json_array_get(w->list, i);
		const json_t *shape = json_object_get(e, "shape");
		const json_t *q = json_object_get(e, "quantization");
		size_t n = 1;
		for (size_t k = 0; k < json_array_size(shape); k++)
			n *= (size_t)json_integer_value(json_array_get(shape, k));
		if (strcmp(json_string_value(json_object_get(e, "name")), name) == 0) {
			float *v = NEW_ARRAY(sc, n, float);
			*last = (int)json_integer_value(json_array_get(shape, json_array_size(shape) - 1));
			if (q == NULL)
				memcpy(v, w->bin + at, n * sizeof *v);
			for (size_t k = 0; q != NULL && k < n; k++)
				v[k] = (float)(w->bin[at + k] * json_number_value(json_object_get(q, "scale")) +
					       json_number_value(json_object_get(q, "min")));
			return v;
		}
		at += q != NULL ? n : n * sizeof(float);
	}
	fail_msg("no weights %s", name);
	return NULL;
}

static struct nhwc
plain_layer(struct scope *sc, const struct named *w, const char *block, struct nhwc x, int size, int stride)
{
	int outs;
	const float *k = named_get(sc, w, block, "/conv/filters", &outs);
	const float *bias = named_get(sc, w, block, "/conv/bias", &outs);
	const float *scale = named_get(sc, w, block, "/scale/weights", &outs);
	const float *shift = named_get(sc, w, block, "/scale/biases", &outs);
	int pad = stride == 1 ? size / 2 : 0;
	int side = stride == 1 ? x.h : (x.h - size) / stride + 1;
	struct nhwc y = plain_conv(sc, x, k, bias, size, stride, pad, side, outs, false);
	for (int i = 0; i < side * side * outs; i++)
		y.v[i] = y.v[i] * scale[i % outs] + shift[i % outs];
	return y;
}

static void
plain_relu(struct nhwc x)
{
	for (int i = 0; i < x.h * x.w * x.c; i++)
		x.v[i] = fmaxf(x.v[i], 0);
}

static struct nhwc
plain_block(struct scope *sc, const struct named *w, const char *block, struct nhwc x)
{
	bool down = strstr(block, "down") != NULL;
	struct nhwc y = plain_layer(sc, w, scope_printf(sc, "%s/conv1", block), x, 3, down ? 2 : 1);
	plain_relu(y);
	y = plain_layer(sc, w, scope_printf(sc, "%s/conv2", block), y, 3, 1);
	int side = down ? x.h / 2 : x.h;
	struct nhwc z = nhwc_new(sc, side, side, y.c);
	for (int r = 0; r < side; r++)
		for (int q = 0; q < side; q++)
			for (int c = 0; c < y.c; c++) {
				float v = r < y.h && q < y.w ? y.v[(r * y.w + q) * y.c + c] : 0;
				if (c < x.c && !down)
					v += x.v[(r * x.w + q) * x.c + c];
				for (int t = 0; c < x.c && down && t < 4; t++)
					v += x.v[((2 * r + t / 2) * x.w + 2 * q + t % 2) * x.c + c] / 4;
				z.v[(r * side + q) * y.c + c] = fmaxf(v, 0);
			}
	return z;
}

static void
the_dlib_network_answers_as_its_description(void **state)
{
	(void)state;
	static const char *const blocks[] = {
	    "conv32_1",	    "conv32_2",	 "conv32_3",  "conv64_down",  "conv64_1",  "conv64_2",	"conv64_3",
	    "conv128_down", "conv128_1", "conv128_2", "conv256_down", "conv256_1", "conv256_2", "conv256_down_out"};
	struct scope sc;
	scope_init(&sc);
	sc.cap = (size_t)1 << 30;
	uint8_t *text;
	uint8_t *bin;
	size_t n;
	json_t *whole;
	const char *dir = raw_dir(&sc);
	static const char manifest[] = "face_recognition_model-weights_manifest.json";
	assert_ok(&sc, file_read(&sc, path_join(&sc, dir, manifest), (size_t)1 << 20, &text, &n));
	assert_ok(&sc, json_parse(&sc, text, n, &whole));
	assert_ok(&sc, file_read(&sc, path_join(&sc, dir, "face_recognition_model.bin"), ONNX_FILE_MAX, &bin, &n));
	struct named w = {json_object_get(json_array_get(whole, 0), "weights"), bin};
	struct nhwc in = nhwc_new(&sc, 150, 150, 3);
	fill(in.v, 150 * 150 * 3, 5);
	struct nhwc x = plain_layer(&sc, &w, "conv32_down", in, 7, 2);
	plain_relu(x);
	struct nhwc p = nhwc_new(&sc, 35, 35, x.c);
	for (int i = 0; i < 35 * 35 * x.c; i++) {
		int c = i % x.c;
		int q = i / x.c % 35;
		int r = i / x.c / 35;
		float v = 0; /* behind a relu */
		for (int t = 0; t < 9; t++)
			v = fmaxf(v, x.v[((2 * r + t / 3) * x.w + 2 * q + t % 3) * x.c + c]);
		p.v[i] = v;
	}
	x = p;
	for (size_t i = 0; i < COUNT_OF(blocks); i++)
		x = plain_block(&sc, &w, blocks[i], x);
	int outs;
	const float *fc = named_get(&sc, &w, "fc", "", &outs);
	assert_int_equal(outs, 128);
	float want[128] = {0};
	for (int c = 0; c < x.c; c++) {
		float mean = 0;
		for (int i = 0; i < x.h * x.w; i++)
			mean += x.v[i * x.c + c] / (float)(x.h * x.w);
		for (int o = 0; o < 128; o++)
			want[o] += mean * fc[c * 128 + o];
	}
	uint8_t *bytes;
	prepare_from(&sc, "face-api", manifest, "face_recognition_model.bin", &bytes, &n);
	assert_answers(&sc, bytes, n, in, want, 128);
	scope_release(&sc);
}

/* --- the TensorFlow Lite file, its operators one by one --- */

static uint32_t
u32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static const uint8_t *
field(const uint8_t *table, int i)
{
	const uint8_t *vtable = table - (int32_t)u32(table);
	int size = vtable[0] | vtable[1] << 8;
	int offset = 4 + 2 * i < size ? vtable[4 + 2 * i] | vtable[5 + 2 * i] << 8 : 0;
	return offset == 0 ? NULL : table + offset;
}

static const uint8_t *
follow(const uint8_t *p)
{
	return p + u32(p);
}

static const uint8_t *
item(const uint8_t *vector, uint32_t i)
{
	return follow(vector + 4 + 4 * i);
}

static void
the_tflite_network_answers_as_its_operators(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	sc.cap = (size_t)1 << 30;
	uint8_t *f;
	size_t n;
	assert_ok(&sc, file_read(&sc, path_join(&sc, raw_dir(&sc), "MobileFaceNet.tflite"), ONNX_FILE_MAX, &f, &n));
	const uint8_t *model = follow(f);
	const uint8_t *codes = follow(field(model, 1));
	const uint8_t *sub = item(follow(field(model, 2)), 0);
	const uint8_t *buffers = follow(field(model, 4));
	const uint8_t *tensors = follow(field(sub, 0));
	const uint8_t *ops = follow(field(sub, 3));
	uint32_t count = u32(tensors);
	struct nhwc *value = NEW_ARRAY(&sc, count, struct nhwc);
	for (uint32_t i = 0; i < count; i++) {
		const uint8_t *t = item(tensors, i);
		const uint8_t *shape = field(t, 0) != NULL ? follow(field(t, 0)) : NULL;
		uint32_t dims = shape != NULL ? u32(shape) : 0;
		struct nhwc *v = &value[i];
		v->h = dims == 4 ? (int)u32(shape + 8) : 1;
		v->w = dims == 4 ? (int)u32(shape + 12) : 1;
		v->c = dims > 0 ? (int)u32(shape + 4 * dims) : 1;
		const uint8_t *buffer = item(buffers, field(t, 2) != NULL ? u32(field(t, 2)) : 0);
		if (field(buffer, 0) != NULL && u32(follow(field(buffer, 0))) > 0)
			v->v = scope_memdup(&sc, follow(field(buffer, 0)) + 4, u32(follow(field(buffer, 0))));
	}
	uint32_t input = u32(follow(field(sub, 1)) + 4);
	value[input] = nhwc_new(&sc, 112, 112, 3);
	fill(value[input].v, 112 * 112 * 3, 9);
	uint32_t last = 0;
	for (uint32_t i = 0; i < u32(ops); i++) {
		const uint8_t *op = item(ops, i);
		const uint8_t *code = item(codes, field(op, 0) != NULL ? u32(field(op, 0)) : 0);
		uint32_t kind = field(code, 3) != NULL ? u32(field(code, 3)) : 0;
		if (field(code, 0) != NULL && *field(code, 0) > kind)
			kind = *field(code, 0);
		const uint8_t *in = follow(field(op, 1));
		struct nhwc a = value[u32(in + 4)];
		struct nhwc b = u32(in) > 1 ? value[u32(in + 8)] : a;
		last = u32(follow(field(op, 2)) + 4);
		struct nhwc *y = &value[last];
		if (kind == 3 || kind == 4) {
			const uint8_t *options = follow(field(op, 4));
			int stride = (int)u32(field(options, 1));
			bool same = field(options, 0) == NULL || *field(options, 0) == 0;
			int size = b.h;
			int side = same ? (a.h + stride - 1) / stride : (a.h - size) / stride + 1;
			int total = (side - 1) * stride + size - a.h;
			const float *k = b.v;
			if (kind == 3) { /* OHWI → HWIO */
				float *turned = NEW_ARRAY(&sc, (size_t)(y->c * size * size * a.c), float);
				for (int o = 0; o < y->c; o++)
					for (int q = 0; q < size * size * a.c; q++)
						turned[q * y->c + o] = b.v[o * size * size * a.c + q];
				k = turned;
			}
			*y = plain_conv(&sc, a, k, value[u32(in + 12)].v, size, stride,
					same && total > 0 ? total / 2 : 0, side, y->c, kind == 4);
			continue;
		}
		struct nhwc big = a.h * a.w * a.c >= b.h * b.w * b.c ? a : b;
		*y = nhwc_new(&sc, big.h, big.w, big.c);
		for (int q = 0; q < big.h * big.w * big.c; q++) {
			float va = a.h * a.w == 1 && big.h > 1 ? a.v[q % a.c] : a.v[q];
			float vb = kind == 22 || kind == 19 || kind == 101 ? 0
				   : b.h * b.w == 1 && big.h > 1	   ? b.v[q % b.c]
									   : b.v[q];
			y->v[q] = kind == 0 ? va + vb : kind == 18 ? va * vb : kind == 41 ? va - vb : va;
			if (kind == 19)
				y->v[q] = fmaxf(va, 0);
			if (kind == 101)
				y->v[q] = fabsf(va);
		}
	}
	uint8_t *bytes;
	prepare_from(&sc, "tflite", "MobileFaceNet.tflite", NULL, &bytes, &n);
	assert_answers(&sc, bytes, n, value[input], value[last].v, 192);
	scope_release(&sc);
}

static void
a_calibration_reads_both_ways(void **state)
{
	(void)state;
	const struct calibration c = {.known = true, .n = 3, .score = {0.2, 0.5, 0.7}, .fmr = {0.1, 1e-3, 1e-5}};
	for (double f = 0.09; f > 1e-5; f /= 3) {
		double s = calibration_score(&c, f);
		assert_true(fabs(log(calibration_fmr(&c, s) / f)) < 1e-9);
	}
	assert_true(calibration_score(&c, 1e-6) > 1);
	assert_true(calibration_fmr(&c, -0.5) == 0.1);
	assert_true(calibration_fmr(&c, 0.99) == 1e-5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(rewritten_models_answer_as_their_originals),
	    cmocka_unit_test(prepared_bytes_are_the_same_every_time),
	    cmocka_unit_test(the_dlib_network_answers_as_its_description),
	    cmocka_unit_test(the_tflite_network_answers_as_its_operators),
	    cmocka_unit_test(a_calibration_reads_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
