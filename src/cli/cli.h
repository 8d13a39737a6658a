/* cli: the commands of the one binary.
 *
 * Machine output is JSON on stdout, diagnostics go to stderr. Exit status:
 * 0 what was asked for happened, 1 the answer is no, 2 usage, 3 bad input,
 * 4 it failed.
 *
 * A command is a row {name, words, help, run}; a group ("face", "road", …) has
 * rows of its own instead of run. Each group lives in its own cli_<group>.c
 * and is named once in the table in cli.c. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/json.h"
#include "base/scope.h"

enum cli_exit { EXIT_YES = 0, EXIT_NO = 1, EXIT_USAGE = 2, EXIT_INPUT = 3, EXIT_FAILED = 4 };

struct command {
	const char *name;
	const char *words;				     /* "A.jpg B.jpg [--models DIR]"  */
	const char *help;				     /* one line; more lines in `more`; NULL: not listed */
	int (*run)(struct scope *sc, int argc, char **argv); /* argv[0] is the command's name */
	const struct command *group;			     /* ends with a row whose name is NULL */
	const char *more;				     /* what `--help` adds, or NULL */
};

int cli_main(int argc, char **argv);

/* The exit status of a call; prints its message to stderr when it failed. */
int cli_exit(const struct scope *sc, enum code rc);
/* Prints one JSON value and a newline on stdout; EXIT_YES, or EXIT_FAILED where stdout is gone. */
int cli_print(struct scope *sc, const json_t *value);

/* --- the groups, one file each --- */
extern const struct command cli_chain_group[];
extern const struct command cli_offer_group[];
extern const struct command cli_pay_group[];
extern const struct command cli_road_group[];
extern const struct command cli_route_group[];
int cli_route_serve(struct scope *sc, int argc, char **argv); /* cli_route_serve.c */

/* The signing process (chain/chain_sign.h). */
int cli_sign_child(struct scope *sc, int argc, char **argv);

/* --- words of a command line --- */

enum option_kind { OPTION_TEXT, OPTION_INT, OPTION_REAL, OPTION_FLAG };
struct option_def {
	const char *name; /* "--seconds", "-o" */
	enum option_kind kind;
	void *to;	  /* const char **, int64_t *, double *, bool *; keeps its value when the option is absent */
	int64_t min, max; /* OPTION_INT and OPTION_REAL: inclusive bounds */
};
/* Reads options anywhere on the line (`--name value`, `--name=value`; `--` ends
 * them); the other words go to words[], which must hold argc entries.
 * E_USAGE  an unknown option, a missing or bad value, fewer than min_words or
 * more than max_words words. */
MUST_USE enum code args_parse(struct scope *sc, int argc, char **argv, const struct option_def *defs, size_t n_defs,
			      const char **words, size_t min_words, size_t max_words, size_t *n_words);

#endif
