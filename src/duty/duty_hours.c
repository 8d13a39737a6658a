#include "duty/duty_hours.h"

#include "duty/duty_legs.h"
#include "road/service.h"

#define HOUR_MS INT64_C(3600000)
#define TRIES_MAX 3
#define CELLS_MAX ((size_t)16 << 20) /* of all slices; beyond, a wave has one hour */

/* --- taking --- */

static enum code
take_once(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id, int64_t local_ms,
	  struct duty_hours *h)
{
	for (size_t taken = 0; taken < h->n; taken++) {
		unsigned hour = road_hour_of(local_ms + (int64_t)taken * HOUR_MS);
		enum code rc = traffic_take(sc, st, t, operator_id, hour, &h->now[taken]);
		if (rc != OK) {
			h->n = taken;
			duty_hours_drop(h);
			return rc;
		}
		if (h->now[0].version == 0) /* nothing learned: every hour is the map's */
			h->n = 1;
	}
	return OK;
}

static bool
one_version(const struct duty_hours *h)
{
	for (size_t k = 1; k < h->n; k++)
		if (h->now[k].version != h->now[0].version)
			return false;
	return true;
}

enum code
duty_hours_take(struct scope *sc, struct store *st, struct traffic *t, const char *operator_id, const char *zone,
		int64_t from_ms, int64_t to_ms, struct duty_hours *out)
{
	int64_t offset_ms;
	TRY(zone_offset_ms(sc, zone, from_ms, &offset_ms));
	int64_t first = (from_ms + offset_ms) / HOUR_MS;
	int64_t last = (to_ms + offset_ms) / HOUR_MS;
	int64_t n = last < first ? 1 : last - first + 1;
	for (int tries = 0; tries < TRIES_MAX; tries++) {
		struct duty_hours h = {.n = n < DUTY_HOURS_MAX ? (size_t)n : DUTY_HOURS_MAX, .offset_ms = offset_ms};
		for (size_t k = 0; k < h.n; k++)
			h.at_ms[k] = (first + (int64_t)k) * HOUR_MS + HOUR_MS / 2 - offset_ms;
		TRY(take_once(sc, st, t, operator_id, first * HOUR_MS, &h));
		h.version = h.now[0].version;
		h.unknown = h.now[0].unknown;
		if (one_version(&h)) {
			*out = h;
			return OK;
		}
		duty_hours_drop(&h);
	}
	return fail(sc, E_RETRY, "the learned times change too fast to plan with");
}

void
duty_hours_drop(struct duty_hours *h)
{
	for (size_t k = 0; k < h->n; k++)
		traffic_drop(&h->now[k]);
	h->n = 0;
}

static size_t
nearest(const struct duty_hours *h, int64_t at_ms)
{
	size_t k = 0;
	while (k + 1 < h->n && at_ms >= h->at_ms[k] + HOUR_MS / 2)
		k++;
	return k;
}

const struct traffic_now *
duty_hours_at(const struct duty_hours *h, int64_t at_ms)
{
	return &h->now[nearest(h, at_ms)];
}

/* --- matrices --- */

struct road_hour
duty_hours_leave(const struct duty_hours *h, int64_t at_ms)
{
	return (struct road_hour){at_ms + h->offset_ms, duty_hours_at(h, at_ms)->metric};
}

/* Deciseconds in, paced seconds out. */
static void
pace(int32_t *durations, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (durations[i] != ROAD_UNREACHABLE)
			durations[i] = (int32_t)(((int64_t)durations[i] * PLAN_PACE_PERCENT + 999) / 1000);
}

/* The first slice lies before the wave's beginning: it is moved there, along the
 * line to the second one. */
static void
begin_at_zero(struct duty_times *t, size_t cells)
{
	int64_t width = t->slice_s[1] - t->slice_s[0];
	for (size_t i = 0; i < cells; i++) {
		int64_t a = t->duration_s[i];
		int64_t b = t->duration_s[cells + i];
		if (a != ROAD_UNREACHABLE)
			t->duration_s[i] = (int32_t)(a + (b - a) * -t->slice_s[0] / width);
	}
	t->slice_s[0] = 0;
}

enum code
duty_times_of(struct scope *sc, const struct road_service *roads, const struct duty_hours *h, int64_t starts_ms,
	      const struct place *places, size_t n, struct duty_times *out)
{
	size_t cells = n * n;
	struct road_hour hours[DUTY_HOURS_MAX];
	struct road_slices s;
	for (size_t k = 0; k < h->n; k++)
		hours[k] = (struct road_hour){h->at_ms[k] + h->offset_ms, h->now[k].metric};
	if (h->n > 1 && cells > CELLS_MAX / h->n)
		TRY(roads->times(sc, roads, &hours[h->n / 2], 1, places, n, &s));
	else
		TRY(roads->times(sc, roads, hours, h->n, places, n, &s));
	pace(s.duration_ds, cells * s.n);
	struct duty_times t = {(uint32_t)s.n, NULL, s.duration_ds, s.distance_m};
	if (s.n > 1) {
		t.slice_s = NEW_ARRAY(sc, s.n, int64_t);
		for (size_t k = 0; k < s.n; k++)
			t.slice_s[k] = (s.at_ms[k] - h->offset_ms - starts_ms) / 1000;
		if (t.slice_s[0] < 0)
			begin_at_zero(&t, cells);
		road_slices_fifo(t.duration_s, cells, t.slice_s, s.n);
	}
	*out = t;
	return OK;
}
