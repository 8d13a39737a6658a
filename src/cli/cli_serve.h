/* The commands around a data directory; each in the file of its name. */
#ifndef CLI_CLI_SERVE_H
#define CLI_CLI_SERVE_H

#include "jobs/jobs.h"

int cli_init(struct scope *sc, int argc, char **argv);	  /* cli_init.c */
int cli_serve(struct scope *sc, int argc, char **argv);	  /* cli_serve.c */
int cli_config(struct scope *sc, int argc, char **argv);  /* cli_serve.c */
int cli_demo(struct scope *sc, int argc, char **argv);	  /* cli_demo.c */
int cli_backup(struct scope *sc, int argc, char **argv);  /* cli_backup.c */
int cli_restore(struct scope *sc, int argc, char **argv); /* cli_backup.c */

/* What the api adds to a house. */
extern const struct schema *const cli_schemas[];
extern const struct job_kind *const cli_jobs[];

/* This binary's path, for the children it starts. */
const char *cli_exe(struct scope *sc);

#endif
