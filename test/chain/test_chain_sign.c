/* Notes and the process that signs them. Run as `… sign-child KEY` this program
 * is that process, by the same code as the product's. */
#include "unit.h"

#include <signal.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/prng.h"
#include "chain/chain_sign.h"
#include "naive_log.h"

struct desk {
	struct scope sc;
	struct random r;
	char dir[64];
	const char *key;
	struct naive_log log;
};

static int
set_up(void **state)
{
	struct desk *d = calloc(1, sizeof *d);
	scope_init(&d->sc);
	random_init_os(&d->r);
	memcpy(d->dir, "/tmp/waybill-sign-XXXXXX", sizeof "/tmp/waybill-sign-XXXXXX");
	if (mkdtemp(d->dir) == NULL)
		return 1;
	d->key = path_join(&d->sc, d->dir, "signing.key");
	if (signing_key_create(&d->sc, d->key, &d->r, "test.example/log") != OK)
		return 1;
	naive_init(&d->sc, &d->log, 600, 9);
	*state = d;
	return 0;
}

static int
tear_down(void **state)
{
	struct desk *d = *state;
	const char *names[] = {"signing.key", "signing.pub", "signing.state"};
	for (size_t i = 0; i < COUNT_OF(names); i++)
		unlink(path_join(&d->sc, d->dir, names[i]));
	rmdir(d->dir);
	scope_release(&d->sc);
	free(d);
	return 0;
}

/* Asks for the naive log's tree of `size` leaves, following from `old`. */
static enum code
sign(struct desk *d, struct signer *s, int64_t old, int64_t size, const char **note)
{
	uint8_t root[CHAIN_HASH], path[PROOF_MAX][CHAIN_HASH];
	naive_hash(&d->log, 0, size, root);
	size_t n = old == 0 || old > size ? 0 : naive_subproof(&d->log, old, 0, size, true, path);
	return signer_sign(&d->sc, s, size, root, (const uint8_t(*)[CHAIN_HASH])path, n, note);
}

static struct verifier_key
public_key(struct desk *d)
{
	uint8_t *text;
	size_t n;
	struct verifier_key k;
	assert_ok(&d->sc, file_read(&d->sc, path_join(&d->sc, d->dir, "signing.pub"), VKEY_MAX, &text, &n));
	assert_ok(&d->sc, vkey_parse(&d->sc, (const char *)text, &k));
	return k;
}

static void
it_signs_what_follows_and_nothing_else(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct signer *s;
	assert_ok(sc, signer_open(sc, NULL, d->key, &s));
	struct verifier_key k = public_key(d);
	const char *note;
	int64_t steps[] = {1, 2, 5, 5, 256, 257, 600};
	int64_t old = 0;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		assert_ok(sc, sign(d, s, old, steps[i], &note));
		struct checkpoint c;
		assert_ok(sc, checkpoint_open(sc, note, strlen(note), &k, &c));
		uint8_t root[CHAIN_HASH];
		naive_hash(&d->log, 0, steps[i], root);
		assert_int_equal(c.size, steps[i]);
		assert_memory_equal(c.root, root, CHAIN_HASH);
		old = steps[i];
	}
	/* smaller, another past at the same size, another past in a larger tree, a proof that is none */
	assert_int_equal(sign(d, s, 0, 599, &note), E_CONFLICT);
	assert_string_equal(sc->err.reason, "signer-refuses");
	uint8_t other[CHAIN_HASH] = {1};
	assert_int_equal(signer_sign(sc, s, 600, other, NULL, 0, &note), E_CONFLICT);
	assert_int_equal(signer_sign(sc, s, 601, other, NULL, 0, &note), E_CONFLICT);
	assert_int_equal(signer_sign(sc, s, 601, other, (const uint8_t(*)[CHAIN_HASH])d->log.leaves, 5, &note),
			 E_CONFLICT);
	struct signer_state st;
	assert_ok(sc, signer_state(sc, s, &st));
	assert_int_equal(st.size, 600);
	signer_close(s);
	/* and it remembers across its lives */
	assert_ok(sc, signer_open(sc, NULL, d->key, &s));
	assert_ok(sc, signer_state(sc, s, &st));
	assert_int_equal(st.size, 600);
	assert_int_equal(sign(d, s, 0, 599, &note), E_CONFLICT);
	signer_close(s);
}

static void
one_at_a_time_and_back_after_a_death(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct signer *s, *t = NULL;
	const char *note;
	assert_ok(sc, signer_open(sc, NULL, d->key, &s));
	assert_ok(sc, sign(d, s, 0, 10, &note));
	assert_int_equal(signer_open(sc, NULL, d->key, &t), E_UNAVAILABLE);
	assert_null(t);
	/* its children are ours: find the one that signs and kill it */
	char cmd[128];
	snprintf(cmd, sizeof cmd, "/proc/self/task/%d/children", (int)getpid());
	FILE *f = fopen(cmd, "re");
	assert_non_null(f);
	int pid = 0;
	assert_int_equal(fscanf(f, "%d", &pid), 1);
	fclose(f);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_ok(sc, sign(d, s, 10, 20, &note));
	assert_int_equal(sign(d, s, 0, 15, &note), E_CONFLICT);
	signer_close(s);
	assert_int_equal(signer_open(sc, "/bin/false", d->key, &t), E_UNAVAILABLE);
	assert_int_equal(signer_open(sc, NULL, path_join(sc, d->dir, "none.key"), &t), E_UNAVAILABLE);
	unlink(path_join(sc, d->dir, "none.state"));
}

static void
a_torn_state_keeps_the_older_line(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct signer *s;
	const char *note, *path = path_join(sc, d->dir, "signing.state");
	assert_ok(sc, signer_open(sc, NULL, d->key, &s));
	assert_ok(sc, sign(d, s, 0, 3, &note));
	assert_ok(sc, sign(d, s, 3, 7, &note));
	assert_ok(sc, sign(d, s, 7, 9, &note));
	signer_close(s);
	uint8_t *bytes, root[CHAIN_HASH];
	size_t n;
	int64_t size;
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_ok(sc, file_read(sc, path, 4096, &bytes, &n));
	assert_int_equal(n, 256);
	assert_ok(sc, sign_state_read(sc, bytes, n, &size, root));
	assert_int_equal(size, 9);
	for (size_t i = 0; i < n; i++) {
		bytes[i] ^= 0x20;
		assert_ok(sc, sign_state_read(sc, bytes, n, &size, root));
		assert_int_equal(size, i < 128 ? 7 : 9); /* the third write went to the first line */
		bytes[i] ^= 0x20;
	}
	bytes[3] ^= 1;
	bytes[200] ^= 1;
	assert_int_equal(sign_state_read(sc, bytes, n, &size, root), E_CORRUPT);
	assert_int_equal(sign_state_read(sc, bytes, 100, &size, root), E_CORRUPT);
	assert_ok(sc, sign_state_read(sc, bytes, 0, &size, root));
	assert_int_equal(size, 0);
}

static void
any_changed_byte_of_a_note_is_found(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct verifier_key k = public_key(d);
	struct signer *s;
	const char *note;
	assert_ok(sc, signer_open(sc, NULL, d->key, &s));
	assert_ok(sc, sign(d, s, 0, 77, &note));
	signer_close(s);
	size_t n = strlen(note);
	char *bytes = scope_strdup(sc, note);
	struct checkpoint c;
	for (size_t i = 0; i < n; i++)
		for (int bit = 0; bit < 8; bit++) {
			bytes[i] ^= (char)(1 << bit);
			assert_int_equal(checkpoint_open(sc, bytes, n, &k, &c), E_INVALID);
			bytes[i] ^= (char)(1 << bit);
		}
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(checkpoint_open(sc, bytes, cut, &k, &c), E_INVALID);
	assert_ok(sc, checkpoint_open(sc, bytes, n, &k, &c));
	/* a witness's line below does not disturb; another key's log is another log */
	const char *more = scope_printf(sc, "%s\xE2\x80\x94 witness.example AAAAAAAA\n", note);
	assert_ok(sc, checkpoint_open(sc, more, strlen(more), &k, &c));
	struct verifier_key stranger = k;
	stranger.key[5] ^= 1;
	assert_int_equal(checkpoint_open(sc, bytes, n, &stranger, &c), E_INVALID);
	assert_string_equal(vkey_text(sc, &k), vkey_text(sc, &k));
	char *vkey = vkey_text(sc, &k);
	for (size_t i = 0; i < strlen(vkey); i++) {
		struct verifier_key got;
		vkey[i] ^= 1;
		assert_true(vkey_parse(sc, vkey, &got) != OK);
		vkey[i] ^= 1;
	}
}

/* The example key and signature of golang.org/x/mod/sumdb/note, as published with the format. */
static void
notes_of_others_open(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct verifier_key k;
	assert_ok(sc, vkey_parse(sc, "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &k));
	assert_string_equal(vkey_text(sc, &k), "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
	const char *body = "If you think cryptography is the answer to your problem,\n"
			   "then you don't know what your problem is.\n";
	uint8_t *sig;
	size_t n;
	assert_ok(sc,
		  base64_decode(sc,
				"x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6R"
				"yyBwJnAM=",
				100, &sig, &n));
	assert_int_equal(n, 4 + SIGNATURE_BYTES);
	assert_memory_equal(sig, k.id, 4);
	assert_int_equal(crypto_sign_verify_detached(sig + 4, (const uint8_t *)body, strlen(body), k.key), 0);
}

static void
the_key_file_is_private_and_whole(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->sc;
	struct stat st;
	assert_int_equal(stat(d->key, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(signing_key_create(sc, d->key, &d->r, "test.example/log"), E_CONFLICT);
	const char *const bad[] = {"", "a b", "a+b", "a\nb", "\xC2\xA0"};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(signing_key_create(sc, path_join(sc, d->dir, "x.key"), &d->r, bad[i]), E_INVALID);
	uint8_t *bytes;
	size_t n;
	struct signing_key k;
	assert_ok(sc, file_read(sc, d->key, 4096, &bytes, &n));
	for (size_t cut = 0; cut < n; cut++)
		assert_int_equal(signing_key_read(sc, bytes, cut, &k), E_CORRUPT);
	assert_ok(sc, signing_key_read(sc, bytes, n, &k));
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], SIGN_COMMAND) == 0)
		return chain_sign_child(argv[2]);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(it_signs_what_follows_and_nothing_else, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(one_at_a_time_and_back_after_a_death, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(a_torn_state_keeps_the_older_line, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(any_changed_byte_of_a_note_is_found, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(notes_of_others_open, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(the_key_file_is_private_and_whole, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
