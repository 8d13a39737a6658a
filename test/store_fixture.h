/* A store of one's own for a test: a new directory (in memory where the machine
 * has /dev/shm), a stepped clock, repeatable randomness.
 *
 *	static const struct schema *const schemas[] = {&people_schema, &jobs_schema, NULL};
 *	struct store_fixture f;
 *	store_fixture_open(&f, schemas);
 *	assert_ok(&f.sc, store_write(&f.sc, f.store, LANE_MAIN, fn, &arg));
 *	clock_step_to(&f.clock, clock_now_ms(&f.clock) + 60000);
 *	store_fixture_close(&f);
 *
 * With WAYBILL_TEST_STORE=postgresql://… in the environment its tables are in a
 * new schema of that database (test/store/postgres provides one).
 */
#ifndef TEST_STORE_FIXTURE_H
#define TEST_STORE_FIXTURE_H

#include "unit.h"

#include <ctype.h>
#include <ftw.h>
#include <unistd.h>

#include "store/event.h"
#include "store/store.h"

/* 2026-11-22T06:00:00Z */
#define FIXTURE_START_MS INT64_C(1795327200000)

struct store_fixture {
	struct scope sc;
	struct clock clock;
	struct random random;
	const struct schema *const *schemas;
	char dir[64];
	struct store *store;
};

/* Opens f->dir, again or for the first time. */
static inline void
store_fixture_start(struct store_fixture *f)
{
	struct store_options opt = {.clock = &f->clock, .random = &f->random, .schemas = f->schemas};
	assert_ok(&f->sc, store_open(&f->sc, f->dir, &opt, &f->store));
}

static inline void
store_fixture_stop(struct store_fixture *f)
{
	store_close(f->store);
	f->store = NULL;
}

static inline bool
store_fixture_on_postgres(void)
{
	return getenv("WAYBILL_TEST_STORE") != NULL;
}

static inline void
store_fixture_choose_(struct store_fixture *f)
{
	struct random os;
	random_init_os(&os);
	struct id name = id_new(&os, "tst", 0);
	char *schema = scope_strdup(&f->sc, name.s);
	for (char *p = schema; *p != '\0'; p++)
		*p = (char)tolower((unsigned char)*p);
	assert_ok(&f->sc, store_choose(&f->sc, &os, f->dir, getenv("WAYBILL_TEST_STORE"), schema));
}

static inline void
store_fixture_open_in(struct store_fixture *f, const char *parent, const struct schema *const *schemas)
{
	memset(f, 0, sizeof *f);
	scope_init(&f->sc);
	clock_init_stepped(&f->clock, FIXTURE_START_MS);
	random_init_seeded(&f->random, 1);
	f->schemas = schemas;
	snprintf(f->dir, sizeof f->dir, "%s/waybill-test-XXXXXX", parent);
	assert_non_null(mkdtemp(f->dir));
	if (store_fixture_on_postgres())
		store_fixture_choose_(f);
	store_fixture_start(f);
}

static inline void
store_fixture_open(struct store_fixture *f, const struct schema *const *schemas)
{
	store_fixture_open_in(f, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", schemas);
}

static inline int
store_fixture_remove_(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void
store_fixture_close(struct store_fixture *f)
{
	store_fixture_stop(f);
	nftw(f->dir, store_fixture_remove_, 16, FTW_DEPTH | FTW_PHYS);
	scope_release(&f->sc);
}

#endif
