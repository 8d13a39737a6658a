/* Opening models; landmarks and embeddings of one face.
 *
 * Landmarks: 68 points (iBUG) in a square, twice: first in the square around the
 * box, then in one around the points found, which is steadier.
 *
 * Embeddings: five points (eyes, nose, mouth corners) are fitted onto each
 * network's own template by a similarity. */
#include "face/engine.h"

#include <math.h>
#include <sodium.h>

#include "base/file.h"

#define LANDMARK_SIDE 64

/* How a network wants its face: the common chip, or one of its own. */
struct embedding_kind {
	int side;
	bool own_chip;
	struct channel_norm norm;
	struct face_point five[5]; /* own_chip only */
};

/* dlib's chip is 150 pixels with a padding of 0.25 around its mean face, whose
 * eyes, nose and mouth corners are at these places of the unit square. */
#define DLIB(x, y) \
	{ \
		150.0f * (0.25f + (x)) / 1.5f, 150.0f * (0.25f + (y)) / 1.5f \
	}

static const struct embedding_kind kinds[MODEL_EMBEDDINGS] = {
    {ENGINE_CHIP, false, {{127, 127, 127}, 1.0f / 128.0f, false}, {{0, 0}}},
    {ENGINE_CHIP, false, {{127.5f, 127.5f, 127.5f}, 1.0f / 128.0f, false}, {{0, 0}}},
    {150,
     true,
     {{122.782f, 117.001f, 104.298f}, 1.0f / 256.0f, false},
     {DLIB(0.224152f, 0.211947f), DLIB(0.756101f, 0.211947f), DLIB(0.490127f, 0.515625f), DLIB(0.272264f, 0.782513f),
      DLIB(0.707989f, 0.782513f)}},
};

/* --- opening --- */

static enum code
read_model(struct scope *sc, const char *dir, const struct model_entry *entry, uint8_t **bytes, size_t *n)
{
	unsigned char hash[32];
	if (file_read(sc, path_join(sc, dir, entry->file), (size_t)64 << 20, bytes, n) != OK)
		return fail_as(sc, E_UNAVAILABLE, "no-models", "%s", scope_strdup(sc, sc->err.message));
	crypto_hash_sha256(hash, *bytes, *n);
	if (memcmp(hash, entry->sha256, sizeof hash) != 0)
		return fail(sc, E_CORRUPT, "%s is not the file its manifest names: another hash", entry->file);
	return OK;
}

/* ONNX Runtime is not even loaded where every network runs without it. */
static enum code
load_model(struct scope *sc, struct face_engine *e, const struct engine_options *o, const struct model_entry *entry,
	   struct network *out)
{
	uint8_t *bytes;
	size_t n;
	TRY(read_model(sc, o->models, entry, &bytes, &n));
	if (e->precision == NETWORK_FASTEST && network_open_fast(bytes, n, out))
		return OK;
	if (e->ort == NULL)
		TRY(ort_open(sc, o->runtime, &e->ort));
	return network_open(sc, e->ort, entry->file, bytes, n, out);
}

/* A model's file is many times what stays of it: each in a scope of its own. */
static enum code
load_model_apart(struct scope *sc, struct face_engine *e, const struct engine_options *o,
		 const struct model_entry *entry, struct network *out)
{
	struct scope own;
	scope_init(&own);
	enum code rc = load_model(&own, e, o, entry, out);
	if (rc != OK)
		rc = own.err.reason != NULL ? fail_as(sc, rc, own.err.reason, "%s", own.err.message)
					    : fail(sc, rc, "%s", own.err.message);
	scope_release(&own);
	return rc;
}

static enum code
check_contracts(struct scope *sc, struct face_engine *e)
{
	size_t n;
	size_t sum = 0;
	bool ok = engine_detector_fits(&e->models[MODEL_DETECT]);
	(void)network_input(&e->models[MODEL_LANDMARK], &n);
	ok = ok && n == LANDMARK_SIDE * LANDMARK_SIDE;
	(void)network_output(&e->models[MODEL_LANDMARK], 0, &n);
	ok = ok && n == 136;
	for (size_t i = 0; i < MODEL_EMBEDDINGS && ok; i++) {
		struct network *m = &e->models[MODEL_FIRST_EMBEDDING + i];
		if (!network_is_open(m))
			continue;
		(void)network_input(m, &n);
		ok = n == 3 * (size_t)kinds[i].side * (size_t)kinds[i].side;
		(void)network_output(m, 0, &e->dims[i]);
		sum += e->dims[i];
	}
	if (!ok || sum > FACE_VECTOR_DIM)
		return fail(sc, E_CORRUPT, "a model does not have the inputs and outputs of its role");
	return OK;
}

static enum code
engine_load(struct scope *sc, struct face_engine *e, const struct engine_options *o)
{
	struct model_manifest m;
	if (model_manifest_read(sc, path_join(sc, o->models, "manifest"), &m) != OK) {
		if (sc->err.code != E_NOT_FOUND)
			return sc->err.code;
		return fail_as(sc, E_UNAVAILABLE, "no-models", "%s holds no prepared models; `./dev setup` makes them",
			       o->models);
	}
	if (!o->uncalibrated && !m.calibration.known)
		return fail(sc, E_CORRUPT, "the models of %s have no calibration; `waybill face bench` writes one",
			    o->models);
	e->precision = m.fp32_only ? NETWORK_FP32 : o->precision;
	for (size_t i = 0; i < MODEL_ROLES; i++) {
		bool unused = i >= MODEL_FIRST_EMBEDDING && m.weights[i - MODEL_FIRST_EMBEDDING] == 0;
		if (!unused)
			TRY(load_model_apart(sc, e, o, &m.models[i], &e->models[i]));
	}
	for (size_t i = 0; i < MODEL_EMBEDDINGS; i++)
		e->weights[i] = (float)m.weights[i];
	memcpy(e->set, m.set, sizeof e->set);
	e->calibration = m.calibration;
	return check_contracts(sc, e);
}

enum code
engine_open(struct scope *sc, const struct engine_options *options, struct face_engine **out)
{
	struct face_engine *e = calloc(1, sizeof *e);
	if (e == NULL)
		abort();
	enum code rc = engine_load(sc, e, options);
	if (rc != OK) {
		face_engine_close(e);
		return rc;
	}
	*out = e;
	return OK;
}

enum code
face_engine_open(struct scope *sc, const char *models_dir, const char *runtime, struct face_engine **out)
{
	struct engine_options options = {.models = models_dir, .runtime = runtime};
	return engine_open(sc, &options, out);
}

const char *
engine_precision(const struct face_engine *e)
{
	size_t fast = 0;
	size_t open = 0;
	for (size_t i = 0; i < MODEL_ROLES; i++) {
		fast += e->models[i].net != NULL;
		open += network_is_open(&e->models[i]);
	}
	return fast == 0 ? "fp32" : fast == open ? "bf16" : "mixed";
}

void
face_engine_close(struct face_engine *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < MODEL_ROLES; i++)
		network_close(&e->models[i]);
	ort_close(e->ort);
	free(e);
}

/* --- landmarks --- */

static enum code
landmarks_in(struct scope *sc, struct face_engine *e, const struct picture *p, float centre_x, float centre_y,
	     float side, struct face_point points[static 68])
{
	struct network *m = &e->models[MODEL_LANDMARK];
	float step = side / (float)LANDMARK_SIDE;
	float left = centre_x - side / 2;
	float top = centre_y - side / 2;
	struct similarity s = {step, 0, left + step / 2 - 0.5f, top + step / 2 - 0.5f};
	uint8_t grey[LANDMARK_SIDE * LANDMARK_SIDE];
	size_t n;
	warp_grey(p, s, LANDMARK_SIDE, grey);
	float *in = network_input(m, &n);
	for (size_t i = 0; i < n; i++)
		in[i] = (float)grey[i] / 256.0f;
	TRY(network_run(sc, m));
	const float *out = network_output(m, 0, &n);
	for (size_t i = 0; i < 68; i++)
		points[i] = (struct face_point){left + out[2 * i] * side, top + out[2 * i + 1] * side};
	return OK;
}

static struct face_point
mean_of(const struct face_point *points, const uint8_t *which, size_t n)
{
	struct face_point sum = {0, 0};
	for (size_t i = 0; i < n; i++) {
		sum.x += points[which[i]].x;
		sum.y += points[which[i]].y;
	}
	return (struct face_point){sum.x / (float)n, sum.y / (float)n};
}

enum code
engine_landmarks(struct scope *sc, struct face_engine *e, const struct picture *p, struct engine_face *face)
{
	static const uint8_t left_eye[] = {37, 38, 40, 41};
	static const uint8_t right_eye[] = {43, 44, 46, 47};
	static const uint8_t left_mouth[] = {48, 60};
	static const uint8_t right_mouth[] = {54, 64};
	TRY(landmarks_in(sc, e, p, (face->left + face->right) / 2, (face->top + face->bottom) / 2,
			 face->bottom - face->top, face->points));
	float x0 = face->points[0].x;
	float x1 = x0;
	float y0 = face->points[0].y;
	float y1 = y0;
	for (size_t i = 1; i < 68; i++) {
		x0 = fminf(x0, face->points[i].x);
		x1 = fmaxf(x1, face->points[i].x);
		y0 = fminf(y0, face->points[i].y);
		y1 = fmaxf(y1, face->points[i].y);
	}
	float side = 1.10f * fmaxf(x1 - x0, y1 - y0);
	if (!(side > 2) || !isfinite(side))
		return fail(sc, E_INTERNAL, "landmarks collapsed");
	TRY(landmarks_in(sc, e, p, (x0 + x1) / 2, (y0 + y1) / 2, side, face->points));
	face->five[0] = mean_of(face->points, left_eye, 4);
	face->five[1] = mean_of(face->points, right_eye, 4);
	face->five[2] = face->points[30];
	face->five[3] = mean_of(face->points, left_mouth, 2);
	face->five[4] = mean_of(face->points, right_mouth, 2);
	return OK;
}

/* --- embeddings --- */

static void
normalise(float *v, size_t n, float length)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += (double)v[i] * (double)v[i];
	float scale = sum > 1e-12 ? (float)((double)length / sqrt(sum)) : 0;
	for (size_t i = 0; i < n; i++)
		v[i] *= scale;
}

/* Fills a network's input from the portrait. */
static enum code
dress(struct scope *sc, const struct embedding_kind *kind, const struct engine_portrait *t, float *in)
{
	struct similarity to_picture;
	if (kind->own_chip) {
		if (!similarity_fit(kind->five, t->face.five, 5, &to_picture))
			return fail(sc, E_INTERNAL, "the face's points collapsed");
		warp_chip(&t->picture, to_picture, kind->side, &kind->norm, in);
		return OK;
	}
	const size_t plane = (size_t)ENGINE_CHIP * ENGINE_CHIP;
	for (size_t c = 0; c < 3; c++)
		for (size_t i = 0; i < plane; i++)
			in[c * plane + i] = (t->chip[c * plane + i] - kind->norm.mean[c]) * kind->norm.scale;
	return OK;
}

static enum code
embed_one(struct scope *sc, struct face_engine *e, size_t which, const struct engine_portrait *t, float *out)
{
	struct network *m = &e->models[MODEL_FIRST_EMBEDDING + which];
	size_t n;
	TRY(dress(sc, &kinds[which], t, network_input(m, &n)));
	TRY(network_run(sc, m));
	memcpy(out, network_output(m, 0, &n), e->dims[which] * sizeof *out);
	for (size_t i = 0; i < e->dims[which]; i++)
		if (!isfinite(out[i]))
			return fail(sc, E_INTERNAL, "an embedding is not finite");
	normalise(out, e->dims[which], sqrtf(e->weights[which]));
	return OK;
}

enum code
engine_embed(struct scope *sc, struct face_engine *e, const struct engine_portrait *t,
	     float out[static FACE_VECTOR_DIM])
{
	float v[FACE_VECTOR_DIM] = {0};
	size_t at = 0;
	for (size_t i = 0; i < MODEL_EMBEDDINGS; i++) {
		if (!network_is_open(&e->models[MODEL_FIRST_EMBEDDING + i]))
			continue;
		TRY(embed_one(sc, e, i, t, v + at));
		at += e->dims[i];
	}
	memcpy(out, v, sizeof v);
	return OK;
}

void
engine_mean(const struct face_engine *e, const float *const *vectors, size_t n, float out[static FACE_VECTOR_DIM])
{
	memset(out, 0, FACE_VECTOR_DIM * sizeof *out);
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < FACE_VECTOR_DIM; i++)
			out[i] += vectors[k][i];
	size_t at = 0;
	for (size_t i = 0; i < MODEL_EMBEDDINGS; i++) {
		normalise(out + at, e->dims[i], sqrtf(e->weights[i]));
		at += e->dims[i];
	}
}

double
engine_score(const float a[static FACE_VECTOR_DIM], const float b[static FACE_VECTOR_DIM])
{
	double sum = 0;
	for (size_t i = 0; i < FACE_VECTOR_DIM; i++)
		sum += (double)a[i] * (double)b[i];
	return sum;
}

/* --- what a score means --- */

enum face_fmr_band
engine_band(const struct face_engine *e, double score)
{
	static const double edges[] = {1e-2, 1e-3, 1e-4, 1e-5};
	enum face_fmr_band band = FACE_FMR_ABOVE_1E2;
	for (size_t i = 0; i < COUNT_OF(edges); i++)
		if (score >= calibration_score(&e->calibration, edges[i]))
			band = (enum face_fmr_band)(FACE_FMR_1E2 + i);
	return band;
}

enum face_decision
engine_decide(const struct face_engine *e, double score)
{
	if (score >= calibration_score(&e->calibration, 1e-4))
		return FACE_MATCH;
	return score >= calibration_score(&e->calibration, 1e-2) ? FACE_UNSURE : FACE_NO_MATCH;
}
