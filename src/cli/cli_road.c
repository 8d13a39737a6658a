/* waybill road …: the road engine from the command line. Answers have OSRM's
 * shapes, whatever reads those reads these. */
#include "cli/cli_road.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "road/bench.h"
#include "road/learn.h"
#include "road/match_bench.h"
#include "road/osrm.h"
#include "road/road.h"
#include "road/tracks.h"

#define POINTS_FILE_MAX ((size_t)64 << 20)

enum code
cli_road_file(struct scope *sc, int argc, char **argv, const struct option_def *defs, size_t n_defs, struct road **out)
{
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, n_defs, words, 1, 1, &n));
	return road_open(sc, words[0], out);
}

/* --- import ------------------------------------------------------------------- */

static void
print_report(json_t *o, const struct road_import_report *r)
{
	json_put_int(o, "nodes", (int64_t)r->nodes);
	json_put_int(o, "ways", (int64_t)r->ways);
	json_put_int(o, "relations", (int64_t)r->relations);
	json_put_int(o, "ways_used", (int64_t)r->ways_used);
	json_put_int(o, "segments", (int64_t)r->segments);
	json_put_int(o, "arcs", (int64_t)r->arcs);
	json_put_int(o, "vertices", (int64_t)r->vertices);
	json_put_int(o, "turns", (int64_t)r->turns);
	json_put_int(o, "restrictions_used", (int64_t)r->restrictions_used);
	json_put_int(o, "restrictions_ignored", (int64_t)r->restrictions_ignored);
	json_put_int(o, "arcs_dropped", (int64_t)r->arcs_dropped);
	json_put_real(o, "km_dropped", r->km_dropped);
	json_put_int(o, "refs_missing", (int64_t)r->refs_missing);
	json_put_int(o, "lines_drawn", (int64_t)r->lines_drawn);
	json_put_int(o, "addresses", (int64_t)r->addresses);
	json_put_int(o, "addresses_dropped", (int64_t)r->addresses_dropped);
	json_put_int(o, "areas", (int64_t)r->areas);
	json_put_int(o, "areas_broken", (int64_t)r->areas_broken);
	json_put_int(o, "coast_gaps", (int64_t)r->coast_gaps);
	json_put_int(o, "bytes_written", (int64_t)r->bytes_written);
}

static enum code
import(struct scope *sc, int argc, char **argv, json_t *o)
{
	const char *out = NULL;
	const char *profile = "van";
	const struct option_def defs[] = {{"-o", OPTION_TEXT, &out, 0, 0}, {"--profile", OPTION_TEXT, &profile, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	if (out == NULL)
		return fail(sc, E_USAGE, "-o OUT.road is missing");
	struct road_import_report report;
	TRY(road_import(sc, words[0], out, profile, &report));
	print_report(o, &report);
	return OK;
}

static int
run_import(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	enum code rc = import(sc, argc, argv, o);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}

/* --- places -------------------------------------------------------------------- */

enum code
cli_road_place(struct scope *sc, const char *text, struct place *out)
{
	char **fields;
	double lat;
	double lon;
	if (text == NULL || text_split(sc, text, ',', &fields) != 2)
		return fail(sc, E_USAGE, "a place is LAT,LON");
	TRY(parse_double(sc, text_trim(fields[0]), -90, 90, &lat));
	TRY(parse_double(sc, text_trim(fields[1]), -180, 180, &lon));
	return place_from_degrees(sc, lat, lon, out);
}

enum code
cli_road_places(struct scope *sc, const char *path, struct place **out, size_t *n_out)
{
	uint8_t *bytes;
	size_t size;
	TRY(file_read(sc, path, POINTS_FILE_MAX, &bytes, &size));
	char **lines;
	size_t n = text_split(sc, (const char *)bytes, '\n', &lines);
	struct place *places = NEW_ARRAY(sc, n, struct place);
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		char *line = text_trim(lines[i]);
		if (*line == '\0' || *line == '#')
			continue;
		if (cli_road_place(sc, line, &places[k++]) != OK) {
			error_prefix(sc, "%s, line %zu", path, i + 1);
			sc->err.code = E_INVALID;
			return E_INVALID;
		}
	}
	if (k == 0)
		return fail(sc, E_INVALID, "%s has no places", path);
	*out = places;
	*n_out = k;
	return OK;
}

static void
add_lon_lat(struct text *t, struct place p)
{
	text_printf(t, "%.7f,%.7f", place_lon(p), place_lat(p));
}

/* Prints the answer; "no" where the engine says so. */
static enum code
ask(struct scope *sc, const char *path, const char *target, int *status)
{
	struct road *road;
	TRY(road_open(sc, path, &road));
	unsigned http;
	char *json;
	enum code rc = road_osrm_answer(sc, road, NULL, NULL, target, &http, &json);
	road_close(road);
	TRY(rc);
	if (puts(json) < 0)
		return fail(sc, E_IO, "standard output is closed");
	*status = http == 200 ? EXIT_YES : EXIT_NO;
	return OK;
}

/* --- route ----------------------------------------------------------------------- */

static enum code
route(struct scope *sc, int argc, char **argv, int *status)
{
	const char *from = NULL;
	const char *to = NULL;
	const char *geometries = NULL;
	struct cli_depart depart = {0};
	struct cli_service service = {0};
	const struct option_def defs[] = {{"--from", OPTION_TEXT, &from, 0, 0},
					  {"--to", OPTION_TEXT, &to, 0, 0},
					  {"--depart", OPTION_TEXT, &depart.at, 0, 0},
					  {"--speeds", OPTION_TEXT, &depart.speeds, 0, 0},
					  {"--service", OPTION_TEXT, &service.at, 0, 0},
					  {"--profile", OPTION_TEXT, &service.profile, 0, 0},
					  {"--geometries", OPTION_TEXT, &geometries, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 1, &n));
	TRY(cli_road_either(sc, n, &service,
			    depart.speeds != NULL ? "--speeds"
			    : geometries != NULL  ? "--geometries"
						  : NULL));
	struct place a;
	struct place b;
	if (cli_road_place(sc, from, &a) != OK || cli_road_place(sc, to, &b) != OK)
		return fail(sc, E_USAGE, "--from LAT,LON and --to LAT,LON are wanted");
	*status = EXIT_YES;
	if (service.at != NULL)
		return cli_road_route_told(sc, &service, depart.at, a, b);
	if (cli_departs(&depart))
		return cli_road_route_at(sc, words[0], &depart, a, b);
	struct text target;
	text_init(&target, sc);
	text_add(&target, "/route/v1/driving/");
	add_lon_lat(&target, a);
	text_add_char(&target, ';');
	add_lon_lat(&target, b);
	text_printf(&target, "?steps=true&overview=full&geometries=%s", geometries == NULL ? "geojson" : geometries);
	return ask(sc, words[0], target.s, status);
}

static int
run_route(struct scope *sc, int argc, char **argv)
{
	int status;
	enum code rc = route(sc, argc, argv, &status);
	return rc != OK ? cli_exit(sc, rc) : status;
}

/* --- matrix ------------------------------------------------------------------------ */

static enum code
matrix(struct scope *sc, int argc, char **argv, int *status)
{
	const char *file = NULL;
	struct cli_depart depart = {0};
	struct cli_service service = {0};
	const struct option_def defs[] = {{"--points", OPTION_TEXT, &file, 0, 0},
					  {"--depart", OPTION_TEXT, &depart.at, 0, 0},
					  {"--speeds", OPTION_TEXT, &depart.speeds, 0, 0},
					  {"--service", OPTION_TEXT, &service.at, 0, 0},
					  {"--profile", OPTION_TEXT, &service.profile, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 1, &n));
	TRY(cli_road_either(sc, n, &service, depart.speeds != NULL ? "--speeds" : NULL));
	if (file == NULL)
		return fail(sc, E_USAGE, "--points FILE is missing");
	struct place *places = NULL;
	TRY(cli_road_places(sc, file, &places, &n));
	sc->cap = (size_t)8 << 30; /* a command may take what the machine has */
	*status = EXIT_YES;
	if (service.at != NULL)
		return cli_road_table_told(sc, &service, depart.at, places, n);
	if (cli_departs(&depart))
		return cli_road_table_at(sc, words[0], &depart, places, n);
	struct text target;
	text_init(&target, sc);
	text_add(&target, "/table/v1/driving/");
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			text_add_char(&target, ';');
		add_lon_lat(&target, places[i]);
	}
	text_add(&target, "?annotations=duration,distance");
	return ask(sc, words[0], target.s, status);
}

static int
run_matrix(struct scope *sc, int argc, char **argv)
{
	int status;
	enum code rc = matrix(sc, argc, argv, &status);
	return rc != OK ? cli_exit(sc, rc) : status;
}

/* --- snap ---------------------------------------------------------------------------- */

static enum code
snap(struct scope *sc, int argc, char **argv, int *status)
{
	const char *at = NULL;
	const struct option_def defs[] = {{"--at", OPTION_TEXT, &at, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	struct place p;
	TRY(cli_road_place(sc, at, &p));
	struct text target;
	text_init(&target, sc);
	text_add(&target, "/nearest/v1/driving/");
	add_lon_lat(&target, p);
	text_add(&target, "?number=3");
	return ask(sc, words[0], target.s, status);
}

static int
run_snap(struct scope *sc, int argc, char **argv)
{
	int status;
	enum code rc = snap(sc, argc, argv, &status);
	return rc != OK ? cli_exit(sc, rc) : status;
}

/* --- draw ----------------------------------------------------------------------------- */

static enum code
draw(struct scope *sc, int argc, char **argv)
{
	const char *out = NULL;
	const struct option_def defs[] = {{"-o", OPTION_TEXT, &out, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	if (out == NULL)
		return fail(sc, E_USAGE, "-o OUT.svg is missing");
	struct road *road;
	TRY(road_open(sc, words[0], &road));
	char *svg = road_draw_cuts(sc, road);
	road_close(road);
	return file_write(sc, out, svg, strlen(svg), 0644);
}

static int
run_draw(struct scope *sc, int argc, char **argv)
{
	enum code rc = draw(sc, argc, argv);
	return cli_exit(sc, rc);
}

/* --- points --------------------------------------------------------------------------- */

static enum code
points(struct scope *sc, int argc, char **argv)
{
	int64_t count = 10;
	int64_t seed = 1;
	const struct option_def defs[] = {{"--count", OPTION_INT, &count, 1, 10000000},
					  {"--seed", OPTION_INT, &seed, 0, INT64_MAX}};
	struct road *road;
	TRY(cli_road_file(sc, argc, argv, defs, COUNT_OF(defs), &road));
	struct prng prng;
	prng_seed(&prng, (uint64_t)seed);
	for (int64_t i = 0; i < count; i++) {
		struct place p = road_random_street_point(road, &prng);
		printf("%.7f,%.7f\n", place_lat(p), place_lon(p));
	}
	road_close(road);
	return fflush(stdout) == 0 ? OK : fail(sc, E_IO, "standard output is closed");
}

static int
run_points(struct scope *sc, int argc, char **argv)
{
	enum code rc = points(sc, argc, argv);
	return cli_exit(sc, rc);
}

/* --- bench ----------------------------------------------------------------------------- */

static enum code
bench(struct scope *sc, int argc, char **argv, json_t *o, bool *exact)
{
	struct road_bench_plan plan = {.queries = 1000, .matrix = 1000, .seed = 1, .metrics = 1, .threads = 1};
	const struct option_def defs[] = {{"--queries", OPTION_INT, &plan.queries, 1, 1000000},
					  {"--matrix", OPTION_INT, &plan.matrix, 1, 10000},
					  {"--metrics", OPTION_INT, &plan.metrics, 0, 100},
					  {"--threads", OPTION_INT, &plan.threads, 1, 64},
					  {"--seed", OPTION_INT, &plan.seed, 0, INT64_MAX}};
	sc->cap = (size_t)8 << 30;
	struct road *road;
	TRY(cli_road_file(sc, argc, argv, defs, COUNT_OF(defs), &road));
	struct road_bench_result r;
	enum code rc = road_bench(sc, road, &plan, &r);
	road_close(road);
	TRY(rc);
	json_put_int(o, "mismatches", r.mismatches);
	json_put_int(o, "compared", r.compared);
	json_put_real(o, "matrix_ms", r.matrix_ms);
	json_put_real(o, "matrix_100_ms", r.matrix_100_ms);
	json_put_real(o, "query_us", r.query_us);
	json_put_real(o, "path_us", r.path_us);
	json_put_real(o, "route_us", r.route_us);
	json_put_real(o, "customise_ms", r.customise_ms);
	json_put_real(o, "customise_wall_ms", r.customise_wall_ms);
	json_put_real(o, "snap_us", r.snap_us);
	json_put_real(o, "dijkstra_us", r.dijkstra_us);
	json_put_real(o, "bytes_per_metric", r.bytes_per_metric);
	json_put_text(o, "kernel", r.kernel);
	*exact = r.mismatches == 0;
	return OK;
}

static int
run_bench(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	bool exact;
	enum code rc = bench(sc, argc, argv, o, &exact);
	if (rc != OK)
		return cli_exit(sc, rc);
	int status = cli_print(sc, o);
	return status == EXIT_YES && !exact ? EXIT_FAILED : status;
}

/* --- match ----------------------------------------------------------------------------- */

#define TRACKS_FILE_MAX ((size_t)1 << 30)

static enum code
read_tracks(struct scope *sc, const char *path, struct road_track **tracks, size_t *n)
{
	uint8_t *bytes;
	size_t size;
	if (path == NULL)
		return fail(sc, E_USAGE, "--tracks FILE is missing");
	TRY(file_read(sc, path, TRACKS_FILE_MAX, &bytes, &size));
	if (road_tracks_read(sc, bytes, size, tracks, n) != OK)
		return error_prefix(sc, "%s", path);
	return OK;
}

/* One line; "no" where a track fits nowhere. */
static enum code
match_track(const struct road *road, const struct road_track *t, bool *all)
{
	struct scope sc;
	scope_init(&sc);
	const struct osrm_request form = {.service = OSRM_MATCH, .geometry = OSRM_GEOJSON, .overview = OSRM_FULL};
	char *json;
	enum code rc = osrm_match_json(&sc, road, NULL, &form, t->fixes, t->n, &json);
	if (rc != OK) {
		json_t *o = json_new_object(&sc);
		json_put_text(o, "code", sc.err.reason != NULL ? sc.err.reason : "InvalidValue");
		json_put_text(o, "message", sc.err.message);
		json = json_text(&sc, o);
		*all = false;
	}
	int put = puts(json);
	scope_release(&sc);
	return put < 0 ? E_IO : OK;
}

static enum code
match(struct scope *sc, int argc, char **argv, int *status)
{
	const char *file = NULL;
	bool follow = false;
	const struct option_def defs[] = {{"--tracks", OPTION_TEXT, &file, 0, 0},
					  {"--follow", OPTION_FLAG, &follow, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	*status = EXIT_YES;
	if (follow)
		return cli_road_follow(sc, words[0]);
	struct road_track *tracks = NULL;
	TRY(read_tracks(sc, file, &tracks, &n));
	struct road *road;
	TRY(road_open(sc, words[0], &road));
	bool all = true;
	enum code rc = OK;
	for (size_t i = 0; i < n && rc == OK; i++)
		rc = match_track(road, &tracks[i], &all);
	road_close(road);
	if (rc != OK)
		return fail(sc, rc, "standard output is closed");
	*status = all ? EXIT_YES : EXIT_NO;
	return OK;
}

static int
run_match(struct scope *sc, int argc, char **argv)
{
	int status;
	enum code rc = match(sc, argc, argv, &status);
	return rc != OK ? cli_exit(sc, rc) : status;
}

/* --- learn and eval --------------------------------------------------------------------- */

/* Drivers are dealt into folds by a hash of their name, so that one can learn
 * from some and judge by the others. */
struct fold {
	int64_t of, at; /* of = 0: everybody */
	bool inside;	/* judge: those in the fold; learn: those outside */
};

static bool
in_fold(const struct fold *f, const char *driver)
{
	return f->of == 0 || (text_number(driver) % (uint64_t)f->of == (uint64_t)f->at) == f->inside;
}

static enum code
learn_speeds(struct scope *sc, const struct road *road, const struct road_track *tracks, size_t n,
	     const struct fold *fold, struct road_speeds *speeds, size_t *used)
{
	struct road_learner *l = road_learner_new(sc, road);
	*used = 0;
	for (size_t i = 0; i < n; i++) {
		if (!in_fold(fold, tracks[i].driver))
			continue;
		struct scope work;
		scope_init(&work);
		enum code rc = road_learner_add(&work, l, text_number(tracks[i].driver), tracks[i].fixes, tracks[i].n);
		if (rc != OK)
			sc->err = work.err;
		scope_release(&work);
		if (rc != OK)
			return error_prefix(sc, "track %s", tracks[i].name);
		(*used)++;
	}
	return road_learner_finish(sc, l, speeds);
}

static enum code
learn_from(struct scope *sc, const struct road *road, const struct road_track *tracks, size_t n,
	   const struct fold *fold, const char *out, json_t *o)
{
	struct road_speeds speeds;
	size_t used;
	TRY(learn_speeds(sc, road, tracks, n, fold, &speeds, &used));
	char *text = road_speeds_text(sc, &speeds);
	TRY(file_write(sc, out, text, strlen(text), 0644));
	json_put_int(o, "tracks", (int64_t)used);
	json_put_int(o, "arcs", (int64_t)speeds.n_arcs);
	json_put_real(o, "trip_factor", speeds.trip);
	return OK;
}

static enum code
learn(struct scope *sc, int argc, char **argv, json_t *o)
{
	const char *file = NULL;
	const char *out = NULL;
	const char *data = NULL;
	const char *slug = NULL;
	struct fold fold = {.inside = false};
	const struct option_def defs[] = {
	    {"--tracks", OPTION_TEXT, &file, 0, 0},    {"-o", OPTION_TEXT, &out, 0, 0},
	    {"--folds", OPTION_INT, &fold.of, 0, 100}, {"--without", OPTION_INT, &fold.at, 0, 99},
	    {"--from-data", OPTION_TEXT, &data, 0, 0}, {"--operator", OPTION_TEXT, &slug, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 1, &n));
	if (data != NULL && n == 0)
		return cli_road_learn_data(sc, data, slug, out, o);
	if (n == 0 || out == NULL)
		return fail(sc, E_USAGE, "OUT.road --tracks FILE -o SPEEDS is wanted, or --from-data DIR");
	struct road_track *tracks = NULL;
	TRY(read_tracks(sc, file, &tracks, &n));
	struct road *road;
	TRY(road_open(sc, words[0], &road));
	enum code rc = learn_from(sc, road, tracks, n, &fold, out, o);
	road_close(road);
	return rc;
}

static int
run_learn(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	enum code rc = learn(sc, argc, argv, o);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}

static void
put_gain(json_t *o, const char *key, const double gain[3])
{
	json_t *list = json_array();
	for (int i = 0; i < 3; i++)
		json_array_append_new(list, json_real(gain[i]));
	json_put(o, key, list);
}

static enum code
foretell_all(struct scope *sc, const struct road *road, const struct road_speeds *speeds,
	     const struct road_track *tracks, size_t n, const struct fold *fold, struct road_trip_times *times,
	     size_t *n_times)
{
	struct road_drive *drives = NEW_ARRAY(sc, n, struct road_drive);
	size_t k = 0;
	size_t more;
	for (size_t i = 0; i < n; i++)
		if (in_fold(fold, tracks[i].driver))
			drives[k++] = (struct road_drive){tracks[i].fixes, tracks[i].n};
	TRY(road_foretell(sc, road, speeds, drives, k, times + *n_times, &more));
	*n_times += more;
	return OK;
}

/* Every lot of drivers is judged by what the others taught. */
static enum code
foretell_across(struct scope *sc, const struct road *road, const struct road_track *tracks, size_t n, int64_t folds,
		struct road_trip_times *times, size_t *n_times)
{
	for (int64_t i = 0; i < folds; i++) {
		const struct fold others = {.of = folds, .at = i, .inside = false};
		const struct fold these = {.of = folds, .at = i, .inside = true};
		struct road_speeds speeds;
		size_t used;
		TRY(learn_speeds(sc, road, tracks, n, &others, &speeds, &used));
		TRY(foretell_all(sc, road, &speeds, tracks, n, &these, times, n_times));
	}
	return OK;
}

static enum code
eval_on(struct scope *sc, const struct road *road, const struct road_speeds *speeds, const struct road_track *tracks,
	size_t n, const struct fold *fold, json_t *o)
{
	struct road_trip_times *times = NEW_ARRAY(sc, n + 1, struct road_trip_times);
	size_t n_times = 0;
	if (speeds == NULL)
		TRY(foretell_across(sc, road, tracks, n, fold->of, times, &n_times));
	else
		TRY(foretell_all(sc, road, speeds, tracks, n, fold, times, &n_times));
	struct road_eval e;
	road_eval_trips(sc, times, n_times, &e);
	json_put_int(o, "trips", (int64_t)e.trips);
	json_put_real(o, "median_ratio", e.median_ratio);
	json_put_real(o, "mae_s", e.mae_s);
	json_put_real(o, "mae_free_flow_s", e.mae_free_flow_s);
	json_put_real(o, "mae_class_hour_s", e.mae_class_hour_s);
	json_put_real(o, "mae_bare_s", e.mae_bare_s);
	json_put_real(o, "median_ratio_bare", e.median_ratio_bare);
	put_gain(o, "gain_free_flow_s", e.gain_free_flow_s);
	put_gain(o, "gain_class_hour_s", e.gain_class_hour_s);
	return OK;
}

enum code
cli_road_speeds(struct scope *sc, const char *path, struct road_speeds *out)
{
	uint8_t *bytes;
	size_t size;
	TRY(file_read(sc, path, TRACKS_FILE_MAX, &bytes, &size));
	if (road_speeds_parse(sc, (const char *)bytes, out) != OK)
		return error_prefix(sc, "%s", path);
	return OK;
}

static enum code
eval(struct scope *sc, int argc, char **argv, json_t *o)
{
	const char *file = NULL;
	const char *speeds_file = NULL;
	struct fold fold = {.inside = true};
	const struct option_def defs[] = {{"--tracks", OPTION_TEXT, &file, 0, 0},
					  {"--speeds", OPTION_TEXT, &speeds_file, 0, 0},
					  {"--folds", OPTION_INT, &fold.of, 2, 100},
					  {"--only", OPTION_INT, &fold.at, 0, 99}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	if (speeds_file == NULL && fold.of == 0)
		return fail(sc, E_USAGE, "--speeds SPEEDS or --folds N is missing");
	struct road_speeds speeds;
	if (speeds_file != NULL)
		TRY(cli_road_speeds(sc, speeds_file, &speeds));
	struct road_track *tracks = NULL;
	TRY(read_tracks(sc, file, &tracks, &n));
	struct road *road;
	TRY(road_open(sc, words[0], &road));
	enum code rc = eval_on(sc, road, speeds_file == NULL ? NULL : &speeds, tracks, n, &fold, o);
	road_close(road);
	return rc;
}

static int
run_eval(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	enum code rc = eval(sc, argc, argv, o);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}

static enum code
bench_match(struct scope *sc, int argc, char **argv, json_t *o)
{
	int64_t tracks = 100;
	int64_t seed = 1;
	const char *out = NULL;
	const struct option_def defs[] = {{"--tracks", OPTION_INT, &tracks, 1, 100000},
					  {"-o", OPTION_TEXT, &out, 0, 0},
					  {"--seed", OPTION_INT, &seed, 0, INT64_MAX}};
	struct road *road;
	TRY(cli_road_file(sc, argc, argv, defs, COUNT_OF(defs), &road));
	struct road_match_cell cells[9];
	struct text asked;
	text_init(&asked, sc);
	enum code rc = road_match_bench(sc, road, (size_t)tracks, (uint64_t)seed, cells, out != NULL ? &asked : NULL);
	road_close(road);
	TRY(rc);
	if (out != NULL)
		TRY(file_write(sc, out, asked.s, asked.len, 0644));
	json_t *list = json_array();
	for (int i = 0; i < 9; i++) {
		json_t *c = json_object();
		json_put_real(c, "sigma_m", cells[i].sigma_m);
		json_put_int(c, "interval_s", cells[i].interval_s);
		json_put_real(c, "error", cells[i].error);
		json_put_real(c, "us_per_point", cells[i].us_per_point);
		json_put_real(c, "stream_us", cells[i].stream_us);
		json_put_real(c, "delay", cells[i].delay);
		json_put_real(c, "hurried", cells[i].hurried);
		json_array_append_new(list, c);
	}
	json_put(o, "cells", list);
	return OK;
}

static int
run_bench_match(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	enum code rc = bench_match(sc, argc, argv, o);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}

static enum code
bench_growth(struct scope *sc, int argc, char **argv, json_t *o)
{
	int64_t side = 2;
	const char *out = NULL;
	const struct option_def defs[] = {{"--side", OPTION_INT, &side, 1, 16}, {"-o", OPTION_TEXT, &out, 0, 0}};
	const char *words[1];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	if (out == NULL)
		return fail(sc, E_USAGE, "-o WORK.road is missing");
	sc->cap = (size_t)8 << 30;
	struct road_growth g;
	TRY(road_growth_bench(sc, words[0], out, side, &g));
	json_put_int(o, "side", side);
	json_put_int(o, "arcs", (int64_t)g.arcs);
	json_put_real(o, "build_s", g.build_s);
	json_put_real(o, "customise_ms", g.customise_ms);
	json_put_real(o, "query_us", g.query_us);
	json_put_int(o, "mismatches", g.mismatches);
	return OK;
}

static int
run_bench_growth(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	enum code rc = bench_growth(sc, argc, argv, o);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}

const struct command cli_road_group[] = {
    {"import", "IN(.osm.pbf|.osm.gz|.osm|.geojson) -o OUT.road [--profile van|bike|walk]",
     "make a road file from an extract of OpenStreetMap", run_import, NULL, NULL},
    {"route",
     "(OUT.road | --service KIND:URL [--profile P]) --from LAT,LON --to LAT,LON [--depart TIME [--speeds SPEEDS]]\n"
     "          [--geometries geojson|polyline|polyline6]",
     "the way from here to there, as OSRM's route JSON", run_route, NULL,
     "--depart 2026-11-23T08:10, on the wall where the streets are, with what `learn` wrote: the way that arrives\n"
     "first, each street at the pace of the hour it is driven in. --service osrm:http://127.0.0.1:5000 or\n"
     "valhalla:http://…: another server's way; the places are sent to it."},
    {"matrix", "(OUT.road | --service KIND:URL [--profile P]) --points FILE [--depart TIME [--speeds SPEEDS]]",
     "durations and distances between all of them, as OSRM's table JSON", run_matrix, NULL,
     "FILE has a place a line: LAT,LON. --depart: as for a route; durations only. --service: as for a route; asked in\n"
     "the parts that the server allows."},
    {"compare", "OUT.road --service KIND:URL [--profile P] [--points N] [--seed S]",
     "another server's times beside this file's, on random places of its streets", cli_road_compare, NULL,
     "..._ratio: there over here, the 5th, 50th and 95th of a hundred; times_ms: of the whole table, by HTTP."},
    {"isochrone", "OUT.road --from LAT,LON [--minutes 5,10,15] [--depart TIME --speeds SPEEDS] [-o OUT.geojson]",
     "what can be reached in time, as GeoJSON: an area a band", cli_road_isochrone, NULL,
     "A band is driven to and then walked to: 100 m at most, at 1.4 m/s. The longest comes first.\n"
     "--depart: all of it at the pace of that hour."},
    {"geocode", "OUT.road (TEXT | --csv IN.csv -o OUT.csv) [--streets]",
     "where an address is; exit status 1 where that is not sure", cli_road_geocode, NULL,
     "--csv: every line's column `address`; found_lat, found_lon, found_as, confidence come behind its columns, and\n"
     "what is not sure is listed with what it could be. --streets: a street without its number is good enough."},
    {"within", "OUT.road --from LAT,LON --points FILE [--minutes N]",
     "which of many places can be reached in time, nearest first", cli_road_within, NULL,
     "FILE as for a matrix; place: its number in FILE, from 1; duration: seconds."},
    {"snap", "OUT.road --at LAT,LON", "the nearest streets, as OSRM's nearest JSON", run_snap, NULL, NULL},
    {"draw", "OUT.road -o OUT.svg", "a picture of the streets and the cuts of the elimination order", run_draw, NULL,
     NULL},
    {"points", "OUT.road [--count N] [--seed S]", "random places on streets of houses, LAT,LON a line", run_points,
     NULL, "A bench of the same seed uses the same places: a start and an end by turns."},
    {"match", "OUT.road (--tracks FILE | --follow)",
     "the streets that tracks were driven on, as OSRM's match JSON, one a line", run_match, NULL,
     "FILE is GPX, or CSV with TRIP_ID,TAXI_ID,TIMESTAMP,POLYLINE (a position every 15 s).\n"
     "--follow reads a drive as it happens from standard input, a fix a line: AT,LAT,LON[,SIGMA_M] (AT: RFC 3339 or\n"
     "seconds since 1970), an empty line between drives, and prints each fix once its place is settled."},
    {"serve",
     "OUT.road [--listen HOST:PORT] [--threads N] [--max-route N] [--max-table N] [--max-match N] [--max-nearest N]",
     "answer by HTTP as OSRM does: route, table, nearest, match", cli_road_serve, NULL,
     "Streets only: it opens no store, asks for no token, and keeps nothing; listen where only your programs can ask.\n"
     "--max-route, --max-match: coordinates a request; --max-table: sources times destinations, at most its square."},
    {"learn",
     "OUT.road --tracks FILE -o SPEEDS [--folds N --without I] | --from-data DIR [--operator SLUG] [-o SPEEDS]",
     "speeds from driven tracks, or from a data directory's duties", run_learn, NULL,
     "--folds deals the drivers into N lots and leaves out lot I, to judge by later.\n"
     "--from-data learns from the duties that have ended there, as the server does every night, and says how well "
     "what\n"
     "it had learned before foretold the newest of them. A server may be running on DIR; nothing is written to it."},
    {"eval", "OUT.road --tracks FILE (--speeds SPEEDS [--folds N --only I] | --folds N)",
     "how well learned speeds foretell trips", run_eval, NULL,
     "Without --speeds every lot of drivers is judged by what the other lots taught.\n"
     "gain_…: by how much the mean error is smaller: [2.5 %, mean, 97.5 %] of 2,000 bootstraps."},
    {"bench-geocode", "OUT.road [--most N] [--seed S]", "how well addresses are found, however they are spelled",
     cli_road_bench_geocode, NULL,
     "wrong: placed more than 100 m from the door. listed: of the ambiguous, those whose door is among the\n"
     "candidates. hidden: the house is taken out of the index, so it is found between its neighbours or not."},
    {"bench-exact", "OUT.road [--pairs N] [--metrics N] [--seed S]",
     "every query against a plain turn-aware Dijkstra: the extract's metric, then random ones", cli_road_exact, NULL,
     "mismatches must be 0. cells: of matrices, beside the pairs asked one by one."},
    {"bench-growth", "IN.osm.pbf -o WORK.road [--side N]", "an extract laid side by side N x N times, as one city",
     run_bench_growth, NULL, NULL},
    {"bench-match", "OUT.road [--tracks N] [--seed S] [-o TRACKS]", "how well matching does on made-up drives",
     run_bench_match, NULL,
     "error: metres missed and wrongly added, over metres driven. stream_us: the same points pushed one by one, CPU\n"
     "time a point; delay: how many fixes later a fix is settled then; hurried: the share that the lag decided.\n"
     "-o: the tracks and what is true of them, JSON a line, for other matchers."},
    {"bench-queries", "OUT.road [--speeds SPEEDS] [--queries N] [--seed S]",
     "one to all, areas and departures: are they exact, how fast are they", cli_road_bench_queries, NULL,
     "Held against plain searches, of which mismatches are counted. slice_error: the matrices that a route solver\n"
     "gets, on the line between them, against the exact duration."},
    {"bench", "OUT.road [--queries N] [--matrix N] [--metrics N] [--threads N] [--seed S]",
     "is it exact, how fast is it; a plain Dijkstra beside it", run_bench, NULL,
     "CPU time of one thread, the best of several rounds. mismatches must be 0:\n"
     "every query is held against a turn-aware Dijkstra search. customise_wall_ms: a metric made by --threads (1),\n"
     "time on the clock."},
    {0},
};
