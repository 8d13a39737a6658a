/* The commands around a data directory; each in the file of its name. */
#ifndef CLI_CLI_SERVE_H
#define CLI_CLI_SERVE_H

#include "base/scope.h"

int cli_init(struct scope *sc, int argc, char **argv);	  /* cli_init.c */
int cli_serve(struct scope *sc, int argc, char **argv);	  /* cli_serve.c */
int cli_config(struct scope *sc, int argc, char **argv);  /* cli_serve.c */
int cli_backup(struct scope *sc, int argc, char **argv);  /* cli_backup.c */
int cli_restore(struct scope *sc, int argc, char **argv); /* cli_backup.c */

/* This binary's path, for the children it starts. */
const char *cli_exe(struct scope *sc);

#endif
