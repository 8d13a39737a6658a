/* Within the room: VROOM's JSON being read. vroom.c has the whole and the tasks,
 * vroom_value.c what tasks and vehicles share, vroom_place.c places and matrices,
 * vroom_vehicle.c vehicles and the steps they come with.
 *
 * All lives in the reader's scope; out-parameters are untouched on failure. */
#ifndef ROUTE_VROOM_READER_H
#define ROUTE_VROOM_READER_H

#include "base/geo.h"
#include "route/route_file.h"

#define READER_TYPES_MAX 1000 /* names of vehicle types in one problem */

struct reader {
	struct scope *sc;
	struct route_file *file;
	struct route_problem *p;
	uint32_t n_rows; /* of the matrices; 0: none given */
	struct place *places;
	uint32_t n_places, cap_places;
	uint32_t *slots; /* [4 × cap_places] places by hash, index + 1; 0: free */
	bool located;
	uint32_t dims;
	const char **types; /* names of vehicle types: number i + 1 */
	uint32_t n_types;
	const char *profiles[ROUTE_PROFILES_MAX];
	const json_t *profile_json[ROUTE_PROFILES_MAX];
	uint32_t n_profiles;
	const struct route_task **by_id; /* tasks by kind and id, once all are read */
	/* One a vehicle; NULL: no vehicle came with steps. */
	struct route_row *rows;
	struct route_given *given;
};

/* --- vroom_value.c --- */

void reader_warn(struct reader *r, const char *text);
/* Names each field of o that is not in `known`, which ends with NULL. */
void reader_warn_unknown(struct reader *r, const json_t *o, const char *what, const char *const known[]);
/* Where the key is missing or null these leave *out as it is. */
MUST_USE enum code reader_amounts(struct reader *r, const json_t *o, const char *key, const int64_t **out);
MUST_USE enum code reader_skills(struct reader *r, const json_t *o, const uint32_t **out, uint32_t *n);
MUST_USE enum code reader_window(struct scope *sc, const json_t *v, struct route_window *out);
MUST_USE enum code reader_windows(struct reader *r, const json_t *o, const char *key, const struct route_window **out,
				  uint32_t *n);
/* The number of a vehicle type's name, a new one for a new name. */
MUST_USE enum code reader_type(struct reader *r, const char *name, uint32_t *out);

/* --- vroom_place.c --- */

/* By index where there is a matrix (coordinates then only for pictures), else by coordinates. */
MUST_USE enum code reader_place(struct reader *r, const json_t *o, const char *coords_key, const char *index_key,
				uint32_t *out);
MUST_USE enum code reader_find_matrices(struct reader *r, const json_t *top);
/* Without a matrix: every place that is named anywhere. */
MUST_USE enum code reader_collect_places(struct reader *r, const json_t *top);
MUST_USE enum code reader_add_profiles(struct reader *r);
MUST_USE enum code reader_add_circles(struct reader *r, const json_t *top);
MUST_USE enum code reader_profile(struct reader *r, const json_t *o, uint32_t *out);
void reader_set_coords(struct reader *r);

/* --- vroom_vehicle.c --- */

MUST_USE enum code reader_vehicle(struct reader *r, const json_t *o);

/* --- vroom.c --- */

/* The index of the task with this kind and id; by_id must be there. */
bool reader_task(const struct reader *r, enum route_kind kind, int64_t id, uint32_t *out);

#endif
