/* waybill road geocode, bench-geocode: addresses to places from the command line. */
#include <strings.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/cli_road.h"
#include "freight/csv_reader.h"
#include "road/geocode.h"
#include "road/geocode_bench.h"

static enum code
one_text(struct scope *sc, const struct road *road, const char *text, bool streets, int *status)
{
	const struct geo_query query = {.text = text, .streets = streets};
	struct geo_answer a;
	TRY(road_geocode(sc, road, &query, &a));
	*status = cli_print(sc, geo_answer_json(sc, &a));
	if (*status == EXIT_YES && a.verdict != GEO_PLACED)
		*status = EXIT_NO;
	return OK;
}

/* --- a file ------------------------------------------------------------------------ */

#define FILE_MAX_BYTES ((size_t)256 << 20)

struct table {
	const struct road *road;
	bool streets;
	struct csv csv;
	struct csv_row *row;
	size_t address, lat, lon; /* columns; SIZE_MAX: not there */
	struct text out;
	json_t *missing; /* what was not placed */
	int64_t rows, placed, given;
};

static size_t
column_of(const struct csv_row *head, const char *name)
{
	for (size_t i = 0; i < head->n; i++)
		if (strcasecmp(head->fields[i], name) == 0)
			return i;
	return SIZE_MAX;
}

static void
put_field(struct table *t, const char *s)
{
	const char special[] = {t->csv.separator, '"', '\n', '\r', '\0'};
	if (strpbrk(s, special) == NULL) {
		text_add(&t->out, s);
		return;
	}
	text_add_char(&t->out, '"');
	for (; *s != '\0'; s++) {
		text_add_char(&t->out, *s);
		if (*s == '"')
			text_add_char(&t->out, '"');
	}
	text_add_char(&t->out, '"');
}

/* The row as it was, and what was found behind it. */
static void
put_row(struct table *t, const char *const more[4])
{
	for (size_t i = 0; i < t->row->n; i++) {
		put_field(t, t->row->fields[i]);
		text_add_char(&t->out, t->csv.separator);
	}
	for (size_t i = 0; i < 4; i++) {
		put_field(t, more[i]);
		text_add_char(&t->out, i == 3 ? '\n' : t->csv.separator);
	}
}

static void
put_missing(struct scope *sc, struct table *t, const char *address, const char *reason, const struct geo_answer *a)
{
	json_t *o = json_object();
	json_put_int(o, "line", (int64_t)t->row->line);
	json_put_text(o, "address", address);
	json_put_text(o, "reason", reason);
	json_put(o, "candidates",
		 a == NULL ? json_array() : json_incref(json_object_get(geo_answer_json(sc, a), "candidates")));
	json_array_append_new(t->missing, o);
}

static bool
is_given(const struct table *t)
{
	return t->lat < t->row->n && t->lon < t->row->n && t->row->fields[t->lat][0] != '\0' &&
	       t->row->fields[t->lon][0] != '\0';
}

static enum code
place_line(struct scope *sc, struct table *t)
{
	const char *address = t->address < t->row->n ? t->row->fields[t->address] : "";
	const struct geo_query query = {.text = address, .streets = t->streets};
	struct geo_answer a;
	t->rows++;
	if (is_given(t)) {
		t->given++;
		put_row(t, (const char *const[]){"", "", "given", ""});
		return OK;
	}
	enum code rc = t->row->broken != NULL ? E_INVALID : road_geocode(sc, t->road, &query, &a);
	if (rc != OK && rc != E_INVALID)
		return rc;
	error_clear(sc);
	if (rc != OK || a.verdict != GEO_PLACED) {
		const char *reason = rc == OK ? a.reason : t->row->broken != NULL ? t->row->broken : "no-address";
		put_missing(sc, t, address, reason, rc == OK ? &a : NULL);
		put_row(t, (const char *const[]){"", "", reason, ""});
		return OK;
	}
	const struct geo_candidate *c = &a.candidates[0];
	t->placed++;
	put_row(t, (const char *const[]){scope_printf(sc, "%.7f", place_lat(c->at)),
					 scope_printf(sc, "%.7f", place_lon(c->at)), geo_kind_words[c->kind],
					 scope_printf(sc, "%.3f", c->confidence)});
	return OK;
}

static enum code
place_lines(struct scope *sc, struct table *t)
{
	while (csv_next(sc, &t->csv, t->row))
		TRY(place_line(sc, t));
	return OK;
}

static enum code
one_file(struct scope *sc, const struct road *road, const char *in, const char *out, bool streets, int *status)
{
	uint8_t *bytes;
	size_t n;
	struct table t = {.road = road, .streets = streets, .row = NEW(sc, struct csv_row)};
	TRY(file_read(sc, in, FILE_MAX_BYTES, &bytes, &n));
	if (csv_open(sc, bytes, n, &t.csv) != OK)
		return error_prefix(sc, "%s", in);
	text_init(&t.out, sc);
	t.missing = json_array();
	json_t *o = json_new_object(sc);
	json_put(o, "not_placed", t.missing);
	if (!csv_next(sc, &t.csv, t.row) || column_of(t.row, "address") == SIZE_MAX)
		return fail(sc, E_INVALID, "%s: the first line must name a column `address`", in);
	t.address = column_of(t.row, "address");
	t.lat = column_of(t.row, "lat");
	t.lon = column_of(t.row, "lon");
	put_row(&t, (const char *const[]){"found_lat", "found_lon", "found_as", "confidence"});
	TRY(place_lines(sc, &t));
	TRY(file_write(sc, out, t.out.s, t.out.len, 0600));
	json_put_int(o, "rows", t.rows);
	json_put_int(o, "placed", t.placed);
	json_put_int(o, "given", t.given);
	*status = cli_print(sc, o);
	if (*status == EXIT_YES && json_array_size(t.missing) > 0)
		*status = EXIT_NO;
	return OK;
}

static enum code
geocode(struct scope *sc, int argc, char **argv, int *status)
{
	bool streets = false;
	const char *csv = NULL;
	const char *out = NULL;
	const struct option_def defs[] = {{"--streets", OPTION_FLAG, &streets, 0, 0},
					  {"--csv", OPTION_TEXT, &csv, 0, 0},
					  {"-o", OPTION_TEXT, &out, 0, 0}};
	const char *words[2];
	size_t n;
	TRY(args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 2, &n));
	if ((csv == NULL) != (n == 2) || (csv == NULL) != (out == NULL))
		return fail(sc, E_USAGE, "give an address, or --csv IN.csv -o OUT.csv");
	struct road *road;
	TRY(road_open(sc, words[0], &road));
	enum code rc =
	    csv == NULL ? one_text(sc, road, words[1], streets, status) : one_file(sc, road, csv, out, streets, status);
	road_close(road);
	return rc;
}

int
cli_road_geocode(struct scope *sc, int argc, char **argv)
{
	int status = EXIT_YES;
	enum code rc = geocode(sc, argc, argv, &status);
	return rc != OK ? cli_exit(sc, rc) : status;
}

/* --- bench ------------------------------------------------------------------------ */

static json_t *
row_json(enum geo_way way, const struct geo_bench_row *r)
{
	json_t *o = json_object();
	json_put_text(o, "asked_as", geo_way_words[way]);
	json_put_int(o, "asked", (int64_t)r->asked);
	json_put_real(o, "placed_right", r->asked == 0 ? 0 : (double)(r->placed - r->wrong) / (double)r->asked);
	json_put_int(o, "wrong", (int64_t)r->wrong);
	json_put_int(o, "ambiguous", (int64_t)r->ambiguous);
	json_put_int(o, "listed", (int64_t)r->listed);
	json_put_int(o, "not_found", (int64_t)r->not_found);
	json_put_int(o, "between", (int64_t)r->between);
	json_put_real(o, "median_m", r->median_m);
	json_put_real(o, "p90_m", r->p90_m);
	json_put_real(o, "worst_m", r->worst_m);
	json_put_real(o, "us", r->us);
	return o;
}

static enum code
bench(struct scope *sc, int argc, char **argv, json_t *o)
{
	int64_t most = 5000;
	int64_t seed = 1;
	const struct option_def defs[] = {{"--most", OPTION_INT, &most, 1, 10000000},
					  {"--seed", OPTION_INT, &seed, 0, INT64_MAX}};
	struct road *road;
	TRY(cli_road_file(sc, argc, argv, defs, COUNT_OF(defs), &road));
	struct geo_bench b;
	enum code rc = road_geocode_bench(sc, road, (size_t)most, (uint64_t)seed, &b);
	road_close(road);
	TRY(rc);
	json_put_int(o, "addresses", (int64_t)b.houses);
	json_put_int(o, "twins", (int64_t)b.twins);
	json_put_int(o, "streets_and_places", (int64_t)b.entities);
	json_put_int(o, "names", (int64_t)b.names);
	json_put_int(o, "words", (int64_t)b.tokens);
	json_put_int(o, "bytes", (int64_t)b.bytes);
	json_t *rows = json_array();
	for (enum geo_way way = 0; way < GEO_WAYS; way++)
		json_array_append_new(rows, row_json(way, &b.row[way]));
	json_put(o, "rows", rows);
	return OK;
}

int
cli_road_bench_geocode(struct scope *sc, int argc, char **argv)
{
	json_t *o = json_new_object(sc);
	enum code rc = bench(sc, argc, argv, o);
	return rc != OK ? cli_exit(sc, rc) : cli_print(sc, o);
}
