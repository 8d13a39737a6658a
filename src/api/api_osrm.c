/* OSRM's interface over the house's streets, at the pace of this hour: for an
 * integrator's programs, with the token they have. */
#include "api/areas.h"
#include "base/text.h"
#include "people/people.h"
#include "road/road.h"
#include "traffic/traffic.h"

#define PREFIX "/osrm"

/* Leaves the local hour. */
static enum code
osrm_asked(struct scope *sc, struct tx *tx, struct call *c)
{
	struct operator op;
	int64_t offset_ms;
	int64_t now_ms = clock_now_ms(&c->house->clock);
	unsigned *hour = NEW(sc, unsigned);
	if (c->house->road == NULL)
		return fail_as(sc, E_UNAVAILABLE, "no-map", "this house has no streets");
	TRY(operator_get(sc, tx, c->who.operator_id, &op));
	TRY(zone_offset_ms(sc, op.zone, now_ms, &offset_ms));
	*hour = road_hour_of(now_ms + offset_ms);
	c->user = hour;
	return OK;
}

static enum code
osrm(struct scope *sc, struct call *c)
{
	const struct road_osrm_limits limits = ROAD_OSRM_LIMITS;
	const unsigned *hour = c->user;
	struct traffic_now now;
	unsigned status = 0;
	char *json = NULL;
	TRY(traffic_take(sc, c->house->store, c->house->planner.traffic, c->who.operator_id, *hour, &now));
	enum code rc = road_osrm_answer(sc, c->house->road, now.metric, &limits, http_target(c->x) + strlen(PREFIX),
					&status, &json);
	traffic_drop(&now);
	TRY(rc);
	reply_bytes(c, "application/json", json, strlen(json));
	c->reply.status = (int)status;
	return OK;
}

static const struct route osrm_rows[] = {
    {.method = "GET",
     .path = PREFIX "/{request*}",
     .who = MAY_STAFF | MAY_SHIP,
     .prepare = osrm_asked,
     .work = osrm,
     .summary = "OSRM's HTTP interface, version 1: route, table, nearest, match; at the pace of this hour",
     .answer = "application/json"},
    {0},
};
const struct route_table api_osrm_table = {"OSRM", "Travel times for programs that speak OSRM.", osrm_rows};
