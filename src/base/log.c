#include "base/log.h"

#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"

static _Atomic int log_level = LOG_INFO;

static const char *const level_name[] = {"error", "warn", "info", "debug"};

void
log_set_level(enum log_level level)
{
	atomic_store(&log_level, (int)level);
}

void
log_line(enum log_level level, const char *fmt, ...)
{
	if ((int)level > atomic_load(&log_level))
		return;
	struct clock wall;
	clock_init_wall(&wall);
	char at[TIME_TEXT_MAX];
	char line[1200];
	int n = snprintf(line, sizeof line - 1, "%s %s ", time_format(clock_now_ms(&wall), at), level_name[level]);
	va_list ap;
	va_start(ap, fmt);
	int m = vsnprintf(line + n, sizeof line - 1 - (size_t)n, fmt, ap);
	va_end(ap);
	size_t len = (size_t)n + (m < 0 ? 0 : (size_t)m);
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' '; /* one fact stays one line */
	line[len++] = '\n';
	ssize_t put = write(STDERR_FILENO, line, len); /* one call: lines of threads do not mix */
	(void)put;
}

void
log_error(const struct scope *sc, const char *doing)
{
	const struct error *e = &sc->err;
	log_line(LOG_ERROR, "%s: %s (%s, %s:%d)", doing, e->message, code_name(e->code),
		 e->file == NULL ? "?" : e->file, e->line);
}
