/* face_bench_lists: pictures, pairs and groups of a benchmark, as indices. */
#ifndef FACE_FACE_BENCH_LISTS_H
#define FACE_FACE_BENCH_LISTS_H

#include "face/face_bench.h"

struct bench_picture {
	const char *path; /* below the images' directory */
	int32_t person;
	int16_t group; /* −1: none known */
};

struct bench_pair {
	int32_t a, b;
	bool same;
	uint8_t fold;
};

#define BENCH_GROUPS_MAX 16

struct bench_lists {
	struct bench_picture *pictures; /* sorted by path */
	size_t n_pictures;
	size_t n_people;
	struct bench_pair *pairs;
	size_t n_pairs;
	bool has_folds, listed; /* listed: the pairs came from a file */
	const char *groups[BENCH_GROUPS_MAX];
	size_t n_groups;
};

/* E_INVALID, E_NOT_FOUND  as bench_run. */
MUST_USE enum code bench_lists_read(struct scope *sc, const struct bench_options *options, struct bench_lists *out);

#endif
