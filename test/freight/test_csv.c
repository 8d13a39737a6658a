/* CSV: what spreadsheets write, and what people get wrong in them. */
#include "unit.h"

#include "base/text.h"
#include "freight/csv_reader.h"
#include "freight/freight.h"
#include "prop.h"

#define HEAD "reference,recipient,address,lat,lon,earliest,latest\r\n"
#define ROW_END ",57.7,11.97,2026-11-23 08:00,2026-11-23 17:00\r\n"

static struct csv_import
read_text(struct scope *sc, const char *text)
{
	struct csv_import in;
	assert_ok(sc, shipments_read_csv(sc, text, strlen(text), "Europe/Stockholm", "2026-11-22", false, &in));
	return in;
}

static void
a_spreadsheet_is_read(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct csv_import in = read_text(
	    &sc,
	    "\xEF\xBB\xBFReference;Recipient;Address;Lat;Lon;Earliest;Latest;Date;Parcels;Weight kg;Volume-L;Notes;"
	    "Proof;Service min;Colour\r\n"
	    "A-1;\"Åsa \"\"Kiosken\"\" Öberg\";\"Storgatan 1;\nport B\";57,7089;11,9746;8:00;17:30;2026-11-23;3;"
	    "7,001;10;Ring twice;Code;2,5;red\r\n"
	    "\r\n"
	    ";;;;;;;;;;;;;;\r\n"
	    "A-2;Bo;Vasagatan 2;57.70;11.97;2026-11-22T08:00:00+01:00;2026-11-22 09:30;;;;;;;;\r\n");
	assert_int_equal(in.n_faults, 0);
	assert_int_equal(in.rows, 2);
	assert_int_equal(in.n, 2);
	assert_string_equal(in.encoding, "utf-8");
	assert_string_equal(in.separator, "semicolon");
	assert_int_equal(in.n_ignored, 1);
	assert_string_equal(in.ignored[0], "Colour");
	const struct shipment_new *s = &in.shipments[0];
	assert_string_equal(s->recipient, "Åsa \"Kiosken\" Öberg");
	assert_string_equal(s->address, "Storgatan 1;\nport B");
	assert_int_equal(s->place.lat_e7, 577089000);
	assert_int_equal(s->place.lon_e7, 119746000);
	int64_t wanted;
	assert_ok(&sc, time_parse(&sc, "2026-11-23T07:00:00Z", &wanted));
	assert_true(s->earliest_ms == wanted);
	assert_int_equal(s->n_parcels, 3);
	int64_t grams = 0;
	for (size_t i = 0; i < 3; i++)
		grams += s->parcels[i].weight_g;
	assert_int_equal(grams, 7001);
	assert_int_equal(s->proof, PROOF_CODE);
	assert_int_equal(s->service_s, 150);
	s = &in.shipments[1];
	assert_ok(&sc, time_parse(&sc, "2026-11-22T08:30:00Z", &wanted));
	assert_true(s->latest_ms == wanted);
	assert_null(s->notes);
	assert_int_equal(s->service_s, 120);
	assert_int_equal(s->n_parcels, 1);
	scope_release(&sc);
}

static void
latin_1_is_noticed(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct csv_import in = read_text(&sc, HEAD "A-1,\xC5sa \x96 Caf\xE9,G\xF6tgatan 1" ROW_END);
	assert_string_equal(in.encoding, "latin-1");
	assert_int_equal(in.n_faults, 0);
	assert_string_equal(in.shipments[0].recipient, "Åsa – Café");
	assert_string_equal(in.shipments[0].address, "Götgatan 1");
	scope_release(&sc);
}

/* Every mistake is named with its line, its column and what to do. */
static void
each_mistake_is_named_where_it_is(void **state)
{
	(void)state;
	static const struct {
		const char *row, *column, *code;
	} wrong[] = {
	    {"A-1,,Storgatan 1" ROW_END, "recipient", "missing"},
	    {",Bo,Storgatan 1" ROW_END, "reference", "missing"},
	    {"A-1,Bo,S" ROW_END, "address", "bad-length"},
	    {"A-1,Bo,Storgatan 1,,,2026-11-23 08:00,2026-11-23 17:00\n", "lat", "no-place"},
	    {"A-1,Bo,Storgatan 1,57.7,,2026-11-23 08:00,2026-11-23 17:00\n", "lon", "no-place"},
	    {"A-1,Bo,Storgatan 1,0,0,2026-11-23 08:00,2026-11-23 17:00\n", "lat", "no-place"},
	    {"A-1,Bo,Storgatan 1,north,11.97,2026-11-23 08:00,2026-11-23 17:00\n", "lat", "not-a-number"},
	    {"A-1,Bo,Storgatan 1,0x10,11.97,2026-11-23 08:00,2026-11-23 17:00\n", "lat", "not-a-number"},
	    {"A-1,Bo,Storgatan 1,97.7,11.97,2026-11-23 08:00,2026-11-23 17:00\n", "lat", "out-of-range"},
	    {"A-1,Bo,Storgatan 1,57.7,11.97,morning,2026-11-23 17:00\n", "earliest", "bad-time"},
	    {"A-1,Bo,Storgatan 1,57.7,11.97,2026-11-23 24:00,2026-11-23 17:00\n", "earliest", "bad-time"},
	    {"A-1,Bo,Storgatan 1,57.7,11.97,2026-02-30 08:00,2026-11-23 17:00\n", "earliest", "bad-time"},
	    {"A-1,Bo,Storgatan 1,57.7,11.97,8,9\n", "earliest", "bad-time"},
	    {"A-1,Bo,Storgatan 1,57.7,11.97,2026-11-23 18:00,2026-11-23 17:00\n", "latest", "bad-window"},
	    {"A-1,Bo,Storgatan 1,57.7,11.97,2026-11-23 08:00,2026-11-25 17:00\n", "latest", "bad-window"},
	    {"A-1,Bo,Storgatan 1,57.7\n", NULL, "columns"},
	    {"A-1,Bo,\"Storgatan\" 1" ROW_END, NULL, "after-quote"},
	    {"A-1,Bo,\"Storgatan 1" ROW_END, NULL, "open-quote"},
	    {"A-1,Bo,Stor\x07gatan 1" ROW_END, NULL, "control-character"},
	};
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct scope sc;
		scope_init(&sc);
		const char *good = "A-0,Bo,\"Storgatan\n1\"" ROW_END;
		struct csv_import in = read_text(&sc, scope_printf(&sc, "%s%s%s", HEAD, good, wrong[i].row));
		if (in.n_faults == 0)
			fail_msg("row %zu passed", i);
		assert_int_equal(in.faults[0].line, 4); /* the row before takes two lines */
		assert_string_equal(in.faults[0].code, wrong[i].code);
		assert_string_equal(in.faults[0].column == NULL ? "-" : in.faults[0].column,
				    wrong[i].column == NULL ? "-" : wrong[i].column);
		assert_true(strlen(in.faults[0].text) > 10);
		assert_int_equal(in.n, 1);
		scope_release(&sc);
	}
}

static void
files_that_are_none_are_refused(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct csv_import in;
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {
	    {"", 0},
	    {"\xEF\xBB\xBF", 3},
	    {"\xFF\xFE"
	     "r\0e\0",
	     6},
	    {"PK\x03\x04\0\0", 6},
	    {"\n\n\n", 3},
	    {"apples,pears\n1,2\n", 17},
	    {"\"reference,recipient\n", 21},
	    {"reference,Reference,recipient\n", 30},
	};
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		if (shipments_read_csv(&sc, bad[i].bytes, bad[i].n, "UTC", NULL, false, &in) != E_INVALID)
			fail_msg("file %zu passed", i);
	assert_int_equal(shipments_read_csv(&sc, HEAD, strlen(HEAD), "Mars/Olympus", NULL, false, &in), E_INVALID);
	assert_int_equal(shipments_read_csv(&sc, HEAD, strlen(HEAD), "UTC", "tomorrow", false, &in), E_INVALID);
	struct csv_import missing = read_text(&sc, "reference,recipient,lat,lon,earliest\nA,B,1,2,3\n");
	assert_int_equal(missing.n_faults, 2);
	assert_string_equal(missing.faults[0].code, "missing-column");
	assert_string_equal(missing.faults[0].column, "address");
	assert_string_equal(missing.faults[1].column, "latest");
	assert_int_equal(missing.n, 0);
	struct text many;
	text_init(&many, &sc);
	text_add(&many, HEAD);
	for (int i = 0; i <= CSV_ROWS_MAX; i++)
		text_printf(&many, "R%d,Bo,Storgatan 1" ROW_END, i);
	assert_int_equal(shipments_read_csv(&sc, many.s, many.len, "UTC", NULL, false, &in), E_LIMIT);
	scope_release(&sc);
}

static void
what_stands_twice_lands_once(void **state)
{
	(void)state;
	struct scope sc;
	scope_init(&sc);
	struct csv_import in = read_text(&sc, "reference,recipient,address,lat,lon,earliest,latest,barcodes\n"
					      "A,Bo,Storgatan 1,57.7,11.97,08:00,09:00,X1|X2\n"
					      "B,Bo,Storgatan 1,57.7,11.97,08:00,09:00,X3\n"
					      "A,Bo,Storgatan 1,57.7,11.97,08:00,09:00,X4\n"
					      "C,Bo,Storgatan 1,57.7,11.97,08:00,09:00,X5|X2\n");
	assert_int_equal(in.n, 2);
	assert_int_equal(in.n_faults, 2);
	assert_int_equal(in.faults[0].line, 4);
	assert_string_equal(in.faults[0].column, "reference");
	assert_int_equal(in.faults[1].line, 5);
	assert_string_equal(in.faults[1].column, "barcodes");
	scope_release(&sc);
}

/* Whatever a table holds, quoting it and reading it gives it back. */
static bool
quoting_and_reading_is_nothing(struct prng *r, size_t size)
{
	static const char *const bits[] = {"a", "\"", ",", ";", "\t", "\n", " ", "å", "|", "\"\"", "x y"};
	static const char separators[] = {',', ';', '\t'};
	static const char *const ends[] = {"\n", "\r\n", "\r"};
	struct scope sc;
	scope_init(&sc);
	size_t columns = 2 + prng_below(r, 6);
	size_t rows = 1 + prng_below(r, (uint32_t)size);
	char separator = separators[prng_below(r, 3)];
	const char *end = ends[prng_below(r, 3)];
	char **cells = NEW_ARRAY(&sc, columns * rows, char *);
	struct text file;
	text_init(&file, &sc);
	for (size_t c = 0; c < columns; c++)
		text_printf(&file, "%sh%zu", c == 0 ? "" : (char[]){separator, '\0'}, c);
	text_add(&file, end);
	for (size_t i = 0; i < columns * rows; i++) {
		struct text cell;
		text_init(&cell, &sc);
		text_add(&cell, "c"); /* so that trimming changes nothing */
		for (uint32_t k = prng_below(r, 5); k > 0; k--)
			text_add(&cell, bits[prng_below(r, COUNT_OF(bits))]);
		text_add(&cell, "c");
		cells[i] = cell.s;
		text_add_char(&file, '"');
		for (const char *p = cell.s; *p != '\0'; p++)
			text_printf(&file, "%s%c", *p == '"' ? "\"" : "", *p);
		text_add_char(&file, '"');
		text_add(&file, (i + 1) % columns == 0 ? end : (char[]){separator, '\0'});
	}
	struct csv csv;
	struct csv_row row;
	bool same = csv_open(&sc, file.s, file.len, &csv) == OK && csv_next(&sc, &csv, &row) && row.n == columns;
	for (size_t i = 0; i < rows && same; i++) {
		same = csv_next(&sc, &csv, &row) && row.n == columns && row.broken == NULL;
		for (size_t c = 0; c < columns && same; c++)
			same = strcmp(row.fields[c], cells[i * columns + c]) == 0;
	}
	same = same && !csv_next(&sc, &csv, &row);
	scope_release(&sc);
	return same;
}

static void
tables_survive_quoting(void **state)
{
	(void)state;
	prop_check("csv", 300, 20, quoting_and_reading_is_nothing);
}

/* Rows without coordinates come out to be placed; those that are not leave with what they could be. */
static void
places_are_found_later(void **state)
{
	(void)state;
	struct scope sc;
	struct csv_import in;
	scope_init(&sc);
	const char *text = HEAD "A-1,Bo,Storgatan 1,57.7,11.97,2026-11-23 08:00,2026-11-23 17:00\r\n"
				"A-2,Bo,Storgatan 2,,,2026-11-23 08:00,2026-11-23 17:00\r\n"
				"A-3,Bo,Storgatan 3,57.7,,2026-11-23 08:00,2026-11-23 17:00\r\n"
				"A-4,Bo,Storgatan 4,,,2026-11-23 08:00,2026-11-23 17:00\r\n";
	assert_ok(&sc, shipments_read_csv(&sc, text, strlen(text), "UTC", NULL, true, &in));
	assert_int_equal(in.n, 3);
	assert_int_equal(in.n_faults, 1);
	assert_string_equal(in.faults[0].code, "no-place"); /* half a place is still a fault */
	assert_false(in.shipments[0].unplaced);
	assert_true(in.shipments[1].unplaced && in.shipments[2].unplaced);
	json_t *candidates = json_new_array(&sc);
	csv_not_placed(&sc, &in, 1, "not-placed", "choose", candidates);
	assert_int_equal(in.n, 2);
	assert_string_equal(in.shipments[1].reference, "A-4");
	assert_int_equal(in.n_faults, 2);
	assert_int_equal(in.faults[1].line, 3);
	assert_string_equal(in.faults[1].column, "address");
	json_t *row = json_object_get(in.faults[1].more, "shipment");
	json_put_place(row, "place", (struct place){577000000, 119700000});
	json_put_bool(row, "picked", true);
	json_t *list = json_new_array(&sc);
	json_array_append(list, row);
	struct shipment_new *again;
	size_t n;
	assert_ok(&sc, shipments_parse(&sc, list, &again, &n)); /* it can be sent as it was listed */
	assert_string_equal(again[0].reference, "A-2");
	assert_string_equal(again[0].placing.by, "staff");
	/* a file without such columns is one of addresses; without a finder it is a list of faults */
	text = "reference,recipient,address,earliest,latest\r\nA,B,Storgatan 1,2026-11-23 08:00,2026-11-23 17:00\r\n";
	assert_ok(&sc, shipments_read_csv(&sc, text, strlen(text), "UTC", NULL, true, &in));
	assert_true(in.n == 1 && in.n_faults == 0 && in.shipments[0].unplaced);
	assert_ok(&sc, shipments_read_csv(&sc, text, strlen(text), "UTC", NULL, false, &in));
	assert_true(in.n == 0 && in.n_faults == 1 && strcmp(in.faults[0].code, "no-place") == 0);
	scope_release(&sc);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(places_are_found_later),
	    cmocka_unit_test(a_spreadsheet_is_read),
	    cmocka_unit_test(latin_1_is_noticed),
	    cmocka_unit_test(each_mistake_is_named_where_it_is),
	    cmocka_unit_test(files_that_are_none_are_refused),
	    cmocka_unit_test(what_stands_twice_lands_once),
	    cmocka_unit_test(tables_survive_quoting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
