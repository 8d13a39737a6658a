/* A question becomes words; words find tokens (exactly, as abbreviations, by their
 * beginning, with typos, two written as one); the rarest tokens find names; each name
 * is scored whole; each street that could be meant looks for the number, postcode and
 * city in the words that its name left over.
 *
 *	geo_search	words → tokens → names: streets and places that fit (geocode_search.c)
 *	street_number	words left over → the house
 *	locality	words left over → evidence
 *	rank		confidence, rivals, verdict */
#include "road/geocode.h"

#include <math.h>

#include "base/text.h"
#include "road/geocode_search.h"
#include "road/road_map.h"

const char *const geo_kind_words[] = {"address", "interpolated", "street", "place", NULL};
const char *const geo_verdict_words[] = {"placed", "ambiguous", "not_found", NULL};

/* The number that a question gives. */
struct number {
	uint32_t words; /* mask; 0: none was given */
	uint32_t first, last;
	char suffix[8];
};

/* --- the number ------------------------------------------------------------------------------ */

static bool
number_read(const struct geo_search *s, size_t i, uint32_t taken, struct number *out)
{
	const struct geo_word *w = &s->q.w[i];
	struct geo_number n;
	struct number number = {.words = 1u << i};
	if (!geo_number_parse(w->s, &n))
		return false;
	number.first = number.last = n.first;
	memcpy(number.suffix, n.suffix, sizeof n.suffix);
	const struct geo_word *next = i + 1 < s->q.n && (taken >> (i + 1) & 1) == 0 ? w + 1 : NULL;
	struct geo_number to;
	if (next != NULL && next->digits && next->hyphen && geo_number_parse(next->s, &to) && to.suffix[0] == '\0' &&
	    to.first > n.first && to.first - n.first <= 100) {
		number.last = to.first;
		number.words |= 2u << i;
	} else if (next != NULL && !next->digits && next->n == 1 && n.suffix[0] == '\0') {
		memcpy(number.suffix, next->s, next->n + 1u);
		number.words |= 2u << i;
	}
	*out = number;
	return true;
}

/* How far a word stands from the street's words: the one right behind them is the nearest. */
static unsigned
apart(const struct geo_search *s, uint32_t street, size_t i)
{
	unsigned best = 100;
	for (size_t k = 0; k < s->q.n; k++) {
		if ((street >> k & 1) == 0)
			continue;
		unsigned away = i > k ? 2 * (unsigned)(i - k) : 2 * (unsigned)(k - i) + 1;
		best = away < best ? away : best;
	}
	return best;
}

static struct number
street_number(const struct geo_search *s, uint32_t street)
{
	struct number best = {0};
	unsigned best_apart = 1000;
	uint32_t taken = street | s->postcode_words;
	for (size_t i = 0; i < s->q.n; i++) {
		struct number n;
		if ((taken >> i & 1) != 0 || !s->q.w[i].digits || !number_read(s, i, taken, &n))
			continue;
		if (apart(s, street, i) < best_apart) {
			best = n;
			best_apart = apart(s, street, i);
		}
	}
	return best;
}

/* --- houses ------------------------------------------------------------------------------------ */

struct doors {
	uint32_t door[16]; /* houses of that number */
	size_t n;
	bool exact;	       /* with its suffix */
	uint32_t below, above; /* the nearest of the same side; GEO_NONE */
};

static bool
holds_number(const struct geo_house *h, uint32_t number)
{
	return h->first == number || (h->first < number && number <= h->last && (number - h->first) % 2 == 0);
}

static void
doors_add(const struct geo_search *s, struct doors *d, uint32_t i, const struct number *want)
{
	const struct geo_house *h = &s->g->house[i];
	bool exact = strcmp(geo_text_of(s, h->suffix), want->suffix) == 0;
	if (exact && !d->exact) {
		d->n = 0;
		d->exact = true;
	}
	if (d->n < COUNT_OF(d->door) && exact == d->exact)
		d->door[d->n++] = i;
}

static void
find_doors(const struct geo_search *s, const struct geo_entity *e, const struct number *want, struct doors *d)
{
	*d = (struct doors){.below = GEO_NONE, .above = GEO_NONE};
	for (uint32_t i = e->first_house; i < e->first_house + e->n_houses; i++) {
		const struct geo_house *h = &s->g->house[i];
		if (i == s->hidden)
			continue;
		if (holds_number(h, want->first) || holds_number(h, want->last))
			doors_add(s, d, i, want);
		if (h->first % 2 != want->first % 2)
			continue;
		if (h->last < want->first)
			d->below = i;
		if (h->first > want->first && d->above == GEO_NONE)
			d->above = i;
	}
}

#define GAP_MAX 60u
#define GAP_MAX_M 400.0

/* Between its neighbours on its side of the street; false where they are missing or too far apart. */
static bool
interpolate(const struct geo_search *s, const struct doors *d, uint32_t number, struct geo_found *f)
{
	if (d->below == GEO_NONE || d->above == GEO_NONE)
		return false;
	const struct geo_house *a = &s->g->house[d->below];
	const struct geo_house *z = &s->g->house[d->above];
	double apart_m = place_distance_m(a->at, z->at);
	if (z->first - a->last > GAP_MAX || apart_m > GAP_MAX_M)
		return false;
	double t = (double)(number - a->last) / (double)(z->first - a->last);
	f->kind = GEO_INTERPOLATED;
	f->at.lat_e7 = a->at.lat_e7 + (int32_t)lround(t * ((double)z->at.lat_e7 - a->at.lat_e7));
	f->at.lon_e7 = a->at.lon_e7 + (int32_t)lround(t * ((double)z->at.lon_e7 - a->at.lon_e7));
	f->within_m = apart_m / 2 < 10 ? 10 : apart_m / 2;
	f->postcode = a->postcode == z->postcode ? a->postcode : GEO_NONE;
	f->city = a->city == z->city ? a->city : GEO_NONE;
	f->number_fit = apart_m <= 2 * GEO_WITHIN_M ? 0.95 : 0.85;
	return true;
}

/* --- postcode and city ---------------------------------------------------------------------------- */

struct evidence {
	double fit;
	bool agrees;	    /* something speaks for it */
	bool contradicts;   /* a place is named that is not here */
	uint32_t explained; /* mask */
};

/* How well a named place goes with a candidate: 1 it says so itself, 0 it is elsewhere. */
static double
place_agrees(const struct geo_search *s, const struct geo_found *f, uint32_t place)
{
	const struct geo_entity *p = &s->g->entity[place];
	uint32_t of = f->city != GEO_NONE ? f->city : s->g->entity[f->entity].locality;
	if (of == place || (of != GEO_NONE && s->g->entity[of].name == p->name))
		return f->city != GEO_NONE ? 1 : 0.98;
	if (place_distance_m(p->at, f->at) > p->radius_m)
		return 0;
	if (of == GEO_NONE || p->is_city == 0)
		return 0.97;
	return f->city != GEO_NONE ? 0.7 : 0.79; /* it says, or it seems, to lie in another one: not to be placed */
}

static void
weigh_postcode(const struct geo_search *s, const struct geo_found *f, struct evidence *e)
{
	if (s->postcode_words == 0)
		return;
	e->explained |= s->postcode_words;
	if (s->postcode == GEO_NONE)
		return;
	const struct geo_postcode *p = &s->g->postcode[s->postcode];
	double away = place_distance_m(p->at, f->at) - p->radius_m;
	if (f->postcode == s->postcode || (f->postcode == GEO_NONE && away < 1000)) {
		e->agrees = true;
		e->fit *= f->postcode == s->postcode ? 1 : 0.94;
	} else {
		e->fit *= away < 1000 ? 0.88 : away < 5000 ? 0.8 : 0.6;
	}
}

static void
weigh_places(struct geo_search *s, const struct geo_found *f, uint32_t taken, struct evidence *e)
{
	uint32_t near = 0;
	uint32_t far = 0;
	double best = 0; /* of what was said of its place */
	for (size_t i = 0; i < s->n_place; i++) {
		struct geo_hit p = s->place[i];
		if ((p.words & taken & ~s->shared) != 0) /* the street's; others may mean the place, too */
			p.fit = geo_name_fit(s, &s->g->name[p.name], taken, &p.words);
		if (p.fit < GEO_PLACE_MIN)
			continue;
		double agrees = place_agrees(s, f, p.entity);
		if (agrees > 0)
			near |= p.words;
		else if (p.fit > 0.96)
			far |= p.words;
		double fit = agrees * (0.5 + 0.5 * p.fit);
		best = fit > best ? fit : best;
	}
	e->explained |= near;
	if (near != 0) {
		e->agrees = true;
		e->fit *= best;
	}
	if ((far & ~near & ~s->noise & ~taken) != 0) {
		e->explained |= far;
		e->contradicts = near == 0;
		e->fit *= near == 0 ? 0.5 : 0.9;
	}
}

/* --- candidates ---------------------------------------------------------------------------------------- */

static double
share_left(const struct geo_search *s, uint32_t explained)
{
	double all = 0;
	double left = 0;
	for (size_t i = 0; i < s->q.n; i++) {
		if (s->q.w[i].digits)
			continue;
		all += s->weight[i];
		left += (explained >> i & 1) == 0 ? s->weight[i] : 0;
	}
	return all > 0 ? left / all : 0;
}

#define FOUND_MAX 512

static void
found_add(struct geo_search *s, const struct geo_hit *h, struct geo_found f, uint32_t number_words)
{
	uint32_t taken = h->words | number_words;
	struct evidence e = {.fit = 1};
	f.entity = h->entity;
	weigh_postcode(s, &f, &e);
	weigh_places(s, &f, taken, &e);
	double left = share_left(s, taken | e.explained | s->noise);
	if (!e.agrees)
		e.fit *= 0.98;
	f.name_fit = h->fit;
	f.base = h->fit * (1 - (e.agrees ? 0.3 : 0.6) * left) *
		 e.fit; /* a firm's name costs less where city or postcode agree */
	f.confidence = f.base * f.number_fit;
	f.rival = f.base * f.rival_fit;
	f.explained = left < 1e-9 || e.agrees;
	f.contradicts = e.contradicts;
	if (s->n_found < FOUND_MAX)
		s->found[s->n_found++] = f;
}

/* A street of which few numbers are known may well have the one that was asked for. */
#define FEW_NUMBERS 3
#define RIVAL_STREET 0.96

static void
found_street(struct geo_search *s, const struct geo_hit *h, bool number_asked, uint32_t number_words)
{
	const struct geo_entity *e = &s->g->entity[h->entity];
	struct geo_found f = {.kind = GEO_STREET, .at = e->at, .within_m = e->radius_m < 20 ? 20 : e->radius_m};
	f.house = GEO_NONE;
	f.postcode = GEO_NONE;
	f.city = GEO_NONE;
	f.number_asked = number_asked;
	f.number_fit = number_asked ? 0.75 : 1;
	f.few_numbers = e->n_houses < FEW_NUMBERS;
	f.rival_fit = number_asked && !f.few_numbers ? 0.75 : RIVAL_STREET;
	found_add(s, h, f, number_words);
}

static void
found_door(struct geo_search *s, const struct geo_hit *h, uint32_t house, bool exact, uint32_t words)
{
	const struct geo_house *x = &s->g->house[house];
	struct geo_found f = {.at = x->at, .house = house, .postcode = x->postcode, .city = x->city};
	f.kind = exact && x->within_m == 0 ? GEO_ADDRESS : GEO_INTERPOLATED;
	f.within_m = exact ? x->within_m : x->within_m + 25.0;
	f.number_fit = f.rival_fit = exact ? (x->within_m == 0 ? 1 : 0.97) : 0.95;
	f.number_asked = true;
	found_add(s, h, f, words);
}

static void
try_street(struct geo_search *s, const struct geo_hit *h)
{
	struct number n = street_number(s, h->words);
	struct doors d;
	if (n.words == 0) {
		found_street(s, h, false, 0);
		return;
	}
	find_doors(s, &s->g->entity[h->entity], &n, &d);
	if (d.n > 0 || n.suffix[0] == '\0' || (n.words & (n.words - 1)) == 0) {
		/* a number as it stands */
	} else {
		n.words &= (uint32_t) - (int32_t)n.words; /* the letter behind it is something else */
	}
	for (size_t i = 0; i < d.n; i++)
		found_door(s, h, d.door[i], d.exact, n.words);
	if (d.n > 0)
		return;
	struct geo_found f = {.house = GEO_NONE, .number_asked = true};
	if (interpolate(s, &d, n.first, &f)) {
		snprintf(f.shown, sizeof f.shown, "%" PRIu32 "%s", n.first, n.suffix);
		f.rival_fit = f.number_fit;
		found_add(s, h, f, n.words);
	} else {
		found_street(s, h, true, n.words);
	}
}

static void
try_place(struct geo_search *s, const struct geo_hit *h)
{
	const struct geo_entity *e = &s->g->entity[h->entity];
	struct geo_found f = {.kind = GEO_PLACE, .at = e->at, .within_m = e->radius_m, .house = GEO_NONE};
	f.postcode = GEO_NONE;
	f.city = GEO_NONE;
	f.number_fit = geo_digit_words(s) > 0 ? 0.5 : 0.8;
	f.rival_fit = 0.3;
	found_add(s, h, f, 0);
}

/* --- ranking --------------------------------------------------------------------------------------------- */

static int
better(const void *a, const void *b)
{
	const struct geo_found *x = a;
	const struct geo_found *y = b;
	if (fabs(x->confidence - y->confidence) > 1e-9)
		return x->confidence > y->confidence ? -1 : 1;
	if (fabs(x->near_m - y->near_m) > 1e-9)
		return x->near_m < y->near_m ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return x->entity != y->entity ? (x->entity < y->entity ? -1 : 1)
				      : (x->house > y->house) - (x->house < y->house);
}

#define SAME_PLACE_M 100.0

/* What else the question could mean: the best of what lies elsewhere. */
static double
rival_of(const struct geo_search *s, const struct geo_found *best)
{
	double rival = 0;
	for (size_t i = 0; i < s->n_found; i++) {
		const struct geo_found *f = &s->found[i];
		if (f == best || (f->entity == best->entity && f->house == best->house))
			continue;
		double away_m = place_distance_m(f->at, best->at);
		bool streets = f->kind == GEO_STREET || best->kind == GEO_STREET;
		if (away_m < SAME_PLACE_M && !streets)
			continue;
		if (f->few_numbers && f->kind == GEO_STREET && best->kind == GEO_ADDRESS &&
		    away_m < f->within_m + SAME_PLACE_M)
			continue; /* another name of the street that the door is in */
		double as_rival =
		    f->kind != GEO_PLACE && f->name_fit > best->name_fit + 0.02 ? f->base * RIVAL_STREET : f->rival;
		rival = as_rival > rival ? as_rival : rival;
	}
	return rival;
}

static bool
is_repeat(const struct geo_search *s, const size_t *kept, size_t n, const struct geo_found *f)
{
	for (size_t i = 0; i < n; i++) {
		const struct geo_found *k = &s->found[kept[i]];
		if (k->entity == f->entity && k->kind == f->kind && place_distance_m(k->at, f->at) < SAME_PLACE_M)
			return true;
	}
	return false;
}

/* "Rua de Cedofeita 12, 4050-180 Porto" */
static const char *
found_text(const struct geo_search *s, const struct geo_found *f)
{
	const struct geo_entity *e = &s->g->entity[f->entity];
	struct text t;
	text_init(&t, s->sc);
	text_add(&t, geo_text_of(s, e->name));
	const char *number = f->house != GEO_NONE ? geo_text_of(s, s->g->house[f->house].shown) : f->shown;
	if (number[0] != '\0')
		text_printf(&t, " %s", number);
	uint32_t city = f->city != GEO_NONE ? f->city : e->locality;
	const char *code = f->postcode == GEO_NONE ? "" : geo_text_of(s, s->g->postcode[f->postcode].shown);
	const char *name = city == GEO_NONE || city == f->entity ? "" : geo_text_of(s, s->g->entity[city].name);
	if (code[0] != '\0' || name[0] != '\0')
		text_printf(&t, ", %s%s%s", code, code[0] != '\0' && name[0] != '\0' ? " " : "", name);
	return t.s;
}

void
geo_judge(struct geo_answer *a, bool streets, bool explained)
{
	const struct geo_candidate *best = a->candidates;
	a->verdict = a->n == 0 ? GEO_NOT_FOUND : GEO_AMBIGUOUS;
	if (a->n == 0)
		a->reason = "nothing";
	else if (best->kind == GEO_PLACE)
		a->reason = "place-only";
	else if (a->lead < GEO_LEAD_MIN)
		a->reason = "several";
	else if (best->kind == GEO_STREET && !streets)
		a->reason = "no-such-number";
	else if (!explained)
		a->reason = "words-left";
	else if (best->confidence < (best->kind == GEO_STREET ? 0.7 : GEO_PLACED_MIN) ||
		 (best->kind == GEO_INTERPOLATED && best->within_m > GEO_WITHIN_M))
		a->reason = "weak";
	else {
		a->verdict = GEO_PLACED;
		a->reason = "";
	}
}

#define SHOWN_MIN 0.35

static void
answer(struct geo_search *s, const struct geo_query *query, struct geo_answer *out)
{
	size_t max = query->max == 0 ? 5 : query->max < GEO_CANDIDATES_MAX ? query->max : GEO_CANDIDATES_MAX;
	size_t kept[GEO_CANDIDATES_MAX] = {0};
	size_t n = 0;
	qsort(s->found, s->n_found, sizeof *s->found, better);
	for (size_t i = 0; i < s->n_found && n < max; i++)
		if (s->found[i].confidence >= SHOWN_MIN && !is_repeat(s, kept, n, &s->found[i]))
			kept[n++] = i;
	struct geo_answer a = {.n = n, .candidates = NEW_ARRAY(s->sc, n + 1, struct geo_candidate)};
	for (size_t i = 0; i < n; i++) {
		const struct geo_found *f = &s->found[kept[i]];
		a.candidates[i] = (struct geo_candidate){f->kind, f->confidence, f->at, f->within_m, found_text(s, f)};
	}
	const struct geo_found *best = n > 0 ? &s->found[kept[0]] : NULL;
	if (best != NULL)
		a.lead = best->confidence - rival_of(s, best);
	if (best != NULL && best->kind == GEO_STREET && !best->number_asked)
		a.lead = best->confidence - rival_of(s, best) * best->rival_fit;
	geo_judge(&a, query->streets, best != NULL && best->explained);
	if (a.verdict == GEO_AMBIGUOUS && best->contradicts)
		a.reason = "elsewhere";
	else if (strcmp(a.reason, "no-such-number") == 0 && !best->number_asked)
		a.reason = "no-number";
	*out = a;
}

enum code
road_geocode_without(struct scope *sc, const struct geo_index *g, const struct geo_query *query, uint32_t hidden,
		     struct geo_answer *out)
{
	size_t bytes = strlen(query->text);
	if (!utf8_valid(query->text, bytes) || utf8_length(query->text) > GEO_TEXT_MAX)
		return fail(sc, E_INVALID, "an address has at most %d characters of UTF-8", GEO_TEXT_MAX);
	struct geo_search *s = NEW(sc, struct geo_search);
	s->sc = sc;
	s->g = g;
	s->hidden = hidden;
	geo_words(query->text, &s->q);
	if (s->q.n == 0)
		return fail(sc, E_INVALID, "the address is empty");
	s->found = NEW_ARRAY(sc, FOUND_MAX, struct geo_found);
	geo_search(s);
	for (size_t i = 0; i < s->n_street; i++)
		try_street(s, &s->street[i]);
	for (size_t i = 0; i < s->n_place; i++)
		try_place(s, &s->place[i]);
	for (size_t i = 0; i < s->n_found && query->has_near; i++)
		s->found[i].near_m = place_distance_m(query->near, s->found[i].at);
	answer(s, query, out);
	return OK;
}

json_t *
geo_answer_json(struct scope *sc, const struct geo_answer *a)
{
	json_t *o = json_new_object(sc);
	json_put_text(o, "verdict", geo_verdict_words[a->verdict]);
	json_put_text(o, "reason", a->verdict == GEO_PLACED ? NULL : a->reason);
	json_put_real(o, "lead", round(a->lead * 1000) / 1000);
	json_t *list = json_array();
	for (size_t i = 0; i < a->n; i++) {
		const struct geo_candidate *c = &a->candidates[i];
		json_t *one = json_object();
		json_put_text(one, "kind", geo_kind_words[c->kind]);
		json_put_real(one, "confidence", round(c->confidence * 1000) / 1000);
		json_put_text(one, "text", c->text);
		json_put_place(one, "place", c->at);
		json_put_int(one, "within_m", (int64_t)ceil(c->within_m));
		json_array_append_new(list, one);
	}
	json_put(o, "candidates", list);
	return o;
}

enum code
road_geocode(struct scope *sc, const struct road *road, const struct geo_query *query, struct geo_answer *out)
{
	return road_geocode_without(sc, &road->geo, query, GEO_NONE, out);
}
