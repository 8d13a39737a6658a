/* http/client against a server of our own: what it sends, and what it refuses to take. */
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/http.h"
#include "http/http_client.h"
#include "unit.h"

struct fixture {
	struct scope sc;
	struct http_server *server;
	struct http_client *client;
};

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	(void)path;
	return text_eq(method, "POST") ? 100000 : 0;
}

static void
echo(struct http_exchange *x)
{
	size_t n;
	const uint8_t *body = http_body(x, &n);
	const char *q = http_query(x, "q");
	const char *agent = http_header(x, "User-Agent");
	const char *type = http_header(x, "Content-Type");
	struct text t;
	text_init(&t, http_scope(x));
	text_printf(&t, "%s %s q=%s agent=%s type=%s body=%zu:", http_method(x), http_path(x), q == NULL ? "-" : q,
		    agent == NULL ? "-" : agent, type == NULL ? "-" : type, n);
	text_add_n(&t, (const char *)body, n);
	static const struct http_field plain[] = {{"Content-Type", "text/plain"}};
	http_reply(x, 200, plain, 1, t.s, t.len, true);
}

static void
handle(void *ctx, struct http_exchange *x)
{
	(void)ctx;
	static char big[5000];
	static const struct http_field away[] = {{"Location", "/v1/echo"}};
	if (text_eq(http_path(x), "/v1/big"))
		http_reply(x, 200, NULL, 0, big, sizeof big, true);
	else if (text_eq(http_path(x), "/v1/slow")) {
		usleep(700000);
		echo(x);
	} else if (text_eq(http_path(x), "/v1/away"))
		http_reply(x, 302, away, 1, NULL, 0, true);
	else if (text_eq(http_path(x), "/v1/gone"))
		http_reply(x, 404, NULL, 0, "no", 2, true);
	else
		echo(x);
}

static void
serve(struct fixture *f, const char *cert, const char *key)
{
	const struct http_options opt = {.listen = "127.0.0.1:0",
					 .tls_cert = cert,
					 .tls_key = key,
					 .threads = 2,
					 .max_connections = 16,
					 .idle_s = 5,
					 .close_grace_ms = 2000,
					 .body_max = body_max,
					 .handle = handle};
	assert_ok(&f->sc, http_open(&f->sc, &opt, &f->server));
}

static int
setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	if (f == NULL)
		return -1;
	scope_init(&f->sc);
	serve(f, NULL, NULL);
	const struct http_client_options opt = {
	    .base = scope_printf(&f->sc, "http://127.0.0.1:%d/v1/", http_port(f->server)),
	    .timeout_ms = 400,
	    .answer_max = 4999};
	assert_ok(&f->sc, http_client_open(&f->sc, &opt, &f->client));
	*state = f;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *f = *state;
	http_client_close(f->client);
	http_close(f->server);
	scope_release(&f->sc);
	free(f);
	return 0;
}

static void
asks_and_hears(void **state)
{
	struct fixture *f = *state;
	struct http_answer a;
	const char *target = scope_printf(&f->sc, "/echo?q=%s", url_encode(&f->sc, "Rua de São João, 7 & 50%"));
	assert_string_equal(target, "/echo?q=Rua%20de%20S%C3%A3o%20Jo%C3%A3o%2C%207%20%26%2050%25");
	for (int i = 0; i < 3; i++) {
		assert_ok(&f->sc, http_client_get(&f->sc, f->client, target, &a));
		assert_int_equal(a.status, 200);
		assert_string_equal(a.type, "text/plain");
		assert_string_equal((const char *)a.body,
				    "GET /v1/echo q=Rua de São João, 7 & 50% agent=waybill/" WAYBILL_VERSION
				    " type=- body=0:");
		assert_int_equal(a.n, strlen((const char *)a.body));
	}
	assert_ok(&f->sc, http_client_post(&f->sc, f->client, "/echo", "application/json", "[1]", 3, &a));
	assert_string_equal((const char *)a.body,
			    "POST /v1/echo q=- agent=waybill/" WAYBILL_VERSION " type=application/json body=3:[1]");
	assert_ok(&f->sc, http_client_post(&f->sc, f->client, "/echo", "text/plain", NULL, 0, &a));
	assert_non_null(strstr((const char *)a.body, "POST"));
	assert_ok(&f->sc, http_client_get(&f->sc, f->client, "/gone", &a));
	assert_int_equal(a.status, 404);
	assert_string_equal((const char *)a.body, "no");
}

static void
bounds_hold(void **state)
{
	struct fixture *f = *state;
	struct http_answer a = {.status = -1};
	assert_int_equal(http_client_get(&f->sc, f->client, "/big", &a), E_LIMIT);
	int64_t start_ms = clock_mono_ms();
	assert_int_equal(http_client_get(&f->sc, f->client, "/slow", &a), E_DEADLINE);
	assert_in_range(clock_mono_ms() - start_ms, 300, 690);
	f->sc.deadline_ms = clock_mono_ms() + 50;
	start_ms = clock_mono_ms();
	assert_int_equal(http_client_get(&f->sc, f->client, "/slow", &a), E_DEADLINE);
	assert_true(clock_mono_ms() - start_ms < 350);
	assert_int_equal(http_client_get(&f->sc, f->client, "/echo", &a), E_DEADLINE);
	f->sc.deadline_ms = 0;
	assert_int_equal(a.status, -1);
}

static void
goes_nowhere_else(void **state)
{
	struct fixture *f = *state;
	struct http_answer a;
	assert_ok(&f->sc, http_client_get(&f->sc, f->client, "/away", &a));
	assert_int_equal(a.status, 302); /* told, not followed */
	static const char *const bad[] = {"",	       "echo", "@elsewhere/", "/a b", "/a\r\nHost: x",
					  "/\xc3\xa9", "/a#b", "/a\\b"};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(http_client_get(&f->sc, f->client, bad[i], &a), E_INVALID);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	assert_ok(&f->sc, http_client_get(&f->sc, f->client, "/echo", &a));
	unsetenv("http_proxy");
}

static void
bases_are_checked(void **state)
{
	struct fixture *f = *state;
	struct http_client *c = NULL;
	static const char *const bad[] = {"",
					  "geo.example",
					  "file:///etc/passwd",
					  "ftp://geo.example",
					  "http://",
					  "http://u:p@geo.example",
					  "http://u@geo.ex",
					  "http://geo.ex/?q=",
					  "http://geo.ex/#a",
					  "http://a b",
					  "http://a\nb",
					  "http://geo.ex:99999"};
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const struct http_client_options opt = {.base = bad[i]};
		if (http_client_open(&f->sc, &opt, &c) != E_INVALID)
			fail_msg("\"%s\" was taken", bad[i]);
	}
	assert_null(c);
}

static void
a_server_that_is_not_there(void **state)
{
	struct fixture *f = *state;
	struct http_answer a;
	http_close(f->server);
	f->server = NULL;
	assert_int_equal(http_client_get(&f->sc, f->client, "/echo", &a), E_UNAVAILABLE);
}

/* --- threads --- */

static void *
ask_some(void *arg)
{
	struct http_client *c = arg;
	struct scope sc;
	scope_init(&sc);
	size_t good = 0;
	for (int i = 0; i < 10; i++) {
		struct http_answer a;
		const char *target = scope_printf(&sc, "/echo?q=%p-%d", (void *)&sc, i);
		if (http_client_get(&sc, c, target, &a) == OK && strstr((const char *)a.body, target + 6) != NULL)
			good++;
	}
	scope_release(&sc);
	return (void *)(uintptr_t)good;
}

static void
many_threads_share_one(void **state)
{
	struct fixture *f = *state;
	struct http_client *c;
	const struct http_client_options opt = {.base = http_client_base(f->client), .timeout_ms = 30000};
	assert_ok(&f->sc, http_client_open(&f->sc, &opt, &c));
	pthread_t thread[6];
	for (size_t i = 0; i < COUNT_OF(thread); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, ask_some, c), 0);
	for (size_t i = 0; i < COUNT_OF(thread); i++) {
		void *good;
		pthread_join(thread[i], &good);
		assert_int_equal((uintptr_t)good, 10);
	}
	http_client_close(c);
}

static void
the_pace_is_kept(void **state)
{
	struct fixture *f = *state;
	struct http_client *c;
	struct http_answer a;
	const struct http_client_options opt = {.base = http_client_base(f->client), .pace_ms = 150};
	assert_ok(&f->sc, http_client_open(&f->sc, &opt, &c));
	int64_t start_ms = clock_mono_ms();
	for (int i = 0; i < 4; i++)
		assert_ok(&f->sc, http_client_get(&f->sc, c, "/echo", &a));
	assert_true(clock_mono_ms() - start_ms >= 450);
	f->sc.deadline_ms = clock_mono_ms() + 20;
	start_ms = clock_mono_ms();
	assert_int_equal(http_client_get(&f->sc, c, "/echo", &a), E_DEADLINE); /* at once: its turn comes too late */
	assert_true(clock_mono_ms() - start_ms < 100);
	f->sc.deadline_ms = 0;
	http_client_close(c);
}

/* --- when to come again --- */

#define DAY_MS (INT64_C(24) * 3600 * 1000)

static void
retry_after_is_read(void **state)
{
	static const int64_t now_ms = INT64_C(784111720500); /* Sun, 06 Nov 1994 08:48:40.5 GMT */
	static const struct {
		const char *field;
		int64_t ms;
	} table[] = {
	    {"0", 0},
	    {"120", 120000},
	    {"000000000120", 120000},
	    {"999999999999999999999999999999", HTTP_RETRY_MAX_MS},
	    {"31536001", HTTP_RETRY_MAX_MS},
	    {"Sun, 06 Nov 1994 08:49:37 GMT", 56500}, /* the three forms of RFC 9110, 5.6.7 */
	    {"Sunday, 06-Nov-94 08:49:37 GMT", 56500},
	    {"Sun Nov  6 08:49:37 1994", 56500},
	    {"Mon, 07 Nov 1994 08:48:40 GMT", DAY_MS - 500},
	    {"Sun, 06 Nov 1994 08:48:40 GMT", 0},			/* past */
	    {"Sun, 06 Nov 2094 08:49:37 GMT", HTTP_RETRY_MAX_MS - 500}, /* to the second */
	    {"Sun, 06 Nov 900999999 08:49:37 GMT", HTTP_RETRY_MAX_MS - 500},
	    {"", 0},
	    {"-5", 0},
	    {"1.5", 0},
	    {"60 ", 0},
	    {"0x10", 0},
	    {"soon", 0},
	    {"08:49:37", 0},
	    {"Sun, 32 Nov 1994 08:49:37 GMT", 0},
	    {"Sun, 06 Nov 1994 08:49:37 GMT and then until it rains no more, or so", 0}, /* too long */
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (http_retry_after_ms(table[i].field, now_ms) != table[i].ms)
			fail_msg("\"%s\": %" PRId64 " ms", table[i].field, http_retry_after_ms(table[i].field, now_ms));
}

/* --- TLS --- */

static void
certificates_are_checked(void **state)
{
	struct fixture *f = *state;
	char dir[] = "/tmp/waybill-client-XXXXXX";
	assert_non_null(mkdtemp(dir));
	const char *cert = scope_printf(&f->sc, "%s/cert.pem", dir);
	const char *key = scope_printf(&f->sc, "%s/key.pem", dir);
	const char *make = scope_printf(&f->sc,
					"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
					"-keyout %s -out %s -days 2 -subj /CN=localhost -addext "
					"subjectAltName=IP:127.0.0.1 >/dev/null 2>&1",
					key, cert);
	if (system(make) != 0) {
		print_message("openssl is not here: certificates were not tried\n");
		skip();
	}
	http_close(f->server);
	serve(f, cert, key);
	struct http_answer a;
	struct http_client *c;
	struct http_client_options opt = {.base = scope_printf(&f->sc, "https://127.0.0.1:%d", http_port(f->server))};
	assert_ok(&f->sc, http_client_open(&f->sc, &opt, &c)); /* nobody the machine trusts signed it */
	assert_int_equal(http_client_get(&f->sc, c, "/echo", &a), E_UNAVAILABLE);
	http_client_close(c);
	opt.ca_file = cert;
	assert_ok(&f->sc, http_client_open(&f->sc, &opt, &c));
	assert_ok(&f->sc, http_client_get(&f->sc, c, "/echo", &a));
	assert_int_equal(a.status, 200);
	http_client_close(c);
	opt.base = scope_printf(&f->sc, "https://localhost:%d", http_port(f->server));
	assert_ok(&f->sc, http_client_open(&f->sc, &opt, &c)); /* trusted, but the name is another's */
	assert_int_equal(http_client_get(&f->sc, c, "/echo", &a), E_UNAVAILABLE);
	http_client_close(c);
	unlink(cert);
	unlink(key);
	rmdir(dir);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    CASE(asks_and_hears),
	    CASE(bounds_hold),
	    CASE(goes_nowhere_else),
	    CASE(bases_are_checked),
	    CASE(a_server_that_is_not_there),
	    CASE(many_threads_share_one),
	    CASE(the_pace_is_kept),
	    CASE(retry_after_is_read),
	    CASE(certificates_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
