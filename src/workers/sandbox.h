/* sandbox: what a child may still do once its models are loaded: take memory up
 * to a bound, read and write the descriptors it has, ask the time, and end.
 *
 *	no new privileges, not dumpable, dies with its parent
 *	rlimits      no files, no processes, no core, bounded private memory
 *	Landlock     nothing of the file system but one directory to read (where the kernel has it)
 *	seccomp      an allow-list; opening anything answers EACCES, all else kills;
 *	             no memory may become executable */
#ifndef WORKERS_SANDBOX_H
#define WORKERS_SANDBOX_H

#include "base/scope.h"

/* read_only may be NULL. Irrevocable. E_UNAVAILABLE  a layer that must hold does not. */
MUST_USE enum code sandbox_shut(struct scope *sc, size_t memory_bytes, const char *read_only);

#endif
