/* Which addresses are whose, and that a client with a reach goes no further, by whatever name. */
#include <arpa/inet.h>
#include <netinet/in.h>

#include "base/text.h"
#include "http/http.h"
#include "http/http_client.h"
#include "unit.h"

static enum http_address_class
class_of(const char *text)
{
	struct sockaddr_in a4 = {.sin_family = AF_INET};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
	if (inet_pton(AF_INET, text, &a4.sin_addr) == 1)
		return http_address_class((const struct sockaddr *)&a4);
	assert_int_equal(inet_pton(AF_INET6, text, &a6.sin6_addr), 1);
	return http_address_class((const struct sockaddr *)&a6);
}

static void
every_address_has_its_class(void **state)
{
	(void)state;
	static const struct {
		const char *address;
		enum http_address_class is;
	} table[] = {
	    {"8.8.8.8", ADDRESS_PUBLIC},
	    {"1.1.1.1", ADDRESS_PUBLIC},
	    {"172.15.255.255", ADDRESS_PUBLIC},
	    {"172.32.0.1", ADDRESS_PUBLIC},
	    {"192.167.1.1", ADDRESS_PUBLIC},
	    {"223.255.255.254", ADDRESS_PUBLIC},
	    {"10.0.0.1", ADDRESS_PRIVATE},
	    {"10.255.255.255", ADDRESS_PRIVATE},
	    {"172.16.0.1", ADDRESS_PRIVATE},
	    {"172.31.255.254", ADDRESS_PRIVATE},
	    {"192.168.0.10", ADDRESS_PRIVATE},
	    {"127.0.0.1", ADDRESS_LOOPBACK},
	    {"127.255.0.3", ADDRESS_LOOPBACK},
	    {"0.0.0.0", ADDRESS_NEVER},
	    {"0.1.2.3", ADDRESS_NEVER},
	    {"169.254.169.254", ADDRESS_NEVER},
	    {"169.254.170.2", ADDRESS_NEVER},
	    {"100.64.0.1", ADDRESS_NEVER},
	    {"100.100.100.200", ADDRESS_NEVER},
	    {"100.127.255.255", ADDRESS_NEVER},
	    {"100.128.0.1", ADDRESS_PUBLIC},
	    {"168.63.129.16", ADDRESS_NEVER},
	    {"168.63.129.17", ADDRESS_PUBLIC},
	    {"192.0.0.192", ADDRESS_NEVER},
	    {"192.0.2.7", ADDRESS_NEVER},
	    {"198.18.0.1", ADDRESS_NEVER},
	    {"198.19.255.255", ADDRESS_NEVER},
	    {"198.51.100.1", ADDRESS_NEVER},
	    {"203.0.113.9", ADDRESS_NEVER},
	    {"224.0.0.251", ADDRESS_NEVER},
	    {"239.255.255.250", ADDRESS_NEVER},
	    {"240.0.0.1", ADDRESS_NEVER},
	    {"255.255.255.255", ADDRESS_NEVER},
	    {"2606:4700::1111", ADDRESS_PUBLIC},
	    {"2a00:1450:400f::1", ADDRESS_PUBLIC},
	    {"::1", ADDRESS_LOOPBACK},
	    {"::", ADDRESS_NEVER},
	    {"::ffff:8.8.8.8", ADDRESS_PUBLIC},
	    {"::ffff:127.0.0.1", ADDRESS_LOOPBACK},
	    {"::ffff:10.1.2.3", ADDRESS_PRIVATE},
	    {"::ffff:169.254.169.254", ADDRESS_NEVER},
	    {"::127.0.0.1", ADDRESS_NEVER},
	    {"64:ff9b::8.8.8.8", ADDRESS_PUBLIC},
	    {"64:ff9b::10.0.0.1", ADDRESS_NEVER},
	    {"64:ff9b::169.254.169.254", ADDRESS_NEVER},
	    {"64:ff9b:1::1", ADDRESS_NEVER},
	    {"2002:0808:0808::1", ADDRESS_PUBLIC},
	    {"2002:7f00:0001::1", ADDRESS_NEVER},
	    {"2002:c0a8:0001::1", ADDRESS_NEVER},
	    {"2001::1", ADDRESS_NEVER},
	    {"2001:db8::1", ADDRESS_NEVER},
	    {"2001:4860:4860::8888", ADDRESS_PUBLIC},
	    {"3fff::1", ADDRESS_NEVER},
	    {"5f00::1", ADDRESS_NEVER},
	    {"100::1", ADDRESS_NEVER},
	    {"fc00::1", ADDRESS_PRIVATE},
	    {"fd12:3456::1", ADDRESS_PRIVATE},
	    {"fd00:ec2::254", ADDRESS_NEVER},
	    {"fe80::1", ADDRESS_NEVER},
	    {"fec0::1", ADDRESS_NEVER},
	    {"ff02::1", ADDRESS_NEVER},
	};
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (class_of(table[i].address) != table[i].is)
			fail_msg("%s is %d", table[i].address, (int)class_of(table[i].address));
	struct sockaddr other = {.sa_family = AF_UNIX};
	assert_int_equal(http_address_class(&other), ADDRESS_NEVER);
}

static void
reaches_are_what_they_say(void **state)
{
	(void)state;
	static const bool want[][4] = {
	    [REACH_ANY] = {true, true, true, true},
	    [REACH_PUBLIC] = {true, false, false, false},
	    [REACH_PRIVATE] = {true, true, false, false},
	    [REACH_LOOPBACK] = {true, false, true, false},
	};
	for (int reach = REACH_ANY; reach <= REACH_LOOPBACK; reach++)
		for (int is = ADDRESS_PUBLIC; is <= ADDRESS_NEVER; is++)
			assert_int_equal(http_reach_allows((enum http_reach)reach, (enum http_address_class)is),
					 want[reach][is]);
}

/* --- addresses as text --- */

static void
urls_are_taken_apart(void **state)
{
	(void)state;
	struct scope sc;
	struct http_where w;
	scope_init(&sc);
	assert_ok(&sc, http_where_parse(&sc, "https://hooks.example:8443/in/bound?a=1&b=%20", &w));
	assert_true(w.tls);
	assert_string_equal(w.host, "hooks.example");
	assert_string_equal(w.base, "https://hooks.example:8443");
	assert_string_equal(w.target, "/in/bound?a=1&b=%20");
	assert_ok(&sc, http_where_parse(&sc, "https://hooks.example", &w));
	assert_string_equal(w.target, "/");
	static const char *const refused[] = {"",
					      "hooks.example",
					      "ftp://hooks.example/",
					      "file:///etc/passwd",
					      "https://",
					      "https://a b/",
					      "https://user@hooks.example/",
					      "https://user:pass@hooks.example/",
					      "https://:pass@hooks.example/",
					      "https://hooks.example/#x",
					      "https://hooks.example/\n",
					      "https://hooks.example/\xc3\xa5",
					      "https:\\\\hooks.example\\",
					      "gopher://127.0.0.1/",
					      "https://[fe80::1%25eth0]/",
					      "https://%32130706433/",
					      "HTTPS://hooks.example/"};
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		if (http_where_parse(&sc, refused[i], &w) != E_INVALID)
			fail_msg("%s is taken", refused[i]);
		assert_string_equal(sc.err.reason, "bad-url");
	}
	assert_string_equal(w.target, "/"); /* untouched */
	char *long_one = scope_alloc(&sc, HTTP_WHERE_MAX + 2);
	memset(long_one, 'a', HTTP_WHERE_MAX + 1);
	memcpy(long_one, "https://", 8);
	assert_int_equal(http_where_parse(&sc, long_one, &w), E_INVALID);
	scope_release(&sc);
}

/* However it is written. */
static void
hosts_that_are_addresses_are_judged_at_once(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		bool public, private, loopback;
	} table[] = {
	    {"https://hooks.example/", true, true, true}, /* a name: the connection tells */
	    {"https://8.8.8.8/", true, true, true},
	    {"https://[2606:4700::1111]/", true, true, true},
	    {"https://10.1.2.3/", false, true, false},
	    {"https://[fd12::1]/", false, true, false},
	    {"https://127.0.0.1/", false, false, true},
	    {"https://localhost/", false, false, true},
	    {"https://LOCALHOST:99/", false, false, true},
	    {"https://x.localhost/", false, false, true},
	    {"https://[::1]/", false, false, true},
	    {"https://[::ffff:127.0.0.1]/", false, false, true},
	    {"https://2130706433/", false, false, true},
	    {"https://0x7f000001/", false, false, true},
	    {"https://0177.0.0.1/", false, false, true},
	    {"https://127.1/", false, false, true},
	    {"https://127%2e0.0.1/", false, false, true},
	    {"https:///127.0.0.1/", false, false, true},
	    {"https://169.254.169.254/latest/meta-data/", false, false, false},
	    {"https://[fd00:ec2::254]/", false, false, false},
	    {"https://0/", false, false, false},
	};
	struct scope sc;
	scope_init(&sc);
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct http_where w;
		const bool want[] = {table[i].public, table[i].private, table[i].loopback};
		static const enum http_reach reach[] = {REACH_PUBLIC, REACH_PRIVATE, REACH_LOOPBACK};
		assert_ok(&sc, http_where_parse(&sc, table[i].url, &w));
		for (size_t k = 0; k < COUNT_OF(reach); k++)
			if ((http_where_check(&sc, &w, reach[k]) == OK) != want[k])
				fail_msg("%s, reach %d", table[i].url, (int)reach[k]);
	}
	scope_release(&sc);
}

/* --- connections --- */

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	(void)method;
	(void)path;
	return 1000;
}

static void
answer(void *ctx, struct http_exchange *x)
{
	static char big[20000];
	int *asked = ctx;
	++*asked;
	const char *mark = http_header(x, "X-Mark");
	http_reply(x, mark == NULL ? 200 : 202, NULL, 0, big, sizeof big, true);
}

struct ground {
	struct scope sc;
	int asked;
	struct http_server *server;
};

static void
ground_open(struct ground *g)
{
	*g = (struct ground){.asked = 0};
	scope_init(&g->sc);
	const struct http_options opt = {.listen = "127.0.0.1:0",
					 .threads = 1,
					 .max_connections = 16,
					 .idle_s = 5,
					 .close_grace_ms = 2000,
					 .body_max = body_max,
					 .handle = answer,
					 .ctx = &g->asked};
	assert_ok(&g->sc, http_open(&g->sc, &opt, &g->server));
}

static void
ground_close(struct ground *g)
{
	http_close(g->server);
	scope_release(&g->sc);
}

/* The name is resolved by the connection itself: what it leads to counts. */
static void
a_name_that_leads_home_is_not_followed(void **state)
{
	(void)state;
	struct ground g;
	ground_open(&g);
	static const char *const names[] = {"127.0.0.1", "localhost", "[::ffff:127.0.0.1]"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		for (int reach = REACH_PUBLIC; reach <= REACH_PRIVATE; reach++) {
			struct http_client *c;
			struct http_answer a = {.status = -1};
			const struct http_client_options opt = {
			    .base = scope_printf(&g.sc, "http://%s:%d", names[i], http_port(g.server)),
			    .timeout_ms = 2000,
			    .reach = (enum http_reach)reach};
			assert_ok(&g.sc, http_client_open(&g.sc, &opt, &c));
			assert_int_equal(http_client_get(&g.sc, c, "/", &a), E_DENIED);
			assert_string_equal(g.sc.err.reason, "address-not-allowed");
			assert_int_equal(a.status, -1);
			http_client_close(c);
		}
	assert_int_equal(g.asked, 0);
	ground_close(&g);
}

static void
a_status_needs_no_body(void **state)
{
	(void)state;
	struct ground g;
	ground_open(&g);
	struct http_client *c;
	struct http_answer a;
	_Atomic bool stop = false;
	const struct http_client_options opt = {.base = scope_printf(&g.sc, "http://127.0.0.1:%d", http_port(g.server)),
						.answer_max = 4096,
						.reach = REACH_LOOPBACK,
						.status_only = true,
						.stop = &stop};
	assert_ok(&g.sc, http_client_open(&g.sc, &opt, &c));
	static const struct http_field mark[] = {{"X-Mark", "1"}};
	const struct http_request request = {
	    .target = "/", .type = "text/plain", .body = "x", .n = 1, .fields = mark, .n_fields = 1};
	for (int i = 0; i < 2; i++) {
		assert_ok(&g.sc, http_client_send(&g.sc, c, &request, &a));
		assert_int_equal(a.status, 202);
		assert_int_equal(a.n, 0);
	}
	stop = true;
	assert_int_equal(http_client_send(&g.sc, c, &request, &a), E_CANCELLED);
	http_client_close(c);
	ground_close(&g);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_address_has_its_class),
	    cmocka_unit_test(reaches_are_what_they_say),
	    cmocka_unit_test(urls_are_taken_apart),
	    cmocka_unit_test(hosts_that_are_addresses_are_judged_at_once),
	    cmocka_unit_test(a_name_that_leads_home_is_not_followed),
	    cmocka_unit_test(a_status_needs_no_body),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
