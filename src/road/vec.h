/* road/vec: growing arrays for the importer, freed with their scope.
 *
 *	struct vec v;
 *	vec_init(&v, sc, sizeof(struct thing));
 *	struct thing *t = vec_push(&v);		zeroed; moves older ones
 */
#ifndef ROAD_VEC_H
#define ROAD_VEC_H

#include "base/scope.h"

struct vec {
	uint8_t *at;
	size_t n, cap, size;
};

/* v must live as long as the scope. */
void vec_init(struct vec *v, struct scope *sc, size_t size);
void *vec_push(struct vec *v);
/* n zeroed elements more; the first of them. */
void *vec_push_n(struct vec *v, size_t n);

#define VEC_AT(v, type, i) (&((type *)(void *)(v)->at)[i])

static inline void
vec_push_u32(struct vec *v, uint32_t x)
{
	*(uint32_t *)vec_push(v) = x;
}

#endif
