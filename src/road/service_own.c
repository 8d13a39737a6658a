#include "road/service.h"

static const struct road *
road_of(const struct road_service *s)
{
	return ((const struct road_service_own *)s)->road;
}

static enum code
one_hour(struct scope *sc, const struct road *road, const struct road_hour *hour, const struct place *places, size_t n,
	 struct road_slices *out)
{
	struct road_matrix m;
	TRY(road_matrix(sc, road, hour->metric, places, n, places, n, true, &m));
	*out = (struct road_slices){.n = 1,
				    .n_points = n,
				    .at_ms = scope_memdup(sc, &hour->at_ms, sizeof hour->at_ms),
				    .duration_ds = m.duration_ds,
				    .distance_m = m.distance_m};
	return OK;
}

static enum code
snap_all(struct scope *sc, const struct road *road, const struct place *places, size_t n, struct road_point **out)
{
	struct road_point *points = NEW_ARRAY(sc, n, struct road_point);
	for (size_t i = 0; i < n; i++)
		if (road_snap(sc, road, places[i], ROAD_SNAP_MAX_M, &points[i]) != OK)
			return error_prefix(sc, "place %zu", i);
	*out = points;
	return OK;
}

static enum code
times(struct scope *sc, const struct road_service *s, const struct road_hour *hours, size_t n_hours,
      const struct place *places, size_t n, struct road_slices *out)
{
	struct road_point *points;
	if (n_hours == 1)
		return one_hour(sc, road_of(s), hours, places, n, out);
	TRY(snap_all(sc, road_of(s), places, n, &points));
	return road_slices(sc, road_of(s), hours, n_hours, points, n, out);
}

static enum code
drive(struct scope *sc, const struct road_service *s, const struct road_hour *hours, const struct place *places,
      size_t n, struct road_path *out)
{
	for (size_t i = 0; i + 1 < n; i++)
		TRY(road_path(sc, road_of(s), hours[i].metric, places[i], places[i + 1], &out[i]));
	return OK;
}

void
road_service_own_init(struct road_service_own *own, const struct road *road)
{
	*own = (struct road_service_own){{"own", NULL, NULL, times, drive}, road};
}
