/* What face.h promises, in terms of engine.h. */
#include "face/face.h"

#include <math.h>

#include "face/cover.h"
#include "face/engine.h"
#include "face/install.h"

const char *
face_hint_word(enum face_hint hint)
{
	static const char *const words[FACE_HINT_COUNT] = {"none",    "no_face",     "one_person", "closer",
							   "further", "light",	     "turn_to_me", "hold_still",
							   "uncover", "same_person", "pose",	   "screen"};
	return hint < FACE_HINT_COUNT ? words[hint] : "none";
}

const char *
face_decision_word(enum face_decision decision)
{
	static const char *const words[FACE_DECISION_COUNT] = {"match", "no_match", "poor_capture", "unsure"};
	return decision < FACE_DECISION_COUNT ? words[decision] : "unsure";
}

const char *
face_fmr_word(enum face_fmr_band band)
{
	static const char *const words[FACE_FMR_COUNT] = {">1e-2", "<=1e-2", "<=1e-3", "<=1e-4", "<=1e-5"};
	return band < FACE_FMR_COUNT ? words[band] : words[0];
}

const char *
face_models_dir(struct scope *sc)
{
	const char *given = getenv("WAYBILL_MODELS");
	if (given != NULL)
		return given;
	static const char *const places[] = {".cache/deps/models", "share/waybill/models"};
	const char *found = install_find(sc, places, COUNT_OF(places));
	return found != NULL ? found : "share/waybill/models";
}

/* --- finding the face to use --- */

static float
area(const struct engine_face *f)
{
	return (f->right - f->left) * (f->bottom - f->top);
}

static int
by_area(const void *a, const void *b)
{
	float x = area(a);
	float y = area(b);
	return (x < y) - (x > y);
}

/* A second face counts as somebody else in the picture when it is at least this
 * share of the first one's area: a poster far behind does not. */
#define SECOND_FACE_SHARE 0.30f

static enum code
find_faces(struct scope *sc, struct face_engine *e, const struct picture *p, struct engine_face *faces, size_t *n)
{
	TRY(engine_detect(sc, e, p, ENGINE_SCORE_MIN, faces, FACE_FOUND_MAX, n));
	qsort(faces, *n, sizeof *faces, by_area);
	return OK;
}

static enum face_hint
hint_of(const struct picture *p, const struct engine_face *faces, size_t n, const struct face_quality *q)
{
	if (n == 0)
		return quality_too_dark(p) ? FACE_HINT_LIGHT : FACE_HINT_NO_FACE;
	if (n > 1 && area(&faces[1]) >= SECOND_FACE_SHARE * area(&faces[0]))
		return FACE_HINT_ONE_PERSON;
	return quality_hint(q);
}

/* Between the eyes an embedding's input has 35 pixels (50 for dlib's). */
#define EYES_ENOUGH_PX 48.0f

static bool
too_small_here(const struct picture *p, const struct engine_face *face)
{
	return p->scale < 1 && (face->bottom - face->top) * 0.45f < EYES_ENOUGH_PX;
}

static void
face_rescale(struct engine_face *f, float x, float y)
{
	f->left *= x;
	f->right *= x;
	f->top *= y;
	f->bottom *= y;
}

enum code
engine_capture(struct scope *sc, struct face_engine *e, struct face_picture from, struct engine_capture *out)
{
	struct engine_face faces[FACE_FOUND_MAX];
	struct engine_capture c = {.hint = FACE_HINT_NO_FACE};
	struct picture p;
	TRY(picture_decode(sc, from.bytes, from.n, ENGINE_SIDE, &p));
	TRY(find_faces(sc, e, &p, faces, &c.faces));
	if (c.faces > 0 && too_small_here(&p, &faces[0])) {
		int width = p.width;
		int height = p.height;
		TRY(picture_decode(sc, from.bytes, from.n, ENGINE_SIDE * 4, &p));
		for (size_t i = 0; i < c.faces; i++)
			face_rescale(&faces[i], (float)p.width / (float)width, (float)p.height / (float)height);
	}
	c.whole = p;
	if (c.faces > 0)
		TRY(engine_portrait(sc, e, &p, &faces[0], &c.portrait));
	c.hint = hint_of(&p, faces, c.faces, &c.portrait.quality);
	*out = c;
	return OK;
}

enum code
face_analyse(struct scope *sc, struct face_engine *e, struct face_picture picture, struct face_found *out)
{
	struct engine_face faces[FACE_FOUND_MAX];
	struct face_found found = {0};
	struct picture p;
	TRY(picture_decode(sc, picture.bytes, picture.n, ENGINE_SIDE * 2, &p));
	TRY(find_faces(sc, e, &p, faces, &found.n));
	found.width = (uint32_t)p.full_width;
	found.height = (uint32_t)p.full_height;
	float sx = (float)p.full_width / (float)p.width;
	float sy = (float)p.full_height / (float)p.height;
	for (size_t i = 0; i < found.n; i++) {
		struct face_box *to = &found.faces[i];
		struct engine_portrait portrait;
		TRY(engine_portrait(sc, e, &p, &faces[i], &portrait));
		to->quality = portrait.quality;
		for (size_t k = 0; k < 5; k++) {
			struct face_point at = similarity_apply(portrait.to_whole, portrait.face.five[k]);
			to->points[k] = (struct face_point){at.x * sx, at.y * sy};
		}
		face_rescale(&faces[i], sx, sy);
		to->left = faces[i].left;
		to->top = faces[i].top;
		to->right = faces[i].right;
		to->bottom = faces[i].bottom;
		to->score = faces[i].score;
	}
	found.hint = hint_of(&p, faces, found.n, &found.faces[0].quality);
	*out = found;
	return OK;
}

/* --- templates and checks --- */

bool
engine_covered(const struct engine_portrait *t)
{
	struct cover c = cover_measure(t->chip);
	return cover_seen(&c);
}

void
engine_uncover(struct face_verdict *v)
{
	if (v->decision == FACE_MATCH)
		return;
	v->decision = FACE_POOR_CAPTURE;
	v->hint = FACE_HINT_UNCOVER;
}

static enum code
check_count(struct scope *sc, size_t n)
{
	if (n < 1 || n > FACE_PICTURES_MAX)
		return fail(sc, E_LIMIT, "%zu pictures; 1 to %u are accepted", n, FACE_PICTURES_MAX);
	return OK;
}

/* Pictures of one moment or one enrolment must agree with each other at least
 * this well (FMR); below it they show different people. */
#define SAME_PERSON_FMR 1e-2

enum code
face_template_make(struct scope *sc, struct face_engine *e, const struct face_picture *pictures, size_t n,
		   struct face_template *out, enum face_hint *hint, size_t *at)
{
	float vectors[FACE_PICTURES_MAX][FACE_VECTOR_DIM];
	const float *list[FACE_PICTURES_MAX];
	TRY(check_count(sc, n));
	double floor_score = calibration_score(&e->calibration, SAME_PERSON_FMR);
	for (size_t i = 0; i < n; i++) {
		struct engine_capture c;
		TRY(engine_capture(sc, e, pictures[i], &c));
		enum face_hint bad = c.hint;
		if (bad == FACE_HINT_NONE)
			TRY(engine_embed(sc, e, &c.portrait, vectors[i]));
		if (bad == FACE_HINT_NONE && i > 0 && engine_score(vectors[0], vectors[i]) < floor_score)
			bad = FACE_HINT_SAME;
		if (bad != FACE_HINT_NONE) {
			*hint = bad;
			*at = i;
			return OK;
		}
		list[i] = vectors[i];
	}
	struct face_template t = {.version = 1, .pictures = (uint32_t)n};
	memcpy(t.model_set, e->set, sizeof t.model_set);
	engine_mean(e, list, n, t.vector);
	*out = t;
	*hint = FACE_HINT_NONE;
	*at = 0;
	return OK;
}

enum code
engine_template_check(struct scope *sc, const struct face_engine *e, const struct face_template *t)
{
	if (t->version != 1 || memcmp(t->model_set, e->set, sizeof e->set) != 0)
		return fail_as(sc, E_CONFLICT, "other-models",
			       "the template was made by another model set: enrol again");
	for (size_t i = 0; i < FACE_VECTOR_DIM; i++)
		if (!isfinite(t->vector[i]) || fabsf(t->vector[i]) > 1.01f)
			return fail(sc, E_INVALID, "the template is not one");
	return OK;
}

enum code
face_check(struct scope *sc, struct face_engine *e, const struct face_template *enrolled,
	   const struct face_picture *pictures, size_t n, struct face_verdict *out)
{
	float vectors[FACE_PICTURES_MAX][FACE_VECTOR_DIM];
	const float *list[FACE_PICTURES_MAX];
	size_t usable = 0;
	bool covered = false;
	enum face_hint first_hint = FACE_HINT_NONE;
	enum face_hint soft = FACE_HINT_UNCOVER;
	TRY(check_count(sc, n));
	TRY(engine_template_check(sc, e, enrolled));
	double floor_score = calibration_score(&e->calibration, SAME_PERSON_FMR);
	for (size_t i = 0; i < n; i++) {
		struct engine_capture c;
		TRY(engine_capture(sc, e, pictures[i], &c));
		if (c.hint == FACE_HINT_ONE_PERSON) { /* never decide on a picture of two */
			*out = (struct face_verdict){FACE_POOR_CAPTURE, c.hint, FACE_FMR_ABOVE_1E2};
			return OK;
		}
		if (c.hint != FACE_HINT_NONE) {
			first_hint = first_hint == FACE_HINT_NONE ? c.hint : first_hint;
			continue;
		}
		TRY(engine_embed(sc, e, &c.portrait, vectors[usable]));
		list[usable] = vectors[usable];
		covered = covered || engine_covered(&c.portrait);
		soft = usable == 0 ? quality_hint_soft(&c.portrait.quality) : soft;
		usable++;
	}
	if (usable == 0) {
		*out = (struct face_verdict){FACE_POOR_CAPTURE, first_hint, FACE_FMR_ABOVE_1E2};
		return OK;
	}
	for (size_t i = 1; i < usable; i++) {
		if (engine_score(vectors[0], vectors[i]) < floor_score) {
			*out = (struct face_verdict){FACE_POOR_CAPTURE, FACE_HINT_SAME, FACE_FMR_ABOVE_1E2};
			return OK;
		}
	}
	float probe[FACE_VECTOR_DIM];
	engine_mean(e, list, usable, probe);
	double score = engine_score(enrolled->vector, probe);
	enum face_decision decision = engine_decide(e, score);
	enum face_hint hint = decision == FACE_UNSURE && first_hint == FACE_HINT_NONE ? soft : first_hint;
	*out = (struct face_verdict){decision, decision == FACE_UNSURE ? hint : FACE_HINT_NONE, engine_band(e, score)};
	if (covered)
		engine_uncover(out);
	return OK;
}
