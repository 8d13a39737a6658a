/* waybill demo: a working day in a real city, and the checks that follow.
 *
 *	init (a directory for simulation) ▸ serve --clock stepped (a child) ▸ sim: the day over HTTP
 *	▸ the report, the draws, the statements and the chain, each computed again here
 *	▸ --once: the end.  Otherwise the clock is let go and the server stays up. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cli_serve.h"
#include "offer/offer_draw.h"
#include "pay/pay.h"
#include "report/report.h"
#include "sim/sim.h"
#include "sim/sim_http.h"

#define READY_MS 30000
#define LINE_MAX_BYTES 4096

extern char **environ;

struct demo {
	const char *data, *roads, *models, *faces, *store, *schema;
	int64_t seed, port, drivers, parcels, blocks, with_face;
	bool once;
	/* made on the way */
	const char *exe, *url;
	const char *user, *passphrase;
	pid_t server;
	int64_t began_ms;
};

/* --- children --- */

/* Starts argv with its stdout on *from. */
static enum code
start_child(struct scope *sc, const char *const *argv, pid_t *pid, int *from)
{
	int ends[2];
	posix_spawn_file_actions_t actions;
	if (pipe2(ends, O_CLOEXEC) != 0)
		return fail(sc, E_IO, "no pipe: %s", strerror(errno));
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	int rc = posix_spawn(pid, argv[0], &actions, NULL, (char *const *)argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[1]);
	if (rc != 0) {
		close(ends[0]);
		return fail(sc, E_UNAVAILABLE, "%s does not start: %s", argv[0], strerror(rc));
	}
	*from = ends[0];
	return OK;
}

/* The child's first line, as JSON. */
static enum code
first_line(struct scope *sc, int fd, int64_t within_ms, json_t **out)
{
	char *line = scope_alloc(sc, LINE_MAX_BYTES);
	size_t n = 0;
	int64_t until = clock_mono_ms() + within_ms;
	while (n < LINE_MAX_BYTES - 1 && memchr(line, '\n', n) == NULL) {
		struct pollfd p = {.fd = fd, .events = POLLIN};
		int64_t left = until - clock_mono_ms();
		if (left <= 0 || poll(&p, 1, (int)left) == 0)
			return fail(sc, E_DEADLINE, "the child said nothing for %" PRId64 " s", within_ms / 1000);
		ssize_t got = read(fd, line + n, LINE_MAX_BYTES - 1 - n);
		if (got <= 0)
			return fail(sc, E_UNAVAILABLE, "the child ended without a word; its messages are above");
		n += (size_t)got;
	}
	return json_parse(sc, line, strcspn(line, "\n"), out);
}

/* Runs a command of this binary to its end and gives its JSON and status. */
static enum code
run_child(struct scope *sc, const char *const *argv, json_t **out, int *status)
{
	pid_t pid;
	int from;
	int raw;
	TRY(start_child(sc, argv, &pid, &from));
	enum code rc = first_line(sc, from, 120000, out);
	close(from);
	while (waitpid(pid, &raw, 0) < 0 && errno == EINTR)
		continue;
	*status = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128;
	return rc;
}

/* --- the house --- */

static enum code
make_house(struct scope *sc, struct demo *d)
{
	json_t *made;
	int status;
	const char *seed = scope_printf(sc, "%" PRId64, d->seed);
	const char *const argv[] = {d->exe,
				    "init",
				    d->data,
				    "--simulation",
				    "--seed",
				    seed,
				    "--start",
				    "2026-05-18T14:00:00Z",
				    "--name",
				    "Göteborgs Paket",
				    "--slug",
				    "goteborg",
				    "--zone",
				    "Europe/Stockholm",
				    "--country",
				    "SE",
				    "--currency",
				    "SEK",
				    "--user",
				    "demo",
				    "--passphrase",
				    "the demo day of waybill",
				    "--station",
				    "Gullbergsvass",
				    "--address",
				    "Gullbergs Strandgata 4, Göteborg",
				    "--place",
				    "57.7128,11.9788",
				    "--roads",
				    d->roads,
				    d->store == NULL ? NULL : "--store",
				    d->store,
				    d->schema == NULL ? NULL : "--schema",
				    d->schema,
				    NULL};
	TRY(run_child(sc, argv, &made, &status));
	if (status != 0)
		return fail(sc, E_CONFLICT, "waybill init ended with %d", status);
	TRY(json_need_text(sc, made, "user", 1, 300, &d->user));
	TRY(json_need_text(sc, made, "passphrase", 1, 300, &d->passphrase));
	return OK;
}

static enum code
start_server(struct scope *sc, struct demo *d)
{
	json_t *ready;
	int from;
	const char *listen = scope_printf(sc, "127.0.0.1:%" PRId64, d->port);
	const char *argv[16] = {d->exe, "serve", "--data", d->data, "--listen", listen, "--clock", "stepped"};
	size_t n = 8;
	if (d->models != NULL) {
		argv[n++] = "--models";
		argv[n++] = d->models;
	}
	TRY(start_child(sc, argv, &d->server, &from));
	TRY(first_line(sc, from, READY_MS, &ready));
	/* `from` stays open: a server that prints must not meet a closed pipe. */
	return json_need_text(sc, ready, "url", 1, 300, &d->url);
}

static void
stop_server(struct demo *d)
{
	if (d->server <= 0)
		return;
	kill(d->server, SIGTERM);
	while (waitpid(d->server, NULL, 0) < 0 && errno == EINTR)
		continue;
	d->server = 0;
}

/* --- checks: everything again, apart from the server --- */

static void
problem(json_t *report, const char *text)
{
	json_array_append_new(json_object_get(report, "problems"), json_string(text));
}

static enum code
replay_draws(struct scope *sc, const json_t *draws, json_t *report)
{
	size_t i;
	json_t *proof;
	int64_t good = 0;
	json_array_foreach((json_t *)draws, i, proof)
	{
		struct draw_verdict v;
		TRY(draw_replay(sc, proof, &v));
		good += v.ok;
		if (!v.ok)
			problem(report, scope_printf(sc, "published draw %zu does not replay", i));
	}
	json_t *o = json_object();
	json_put_int(o, "draws_replayed", good);
	json_put_int(o, "draws", (int64_t)json_array_size(draws));
	json_put(report, "checked_outside", o);
	return OK;
}

static enum code
recompute_statements(struct scope *sc, const json_t *statements, json_t *report)
{
	size_t i;
	json_t *s;
	int64_t good = 0;
	json_array_foreach((json_t *)statements, i, s)
	{
		bool ok;
		json_t *explained;
		TRY(pay_explain(sc, s, &ok, &explained));
		good += ok;
		if (!ok)
			problem(report, scope_printf(sc, "statement %s does not recompute",
						     json_string_value(json_object_get(s, "id"))));
	}
	json_t *o = json_object_get(report, "checked_outside");
	json_put_int(o, "statements_recomputed", good);
	json_put_int(o, "statements", (int64_t)json_array_size(statements));
	return OK;
}

static enum code
verify_chain(struct scope *sc, const struct demo *d, json_t *report)
{
	json_t *answer;
	int status;
	const char *const argv[] = {d->exe, "chain", "verify", scope_printf(sc, "%s/chain", d->url), NULL};
	TRY(run_child(sc, argv, &answer, &status));
	json_t *o = json_object_get(report, "checked_outside");
	json_put(o, "chain", json_incref(answer));
	if (status != 0)
		problem(report, "the chain does not verify");
	return OK;
}

static enum code
fetch_report(struct scope *sc, const struct demo *d, const struct sim_result *day, const char *date, json_t **out)
{
	struct sim_http *http;
	struct sim_answer a;
	TRY(sim_http_open(sc, d->url, &http));
	enum code rc =
	    sim_call(sc, http, "GET", scope_printf(sc, "/v1/report?date=%s", date), day->auditor_token, NULL, NULL, &a);
	sim_http_close(http);
	TRY(rc);
	if (a.status != 200 || !json_is_array(json_object_get(a.json, "problems")))
		return fail(sc, E_CONFLICT, "the report answered %d", a.status);
	*out = a.json;
	return OK;
}

/* What the first day taught, judged by the next morning's duties: "roads" of the day itself was foretold by the
 * map alone, "roads_next_morning" by what the night had learned. */
static enum code
compare_mornings(struct scope *sc, json_t *report, const json_t *next)
{
	json_t *roads = json_object_get(next, "roads");
	size_t i;
	json_t *p;
	json_array_foreach(json_object_get(next, "problems"), i, p)
	    problem(report, scope_printf(sc, "the next morning: %s", json_string_value(p)));
	if (roads == NULL || json_integer_value(json_object_get(roads, "speeds_version")) < 1) {
		problem(report, "the night has taught the next morning nothing");
		return OK;
	}
	json_put(report, "duties_next_morning", json_incref(json_object_get(next, "duties")));
	json_put(report, "roads_next_morning", json_incref(roads));
	double learned_s = json_real_value(json_object_get(roads, "mean_error_s"));
	double map_s = json_real_value(json_object_get(roads, "map_mean_error_s"));
	if (learned_s >= map_s)
		problem(report,
			scope_printf(sc, "learned times erred by %.1f s, the map's by %.1f s", learned_s, map_s));
	return OK;
}

static enum code
check_day(struct scope *sc, const struct demo *d, const struct sim_result *day, json_t **out)
{
	json_t *report;
	json_t *next;
	TRY(fetch_report(sc, d, day, day->date, &report));
	TRY(fetch_report(sc, d, day, day->next_date, &next));
	TRY(compare_mornings(sc, report, next));
	TRY(replay_draws(sc, day->draws, report));
	TRY(recompute_statements(sc, day->statements, report));
	TRY(verify_chain(sc, d, report));
	json_put(report, "told", json_incref((json_t *)day->told));
	json_put_text(report, "selfies",
		      "re-photographed variations of sample photographs: they prove the plumbing, not the accuracy");
	*out = report;
	return OK;
}

/* --- talking to the person who ran it --- */

static void
say(void *arg, const char *line)
{
	const struct demo *d = arg;
	fprintf(stderr, "[%5.1f s] %s\n", (double)(clock_mono_ms() - d->began_ms) / 1000, line);
}

static enum code
let_go(struct scope *sc, const struct demo *d)
{
	struct sim_http *http;
	struct sim_answer a;
	TRY(sim_http_open(sc, d->url, &http));
	enum code rc = sim_call(sc, http, "POST", "/sim/run", NULL, json_new_object(sc), NULL, &a);
	sim_http_close(http);
	TRY(rc);
	return a.status < 300 ? OK : fail(sc, E_CONFLICT, "the clock could not be let go (%d)", a.status);
}

static void
invite(const struct demo *d, const struct sim_result *day)
{
	size_t i;
	json_t *p;
	fprintf(stderr,
		"\nIt is the afternoon of %s in Gothenburg, and the clock runs on from there.\n"
		"  the driver app   %s/driver/    sign up with your own phone's or laptop's camera\n"
		"  the console      %s/console/   sign in as:\n",
		day->next_date, d->url, d->url);
	json_array_foreach((json_t *)day->people, i, p)
	    fprintf(stderr, "      %-16s %-28s %s\n", json_string_value(json_object_get(p, "role")),
		    json_string_value(json_object_get(p, "name")), json_string_value(json_object_get(p, "passphrase")));
	fprintf(stderr, "Ctrl-C ends it.\n");
}

/* Until Ctrl-C, or the server ends by itself. */
static void
stay(struct demo *d)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	for (;;) {
		int got;
		if (sigwait(&set, &got) != 0 || got != SIGCHLD)
			return;
		if (waitpid(d->server, NULL, WNOHANG) == d->server) {
			fprintf(stderr, "waybill: the server has ended; its messages are above\n");
			d->server = 0;
			return;
		}
	}
}

/* --- the command --- */

static enum code
the_day(struct scope *sc, struct demo *d, json_t **report, struct sim_result *day)
{
	say(d, "A data directory, keys and the first user are made.");
	TRY(make_house(sc, d));
	TRY(start_server(sc, d));
	const struct sim_options opt = {
	    .base_url = d->url,
	    .user = d->user,
	    .passphrase = d->passphrase,
	    .roads = d->roads,
	    .faces = d->faces,
	    .models = d->models,
	    .seed = (uint64_t)d->seed,
	    .drivers = (int)d->drivers,
	    .parcels = (int)d->parcels,
	    .blocks = (int)d->blocks,
	    .with_face = (int)d->with_face,
	    .say = say,
	    .arg = d,
	};
	TRY(sim_day(sc, &opt, day));
	say(d, "Draws, statements and the chain are computed again.");
	return check_day(sc, d, day, report);
}

static int
show(struct scope *sc, const json_t *report)
{
	fprintf(stderr, "\n%s", report_text(sc, report));
	int status = cli_print(sc, report);
	if (status != EXIT_YES)
		return status;
	return json_array_size(json_object_get(report, "problems")) == 0 ? EXIT_YES : EXIT_FAILED;
}

int
cli_demo(struct scope *sc, int argc, char **argv)
{
	struct demo d = {.seed = 7, .drivers = 66, .parcels = 1260, .blocks = 44, .with_face = 12};
	const struct option_def defs[] = {
	    {"--data", OPTION_TEXT, &d.data, 0, 0},	    {"--roads", OPTION_TEXT, &d.roads, 0, 0},
	    {"--models", OPTION_TEXT, &d.models, 0, 0},	    {"--faces", OPTION_TEXT, &d.faces, 0, 0},
	    {"--seed", OPTION_INT, &d.seed, 0, INT64_MAX},  {"--port", OPTION_INT, &d.port, 0, 65535},
	    {"--drivers", OPTION_INT, &d.drivers, 8, 2000}, {"--parcels", OPTION_INT, &d.parcels, 8, 20000},
	    {"--blocks", OPTION_INT, &d.blocks, 2, 1000},   {"--with-face", OPTION_INT, &d.with_face, 0, 64},
	    {"--store", OPTION_TEXT, &d.store, 0, 0},	    {"--schema", OPTION_TEXT, &d.schema, 0, 0},
	    {"--once", OPTION_FLAG, &d.once, 0, 0},
	};
	const char *words[1];
	size_t n;
	json_t *report = NULL;
	struct sim_result day;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 0, &n);
	if (rc == OK && (d.data == NULL || d.roads == NULL))
		rc = fail(sc, E_USAGE, "--data DIR and --roads FILE are needed; `./dev demo` sets them");
	if (rc != OK)
		return cli_exit(sc, rc);
	d.exe = cli_exe(sc);
	d.began_ms = clock_mono_ms();
	rc = the_day(sc, &d, &report, &day);
	int status = rc == OK ? show(sc, report) : cli_exit(sc, rc);
	if (rc == OK && !d.once && status == EXIT_YES) {
		rc = let_go(sc, &d);
		if (rc == OK) {
			invite(&d, &day);
			stay(&d);
		} else {
			status = cli_exit(sc, rc);
		}
	}
	stop_server(&d);
	return status == EXIT_INPUT ? EXIT_FAILED : status;
}
