/* What is computed, and how sure it is.
 *
 * FMR and FNMR at a threshold are counts with Clopper–Pearson 95 % bounds. Pairs
 * that share a person are not independent, so the bounds are somewhat too narrow;
 * the page says so.
 *
 * Calibration: per group (and for all together) the score whose FMR is f. Where at
 * least 10 impostor pairs lie above, the empirical quantile; beyond, the line through
 * the quantiles at 1e-2 and at the last such point on probit paper, where impostor
 * scores are straight (docs/face.md shows how straight), never below the highest
 * quantile seen. A knot is the highest score over the groups: one threshold for all,
 * set by the worst. */
#include "face/face_bench.h"

#include <math.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "face/face_bench_run.h"
#include "face/rate.h"

/* --- vectors --- */

/* The face a photographer meant: large and in the middle. */
static size_t
meant_face(const struct picture *p, const struct engine_face *faces, size_t n)
{
	size_t best = 0;
	float best_worth = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		const struct engine_face *f = &faces[i];
		float dx = (f->left + f->right) / 2 / (float)p->width - 0.5f;
		float dy = (f->top + f->bottom) / 2 / (float)p->height - 0.5f;
		float worth = (f->right - f->left) * (f->bottom - f->top) * (1 - 1.4f * hypotf(dx, dy));
		if (worth > best_worth) {
			best_worth = worth;
			best = i;
		}
	}
	return best;
}

static enum code
embed_file(struct scope *sc, struct face_engine *e, const char *path, struct embedded *out)
{
	uint8_t *bytes;
	size_t n;
	size_t found;
	struct picture p;
	struct engine_face faces[FACE_FOUND_MAX];
	TRY(file_read(sc, path, FACE_PICTURE_BYTES_MAX, &bytes, &n));
	if (picture_decode(sc, bytes, n, ENGINE_SIDE, &p) != OK) {
		error_clear(sc);
		out->found = false;
		return OK;
	}
	TRY(engine_detect(sc, e, &p, ENGINE_SCORE_MIN, faces, FACE_FOUND_MAX, &found));
	out->found = found > 0;
	out->hint = FACE_HINT_NO_FACE;
	if (found == 0)
		return OK;
	struct engine_portrait portrait;
	TRY(engine_portrait(sc, e, &p, &faces[meant_face(&p, faces, found)], &portrait));
	out->hint = quality_hint(&portrait.quality);
	out->yaw_deg = portrait.quality.yaw_deg;
	return engine_embed(sc, e, &portrait, out->vector);
}

static enum code
embed_all(struct scope *sc, struct face_engine *e, const struct bench_options *o, const struct bench_lists *l,
	  struct embedded *all)
{
	for (size_t i = 0; i < l->n_pictures; i++) {
		struct scope one;
		scope_init(&one);
		all[i].vector = NEW_ARRAY(sc, FACE_VECTOR_DIM, float);
		enum code rc = embed_file(&one, e, path_join(&one, o->images, l->pictures[i].path), &all[i]);
		if (rc != OK)
			rc = fail(sc, rc, "picture %zu: %s", i, one.err.message);
		scope_release(&one);
		TRY(rc);
		if (i % 500 == 499)
			fprintf(stderr, "%zu of %zu pictures\n", i + 1, l->n_pictures);
	}
	return OK;
}

static const double knot_rates[] = {0.5, 0.2, 0.1, 0.03, 0.01, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5, 1e-6};

/* --- the run --- */

double
bench_score(const struct bench *r, int32_t a, int32_t b)
{
	if (!r->pictures[a].found || !r->pictures[b].found)
		return -2;
	return engine_score(r->pictures[a].vector, r->pictures[b].vector);
}

static enum code
score_pairs(struct scope *sc, struct bench *r)
{
	TRY(scores_room(sc, r->lists.n_pairs, &r->genuine));
	TRY(scores_room(sc, r->lists.n_pairs, &r->impostor));
	void *room;
	TRY(scope_try_array(sc, r->lists.n_pairs + 1, sizeof(double), &room));
	r->pair_scores = room;
	for (size_t i = 0; i < r->lists.n_pairs; i++) {
		const struct bench_pair *p = &r->lists.pairs[i];
		double s = bench_score(r, p->a, p->b);
		r->pair_scores[i] = s;
		struct scores *to = p->same ? &r->genuine : &r->impostor;
		if (!p->same && bench_same_photograph(s)) {
			r->doubtful++;
			continue;
		}
		r->failed_pairs += s < -1;
		to->v[to->n++] = s;
	}
	scores_sort(&r->genuine);
	scores_sort(&r->impostor);
	if (r->genuine.n == 0 || r->impostor.n == 0)
		return fail(sc, E_INVALID, "a benchmark needs pairs of one person and pairs of two");
	return OK;
}

static enum code
score_group(struct scope *sc, struct bench *r, size_t g)
{
	const struct bench_lists *l = &r->lists;
	size_t n = 0;
	int32_t *in = NEW_ARRAY(sc, l->n_pictures, int32_t);
	for (size_t i = 0; i < l->n_pictures; i++)
		if (l->pictures[i].group == (int16_t)g) {
			r->group_failed[g] += !r->pictures[i].found;
			in[n++] = (int32_t)i;
		}
	r->group_pictures[g] = n;
	TRY(scores_room(sc, n * n / 2, &r->group_genuine[g]));
	TRY(scores_room(sc, n * n / 2, &r->group_impostor[g]));
	for (size_t a = 0; a < n; a++) {
		for (size_t b = a + 1; b < n; b++) {
			double s = bench_score(r, in[a], in[b]);
			bool same = l->pictures[in[a]].person == l->pictures[in[b]].person;
			struct scores *to = same ? &r->group_genuine[g] : &r->group_impostor[g];
			if (!same && bench_same_photograph(s))
				continue;
			to->v[to->n++] = s;
		}
	}
	scores_sort(&r->group_genuine[g]);
	scores_sort(&r->group_impostor[g]);
	return OK;
}

static json_t *
calibration_json(const struct bench *r, const struct face_engine *e, struct scope *sc)
{
	json_t *knots = json_array();
	double last = -1;
	for (size_t i = 0; i < COUNT_OF(knot_rates); i++) {
		double worst = scores_fit(r->impostor, knot_rates[i]);
		for (size_t g = 0; g < r->lists.n_groups; g++)
			if (r->group_impostor[g].n >= BENCH_GROUP_PAIRS_MIN)
				worst = fmax(worst, scores_fit(r->group_impostor[g], knot_rates[i]));
		/* Rounded up: never a looser threshold than was measured. */
		worst = ceil(worst * 10000) / 10000;
		if (worst <= last || worst >= 1)
			continue;
		json_array_append_new(knots, json_pack("[f,f]", rate_tidy(worst), knot_rates[i]));
		last = worst;
	}
	return json_pack("{s:s,s:s,s:o}", "set", hex_encode(sc, e->set, 16), "precision", engine_precision(e), "knots",
			 knots);
}

static double
calibrated_threshold(const json_t *calibration, double fmr)
{
	struct calibration c = {0};
	const json_t *knots = json_object_get(calibration, "knots");
	for (c.n = 0; c.n < json_array_size(knots) && c.n < CALIBRATION_KNOTS_MAX; c.n++) {
		const json_t *k = json_array_get(knots, c.n);
		c.score[c.n] = json_number_value(json_array_get(k, 0));
		c.fmr[c.n] = json_number_value(json_array_get(k, 1));
	}
	return calibration_score(&c, fmr);
}

static json_t *
group_json(const struct bench *r, size_t g, double threshold)
{
	struct scores gen = r->group_genuine[g];
	struct scores imp = r->group_impostor[g];
	struct rate fmr = {scores_above(imp, threshold), imp.n};
	struct rate fnmr = {gen.n - scores_above(gen, threshold), gen.n};
	struct rate failed = {r->group_failed[g], r->group_pictures[g]};
	bool enough = imp.n >= BENCH_GROUP_PAIRS_MIN && gen.n >= 100;
	return json_pack("{s:o,s:o,s:o,s:b}", "fmr", rate_json(fmr), "fnmr", rate_json(fnmr), "failed_to_detect",
			 rate_json(failed), "measured", enough);
}

static json_t *
groups_json(const struct bench *r, double threshold)
{
	json_t *o = json_object();
	for (size_t g = 0; g < r->lists.n_groups; g++)
		json_object_set_new(o, r->lists.groups[g], group_json(r, g, threshold));
	return o;
}

/* Worst over best among the measured groups; null where the best has no error. */
static json_t *
worst_ratio_json(const struct bench *r, double threshold, bool of_fmr)
{
	double best = INFINITY;
	double worst = -1;
	for (size_t g = 0; g < r->lists.n_groups; g++) {
		struct scores gen = r->group_genuine[g];
		struct scores imp = r->group_impostor[g];
		if (imp.n < BENCH_GROUP_PAIRS_MIN || gen.n < 100)
			continue;
		double v = of_fmr ? (double)scores_above(imp, threshold) / (double)imp.n
				  : 1 - (double)scores_above(gen, threshold) / (double)gen.n;
		best = fmin(best, v);
		worst = fmax(worst, v);
	}
	return worst >= 0 && best > 0 && isfinite(best) ? json_real(rate_tidy(worst / best)) : json_null();
}

/* Balanced: the mean of the two kinds' accuracies, the threshold of each fold
 * chosen on the other nine; a failed capture is an error of either kind. */
static json_t *
accuracy_json(const struct bench *r)
{
	double sum = 0;
	double squares = 0;
	size_t n_pairs = r->lists.n_pairs;
	for (int fold = 0; fold < 10; fold++) {
		double best_threshold = 0;
		double best = -1;
		for (int pass = 0; pass < 2; pass++) {
			int steps = pass == 0 ? 400 : 1;
			for (int t = 0; t < steps; t++) {
				double threshold = pass == 0 ? (double)t / 400 : best_threshold;
				size_t right[2] = {0, 0};
				size_t all[2] = {0, 0};
				for (size_t i = 0; i < n_pairs; i += pass == 0 && n_pairs > 20000 ? 7 : 1) {
					const struct bench_pair *p = &r->lists.pairs[i];
					if ((p->fold == fold) != (pass == 1))
						continue;
					double s = r->pair_scores[i];
					all[p->same]++;
					right[p->same] += s >= -1 && (s > threshold) == p->same;
				}
				if (all[0] == 0 || all[1] == 0)
					continue;
				double a = ((double)right[0] / (double)all[0] + (double)right[1] / (double)all[1]) / 2;
				if (pass == 1) {
					sum += a;
					squares += a * a;
				} else if (a > best) {
					best = a;
					best_threshold = threshold;
				}
			}
		}
	}
	double mean = sum / 10;
	double deviation = sqrt(fmax(0, squares / 10 - mean * mean));
	return json_pack("{s:f,s:f,s:b}", "mean", rate_tidy(mean), "deviation_of_folds", rate_tidy(deviation),
			 "folds_of_the_list", r->lists.has_folds);
}

static double
equal_error(const struct bench *r)
{
	for (size_t i = 0; i < r->impostor.n; i++) {
		double threshold = r->impostor.v[i];
		double fmr = (double)i / (double)r->impostor.n;
		double fnmr = 1 - (double)scores_above(r->genuine, threshold) / (double)r->genuine.n;
		if (fmr >= fnmr)
			return fmr;
	}
	return 1;
}

static json_t *
curve_json(const struct bench *r)
{
	json_t *points = json_array();
	for (int tenths = 3; tenths <= 60; tenths++) {
		double e = -tenths / 10.0;
		double fmr = pow(10, e);
		if (fmr * (double)r->impostor.n < 1)
			break;
		double t = scores_threshold(r->impostor, fmr);
		double fnmr = 1 - (double)scores_above(r->genuine, t) / (double)r->genuine.n;
		json_array_append_new(points, json_pack("[f,f,f]", rate_tidy(fmr), rate_tidy(fnmr), rate_tidy(t)));
	}
	return points;
}

/* TMR with bounds at each FMR that at least one impostor pair can show. */
static void
tmr_json(const struct bench *r, json_t *plain, json_t *bounded)
{
	static const char *const names[] = {"1e-2", "1e-3", "1e-4", "1e-5", "1e-6"};
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		double fmr = pow(10, -2 - (double)i);
		if (fmr * (double)r->impostor.n < 1)
			continue;
		double t = scores_threshold(r->impostor, fmr);
		struct rate tmr = {scores_above(r->genuine, t), r->genuine.n};
		json_object_set_new(plain, names[i], json_real(rate_tidy((double)tmr.k / (double)tmr.n)));
		json_object_set_new(
		    bounded, names[i],
		    json_pack("{s:f,s:[f,f],s:[f,f]}", "threshold", rate_tidy(t), "tmr_bounds95",
			      rate_tidy(rate_low(tmr)), rate_tidy(rate_high(tmr)), "fmr_bounds95",
			      rate_tidy(rate_low((struct rate){scores_above(r->impostor, t), r->impostor.n})),
			      rate_tidy(rate_high((struct rate){scores_above(r->impostor, t), r->impostor.n}))));
	}
}

/* --- several pictures a side --- */

/* Every person with six pictures: three enrol, three are the probe, in both halves'
 * ten ways; impostors are all other people's probes. */
struct six {
	float enrolled[10][FACE_VECTOR_DIM], probe[10][FACE_VECTOR_DIM];
	bool usable;
};

static void
six_fill(const struct bench *r, const struct face_engine *e, const int32_t at[6], struct six *out)
{
	int way = 0;
	out->usable = true;
	for (int i = 0; i < 6; i++)
		out->usable = out->usable && r->pictures[at[i]].found;
	if (!out->usable)
		return;
	for (int a = 1; a < 6; a++) {
		for (int b = a + 1; b < 6; b++) {
			const float *mine[3];
			const float *other[3];
			size_t n_mine = 0;
			size_t n_other = 0;
			for (int i = 0; i < 6; i++) {
				const float *v = r->pictures[at[i]].vector;
				if (i == 0 || i == a || i == b)
					mine[n_mine++] = v;
				else
					other[n_other++] = v;
			}
			engine_mean(e, mine, 3, out->enrolled[way]);
			engine_mean(e, other, 3, out->probe[way]);
			way++;
		}
	}
}

static enum code
several_json(struct scope *sc, const struct bench *r, const struct face_engine *e, double policy, json_t **result)
{
	const struct bench_lists *l = &r->lists;
	struct six *sixes = NEW_ARRAY(sc, l->n_people, struct six);
	size_t n = 0;
	for (size_t i = 0; i + 6 <= l->n_pictures; i++) {
		bool first = i == 0 || l->pictures[i - 1].person != l->pictures[i].person;
		if (!first || l->pictures[i + 5].person != l->pictures[i].person)
			continue;
		int32_t at[6];
		for (int k = 0; k < 6; k++)
			at[k] = (int32_t)i + k;
		six_fill(r, e, at, &sixes[n++]);
	}
	struct scores gen;
	struct scores imp;
	TRY(scores_room(sc, n * 10, &gen));
	TRY(scores_room(sc, n * n * 10, &imp));
	for (size_t a = 0; a < n; a++) {
		for (size_t b = 0; b < n; b++) {
			for (int w = 0; w < 10; w++) {
				double s = sixes[a].usable && sixes[b].usable
					       ? engine_score(sixes[a].enrolled[w], sixes[b].probe[w])
					       : -2;
				struct scores *to = a == b ? &gen : &imp;
				to->v[to->n++] = s;
			}
		}
	}
	scores_sort(&gen);
	scores_sort(&imp);
	json_t *o = json_object();
	json_put_int(o, "people", (int64_t)n);
	if (gen.n > 0 && (double)imp.n * 1e-4 >= 1) {
		double t = scores_threshold(imp, 1e-4);
		json_object_set_new(o, "fnmr_at_fmr_1e-4",
				    rate_json((struct rate){gen.n - scores_above(gen, t), gen.n}));
		json_object_set_new(o, "fnmr_at_policy",
				    rate_json((struct rate){gen.n - scores_above(gen, policy), gen.n}));
		json_object_set_new(o, "fmr_at_policy", rate_json((struct rate){scores_above(imp, policy), imp.n}));
	}
	*result = o;
	return OK;
}

/* --- the answer --- */

static enum code
result_json(struct scope *sc, struct bench *r, const struct face_engine *e, json_t **result)
{
	json_t *o = json_new_object(sc);
	json_t *calibration = calibration_json(r, e, sc);
	double policy = calibrated_threshold(calibration, 1e-4);
	json_t *plain = json_object();
	json_t *bounded = json_object();
	json_t *several;
	json_t *held_out;
	TRY(several_json(sc, r, e, policy, &several));
	json_t *captures;
	TRY(bench_held_out(sc, r, &held_out));
	TRY(bench_captures(sc, r, &captures));
	tmr_json(r, plain, bounded);
	json_t *accuracy = accuracy_json(r);
	json_put_real(o, "accuracy", json_number_value(json_object_get(accuracy, "mean")));
	json_put(o, "accuracy_detail", accuracy);
	json_put_real(o, "eer", rate_tidy(equal_error(r)));
	json_put(o, "tmr_at_fmr", plain);
	json_put(o, "tmr_detail", bounded);
	json_put(o, "failed_to_detect", rate_json((struct rate){r->failed_pictures, r->lists.n_pictures}));
	json_put(o, "poor_captures", rate_json((struct rate){r->poor_pictures, r->lists.n_pictures}));
	json_put(o, "groups", groups_json(r, policy));
	json_put(o, "worst_group_ratio",
		 json_pack("{s:o,s:o}", "fmr", worst_ratio_json(r, policy, true), "fnmr",
			   worst_ratio_json(r, policy, false)));
	json_put(o, "policy",
		 json_pack("{s:f,s:f,s:o,s:o}", "fmr", 1e-4, "threshold", rate_tidy(policy), "fmr_measured",
			   rate_json((struct rate){scores_above(r->impostor, policy), r->impostor.n}), "fnmr_measured",
			   rate_json((struct rate){r->genuine.n - scores_above(r->genuine, policy), r->genuine.n})));
	json_put(o, "three_by_three", several);
	json_put(o, "held_out", held_out);
	json_put(o, "captures", captures);
	json_put(o, "pairs",
		 json_pack("{s:I,s:I,s:I,s:I,s:b}", "genuine", (json_int_t)r->genuine.n, "impostor",
			   (json_int_t)r->impostor.n, "with_a_failed_capture", (json_int_t)r->failed_pairs,
			   "set_aside_as_one_photograph", (json_int_t)r->doubtful, "listed", r->lists.listed));
	json_put(o, "pictures",
		 json_pack("{s:I,s:I}", "n", (json_int_t)r->lists.n_pictures, "people", (json_int_t)r->lists.n_people));
	json_put(o, "curve", curve_json(r));
	json_put_text(o, "precision", engine_precision(e));
	json_put(o, "calibration", calibration);
	*result = o;
	return OK;
}

static enum code
run_with(struct scope *sc, struct face_engine *e, const struct bench_options *options, json_t **result)
{
	struct bench *r = NEW(sc, struct bench);
	TRY(bench_lists_read(sc, options, &r->lists));
	r->pictures = NEW_ARRAY(sc, r->lists.n_pictures, struct embedded);
	TRY(embed_all(sc, e, options, &r->lists, r->pictures));
	for (size_t i = 0; i < r->lists.n_pictures; i++) {
		r->failed_pictures += !r->pictures[i].found;
		r->poor_pictures += r->pictures[i].hint != FACE_HINT_NONE;
	}
	TRY(score_pairs(sc, r));
	for (size_t g = 0; g < r->lists.n_groups; g++)
		TRY(score_group(sc, r, g));
	return result_json(sc, r, e, result);
}

enum code
bench_run(struct scope *sc, const struct bench_options *options, json_t **result)
{
	struct face_engine *e;
	struct engine_options opening = {.models = options->models,
					 .runtime = options->runtime,
					 .uncalibrated = true,
					 .precision = options->fp32 ? NETWORK_FP32 : NETWORK_FASTEST};
	TRY(engine_open(sc, &opening, &e));
	sc->cap = (size_t)4 << 30;
	enum code rc = run_with(sc, e, options, result);
	face_engine_close(e);
	return rc;
}

enum code
bench_calibrated_manifest(struct scope *sc, const char *manifest_path, const json_t *result, char **text)
{
	struct model_manifest m;
	TRY(model_manifest_read(sc, manifest_path, &m));
	json_t *c = json_deep_copy(json_object_get(result, "calibration"));
	json_put(c, "measured",
		 json_pack("{s:O,s:O,s:O,s:O}", "pictures", json_object_get(result, "pictures"), "pairs",
			   json_object_get(result, "pairs"), "groups_in_sample", json_object_get(result, "groups"),
			   "held_out", json_object_get(result, "held_out")));
	json_object_set_new(m.whole, "calibration", c);
	char *dump = json_dumps(m.whole, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
	if (dump == NULL)
		return fail(sc, E_INTERNAL, "the manifest cannot be written");
	*text = scope_printf(sc, "%s\n", dump);
	free(dump);
	return OK;
}
