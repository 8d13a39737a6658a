#include "face/install.h"

#include <unistd.h>

#include "base/file.h"

const char *
install_find(struct scope *sc, const char *const *paths, size_t n)
{
	char at[4096];
	ssize_t len = readlink("/proc/self/exe", at, sizeof at - 1);
	if (len <= 0)
		return NULL;
	at[len] = '\0';
	for (int up = 0; up < 4; up++) {
		char *slash = strrchr(at, '/');
		if (slash == NULL || slash == at)
			return NULL;
		*slash = '\0';
		for (size_t i = 0; i < n; i++) {
			const char *whole = path_join(sc, at, paths[i]);
			if (file_exists(whole))
				return whole;
		}
	}
	return NULL;
}
