/* Times at doors: pure computation over visits.
 *
 *	service over told	all ─▶ area ─▶ door, as seconds there
 *	walking			all ─▶ area ─▶ door
 *	parking			the median of the drivers' own medians, at a door
 */
#include "traffic/traffic.h"

#define DOOR_E7 1000	  /* a door's square: about ten metres */
#define AREA_E7 50000	  /* an area's: about half a kilometre */
#define AREA_VISITS 20.0  /* what all say counts like so many visits in an area */
#define DOOR_VISITS 4.0	  /* and the area at a door */
#define STAY_MAX_S 1800.0 /* longer is a break */
#define WALK_MAX_S 900.0
#define PARK_MAX_M 300.0 /* further is another door's */

static struct place
corner(struct place p, int32_t side)
{
	/* towards minus infinity, so that squares are alike on both sides of zero */
	int32_t lat = p.lat_e7 / side - (p.lat_e7 % side < 0);
	int32_t lon = p.lon_e7 / side - (p.lon_e7 % side < 0);
	return (struct place){lat * side, lon * side};
}

static uint64_t
key_of(struct place corner)
{
	return (uint64_t)(uint32_t)corner.lat_e7 << 32 | (uint32_t)corner.lon_e7;
}

static bool
credible(const struct traffic_visit *v)
{
	return v->told_s >= 1 && v->service_s >= 1 && v->service_s <= STAY_MAX_S && v->walk_s >= 0 &&
	       v->walk_s <= WALK_MAX_S;
}

/* --- hearing --- */

/* What is said about squares of one size. */
struct heard {
	struct voices factor; /* service over told, by told seconds */
	struct voices told;   /* told seconds, by visits */
	struct voices walk;   /* by visits */
};

static struct voice *
say(struct scope *sc, const struct traffic_visit *v, size_t n, int32_t side)
{
	struct voice *list = NEW_ARRAY(sc, n + 1, struct voice);
	for (size_t i = 0; i < n; i++)
		list[i] = (struct voice){side == 0 ? 0 : key_of(corner(v[i].door, side)), v[i].driver, 0, 1};
	return list;
}

static void
hear(struct scope *sc, const struct traffic_visit *v, size_t n, int32_t side, struct heard *out)
{
	struct voice *factor = say(sc, v, n, side);
	struct voice *told = say(sc, v, n, side);
	struct voice *walk = say(sc, v, n, side);
	for (size_t i = 0; i < n; i++) {
		factor[i].says = v[i].service_s;
		factor[i].weight = v[i].told_s;
		told[i].says = v[i].told_s;
		walk[i].says = v[i].walk_s;
	}
	voices_init(&out->factor, sc, factor, n);
	voices_init(&out->told, sc, told, n);
	voices_init(&out->walk, sc, walk, n);
}

/* --- parking --- */

static int
compare_parked(const void *a, const void *b)
{
	const struct traffic_visit *x = a;
	const struct traffic_visit *y = b;
	uint64_t i = key_of(corner(x->door, DOOR_E7));
	uint64_t j = key_of(corner(y->door, DOOR_E7));
	if (i != j)
		return i < j ? -1 : 1;
	return (x->driver > y->driver) - (x->driver < y->driver);
}

static double
median_coordinate(const struct traffic_visit *v, size_t n, bool lat, double *scratch)
{
	for (size_t i = 0; i < n; i++)
		scratch[i] = lat ? v[i].parked.lat_e7 : v[i].parked.lon_e7;
	return median_of(scratch, n);
}

/* The parked visits of one door, sorted by driver: each driver's median, then theirs. */
static bool
park_of(const struct traffic_visit *v, size_t n, double *scratch, struct place *out)
{
	double *lat = scratch;
	double *lon = scratch + n;
	double *rest = scratch + 2 * n;
	size_t drivers = 0;
	for (size_t i = 0; i < n;) {
		size_t k = i;
		while (k < n && v[k].driver == v[i].driver)
			k++;
		lat[drivers] = median_coordinate(v + i, k - i, true, rest);
		lon[drivers++] = median_coordinate(v + i, k - i, false, rest);
		i = k;
	}
	if (drivers < VOICES_MIN)
		return false;
	*out = (struct place){(int32_t)median_of(lat, drivers), (int32_t)median_of(lon, drivers)};
	return true;
}

/* --- learning --- */

static struct traffic_door *
push(struct traffic_doors *d, enum traffic_scale scale, struct place at)
{
	struct traffic_door *o = &d->list[d->n++];
	*o = (struct traffic_door){.scale = scale, .at = at, .factor = 1};
	return o;
}

static int
compare_corners(const void *a, const void *b)
{
	uint64_t x = key_of(*(const struct place *)a);
	uint64_t y = key_of(*(const struct place *)b);
	return (x > y) - (x < y);
}

/* The squares that were visited, each once, by key. */
static struct place *
squares(struct scope *sc, const struct traffic_visit *v, size_t n, int32_t side, size_t *n_out)
{
	struct place *list = NEW_ARRAY(sc, n + 1, struct place);
	for (size_t i = 0; i < n; i++)
		list[i] = corner(v[i].door, side);
	qsort(list, n, sizeof *list, compare_corners);
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (k == 0 || compare_corners(&list[k - 1], &list[i]) != 0)
			list[k++] = list[i];
	*n_out = k;
	return list;
}

/* Of an area, or of all where it has too few voices. */
static struct traffic_door
of_area(const struct heard *area, const struct traffic_door *all, struct place at)
{
	uint64_t key = key_of(at);
	double told_s = voices_mean(&area->told, key, 150, 0, NULL);
	return (struct traffic_door){
	    .scale = TRAFFIC_AREA,
	    .at = at,
	    .factor = voices_mean(&area->factor, key, all->factor, AREA_VISITS * told_s, NULL),
	    .walk_s = voices_mean(&area->walk, key, all->walk_s, AREA_VISITS, NULL),
	};
}

static void
learn_areas(struct scope *sc, const struct traffic_visit *v, size_t n, const struct heard *area,
	    const struct traffic_door *all, struct traffic_doors *out)
{
	size_t n_at;
	struct place *at = squares(sc, v, n, AREA_E7, &n_at);
	for (size_t i = 0; i < n_at; i++)
		if (voices_drivers(&area->walk, key_of(at[i])) >= VOICES_MIN)
			*push(out, TRAFFIC_AREA, at[i]) = of_area(area, all, at[i]);
}

static void
learn_door(const struct heard *door, const struct heard *area, const struct traffic_door *all, struct place at,
	   const struct traffic_visit *parked, size_t n_parked, double *scratch, struct traffic_doors *out)
{
	uint64_t key = key_of(at);
	bool heard;
	double told_s = voices_mean(&door->told, key, 0, 0, &heard);
	if (!heard)
		return;
	const struct traffic_door around = of_area(area, all, corner(at, AREA_E7));
	struct traffic_door *o = push(out, TRAFFIC_DOOR, at);
	o->factor = voices_mean(&door->factor, key, around.factor, DOOR_VISITS * told_s, NULL);
	o->service_s = o->factor * told_s;
	o->walk_s = voices_mean(&door->walk, key, around.walk_s, DOOR_VISITS, NULL);
	(void)park_of(parked, n_parked, scratch, &o->park);
}

static void
learn_each_door(struct scope *sc, const struct traffic_visit *v, size_t n, const struct heard *area,
		const struct traffic_door *all, struct traffic_doors *out)
{
	struct heard door;
	size_t n_at;
	hear(sc, v, n, DOOR_E7, &door);
	struct place *at = squares(sc, v, n, DOOR_E7, &n_at);
	struct traffic_visit *parked = NEW_ARRAY(sc, n + 1, struct traffic_visit);
	double *scratch = NEW_ARRAY(sc, 3 * n + 1, double);
	size_t n_parked = 0;
	for (size_t i = 0; i < n; i++)
		if (v[i].parked_known && place_distance_m(v[i].parked, v[i].door) <= PARK_MAX_M)
			parked[n_parked++] = v[i];
	qsort(parked, n_parked, sizeof *parked, compare_parked);
	size_t from = 0;
	for (size_t i = 0; i < n_at; i++) {
		size_t to = from;
		while (to < n_parked && key_of(corner(parked[to].door, DOOR_E7)) == key_of(at[i]))
			to++;
		learn_door(&door, area, all, at[i], parked + from, to - from, scratch, out);
		from = to;
	}
}

void
traffic_learn_doors(struct scope *sc, const struct traffic_visit *visits, size_t n_visits, struct traffic_doors *out)
{
	struct scope work;
	struct heard all_heard;
	struct heard area;
	size_t n = 0;
	scope_init(&work);
	struct traffic_visit *v = NEW_ARRAY(&work, n_visits + 1, struct traffic_visit);
	for (size_t i = 0; i < n_visits; i++)
		if (credible(&visits[i]))
			v[n++] = visits[i];
	struct traffic_doors d = {.list = NEW_ARRAY(sc, 2 * n + 1, struct traffic_door)};
	hear(&work, v, n, 0, &all_heard);
	hear(&work, v, n, AREA_E7, &area);
	bool heard;
	struct traffic_door all = {.scale = TRAFFIC_ALL};
	all.factor = voices_mean(&all_heard.factor, 0, 1, 0, &heard);
	all.walk_s = voices_mean(&all_heard.walk, 0, 0, 0, NULL);
	if (heard) {
		*push(&d, TRAFFIC_ALL, (struct place){0, 0}) = all;
		learn_areas(&work, v, n, &area, &all, &d);
		learn_each_door(&work, v, n, &area, &all, &d);
	}
	scope_release(&work);
	*out = d;
}

/* --- looking up --- */

static int
compare_doors(const void *a, const void *b)
{
	const struct traffic_door *x = a;
	const struct traffic_door *y = b;
	if (x->scale != y->scale)
		return x->scale < y->scale ? -1 : 1;
	return compare_corners(&x->at, &y->at);
}

void
traffic_doors_sort(struct traffic_doors *d)
{
	if (d->n > 0)
		qsort(d->list, d->n, sizeof *d->list, compare_doors);
}

static const struct traffic_door *
find(const struct traffic_doors *d, enum traffic_scale scale, struct place at)
{
	const struct traffic_door wanted = {.scale = scale, .at = at};
	return d->n == 0 ? NULL : bsearch(&wanted, d->list, d->n, sizeof wanted, compare_doors);
}

void
traffic_stop_of(const struct traffic_doors *doors, struct place door, double told_s, struct traffic_stop *out)
{
	const struct traffic_door *d = find(doors, TRAFFIC_DOOR, corner(door, DOOR_E7));
	*out = (struct traffic_stop){.service_s = told_s};
	if (d == NULL)
		d = find(doors, TRAFFIC_AREA, corner(door, AREA_E7));
	if (d == NULL)
		d = find(doors, TRAFFIC_ALL, (struct place){0, 0});
	if (d == NULL)
		return;
	*out = (struct traffic_stop){
	    .known = true,
	    .service_s = d->scale == TRAFFIC_DOOR ? d->service_s : d->factor * told_s,
	    .walk_s = d->walk_s,
	    .park_known = d->park.lat_e7 != 0 || d->park.lon_e7 != 0,
	    .park = d->park,
	};
}
