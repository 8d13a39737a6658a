/* sim/sim_http: one keep-alive connection to the server under test. */
#ifndef SIM_SIM_HTTP_H
#define SIM_SIM_HTTP_H

#include "base/json.h"

struct sim_http;

MUST_USE enum code sim_http_open(struct scope *sc, const char *base_url, struct sim_http **out);
void sim_http_close(struct sim_http *h); /* NULL is fine */

struct sim_answer {
	int status;
	json_t *json; /* an empty object where there was no JSON */
};
/* token and body may be NULL. key: Idempotency-Key or NULL. Any status is an answer. E_IO  no answer. */
MUST_USE enum code sim_call(struct scope *sc, struct sim_http *h, const char *method, const char *path,
			    const char *token, const json_t *body, const char *key, struct sim_answer *out);
MUST_USE enum code sim_call_csv(struct scope *sc, struct sim_http *h, const char *path, const char *token,
				const char *csv, struct sim_answer *out);
int64_t sim_http_count(const struct sim_http *h);

#endif
