/* cli/cli_road: what the files of `waybill road …` share. */
#ifndef CLI_CLI_ROAD_H
#define CLI_CLI_ROAD_H

#include "base/geo.h"
#include "cli/cli.h"

/* "LAT,LON". E_USAGE, E_INVALID  otherwise. */
MUST_USE enum code cli_road_place(struct scope *sc, const char *text, struct place *out);

/* Matches the drive on standard input as it comes. */
MUST_USE enum code cli_road_follow(struct scope *sc, const char *road_file);
int cli_road_isochrone(struct scope *sc, int argc, char **argv);

#endif
