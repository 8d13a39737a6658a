/* duty/duty_rows: what several files of this room need; within the room. */
#ifndef DUTY_DUTY_ROWS_H
#define DUTY_DUTY_ROWS_H

#include "duty/duty.h"
#include "freight/freight.h"

/* Nobody begins to work whose account is not active. E_DENIED (reason "not-active"). */
MUST_USE enum code duty_driver_may(struct scope *sc, struct tx *tx, const char *operator_id, const char *driver_id);
/* Does the policy in force of the block's programme take positions? */
MUST_USE enum code duty_positions_on(struct scope *sc, struct tx *tx, const char *operator_id, const char *block_id,
				     bool *on);
/* Tried often enough, or unwanted: to the sender; otherwise it waits at the station. */
enum shipment_state duty_goes_back_to(const struct shipment *sh, const char *reason);

#endif
