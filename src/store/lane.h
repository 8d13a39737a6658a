/* store/lane: one lane's writer thread and its queue. Inside the room only. */
#ifndef STORE_LANE_H
#define STORE_LANE_H

#include "store/backend.h"

#define LANE_WAITING_MAX 8192
#define LANE_GROUP_MAX 512
/* A serialisation failure is run again this often before its caller hears of it. */
#define LANE_RETRIES 5

struct lane_writer;

/* Takes over the connection. */
MUST_USE enum code lane_open(struct scope *sc, struct store *st, struct conn *c, struct lane_writer **out);
/* Finishes what is queued, ends the thread, lets go of the other lane's tables. NULL is fine. */
void lane_stop(struct lane_writer *l);
/* After lane_stop(). NULL is fine. */
void lane_close(struct lane_writer *l);
MUST_USE enum code lane_push(struct lane_writer *l, struct write *w);
/* store.c's: tells the listeners. On the writer's thread, after the commit. */
void store_tell(struct store *st, const struct after *after);
bool lane_is_this_thread(const struct lane_writer *l);

#endif
