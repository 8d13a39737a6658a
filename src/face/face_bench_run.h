/* face_bench_run: one benchmark while it runs, for the parts of face_bench. */
#ifndef FACE_FACE_BENCH_RUN_H
#define FACE_FACE_BENCH_RUN_H

#include "face/engine.h"
#include "face/face_bench_lists.h"
#include "face/face_scores.h"

struct embedded {
	bool found;
	enum face_hint hint;
	float yaw_deg;
	float *vector;
};

struct bench {
	struct bench_lists lists;
	struct embedded *pictures;
	double *pair_scores; /* of the lists' pairs, in their order */
	struct scores genuine, impostor;
	size_t failed_pictures, failed_pairs, poor_pictures;
	/* within each group: every pair of its pictures */
	struct scores group_genuine[BENCH_GROUPS_MAX], group_impostor[BENCH_GROUPS_MAX];
	size_t group_pictures[BENCH_GROUPS_MAX], group_failed[BENCH_GROUPS_MAX];
	size_t doubtful; /* impostor pairs set aside: see bench_same_photograph() */
};

/* A group with fewer impostor pairs than this says nothing about rare events. */
#define BENCH_GROUP_PAIRS_MIN 5000u

/* Of two pictures; −2 where one failed. */
double bench_score(const struct bench *r, int32_t a, int32_t b);

/* Two "different people" of one and the same photograph: a fault of the list's
 * labels. No two photographs of one person are this alike. */
static inline bool
bench_same_photograph(double impostor_score)
{
	return impostor_score > 0.97;
}

/* The rates at a threshold that other people set: people are dealt into folds by a hash
 * of their name, the threshold for an FMR comes from the pairs without anybody of the fold (by the
 * rule of the calibration), and is tried on all pairs within the fold. The caller owns *out. */
MUST_USE enum code bench_held_out(struct scope *sc, const struct bench *r, json_t **out);

/* Misses of good captures only, and of all by the head's turn. The caller owns *out. */
MUST_USE enum code bench_captures(struct scope *sc, const struct bench *r, json_t **out);

#endif
