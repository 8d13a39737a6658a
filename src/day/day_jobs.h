/* day/day_jobs: which jobs exist; within the room. The jobs' ctx is the struct house. */
#ifndef DAY_DAY_JOBS_H
#define DAY_DAY_JOBS_H

#include "day/day.h"

extern const struct job_kind *const day_job_kinds[]; /* NULL-ended */

#endif
