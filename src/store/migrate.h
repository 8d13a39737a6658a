/* store/migrate: brings one lane's tables to the schemas of this build. Inside the room only. */
#ifndef STORE_MIGRATE_H
#define STORE_MIGRATE_H

#include "store/backend.h"

/* Each migration runs in a transaction of its own together with the row that
 * says so. E_CORRUPT  the file is of a newer build, or a migration was edited
 * after it had run here. */
MUST_USE enum code migrate_lane(struct scope *sc, struct conn *c, const struct store_options *opt, bool positions);
/* For readers. E_CONFLICT (reason "migration-due")  the file is older than this build. */
MUST_USE enum code migrate_verify(struct scope *sc, struct conn *c, const struct store_options *opt, bool positions);

#endif
