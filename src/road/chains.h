/* road/chains: ways joined end to end, for the rings of areas and for coasts.
 * Private to the room. */
#ifndef ROAD_CHAINS_H
#define ROAD_CHAINS_H

#include "road/vec.h"

/* A way's nodes, n ≥ 2 of them; borrowed. */
struct stretch_of_nodes {
	const uint32_t *node;
	uint32_t n;
};

struct chain_of_nodes {
	uint32_t *node; /* the scope's */
	uint32_t n;
	bool closed; /* the last node is the first */
};

/* Joins what meets, each way once, as far as it goes. directed: ways keep their
 * direction, and an open chain is found whole; else ways may be turned about, and
 * only closed chains are. At most n chains. */
size_t chains_join(struct scope *sc, const struct stretch_of_nodes *ways, uint32_t n, bool directed,
		   struct chain_of_nodes **out);

#endif
