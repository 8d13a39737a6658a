#include "http/http_address.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <strings.h>

#include "base/text.h"

/* --- classes --- */

struct range {
	uint8_t bytes[16];
	unsigned bits;
	enum http_address_class is;
};

/* The first that fits; what fits none is public. */
static const struct range ranges4[] = {
    {{0}, 8, ADDRESS_NEVER},
    {{10}, 8, ADDRESS_PRIVATE},
    {{100, 64}, 10, ADDRESS_NEVER}, /* shared by providers; a cloud's metadata */
    {{127}, 8, ADDRESS_LOOPBACK},
    {{168, 63, 129, 16}, 32, ADDRESS_NEVER}, /* a cloud's platform channel */
    {{169, 254}, 16, ADDRESS_NEVER},	     /* link-local; most clouds' metadata */
    {{172, 16}, 12, ADDRESS_PRIVATE},
    {{192, 0, 0}, 24, ADDRESS_NEVER},
    {{192, 0, 2}, 24, ADDRESS_NEVER},
    {{192, 88, 99}, 24, ADDRESS_NEVER},
    {{192, 168}, 16, ADDRESS_PRIVATE},
    {{198, 18}, 15, ADDRESS_NEVER},
    {{198, 51, 100}, 24, ADDRESS_NEVER},
    {{203, 0, 113}, 24, ADDRESS_NEVER},
    {{224}, 3, ADDRESS_NEVER}, /* multicast and all above */
};

/* The first that fits; what fits none is never. */
static const struct range ranges6[] = {
    {{[15] = 1}, 128, ADDRESS_LOOPBACK},
    {{0xfd, 0x00, 0x0e, 0xc2, [14] = 0x02, [15] = 0x54}, 128, ADDRESS_NEVER}, /* a cloud's metadata */
    {{0xfc}, 7, ADDRESS_PRIVATE},
    {{0x20, 0x01, 0x00}, 23, ADDRESS_NEVER}, /* protocols' own: Teredo, ORCHID, benchmarks */
    {{0x20, 0x01, 0x0d, 0xb8}, 32, ADDRESS_NEVER},
    {{0x3f, 0xff}, 20, ADDRESS_NEVER},
    {{0x20}, 3, ADDRESS_PUBLIC},
};

/* An IPv4 address inside an IPv6 one, and where it begins. */
static const struct {
	uint8_t bytes[16];
	unsigned bits;
	size_t at;
	bool tunnel; /* only what is public may be reached this way */
} inside[] = {
    {{[10] = 0xff, [11] = 0xff}, 96, 12, false}, /* mapped */
    {{0x00, 0x64, 0xff, 0x9b}, 96, 12, true},	 /* NAT64 */
    {{0x20, 0x02}, 16, 2, true},		 /* 6to4 */
};

static bool
begins_with(const uint8_t *address, const uint8_t *prefix, unsigned bits)
{
	if (memcmp(address, prefix, bits / 8) != 0)
		return false;
	unsigned rest = bits % 8;
	return rest == 0 || (address[bits / 8] ^ prefix[bits / 8]) >> (8 - rest) == 0;
}

static enum http_address_class
class4(const uint8_t address[static 4])
{
	for (size_t i = 0; i < COUNT_OF(ranges4); i++)
		if (begins_with(address, ranges4[i].bytes, ranges4[i].bits))
			return ranges4[i].is;
	return ADDRESS_PUBLIC;
}

static enum http_address_class
class6(const uint8_t address[static 16])
{
	for (size_t i = 0; i < COUNT_OF(inside); i++) {
		if (!begins_with(address, inside[i].bytes, inside[i].bits))
			continue;
		enum http_address_class is = class4(address + inside[i].at);
		return inside[i].tunnel && is != ADDRESS_PUBLIC ? ADDRESS_NEVER : is;
	}
	for (size_t i = 0; i < COUNT_OF(ranges6); i++)
		if (begins_with(address, ranges6[i].bytes, ranges6[i].bits))
			return ranges6[i].is;
	return ADDRESS_NEVER;
}

enum http_address_class
http_address_class(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return class4((const uint8_t *)&((const struct sockaddr_in *)(const void *)addr)->sin_addr);
	if (addr->sa_family == AF_INET6)
		return class6(((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr.s6_addr);
	return ADDRESS_NEVER;
}

bool
http_reach_allows(enum http_reach reach, enum http_address_class there)
{
	return reach == REACH_ANY || there == ADDRESS_PUBLIC || (reach == REACH_PRIVATE && there == ADDRESS_PRIVATE) ||
	       (reach == REACH_LOOPBACK && there == ADDRESS_LOOPBACK);
}

/* --- addresses as text --- */

static const char *
part_of(struct scope *sc, CURLU *url, CURLUPart part)
{
	char *s = NULL;
	const char *copy = NULL;
	if (curl_url_get(url, part, &s, 0) == CURLUE_OK)
		copy = scope_strdup(sc, s);
	curl_free(s);
	return copy;
}

static enum code
take_apart(struct scope *sc, CURLU *url, const char *text, struct http_where *out)
{
	if (curl_url_set(url, CURLUPART_URL, text, 0) != CURLUE_OK)
		return fail_as(sc, E_INVALID, "bad-url", "this is no address of the web");
	const char *scheme = part_of(sc, url, CURLUPART_SCHEME);
	const char *host = part_of(sc, url, CURLUPART_HOST);
	const char *port = part_of(sc, url, CURLUPART_PORT);
	const char *path = part_of(sc, url, CURLUPART_PATH);
	const char *query = part_of(sc, url, CURLUPART_QUERY);
	bool tls = text_eq(scheme, "https");
	static const char host_letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";
	if ((!tls && !text_eq(scheme, "http")) || host == NULL || path == NULL ||
	    strspn(host, host_letters) != strlen(host))
		return fail_as(sc, E_INVALID, "bad-url", "an address begins with https:// and a host");
	if (strchr(text, '#') != NULL || part_of(sc, url, CURLUPART_USER) != NULL ||
	    part_of(sc, url, CURLUPART_PASSWORD) != NULL || part_of(sc, url, CURLUPART_ZONEID) != NULL)
		return fail_as(sc, E_INVALID, "bad-url", "an address has no user, password, zone or fragment");
	*out = (struct http_where){
	    .tls = tls,
	    .host = host,
	    .base = scope_printf(sc, "%s://%s%s%s", scheme, host, port == NULL ? "" : ":", port == NULL ? "" : port),
	    .target = query == NULL ? path : scope_printf(sc, "%s?%s", path, query),
	};
	return OK;
}

/* What is written so that it reads otherwise the second time (an encoded host) is refused: whoever
 * connects reads it a second time. */
static enum code
parse_both(struct scope *sc, CURLU *url, const char *text, struct http_where *out)
{
	struct http_where first;
	struct http_where again;
	TRY(take_apart(sc, url, text, &first));
	TRY(take_apart(sc, url, scope_printf(sc, "%s%s", first.base, first.target), &again));
	if (!text_eq(first.base, again.base) || !text_eq(first.target, again.target))
		return fail_as(sc, E_INVALID, "bad-url", "an address is written plainly");
	*out = first;
	return OK;
}

enum code
http_where_parse(struct scope *sc, const char *text, struct http_where *out)
{
	size_t n = strlen(text);
	bool plain = n > 0 && n <= HTTP_WHERE_MAX;
	for (const char *s = text; *s != '\0' && plain; s++)
		plain = *s > ' ' && *s <= '~' && *s != '\\';
	if (!plain || (!text_starts(text, "https://") && !text_starts(text, "http://")))
		return fail_as(sc, E_INVALID, "bad-url",
			       "an address begins with https:// and is at most %d characters of plain ASCII",
			       HTTP_WHERE_MAX);
	CURLU *url = curl_url();
	if (url == NULL)
		return fail(sc, E_MEMORY, "no memory for an address");
	enum code rc = parse_both(sc, url, text, out);
	curl_url_cleanup(url);
	return rc;
}

/* False: a name. */
static bool
class_of_host(struct scope *sc, const char *host, enum http_address_class *out)
{
	struct sockaddr_in a4 = {.sin_family = AF_INET};
	struct sockaddr_in6 a6 = {.sin6_family = AF_INET6};
	size_t n = strlen(host);
	if (inet_pton(AF_INET, host, &a4.sin_addr) == 1) {
		*out = http_address_class((const struct sockaddr *)&a4);
		return true;
	}
	if (n > 2 && host[0] == '[' && inet_pton(AF_INET6, scope_strndup(sc, host + 1, n - 2), &a6.sin6_addr) == 1) {
		*out = http_address_class((const struct sockaddr *)&a6);
		return true;
	}
	*out = ADDRESS_LOOPBACK;
	return strcasecmp(host, "localhost") == 0 || (n > 10 && strcasecmp(host + n - 10, ".localhost") == 0);
}

enum code
http_where_check(struct scope *sc, const struct http_where *where, enum http_reach reach)
{
	enum http_address_class is;
	if (class_of_host(sc, where->host, &is) && !http_reach_allows(reach, is))
		return fail_as(sc, E_DENIED, "address-not-allowed", "%s is not an address this house calls",
			       where->host);
	return OK;
}
