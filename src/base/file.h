/* base/file: whole files, bounded and durable. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/scope.h"

/* The whole file, with a NUL behind its last byte (not counted).
 * E_NOT_FOUND  no such file.  E_LIMIT  longer than max.  E_IO  otherwise. */
MUST_USE enum code file_read(struct scope *sc, const char *path, size_t max, uint8_t **bytes, size_t *n);
/* Written beside, synced, renamed over: readers see the old file or the new one. */
MUST_USE enum code file_write(struct scope *sc, const char *path, const void *bytes, size_t n, unsigned mode);
/* mkdir -p. */
MUST_USE enum code file_make_dirs(struct scope *sc, const char *path, unsigned mode);
bool file_exists(const char *path);
char *path_join(struct scope *sc, const char *dir, const char *name);

#endif
