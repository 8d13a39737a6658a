#include "finder/finder_answer.h"

#include "base/text.h"
#include "http/http_client.h"

char *
finder_target(struct scope *sc, enum finder_kind kind, const struct geo_query *query)
{
	const char *q = url_encode(sc, query->text);
	if (kind == FINDER_NOMINATIM)
		return scope_printf(sc, "/search?format=jsonv2&addressdetails=1&limit=%d&q=%s", GEO_CANDIDATES_MAX, q);
	char *target = scope_printf(sc, "/api?limit=%d&q=%s", GEO_CANDIDATES_MAX, q);
	if (query->has_near) /* two decimals: a town, not a door */
		target =
		    scope_printf(sc, "%s&lat=%.2f&lon=%.2f", target, place_lat(query->near), place_lon(query->near));
	return target;
}

/* --- one answer --- */

/* The first of these members that is text of a sane length; NULL: none. */
static const char *
first_text(const json_t *o, const char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++) {
		const char *s = json_string_value(json_object_get(o, names[i]));
		if (s != NULL && s[0] != '\0' && strlen(s) <= 200)
			return s;
	}
	return NULL;
}

static void
take_localities(const json_t *o, const char *const names[], struct geo_parts *p)
{
	for (size_t i = 0; names[i] != NULL && p->n_localities < COUNT_OF(p->locality); i++) {
		const char *s = json_string_value(json_object_get(o, names[i]));
		if (s != NULL && s[0] != '\0' && strlen(s) <= 200)
			p->locality[p->n_localities++] = s;
	}
}

/* Nominatim writes degrees as text, Photon as numbers. */
static bool
degrees(struct scope *sc, const json_t *v, double *out)
{
	if (json_is_number(v)) {
		*out = json_number_value(v);
		return true;
	}
	bool good = json_is_string(v) && parse_double(sc, json_string_value(v), -180, 180, out) == OK;
	error_clear(sc);
	return good;
}

struct found_there {
	struct geo_parts parts;
	struct place at;
};

static bool
read_place(struct scope *sc, const json_t *lat, const json_t *lon, struct place *out)
{
	double y;
	double x;
	bool good = degrees(sc, lat, &y) && degrees(sc, lon, &x) && place_from_degrees(sc, y, x, out) == OK;
	error_clear(sc);
	return good;
}

static bool
read_nominatim(struct scope *sc, const json_t *v, struct found_there *f)
{
	static const char *const streets[] = {"road", "pedestrian", "footway", "path", "square", "place", NULL};
	static const char *const settlements[] = {
	    "city",	     "town",	      "village", "municipality", "hamlet", "suburb",  "quarter",
	    "neighbourhood", "city_district", "borough", "county",	 "state",  "country", NULL};
	static const char *const numbers[] = {"house_number", NULL};
	static const char *const codes[] = {"postcode", NULL};
	const json_t *a = json_object_get(v, "address");
	if (!json_is_object(a) || !read_place(sc, json_object_get(v, "lat"), json_object_get(v, "lon"), &f->at))
		return false;
	f->parts.street = first_text(a, streets);
	f->parts.number = first_text(a, numbers);
	f->parts.postcode = first_text(a, codes);
	take_localities(a, settlements, &f->parts);
	return true;
}

static bool
read_photon(struct scope *sc, const json_t *v, struct found_there *f)
{
	static const char *const settlements[] = {"city", "district", "locality", "county", "state", "country", NULL};
	static const char *const streets[] = {"street", NULL};
	static const char *const names[] = {"name", NULL};
	static const char *const numbers[] = {"housenumber", NULL};
	static const char *const codes[] = {"postcode", NULL};
	const json_t *p = json_object_get(v, "properties");
	const json_t *at = json_object_get(json_object_get(v, "geometry"), "coordinates");
	if (!json_is_object(p) || !read_place(sc, json_array_get(at, 1), json_array_get(at, 0), &f->at))
		return false;
	bool street = text_eq(json_string_value(json_object_get(p, "type")), "street");
	f->parts.street = first_text(p, street ? names : streets);
	f->parts.number = first_text(p, numbers);
	f->parts.postcode = first_text(p, codes);
	take_localities(p, settlements, &f->parts);
	if (f->parts.street == NULL && f->parts.n_localities == 0)
		take_localities(p, names, &f->parts);
	return true;
}

/* --- all of them --- */

static int
better(const void *a, const void *b)
{
	const struct geo_candidate *x = a;
	const struct geo_candidate *y = b;
	return (x->confidence < y->confidence) - (x->confidence > y->confidence);
}

#define ELSEWHERE_M 100.0

/* The best one's lead over what lies elsewhere; the others that say the same of the same spot go. */
static void
finish(struct geo_answer *a)
{
	double rival = 0;
	size_t n = a->n > 0 ? 1 : 0;
	for (size_t i = 1; i < a->n; i++) {
		const struct geo_candidate *c = &a->candidates[i];
		double away = place_distance_m(c->at, a->candidates[0].at);
		if (away > ELSEWHERE_M && c->confidence > rival)
			rival = c->confidence;
		if (away > ELSEWHERE_M || c->kind != a->candidates[0].kind)
			a->candidates[n++] = *c;
	}
	a->n = n;
	a->lead = n > 0 ? a->candidates[0].confidence - rival : 0;
}

#define SHOWN_MIN 0.35

enum code
finder_answer_read(struct scope *sc, enum finder_kind kind, const void *bytes, size_t n, const struct geo_query *query,
		   struct geo_answer *out)
{
	json_t *o;
	TRY(json_parse(sc, bytes, n, &o));
	const json_t *list = kind == FINDER_NOMINATIM ? o : json_object_get(o, "features");
	if (!json_is_array(list))
		return fail(sc, E_INVALID, "the geocoding server's answer is no list");
	struct geo_answer a = {.candidates = NEW_ARRAY(sc, GEO_CANDIDATES_MAX, struct geo_candidate)};
	bool explained = false;
	double best = 0;
	for (size_t i = 0; i < json_array_size(list) && a.n < GEO_CANDIDATES_MAX; i++) {
		struct found_there f = {0};
		const json_t *v = json_array_get(list, i);
		if (!(kind == FINDER_NOMINATIM ? read_nominatim(sc, v, &f) : read_photon(sc, v, &f)))
			return fail(sc, E_INVALID, "answer %zu of the geocoding server has no address or place", i);
		struct geo_compared c;
		geo_compare(sc, query->text, &f.parts, &c);
		if (c.confidence < SHOWN_MIN)
			continue;
		if (c.confidence > best) {
			best = c.confidence;
			explained = c.explained;
		}
		a.candidates[a.n++] =
		    (struct geo_candidate){c.kind, c.confidence, f.at, c.kind == GEO_ADDRESS ? 0 : 100, c.text};
	}
	if (a.n > 0)
		qsort(a.candidates, a.n, sizeof *a.candidates, better);
	finish(&a);
	geo_judge(&a, query->streets, explained);
	*out = a;
	return OK;
}
