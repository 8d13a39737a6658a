/* api: requests to calls, results to JSON. No rules here: an endpoint parses
 * what came, calls a room, and says what the room said.
 *
 *	http thread   match ▸ limits ▸ [snapshot: who is it ▸ body ▸ prepare()]
 *	pool thread   work()        argon2id, faces, plans: long or outside, no transaction
 *	writer        [write: replayed? ▸ commit() ▸ remember the answer]
 *	writer, after the sync      reply
 *
 * To add an endpoint: one row in the table of its area (api_<area>.c), one
 * function, and its schemas in schema/<area>.json. api/call.h is all it needs. */
#ifndef API_API_H
#define API_API_H

#include "day/day.h"

struct api;

extern const struct schema api_schema;
extern const struct job_kind api_forget_job; /* "api.forget": answers older than a day are no longer replayed */

struct api_options {
	const char *listen;		/* HOST:PORT; port 0: any */
	const char *tls_cert, *tls_key; /* both or none */
	int http_threads;		/* 2–4 */
	int pool_threads;
	bool limits; /* rate limits; off only where the clock is stepped */
};
/* Listens. The house outlives the api; store_on_events() is taken. */
MUST_USE enum code api_open(struct scope *sc, struct house *house, const struct api_options *opt, struct api **out);
int api_port(const struct api *a);
/* Stops listening and finishes what has begun. Jobs may still run; their events go nowhere. */
void api_stop(struct api *a);
/* After api_stop() and once no write can hold events any more. NULL is fine. */
void api_close(struct api *a);

/* The OpenAPI 3.1 document of this build. */
MUST_USE enum code api_describe(struct scope *sc, json_t **out);

#endif
