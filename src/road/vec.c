#include "road/vec.h"

static void
vec_free(void *arg)
{
	struct vec *v = arg;
	free(v->at);
	*v = (struct vec){0};
}

static void
vec_reserve(struct vec *v, size_t n)
{
	if (n <= v->cap)
		return;
	size_t cap = v->cap < 64 ? 64 : v->cap + v->cap / 2;
	if (cap < n)
		cap = n;
	uint8_t *p = cap > SIZE_MAX / 2 / v->size ? NULL : realloc(v->at, cap * v->size);
	if (p == NULL) {
		fprintf(stderr, "waybill: out of memory (%zu x %zu bytes wanted)\n", cap, v->size);
		abort();
	}
	v->at = p;
	v->cap = cap;
}

void
vec_init(struct vec *v, struct scope *sc, size_t size)
{
	*v = (struct vec){.size = size};
	scope_on_release(sc, vec_free, v);
	vec_reserve(v, 1); /* VEC_AT of an empty one is an address, too */
}

void *
vec_push_n(struct vec *v, size_t n)
{
	vec_reserve(v, v->n + n);
	uint8_t *p = v->at + v->n * v->size;
	memset(p, 0, n * v->size);
	v->n += n;
	return p;
}

void *
vec_push(struct vec *v)
{
	return vec_push_n(v, 1);
}
