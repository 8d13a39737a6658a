#include "road/geocode_bench.h"

#include "base/clock.h"
#include "base/prng.h"
#include "base/text.h"
#include "road/geocode_inner.h"
#include "road/geocode_words.h"
#include "road/road_map.h"

const char *const geo_way_words[] = {"as written", "plain", "typo", "mixed", "no postcode", "hidden", NULL};

#define WRONG_M 100.0

struct asked {
	struct scope *sc; /* of one question */
	const struct geo_index *g;
	struct prng *prng;
	uint32_t house;
};

static const char *
city_name(const struct asked *a)
{
	const struct geo_house *h = &a->g->house[a->house];
	uint32_t city = h->city != GEO_NONE ? h->city : a->g->entity[h->entity].locality;
	return city == GEO_NONE ? "" : a->g->text + a->g->entity[city].name;
}

static const char *
as_written(const struct asked *a, bool postcode)
{
	const struct geo_house *h = &a->g->house[a->house];
	const char *code = postcode && h->postcode != GEO_NONE ? a->g->text + a->g->postcode[h->postcode].shown : "";
	return scope_printf(a->sc, "%s %s, %s %s", a->g->text + a->g->entity[h->entity].name, a->g->text + h->shown,
			    code, city_name(a));
}

static const char *
plain(const struct asked *a)
{
	struct geo_words w;
	struct text t;
	geo_words(as_written(a, true), &w);
	text_init(&t, a->sc);
	for (size_t i = 0; i < w.n; i++)
		text_printf(&t, "%s%s", i == 0 ? "" : w.w[i].hyphen ? "-" : " ", w.w[i].s);
	return t.s;
}

/* One edit of a random ASCII letter run of four or more. */
static const char *
with_typo(const struct asked *a)
{
	char *s = scope_printf(a->sc, "%s ", as_written(a, true));
	size_t starts[64];
	size_t n = 0;
	size_t run = 0;
	for (size_t i = 0; s[i] != '\0' && n < COUNT_OF(starts); i++) {
		bool letter = (s[i] >= 'a' && s[i] <= 'z') || (s[i] >= 'A' && s[i] <= 'Z');
		run = letter ? run + 1 : 0;
		if (run >= 4)
			starts[n++] = i - prng_below(a->prng, 3);
	}
	if (n == 0)
		return s;
	size_t at = starts[prng_below(a->prng, (uint32_t)n)];
	char other = (char)('a' + prng_below(a->prng, 26));
	char *out = NULL;
	switch (prng_below(a->prng, 4)) {
	case 0:
		s[at] = other;
		out = s;
		break;
	case 1: out = scope_printf(a->sc, "%.*s%s", (int)at, s, s + at + 1); break;
	case 2: out = scope_printf(a->sc, "%.*s%c%s", (int)at, s, other, s + at); break;
	default:
		other = s[at];
		s[at] = s[at - 1];
		s[at - 1] = other;
		out = s;
		break;
	}
	return out;
}

static void
shuffle(const struct asked *a, const char **v, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = prng_below(a->prng, (uint32_t)i);
		const char *keep = v[i - 1];
		v[i - 1] = v[k];
		v[k] = keep;
	}
}

static const char *
joined(const struct asked *a, const char **v, size_t n)
{
	struct text t;
	text_init(&t, a->sc);
	for (size_t i = 0; i < n; i++)
		text_printf(&t, "%s%s", i == 0 ? "" : " ", v[i]);
	return t.s;
}

/* Street words among themselves, then street with its number, postcode and city in any order. */
static const char *
mixed(const struct asked *a)
{
	const struct geo_house *h = &a->g->house[a->house];
	char **words;
	size_t n = text_split(a->sc, a->g->text + a->g->entity[h->entity].name, ' ', &words);
	shuffle(a, (const char **)words, n);
	const char *street[2] = {joined(a, (const char **)words, n), a->g->text + h->shown};
	shuffle(a, street, 2);
	const char *code = h->postcode == GEO_NONE ? "" : a->g->text + a->g->postcode[h->postcode].shown;
	const char *parts[3] = {joined(a, street, 2), code, city_name(a)};
	shuffle(a, parts, 3);
	return scope_printf(a->sc, "%s, %s, %s", parts[0], parts[1], parts[2]);
}

static const char *
question(const struct asked *a, enum geo_way way)
{
	switch (way) {
	case GEO_PLAIN: return plain(a);
	case GEO_TYPO: return with_typo(a);
	case GEO_MIXED: return mixed(a);
	case GEO_NO_POSTCODE: return as_written(a, false);
	default: return as_written(a, true);
	}
}

static void
count(const struct asked *a, const struct geo_answer *answer, struct geo_bench_row *row, double *away)
{
	struct place door = a->g->house[a->house].at;
	row->asked++;
	if (answer->verdict == GEO_NOT_FOUND) {
		row->not_found++;
		return;
	}
	if (answer->verdict == GEO_AMBIGUOUS) {
		row->ambiguous++;
		for (size_t i = 0; i < answer->n; i++) {
			if (place_distance_m(answer->candidates[i].at, door) < WRONG_M) {
				row->listed++;
				break;
			}
		}
		return;
	}
	double off_m = place_distance_m(answer->candidates[0].at, door);
	away[row->placed++] = off_m;
	row->wrong += off_m > WRONG_M;
	row->between += answer->candidates[0].kind == GEO_INTERPOLATED;
}

static int
compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The same number of the same street, as far as postcode and city tell, at another place. */
static bool
has_twin(const struct geo_index *g, size_t house)
{
	const struct geo_house *h = &g->house[house];
	const struct geo_entity *e = &g->entity[h->entity];
	for (uint32_t i = e->first_house; i < e->first_house + e->n_houses; i++) {
		const struct geo_house *o = &g->house[i];
		if (i != house && o->first == h->first && o->suffix == h->suffix &&
		    place_distance_m(o->at, h->at) >= WRONG_M)
			return true;
	}
	return false;
}

static enum code
ask_all(struct scope *sc, const struct road *road, enum geo_way way, size_t most, struct prng *prng,
	struct geo_bench_row *row)
{
	const struct geo_index *g = &road->geo;
	double *away = NEW_ARRAY(sc, g->n_house + 1, double);
	size_t step = g->n_house / most + 1;
	int64_t spent_ns = 0;
	for (size_t i = 0; i < g->n_house; i += step) {
		if (g->house[i].within_m > 0 || has_twin(g, i))
			continue;
		struct scope once;
		scope_init(&once);
		struct asked a = {&once, g, prng, (uint32_t)i};
		struct geo_query query = {.text = question(&a, way)};
		struct geo_answer answer;
		int64_t start_ns = clock_cpu_ns();
		enum code rc =
		    road_geocode_without(&once, g, &query, way == GEO_HIDDEN ? (uint32_t)i : GEO_NONE, &answer);
		spent_ns += clock_cpu_ns() - start_ns;
		if (rc == OK)
			count(&a, &answer, row, away);
		else
			sc->err = once.err;
		scope_release(&once);
		TRY(rc);
	}
	qsort(away, row->placed, sizeof *away, compare_doubles);
	if (row->placed > 0) {
		row->median_m = away[row->placed / 2];
		row->p90_m = away[row->placed * 9 / 10];
		row->worst_m = away[row->placed - 1];
	}
	row->us = row->asked > 0 ? (double)spent_ns / 1000.0 / (double)row->asked : 0;
	return OK;
}

enum code
road_geocode_bench(struct scope *sc, const struct road *road, size_t most, uint64_t seed, struct geo_bench *out)
{
	const struct geo_index *g = &road->geo;
	struct geo_bench b = {.houses = g->n_house, .entities = g->n_entity, .names = g->n_name, .tokens = g->n_token};
	for (size_t s = SECTION_GEO_ENTITY; s <= SECTION_GEO_POSTCODE; s++)
		b.bytes += road->n[s] * road_section_size((enum road_section)s);
	for (size_t i = 0; i < g->n_house; i++)
		b.twins += has_twin(g, i);
	struct prng prng;
	prng_seed(&prng, seed);
	for (enum geo_way way = 0; way < GEO_WAYS; way++)
		TRY(ask_all(sc, road, way, most, &prng, &b.row[way]));
	*out = b;
	return OK;
}
