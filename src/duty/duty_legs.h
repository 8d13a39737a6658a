/* duty/duty_legs: a round's legs by road; within the room. */
#ifndef DUTY_DUTY_LEGS_H
#define DUTY_DUTY_LEGS_H

#include "duty/duty.h"

/* Room for n stops from and back to the depot. */
void duty_legs_init(struct scope *sc, struct duty_legs *legs, size_t n, struct place depot);
/* Driving seconds as a plan allows them. */
int64_t duty_paced_s(int64_t road_s);

#endif
