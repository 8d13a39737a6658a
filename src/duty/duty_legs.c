#include "duty/duty_legs.h"

#include "base/text.h"

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

/* Google's polyline encoding at 1e-6 degrees: each difference zigzag, then five bits a character. */
static void
polyline_add(struct text *t, int64_t delta)
{
	uint64_t v = delta < 0 ? ~((uint64_t)delta << 1) : (uint64_t)delta << 1;
	for (; v >= 0x20; v >>= 5)
		text_add_char(t, (char)((0x20 | (v & 0x1F)) + 63));
	text_add_char(t, (char)(v + 63));
}

static int64_t
e6(int32_t e7)
{
	return (e7 >= 0 ? e7 + 5 : e7 - 5) / 10;
}

static char *
polyline6(struct scope *sc, const struct place *p, size_t n)
{
	struct text t;
	int64_t lat = 0;
	int64_t lon = 0;
	text_init(&t, sc);
	for (size_t i = 0; i < n; i++) {
		polyline_add(&t, e6(p[i].lat_e7) - lat);
		polyline_add(&t, e6(p[i].lon_e7) - lon);
		lat = e6(p[i].lat_e7);
		lon = e6(p[i].lon_e7);
	}
	return t.s;
}

enum code
duty_legs_drive(struct scope *sc, const struct road *road, struct duty_legs *legs)
{
	for (size_t i = 0; legs->n > 0 && i <= legs->n; i++) {
		struct road_path path;
		TRY(road_path(sc, road, NULL, legs->places[i], legs->places[i + 1], &path));
		legs->shape[i] = polyline6(sc, path.shape, path.n_shape);
		legs->duration_s[i] = duty_paced_s((path.duration_ds + 9) / 10);
		legs->distance_m[i] = (int64_t)(path.distance_m + 0.5);
	}
	return OK;
}
