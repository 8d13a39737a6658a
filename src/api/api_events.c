/* What happens, as it happens (server-sent events). */
#include "api/api_inner.h"
#include "api/areas.h"

static enum code
staff_events(struct scope *sc, struct tx *tx, struct call *c)
{
	return live_subscribe(sc, tx, c, NULL);
}

static enum code
driver_events(struct scope *sc, struct tx *tx, struct call *c)
{
	return live_subscribe(sc, tx, c, c->who.id);
}

static const struct route rows[] = {
    {.method = "GET",
     .path = "/v1/events",
     .who = MAY_DISPATCH | MAY_REVIEW,
     .prepare = staff_events,
     .summary = "The operator's events from Last-Event-ID on, or from now",
     .query = "after",
     .answer = "text/event-stream"},
    {.method = "GET",
     .path = "/v1/places",
     .who = MAY_DISPATCH,
     .prepare = places_subscribe,
     .summary = "Where the vans of open duties are: all of them, then each as it moves (`place`) or closes (`gone`)",
     .answer = "text/event-stream"},
    {.method = "GET",
     .path = "/v1/driver/events",
     .who = MAY_DRIVER,
     .prepare = driver_events,
     .summary = "Your events from Last-Event-ID on, or from now",
     .query = "after",
     .answer = "text/event-stream"},
    {0},
};
const struct route_table api_events_table = {"Events", "Streams of what happens.", rows};
