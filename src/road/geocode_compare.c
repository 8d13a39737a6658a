/* A question beside an address that somebody else found: are they the same? */
#include "base/text.h"
#include "road/geocode.h"
#include "road/geocode_words.h"

struct comparing {
	const struct geo_words *q;
	uint32_t used; /* mask: words of the question that are explained */
};

static double
word_weight(const struct geo_word *w)
{
	return geo_is_link(w->s) ? 0.2 : w->n < 6 ? w->n / 6.0 : 1;
}

/* 1 the same, less with typos, 0 another word. */
static double
word_fit(const struct geo_word *a, const struct geo_word *b)
{
	char also[GEO_ALSO_MAX][GEO_WORD_BYTES];
	if (strcmp(a->s, b->s) == 0)
		return 1;
	size_t n = geo_word_also(a, also);
	for (size_t i = 0; i < n; i++)
		if (strcmp(also[i], b->s) == 0)
			return 0.97;
	if (a->digits || b->digits || a->n < 3 || b->n < 3)
		return 0;
	unsigned max = a->n >= 8 ? 2 : 1;
	unsigned edits = geo_edits(a->s, a->n, b->s, b->n, max);
	return edits > max ? 0 : edits == 1 ? 0.9 : 0.8;
}

/* Share of a name that the question says; *words: by which of its words. */
static double
said(const struct comparing *c, const char *name, uint32_t *words)
{
	struct geo_words n;
	double all = 0;
	double sum = 0;
	uint32_t used = 0;
	geo_words(name, &n);
	for (size_t i = 0; i < n.n; i++) {
		double best = 0;
		size_t by = 0;
		all += word_weight(&n.w[i]);
		for (size_t k = 0; k < c->q->n; k++) {
			double fit = ((used | c->used) >> k & 1) != 0 ? 0 : word_fit(&c->q->w[k], &n.w[i]);
			if (fit > best) {
				best = fit;
				by = k;
			}
		}
		if (best > 0)
			used |= 1u << by;
		sum += best * word_weight(&n.w[i]);
	}
	*words = used;
	return all > 0 ? sum / all : 0;
}

/* Does a number of the question go with the one that was found? 1 yes, 0.95 but for its letter, 0.75 it is not
 * told there, 0.5 it is another one. */
static double
number_fit(struct comparing *c, const char *number, uint32_t street, bool *asked)
{
	struct geo_number there = {0};
	double best = number == NULL || !geo_number_parse(number, &there) ? 0.75 : 0.5;
	uint32_t by = 0;
	*asked = false;
	for (size_t k = 0; k < c->q->n; k++) {
		struct geo_number here;
		if (((street | c->used) >> k & 1) != 0 || !geo_number_parse(c->q->w[k].s, &here))
			continue;
		*asked = true;
		if (best == 0.75 || here.first < there.first || here.first > there.last ||
		    (here.first - there.first) % 2 != 0)
			continue;
		bool letter = k + 1 < c->q->n && c->q->w[k + 1].n == 1 && strcmp(c->q->w[k + 1].s, there.suffix) == 0;
		bool same = strcmp(here.suffix, there.suffix) == 0 || letter;
		if ((same ? 1 : 0.95) > best) {
			best = same ? 1 : 0.95;
			by = letter ? 3u << k : 1u << k;
		}
	}
	c->used |= by;
	return *asked ? best : 1;
}

static bool
postcode_said(struct comparing *c, const char *postcode)
{
	struct geo_words code;
	geo_words(postcode, &code);
	uint32_t used = 0;
	for (size_t i = 0; i < code.n; i++) {
		size_t k = 0;
		while (k < c->q->n && strcmp(c->q->w[k].s, code.w[i].s) != 0)
			k++;
		if (k == c->q->n)
			return false;
		used |= 1u << k;
	}
	c->used |= used;
	return code.n > 0;
}

/* Words of digits that could be a postcode stand there, and it is another one. */
static bool
other_postcode(const struct comparing *c)
{
	size_t digits = 0;
	for (size_t k = 0; k < c->q->n; k++)
		if ((c->used >> k & 1) == 0 && c->q->w[k].digits)
			digits += strspn(c->q->w[k].s, "0123456789");
	return digits >= 5;
}

static double
share_left(const struct comparing *c)
{
	double all = 0;
	double left = 0;
	for (size_t k = 0; k < c->q->n; k++) {
		const struct geo_word *w = &c->q->w[k];
		if (w->digits)
			continue;
		all += word_weight(w);
		left += (c->used >> k & 1) == 0 && !geo_is_link(w->s) && !geo_is_noise(w->s) ? word_weight(w) : 0;
	}
	return all > 0 ? left / all : 0;
}

static const char *
parts_text(struct scope *sc, const struct geo_parts *p)
{
	struct text t;
	text_init(&t, sc);
	const char *city = p->n_localities > 0 ? p->locality[0] : NULL;
	const char *const words[] = {p->street, p->number, p->postcode, city};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (words[i] != NULL)
			text_printf(&t, "%s%s",
				    t.len == 0					? ""
				    : i == 2 || (i == 3 && p->postcode == NULL) ? ", "
										: " ",
				    words[i]);
	return t.len == 0 ? "?" : t.s;
}

void
geo_compare(struct scope *sc, const char *question, const struct geo_parts *parts, struct geo_compared *out)
{
	struct geo_words q;
	geo_words(question, &q);
	struct comparing c = {.q = &q};
	uint32_t street = 0;
	bool asked = false;
	bool agrees = parts->postcode != NULL && postcode_said(&c, parts->postcode);
	double fit = parts->street == NULL ? 1 : said(&c, parts->street, &street);
	double number = parts->street == NULL ? 1 : number_fit(&c, parts->number, street, &asked);
	c.used |= street;
	double place = 0;
	for (size_t i = 0; i < parts->n_localities; i++) {
		uint32_t words;
		double here = said(&c, parts->locality[i], &words);
		if (here < 0.8)
			continue;
		c.used |= words;
		place = here > place ? here : place;
	}
	agrees = agrees || place > 0;
	double left = share_left(&c);
	double evidence = agrees ? 1 : 0.98;
	if (other_postcode(&c))
		evidence *= 0.8;
	struct geo_compared r = {.text = parts_text(sc, parts)};
	r.kind = parts->street == NULL				    ? GEO_PLACE
		 : parts->number != NULL && asked && number >= 0.95 ? GEO_ADDRESS
								    : GEO_STREET;
	r.confidence = fit * number * evidence * (1 - (agrees ? 0.3 : 0.6) * left);
	if (parts->street == NULL)
		r.confidence = place * 0.5;
	r.explained = left < 1e-9 || agrees;
	*out = r;
}
