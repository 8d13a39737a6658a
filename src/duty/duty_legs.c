#include "duty/duty_legs.h"

#include "base/polyline.h"
#include "road/service.h"

void
duty_legs_init(struct scope *sc, struct duty_legs *legs, size_t n, struct place depot)
{
	*legs = (struct duty_legs){
	    .n = n,
	    .stop_ids = NEW_ARRAY(sc, n, const char *),
	    .places = NEW_ARRAY(sc, n + 2, struct place),
	    .service_s = NEW_ARRAY(sc, n, int64_t),
	    .shape = NEW_ARRAY(sc, n + 1, char *),
	    .duration_s = NEW_ARRAY(sc, n + 1, int64_t),
	    .distance_m = NEW_ARRAY(sc, n + 1, int64_t),
	};
	legs->places[0] = depot;
	legs->places[n + 1] = depot;
}

int64_t
duty_paced_s(int64_t road_s)
{
	return (road_s * PLAN_PACE_PERCENT + 99) / 100;
}

int64_t
duty_stop_s(const struct traffic_stop *learned, int64_t told_s)
{
	if (!learned->known)
		return told_s;
	int64_t paced_s = duty_paced_s((int64_t)(learned->service_s + learned->walk_s + 0.5));
	return paced_s > told_s ? paced_s : told_s;
}

bool
duty_roads_instead(struct scope *sc, const struct duty_planner *planner, enum code rc,
		   const struct road_service **roads, const char **trouble)
{
	if (rc != E_UNAVAILABLE || planner->fallback == NULL || *roads == planner->fallback)
		return false;
	*trouble = sc->err.reason == NULL ? "roads-away" : sc->err.reason;
	*roads = planner->fallback;
	error_clear(sc);
	return true;
}

enum code
duty_legs_drive(struct scope *sc, struct store *st, const struct duty_planner *planner, const char *operator_id,
		struct duty_legs *legs)
{
	struct traffic_now now;
	const char *trouble;
	const struct road_service *roads = planner->roads;
	struct road_hour *hours = NEW_ARRAY(sc, legs->n + 1, struct road_hour);
	TRY(traffic_take(sc, st, planner->traffic, operator_id, road_hour_of(legs->local_ms), &now));
	for (size_t i = 0; i <= legs->n; i++)
		hours[i] = (struct road_hour){legs->local_ms, now.metric};
	enum code rc = duty_legs_along(sc, roads, hours, legs);
	if (duty_roads_instead(sc, planner, rc, &roads, &trouble))
		rc = duty_legs_along(sc, roads, hours, legs);
	legs->speeds_version = duty_roads_are_ours(roads) ? now.version : 0;
	legs->times_by = roads->kind;
	traffic_drop(&now);
	return rc;
}

enum code
duty_legs_along(struct scope *sc, const struct road_service *roads, const struct road_hour *hours,
		struct duty_legs *legs)
{
	struct road_path *paths = NEW_ARRAY(sc, legs->n + 1, struct road_path);
	if (legs->n == 0)
		return OK;
	TRY(roads->drive(sc, roads, hours, legs->places, legs->n + 2, paths));
	for (size_t i = 0; i <= legs->n; i++) {
		struct text shape;
		text_init(&shape, sc);
		polyline_add(&shape, POLYLINE6_UNIT, paths[i].shape, paths[i].n_shape);
		legs->shape[i] = shape.s;
		legs->duration_s[i] = duty_paced_s((paths[i].duration_ds + 9) / 10);
		legs->distance_m[i] = (int64_t)(paths[i].distance_m + 0.5);
	}
	return OK;
}
