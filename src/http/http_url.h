/* http/url: request targets, decoded once and strictly (RFC 3986, RFC 3629).
 *
 * Refused with E_INVALID: a '%' without two hex digits, an encoded NUL, control
 * character or slash, bytes that are not UTF-8, a query name given twice; with
 * E_LIMIT: more than HTTP_QUERY_MAX names. */
#ifndef HTTP_HTTP_URL_H
#define HTTP_HTTP_URL_H

#include "base/scope.h"

#define HTTP_QUERY_MAX 32

struct http_pair {
	const char *name, *value;
};
struct http_target {
	const char *path;
	struct http_pair *query;
	size_t n_query;
};
/* "/a%20b?x=1&y=a+b" → path "/a b", query {x: "1"}, {y: "a b"}; scope-owned. */
MUST_USE enum code http_target_parse(struct scope *sc, const char *raw, struct http_target *out);

#endif
