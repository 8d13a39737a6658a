/* store/pg_value: values as PostgreSQL's binary protocol carries them. Inside the room only. */
#ifndef STORE_PG_VALUE_H
#define STORE_PG_VALUE_H

#include "store/store.h"

/* The types our statements give and take, by PostgreSQL's numbers for them. */
enum {
	PG_BOOL = 16,
	PG_BYTEA = 17,
	PG_NAME = 19,
	PG_INT8 = 20,
	PG_INT2 = 21,
	PG_INT4 = 23,
	PG_TEXT = 25,
	PG_FLOAT4 = 700,
	PG_FLOAT8 = 701,
	PG_UNKNOWN = 705,
	PG_VARCHAR = 1043,
	PG_NUMERIC = 1700
};

/* What a parameter of this kind is declared as; 0 (found out by the server) for NULL. */
unsigned pg_type_of(enum val_kind kind);
/* What SQLite would give for the same expression: whole numbers as VAL_INT (a
 * numeric beyond int64, or with a fraction, as VAL_REAL), truth as 1 and 0. Text
 * and bytes are borrowed from `bytes`. False: not of a type we read, or not in
 * its form. */
bool pg_value_read(unsigned type, const void *bytes, size_t n, struct val *out);
bool pg_type_is_read(unsigned type);
void pg_put_int64(uint8_t to[static 8], int64_t v);
void pg_put_double(uint8_t to[static 8], double v);

#endif
