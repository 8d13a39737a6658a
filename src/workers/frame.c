#include "workers/frame.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/clock.h"

static const uint8_t magic[4] = {'W', 'B', 'W', '1'};

void
frame_head(uint8_t head[static FRAME_HEAD], size_t n)
{
	memcpy(head, magic, sizeof magic);
	for (size_t i = 0; i < 4; i++)
		head[4 + i] = (uint8_t)(n >> (8 * i));
}

bool
frame_size(const uint8_t head[static FRAME_HEAD], size_t max, size_t *n)
{
	size_t size = 0;
	for (size_t i = 0; i < 4; i++)
		size |= (size_t)head[4 + i] << (8 * i);
	if (memcmp(head, magic, sizeof magic) != 0 || size > max)
		return false;
	*n = size;
	return true;
}

/* Waits until fd can be read or written. FRAME_OK: try; hang-ups show in the call itself. */
static enum frame_end
wait_for(int fd, short events, int64_t deadline_ms)
{
	for (;;) {
		int64_t left = deadline_ms - clock_mono_ms();
		if (left <= 0)
			return FRAME_LATE;
		struct pollfd p = {fd, events, 0};
		int n = poll(&p, 1, left > 60000 ? 60000 : (int)left);
		if (n > 0)
			return FRAME_OK;
		if (n < 0 && errno != EINTR)
			return FRAME_CLOSED;
	}
}

static enum frame_end
send_all(int fd, const uint8_t *p, size_t n, int64_t deadline_ms)
{
	while (n > 0) {
		ssize_t put = send(fd, p, n, MSG_NOSIGNAL);
		if (put >= 0) {
			p += put;
			n -= (size_t)put;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return FRAME_CLOSED;
		enum frame_end end = wait_for(fd, POLLOUT, deadline_ms);
		if (end != FRAME_OK)
			return end;
	}
	return FRAME_OK;
}

static enum frame_end
receive_all(int fd, uint8_t *p, size_t n, int64_t deadline_ms)
{
	while (n > 0) {
		ssize_t got = recv(fd, p, n, 0);
		if (got == 0)
			return FRAME_CLOSED;
		if (got > 0) {
			p += got;
			n -= (size_t)got;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return FRAME_CLOSED;
		enum frame_end end = wait_for(fd, POLLIN, deadline_ms);
		if (end != FRAME_OK)
			return end;
	}
	return FRAME_OK;
}

enum frame_end
frame_send(int fd, const void *bytes, size_t n, int64_t deadline_ms)
{
	uint8_t head[FRAME_HEAD];
	frame_head(head, n);
	enum frame_end end = send_all(fd, head, sizeof head, deadline_ms);
	return end == FRAME_OK ? send_all(fd, bytes, n, deadline_ms) : end;
}

enum frame_end
frame_receive(struct scope *sc, int fd, size_t max, int64_t deadline_ms, uint8_t **bytes, size_t *n)
{
	uint8_t head[FRAME_HEAD];
	size_t size;
	void *room;
	enum frame_end end = receive_all(fd, head, sizeof head, deadline_ms);
	if (end != FRAME_OK)
		return end;
	if (!frame_size(head, max, &size))
		return FRAME_BAD;
	if (scope_try_array(sc, size + 1, 1, &room) != OK) {
		error_clear(sc);
		return FRAME_BAD;
	}
	end = receive_all(fd, room, size, deadline_ms);
	if (end != FRAME_OK)
		return end;
	*bytes = room;
	*n = size;
	return FRAME_OK;
}
