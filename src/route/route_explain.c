/* Each task that was left out is put alone on a vehicle of every class. The
 * vehicle on which it comes farthest through the rules names the rule that
 * binds; where it fits on some vehicle alone, the fleet is what was short. */
#include "route/route_explain.h"

static const char *const names[] = {
    [ROUTE_WHY_SKILL] = "skill",	[ROUTE_WHY_CAPACITY] = "capacity", [ROUTE_WHY_UNREACHABLE] = "unreachable",
    [ROUTE_WHY_WINDOW] = "time-window", [ROUTE_WHY_LIMIT] = "limit",	   [ROUTE_WHY_RELATION] = "relation",
    [ROUTE_WHY_PRICE] = "price",	[ROUTE_WHY_FULL] = "fleet-full",   [ROUTE_WHY_TIME] = "out-of-time",
    [ROUTE_WHY_STEPS] = "not-in-steps",
};

const char *
route_why_name(enum route_why why)
{
	return (size_t)why < COUNT_OF(names) && names[why] != NULL ? names[why] : "unknown";
}

static bool
too_large(const struct model *m, const struct route_task *t, const struct route_vehicle *v)
{
	for (int32_t d = 0; d < m->dims && v->capacity != NULL; d++)
		if ((t->delivery != NULL && t->delivery[d] > v->capacity[d]) ||
		    (t->pickup != NULL && t->pickup[d] > v->capacity[d]))
			return true;
	return false;
}

/* The legs of a vehicle that serves only these tasks; false where one of them has no way. */
static bool
ways_exist(const struct model *m, const struct class *k, const int32_t *seq, int32_t n)
{
	size_t side = (size_t)m->n_places + 1;
	int32_t from = k->start;
	for (int32_t i = 0; i <= n; i++) {
		int32_t to = i == n ? k->end : m->jobs[seq[i]].place;
		if (k->time[(size_t)from * side + (size_t)to] >= FAR_TIME)
			return false;
		from = to;
	}
	return true;
}

/* Could it be there in time if nothing else but travel and windows counted? */
static bool
in_time(const struct model *m, const struct class *k, const int32_t *seq, int32_t n)
{
	size_t side = (size_t)m->n_places + 1;
	int32_t from = k->start;
	int64_t at = k->open;
	for (int32_t i = 0; i < n; i++) {
		const struct job *j = &m->jobs[seq[i]];
		at += k->time[(size_t)from * side + (size_t)j->place];
		at = at < j->open ? j->open : at;
		if (at > j->close)
			return false;
		at += j->service;
		from = j->place;
	}
	return at + k->time[(size_t)from * side + (size_t)k->end] <= k->close;
}

static enum route_why
why_on_class(const struct model *m, const struct state *s, int32_t x, int32_t class, int64_t *cost)
{
	const struct class *k = &m->classes[class];
	const struct route_vehicle *v = &m->p->vehicles[k->vehicle];
	int32_t seq[2] = {x, m->jobs[x].mate};
	int32_t n = seq[1] == NO_NODE ? 1 : 2;
	if (!model_fits(m, x, class))
		return ROUTE_WHY_SKILL;
	if (too_large(m, &m->p->tasks[x], v))
		return ROUTE_WHY_CAPACITY;
	if (!ways_exist(m, k, seq, n))
		return ROUTE_WHY_UNREACHABLE;
	if (!in_time(m, k, seq, n))
		return ROUTE_WHY_WINDOW;
	if (!timetable_try(s->timetable, class, seq, n, cost, NULL))
		return ROUTE_WHY_LIMIT;
	return ROUTE_WHY_FULL;
}

static bool
tied_elsewhere(const struct model *m, const struct state *s, int32_t x)
{
	for (const int32_t *g = m->relations ? m->groups[x] : NULL; g != NULL && *g >= 0; g++) {
		const struct route_relation *rel = &m->p->relations[*g];
		for (uint32_t i = 0; i < rel->n_tasks && rel->kind == ROUTE_SAME_VEHICLE; i++)
			if (rel->tasks[i] != (uint32_t)x && s->node[rel->tasks[i]].route != NO_NODE)
				return true;
	}
	return false;
}

static const char *
sentence(struct scope *sc, const struct model *m, const struct route_out *o)
{
	const struct route_task *t = &m->p->tasks[o->task];
	uint64_t vehicle = o->vehicle == ROUTE_NONE ? 0 : m->p->vehicles[o->vehicle].id;
	if (m->n_routes == 0)
		return "there is no vehicle";
	switch (o->why) {
	case ROUTE_WHY_SKILL: return "no vehicle has all the skills it needs";
	case ROUTE_WHY_CAPACITY: return "it is larger than the room of every vehicle that has the skills";
	case ROUTE_WHY_UNREACHABLE: return "there is no way to its place and back";
	case ROUTE_WHY_WINDOW:
		return scope_printf(
		    sc, "vehicle %" PRIu64 " comes too late even if it drives there first, or cannot be back in time",
		    vehicle);
	case ROUTE_WHY_LIMIT:
		return scope_printf(
		    sc, "alone on vehicle %" PRIu64 " it already breaks a limit of distance, travel, duty or breaks",
		    vehicle);
	case ROUTE_WHY_RELATION: return "a task it is tied to rides on a vehicle that has no place left for it";
	case ROUTE_WHY_PRICE: return scope_printf(sc, "serving it costs more than its penalty of %" PRId64, t->penalty);
	case ROUTE_WHY_TIME: return "the budget ended before every place for it was looked at";
	case ROUTE_WHY_STEPS: return "no vehicle's steps name it";
	case ROUTE_WHY_FULL: break;
	}
	return "alone it would fit on a vehicle, but the fleet's time or room is used up by the others";
}

static void
explain_one(struct scope *sc, const struct model *m, const struct state *s, int32_t x, bool hurried,
	    struct route_out *o)
{
	int32_t first = m->p->tasks[x].kind == ROUTE_DELIVERY ? m->jobs[x].mate : x;
	enum route_why nobody = m->n_routes == 0 ? ROUTE_WHY_FULL : ROUTE_WHY_SKILL;
	*o = (struct route_out){.task = (uint32_t)x, .why = nobody, .vehicle = ROUTE_NONE};
	bool fits = false;
	int64_t least = INT64_MAX;
	for (int32_t c = 0; c < m->n_classes; c++) {
		int64_t cost = 0;
		enum route_why why = why_on_class(m, s, first, c, &cost);
		if (why == ROUTE_WHY_FULL) {
			cost += m->classes[c].fixed;
			least = cost < least ? cost : least;
			fits = true;
		}
		if (why == ROUTE_WHY_FULL || (!fits && why > o->why) || o->vehicle == ROUTE_NONE) {
			o->why = why;
			o->vehicle = m->classes[c].vehicle;
		}
	}
	if (fits && m->p->tasks[first].penalty != ROUTE_MUST && least >= m->jobs[first].left_out)
		o->why = ROUTE_WHY_PRICE;
	else if (fits && hurried)
		o->why = ROUTE_WHY_TIME;
	else if (fits && tied_elsewhere(m, s, first))
		o->why = ROUTE_WHY_RELATION;
	o->text = sentence(sc, m, o);
}

enum code
explain_left_out(struct scope *sc, const struct model *m, const struct state *s, bool hurried,
		 struct route_solution *out)
{
	uint32_t n = 0;
	for (int32_t x = 0; x < m->n; x++)
		n += s->node[x].route == NO_NODE;
	out->out = NEW_ARRAY(sc, n, struct route_out);
	for (int32_t x = 0; x < m->n; x++)
		if (s->node[x].route == NO_NODE)
			explain_one(sc, m, s, x, hurried, &out->out[out->n_out++]);
	return OK;
}
