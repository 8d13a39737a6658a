/* waybill pay: anyone with a statement can recompute it. */
#include "base/file.h"
#include "cli/cli.h"
#include "pay/pay.h"

#define STATEMENT_MAX ((size_t)1 << 20)

static int
run_explain(struct scope *sc, int argc, char **argv)
{
	const char *words[1];
	size_t n_words;
	uint8_t *bytes;
	size_t n;
	json_t *statement;
	json_t *report;
	bool ok;
	enum code rc = args_parse(sc, argc, argv, NULL, 0, words, 1, 1, &n_words);
	if (rc == OK)
		rc = file_read(sc, words[0], STATEMENT_MAX, &bytes, &n);
	if (rc == OK)
		rc = json_parse(sc, bytes, n, &statement);
	if (rc == OK)
		rc = pay_explain(sc, statement, &ok, &report);
	if (rc != OK)
		return cli_exit(sc, rc);
	int status = cli_print(sc, report);
	return status != EXIT_YES ? status : ok ? EXIT_YES : EXIT_NO;
}

const struct command cli_pay_group[] = {
    {"explain", "STATEMENT.json", "recompute every line of a statement from its inputs; exit 1 when a line is wrong",
     run_explain, NULL, NULL},
    {0},
};
