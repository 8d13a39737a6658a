/* duty/duty_order: the order drivers like to go, learned from their own hands;
 * within the room.
 *
 * When a driver reorders her stops, each step of her new order that the old one
 * did not have counts one for "from this spot to that", each step she gave up one
 * against. A spot is a cell of about 150 m; a wish is a number from -8 to 8 for
 * a pair of spots at one station. Moving a stop away and back leaves nothing.
 *
 * The next plan of that area takes a leg that is wished for as shorter, and one
 * that is not as longer, by at most ORDER_SHARE_PERCENT of its time: it prefers
 * her order where that costs little. Times of arrival are not touched. What was
 * used stands in the plan's origin, so that the plan can be made again.
 *
 * A wish has no name on it: who made it cannot be read from it. One that nobody
 * renewed for ORDER_WISH_DAYS is forgotten. */
#ifndef DUTY_DUTY_ORDER_H
#define DUTY_DUTY_ORDER_H

#include "duty/duty.h"

#define ORDER_WISH_MAX 8
#define ORDER_WISH_DAYS 180
#define ORDER_SHARE_PERCENT 30
#define ORDER_USED_MAX 100 /* of one plan: the strongest */

int64_t order_cell(struct place p);

/* Her places before and after, both beginning at the point she is at. */
MUST_USE enum code order_note(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
			      const struct place *before, const struct place *after, size_t n);

struct order_wish {
	int64_t from_cell, to_cell, wish; /* -8 … 8 */
};
/* The wishes between these places, the strongest ORDER_USED_MAX, by cells. */
MUST_USE enum code order_wishes(struct scope *sc, struct tx *tx, const char *operator_id, const char *station_id,
				const struct place *places, size_t n, struct order_wish **out, size_t *n_out);
/* What a wish makes of a leg that takes this long. Pure. */
int32_t order_cost(int32_t duration_s, int64_t wish);
/* n × n costs from durations (unreachable stays so); NULL where there are no wishes: time is the cost. */
int32_t *order_costs(struct scope *sc, const struct order_wish *wishes, size_t n_wishes, const struct place *places,
		     size_t n, const int32_t *durations);

#endif
