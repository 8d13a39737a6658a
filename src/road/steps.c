/* What the driver of a path has to do, and where: the legs are gone through
 * junction by junction; most need no word. The kinds are OSRM's, so that
 * whatever turns its steps into sentences can turn these. */
#include <math.h>

#include "base/text.h"
#include "road/junction.h"
#include "road/trip.h"

#define STRAIGHT_DEG 20.0 /* less is no turn */
#define TURN_DEG 45.0	  /* more is one, even on the same street */
#define BACK_DEG 170.0
#define BESIDE_M 5.0 /* a place nearer to its street is on no side of it */

/* A junction between two legs. */
struct crossing {
	const struct road *road;
	const struct road_leg *from, *to;
	const struct road_way *from_way, *to_way;
	double before, after; /* bearings */
	double angle;	      /* > 0: to the right */
	bool renamed;
	struct junction at;
};

static const struct road_way *
way_of_leg(const struct road *road, const struct road_leg *leg)
{
	return &road->way[road->segment[road->arc[leg->arc].segment].way];
}

static bool
is_circle(const struct road_way *w)
{
	return (w->flags & WAY_ROUNDABOUT) != 0;
}

static bool
is_ramp(const struct road_way *w)
{
	return w->class == CLASS_MOTORWAY_LINK || w->class == CLASS_TRUNK_LINK;
}

static bool
is_highway(const struct road_way *w)
{
	return w->class == CLASS_MOTORWAY || w->class == CLASS_TRUNK;
}

static enum road_heading
heading_of(double angle)
{
	double a = fabs(angle);
	bool right = angle > 0;
	if (a < STRAIGHT_DEG)
		return ROAD_AHEAD;
	if (a > BACK_DEG)
		return ROAD_BACK;
	if (a < 50)
		return right ? ROAD_SLIGHT_RIGHT : ROAD_SLIGHT_LEFT;
	if (a < 125)
		return right ? ROAD_RIGHT : ROAD_LEFT;
	return right ? ROAD_SHARP_RIGHT : ROAD_SHARP_LEFT;
}

/* --- a junction with a choice -------------------------------------------------- */

/* What else could be driven from here. */
struct choice {
	unsigned others;
	unsigned ahead;	    /* of them: hardly a turn */
	bool straighter;    /* one of them leads more straight on than ours */
	bool same_name;	    /* one of them keeps the street's name */
	bool equal_ahead;   /* one ahead is a street of our own kind */
	bool left, right;   /* some street, ours included, leads off to that side */
	double ahead_angle; /* of the one ahead nearest to ours */
};

static const struct road_way *
way_of_spoke(const struct road *road, const struct road_spoke *s)
{
	return &road->way[road->segment[s->segment].way];
}

static struct choice
look_around(const struct crossing *c)
{
	struct choice found = {.left = c->angle<-TURN_DEG, .right = c->angle> TURN_DEG, .ahead_angle = 360};
	for (uint32_t i = 0; i < c->at.n; i++) {
		if (!junction_is_open(&c->at, i) || i == c->at.in || i == c->at.out)
			continue;
		const struct road_spoke *s = &c->at.spoke[i];
		const struct road_way *w = way_of_spoke(c->road, s);
		double angle = junction_angle(c->before, s->bearing_cdeg * 0.01);
		found.others++;
		found.straighter |= fabs(angle) < fabs(c->angle);
		found.same_name |= *c->from->name != '\0' && text_eq(c->road->text + w->name, c->from->name);
		found.left |= angle < -TURN_DEG;
		found.right |= angle > TURN_DEG;
		if (fabs(angle) > 40)
			continue;
		found.ahead++;
		found.equal_ahead |= abs((int)w->class - (int)c->to_way->class) <= 1;
		if (fabs(angle - c->angle) < fabs(found.ahead_angle - c->angle))
			found.ahead_angle = angle;
	}
	return found;
}

/* Hardly a turn, but a choice: ours is the way to the left or right of the other one ahead. */
static enum road_heading
side_of_other(const struct crossing *c)
{
	const struct choice o = look_around(c);
	double other = o.ahead > 0 ? o.ahead_angle : 0;
	return c->angle < other ? ROAD_SLIGHT_LEFT : ROAD_SLIGHT_RIGHT;
}

/* Two ways ahead, neither of which is simply the same street. */
static bool
is_fork(const struct crossing *c, const struct choice *o)
{
	return fabs(c->angle) <= 40 && o->ahead == 1 && o->equal_ahead && fabs(o->ahead_angle - c->angle) <= 70 &&
	       (c->renamed || *c->from->name == '\0' || o->same_name) &&
	       (fabs(c->angle) >= 8 || fabs(o->ahead_angle) < STRAIGHT_DEG);
}

static bool
judge_choice(const struct crossing *c, enum road_manoeuvre *out)
{
	const struct choice o = look_around(c);
	double angle = fabs(c->angle);
	bool named = c->renamed && *c->to->name != '\0';
	if (is_ramp(c->to_way) && !is_ramp(c->from_way)) {
		*out = is_highway(c->from_way) ? ROAD_OFF_RAMP : ROAD_ON_RAMP;
		return o.others > 0 || named;
	}
	if (is_fork(c, &o)) {
		*out = ROAD_FORK;
		return true;
	}
	if (angle < STRAIGHT_DEG) {
		*out = ROAD_NEW_NAME;
		return named;
	}
	bool bends = !o.straighter && angle < 100; /* where the street itself leads */
	if (!c->renamed && (bends || o.others == 0 || (angle < TURN_DEG && !o.same_name)))
		return false;
	if (bends && angle < TURN_DEG) {
		*out = ROAD_NEW_NAME;
		return named;
	}
	*out = o.ahead == 0 && angle > TURN_DEG && o.left && o.right ? ROAD_END_OF_ROAD
	       : c->renamed || *c->to->name == '\0'		     ? ROAD_TURN
								     : ROAD_CONTINUE;
	return true;
}

/* Does the driver have to do something between these two legs? */
static bool
judge(struct crossing *c, enum road_manoeuvre *out)
{
	bool around_from = is_circle(c->from_way);
	bool around_to = is_circle(c->to_way);
	if (around_from || around_to) {
		*out = around_to ? ROAD_ROUNDABOUT : ROAD_EXIT_ROUNDABOUT;
		return !around_from || !around_to;
	}
	if ((c->from_way->class == CLASS_FERRY) != (c->to_way->class == CLASS_FERRY)) {
		*out = ROAD_FERRY;
		return true;
	}
	if (fabs(c->angle) > BACK_DEG) {
		*out = c->renamed || *c->to->name == '\0' ? ROAD_TURN : ROAD_CONTINUE;
		return true;
	}
	if (is_ramp(c->from_way) && is_highway(c->to_way) && fabs(c->angle) < 60) {
		*out = ROAD_MERGE;
		return true;
	}
	uint32_t v = plain_vertex(c->road, c->from->arc);
	if (c->road->turn_first[v + 1] - c->road->turn_first[v] < 2) {
		*out = ROAD_NEW_NAME;
		return c->renamed && *c->to->name != '\0';
	}
	/* straight on in the same street, and neither a ramp nor a way without a name: no look is needed */
	if (fabs(c->angle) < 8 && !c->renamed && *c->to->name != '\0' && !is_ramp(c->to_way))
		return false;
	return judge_choice(c, out);
}

/* --- steps ---------------------------------------------------------------------- */

/* Which exit: the legs of the circle that end where one could leave it. 0: the
 * way ends inside. */
static uint8_t
count_exits(const struct road *road, const struct road_path *path, size_t first)
{
	unsigned exits = 0;
	size_t i = first;
	for (; i < path->n_legs && is_circle(way_of_leg(road, &path->legs[i])); i++) {
		uint32_t v = plain_vertex(road, path->legs[i].arc);
		bool exit = i + 1 < path->n_legs && !is_circle(way_of_leg(road, &path->legs[i + 1]));
		for (uint32_t e = road->turn_first[v]; e < road->turn_first[v + 1] && !exit; e++) {
			uint32_t arc = road->vertex[road->turn[e].to].arc;
			exit = !is_circle(&road->way[road->segment[road->arc[arc].segment].way]);
		}
		exits += exit && exits < UINT8_MAX;
	}
	return i < path->n_legs ? (uint8_t)exits : 0;
}

static int16_t
whole_degrees(double deg)
{
	return (int16_t)(lround(deg) % 360);
}

static struct road_step *
begin_step(const struct road *road, struct road_path *path, size_t leg, enum road_manoeuvre what)
{
	const struct road_leg *l = &path->legs[leg];
	struct road_step *s = &path->steps[path->n_steps++];
	*s = (struct road_step){.manoeuvre = what,
				.heading = ROAD_NO_HEADING,
				.name = l->name,
				.ref = l->ref,
				.rotary_name = "",
				.destinations = road->text + way_of_leg(road, l)->destination,
				.first_leg = leg,
				.first_shape = l->first_shape};
	return s;
}

/* The step into a circle bears the names of the street it is left by; one with
 * a name of its own is a rotary. */
static void
enter_circle(const struct road *road, struct road_path *path, struct road_step *s)
{
	const char *circle = s->name;
	const char *before = path->legs[s->first_leg - 1].name;
	size_t leaves = s->first_leg;
	while (leaves < path->n_legs && is_circle(way_of_leg(road, &path->legs[leaves])))
		leaves++;
	s->exit = count_exits(road, path, s->first_leg);
	if (leaves == path->n_legs)
		return;
	const struct road_leg *after = &path->legs[leaves];
	s->name = after->name;
	s->ref = after->ref;
	s->destinations = road->text + way_of_leg(road, after)->destination;
	if (*circle == '\0' || text_eq(circle, before) || text_eq(circle, after->name))
		return;
	s->manoeuvre = ROAD_ROTARY;
	s->rotary_name = circle;
}

static void
leave_circle(struct road_path *path, struct road_step *s)
{
	if (path->n_steps < 2)
		return;
	const struct road_step *in = s - 1;
	s->exit = in->exit;
	if (in->manoeuvre == ROAD_ROTARY) {
		s->manoeuvre = ROAD_EXIT_ROTARY;
		s->rotary_name = in->rotary_name;
	}
}

static bool
is_renamed(const struct road_path *path, const struct road_leg *a, const struct road_leg *b)
{
	const struct road_step *s = &path->steps[path->n_steps - 1];
	if (*b->name != '\0' && text_eq(b->name, s->name))
		return false; /* the same street again, behind a piece without a name */
	return !text_eq(a->name, b->name) || (*a->name == '\0' && !text_eq(a->ref, b->ref));
}

/* Straight on in a street of the same name and kind: most junctions. */
static bool
goes_on(const struct crossing *c)
{
	return fabs(c->angle) < 8 && c->from->name == c->to->name && *c->to->name != '\0' &&
	       c->from_way->class == c->to_way->class && !is_circle(c->from_way) && !is_circle(c->to_way);
}

static void
cross(const struct road *road, struct road_path *path, size_t leg)
{
	struct crossing c = {.road = road, .from = &path->legs[leg - 1], .to = &path->legs[leg]};
	enum road_manoeuvre what;
	if (c.from->arc == c.to->arc)
		return; /* a point that was passed without stopping */
	c.from_way = way_of_leg(road, c.from);
	c.to_way = way_of_leg(road, c.to);
	junction_read(road, c.from->arc, c.to->arc, &c.at);
	c.before = junction_before(&c.at);
	c.after = junction_after(&c.at);
	c.angle = junction_angle(c.before, c.after);
	if (goes_on(&c))
		return;
	c.renamed = is_renamed(path, c.from, c.to);
	if (!judge(&c, &what))
		return;
	struct road_step *s = begin_step(road, path, leg, what);
	s->heading = heading_of(c.angle);
	if (s->heading == ROAD_AHEAD && (what == ROAD_FORK || what == ROAD_MERGE || what == ROAD_OFF_RAMP))
		s->heading = side_of_other(&c);
	s->bearing_before = whole_degrees(c.before);
	s->bearing_after = whole_degrees(c.after);
	if (what == ROAD_ROUNDABOUT)
		enter_circle(road, path, s);
	if (what == ROAD_EXIT_ROUNDABOUT)
		leave_circle(path, s);
}

static void
arrive(const struct road *road, const struct road_point *to, struct road_path *path)
{
	const struct road_leg *last = &path->legs[path->n_legs - 1];
	struct road_step *s = begin_step(road, path, path->n_legs - 1, ROAD_ARRIVE);
	bool left = to->left != (road->arc[last->arc].backward != 0);
	s->first_leg = path->n_legs;
	s->first_shape = path->n_shape - 1;
	s->n_shape = 1;
	if (path->n_shape > 1)
		s->bearing_before =
		    whole_degrees(place_bearing_deg(path->shape[path->n_shape - 2], path->shape[path->n_shape - 1]));
	if ((double)to->off_m > BESIDE_M)
		s->heading = left ? ROAD_LEFT : ROAD_RIGHT;
}

static void
close_steps(struct road_path *path)
{
	for (size_t i = 0; i + 1 < path->n_steps; i++) {
		struct road_step *s = &path->steps[i];
		size_t end = path->steps[i + 1].first_leg;
		s->n_legs = end - s->first_leg;
		int64_t ms = 0;
		for (size_t k = s->first_leg; k < end; k++) {
			ms += path->legs[k].duration_ms + path->legs[k].turn_ms;
			s->distance_m += path->legs[k].distance_m;
		}
		s->duration_ds = (int32_t)((ms + 50) / 100);
		const struct road_leg *last = &path->legs[end - 1];
		s->n_shape = last->first_shape + last->n_shape - s->first_shape;
	}
}

void
path_steps(struct scope *sc, const struct road *road, const struct road_point *to, struct road_path *path)
{
	path->steps = NEW_ARRAY(sc, path->n_legs + 1, struct road_step);
	struct road_step *first = begin_step(road, path, 0, ROAD_DEPART);
	if (path->n_shape > 1)
		first->bearing_after = whole_degrees(place_bearing_deg(path->shape[0], path->shape[1]));
	for (size_t i = 1; i < path->n_legs; i++)
		cross(road, path, i);
	arrive(road, to, path);
	close_steps(path);
}
