/* road/handover: things that are exchanged while many threads use them. Private
 * to the room.
 *
 * A place is one 64-bit word, slot << 32 | taken. To take what is there is one
 * fetch-and-add on it, which counts the taker and reads the slot in the same
 * instant; to drop it counts down in the thing. A swap exchanges the word and
 * adds what was taken through it to the old thing's count, which then falls to
 * zero exactly when the last taker drops it. Nobody who takes ever waits, gets
 * what was freed, or sees half a swap. */
#ifndef ROAD_HANDOVER_H
#define ROAD_HANDOVER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/scope.h"

#define HANDOVER_SLOTS 1024u

/* The first member of what is handed over. */
struct handed {
	_Atomic int64_t users;
	uint32_t slot;
};

struct handover {
	pthread_mutex_t lock; /* swaps only */
	void (*release)(struct handed *thing);
	struct handed *_Atomic slot[HANDOVER_SLOTS]; /* 0 is nothing */
};

void handover_init(struct handover *h, void (*release)(struct handed *thing));
/* Releases what is still in a slot. */
void handover_end(struct handover *h);
/* Takes over `thing`; NULL empties the place. More than HANDOVER_SLOTS in use at
 * once is a fault of ours, and ends the process. */
void handover_swap(struct handover *h, _Atomic uint64_t *place, struct handed *thing);
/* NULL: nothing is there. */
struct handed *handover_take(struct handover *h, _Atomic uint64_t *place);
void handover_drop(struct handover *h, struct handed *thing);

#endif
