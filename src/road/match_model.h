/* road/match_model: the hidden Markov model of map matching: states, how well
 * they fit, how well they follow each other. What is done with it is in
 * match_stream.c. Private to the room. */
#ifndef ROAD_MATCH_MODEL_H
#define ROAD_MATCH_MODEL_H

#include "road/match_stream.h"
#include "road/trip.h"

#define STATES_MAX 24u
#define GAP_MAX_M 3000.0
#define STILL_SIGMAS 1.0 /* a fix nearer than this to the last kept one is passed over */
#define SCORE_REACH 20.0 /* states worse than the best by more lead nowhere */

struct match_state {
	struct road_point at; /* leaves and arrives by one arc */
	double score;	      /* log-likelihood of the best way here; -INFINITY: dead */
	uint32_t before;      /* state of the column before; ROAD_NONE: a beginning */
};

struct match_column {
	uint64_t number; /* of its fix */
	struct road_fix fix;
	struct match_state *states; /* owned */
	uint32_t n;
	bool begins; /* nothing leads here */
};

struct road_matcher {
	const struct road *road;
	struct dijkstra search;
};

double match_sigma(const struct road_fix *f);
/* The arcs near a fix, scored by their distance. 0: no street is near. */
uint32_t match_states(struct road_matcher *m, struct scope *sc, const struct road_fix *fix,
		      struct match_state out[static STATES_MAX]);
/* Scores b's states by the best way from one of a's. False where none leads
 * there: b is as it was. */
bool match_step(struct road_matcher *m, const struct match_column *a, struct match_column *b);
/* May this state still lead on? best: of its column. */
bool match_survives(const struct match_state *s, double best);
uint32_t match_best(const struct match_column *c);
/* The way between two states that follow each other. */
void match_join(struct road_matcher *m, struct scope *sc, const struct match_state *a, const struct match_state *b,
		struct road_path *out);

#endif
