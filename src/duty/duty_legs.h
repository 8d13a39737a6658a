/* duty/duty_legs: a round's legs by road; within the room. */
#ifndef DUTY_DUTY_LEGS_H
#define DUTY_DUTY_LEGS_H

#include "duty/duty.h"

/* Room for n stops from and back to the depot. */
void duty_legs_init(struct scope *sc, struct duty_legs *legs, size_t n, struct place depot);
/* The legs, each by its own metric (n + 1 of them), at the plan's pace. */
MUST_USE enum code duty_legs_along(struct scope *sc, const struct road *road, const struct road_metric *const *metric,
				   struct duty_legs *legs);
/* The hour on the station's wall, as learned times count them. */
MUST_USE enum code duty_hour(struct scope *sc, const char *zone, int64_t at_ms, unsigned *hour);
/* Driving seconds as a plan allows them. */
int64_t duty_paced_s(int64_t road_s);

#endif
