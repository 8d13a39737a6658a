/* install: files that came with this binary, wherever it was put. */
#ifndef FACE_INSTALL_H
#define FACE_INSTALL_H

#include "base/scope.h"

/* The first of the relative paths that exists under one of the three directories
 * above the running binary (build/release/waybill → the checkout; bin/waybill →
 * its prefix). Scope-owned; NULL: none. */
const char *install_find(struct scope *sc, const char *const *paths, size_t n);

#endif
