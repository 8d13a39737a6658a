/* store/files: whole database files: checked, copied. Inside the room only. */
#ifndef STORE_FILES_H
#define STORE_FILES_H

#include "store/sqlite_conn.h"

/* Runs a checking PRAGMA; E_CORRUPT with its first finding. */
MUST_USE enum code files_check(struct scope *sc, struct conn *c, const char *pragma, const char *what);
/* store.c's: the path of a lane's file, and a reader of both files for one's own. */
const char *store_path(const struct store *st, enum lane lane);
MUST_USE enum code store_reader_open(struct scope *sc, struct store *st, struct conn **out);

#endif
