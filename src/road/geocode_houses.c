/* Houses, the cities they say they are in, numbers between two numbered nodes, postcodes, and which
 * place each street lies in. */
#include <math.h>

#include "base/text.h"
#include "road/geocode_build.h"
#include "road/geocode_words.h"

#define CITY_FAR_M 30000.0

/* How far from its node a place of this kind still counts as here. */
static uint32_t
locality_radius_m(enum locality_kind kind)
{
	static const uint32_t radius[LOCALITY_KINDS] = {
	    [LOCALITY_CITY] = 12000,	     [LOCALITY_TOWN] = 6000,	   [LOCALITY_MUNICIPALITY] = 12000,
	    [LOCALITY_VILLAGE] = 4000,	     [LOCALITY_BOROUGH] = 4000,	   [LOCALITY_SUBURB] = 3000,
	    [LOCALITY_QUARTER] = 2500,	     [LOCALITY_ISLAND] = 15000,	   [LOCALITY_HAMLET] = 2000,
	    [LOCALITY_NEIGHBOURHOOD] = 1500, [LOCALITY_SETTLEMENT] = 1500,
	};
	return radius[kind];
}

static void
make_localities(struct names_build *nb)
{
	vec_init(&nb->localities, nb->sc, sizeof(uint32_t));
	for (size_t i = 0; i < nb->raw->names.localities.n; i++) {
		const struct raw_locality *l = VEC_AT(&nb->raw->names.localities, struct raw_locality, i);
		struct place at = l->at;
		if (l->n_refs > 0 && !names_way_middle(nb, l->first_ref, l->n_refs, &at))
			continue;
		vec_push_u32(&nb->localities,
			     names_add_entity(nb, l->name, 1 + l->kind, at, locality_radius_m(l->kind)));
	}
}

/* --- cities of addresses ---------------------------------------------------------------- */

/* The place of that name nearest to the house. */
static uint32_t
find_locality(struct names_build *nb, uint32_t key, struct place at, size_t known)
{
	uint32_t best = GEO_NONE;
	double best_m = CITY_FAR_M;
	for (size_t i = 0; i < known; i++) {
		uint32_t e = *IN(nb, localities, uint32_t, i);
		const struct geo_entity *x = IN(nb, entities, struct geo_entity, e);
		if (names_key(nb, x->name) != key)
			continue;
		double away = place_distance_m(at, IN(nb, entities, struct geo_entity, e)->at);
		if (away < best_m) {
			best = e;
			best_m = away;
		}
	}
	return best;
}

struct city_sum {
	uint32_t key, entity;
	int64_t lat, lon, n;
};

/* A city that only addresses name: in the middle of them. */
static struct city_sum *
city_by_addresses(struct names_build *nb, struct vec *cities, uint32_t key, uint32_t name)
{
	for (size_t i = 0; i < cities->n; i++)
		if (VEC_AT(cities, struct city_sum, i)->key == key)
			return VEC_AT(cities, struct city_sum, i);
	struct city_sum *c = vec_push(cities);
	c->key = key;
	c->entity = names_add_entity(nb, name, 1 + LOCALITY_TOWN, (struct place){0}, 0);
	vec_push_u32(&nb->localities, c->entity);
	return c;
}

/* Raw house → the entity of its city. */
static uint32_t *
make_cities(struct names_build *nb)
{
	const struct vec *houses = &nb->raw->names.houses;
	uint32_t *city = NEW_ARRAY(nb->sc, houses->n + 1, uint32_t);
	struct vec *cities = NEW(nb->sc, struct vec);
	vec_init(cities, nb->sc, sizeof(struct city_sum));
	size_t known = nb->localities.n;
	uint32_t last_city = 0; /* neighbours in the file are mostly of one city */
	uint32_t last = GEO_NONE;
	for (size_t i = 0; i < houses->n; i++) {
		const struct raw_house *h = VEC_AT(houses, struct raw_house, i);
		city[i] = GEO_NONE;
		if (h->city == 0 || nb->item_of_house[i] == ROAD_NONE)
			continue;
		if (h->city == last_city &&
		    place_distance_m(h->at, IN(nb, entities, struct geo_entity, last)->at) < CITY_FAR_M) {
			city[i] = last;
			continue;
		}
		uint32_t key = names_key(nb, h->city);
		city[i] = key == 0 ? GEO_NONE : find_locality(nb, key, h->at, known);
		if (city[i] != GEO_NONE) {
			last_city = h->city;
			last = city[i];
			continue;
		}
		if (key == 0)
			continue;
		struct city_sum *c = city_by_addresses(nb, cities, key, h->city);
		c->lat += h->at.lat_e7;
		c->lon += h->at.lon_e7;
		c->n++;
		city[i] = c->entity;
	}
	for (size_t i = 0; i < cities->n; i++) {
		const struct city_sum *c = VEC_AT(cities, struct city_sum, i);
		struct geo_entity *e = IN(nb, entities, struct geo_entity, c->entity);
		e->at = (struct place){(int32_t)(c->lat / c->n), (int32_t)(c->lon / c->n)};
		e->radius_m = locality_radius_m(LOCALITY_TOWN);
	}
	return city;
}

/* --- houses --------------------------------------------------------------------------------- */

/* Letters and digits only: "FGR 1240" and "FGR1240" are one. */
static uint32_t
postcode_key(struct names_build *nb, uint32_t text)
{
	struct geo_words words;
	char key[64];
	size_t n = 0;
	geo_words(names_text(nb, text), &words);
	for (size_t i = 0; i < words.n && n + words.w[i].n < sizeof key; i++) {
		memcpy(key + n, words.w[i].s, words.w[i].n);
		n += words.w[i].n;
	}
	key[n] = '\0';
	return n == 0 ? 0 : raw_text(nb->raw, key);
}

static void
add_numbers(struct names_build *nb, const struct raw_house *h, struct geo_house one)
{
	const char *all = names_text(nb, h->number);
	for (size_t at = 0; all[at] != '\0';) {
		size_t n = strcspn(all + at, ";,");
		char part[64];
		struct geo_number number;
		bool fits = n > 0 && n < sizeof part;
		if (fits) {
			memcpy(part, all + at, n);
			part[n] = '\0';
		}
		if (fits && geo_number_parse(part, &number)) {
			one.first = number.first;
			one.last = number.last;
			one.suffix = raw_text(nb->raw, number.suffix);
			one.shown = raw_text(nb->raw, text_trim(part));
			*(struct geo_house *)vec_push(&nb->houses) = one;
		} else {
			nb->b->report->addresses_dropped++;
		}
		all = names_text(nb, h->number); /* adding text may have moved it */
		at += n + (all[at + n] != '\0');
	}
}

static void
make_houses(struct names_build *nb, const uint32_t *city)
{
	for (size_t i = 0; i < nb->raw->names.houses.n; i++) {
		const struct raw_house *h = VEC_AT(&nb->raw->names.houses, struct raw_house, i);
		if (nb->item_of_house[i] == ROAD_NONE)
			continue;
		struct geo_house one = {.at = h->at, .city = city[i], .postcode = GEO_NONE};
		one.entity = nb->entity_of[nb->item_of_house[i]];
		if (h->postcode != 0)
			one.postcode = postcode_key(nb, h->postcode); /* its text for now */
		if (one.postcode == 0)
			one.postcode = GEO_NONE;
		add_numbers(nb, h, one);
	}
}

/* --- numbers between two numbered nodes ------------------------------------------------------- */

/* The plain number of a house that is a node; false: it has none, or several. */
static bool
end_number(struct names_build *nb, const struct member *m, uint32_t *number, uint32_t *house)
{
	struct geo_number n;
	if (m == NULL)
		return false;
	const struct raw_house *h = VEC_AT(&nb->raw->names.houses, struct raw_house, m->value);
	if (nb->item_of_house[m->value] == ROAD_NONE || !geo_number_parse(names_text(nb, h->number), &n) ||
	    n.first != n.last || n.suffix[0] != '\0')
		return false;
	*number = n.first;
	*house = m->value;
	return true;
}

struct stretch_end {
	uint32_t ref, number, house;
};

static double
line_length_m(const struct names_build *nb, uint32_t from, uint32_t to)
{
	double sum = 0;
	struct place before;
	bool any = false;
	for (uint32_t r = from; r <= to; r++) {
		struct place p;
		if (!names_ref_place(nb, r, &p))
			continue;
		sum += any ? place_distance_m(before, p) : 0;
		before = p;
		any = true;
	}
	return sum;
}

/* The place `along_m` metres behind the ref `from`. */
static struct place
along_line(const struct names_build *nb, uint32_t from, uint32_t to, double along_m)
{
	struct place before = {0};
	bool any = false;
	for (uint32_t r = from; r <= to; r++) {
		struct place p;
		if (!names_ref_place(nb, r, &p))
			continue;
		double step = any ? place_distance_m(before, p) : 0;
		if (any && along_m <= step && step > 0) {
			double t = along_m / step;
			return (struct place){before.lat_e7 + (int32_t)lround(t * ((double)p.lat_e7 - before.lat_e7)),
					      before.lon_e7 + (int32_t)lround(t * ((double)p.lon_e7 - before.lon_e7))};
		}
		along_m -= step;
		before = p;
		any = true;
	}
	return before;
}

#define BETWEEN_MAX 400u

static void
add_between(struct names_build *nb, const struct stretch_end *a, const struct stretch_end *z, uint32_t step,
	    const uint32_t *city)
{
	uint32_t lo = a->number < z->number ? a->number : z->number;
	uint32_t hi = a->number < z->number ? z->number : a->number;
	double whole = line_length_m(nb, a->ref, z->ref);
	if (hi - lo > BETWEEN_MAX || (hi - lo) % step != 0 || nb->item_of_house[a->house] == ROAD_NONE)
		return;
	const struct raw_house *h = VEC_AT(&nb->raw->names.houses, struct raw_house, a->house);
	struct geo_house one = {.city = city[a->house], .postcode = GEO_NONE};
	one.entity = nb->entity_of[nb->item_of_house[a->house]];
	one.within_m = 1 + (uint32_t)(whole / 2);
	if (h->postcode != 0 && postcode_key(nb, h->postcode) != 0)
		one.postcode = postcode_key(nb, h->postcode);
	for (uint32_t n = lo + step; n < hi; n += step) {
		double t = ((double)n - a->number) / ((double)z->number - a->number);
		char shown[16];
		snprintf(shown, sizeof shown, "%" PRIu32, n);
		one.first = one.last = n;
		one.shown = raw_text(nb->raw, shown);
		one.at = along_line(nb, a->ref, z->ref, t * whole);
		*(struct geo_house *)vec_push(&nb->houses) = one;
	}
}

static void
make_interpolations(struct names_build *nb, const uint32_t *city)
{
	const struct vec *houses = &nb->raw->names.houses;
	struct member *m = NEW_ARRAY(nb->sc, houses->n + 1, struct member);
	for (size_t i = 0; i < houses->n; i++) {
		const struct raw_house *h = VEC_AT(houses, struct raw_house, i);
		m[i] = (struct member){h->id, (uint32_t)h->kind, (uint32_t)i};
	}
	qsort(m, houses->n, sizeof *m, names_compare_members);
	for (size_t i = 0; i < nb->raw->names.interpolations.n; i++) {
		const struct raw_interpolation *ip =
		    VEC_AT(&nb->raw->names.interpolations, struct raw_interpolation, i);
		struct stretch_end last = {.house = ROAD_NONE};
		for (uint32_t r = ip->first_ref; r < ip->first_ref + ip->n_refs; r++) {
			struct stretch_end end = {.ref = r};
			int64_t id = *VEC_AT(&nb->raw->refs, int64_t, r);
			if (!end_number(nb, names_find_member(m, houses->n, 'n', id), &end.number, &end.house))
				continue;
			if (last.house != ROAD_NONE && last.number != end.number)
				add_between(nb, &last, &end, ip->step, city);
			last = end;
		}
	}
}

/* --- in order ------------------------------------------------------------------------------- */

static int
compare_houses(const void *a, const void *b)
{
	const struct geo_house *x = a;
	const struct geo_house *y = b;
	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	if (x->suffix != y->suffix)
		return x->suffix < y->suffix ? -1 : 1;
	if (x->within_m != y->within_m)
		return x->within_m < y->within_m ? -1 : 1;
	return x->at.lat_e7 != y->at.lat_e7 ? (x->at.lat_e7 < y->at.lat_e7 ? -1 : 1)
					    : (x->at.lon_e7 > y->at.lon_e7) - (x->at.lon_e7 < y->at.lon_e7);
}

#define SAME_DOOR_M 15.0

/* The same number at the same door, or a number between ends that is mapped as well. */
static bool
is_repeat(const struct geo_house *before, const struct geo_house *h)
{
	if (before->entity != h->entity || before->first != h->first || before->last != h->last ||
	    before->suffix != h->suffix)
		return false;
	return h->within_m > 0 ||
	       (before->postcode == h->postcode && place_distance_m(before->at, h->at) < SAME_DOOR_M);
}

static void
sort_houses(struct names_build *nb)
{
	struct geo_house *h = IN(nb, houses, struct geo_house, 0);
	size_t n = 0;
	qsort(h, nb->houses.n, sizeof *h, compare_houses);
	for (size_t i = 0; i < nb->houses.n; i++)
		if (n == 0 || !is_repeat(&h[n - 1], &h[i]))
			h[n++] = h[i];
	nb->houses.n = n;
	for (size_t i = 0; i < n; i++) {
		struct geo_entity *e = IN(nb, entities, struct geo_entity, h[i].entity);
		if (e->n_houses++ == 0)
			e->first_house = (uint32_t)i;
	}
	nb->b->report->addresses = n;
}

/* --- postcodes -------------------------------------------------------------------------------- */

int
names_compare_texts(const void *a, const void *b)
{
	const struct by_text *x = a;
	const struct by_text *y = b;
	int order = strcmp(x->text, y->text);
	return order != 0 ? order : (x->value > y->value) - (x->value < y->value);
}

static void
add_postcode(struct names_build *nb, const struct by_text *v, size_t n)
{
	struct geo_house *houses = IN(nb, houses, struct geo_house, 0);
	struct geo_postcode p = {.text = v[0].offset, .shown = v[0].offset};
	int64_t lat = 0;
	int64_t lon = 0;
	for (size_t i = 0; i < n; i++) {
		lat += houses[v[i].value].at.lat_e7;
		lon += houses[v[i].value].at.lon_e7;
		houses[v[i].value].postcode = (uint32_t)nb->postcodes.n;
	}
	p.at = (struct place){(int32_t)(lat / (int64_t)n), (int32_t)(lon / (int64_t)n)};
	for (size_t i = 0; i < n; i++) {
		double away = place_distance_m(p.at, houses[v[i].value].at);
		p.radius_m = away > p.radius_m ? (uint32_t)ceil(away) : p.radius_m;
	}
	*(struct geo_postcode *)vec_push(&nb->postcodes) = p;
}

/* How the folded ones are written, as the first address has them. */
static void
show_postcodes(struct names_build *nb)
{
	for (size_t i = 0; i < nb->raw->names.houses.n; i++) {
		const struct raw_house *h = VEC_AT(&nb->raw->names.houses, struct raw_house, i);
		uint32_t key = h->postcode == 0 ? 0 : postcode_key(nb, h->postcode);
		size_t lo = 0;
		size_t hi = nb->postcodes.n;
		while (key != 0 && lo < hi) {
			size_t mid = lo + (hi - lo) / 2;
			struct geo_postcode *p = IN(nb, postcodes, struct geo_postcode, mid);
			int order = strcmp(names_text(nb, p->text), names_text(nb, key));
			if (order == 0)
				p->shown = h->postcode;
			if (order < 0)
				lo = mid + 1;
			else
				hi = order == 0 ? lo : mid;
		}
	}
}

static void
make_postcodes(struct names_build *nb)
{
	const struct geo_house *houses = IN(nb, houses, struct geo_house, 0);
	struct by_text *v = NEW_ARRAY(nb->sc, nb->houses.n + 1, struct by_text);
	size_t n = 0;
	for (size_t i = 0; i < nb->houses.n; i++)
		if (houses[i].postcode != GEO_NONE)
			v[n++] = (struct by_text){names_text(nb, houses[i].postcode), houses[i].postcode, (uint32_t)i};
	qsort(v, n, sizeof *v, names_compare_texts);
	for (size_t i = 0; i < n;) {
		size_t k = i;
		while (k < n && v[k].offset == v[i].offset)
			k++;
		add_postcode(nb, v + i, k - i);
		i = k;
	}
	show_postcodes(nb);
}

/* --- which place a street lies in ---------------------------------------------------------------- */

#define LOOK_AROUND_M 20000.0

static int
compare_latitudes(const void *a, const void *b)
{
	const struct by_text *x = a;
	const struct by_text *y = b;
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Settlements from south to north: offset is the latitude, moved to be positive. */
static size_t
settlements_by_latitude(struct names_build *nb, struct by_text *v)
{
	size_t n = 0;
	for (size_t i = 0; i < nb->localities.n; i++) {
		uint32_t e = *IN(nb, localities, uint32_t, i);
		const struct geo_entity *x = IN(nb, entities, struct geo_entity, e);
		if (x->is_city != 0)
			v[n++] = (struct by_text){NULL, (uint32_t)(x->at.lat_e7 + 900000000), e};
	}
	qsort(v, n, sizeof *v, compare_latitudes);
	return n;
}

/* The settlement whose reach, measured in its own radius, covers the place best. */
static uint32_t
settlement_around(const struct names_build *nb, const struct by_text *v, size_t n, struct place at)
{
	uint32_t best = GEO_NONE;
	double best_share = 1.5;
	int64_t window = (int64_t)(LOOK_AROUND_M / 0.0111);
	int64_t here = (int64_t)at.lat_e7 + 900000000;
	size_t lo = 0;
	size_t hi = n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (v[mid].offset < here - window)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < n && v[lo].offset <= here + window; lo++) {
		const struct geo_entity *x = IN(nb, entities, struct geo_entity, v[lo].value);
		double share = place_distance_m(at, x->at) / x->radius_m;
		if (share < best_share) {
			best = v[lo].value;
			best_share = share;
		}
	}
	return best;
}

/* What most of its houses say, else the settlement around it. */
static uint32_t
city_of_houses(const struct names_build *nb, const struct geo_entity *e)
{
	uint32_t city = GEO_NONE;
	int64_t lead = 0; /* Boyer and Moore's vote */
	for (uint32_t i = 0; i < e->n_houses; i++) {
		uint32_t c = IN(nb, houses, struct geo_house, e->first_house + i)->city;
		if (c == GEO_NONE)
			continue;
		if (lead == 0)
			city = c;
		lead += c == city ? 1 : -1;
	}
	return lead > 0 ? city : GEO_NONE;
}

static void
find_localities(struct names_build *nb)
{
	struct by_text *v = NEW_ARRAY(nb->sc, nb->localities.n + 1, struct by_text);
	size_t n = settlements_by_latitude(nb, v);
	for (size_t i = 0; i < nb->entities.n; i++) {
		struct geo_entity *e = IN(nb, entities, struct geo_entity, i);
		uint32_t of = city_of_houses(nb, e);
		if (of == GEO_NONE)
			of = settlement_around(nb, v, n, e->at);
		e->locality = of == i ? GEO_NONE : of;
	}
}

/* --- all of it ------------------------------------------------------------------------------------ */

void
names_make_houses(struct names_build *nb)
{
	make_localities(nb);
	const uint32_t *city = make_cities(nb);
	make_houses(nb, city);
	make_interpolations(nb, city);
	sort_houses(nb);
	make_postcodes(nb);
	find_localities(nb);
}
