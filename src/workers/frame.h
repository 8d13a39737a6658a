/* frame: "WBW1" size:u32 (little-endian) bytes, over a stream socket. */
#ifndef WORKERS_FRAME_H
#define WORKERS_FRAME_H

#include "base/scope.h"

#define FRAME_HEAD 8u

void frame_head(uint8_t head[static FRAME_HEAD], size_t n);
/* false: not a frame's head, or longer than max. */
bool frame_size(const uint8_t head[static FRAME_HEAD], size_t max, size_t *n);

enum frame_end { FRAME_OK, FRAME_CLOSED, FRAME_LATE, FRAME_BAD };

/* deadline_ms on clock_mono_ms(); 0: none (then the socket must be blocking). */
enum frame_end frame_send(int fd, const void *bytes, size_t n, int64_t deadline_ms);
/* The bytes are the scope's. FRAME_BAD  no frame, longer than max, or no memory for it. */
enum frame_end frame_receive(struct scope *sc, int fd, size_t max, int64_t deadline_ms, uint8_t **bytes, size_t *n);

#endif
