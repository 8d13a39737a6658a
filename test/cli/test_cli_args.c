/* Options in any order and form; what is wrong is said. */
#include "unit.h"

#include "cli/cli.h"

static enum code
parse(struct scope *sc, const char *line[], int argc, int64_t *seconds, const char **out, bool *quick, size_t *n)
{
	const struct option_def defs[] = {
	    {"--seconds", OPTION_INT, seconds, 0, 60},
	    {"-o", OPTION_TEXT, out, 0, 0},
	    {"--quick", OPTION_FLAG, quick, 0, 0},
	};
	const char *words[16];
	char *argv[16];
	for (int i = 0; i < argc; i++)
		argv[i] = scope_strdup(sc, line[i]);
	return args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 2, n);
}

static void
options_and_words_mix(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	int64_t seconds = 1;
	const char *out = NULL;
	bool quick = false;
	size_t n = 0;
	const char *good[] = {"x", "A", "--seconds=5", "-o", "file", "--quick", "--", "--B"};
	assert_int_equal(parse(&sc, good, 8, &seconds, &out, &quick, &n), OK);
	assert_int_equal(seconds, 5);
	assert_string_equal(out, "file");
	assert_true(quick);
	assert_int_equal(n, 2);
	const char *bad[][3] = {
	    {"x", "--seconds", "61"}, {"x", "--second", "1"}, {"x", "A", "-o"}, {"x", "--quick=1", "A"}};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_int_equal(parse(&sc, bad[i], 3, &seconds, &out, &quick, &n), E_USAGE);
	const char *none[] = {"x"};
	assert_int_equal(parse(&sc, none, 1, &seconds, &out, &quick, &n), E_USAGE);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(options_and_words_mix)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
