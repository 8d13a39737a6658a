/* store/where: DIR/store.json, which says that a data directory's tables are in
 * PostgreSQL. Without it they are in two SQLite files beside it. Inside the room only.
 *
 *	{"format":1, "postgres":URL, "schema":name, "id":32 hex digits}
 *
 * There is never a password in it: that is libpq's passfile's matter, or not
 * needed on the machine's own socket.
 */
#ifndef STORE_WHERE_H
#define STORE_WHERE_H

#include "store/store.h"

struct where {
	const char *url;
	const char *schema;
	const char *id;
};

/* *there: false where DIR has no such file; *out is scope-owned. */
MUST_USE enum code where_read(struct scope *sc, const char *dir, bool *there, struct where *out);

#endif
