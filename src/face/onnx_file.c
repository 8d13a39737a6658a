#include "face/onnx_file.h"

#include "base/text.h"

/* --- reading --- */

/* A span of one message. Reading past it sets `bad` and yields zeros, so callers
 * check once a message, not once a field. */
struct span {
	const uint8_t *p, *end;
	bool bad;
};

enum wire { WIRE_VARINT, WIRE_64, WIRE_BYTES, WIRE_32 = 5 };

struct field {
	uint32_t number;
	enum wire wire;
	uint64_t v;	   /* varint and fixed values */
	struct span bytes; /* WIRE_BYTES */
};

static uint64_t
read_varint(struct span *s)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64 && s->p < s->end; shift += 7) {
		uint8_t b = *s->p++;
		v |= (uint64_t)(b & 0x7F) << shift;
		if (b < 0x80)
			return v;
	}
	s->bad = true;
	return 0;
}

static uint64_t
read_fixed(struct span *s, size_t n)
{
	if ((size_t)(s->end - s->p) < n) {
		s->bad = true;
		return 0;
	}
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)s->p[i] << (8 * i);
	s->p += n;
	return v;
}

/* false at the end of the message, or when it is bad. */
static bool
next_field(struct span *s, struct field *f)
{
	if (s->bad || s->p == s->end)
		return false;
	uint64_t key = read_varint(s);
	*f = (struct field){.number = (uint32_t)(key >> 3), .wire = (enum wire)(key & 7)};
	switch (key & 7) {
	case WIRE_VARINT: f->v = read_varint(s); break;
	case WIRE_64: f->v = read_fixed(s, 8); break;
	case WIRE_32: f->v = read_fixed(s, 4); break;
	case WIRE_BYTES: {
		uint64_t n = read_varint(s);
		if (n > (uint64_t)(s->end - s->p)) {
			s->bad = true;
			return false;
		}
		f->bytes = (struct span){s->p, s->p + n, false};
		s->p += n;
		break;
	}
	default: s->bad = true;
	}
	return !s->bad;
}

static const char *
text_of(struct scope *sc, const struct field *f)
{
	if (f->wire != WIRE_BYTES)
		return "";
	return scope_strndup(sc, (const char *)f->bytes.p, (size_t)(f->bytes.end - f->bytes.p));
}

/* Grows an array of `size`-byte elements by one; returns the new, zeroed one. */
static void *
grow(struct scope *sc, void *array, size_t *n, size_t *cap, size_t size)
{
	char **p = array;
	if (*n == *cap) {
		size_t wider = *cap == 0 ? 8 : *cap * 2;
		char *q = scope_array(sc, wider, size);
		if (*n > 0)
			memcpy(q, *p, *n * size);
		*p = q;
		*cap = wider;
	}
	return *p + (*n)++ * size;
}

/* Packed or not: appends the field's integers. */
static void
append_ints(struct scope *sc, struct field *f, int64_t **v, size_t *n, size_t *cap, bool *bad)
{
	if (f->wire == WIRE_VARINT) {
		*(int64_t *)grow(sc, v, n, cap, sizeof **v) = (int64_t)f->v;
		return;
	}
	if (f->wire != WIRE_BYTES) {
		*bad = true;
		return;
	}
	while (f->bytes.p < f->bytes.end && !f->bytes.bad) {
		int64_t one = (int64_t)read_varint(&f->bytes);
		*(int64_t *)grow(sc, v, n, cap, sizeof **v) = one;
	}
	*bad = *bad || f->bytes.bad;
}

static void
append_floats(struct scope *sc, struct field *f, float **v, size_t *n, size_t *cap, bool *bad)
{
	if (f->wire == WIRE_32) {
		uint32_t bits = (uint32_t)f->v;
		memcpy(grow(sc, v, n, cap, sizeof **v), &bits, 4);
		return;
	}
	if (f->wire != WIRE_BYTES || (f->bytes.end - f->bytes.p) % 4 != 0) {
		*bad = true;
		return;
	}
	for (; f->bytes.p < f->bytes.end; f->bytes.p += 4)
		memcpy(grow(sc, v, n, cap, sizeof **v), f->bytes.p, 4);
}

static size_t
type_size(int64_t type)
{
	return type == ONNX_INT64 ? 8 : type == ONNX_FLOAT || type == ONNX_INT32 ? 4 : 0;
}

struct tensor_parts {
	int64_t *dims, *ints;
	size_t n_dims, cap_dims, n_ints, cap_ints, n_floats, cap_floats;
	float *floats;
	struct span raw;
	bool has_raw;
	int64_t type;
};

static enum code
tensor_fill(struct scope *sc, struct tensor_parts *parts, struct onnx_tensor *t)
{
	if (parts->n_dims > ONNX_DIMS_MAX || type_size(parts->type) == 0)
		return fail(sc, E_INVALID, "tensor %.60s has a type or rank that is not used here", t->name);
	t->type = (enum onnx_type)parts->type;
	t->n_dims = parts->n_dims;
	t->count = 1;
	size_t size = type_size(parts->type);
	for (size_t i = 0; i < t->n_dims; i++) {
		t->dims[i] = parts->dims[i];
		if (t->dims[i] < 0 || (t->dims[i] > 0 && t->count > ONNX_FILE_MAX / size / (size_t)t->dims[i]))
			return fail(sc, E_INVALID, "tensor %.60s is too large", t->name);
		t->count *= (size_t)t->dims[i];
	}
	const void *from = NULL;
	size_t have = 0;
	if (parts->has_raw) {
		from = parts->raw.p;
		have = (size_t)(parts->raw.end - parts->raw.p);
	} else if (t->type == ONNX_FLOAT) {
		from = parts->floats;
		have = parts->n_floats * 4;
	} else if (t->type == ONNX_INT64) {
		from = parts->ints;
		have = parts->n_ints * 8;
	}
	if (have != t->count * size)
		return fail(sc, E_INVALID, "tensor %.60s has %zu bytes for %zu elements", t->name, have, t->count);
	t->data = scope_alloc(sc, have);
	if (have > 0)
		memcpy(t->data, from, have);
	return OK;
}

static enum code
read_tensor(struct scope *sc, struct span s, struct onnx_tensor *t)
{
	struct tensor_parts parts = {0};
	struct field f;
	bool bad = false;
	t->name = "";
	while (next_field(&s, &f)) {
		switch (f.number) {
		case 1: append_ints(sc, &f, &parts.dims, &parts.n_dims, &parts.cap_dims, &bad); break;
		case 2: parts.type = (int64_t)f.v; break;
		case 4: append_floats(sc, &f, &parts.floats, &parts.n_floats, &parts.cap_floats, &bad); break;
		case 7: append_ints(sc, &f, &parts.ints, &parts.n_ints, &parts.cap_ints, &bad); break;
		case 8: t->name = text_of(sc, &f); break;
		case 9:
			bad = bad || f.wire != WIRE_BYTES;
			parts.raw = f.bytes;
			parts.has_raw = f.wire == WIRE_BYTES;
			break;
		case 13:
		case 14: bad = true; break; /* data in other files */
		default: break;
		}
	}
	if (s.bad || bad)
		return fail(sc, E_INVALID, "a tensor is malformed");
	return tensor_fill(sc, &parts, t);
}

static enum code
read_attr(struct scope *sc, struct span s, struct onnx_attr *a)
{
	struct field f;
	bool bad = false;
	size_t n_floats = 0;
	size_t n_ints = 0;
	size_t cap_floats = 0;
	size_t cap_ints = 0;
	a->name = "";
	a->s = "";
	while (next_field(&s, &f)) {
		uint32_t bits = (uint32_t)f.v;
		switch (f.number) {
		case 1: a->name = text_of(sc, &f); break;
		case 2: memcpy(&a->f, &bits, 4); break;
		case 3: a->i = (int64_t)f.v; break;
		case 4: a->s = text_of(sc, &f); break;
		case 5:
			if (f.wire != WIRE_BYTES)
				return fail(sc, E_INVALID, "an attribute is malformed");
			a->t = NEW(sc, struct onnx_tensor);
			TRY(read_tensor(sc, f.bytes, a->t));
			break;
		case 7: append_floats(sc, &f, &a->floats, &n_floats, &cap_floats, &bad); break;
		case 8: append_ints(sc, &f, &a->ints, &n_ints, &cap_ints, &bad); break;
		case 20: a->kind = (enum onnx_attr_kind)f.v; break;
		default: break;
		}
	}
	a->n = a->kind == ONNX_ATTR_FLOATS ? n_floats : n_ints;
	bool known = a->kind == ONNX_ATTR_FLOAT || a->kind == ONNX_ATTR_INT || a->kind == ONNX_ATTR_STRING ||
		     (a->kind == ONNX_ATTR_TENSOR && a->t != NULL) || a->kind == ONNX_ATTR_FLOATS ||
		     a->kind == ONNX_ATTR_INTS;
	if (s.bad || bad || !known)
		return fail(sc, E_INVALID, "attribute %.60s is malformed or of a kind that is not used here", a->name);
	return OK;
}

static enum code
read_node(struct scope *sc, struct span s, struct onnx_node *node)
{
	struct field f;
	size_t cap_in = 0;
	size_t cap_out = 0;
	size_t cap_attrs = 0;
	node->op = "";
	while (next_field(&s, &f)) {
		switch (f.number) {
		case 1:
			*(const char **)grow(sc, &node->in, &node->n_in, &cap_in, sizeof(char *)) = text_of(sc, &f);
			break;
		case 2:
			*(const char **)grow(sc, &node->out, &node->n_out, &cap_out, sizeof(char *)) = text_of(sc, &f);
			break;
		case 4: node->op = text_of(sc, &f); break;
		case 5: {
			if (f.wire != WIRE_BYTES)
				return fail(sc, E_INVALID, "a node is malformed");
			struct onnx_attr a = {0};
			TRY(read_attr(sc, f.bytes, &a));
			*(struct onnx_attr *)grow(sc, &node->attrs, &node->n_attrs, &cap_attrs, sizeof a) = a;
			break;
		}
		case 7:
			if (f.bytes.p != f.bytes.end)
				return fail(sc, E_INVALID, "operators of other domains are not used here");
			break;
		default: break;
		}
	}
	if (s.bad || node->op[0] == '\0')
		return fail(sc, E_INVALID, "a node is malformed");
	return OK;
}

/* The nested message `number` of s, or an empty span. */
static struct span
inner(struct span s, uint32_t number)
{
	struct field f;
	while (next_field(&s, &f))
		if (f.number == number && f.wire == WIRE_BYTES)
			return f.bytes;
	return (struct span){s.p, s.p, s.bad};
}

static enum code
read_value(struct scope *sc, struct span s, struct onnx_value *v)
{
	struct span whole = s;
	struct field f;
	v->name = "";
	while (next_field(&s, &f))
		if (f.number == 1)
			v->name = text_of(sc, &f);
	struct span shape = inner(inner(inner(whole, 2), 1), 2);
	while (next_field(&shape, &f)) {
		if (f.number != 1 || f.wire != WIRE_BYTES)
			continue;
		if (v->n_dims == ONNX_DIMS_MAX)
			return fail(sc, E_INVALID, "value %.60s has too many dimensions", v->name);
		struct field dim;
		int64_t size = 1; /* an open dimension is the batch: one picture */
		while (next_field(&f.bytes, &dim))
			if (dim.number == 1 && dim.wire == WIRE_VARINT)
				size = (int64_t)dim.v;
		v->dims[v->n_dims++] = size;
	}
	if (s.bad || shape.bad)
		return fail(sc, E_INVALID, "a graph input or output is malformed");
	return OK;
}

static enum code
read_graph(struct scope *sc, struct span s, struct onnx_graph *g)
{
	struct field f;
	size_t cap_inputs = 0;
	size_t cap_outputs = 0;
	while (next_field(&s, &f)) {
		if (f.wire != WIRE_BYTES)
			continue;
		if (f.number == 1) {
			struct onnx_node node = {0};
			TRY(read_node(sc, f.bytes, &node));
			*(struct onnx_node *)grow(sc, &g->nodes, &g->n_nodes, &g->cap_nodes, sizeof node) = node;
		} else if (f.number == 5) {
			struct onnx_tensor t = {0};
			TRY(read_tensor(sc, f.bytes, &t));
			*(struct onnx_tensor *)grow(sc, &g->tensors, &g->n_tensors, &g->cap_tensors, sizeof t) = t;
		} else if (f.number == 11 || f.number == 12) {
			struct onnx_value v = {0};
			TRY(read_value(sc, f.bytes, &v));
			if (f.number == 11)
				*(struct onnx_value *)grow(sc, &g->inputs, &g->n_inputs, &cap_inputs, sizeof v) = v;
			else
				*(struct onnx_value *)grow(sc, &g->outputs, &g->n_outputs, &cap_outputs, sizeof v) = v;
		}
	}
	if (s.bad)
		return fail(sc, E_INVALID, "the graph is malformed");
	return OK;
}

/* Old files list weights among the inputs too; only what a caller feeds stays. */
static void
drop_weight_inputs(struct onnx_graph *g)
{
	size_t kept = 0;
	for (size_t i = 0; i < g->n_inputs; i++)
		if (onnx_find(g, g->inputs[i].name) == NULL)
			g->inputs[kept++] = g->inputs[i];
	g->n_inputs = kept;
}

enum code
onnx_read(struct scope *sc, const uint8_t *bytes, size_t n, struct onnx_graph *out)
{
	struct onnx_graph g = {0};
	struct span s = {bytes, bytes + n, false};
	struct field f;
	bool has_graph = false;
	while (next_field(&s, &f)) {
		if (f.number == 1 && f.wire == WIRE_VARINT)
			g.ir_version = (int64_t)f.v;
		if (f.number == 7 && f.wire == WIRE_BYTES) {
			if (has_graph)
				return fail(sc, E_INVALID, "the file has two graphs");
			TRY(read_graph(sc, f.bytes, &g));
			has_graph = true;
		}
		if (f.number == 8 && f.wire == WIRE_BYTES) {
			struct field v;
			while (next_field(&f.bytes, &v))
				if (v.number == 2 && v.wire == WIRE_VARINT)
					g.opset = (int64_t)v.v;
		}
	}
	if (s.bad || !has_graph || g.opset < 1 || g.ir_version < 3)
		return fail(sc, E_INVALID, "this is not an ONNX model");
	drop_weight_inputs(&g);
	*out = g;
	return OK;
}

struct onnx_tensor *
onnx_find(const struct onnx_graph *g, const char *name)
{
	for (size_t i = 0; i < g->n_tensors; i++)
		if (strcmp(g->tensors[i].name, name) == 0)
			return &g->tensors[i];
	return NULL;
}

/* --- writing --- */

static void
put_varint(struct text *t, uint64_t v)
{
	char b[10];
	size_t n = 0;
	for (; v >= 0x80; v >>= 7)
		b[n++] = (char)(uint8_t)(v | 0x80);
	b[n++] = (char)(uint8_t)v;
	text_add_n(t, b, n);
}

static void
put_int(struct text *t, uint32_t number, int64_t v)
{
	put_varint(t, (uint64_t)number << 3 | WIRE_VARINT);
	put_varint(t, (uint64_t)v);
}

static void
put_bytes(struct text *t, uint32_t number, const void *p, size_t n)
{
	put_varint(t, (uint64_t)number << 3 | WIRE_BYTES);
	put_varint(t, n);
	text_add_n(t, p, n);
}

static void
put_text(struct text *t, uint32_t number, const char *s)
{
	put_bytes(t, number, s, strlen(s));
}

static void
put_float(struct text *t, uint32_t number, float v)
{
	put_varint(t, (uint64_t)number << 3 | WIRE_32);
	text_add_n(t, (const char *)&v, 4);
}

static void
put_tensor(struct scope *sc, struct text *to, uint32_t number, const struct onnx_tensor *tensor)
{
	struct text t;
	text_init(&t, sc);
	for (size_t i = 0; i < tensor->n_dims; i++)
		put_int(&t, 1, tensor->dims[i]);
	put_int(&t, 2, tensor->type);
	if (tensor->name[0] != '\0')
		put_text(&t, 8, tensor->name);
	put_bytes(&t, 9, tensor->data, tensor->count * type_size(tensor->type));
	put_bytes(to, number, t.s, t.len);
}

static void
put_attr(struct scope *sc, struct text *to, const struct onnx_attr *a)
{
	struct text t;
	text_init(&t, sc);
	put_text(&t, 1, a->name);
	switch (a->kind) {
	case ONNX_ATTR_FLOAT: put_float(&t, 2, a->f); break;
	case ONNX_ATTR_INT: put_int(&t, 3, a->i); break;
	case ONNX_ATTR_STRING: put_text(&t, 4, a->s); break;
	case ONNX_ATTR_TENSOR: put_tensor(sc, &t, 5, a->t); break;
	case ONNX_ATTR_FLOATS:
		for (size_t i = 0; i < a->n; i++)
			put_float(&t, 7, a->floats[i]);
		break;
	case ONNX_ATTR_INTS:
		for (size_t i = 0; i < a->n; i++)
			put_int(&t, 8, a->ints[i]);
		break;
	}
	put_int(&t, 20, a->kind);
	put_bytes(to, 5, t.s, t.len);
}

static void
put_node(struct scope *sc, struct text *to, const struct onnx_node *node)
{
	struct text t;
	text_init(&t, sc);
	for (size_t i = 0; i < node->n_in; i++)
		put_text(&t, 1, node->in[i]);
	for (size_t i = 0; i < node->n_out; i++)
		put_text(&t, 2, node->out[i]);
	put_text(&t, 4, node->op);
	for (size_t i = 0; i < node->n_attrs; i++)
		put_attr(sc, &t, &node->attrs[i]);
	put_bytes(to, 1, t.s, t.len);
}

static void
put_value(struct scope *sc, struct text *to, uint32_t number, const struct onnx_value *v)
{
	struct text shape;
	text_init(&shape, sc);
	for (size_t i = 0; i < v->n_dims; i++) {
		struct text dim;
		text_init(&dim, sc);
		put_int(&dim, 1, v->dims[i]);
		put_bytes(&shape, 1, dim.s, dim.len);
	}
	struct text tensor;
	text_init(&tensor, sc);
	put_int(&tensor, 1, ONNX_FLOAT);
	put_bytes(&tensor, 2, shape.s, shape.len);
	struct text type;
	text_init(&type, sc);
	put_bytes(&type, 1, tensor.s, tensor.len);
	struct text t;
	text_init(&t, sc);
	put_text(&t, 1, v->name);
	put_bytes(&t, 2, type.s, type.len);
	put_bytes(to, number, t.s, t.len);
}

/* Weights that a rewrite left behind are not written. */
static bool
is_used(const struct onnx_graph *g, const char *name)
{
	for (size_t i = 0; i < g->n_nodes; i++)
		for (size_t k = 0; k < g->nodes[i].n_in; k++)
			if (strcmp(g->nodes[i].in[k], name) == 0)
				return true;
	return false;
}

void
onnx_write(struct scope *sc, const struct onnx_graph *g, uint8_t **bytes, size_t *n)
{
	struct text graph;
	text_init(&graph, sc);
	for (size_t i = 0; i < g->n_nodes; i++)
		put_node(sc, &graph, &g->nodes[i]);
	put_text(&graph, 2, "waybill");
	for (size_t i = 0; i < g->n_tensors; i++)
		if (is_used(g, g->tensors[i].name))
			put_tensor(sc, &graph, 5, &g->tensors[i]);
	for (size_t i = 0; i < g->n_inputs; i++)
		put_value(sc, &graph, 11, &g->inputs[i]);
	for (size_t i = 0; i < g->n_outputs; i++)
		put_value(sc, &graph, 12, &g->outputs[i]);
	struct text opset;
	text_init(&opset, sc);
	put_text(&opset, 1, "");
	put_int(&opset, 2, g->opset);
	struct text model;
	text_init(&model, sc);
	put_int(&model, 1, g->ir_version);
	put_bytes(&model, 7, graph.s, graph.len);
	put_bytes(&model, 8, opset.s, opset.len);
	*bytes = (uint8_t *)model.s;
	*n = model.len;
}

/* --- building --- */

struct onnx_node *
onnx_add_node(struct scope *sc, struct onnx_graph *g, const char *op, const char *const *in, size_t n_in,
	      const char *out)
{
	struct onnx_node *node = grow(sc, &g->nodes, &g->n_nodes, &g->cap_nodes, sizeof *node);
	node->op = op;
	node->in = NEW_ARRAY(sc, n_in, const char *);
	for (size_t i = 0; i < n_in; i++)
		node->in[i] = scope_strdup(sc, in[i]);
	node->n_in = n_in;
	node->out = NEW_ARRAY(sc, 1, const char *);
	node->out[0] = scope_strdup(sc, out);
	node->n_out = 1;
	return node;
}

static struct onnx_attr *
add_attr(struct scope *sc, struct onnx_node *node, const char *name, enum onnx_attr_kind kind)
{
	struct onnx_attr *wider = NEW_ARRAY(sc, node->n_attrs + 1, struct onnx_attr);
	if (node->n_attrs > 0)
		memcpy(wider, node->attrs, node->n_attrs * sizeof *wider);
	node->attrs = wider;
	struct onnx_attr *a = &wider[node->n_attrs++];
	a->name = name;
	a->kind = kind;
	return a;
}

void
onnx_set_ints(struct scope *sc, struct onnx_node *node, const char *name, const int64_t *v, size_t n)
{
	struct onnx_attr *a = add_attr(sc, node, name, ONNX_ATTR_INTS);
	a->ints = scope_memdup(sc, v, n * sizeof *v);
	a->n = n;
}

void
onnx_set_int(struct scope *sc, struct onnx_node *node, const char *name, int64_t v)
{
	add_attr(sc, node, name, ONNX_ATTR_INT)->i = v;
}

static struct onnx_tensor *
add_tensor(struct scope *sc, struct onnx_graph *g, const char *name, enum onnx_type type, const int64_t *dims,
	   size_t n_dims)
{
	struct onnx_tensor *t = grow(sc, &g->tensors, &g->n_tensors, &g->cap_tensors, sizeof *t);
	t->name = scope_strdup(sc, name);
	t->type = type;
	t->n_dims = n_dims;
	t->count = 1;
	for (size_t i = 0; i < n_dims; i++) {
		t->dims[i] = dims[i];
		t->count *= (size_t)dims[i];
	}
	return t;
}

void
onnx_add_floats(struct scope *sc, struct onnx_graph *g, const char *name, const int64_t *dims, size_t n_dims,
		float *data)
{
	add_tensor(sc, g, name, ONNX_FLOAT, dims, n_dims)->data = data;
}

void
onnx_add_ints(struct scope *sc, struct onnx_graph *g, const char *name, const int64_t *v, size_t n)
{
	int64_t dim = (int64_t)n;
	add_tensor(sc, g, name, ONNX_INT64, &dim, 1)->data = scope_memdup(sc, v, n * sizeof *v);
}

void
onnx_add_conv(struct scope *sc, struct onnx_graph *g, const char *in, const char *out, const struct onnx_conv *conv,
	      float *weights, float *bias)
{
	char *w = scope_printf(sc, "%s.w", out);
	char *b = scope_printf(sc, "%s.b", out);
	onnx_add_floats(sc, g, w, (int64_t[]){conv->out, conv->in_per_group, conv->kernel, conv->kernel}, 4, weights);
	const char *inputs[3] = {in, w, b};
	if (bias != NULL)
		onnx_add_floats(sc, g, b, &conv->out, 1, bias);
	struct onnx_node *node = onnx_add_node(sc, g, "Conv", inputs, bias != NULL ? 3 : 2, out);
	onnx_set_int(sc, node, "group", conv->group);
	onnx_set_ints(sc, node, "kernel_shape", (int64_t[]){conv->kernel, conv->kernel}, 2);
	onnx_set_ints(sc, node, "pads", conv->pads, 4);
	onnx_set_ints(sc, node, "strides", (int64_t[]){conv->stride, conv->stride}, 2);
}
