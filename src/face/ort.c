#include "face/ort.h"

#include <dlfcn.h>
#include <onnxruntime_c_api.h>

#include "face/install.h"

/* The oldest API that has all we call; newer libraries still answer it. */
#define API_VERSION 17u

struct ort {
	void *library;
	const OrtApi *api;
	OrtEnv *env;
	OrtMemoryInfo *memory;
};

struct tensor {
	char *name;
	float *data;
	size_t n;
	OrtValue *value;
};

struct ort_model {
	struct ort *ort;
	OrtSession *session;
	struct tensor in;
	struct tensor out[ORT_OUTPUTS_MAX];
	size_t n_out;
};

static enum code
ort_check(struct scope *sc, const struct ort *o, OrtStatus *status, enum code code, const char *doing)
{
	if (status == NULL)
		return OK;
	char *message = scope_strdup(sc, o->api->GetErrorMessage(status));
	o->api->ReleaseStatus(status);
	return fail(sc, code, "%s: %s", doing, message);
}

static void *
find_library(struct scope *sc, const char *path)
{
	const char *given = path != NULL ? path : getenv("WAYBILL_ORT");
	if (given != NULL)
		return dlopen(given, RTLD_NOW | RTLD_LOCAL);
	static const char *const places[] = {".cache/deps/onnxruntime/lib/libonnxruntime.so.1",
					     "lib/waybill/libonnxruntime.so.1"};
	const char *found = install_find(sc, places, COUNT_OF(places));
	if (found != NULL)
		return dlopen(found, RTLD_NOW | RTLD_LOCAL);
	void *library = dlopen("libonnxruntime.so.1", RTLD_NOW | RTLD_LOCAL);
	return library != NULL ? library : dlopen("libonnxruntime.so", RTLD_NOW | RTLD_LOCAL);
}

static enum code
ort_start(struct scope *sc, struct ort *o)
{
	/* A function pointer travels through a data pointer: POSIX's way with dlsym. */
	const OrtApiBase *(*base)(void) = NULL;
	void *symbol = dlsym(o->library, "OrtGetApiBase");
	memcpy(&base, &symbol, sizeof base);
	if (base == NULL)
		return fail(sc, E_UNAVAILABLE, "the library found is not ONNX Runtime");
	o->api = base()->GetApi(API_VERSION);
	if (o->api == NULL)
		return fail(sc, E_UNAVAILABLE, "ONNX Runtime %s is too old", base()->GetVersionString());
	TRY(ort_check(sc, o, o->api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "waybill", &o->env), E_UNAVAILABLE,
		      "ONNX Runtime"));
	TRY(ort_check(sc, o, o->api->DisableTelemetryEvents(o->env), E_UNAVAILABLE, "ONNX Runtime"));
	return ort_check(sc, o, o->api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &o->memory),
			 E_UNAVAILABLE, "ONNX Runtime");
}

enum code
ort_open(struct scope *sc, const char *path, struct ort **out)
{
	void *library = find_library(sc, path);
	if (library == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-onnxruntime",
			       "ONNX Runtime is not there (%s); `./dev setup` fetches it", dlerror());
	struct ort *o = calloc(1, sizeof *o);
	if (o == NULL)
		abort();
	o->library = library;
	enum code rc = ort_start(sc, o);
	if (rc != OK) {
		ort_close(o);
		return rc;
	}
	*out = o;
	return OK;
}

void
ort_close(struct ort *o)
{
	if (o == NULL)
		return;
	if (o->memory != NULL)
		o->api->ReleaseMemoryInfo(o->memory);
	if (o->env != NULL)
		o->api->ReleaseEnv(o->env);
	/* The library stays mapped: its threads' exit handlers may still run. */
	free(o);
}

/* --- models --- */

static enum code
session_options(struct scope *sc, struct ort *o, OrtSessionOptions **out)
{
	OrtSessionOptions *options = NULL;
	TRY(ort_check(sc, o, o->api->CreateSessionOptions(&options), E_INTERNAL, "session options"));
	enum code rc = ort_check(sc, o, o->api->SetIntraOpNumThreads(options, 1), E_INTERNAL, "threads");
	if (rc == OK)
		rc = ort_check(sc, o, o->api->SetInterOpNumThreads(options, 1), E_INTERNAL, "threads");
	if (rc == OK)
		rc = ort_check(sc, o, o->api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL), E_INTERNAL,
			       "optimisation");
	if (rc == OK)
		rc = ort_check(sc, o, o->api->AddSessionConfigEntry(options, "session.set_denormal_as_zero", "1"),
			       E_INTERNAL, "denormals");
	if (rc != OK) {
		o->api->ReleaseSessionOptions(options);
		return rc;
	}
	*out = options;
	return OK;
}

#define DIMS_MAX 6
#define TENSOR_MAX ((size_t)16 << 20)

static enum code
shape_of(struct scope *sc, const struct ort *o, OrtTypeInfo *type, int64_t dims[static DIMS_MAX], size_t *n_dims,
	 size_t *count)
{
	const OrtTensorTypeAndShapeInfo *shape = NULL;
	TRY(ort_check(sc, o, o->api->CastTypeInfoToTensorInfo(type, &shape), E_CORRUPT, "tensor"));
	ONNXTensorElementDataType element = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
	if (shape == NULL || o->api->GetTensorElementType(shape, &element) != NULL ||
	    element != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
		return fail(sc, E_CORRUPT, "a tensor is not of 32-bit floats");
	size_t n = 0;
	if (o->api->GetDimensionsCount(shape, &n) != NULL || n > DIMS_MAX ||
	    o->api->GetDimensions(shape, dims, n) != NULL)
		return fail(sc, E_CORRUPT, "a tensor has a strange shape");
	size_t total = 1;
	for (size_t i = 0; i < n; i++) {
		if (dims[i] <= 0 || (uint64_t)dims[i] > TENSOR_MAX / total)
			return fail(sc, E_CORRUPT, "a tensor's shape is open or too large");
		total *= (size_t)dims[i];
	}
	*n_dims = n;
	*count = total;
	return OK;
}

static enum code
tensor_make(struct scope *sc, struct ort_model *m, bool output, size_t i, struct tensor *t)
{
	const struct ort *o = m->ort;
	OrtAllocator *allocator;
	TRY(ort_check(sc, o, o->api->GetAllocatorWithDefaultOptions(&allocator), E_INTERNAL, "allocator"));
	char *name = NULL;
	TRY(ort_check(sc, o,
		      output ? o->api->SessionGetOutputName(m->session, i, allocator, &name)
			     : o->api->SessionGetInputName(m->session, i, allocator, &name),
		      E_CORRUPT, "name"));
	t->name = strdup(name);
	OrtStatus *freed = o->api->AllocatorFree(allocator, name);
	TRY(ort_check(sc, o, freed, E_INTERNAL, "name"));
	OrtTypeInfo *type = NULL;
	TRY(ort_check(sc, o,
		      output ? o->api->SessionGetOutputTypeInfo(m->session, i, &type)
			     : o->api->SessionGetInputTypeInfo(m->session, i, &type),
		      E_CORRUPT, "type"));
	int64_t dims[DIMS_MAX];
	size_t n_dims = 0;
	enum code rc = shape_of(sc, o, type, dims, &n_dims, &t->n);
	o->api->ReleaseTypeInfo(type);
	TRY(rc);
	t->data = aligned_alloc(64, (t->n * sizeof(float) + 63) / 64 * 64);
	if (t->name == NULL || t->data == NULL)
		abort();
	memset(t->data, 0, t->n * sizeof(float));
	return ort_check(sc, o,
			 o->api->CreateTensorWithDataAsOrtValue(o->memory, t->data, t->n * sizeof(float), dims, n_dims,
								ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &t->value),
			 E_INTERNAL, "tensor");
}

static enum code
model_load(struct scope *sc, struct ort_model *m, const void *bytes, size_t n)
{
	struct ort *o = m->ort;
	OrtSessionOptions *options;
	TRY(session_options(sc, o, &options));
	OrtStatus *status = o->api->CreateSessionFromArray(o->env, bytes, n, options, &m->session);
	o->api->ReleaseSessionOptions(options);
	TRY(ort_check(sc, o, status, E_CORRUPT, "model"));
	size_t inputs = 0;
	size_t outputs = 0;
	TRY(ort_check(sc, o, o->api->SessionGetInputCount(m->session, &inputs), E_CORRUPT, "inputs"));
	TRY(ort_check(sc, o, o->api->SessionGetOutputCount(m->session, &outputs), E_CORRUPT, "outputs"));
	if (inputs != 1 || outputs < 1 || outputs > ORT_OUTPUTS_MAX)
		return fail(sc, E_CORRUPT, "the model has %zu inputs and %zu outputs", inputs, outputs);
	TRY(tensor_make(sc, m, false, 0, &m->in));
	for (m->n_out = 0; m->n_out < outputs; m->n_out++)
		TRY(tensor_make(sc, m, true, m->n_out, &m->out[m->n_out]));
	return OK;
}

enum code
ort_model_open(struct scope *sc, struct ort *o, const char *name, const void *bytes, size_t n, struct ort_model **out)
{
	struct ort_model *m = calloc(1, sizeof *m);
	if (m == NULL)
		abort();
	m->ort = o;
	enum code rc = model_load(sc, m, bytes, n);
	if (rc != OK) {
		ort_model_close(m);
		return error_prefix(sc, "%s", name);
	}
	*out = m;
	return OK;
}

static void
tensor_drop(const struct ort *o, struct tensor *t)
{
	if (t->value != NULL)
		o->api->ReleaseValue(t->value);
	free(t->data);
	free(t->name);
}

void
ort_model_close(struct ort_model *m)
{
	if (m == NULL)
		return;
	tensor_drop(m->ort, &m->in);
	for (size_t i = 0; i < ORT_OUTPUTS_MAX; i++)
		tensor_drop(m->ort, &m->out[i]);
	if (m->session != NULL)
		m->ort->api->ReleaseSession(m->session);
	free(m);
}

float *
ort_input(struct ort_model *m, size_t *n)
{
	*n = m->in.n;
	return m->in.data;
}

const float *
ort_output(struct ort_model *m, size_t i, size_t *n)
{
	*n = m->out[i].n;
	return m->out[i].data;
}

size_t
ort_outputs(const struct ort_model *m)
{
	return m->n_out;
}

enum code
ort_run(struct scope *sc, struct ort_model *m)
{
	const char *in_names[1] = {m->in.name};
	const OrtValue *in[1] = {m->in.value};
	const char *out_names[ORT_OUTPUTS_MAX] = {NULL};
	OrtValue *out[ORT_OUTPUTS_MAX] = {NULL};
	for (size_t i = 0; i < m->n_out; i++) {
		out_names[i] = m->out[i].name;
		out[i] = m->out[i].value;
	}
	return ort_check(sc, m->ort, m->ort->api->Run(m->session, NULL, in_names, in, 1, out_names, m->n_out, out),
			 E_INTERNAL, "model run");
}
