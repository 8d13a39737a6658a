/* Names become words, words become tokens with their weight, and tokens with a letter left out
 * become the hashes by which typos are found. */
#include <math.h>

#include "base/text.h"
#include "road/geocode_build.h"
#include "road/geocode_words.h"

/* --- names and tokens --------------------------------------------------------------------------- */

struct name_of {
	uint32_t entity, folded, text;
};

static int
compare_names(const void *a, const void *b)
{
	const struct name_of *x = a;
	const struct name_of *y = b;
	if (x->entity != y->entity)
		return x->entity < y->entity ? -1 : 1;
	return x->folded != y->folded ? (x->folded < y->folded ? -1 : 1) : (x->text > y->text) - (x->text < y->text);
}

static void
add_name(struct names_build *nb, struct vec *all, uint32_t entity, uint32_t name)
{
	uint32_t folded = names_made_of(nb, nb->folded_of, name, geo_folded);
	if (folded != 0)
		*(struct name_of *)vec_push(all) = (struct name_of){entity, folded, name};
}

/* Streets by every way they are spelled, places by their name. */
static void
gather_names(struct names_build *nb, struct vec *all)
{
	for (uint32_t i = 0; i < nb->items.n; i++)
		add_name(nb, all, nb->entity_of[i], IN(nb, items, struct item, i)->name);
	for (size_t i = 0; i < nb->localities.n; i++) {
		uint32_t e = *IN(nb, localities, uint32_t, i);
		add_name(nb, all, e, IN(nb, entities, struct geo_entity, e)->name);
	}
	for (size_t i = 0; i < nb->raw->names.aliases.n; i++) {
		const struct raw_alias *a = VEC_AT(&nb->raw->names.aliases, struct raw_alias, i);
		if (nb->item_of_way[a->way] != ROAD_NONE)
			add_name(nb, all, nb->entity_of[nb->item_of_way[a->way]], a->name);
	}
	qsort(all->at, all->n, all->size, compare_names);
}

/* Names with their words as text offsets, which become tokens afterwards. */
static void
make_names(struct names_build *nb)
{
	struct vec *all = NEW(nb->sc, struct vec);
	vec_init(all, nb->sc, sizeof(struct name_of));
	gather_names(nb, all);
	for (size_t i = 0; i < all->n; i++) {
		const struct name_of *v = VEC_AT(all, struct name_of, i);
		if (i > 0 && v[-1].entity == v->entity && v[-1].folded == v->folded)
			continue;
		struct geo_words words;
		geo_words(names_text(nb, v->text), &words);
		*(struct geo_name *)vec_push(&nb->names) =
		    (struct geo_name){v->entity, (uint32_t)nb->words.n, (uint32_t)words.n, v->text};
		for (size_t k = 0; k < words.n; k++)
			vec_push_u32(&nb->words, raw_text(nb->raw, words.w[k].s));
	}
}

#define LINK_SHARE 0.3

static void
weigh_tokens(struct names_build *nb)
{
	for (size_t i = 0; i < nb->tokens.n; i++) {
		struct geo_token *t = IN(nb, tokens, struct geo_token, i);
		double weight = log(1 + (double)nb->names.n / t->n);
		t->weight = (float)(geo_is_link(names_text(nb, t->text)) ? LINK_SHARE * weight : weight);
	}
}

/* One token a distinct word; its postings name each name once. */
static void
make_tokens(struct names_build *nb)
{
	struct by_text *v = NEW_ARRAY(nb->sc, nb->words.n + 1, struct by_text);
	size_t n = 0;
	for (uint32_t i = 0; i < nb->names.n; i++) {
		const struct geo_name *name = IN(nb, names, struct geo_name, i);
		for (uint32_t k = 0; k < name->n_words; k++) {
			uint32_t text = *IN(nb, words, uint32_t, name->first_word + k);
			v[n++] = (struct by_text){names_text(nb, text), text, i};
		}
	}
	qsort(v, n, sizeof *v, names_compare_texts);
	uint32_t *token_of = NEW_ARRAY(nb->sc, nb->raw->text.n + 1, uint32_t);
	for (size_t i = 0; i < n; i++) {
		if (i == 0 || v[i].offset != v[i - 1].offset) {
			token_of[v[i].offset] = (uint32_t)nb->tokens.n;
			*(struct geo_token *)vec_push(&nb->tokens) =
			    (struct geo_token){.text = v[i].offset, .first = (uint32_t)nb->postings.n};
		} else if (v[i].value == v[i - 1].value) {
			continue;
		}
		IN(nb, tokens, struct geo_token, nb->tokens.n - 1)->n++;
		vec_push_u32(&nb->postings, v[i].value);
	}
	weigh_tokens(nb);
	for (size_t i = 0; i < nb->words.n; i++) {
		uint32_t *w = IN(nb, words, uint32_t, i);
		*w = token_of[*w];
	}
}

static int
compare_deletes(const void *a, const void *b)
{
	const struct geo_delete *x = a;
	const struct geo_delete *y = b;
	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->token > y->token) - (x->token < y->token);
}

static void
make_deletes(struct names_build *nb)
{
	for (uint32_t i = 0; i < nb->tokens.n; i++) {
		const char *s = names_text(nb, IN(nb, tokens, struct geo_token, i)->text);
		size_t n = strlen(s);
		if (n < GEO_FUZZY_BYTES || (*s >= '0' && *s <= '9'))
			continue;
		*(struct geo_delete *)vec_push(&nb->deletes) = (struct geo_delete){geo_hash(s, n, SIZE_MAX), i};
		for (size_t k = 0; k < n; k++)
			if (k == 0 || s[k] != s[k - 1]) /* the same letter twice leaves the same word */
				*(struct geo_delete *)vec_push(&nb->deletes) =
				    (struct geo_delete){geo_hash(s, n, k), i};
	}
	qsort(nb->deletes.at, nb->deletes.n, nb->deletes.size, compare_deletes);
}

/* --- all of it ------------------------------------------------------------------------------------ */

void
names_make_tokens(struct names_build *nb)
{
	make_names(nb);
	make_tokens(nb);
	make_deletes(nb);
}
