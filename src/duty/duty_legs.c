#include "duty/duty_legs.h"

#include "base/polyline.h"

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

enum code
duty_hour(struct scope *sc, const char *zone, int64_t at_ms, unsigned *hour)
{
	int64_t offset_ms;
	TRY(zone_offset_ms(sc, zone, at_ms, &offset_ms));
	*hour = road_hour_of(at_ms + offset_ms);
	return OK;
}

enum code
duty_legs_drive(struct scope *sc, struct store *st, const struct duty_planner *planner, const char *operator_id,
		struct duty_legs *legs)
{
	struct traffic_now now;
	const struct road_metric **metric = NEW_ARRAY(sc, legs->n + 1, const struct road_metric *);
	TRY(traffic_take(sc, st, planner->traffic, operator_id, legs->hour, &now));
	for (size_t i = 0; i <= legs->n; i++)
		metric[i] = now.metric;
	enum code rc = duty_legs_along(sc, planner->road, metric, legs);
	legs->speeds_version = now.version;
	traffic_drop(&now);
	return rc;
}

enum code
duty_legs_along(struct scope *sc, const struct road *road, const struct road_metric *const *metric,
		struct duty_legs *legs)
{
	for (size_t i = 0; legs->n > 0 && i <= legs->n; i++) {
		struct road_path path;
		TRY(road_path(sc, road, metric[i], legs->places[i], legs->places[i + 1], &path));
		struct text shape;
		text_init(&shape, sc);
		polyline_add(&shape, POLYLINE6_UNIT, path.shape, path.n_shape);
		legs->shape[i] = shape.s;
		legs->duration_s[i] = duty_paced_s((path.duration_ds + 9) / 10);
		legs->distance_m[i] = (int64_t)(path.distance_m + 0.5);
	}
	return OK;
}
