/* duty/duty_legs: a round's legs by road; within the room. */
#ifndef DUTY_DUTY_LEGS_H
#define DUTY_DUTY_LEGS_H

#include "duty/duty.h"

/* Room for n stops from and back to the depot. */
void duty_legs_init(struct scope *sc, struct duty_legs *legs, size_t n, struct place depot);
/* The legs, each setting off at its own of n + 1 hours, at the plan's pace. */
MUST_USE enum code duty_legs_along(struct scope *sc, const struct road_service *roads, const struct road_hour *hours,
				   struct duty_legs *legs);
/* After a call to *roads ended with rc: is there another to ask? Then it is *roads, *trouble says why the first one
 * was not it ("roads-away" …), and the error is forgotten. */
bool duty_roads_instead(struct scope *sc, const struct duty_planner *planner, enum code rc,
			const struct road_service **roads, const char **trouble);
/* Learned speeds are in its times. */
static inline bool
duty_roads_are_ours(const struct road_service *roads)
{
	return roads->at == NULL;
}
/* Driving seconds as a plan allows them. */
int64_t duty_paced_s(int64_t road_s);

#endif
