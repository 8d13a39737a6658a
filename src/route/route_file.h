/* Problems as files: VROOM's JSON, Solomon / Gehring & Homberger, Li & Lim, CVRPLIB.
 *
 *	format      distances                          times       first aim
 *	VROOM       matrices given, or by great circle  as given    cost
 *	Solomon     10 × Euclid, cut (DIMACS)           × 10        distance
 *	Li & Lim    10000 × Euclid, rounded             × 10000     vehicles
 *	CVRPLIB     as EDGE_WEIGHT_TYPE says            none        distance
 *
 * Bytes from outside: every count and number is bounded, what does not parse is
 * named with its line. */
#ifndef ROUTE_ROUTE_FILE_H
#define ROUTE_ROUTE_FILE_H

#include "base/json.h"
#include "route/route_follow.h"

#define ROUTE_FILE_MAX ((size_t)512 << 20)
#define ROUTE_WARNINGS_MAX 100

enum route_format { ROUTE_VROOM, ROUTE_SOLOMON, ROUTE_LILIM, ROUTE_CVRPLIB };

struct route_file {
	enum route_format format;
	struct route_problem *problem;
	double unit;			 /* what 1 of cost is in the file's own measure: 0.1, 0.0001, 1 */
	const struct route_row *rows;	 /* the plan to start from, a row a vehicle; NULL: none was given */
	const struct route_given *given; /* the same, with all that its steps say; to be followed as it is */
	bool demands;			 /* some of given's steps demand a time: nothing that a search heeds */
	const char **warnings;		 /* unknown fields of VROOM's JSON */
	uint32_t n_warnings;
	bool geometry; /* distances are known and belong into the answer */
};

/* Finds out which of the formats it is. */
MUST_USE enum code route_file_read(struct scope *sc, const void *bytes, size_t n, struct route_file *out);

/* "options" at the top is its bearer's business (vroom-express puts budgets there) and not read here. */
MUST_USE enum code vroom_from_json(struct scope *sc, const json_t *top, struct route_file *out);
MUST_USE enum code vroom_read(struct scope *sc, const void *bytes, size_t n, struct route_file *out);
MUST_USE enum code solomon_read(struct scope *sc, const char *text, size_t n, struct route_file *out);
MUST_USE enum code lilim_read(struct scope *sc, const char *text, size_t n, struct route_file *out);
MUST_USE enum code cvrplib_read(struct scope *sc, const char *text, size_t n, struct route_file *out);

/* For those who search although `demands` is set. */
#define VROOM_DEMANDS_IGNORED \
	"steps: service_at, service_after and service_before hold only where steps are timed, not searched"

/* VROOM's answer: code, summary, unassigned, routes. */
json_t *vroom_write(struct scope *sc, const struct route_file *file, const struct route_solution *s);
/* The steps the file came with, timed; E_INVALID where it has none, or as route_follow(). */
MUST_USE enum code vroom_follow(struct scope *sc, const struct route_file *file, json_t **out);
/* An answer in that shape, to be verified. E_INVALID where it names what the problem does not have. */
MUST_USE enum code vroom_read_solution(struct scope *sc, const struct route_file *file, const void *bytes, size_t n,
				       struct route_solution **out);

/* --- words of a text file --- */

struct words {
	const char *at, *end;
	int line;
};
/* The next word on any line; false at the end. */
bool words_next(struct words *w, char *word, size_t cap);
MUST_USE enum code words_number(struct scope *sc, struct words *w, double min, double max, double *out);
MUST_USE enum code words_int(struct scope *sc, struct words *w, int64_t min, int64_t max, int64_t *out);
/* The rest of the line, trimmed, cut at cap. */
bool words_line(struct words *w, char *line, size_t cap);

/* Symmetric cells, n × n, are made in bands of so many rows from the diagonal on; each is
 * copied to the columns below while it is in the cache. */
#define CELL_BAND ((size_t)16)
void mirror_band(int32_t *cells, size_t n, size_t from);
/* n × n distances, scale × Euclid; how: -1 cut, 0 rounded, 1 up. E_LIMIT beyond what a cell holds. */
MUST_USE enum code euclid_matrix(struct scope *sc, const double *xy, uint32_t n, double scale, int how, int32_t **out);

#endif
