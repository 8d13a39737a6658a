#include "route/route_clock.h"

#include <assert.h>

/* --- life --- */

static enum code
new_array(struct scope *sc, size_t n, size_t size, void *out)
{
	void *p;
	TRY(scope_try_array(sc, n + 1, size, &p));
	memcpy(out, &p, sizeof p);
	return OK;
}

enum code
state_new(struct scope *sc, const struct model *m, uint64_t seed, struct state **out)
{
	struct state *s = NEW(sc, struct state);
	size_t nodes = (size_t)m->n_nodes;
	size_t routes = (size_t)m->n_routes;
	size_t loads = m->load == LOAD_PROFILE ? nodes * (size_t)m->dims : 0;
	s->m = m;
	TRY(new_array(sc, nodes, sizeof *s->node, &s->node));
	TRY(new_array(sc, routes, sizeof *s->line, &s->line));
	TRY(new_array(sc, loads, sizeof *s->high_before, &s->high_before));
	TRY(new_array(sc, loads, sizeof *s->high_after, &s->high_after));
	TRY(new_array(sc, loads, sizeof *s->aboard, &s->aboard));
	TRY(new_array(sc, routes, sizeof *s->order, &s->order));
	TRY(new_array(sc, (size_t)m->n_classes, sizeof *s->used, &s->used));
	TRY(new_array(sc, (size_t)m->n_classes, sizeof *s->allowed, &s->allowed));
	TRY(new_array(sc, (size_t)m->n, sizeof *s->out, &s->out));
	TRY(new_array(sc, (size_t)m->n, sizeof *s->old_out, &s->old_out));
	size_t clocked = m->clocked ? nodes : 0;
	TRY(new_array(sc, clocked, sizeof *s->more, &s->more));
	TRY(new_array(sc, clocked, sizeof *s->more_stamp, &s->more_stamp));
	TRY(new_array(sc, clocked, sizeof *s->old_more, &s->old_more));
	TRY(new_array(sc, nodes, sizeof *s->node_stamp, &s->node_stamp));
	TRY(new_array(sc, routes, sizeof *s->visited, &s->visited));
	TRY(new_array(sc, routes, sizeof *s->line_stamp, &s->line_stamp));
	TRY(new_array(sc, nodes, sizeof *s->old_nodes, &s->old_nodes));
	TRY(new_array(sc, routes, sizeof *s->old_lines, &s->old_lines));
	TRY(timetable_new(sc, m, &s->timetable));
	prng_seed(&s->prng, seed);
	state_clear(s);
	*out = s;
	return OK;
}

/* Task x on no route: its times are out of reach and its neighbours are itself. */
static inline struct node
absent(int32_t x, int32_t place, int32_t home)
{
	return (struct node){
	    .prev = x, .next = x, .route = NO_NODE, .place = place, .leave = FAR_TIME, .late = -FAR_TIME, .home = home};
}

static void
line_clear(struct state *s, int32_t r)
{
	const struct model *m = s->m;
	const struct class *k = &m->classes[m->class_of[r]];
	size_t side = (size_t)m->n_places + 1;
	int32_t head = route_head(m, r);
	int32_t tail = route_tail(m, r);
	int32_t t = k->time[(size_t)k->start * side + (size_t)k->end];
	int32_t c = k->cost[(size_t)k->start * side + (size_t)k->end];
	s->node[head] = (struct node){.prev = NO_NODE,
				      .next = tail,
				      .route = r,
				      .place = k->start,
				      .early = k->open,
				      .late = k->close - t,
				      .leave = k->open,
				      .arc = c};
	s->node[tail] = (struct node){.prev = head,
				      .next = NO_NODE,
				      .route = r,
				      .place = k->end,
				      .early = k->open + t,
				      .late = k->close,
				      .leave = k->open + t,
				      .arc_in = c};
	s->line[r] = (struct line){.class = m->class_of[r]};
}

void
state_clear(struct state *s)
{
	const struct model *m = s->m;
	s->cost = 0;
	s->n_out = 0;
	s->n_here = m->n;
	for (int32_t x = 0; x < m->n; x++) {
		s->node[x] = absent(x, m->jobs[x].place, x);
		if (m->p->tasks[x].kind != ROUTE_DELIVERY)
			s->out[s->n_out++] = x;
		s->cost += m->jobs[x].left_out;
	}
	for (int32_t i = 0; i < m->n_routes; i++) {
		int32_t r = m->routes_of[i];
		line_clear(s, r);
		s->order[i] = r;
		s->line[r].at = i;
	}
	for (int32_t c = 0; c < m->n_classes; c++) {
		s->used[c] = 0;
		s->allowed[c] = m->classes[c].n;
	}
	if (m->load == LOAD_PROFILE) {
		size_t loads = (size_t)m->n_nodes * (size_t)m->dims * sizeof *s->aboard;
		memset(s->high_before, 0, loads);
		memset(s->high_after, 0, loads);
		memset(s->aboard, 0, loads);
	}
	state_mark(s);
}

void
state_copy(struct state *to, const struct state *from)
{
	const struct model *m = from->m;
	memcpy(to->node, from->node, (size_t)m->n_nodes * sizeof *to->node);
	memcpy(to->line, from->line, (size_t)m->n_routes * sizeof *to->line);
	memcpy(to->order, from->order, (size_t)m->n_routes * sizeof *to->order);
	memcpy(to->used, from->used, (size_t)m->n_classes * sizeof *to->used);
	memcpy(to->allowed, from->allowed, (size_t)m->n_classes * sizeof *to->allowed);
	memcpy(to->out, from->out, (size_t)from->n_out * sizeof *to->out);
	if (m->load == LOAD_PROFILE) {
		size_t loads = (size_t)m->n_nodes * (size_t)m->dims * sizeof *to->aboard;
		memcpy(to->high_before, from->high_before, loads);
		memcpy(to->high_after, from->high_after, loads);
		memcpy(to->aboard, from->aboard, loads);
	}
	if (m->clocked)
		memcpy(to->more, from->more, (size_t)m->n_nodes * sizeof *to->more);
	to->n_out = from->n_out;
	to->n_here = from->n_here;
	to->cost = from->cost;
	state_mark(to);
}

/* --- the way back --- */

void
state_mark(struct state *s)
{
	s->n_old_nodes = 0;
	s->n_old_lines = 0;
	s->n_old_more = 0;
	s->broken = false;
	s->old_cost = s->cost;
	s->n_old_out = s->n_out;
	memcpy(s->old_out, s->out, (size_t)s->n_out * sizeof *s->out);
	if (++s->stamp == 0) {
		memset(s->node_stamp, 0, (size_t)s->m->n_nodes * sizeof *s->node_stamp);
		memset(s->line_stamp, 0, (size_t)s->m->n_routes * sizeof *s->line_stamp);
		if (s->m->clocked)
			memset(s->more_stamp, 0, (size_t)s->m->n_nodes * sizeof *s->more_stamp);
		s->stamp = 1;
	}
}

static void
order_swap(struct state *s, int32_t i, int32_t j)
{
	int32_t a = s->order[i];
	int32_t b = s->order[j];
	s->order[i] = b;
	s->order[j] = a;
	s->line[a].at = j;
	s->line[b].at = i;
}

/* A route in use stands in the first part of its class, others behind. */
static void
line_place(struct state *s, int32_t r)
{
	struct line *l = &s->line[r];
	int32_t first = s->m->first_of[l->class];
	int32_t border = first + s->used[l->class];
	if (l->size > 0 && l->at >= border) {
		order_swap(s, l->at, border);
		s->used[l->class]++;
	} else if (l->size == 0 && l->at < border) {
		order_swap(s, l->at, border - 1);
		s->used[l->class]--;
	}
}

static void profile_refresh(struct state *s, int32_t r);

void
state_undo(struct state *s)
{
	for (int32_t i = 0; i < s->n_old_nodes; i++)
		s->node[s->old_nodes[i].id] = s->old_nodes[i].was;
	for (int32_t i = 0; i < s->n_old_more; i++)
		s->more[s->old_more[i].id] = s->old_more[i].was;
	for (int32_t i = 0; i < s->n_old_lines; i++) {
		int32_t r = s->old_lines[i].id;
		int32_t at = s->line[r].at;
		s->line[r] = s->old_lines[i].was;
		s->line[r].at = at;
		line_place(s, r);
		if (s->m->load == LOAD_PROFILE)
			profile_refresh(s, r);
	}
	s->cost = s->old_cost;
	s->n_out = s->n_old_out;
	memcpy(s->out, s->old_out, (size_t)s->n_out * sizeof *s->out);
	s->n_old_nodes = 0;
	s->n_old_lines = 0;
	s->n_old_more = 0;
}

/* --- loads --- */

static int64_t
task_amount(const int64_t *amounts, int32_t d)
{
	return amounts == NULL ? 0 : amounts[d];
}

/* What a single job leaves behind is aboard from the start; what a shipment
 * carries is aboard between its two halves only. */
static void
profile_refresh(struct state *s, int32_t r)
{
	const struct model *m = s->m;
	int32_t head = route_head(m, r);
	int32_t tail = route_tail(m, r);
	for (int32_t d = 0; d < m->dims; d++) {
		int64_t load = 0;
		for (int32_t x = s->node[head].next; x != tail; x = s->node[x].next)
			if (m->p->tasks[x].kind == ROUTE_JOB)
				load += task_amount(m->p->tasks[x].delivery, d);
		int64_t high = load;
		size_t dims = (size_t)m->dims;
		for (int32_t x = head; x != NO_NODE; x = s->node[x].next) {
			if (x < m->n)
				load += task_amount(m->p->tasks[x].pickup, d) - task_amount(m->p->tasks[x].delivery, d);
			high = load > high ? load : high;
			s->aboard[(size_t)x * dims + (size_t)d] = load;
			s->high_before[(size_t)x * dims + (size_t)d] = high;
		}
		high = 0;
		for (int32_t x = tail; x != NO_NODE; x = s->node[x].prev) {
			int64_t here = s->aboard[(size_t)x * dims + (size_t)d];
			high = here > high ? here : high;
			s->high_after[(size_t)x * dims + (size_t)d] = high;
		}
	}
}

/* --- parts of a plan --- */

static void
blank_task(struct state *s, int32_t x)
{
	s->node[x] = absent(x, s->m->jobs[x].place, x);
}

/* Route r with its tasks, as it stands in `from`. */
static void
line_copy(struct state *to, const struct state *from, int32_t r)
{
	int32_t at = to->line[r].at;
	to->line[r] = from->line[r];
	to->line[r].at = at;
	for (int32_t x = route_head(to->m, r); x != NO_NODE; x = from->node[x].next) {
		to->node[x] = from->node[x];
		if (to->m->clocked)
			to->more[x] = from->more[x];
	}
	to->cost += to->line[r].cost;
	if (to->m->load == LOAD_PROFILE)
		profile_refresh(to, r);
}

void
state_take(struct state *to, const struct state *from, const uint8_t *owner, uint8_t me, int32_t members)
{
	const struct model *m = to->m;
	to->cost = 0;
	to->n_out = 0;
	to->n_here = 0;
	for (int32_t x = 0; x < m->n; x++)
		blank_task(to, x);
	for (int32_t c = 0; c < m->n_classes; c++) {
		int32_t front = m->first_of[c];
		int32_t back = m->first_of[c + 1];
		to->used[c] = 0;
		for (int32_t i = m->first_of[c]; i < m->first_of[c + 1]; i++) {
			int32_t r = from->order[i];
			bool mine = owner[r] == me;
			to->line[r].at = mine ? front : back - 1;
			to->order[mine ? front++ : --back] = r;
			if (mine) {
				line_copy(to, from, r);
				to->n_here += from->line[r].size;
			}
			to->used[c] += mine && from->line[r].size > 0;
		}
		int32_t spare =
		    (from->allowed[c] - from->used[c]) / members + (me < (from->allowed[c] - from->used[c]) % members);
		int32_t mine = front - m->first_of[c];
		to->allowed[c] = to->used[c] + spare < mine ? to->used[c] + spare : mine;
	}
	for (int32_t i = 0; i < from->n_out; i++)
		if (i % members == me) {
			state_out_add(to, from->out[i]);
			to->cost += m->jobs[from->out[i]].left_out;
			to->n_here += m->jobs[from->out[i]].mate == NO_NODE ? 1 : 2;
		}
	state_mark(to);
}

void
state_put(struct state *to, const struct state *from, const uint8_t *owner, uint8_t me)
{
	const struct model *m = to->m;
	for (int32_t r = 0; r < m->n_routes; r++) {
		if (owner[r] != me)
			continue;
		line_copy(to, from, r);
		line_place(to, r);
	}
	for (int32_t i = 0; i < from->n_out; i++) {
		state_out_add(to, from->out[i]);
		to->cost += m->jobs[from->out[i]].left_out;
	}
}

void
state_empty(struct state *s)
{
	s->cost = 0;
	s->n_out = 0;
	for (int32_t x = 0; x < s->m->n; x++)
		blank_task(s, x);
}

/* --- times --- */

static inline int32_t
close_of(const struct model *m, int32_t x, const struct class *k)
{
	return x < m->n ? m->jobs[x].close : k->close;
}

static inline int32_t
open_of(const struct model *m, int32_t x, const struct class *k)
{
	return x < m->n ? m->jobs[x].open : k->open;
}

static inline int32_t
service_of(const struct model *m, int32_t x)
{
	return x < m->n ? m->jobs[x].service : 0;
}

/* From x to y, which is behind it. */
static inline int32_t
time_on(const struct state *s, int32_t x, int32_t y, const struct class *k)
{
	if (k->time == k->cost)
		return s->node[x].arc; /* at hand, where the matrix often is not */
	return k->time[(size_t)s->node[x].place * ((size_t)s->m->n_places + 1) + (size_t)s->node[y].place];
}

/* Nodes a → b have just become neighbours: mend the times behind b … */
static inline void
mend_forward(struct state *s, int32_t a, int32_t b, const struct class *k)
{
	const struct model *m = s->m;
	for (int32_t x = a, y = b; y != NO_NODE; x = y, y = s->node[y].next) {
		int32_t at = s->node[x].leave + time_on(s, x, y, k);
		int32_t open = open_of(m, y, k);
		at = at > open ? at : open;
		if (at == s->node[y].early)
			break;
		struct node *n = state_touch(s, y);
		n->early = at;
		n->leave = at + service_of(m, y);
	}
}

/* … and the times before a. */
static inline void
mend_back(struct state *s, int32_t a, int32_t b, const struct class *k)
{
	const struct model *m = s->m;
	for (int32_t x = a, y = b; x != NO_NODE; y = x, x = s->node[x].prev) {
		int32_t t = time_on(s, x, y, k);
		int32_t at = s->node[y].late - t - service_of(m, x);
		int32_t close = close_of(m, x, k);
		at = at < close ? at : close;
		if (at == s->node[x].late)
			break;
		state_touch(s, x)->late = at;
	}
}

static void
line_resize(struct state *s, int32_t r, int32_t by)
{
	struct line *l = state_touch_line(s, r);
	const struct class *k = &s->m->classes[l->class];
	if (l->size == 0) {
		size_t side = (size_t)s->m->n_places + 1;
		l->cost += k->fixed + k->cost[(size_t)k->start * side + (size_t)k->end];
		s->cost += k->fixed + k->cost[(size_t)k->start * side + (size_t)k->end];
	}
	l->size += by;
	if (l->size == 0) {
		s->cost -= l->cost;
		l->cost = 0;
		l->more = 0;
	}
	line_place(s, r);
}

static void
arc_set(struct state *s, int32_t a, int32_t b, const struct class *k)
{
	size_t side = (size_t)s->m->n_places + 1;
	int32_t arc = k->cost[(size_t)s->node[a].place * side + (size_t)s->node[b].place];
	state_touch(s, a)->arc = arc;
	state_touch(s, b)->arc_in = arc;
}

/* Pointers, arcs, load and cost; times are the caller's. */
static void
splice(struct state *s, int32_t x, int32_t after)
{
	const struct model *m = s->m;
	int32_t r = s->node[after].route;
	int32_t next = s->node[after].next;
	const struct class *k = &m->classes[s->line[r].class];
	line_resize(s, r, 1);
	struct node *a = state_touch(s, after);
	struct node *b = state_touch(s, next);
	struct node *n = state_touch(s, x);
	int64_t was = a->arc;
	a->next = x;
	n->prev = after;
	n->next = next;
	n->route = r;
	b->prev = x;
	arc_set(s, after, x, k);
	arc_set(s, x, next, k);
	struct line *l = state_touch_line(s, r);
	int64_t delta = (int64_t)a->arc + n->arc - was;
	if (m->load == LOAD_SUM)
		l->load += m->jobs[x].demand;
	if (!m->rich)
		l->cost += delta;
	s->cost += (m->rich ? 0 : delta) - m->jobs[x].left_out;
}

static void
retime(struct state *s, int32_t x)
{
	const struct class *k = &s->m->classes[s->line[s->node[x].route].class];
	s->node[x].early = INT32_MIN;
	s->node[x].late = INT32_MIN;
	mend_forward(s, s->node[x].prev, x, k);
	mend_back(s, x, s->node[x].next, k);
}

/* Only what changes is timed anew. */
static void
link_clocked(struct state *s, int32_t x, int32_t after)
{
	int64_t cost;
	int64_t was = s->node[after].arc;
	s->broken |= !clock_link(s, x, after, &cost);
	splice(s, x, after);
	cost += s->node[after].arc + s->node[x].arc - was;
	state_touch_line(s, s->node[x].route)->cost += cost;
	s->cost += cost;
	s->node[x].late = INT32_MIN;
	mend_back(s, x, s->node[x].next, &s->m->classes[s->line[s->node[x].route].class]);
}

void
state_link(struct state *s, int32_t x, int32_t after)
{
	if (s->m->clocked) {
		link_clocked(s, x, after);
		return;
	}
	splice(s, x, after);
	if (s->m->rich) {
		state_refresh(s, s->node[x].route);
		return;
	}
	retime(s, x);
	if (s->m->load == LOAD_PROFILE)
		profile_refresh(s, s->node[x].route);
}

void
state_link_pair(struct state *s, int32_t x, int32_t after, int32_t mate, int32_t mate_after)
{
	splice(s, x, after);
	if (!s->m->rich)
		retime(s, x);
	splice(s, mate, mate_after);
	if (s->m->rich) {
		state_refresh(s, s->node[x].route);
		return;
	}
	retime(s, mate);
	if (s->m->load == LOAD_PROFILE)
		profile_refresh(s, s->node[x].route);
}

/* The tasks themselves; how many they are, and what their arcs cost. */
static int32_t
blank_run(struct state *s, int32_t first, int32_t last, int64_t *arcs)
{
	const struct model *m = s->m;
	struct line *l = state_touch_line(s, s->node[first].route);
	int32_t home = s->node[first].prev;
	int32_t next = first;
	int32_t n = 0;
	for (int32_t x = NO_NODE; x != last; n++) {
		x = next;
		struct node *node = state_touch(s, x);
		next = node->next;
		*arcs += node->arc;
		*node = absent(x, node->place, home);
		home = x;
		s->cost += m->jobs[x].left_out;
		if (m->load == LOAD_SUM)
			l->load -= m->jobs[x].demand;
	}
	return n;
}

void
state_unlink_run(struct state *s, int32_t first, int32_t last)
{
	const struct model *m = s->m;
	int32_t r = s->node[first].route;
	int32_t a = s->node[first].prev;
	int32_t b = s->node[last].next;
	const struct class *k = &m->classes[s->line[r].class];
	int64_t was = s->node[a].arc;
	int32_t n = blank_run(s, first, last, &was);
	state_touch(s, a)->next = b;
	state_touch(s, b)->prev = a;
	arc_set(s, a, b, k);
	if (!m->rich) {
		int64_t delta = s->node[a].arc - was;
		state_touch_line(s, r)->cost += delta;
		s->cost += delta;
		mend_forward(s, a, b, k);
		mend_back(s, a, b, k);
		s->broken |= s->node[b].early > s->node[b].late;
	}
	line_resize(s, r, -n);
	if (m->load == LOAD_PROFILE && !m->rich)
		profile_refresh(s, r);
}

/* --- tails --- */

struct tail {
	int32_t first, last; /* nodes; the route's own tail is not among them. first NO_NODE: empty */
	int32_t size;
	int64_t load, cost; /* of the arcs from first up to the route's tail */
	int32_t early;	    /* of the route's tail */
};

/* Cuts off what is behind x; those nodes belong to route `to` from now on. */
static struct tail
tail_cut(struct state *s, int32_t x, int32_t to)
{
	const struct model *m = s->m;
	struct tail t = {.first = NO_NODE, .last = NO_NODE};
	for (int32_t y = s->node[x].next; y < m->n; y = s->node[y].next) {
		if (t.first == NO_NODE)
			t.first = y;
		state_touch(s, y)->route = to;
		t.last = y;
		t.size++;
		t.load += m->jobs[y].demand;
		t.cost += s->node[y].arc;
	}
	t.early = s->node[route_tail(m, s->node[x].route)].early;
	return t;
}

/* Hangs a tail cut from elsewhere behind x: pointers only. Returns what is behind x now. */
static int32_t
tail_hang(struct state *s, int32_t x, const struct tail *t)
{
	int32_t end = route_tail(s->m, s->node[x].route);
	int32_t first = t->first == NO_NODE ? end : t->first;
	state_touch(s, x)->next = first;
	state_touch(s, end)->prev = t->last == NO_NODE ? x : t->last;
	if (t->last != NO_NODE) {
		state_touch(s, t->last)->next = end;
		s->node[end].arc_in = s->node[t->last].arc;
	}
	state_touch(s, first)->prev = x;
	return first;
}

/* … and the times, where those of both halves hold. */
static void
tail_retime(struct state *s, int32_t x, const struct tail *t, const struct class *k)
{
	int32_t end = route_tail(s->m, s->node[x].route);
	int32_t first = tail_hang(s, x, t);
	s->node[end].early = t->early;
	s->node[end].leave = t->early;
	arc_set(s, x, first, k);
	mend_forward(s, x, first, k);
	mend_back(s, x, first, k);
}

/* Route r has lost one tail and won another; `arc` is what led to the lost one. */
static void
line_exchange(struct state *s, int32_t x, const struct tail *lost, const struct tail *won, int32_t arc)
{
	int32_t r = s->node[x].route;
	struct line *l = state_touch_line(s, r);
	int64_t delta = (int64_t)s->node[x].arc - arc + won->cost - lost->cost;
	l->load += won->load - lost->load;
	l->cost += delta;
	s->cost += delta;
	if (won->size != lost->size)
		line_resize(s, r, won->size - lost->size);
}

/* Route r may have become one that cannot be driven. */
static void
line_judge(struct state *s, int32_t r)
{
	const struct model *m = s->m;
	const struct class *k = &m->classes[s->line[r].class];
	int32_t head = route_head(m, r);
	s->broken |= m->load == LOAD_SUM && s->line[r].load > k->cap[0];
	for (int32_t d = 0; m->load == LOAD_PROFILE && d < m->dims; d++)
		s->broken |= s->high_after[(size_t)head * (size_t)m->dims + (size_t)d] > k->cap[d];
	for (int32_t x = head; !m->rich && x != NO_NODE; x = s->node[x].next)
		s->broken |= s->node[x].early > s->node[x].late;
}

/* Route r has `won` for `lost` behind some node: everything from scratch. */
static void
line_renew(struct state *s, int32_t r, const struct tail *lost, const struct tail *won)
{
	state_touch_line(s, r)->load += won->load - lost->load;
	if (won->size != lost->size)
		line_resize(s, r, won->size - lost->size);
	state_refresh(s, r);
	line_judge(s, r);
}

bool
state_tails_alike(const struct state *s, int32_t ra, int32_t rb)
{
	const struct class *a = &s->m->classes[s->line[ra].class];
	const struct class *b = &s->m->classes[s->line[rb].class];
	return a == b || (a->time == b->time && a->cost == b->cost && a->end == b->end && a->close == b->close);
}

void
state_swap_tails(struct state *s, int32_t a, int32_t b)
{
	int32_t ra = s->node[a].route;
	int32_t rb = s->node[b].route;
	const struct class *k = &s->m->classes[s->line[ra].class];
	if (s->m->rich || s->m->load == LOAD_PROFILE || !state_tails_alike(s, ra, rb)) {
		(void)state_touch_line(s, rb); /* its loads are to come back even where it is not renewed */
		struct tail of_a = tail_cut(s, a, rb);
		struct tail of_b = tail_cut(s, b, ra);
		(void)tail_hang(s, a, &of_b);
		(void)tail_hang(s, b, &of_a);
		line_renew(s, ra, &of_a, &of_b);
		if (!s->broken)
			line_renew(s, rb, &of_b, &of_a);
		return;
	}
	int32_t arc_a = s->node[a].arc;
	int32_t arc_b = s->node[b].arc;
	struct tail from_a = tail_cut(s, a, rb);
	struct tail from_b = tail_cut(s, b, ra);
	tail_retime(s, a, &from_b, k);
	tail_retime(s, b, &from_a, k);
	line_exchange(s, a, &from_a, &from_b, arc_a);
	line_exchange(s, b, &from_b, &from_a, arc_b);
}

static int32_t
collect(const struct state *s, int32_t r, int32_t *seq)
{
	int32_t n = 0;
	int32_t tail = route_tail(s->m, r);
	for (int32_t x = s->node[route_head(s->m, r)].next; x != tail; x = s->node[x].next)
		seq[n++] = x;
	return n;
}

void
state_refresh(struct state *s, int32_t r)
{
	const struct model *m = s->m;
	const struct class *k = &m->classes[s->line[r].class];
	int32_t head = route_head(m, r);
	int32_t tail = route_tail(m, r);
	size_t side = (size_t)m->n_places + 1;
	struct line *l = state_touch_line(s, r);
	int64_t cost = 0;
	for (int32_t x = head; x != tail; x = s->node[x].next) {
		int32_t y = s->node[x].next;
		int32_t at = s->node[x].leave + k->time[(size_t)s->node[x].place * side + (size_t)s->node[y].place];
		int32_t open = open_of(m, y, k);
		struct node *n = state_touch(s, y);
		n->early = at > open ? at : open;
		n->leave = n->early + service_of(m, y);
		arc_set(s, x, y, k);
		cost += s->node[x].arc;
	}
	for (int32_t y = tail; y != head; y = s->node[y].prev) {
		int32_t x = s->node[y].prev;
		int32_t t = k->time[(size_t)s->node[x].place * side + (size_t)s->node[y].place];
		int32_t at = s->node[y].late - t - service_of(m, x);
		int32_t close = close_of(m, x, k);
		state_touch(s, x)->late = at < close ? at : close;
	}
	if (m->clocked && l->size > 0) {
		s->broken |= !clock_run(s, r, &cost);
	} else if (m->rich && l->size > 0) {
		int32_t *seq = timetable_room(s->timetable);
		int32_t *early = seq + m->n;
		int32_t n = collect(s, r, seq);
		if (!timetable_try(s->timetable, l->class, seq, n, &cost, early))
			s->broken = true;
		else
			for (int32_t i = 0; i < n; i++) {
				/* never before the plain time: leave is what the next insertion builds on */
				struct node *x = &s->node[seq[i]];
				x->leave += early[i] - x->early;
				x->early = early[i];
			}
	}
	if (m->load == LOAD_PROFILE)
		profile_refresh(s, r);
	if (l->size > 0) {
		cost += k->fixed;
		s->cost += cost - l->cost;
		l->cost = cost;
	}
}

/* --- routes in use --- */

int32_t
state_spare(const struct state *s, int32_t class)
{
	if (s->used[class] >= s->allowed[class])
		return NO_NODE;
	return s->order[s->m->first_of[class] + s->used[class]];
}

int32_t
state_n_used(const struct state *s)
{
	int32_t n = 0;
	for (int32_t c = 0; c < s->m->n_classes; c++)
		n += s->used[c];
	return n;
}

int32_t
state_used(const struct state *s, int32_t i)
{
	for (int32_t c = 0; c < s->m->n_classes; c++) {
		if (i < s->used[c])
			return s->order[s->m->first_of[c] + i];
		i -= s->used[c];
	}
	assert(false && "there are fewer routes in use");
	return NO_NODE;
}

void
state_out_add(struct state *s, int32_t task)
{
	s->out[s->n_out++] = task;
}

/* --- invariants --- */

static bool
line_check(const struct state *s, int32_t r, int64_t *total)
{
	const struct model *m = s->m;
	const struct line *l = &s->line[r];
	const struct class *k = &m->classes[l->class];
	int32_t n = 0;
	int64_t load = 0;
	int64_t cost = 0;
	for (int32_t x = route_head(m, r); s->node[x].next != NO_NODE; x = s->node[x].next) {
		const struct node *a = &s->node[x];
		const struct node *b = &s->node[a->next];
		if (b->prev != x || a->arc != b->arc_in || a->route != r || b->route != r)
			return false;
		if (x < m->n) {
			n++;
			load += m->jobs[x].demand;
		}
		cost += a->arc;
		if (!m->rich && (a->early > a->late || b->early > b->late))
			return false;
	}
	if (n != l->size || (l->size > 0) != (l->at < m->first_of[l->class] + s->used[l->class]))
		return false;
	if (m->load == LOAD_SUM && (load != l->load || load > k->cap[0]))
		return false;
	if (!m->rich && n > 0 && l->cost != cost + k->fixed)
		return false;
	*total += l->cost;
	return true;
}

bool
state_check(const struct state *s)
{
	const struct model *m = s->m;
	int64_t total = 0;
	for (int32_t r = 0; r < m->n_routes; r++)
		if (!line_check(s, r, &total))
			return false;
	for (int32_t x = 0; x < m->n; x++)
		if (s->node[x].route == NO_NODE)
			total += m->jobs[x].left_out;
	return total == s->cost;
}
