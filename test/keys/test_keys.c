/* keys: only the right key, owner, row and bytes open a seal. */
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/prng.h"
#include "base/text.h"
#include "keys/keys.h"

struct desk {
	struct scope sc;
	struct random r;
	char dir[64];
	const char *path;
	struct keys *k;
};

static int
set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);
	scope_init(&d->sc);
	random_init_os(&d->r);
	memcpy(d->dir, "/tmp/waybill-keys-XXXXXX", sizeof "/tmp/waybill-keys-XXXXXX");
	if (mkdtemp(d->dir) == NULL)
		return 1;
	d->path = path_join(&d->sc, d->dir, "keys");
	if (keys_create(&d->sc, d->path, &d->r) != OK || keys_open(&d->sc, d->path, &d->k) != OK)
		return 1;
	*state = d;
	return 0;
}

static int
tear_down(void **state)
{
	struct desk *d = *state;
	keys_close(d->k);
	unlink(d->path);
	rmdir(d->dir);
	scope_release(&d->sc);
	free(d);
	return 0;
}

static void
the_file_is_private_whole_and_made_once(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct stat st;
	assert_int_equal(stat(d->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(keys_create(sc, d->path, &d->r), E_CONFLICT);
	struct keys *k = NULL;
	for (unsigned mode = 0601; mode <= 0640; mode = mode == 0601 ? 0604 : mode == 0604 ? 0620 : mode + 020) {
		assert_int_equal(chmod(d->path, mode), 0);
		assert_int_equal(keys_open(sc, d->path, &k), E_DENIED);
		assert_string_equal(sc->err.reason, "keys-exposed");
	}
	assert_int_equal(chmod(d->path, 0600), 0);
	assert_int_equal(keys_open(sc, path_join(sc, d->dir, "none"), &k), E_NOT_FOUND);
	assert_int_equal(keys_open(sc, d->dir, &k), E_CORRUPT);
	assert_null(k);
}

static void
any_changed_byte_of_the_file_is_found(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	uint8_t *bytes;
	size_t n;
	assert_ok(sc, file_read(sc, d->path, 4096, &bytes, &n));
	struct keys *k = NULL;
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] ^= (uint8_t)(1 << bit);
			assert_int_equal(keys_read(sc, bytes, n, &k), E_CORRUPT);
			bytes[i] ^= (uint8_t)(1 << bit);
		}
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(keys_read(sc, bytes, cut, &k), E_CORRUPT);
	assert_null(k);
	assert_ok(sc, keys_read(sc, bytes, n, &k));
	keys_close(k);
	uint8_t *longer = scope_alloc(sc, n + 1);
	memcpy(longer, bytes, n);
	longer[n] = '\n';
	assert_int_equal(keys_read(sc, longer, n + 1, &k), E_CORRUPT);
}

static void
a_command_may_hold_the_keys(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct keys *k = NULL;
	assert_int_equal(keys_open(sc, "|exit 3", &k), E_UNAVAILABLE);
	assert_int_equal(keys_open(sc, "|echo no keys", &k), E_CORRUPT);
	assert_int_equal(keys_open(sc, "|head -c 100000 /dev/zero", &k), E_CORRUPT);
	assert_null(k);
	assert_ok(sc, keys_open(sc, scope_printf(sc, "|cat '%s'", d->path), &k));
	uint8_t a[32], b[32];
	key_mac(k, KEY_TOKEN, "x", 1, a);
	key_mac(d->k, KEY_TOKEN, "x", 1, b);
	assert_memory_equal(a, b, 32);
	keys_close(k);
}

static void
sealed_values_open_only_where_they_belong(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	uint8_t ann[KEY_BYTES + SEAL_OVERHEAD], bea[sizeof ann], account[sizeof ann];
	assert_ok(sc, key_make(sc, d->k, &d->r, KEY_BIOMETRIC, "drv_ann", ann));
	assert_ok(sc, key_make(sc, d->k, &d->r, KEY_BIOMETRIC, "drv_bea", bea));
	assert_ok(sc, key_make(sc, d->k, &d->r, KEY_ACCOUNT, "drv_ann", account));
	assert_int_equal(key_make(sc, d->k, &d->r, KEY_ACCOUNT, "", account), E_INVALID);

	uint8_t *sealed, *plain = NULL;
	size_t n, plain_n = 7;
	assert_ok(sc, key_seal(sc, d->k, &d->r, KEY_BIOMETRIC, "drv_ann", ann, "tpl_1", "a face", 6, &sealed, &n));
	assert_int_equal(n, 6 + SEAL_OVERHEAD);
	const struct {
		enum key_purpose purpose;
		const char *owner;
		const uint8_t *key;
		const char *row;
	} wrong[] = {
	    {KEY_BIOMETRIC, "drv_ann", ann, "tpl_2"},	 {KEY_BIOMETRIC, "drv_ann", ann, "tpl_"},
	    {KEY_BIOMETRIC, "drv_bea", bea, "tpl_1"},	 {KEY_BIOMETRIC, "drv_bea", ann, "tpl_1"},
	    {KEY_BIOMETRIC, "drv_ann", bea, "tpl_1"},	 {KEY_ACCOUNT, "drv_ann", ann, "tpl_1"},
	    {KEY_ACCOUNT, "drv_ann", account, "tpl_1"},	 {KEY_BIOMETRIC, "drv_ann", account, "tpl_1"},
	    {KEY_BIOMETRIC, "drv_ann 5", ann, ":tpl_1"},
	};
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		assert_int_equal(key_unseal(sc, d->k, wrong[i].purpose, wrong[i].owner, wrong[i].key, wrong[i].row,
					    sealed, n, &plain, &plain_n),
				 E_CORRUPT);
	assert_null(plain);
	assert_int_equal(plain_n, 7);
	assert_ok(sc, key_unseal(sc, d->k, KEY_BIOMETRIC, "drv_ann", ann, "tpl_1", sealed, n, &plain, &plain_n));
	assert_int_equal(plain_n, 6);
	assert_memory_equal(plain, "a face", 6);
}

static void
a_flipped_bit_or_a_lost_byte_never_opens(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct prng p;
	prng_seed(&p, 11);
	uint8_t key[KEY_BYTES + SEAL_OVERHEAD];
	assert_ok(sc, key_make(sc, d->k, &d->r, KEY_ACCOUNT, "drv_1", key));
	for (size_t len = 0; len < 40; len++) {
		uint8_t value[40], *sealed, *plain = NULL;
		size_t n, plain_n;
		for (size_t i = 0; i < len; i++)
			value[i] = (uint8_t)prng_below(&p, 256);
		assert_ok(sc, key_seal(sc, d->k, &d->r, KEY_ACCOUNT, "drv_1", key, "row", value, len, &sealed, &n));
		for (size_t bit = 0; bit < n * 8; bit++) {
			sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
			assert_int_equal(
			    key_unseal(sc, d->k, KEY_ACCOUNT, "drv_1", key, "row", sealed, n, &plain, &plain_n),
			    E_CORRUPT);
			sealed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		}
		for (size_t cut = 0; cut < n; cut++)
			assert_int_equal(
			    key_unseal(sc, d->k, KEY_ACCOUNT, "drv_1", key, "row", sealed, cut, &plain, &plain_n),
			    E_CORRUPT);
		assert_ok(sc, key_unseal(sc, d->k, KEY_ACCOUNT, "drv_1", key, "row", sealed, n, &plain, &plain_n));
		assert_int_equal(plain_n, len);
		assert_memory_equal(plain, value, len);
		key[len % sizeof key] ^= 1;
		assert_int_equal(key_unseal(sc, d->k, KEY_ACCOUNT, "drv_1", key, "row", sealed, n, &plain, &plain_n),
				 E_CORRUPT);
		key[len % sizeof key] ^= 1;
	}
}

static void
macs_differ_by_purpose_and_by_file(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	uint8_t mac[KEY_PURPOSES][32];
	for (int i = 0; i < KEY_PURPOSES; i++) {
		key_mac(d->k, (enum key_purpose)i, "token", 5, mac[i]);
		for (int j = 0; j < i; j++)
			assert_memory_not_equal(mac[i], mac[j], 32);
	}
	const char *other = path_join(sc, d->dir, "other");
	assert_ok(sc, keys_create(sc, other, &d->r));
	struct keys *k;
	assert_ok(sc, keys_open(sc, other, &k));
	uint8_t m[32];
	key_mac(k, KEY_TOKEN, "token", 5, m);
	assert_memory_not_equal(m, mac[KEY_TOKEN], 32);
	keys_close(k);
	unlink(other);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(the_file_is_private_whole_and_made_once, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(any_changed_byte_of_the_file_is_found, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_command_may_hold_the_keys, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(sealed_values_open_only_where_they_belong, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_flipped_bit_or_a_lost_byte_never_opens, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(macs_differ_by_purpose_and_by_file, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
