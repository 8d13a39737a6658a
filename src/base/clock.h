/* base/clock: the only source of time. No SQL now(), no time() elsewhere.
 *
 * Wall time is int64 milliseconds since 1970-01-01T00:00:00Z. A stepped clock
 * stands still until somebody moves it: the simulated day runs on one. Released,
 * it runs on from where it stood, at the wall's pace.
 * clock_mono_ms() is for deadlines and durations of our own work; it never
 * reaches a table.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdatomic.h>

#include "base/scope.h"

struct clock {
	_Atomic bool stepped;
	_Atomic int64_t now_ms;	  /* stepped only */
	_Atomic int64_t shift_ms; /* not stepped: added to the machine's time; 0 unless released */
};

void clock_init_wall(struct clock *c);
void clock_init_stepped(struct clock *c, int64_t start_ms);
int64_t clock_now_ms(const struct clock *c);
/* Stepped clocks only; time never runs backwards (an earlier time is ignored). */
void clock_step_to(struct clock *c, int64_t to_ms);
/* A stepped clock runs by itself from now on. */
void clock_release(struct clock *c);

int64_t clock_mono_ms(void);
int64_t clock_mono_ns(void);
/* CPU time of the calling thread, ns: benches. */
int64_t clock_cpu_ns(void);

#define TIME_TEXT_MAX 32
/* "2026-11-22T06:05:04.003Z"; returns out. */
char *time_format(int64_t at_ms, char out[static TIME_TEXT_MAX]);
/* RFC 3339 with Z or an offset, fraction optional. E_INVALID otherwise. */
MUST_USE enum code time_parse(struct scope *sc, const char *text, int64_t *at_ms);
/* "2026-11-22" in UTC → its midnight. */
MUST_USE enum code date_parse(struct scope *sc, const char *text, int64_t *midnight_ms);
/* Civil date from days since the epoch, and back (proleptic Gregorian). */
void date_from_days(int64_t days, int *year, int *month, int *day);
int64_t days_from_date(int year, int month, int day);
/* Offset of an IANA zone at an instant, in ms east of UTC. E_INVALID  the
 * machine's zone database has no such zone. Reads TZif files; touches no global. */
MUST_USE enum code zone_offset_ms(struct scope *sc, const char *zone, int64_t at_ms, int64_t *offset_ms);
#define DATE_TEXT_MAX 12
/* The date on the wall of a zone at an instant: "2026-11-22". */
MUST_USE enum code zone_date(struct scope *sc, const char *zone, int64_t at_ms, char out[static DATE_TEXT_MAX]);
/* The instant of a wall time, given as ms since 1970-01-01T00:00 on that wall
 * (date_parse() + hours). A time that summer time skips is read with the offset
 * before the jump; one that comes twice, as one of the two. */
MUST_USE enum code zone_to_utc(struct scope *sc, const char *zone, int64_t local_ms, int64_t *at_ms);

#endif
