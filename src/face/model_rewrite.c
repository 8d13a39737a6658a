#include <math.h>

#include "face/model_convert.h"

void
model_zero_denormals(struct onnx_graph *g)
{
	for (size_t i = 0; i < g->n_tensors; i++) {
		struct onnx_tensor *t = &g->tensors[i];
		if (t->type != ONNX_FLOAT)
			continue;
		float *v = t->data;
		for (size_t k = 0; k < t->count; k++)
			if (fabsf(v[k]) < 1e-9f)
				v[k] = 0;
	}
}

static void
add_scale(struct scope *sc, struct onnx_graph *g, const char *in, const char *out, const float *slope, size_t n,
	  bool complement)
{
	float *w = NEW_ARRAY(sc, n, float);
	for (size_t i = 0; i < n; i++)
		w[i] = complement ? 1.0f - slope[i] : slope[i];
	struct onnx_conv conv = {(int64_t)n, 1, 1, 1, (int64_t)n, {0, 0, 0, 0}};
	onnx_add_conv(sc, g, in, out, &conv, w, NULL);
}

enum code
model_rewrite_prelu(struct scope *sc, struct onnx_graph *g)
{
	struct onnx_node *old = g->nodes;
	size_t n_old = g->n_nodes;
	g->nodes = NULL;
	g->n_nodes = g->cap_nodes = 0;
	for (size_t i = 0; i < n_old; i++) {
		const struct onnx_node *node = &old[i];
		if (strcmp(node->op, "PRelu") != 0) {
			struct onnx_node *copy = onnx_add_node(sc, g, node->op, NULL, 0, "");
			*copy = *node;
			continue;
		}
		const struct onnx_tensor *slope = node->n_in == 2 ? onnx_find(g, node->in[1]) : NULL;
		bool per_channel = slope != NULL && slope->type == ONNX_FLOAT && node->n_out == 1 &&
				   ((slope->n_dims == 3 && (size_t)slope->dims[0] == slope->count) ||
				    (slope->n_dims == 4 && (size_t)slope->dims[1] == slope->count));
		if (!per_channel)
			return fail(sc, E_INVALID, "a PRelu has no slope for each channel");
		const float *a = slope->data;
		size_t n = slope->count;
		const char *x = node->in[0];
		char *relu = scope_printf(sc, "%s.relu", node->out[0]);
		char *kept = scope_printf(sc, "%s.kept", node->out[0]);
		char *above = scope_printf(sc, "%s.above", node->out[0]);
		onnx_add_node(sc, g, "Relu", &x, 1, relu);
		add_scale(sc, g, x, kept, a, n, false);
		add_scale(sc, g, relu, above, a, n, true);
		onnx_add_node(sc, g, "Add", (const char *[]){kept, above}, 2, node->out[0]);
	}
	return OK;
}
