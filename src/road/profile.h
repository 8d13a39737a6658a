/* road/profile: who moves, as data: what the tags of a way or a node mean for
 * a van, a bicycle or a walker. Private to the room. */
#ifndef ROAD_PROFILE_H
#define ROAD_PROFILE_H

#include "road/road_map.h"

struct osm_tag {
	const char *key, *value;
};

struct profile {
	const char *name;
	const char *const *access_keys; /* the most special last; ends with NULL */
	const char *const *except;	/* names in a restriction's except=; ends with NULL */
	const char *restriction_key;	/* "restriction:motorcar", beside "restriction" */
	bool obeys_oneway, obeys_restrictions;
	uint8_t class_kmh[CLASS_COUNT]; /* 0: not its kind of street */
	uint8_t limit_pct[CLASS_COUNT]; /* share of a posted limit that is reached */
	uint8_t top_kmh;
	uint32_t turn_ms;      /* of a turn by 90°, on top of driving */
	uint32_t cross_pct;    /* turns across the oncoming traffic, in percent of that */
	uint32_t u_turn_ms;    /* at a dead end */
	uint32_t signal_ms;    /* mean wait at lights */
	uint32_t barrier_ms;   /* a gate that opens */
	uint32_t kerb_classes; /* bit per class: arrive on the point's own side */
};

/* NULL: there is none of that name. */
const struct profile *profile_find(const char *name);

struct way_verdict {
	enum road_class class;
	uint8_t flags;
	uint8_t forward_kmh, backward_kmh; /* 0: may not */
};
/* class is CLASS_NONE where the way is no street at all. */
void profile_judge_way(const struct profile *p, const struct osm_tag *tags, size_t n, struct way_verdict *out);

#define NODE_BLOCKED 1u /* nothing of this profile passes */
#define NODE_SIGNAL 2u
#define NODE_GATE 4u
uint8_t profile_judge_node(const struct profile *p, const struct osm_tag *tags, size_t n);

/* NULL: no such key. */
const char *osm_tag_find(const struct osm_tag *tags, size_t n, const char *key);
/* Do they drive on the left around here? Coarse boxes of countries. */
bool drives_on_left(struct place at);

#endif
