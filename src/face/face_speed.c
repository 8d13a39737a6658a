#include "face/face_speed.h"

#include "base/clock.h"
#include "face/engine.h"

#define ROUNDS_MAX 10000

static double
ms_from(int64_t start_ns)
{
	return (double)(clock_cpu_ns() - start_ns) / 1e6;
}

static enum code
whole(struct scope *sc, struct face_engine *e, struct face_picture picture)
{
	struct engine_capture c;
	float vector[FACE_VECTOR_DIM];
	TRY(engine_capture(sc, e, picture, &c));
	if (c.faces == 0)
		return fail(sc, E_INVALID, "there is no face in this picture to measure with");
	return engine_embed(sc, e, &c.portrait, vector);
}

static enum code
run_model(struct scope *sc, struct face_engine *e, enum model_role role, double *ms)
{
	int64_t start = clock_cpu_ns();
	if (network_is_open(&e->models[role]))
		TRY(network_run(sc, &e->models[role]));
	*ms += ms_from(start);
	return OK;
}

/* The tensors still hold what a whole check put there. */
static enum code
bare(struct scope *sc, struct face_engine *e, struct face_picture picture, struct speed *s)
{
	struct picture p;
	int64_t start = clock_cpu_ns();
	TRY(picture_decode(sc, picture.bytes, picture.n, ENGINE_SIDE, &p));
	s->decode_ms = ms_from(start);
	TRY(run_model(sc, e, MODEL_DETECT, &s->detect_ms));
	TRY(run_model(sc, e, MODEL_LANDMARK, &s->landmarks_ms));
	TRY(run_model(sc, e, MODEL_LANDMARK, &s->landmarks_ms));
	for (int i = 0; i < MODEL_EMBEDDINGS; i++)
		TRY(run_model(sc, e, (enum model_role)(MODEL_FIRST_EMBEDDING + i), &s->embeddings_ms));
	s->floor_ms = s->decode_ms + s->detect_ms + s->landmarks_ms + s->embeddings_ms;
	return OK;
}

static int
rising(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof *v, rising);
	return v[n / 2];
}

enum code
speed_measure(struct scope *sc, struct face_engine *e, struct face_engine *fp32, struct face_picture picture,
	      int rounds, struct speed *out)
{
	if (rounds < 1 || rounds > ROUNDS_MAX)
		return fail(sc, E_USAGE, "1 to %d rounds", ROUNDS_MAX);
	enum { WHOLE, FLOOR, RATIO, DECODE, DETECT, LANDMARKS, EMBEDDINGS, KINDS };
	double *v[KINDS];
	for (int k = 0; k < KINDS; k++)
		v[k] = NEW_ARRAY(sc, (size_t)rounds, double);
	TRY(whole(sc, fp32, picture));
	for (int i = -3; i < rounds; i++) { /* the first three warm up */
		struct scope one;
		struct speed s = {0};
		scope_init(&one);
		int64_t start = clock_cpu_ns();
		enum code rc = whole(&one, e, picture);
		s.whole_ms = ms_from(start);
		if (rc == OK)
			rc = bare(&one, fp32, picture, &s);
		if (rc != OK)
			rc = fail(sc, rc, "%s", one.err.message);
		scope_release(&one);
		TRY(rc);
		if (i < 0)
			continue;
		v[WHOLE][i] = s.whole_ms;
		v[FLOOR][i] = s.floor_ms;
		v[RATIO][i] = s.whole_ms / s.floor_ms;
		v[DECODE][i] = s.decode_ms;
		v[DETECT][i] = s.detect_ms;
		v[LANDMARKS][i] = s.landmarks_ms;
		v[EMBEDDINGS][i] = s.embeddings_ms;
	}
	*out = (struct speed){.whole_ms = median(v[WHOLE], rounds),
			      .floor_ms = median(v[FLOOR], rounds),
			      .ratio = median(v[RATIO], rounds),
			      .decode_ms = median(v[DECODE], rounds),
			      .detect_ms = median(v[DETECT], rounds),
			      .landmarks_ms = median(v[LANDMARKS], rounds),
			      .embeddings_ms = median(v[EMBEDDINGS], rounds)};
	return OK;
}
