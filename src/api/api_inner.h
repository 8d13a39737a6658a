/* api_inner: the frame's parts to each other; endpoints include api/call.h. */
#ifndef API_API_INNER_H
#define API_API_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/call.h"

#define LATENCY_BUCKETS 12
extern const int64_t api_latency_us[LATENCY_BUCKETS]; /* upper bounds; the last is "more" */

struct api_counters {
	_Atomic uint64_t by_class[6]; /* [4]: answers 4xx */
	_Atomic uint64_t latency[LATENCY_BUCKETS];
	_Atomic uint64_t latency_sum_us;
};

struct api {
	struct house *house;
	struct api_options opt;
	struct http_server *http;
	struct pool *pool;
	struct live *live;
	struct places *places;
	struct limits *limits;
	struct api_counters count;
	_Atomic int64_t calls;	   /* under way */
	_Atomic int64_t movers;	   /* of which: moving the stepped clock, or waiting to */
	pthread_mutex_t advancing; /* one mover of the stepped clock at a time */
};

/* --- api_route.c --- */
enum match { MATCH_FOUND, MATCH_OTHER_METHOD, MATCH_NONE };
/* allowed: "GET, POST" where the path exists with other methods. */
enum match route_match(struct scope *sc, const char *method, const char *path, bool stepped, const struct route **out,
		       const char *param[static CALL_PARAMS], const char **allowed);

/* --- api_problem.c --- */
int problem_status(enum code code, const char *reason);
json_t *problem_json(struct scope *sc, int status, const char *reason, const char *detail);
/* The scope's error as the call's reply; logs what is ours to mend. */
void problem_reply(struct call *c, enum code code);

/* --- api_once.c: the Idempotency-Key --- */
MUST_USE enum code once_begin(struct scope *sc, struct call *c);
/* *found: the reply is set from what was answered then. */
MUST_USE enum code once_find(struct scope *sc, struct tx *tx, struct call *c, bool *found);
MUST_USE enum code once_keep(struct scope *sc, struct tx *tx, struct call *c);
/* Nothing of her is replayed any more. */
MUST_USE enum code once_erase(struct scope *sc, struct tx *tx, const char *operator_id, const char *holder_id);

/* --- api_limit.c --- */
MUST_USE enum code limits_open(struct scope *sc, struct limits **out);
void limits_close(struct limits *l);
/* E_DENIED (reason "too-many-requests"); *retry_s says when. */
MUST_USE enum code limits_take(struct scope *sc, struct limits *l, enum limit kind, const char *who, int64_t *retry_s);

/* --- api_pool.c --- */
MUST_USE enum code pool_open(struct scope *sc, int threads, void (*run)(struct call *c), struct pool **out);
/* Finishes what waits. */
void pool_close(struct pool *p);
MUST_USE enum code pool_add(struct scope *sc, struct pool *p, struct call *c);
size_t pool_waiting(struct pool *p);

/* --- api_live.c: event streams --- */
/* places: hear of events, too. */
MUST_USE enum code live_open(struct scope *sc, struct house *house, struct places *places, struct live **out);
void live_close(struct live *l);
MUST_USE enum code live_subscribe(struct scope *sc, struct tx *tx, struct call *c, const char *driver_id);
size_t live_count(struct live *l);

/* --- api_places.c: where open duties are --- */
MUST_USE enum code places_open(struct scope *sc, struct house *house, struct places **out);
void places_close(struct places *p);
MUST_USE enum code places_subscribe(struct scope *sc, struct tx *tx, struct call *c);
/* Something may have changed: looking is worth it. */
void places_ring(void *places);

/* --- api_static.c --- */
/* False: no such page. */
bool static_reply(struct call *c);

#endif
