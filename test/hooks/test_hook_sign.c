/* Secrets and signatures against the published vector, and the pauses. */
#include "unit.h"

#include "base/text.h"
#include "hooks/hook_rows.h"

/* The vector that implementations of Standard Webhooks test themselves with. */
static void
the_published_vector(void **state)
{
	(void)state;
	static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
	struct scope sc;
	uint8_t *key;
	size_t n;
	scope_init(&sc);
	assert_ok(&sc, base64_decode(&sc, secret + strlen("whsec_"), 64, &key, &n));
	assert_int_equal(n, 24);
	assert_string_equal(hook_secret_text(&sc, key, n), secret);
	assert_string_equal(
	    hook_signature(&sc, key, n, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}"),
	    "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	scope_release(&sc);
}

/* A key longer than a block, which HMAC hashes first. */
static void
a_long_key(void **state)
{
	(void)state;
	struct scope sc;
	uint8_t key[131];
	uint8_t want[32];
	scope_init(&sc);
	memset(key, 0xaa, sizeof key);
	/* computed by another implementation over "i.1." and "b" */
	assert_ok(&sc, hex_decode(&sc, "350a4b9a04df8c2ca1695b2a75403180a7a0e4ebaaf60fbf2ab63f1ccb88a507", want,
				  sizeof want));
	assert_string_equal(hook_signature(&sc, key, sizeof key, "i", 1, "b"),
			    scope_printf(&sc, "v1,%s", base64_encode(&sc, want, sizeof want)));
	scope_release(&sc);
}

static void
pauses_grow_and_end(void **state)
{
	(void)state;
	static const int64_t want_s[] = {5, 60, 600, 3600, 10800, 21600, 43200, 86400, 86400};
	int64_t sum_s = 0;
	for (int64_t tries = 1; tries < HOOK_TRIES; tries++) {
		int64_t s = want_s[tries - 1];
		int64_t least = INT64_MAX;
		int64_t most = 0;
		for (uint32_t chance = 0; chance < 1000; chance++) {
			int64_t ms = hook_pause_ms(tries, chance * 2654435761u);
			least = ms < least ? ms : least;
			most = ms > most ? ms : most;
		}
		assert_int_equal(least, s * 800);
		assert_int_equal(most, s * 1200);
		sum_s += s;
	}
	/* somebody has a weekend to mend his receiver, and the list still holds the first message then */
	assert_in_range(sum_s, 65 * 3600, 75 * 3600);
	assert_true(sum_s * 1200 < HOOK_KEPT_MS);
	assert_int_equal(hook_pause_ms(0, 20), 5000);
	assert_int_equal(hook_pause_ms(99, 20), 86400000);
	assert_int_equal(hook_rest_ms(1, 20), 5000);
	assert_int_equal(hook_rest_ms(2, 20), 30000);
	assert_int_equal(hook_rest_ms(4, 20), 600000);
	assert_int_equal(hook_rest_ms(4000, 20), 600000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_published_vector),
	    cmocka_unit_test(a_long_key),
	    cmocka_unit_test(pauses_grow_and_end),
	};
	random_init_os(&(struct random){0});
	return cmocka_run_group_tests(tests, NULL, NULL);
}
