#include "base/clock.h"

#include <endian.h>

#include "base/file.h"

void
clock_init_wall(struct clock *c)
{
	atomic_store(&c->stepped, false);
	atomic_store(&c->now_ms, 0);
	atomic_store(&c->shift_ms, 0);
}

void
clock_init_stepped(struct clock *c, int64_t start_ms)
{
	atomic_store(&c->stepped, true);
	atomic_store(&c->now_ms, start_ms);
	atomic_store(&c->shift_ms, 0);
}

static int64_t
read_ns(clockid_t id)
{
	struct timespec ts;
	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
clock_now_ms(const struct clock *c)
{
	if (c->stepped)
		return atomic_load(&c->now_ms);
	return read_ns(CLOCK_REALTIME) / 1000000 + atomic_load(&c->shift_ms);
}

void
clock_release(struct clock *c)
{
	if (!c->stepped)
		return;
	atomic_store(&c->shift_ms, atomic_load(&c->now_ms) - read_ns(CLOCK_REALTIME) / 1000000);
	atomic_store(&c->stepped, false);
}

void
clock_step_to(struct clock *c, int64_t to_ms)
{
	int64_t now = atomic_load(&c->now_ms);
	while (c->stepped && to_ms > now)
		if (atomic_compare_exchange_weak(&c->now_ms, &now, to_ms))
			return;
}

int64_t
clock_mono_ms(void)
{
	return read_ns(CLOCK_MONOTONIC) / 1000000;
}

int64_t
clock_mono_ns(void)
{
	return read_ns(CLOCK_MONOTONIC);
}

int64_t
clock_cpu_ns(void)
{
	return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

/* Days and dates: years are counted from March, so that the leap day is the
 * last of its year and month lengths follow one linear rule. */
int64_t
days_from_date(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t yoe = y - era * 400;
	int64_t mp = month > 2 ? month - 3 : month + 9;
	int64_t doy = (153 * mp + 2) / 5 + day - 1;
	int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
	return era * 146097 + doe - 719468;
}

void
date_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	*day = (int)(doy - (153 * mp + 2) / 5 + 1);
	*month = (int)(mp < 10 ? mp + 3 : mp - 9);
	*year = (int)(yoe + era * 400 + (*month <= 2));
}

char *
time_format(int64_t at_ms, char out[static TIME_TEXT_MAX])
{
	int64_t day_ms = 86400000;
	int64_t days = at_ms / day_ms;
	int64_t rest = at_ms % day_ms;
	if (rest < 0) {
		rest += day_ms;
		days--;
	}
	int y;
	int m;
	int d;
	date_from_days(days, &y, &m, &d);
	snprintf(out, TIME_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", y % 10000, m, d, (int)(rest / 3600000),
		 (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
	return out;
}

/* n decimal digits at *s; moves *s past them. */
static bool
digits(const char **s, int n, int *out)
{
	int v = 0;
	for (int i = 0; i < n; i++) {
		char c = (*s)[i];
		if (c < '0' || c > '9')
			return false;
		v = v * 10 + (c - '0');
	}
	*s += n;
	*out = v;
	return true;
}

static bool
literal(const char **s, char c)
{
	if (**s != c)
		return false;
	(*s)++;
	return true;
}

static bool
take_date(const char **s, int64_t *days)
{
	static const int length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int y;
	int m;
	int d;
	if (!digits(s, 4, &y) || !literal(s, '-') || !digits(s, 2, &m) || !literal(s, '-') || !digits(s, 2, &d))
		return false;
	if (m < 1 || m > 12 || d < 1)
		return false;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
	if (d > length[m - 1] + (m == 2 && leap))
		return false;
	*days = days_from_date(y, m, d);
	return true;
}

/* A fraction of a second, cut to milliseconds. */
static bool
take_fraction(const char **s, int *ms)
{
	*ms = 0;
	if (**s != '.')
		return true;
	(*s)++;
	int scale = 100;
	int n = 0;
	for (; **s >= '0' && **s <= '9'; (*s)++, n++) {
		*ms += (**s - '0') * scale;
		scale /= 10;
	}
	return n > 0 && n <= 9;
}

static bool
take_offset(const char **s, int64_t *offset_ms)
{
	*offset_ms = 0;
	if (**s == 'Z' || **s == 'z') {
		(*s)++;
		return true;
	}
	int sign = **s == '+' ? 1 : **s == '-' ? -1 : 0;
	int h;
	int m;
	if (sign == 0)
		return false;
	(*s)++;
	if (!digits(s, 2, &h) || !literal(s, ':') || !digits(s, 2, &m) || h > 23 || m > 59)
		return false;
	*offset_ms = sign * (h * 3600000LL + m * 60000LL);
	return true;
}

enum code
time_parse(struct scope *sc, const char *text, int64_t *at_ms)
{
	const char *s = text;
	int64_t days;
	int64_t offset;
	int h;
	int m;
	int sec;
	int ms;
	bool ok = take_date(&s, &days) && (literal(&s, 'T') || literal(&s, 't') || literal(&s, ' ')) &&
		  digits(&s, 2, &h) && literal(&s, ':') && digits(&s, 2, &m) && literal(&s, ':') &&
		  digits(&s, 2, &sec) && take_fraction(&s, &ms) && take_offset(&s, &offset) && *s == '\0';
	if (!ok || h > 23 || m > 59 || sec > 60)
		return fail_as(sc, E_INVALID, "bad-time", "not a time like 2026-11-22T06:30:00Z");
	*at_ms = ((days * 24 + h) * 60 + m) * 60000 + sec * 1000LL + ms - offset;
	return OK;
}

enum code
date_parse(struct scope *sc, const char *text, int64_t *midnight_ms)
{
	const char *s = text;
	int64_t days;
	if (!take_date(&s, &days) || *s != '\0')
		return fail_as(sc, E_INVALID, "bad-date", "not a date like 2026-11-22");
	*midnight_ms = days * 86400000;
	return OK;
}

/* --- zones: RFC 8536 TZif, the 64-bit block of version 2 and later --- */

#define TZIF_HEADER 44
#define TZIF_MAX ((size_t)1 << 20)

struct tzif {
	uint32_t isutcnt, isstdcnt, leapcnt, timecnt, typecnt, charcnt;
};

static uint32_t
be32_at(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof v);
	return be32toh(v);
}

static int64_t
be64_at(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof v);
	return (int64_t)be64toh(v);
}

static bool
tzif_header(const uint8_t *p, size_t n, struct tzif *h)
{
	if (n < TZIF_HEADER || memcmp(p, "TZif", 4) != 0)
		return false;
	h->isutcnt = be32_at(p + 20);
	h->isstdcnt = be32_at(p + 24);
	h->leapcnt = be32_at(p + 28);
	h->timecnt = be32_at(p + 32);
	h->typecnt = be32_at(p + 36);
	h->charcnt = be32_at(p + 40);
	return h->isutcnt <= 256 && h->isstdcnt <= 256 && h->leapcnt <= 1000 && h->timecnt <= 20000 &&
	       h->typecnt >= 1 && h->typecnt <= 256 && h->charcnt <= 1000;
}

static size_t
tzif_body(const struct tzif *h, size_t time_size)
{
	return h->timecnt * time_size + h->timecnt + h->typecnt * (size_t)6 + h->charcnt +
	       h->leapcnt * (time_size + 4) + h->isstdcnt + h->isutcnt;
}

/* "M3.5.0/2"-like rule of the footer: its instant in `year`, seconds since the
 * epoch in local standard reckoning (the caller subtracts the offset). */
struct tz_rule {
	int month, week, weekday;
	int64_t time_s;
};

static bool
take_number(const char **s, int64_t *out)
{
	int64_t v = 0;
	int n = 0;
	for (; **s >= '0' && **s <= '9' && n < 6; (*s)++, n++)
		v = v * 10 + (**s - '0');
	*out = v;
	return n > 0;
}

/* "[+-]hh[:mm[:ss]]" in seconds. */
static bool
take_hms(const char **s, int64_t *out)
{
	int64_t sign = **s == '-' ? -1 : 1;
	if (**s == '-' || **s == '+')
		(*s)++;
	int64_t unit = 3600;
	int64_t v = 0;
	for (int i = 0; i < 3; i++, unit /= 60) {
		int64_t part;
		if (!take_number(s, &part))
			return false;
		v += part * unit;
		if (**s != ':')
			break;
		(*s)++;
	}
	*out = sign * v;
	return true;
}

static bool
skip_zone_name(const char **s)
{
	if (**s == '<') {
		while (**s != '\0' && **s != '>')
			(*s)++;
		return literal(s, '>');
	}
	const char *start = *s;
	while ((**s >= 'A' && **s <= 'Z') || (**s >= 'a' && **s <= 'z'))
		(*s)++;
	return *s - start >= 3;
}

static bool
take_rule(const char **s, struct tz_rule *r)
{
	int64_t m;
	int64_t w;
	int64_t d;
	if (!literal(s, ',') || !literal(s, 'M') || !take_number(s, &m) || !literal(s, '.') || !take_number(s, &w) ||
	    !literal(s, '.') || !take_number(s, &d) || m < 1 || m > 12 || w < 1 || w > 5 || d > 6)
		return false;
	*r = (struct tz_rule){(int)m, (int)w, (int)d, 7200};
	return **s != '/' || ((*s)++, take_hms(s, &r->time_s));
}

static int64_t
rule_instant_s(const struct tz_rule *r, int year)
{
	int64_t first = days_from_date(year, r->month, 1);
	int64_t next = r->month == 12 ? days_from_date(year + 1, 1, 1) : days_from_date(year, r->month + 1, 1);
	int64_t first_weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
	int64_t day = first + ((r->weekday - first_weekday) % 7 + 7) % 7 + (int64_t)7 * (r->week - 1);
	while (day >= next)
		day -= 7;
	return day * 86400 + r->time_s;
}

/* The POSIX rule at the end of the file, for instants after its last entry. */
static bool
footer_offset_s(const char *footer, int64_t at_s, int64_t *out)
{
	const char *s = footer;
	int64_t std;
	if (!skip_zone_name(&s) || !take_hms(&s, &std))
		return false;
	std = -std;
	if (*s == '\0') {
		*out = std;
		return true;
	}
	int64_t dst = std + 3600;
	struct tz_rule begin;
	struct tz_rule end;
	if (!skip_zone_name(&s))
		return false;
	if (*s != ',') {
		if (!take_hms(&s, &dst))
			return false;
		dst = -dst;
	}
	if (!take_rule(&s, &begin) || !take_rule(&s, &end) || *s != '\0')
		return false;
	int year;
	int month;
	int day;
	int64_t local = at_s + std;
	date_from_days((local - (((local % 86400) + 86400) % 86400)) / 86400, &year, &month, &day);
	int64_t from = rule_instant_s(&begin, year) - std;
	int64_t to = rule_instant_s(&end, year) - dst;
	bool summer = from < to ? at_s >= from && at_s < to : !(at_s >= to && at_s < from);
	*out = summer ? dst : std;
	return true;
}

static bool
tzif_offset_s(struct scope *sc, const uint8_t *p, size_t n, int64_t at_s, int64_t *out)
{
	struct tzif h;
	if (!tzif_header(p, n, &h) || p[4] < '2')
		return false;
	size_t skip = TZIF_HEADER + tzif_body(&h, 4);
	if (skip > n || !tzif_header(p + skip, n - skip, &h))
		return false;
	p += skip + TZIF_HEADER;
	n -= skip + TZIF_HEADER;
	size_t body = tzif_body(&h, 8);
	if (body + 2 > n)
		return false;
	const uint8_t *times = p;
	const uint8_t *kinds = p + h.timecnt * (size_t)8;
	const uint8_t *types = kinds + h.timecnt;
	if (h.timecnt > 0 && at_s >= be64_at(times + (h.timecnt - 1) * (size_t)8)) {
		char *footer = scope_strndup(sc, (const char *)p + body + 1, n - body - 1);
		footer[strcspn(footer, "\n")] = '\0';
		if (footer[0] != '\0')
			return footer_offset_s(footer, at_s, out);
	}
	uint8_t type = 0;
	for (size_t i = 0; i < h.timecnt && be64_at(times + i * 8) <= at_s; i++)
		type = kinds[i];
	if (type >= h.typecnt)
		return false;
	*out = (int32_t)be32_at(types + type * (size_t)6);
	return true;
}

static bool
zone_name_is_safe(const char *zone)
{
	if (zone[0] == '\0' || zone[0] == '/' || strlen(zone) > 64 || strstr(zone, "..") != NULL)
		return false;
	return strspn(zone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/") == strlen(zone);
}

enum code
zone_offset_ms(struct scope *sc, const char *zone, int64_t at_ms, int64_t *offset_ms)
{
	if (strcmp(zone, "UTC") == 0) {
		*offset_ms = 0;
		return OK;
	}
	if (!zone_name_is_safe(zone))
		return fail_as(sc, E_INVALID, "bad-zone", "not a time zone like Europe/Stockholm");
	uint8_t *bytes;
	size_t n;
	char *path = scope_printf(sc, "/usr/share/zoneinfo/%s", zone);
	if (file_read(sc, path, TZIF_MAX, &bytes, &n) != OK)
		return fail_as(sc, E_INVALID, "bad-zone", "this machine knows no time zone \"%s\" (package tzdata)",
			       zone);
	int64_t s = at_ms / 1000 - (at_ms % 1000 < 0);
	int64_t offset_s;
	if (!tzif_offset_s(sc, bytes, n, s, &offset_s))
		return fail_as(sc, E_CORRUPT, "bad-zone", "the zone file of \"%s\" cannot be read", zone);
	*offset_ms = offset_s * 1000;
	return OK;
}

enum code
zone_date(struct scope *sc, const char *zone, int64_t at_ms, char out[static DATE_TEXT_MAX])
{
	int64_t offset;
	TRY(zone_offset_ms(sc, zone, at_ms, &offset));
	char text[TIME_TEXT_MAX];
	time_format(at_ms + offset, text);
	memcpy(out, text, 10);
	out[10] = '\0';
	return OK;
}

enum code
zone_to_utc(struct scope *sc, const char *zone, int64_t local_ms, int64_t *at_ms)
{
	int64_t offset;
	TRY(zone_offset_ms(sc, zone, local_ms - 86400000, &offset));
	int64_t first = local_ms - offset;
	TRY(zone_offset_ms(sc, zone, first, &offset));
	int64_t second = local_ms - offset;
	TRY(zone_offset_ms(sc, zone, second, &offset));
	*at_ms = second + offset == local_ms ? second : first;
	return OK;
}
