#include "face/face_bench_lists.h"

#include <dirent.h>

#include "base/file.h"
#include "base/text.h"

#define LIST_MAX ((size_t)64 << 20)
#define PICTURES_MAX 100000u
#define ALL_PAIRS_PICTURES_MAX 4000u

/* --- pictures --- */

struct paths {
	struct scope *sc;
	char **p;
	size_t n, cap;
};

static void
paths_add(struct paths *l, char *path)
{
	if (l->n == l->cap) {
		size_t wider = l->cap == 0 ? 256 : l->cap * 2;
		char **p = NEW_ARRAY(l->sc, wider, char *);
		if (l->n > 0)
			memcpy(p, l->p, l->n * sizeof *p);
		l->p = p;
		l->cap = wider;
	}
	l->p[l->n++] = path;
}

static bool
is_picture(const char *name)
{
	return text_ends(name, ".jpg") || text_ends(name, ".jpeg") || text_ends(name, ".png");
}

static enum code
walk_person(struct scope *sc, const char *images, const char *person, struct paths *out)
{
	DIR *dir = opendir(path_join(sc, images, person));
	if (dir == NULL)
		return OK; /* a file beside the folders */
	for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
		if (is_picture(e->d_name))
			paths_add(out, path_join(sc, person, e->d_name));
	closedir(dir);
	return OK;
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum code
walk(struct scope *sc, const char *images, struct bench_lists *l)
{
	struct paths found = {.sc = sc};
	DIR *dir = opendir(images);
	if (dir == NULL)
		return fail(sc, E_NOT_FOUND, "%s: no such directory", images);
	enum code rc = OK;
	for (struct dirent *e = readdir(dir); e != NULL && rc == OK; e = readdir(dir))
		if (e->d_name[0] != '.')
			rc = walk_person(sc, images, e->d_name, &found);
	closedir(dir);
	TRY(rc);
	if (found.n == 0)
		return fail(sc, E_INVALID, "%s holds no folders with pictures", images);
	if (found.n > PICTURES_MAX)
		return fail(sc, E_LIMIT, "%zu pictures; at most %u", found.n, PICTURES_MAX);
	qsort(found.p, found.n, sizeof *found.p, by_text);
	l->pictures = NEW_ARRAY(sc, found.n, struct bench_picture);
	l->n_pictures = found.n;
	for (size_t i = 0; i < found.n; i++) {
		const char *slash = strchr(found.p[i], '/');
		size_t head = (size_t)(slash - found.p[i]) + 1;
		bool new = i == 0 || strncmp(found.p[i], found.p[i - 1], head) != 0;
		l->n_people += new;
		l->pictures[i] = (struct bench_picture){found.p[i], (int32_t)l->n_people - 1, -1};
	}
	return OK;
}

static int
by_path(const void *key, const void *picture)
{
	return strcmp(key, ((const struct bench_picture *)picture)->path);
}

static enum code
picture_index(struct scope *sc, const struct bench_lists *l, const char *path, int32_t *out)
{
	const struct bench_picture *p = bsearch(path, l->pictures, l->n_pictures, sizeof *p, by_path);
	if (p == NULL)
		return fail(sc, E_INVALID, "a list names a picture that is not there");
	*out = (int32_t)(p - l->pictures);
	return OK;
}

/* --- lists --- */

static enum code
lines_read(struct scope *sc, const char *path, char ***lines, size_t *n)
{
	uint8_t *bytes;
	size_t len;
	TRY(file_read(sc, path, LIST_MAX, &bytes, &len));
	size_t count = 1;
	for (size_t i = 0; i < len; i++)
		count += bytes[i] == '\n';
	char **p = NEW_ARRAY(sc, count, char *);
	size_t k = 0;
	for (char *at = (char *)bytes; at != NULL && *at != '\0';) {
		char *end = strchr(at, '\n');
		if (end != NULL)
			*end++ = '\0';
		char *line = text_trim(at);
		if (line[0] != '\0')
			p[k++] = line;
		at = end;
	}
	*lines = p;
	*n = k;
	return OK;
}

static size_t
fields_of(char *line, char *out[static 4])
{
	size_t n = 0;
	for (char *at = line; at != NULL && n < 4;) {
		out[n++] = at;
		char *tab = strchr(at, '\t');
		if (tab != NULL)
			*tab = '\0';
		at = tab == NULL ? NULL : tab + 1;
	}
	return n;
}

static enum code
pairs_tsv(struct scope *sc, char **lines, size_t n, struct bench_lists *l)
{
	l->pairs = NEW_ARRAY(sc, n, struct bench_pair);
	for (size_t i = 1; i < n; i++) {
		char *f[4];
		struct bench_pair p;
		if (fields_of(lines[i], f) != 3 || (strcmp(f[2], "0") != 0 && strcmp(f[2], "1") != 0))
			return fail(sc, E_INVALID, "line %zu of the pairs is not \"image_a image_b same\"", i + 1);
		TRY(picture_index(sc, l, f[0], &p.a));
		TRY(picture_index(sc, l, f[1], &p.b));
		p.same = f[2][0] == '1';
		p.fold = (uint8_t)(i % 10);
		l->pairs[l->n_pairs++] = p;
	}
	return OK;
}

static enum code
lfw_picture(struct scope *sc, const struct bench_lists *l, const char *person, const char *number, int32_t *out)
{
	int64_t k;
	TRY(parse_i64(sc, number, 1, 9999, &k));
	return picture_index(sc, l, scope_printf(sc, "%s/%s_%04d.jpg", person, person, (int)k), out);
}

/* LFW's pairs.txt: "10 300", then per fold 300 lines "name i j", 300 "name i name j". */
static enum code
pairs_lfw(struct scope *sc, char **lines, size_t n, struct bench_lists *l)
{
	char *f[4];
	int64_t folds;
	int64_t per;
	if (fields_of(lines[0], f) != 2)
		return fail(sc, E_INVALID, "the pairs begin with neither a header nor \"folds pairs\"");
	TRY(parse_i64(sc, f[0], 1, 100, &folds));
	TRY(parse_i64(sc, f[1], 1, 100000, &per));
	l->pairs = NEW_ARRAY(sc, n, struct bench_pair);
	l->has_folds = true;
	for (size_t i = 1; i < n; i++) {
		struct bench_pair p = {.fold = (uint8_t)((int64_t)(i - 1) / (2 * per))};
		size_t k = fields_of(lines[i], f);
		if (k != 3 && k != 4)
			return fail(sc, E_INVALID, "line %zu of the pairs is malformed", i + 1);
		p.same = k == 3;
		TRY(lfw_picture(sc, l, f[0], f[1], &p.a));
		TRY(lfw_picture(sc, l, p.same ? f[0] : f[2], p.same ? f[2] : f[3], &p.b));
		l->pairs[l->n_pairs++] = p;
	}
	return OK;
}

static enum code
pairs_all(struct scope *sc, struct bench_lists *l)
{
	size_t n = l->n_pictures;
	if (n > ALL_PAIRS_PICTURES_MAX)
		return fail(sc, E_LIMIT, "all pairs of %zu pictures are too many; give a list", n);
	void *room;
	TRY(scope_try_array(sc, n * (n - 1) / 2 + 1, sizeof(struct bench_pair), &room));
	l->pairs = room;
	for (size_t a = 0; a < n; a++)
		for (size_t b = a + 1; b < n; b++) {
			size_t i = l->n_pairs++;
			l->pairs[i] = (struct bench_pair){
			    (int32_t)a, (int32_t)b, l->pictures[a].person == l->pictures[b].person, (uint8_t)(i % 10)};
		}
	return OK;
}

static enum code
groups_read(struct scope *sc, const char *path, struct bench_lists *l)
{
	char **lines;
	size_t n;
	TRY(lines_read(sc, path, &lines, &n));
	for (size_t i = 1; i < n; i++) {
		char *f[4];
		int32_t at;
		size_t g = 0;
		if (fields_of(lines[i], f) != 2)
			return fail(sc, E_INVALID, "line %zu of the groups is not \"image group\"", i + 1);
		TRY(picture_index(sc, l, f[0], &at));
		while (g < l->n_groups && strcmp(l->groups[g], f[1]) != 0)
			g++;
		if (g == BENCH_GROUPS_MAX)
			return fail(sc, E_LIMIT, "more than %d groups", BENCH_GROUPS_MAX);
		if (g == l->n_groups)
			l->groups[l->n_groups++] = f[1];
		l->pictures[at].group = (int16_t)g;
	}
	return OK;
}

enum code
bench_lists_read(struct scope *sc, const struct bench_options *options, struct bench_lists *out)
{
	struct bench_lists l = {0};
	TRY(walk(sc, options->images, &l));
	if (options->pairs != NULL) {
		char **lines;
		size_t n;
		TRY(lines_read(sc, options->pairs, &lines, &n));
		if (n < 2)
			return fail(sc, E_INVALID, "the list of pairs is empty");
		l.listed = true;
		TRY(text_starts(lines[0], "image_a") ? pairs_tsv(sc, lines, n, &l) : pairs_lfw(sc, lines, n, &l));
	} else {
		TRY(pairs_all(sc, &l));
	}
	if (options->groups != NULL)
		TRY(groups_read(sc, options->groups, &l));
	*out = l;
	return OK;
}
