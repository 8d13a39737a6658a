/* Laying a plan out in memory, and running it.
 *
 * Planes of one shape share memory where their lives do not overlap: borders stay
 * zero because nobody writes them, whoever the plane belongs to.
 *
 *	plane:  rows of (border + width + border) pixels of `pitch` channels
 *	        border rows above and below
 *
 * A pixel's channels are filled up to 4 for the input, to 16 for the rest; where
 * a kernel's row of taps lies one behind the other it is read as one tap.
 */
#include "face/net.h"

#include "face/net_kernels.h"
#include "face/net_plan.h"

struct layer {
	enum net_step_kind kind;
	union {
		struct net_conv conv;
		struct net_depthwise depthwise;
	} u;
	/* NET_MAX, NET_MEAN */
	struct net_step step;
	const uint16_t *in;
	uint16_t *out;
};

struct output {
	const float *padded; /* pixels × pitch */
	float *values;	     /* pixels × channels */
	size_t pixels, pitch, channels;
};

struct net {
	struct scope own;
	float *input;
	struct net_plane input_plane;
	uint16_t *input_pixels;
	struct layer *layers;
	size_t n_layers;
	struct output outputs[NET_OUTPUTS_MAX];
	size_t n_outputs;
	struct net_plane *planes;
};

bool
net_runs_here(void)
{
	return net_kernels_run_here();
}

static size_t
pitch_of(const struct net_plane *p)
{
	return (size_t)p->pitch;
}

static size_t
row_of(const struct net_plane *p)
{
	return (size_t)(p->width + 2 * p->border) * pitch_of(p);
}

static size_t
size_of(const struct net_plane *p)
{
	return (size_t)(p->height + 2 * p->border) * row_of(p);
}

/* y and x may lie in the border. */
static int32_t
offset_of(const struct net_plane *p, int32_t y, int32_t x)
{
	return (int32_t)((size_t)(y + p->border) * row_of(p) + (size_t)(x + p->border) * pitch_of(p));
}

/* For vectors: whole cache lines. */
static void *
aligned(struct scope *sc, size_t n, size_t size)
{
	uint8_t *p = scope_array(sc, n * size + 64, 1);
	return p + (64 - (uintptr_t)p % 64) % 64;
}

/* --- who holds which memory --- */

struct holding {
	uint16_t *data;
	bool used; /* somebody makes it */
	size_t last;
};

static void
find_lives(const struct net_plan *plan, struct holding *h)
{
	for (size_t i = 0; i < plan->n_steps; i++) {
		const struct net_step *s = &plan->steps[i];
		h[s->out].used = true;
		h[s->out].last = i;
		h[s->in].last = i;
		if (s->adds)
			h[s->residual].last = i;
	}
}

static uint16_t *
memory_for(struct net *net, const struct net_plan *plan, struct holding *h, size_t plane, size_t now)
{
	const struct net_plane *want = &plan->planes[plane];
	for (size_t i = 0; i < plan->n_planes; i++) {
		const struct net_plane *p = &plan->planes[i];
		if (h[i].data == NULL || h[i].last >= now || p->height != want->height || p->width != want->width ||
		    p->border != want->border || pitch_of(p) != pitch_of(want))
			continue;
		uint16_t *data = h[i].data;
		h[i].data = NULL;
		return data;
	}
	return aligned(&net->own, size_of(want), sizeof(uint16_t));
}

/* --- lists --- */

/* The output pixels, filled up to a multiple of `tile`. */
static struct net_pixels
list_pixels(struct net *net, const struct net_plan *plan, const struct net_step *s, size_t tile, bool floats)
{
	size_t n = (size_t)s->height * (size_t)s->width;
	size_t filled = (n + tile - 1) / tile * tile;
	const struct net_plane *to = &plan->planes[s->out];
	int32_t *in = NEW_ARRAY(&net->own, filled, int32_t);
	int32_t *out = NEW_ARRAY(&net->own, filled, int32_t);
	int32_t *residual = s->adds ? NEW_ARRAY(&net->own, filled, int32_t) : NULL;
	for (size_t i = 0; i < filled; i++) {
		int32_t pixel = (int32_t)(i < n ? i : n - 1);
		int32_t y = pixel / s->width;
		int32_t x = pixel % s->width;
		in[i] = offset_of(&plan->planes[s->in], y * s->stride - s->pad_top, x * s->stride - s->pad_left);
		out[i] = floats ? pixel * (int32_t)pitch_of(to) : offset_of(to, y, x) + s->out_channel;
		if (residual != NULL)
			residual[i] = offset_of(&plan->planes[s->residual], y, x);
	}
	return (struct net_pixels){filled, in, out, residual};
}

/* joined: a row of the kernel is one tap. */
static struct net_taps
list_taps(struct net *net, const struct net_plan *plan, const struct net_step *s, bool joined)
{
	const struct net_plane *in = &plan->planes[s->in];
	int32_t columns = joined ? 1 : s->kernel_width;
	int32_t *at = NEW_ARRAY(&net->own, (size_t)(s->kernel_height * columns), int32_t);
	struct net_taps taps = {0, at};
	for (int32_t y = 0; y < s->kernel_height; y++)
		for (int32_t x = 0; x < columns; x++)
			at[taps.n++] = y * s->dilation * (int32_t)row_of(in) + x * s->dilation * (int32_t)pitch_of(in);
	return taps;
}

/* --- weights --- */

/* n values filled up with zeros to whole vectors. */
static float *
filled_floats(struct net *net, const float *from, size_t n, float otherwise)
{
	size_t filled = (n + 2 * NET_LANES - 1) / (2 * NET_LANES) * (2 * NET_LANES);
	float *to = aligned(&net->own, filled, sizeof *to);
	for (size_t i = 0; i < n; i++)
		to[i] = from != NULL ? from[i] : otherwise;
	return to;
}

/* Value e of tap t for one output; values between the input's channels and the pitch are zero. */
static float
weight_at(const struct net_step *s, size_t pitch, bool joined, size_t t, size_t e, size_t output)
{
	size_t columns = (size_t)s->kernel_width;
	size_t y = joined ? t : t / columns;
	size_t x = joined ? e / pitch : t % columns;
	size_t i = joined ? e % pitch : e;
	if (i >= (size_t)s->inputs || output >= (size_t)s->outputs)
		return 0;
	return s->weights[((output * (size_t)s->inputs + i) * (size_t)s->kernel_height + y) * columns + x];
}

static uint16_t *
pack_weights(struct net *net, const struct net_step *s, size_t pitch, bool joined, const struct net_conv *c)
{
	size_t tile = net_tile_vectors(c->vectors) * NET_LANES;
	uint16_t *packed = aligned(&net->own, c->vectors * NET_LANES * c->taps.n * c->pairs * 2, sizeof *packed);
	uint16_t *to = packed;
	for (size_t first = 0; first < c->vectors * NET_LANES; first += tile)
		for (size_t t = 0; t < c->taps.n; t++)
			for (size_t pair = 0; pair < c->pairs; pair++)
				for (size_t o = first; o < first + tile; o++)
					for (size_t half = 0; half < 2; half++)
						*to++ = net_bf16(weight_at(s, pitch, joined, t, 2 * pair + half, o));
	return packed;
}

/* Channels of a block of 32: the even ones, then the odd ones. */
static float *
split_floats(struct net *net, const float *from, size_t channels, size_t taps, float otherwise)
{
	size_t blocks = (channels + 2 * NET_LANES - 1) / (2 * NET_LANES);
	float *to = aligned(&net->own, blocks * taps * 2 * NET_LANES, sizeof *to);
	for (size_t c = 0; c < channels; c++)
		for (size_t t = 0; t < taps; t++) {
			size_t block = c / (2 * NET_LANES);
			size_t lane = c % (2 * NET_LANES);
			to[((block * taps + t) * 2 + lane % 2) * NET_LANES + lane / 2] =
			    from != NULL ? from[c * taps + t] : otherwise;
		}
	return to;
}

/* --- layers --- */

static void
lay_conv(struct net *net, const struct net_plan *plan, const struct net_step *s, struct layer *l, float *floats)
{
	const struct net_plane *in = &plan->planes[s->in];
	bool joined = s->dilation == 1;
	struct net_conv *c = &l->u.conv;
	c->vectors = ((size_t)s->outputs + NET_LANES - 1) / NET_LANES;
	size_t tile = net_tile_pixels(net_tile_vectors(c->vectors));
	c->pixels = list_pixels(net, plan, s, tile, floats != NULL);
	c->taps = list_taps(net, plan, s, joined);
	c->pairs = pitch_of(in) * (joined ? (size_t)s->kernel_width : 1) / 2;
	c->in = l->in;
	c->out = l->out;
	c->out_floats = floats;
	c->weights = pack_weights(net, s, pitch_of(in), joined, c);
	c->bias = filled_floats(net, s->bias, (size_t)s->outputs, 0);
	c->slope = filled_floats(net, s->slope, (size_t)s->outputs, 1);
}

static void
lay_depthwise(struct net *net, const struct net_plan *plan, const struct net_step *s, struct layer *l)
{
	struct net_depthwise *d = &l->u.depthwise;
	size_t channels = (size_t)s->outputs;
	d->pixels = list_pixels(net, plan, s, NET_DEPTHWISE_PIXELS, false);
	d->taps = list_taps(net, plan, s, false);
	d->channels = pitch_of(&plan->planes[s->in]);
	d->in = l->in;
	d->out = l->out;
	d->weights = split_floats(net, s->weights, channels, d->taps.n, 0);
	d->bias = split_floats(net, s->bias, channels, 1, 0);
	d->slope = split_floats(net, s->slope, channels, 1, 1);
}

/* Which output plane p is; n_outputs: none. */
static size_t
output_of(const struct net_plan *plan, size_t plane)
{
	size_t i = 0;
	while (i < plan->n_outputs && plan->outputs[i] != plane)
		i++;
	return i;
}

static enum code
lay_step(struct scope *sc, struct net *net, const struct net_plan *plan, struct holding *h, size_t i)
{
	const struct net_step *s = &plan->steps[i];
	struct layer *l = &net->layers[i];
	size_t output = output_of(plan, s->out);
	if (h[s->out].data == NULL)
		h[s->out].data = memory_for(net, plan, h, s->out, i);
	l->kind = s->kind;
	l->step = *s;
	l->step.weights = l->step.bias = l->step.slope = NULL;
	l->in = h[s->in].data;
	l->out = h[s->out].data;
	if (output < plan->n_outputs && s->kind != NET_CONV)
		return fail(sc, E_INVALID, "an output is not made by a convolution");
	if (s->kind == NET_DEPTHWISE) {
		lay_depthwise(net, plan, s, l);
		return OK;
	}
	if (s->kind != NET_CONV)
		return OK;
	float *floats = NULL;
	if (output < plan->n_outputs) {
		struct output *o = &net->outputs[output];
		o->pixels = (size_t)s->height * (size_t)s->width;
		o->pitch = pitch_of(&plan->planes[s->out]);
		o->channels = (size_t)s->outputs;
		floats = aligned(&net->own, o->pixels * o->pitch, sizeof *floats);
		o->padded = floats;
		o->values = NEW_ARRAY(&net->own, o->pixels * o->channels, float);
	}
	lay_conv(net, plan, s, l, floats);
	if (s->adds)
		l->u.conv.residual = h[s->residual].data;
	return OK;
}

static enum code
lay_out(struct scope *sc, struct net *net, const struct net_plan *plan)
{
	struct holding *h = NEW_ARRAY(sc, plan->n_planes, struct holding);
	find_lives(plan, h);
	net->input_plane = plan->planes[plan->input];
	const struct net_plane *in = &net->input_plane;
	net->input = aligned(&net->own, (size_t)in->channels * (size_t)in->height * (size_t)in->width, sizeof(float));
	net->input_pixels = h[plan->input].data = aligned(&net->own, size_of(in), sizeof(uint16_t));
	h[plan->input].last = plan->n_steps; /* nobody else's: its fourth channel stays zero */
	net->layers = NEW_ARRAY(&net->own, plan->n_steps, struct layer);
	net->n_layers = plan->n_steps;
	net->n_outputs = plan->n_outputs;
	net->planes = scope_memdup(&net->own, plan->planes, plan->n_planes * sizeof *plan->planes);
	for (size_t i = 0; i < plan->n_steps; i++)
		TRY(lay_step(sc, net, plan, h, i));
	return OK;
}

enum code
net_open(struct scope *sc, const struct onnx_graph *g, struct net **out)
{
	struct net_plan plan;
	if (!net_runs_here())
		return fail(sc, E_UNAVAILABLE, "this processor has no AVX512-BF16");
	TRY(net_plan(sc, g, &plan));
	struct net *net = calloc(1, sizeof *net);
	if (net == NULL)
		abort();
	scope_init(&net->own);
	enum code rc = lay_out(sc, net, &plan);
	if (rc != OK) {
		net_close(net);
		return rc;
	}
	*out = net;
	return OK;
}

void
net_close(struct net *net)
{
	if (net == NULL)
		return;
	scope_release(&net->own);
	free(net);
}

float *
net_input(struct net *net, size_t *n)
{
	*n = (size_t)net->input_plane.channels * (size_t)net->input_plane.height * (size_t)net->input_plane.width;
	return net->input;
}

const float *
net_output(const struct net *net, size_t i, size_t *n)
{
	*n = net->outputs[i].pixels * net->outputs[i].channels;
	return net->outputs[i].values;
}

size_t
net_outputs(const struct net *net)
{
	return net->n_outputs;
}

/* --- running --- */

static void
take_input(struct net *net)
{
	const struct net_plane *p = &net->input_plane;
	size_t width = (size_t)p->width;
	for (int32_t y = 0; y < p->height; y++) {
		const float *planes[4] = {NULL, NULL, NULL, NULL};
		for (int32_t c = 0; c < p->channels; c++)
			planes[c] = net->input + ((size_t)c * (size_t)p->height + (size_t)y) * width;
		net_interleave(planes, (size_t)p->channels, width, net->input_pixels + offset_of(p, y, 0));
	}
}

/* Values are not negative, so their bits compare as they do. */
static void
run_max(const struct net_plane *from, const struct net_plane *to, const struct layer *l)
{
	const struct net_step *s = &l->step;
	size_t pitch = pitch_of(from);
	for (int32_t y = 0; y < s->height; y++) {
		for (int32_t x = 0; x < s->width; x++) {
			uint16_t *restrict out = l->out + offset_of(to, y, x);
			memset(out, 0, pitch * sizeof *out);
			for (int32_t k = 0; k < s->kernel_height * s->kernel_width; k++) {
				const uint16_t *restrict in =
				    l->in + offset_of(from, y * s->stride + k / s->kernel_width,
						      x * s->stride + k % s->kernel_width);
				for (size_t c = 0; c < pitch; c++)
					out[c] = in[c] > out[c] ? in[c] : out[c];
			}
		}
	}
}

static void
run_mean(const struct net_plane *from, const struct net_plane *to, const struct layer *l)
{
	const struct net_step *s = &l->step;
	uint16_t *out = l->out + offset_of(to, 0, 0);
	float share = 1.0f / (float)(s->kernel_height * s->kernel_width);
	for (size_t c = 0; c < (size_t)s->inputs; c++) {
		float sum = 0;
		for (int32_t y = 0; y < s->kernel_height; y++)
			for (int32_t x = 0; x < s->kernel_width; x++)
				sum += net_float(l->in[(size_t)offset_of(from, y, x) + c]);
		out[c] = net_bf16(sum * share);
	}
}

void
net_run(struct net *net)
{
	take_input(net);
	for (size_t i = 0; i < net->n_layers; i++) {
		const struct layer *l = &net->layers[i];
		const struct net_plane *from = &net->planes[l->step.in];
		const struct net_plane *to = &net->planes[l->step.out];
		switch (l->kind) {
		case NET_CONV: net_conv_run(&l->u.conv); break;
		case NET_DEPTHWISE: net_depthwise_run(&l->u.depthwise); break;
		case NET_MAX: run_max(from, to, l); break;
		case NET_MEAN: run_mean(from, to, l); break;
		}
	}
	for (size_t i = 0; i < net->n_outputs; i++) {
		const struct output *o = &net->outputs[i];
		for (size_t p = 0; p < o->pixels; p++)
			memcpy(o->values + p * o->channels, o->padded + p * o->pitch, o->channels * sizeof *o->values);
	}
}
