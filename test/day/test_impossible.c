/* What must be impossible, asked of the tables themselves: no column anywhere
 * could hold it. A new column with such a name fails here before anybody has to
 * argue about what it is for. docs/impossible.md lists the other proofs. */
#include "store_fixture.h"

#include "base/text.h"
#include "day/day.h"

/* A column's words, split at '_', must hold none of these. */
static const char *const forbidden[] = {
    /* scores and what faces must not tell */
    "score",
    "similarity",
    "embedding",
    "age",
    "gender",
    "sex",
    "race",
    "ethnicity",
    "emotion",
    "mood",
    "health",
    "religion",
    "belief",
    /* what an operator must not read */
    "message",
    "messages",
    "chat",
    "contacts",
    "friends",
    "union",
    "organising",
    "strike",
    /* what no machine and no table gives */
    "fine",
    "fines",
    "penalty",
    "rating",
    "rank",
    "reliability",
    "acceptance",
    "blacklist",
    "flagged",
    /* pictures of people */
    "selfie",
    "picture",
    "image",
    "face_jpeg",
    NULL,
};

/* Columns that have such a word and another meaning, named one by one. */
static const char *const known[] = {
    "offer_request.rank", /* the place in one draw's order, of the request and not of a person */
    NULL,
};

struct found {
	char text[512];
	int columns;
};

static bool
has_word(const char *column, const char *word)
{
	size_t n = strlen(word);
	for (const char *at = strstr(column, word); at != NULL; at = strstr(at + 1, word)) {
		bool begins = at == column || at[-1] == '_';
		bool ends = at[n] == '\0' || at[n] == '_';
		if (begins && ends)
			return true;
	}
	return false;
}

static bool
is_known(const char *name)
{
	for (size_t i = 0; known[i] != NULL; i++)
		if (strcmp(known[i], name) == 0)
			return true;
	return false;
}

static enum code
look_at_columns(struct scope *sc, struct tx *tx, void *arg)
{
	struct found *f = arg;
	static const char in_files[] =
	    "SELECT m.name || '.' || p.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p"
	    " WHERE m.type = 'table' ORDER BY 1";
	static const char in_schemas[] =
	    "SELECT CAST(table_name AS TEXT) || '.' || column_name, CAST(column_name AS TEXT)"
	    " FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY 1";
	struct rows *r;
	TRY(sql_query(sc, tx, &r, store_fixture_on_postgres() ? in_schemas : in_files, NO_VALS));
	while (row_next(r)) {
		const char *full = row_text(sc, r, 0);
		const char *column = row_text(sc, r, 1);
		f->columns++;
		for (size_t i = 0; forbidden[i] != NULL; i++)
			if (has_word(column, forbidden[i]) && !is_known(full))
				snprintf(f->text, sizeof f->text, "%s holds \"%s\"", full, forbidden[i]);
	}
	return rows_end(sc, r);
}

static void
no_column_could_hold_it(void **state)
{
	(void)state;
	struct store_fixture f;
	struct found found = {"", 0};
	store_fixture_open(&f, house_schemas);
	assert_ok(&f.sc, store_read(&f.sc, f.store, look_at_columns, &found));
	assert_string_equal(found.text, "");
	assert_true(found.columns > 200); /* every room's tables were there to be looked at */
	store_fixture_close(&f);
}

/* Every table with a driver in it begins its key with the operator. */
static enum code
look_at_keys(struct scope *sc, struct tx *tx, void *arg)
{
	struct found *f = arg;
	static const char in_files[] =
	    "SELECT m.name, (SELECT p.name FROM pragma_table_info(m.name) p WHERE p.pk = 1) FROM sqlite_master m"
	    " WHERE m.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(m.name) d"
	    " WHERE d.name = 'driver_id') ORDER BY 1";
	static const char in_schemas[] =
	    "SELECT t.relname, (SELECT k.attname FROM pg_index i JOIN pg_attribute k ON k.attrelid = t.oid"
	    " AND k.attnum = i.indkey[0] WHERE i.indrelid = t.oid AND i.indisprimary) FROM pg_class t"
	    " WHERE t.relkind = 'r' AND t.relnamespace = CAST(current_schema() AS regnamespace) AND EXISTS"
	    " (SELECT 1 FROM pg_attribute d WHERE d.attrelid = t.oid AND d.attname = 'driver_id') ORDER BY 1";
	struct rows *r;
	TRY(sql_query(sc, tx, &r, store_fixture_on_postgres() ? in_schemas : in_files, NO_VALS));
	while (row_next(r)) {
		const char *table = row_text(sc, r, 0);
		const char *first = row_text(sc, r, 1);
		f->columns++;
		if (!text_eq(first, "operator_id") && !text_eq(table, "event"))
			snprintf(f->text, sizeof f->text, "%s is keyed by %s", table,
				 first == NULL ? "nothing" : first);
	}
	return rows_end(sc, r);
}

static void
every_key_begins_with_the_tenant(void **state)
{
	(void)state;
	struct store_fixture f;
	struct found found = {"", 0};
	store_fixture_open(&f, house_schemas);
	assert_ok(&f.sc, store_read(&f.sc, f.store, look_at_keys, &found));
	assert_string_equal(found.text, "");
	assert_true(found.columns >= 10);
	store_fixture_close(&f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(no_column_could_hold_it),
	    cmocka_unit_test(every_key_begins_with_the_tenant),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
