#include "road/osm_names.h"

#include "base/text.h"
#include "road/osm_raw.h"

void
raw_names_init(struct raw_names *names, struct scope *sc)
{
	vec_init(&names->houses, sc, sizeof(struct raw_house));
	vec_init(&names->interpolations, sc, sizeof(struct raw_interpolation));
	vec_init(&names->aliases, sc, sizeof(struct raw_alias));
	vec_init(&names->localities, sc, sizeof(struct raw_locality));
	vec_init(&names->belongs, sc, sizeof(struct raw_belongs));
}

/* True where the tags give a house number, or a street without one (an end of an interpolation). */
static bool
read_house(struct osm_raw *raw, const struct osm_tag *tags, size_t n, struct raw_house *h)
{
	const char *number = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!text_starts(tags[i].key, "addr:"))
			continue;
		const char *key = tags[i].key + 5;
		if (strcmp(key, "housenumber") == 0)
			number = tags[i].value;
		else if (strcmp(key, "street") == 0)
			h->street = raw_text(raw, tags[i].value);
		else if (strcmp(key, "place") == 0)
			h->place = raw_text(raw, tags[i].value);
		else if (strcmp(key, "postcode") == 0)
			h->postcode = raw_text(raw, tags[i].value);
		else if (strcmp(key, "city") == 0)
			h->city = raw_text(raw, tags[i].value);
	}
	if (number == NULL)
		return false;
	h->number = raw_text(raw, number);
	return h->number != 0;
}

static bool
locality_kind_of(const char *place, uint32_t *kind)
{
	static const struct {
		const char *word;
		enum locality_kind kind;
	} words[] = {
	    {"city", LOCALITY_CITY},
	    {"town", LOCALITY_TOWN},
	    {"municipality", LOCALITY_MUNICIPALITY},
	    {"village", LOCALITY_VILLAGE},
	    {"borough", LOCALITY_BOROUGH},
	    {"suburb", LOCALITY_SUBURB},
	    {"quarter", LOCALITY_QUARTER},
	    {"island", LOCALITY_ISLAND},
	    {"hamlet", LOCALITY_HAMLET},
	    {"neighbourhood", LOCALITY_NEIGHBOURHOOD},
	    {"locality", LOCALITY_SETTLEMENT},
	    {"isolated_dwelling", LOCALITY_SETTLEMENT},
	    {"farm", LOCALITY_SETTLEMENT},
	    {"square", LOCALITY_SETTLEMENT},
	};
	for (size_t i = 0; place != NULL && i < COUNT_OF(words); i++) {
		if (strcmp(words[i].word, place) == 0) {
			*kind = words[i].kind;
			return true;
		}
	}
	return false;
}

void
raw_names_node(struct osm_raw *raw, int64_t id, struct place at, const struct osm_tag *tags, size_t n_tags)
{
	struct raw_house h = {.id = id, .kind = 'n', .at = at};
	struct raw_locality l = {.at = at};
	if (read_house(raw, tags, n_tags, &h))
		*(struct raw_house *)vec_push(&raw->names.houses) = h;
	if (locality_kind_of(osm_tag_find(tags, n_tags, "place"), &l.kind) &&
	    (l.name = raw_text(raw, osm_tag_find(tags, n_tags, "name"))) != 0)
		*(struct raw_locality *)vec_push(&raw->names.localities) = l;
}

/* name:xx and the keys of other names; each may hold several, between semicolons. */
static bool
is_alias_key(const char *key)
{
	static const char *const keys[] = {"alt_name", "old_name", "official_name", "short_name", "loc_name",
					   "int_name", "reg_name", "name:left",	    "name:right", NULL};
	for (size_t i = 0; keys[i] != NULL; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	size_t n = strlen(key);
	return text_starts(key, "name:") && (n == 7 || n == 8);
}

static void
add_aliases(struct osm_raw *raw, const struct osm_tag *tags, size_t n_tags, uint32_t way)
{
	for (size_t i = 0; i < n_tags; i++) {
		if (!is_alias_key(tags[i].key))
			continue;
		for (const char *s = tags[i].value; *s != '\0';) {
			size_t n = strcspn(s, ";");
			char name[256];
			if (n > 0 && n < sizeof name) {
				memcpy(name, s, n);
				name[n] = '\0';
				uint32_t text = raw_text(raw, text_trim(name));
				if (text != 0)
					*(struct raw_alias *)vec_push(&raw->names.aliases) =
					    (struct raw_alias){way, text};
			}
			s += n + (s[n] == ';');
		}
	}
}

static uint32_t
keep_refs(struct osm_raw *raw, const int64_t *refs, size_t n_refs, uint32_t way)
{
	if (way != ROAD_NONE)
		return VEC_AT(&raw->ways, struct raw_way, way)->first_ref;
	uint32_t first = (uint32_t)raw->refs.n;
	memcpy(vec_push_n(&raw->refs, n_refs), refs, n_refs * sizeof *refs);
	return first;
}

static uint32_t
interpolation_step(const char *how)
{
	if (text_eq(how, "odd") || text_eq(how, "even"))
		return 2;
	return text_eq(how, "all") ? 1 : 0;
}

void
raw_names_way(struct osm_raw *raw, int64_t id, const int64_t *refs, size_t n_refs, const struct osm_tag *tags,
	      size_t n_tags, uint32_t way)
{
	struct raw_house h = {.id = id, .kind = 'w', .n_refs = (uint32_t)n_refs};
	struct raw_locality l = {.n_refs = (uint32_t)n_refs};
	struct raw_interpolation ip = {.n_refs = (uint32_t)n_refs};
	bool house = read_house(raw, tags, n_tags, &h);
	bool locality = locality_kind_of(osm_tag_find(tags, n_tags, "place"), &l.kind) &&
			(l.name = raw_text(raw, osm_tag_find(tags, n_tags, "name"))) != 0;
	ip.step = interpolation_step(osm_tag_find(tags, n_tags, "addr:interpolation"));
	if (house || locality || ip.step != 0)
		h.first_ref = l.first_ref = ip.first_ref = keep_refs(raw, refs, n_refs, way);
	if (house)
		*(struct raw_house *)vec_push(&raw->names.houses) = h;
	if (locality)
		*(struct raw_locality *)vec_push(&raw->names.localities) = l;
	if (ip.step != 0)
		*(struct raw_interpolation *)vec_push(&raw->names.interpolations) = ip;
	if (way != ROAD_NONE && VEC_AT(&raw->ways, struct raw_way, way)->verdict.class != CLASS_NONE)
		add_aliases(raw, tags, n_tags, way);
}

void
raw_names_relation(struct osm_raw *raw, const struct osm_member *members, size_t n_members, const struct osm_tag *tags,
		   size_t n_tags)
{
	const char *type = osm_tag_find(tags, n_tags, "type");
	uint32_t street = raw_text(raw, osm_tag_find(tags, n_tags, "name"));
	if (street == 0 || !(text_eq(type, "associatedStreet") || text_eq(type, "street")))
		return;
	for (size_t i = 0; i < n_members; i++)
		if (text_eq(members[i].role, "house") || text_eq(members[i].role, "address"))
			*(struct raw_belongs *)vec_push(&raw->names.belongs) =
			    (struct raw_belongs){members[i].id, members[i].kind, street};
}
