/* Every table of the house can be had in PostgreSQL too, and no name stands twice
 * in the two files, which are read as one. */
#include "store_fixture.h"

#include "base/text.h"
#include "day/day.h"
#include "store/ddl.h"

static void
every_migration_is_translated(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	int n = 0;
	for (size_t i = 0; house_schemas[i] != NULL; i++)
		for (const char *const *m = house_schemas[i]->migrations; *m != NULL; m++, n++) {
			char *out;
			if (ddl_for_postgres(&sc, *m, &out) != OK)
				fail_msg("%s: %s", house_schemas[i]->room, sc.err.message);
			assert_null(strstr(out, "STRICT"));
		}
	assert_true(n > 0);
	scope_release(&sc);
}

static enum code
names_that_stand_twice(struct scope *sc, struct tx *tx, void *arg)
{
	static const char in_files[] =
	    "SELECT COUNT(*) FROM main.sqlite_schema AS a JOIN beside.sqlite_schema AS b ON a.name = b.name "
	    "WHERE a.type = 'table' AND a.name NOT LIKE 'sqlite%' AND a.name <> 'store_migration'";
	static const char in_schemas[] =
	    "SELECT COUNT(*) FROM pg_tables AS a JOIN pg_tables AS b ON a.tablename = b.tablename "
	    "WHERE a.schemaname = current_schema() AND b.schemaname = current_schema() || '_positions' "
	    "AND a.tablename NOT IN ('store_migration', 'store_owner')";
	struct rows *r;
	TRY(sql_one(sc, tx, &r, store_fixture_on_postgres() ? in_schemas : in_files, NO_VALS));
	*(int64_t *)arg = row_int(r, 0);
	return OK;
}

static void
the_house_opens_and_no_table_stands_twice(void **state)
{
	(void)state;
	struct store_fixture f;
	store_fixture_open(&f, house_schemas);
	int64_t twice = -1;
	assert_ok(&f.sc, store_read(&f.sc, f.store, names_that_stand_twice, &twice));
	assert_int_equal(twice, 0);
	store_fixture_stop(&f);
	store_fixture_start(&f); /* and once more, with nothing left to do */
	assert_ok(&f.sc, store_check(&f.sc, f.store));
	store_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(every_migration_is_translated),
	    cmocka_unit_test(the_house_opens_and_no_table_stands_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
