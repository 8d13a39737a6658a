#include "road/handover.h"

/* A count of takers that nothing can reach, so that drops before the swap leave
 * it above zero. */
#define LIVE ((int64_t)1 << 40)

void
handover_init(struct handover *h, void (*release)(struct handed *thing))
{
	pthread_mutex_init(&h->lock, NULL);
	h->release = release;
	for (size_t i = 0; i < HANDOVER_SLOTS; i++)
		atomic_store(&h->slot[i], NULL);
}

void
handover_end(struct handover *h)
{
	for (size_t i = 1; i < HANDOVER_SLOTS; i++)
		if (atomic_load(&h->slot[i]) != NULL)
			h->release(atomic_load(&h->slot[i]));
	pthread_mutex_destroy(&h->lock);
}

/* The slot is free for the next thing once the old one is gone. */
static void
retire(struct handover *h, struct handed *thing, int64_t adjust)
{
	if (atomic_fetch_add(&thing->users, adjust) + adjust != 0)
		return;
	uint32_t slot = thing->slot;
	h->release(thing);
	atomic_store(&h->slot[slot], NULL);
}

static uint32_t
slot_for(struct handover *h, struct handed *thing)
{
	for (uint32_t i = 1; i < HANDOVER_SLOTS; i++) {
		if (atomic_load(&h->slot[i]) == NULL) {
			thing->slot = i;
			atomic_store(&h->slot[i], thing);
			return i;
		}
	}
	fprintf(stderr, "waybill: more than %u metrics in use at once\n", HANDOVER_SLOTS);
	abort();
}

void
handover_swap(struct handover *h, _Atomic uint64_t *place, struct handed *thing)
{
	uint64_t word = 0;
	pthread_mutex_lock(&h->lock);
	if (thing != NULL) {
		atomic_store(&thing->users, LIVE);
		word = (uint64_t)slot_for(h, thing) << 32;
	}
	uint64_t old = atomic_exchange(place, word);
	pthread_mutex_unlock(&h->lock);
	if (old >> 32 != 0)
		retire(h, atomic_load(&h->slot[old >> 32]), (int64_t)(uint32_t)old - LIVE);
}

struct handed *
handover_take(struct handover *h, _Atomic uint64_t *place)
{
	if (atomic_load(place) >> 32 == 0)
		return NULL;
	uint64_t seen = atomic_fetch_add(place, 1);
	if (seen >> 32 == 0)
		return NULL;
	return atomic_load(&h->slot[seen >> 32]);
}

void
handover_drop(struct handover *h, struct handed *thing)
{
	if (thing != NULL)
		retire(h, thing, -1);
}
