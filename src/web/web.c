#include "web/web.h"

/* Made by embed.cmake: sorted by path. */
extern const struct web_file web_embedded[];
extern const size_t web_embedded_n;

const struct web_file *
web_files(size_t *n)
{
	*n = web_embedded_n;
	return web_embedded;
}

static const struct web_file *
find_exact(const char *path, size_t n, const char *tail)
{
	for (size_t i = 0; i < web_embedded_n; i++) {
		const char *s = web_embedded[i].path;
		if (strncmp(s, path, n) == 0 && strcmp(s + n, tail) == 0)
			return &web_embedded[i];
	}
	return NULL;
}

const struct web_file *
web_find(const char *path)
{
	size_t n = strlen(path);
	const struct web_file *f = find_exact(path, n, "");
	if (f == NULL && n > 0 && path[n - 1] == '/')
		f = find_exact(path, n, "index.html");
	if (f == NULL)
		f = find_exact(path, n, "/index.html");
	return f;
}
