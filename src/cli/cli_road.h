/* cli/cli_road: what the files of `waybill road …` share. */
#ifndef CLI_CLI_ROAD_H
#define CLI_CLI_ROAD_H

#include "base/geo.h"
#include "cli/cli.h"
#include "road/learn.h"

/* Reads the options of a command whose one word is a road file, and opens that file. */
MUST_USE enum code cli_road_file(struct scope *sc, int argc, char **argv, const struct option_def *defs, size_t n_defs,
				 struct road **out);

/* "LAT,LON". E_USAGE, E_INVALID  otherwise. */
MUST_USE enum code cli_road_place(struct scope *sc, const char *text, struct place *out);

MUST_USE enum code cli_road_speeds(struct scope *sc, const char *path, struct road_speeds *out);

/* `--depart T --speeds FILE`: when a trip begins, and what is known of the hours. */
struct cli_depart {
	const char *at, *speeds; /* as given; NULL: not */
};
static inline bool
cli_departs(const struct cli_depart *d)
{
	return d->at != NULL || d->speeds != NULL;
}
/* Print a route, or a table of all places, for a departure. */
MUST_USE enum code cli_road_route_at(struct scope *sc, const char *road_file, const struct cli_depart *depart,
				     struct place from, struct place to);
MUST_USE enum code cli_road_table_at(struct scope *sc, const char *road_file, const struct cli_depart *depart,
				     const struct place *places, size_t n);
/* Makes the departure's hour the road's own: its week, and *local_ms. */
struct road_week;
MUST_USE enum code cli_road_week(struct scope *sc, const struct road *road, const struct cli_depart *depart,
				 struct road_week **week, int64_t *local_ms);
MUST_USE enum code cli_road_departure(struct scope *sc, const char *text, int64_t *local_ms);

/* `--service osrm:URL|valhalla:URL [--profile P]`: another server's times instead of a road file's. */
struct cli_service {
	const char *at, *profile; /* as given; NULL: not */
};
/* E_USAGE  neither or both of a road file and a service, or an option of the other one. of_file: an option that was
 * given and needs a road file, or NULL. */
MUST_USE enum code cli_road_either(struct scope *sc, size_t n_words, const struct cli_service *service,
				   const char *of_file);
/* Print a route, or a table of all places. depart: as for --depart, or NULL. */
MUST_USE enum code cli_road_route_told(struct scope *sc, const struct cli_service *service, const char *depart,
				       struct place from, struct place to);
MUST_USE enum code cli_road_table_told(struct scope *sc, const struct cli_service *service, const char *depart,
				       const struct place *places, size_t n);
int cli_road_compare(struct scope *sc, int argc, char **argv);
/* Matches the drive on standard input as it comes. */
MUST_USE enum code cli_road_follow(struct scope *sc, const char *road_file);
int cli_road_geocode(struct scope *sc, int argc, char **argv);
int cli_road_bench_geocode(struct scope *sc, int argc, char **argv);
/* What the duties in a data directory teach, into o; the speeds as text into the file `out` (NULL: nowhere).
 * E_INVALID  no duty has ended with positions. */
MUST_USE enum code cli_road_learn_data(struct scope *sc, const char *dir, const char *operator_slug, const char *out,
				       json_t *o);
int cli_road_serve(struct scope *sc, int argc, char **argv);
int cli_road_exact(struct scope *sc, int argc, char **argv);
/* A line a place: LAT,LON. Empty lines and those with # are passed over. */
MUST_USE enum code cli_road_places(struct scope *sc, const char *path, struct place **out, size_t *n_out);
int cli_road_within(struct scope *sc, int argc, char **argv);
int cli_road_isochrone(struct scope *sc, int argc, char **argv);
int cli_road_bench_queries(struct scope *sc, int argc, char **argv);

#endif
