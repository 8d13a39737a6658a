/* road/service: who says how long it takes and which way; one shape for this
 * engine and for another server that an operator runs already (room `guide`), so
 * that whoever plans need not know which.
 *
 *	struct road_service_own own;
 *	road_service_own_init(&own, road);
 *	TRY(own.service.times(sc, &own.service, &hour, 1, places, n, &slices));
 *
 * An implementation embeds `struct road_service` as its first member. Any thread
 * may ask at any time. */
#ifndef ROAD_SERVICE_H
#define ROAD_SERVICE_H

#include "road/depart.h"

struct road_service {
	/* What a plan says of itself: */
	const char *kind;    /* "own", "osrm", "valhalla" */
	const char *at;	     /* another server's host and port; NULL: our own */
	const char *profile; /* as that server calls it; NULL: our own */

	/* Durations and distances between all of `places`, for departures in these hours (1 … ROAD_SLICES_MAX,
	 * rising). The answer has a slice an hour, or a single one where the service knows no hours; the metrics are
	 * for our own engine, others have times of their own.
	 * E_NOT_FOUND, reason "off-road"  a place is too far from any street; its number is in the message.
	 * E_UNAVAILABLE, reason "roads-away" | "roads-refuse" | "roads-nonsense"  another server did not answer, does
	 * not do what it is asked, or its answer is none: never from our own engine.
	 * E_LIMIT  too many hours.  E_MEMORY. */
	enum code (*times)(struct scope *sc, const struct road_service *s, const struct road_hour *hours,
			   size_t n_hours, const struct place *places, size_t n, struct road_slices *out);

	/* The way from each place to the next: n - 1 paths into the caller's array, each setting off at its own of
	 * n - 1 hours. n >= 2. A path of another server has no arcs (n_legs is 0). Whatever `times` may end with, and
	 * E_NOT_FOUND, reason "no-route"  there is no way between two of them. */
	enum code (*drive)(struct scope *sc, const struct road_service *s, const struct road_hour *hours,
			   const struct place *places, size_t n, struct road_path *out);
};

/* This engine. */
struct road_service_own {
	struct road_service service;
	const struct road *road; /* borrowed */
};
void road_service_own_init(struct road_service_own *own, const struct road *road);

/* OSRM's route and table JSON of what a service says; routes without what only a road file knows. */
MUST_USE enum code road_service_route_json(struct scope *sc, const struct road_service *s, struct place from,
					   struct place to, int64_t local_ms, char **json);
MUST_USE enum code road_service_table_json(struct scope *sc, const struct road_service *s, const struct place *places,
					   size_t n, int64_t local_ms, char **json);

#endif
