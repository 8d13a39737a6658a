/* room: road
 *
 * Any bytes as the geocoder's sections: refused, or every question about them is answered
 * without reading outside. The first bytes say how many rows each section has. */
#include "road/geocode_inner.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct cutter {
	struct scope *sc;
	const uint8_t *bytes;
	size_t n;
};

/* The next `count` rows, in memory of their own so that a read beyond them is seen. */
static const void *
cut(struct cutter *c, size_t size, size_t count, size_t *got)
{
	size_t rows = c->n / size < count ? c->n / size : count;
	void *copy = malloc(rows * size + (rows == 0));
	if (copy == NULL)
		abort();
	scope_on_release(c->sc, free, copy);
	memcpy(copy, c->bytes, rows * size);
	c->bytes += rows * size;
	c->n -= rows * size;
	*got = rows;
	return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct scope sc;
	struct geo_index g;
	uint8_t rows[8];
	if (n < sizeof rows)
		return 0;
	memcpy(rows, bytes, sizeof rows);
	scope_init(&sc);
	struct cutter c = {&sc, bytes + sizeof rows, n - sizeof rows};
	g.entity = cut(&c, sizeof *g.entity, rows[0], &g.n_entity);
	g.name = cut(&c, sizeof *g.name, rows[1], &g.n_name);
	g.word = cut(&c, sizeof *g.word, rows[2], &g.n_word);
	g.house = cut(&c, sizeof *g.house, rows[3], &g.n_house);
	g.token = cut(&c, sizeof *g.token, rows[4], &g.n_token);
	g.posting = cut(&c, sizeof *g.posting, rows[5], &g.n_posting);
	g.del = cut(&c, sizeof *g.del, rows[6], &g.n_delete);
	g.postcode = cut(&c, sizeof *g.postcode, rows[7], &g.n_postcode);
	g.text = cut(&c, 1, c.n, &g.n_text);
	if (geo_index_check(&sc, &g) == OK) {
		static const char *const asked[] = {"Rua da Igreja 4, 4000-100 Alta", "a b c 1", "bergstr 12a x"};
		for (size_t i = 0; i < COUNT_OF(asked); i++) {
			const struct geo_query query = {.text = asked[i]};
			struct geo_answer a;
			if (road_geocode_without(&sc, &g, &query, GEO_NONE, &a) != OK)
				abort();
		}
	}
	scope_release(&sc);
	return 0;
}
