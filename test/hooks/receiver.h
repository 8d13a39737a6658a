/* A receiver of webhooks for tests: keeps what came, answers what it is told to. */
#ifndef TEST_HOOKS_RECEIVER_H
#define TEST_HOOKS_RECEIVER_H

#include "unit.h"

#include <pthread.h>

#include "base/text.h"
#include "http/http.h"

#define RECEIVED_MAX 400

struct message {
	char id[40], signature[200], body[600], target[80], agent[40], type[40];
	int64_t timestamp_s;
};
struct receiver {
	struct http_server *server;
	pthread_mutex_t mu; /* guards what follows */
	struct message got[RECEIVED_MAX];
	size_t n;
	int answers[16]; /* of the next ones; then 200 */
	size_t n_answers, answered;
	const char *retry_after; /* NULL, or what 429, 500 and 503 say beside */
	const char *not_this;	 /* a body with this in it gets 422 */
};

static inline size_t
receiver_body_max_(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	(void)method;
	(void)path;
	return 10000;
}

static inline void
receiver_copy_(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from == NULL ? "" : from);
}

static inline void
receiver_handle_(void *ctx, struct http_exchange *x)
{
	struct receiver *r = ctx;
	size_t n;
	const uint8_t *body = http_body(x, &n);
	pthread_mutex_lock(&r->mu);
	struct message *m = &r->got[r->n < RECEIVED_MAX ? r->n++ : 0];
	receiver_copy_(m->id, sizeof m->id, http_header(x, "webhook-id"));
	receiver_copy_(m->signature, sizeof m->signature, http_header(x, "webhook-signature"));
	receiver_copy_(m->agent, sizeof m->agent, http_header(x, "User-Agent"));
	receiver_copy_(m->type, sizeof m->type, http_header(x, "Content-Type"));
	receiver_copy_(m->target, sizeof m->target, http_target(x));
	snprintf(m->body, sizeof m->body, "%.*s", (int)n, (const char *)body);
	m->timestamp_s = strtoll(http_header(x, "webhook-timestamp"), NULL, 10);
	int status = r->answered < r->n_answers ? r->answers[r->answered++] : 200;
	if (r->not_this != NULL && strstr(m->body, r->not_this) != NULL)
		status = 422;
	const struct http_field away = {"Location", "/elsewhere"};
	const struct http_field again = {"Retry-After", r->retry_after};
	pthread_mutex_unlock(&r->mu);
	bool says_when = again.value != NULL && (status == 429 || status >= 500);
	http_reply(x, status, says_when ? &again : &away, says_when || status / 100 == 3 ? 1 : 0, NULL, 0, true);
}

static inline void
receiver_open(struct scope *sc, struct receiver *r)
{
	memset(r, 0, sizeof *r);
	pthread_mutex_init(&r->mu, NULL);
	const struct http_options opt = {.listen = "127.0.0.1:0",
					 .threads = 2,
					 .max_connections = 16,
					 .idle_s = 5,
					 .close_grace_ms = 2000,
					 .body_max = receiver_body_max_,
					 .handle = receiver_handle_,
					 .ctx = r};
	assert_ok(sc, http_open(sc, &opt, &r->server));
}

static inline void
receiver_close(struct receiver *r)
{
	if (r->server == NULL)
		return;
	http_close(r->server);
	r->server = NULL;
	pthread_mutex_destroy(&r->mu);
}

/* The next answers, in order; 200 after them. */
static inline void
receiver_answers(struct receiver *r, const int *answers, size_t n)
{
	memcpy(r->answers, answers, n * sizeof *answers);
	r->n_answers = n;
	r->answered = 0;
}

#endif
