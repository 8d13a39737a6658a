/* The listening socket, the threads, the ticker, the end.
 *
 * The ticker wakes once a second and closes connections that have used up
 * their time on the wire (a trickling client resets libmicrohttpd's idle timer
 * with every byte, so that timer alone does not end it); every 15 s it gives
 * each stream a heartbeat. */
#include "http/http_inner.h"

#include <errno.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

#define BEAT_TICKS 15
#define POOL_BYTES ((size_t)16 << 10) /* 8 KiB would refuse a 6 KB cookie */

/* --- connections --- */

static void
connection_started(struct http_server *s, struct MHD_Connection *mhd, void **context)
{
	struct http_connection *c = calloc(1, sizeof *c);
	if (c == NULL)
		return;
	c->fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
	atomic_store(&c->deadline_ms, clock_mono_ms() + ARRIVE_MS + s->opt.idle_s * INT64_C(1000));
	pthread_mutex_lock(&s->lock);
	c->next = s->connections;
	if (c->next != NULL)
		c->next->prev = c;
	s->connections = c;
	pthread_mutex_unlock(&s->lock);
	*context = c;
}

static void
connection_closed(struct http_server *s, struct http_connection *c)
{
	pthread_mutex_lock(&s->lock);
	if (c->next != NULL)
		c->next->prev = c->prev;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->connections = c->next;
	pthread_mutex_unlock(&s->lock);
	free(c);
}

static void
on_connection(void *cls, struct MHD_Connection *mhd, void **context, enum MHD_ConnectionNotificationCode what)
{
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		connection_started(cls, mhd, context);
	else if (*context != NULL)
		connection_closed(cls, *context);
}

/* --- the ticker --- */

static void
tick(struct http_server *s)
{
	int64_t now_ms = clock_mono_ms();
	for (struct http_connection *c = s->connections; c != NULL; c = c->next) {
		int64_t deadline_ms = atomic_load(&c->deadline_ms);
		if (deadline_ms != 0 && deadline_ms < now_ms)
			shutdown(c->fd, SHUT_RDWR); /* its thread sees the end and cleans up */
	}
	bool beat = ++s->tick_count % BEAT_TICKS == 0;
	for (struct http_stream *st = s->streams; beat && st != NULL; st = stream_next(st))
		stream_beat(st);
}

static void *
ticker_main(void *cls)
{
	struct http_server *s = cls;
	pthread_mutex_lock(&s->lock);
	while (!s->tick_stop) {
		struct timespec until;
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&s->tick, &s->lock, &until);
		tick(s);
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

static void
ticker_init(struct http_server *s)
{
	pthread_mutex_init(&s->lock, NULL);
	pthread_condattr_t attr;
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&s->tick, &attr);
	pthread_condattr_destroy(&attr);
}

static void
ticker_stop(struct http_server *s)
{
	if (!s->ticking)
		return;
	pthread_mutex_lock(&s->lock);
	s->tick_stop = true;
	pthread_cond_signal(&s->tick);
	pthread_mutex_unlock(&s->lock);
	pthread_join(s->ticker, NULL);
	s->ticking = false;
}

/* --- opening --- */

static enum code
listen_split(struct scope *sc, const char *listen_at, char **host, const char **port)
{
	const char *colon = strrchr(listen_at, ':');
	if (colon == NULL || colon == listen_at)
		return fail(sc, E_INVALID, "\"%s\" is not HOST:PORT", listen_at);
	size_t n = (size_t)(colon - listen_at);
	bool bracketed = listen_at[0] == '[' && colon[-1] == ']';
	*host = bracketed ? scope_strndup(sc, listen_at + 1, n - 2) : scope_strndup(sc, listen_at, n);
	*port = colon + 1;
	int64_t number;
	return parse_i64(sc, *port, 0, 65535, &number);
}

static enum code
socket_bind(struct scope *sc, const struct addrinfo *at, const char *listen_at, int *out)
{
	int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return fail(sc, E_IO, "no socket: %s", strerror(errno));
	int yes = 1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
	if (bind(fd, at->ai_addr, at->ai_addrlen) != 0 || listen(fd, 1024) != 0) {
		enum code code = errno == EADDRINUSE ? E_CONFLICT : E_IO;
		const char *why = strerror(errno);
		close(fd);
		return fail(sc, code, "cannot listen on %s: %s", listen_at, why);
	}
	*out = fd;
	return OK;
}

static int
bound_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} at = {0};
	socklen_t n = sizeof at;
	if (getsockname(fd, &at.any, &n) != 0)
		return 0;
	return ntohs(at.any.sa_family == AF_INET6 ? at.v6.sin6_port : at.v4.sin_port);
}

static enum code
socket_listen(struct scope *sc, struct http_server *s, int *family)
{
	char *host;
	const char *port;
	TRY(listen_split(sc, s->opt.listen, &host, &port));
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	int rc = getaddrinfo(host, port, &hints, &found);
	if (rc != 0)
		return fail(sc, E_INVALID, "\"%s\": %s", s->opt.listen, gai_strerror(rc));
	enum code code = socket_bind(sc, found, s->opt.listen, &s->listen_fd);
	*family = found->ai_family;
	freeaddrinfo(found);
	TRY(code);
	s->port = bound_port(s->listen_fd);
	return OK;
}

static void
on_library_log(void *cls, const char *fmt, va_list ap)
{
	(void)cls;
	char line[512];
	vsnprintf(line, sizeof line, fmt, ap);
	log_line(LOG_DEBUG, "http: %s", line);
}

static size_t
unescape_nothing(void *cls, struct MHD_Connection *mhd, char *s)
{
	(void)cls;
	(void)mhd;
	return strlen(s); /* http_url decodes, once and strictly */
}

#define OPTIONS_MAX 24
struct option_list {
	struct MHD_OptionItem item[OPTIONS_MAX];
	size_t n;
};

static void
option_add(struct option_list *l, enum MHD_OPTION option, intptr_t value, void *pointer)
{
	l->item[l->n++] = (struct MHD_OptionItem){option, value, pointer};
}

static enum code
options_tls(struct scope *sc, const struct http_options *opt, struct option_list *l)
{
	uint8_t *cert;
	uint8_t *key;
	size_t n;
	TRY(file_read(sc, opt->tls_cert, (size_t)1 << 20, &cert, &n));
	TRY(file_read(sc, opt->tls_key, (size_t)1 << 20, &key, &n));
	option_add(l, MHD_OPTION_HTTPS_MEM_CERT, 0, cert);
	option_add(l, MHD_OPTION_HTTPS_MEM_KEY, 0, key);
	static char priorities[] = "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:%SERVER_PRECEDENCE";
	option_add(l, MHD_OPTION_HTTPS_PRIORITIES, 0, priorities);
	return OK;
}

/* A function's address in a list that has room for object pointers only. */
static intptr_t
code_address(void (*f)(void))
{
	intptr_t address;
	_Static_assert(sizeof f == sizeof address, "POSIX says so");
	memcpy(&address, &f, sizeof address);
	return address;
}

static enum code
daemon_start(struct scope *sc, struct http_server *s, int family)
{
	const struct http_options *opt = &s->opt;
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG;
	if (family == AF_INET6)
		flags |= MHD_USE_IPv6;
	struct option_list l = {.n = 0};
	option_add(&l, MHD_OPTION_LISTEN_SOCKET, s->listen_fd, NULL);
	option_add(&l, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		   (intptr_t)(opt->head_bytes > 0 ? opt->head_bytes : POOL_BYTES), NULL);
	option_add(&l, MHD_OPTION_CONNECTION_LIMIT, opt->max_connections, NULL);
	option_add(&l, MHD_OPTION_CONNECTION_TIMEOUT, opt->idle_s, NULL);
	option_add(&l, MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
	option_add(&l, MHD_OPTION_NOTIFY_COMPLETED, code_address((void (*)(void))exchange_completed), s);
	option_add(&l, MHD_OPTION_NOTIFY_CONNECTION, code_address((void (*)(void))on_connection), s);
	option_add(&l, MHD_OPTION_URI_LOG_CALLBACK, code_address((void (*)(void))exchange_uri), s);
	option_add(&l, MHD_OPTION_UNESCAPE_CALLBACK, code_address((void (*)(void))unescape_nothing), NULL);
	if (opt->threads > 1)
		option_add(&l, MHD_OPTION_THREAD_POOL_SIZE, opt->threads, NULL);
	if (opt->max_per_peer > 0)
		option_add(&l, MHD_OPTION_PER_IP_CONNECTION_LIMIT, opt->max_per_peer, NULL);
	if (opt->tls_cert != NULL) {
		flags |= MHD_USE_TLS;
		TRY(options_tls(sc, opt, &l));
	}
	option_add(&l, MHD_OPTION_END, 0, NULL);
	s->daemon = MHD_start_daemon(flags, 0, NULL, NULL, exchange_access, s, MHD_OPTION_EXTERNAL_LOGGER,
				     on_library_log, NULL, MHD_OPTION_ARRAY, l.item, MHD_OPTION_END);
	if (s->daemon == NULL)
		return fail(sc, opt->tls_cert != NULL ? E_INVALID : E_IO, "the HTTP server does not start%s",
			    opt->tls_cert != NULL ? " with this certificate and key" : "");
	return OK;
}

enum code
http_open(struct scope *sc, const struct http_options *opt, struct http_server **out)
{
	if ((opt->tls_cert == NULL) != (opt->tls_key == NULL))
		return fail(sc, E_INVALID, "TLS needs a certificate and its key");
	struct http_server *s = calloc(1, sizeof *s);
	if (s == NULL)
		return fail(sc, E_MEMORY, "no memory for a server");
	s->opt = *opt;
	atomic_store(&s->owners, 1);
	s->listen_fd = -1;
	if (s->opt.close_grace_ms == 0)
		s->opt.close_grace_ms = 5000;
	if (s->opt.body_budget == 0)
		s->opt.body_budget = (size_t)128 << 20;
	ticker_init(s);
	int family = AF_INET;
	enum code rc = socket_listen(sc, s, &family);
	if (rc == OK)
		rc = daemon_start(sc, s, family);
	if (rc == OK && pthread_create(&s->ticker, NULL, ticker_main, s) != 0)
		rc = fail(sc, E_IO, "no thread for the ticker");
	if (rc != OK) {
		http_close(s);
		return rc;
	}
	s->ticking = true;
	*out = s;
	return OK;
}

int
http_port(const struct http_server *s)
{
	return s->port;
}

/* --- closing --- */

void
server_unref(struct http_server *s)
{
	if (atomic_fetch_sub(&s->owners, 1) != 1)
		return;
	pthread_cond_destroy(&s->tick);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static bool
all_answered(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	bool none = s->unanswered == NULL;
	pthread_mutex_unlock(&s->lock);
	return none;
}

/* One exchange nobody answered, with a reference of our own. */
static struct http_exchange *
take_unanswered(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	struct http_exchange *x = s->unanswered;
	if (x != NULL)
		atomic_fetch_add(&x->owners, 1);
	pthread_mutex_unlock(&s->lock);
	return x;
}

static void
answer_the_rest(struct http_server *s)
{
	for (struct http_exchange *x = take_unanswered(s); x != NULL; x = take_unanswered(s)) {
		if (!exchange_answer_closing(x))
			usleep(1000); /* its handler is replying right now */
		exchange_unref(x);
	}
}

static bool
no_streams(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	bool none = s->streams == NULL;
	for (struct http_stream *st = s->streams; st != NULL; st = stream_next(st))
		stream_beat(st);
	pthread_mutex_unlock(&s->lock);
	return none;
}

static bool
all_sent(struct http_server *s)
{
	return atomic_load(&s->sending) == 0;
}

static void
wait_until(bool (*holds)(struct http_server *s), struct http_server *s, int64_t ms)
{
	for (int64_t end_ms = clock_mono_ms() + ms; !holds(s) && clock_mono_ms() < end_ms;)
		usleep(2000);
}

void
http_close(struct http_server *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->closing, true);
	if (s->daemon != NULL) {
		int fd = MHD_quiesce_daemon(s->daemon);
		if (fd >= 0)
			close(fd);
		s->listen_fd = -1;
		wait_until(all_answered, s, s->opt.close_grace_ms);
		answer_the_rest(s);
		wait_until(no_streams, s, s->opt.close_grace_ms);
		wait_until(all_sent, s, s->opt.close_grace_ms);
		ticker_stop(s);
		MHD_stop_daemon(s->daemon);
	}
	if (s->listen_fd >= 0)
		close(s->listen_fd);
	server_unref(s);
}
