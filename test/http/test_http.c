/* http over real sockets: what clients do wrong, slowly or not at all. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/http.h"
#include "unit.h"

/* --- a server whose paths say what they do --- */

struct fixture {
	struct scope sc;
	struct http_server *server;
	pthread_mutex_t lock;
	struct http_exchange *parked; /* "/park": answered when the test wants */
	_Atomic int handled, ended, more_calls;
	struct http_stream *stream;
	int to_send;
};

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	if (text_eq(path, "/ignored"))
		return HTTP_BODY_IGNORED;
	return text_eq(method, "POST") ? 4096 : 0;
}

static void
reply_text(struct http_exchange *x, const char *text)
{
	static const struct http_field plain[] = {{"Content-Type", "text/plain"}};
	http_reply(x, 200, plain, 1, text, strlen(text), true);
}

static void *
reply_later(void *arg)
{
	usleep(20000);
	reply_text(arg, "later");
	return NULL;
}

static ssize_t
stream_more(void *user, char *out, size_t room)
{
	struct fixture *f = user;
	atomic_fetch_add(&f->more_calls, 1);
	pthread_mutex_lock(&f->lock);
	int n = f->to_send;
	f->to_send = 0;
	pthread_mutex_unlock(&f->lock);
	return n == 0 ? 0 : n < 0 ? -1 : snprintf(out, room, "id: %d\ndata: {}\n\n", n);
}

static void
stream_end(void *user)
{
	struct fixture *f = user;
	pthread_mutex_lock(&f->lock);
	f->stream = NULL;
	pthread_mutex_unlock(&f->lock);
	atomic_fetch_add(&f->ended, 1);
}

static const struct http_stream_calls stream_calls = {stream_more, stream_end};

static void
on_stream(struct fixture *f, struct http_exchange *x)
{
	struct http_stream *s = http_stream_new(x, &stream_calls, f);
	pthread_mutex_lock(&f->lock);
	f->stream = s;
	pthread_mutex_unlock(&f->lock);
	http_stream_start(s, NULL, 0);
}

static void
on_echo(struct http_exchange *x)
{
	size_t n;
	const uint8_t *body = http_body(x, &n);
	const char *q = http_query(x, "q");
	struct text t;
	text_init(&t, http_scope(x));
	text_printf(&t, "%s %s q=%s body=%zu:", http_method(x), http_path(x), q == NULL ? "-" : q, n);
	text_add_n(&t, (const char *)body, n);
	reply_text(x, t.s);
}

static void
handle(void *ctx, struct http_exchange *x)
{
	struct fixture *f = ctx;
	atomic_fetch_add(&f->handled, 1);
	pthread_t thread;
	if (text_eq(http_path(x), "/later")) {
		assert_int_equal(pthread_create(&thread, NULL, reply_later, x), 0);
		pthread_detach(thread);
	} else if (text_eq(http_path(x), "/park")) {
		pthread_mutex_lock(&f->lock);
		f->parked = x;
		pthread_mutex_unlock(&f->lock);
	} else if (text_eq(http_path(x), "/events")) {
		on_stream(f, x);
	} else {
		on_echo(x);
	}
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (f == NULL)
		return -1;
	scope_init(&f->sc);
	pthread_mutex_init(&f->lock, NULL);
	static const struct http_field always[] = {{"X-Content-Type-Options", "nosniff"}};
	struct http_options opt = {.listen = "127.0.0.1:0",
				   .threads = 2,
				   .max_connections = 64,
				   .idle_s = 1,
				   .close_grace_ms = 500,
				   .body_max = body_max,
				   .handle = handle,
				   .ctx = f,
				   .always = always,
				   .n_always = 1};
	assert_ok(&f->sc, http_open(&f->sc, &opt, &f->server));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	http_close(f->server);
	pthread_mutex_destroy(&f->lock);
	scope_release(&f->sc);
	free(f);
	return 0;
}

/* --- a client that sends exactly what it is told --- */

static int
dial(struct fixture *f)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in at = {.sin_family = AF_INET,
				 .sin_port = htons((uint16_t)http_port(f->server)),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	assert_int_equal(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	struct timeval tv = {.tv_sec = 20};
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof tv);
	return fd;
}

static void
put(int fd, const char *s, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, s, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return;
		s += sent;
		n -= (size_t)sent;
	}
}

static void
put_text(int fd, const char *s)
{
	put(fd, s, strlen(s));
}

/* Reads until `mark` has come, the peer closes, or the time is over. */
static char *
get_until(struct scope *sc, int fd, const char *mark)
{
	struct text t;
	text_init(&t, sc);
	char piece[4096];
	while (mark == NULL || t.len == 0 || strstr(t.s, mark) == NULL) {
		ssize_t n = recv(fd, piece, sizeof piece, 0);
		if (n <= 0)
			break;
		text_add_n(&t, piece, (size_t)n);
	}
	return t.len == 0 ? scope_strdup(sc, "") : t.s;
}

static char *
ask(struct fixture *f, const char *request)
{
	int fd = dial(f);
	put_text(fd, request);
	shutdown(fd, SHUT_WR);
	char *answer = get_until(&f->sc, fd, NULL);
	close(fd);
	return answer;
}

static char *
ask_path(struct fixture *f, const char *target)
{
	return ask(f, scope_printf(&f->sc, "GET %s HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", target));
}

#define assert_has(answer, part) \
	do { \
		if (strstr((answer), (part)) == NULL) \
			fail_msg("no \"%s\" in: %s", (part), (answer)); \
	} while (0)

/* --- tests --- */

static void
answers_at_once_and_later(void **state)
{
	struct fixture *f = *state;
	char *a = ask_path(f, "/a%20b?q=1+2%2F3");
	assert_has(a, "HTTP/1.1 200");
	assert_has(a, "X-Content-Type-Options: nosniff");
	assert_has(a, "GET /a b q=1 2/3 body=0:");
	assert_has(ask_path(f, "/later"), "\r\n\r\nlater");
	a = ask(f, "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello");
	assert_has(a, "body=5:hello");
	a = ask(f, "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: "
		   "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
	assert_has(a, "body=5:abcde");
}

static void
one_connection_serves_many(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	for (int i = 0; i < 50; i++) {
		put_text(fd,
			 i % 2 == 0 ? "GET /later HTTP/1.1\r\nHost: h\r\n\r\n" : "GET /n HTTP/1.1\r\nHost: h\r\n\r\n");
		assert_has(get_until(&f->sc, fd, i % 2 == 0 ? "later" : "GET /n"), "200 OK");
	}
	close(fd);
}

static void
broken_addresses_are_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"/%",	     "/%4",    "/%zz",	 "/a%00b",     "/%2e%2Fx", "/%ff",
					  "/%c0%af", "/x?q=%", "/x?%=1", "/x?q=1&q=2", "/x?q=%0a"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		char *a = ask_path(f, bad[i]);
		assert_has(a, "HTTP/1.1 400");
		assert_has(a, "application/problem+json");
		assert_has(a, "\"reason\":\"bad-encoding\"");
		assert_has(a, "nosniff");
	}
	assert_int_equal(atomic_load(&f->handled), 0);
}

static void
bodies_are_bounded(void **state)
{
	struct fixture *f = *state;
	char *big = scope_alloc(&f->sc, 10000001);
	memset(big, 'x', 10000000);
	char *a =
	    ask(f, scope_printf(
		       &f->sc, "POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 10000000\r\n\r\n%s",
		       big));
	assert_has(a, "HTTP/1.1 413");
	assert_has(a, "\"reason\":\"body-too-large\"");
	a = ask(f, scope_printf(&f->sc,
				"POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: "
				"chunked\r\n\r\n989680\r\n%s\r\n0\r\n\r\n",
				big));
	assert_has(a, "HTTP/1.1 413");
	a = ask(f, "GET /x HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx");
	assert_has(a, "HTTP/1.1 413");
	/* Far too much, or asked before sending: told at once. */
	a = ask(f, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n");
	assert_has(a, "HTTP/1.1 413");
	a = ask(f, "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\nExpect: 100-continue\r\n\r\n");
	assert_has(a, "HTTP/1.1 413");
	assert_int_equal(atomic_load(&f->handled), 0);
	a = ask(f,
		scope_printf(
		    &f->sc,
		    "POST /ignored HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n%.100000s",
		    big));
	assert_has(a, "body=0:");
}

static void
ambiguous_framing_is_refused(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {
	    "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
	    "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	    "POST /x HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\nhello",
	    "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\nhello",
	    "POST /x HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
	};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		char *a = ask(f, bad[i]);
		if (a[0] != '\0' && strstr(a, "HTTP/1.1 400") == NULL && strstr(a, "HTTP/1.1 413") == NULL)
			fail_msg("request %zu: %s", i, a);
	}
	assert_int_equal(atomic_load(&f->handled), 0);
}

static void
what_is_not_http_ends(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"\r\n\r\n\r\n",
					  "GARBAGE\r\n\r\n",
					  "GET\r\n\r\n",
					  "GET /x\r\n\r\n",
					  "GET /x HTTP/9.9\r\nHost: h\r\n\r\n",
					  "GET /x HTTP/1.1\r\n\r\n",
					  "GET /x HTTP/1.1\r\nno colon here\r\n\r\n",
					  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_null(strstr(ask(f, bad[i]), "HTTP/1.1 200"));
	assert_has(ask_path(f, "/still-here"), "GET /still-here");
}

static void
header_floods_are_refused(void **state)
{
	struct fixture *f = *state;
	struct text t;
	text_init(&t, &f->sc);
	text_add(&t, "GET /x HTTP/1.1\r\nHost: h\r\n");
	for (int i = 0; i < 4000; i++)
		text_printf(&t, "X-%d: y\r\n", i);
	text_add(&t, "\r\n");
	char *a = ask(f, t.s);
	assert_true(a[0] == '\0' || strstr(a, " 431 ") != NULL || strstr(a, " 413 ") != NULL);
	/* A 6 KB cookie is fine. */
	char cookie[6001];
	memset(cookie, 'c', 6000);
	cookie[6000] = '\0';
	assert_has(ask(f, scope_printf(&f->sc, "GET /c HTTP/1.1\r\nHost: h\r\nCookie: %s\r\n\r\n", cookie)), "GET /c");
	assert_int_equal(atomic_load(&f->handled), 1);
}

static void
a_slow_client_slows_nobody(void **state)
{
	struct fixture *f = *state;
	int slow[20];
	for (size_t i = 0; i < COUNT_OF(slow); i++) {
		slow[i] = dial(f);
		put_text(slow[i],
			 i % 2 == 0 ? "GET /slow HT" : "POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab");
	}
	int64_t start_ms = clock_mono_ms();
	for (int i = 0; i < 50; i++)
		assert_has(ask_path(f, "/quick"), "GET /quick");
	assert_true(clock_mono_ms() - start_ms < 5000);
	put_text(slow[0], "TP/1.1\r\nHost: h\r\n\r\n");
	assert_has(get_until(&f->sc, slow[0], "GET /slow"), "200 OK");
	for (size_t i = 0; i < COUNT_OF(slow); i++)
		close(slow[i]);
}

/* --- clients that go, servers that close --- */

static struct http_exchange *
wait_parked(struct fixture *f)
{
	for (int i = 0; i < 5000; i++) {
		pthread_mutex_lock(&f->lock);
		struct http_exchange *x = f->parked;
		pthread_mutex_unlock(&f->lock);
		if (x != NULL)
			return x;
		usleep(1000);
	}
	fail_msg("nothing was parked");
	return NULL;
}

static void
a_client_gone_while_suspended_is_harmless(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	put_text(fd, "GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
	struct http_exchange *x = wait_parked(f);
	struct linger hard = {.l_onoff = 1, .l_linger = 0};
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
	close(fd); /* a reset */
	usleep(20000);
	assert_string_equal(http_path(x), "/park"); /* still ours */
	reply_text(x, "too late");
	assert_has(ask_path(f, "/next"), "GET /next");
}

static void *
close_server(void *arg)
{
	struct fixture *f = arg;
	http_close(f->server);
	f->server = NULL;
	return NULL;
}

static void
closing_waits_for_a_reply(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	put_text(fd, "GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
	struct http_exchange *x = wait_parked(f);
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, close_server, f), 0);
	usleep(50000);
	reply_text(x, "in time");
	assert_has(get_until(&f->sc, fd, "in time"), "200 OK");
	pthread_join(thread, NULL);
	close(fd);
}

static void
closing_answers_what_nobody_answers(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	put_text(fd, "GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
	struct http_exchange *x = wait_parked(f);
	int64_t start_ms = clock_mono_ms();
	close_server(f);
	assert_true(clock_mono_ms() - start_ms < 8000);
	char *a = get_until(&f->sc, fd, NULL);
	assert_has(a, "HTTP/1.1 503");
	assert_has(a, "\"reason\":\"closing\"");
	reply_text(x, "far too late"); /* dropped, and everything is freed */
	close(fd);
}

/* Once nobody listens any more the server has begun to close. */
static void
wait_closing(int port)
{
	struct sockaddr_in at = {
	    .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (int listening = 0; listening == 0;) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		listening = connect(fd, (struct sockaddr *)&at, sizeof at);
		close(fd);
	}
}

/* A request that is whole only after the closing has begun must not wait for anybody: the daemon would be
 * stopped with it suspended. */
static void
closing_refuses_what_ends_too_late(void **state)
{
	struct fixture *f = *state;
	int holds = dial(f);
	put_text(holds, "GET /park HTTP/1.1\r\nHost: h\r\n\r\n");
	struct http_exchange *x = wait_parked(f);
	int late = dial(f);
	put_text(late, "POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n");
	assert_has(get_until(&f->sc, late, "100 Continue"), "100 Continue");
	pthread_t thread;
	int port = http_port(f->server);
	assert_int_equal(pthread_create(&thread, NULL, close_server, f), 0);
	wait_closing(port);
	put_text(late, "0123456789");
	char *a = get_until(&f->sc, late, "closing");
	assert_has(a, "HTTP/1.1 503");
	assert_int_equal(atomic_load(&f->handled), 1);
	reply_text(x, "in time");
	pthread_join(thread, NULL);
	close(late);
	close(holds);
}

/* --- streams --- */

static void
send_event(struct fixture *f, int n)
{
	pthread_mutex_lock(&f->lock);
	f->to_send = n;
	if (f->stream != NULL)
		http_wake(f->stream);
	pthread_mutex_unlock(&f->lock);
}

static void
wait_ended(struct fixture *f)
{
	for (int i = 0; i < 20000 && atomic_load(&f->ended) == 0; i++)
		usleep(1000);
	assert_int_equal(atomic_load(&f->ended), 1);
}

static void
a_stream_sleeps_and_wakes(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	put_text(fd, "GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
	char *a = get_until(&f->sc, fd, ":\n\n");
	assert_has(a, "text/event-stream");
	for (int i = 1; i <= 200; i++) {
		send_event(f, i);
		char *want = scope_printf(&f->sc, "id: %d\n", i);
		assert_has(get_until(&f->sc, fd, want), want);
	}
	int calls = atomic_load(&f->more_calls);
	usleep(300000);
	assert_true(atomic_load(&f->more_calls) - calls < 5); /* it sleeps, it does not spin */
	send_event(f, -1);
	wait_ended(f);
	close(fd);
}

static void
a_stream_whose_client_left_ends(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	put_text(fd, "GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
	get_until(&f->sc, fd, ":\n\n");
	close(fd);
	for (int i = 1; i < 100 && atomic_load(&f->ended) == 0; i++) {
		send_event(f, i);
		usleep(10000);
	}
	wait_ended(f);
}

static void
closing_ends_streams(void **state)
{
	struct fixture *f = *state;
	int fd = dial(f);
	put_text(fd, "GET /events HTTP/1.1\r\nHost: h\r\n\r\n");
	get_until(&f->sc, fd, ":\n\n");
	close_server(f);
	assert_int_equal(atomic_load(&f->ended), 1);
	close(fd);
}

static void
a_port_in_use_is_said(void **state)
{
	struct fixture *f = *state;
	struct http_options opt = {.listen = scope_printf(&f->sc, "127.0.0.1:%d", http_port(f->server)),
				   .threads = 1,
				   .max_connections = 4,
				   .idle_s = 5,
				   .body_max = body_max,
				   .handle = handle,
				   .ctx = f};
	struct http_server *second = NULL;
	assert_int_equal(http_open(&f->sc, &opt, &second), E_CONFLICT);
	opt.listen = "nonsense";
	assert_int_equal(http_open(&f->sc, &opt, &second), E_INVALID);
	opt.listen = "127.0.0.1:0";
	opt.tls_cert = "/nowhere/cert.pem";
	assert_int_equal(http_open(&f->sc, &opt, &second), E_INVALID);
	opt.tls_key = "/nowhere/key.pem";
	assert_int_equal(http_open(&f->sc, &opt, &second), E_NOT_FOUND);
	assert_null(second);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(answers_at_once_and_later),
	    TEST(one_connection_serves_many),
	    TEST(broken_addresses_are_refused),
	    TEST(bodies_are_bounded),
	    TEST(ambiguous_framing_is_refused),
	    TEST(what_is_not_http_ends),
	    TEST(header_floods_are_refused),
	    TEST(a_slow_client_slows_nobody),
	    TEST(a_client_gone_while_suspended_is_harmless),
	    TEST(closing_waits_for_a_reply),
	    TEST(closing_answers_what_nobody_answers),
	    TEST(closing_refuses_what_ends_too_late),
	    TEST(a_stream_sleeps_and_wakes),
	    TEST(a_stream_whose_client_left_ends),
	    TEST(closing_ends_streams),
	    TEST(a_port_in_use_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
