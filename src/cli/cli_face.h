/* cli_face: the rows of `waybill face`, and the hidden command of its children. */
#ifndef CLI_CLI_FACE_H
#define CLI_CLI_FACE_H

#include "cli/cli.h"

extern const struct command cli_face_group[];
int cli_face_child(struct scope *sc, int argc, char **argv);
/* `waybill face serve` (cli_door.c) and its children. */
int cli_face_serve(struct scope *sc, int argc, char **argv);
int cli_face_door_child(struct scope *sc, int argc, char **argv);

#endif
