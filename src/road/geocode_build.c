/* The geocoder's sections: ways and houses of one name that lie near each other
 * become a street, houses find their streets, words become tokens.
 *
 *	points	every named way and house, by (name, cell of 300 m)
 *	groups	neighbouring cells of one name are joined (union-find): "Rua da Igreja"
 *		of one parish and of the next are two streets
 *	tokens	the words of all names, sorted; postings; deletes */
#include <math.h>

#include "base/text.h"
#include "road/geocode_build.h"
#include "road/geocode_words.h"

#define CELL_M 300.0

struct point {
	uint32_t key; /* text: geo_name_key of its name */
	int32_t row, column;
	uint32_t item;
	struct place at;
};

const char *
names_text(const struct names_build *nb, uint32_t offset)
{
	return (const char *)nb->raw->text.at + offset;
}

/* A text made of a name, once for each: `known` remembers by the name's offset. */
uint32_t
names_made_of(struct names_build *nb, uint32_t *known, uint32_t name, char *make(struct scope *sc, const char *name))
{
	if (name < nb->n_key_of && known[name] != 0)
		return known[name];
	struct scope once;
	scope_init(&once);
	uint32_t made = raw_text(nb->raw, make(&once, names_text(nb, name)));
	scope_release(&once);
	if (name < nb->n_key_of)
		known[name] = made;
	return made;
}

uint32_t
names_key(struct names_build *nb, uint32_t name)
{
	return names_made_of(nb, nb->key_of, name, geo_name_key);
}

/* --- where things are ----------------------------------------------------------- */

bool
names_ref_place(const struct names_build *nb, uint32_t ref, struct place *out)
{
	uint32_t node = nb->b->ref_node[ref];
	if (node == ROAD_NONE)
		return false;
	*out = VEC_AT(&nb->raw->nodes, struct raw_node, node)->at;
	return true;
}

/* The middle of a way's box; false where none of its nodes is here. */
bool
names_way_middle(const struct names_build *nb, uint32_t first_ref, uint32_t n_refs, struct place *out)
{
	struct bounds box;
	bounds_init(&box);
	size_t n = 0;
	for (uint32_t i = 0; i < n_refs; i++) {
		struct place p;
		if (names_ref_place(nb, first_ref + i, &p)) {
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
	uint32_t key = names_key(nb, name);
	if (key == 0 || strspn(names_text(nb, key), "0123456789 ") == strlen(names_text(nb, key)))
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
			if (names_ref_place(nb, w->first_ref + k, &at))
				add_point(nb, item, at, &last);
		}
	}
}

int
names_compare_members(const void *a, const void *b)
{
	const struct member *x = a;
	const struct member *y = b;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

const struct member *
names_find_member(const struct member *m, size_t n, char kind, int64_t id)
{
	const struct member want = {.id = id, .kind = (uint32_t)kind};
	return n == 0 ? NULL : bsearch(&want, m, n, sizeof *m, names_compare_members);
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
	qsort(m, belongs->n, sizeof *m, names_compare_members);
	for (size_t i = 0; i < nb->raw->names.houses.n; i++) {
		struct raw_house *h = VEC_AT(&nb->raw->names.houses, struct raw_house, i);
		const struct member *of = h->street != 0 ? NULL : names_find_member(m, belongs->n, h->kind, h->id);
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
		bool here = h->kind == 'n' || names_way_middle(nb, h->first_ref, h->n_refs, &h->at);
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

uint32_t
names_add_entity(struct names_build *nb, uint32_t name, uint32_t kind, struct place at, uint32_t radius_m)
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
		nb->entity_of[i] = root == i ? names_add_entity(nb, it->name, GEO_STREET_ENTITY, (struct place){0}, 0)
					     : nb->entity_of[root];
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
	names_make_houses(nb);
	names_make_tokens(nb);
	put_names(nb, out);
}
