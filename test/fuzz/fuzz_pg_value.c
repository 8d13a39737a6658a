/* room: store
 * What PostgreSQL's binary protocol carries: the first byte picks a type, the rest is a value of it. */
#include <stdlib.h>

#include "store/pg_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool so)
{
	if (!so)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned types[] = {PG_BOOL, PG_BYTEA,  PG_NAME,	PG_INT8,    PG_INT2,	PG_INT4,
					 PG_TEXT, PG_FLOAT4, PG_FLOAT8, PG_UNKNOWN, PG_VARCHAR, PG_NUMERIC};
	if (size == 0)
		return 0;
	unsigned type = types[data[0] % COUNT_OF(types)];
	struct val v;
	uint8_t back[8];
	/* a copy of its own size, so that reading past it is seen */
	uint8_t *bytes = malloc(size);
	must(bytes != NULL);
	memcpy(bytes, data + 1, size - 1);
	must(pg_type_is_read(type));
	if (pg_value_read(type, bytes, size - 1, &v)) {
		bool borrowed = v.kind == VAL_TEXT || v.kind == VAL_BLOB;
		must(v.kind != VAL_NULL);
		must(!borrowed || (v.p == bytes && v.n == size - 1));
		if (type == PG_INT8) {
			pg_put_int64(back, v.i);
			must(memcmp(back, bytes, 8) == 0);
		}
		if (type == PG_FLOAT8) {
			pg_put_double(back, v.d);
			must(memcmp(back, bytes, 8) == 0);
		}
	}
	must(!pg_value_read(0, bytes, size - 1, &v));
	free(bytes);
	return 0;
}
