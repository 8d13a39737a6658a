/* base/log: one line a fact on stderr, "time level message". No personal data. */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/scope.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
void log_line(enum log_level level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The scope's error with its origin, after what was being done. */
void log_error(const struct scope *sc, const char *doing);

#endif
