/* Every number of the geocoder's sections once, so that reading them needs no further care. */
#include "base/text.h"
#include "road/geocode_map.h"

static bool
text_ok(const struct geo_index *g, uint32_t offset)
{
	return offset < g->n_text;
}

static bool
part_ok(uint32_t first, uint32_t n, size_t all)
{
	return first <= all && n <= all - first;
}

static bool
entities_ok(const struct geo_index *g)
{
	for (size_t i = 0; i < g->n_entity; i++) {
		const struct geo_entity *e = &g->entity[i];
		if (!text_ok(g, e->name) || !place_valid(e->at) || !part_ok(e->first_house, e->n_houses, g->n_house) ||
		    (e->locality != GEO_NONE && e->locality >= g->n_entity) || e->radius_m > 50000000)
			return false;
		for (uint32_t k = 1; k < e->n_houses; k++)
			if (g->house[e->first_house + k - 1].first > g->house[e->first_house + k].first)
				return false;
	}
	return true;
}

static bool
names_ok(const struct geo_index *g)
{
	for (size_t i = 0; i < g->n_name; i++)
		if (g->name[i].entity >= g->n_entity ||
		    !part_ok(g->name[i].first_word, g->name[i].n_words, g->n_word) || !text_ok(g, g->name[i].text))
			return false;
	for (size_t i = 0; i < g->n_word; i++)
		if (g->word[i] >= g->n_token)
			return false;
	return true;
}

static bool
houses_ok(const struct geo_index *g)
{
	for (size_t i = 0; i < g->n_house; i++) {
		const struct geo_house *h = &g->house[i];
		if (!place_valid(h->at) || h->entity >= g->n_entity || !text_ok(g, h->suffix) ||
		    !text_ok(g, h->shown) || (h->postcode != GEO_NONE && h->postcode >= g->n_postcode) ||
		    (h->city != GEO_NONE && h->city >= g->n_entity) || h->last < h->first || h->last > 9999999)
			return false;
	}
	for (size_t i = 0; i < g->n_postcode; i++)
		if (!place_valid(g->postcode[i].at) || !text_ok(g, g->postcode[i].text) ||
		    !text_ok(g, g->postcode[i].shown))
			return false;
	return true;
}

static bool
tokens_ok(const struct geo_index *g)
{
	for (size_t i = 0; i < g->n_token; i++)
		if (!text_ok(g, g->token[i].text) || g->token[i].n == 0 ||
		    !(g->token[i].weight > 0 && g->token[i].weight < 100) ||
		    !part_ok(g->token[i].first, g->token[i].n, g->n_posting))
			return false;
	for (size_t i = 0; i < g->n_posting; i++)
		if (g->posting[i] >= g->n_name)
			return false;
	for (size_t i = 0; i < g->n_delete; i++)
		if (g->del[i].token >= g->n_token)
			return false;
	return true;
}

enum code
geo_index_check(struct scope *sc, const struct geo_index *g)
{
	if (g->n_text == 0 || g->text[g->n_text - 1] != '\0' || !entities_ok(g) || !names_ok(g) || !houses_ok(g) ||
	    !tokens_ok(g))
		return fail(sc, E_CORRUPT, "the addresses of the road file lead outside of it");
	return OK;
}
