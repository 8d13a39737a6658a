/* Shipments from a spreadsheet: each row becomes a shipment or a list of faults
 * that say where and what to do. Nothing is guessed: no place, no shipment. */
#include <assert.h>

#include "freight/csv_reader.h"
#include "freight/freight_rows.h"

enum column {
	C_REFERENCE,
	C_RECIPIENT,
	C_ADDRESS,
	C_EARLIEST,
	C_LATEST,
	C_LAT,
	C_LON,
	C_DATE,
	C_PHONE,
	C_EMAIL,
	C_PARCELS,
	C_BARCODES,
	C_WEIGHT_KG,
	C_VOLUME_L,
	C_SERVICE_MIN,
	C_PROOF,
	C_NOTES,
	COLUMNS
};
static const char *const column_words[COLUMNS] = {
    "reference", "recipient", "address",  "earliest",  "latest",   "lat",	  "lon",   "date",  "phone",
    "email",	 "parcels",   "barcodes", "weight_kg", "volume_l", "service_min", "proof", "notes",
};
#define REQUIRED_COLUMNS (C_LATEST + 1)
#define NO_COLUMN SIZE_MAX
#define HOURS_KEPT 64

struct hour_offset {
	bool known;
	int64_t hour, offset_ms;
};

struct importer {
	struct scope *sc;
	const char *zone, *day;
	bool find_places;
	size_t at[COLUMNS]; /* which field of a row; NO_COLUMN: not in this file */
	size_t width;
	struct csv_fault *faults;
	size_t n_faults, unlisted;
	struct hour_offset
	    hours[HOURS_KEPT]; /* reading the zone's file for every row would take longer than the rows */
	const struct csv_row *row;
	bool row_ok;
};

static void
add_fault(struct importer *im, size_t line, const char *column, const char *code, const char *text)
{
	im->row_ok = false;
	if (im->n_faults == CSV_FAULTS_MAX) {
		im->unlisted++;
		return;
	}
	im->faults[im->n_faults++] = (struct csv_fault){line, column, code, text, NULL};
}

static void
fault(struct importer *im, enum column c, const char *code, const char *text)
{
	add_fault(im, im->row->line, column_words[c], code, text);
}

/* The row's field, or "" where the file has no such column. */
static const char *
field(const struct importer *im, enum column c)
{
	return im->at[c] == NO_COLUMN ? "" : im->row->fields[im->at[c]];
}

/* --- the header --- */

static char *
fold_word(struct scope *sc, const char *word)
{
	char *s = scope_strdup(sc, word);
	for (char *p = s; *p != '\0'; p++) {
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
		if (*p == ' ' || *p == '-')
			*p = '_';
	}
	return s;
}

static enum code
read_header(struct importer *im, const struct csv_row *header, struct csv_import *out)
{
	struct scope *sc = im->sc;
	out->ignored = NEW_ARRAY(sc, CSV_COLUMNS_MAX, const char *);
	for (size_t c = 0; c < COLUMNS; c++)
		im->at[c] = NO_COLUMN;
	size_t found = 0;
	for (size_t i = 0; i < header->n; i++) {
		const char *word = fold_word(sc, header->fields[i]);
		size_t c = 0;
		while (c < COLUMNS && strcmp(column_words[c], word) != 0)
			c++;
		if (c == COLUMNS) {
			out->ignored[out->n_ignored++] = header->fields[i];
			continue;
		}
		if (im->at[c] != NO_COLUMN)
			return fail_as(sc, E_INVALID, "bad-csv", "the column \"%s\" stands in the first line twice",
				       word);
		im->at[c] = i;
		found++;
	}
	if (found == 0)
		return fail_as(sc, E_INVALID, "bad-csv",
			       "the first line must name the columns: reference, recipient, address, lat, lon, "
			       "earliest, latest, …");
	im->width = header->n;
	for (size_t c = 0; c < REQUIRED_COLUMNS; c++)
		if (im->at[c] == NO_COLUMN)
			add_fault(im, header->line, column_words[c], "missing-column", "add this column to the file");
	return OK;
}

/* --- fields --- */

static const char *
text_field(struct importer *im, enum column c, size_t min, size_t max)
{
	const char *s = field(im, c);
	size_t n = utf8_length(s);
	if (n == 0 && min == 0)
		return NULL;
	if (n == 0)
		fault(im, c, "missing", "fill this in");
	else if (n < min || n > max)
		fault(im, c, "bad-length",
		      scope_printf(im->sc, "must have %zu to %zu characters, has %zu", min, max, n));
	return s;
}

/* A decimal number with a point or a comma; missing: as it was. */
static bool
number_field(struct importer *im, enum column c, double min, double max, double *out)
{
	char *s = scope_strdup(im->sc, field(im, c));
	if (s[0] == '\0')
		return false;
	char *comma = strchr(s, ',');
	if (comma != NULL && strpbrk(s, ".") == NULL)
		*comma = '.';
	if (strlen(s) > 30 || strspn(s, "0123456789.-") != strlen(s) ||
	    parse_double(im->sc, s, -1e12, 1e12, out) != OK) {
		error_clear(im->sc);
		fault(im, c, "not-a-number", "write a number like 57.7089");
		return false;
	}
	if (*out < min || *out > max) {
		fault(im, c, "out-of-range", scope_printf(im->sc, "must be between %g and %g", min, max));
		return false;
	}
	return true;
}

static void
read_place(struct importer *im, struct shipment_new *s)
{
	double lat = 0;
	double lon = 0;
	bool has_lat = number_field(im, C_LAT, -90, 90, &lat);
	bool has_lon = number_field(im, C_LON, -180, 180, &lon);
	if (!im->row_ok)
		return; /* said already */
	if (im->find_places && !has_lat && !has_lon) {
		s->unplaced = true;
		return;
	}
	if (!has_lat || !has_lon || (lat == 0 && lon == 0)) {
		fault(im, has_lat && !has_lon ? C_LON : C_LAT, "no-place",
		      "give lat and lon of the door: a place is never guessed from the address");
		return;
	}
	if (place_from_degrees(im->sc, lat, lon, &s->place) != OK) {
		error_clear(im->sc);
		fault(im, C_LAT, "out-of-range", "not a place on the Earth");
	}
}

/* A part that is judged by itself: what is wrong elsewhere in the row neither
 * silences it nor is forgotten. */
static void
read_part(struct importer *im, struct shipment_new *s, void (*part)(struct importer *im, struct shipment_new *s))
{
	bool before = im->row_ok;
	im->row_ok = true;
	part(im, s);
	im->row_ok = im->row_ok && before;
}

/* Wall time to an instant, the zone's offset kept by the hour. */
static bool
wall_to_utc(struct importer *im, int64_t local_ms, int64_t *out)
{
	int64_t hour = local_ms / 3600000;
	struct hour_offset *h = &im->hours[(uint64_t)hour % HOURS_KEPT];
	if (!h->known || h->hour != hour) {
		int64_t at;
		struct scope once; /* the zone's file is not kept */
		scope_init(&once);
		enum code rc = zone_to_utc(&once, im->zone, local_ms, &at);
		scope_release(&once);
		if (rc != OK)
			return false;
		*h = (struct hour_offset){true, hour, local_ms - at};
	}
	*out = local_ms - h->offset_ms;
	return true;
}

/* "HH:MM" or "HH:MM:SS" → ms of the day. */
static bool
clock_time(const char *s, int64_t *out)
{
	int64_t part[3] = {0, 0, 0};
	static const int64_t below[3] = {24, 60, 60};
	for (size_t i = 0; i < 3; i++) {
		size_t n = strspn(s, "0123456789");
		if (n < 1 || n > 2)
			return false;
		for (size_t k = 0; k < n; k++)
			part[i] = part[i] * 10 + (s[k] - '0');
		s += n;
		if (part[i] >= below[i])
			return false;
		if (*s == '\0' && i >= 1)
			break;
		if (*s != ':' || i == 2)
			return false;
		s++;
	}
	*out = ((part[0] * 60 + part[1]) * 60 + part[2]) * 1000;
	return true;
}

static bool
local_time(struct importer *im, const char *date, const char *time, int64_t *out)
{
	int64_t midnight;
	int64_t of_day;
	if (date_parse(im->sc, date, &midnight) != OK || !clock_time(time, &of_day))
		return false;
	return wall_to_utc(im, midnight + of_day, out);
}

static void
time_field(struct importer *im, enum column c, int64_t *out)
{
	const char *s = field(im, c);
	size_t n = strlen(s);
	bool good;
	if (n == 0) {
		fault(im, c, "missing", "fill this in");
		return;
	}
	if (n > 10 && (s[10] == ' ' || s[10] == 'T') && strpbrk(s + 11, "Z+-") == NULL) {
		good = local_time(im, scope_strndup(im->sc, s, 10), s + 11, out);
	} else if (n > 10) {
		good = time_parse(im->sc, s, out) == OK;
	} else {
		const char *date = field(im, C_DATE)[0] != '\0' ? field(im, C_DATE) : im->day;
		good = date != NULL && local_time(im, date, s, out);
	}
	error_clear(im->sc);
	if (!good)
		fault(im, c, "bad-time",
		      "write 2026-11-22T08:00:00+01:00, 2026-11-22 08:00, or 08:00 beside a date column");
}

static void
read_window(struct importer *im, struct shipment_new *s)
{
	time_field(im, C_EARLIEST, &s->earliest_ms);
	time_field(im, C_LATEST, &s->latest_ms);
	if (im->row_ok && (s->earliest_ms >= s->latest_ms || s->latest_ms - s->earliest_ms > WINDOW_MAX_MS))
		fault(im, C_LATEST, "bad-window", "must be after earliest, by 24 hours at most");
}

/* --- parcels --- */

static size_t
split_barcodes(struct importer *im, char ***out)
{
	const char *s = field(im, C_BARCODES);
	if (s[0] == '\0')
		return 0;
	size_t bars = 0;
	for (const char *p = s; *p != '\0'; p++)
		bars += *p == '|';
	if (bars >= PARCELS_PER_SHIPMENT) {
		fault(im, C_BARCODES, "too-many", scope_printf(im->sc, "at most %d parcels", PARCELS_PER_SHIPMENT));
		return 0;
	}
	size_t n = text_split(im->sc, s, '|', out);
	for (size_t i = 0; i < n; i++) {
		(*out)[i] = text_trim((*out)[i]);
		if (!barcode_shaped((*out)[i])) {
			fault(im, C_BARCODES, "bad-barcode",
			      "1 to 64 printable ASCII characters each, '|' between them");
			return 0;
		}
	}
	return n;
}

static void
parcel_fields(struct importer *im, struct shipment_new *s)
{
	char **barcodes = NULL;
	double count = 0;
	double kg = 0;
	double litres = 0;
	size_t given = split_barcodes(im, &barcodes);
	bool counted = number_field(im, C_PARCELS, 1, PARCELS_PER_SHIPMENT, &count);
	size_t n = counted ? (size_t)count : given > 0 ? given : 1;
	number_field(im, C_WEIGHT_KG, 0, PARCEL_WEIGHT_MAX_G / 1000.0, &kg);
	number_field(im, C_VOLUME_L, 0, PARCEL_VOLUME_MAX_ML / 1000.0, &litres);
	if (counted && (double)n < count)
		fault(im, C_PARCELS, "not-a-number", "write a whole number of parcels");
	else if (given > 0 && given != n)
		fault(im, C_BARCODES, "bad-count", scope_printf(im->sc, "%zu barcodes for %zu parcels", given, n));
	if (!im->row_ok)
		return;
	int64_t grams = (int64_t)(kg * 1000 + 0.5);
	int64_t ml = (int64_t)(litres * 1000 + 0.5);
	struct parcel_new *parcels = NEW_ARRAY(im->sc, n, struct parcel_new);
	for (size_t i = 0; i < n; i++) { /* even shares; the first ones carry what is left over */
		parcels[i].barcode = given > 0 ? barcodes[i] : NULL;
		parcels[i].weight_g = grams / (int64_t)n + ((int64_t)i < grams % (int64_t)n);
		parcels[i].volume_ml = ml / (int64_t)n + ((int64_t)i < ml % (int64_t)n);
	}
	s->parcels = parcels;
	s->n_parcels = n;
}

static void
proof_field(struct importer *im, struct shipment_new *s)
{
	const char *word = field(im, C_PROOF);
	if (word[0] == '\0')
		return;
	const char *folded = fold_word(im->sc, word);
	for (int i = 0; proof_words[i] != NULL; i++) {
		if (strcmp(proof_words[i], folded) == 0) {
			s->proof = (enum proof_kind)i;
			return;
		}
	}
	fault(im, C_PROOF, "unknown-word", "any, photo or code");
}

static void
service_field(struct importer *im, struct shipment_new *s)
{
	double minutes;
	if (number_field(im, C_SERVICE_MIN, SERVICE_S_MIN / 60.0, SERVICE_S_MAX / 60.0, &minutes))
		s->service_s = (int64_t)(minutes * 60 + 0.5);
}

/* True when the row is a shipment. */
static bool
read_row(struct importer *im, struct shipment_new *s)
{
	im->row_ok = true;
	*s = (struct shipment_new){.service_s = SERVICE_S_DEFAULT, .line = im->row->line};
	s->reference = text_field(im, C_REFERENCE, 1, 64);
	s->recipient = text_field(im, C_RECIPIENT, 1, 120);
	s->address = text_field(im, C_ADDRESS, 3, 300);
	s->phone = text_field(im, C_PHONE, 0, 40);
	s->email = text_field(im, C_EMAIL, 0, 254);
	s->notes = text_field(im, C_NOTES, 0, 500);
	read_part(im, s, read_place);
	read_part(im, s, read_window);
	read_part(im, s, parcel_fields);
	proof_field(im, s);
	service_field(im, s);
	return im->row_ok;
}

static const char *
broken_text(const char *broken)
{
	if (strcmp(broken, "open-quote") == 0)
		return "a quote that opens here is never closed: double it inside a field";
	if (strcmp(broken, "after-quote") == 0)
		return "something follows a closing quote: double quotes inside a field";
	if (strcmp(broken, "too-many-columns") == 0)
		return "more columns than a table of shipments has";
	return "there is a control character in this line: take it out";
}

static bool
row_has_shape(struct importer *im)
{
	const struct csv_row *row = im->row;
	if (row->broken != NULL) {
		add_fault(im, row->line, NULL, row->broken, broken_text(row->broken));
		return false;
	}
	if (row->n != im->width) {
		add_fault(im, row->line, NULL, "columns",
			  scope_printf(im->sc, "%zu columns, but the first line names %zu", row->n, im->width));
		return false;
	}
	return true;
}

static bool
row_is_empty(const struct csv_row *row)
{
	for (size_t i = 0; i < row->n; i++)
		if (row->fields[i][0] != '\0')
			return false;
	return row->broken == NULL;
}

/* Rows that repeat an earlier one's reference or barcode leave the list. */
static size_t
drop_repeats(struct importer *im, struct shipment_new *list, size_t n)
{
	struct repeat *repeats;
	size_t count = repeats_find(im->sc, list, n, &repeats);
	bool *drop = NEW_ARRAY(im->sc, n + 1, bool);
	for (size_t i = 0; i < count; i++) {
		drop[repeats[i].i] = true;
		add_fault(im, list[repeats[i].i].line, repeats[i].what, "duplicate",
			  scope_printf(im->sc, "\"%s\" stands in this file twice", repeats[i].word));
	}
	size_t kept = 0;
	for (size_t i = 0; i < n; i++)
		if (!drop[i])
			list[kept++] = list[i];
	return kept;
}

static enum code
read_rows(struct importer *im, struct csv *csv, struct csv_import *out)
{
	struct csv_row *row = NEW(im->sc, struct csv_row);
	struct shipment_new *list = NEW_ARRAY(im->sc, CSV_ROWS_MAX, struct shipment_new);
	size_t n = 0;
	im->row = row;
	while (csv_next(im->sc, csv, row)) {
		if (row_is_empty(row))
			continue;
		if (out->rows == CSV_ROWS_MAX)
			return fail_as(im->sc, E_LIMIT, "bad-csv", "more than %d rows: cut the file in two",
				       CSV_ROWS_MAX);
		out->rows++;
		if (row_has_shape(im) && read_row(im, &list[n]))
			n++;
	}
	out->n = drop_repeats(im, list, n);
	out->shipments = list;
	return OK;
}

static const char *
separator_name(char c)
{
	return c == ',' ? "comma" : c == ';' ? "semicolon" : "tab";
}

enum code
shipments_read_csv(struct scope *sc, const void *bytes, size_t n_bytes, const char *zone, const char *day,
		   bool find_places, struct csv_import *out)
{
	struct csv csv;
	int64_t ignored;
	struct csv_import result = {0};
	struct csv_row *header = NEW(sc, struct csv_row);
	struct importer *im = NEW(sc, struct importer);
	if (n_bytes > CSV_BYTES_MAX)
		return fail_as(sc, E_LIMIT, "bad-csv", "more than %zu MiB: cut the file in two", CSV_BYTES_MAX >> 20);
	TRY(zone_offset_ms(sc, zone, 0, &ignored));
	if (day != NULL)
		TRY(date_parse(sc, day, &ignored));
	TRY(csv_open(sc, bytes, n_bytes, &csv));
	*im = (struct importer){.sc = sc, .zone = zone, .day = day, .find_places = find_places};
	/* beside the faults of the file: a row each for places that are not found */
	im->faults = NEW_ARRAY(sc, CSV_FAULTS_MAX + CSV_ROWS_MAX + 1, struct csv_fault);
	if (!csv_next(sc, &csv, header) || header->broken != NULL)
		return fail_as(sc, E_INVALID, "bad-csv", "the first line must name the columns");
	TRY(read_header(im, header, &result));
	if (im->n_faults == 0)
		TRY(read_rows(im, &csv, &result));
	if (im->unlisted > 0)
		im->faults[im->n_faults++] =
		    (struct csv_fault){0, NULL, "more", scope_printf(sc, "and %zu more", im->unlisted), NULL};
	result.faults = im->faults;
	result.n_faults = im->n_faults;
	result.encoding = csv.encoding;
	result.separator = separator_name(csv.separator);
	*out = result;
	return OK;
}

/* --- rows whose place is not found --- */

static json_t *
parcels_as_sent(const struct shipment_new *s)
{
	json_t *list = json_array();
	for (size_t i = 0; i < s->n_parcels; i++) {
		json_t *p = json_object();
		if (s->parcels[i].barcode != NULL)
			json_put_text(p, "barcode", s->parcels[i].barcode);
		json_put_int(p, "weight_g", s->parcels[i].weight_g);
		json_put_int(p, "volume_ml", s->parcels[i].volume_ml);
		json_array_append_new(list, p);
	}
	return list;
}

/* As shipments_parse() takes it, but for its place. */
static json_t *
row_as_sent(const struct shipment_new *s)
{
	json_t *o = json_object();
	json_t *who = json_object();
	json_put_text(who, "name", s->recipient);
	json_put_text(who, "phone", s->phone);
	json_put_text(who, "email", s->email);
	json_put_text(o, "reference", s->reference);
	json_put(o, "recipient", who);
	json_put_text(o, "address", s->address);
	json_put_text(o, "notes", s->notes);
	json_put_time(o, "earliest", s->earliest_ms);
	json_put_time(o, "latest", s->latest_ms);
	json_put_int(o, "service_s", s->service_s);
	json_put_text(o, "proof", proof_words[s->proof]);
	json_put(o, "parcels", parcels_as_sent(s));
	return o;
}

void
csv_not_placed(struct scope *sc, struct csv_import *in, size_t row, const char *code, const char *text,
	       json_t *candidates)
{
	assert(row < in->n);
	json_t *more = json_new_object(sc);
	json_put(more, "candidates", json_incref(candidates));
	json_put(more, "shipment", row_as_sent(&in->shipments[row]));
	in->faults[in->n_faults++] =
	    (struct csv_fault){in->shipments[row].line, column_words[C_ADDRESS], code, text, more};
	in->n--;
	memmove(&in->shipments[row], &in->shipments[row + 1], (in->n - row) * sizeof *in->shipments);
}
