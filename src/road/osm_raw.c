/* Collecting an extract: text is kept once, tags are judged on the spot. */
#include "road/osm_raw.h"

#include "base/text.h"

void
raw_init(struct osm_raw *raw, struct scope *sc, const struct profile *profile)
{
	*raw = (struct osm_raw){.sc = sc, .profile = profile, .source = ""};
	vec_init(&raw->nodes, sc, sizeof(struct raw_node));
	vec_init(&raw->ways, sc, sizeof(struct raw_way));
	vec_init(&raw->refs, sc, sizeof(int64_t));
	vec_init(&raw->restrictions, sc, sizeof(struct raw_restriction));
	vec_init(&raw->via_ways, sc, sizeof(int64_t));
	vec_init(&raw->spots, sc, sizeof(struct raw_spot));
	raw_names_init(&raw->names, sc);
	vec_init(&raw->loose, sc, sizeof(struct raw_way));
	vec_init(&raw->loose_refs, sc, sizeof(int64_t));
	vec_init(&raw->areas, sc, sizeof(struct raw_area));
	vec_init(&raw->area_members, sc, sizeof(struct raw_area_member));
	vec_init(&raw->text, sc, 1);
	vec_push(&raw->text);
	raw->seen_cap = 1 << 12;
	raw->seen = NEW_ARRAY(sc, raw->seen_cap, uint32_t);
}

static size_t
text_slot(const struct osm_raw *raw, const char *s)
{
	uint64_t h = 1469598103934665603u;
	for (const char *p = s; *p != '\0'; p++)
		h = (h ^ (uint8_t)*p) * 1099511628211u;
	size_t i = (size_t)(h ^ h >> 29) & (raw->seen_cap - 1);
	while (raw->seen[i] != 0 && strcmp((const char *)raw->text.at + raw->seen[i], s) != 0)
		i = (i + 1) & (raw->seen_cap - 1);
	return i;
}

static void
text_rehash(struct osm_raw *raw)
{
	const uint32_t *old = raw->seen;
	size_t old_cap = raw->seen_cap;
	raw->seen_cap *= 4;
	raw->seen = NEW_ARRAY(raw->sc, raw->seen_cap, uint32_t);
	for (size_t i = 0; i < old_cap; i++)
		if (old[i] != 0)
			raw->seen[text_slot(raw, (const char *)raw->text.at + old[i])] = old[i];
}

uint32_t
raw_text(struct osm_raw *raw, const char *s)
{
	if (s == NULL || *s == '\0' || !utf8_valid(s, strlen(s)))
		return 0;
	size_t i = text_slot(raw, s);
	if (raw->seen[i] != 0)
		return raw->seen[i];
	size_t len = strlen(s) + 1;
	uint32_t at = (uint32_t)raw->text.n;
	memcpy(vec_push_n(&raw->text, len), s, len);
	raw->seen[i] = at;
	if (++raw->seen_n * 2 > raw->seen_cap)
		text_rehash(raw);
	return at;
}

static bool
spot_kind_of(const char *place, uint32_t *kind)
{
	static const char *const kinds[] = {[SPOT_CITY] = "city",
					    [SPOT_TOWN] = "town",
					    [SPOT_VILLAGE] = "village",
					    [SPOT_SUBURB] = "suburb",
					    [SPOT_HAMLET] = "hamlet"};
	for (uint32_t i = 0; place != NULL && i < COUNT_OF(kinds); i++) {
		if (strcmp(kinds[i], place) == 0) {
			*kind = i;
			return true;
		}
	}
	return false;
}

void
raw_node(struct osm_raw *raw, int64_t id, struct place at, const struct osm_tag *tags, size_t n_tags)
{
	struct raw_node *node = vec_push(&raw->nodes);
	*node = (struct raw_node){id, at, 0};
	if (n_tags == 0)
		return;
	node->flags = profile_judge_node(raw->profile, tags, n_tags);
	raw_names_node(raw, id, at, tags, n_tags);
	uint32_t kind;
	const char *name = osm_tag_find(tags, n_tags, "name");
	if (name != NULL && spot_kind_of(osm_tag_find(tags, n_tags, "place"), &kind))
		*(struct raw_spot *)vec_push(&raw->spots) = (struct raw_spot){at, raw_text(raw, name), kind};
}

/* What a way that is no street, or an area, looks like on a map. */
static uint8_t
draw_kind(const struct osm_tag *tags, size_t n, bool closed)
{
	static const struct {
		const char *key, *value;
		uint8_t kind;
		bool area;
	} rules[] = {
	    {"natural", "water", DRAW_WATER, true},
	    {"waterway", "riverbank", DRAW_WATER, true},
	    {"landuse", "reservoir", DRAW_WATER, true},
	    {"landuse", "basin", DRAW_WATER, true},
	    {"waterway", "river", DRAW_WATERWAY, false},
	    {"waterway", "canal", DRAW_WATERWAY, false},
	    {"waterway", "stream", DRAW_WATERWAY, false},
	    {"leisure", "park", DRAW_GREEN, true},
	    {"leisure", "garden", DRAW_GREEN, true},
	    {"leisure", "pitch", DRAW_GREEN, true},
	    {"landuse", "forest", DRAW_GREEN, true},
	    {"natural", "wood", DRAW_GREEN, true},
	    {"landuse", "grass", DRAW_GREEN, true},
	    {"landuse", "cemetery", DRAW_GREEN, true},
	    {"landuse", "recreation_ground", DRAW_GREEN, true},
	    {"landuse", "meadow", DRAW_GREEN, true},
	    {"landuse", "village_green", DRAW_GREEN, true},
	    {"natural", "scrub", DRAW_GREEN, true},
	    {"natural", "grassland", DRAW_GREEN, true},
	    {"railway", "rail", DRAW_RAIL, false},
	    {"railway", "tram", DRAW_RAIL, false},
	    {"railway", "light_rail", DRAW_RAIL, false},
	    {"natural", "coastline", DRAW_COAST, false},
	};
	const char *building = osm_tag_find(tags, n, "building");
	if (building != NULL && strcmp(building, "no") != 0)
		return closed ? DRAW_BUILDING : 0;
	for (size_t i = 0; i < COUNT_OF(rules); i++)
		if (text_eq(osm_tag_find(tags, n, rules[i].key), rules[i].value))
			return closed || !rules[i].area ? rules[i].kind : 0;
	return 0;
}

/* The same for an area: lines are none. */
static uint8_t
area_kind(const struct osm_tag *tags, size_t n)
{
	uint8_t kind = draw_kind(tags, n, true);
	return road_kind_is_area(kind) ? kind : 0;
}

static uint32_t
keep_refs(struct vec *to, const int64_t *refs, size_t n)
{
	uint32_t first = (uint32_t)to->n;
	memcpy(vec_push_n(to, n), refs, n * sizeof *refs);
	return first;
}

/* A way that nobody drives or draws; an area may be made of it. */
static void
keep_loose(struct osm_raw *raw, int64_t id, const int64_t *refs, size_t n)
{
	struct raw_way way = {.id = id, .n_refs = (uint32_t)n};
	way.first_ref = keep_refs(&raw->loose_refs, refs, n);
	*(struct raw_way *)vec_push(&raw->loose) = way;
}

/* "A1;A3" as "A1, A3". */
static void
add_list(struct text *t, const char *values)
{
	for (const char *s = values; *s != '\0'; s++) {
		if (*s != ';')
			text_add_char(t, *s);
		else
			text_add(t, s[1] == ' ' ? "," : ", ");
	}
}

/* What a driver reads on the signs of a one-way street: roads, then places. */
static uint32_t
destination_text(struct osm_raw *raw, const struct osm_tag *tags, size_t n_tags)
{
	const char *refs = osm_tag_find(tags, n_tags, "destination:ref");
	const char *places = osm_tag_find(tags, n_tags, "destination");
	if (refs == NULL && places == NULL)
		return 0;
	struct text t;
	text_init(&t, raw->sc);
	if (refs != NULL)
		add_list(&t, refs);
	if (refs != NULL && places != NULL)
		text_add(&t, ": ");
	if (places != NULL)
		add_list(&t, places);
	return raw_text(raw, t.s);
}

void
raw_way(struct osm_raw *raw, int64_t id, const int64_t *refs, size_t n_refs, const struct osm_tag *tags, size_t n_tags)
{
	if (n_refs < 2)
		return;
	bool closed = n_refs > 3 && refs[0] == refs[n_refs - 1];
	struct raw_way way = {.id = id, .n_refs = (uint32_t)n_refs};
	profile_judge_way(raw->profile, tags, n_tags, &way.verdict);
	if (way.verdict.class != CLASS_NONE && text_eq(osm_tag_find(tags, n_tags, "area"), "yes"))
		way.draw = closed ? DRAW_SQUARE : 0;
	if (way.verdict.class == CLASS_NONE) {
		way.draw = draw_kind(tags, n_tags, closed);
		if (way.draw == 0) {
			raw_names_way(raw, id, refs, n_refs, tags, n_tags, ROAD_NONE);
			keep_loose(raw, id, refs, n_refs);
			return;
		}
	}
	way.name = raw_text(raw, osm_tag_find(tags, n_tags, "name"));
	way.ref = raw_text(raw, osm_tag_find(tags, n_tags, "ref"));
	if ((way.verdict.flags & (WAY_ONEWAY | WAY_ONEWAY_BACK)) != 0)
		way.destination = destination_text(raw, tags, n_tags);
	way.first_ref = keep_refs(&raw->refs, refs, n_refs);
	*(struct raw_way *)vec_push(&raw->ways) = way;
	raw_names_way(raw, id, refs, n_refs, tags, n_tags, (uint32_t)raw->ways.n - 1);
}

void
raw_polygon(struct osm_raw *raw, const struct osm_ring *rings, size_t n_rings, const struct osm_tag *tags,
	    size_t n_tags)
{
	struct raw_area area = {.first_member = (uint32_t)raw->area_members.n, .draw = area_kind(tags, n_tags)};
	if (area.draw == 0)
		return;
	area.name = raw_text(raw, osm_tag_find(tags, n_tags, "name"));
	for (size_t i = 0; i < n_rings; i++) {
		if (rings[i].n < 2)
			continue;
		int64_t id = INT64_MIN + (int64_t)raw->loose.n; /* no way has it */
		keep_loose(raw, id, rings[i].refs, rings[i].n);
		*(struct raw_area_member *)vec_push(&raw->area_members) = (struct raw_area_member){id, i > 0};
		area.n_members++;
	}
	*(struct raw_area *)vec_push(&raw->areas) = area;
}

bool
raw_box(struct osm_raw *raw, struct place a, struct place b)
{
	struct bounds box;
	bounds_init(&box);
	if (!place_valid(a) || !place_valid(b))
		return false;
	bounds_add(&box, a);
	bounds_add(&box, b);
	if (box.min.lat_e7 == box.max.lat_e7 || box.min.lon_e7 == box.max.lon_e7)
		return false;
	raw->box = box;
	raw->has_box = true;
	return true;
}

static bool
is_excepted(const struct profile *p, const char *except)
{
	if (except == NULL)
		return false;
	for (size_t i = 0; p->except[i] != NULL; i++) {
		const char *hit = strstr(except, p->except[i]);
		size_t len = strlen(p->except[i]);
		if (hit != NULL && (hit == except || hit[-1] == ';' || hit[-1] == ' ') &&
		    (hit[len] == '\0' || hit[len] == ';' || hit[len] == ' '))
			return true;
	}
	return false;
}

/* Roles from, via and to must be there, in the shapes OSM knows. */
static bool
restriction_members(struct osm_raw *raw, const struct osm_member *m, size_t n, struct raw_restriction *r)
{
	size_t from = 0;
	size_t to = 0;
	size_t via_nodes = 0;
	r->via_way = (uint32_t)raw->via_ways.n;
	for (size_t i = 0; i < n; i++) {
		if (m[i].kind == 'w' && text_eq(m[i].role, "from")) {
			r->from = m[i].id;
			from++;
		} else if (m[i].kind == 'w' && text_eq(m[i].role, "to")) {
			r->to = m[i].id;
			to++;
		} else if (m[i].kind == 'n' && text_eq(m[i].role, "via")) {
			r->via_node = m[i].id;
			via_nodes++;
		} else if (m[i].kind == 'w' && text_eq(m[i].role, "via") && r->n_via_ways < 8) {
			*(int64_t *)vec_push(&raw->via_ways) = m[i].id;
			r->n_via_ways++;
		}
	}
	return from == 1 && to == 1 && via_nodes + (r->n_via_ways > 0) == 1;
}

/* Kept where its tags say something to draw, or say nothing and leave it to its ways. */
static void
add_area(struct osm_raw *raw, const struct osm_member *m, size_t n, const struct osm_tag *tags, size_t n_tags)
{
	struct raw_area area = {.first_member = (uint32_t)raw->area_members.n, .draw = area_kind(tags, n_tags)};
	bool told = n_tags > 1;
	if (area.draw == 0 && told)
		return;
	area.name = raw_text(raw, osm_tag_find(tags, n_tags, "name"));
	for (size_t i = 0; i < n; i++) {
		if (m[i].kind != 'w')
			continue;
		*(struct raw_area_member *)vec_push(&raw->area_members) =
		    (struct raw_area_member){m[i].id, text_eq(m[i].role, "inner")};
		area.n_members++;
	}
	if (area.n_members > 0)
		*(struct raw_area *)vec_push(&raw->areas) = area;
}

void
raw_relation(struct osm_raw *raw, const struct osm_member *members, size_t n_members, const struct osm_tag *tags,
	     size_t n_tags)
{
	raw->relations++;
	raw_names_relation(raw, members, n_members, tags, n_tags);
	if (text_eq(osm_tag_find(tags, n_tags, "type"), "multipolygon"))
		add_area(raw, members, n_members, tags, n_tags);
	if (!text_eq(osm_tag_find(tags, n_tags, "type"), "restriction"))
		return;
	const char *kind = osm_tag_find(tags, n_tags, raw->profile->restriction_key);
	if (kind == NULL)
		kind = osm_tag_find(tags, n_tags, "restriction");
	struct raw_restriction r = {0};
	bool no = kind != NULL && text_starts(kind, "no_");
	r.only = kind != NULL && text_starts(kind, "only_");
	if (!raw->profile->obeys_restrictions || !(no || r.only) ||
	    is_excepted(raw->profile, osm_tag_find(tags, n_tags, "except")) ||
	    !restriction_members(raw, members, n_members, &r)) {
		raw->restrictions_ignored++;
		return;
	}
	*(struct raw_restriction *)vec_push(&raw->restrictions) = r;
}
