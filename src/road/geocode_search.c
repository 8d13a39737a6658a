/* Words find tokens (exactly, as abbreviations, by their beginning, with typos, two written
 * as one); the rarest tokens find names; each name is scored whole. */
#include "road/geocode_search.h"

#include <math.h>

#define NAMES_SCORED_MAX 4000u
#define NAMES_FIRST_MAX 20000u
#define PREFIX_MAX 24
#define NAME_MIN 0.55

/* --- words to tokens ---------------------------------------------------------------- */

/* The first token that is not before the word. */
static size_t
token_lower(const struct geo_index *g, const char *word)
{
	size_t lo = 0;
	size_t hi = g->n_token;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (strcmp(g->text + g->token[mid].text, word) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static uint32_t
token_find(const struct geo_index *g, const char *word)
{
	size_t at = token_lower(g, word);
	return at < g->n_token && strcmp(g->text + g->token[at].text, word) == 0 ? (uint32_t)at : GEO_NONE;
}

static struct geo_match *
match_slot(struct geo_search *s, uint32_t token, uint16_t **slot)
{
	uint32_t i = (token * 2654435761u) % GEO_SLOTS;
	while (s->slot[i] != 0 && s->match[s->slot[i] - 1].token != token)
		i = (i + 1) % GEO_SLOTS;
	*slot = &s->slot[i];
	return s->slot[i] == 0 ? NULL : &s->match[s->slot[i] - 1];
}

static void
match_add(struct geo_search *s, uint32_t token, uint32_t words, double fit)
{
	uint16_t *slot;
	if (token == GEO_NONE)
		return;
	struct geo_match *m = match_slot(s, token, &slot);
	if (m == NULL) {
		if (s->n_match == GEO_MATCHES_MAX)
			return;
		m = &s->match[s->n_match];
		*m = (struct geo_match){.token = token};
		*slot = (uint16_t)++s->n_match;
	}
	if (fit > m->fit[0]) {
		if (m->words[0] != words) {
			m->fit[1] = m->fit[0];
			m->words[1] = m->words[0];
		}
		m->fit[0] = fit;
		m->words[0] = words;
	} else if (fit > m->fit[1] && words != m->words[0]) {
		m->fit[1] = fit;
		m->words[1] = words;
	}
}

/* The tokens whose list of deletes has this hash. */
static void
match_hash(struct geo_search *s, const struct geo_word *w, uint32_t words, uint32_t hash)
{
	const struct geo_index *g = s->g;
	unsigned max = w->n >= 8 ? 2 : 1;
	size_t lo = 0;
	size_t hi = g->n_delete;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (g->del[mid].hash < hash)
			lo = mid + 1;
		else
			hi = mid;
	}
	for (; lo < g->n_delete && g->del[lo].hash == hash; lo++) {
		const char *t = g->text + g->token[g->del[lo].token].text;
		unsigned edits = geo_edits(w->s, w->n, t, strnlen(t, GEO_WORD_BYTES + 1), max);
		if (edits > 0 && edits <= max)
			match_add(s, g->del[lo].token, words, w->n < 4 ? 0.8 : edits == 1 ? 0.9 : 0.8);
	}
}

static void
match_typos(struct geo_search *s, const struct geo_word *w, uint32_t words)
{
	if (w->n < GEO_FUZZY_BYTES || w->digits)
		return;
	match_hash(s, w, words, geo_hash(w->s, w->n, SIZE_MAX));
	for (size_t k = 0; k < w->n; k++)
		if (k == 0 || w->s[k] != w->s[k - 1])
			match_hash(s, w, words, geo_hash(w->s, w->n, k));
}

static void
match_beginnings(struct geo_search *s, const struct geo_word *w, uint32_t words)
{
	size_t at = token_lower(s->g, w->s);
	for (size_t k = 0; k < PREFIX_MAX && at + k < s->g->n_token; k++) {
		const char *t = geo_text_of(s, s->g->token[at + k].text);
		if (strncmp(t, w->s, w->n) != 0)
			return;
		match_add(s, (uint32_t)(at + k), words, 0.88);
	}
}

/* "Berg Strasse" for "Bergstrasse". */
static void
match_joined(struct geo_search *s, size_t i)
{
	const struct geo_word *a = &s->q.w[i];
	const struct geo_word *b = &s->q.w[i + 1];
	char both[GEO_WORD_BYTES];
	if (a->digits || b->digits || a->n + b->n >= GEO_WORD_BYTES)
		return;
	memcpy(both, a->s, a->n);
	memcpy(both + a->n, b->s, b->n + 1u);
	match_add(s, token_find(s->g, both), 3u << i, 0.97);
}

static double
token_weight(const struct geo_index *g, uint32_t token)
{
	return (double)g->token[token].weight;
}

static void
match_word(struct geo_search *s, size_t i)
{
	const struct geo_word *w = &s->q.w[i];
	char also[GEO_ALSO_MAX][GEO_WORD_BYTES];
	uint32_t exact = token_find(s->g, w->s);
	double share = w->n < 6 ? w->n / 6.0 : 1;
	s->weight[i] = exact != GEO_NONE ? token_weight(s->g, exact) : log(1 + (double)s->g->n_name) * share;
	match_add(s, exact, 1u << i, 1);
	size_t n = geo_word_also(w, also);
	for (size_t k = 0; k < n; k++) {
		uint32_t token = token_find(s->g, also[k]);
		match_add(s, token, 1u << i, 0.97);
		if (exact == GEO_NONE && token != GEO_NONE && token_weight(s->g, token) < s->weight[i])
			s->weight[i] = token_weight(s->g, token);
	}
	if (w->dot && !w->digits && w->n >= 2)
		match_beginnings(s, w, 1u << i);
	match_typos(s, w, 1u << i);
	if (i + 1 < s->q.n)
		match_joined(s, i);
}

/* Words that stand there twice ("Rua do Porto 5, Porto") serve two names; the second one is no news. */
static void
find_shared(struct geo_search *s)
{
	for (size_t i = 0; i < s->q.n; i++) {
		if (geo_is_link(s->q.w[i].s))
			s->shared |= 1u << i;
		for (size_t k = 0; k < i; k++) {
			if (!s->q.w[i].digits && strcmp(s->q.w[k].s, s->q.w[i].s) == 0) {
				s->shared |= 1u << k | 1u << i;
				s->noise |= 1u << i;
			}
		}
	}
}

/* --- postcodes --------------------------------------------------------------------------- */

static uint32_t
postcode_find(const struct geo_index *g, const char *word)
{
	size_t lo = 0;
	size_t hi = g->n_postcode;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(g->text + g->postcode[mid].text, word);
		if (order == 0)
			return (uint32_t)mid;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return GEO_NONE;
}

size_t
geo_digit_words(const struct geo_search *s)
{
	size_t n = 0;
	for (size_t i = 0; i < s->q.n; i++)
		n += s->q.w[i].digits;
	return n;
}

/* Two words that together are a postcode: known, or of a country's shape ("4000-442", "413 01"). */
static bool
is_postcode_pair(const struct geo_search *s, size_t i, uint32_t *known)
{
	const struct geo_word *a = &s->q.w[i];
	const struct geo_word *b = &s->q.w[i + 1];
	char both[2 * GEO_WORD_BYTES];
	memcpy(both, a->s, a->n);
	memcpy(both + a->n, b->s, b->n + 1u);
	*known = postcode_find(s->g, both);
	if (*known != GEO_NONE)
		return true;
	if (!a->digits || !b->digits)
		return false;
	return (b->hyphen && a->n == 4 && b->n == 3) ||
	       (!b->hyphen && a->n == 3 && b->n == 2 && geo_digit_words(s) > 2);
}

static void
find_postcode(struct geo_search *s)
{
	s->postcode = GEO_NONE;
	for (size_t i = 0; i + 1 < s->q.n; i++) {
		if (is_postcode_pair(s, i, &s->postcode)) {
			s->postcode_words = 3u << i;
			return;
		}
	}
	for (size_t i = 0; i < s->q.n; i++) {
		const struct geo_word *w = &s->q.w[i];
		uint32_t known =
		    w->n >= 4 && strpbrk(w->s, "0123456789") != NULL ? postcode_find(s->g, w->s) : GEO_NONE;
		if (known != GEO_NONE || (w->digits && w->n == 5 && geo_digit_words(s) > 1)) {
			s->postcode = known;
			s->postcode_words = 1u << i;
			if (known != GEO_NONE)
				return;
		}
	}
}

/* --- tokens to names ----------------------------------------------------------------------- */

static int
rarer(const void *a, const void *b)
{
	const uint64_t *x = a;
	const uint64_t *y = b;
	return (*x > *y) - (*x < *y);
}

/* Which of the words that fit a token are still free; -1: none. */
static int
free_words(const struct geo_search *s, const struct geo_match *m, uint32_t used, double fit_min)
{
	for (int i = 0; i < 2; i++)
		if (m->words[i] != 0 && m->fit[i] >= fit_min && (m->words[i] & used & ~s->shared) == 0)
			return i;
	return -1;
}

/* Share of the name's weight that was said, and by which words: what fits best first. */
double
geo_name_fit(struct geo_search *s, const struct geo_name *name, uint32_t taken, uint32_t *words)
{
	double all = 0;
	double said = 0;
	uint32_t used = 0;
	uint64_t done = 0;
	for (int pass = 0; pass < 2; pass++) {
		for (uint32_t k = 0; k < name->n_words && k < 64; k++) {
			uint32_t token = s->g->word[name->first_word + k];
			double weight = token_weight(s->g, token);
			uint16_t *slot;
			all += pass == 0 ? weight : 0;
			const struct geo_match *m = match_slot(s, token, &slot);
			if (m == NULL || (done >> k & 1) != 0)
				continue;
			int i = free_words(s, m, used | taken, pass == 0 ? 0.95 : 0);
			if (i < 0)
				continue;
			used |= m->words[i];
			done |= UINT64_C(1) << k;
			said += weight * m->fit[i];
		}
	}
	*words = used;
	return all > 0 ? said / all : 0;
}

static void
hit_add(struct geo_hit *list, size_t *n, const struct geo_hit *h)
{
	if (*n > 0 && list[*n - 1].entity == h->entity) { /* another name of the same */
		if (h->fit > list[*n - 1].fit)
			list[*n - 1] = *h;
		return;
	}
	if (*n < GEO_HITS_MAX) {
		list[(*n)++] = *h;
		return;
	}
	size_t worst = 0;
	for (size_t i = 1; i < *n; i++)
		if (list[i].fit < list[worst].fit)
			worst = i;
	if (list[worst].fit < h->fit)
		list[worst] = *h;
}

static void
score_name(struct geo_search *s, uint32_t number)
{
	const struct geo_name *name = &s->g->name[number];
	struct geo_hit h = {.entity = name->entity, .name = number};
	h.fit = geo_name_fit(s, name, 0, &h.words);
	bool street = s->g->entity[h.entity].kind == GEO_STREET_ENTITY;
	if (h.fit >= (street ? NAME_MIN : GEO_PLACE_MIN))
		hit_add(street ? s->street : s->place, street ? &s->n_street : &s->n_place, &h);
}

/* Names that hold the rarest tokens, each scored once. */
static void
gather_names(struct geo_search *s)
{
	const struct geo_index *g = s->g;
	uint64_t order[GEO_MATCHES_MAX] = {0};
	uint64_t *marked = NEW_ARRAY(s->sc, g->n_name / 64 + 1, uint64_t);
	for (size_t i = 0; i < s->n_match; i++)
		order[i] = (uint64_t)g->token[s->match[i].token].n << 16 | i;
	qsort(order, s->n_match, sizeof *order, rarer);
	size_t total = 0;
	for (size_t i = 0; i < s->n_match; i++) {
		const struct geo_token *t = &g->token[s->match[order[i] & 0xffff].token];
		if (total > 0 && total + t->n > NAMES_SCORED_MAX)
			break;
		for (uint32_t k = 0; k < t->n && k < NAMES_FIRST_MAX; k++) {
			uint32_t name = g->posting[t->first + k];
			marked[name / 64] |= UINT64_C(1) << (name % 64);
		}
		total += t->n;
	}
	for (size_t i = 0; i < g->n_name / 64 + 1; i++)
		for (uint64_t left = marked[i]; left != 0; left &= left - 1)
			score_name(s, (uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(left));
}

/* --- all of it ------------------------------------------------------------------------------ */

void
geo_search(struct geo_search *s)
{
	for (size_t i = 0; i < s->q.n; i++) {
		match_word(s, i);
		s->noise |= geo_is_noise(s->q.w[i].s) ? 1u << i : 0;
	}
	find_shared(s);
	find_postcode(s);
	gather_names(s);
}
