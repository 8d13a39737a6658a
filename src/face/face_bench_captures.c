/* Where the errors are: of captures that a driver would not have been asked to
 * repeat, and by how far the head is turned. */
#include <math.h>

#include "base/json.h"
#include "face/face_bench_run.h"
#include "face/rate.h"

static bool
both_good(const struct bench *r, const struct bench_pair *p)
{
	return r->pictures[p->a].found && r->pictures[p->b].found && r->pictures[p->a].hint == FACE_HINT_NONE &&
	       r->pictures[p->b].hint == FACE_HINT_NONE;
}

static enum code
good_captures(struct scope *sc, const struct bench *r, json_t **out)
{
	static const char *const names[] = {"1e-3", "1e-4"};
	struct scores genuine;
	struct scores impostors;
	TRY(scores_room(sc, r->lists.n_pairs, &genuine));
	TRY(scores_room(sc, r->lists.n_pairs, &impostors));
	for (size_t i = 0; i < r->lists.n_pairs; i++) {
		const struct bench_pair *p = &r->lists.pairs[i];
		struct scores *to = p->same ? &genuine : &impostors;
		if (both_good(r, p) && (p->same || !bench_same_photograph(r->pair_scores[i])))
			to->v[to->n++] = r->pair_scores[i];
	}
	scores_sort(&genuine);
	scores_sort(&impostors);
	json_t *misses = json_object();
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		double fmr = pow(10, -3 - (double)i);
		if (fmr * (double)impostors.n < 1)
			continue;
		double t = scores_threshold(impostors, fmr);
		json_put(misses, names[i], rate_json((struct rate){genuine.n - scores_above(genuine, t), genuine.n}));
	}
	*out = json_pack("{s:I,s:I,s:o}", "genuine", (json_int_t)genuine.n, "impostor", (json_int_t)impostors.n,
			 "fnmr_at_fmr", misses);
	return OK;
}

/* Genuine pairs by the more turned of the two heads, at one threshold for all. */
static json_t *
by_turn(const struct bench *r, double threshold)
{
	static const float edges_deg[] = {15, 25, 35, 50, 180};
	struct rate missed[COUNT_OF(edges_deg)] = {{0, 0}};
	for (size_t i = 0; i < r->lists.n_pairs; i++) {
		const struct bench_pair *p = &r->lists.pairs[i];
		if (!p->same || r->pair_scores[i] < -1)
			continue;
		float turn = fmaxf(fabsf(r->pictures[p->a].yaw_deg), fabsf(r->pictures[p->b].yaw_deg));
		size_t k = 0;
		while (k + 1 < COUNT_OF(edges_deg) && turn >= edges_deg[k])
			k++;
		missed[k].n++;
		missed[k].k += !(r->pair_scores[i] > threshold);
	}
	json_t *list = json_array();
	for (size_t k = 0; k < COUNT_OF(edges_deg); k++)
		json_array_append_new(
		    list, json_pack("{s:f,s:o}", "below_deg", (double)edges_deg[k], "fnmr", rate_json(missed[k])));
	return list;
}

enum code
bench_captures(struct scope *sc, const struct bench *r, json_t **out)
{
	json_t *good;
	TRY(good_captures(sc, r, &good));
	*out = json_pack("{s:o,s:o}", "good", good, "by_turn_at_fmr_1e-4",
			 by_turn(r, scores_threshold(r->impostor, 1e-4)));
	return OK;
}
