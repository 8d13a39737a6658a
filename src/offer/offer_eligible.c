/* Rule offer.eligible/1: what it reads is in struct offer_candidate, and nothing else. */
#include "offer/offer.h"

#define DAY_MS ((int64_t)24 * 3600 * 1000)

const char *const offer_reason_words[] = {"", "not-active", "path-incomplete", "vehicle", "overlap", "rest", NULL};

static bool
overlaps(struct hours a, struct hours b)
{
	return a.starts_ms < b.ends_ms && b.starts_ms < a.ends_ms;
}

/* The longest stretch without work inside [from, to). Work may come in any order
 * and is looked at anew from each end: a driver holds few awards. */
static int64_t
longest_rest(const struct offer_need *need, const struct offer_candidate *c, int64_t from, int64_t to)
{
	int64_t best = 0, at = from;
	while (at < to) {
		int64_t next = to, busy_until = at;
		for (size_t i = 0; i <= c->n_busy; i++) {
			struct hours h = i < c->n_busy ? c->busy[i] : need->hours;
			if (h.starts_ms <= at && h.ends_ms > busy_until)
				busy_until = h.ends_ms;
			if (h.starts_ms > at && h.starts_ms < next && h.ends_ms > h.starts_ms)
				next = h.starts_ms;
		}
		if (busy_until > at) {
			at = busy_until;
			continue;
		}
		if (next - at > best)
			best = next - at;
		at = next;
	}
	return best;
}

/* Every 24 hours that end with a piece of work, this one or one it comes close to, hold the rest. */
static bool
rested(const struct offer_need *need, const struct offer_candidate *c)
{
	for (size_t i = 0; i <= c->n_busy; i++) {
		int64_t end = i < c->n_busy ? c->busy[i].ends_ms : need->hours.ends_ms;
		bool near = end > need->hours.starts_ms && end - DAY_MS < need->hours.ends_ms;
		if (near && longest_rest(need, c, end - DAY_MS, end) < need->rest_ms)
			return false;
	}
	return true;
}

enum offer_reason
offer_eligible(const struct offer_need *need, const struct offer_candidate *c)
{
	if (c->state != DRIVER_ACTIVE)
		return OFFER_NOT_ACTIVE;
	if (!c->path_ready)
		return OFFER_PATH_INCOMPLETE;
	if (need->vehicles != 0 && (need->vehicles >> (unsigned)c->vehicle & 1) == 0)
		return OFFER_VEHICLE;
	for (size_t i = 0; i < c->n_busy; i++)
		if (overlaps(c->busy[i], need->hours))
			return OFFER_OVERLAP;
	return rested(need, c) ? OFFER_ELIGIBLE : OFFER_REST;
}
