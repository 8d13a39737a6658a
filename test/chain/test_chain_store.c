/* The stored chain: leaves through the jobs into signed checkpoints, proved and
 * verified from outside. Run as `… sign-child KEY` this program signs. */
#include "store_fixture.h"

#include "base/file.h"
#include "base/prng.h"
#include "base/text.h"
#include "chain/chain_sign.h"
#include "chain/chain_verify.h"

static const struct schema *const schemas[] = {&chain_schema, &jobs_schema, NULL};
static const struct job_kind *const kinds[] = {&chain_sequence_job, &chain_sign_job, NULL};

struct log_house {
	struct store_fixture f;
	struct chain_host host; /* what the jobs' ctx begins with */
	struct jobs *jobs;
	struct verifier_key key;
	struct chain_source source;
	struct leaf *leaves;
	size_t n_leaves;
};

static const char *
key_path(struct log_house *h)
{
	return path_join(&h->f.sc, h->f.dir, "signing.key");
}

static void
open_house(struct log_house *h)
{
	memset(h, 0, sizeof *h);
	store_fixture_open(&h->f, schemas);
	struct scope *sc = &h->f.sc;
	assert_ok(sc, signing_key_create(sc, key_path(h), &h->f.random, "test.example/chain"));
	assert_ok(sc, signer_open(sc, NULL, key_path(h), &h->host.signer));
	assert_ok(sc, jobs_open(sc, h->f.store, kinds, &h->host, 1, &h->jobs));
	struct signer_state state;
	assert_ok(sc, signer_state(sc, h->host.signer, &state));
	assert_ok(sc, vkey_parse(sc, state.vkey, &h->key));
	chain_store_source(h->f.store, &h->source);
	h->leaves = NEW_ARRAY(sc, 20000, struct leaf);
}

static void
close_house(struct log_house *h)
{
	jobs_close(h->jobs);
	signer_close(h->host.signer);
	store_fixture_close(&h->f);
}

struct some_leaves {
	struct log_house *h;
	size_t n;
};

static enum code
write_leaves(struct scope *sc, struct tx *tx, void *arg)
{
	struct some_leaves *s = arg;
	for (size_t i = 0; i < s->n; i++) {
		json_t *record = json_new_object(sc);
		json_put_int(record, "n", (int64_t)(s->h->n_leaves + i));
		TRY(chain_leaf(sc, tx, "test", record, &s->h->leaves[s->h->n_leaves + i]));
	}
	return OK;
}

static void
add_leaves(struct log_house *h, size_t n)
{
	struct some_leaves s = {h, n};
	struct scope sc;
	scope_init(&sc);
	assert_ok(&sc, store_write(&sc, h->f.store, LANE_MAIN, write_leaves, &s));
	scope_release(&sc);
	h->n_leaves += n;
}

static void
let_run(struct log_house *h)
{
	assert_ok(&h->f.sc, jobs_run_until(&h->f.sc, h->jobs, clock_now_ms(&h->f.clock) + 60000));
}

static enum code
read_checkpoint(struct scope *sc, struct tx *tx, void *arg)
{
	return chain_checkpoint(sc, tx, arg);
}

static int64_t
signed_size(struct log_house *h)
{
	struct checkpoint c;
	enum code rc = store_read(&h->f.sc, h->f.store, read_checkpoint, &c);
	error_clear(&h->f.sc);
	return rc == OK ? c.size : 0;
}

struct proving {
	struct leaf leaf;
	struct inclusion got;
};

static enum code
prove(struct scope *sc, struct tx *tx, void *arg)
{
	struct proving *p = arg;
	return chain_prove(sc, tx, p->leaf.entry, &p->got);
}

static enum code
prove_leaf(struct log_house *h, size_t i, struct inclusion *out)
{
	struct proving p = {.leaf = h->leaves[i]};
	enum code rc = store_read(&h->f.sc, h->f.store, prove, &p);
	*out = p.got;
	return rc;
}

static struct chain_report
verify(struct log_house *h)
{
	struct chain_report r;
	assert_ok(&h->f.sc, chain_verify(&h->f.sc, &h->source, &h->key, NULL, NULL, &r));
	return r;
}

static void
no_problems(struct log_house *h, const struct chain_report *r)
{
	if (json_array_size(r->problems) > 0)
		fail_msg("%s", json_text(&h->f.sc, r->problems));
}

static void
leaves_are_numbered_signed_and_proved(void **state)
{
	(void)state;
	struct log_house h;
	open_house(&h);
	struct scope *sc = &h.f.sc;
	struct inclusion in;
	const size_t steps[] = {1, 1, 3, 250, 1, 1, 255, 700, 5000};
	int64_t points = 0;
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		add_leaves(&h, steps[i]);
		assert_int_equal(prove_leaf(&h, h.n_leaves - 1, &in), E_NOT_FOUND);
		let_run(&h);
		assert_int_equal(signed_size(&h), h.n_leaves);
		struct chain_report r = verify(&h);
		no_problems(&h, &r);
		points += steps[i] > 4096 ? 2 : 1;
		assert_int_equal(r.checkpoints, points);
	}
	for (size_t i = 0; i < h.n_leaves; i += 97) {
		assert_ok(sc, prove_leaf(&h, i, &in));
		assert_int_equal(in.index, i); /* the order of commit */
		struct checkpoint c;
		assert_ok(sc, checkpoint_open(sc, in.checkpoint.note, strlen(in.checkpoint.note), &h.key, &c));
		json_t *record = json_new_object(sc);
		json_put_int(record, "n", (int64_t)i);
		uint8_t entry[CHAIN_HASH];
		chain_entry(sc, "test", record, h.leaves[i].salt, entry);
		assert_ok(sc, chain_check_inclusion(sc, entry, in.index, c.size, (const uint8_t(*)[CHAIN_HASH])in.path,
						    in.n_path, c.root));
	}
	json_t *list = json_new_array(sc);
	struct chain_report r;
	assert_ok(sc, chain_audit(sc, &h.source, &h.key, list, &r));
	no_problems(&h, &r);
	assert_int_equal(json_array_size(list), points);
	close_house(&h);
}

static enum code
run_sql(struct scope *sc, struct tx *tx, void *arg)
{
	return sql_run(sc, tx, arg, NO_VALS, NULL);
}

static void
tamper(struct log_house *h, const char *sql)
{
	char *text = scope_strdup(&h->f.sc, sql);
	assert_ok(&h->f.sc, store_write(&h->f.sc, h->f.store, LANE_MAIN, run_sql, text));
}

static void
whatever_is_changed_in_the_database_is_found(void **state)
{
	(void)state;
	static const char *const changes[] = {
	    "UPDATE chain_leaf SET entry = (SELECT substr(hashes, 1, 32) FROM chain_tile WHERE level = 0 AND n = 0)"
	    " WHERE idx = 17",
	    "UPDATE chain_leaf SET idx = CASE idx WHEN 3 THEN 1000000 ELSE idx END",
	    "UPDATE chain_tile SET hashes = (SELECT hashes FROM chain_tile WHERE level = 0 AND n = 1) WHERE level = 0"
	    " AND n = 0",
	    "UPDATE chain_tile SET hashes = (SELECT substr(t.hashes, 1, length(chain_tile.hashes)) FROM chain_tile t"
	    " WHERE t.level = 0 AND t.n = 0) WHERE level = 1",
	    "DELETE FROM chain_tile WHERE level = 0 AND n = 1",
	    "UPDATE chain_checkpoint SET note = replace(note, 'test', 'best') WHERE size = 300",
	    "UPDATE chain_checkpoint SET note = (SELECT note FROM chain_checkpoint WHERE size = 600) WHERE size = 300",
	    "UPDATE chain_checkpoint SET note = substr(note, 1, length(note) - 9) WHERE size = 600",
	};
	for (size_t i = 0; i < COUNT_OF(changes); i++) {
		struct log_house h;
		open_house(&h);
		add_leaves(&h, 300);
		let_run(&h);
		add_leaves(&h, 300);
		let_run(&h);
		struct chain_report r = verify(&h);
		no_problems(&h, &r);
		tamper(&h, changes[i]);
		r = verify(&h);
		if (json_array_size(r.problems) == 0)
			fail_msg("not found: %s", changes[i]);
		close_house(&h);
	}
}

static void
a_database_put_back_is_not_signed(void **state)
{
	(void)state;
	struct log_house h;
	open_house(&h);
	struct scope *sc = &h.f.sc;
	add_leaves(&h, 40);
	let_run(&h);
	/* as after restoring last night's copy: the last leaves and the checkpoint are gone, others come */
	tamper(&h, "DELETE FROM chain_checkpoint");
	tamper(&h, "DELETE FROM chain_leaf WHERE idx >= 30");
	tamper(&h, "UPDATE chain_tile SET hashes = substr(hashes, 1, 30 * 32)");
	add_leaves(&h, 5);
	let_run(&h);
	assert_int_equal(signed_size(&h), 0);
	add_leaves(&h, 20); /* more than before, but another past */
	let_run(&h);
	assert_int_equal(signed_size(&h), 0);
	struct signer_state state_now;
	assert_ok(sc, signer_state(sc, h.host.signer, &state_now));
	assert_int_equal(state_now.size, 40);
	close_house(&h);
}

static void
a_signature_that_was_lost_is_made_again(void **state)
{
	(void)state;
	struct log_house h;
	open_house(&h);
	add_leaves(&h, 10);
	let_run(&h);
	/* the process died after the signature was given and before it was stored */
	tamper(&h, "DELETE FROM chain_checkpoint");
	add_leaves(&h, 1);
	let_run(&h);
	assert_int_equal(signed_size(&h), 11);
	tamper(&h, "DELETE FROM chain_checkpoint WHERE size = 11");
	struct signer_state at;
	assert_ok(&h.f.sc, signer_state(&h.f.sc, h.host.signer, &at));
	assert_int_equal(at.size, 11); /* and again with nothing new to sign */
	tamper(&h, "UPDATE job SET state = 'waiting', attempt = 0, run_ms = 0, ended_ms = NULL"
		   " WHERE kind = 'chain.sign' AND subject = '11'");
	let_run(&h);
	assert_int_equal(signed_size(&h), 11);
	struct chain_report r = verify(&h);
	no_problems(&h, &r);
	close_house(&h);
}

static enum code
read_one(struct scope *sc, struct tx *tx, void *arg)
{
	const char *path = arg, *type;
	const uint8_t *bytes;
	size_t n;
	return chain_resource(sc, tx, path, &bytes, &n, &type);
}

static void
only_what_is_signed_is_served(void **state)
{
	(void)state;
	struct log_house h;
	open_house(&h);
	struct scope *sc = &h.f.sc;
	static const char *const early[] = {"checkpoint", "tile/0/000", "tile/0/000.p/1", "key", "checkpoints/0"};
	for (size_t i = 0; i < COUNT_OF(early); i++)
		assert_int_equal(store_read(sc, h.f.store, read_one, scope_strdup(sc, early[i])), E_NOT_FOUND);
	add_leaves(&h, 300);
	let_run(&h);
	static const char *const there[] = {"checkpoint",	"key",
					    "checkpoints/0",	"tile/0/000",
					    "tile/0/001.p/44",	"tile/1/000.p/1",
					    "tile/entries/000", "tile/entries/001.p/44",
					    "tile/0/000.p/7"};
	static const char *const none[] = {"tile/0/001.p/45",
					   "tile/0/001",
					   "tile/1/000",
					   "tile/2/000.p/1",
					   "tile/entries/002",
					   "checkpoints/1",
					   "checkpoints/",
					   "tile/0/0",
					   "../waybill.db",
					   "checkpoints/-1",
					   "",
					   "tile/entries/001"};
	for (size_t i = 0; i < COUNT_OF(there); i++)
		assert_ok(sc, store_read(sc, h.f.store, read_one, scope_strdup(sc, there[i])));
	for (size_t i = 0; i < COUNT_OF(none); i++)
		assert_int_equal(store_read(sc, h.f.store, read_one, scope_strdup(sc, none[i])), E_NOT_FOUND);
	close_house(&h);
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], SIGN_COMMAND) == 0)
		return chain_sign_child(argv[2]);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(leaves_are_numbered_signed_and_proved),
	    cmocka_unit_test(whatever_is_changed_in_the_database_is_found),
	    cmocka_unit_test(a_database_put_back_is_not_signed),
	    cmocka_unit_test(a_signature_that_was_lost_is_made_again),
	    cmocka_unit_test(only_what_is_signed_is_served),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
