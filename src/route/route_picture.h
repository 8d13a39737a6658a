/* A plan to look at. Both need the problem's coords; without them the picture is empty. */
#ifndef ROUTE_ROUTE_PICTURE_H
#define ROUTE_ROUTE_PICTURE_H

#include "base/json.h"
#include "route/route.h"

/* SVG 1.1, 1000 wide: a line a tour, depots as squares, tasks left out as crosses. */
char *picture_svg(struct scope *sc, const struct route_problem *p, const struct route_solution *s);
/* RFC 7946: a LineString a tour, a Point a stop and a task left out. Coordinates
 * are the problem's, so they are longitude and latitude only where those are. */
json_t *picture_geojson(struct scope *sc, const struct route_problem *p, const struct route_solution *s);

#endif
