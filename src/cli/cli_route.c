/* waybill route solve | check */
#include <signal.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "cli/cli.h"
#include "route/route_file.h"
#include "route/route_picture.h"

static enum code
load(struct scope *sc, const char *path, struct route_file *out)
{
	uint8_t *bytes;
	size_t n;
	TRY(file_read(sc, path, ROUTE_FILE_MAX, &bytes, &n));
	if (route_file_read(sc, bytes, n, out) != OK)
		return error_prefix(sc, "%s", path);
	for (uint32_t i = 0; i < out->n_warnings; i++)
		log_line(LOG_WARN, "%s", out->warnings[i]);
	return OK;
}

struct watch {
	FILE *trace;
	double unit;
	bool terminal;
};

static void
show_progress(void *arg, const struct route_progress *p)
{
	struct watch *w = arg;
	double cost = (double)p->cost * w->unit;
	if (w->trace != NULL && p->better)
		fprintf(w->trace,
			"{\"seconds\":%.3f,\"iterations\":%" PRIu64 ",\"cost\":%" PRId64
			",\"routes\":%u,\"unassigned\":%u}\n",
			p->seconds, p->iterations, p->cost, p->tours, p->out);
	if (w->terminal)
		fprintf(stderr, "\r%7.1f s  %10" PRIu64 " tries  cost %-14.1f routes %-4u left out %-4u", p->seconds,
			p->iterations, cost, p->tours, p->out);
}

struct wants {
	double seconds;
	int64_t iterations, threads, seed;
	const char *trace, *svg, *geojson;
	bool vehicles_first, distance_first, cpu_time, plan_only;
};

static enum code
open_trace(struct scope *sc, const char *path, FILE **out)
{
	if (path == NULL)
		return OK;
	FILE *f = fopen(path, "w");
	if (f == NULL)
		return fail(sc, E_IO, "%s cannot be written", path);
	*out = f;
	return OK;
}

static enum code
draw(struct scope *sc, const struct wants *w, const struct route_problem *p, const struct route_solution *s)
{
	if (w->svg != NULL) {
		char *svg = picture_svg(sc, p, s);
		TRY(file_write(sc, w->svg, svg, strlen(svg), 0644));
	}
	if (w->geojson != NULL) {
		char *text = json_text(sc, picture_geojson(sc, p, s));
		TRY(file_write(sc, w->geojson, text, strlen(text), 0644));
	}
	return OK;
}

static enum code
solve(struct scope *sc, const char *path, const struct wants *w, json_t **out)
{
	struct route_file file;
	struct route_solution *s;
	TRY(load(sc, path, &file));
	if (w->plan_only)
		return vroom_follow(sc, &file, out);
	if (file.demands)
		log_line(LOG_WARN, "%s", VROOM_DEMANDS_IGNORED);
	if (w->vehicles_first || w->distance_first)
		file.problem->aim.vehicles_first = w->vehicles_first;
	struct watch watch = {NULL, file.unit, isatty(STDERR_FILENO) != 0};
	TRY(open_trace(sc, w->trace, &watch.trace));
	struct route_budget budget = {.seconds = w->seconds,
				      .iterations = (uint64_t)w->iterations,
				      .threads = (unsigned)w->threads,
				      .seed = (uint64_t)w->seed,
				      .cpu_time = w->cpu_time,
				      .progress = show_progress,
				      .arg = &watch};
	enum code rc = route_solve_from(sc, file.problem, file.rows, &budget, &s);
	if (watch.trace != NULL && fclose(watch.trace) != 0 && rc == OK)
		rc = fail(sc, E_IO, "%s could not be written whole", w->trace);
	if (watch.terminal)
		fprintf(stderr, "\n");
	TRY(rc);
	TRY(draw(sc, w, file.problem, s));
	*out = vroom_write(sc, &file, s);
	return OK;
}

static int
run_solve(struct scope *sc, int argc, char **argv)
{
	struct wants w = {.seconds = -1, .threads = 1, .seed = 1};
	const struct option_def defs[] = {
	    {"--seconds", OPTION_REAL, &w.seconds, 0, 86400},
	    {"--iterations", OPTION_INT, &w.iterations, 0, INT64_MAX},
	    {"--threads", OPTION_INT, &w.threads, 1, 64},
	    {"--seed", OPTION_INT, &w.seed, 0, INT64_MAX},
	    {"--trace", OPTION_TEXT, &w.trace, 0, 0},
	    {"--cpu-time", OPTION_FLAG, &w.cpu_time, 0, 0},
	    {"--plan-only", OPTION_FLAG, &w.plan_only, 0, 0},
	    {"-c", OPTION_FLAG, &w.plan_only, 0, 0},
	    {"--svg", OPTION_TEXT, &w.svg, 0, 0},
	    {"--geojson", OPTION_TEXT, &w.geojson, 0, 0},
	    {"--vehicles-first", OPTION_FLAG, &w.vehicles_first, 0, 0},
	    {"--distance-first", OPTION_FLAG, &w.distance_first, 0, 0},
	};
	const char **words = NEW_ARRAY(sc, (size_t)argc, const char *);
	size_t n;
	json_t *answer;
	sc->cap = (size_t)8 << 30;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n);
	if (rc != OK)
		return cli_exit(sc, rc);
	if (w.seconds < 0)
		w.seconds = w.iterations > 0 ? 0 : 5;
	rc = solve(sc, words[0], &w, &answer);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, answer);
}

static enum code
check(struct scope *sc, const char *problem, const char *solution, struct route_file *file, struct route_verdict *out)
{
	uint8_t *bytes;
	size_t n;
	struct route_solution *s;
	TRY(load(sc, problem, file));
	TRY(file_read(sc, solution, ROUTE_FILE_MAX, &bytes, &n));
	if (vroom_read_solution(sc, file, bytes, n, &s) != OK)
		return error_prefix(sc, "%s", solution);
	return route_check(sc, file->problem, s, out);
}

static int
run_check(struct scope *sc, int argc, char **argv)
{
	const char **words = NEW_ARRAY(sc, (size_t)argc, const char *);
	size_t n;
	struct route_file file;
	struct route_verdict v;
	sc->cap = (size_t)8 << 30;
	enum code rc = args_parse(sc, argc, argv, NULL, 0, words, 2, 2, &n);
	if (rc == OK)
		rc = check(sc, words[0], words[1], &file, &v);
	if (rc != OK)
		return cli_exit(sc, rc);
	json_t *o = json_new_object(sc);
	json_put_bool(o, "feasible", v.feasible);
	json_put_int(o, "cost", v.cost);
	if (file.unit != 1)
		json_put_real(o, "unit", file.unit);
	json_put_int(o, "duration", v.travel);
	json_put_int(o, "distance", v.distance);
	json_put_int(o, "routes", v.tours);
	json_put_int(o, "unassigned", v.out);
	json_t *faults = json_array();
	for (uint32_t i = 0; i < v.n_faults && i < 100; i++)
		json_array_append_new(faults, json_string(v.faults[i]));
	json_put(o, "faults", faults);
	int status = cli_print(sc, o);
	return status != EXIT_YES ? status : v.feasible ? EXIT_YES : EXIT_NO;
}

const struct command cli_route_group[] = {
    {"solve", "PROBLEM [--seconds S] [--iterations N] [--threads N] [--seed K] [--trace FILE] [--svg FILE]",
     "plan the routes of a problem; prints VROOM's JSON", run_solve, NULL,
     "PROBLEM is VROOM JSON or a Solomon, Gehring & Homberger, Li & Lim or CVRPLIB file.\n"
     "  --seconds S        stop after S seconds (5, unless --iterations is given); 0: the first plan\n"
     "  --iterations N     stop after N tries: the same seed gives the same plan\n"
     "  --threads N        cores to use (1)\n"
     "  --seed K           1\n"
     "  --cpu-time         count --seconds in CPU time of one thread: to measure on a busy machine\n"
     "  --trace FILE       one JSON object for each better plan\n"
     "  --svg FILE, --geojson FILE   the plan as a picture\n"
     "  --plan-only, -c    search nothing: time the vehicles' \"steps\" and say what they break\n"
     "  --vehicles-first   one vehicle less beats any distance (the default for Li & Lim)\n"
     "  --distance-first   the opposite"},
    {"serve", "[--listen HOST:PORT] [--seconds S] [--threads N] [--max-places N]",
     "answer problems by HTTP, as vroom-express does: POST /", cli_route_serve, NULL,
     "The body is VROOM's JSON, the answer too. Prints {\"port\":…} when it takes requests; ends on SIGTERM.\n"
     "  --listen HOST:PORT  where (127.0.0.1:0)\n"
     "  --seconds S         the longest search of one problem (5); a request's options may ask for less\n"
     "  --threads N         problems at a time, one core each (2)\n"
     "  --max-places N      more are refused (2000)\n"
     "There is no password: put it where only your own systems reach it."},
    {"check", "PROBLEM SOLUTION", "verify a solution: feasible or why not, and its cost", run_check, NULL, NULL},
    {0},
};
