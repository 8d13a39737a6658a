#include "route/route_file.h"

#include <ctype.h>
#include <math.h>

#include "base/text.h"

/* --- words --- */

bool
words_next(struct words *w, char *word, size_t cap)
{
	while (w->at < w->end && isspace((unsigned char)*w->at)) {
		w->line += *w->at == '\n';
		w->at++;
	}
	size_t n = 0;
	while (w->at < w->end && !isspace((unsigned char)*w->at)) {
		if (n + 1 < cap)
			word[n++] = *w->at;
		w->at++;
	}
	word[n] = '\0';
	return n > 0;
}

enum code
words_number(struct scope *sc, struct words *w, double min, double max, double *out)
{
	char word[64];
	if (!words_next(w, word, sizeof word))
		return fail_as(sc, E_INVALID, "bad-problem", "line %d: the file ends where a number is due", w->line);
	if (parse_double(sc, word, min, max, out) != OK)
		return error_prefix(sc, "line %d", w->line);
	return OK;
}

enum code
words_int(struct scope *sc, struct words *w, int64_t min, int64_t max, int64_t *out)
{
	double v;
	TRY(words_number(sc, w, (double)min, (double)max, &v));
	if (v != floor(v))
		return fail_as(sc, E_INVALID, "bad-problem", "line %d: a whole number is due", w->line);
	*out = (int64_t)v;
	return OK;
}

bool
words_line(struct words *w, char *line, size_t cap)
{
	if (w->at >= w->end)
		return false;
	size_t n = 0;
	for (; w->at < w->end && *w->at != '\n'; w->at++)
		if (n + 1 < cap && (n > 0 || !isspace((unsigned char)*w->at)))
			line[n++] = *w->at;
	if (w->at < w->end)
		w->at++;
	w->line++;
	while (n > 0 && isspace((unsigned char)line[n - 1]))
		n--;
	line[n] = '\0';
	return true;
}

/* --- distances --- */

void
mirror_band(int32_t *cells, size_t n, size_t from)
{
	size_t to = from + CELL_BAND < n ? from + CELL_BAND : n;
	for (size_t j = from + 1; j < n; j++)
		for (size_t i = from; i < to && i < j; i++)
			cells[j * n + i] = cells[i * n + j];
}

/* Row i from the diagonal on. */
static enum code
euclid_row(struct scope *sc, const double *xy, size_t n, size_t i, double scale, int how, int32_t *row)
{
	for (size_t j = i; j < n; j++) {
		double x = xy[2 * i] - xy[2 * j];
		double y = xy[2 * i + 1] - xy[2 * j + 1];
		double d = scale * sqrt(x * x + y * y);
		d = how < 0 ? floor(d + 1e-9) : how == 0 ? floor(d + 0.5) : ceil(d - 1e-9);
		if (d > ROUTE_CELL_MAX)
			return fail_as(sc, E_LIMIT, "problem-too-large", "places %zu and %zu are too far apart", i, j);
		row[j] = (int32_t)d;
	}
	return OK;
}

enum code
euclid_matrix(struct scope *sc, const double *xy, uint32_t n, double scale, int how, int32_t **out)
{
	void *room;
	TRY(scope_try_array(sc, (size_t)n * n, sizeof(int32_t), &room));
	int32_t *cells = room;
	for (size_t i = 0; i < n; i++) {
		TRY(euclid_row(sc, xy, n, i, scale, how, cells + i * n));
		if ((i + 1) % CELL_BAND == 0 || i + 1 == n)
			mirror_band(cells, n, i / CELL_BAND * CELL_BAND);
	}
	*out = cells;
	return OK;
}

/* --- which format --- */

static bool
has_word(const char *text, size_t n, const char *word)
{
	return memmem(text, n, word, strlen(word)) != NULL;
}

enum code
route_file_read(struct scope *sc, const void *bytes, size_t n, struct route_file *out)
{
	const char *text = bytes;
	size_t at = 0;
	while (at < n && isspace((unsigned char)text[at]))
		at++;
	if (at == n)
		return fail_as(sc, E_INVALID, "bad-problem", "the file is empty");
	if (text[at] == '{')
		return vroom_read(sc, bytes, n, out);
	if (has_word(text, n, "NODE_COORD_SECTION") || has_word(text, n, "EDGE_WEIGHT_TYPE"))
		return cvrplib_read(sc, text, n, out);
	if (isdigit((unsigned char)text[at]))
		return lilim_read(sc, text, n, out);
	if (has_word(text, n, "VEHICLE") && has_word(text, n, "CUSTOMER"))
		return solomon_read(sc, text, n, out);
	return fail_as(sc, E_INVALID, "bad-problem", "neither VROOM JSON nor a Solomon, Li & Lim or CVRPLIB file");
}
