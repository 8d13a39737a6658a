#include "duty/duty_track.h"

#define SIGMA_MIN_M 4.0
#define SIGMA_MAX_M 50.0

struct span {
	size_t from, to; /* positions [from, to) */
};

static bool
drives(const struct position *a, const struct position *b)
{
	double s = (double)(b->at_ms - a->at_ms) / 1000;
	return s > 0 && place_distance_m(a->place, b->place) >= TRACK_DRIVES_MPS * s;
}

/* The first position from which the van moves. */
static size_t
trim_front(const struct position *p, struct span s)
{
	size_t j = s.from;
	for (size_t i = s.from; i + 1 < s.to; i++) {
		j = j > i ? j : i + 1;
		while (j + 1 < s.to && p[j].at_ms - p[i].at_ms < TRACK_SPAN_MS)
			j++;
		if (!drives(&p[i], &p[j]))
			continue;
		while (i + 1 < j && !drives(&p[i], &p[i + 1])) /* the span may begin on foot */
			i++;
		return i;
	}
	return s.to;
}

/* One after the last to which it moved. */
static size_t
trim_back(const struct position *p, struct span s)
{
	for (size_t i = s.to; i > s.from + 1; i--) {
		size_t j = i - 2;
		while (j > s.from && p[i - 1].at_ms - p[j].at_ms < TRACK_SPAN_MS)
			j--;
		if (!drives(&p[j], &p[i - 1]))
			continue;
		while (i - 2 > j && !drives(&p[i - 2], &p[i - 1]))
			i--;
		return i;
	}
	return s.from;
}

static struct span
trim(const struct position *p, struct span s)
{
	struct span out = {trim_front(p, s), trim_back(p, s)};
	return out.from + 1 < out.to ? out : (struct span){s.from, s.from};
}

/* Positions in [from, to] of time, from the *at-th on. */
static struct span
between(const struct duty_track *t, int64_t from_ms, int64_t to_ms, size_t *at)
{
	struct span s;
	while (*at < t->n_positions && t->positions[*at].at_ms < from_ms)
		++*at;
	s.from = *at;
	while (*at < t->n_positions && t->positions[*at].at_ms <= to_ms)
		++*at;
	s.to = *at;
	return s;
}

static struct road_drive
drive_of(struct scope *sc, const struct duty_track *t, struct span s)
{
	struct road_drive d = {.n = s.to - s.from};
	d.fixes = NEW_ARRAY(sc, d.n, struct road_fix);
	for (size_t i = 0; i < d.n; i++) {
		const struct position *p = &t->positions[s.from + i];
		double sigma = p->accuracy_m < SIGMA_MIN_M   ? SIGMA_MIN_M
			       : p->accuracy_m > SIGMA_MAX_M ? SIGMA_MAX_M
							     : p->accuracy_m;
		d.fixes[i] = (struct road_fix){p->place, p->at_ms + t->offset_ms, sigma};
	}
	return d;
}

/* `before` ended at this door, `after` began there; both moved. */
static bool
visit_of(const struct duty_track *t, const struct knock *k, struct span before, struct span after,
	 struct traffic_visit *out)
{
	if (k->arrived_ms == 0 || k->done_ms <= k->arrived_ms || before.from == before.to || after.from == after.to)
		return false;
	const struct position *stood = &t->positions[before.to - 1];
	const struct position *moved = &t->positions[after.from];
	int64_t there_ms = k->arrived_ms - stood->at_ms;
	int64_t back_ms = moved->at_ms - k->done_ms;
	*out = (struct traffic_visit){
	    .driver = t->driver,
	    .door = k->door,
	    .parked = stood->place,
	    .parked_known = true,
	    .told_s = k->told_s,
	    .service_s = (double)(k->done_ms - k->arrived_ms) / 1000,
	    .walk_s = (double)((there_ms > 0 ? there_ms : 0) + (back_ms > 0 ? back_ms : 0)) / 1000,
	};
	return true;
}

void
duty_track_cut(struct scope *sc, const struct duty_track *t, struct road_drive *drives_out,
	       struct traffic_visit *visits, size_t *n_visits)
{
	int64_t from_ms = t->departed_ms;
	struct span before = {0, 0};
	size_t at = 0;
	size_t n = 0;
	for (size_t i = 0; i <= t->n_knocks; i++) {
		const struct knock *k = i < t->n_knocks ? &t->knocks[i] : NULL;
		int64_t to_ms = k == NULL ? t->closed_ms : k->arrived_ms != 0 ? k->arrived_ms : k->done_ms;
		struct span leg = trim(t->positions, between(t, from_ms, to_ms, &at));
		drives_out[i] = drive_of(sc, t, leg);
		if (i > 0)
			n += visit_of(t, &t->knocks[i - 1], before, leg, &visits[n]);
		before = leg;
		from_ms = k == NULL ? to_ms : k->done_ms;
	}
	*n_visits = n;
}
