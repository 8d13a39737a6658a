/* A threshold tried on the pairs that set it looks better than it is. Here the people who are
 * counted never had a say in the threshold they are counted at. */
#include <math.h>
#include <sodium.h>

#include "base/json.h"
#include "face/face_bench_run.h"
#include "face/rate.h"

#define FOLDS 5

struct tally {
	struct rate fmr, fnmr;
};

struct held_out {
	const struct bench *r;
	uint8_t *fold; /* of each picture's person */
	int now;       /* the fold that is held out */
};

static uint8_t
fold_of(const struct bench_picture *p)
{
	unsigned char hash[crypto_generichash_BYTES_MIN];
	size_t n = strcspn(p->path, "/");
	crypto_generichash(hash, sizeof hash, (const unsigned char *)p->path, n, NULL, 0);
	return hash[0] % FOLDS;
}

/* Impostor pairs of the list, without anybody of the fold. */
static enum code
listed_impostors(struct scope *sc, const struct held_out *h, struct scores *out)
{
	const struct bench_lists *l = &h->r->lists;
	struct scores s;
	TRY(scores_room(sc, l->n_pairs, &s));
	for (size_t i = 0; i < l->n_pairs; i++) {
		const struct bench_pair *p = &l->pairs[i];
		double score = h->r->pair_scores[i];
		if (!p->same && h->fold[p->a] != h->now && h->fold[p->b] != h->now && !bench_same_photograph(score))
			s.v[s.n++] = score;
	}
	scores_sort(&s);
	*out = s;
	return OK;
}

/* All pairs of a group's pictures (any group: −1) inside or outside the fold. */
static enum code
all_pairs(struct scope *sc, const struct held_out *h, int group, bool inside, struct scores *genuine,
	  struct scores *impostors)
{
	const struct bench_lists *l = &h->r->lists;
	int32_t *in = NEW_ARRAY(sc, l->n_pictures, int32_t);
	size_t n = 0;
	for (size_t i = 0; i < l->n_pictures; i++)
		if ((group < 0 || l->pictures[i].group == group) && (h->fold[i] == h->now) == inside)
			in[n++] = (int32_t)i;
	struct scores gen;
	struct scores imp;
	TRY(scores_room(sc, n * n / 2, &gen));
	TRY(scores_room(sc, n * n / 2, &imp));
	for (size_t a = 0; a < n; a++) {
		for (size_t b = a + 1; b < n; b++) {
			double s = bench_score(h->r, in[a], in[b]);
			bool same = l->pictures[in[a]].person == l->pictures[in[b]].person;
			if (!same && bench_same_photograph(s))
				continue;
			struct scores *to = same ? &gen : &imp;
			to->v[to->n++] = s;
		}
	}
	scores_sort(&gen);
	scores_sort(&imp);
	*genuine = gen;
	*impostors = imp;
	return OK;
}

/* The calibration's rule: the highest score over the list and the groups. */
static enum code
threshold_without(struct scope *sc, const struct held_out *h, double fmr, double *out)
{
	struct scores impostors;
	struct scores genuine;
	TRY(listed_impostors(sc, h, &impostors));
	double worst = scores_fit(impostors, fmr);
	for (size_t g = 0; g < h->r->lists.n_groups; g++) {
		TRY(all_pairs(sc, h, (int)g, false, &genuine, &impostors));
		if (impostors.n >= BENCH_GROUP_PAIRS_MIN)
			worst = fmax(worst, scores_fit(impostors, fmr));
	}
	*out = worst;
	return OK;
}

static enum code
count_within(struct scope *sc, const struct held_out *h, int group, double threshold, struct tally *t)
{
	struct scores genuine;
	struct scores impostors;
	TRY(all_pairs(sc, h, group, true, &genuine, &impostors));
	t->fmr.k += scores_above(impostors, threshold);
	t->fmr.n += impostors.n;
	t->fnmr.k += genuine.n - scores_above(genuine, threshold);
	t->fnmr.n += genuine.n;
	return OK;
}

static json_t *
tally_json(const struct tally *t)
{
	return json_pack("{s:o,s:o}", "fmr", rate_json(t->fmr), "fnmr", rate_json(t->fnmr));
}

static enum code
one_rate(struct scope *sc, struct held_out *h, double fmr, json_t **out)
{
	const struct bench_lists *l = &h->r->lists;
	struct tally all = {{0, 0}, {0, 0}};
	struct tally groups[BENCH_GROUPS_MAX] = {{{0, 0}, {0, 0}}};
	double low = 2;
	double high = -2;
	for (h->now = 0; h->now < FOLDS; h->now++) {
		struct scope fold;
		double threshold;
		scope_init(&fold);
		fold.cap = sc->cap;
		enum code rc = threshold_without(&fold, h, fmr, &threshold);
		if (rc == OK)
			rc = count_within(&fold, h, -1, threshold, &all);
		for (size_t g = 0; g < l->n_groups && rc == OK; g++)
			rc = count_within(&fold, h, (int)g, threshold, &groups[g]);
		if (rc != OK)
			rc = fail(sc, rc, "%s", fold.err.message);
		scope_release(&fold);
		TRY(rc);
		low = fmin(low, threshold);
		high = fmax(high, threshold);
	}
	json_t *by_group = json_object();
	for (size_t g = 0; g < l->n_groups; g++)
		json_object_set_new(by_group, l->groups[g], tally_json(&groups[g]));
	json_t *o = tally_json(&all);
	json_put(o, "thresholds", json_pack("[f,f]", rate_tidy(low), rate_tidy(high)));
	json_put(o, "groups", by_group);
	*out = o;
	return OK;
}

enum code
bench_held_out(struct scope *sc, const struct bench *r, json_t **out)
{
	struct held_out h = {.r = r, .fold = NEW_ARRAY(sc, r->lists.n_pictures, uint8_t)};
	for (size_t i = 0; i < r->lists.n_pictures; i++)
		h.fold[i] = fold_of(&r->lists.pictures[i]);
	json_t *loose;
	json_t *policy;
	TRY(one_rate(sc, &h, 1e-3, &loose));
	TRY(one_rate(sc, &h, 1e-4, &policy));
	json_t *o = json_new_object(sc);
	json_put_int(o, "folds", FOLDS);
	json_put(o, "at_1e-3", loose);
	json_put(o, "at_1e-4", policy);
	*out = json_incref(o);
	return OK;
}
