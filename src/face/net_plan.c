#include "face/net_plan.h"

#include <math.h>

#define SIDE_MAX 4096
#define CHANNELS_MAX 4096
#define KERNEL_MAX 16
#define VECTOR 16
#define INPUT_VECTOR 4

/* A name of the graph and the plane that holds it. */
struct value {
	const char *name;
	size_t plane;
	int32_t height, width; /* may reach into the plane's border: the zeros of a Pad */
	bool made;
	size_t step; /* that made it; where made */
	size_t uses;
};

enum node_part { PART_ITSELF, PART_OF_PRELU, PART_PRELU };

struct planner {
	const struct onnx_graph *g;
	struct net_plan plan;
	struct value *values;
	size_t n_values;
	enum node_part *parts;		   /* per node */
	const struct onnx_tensor **slopes; /* per node: of PART_PRELU */
	const char **prelu_inputs;	   /* per node: of PART_PRELU */
	bool cut;			   /* results were turned to NHWC: unknown names are no error */
};

static const struct onnx_attr *
attr(const struct onnx_node *node, const char *name)
{
	for (size_t i = 0; i < node->n_attrs; i++)
		if (strcmp(node->attrs[i].name, name) == 0)
			return &node->attrs[i];
	return NULL;
}

static bool
ints_of(const struct onnx_node *node, const char *name, size_t n, int64_t *out)
{
	const struct onnx_attr *a = attr(node, name);
	if (a == NULL)
		return true; /* out keeps its default */
	if (a->kind != ONNX_ATTR_INTS || a->n != n)
		return false;
	memcpy(out, a->ints, n * sizeof *out);
	return true;
}

/* An initialiser, or what a Constant node holds. NULL: neither. */
static const struct onnx_tensor *
constant(const struct planner *p, const char *name)
{
	const struct onnx_tensor *t = onnx_find(p->g, name);
	for (size_t i = 0; i < p->g->n_nodes && t == NULL; i++) {
		const struct onnx_node *node = &p->g->nodes[i];
		if (strcmp(node->op, "Constant") != 0 || node->n_out != 1 || strcmp(node->out[0], name) != 0)
			continue;
		const struct onnx_attr *a = attr(node, "value");
		t = a != NULL && a->kind == ONNX_ATTR_TENSOR ? a->t : NULL;
	}
	return t;
}

static const float *
floats_of(const struct planner *p, const char *name, size_t count)
{
	const struct onnx_tensor *t = constant(p, name);
	return t != NULL && t->type == ONNX_FLOAT && t->count == count ? t->data : NULL;
}

static struct value *
value_of(const struct planner *p, const char *name)
{
	for (size_t i = 0; i < p->n_values; i++)
		if (strcmp(p->values[i].name, name) == 0)
			return &p->values[i];
	return NULL;
}

static size_t
uses_of(const struct planner *p, const char *name)
{
	size_t n = 0;
	for (size_t i = 0; i < p->g->n_nodes; i++)
		for (size_t k = 0; k < p->g->nodes[i].n_in; k++)
			n += p->parts[i] != PART_OF_PRELU && strcmp(p->g->nodes[i].in[k], name) == 0;
	for (size_t i = 0; i < p->g->n_nodes; i++)
		n += p->parts[i] == PART_PRELU && strcmp(p->prelu_inputs[i], name) == 0;
	for (size_t i = 0; i < p->g->n_outputs; i++)
		n += strcmp(p->g->outputs[i].name, name) == 0;
	return n;
}

static struct value *
name_value(struct planner *p, const char *name, const struct value *like)
{
	struct value *v = &p->values[p->n_values++];
	*v = *like;
	v->name = name;
	v->uses = uses_of(p, name);
	return v;
}

static size_t
new_plane(struct planner *p, int32_t height, int32_t width, int32_t channels, int32_t vector)
{
	int32_t pitch = (channels + vector - 1) / vector * vector;
	p->plan.planes[p->plan.n_planes] = (struct net_plane){height, width, channels, pitch, 0};
	return p->plan.n_planes++;
}

static void
need_border(struct planner *p, size_t plane, int64_t border)
{
	struct net_plane *l = &p->plan.planes[plane];
	if (border > l->border)
		l->border = (int32_t)border;
}

/* A new step, and the value it makes. */
static struct net_step *
new_step(struct planner *p, const char *name, const struct net_step *s)
{
	struct net_step *step = &p->plan.steps[p->plan.n_steps];
	*step = *s;
	step->out = new_plane(p, s->height, s->width, s->outputs, VECTOR);
	struct value v = {
	    .plane = step->out, .height = s->height, .width = s->width, .made = true, .step = p->plan.n_steps++};
	name_value(p, name, &v);
	return step;
}

/* The step that made a value, when nothing but the caller reads the value and the step can still be changed. */
static struct net_step *
open_step(const struct planner *p, const struct value *v)
{
	if (!v->made || v->uses != 1)
		return NULL;
	struct net_step *s = &p->plan.steps[v->step];
	return !s->rectified && (s->kind == NET_CONV || s->kind == NET_DEPTHWISE) ? s : NULL;
}

static enum code
not_run(struct scope *sc, const struct onnx_node *node)
{
	return fail(sc, E_INVALID, "%s %s is none that runs here", node->op, node->n_out > 0 ? node->out[0] : "");
}

/* --- nodes --- */

static enum code
conv_shape(struct scope *sc, const struct planner *p, const struct onnx_node *node, const struct value *in,
	   struct net_step *s, int64_t pads[static 4])
{
	const struct onnx_tensor *w = node->n_in >= 2 ? constant(p, node->in[1]) : NULL;
	int64_t strides[2] = {1, 1};
	int64_t dilations[2] = {1, 1};
	const struct onnx_attr *group = attr(node, "group");
	int64_t groups = group != NULL ? group->i : 1;
	int32_t channels = p->plan.planes[in->plane].channels;
	bool ok = w != NULL && w->type == ONNX_FLOAT && w->n_dims == 4 && ints_of(node, "strides", 2, strides) &&
		  ints_of(node, "dilations", 2, dilations) && ints_of(node, "pads", 4, pads) &&
		  strides[0] == strides[1] && dilations[0] == dilations[1] && strides[0] >= 1 && strides[0] <= 4 &&
		  dilations[0] >= 1 && dilations[0] <= 8 && attr(node, "auto_pad") == NULL;
	for (int i = 0; i < 4 && ok; i++)
		ok = pads[i] >= 0 && pads[i] <= KERNEL_MAX;
	ok = ok && w->dims[0] >= 1 && w->dims[0] <= CHANNELS_MAX && w->dims[2] >= 1 && w->dims[2] <= KERNEL_MAX &&
	     w->dims[3] >= 1 && w->dims[3] <= KERNEL_MAX;
	bool depthwise = ok && groups == channels && groups > 1 && w->dims[1] == 1 && w->dims[0] == groups;
	if (!ok || !(depthwise || (groups == 1 && w->dims[1] == channels)))
		return not_run(sc, node);
	int64_t tall = in->height + pads[0] + pads[2] - dilations[0] * (w->dims[2] - 1) - 1;
	int64_t wide = in->width + pads[1] + pads[3] - dilations[0] * (w->dims[3] - 1) - 1;
	if (tall < 0 || wide < 0)
		return not_run(sc, node);
	*s = (struct net_step){.kind = depthwise ? NET_DEPTHWISE : NET_CONV,
			       .in = in->plane,
			       .kernel_height = (int32_t)w->dims[2],
			       .kernel_width = (int32_t)w->dims[3],
			       .stride = (int32_t)strides[0],
			       .dilation = (int32_t)dilations[0],
			       .pad_top = (int32_t)pads[0],
			       .pad_left = (int32_t)pads[1],
			       .height = (int32_t)(tall / strides[0]) + 1,
			       .width = (int32_t)(wide / strides[0]) + 1,
			       .inputs = channels,
			       .outputs = (int32_t)w->dims[0]};
	s->weights = w->data;
	return OK;
}

/* Weights and bias become the step's own: folding changes them. */
static enum code
own_weights(struct scope *sc, const struct planner *p, const struct onnx_node *node, struct net_step *s)
{
	size_t outputs = (size_t)s->outputs;
	size_t each =
	    (size_t)s->kernel_height * (size_t)s->kernel_width * (s->kind == NET_DEPTHWISE ? 1 : (size_t)s->inputs);
	s->weights = scope_memdup(sc, s->weights, outputs * each * sizeof *s->weights);
	s->bias = NEW_ARRAY(sc, outputs, float);
	if (node->n_in < 3)
		return OK;
	const float *bias = floats_of(p, node->in[2], outputs);
	if (bias == NULL)
		return not_run(sc, node);
	memcpy(s->bias, bias, outputs * sizeof *bias);
	return OK;
}

static enum code
plan_conv(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in)
{
	struct net_step s;
	int64_t pads[4] = {0, 0, 0, 0};
	TRY(conv_shape(sc, p, node, in, &s, pads));
	TRY(own_weights(sc, p, node, &s));
	for (int i = 0; i < 4; i++)
		need_border(p, in->plane, pads[i]);
	(void)new_step(p, node->out[0], &s);
	return OK;
}

/* A vector times a matrix is a convolution of one pixel. */
static enum code
plan_product(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in)
{
	const struct onnx_tensor *w = node->n_in >= 2 ? constant(p, node->in[1]) : NULL;
	const struct onnx_attr *turned = attr(node, "transB");
	bool by_output = strcmp(node->op, "Gemm") == 0 && turned != NULL && turned->i == 1;
	int32_t channels = p->plan.planes[in->plane].channels;
	if (w == NULL || w->type != ONNX_FLOAT || w->n_dims != 2 || w->dims[by_output ? 1 : 0] != channels ||
	    w->dims[by_output ? 0 : 1] > CHANNELS_MAX || in->height != 1 || in->width != 1 ||
	    (strcmp(node->op, "Gemm") == 0 && !by_output))
		return not_run(sc, node);
	struct net_step s = {.kind = NET_CONV,
			     .in = in->plane,
			     .kernel_height = 1,
			     .kernel_width = 1,
			     .stride = 1,
			     .dilation = 1,
			     .height = 1,
			     .width = 1,
			     .inputs = channels,
			     .outputs = (int32_t)w->dims[by_output ? 0 : 1],
			     .weights = w->data};
	TRY(own_weights(sc, p, node, &s));
	const float *from = w->data;
	for (int32_t o = 0; o < s.outputs && !by_output; o++)
		for (int32_t i = 0; i < channels; i++)
			s.weights[o * channels + i] = from[i * s.outputs + o];
	(void)new_step(p, node->out[0], &s);
	return OK;
}

/* y = scale × x + shift, into what made x. */
static enum code
fold(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in, const float *scale,
     const float *shift)
{
	struct net_step *s = open_step(p, in);
	if (s == NULL || s->adds)
		return not_run(sc, node);
	size_t each =
	    (size_t)s->kernel_height * (size_t)s->kernel_width * (s->kind == NET_DEPTHWISE ? 1 : (size_t)s->inputs);
	for (size_t o = 0; o < (size_t)s->outputs; o++) {
		for (size_t i = 0; i < each; i++)
			s->weights[o * each + i] *= scale[o];
		s->bias[o] = s->bias[o] * scale[o] + shift[o];
	}
	(void)name_value(p, node->out[0], in);
	return OK;
}

static enum code
plan_normalisation(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in)
{
	size_t n = (size_t)p->plan.planes[in->plane].channels;
	const struct onnx_attr *epsilon = attr(node, "epsilon");
	const float *v[4] = {NULL};
	for (size_t i = 0; i < 4; i++) {
		v[i] = node->n_in == 5 ? floats_of(p, node->in[1 + i], n) : NULL;
		if (v[i] == NULL)
			return not_run(sc, node);
	}
	float *scale = NEW_ARRAY(sc, n, float);
	float *shift = NEW_ARRAY(sc, n, float);
	for (size_t i = 0; i < n; i++) {
		scale[i] = v[0][i] / sqrtf(v[3][i] + (epsilon != NULL ? epsilon->f : 1e-5f));
		shift[i] = v[1][i] - v[2][i] * scale[i];
	}
	return fold(sc, p, node, in, scale, shift);
}

static enum code
plan_factor(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in)
{
	size_t n = (size_t)p->plan.planes[in->plane].channels;
	const float *factor = node->n_in == 2 ? floats_of(p, node->in[1], 1) : NULL;
	if (factor == NULL)
		return not_run(sc, node);
	float *scale = NEW_ARRAY(sc, n, float);
	for (size_t i = 0; i < n; i++)
		scale[i] = *factor;
	return fold(sc, p, node, in, scale, NEW_ARRAY(sc, n, float));
}

static enum code
plan_rectifier(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in,
	       const struct onnx_tensor *slope)
{
	struct net_step *s = open_step(p, in);
	if (s == NULL || (slope != NULL && slope->count != (size_t)s->outputs))
		return not_run(sc, node);
	s->rectified = true;
	s->slope = NEW_ARRAY(sc, (size_t)s->outputs, float);
	if (slope != NULL)
		memcpy(s->slope, slope->data, slope->count * sizeof *s->slope);
	(void)name_value(p, node->out[0], in);
	return OK;
}

/* The later of the two is a convolution's: it adds the earlier before it leaves the registers. */
static enum code
plan_sum(struct scope *sc, struct planner *p, const struct onnx_node *node)
{
	const struct value *a = node->n_in == 2 ? value_of(p, node->in[0]) : NULL;
	const struct value *b = node->n_in == 2 ? value_of(p, node->in[1]) : NULL;
	if (a == NULL || b == NULL || !a->made || !b->made)
		return not_run(sc, node);
	const struct value *late = a->step > b->step ? a : b;
	const struct value *early = late == a ? b : a;
	struct net_step *s = open_step(p, late);
	bool alike = late->height == early->height && late->width == early->width &&
		     p->plan.planes[late->plane].channels == p->plan.planes[early->plane].channels;
	if (s == NULL || s->kind != NET_CONV || s->adds || !alike || a->step == b->step)
		return not_run(sc, node);
	s->adds = true;
	s->residual = early->plane;
	(void)name_value(p, node->out[0], late);
	return OK;
}

static enum code
plan_concat(struct scope *sc, struct planner *p, const struct onnx_node *node)
{
	const struct onnx_attr *axis = attr(node, "axis");
	const struct value *first = node->n_in > 0 ? value_of(p, node->in[0]) : NULL;
	if (axis == NULL || axis->i != 1 || first == NULL)
		return not_run(sc, node);
	int32_t channels = 0;
	for (size_t i = 0; i < node->n_in; i++) {
		const struct value *v = value_of(p, node->in[i]);
		if (v == NULL || !v->made || v->uses != 1 || v->height != first->height || v->width != first->width ||
		    p->plan.planes[v->plane].channels % VECTOR != 0 || channels > CHANNELS_MAX)
			return not_run(sc, node);
		channels += p->plan.planes[v->plane].channels;
	}
	size_t plane = new_plane(p, first->height, first->width, channels, VECTOR);
	struct value whole = {.plane = plane, .height = first->height, .width = first->width, .made = true};
	channels = 0;
	for (size_t i = 0; i < node->n_in; i++) {
		const struct value *v = value_of(p, node->in[i]);
		struct net_step *s = &p->plan.steps[v->step];
		s->out = plane;
		s->out_channel = channels;
		channels += s->outputs;
		if (v->step > whole.step)
			whole.step = v->step;
	}
	struct value *v = name_value(p, node->out[0], &whole);
	v->uses = 2; /* several steps make it: none of them may change any more */
	return OK;
}

static enum code
plan_pool(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in)
{
	int64_t kernel[2] = {0, 0};
	int64_t strides[2] = {1, 1};
	int64_t pads[4] = {0, 0, 0, 0};
	bool mean = strcmp(node->op, "GlobalAveragePool") == 0;
	int32_t channels = p->plan.planes[in->plane].channels;
	struct net_step s = {.in = in->plane, .inputs = channels, .outputs = channels, .dilation = 1};
	if (mean) {
		s.kind = NET_MEAN;
		s.kernel_height = in->height;
		s.kernel_width = in->width;
		s.stride = s.height = s.width = 1;
	} else {
		/* Values are compared as integers, which is right for those that are not negative. */
		const struct net_step *maker = in->made ? &p->plan.steps[in->step] : NULL;
		bool ok = ints_of(node, "kernel_shape", 2, kernel) && ints_of(node, "strides", 2, strides) &&
			  ints_of(node, "pads", 4, pads) && kernel[0] == kernel[1] && strides[0] == strides[1] &&
			  kernel[0] >= 1 && kernel[0] <= in->height && kernel[0] <= in->width && strides[0] >= 1 &&
			  pads[0] + pads[1] + pads[2] + pads[3] == 0 && attr(node, "ceil_mode") == NULL;
		for (int32_t i = 0; i < channels && ok; i++)
			ok = maker != NULL && maker->rectified && maker->slope[i] == 0;
		if (!ok)
			return not_run(sc, node);
		s.kind = NET_MAX;
		s.kernel_height = s.kernel_width = (int32_t)kernel[0];
		s.stride = (int32_t)strides[0];
		s.height = (int32_t)((in->height - kernel[0]) / strides[0]) + 1;
		s.width = (int32_t)((in->width - kernel[0]) / strides[0]) + 1;
	}
	(void)new_step(p, node->out[0], &s);
	return OK;
}

/* Zeros below and to the right are the plane's border. */
static enum code
plan_pad(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in)
{
	const struct onnx_tensor *pads = node->n_in >= 2 ? constant(p, node->in[1]) : NULL;
	if (pads == NULL || pads->type != ONNX_INT64 || pads->count != 8)
		return not_run(sc, node);
	const int64_t *n = pads->data;
	if (n[0] != 0 || n[1] != 0 || n[2] != 0 || n[3] != 0 || n[4] != 0 || n[5] != 0 || n[6] < 0 || n[7] < 0 ||
	    n[6] > KERNEL_MAX || n[7] > KERNEL_MAX)
		return not_run(sc, node);
	need_border(p, in->plane, n[6] > n[7] ? n[6] : n[7]);
	struct value wider = *in;
	wider.height += (int32_t)n[6];
	wider.width += (int32_t)n[7];
	struct value *v = name_value(p, node->out[0], &wider);
	v->uses += 1; /* the step that made it wrote less than this: it must not be changed as if it were this */
	return OK;
}

static enum code
plan_flat(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in)
{
	if (in->height != 1 || in->width != 1)
		return not_run(sc, node);
	(void)name_value(p, node->out[0], in);
	return OK;
}

static enum code
plan_output(struct scope *sc, struct planner *p, const struct value *v)
{
	if (p->plan.n_outputs == NET_OUTPUTS_MAX || !v->made || v->uses != 1)
		return fail(sc, E_INVALID, "output %s is none that runs here", v->name);
	p->plan.outputs[p->plan.n_outputs++] = v->plane;
	return OK;
}

static enum code
plan_turn(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in)
{
	int64_t order[4] = {0, 1, 2, 3};
	if (!ints_of(node, "perm", 4, order) || order[0] != 0 || order[1] != 2 || order[2] != 3 || order[3] != 1)
		return not_run(sc, node);
	p->cut = true;
	return plan_output(sc, p, in);
}

/* --- PRelu, as preparation wrote it --- */

static size_t
maker_of(const struct onnx_graph *g, const char *name)
{
	for (size_t i = 0; i < g->n_nodes; i++)
		if (g->nodes[i].n_out == 1 && strcmp(g->nodes[i].out[0], name) == 0)
			return i;
	return g->n_nodes;
}

/* The factors of a 1 × 1 depthwise convolution without bias. NULL: node i is none. */
static const struct onnx_tensor *
factors_of(const struct planner *p, size_t i)
{
	if (i == p->g->n_nodes)
		return NULL;
	const struct onnx_node *node = &p->g->nodes[i];
	const struct onnx_tensor *w =
	    strcmp(node->op, "Conv") == 0 && node->n_in == 2 ? onnx_find(p->g, node->in[1]) : NULL;
	const struct onnx_attr *group = attr(node, "group");
	return w != NULL && w->type == ONNX_FLOAT && w->n_dims == 4 && group != NULL && group->i == w->dims[0] &&
		       (size_t)group->i == w->count
		   ? w
		   : NULL;
}

/* a × x + (1 − a) × relu(x) */
static void
find_prelu(struct planner *p, size_t sum)
{
	const struct onnx_graph *g = p->g;
	const struct onnx_node *node = &g->nodes[sum];
	if (strcmp(node->op, "Add") != 0 || node->n_in != 2)
		return;
	size_t kept = maker_of(g, node->in[0]);
	size_t above = maker_of(g, node->in[1]);
	const struct onnx_tensor *a = factors_of(p, kept);
	const struct onnx_tensor *rest = factors_of(p, above);
	if (a == NULL || rest == NULL || a->count != rest->count)
		return;
	size_t relu = maker_of(g, g->nodes[above].in[0]);
	if (relu == g->n_nodes || strcmp(g->nodes[relu].op, "Relu") != 0 ||
	    strcmp(g->nodes[relu].in[0], g->nodes[kept].in[0]) != 0)
		return;
	const float *x = a->data;
	const float *y = rest->data;
	for (size_t i = 0; i < a->count; i++)
		if (!(fabsf(x[i] + y[i] - 1) < 1e-5f))
			return;
	p->parts[kept] = p->parts[above] = p->parts[relu] = PART_OF_PRELU;
	p->parts[sum] = PART_PRELU;
	p->slopes[sum] = a;
	p->prelu_inputs[sum] = g->nodes[kept].in[0];
}

/* --- the graph --- */

static const struct {
	const char *op;
	enum code (*plan)(struct scope *sc, struct planner *p, const struct onnx_node *node, const struct value *in);
} ops[] = {
    {"Conv", plan_conv},
    {"Gemm", plan_product},
    {"MatMul", plan_product},
    {"BatchNormalization", plan_normalisation},
    {"Mul", plan_factor},
    {"MaxPool", plan_pool},
    {"GlobalAveragePool", plan_pool},
    {"Pad", plan_pad},
    {"Flatten", plan_flat},
    {"Reshape", plan_flat},
    {"Transpose", plan_turn},
};

static enum code
plan_node(struct scope *sc, struct planner *p, size_t i)
{
	const struct onnx_node *node = &p->g->nodes[i];
	if (p->parts[i] == PART_OF_PRELU || strcmp(node->op, "Constant") == 0)
		return OK;
	bool prelu = p->parts[i] == PART_PRELU;
	bool sum = strcmp(node->op, "Add") == 0 && !prelu;
	const char *name = prelu ? p->prelu_inputs[i] : node->n_in > 0 ? node->in[0] : "";
	const struct value *in = value_of(p, name);
	if (in == NULL && p->cut)
		return OK; /* behind the heads */
	if (in == NULL || node->n_out < 1)
		return not_run(sc, node);
	if (sum)
		return plan_sum(sc, p, node);
	if (in->height != p->plan.planes[in->plane].height || in->width != p->plan.planes[in->plane].width)
		return not_run(sc, node); /* padded: only sums read the border as if it were the plane */
	if (prelu)
		return plan_rectifier(sc, p, node, in, p->slopes[i]);
	if (strcmp(node->op, "Relu") == 0)
		return plan_rectifier(sc, p, node, in, NULL);
	if (strcmp(node->op, "Concat") == 0)
		return plan_concat(sc, p, node);
	for (size_t k = 0; k < COUNT_OF(ops); k++)
		if (strcmp(node->op, ops[k].op) == 0)
			return ops[k].plan(sc, p, node, in);
	return not_run(sc, node);
}

static enum code
plan_input(struct scope *sc, struct planner *p)
{
	const struct onnx_value *in = p->g->n_inputs == 1 ? &p->g->inputs[0] : NULL;
	if (in == NULL || in->n_dims != 4 || in->dims[0] != 1 || in->dims[1] < 1 || in->dims[1] > INPUT_VECTOR ||
	    in->dims[2] < 1 || in->dims[2] > SIDE_MAX || in->dims[3] < 1 || in->dims[3] > SIDE_MAX)
		return fail(sc, E_INVALID, "the graph's input is no picture of 1 to 4 planes");
	struct value v = {.height = (int32_t)in->dims[2], .width = (int32_t)in->dims[3]};
	v.plane = p->plan.input = new_plane(p, v.height, v.width, (int32_t)in->dims[1], INPUT_VECTOR);
	(void)name_value(p, in->name, &v);
	return OK;
}

enum code
net_plan(struct scope *sc, const struct onnx_graph *g, struct net_plan *out)
{
	struct planner p = {.g = g,
			    .parts = NEW_ARRAY(sc, g->n_nodes + 1, enum node_part),
			    .slopes = NEW_ARRAY(sc, g->n_nodes + 1, const struct onnx_tensor *),
			    .prelu_inputs = NEW_ARRAY(sc, g->n_nodes + 1, const char *),
			    .values = NEW_ARRAY(sc, g->n_nodes + 1, struct value)};
	p.plan.planes = NEW_ARRAY(sc, g->n_nodes + 1, struct net_plane);
	p.plan.steps = NEW_ARRAY(sc, g->n_nodes + 1, struct net_step);
	for (size_t i = 0; i < g->n_nodes; i++)
		find_prelu(&p, i);
	TRY(plan_input(sc, &p));
	for (size_t i = 0; i < g->n_nodes; i++)
		TRY(plan_node(sc, &p, i));
	for (size_t i = 0; i < g->n_outputs && !p.cut; i++) {
		const struct value *v = value_of(&p, g->outputs[i].name);
		if (v == NULL)
			return fail(sc, E_INVALID, "nothing makes output %s", g->outputs[i].name);
		TRY(plan_output(sc, &p, v));
	}
	if (p.plan.n_outputs == 0)
		return fail(sc, E_INVALID, "the graph has no output");
	*out = p.plan;
	return OK;
}
