/* road/road_build: the steps from a raw extract to the sections of a file, and
 * what they hand to each other. Private to the room.
 *
 *	segments.c	ways → segments between junctions, arcs
 *	turns.c		restrictions → vertices and turns
 *	connect.c	the largest strongly connected part stays
 *	spokes.c	the streets around each junction
 *	area_rings.h	relations and coasts become areas of the map
 *	road_build.c	the order of it all, the spatial indices, the map's lines
 *	geocode_build.c	streets, houses and words for the geocoder
 *	road_order.c	the elimination order
 *	road_chordal.c	the chordal graph and its tree
 */
#ifndef ROAD_ROAD_BUILD_H
#define ROAD_ROAD_BUILD_H

#include "road/osm_raw.h"

struct trie_state {
	uint32_t arc;	   /* the last of its sequence */
	uint32_t first, n; /* the sequence, in trie_arcs */
};

/* After the sequence of a state (or of one plain arc): `to` is forbidden, or is
 * the only one allowed. */
struct trie_end {
	uint32_t first, n;
	uint32_t to;
	uint32_t only;
};

struct builder {
	struct scope *sc;
	struct osm_raw *raw;
	struct road_import_report *report;

	uint32_t *ref_node;	/* per ref: its index among raw nodes, or ROAD_NONE */
	struct vec ways;	/* struct road_way, one per raw way */
	struct vec shapes;	/* struct place */
	struct vec rings;	/* uint32: lengths, of areas with holes */
	struct vec shape_nodes; /* int64: OSM nodes of the segments' points, which come first among shapes */
	struct vec segments;
	struct vec arcs;
	uint32_t *junction;	/* per raw node: its number as a junction, or ROAD_NONE */
	uint32_t *junction_raw; /* and back */
	uint32_t n_junctions;

	/* arcs by junction; rebuilt when arcs go */
	uint32_t *out_first, *out_arc, *in_first, *in_arc;

	struct vec forbidden; /* uint64: from arc << 32 | to arc, sorted */
	struct vec trie;      /* struct trie_state */
	struct vec trie_arcs; /* uint32 */
	struct vec ends;      /* struct trie_end */

	struct vec vertices; /* struct road_vertex */
	struct vec vertex_state;
	struct vec segment_vertex;
	struct vec turn_first, turns;
};

#define BUILT(b, member, type, i) VEC_AT(&(b)->member, type, i)

/* By id, in nodes that build_segments has sorted; ROAD_NONE: it is not here. */
uint32_t raw_find_node(const struct osm_raw *raw, int64_t id);
MUST_USE enum code build_segments(struct builder *b);
void build_arc_lists(struct builder *b);
void build_restrictions(struct builder *b);
void build_turns(struct builder *b);
/* Drops what is not connected and renumbers the rest; false where nothing was. */
bool build_connected(struct builder *b);
/* Fills the sections of junctions. */
void build_spokes(struct builder *b, struct road_sections *out);
/* Fills the geocoder's sections; adds to the extract's text. */
void build_names(struct builder *b, struct road_sections *out);
/* Fills the sections of the order, and what the head says of the elimination tree.
 * E_LIMIT  the chordal graph is too large for a file. */
MUST_USE enum code build_order(struct builder *b, struct road_sections *out, struct road_head *head);
/* The part of it that follows when each vertex has its rank. */
MUST_USE enum code build_chordal(struct builder *b, const uint32_t *rank, struct road_sections *out,
				 struct road_head *head);

/* A bearing at an arc's beginning (at_end false) or end, degrees. */
double arc_bearing(const struct place *shape, const struct road_segment *s, bool backward, bool at_end);

#endif
