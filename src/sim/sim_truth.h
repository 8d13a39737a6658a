/* sim/sim_truth: how the simulated city really is; within the room.
 *
 * Streets are slower than the map says, more so at some hours (road/pretend.h);
 * vans park a few steps from the door; a stop takes longer in some parts of the
 * town than its sender thinks. The house is told nothing of this but what its
 * phones report, and has to learn it. */
#ifndef SIM_SIM_TRUTH_H
#define SIM_SIM_TRUTH_H

#include "base/prng.h"
#include "road/learn.h"

struct sim_truth;
/* As long as the scope; owns metrics: sim_truth_close(). */
struct sim_truth *sim_truth_open(struct scope *sc, const struct road *road, uint64_t seed);
void sim_truth_close(struct sim_truth *t); /* NULL is fine */

/* A van's way as it was driven. */
struct sim_drive {
	struct place *line;
	int64_t *at_ms; /* since its beginning, one a place */
	size_t n;
	int64_t took_ms;
};
/* The fastest way as those who know the streets drive it; percent: of its time
 * (who drives, and the day's luck). keep: where the result lives.
 * local_ms: the wall's time at its beginning. */
MUST_USE enum code sim_truth_drive(struct scope *sc, struct sim_truth *t, struct scope *keep, struct place from,
				   struct place to, int64_t local_ms, int percent, struct sim_drive *out);
/* Where the van is after so long. */
struct place sim_drive_at(const struct sim_drive *d, int64_t ms);

/* Where one parks for this door. */
struct place sim_truth_park(const struct sim_truth *t, struct place door);
/* What the stop takes at the door, where its sender says told_s. */
int64_t sim_truth_stop_ms(const struct sim_truth *t, struct place door, int64_t told_s, struct prng *luck);
/* On foot, one way. */
int64_t sim_walk_ms(struct place a, struct place b);

#endif
