/* The areas' tables; each in its api_<area>.c. */
#ifndef API_AREAS_H
#define API_AREAS_H

#include "api/call.h"

extern const struct route_table api_public_table;
extern const struct route_table api_staff_table;
extern const struct route_table api_freight_table;
extern const struct route_table api_offer_table;
extern const struct route_table api_driver_table;
extern const struct route_table api_duty_table;
extern const struct route_table api_pay_table;
extern const struct route_table api_desk_table;
extern const struct route_table api_chain_table;
extern const struct route_table api_map_table;
extern const struct route_table api_reach_table;
extern const struct route_table api_osrm_table;
extern const struct route_table api_events_table;
extern const struct route_table api_hooks_table;
extern const struct route_table api_sim_table;

/* ?date= as [from, to) on the operator's wall; absent: from two days ago, four weeks on. */
MUST_USE enum code call_day(struct scope *sc, struct tx *tx, const struct call *c, int64_t *from_ms, int64_t *to_ms);

#endif
