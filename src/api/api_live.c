/* Event streams: what happened, to whom it concerns, as it happens.
 *
 *	writer's thread ──events_committed()──▶ pump thread ──http_wake()──▶ live_more() of each stream
 *
 * The pump lets PUMP_PAUSE_MS of commits gather before it wakes the streams,
 * and each stream reads its own events from where it stands: a slow reader
 * holds nothing up and loses nothing. A stream ends with its session. */
#include "api/api_inner.h"

#include "base/log.h"
#include "base/text.h"
#include "store/event.h"

#define PUMP_PAUSE_MS 40
#define BATCH 32
#define STREAMS_MAX 4096

struct listener {
	struct live *live;
	struct http_stream *stream;
	struct scope sc; /* of the batch that is being sent */
	char *token, *operator_id, *driver_id;
	int64_t seq; /* the last one read */
	const char *out;
	size_t out_n;
	struct listener *next, *prev; /* live.listeners, under live.lock */
};

struct live {
	struct house *house;
	struct places *places;
	pthread_t pump;
	pthread_mutex_t lock;
	pthread_cond_t news;
	bool fresh, closing;
	struct listener *listeners;
	size_t n;
};

/* --- the pump --- */

static void
events_committed(void *arg, int64_t last_seq)
{
	(void)last_seq;
	struct live *l = arg;
	pthread_mutex_lock(&l->lock);
	l->fresh = true;
	pthread_cond_signal(&l->news);
	pthread_mutex_unlock(&l->lock);
	places_ring(l->places); /* a duty may have been closed */
}

static void *
pump_main(void *arg)
{
	struct live *l = arg;
	pthread_mutex_lock(&l->lock);
	while (!l->closing) {
		if (!l->fresh) {
			pthread_cond_wait(&l->news, &l->lock);
			continue;
		}
		l->fresh = false;
		for (struct listener *s = l->listeners; s != NULL; s = s->next)
			http_wake(s->stream);
		pthread_mutex_unlock(&l->lock);
		nanosleep(&(struct timespec){.tv_nsec = PUMP_PAUSE_MS * 1000000L}, NULL);
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

enum code
live_open(struct scope *sc, struct house *house, struct places *places, struct live **out)
{
	struct live *l = calloc(1, sizeof *l);
	if (l == NULL)
		return fail(sc, E_MEMORY, "no memory for event streams");
	l->house = house;
	l->places = places;
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->news, NULL);
	if (pthread_create(&l->pump, NULL, pump_main, l) != 0) {
		free(l);
		return fail(sc, E_IO, "no thread for event streams");
	}
	store_on_events(house->store, events_committed, l);
	*out = l;
	return OK;
}

void
live_close(struct live *l)
{
	if (l == NULL)
		return;
	pthread_mutex_lock(&l->lock);
	l->closing = true;
	pthread_cond_signal(&l->news);
	pthread_mutex_unlock(&l->lock);
	pthread_join(l->pump, NULL);
	pthread_cond_destroy(&l->news);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

size_t
live_count(struct live *l)
{
	pthread_mutex_lock(&l->lock);
	size_t n = l->n;
	pthread_mutex_unlock(&l->lock);
	return n;
}

/* --- one stream --- */

/* The event's own data, with what it is about and when. */
static const char *
event_json(struct scope *sc, const struct event *e)
{
	json_t *data = NULL;
	if (e->data == NULL || json_parse(sc, e->data, strlen(e->data), &data) != OK || !json_is_object(data)) {
		error_clear(sc);
		data = json_new_object(sc);
	}
	if (json_object_get(data, "subject") == NULL)
		json_put_text(data, "subject", e->subject);
	if (json_object_get(data, "at") == NULL)
		json_put_time(data, "at", e->at_ms);
	return json_text(sc, data);
}

static enum code
read_batch(struct scope *sc, struct tx *tx, void *arg)
{
	struct listener *s = arg;
	struct actor who;
	TRY(session_actor(sc, tx, s->live->house->keys, s->token, &who));
	struct event *events;
	size_t n;
	TRY(events_after(sc, tx, s->operator_id, s->driver_id, s->seq, BATCH, &events, &n));
	struct text t;
	text_init(&t, sc);
	for (size_t i = 0; i < n; i++) {
		text_printf(&t, "id: %" PRId64 "\nevent: %s\ndata: ", events[i].seq, events[i].kind);
		text_add(&t, event_json(sc, &events[i]));
		text_add(&t, "\n\n");
		s->seq = events[i].seq;
	}
	s->out = t.s;
	s->out_n = t.len;
	return OK;
}

static ssize_t
live_more(void *user, char *out, size_t room)
{
	struct listener *s = user;
	if (s->out_n == 0) {
		scope_clear(&s->sc);
		enum code rc = store_read(&s->sc, s->live->house->store, read_batch, s);
		if (rc == E_UNAUTHENTICATED)
			return -1;
		if (rc != OK) {
			log_error(&s->sc, "event stream");
			return -1; /* the client comes back with its Last-Event-ID */
		}
	}
	size_t n = s->out_n < room ? s->out_n : room;
	if (n > 0)
		memcpy(out, s->out, n);
	s->out += n;
	s->out_n -= n;
	return (ssize_t)n;
}

static void
live_end(void *user)
{
	struct listener *s = user;
	struct live *l = s->live;
	pthread_mutex_lock(&l->lock);
	if (s->next != NULL)
		s->next->prev = s->prev;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		l->listeners = s->next;
	l->n--;
	pthread_mutex_unlock(&l->lock);
	free(s->token);
	free(s->operator_id);
	free(s->driver_id);
	scope_release(&s->sc);
	free(s);
}

static const struct http_stream_calls live_calls = {live_more, live_end};

struct start {
	int64_t seq;
	const char *driver_id;
};

static void
live_start(struct call *c)
{
	struct live *l = c->api->live;
	const struct start *from = c->user;
	struct listener *s = calloc(1, sizeof *s);
	if (s == NULL)
		abort();
	scope_init(&s->sc);
	s->live = l;
	s->seq = from->seq;
	s->token = strdup(c->token);
	s->operator_id = strdup(c->who.operator_id);
	s->driver_id = from->driver_id == NULL ? NULL : strdup(from->driver_id);
	s->stream = http_stream_new(c->x, &live_calls, s);
	pthread_mutex_lock(&l->lock);
	s->next = l->listeners;
	if (s->next != NULL)
		s->next->prev = s;
	l->listeners = s;
	l->n++;
	pthread_mutex_unlock(&l->lock);
	http_stream_start(s->stream, NULL, 0);
}

enum code
live_subscribe(struct scope *sc, struct tx *tx, struct call *c, const char *driver_id)
{
	if (live_count(c->api->live) >= STREAMS_MAX)
		return fail_as(sc, E_UNAVAILABLE, "busy", "%d streams are open already", STREAMS_MAX);
	struct start *from = NEW(sc, struct start);
	from->driver_id = driver_id;
	const char *last = http_header(c->x, "Last-Event-ID");
	if (last == NULL)
		last = call_query(c, "after");
	if (last == NULL)
		TRY(events_last(sc, tx, &from->seq));
	else if (parse_i64(sc, last, 0, INT64_MAX, &from->seq) != OK)
		return fail_as(sc, E_INVALID, "bad-field", "Last-Event-ID must be the id of an event");
	c->user = from;
	c->reply.stream = live_start;
	return OK;
}
