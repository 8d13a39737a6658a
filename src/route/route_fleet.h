/* Fewer vehicles first. */
#ifndef ROUTE_ROUTE_FLEET_H
#define ROUTE_ROUTE_FLEET_H

#include "route/route_search.h"

/* Gives up one vehicle after the other as long as every task still finds a
 * place, until go_on() says stop or `patience` tries have not helped. The plan
 * and the best are then the last complete one, and no class may use more
 * vehicles than it does there. */
void fleet_reduce(struct search *s, uint64_t patience, bool (*go_on)(void *arg), void *arg);

#endif
