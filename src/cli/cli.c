#include "cli/cli.h"

#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/cli_face.h"
#include "cli/cli_serve.h"

static int
run_version(struct scope *sc, int argc, char **argv)
{
	const char *words[1];
	size_t n;
	enum code rc = args_parse(sc, argc, argv, NULL, 0, words, 0, 0, &n);
	if (rc != OK)
		return cli_exit(sc, rc);
	json_t *o = json_new_object(sc);
	json_put_text(o, "version", WAYBILL_VERSION);
	return cli_print(sc, o);
}

static const struct command commands[] = {
    {"demo", "--data DIR --roads FILE [--models DIR] [--faces DIR] [--seed N] [--port N] [--once]",
     "live a working day in a real city through the public API, then check all of it", cli_demo, NULL,
     "--drivers N --parcels N --blocks N --with-face N   how large the day is (66, 1260, 44, 12)\n"
     "--store postgres://… [--schema NAME]               where its tables live, as for `init`\n"
     "Without --once the server stays up on that evening, for you to look around."},
    {"init", "DIR [--name TEXT] [--user NAME] [--place LAT,LON] …",
     "make a data directory, its keys and a first operator", cli_init, NULL,
     "--name TEXT --slug WORD --contact WHERE        the operator\n"
     "--zone IANA --country CC --currency CODE       where it works\n"
     "--user NAME --passphrase TEXT                  its first user (a passphrase is made and printed once)\n"
     "--programme NAME --station NAME --address TEXT --place LAT,LON\n"
     "--roads FILE.road                              the streets\n"
     "--store postgres://… [--schema NAME]           the tables live in PostgreSQL instead of files in DIR; a "
     "password\n"
     "                                               goes into ~/.pgpass\n"
     "--simulation [--seed N] [--start TIME]         a directory for `serve --clock stepped`"},
    {"serve", "--data DIR --listen HOST:PORT [--tls-cert F --tls-key F] [--clock stepped]",
     "serve the API and the pages", cli_serve, NULL,
     "`waybill config` lists every setting: file < environment < flags."},
    {"config", "[the flags of serve]", "what a server would run with, and where each value comes from", cli_config,
     NULL, NULL},
    {"backup", "DIR [OUT]", "a consistent copy of a data directory, without its keys, while it is served", cli_backup,
     NULL, "Without OUT it goes to DIR-backup-<time>. Keep keys, signing.key and signing.state elsewhere."},
    {"restore", "DIR [--from OUT] [--keys DIR] [--store postgres://…]", "a data directory from a backup", cli_restore,
     NULL,
     "Without --from the newest DIR-backup-<time> is taken. signing.pub comes with it, so that\n"
     "`waybill chain verify DIR` needs no --key.\n"
     "--store postgres://… [--schema NAME]   its tables into PostgreSQL: how a house that was files moves there"},
    {"chain", "", "commitments: verify, prove, audit, copy", NULL, cli_chain_group, NULL},
    {"offer", "", "draws: replay", NULL, cli_offer_group, NULL},
    {"sign-child", "KEY_FILE", NULL, cli_sign_child, NULL, NULL},
    {"pay", "", "statements", NULL, cli_pay_group, NULL},
    {"road", "", "streets: import, route, matrix, snap, bench", NULL, cli_road_group, NULL},
    {"version", "", "print the version", run_version, NULL, NULL},
    {"face", "", "compare, find and hide faces; prepare and measure the models", NULL, cli_face_group, NULL},
    {"face-child", "", NULL, cli_face_child, NULL, NULL},
    {"face-door-child", "", NULL, cli_face_door_child, NULL, NULL},
    {"route", "", "plan routes and verify plans", NULL, cli_route_group, NULL},
    {0},
};

int
cli_exit(const struct scope *sc, enum code rc)
{
	if (rc == OK)
		return EXIT_YES;
	fprintf(stderr, "waybill: %s\n", sc->err.message);
	switch (rc) {
	case E_USAGE: return EXIT_USAGE;
	case E_INVALID:
	case E_LIMIT:
	case E_NOT_FOUND:
	case E_CORRUPT: return EXIT_INPUT;
	default: return EXIT_FAILED;
	}
}

int
cli_print(struct scope *sc, const json_t *value)
{
	char *s = json_text(sc, value);
	if (puts(s) < 0 || fflush(stdout) != 0) {
		fprintf(stderr, "waybill: standard output is closed\n");
		return EXIT_FAILED;
	}
	return EXIT_YES;
}

static const struct option_def *
option_find(const struct option_def *defs, size_t n, const char *word, const char **value)
{
	for (size_t i = 0; i < n; i++) {
		size_t len = strlen(defs[i].name);
		if (strncmp(word, defs[i].name, len) != 0)
			continue;
		if (word[len] == '\0') {
			*value = NULL;
			return &defs[i];
		}
		if (word[len] == '=') {
			*value = word + len + 1;
			return &defs[i];
		}
	}
	return NULL;
}

static enum code
option_set(struct scope *sc, const struct option_def *def, const char *value)
{
	enum code rc = OK;
	switch (def->kind) {
	case OPTION_TEXT: *(const char **)def->to = value; break;
	case OPTION_INT: rc = parse_i64(sc, value, def->min, def->max, def->to); break;
	case OPTION_REAL: rc = parse_double(sc, value, (double)def->min, (double)def->max, def->to); break;
	case OPTION_FLAG: *(bool *)def->to = true; break;
	}
	if (rc != OK) {
		error_prefix(sc, "%s %s", def->name, value);
		return fail(sc, E_USAGE, "%s", scope_strdup(sc, sc->err.message));
	}
	return OK;
}

enum code
args_parse(struct scope *sc, int argc, char **argv, const struct option_def *defs, size_t n_defs, const char **words,
	   size_t min_words, size_t max_words, size_t *n_words)
{
	size_t n = 0;
	bool only_words = false;
	for (int i = 1; i < argc; i++) {
		const char *word = argv[i];
		if (!only_words && strcmp(word, "--") == 0) {
			only_words = true;
			continue;
		}
		if (only_words || word[0] != '-' || word[1] == '\0') {
			if (n == max_words)
				return fail(sc, E_USAGE, "one word too many: %s", word);
			words[n++] = word;
			continue;
		}
		const char *value = NULL;
		const struct option_def *def = option_find(defs, n_defs, word, &value);
		if (def == NULL)
			return fail(sc, E_USAGE, "unknown option %s", word);
		if (def->kind == OPTION_FLAG && value != NULL)
			return fail(sc, E_USAGE, "%s takes no value", def->name);
		if (def->kind != OPTION_FLAG && value == NULL) {
			if (i + 1 == argc)
				return fail(sc, E_USAGE, "%s needs a value", def->name);
			value = argv[++i];
		}
		TRY(option_set(sc, def, value));
	}
	if (n < min_words)
		return fail(sc, E_USAGE, "%s", min_words == 1 ? "a word is missing" : "some words are missing");
	*n_words = n;
	return OK;
}

static void
print_rows(FILE *to, const char *path, const struct command *rows)
{
	for (const struct command *c = rows; c->name != NULL; c++) {
		if (c->help == NULL)
			continue;
		if (c->group != NULL)
			fprintf(to, "  %s %s …\n        %s\n", path, c->name, c->help);
		else
			fprintf(to, "  %s %s %s\n        %s\n", path, c->name, c->words, c->help);
	}
}

static void
print_one(FILE *to, const char *path, const struct command *c)
{
	fprintf(to, "%s %s\n  %s\n", path, c->words, c->help);
	if (c->more != NULL)
		fprintf(to, "\n%s\n", c->more);
}

static bool
wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static const struct command *
row_find(const struct command *rows, const char *name)
{
	for (const struct command *c = rows; c->name != NULL; c++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

static int
dispatch(struct scope *sc, const char *path, const struct command *rows, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		FILE *to = argc < 2 ? stderr : stdout;
		fprintf(to, "usage:\n");
		print_rows(to, path, rows);
		fprintf(to, "\n`%s COMMAND --help` says more.\n", path);
		return argc < 2 ? EXIT_USAGE : EXIT_YES;
	}
	const struct command *c = row_find(rows, argv[1]);
	if (c == NULL) {
		fprintf(stderr, "waybill: there is no command \"%s %s\"; `%s --help` lists them\n", path, argv[1],
			path);
		return EXIT_USAGE;
	}
	const char *here = scope_printf(sc, "%s %s", path, c->name);
	if (c->group != NULL)
		return dispatch(sc, here, c->group, argc - 1, argv + 1);
	if (wants_help(argc - 1, argv + 1)) {
		print_one(stdout, here, c);
		return EXIT_YES;
	}
	int status = c->run(sc, argc - 1, argv + 1);
	if (status == EXIT_USAGE)
		fprintf(stderr, "usage: %s %s\n", here, c->words);
	return status;
}

int
cli_main(int argc, char **argv)
{
	struct random r;
	random_init_os(&r); /* starts libsodium before anything needs it */
	struct scope sc;
	scope_init(&sc);
	int status = dispatch(&sc, "waybill", commands, argc, argv);
	scope_release(&sc);
	return status;
}
