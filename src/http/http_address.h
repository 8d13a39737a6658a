/* http/address: where on the net an address lies, so that a server asked to call an
 * address it was given by somebody else does not call into a network of its own.
 *
 * The classes follow IANA's registries of special-purpose addresses (RFC 6890 and
 * later). What carries an IPv4 address inside (mapped, NAT64, 6to4) is judged by it. */
#ifndef HTTP_HTTP_ADDRESS_H
#define HTTP_HTTP_ADDRESS_H

#include <sys/socket.h>

#include "base/scope.h"

enum http_address_class {
	ADDRESS_PUBLIC,
	ADDRESS_PRIVATE,  /* a network of one's own: RFC 1918, fc00::/7 */
	ADDRESS_LOOPBACK, /* this machine */
	ADDRESS_NEVER,	  /* link-local, shared, multicast, documentation, a cloud's metadata, not assigned, not IP */
};
enum http_address_class http_address_class(const struct sockaddr *addr);

/* Which addresses a client may connect to. */
enum http_reach {
	REACH_ANY,	/* whatever the configuration named */
	REACH_PUBLIC,	/* public ones */
	REACH_PRIVATE,	/* and networks of one's own */
	REACH_LOOPBACK, /* public ones and this machine: for tests */
};
bool http_reach_allows(enum http_reach reach, enum http_address_class there);

/* An address somebody gave, taken apart for http_client_open() and http_client_send(). */
struct http_where {
	bool tls;
	const char *host;   /* as a URL has it: IPv6 in brackets, IPv4 in dotted decimals however it was written */
	const char *base;   /* "https://host:8443" */
	const char *target; /* "/path?query" */
};
#define HTTP_WHERE_MAX 1000
/* E_INVALID (reason "bad-url")  not http or https, with a user, a password or a fragment, with bytes that are not
 * plain ASCII, or longer than HTTP_WHERE_MAX. */
MUST_USE enum code http_where_parse(struct scope *sc, const char *url, struct http_where *out);
/* E_DENIED (reason "address-not-allowed")  the host is an address, or "localhost", that reach does not allow. Of a
 * name only the connection tells. */
MUST_USE enum code http_where_check(struct scope *sc, const struct http_where *where, enum http_reach reach);

#endif
