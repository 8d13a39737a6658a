/* duty/duty_hours: learned times for each hour of a wave; within the room.
 *
 * All of them are of one version: the plan can name what it was made of. */
#ifndef DUTY_DUTY_HOURS_H
#define DUTY_DUTY_HOURS_H

#include "duty/duty.h"

#define DUTY_HOURS_MAX TRAFFIC_HOURS

struct duty_hours {
	size_t n;	   /* at least 1; only 1 where nothing has been learned */
	int64_t offset_ms; /* of the zone's wall from UTC */
	int64_t version;
	size_t unknown;		       /* rows that name no street of this extract */
	int64_t at_ms[DUTY_HOURS_MAX]; /* the middles of the hours */
	struct traffic_now now[DUTY_HOURS_MAX];
};

/* The hours that [from_ms, to_ms] touches on the wall of a zone, the first
 * DUTY_HOURS_MAX of them. The caller drops *out. E_RETRY  new versions came one
 * after another. */
MUST_USE enum code duty_hours_take(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id,
				   const char *zone, int64_t from_ms, int64_t to_ms, struct duty_hours *out);
void duty_hours_drop(struct duty_hours *h);
/* The one whose hour an instant lies in, or the nearest. */
const struct traffic_now *duty_hours_at(const struct duty_hours *h, int64_t at_ms);
/* A departure at this instant, as a road service is asked. */
struct road_hour duty_hours_leave(const struct duty_hours *h, int64_t at_ms);

/* Driving seconds between all of `places` at the plan's pace, as the route solver
 * takes them: one matrix for each hour, at slice_s[] seconds after starts_ms, FIFO. */
struct duty_times {
	uint32_t n_slices;
	int64_t *slice_s;
	int32_t *duration_s; /* [n_slices][n][n] */
	int32_t *distance_m; /* [n][n] */
};
MUST_USE enum code duty_times_of(struct scope *sc, const struct road_service *roads, const struct duty_hours *h,
				 int64_t starts_ms, const struct place *places, size_t n, struct duty_times *out);

#endif
