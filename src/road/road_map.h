/* road/map: what a `.road` file holds, and the opened file. Private to the room.
 *
 *	+--------------------------------------------------------------+
 *	| header: magic, version, bytes, BLAKE2b of all that follows    |
 *	| table: per section its element size, offset and count         |
 *	+--------------------------------------------------------------+
 *	| sections, 64-byte aligned, little-endian, used where they lie |
 *	+--------------------------------------------------------------+
 *
 * Streets are way > segment > arc; a segment runs between two junctions.
 * Turns live on a graph of *vertices*: a vertex says "about to drive this arc",
 * and a turn leads to a vertex of an arc that leaves where this one ends. Most
 * arcs have one vertex. An arc has more
 *	- in a street for trip ends only: the start copy leads out of private
 *	  ground, the end copy into it, and nothing leads from the end copy back;
 *	- inside a restriction over several ways: a copy remembers how the arc
 *	  was entered.
 * The vertices of a segment are numbered without gaps (segment_vertex).
 */
#ifndef ROAD_MAP_H
#define ROAD_MAP_H

#include <stdatomic.h>

#include "road/geocode_map.h"
#include "road/road.h"

#define ROAD_NONE UINT32_MAX

enum road_class {
	CLASS_NONE,
	CLASS_MOTORWAY,
	CLASS_MOTORWAY_LINK,
	CLASS_TRUNK,
	CLASS_TRUNK_LINK,
	CLASS_PRIMARY,
	CLASS_PRIMARY_LINK,
	CLASS_SECONDARY,
	CLASS_SECONDARY_LINK,
	CLASS_TERTIARY,
	CLASS_TERTIARY_LINK,
	CLASS_UNCLASSIFIED,
	CLASS_RESIDENTIAL,
	CLASS_LIVING_STREET,
	CLASS_SERVICE,
	CLASS_TRACK,
	CLASS_PEDESTRIAN,
	CLASS_FOOTWAY,
	CLASS_CYCLEWAY,
	CLASS_PATH,
	CLASS_STEPS,
	CLASS_FERRY,
	CLASS_COUNT,
	/* drawn, never driven */
	DRAW_WATER = 32,
	DRAW_WATERWAY,
	DRAW_GREEN,
	DRAW_BUILDING,
	DRAW_SQUARE,
	DRAW_RAIL,
	DRAW_COAST,
	DRAW_SEA,
};

static inline bool
road_kind_is_area(uint32_t kind)
{
	return kind == DRAW_WATER || kind == DRAW_GREEN || kind == DRAW_BUILDING || kind == DRAW_SQUARE ||
	       kind == DRAW_SEA;
}

/* struct road_way.flags */
#define WAY_TRIP_ENDS 1u /* private, delivery, destination */
#define WAY_ROUNDABOUT 2u
#define WAY_ONEWAY 4u /* along its points */
#define WAY_BRIDGE 8u
#define WAY_TUNNEL 16u
#define WAY_HOUSES 32u /* somebody could live here */
#define WAY_ONEWAY_BACK 64u

struct road_way {
	int64_t osm_id;
	uint32_t name, ref; /* offsets into the text section; 0: "" */
	uint8_t class, flags;
	uint8_t forward_kmh, backward_kmh; /* 0: not that way */
	uint32_t destination;		   /* what its signs say, "A1, A3: Lisboa, Coimbra"; one-way streets only */
};

struct road_segment {
	uint32_t node[2]; /* where its points begin and end */
	uint32_t shape, n_shape;
	uint32_t length_dm;
	uint32_t way;
	uint32_t arc[2];   /* forward, backward; ROAD_NONE: not that way */
	uint32_t position; /* of its first point among the way's: names a segment across extracts */
};

struct road_arc {
	uint32_t segment;
	uint32_t backward; /* 0 or 1 */
	uint32_t tail, head;
};

/* A street seen from the junction where one of its segments begins or ends. */
struct road_spoke {
	uint32_t segment;
	uint32_t arc;	       /* leaves by it; ROAD_NONE: a one-way street that only comes in */
	uint16_t bearing_cdeg; /* of leaving, hundredths of a degree clockwise from north */
	uint16_t end;	       /* of the segment's two; a loop stands at its junction twice */
};
#define SPOKE_CIRCLE 36000
#define SPOKES_SEEN 32u /* bits of arc_open; no driver is told more of a junction */

#define VERTEX_START 1u /* a trip may begin here */
#define VERTEX_END 2u	/* and end here */

struct road_vertex {
	uint32_t arc;
	uint32_t flags;
};

struct road_turn_edge {
	uint32_t to; /* vertex */
	uint32_t cost_ms;
};

/* n chordal arcs of one vertex, in a row, whose heads lie at depth, depth - 1, …:
 * road_chordal.c. */
struct road_run {
	uint16_t depth, n;
};

/* A feature of the map: a way's points, or an area's rings. A ring ends with the
 * point it began with. */
struct road_line {
	uint32_t shape, n_shape;
	uint32_t way;  /* for name and class; ROAD_NONE: only a kind */
	uint32_t kind; /* enum road_class */
	uint32_t name;
	uint32_t ring, n_rings; /* of an area with holes: the length of each ring, the outer first; 0: all is one */
};

struct road_spot {
	struct place at;
	uint32_t name;
	uint32_t kind; /* enum spot_kind */
};
enum spot_kind { SPOT_CITY, SPOT_TOWN, SPOT_VILLAGE, SPOT_SUBURB, SPOT_HAMLET };

struct road_head {
	struct bounds bounds;	   /* of the segments */
	struct bounds draw_bounds; /* of the map's lines */
	uint32_t profile;	   /* text */
	uint32_t source;
	uint32_t drives_on_left;
	uint32_t grid_columns, grid_rows; /* over bounds */
	uint32_t cell_e7_lat, cell_e7_lon;
	uint32_t draw_columns, draw_rows, draw_cell_e7; /* over draw_bounds */
	uint32_t n_nodes;
	uint32_t max_depth;    /* of the elimination tree */
	uint32_t kerb_classes; /* bit per class: stops are on the point's own side */
	uint32_t core_cells;   /* numbers in all rows of the core */
};
#define DRAW_CELL_E7 50000

enum road_section {
	SECTION_HEAD,
	SECTION_TEXT,
	SECTION_WAY,
	SECTION_SHAPE,
	SECTION_SHAPE_NODE, /* the OSM node of each point of a segment */
	SECTION_SEGMENT,
	SECTION_NODE_FIRST, /* junction → the streets around it, clockwise */
	SECTION_SPOKE,
	SECTION_ARC_OPEN,	/* per arc: bit i: it may go on by spoke i of the junction it ends at */
	SECTION_SEGMENT_VERTEX, /* first vertex of each segment; one more at the end */
	SECTION_ARC,
	SECTION_ARC_MS,
	SECTION_VERTEX,
	SECTION_TURN_FIRST, /* first turn of each vertex; one more at the end */
	SECTION_TURN,
	SECTION_GRID_FIRST, /* cell → segments */
	SECTION_GRID,
	SECTION_LINE,
	SECTION_RING,	    /* lengths of rings, in points */
	SECTION_DRAW_FIRST, /* cell → lines */
	SECTION_DRAW,
	SECTION_SPOT,
	SECTION_RANK,	  /* vertex → its place in the elimination order */
	SECTION_UP_FIRST, /* the chordal graph, by rank: see road_chordal.c */
	SECTION_UP_HEAD,
	SECTION_PARENT,
	SECTION_DEPTH,	     /* by rank; a root has 0 */
	SECTION_RANK_VERTEX, /* and back to the vertex */
	SECTION_UP_DEPTH,    /* per chordal arc: of its head */
	SECTION_UP_TAIL,
	SECTION_DOWN_FIRST, /* the chordal arcs that end at a vertex, lowest tail first */
	SECTION_DOWN,
	SECTION_TURN_ARC,  /* per turn: its chordal arc << 1 | (it leads down) */
	SECTION_CHAIN_END, /* by rank: as far up as each parent is the next rank */
	SECTION_CORE_ROW,  /* by rank: where its row of the core begins; ROAD_NONE: below the core (core.h) */
	SECTION_RUN_FIRST, /* first run of each vertex, by rank; one more at the end */
	SECTION_RUN,
	SECTION_GEO_ENTITY, /* the geocoder's: see geocode_map.h */
	SECTION_GEO_NAME,
	SECTION_GEO_WORD,
	SECTION_GEO_HOUSE,
	SECTION_GEO_TOKEN,
	SECTION_GEO_POSTING,
	SECTION_GEO_DELETE,
	SECTION_GEO_POSTCODE,
	SECTION_COUNT
};

struct road {
	void *map;
	size_t map_bytes;
	struct road_info info;

	const struct road_head *head;
	const char *text;
	const struct road_way *way;
	const struct place *shape;
	const int64_t *shape_node;
	const uint32_t *node_first;
	const struct road_spoke *spoke;
	const uint32_t *arc_open;
	const struct road_segment *segment;
	const uint32_t *segment_vertex;
	const struct road_arc *arc;
	const uint32_t *arc_ms;
	const struct road_vertex *vertex;
	const uint32_t *turn_first;
	const struct road_turn_edge *turn;
	const uint32_t *grid_first, *grid;
	const struct road_line *line;
	const uint32_t *ring;
	const uint32_t *draw_first, *draw;
	const struct road_spot *spot;
	const uint32_t *rank;
	const uint32_t *up_first, *up_head, *parent, *depth, *rank_vertex, *up_depth, *up_tail;
	const uint32_t *down_first, *down, *turn_arc;
	const uint32_t *chain_end, *core_row;
	const uint32_t *run_first;
	const struct road_run *run;
	struct geo_index geo;
	size_t n[SECTION_COUNT];

	struct road_metrics *metrics; /* owned */
};

/* What an importer hands to road_file_write. */
struct road_sections {
	const void *at[SECTION_COUNT];
	size_t n[SECTION_COUNT];
};
size_t road_section_size(enum road_section s);
MUST_USE enum code road_file_write(struct scope *sc, const char *path, const struct road_sections *sections,
				   size_t *bytes);

/* The part of a weight that lies before a fraction. */
static inline uint32_t
road_part(uint32_t weight, uint32_t fraction)
{
	return (uint32_t)(((uint64_t)weight * fraction + ROAD_WHOLE / 2) / ROAD_WHOLE);
}

/* How far along its arc a point lies. */
static inline uint32_t
road_arc_fraction(const struct road_arc *a, const struct road_point *p)
{
	return a->backward != 0 ? ROAD_WHOLE - p->fraction : p->fraction;
}

static inline double
road_arc_length_m(const struct road *road, uint32_t arc)
{
	return road->segment[road->arc[arc].segment].length_dm * 0.1;
}

#define ROAD_INFINITE 0x3fffffffu /* ms; twice it still fits int32 */

#endif
