/* Server-sent events: a body that is read whenever somebody woke it.
 *
 * The reader runs on an HTTP thread. When it has nothing it suspends its
 * connection; http_wake() resumes it. `woken` closes the gap between the two:
 * a wake that comes while the reader is looking makes it look again. */
#include "http/http_inner.h"

#include "base/log.h"

struct http_stream {
	struct http_server *server;
	struct http_exchange *exchange; /* until the start */
	struct MHD_Connection *mhd;
	struct http_stream_calls calls;
	void *user;
	pthread_mutex_t lock; /* guards the flags */
	bool started, woken, suspended, beat;
	struct http_stream *next, *prev; /* server.streams, under server.lock */
};

static const char comment[] = ":\n\n";

static ssize_t
stream_nothing(struct http_stream *s, char *out)
{
	pthread_mutex_lock(&s->lock);
	bool beat = s->beat;
	s->beat = false;
	if (!beat && !s->woken) {
		MHD_suspend_connection(s->mhd);
		s->suspended = true;
	}
	pthread_mutex_unlock(&s->lock);
	if (!beat)
		return 0;
	memcpy(out, comment, sizeof comment - 1);
	return sizeof comment - 1;
}

static ssize_t
stream_read(void *cls, uint64_t pos, char *out, size_t room)
{
	(void)pos;
	struct http_stream *s = cls;
	if (atomic_load(&s->server->closing))
		return MHD_CONTENT_READER_END_OF_STREAM;
	pthread_mutex_lock(&s->lock);
	s->woken = false;
	pthread_mutex_unlock(&s->lock);
	ssize_t n = s->calls.more(s->user, out, room);
	if (n < 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	return n > 0 ? n : stream_nothing(s, out);
}

static void
stream_free(void *cls)
{
	struct http_stream *s = cls;
	s->calls.end(s->user);
	pthread_mutex_lock(&s->server->lock);
	if (s->next != NULL)
		s->next->prev = s->prev;
	if (s->prev != NULL)
		s->prev->next = s->next;
	else
		s->server->streams = s->next;
	pthread_mutex_unlock(&s->server->lock);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

struct http_stream *
http_stream_new(struct http_exchange *x, const struct http_stream_calls *calls, void *user)
{
	struct http_stream *s = calloc(1, sizeof *s);
	if (s == NULL) {
		log_line(LOG_ERROR, "http: no memory for a stream");
		abort();
	}
	s->server = x->server;
	s->exchange = x;
	s->mhd = x->mhd;
	s->calls = *calls;
	s->user = user;
	s->beat = true; /* a first line, so that the client has its headers at once */
	pthread_mutex_init(&s->lock, NULL);
	pthread_mutex_lock(&s->server->lock);
	s->next = s->server->streams;
	if (s->next != NULL)
		s->next->prev = s;
	s->server->streams = s;
	pthread_mutex_unlock(&s->server->lock);
	return s;
}

void
http_stream_start(struct http_stream *s, const struct http_field *fields, size_t n_fields)
{
	static const struct http_field own[] = {{"Content-Type", "text/event-stream"},
						{"Cache-Control", "no-store"},
						{"X-Accel-Buffering", "no"},
						{"Connection", "close"}};
	struct http_exchange *x = s->exchange;
	struct MHD_Response *r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, stream_read, s, stream_free);
	if (r == NULL) {
		log_line(LOG_ERROR, "http: no memory for a stream");
		abort();
	}
	response_fields(x->server, r, own, COUNT_OF(own));
	for (size_t i = 0; i < n_fields; i++)
		MHD_add_response_header(r, fields[i].name, fields[i].value);
	exchange_answer(x, MHD_HTTP_OK, r, SIZE_MAX);
	exchange_unref(x);
}

static void
stream_wake(struct http_stream *s, bool beat)
{
	pthread_mutex_lock(&s->lock);
	s->woken = true;
	s->beat |= beat;
	bool resume = s->suspended;
	s->suspended = false;
	if (resume)
		MHD_resume_connection(s->mhd);
	pthread_mutex_unlock(&s->lock);
}

void
http_wake(struct http_stream *s)
{
	stream_wake(s, false);
}

void
stream_beat(struct http_stream *s)
{
	stream_wake(s, true);
}

struct http_stream *
stream_next(const struct http_stream *s)
{
	return s->next;
}
