/* A file system for SQLite that fails when told to and knows what a power cut
 * would leave. It stands before the real one as SQLite's default, so the store
 * under test is the store that ships.
 *
 *	fault_install();                     once, before the first store_open()
 *	fault_set(FAULT_FULL, quota, …)      a log may not grow beyond quota bytes
 *	fault_set(FAULT_SYNC_FAILS, after, …)  the after-th sync from now on fails, and all later ones
 *	fault_set(FAULT_NONE, 0);
 *	fault_power_cut(r, from_dir, to_dir) copies the two databases and their logs as a cut
 *	                                     could leave them: each file as of its last sync, or (a
 *	                                     coin for each) with all written since, torn where it is
 *	                                     being written right now.
 */
#ifndef TEST_STORE_FAULT_VFS_H
#define TEST_STORE_FAULT_VFS_H

#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/file.h"
#include "base/prng.h"
#include "base/text.h"

enum fault { FAULT_NONE, FAULT_FULL, FAULT_WRITE_FAILS, FAULT_SYNC_FAILS };

static struct {
	sqlite3_vfs *real;
	_Atomic int what;
	_Atomic int64_t after; /* bytes of quota, or calls until it happens */
	_Atomic int64_t happened;
	_Atomic bool shadowing;
	pthread_mutex_t mu; /* one shadow copy at a time, and none during a cut */
} faults = {.mu = PTHREAD_MUTEX_INITIALIZER};

struct fault_file {
	sqlite3_file base;
	char path[256];
	bool wal;
	sqlite3_file *real;
};

static inline void
fault_set(enum fault what, int64_t after)
{
	atomic_store(&faults.happened, 0);
	atomic_store(&faults.after, after);
	atomic_store(&faults.what, (int)what);
}

static inline sqlite3_file *
fault_real(sqlite3_file *f)
{
	return ((struct fault_file *)f)->real;
}

static inline bool
fault_strikes(void)
{
	if (atomic_fetch_sub(&faults.after, 1) > 0)
		return false;
	atomic_fetch_add(&faults.happened, 1);
	return true;
}

static inline void
fault_copy(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return;
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	char buffer[65536];
	for (ssize_t n; out >= 0 && (n = read(in, buffer, sizeof buffer)) > 0;)
		if (write(out, buffer, (size_t)n) != n)
			abort();
	/* Closing `in` lets go of this process' POSIX locks on the file: harmless
	 * here, where nobody else has it open. */
	close(in);
	if (out >= 0)
		close(out);
}

static inline int
fault_close(sqlite3_file *f)
{
	int rc = fault_real(f)->pMethods->xClose(fault_real(f));
	f->pMethods = NULL;
	return rc;
}

static inline int
fault_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
	return fault_real(f)->pMethods->xRead(fault_real(f), p, n, at);
}

static inline int
fault_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
	const struct fault_file *file = (struct fault_file *)f;
	int what = atomic_load(&faults.what);
	if (what == FAULT_FULL && file->wal && at + n > atomic_load(&faults.after)) {
		atomic_fetch_add(&faults.happened, 1);
		return SQLITE_FULL;
	}
	if (what == FAULT_WRITE_FAILS && fault_strikes())
		return SQLITE_IOERR_WRITE;
	return fault_real(f)->pMethods->xWrite(fault_real(f), p, n, at);
}

static inline int
fault_truncate(sqlite3_file *f, sqlite3_int64 n)
{
	return fault_real(f)->pMethods->xTruncate(fault_real(f), n);
}

static inline int
fault_sync(sqlite3_file *f, int flags)
{
	const struct fault_file *file = (struct fault_file *)f;
	if (atomic_load(&faults.what) == FAULT_SYNC_FAILS && fault_strikes())
		return SQLITE_IOERR_FSYNC;
	int rc = fault_real(f)->pMethods->xSync(fault_real(f), flags);
	if (rc == SQLITE_OK && atomic_load(&faults.shadowing)) {
		char shadow[300];
		snprintf(shadow, sizeof shadow, "%s.synced", file->path);
		pthread_mutex_lock(&faults.mu);
		fault_copy(file->path, shadow);
		pthread_mutex_unlock(&faults.mu);
	}
	return rc;
}

static inline int
fault_size(sqlite3_file *f, sqlite3_int64 *n)
{
	return fault_real(f)->pMethods->xFileSize(fault_real(f), n);
}

static inline int
fault_lock(sqlite3_file *f, int level)
{
	return fault_real(f)->pMethods->xLock(fault_real(f), level);
}

static inline int
fault_unlock(sqlite3_file *f, int level)
{
	return fault_real(f)->pMethods->xUnlock(fault_real(f), level);
}

static inline int
fault_reserved(sqlite3_file *f, int *out)
{
	return fault_real(f)->pMethods->xCheckReservedLock(fault_real(f), out);
}

static inline int
fault_control(sqlite3_file *f, int op, void *arg)
{
	return fault_real(f)->pMethods->xFileControl(fault_real(f), op, arg);
}

static inline int
fault_sector(sqlite3_file *f)
{
	return fault_real(f)->pMethods->xSectorSize(fault_real(f));
}

static inline int
fault_device(sqlite3_file *f)
{
	return fault_real(f)->pMethods->xDeviceCharacteristics(fault_real(f));
}

static inline int
fault_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **out)
{
	return fault_real(f)->pMethods->xShmMap(fault_real(f), page, size, extend, out);
}

static inline int
fault_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
	return fault_real(f)->pMethods->xShmLock(fault_real(f), at, n, flags);
}

static inline void
fault_shm_barrier(sqlite3_file *f)
{
	fault_real(f)->pMethods->xShmBarrier(fault_real(f));
}

static inline int
fault_shm_unmap(sqlite3_file *f, int remove_it)
{
	return fault_real(f)->pMethods->xShmUnmap(fault_real(f), remove_it);
}

static const sqlite3_io_methods fault_methods = {
    .iVersion = 2,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_reserved,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_device,
    .xShmMap = fault_shm_map,
    .xShmLock = fault_shm_lock,
    .xShmBarrier = fault_shm_barrier,
    .xShmUnmap = fault_shm_unmap,
};

static inline int
fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
	(void)vfs;
	struct fault_file *file = (struct fault_file *)f;
	memset(file, 0, sizeof *file);
	file->real = (sqlite3_file *)(file + 1);
	file->wal = (flags & SQLITE_OPEN_WAL) != 0;
	snprintf(file->path, sizeof file->path, "%s", name == NULL ? "" : name);
	int rc = faults.real->xOpen(faults.real, name, file->real, flags, out_flags);
	if (rc == SQLITE_OK)
		file->base.pMethods = &fault_methods;
	return rc;
}

static sqlite3_vfs fault_vfs;

static inline void
fault_install(void)
{
	faults.real = sqlite3_vfs_find(NULL);
	fault_vfs = *faults.real;
	fault_vfs.zName = "fault";
	fault_vfs.szOsFile = (int)sizeof(struct fault_file) + faults.real->szOsFile;
	fault_vfs.xOpen = fault_open;
	fault_vfs.pNext = NULL;
	sqlite3_vfs_register(&fault_vfs, 1);
}

static inline void
fault_power_cut(struct prng *r, const char *from_dir, const char *to_dir)
{
	static const char *const names[] = {"waybill.db-wal", "waybill.db", "positions.db-wal", "positions.db"};
	char from[300];
	char to[300];
	pthread_mutex_lock(&faults.mu);
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const char *tail = prng_below(r, 2) == 0 ? ".synced" : "";
		snprintf(from, sizeof from, "%s/%s%s", from_dir, names[i], tail);
		snprintf(to, sizeof to, "%s/%s", to_dir, names[i]);
		fault_copy(from, to);
	}
	pthread_mutex_unlock(&faults.mu);
}

#endif
