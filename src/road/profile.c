/* Profiles and the tags they read. The speeds are what a vehicle reaches on an
 * empty street, not what the law would allow; learning corrects them (metrics).
 *
 * access=private, delivery, destination and customers mean: the ends of a trip
 * may lie here, nothing passes through.
 */
#include "road/profile.h"

#include <strings.h>

#include "base/text.h"

static const char *const van_access[] = {"access", "vehicle", "motor_vehicle", "motorcar", "goods", NULL};
static const char *const bike_access[] = {"access", "vehicle", "bicycle", NULL};
static const char *const walk_access[] = {"access", "foot", NULL};
static const char *const van_except[] = {"motorcar", "motor_vehicle", "goods", "delivery", NULL};
static const char *const bike_except[] = {"bicycle", NULL};
static const char *const walk_except[] = {"foot", NULL};

#define BIG_STREETS \
	(1u << CLASS_MOTORWAY | 1u << CLASS_MOTORWAY_LINK | 1u << CLASS_TRUNK | 1u << CLASS_TRUNK_LINK | \
	 1u << CLASS_PRIMARY | 1u << CLASS_PRIMARY_LINK | 1u << CLASS_SECONDARY | 1u << CLASS_SECONDARY_LINK)

static const struct profile profiles[] = {
    {
	.name = "van",
	.access_keys = van_access,
	.except = van_except,
	.restriction_key = "restriction:motorcar",
	.obeys_oneway = true,
	.obeys_restrictions = true,
	.class_kmh = {[CLASS_MOTORWAY] = 100,
		      [CLASS_MOTORWAY_LINK] = 55,
		      [CLASS_TRUNK] = 80,
		      [CLASS_TRUNK_LINK] = 45,
		      [CLASS_PRIMARY] = 55,
		      [CLASS_PRIMARY_LINK] = 35,
		      [CLASS_SECONDARY] = 45,
		      [CLASS_SECONDARY_LINK] = 30,
		      [CLASS_TERTIARY] = 38,
		      [CLASS_TERTIARY_LINK] = 28,
		      [CLASS_UNCLASSIFIED] = 32,
		      [CLASS_RESIDENTIAL] = 26,
		      [CLASS_LIVING_STREET] = 10,
		      [CLASS_SERVICE] = 14,
		      [CLASS_FERRY] = 12},
	.limit_pct = {[CLASS_MOTORWAY] = 95,
		      [CLASS_MOTORWAY_LINK] = 75,
		      [CLASS_TRUNK] = 90,
		      [CLASS_TRUNK_LINK] = 75,
		      [CLASS_PRIMARY] = 85,
		      [CLASS_PRIMARY_LINK] = 75,
		      [CLASS_SECONDARY] = 82,
		      [CLASS_SECONDARY_LINK] = 70,
		      [CLASS_TERTIARY] = 78,
		      [CLASS_TERTIARY_LINK] = 70,
		      [CLASS_UNCLASSIFIED] = 70,
		      [CLASS_RESIDENTIAL] = 65,
		      [CLASS_LIVING_STREET] = 60,
		      [CLASS_SERVICE] = 50,
		      [CLASS_FERRY] = 100},
	.top_kmh = 110,
	.turn_ms = 3500,
	.cross_pct = 150,
	.u_turn_ms = 20000,
	.signal_ms = 4000,
	.barrier_ms = 10000,
	.kerb_classes = BIG_STREETS,
    },
    {
	.name = "bike",
	.access_keys = bike_access,
	.except = bike_except,
	.restriction_key = "restriction:bicycle",
	.obeys_oneway = true,
	.obeys_restrictions = true,
	.class_kmh = {[CLASS_PRIMARY] = 16,
		      [CLASS_PRIMARY_LINK] = 16,
		      [CLASS_SECONDARY] = 17,
		      [CLASS_SECONDARY_LINK] = 17,
		      [CLASS_TERTIARY] = 18,
		      [CLASS_TERTIARY_LINK] = 18,
		      [CLASS_UNCLASSIFIED] = 18,
		      [CLASS_RESIDENTIAL] = 17,
		      [CLASS_LIVING_STREET] = 12,
		      [CLASS_SERVICE] = 14,
		      [CLASS_TRACK] = 12,
		      [CLASS_PEDESTRIAN] = 6,
		      [CLASS_FOOTWAY] = 5,
		      [CLASS_CYCLEWAY] = 18,
		      [CLASS_PATH] = 12,
		      [CLASS_STEPS] = 2,
		      [CLASS_FERRY] = 12},
	.limit_pct = {0},
	.top_kmh = 25,
	.turn_ms = 1500,
	.cross_pct = 130,
	.u_turn_ms = 5000,
	.signal_ms = 6000,
	.barrier_ms = 5000,
	.kerb_classes = 1u << CLASS_PRIMARY | 1u << CLASS_SECONDARY,
    },
    {
	.name = "walk",
	.access_keys = walk_access,
	.except = walk_except,
	.restriction_key = "restriction:foot",
	.obeys_oneway = false,
	.obeys_restrictions = false,
	.class_kmh = {[CLASS_PRIMARY] = 5,
		      [CLASS_PRIMARY_LINK] = 5,
		      [CLASS_SECONDARY] = 5,
		      [CLASS_SECONDARY_LINK] = 5,
		      [CLASS_TERTIARY] = 5,
		      [CLASS_TERTIARY_LINK] = 5,
		      [CLASS_UNCLASSIFIED] = 5,
		      [CLASS_RESIDENTIAL] = 5,
		      [CLASS_LIVING_STREET] = 5,
		      [CLASS_SERVICE] = 5,
		      [CLASS_TRACK] = 5,
		      [CLASS_PEDESTRIAN] = 5,
		      [CLASS_FOOTWAY] = 5,
		      [CLASS_CYCLEWAY] = 5,
		      [CLASS_PATH] = 5,
		      [CLASS_STEPS] = 3,
		      [CLASS_FERRY] = 12},
	.limit_pct = {0},
	.top_kmh = 6,
	.turn_ms = 0,
	.cross_pct = 100,
	.u_turn_ms = 0,
	.signal_ms = 10000,
	.barrier_ms = 0,
	.kerb_classes = 0,
    },
};

const struct profile *
profile_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(profiles); i++)
		if (text_eq(profiles[i].name, name))
			return &profiles[i];
	return NULL;
}

const char *
osm_tag_find(const struct osm_tag *tags, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(tags[i].key, key) == 0)
			return tags[i].value;
	return NULL;
}

static bool
one_of(const char *value, const char *const words[])
{
	if (value == NULL)
		return false;
	for (size_t i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], value) == 0)
			return true;
	return false;
}

static const struct {
	const char *value;
	enum road_class class;
} highways[] = {
    {"motorway", CLASS_MOTORWAY},
    {"motorway_link", CLASS_MOTORWAY_LINK},
    {"trunk", CLASS_TRUNK},
    {"trunk_link", CLASS_TRUNK_LINK},
    {"primary", CLASS_PRIMARY},
    {"primary_link", CLASS_PRIMARY_LINK},
    {"secondary", CLASS_SECONDARY},
    {"secondary_link", CLASS_SECONDARY_LINK},
    {"tertiary", CLASS_TERTIARY},
    {"tertiary_link", CLASS_TERTIARY_LINK},
    {"unclassified", CLASS_UNCLASSIFIED},
    {"road", CLASS_UNCLASSIFIED},
    {"residential", CLASS_RESIDENTIAL},
    {"living_street", CLASS_LIVING_STREET},
    {"service", CLASS_SERVICE},
    {"track", CLASS_TRACK},
    {"pedestrian", CLASS_PEDESTRIAN},
    {"footway", CLASS_FOOTWAY},
    {"platform", CLASS_FOOTWAY},
    {"cycleway", CLASS_CYCLEWAY},
    {"path", CLASS_PATH},
    {"bridleway", CLASS_PATH},
    {"steps", CLASS_STEPS},
};

static enum road_class
class_of(const struct osm_tag *tags, size_t n)
{
	const char *highway = osm_tag_find(tags, n, "highway");
	if (highway == NULL)
		return text_eq(osm_tag_find(tags, n, "route"), "ferry") ? CLASS_FERRY : CLASS_NONE;
	for (size_t i = 0; i < COUNT_OF(highways); i++)
		if (strcmp(highways[i].value, highway) == 0)
			return highways[i].class;
	return CLASS_NONE;
}

enum access { ACCESS_UNSAID, ACCESS_YES, ACCESS_ENDS, ACCESS_NO };

static enum access
access_of_value(const char *value)
{
	static const char *const no[] = {"no",	     "agricultural", "forestry", "emergency", "psv",
					 "military", "use_sidepath", "bus",	 NULL};
	static const char *const ends[] = {"private", "delivery",  "destination", "customers",
					   "permit",  "residents", NULL};
	static const char *const yes[] = {"yes", "permissive", "designated", "official", "public", "dismount", NULL};
	if (one_of(value, no))
		return ACCESS_NO;
	if (one_of(value, ends))
		return ACCESS_ENDS;
	return one_of(value, yes) ? ACCESS_YES : ACCESS_UNSAID;
}

static enum access
access_of(const struct profile *p, const struct osm_tag *tags, size_t n)
{
	enum access found = ACCESS_UNSAID;
	for (size_t i = 0; p->access_keys[i] != NULL; i++) {
		enum access a = access_of_value(osm_tag_find(tags, n, p->access_keys[i]));
		if (a != ACCESS_UNSAID)
			found = a;
	}
	return found;
}

/* What "SE:urban" and its kin stand for, km/h. */
static const struct {
	const char *country;
	uint8_t urban, rural, trunk, motorway;
} country_limits[] = {
    {"SE", 50, 70, 90, 110},  {"PT", 50, 90, 100, 120}, {"DE", 50, 100, 100, 130}, {"FR", 50, 80, 110, 130},
    {"CH", 50, 80, 100, 120}, {"LI", 50, 80, 80, 80},	{"AT", 50, 100, 100, 130}, {"IT", 50, 90, 110, 130},
    {"ES", 50, 90, 100, 120}, {"NL", 50, 80, 100, 130}, {"BE", 50, 70, 120, 120},  {"PL", 50, 90, 100, 140},
    {"DK", 50, 80, 80, 130},  {"NO", 50, 80, 80, 110},	{"FI", 50, 80, 100, 120},  {"CZ", 50, 90, 110, 130},
    {"GB", 48, 97, 113, 113}, {"IE", 50, 80, 100, 120}, {"RO", 50, 90, 100, 130},  {"HU", 50, 90, 110, 130},
    {"GR", 50, 90, 110, 130}, {"MT", 50, 80, 80, 80},	{"AU", 50, 100, 110, 110}, {"MC", 50, 50, 50, 50},
};

static uint8_t
limit_of_zone(const char *value)
{
	for (size_t i = 0; i < COUNT_OF(country_limits); i++) {
		size_t len = strlen(country_limits[i].country);
		if (strncmp(value, country_limits[i].country, len) != 0 || value[len] != ':')
			continue;
		const char *zone = value + len + 1;
		if (text_eq(zone, "urban"))
			return country_limits[i].urban;
		if (text_eq(zone, "rural"))
			return country_limits[i].rural;
		if (text_eq(zone, "trunk"))
			return country_limits[i].trunk;
		if (text_eq(zone, "motorway"))
			return country_limits[i].motorway;
		if (text_eq(zone, "living_street") || text_eq(zone, "walk"))
			return 10;
	}
	return 0;
}

/* km/h; 0: says nothing we understand. */
static uint8_t
limit_of(const char *value)
{
	if (value == NULL)
		return 0;
	if (text_eq(value, "none"))
		return 130;
	if (text_eq(value, "walk"))
		return 7;
	char *end;
	double v = strtod(value, &end);
	if (end == value)
		return limit_of_zone(value);
	while (*end == ' ')
		end++;
	if (text_eq(end, "mph"))
		v *= 1.609344;
	else if (*end != '\0' && *end != ';' && !text_eq(end, "km/h") && !text_eq(end, "kmh"))
		return 0;
	return v >= 1 && v <= 200 ? (uint8_t)v : 0;
}

static uint8_t
surface_limit(const struct osm_tag *tags, size_t n)
{
	static const struct {
		const char *value;
		uint8_t kmh;
	} surfaces[] = {
	    {"cobblestone", 25}, {"sett", 30},	      {"unhewn_cobblestone", 20},
	    {"gravel", 30},	 {"fine_gravel", 30}, {"pebblestone", 25},
	    {"dirt", 20},	 {"earth", 20},	      {"ground", 20},
	    {"grass", 12},	 {"mud", 8},	      {"sand", 10},
	    {"unpaved", 25},	 {"wood", 25},	      {"grass_paver", 20},
	};
	const char *surface = osm_tag_find(tags, n, "surface");
	for (size_t i = 0; surface != NULL && i < COUNT_OF(surfaces); i++)
		if (strcmp(surfaces[i].value, surface) == 0)
			return surfaces[i].kmh;
	return 255;
}

static uint8_t
speed_of(const struct profile *p, enum road_class class, const struct osm_tag *tags, size_t n,
	 const char *direction_key)
{
	uint8_t kmh = p->class_kmh[class];
	if (p->limit_pct[class] != 0) {
		uint8_t limit = limit_of(osm_tag_find(tags, n, direction_key));
		if (limit == 0)
			limit = limit_of(osm_tag_find(tags, n, "maxspeed"));
		if (limit == 0)
			limit = limit_of(osm_tag_find(tags, n, "maxspeed:type"));
		if (limit != 0)
			kmh = (uint8_t)(limit * p->limit_pct[class] / 100);
		uint8_t surface = surface_limit(tags, n);
		if (kmh > surface)
			kmh = surface;
	}
	if (kmh > p->top_kmh)
		kmh = p->top_kmh;
	return kmh < 2 ? 2 : kmh;
}

enum oneway { ONEWAY_NO, ONEWAY_ALONG, ONEWAY_BACK, ONEWAY_CLOSED };

static enum oneway
oneway_of(const struct profile *p, enum road_class class, const struct osm_tag *tags, size_t n)
{
	if (!p->obeys_oneway)
		return ONEWAY_NO;
	const char *special = NULL;
	if (text_eq(p->name, "bike")) {
		const char *cycleway = osm_tag_find(tags, n, "cycleway");
		if (cycleway != NULL && text_starts(cycleway, "opposite"))
			return ONEWAY_NO;
		special = osm_tag_find(tags, n, "oneway:bicycle");
	} else {
		special = osm_tag_find(tags, n, "oneway:motor_vehicle");
	}
	const char *oneway = special != NULL ? special : osm_tag_find(tags, n, "oneway");
	static const char *const along[] = {"yes", "true", "1", NULL};
	static const char *const back[] = {"-1", "reverse", NULL};
	static const char *const no[] = {"no", "false", "0", NULL};
	static const char *const closed[] = {"reversible", "alternating", NULL};
	if (one_of(oneway, along))
		return ONEWAY_ALONG;
	if (one_of(oneway, back))
		return ONEWAY_BACK;
	if (one_of(oneway, no))
		return ONEWAY_NO;
	if (one_of(oneway, closed))
		return ONEWAY_CLOSED;
	const char *junction = osm_tag_find(tags, n, "junction");
	if (text_eq(junction, "roundabout") || text_eq(junction, "circular"))
		return ONEWAY_ALONG;
	return class == CLASS_MOTORWAY || class == CLASS_MOTORWAY_LINK ? ONEWAY_ALONG : ONEWAY_NO;
}

static uint8_t
shape_flags(enum road_class class, const struct osm_tag *tags, size_t n)
{
	uint8_t flags = 0;
	const char *junction = osm_tag_find(tags, n, "junction");
	if (text_eq(junction, "roundabout") || text_eq(junction, "circular"))
		flags |= WAY_ROUNDABOUT;
	const char *bridge = osm_tag_find(tags, n, "bridge");
	if (bridge != NULL && !text_eq(bridge, "no"))
		flags |= WAY_BRIDGE;
	const char *tunnel = osm_tag_find(tags, n, "tunnel");
	if (tunnel != NULL && !text_eq(tunnel, "no"))
		flags |= WAY_TUNNEL;
	bool lived_in = class == CLASS_RESIDENTIAL || class == CLASS_LIVING_STREET || class == CLASS_UNCLASSIFIED ||
			class == CLASS_TERTIARY;
	if (lived_in && osm_tag_find(tags, n, "name") != NULL &&
	    (flags & (WAY_TUNNEL | WAY_BRIDGE | WAY_ROUNDABOUT)) == 0)
		flags |= WAY_HOUSES;
	return flags;
}

/* May this profile use that class at all, and on what terms? */
static enum access
way_access(const struct profile *p, enum road_class class, const struct osm_tag *tags, size_t n)
{
	if (text_eq(osm_tag_find(tags, n, "area"), "yes") || text_eq(osm_tag_find(tags, n, "impassable"), "yes"))
		return ACCESS_NO;
	enum access a = access_of(p, tags, n);
	if (class == CLASS_FERRY && a == ACCESS_UNSAID)
		return text_eq(p->name, "van") ? ACCESS_NO : ACCESS_YES;
	if (p->class_kmh[class] == 0)
		return ACCESS_NO;
	if (text_eq(osm_tag_find(tags, n, "service"), "emergency_access"))
		return ACCESS_NO;
	return a;
}

void
profile_judge_way(const struct profile *p, const struct osm_tag *tags, size_t n, struct way_verdict *out)
{
	struct way_verdict v = {.class = class_of(tags, n)};
	if (v.class == CLASS_NONE) {
		*out = v;
		return;
	}
	v.flags = shape_flags(v.class, tags, n);
	enum oneway oneway = oneway_of(p, v.class, tags, n);
	if (oneway == ONEWAY_ALONG)
		v.flags |= WAY_ONEWAY;
	if (oneway == ONEWAY_BACK)
		v.flags |= WAY_ONEWAY_BACK;
	enum access a = way_access(p, v.class, tags, n);
	if (a == ACCESS_ENDS)
		v.flags |= WAY_TRIP_ENDS;
	if (a != ACCESS_NO && oneway != ONEWAY_CLOSED) {
		if (oneway != ONEWAY_BACK)
			v.forward_kmh = speed_of(p, v.class, tags, n, "maxspeed:forward");
		if (oneway != ONEWAY_ALONG)
			v.backward_kmh = speed_of(p, v.class, tags, n, "maxspeed:backward");
	}
	*out = v;
}

uint8_t
profile_judge_node(const struct profile *p, const struct osm_tag *tags, size_t n)
{
	uint8_t flags = 0;
	if (text_eq(osm_tag_find(tags, n, "highway"), "traffic_signals"))
		flags |= NODE_SIGNAL;
	const char *barrier = osm_tag_find(tags, n, "barrier");
	if (barrier == NULL)
		return flags;
	static const char *const open[] = {"border_control",	"toll_booth", "cattle_grid",
					   "entrance",		"sally_port", "no",
					   "height_restrictor", "kerb",	      NULL};
	static const char *const gates[] = {"gate", "lift_gate", "swing_gate", "sliding_gate", NULL};
	static const char *const foot_only[] = {"bollard", "block", "cycle_barrier", "chain", "jersey_barrier", NULL};
	enum access a = access_of(p, tags, n);
	bool drives = text_eq(p->name, "van");
	if (a == ACCESS_YES || one_of(barrier, open))
		return flags;
	if (a == ACCESS_NO)
		return flags | NODE_BLOCKED;
	if (one_of(barrier, gates))
		return flags | NODE_GATE;
	if (!drives && one_of(barrier, foot_only))
		return flags;
	return text_eq(p->name, "walk") ? flags : flags | NODE_BLOCKED;
}

bool
drives_on_left(struct place at)
{
	static const struct {
		double lat0, lat1, lon0, lon1;
	} boxes[] = {
	    {49.8, 61.0, -10.8, 1.9}, {35.7, 36.2, 14.1, 14.7}, {34.5, 35.8, 32.2, 34.7},
	    {-44, -10, 112, 154},     {-48, -34, 166, 179},	{24, 46, 128, 146},
	    {6, 30, 68, 90},	      {-35, -17, 16.5, 33},	{1.1, 1.5, 103.6, 104.1},
	};
	double lat = place_lat(at);
	double lon = place_lon(at);
	for (size_t i = 0; i < COUNT_OF(boxes); i++)
		if (lat >= boxes[i].lat0 && lat <= boxes[i].lat1 && lon >= boxes[i].lon0 && lon <= boxes[i].lon1)
			return true;
	return false;
}
