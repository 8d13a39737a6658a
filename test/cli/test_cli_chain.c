/* waybill chain and offer replay, as they are called: on a data directory, on a
 * copy of it as tiles, and over HTTP. Run as `… sign-child KEY` this program signs. */
#include "store_fixture.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "chain/chain_sign.h"
#include "chain/chain_verify.h"
#include "cli/cli.h"
#include "http/http.h"

static const struct schema *const schemas[] = {&chain_schema, &jobs_schema, NULL};
static const struct job_kind *const kinds[] = {&chain_sequence_job, &chain_sign_job, NULL};

#define LEAVES 700

struct desk {
	struct store_fixture f;
	struct leaf leaf[LEAVES];
	size_t n;
	char *tiles; /* a directory of tiles */
	struct http_server *server;
	char *url;
};

/* --- a chain with three checkpoints --- */

static enum code
add_leaves(struct scope *sc, struct tx *tx, void *arg)
{
	struct desk *d = arg;
	for (size_t end = d->n + (d->n == 0 ? 100 : 300); d->n < end; d->n++) {
		json_t *record = json_new_object(sc);
		json_put_int(record, "n", (int64_t)d->n);
		TRY(chain_leaf(sc, tx, "test", record, &d->leaf[d->n]));
	}
	return OK;
}

static void
make_chain(struct desk *d)
{
	struct scope *sc = &d->f.sc;
	struct chain_host host;
	struct jobs *jobs;
	const char *key = path_join(sc, d->f.dir, "signing.key");
	assert_ok(sc, signing_key_create(sc, key, &d->f.random, "test.example/chain"));
	assert_ok(sc, signer_open(sc, NULL, key, &host.signer));
	assert_ok(sc, jobs_open(sc, d->f.store, kinds, &host, 1, &jobs));
	for (int i = 0; i < 3; i++) {
		assert_ok(sc, store_write(sc, d->f.store, LANE_MAIN, add_leaves, d));
		assert_ok(sc, jobs_run_until(sc, jobs, clock_now_ms(&d->f.clock) + 10000));
	}
	jobs_close(jobs);
	signer_close(host.signer);
}

static void
serve_file(void *ctx, struct http_exchange *x)
{
	const struct desk *d = ctx;
	struct scope *sc = http_scope(x);
	uint8_t *bytes;
	size_t n;
	bool found = file_read(sc, scope_printf(sc, "%s%s", d->tiles, http_path(x)), (size_t)1 << 20, &bytes, &n) == OK;
	http_reply(x, found ? 200 : 404, NULL, 0, found ? bytes : (uint8_t *)"", found ? n : 0, true);
}

static size_t
no_body(void *ctx, const char *method, const char *path)
{
	(void)ctx, (void)method, (void)path;
	return 0;
}

/* --- calling a command --- */

static int
call(struct desk *d, const struct command *group, const char *name, const char *const *args, json_t **out)
{
	struct scope *sc = &d->f.sc;
	const struct command *c = group;
	char *argv[8] = {scope_strdup(sc, name)};
	int argc = 1;
	while (strcmp(c->name, name) != 0)
		c++;
	for (; *args != NULL; args++)
		argv[argc++] = scope_strdup(sc, *args);
	const char *path = path_join(sc, d->f.dir, "stdout");
	int to = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), keep = dup(STDOUT_FILENO);
	fflush(stdout);
	dup2(to, STDOUT_FILENO);
	struct scope own; /* as in its own process: what it opened ends with it */
	scope_init(&own);
	int status = c->run(&own, argc, argv);
	scope_release(&own);
	fflush(stdout);
	dup2(keep, STDOUT_FILENO);
	close(keep);
	close(to);
	uint8_t *bytes;
	size_t n;
	assert_ok(sc, file_read(sc, path, (size_t)1 << 22, &bytes, &n));
	*out = NULL;
	if (n > 0)
		assert_ok(sc, json_parse(sc, bytes, n, out));
	return status;
}

#define CALL(d, name, out, ...) call(d, cli_chain_group, name, (const char *const[]){__VA_ARGS__, NULL}, out)

static int
set_up(void **state)
{
	static struct desk desk;
	struct desk *d = &desk;
	memset(d, 0, sizeof *d);
	store_fixture_open(&d->f, schemas);
	struct scope *sc = &d->f.sc;
	make_chain(d);
	d->tiles = path_join(sc, d->f.dir, "tiles");
	json_t *out;
	/* while the server has the directory open */
	if (CALL(d, "copy", &out, d->f.dir, d->tiles) != EXIT_YES)
		return 1;
	const struct http_options opt = {.listen = "127.0.0.1:0",
					 .threads = 1,
					 .max_connections = 16,
					 .idle_s = 10,
					 .body_max = no_body,
					 .handle = serve_file,
					 .ctx = d};
	assert_ok(sc, http_open(sc, &opt, &d->server));
	d->url = scope_printf(sc, "http://127.0.0.1:%d", http_port(d->server));
	*state = d;
	return 0;
}

static int
tear_down(void **state)
{
	struct desk *d = *state;
	http_close(d->server);
	store_fixture_close(&d->f);
	return 0;
}

static int64_t
number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static void
the_three_places_say_the_same(void **state)
{
	struct desk *d = *state;
	const char *const where[] = {d->f.dir, d->tiles, d->url, scope_printf(&d->f.sc, "%s/", d->url)};
	const char *root = NULL;
	for (size_t i = 0; i < COUNT_OF(where); i++) {
		json_t *o;
		assert_int_equal(CALL(d, "verify", &o, where[i]), EXIT_YES);
		assert_true(json_is_true(json_object_get(o, "ok")));
		assert_int_equal(number(o, "size"), LEAVES);
		assert_int_equal(number(o, "checkpoints"), 3);
		assert_int_equal(number(o, "tiles"), 4);
		if (root != NULL)
			assert_string_equal(json_string_value(json_object_get(o, "root")), root);
		root = json_string_value(json_object_get(o, "root"));
		assert_int_equal(CALL(d, "audit", &o, where[i]), EXIT_YES);
		assert_int_equal(json_array_size(json_object_get(o, "list")), 3);
	}
}

static void
an_entry_is_proved_or_not(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->f.sc;
	const size_t some[] = {0, 99, 100, 255, 256, 699};
	const char *const where[] = {d->f.dir, d->url};
	json_t *o;
	for (size_t w = 0; w < COUNT_OF(where); w++)
		for (size_t i = 0; i < COUNT_OF(some); i++) {
			const char *hex = hex_encode(sc, d->leaf[some[i]].entry, CHAIN_HASH);
			assert_int_equal(CALL(d, "prove", &o, where[w], hex), EXIT_YES);
			assert_int_equal(number(o, "index"), some[i]);
			assert_true(json_array_size(json_object_get(o, "path")) >= 7);
		}
	uint8_t none[CHAIN_HASH] = {1};
	assert_int_equal(CALL(d, "prove", &o, d->url, hex_encode(sc, none, CHAIN_HASH)), EXIT_NO);
	assert_true(json_is_false(json_object_get(o, "ok")));
	assert_int_equal(CALL(d, "prove", &o, d->url, "abc"), EXIT_INPUT);
	assert_int_equal(CALL(d, "prove", &o, d->url), EXIT_USAGE);
	assert_int_equal(CALL(d, "verify", &o, "/nowhere"), EXIT_INPUT);
	assert_int_equal(CALL(d, "verify", &o, "http://127.0.0.1:1"), EXIT_FAILED);
	assert_int_equal(CALL(d, "verify", &o, d->f.dir, "--key", "nonsense"), EXIT_INPUT);
}

static void
a_given_key_must_be_the_logs(void **state)
{
	struct desk *d = *state;
	struct scope *sc = &d->f.sc;
	const char *own = path_join(sc, d->f.dir, "signing.pub"), *other = path_join(sc, d->f.dir, "other.pub");
	json_t *o;
	assert_ok(sc, signing_key_create(sc, path_join(sc, d->f.dir, "other.key"), &d->f.random, "test.example/chain"));
	assert_int_equal(CALL(d, "verify", &o, d->url, "--key", own), EXIT_YES);
	assert_string_equal(json_string_value(json_object_get(o, "key")), "given");
	assert_int_equal(CALL(d, "verify", &o, d->url, "--key", other), EXIT_NO);
	assert_int_equal(CALL(d, "audit", &o, d->url, "--key", other), EXIT_NO);
}

static void
spoil(struct desk *d, const char *name, size_t at)
{
	struct scope *sc = &d->f.sc;
	const char *path = path_join(sc, d->tiles, name);
	uint8_t *bytes;
	size_t n;
	assert_ok(sc, file_read(sc, path, (size_t)1 << 20, &bytes, &n));
	bytes[at % n] ^= 1;
	assert_ok(sc, file_write(sc, path, bytes, n, 0644));
}

static void
a_spoiled_file_is_found(void **state)
{
	struct desk *d = *state;
	static const char *const names[] = {"checkpoint",     "tile/0/000",	  "tile/0/002.p/188",
					    "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/188"};
	json_t *o;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		spoil(d, names[i], 77);
		assert_int_equal(CALL(d, "verify", &o, d->url), EXIT_NO);
		assert_true(json_array_size(json_object_get(o, "problems")) > 0);
		spoil(d, names[i], 77);
	}
	spoil(d, "checkpoints/0", 40); /* in the first note's root, or its line's JSON */
	assert_int_not_equal(CALL(d, "verify", &o, d->url), EXIT_YES);
	assert_int_not_equal(CALL(d, "audit", &o, d->url), EXIT_YES);
	spoil(d, "checkpoints/0", 40);
	assert_int_equal(CALL(d, "verify", &o, d->url), EXIT_YES);
}

static void
a_draw_is_looked_up_in_the_chain(void **state)
{
	struct desk *d = *state;
	json_t *o;
	const char *const plain[] = {"test/fuzz/corpus/draw/whole", NULL};
	assert_int_equal(call(d, cli_offer_group, "replay", plain, &o), EXIT_YES);
	const char *const chained[] = {"test/fuzz/corpus/draw/whole", "--chain", d->url, NULL};
	assert_int_equal(call(d, cli_offer_group, "replay", chained, &o), EXIT_NO); /* it is another chain's */
	assert_int_equal(number(json_object_get(o, "chain"), "missing"), 11);
	const char *const cut[] = {"test/fuzz/corpus/draw/short", NULL};
	assert_int_equal(call(d, cli_offer_group, "replay", cut, &o), EXIT_INPUT);
	const char *const none[] = {"/nowhere.json", NULL};
	assert_int_equal(call(d, cli_offer_group, "replay", none, &o), EXIT_INPUT);
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], SIGN_COMMAND) == 0)
		return chain_sign_child(argv[2]);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_three_places_say_the_same),	cmocka_unit_test(an_entry_is_proved_or_not),
	    cmocka_unit_test(a_given_key_must_be_the_logs),	cmocka_unit_test(a_spoiled_file_is_found),
	    cmocka_unit_test(a_draw_is_looked_up_in_the_chain),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
