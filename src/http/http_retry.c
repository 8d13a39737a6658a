/* Retry-After (RFC 9110, 10.2.3): either so many seconds, or a date in one of the three
 * forms a receiver must take, all of which begin with the name of a day. libcurl reads
 * dates; what it would take beyond these (a time of day, a zone, a bare number) does not
 * get there. */
#include <curl/curl.h>

#include "http/http_client.h"

#define FIELD_MAX 64 /* "Wednesday, 09-Nov-94 08:49:37 GMT" is 33 */
#define DIGITS_MAX 9 /* more seconds than these hold are HTTP_RETRY_MAX_MS anyhow */

static int64_t
bounded(int64_t ms)
{
	return ms < 0 ? 0 : ms > HTTP_RETRY_MAX_MS ? HTTP_RETRY_MAX_MS : ms;
}

static int64_t
seconds_ms(const char *digits)
{
	digits += strspn(digits, "0");
	return strlen(digits) > DIGITS_MAX ? HTTP_RETRY_MAX_MS : bounded(strtoll(digits, NULL, 10) * 1000);
}

int64_t
http_retry_after_ms(const char *field, int64_t now_ms)
{
	size_t n = strnlen(field, FIELD_MAX);
	if (n == 0 || n == FIELD_MAX)
		return 0;
	if (strspn(field, "0123456789") == n)
		return seconds_ms(field);
	if (strchr("MTWFS", field[0]) == NULL)
		return 0;
	time_t at_s = curl_getdate(field, NULL);
	int64_t last_s = (now_ms + HTTP_RETRY_MAX_MS) / 1000; /* years of nine digits are dates to libcurl */
	return at_s <= 0 ? 0 : bounded((at_s < last_s ? (int64_t)at_s : last_s) * 1000 - now_ms);
}
