#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static enum code
read_open_file(struct scope *sc, int fd, const char *path, size_t max, uint8_t **bytes, size_t *n)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return fail(sc, E_INVALID, "%s is a directory", path);
	/* Pipes and /proc files say 0: grow as they give. */
	size_t room = st.st_size > 0 ? (size_t)st.st_size : 65536;
	if (room > max)
		room = max;
	uint8_t *p = scope_alloc(sc, room + 1);
	size_t have = 0;
	for (;;) {
		if (have == room) {
			uint8_t probe;
			ssize_t more = read(fd, &probe, 1);
			if (more == 0)
				break;
			if (more < 0 && errno == EINTR)
				continue;
			if (more < 0)
				return fail(sc, E_IO, "%s: %s", path, strerror(errno));
			if (have >= max)
				return fail(sc, E_LIMIT, "%s is longer than %zu bytes", path, max);
			size_t wider = room > max / 2 ? max : room * 2;
			uint8_t *q = scope_alloc(sc, wider + 1);
			memcpy(q, p, have);
			q[have++] = probe;
			p = q;
			room = wider;
			continue;
		}
		ssize_t got = read(fd, p + have, room - have);
		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fail(sc, E_IO, "%s: %s", path, strerror(errno));
		have += (size_t)got;
	}
	p[have] = '\0';
	*bytes = p;
	*n = have;
	return OK;
}

enum code
file_read(struct scope *sc, const char *path, size_t max, uint8_t **bytes, size_t *n)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return fail(sc, E_NOT_FOUND, "%s: no such file", path);
	if (fd < 0)
		return fail(sc, E_IO, "%s: %s", path, strerror(errno));
	enum code rc = read_open_file(sc, fd, path, max, bytes, n);
	close(fd);
	return rc;
}

static bool
write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t put = write(fd, p, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		p += put;
		n -= (size_t)put;
	}
	return true;
}

static void
sync_directory_of(struct scope *sc, const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? scope_strdup(sc, ".") : scope_strndup(sc, path, (size_t)(slash - path) + 1);
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		(void)fsync(fd);
		close(fd);
	}
}

enum code
file_write(struct scope *sc, const char *path, const void *bytes, size_t n, unsigned mode)
{
	char *beside = scope_printf(sc, "%s.new.%ld", path, (long)getpid());
	int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0)
		return fail(sc, E_IO, "%s: %s", beside, strerror(errno));
	bool ok = write_all(fd, bytes, n) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	ok = ok && rename(beside, path) == 0;
	if (!ok) {
		int err = errno;
		unlink(beside);
		return fail(sc, E_IO, "%s: %s", path, strerror(err));
	}
	sync_directory_of(sc, path);
	return OK;
}

enum code
file_make_dirs(struct scope *sc, const char *path, unsigned mode)
{
	char *p = scope_strdup(sc, path);
	for (char *s = p + 1;; s++) {
		if (*s != '/' && *s != '\0')
			continue;
		char was = *s;
		*s = '\0';
		if (mkdir(p, mode) != 0 && errno != EEXIST)
			return fail(sc, E_IO, "%s: %s", p, strerror(errno));
		*s = was;
		if (was == '\0')
			return OK;
	}
}

bool
file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

char *
path_join(struct scope *sc, const char *dir, const char *name)
{
	size_t n = strlen(dir);
	return scope_printf(sc, n > 0 && dir[n - 1] == '/' ? "%s%s" : "%s/%s", dir, name);
}
