/* waybill road route|matrix --service, road compare: another server's times by hand. */
#include <math.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli_road.h"
#include "guide/guide.h"
#include "road/service.h"

enum code
cli_road_either(struct scope *sc, size_t n_words, const struct cli_service *service, const char *of_file)
{
	if (service->at == NULL && n_words == 0)
		return fail(sc, E_USAGE, "OUT.road is missing, or --service KIND:URL");
	if (service->at != NULL && n_words > 0)
		return fail(sc, E_USAGE, "a road file and --service are two sources: name one");
	if (service->at != NULL && of_file != NULL)
		return fail(sc, E_USAGE, "%s needs a road file", of_file);
	if (service->at == NULL && service->profile != NULL)
		return fail(sc, E_USAGE, "--profile belongs to --service");
	return OK;
}

/* "osrm:http://127.0.0.1:5000" */
static enum code
service_open(struct scope *sc, const struct cli_service *service, struct guide **out)
{
	struct guide_options opt = {.kind = GUIDE_OSRM, .profile = service->profile};
	for (; guide_words[opt.kind] != NULL; opt.kind++) {
		size_t n = strlen(guide_words[opt.kind]);
		if (text_starts(service->at, guide_words[opt.kind]) && service->at[n] == ':') {
			opt.url = service->at + n + 1;
			if (guide_open(sc, &opt, out) == OK)
				return OK;
			return fail(sc, E_USAGE, "--service: %s", scope_strdup(sc, sc->err.message));
		}
	}
	return fail(sc, E_USAGE, "--service wants osrm:URL or valhalla:URL, as osrm:http://127.0.0.1:5000");
}

static enum code
stand_before(struct scope *sc, const struct cli_service *service, const char *depart, struct guide **out,
	     int64_t *local_ms)
{
	*local_ms = 0; /* not said */
	if (depart != NULL)
		TRY(cli_road_departure(sc, depart, local_ms));
	return service_open(sc, service, out);
}

static enum code
print_line(struct scope *sc, const char *json)
{
	return puts(json) >= 0 ? OK : fail(sc, E_IO, "standard output is closed");
}

enum code
cli_road_route_told(struct scope *sc, const struct cli_service *service, const char *depart, struct place from,
		    struct place to)
{
	struct guide *g;
	int64_t local_ms;
	char *json = NULL;
	TRY(stand_before(sc, service, depart, &g, &local_ms));
	enum code rc = road_service_route_json(sc, guide_service(g), from, to, local_ms, &json);
	guide_close(g);
	TRY(rc);
	return print_line(sc, json);
}

enum code
cli_road_table_told(struct scope *sc, const struct cli_service *service, const char *depart, const struct place *places,
		    size_t n)
{
	struct guide *g;
	int64_t local_ms;
	char *json = NULL;
	TRY(stand_before(sc, service, depart, &g, &local_ms));
	enum code rc = road_service_table_json(sc, guide_service(g), places, n, local_ms, &json);
	guide_close(g);
	TRY(rc);
	return print_line(sc, json);
}

/* --- compare ------------------------------------------------------------------------- */

struct sides {
	const struct road_service *here, *there;
	struct place *places;
	struct road_hour *hours; /* the same for all */
	size_t n;
};

static int
by_value(const void *a, const void *b)
{
	const double *x = a;
	const double *y = b;
	return (*x > *y) - (*x < *y);
}

/* The ratios' 5th, 50th and 95th of a hundred. */
static json_t *
spread(double *ratio, size_t n)
{
	if (n == 0)
		return json_null();
	qsort(ratio, n, sizeof *ratio, by_value);
	return json_pack("[fff]", ratio[n * 5 / 100], ratio[n / 2], ratio[n * 95 / 100]);
}

static enum code
compare_times(struct scope *sc, const struct sides *s, json_t *o)
{
	struct road_slices here;
	struct road_slices there;
	int64_t differ[2] = {0};
	int64_t unreachable[2] = {0};
	size_t cells = s->n * s->n;
	size_t k = 0;
	double *durations = NEW_ARRAY(sc, cells, double);
	double *distances = NEW_ARRAY(sc, cells, double);
	TRY(s->here->times(sc, s->here, s->hours, 1, s->places, s->n, &here));
	int64_t began_ms = clock_mono_ms();
	TRY(s->there->times(sc, s->there, s->hours, 1, s->places, s->n, &there));
	json_put_int(o, "times_ms", clock_mono_ms() - began_ms);
	for (size_t i = 0; i < cells; i++) {
		differ[0] += here.duration_ds[i] != there.duration_ds[i];
		differ[1] += here.distance_m[i] != there.distance_m[i];
		unreachable[0] += here.duration_ds[i] == ROAD_UNREACHABLE;
		unreachable[1] += there.duration_ds[i] == ROAD_UNREACHABLE;
		if (here.duration_ds[i] == ROAD_UNREACHABLE || there.duration_ds[i] == ROAD_UNREACHABLE ||
		    here.duration_ds[i] == 0 || here.distance_m[i] == 0)
			continue;
		durations[k] = (double)there.duration_ds[i] / here.duration_ds[i];
		distances[k++] = (double)there.distance_m[i] / here.distance_m[i];
	}
	json_put_int(o, "cells", (int64_t)cells);
	json_put_int(o, "durations_differ", differ[0]);
	json_put_int(o, "distances_differ", differ[1]);
	json_put_int(o, "unreachable_here", unreachable[0]);
	json_put_int(o, "unreachable_there", unreachable[1]);
	json_put(o, "duration_ratio", spread(durations, k));
	json_put(o, "distance_ratio", spread(distances, k));
	return OK;
}

/* The same line, but for points that only one of them has twice, to a millionth of a degree. */
static bool
lines_differ(const struct road_path *a, const struct road_path *b)
{
	size_t k = 0;
	for (size_t i = 0; i < a->n_shape; i++) {
		size_t at = k < b->n_shape ? k : b->n_shape - 1;
		if (place_distance_m(a->shape[i], b->shape[at]) < 0.15) {
			k = at + 1;
			continue;
		}
		if (k == 0 || place_distance_m(a->shape[i], b->shape[k - 1]) >= 0.15)
			return true;
	}
	return k != b->n_shape;
}

static enum code
compare_drives(struct scope *sc, const struct sides *s, json_t *o)
{
	size_t legs = s->n - 1;
	struct road_path *here = NEW_ARRAY(sc, s->n, struct road_path);
	struct road_path *there = NEW_ARRAY(sc, s->n, struct road_path);
	double *durations = NEW_ARRAY(sc, s->n, double);
	int64_t differ = 0;
	int64_t lines = 0;
	size_t k = 0;
	TRY(s->here->drive(sc, s->here, s->hours, s->places, s->n, here));
	int64_t began_ms = clock_mono_ms();
	TRY(s->there->drive(sc, s->there, s->hours, s->places, s->n, there));
	json_put_int(o, "drives_ms", clock_mono_ms() - began_ms);
	for (size_t i = 0; i < legs; i++) {
		differ += here[i].duration_ds != there[i].duration_ds;
		lines += lines_differ(&here[i], &there[i]);
		if (here[i].duration_ds > 0)
			durations[k++] = (double)there[i].duration_ds / here[i].duration_ds;
	}
	json_put_int(o, "legs", (int64_t)legs);
	json_put_int(o, "legs_differ", differ);
	json_put_int(o, "lines_differ", lines);
	json_put(o, "leg_ratio", spread(durations, k));
	return OK;
}

struct compare_plan {
	struct cli_service service;
	int64_t points, seed;
};

static enum code
compare_on(struct scope *sc, const struct road *road, const struct guide *g, const struct compare_plan *plan, json_t *o)
{
	struct road_service_own own;
	struct prng prng;
	size_t n = (size_t)plan->points;
	road_service_own_init(&own, road);
	prng_seed(&prng, (uint64_t)plan->seed);
	const struct sides s = {&own.service, guide_service(g), NEW_ARRAY(sc, n, struct place),
				NEW_ARRAY(sc, n, struct road_hour), n};
	for (size_t i = 0; i < n; i++)
		s.places[i] = road_random_street_point(road, &prng);
	json_put_text(o, "service", s.there->kind);
	json_put_text(o, "profile", s.there->profile);
	TRY(compare_times(sc, &s, o));
	return compare_drives(sc, &s, o);
}

static enum code
compare(struct scope *sc, int argc, char **argv, json_t *o)
{
	struct compare_plan plan = {.points = 100, .seed = 1};
	const struct option_def defs[] = {{"--service", OPTION_TEXT, &plan.service.at, 0, 0},
					  {"--profile", OPTION_TEXT, &plan.service.profile, 0, 0},
					  {"--points", OPTION_INT, &plan.points, 2, 2000},
					  {"--seed", OPTION_INT, &plan.seed, 0, INT64_MAX}};
	const char *words[1];
	size_t n;
	struct road *road;
	struct guide *g;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n));
	if (plan.service.at == NULL)
		return fail(sc, E_USAGE, "--service KIND:URL is missing");
	sc->cap = (size_t)8 << 30;
	TRY(service_open(sc, &plan.service, &g));
	enum code rc = road_open(sc, words[0], &road);
	if (rc == OK) {
		rc = compare_on(sc, road, g, &plan, o);
		road_close(road);
	}
	guide_close(g);
	return rc;
}

int
cli_road_compare(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	enum code rc = compare(sc, argc, argv, o);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}
