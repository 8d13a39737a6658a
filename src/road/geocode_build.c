/* The geocoder's sections: ways and houses of one name that lie near each other
 * become a street, houses find their streets, words become tokens.
 *
 *	points	every named way and house, by (name, cell of 300 m)
 *	groups	neighbouring cells of one name are joined (union-find): "Rua da Igreja"
 *		of one parish and of the next are two streets
 *	tokens	the words of all names, sorted; postings; deletes */
#include <math.h>

#include "base/text.h"
#include "road/geocode_map.h"
#include "road/geocode_words.h"
#include "road/road_build.h"

#define CELL_M 300.0
#define CITY_FAR_M 30000.0

struct point {
	uint32_t key; /* text: geo_name_key of its name */
	int32_t row, column;
	uint32_t item;
	struct place at;
};

/* A named way or a house. */
struct item {
	uint32_t key, name;
	uint32_t house; /* among the raw houses; ROAD_NONE: a way */
	uint32_t way;
	uint32_t parent; /* union-find; an entity's number once numbered */
};

struct names_build {
	struct builder *b;
	struct osm_raw *raw;
	struct scope *sc;
	struct plane plane;
	uint32_t *key_of, *folded_of; /* by text offset */
	size_t n_key_of;
	struct vec items, points, entities, names, words, houses, tokens, postings, deletes, postcodes;
	uint32_t *item_of_way;	 /* raw way → item */
	uint32_t *item_of_house; /* raw house → item */
	uint32_t *entity_of;	 /* item → entity */
	struct vec localities;	 /* uint32: entities that are places, by latitude */
};

#define IN(nb, member, type, i) VEC_AT(&(nb)->member, type, i)

static const char *
text_at(const struct names_build *nb, uint32_t offset)
{
	return (const char *)nb->raw->text.at + offset;
}

/* A text made of a name, once for each: `known` remembers by the name's offset. */
static uint32_t
made_of(struct names_build *nb, uint32_t *known, uint32_t name, char *make(struct scope *sc, const char *name))
{
	if (name < nb->n_key_of && known[name] != 0)
		return known[name];
	struct scope once;
	scope_init(&once);
	uint32_t made = raw_text(nb->raw, make(&once, text_at(nb, name)));
	scope_release(&once);
	if (name < nb->n_key_of)
		known[name] = made;
	return made;
}

static uint32_t
key_of(struct names_build *nb, uint32_t name)
{
	return made_of(nb, nb->key_of, name, geo_name_key);
}

/* --- where things are ----------------------------------------------------------- */

static bool
ref_place(const struct names_build *nb, uint32_t ref, struct place *out)
{
	uint32_t node = nb->b->ref_node[ref];
	if (node == ROAD_NONE)
		return false;
	*out = VEC_AT(&nb->raw->nodes, struct raw_node, node)->at;
	return true;
}

/* The middle of a way's box; false where none of its nodes is here. */
static bool
way_middle(const struct names_build *nb, uint32_t first_ref, uint32_t n_refs, struct place *out)
{
	struct bounds box;
	bounds_init(&box);
	size_t n = 0;
	for (uint32_t i = 0; i < n_refs; i++) {
		struct place p;
		if (ref_place(nb, first_ref + i, &p)) {
			bounds_add(&box, p);
			n++;
		}
	}
	if (n == 0)
		return false;
	out->lat_e7 = (int32_t)(((int64_t)box.min.lat_e7 + box.max.lat_e7) / 2);
	out->lon_e7 = (int32_t)(((int64_t)box.min.lon_e7 + box.max.lon_e7) / 2);
	return true;
}

static void
add_point(struct names_build *nb, uint32_t item, struct place at, struct point *last)
{
	struct metres m = plane_project(&nb->plane, at);
	struct point p = {.key = IN(nb, items, struct item, item)->key, .item = item, .at = at};
	p.row = (int32_t)floor(m.y / CELL_M);
	p.column = (int32_t)floor(m.x / CELL_M);
	if (last->item == item && last->row == p.row && last->column == p.column)
		return;
	*last = p;
	*(struct point *)vec_push(&nb->points) = p;
}

/* --- items ------------------------------------------------------------------------ */

static uint32_t
add_item(struct names_build *nb, uint32_t name, uint32_t house, uint32_t way)
{
	uint32_t key = key_of(nb, name);
	if (key == 0 || strspn(text_at(nb, key), "0123456789 ") == strlen(text_at(nb, key)))
		return ROAD_NONE; /* a platform's number is no street */
	uint32_t n = (uint32_t)nb->items.n;
	*(struct item *)vec_push(&nb->items) = (struct item){key, name, house, way, n};
	return n;
}

static void
add_way_items(struct names_build *nb)
{
	struct point last = {.item = ROAD_NONE};
	for (uint32_t i = 0; i < nb->raw->ways.n; i++) {
		const struct raw_way *w = VEC_AT(&nb->raw->ways, struct raw_way, i);
		nb->item_of_way[i] = ROAD_NONE;
		if (w->name == 0 || w->verdict.class == CLASS_NONE)
			continue;
		uint32_t item = nb->item_of_way[i] = add_item(nb, w->name, ROAD_NONE, i);
		for (uint32_t k = 0; item != ROAD_NONE && k < w->n_refs; k++) {
			struct place at;
			if (ref_place(nb, w->first_ref + k, &at))
				add_point(nb, item, at, &last);
		}
	}
}

struct member {
	int64_t id;
	uint32_t kind, value;
};

static int
compare_members(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

static const struct member *
find_member(const struct member *m, size_t n, char kind, int64_t id)
{
	const struct member want = {.id = id, .kind = (uint32_t)kind};
	return n == 0 ? NULL : bsearch(&want, m, n, sizeof *m, compare_members);
}

/* Houses whose relation says which street they are of. */
static void
name_by_relation(struct names_build *nb)
{
	const struct vec *belongs = &nb->raw->names.belongs;
	struct member *m = NEW_ARRAY(nb->sc, belongs->n + 1, struct member);
	for (size_t i = 0; i < belongs->n; i++) {
		const struct raw_belongs *r = VEC_AT(belongs, struct raw_belongs, i);
		m[i] = (struct member){r->id, (uint32_t)r->kind, r->street};
	}
	qsort(m, belongs->n, sizeof *m, compare_members);
	for (size_t i = 0; i < nb->raw->names.houses.n; i++) {
		struct raw_house *h = VEC_AT(&nb->raw->names.houses, struct raw_house, i);
		const struct member *of = h->street != 0 ? NULL : find_member(m, belongs->n, h->kind, h->id);
		if (of != NULL)
			h->street = of->value;
	}
}

static void
add_house_items(struct names_build *nb)
{
	struct point last = {.item = ROAD_NONE};
	for (uint32_t i = 0; i < nb->raw->names.houses.n; i++) {
		struct raw_house *h = VEC_AT(&nb->raw->names.houses, struct raw_house, i);
		uint32_t name = h->street != 0 ? h->street : h->place;
		nb->item_of_house[i] = ROAD_NONE;
		bool here = h->kind == 'n' || way_middle(nb, h->first_ref, h->n_refs, &h->at);
		if (name == 0 || !here) {
			nb->b->report->addresses_dropped++;
			continue;
		}
		nb->item_of_house[i] = add_item(nb, name, i, ROAD_NONE);
		if (nb->item_of_house[i] != ROAD_NONE)
			add_point(nb, nb->item_of_house[i], h->at, &last);
		else
			nb->b->report->addresses_dropped++;
	}
}

/* --- groups ------------------------------------------------------------------------ */

static uint32_t
root_of(struct names_build *nb, uint32_t i)
{
	struct item *v = IN(nb, items, struct item, 0);
	while (v[i].parent != i)
		i = v[i].parent = v[v[i].parent].parent;
	return i;
}

static void
join(struct names_build *nb, uint32_t a, uint32_t b)
{
	a = root_of(nb, a);
	b = root_of(nb, b);
	if (a != b) /* the earlier one leads, so that ways come before houses */
		IN(nb, items, struct item, a < b ? b : a)->parent = a < b ? a : b;
}

static int
compare_points(const void *a, const void *b)
{
	const struct point *x = a;
	const struct point *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return (x->item > y->item) - (x->item < y->item);
}

/* The first point of the cell, or NULL. */
static const struct point *
find_cell(const struct point *p, size_t n, uint32_t key, int32_t row, int32_t column)
{
	const struct point want = {.key = key, .row = row, .column = column};
	size_t lo = 0;
	size_t hi = n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (compare_points(&p[mid], &want) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	bool there = lo < n && p[lo].key == key && p[lo].row == row && p[lo].column == column;
	return there ? &p[lo] : NULL;
}

static void
join_neighbours(struct names_build *nb)
{
	static const int32_t step[4][2] = {{0, 1}, {1, -1}, {1, 0}, {1, 1}};
	struct point *p = IN(nb, points, struct point, 0);
	size_t n = nb->points.n;
	qsort(p, n, sizeof *p, compare_points);
	for (size_t i = 0; i < n; i++) {
		bool same =
		    i > 0 && p[i].key == p[i - 1].key && p[i].row == p[i - 1].row && p[i].column == p[i - 1].column;
		if (same) {
			join(nb, p[i].item, p[i - 1].item);
			continue;
		}
		for (size_t k = 0; k < COUNT_OF(step); k++) {
			const struct point *q =
			    find_cell(p, n, p[i].key, p[i].row + step[k][0], p[i].column + step[k][1]);
			if (q != NULL)
				join(nb, p[i].item, q->item);
		}
	}
}

/* --- entities ------------------------------------------------------------------------ */

/* What a letter may be addressed to. */
static bool
is_settlement(uint32_t kind)
{
	return kind == 1 + LOCALITY_CITY || kind == 1 + LOCALITY_TOWN || kind == 1 + LOCALITY_VILLAGE ||
	       kind == 1 + LOCALITY_MUNICIPALITY || kind == 1 + LOCALITY_HAMLET;
}

static uint32_t
add_entity(struct names_build *nb, uint32_t name, uint32_t kind, struct place at, uint32_t radius_m)
{
	uint32_t n = (uint32_t)nb->entities.n;
	*(struct geo_entity *)vec_push(&nb->entities) = (struct geo_entity){.at = at,
									    .name = name,
									    .kind = kind,
									    .is_city = is_settlement(kind),
									    .locality = GEO_NONE,
									    .radius_m = radius_m};
	return n;
}

/* Each group's point nearest the middle of its points is where it is. */
static void
place_streets(struct names_build *nb)
{
	size_t n = nb->entities.n;
	int64_t(*sum)[3] = scope_array(nb->sc, n + 1, sizeof *sum);
	double *best = NEW_ARRAY(nb->sc, n + 1, double);
	const struct point *p = IN(nb, points, struct point, 0);
	for (size_t i = 0; i < nb->points.n; i++) {
		int64_t *s = sum[nb->entity_of[p[i].item]];
		s[0] += p[i].at.lat_e7;
		s[1] += p[i].at.lon_e7;
		s[2]++;
	}
	for (size_t i = 0; i < nb->points.n; i++) {
		uint32_t e = nb->entity_of[p[i].item];
		const struct place middle = {(int32_t)(sum[e][0] / sum[e][2]), (int32_t)(sum[e][1] / sum[e][2])};
		double away = 1 + place_distance_m(middle, p[i].at);
		if (best[e] == 0 || away < best[e]) {
			best[e] = away;
			IN(nb, entities, struct geo_entity, e)->at = p[i].at;
		}
	}
	for (size_t i = 0; i < nb->points.n; i++) {
		struct geo_entity *e = IN(nb, entities, struct geo_entity, nb->entity_of[p[i].item]);
		double away = place_distance_m(e->at, p[i].at);
		if (away > e->radius_m)
			e->radius_m = (uint32_t)ceil(away);
	}
}

static void
number_streets(struct names_build *nb)
{
	nb->entities.n = 0;
	for (uint32_t i = 0; i < nb->items.n; i++) {
		uint32_t root = root_of(nb, i);
		const struct item *it = IN(nb, items, struct item, i);
		nb->entity_of[i] =
		    root == i ? add_entity(nb, it->name, GEO_STREET_ENTITY, (struct place){0}, 0) : nb->entity_of[root];
	}
	place_streets(nb);
}

struct piece {
	uint32_t key, item;
	int32_t lat_e7;
	uint32_t radius_m;
};

/* Of one name from south to north. */
static int
compare_pieces(const void *a, const void *b)
{
	const struct piece *x = a;
	const struct piece *y = b;
	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->lat_e7 != y->lat_e7 ? (x->lat_e7 < y->lat_e7 ? -1 : 1) : (x->item > y->item) - (x->item < y->item);
}

#define PIECES_MAX_M 1500.0
#define PIECES_SHARE 0.75

static size_t
list_pieces(struct names_build *nb, struct piece *v)
{
	size_t n = 0;
	for (uint32_t i = 0; i < nb->items.n; i++) {
		if (root_of(nb, i) != i)
			continue;
		const struct geo_entity *e = IN(nb, entities, struct geo_entity, nb->entity_of[i]);
		v[n++] = (struct piece){IN(nb, items, struct item, i)->key, i, e->at.lat_e7, e->radius_m};
	}
	qsort(v, n, sizeof *v, compare_pieces);
	return n;
}

static void
join_if_one(struct names_build *nb, const struct piece *x, const struct piece *y)
{
	const struct geo_entity *a = IN(nb, entities, struct geo_entity, nb->entity_of[x->item]);
	const struct geo_entity *b = IN(nb, entities, struct geo_entity, nb->entity_of[y->item]);
	double gap = place_distance_m(a->at, b->at) - a->radius_m - b->radius_m;
	double longer = a->radius_m > b->radius_m ? a->radius_m : b->radius_m;
	if (gap <= (PIECES_SHARE * longer < PIECES_MAX_M ? PIECES_SHARE * longer : PIECES_MAX_M))
		join(nb, x->item, y->item);
}

/* A long street may be broken by a river or a railway: two pieces of one name whose gap is short beside their
 * length are one. */
static void
join_pieces(struct names_build *nb)
{
	struct piece *v = NEW_ARRAY(nb->sc, nb->items.n + 1, struct piece);
	size_t n = list_pieces(nb, v);
	for (size_t first = 0; first < n;) {
		size_t end = first;
		double longest = 0;
		for (; end < n && v[end].key == v[first].key; end++)
			longest = v[end].radius_m > longest ? v[end].radius_m : longest;
		double reach_e7 = (2 * longest + PIECES_MAX_M) / nb->plane.m_per_e7_lat;
		for (size_t i = first; i < end; i++)
			for (size_t k = i + 1; k < end && (double)v[k].lat_e7 - v[i].lat_e7 <= reach_e7; k++)
				join_if_one(nb, &v[i], &v[k]);
		first = end;
	}
}

static void
make_streets(struct names_build *nb)
{
	nb->entity_of = NEW_ARRAY(nb->sc, nb->items.n + 1, uint32_t);
	number_streets(nb);
	join_pieces(nb);
	number_streets(nb);
}

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
		if (l->n_refs > 0 && !way_middle(nb, l->first_ref, l->n_refs, &at))
			continue;
		vec_push_u32(&nb->localities, add_entity(nb, l->name, 1 + l->kind, at, locality_radius_m(l->kind)));
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
		if (key_of(nb, x->name) != key)
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
	c->entity = add_entity(nb, name, 1 + LOCALITY_TOWN, (struct place){0}, 0);
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
		uint32_t key = key_of(nb, h->city);
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
	geo_words(text_at(nb, text), &words);
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
	const char *all = text_at(nb, h->number);
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
		all = text_at(nb, h->number); /* adding text may have moved it */
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
	if (nb->item_of_house[m->value] == ROAD_NONE || !geo_number_parse(text_at(nb, h->number), &n) ||
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
		if (!ref_place(nb, r, &p))
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
		if (!ref_place(nb, r, &p))
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
	qsort(m, houses->n, sizeof *m, compare_members);
	for (size_t i = 0; i < nb->raw->names.interpolations.n; i++) {
		const struct raw_interpolation *ip =
		    VEC_AT(&nb->raw->names.interpolations, struct raw_interpolation, i);
		struct stretch_end last = {.house = ROAD_NONE};
		for (uint32_t r = ip->first_ref; r < ip->first_ref + ip->n_refs; r++) {
			struct stretch_end end = {.ref = r};
			int64_t id = *VEC_AT(&nb->raw->refs, int64_t, r);
			if (!end_number(nb, find_member(m, houses->n, 'n', id), &end.number, &end.house))
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

struct by_text {
	const char *text;
	uint32_t offset, value;
};

static int
compare_texts(const void *a, const void *b)
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
			int order = strcmp(text_at(nb, p->text), text_at(nb, key));
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
			v[n++] = (struct by_text){text_at(nb, houses[i].postcode), houses[i].postcode, (uint32_t)i};
	qsort(v, n, sizeof *v, compare_texts);
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

/* --- names and tokens --------------------------------------------------------------------------- */

struct name_of {
	uint32_t entity, folded, text;
};

static int
compare_names(const void *a, const void *b)
{
	const struct name_of *x = a;
	const struct name_of *y = b;
	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	return x->folded != y->folded ? (x->folded < y->folded ? -1 : 1) : (x->text > y->text) - (x->text < y->text);
}

static void
add_name(struct names_build *nb, struct vec *all, uint32_t entity, uint32_t name)
{
	uint32_t folded = made_of(nb, nb->folded_of, name, geo_folded);
	if (folded != 0)
		*(struct name_of *)vec_push(all) = (struct name_of){entity, folded, name};
}

/* Streets by every way they are spelled, places by their name. */
static void
gather_names(struct names_build *nb, struct vec *all)
{
	for (uint32_t i = 0; i < nb->items.n; i++)
		add_name(nb, all, nb->entity_of[i], IN(nb, items, struct item, i)->name);
	for (size_t i = 0; i < nb->localities.n; i++) {
		uint32_t e = *IN(nb, localities, uint32_t, i);
		add_name(nb, all, e, IN(nb, entities, struct geo_entity, e)->name);
	}
	for (size_t i = 0; i < nb->raw->names.aliases.n; i++) {
		const struct raw_alias *a = VEC_AT(&nb->raw->names.aliases, struct raw_alias, i);
		if (nb->item_of_way[a->way] != ROAD_NONE)
			add_name(nb, all, nb->entity_of[nb->item_of_way[a->way]], a->name);
	}
	qsort(all->at, all->n, all->size, compare_names);
}

/* Names with their words as text offsets, which become tokens afterwards. */
static void
make_names(struct names_build *nb)
{
	struct vec *all = NEW(nb->sc, struct vec);
	vec_init(all, nb->sc, sizeof(struct name_of));
	gather_names(nb, all);
	for (size_t i = 0; i < all->n; i++) {
		const struct name_of *v = VEC_AT(all, struct name_of, i);
		if (i > 0 && v[-1].entity == v->entity && v[-1].folded == v->folded)
			continue;
		struct geo_words words;
		geo_words(text_at(nb, v->text), &words);
		*(struct geo_name *)vec_push(&nb->names) =
		    (struct geo_name){v->entity, (uint32_t)nb->words.n, (uint32_t)words.n, v->text};
		for (size_t k = 0; k < words.n; k++)
			vec_push_u32(&nb->words, raw_text(nb->raw, words.w[k].s));
	}
}

#define LINK_SHARE 0.3

static void
weigh_tokens(struct names_build *nb)
{
	for (size_t i = 0; i < nb->tokens.n; i++) {
		struct geo_token *t = IN(nb, tokens, struct geo_token, i);
		double weight = log(1 + (double)nb->names.n / t->n);
		t->weight = (float)(geo_is_link(text_at(nb, t->text)) ? LINK_SHARE * weight : weight);
	}
}

/* One token a distinct word; its postings name each name once. */
static void
make_tokens(struct names_build *nb)
{
	struct by_text *v = NEW_ARRAY(nb->sc, nb->words.n + 1, struct by_text);
	size_t n = 0;
	for (uint32_t i = 0; i < nb->names.n; i++) {
		const struct geo_name *name = IN(nb, names, struct geo_name, i);
		for (uint32_t k = 0; k < name->n_words; k++) {
			uint32_t text = *IN(nb, words, uint32_t, name->first_word + k);
			v[n++] = (struct by_text){text_at(nb, text), text, i};
		}
	}
	qsort(v, n, sizeof *v, compare_texts);
	uint32_t *token_of = NEW_ARRAY(nb->sc, nb->raw->text.n + 1, uint32_t);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || v[i].offset != v[i - 1].offset) {
			token_of[v[i].offset] = (uint32_t)nb->tokens.n;
			*(struct geo_token *)vec_push(&nb->tokens) =
			    (struct geo_token){.text = v[i].offset, .first = (uint32_t)nb->postings.n};
		} else if (v[i].value == v[i - 1].value) {
			continue;
		}
		IN(nb, tokens, struct geo_token, nb->tokens.n - 1)->n++;
		vec_push_u32(&nb->postings, v[i].value);
	}
	weigh_tokens(nb);
	for (size_t i = 0; i < nb->words.n; i++) {
		uint32_t *w = IN(nb, words, uint32_t, i);
		*w = token_of[*w];
	}
}

static int
compare_deletes(const void *a, const void *b)
{
	const struct geo_delete *x = a;
	const struct geo_delete *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->token > y->token) - (x->token < y->token);
}

static void
make_deletes(struct names_build *nb)
{
	for (uint32_t i = 0; i < nb->tokens.n; i++) {
		const char *s = text_at(nb, IN(nb, tokens, struct geo_token, i)->text);
		size_t n = strlen(s);
		if (n < GEO_FUZZY_BYTES || (*s >= '0' && *s <= '9'))
			continue;
		*(struct geo_delete *)vec_push(&nb->deletes) = (struct geo_delete){geo_hash(s, n, SIZE_MAX), i};
		for (size_t k = 0; k < n; k++)
			if (k == 0 || s[k] != s[k - 1]) /* the same letter twice leaves the same word */
				*(struct geo_delete *)vec_push(&nb->deletes) =
				    (struct geo_delete){geo_hash(s, n, k), i};
	}
	qsort(nb->deletes.at, nb->deletes.n, nb->deletes.size, compare_deletes);
}

/* --- all of it ------------------------------------------------------------------------------------ */

static struct names_build *
names_new(struct builder *b)
{
	struct names_build *nb = NEW(b->sc, struct names_build);
	nb->b = b;
	nb->raw = b->raw;
	nb->sc = b->sc;
	plane_init(&nb->plane, *BUILT(b, shapes, struct place, 0));
	nb->n_key_of = b->raw->text.n;
	nb->key_of = NEW_ARRAY(b->sc, nb->n_key_of, uint32_t);
	nb->folded_of = NEW_ARRAY(b->sc, nb->n_key_of, uint32_t);
	nb->item_of_way = NEW_ARRAY(b->sc, b->raw->ways.n + 1, uint32_t);
	nb->item_of_house = NEW_ARRAY(b->sc, b->raw->names.houses.n + 1, uint32_t);
	vec_init(&nb->items, b->sc, sizeof(struct item));
	vec_init(&nb->points, b->sc, sizeof(struct point));
	vec_init(&nb->entities, b->sc, sizeof(struct geo_entity));
	vec_init(&nb->names, b->sc, sizeof(struct geo_name));
	vec_init(&nb->words, b->sc, sizeof(uint32_t));
	vec_init(&nb->houses, b->sc, sizeof(struct geo_house));
	vec_init(&nb->tokens, b->sc, sizeof(struct geo_token));
	vec_init(&nb->postings, b->sc, sizeof(uint32_t));
	vec_init(&nb->deletes, b->sc, sizeof(struct geo_delete));
	vec_init(&nb->postcodes, b->sc, sizeof(struct geo_postcode));
	return nb;
}

static void
put_names(const struct names_build *nb, struct road_sections *out)
{
	const struct {
		enum road_section section;
		const struct vec *v;
	} all[] = {
	    {SECTION_GEO_ENTITY, &nb->entities}, {SECTION_GEO_NAME, &nb->names},
	    {SECTION_GEO_WORD, &nb->words},	 {SECTION_GEO_HOUSE, &nb->houses},
	    {SECTION_GEO_TOKEN, &nb->tokens},	 {SECTION_GEO_POSTING, &nb->postings},
	    {SECTION_GEO_DELETE, &nb->deletes},	 {SECTION_GEO_POSTCODE, &nb->postcodes},
	};
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		out->at[all[i].section] = all[i].v->at;
		out->n[all[i].section] = all[i].v->n;
	}
}

void
build_names(struct builder *b, struct road_sections *out)
{
	struct names_build *nb = names_new(b);
	name_by_relation(nb);
	add_way_items(nb);
	add_house_items(nb);
	join_neighbours(nb);
	make_streets(nb);
	make_localities(nb);
	const uint32_t *city = make_cities(nb);
	make_houses(nb, city);
	make_interpolations(nb, city);
	sort_houses(nb);
	make_postcodes(nb);
	find_localities(nb);
	make_names(nb);
	make_tokens(nb);
	make_deletes(nb);
	put_names(nb, out);
}
