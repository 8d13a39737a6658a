/* traffic: what finished duties have taught about streets and doors.
 *
 * A night's *lesson* is one version: factors of streets (road/learn.h), times at
 * doors, and how well the version before had foretold what came after it. A
 * version is written whole in one transaction with a leaf in the chain, is never
 * changed, and keeps its rows for TRAFFIC_KEPT_DAYS, so that a plan which names
 * it can be made again for as long as it can be appealed against.
 *
 *	lesson ──traffic_keep──▶ rows ──traffic_take──▶ a metric of one hour
 *	                          └─────traffic_doors──▶ times at doors
 *
 * Rows name a street by OSM way, position and direction and a door by its place,
 * never by anything of the .road file: they survive a new extract. No row and no
 * column says who drove; what fewer than VOICES_MIN drivers have done is not
 * there (road/voices.h).
 *
 * Tenants do not share: versions, rows and metrics are the operator's own.
 */
#ifndef TRAFFIC_TRAFFIC_H
#define TRAFFIC_TRAFFIC_H

#include "base/json.h"
#include "road/learn.h"
#include "store/store.h"

extern const struct schema traffic_schema;

#define TRAFFIC_KEPT_DAYS 31

/* --- doors --- */

/* One visit, from the van's standing still to its moving on. */
struct traffic_visit {
	uint64_t driver; /* any stable number for who it was */
	struct place door, parked;
	bool parked_known;
	double told_s; /* what the sender said it takes */
	double service_s, walk_s;
};

enum traffic_scale { TRAFFIC_ALL, TRAFFIC_AREA, TRAFFIC_DOOR };
struct traffic_door {
	enum traffic_scale scale;
	struct place at;   /* the south-west corner of its square; {0, 0} of TRAFFIC_ALL */
	double factor;	   /* service over what was told */
	double service_s;  /* TRAFFIC_DOOR: seconds; 0 otherwise */
	double walk_s;	   /* there and back */
	struct place park; /* TRAFFIC_DOOR; {0, 0}: not known */
};
struct traffic_doors {
	struct traffic_door *list; /* by scale and place */
	size_t n;
};
/* What visits teach, drawn from all to the area (half a kilometre) to the door
 * (about ten metres). Visits beyond belief are passed over. */
void traffic_learn_doors(struct scope *sc, const struct traffic_visit *visits, size_t n, struct traffic_doors *out);

struct traffic_stop {
	bool known;	  /* enough drivers were at this door, or around it */
	double service_s; /* at the door */
	double walk_s;	  /* between van and door, there and back */
	bool park_known;
	struct place park; /* where vans stand */
};
/* What a stop here takes, if the sender says told_s. */
void traffic_stop_of(const struct traffic_doors *doors, struct place door, double told_s, struct traffic_stop *out);

/* Rows as traffic_stop_of() wants them. */
void traffic_doors_sort(struct traffic_doors *doors);

/* --- lessons --- */

struct traffic_counts {
	int64_t duties, drivers, drives, visits;
};
struct traffic_lesson {
	int64_t from_ms, to_ms; /* duties that ended in [from, to) */
	struct traffic_counts of;
	int64_t checked_from_ms;
	const char *extract; /* names the .road file they were matched on */
	struct road_speeds speeds;
	struct traffic_doors doors;
	/* How well the version before foretold the duties that ended in [checked_from, to), none of which it had
	 * learned from; NULL: nothing to say. */
	const json_t *checked;
};
/* Writes the next version, its leaf ("roads.learned") and the event of the same
 * name; rows of versions older than TRAFFIC_KEPT_DAYS go. */
MUST_USE enum code traffic_keep(struct scope *sc, struct tx *tx, const char *operator_id,
				const struct traffic_lesson *lesson, int64_t *version);
/* The newest version and the end of what it has seen; 0, 0: none. */
MUST_USE enum code traffic_newest(struct scope *sc, struct tx *tx, const char *operator_id, int64_t *version,
				  int64_t *to_ms);
/* The rows of a version. E_NOT_FOUND (reason "no-version")  there is none, or its rows are gone. */
MUST_USE enum code traffic_speeds(struct scope *sc, struct tx *tx, const char *operator_id, int64_t version,
				  struct road_speeds *out);
/* version 0: none. */
MUST_USE enum code traffic_doors(struct scope *sc, struct tx *tx, const char *operator_id, int64_t version,
				 struct traffic_doors *out);
/* [{"version","learned_at","from","to","extract","duties","drivers","drives","visits","rows","doors","checked"}], newest
 * first, at most `max`. */
MUST_USE enum code traffic_list(struct scope *sc, struct tx *tx, const char *operator_id, size_t max, json_t **out);
/* How duties that ended in [from, to) were foretold: "checked" of the versions learned from them, newest;
 * NULL: none has been learned yet. */
MUST_USE enum code traffic_checked(struct scope *sc, struct tx *tx, const char *operator_id, int64_t from_ms,
				   int64_t to_ms, json_t **out);

/* --- live --- */

/* The learned speeds in use; for many threads. Owns no road. */
struct traffic;
#define TRAFFIC_TENANTS \
	(ROAD_BUCKETS / ROAD_HOURS) /* live at once; one more takes the place of who asked longest ago */
#define TRAFFIC_HOURS 12	    /* live of a tenant, likewise */
MUST_USE enum code traffic_open(struct scope *sc, struct road *road, struct traffic **out);
void traffic_close(struct traffic *t); /* NULL is fine; before the road's */

struct traffic_now {
	struct road_metric *metric; /* NULL: the extract's own speeds */
	int64_t version;	    /* whose it is; 0: none has been learned */
	unsigned hour;		    /* road_hour_of() */
	size_t unknown;		    /* rows that name no street of this extract: passed over */
	struct traffic *of_;
};
/* The metric of the newest version for an hour: built from its rows where it is
 * not live yet, then swapped into its bucket. One taking, one plan: whoever
 * computes with it until traffic_drop() sees one version and one hour, whatever
 * is swapped in meanwhile. Not inside a transaction.
 * t NULL: the extract's own speeds. */
MUST_USE enum code traffic_take(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id,
				unsigned hour, struct traffic_now *out);
void traffic_drop(struct traffic_now *now);
/* Brings the newest version's hours that were live under the one before it to
 * life again, so that no plan waits for them. */
MUST_USE enum code traffic_refresh(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id);

#endif
