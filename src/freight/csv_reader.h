/* freight/csv_reader: a file of rows, whatever spreadsheet it came from.
 *
 * UTF-8 with or without a byte-order mark, or Latin-1 (Windows-1252); commas,
 * semicolons or tabs, whichever the first line has most of; quotes as RFC 4180
 * has them, with line ends inside; CRLF, LF or CR. Pure, bounded: at most
 * CSV_COLUMNS_MAX fields a row. */
#ifndef FREIGHT_CSV_READER_H
#define FREIGHT_CSV_READER_H

#include "base/scope.h"

#define CSV_COLUMNS_MAX 64

struct csv {
	const char *s; /* UTF-8, no NUL inside */
	size_t n, at, line;
	char separator;
	const char *encoding;
};
/* E_INVALID  not text (NUL bytes, UTF-16), or empty. */
MUST_USE enum code csv_open(struct scope *sc, const void *bytes, size_t n, struct csv *out);

struct csv_row {
	size_t line; /* it begins on; 1 is the first */
	char *fields[CSV_COLUMNS_MAX];
	size_t n;
	const char *broken; /* NULL, or "open-quote", "after-quote", "too-many-columns", "control-character" */
};
/* False at the end. Rows without any character are skipped; fields are trimmed. */
bool csv_next(struct scope *sc, struct csv *c, struct csv_row *row);

#endif
