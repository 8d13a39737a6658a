/* base/json: jansson with bounds, and readers that name the field they refuse.
 *
 * Values belong to a scope: json_own() hands a reference over. Readers:
 *	json_need_…   the member must be there and right
 *	json_may_…    absent or null leaves *out as it was
 * Errors are E_INVALID, reason "bad-field", with the member's name in the
 * message. Integers beyond int64 and non-finite numbers are refused. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>

#include "base/geo.h"
#include "base/money.h"
#include "base/scope.h"

/* Takes over one reference; released with the scope. NULL (out of memory) aborts. */
json_t *json_own(struct scope *sc, json_t *value);
/* A new object / array that the scope owns. */
json_t *json_new_object(struct scope *sc);
json_t *json_new_array(struct scope *sc);

/* One JSON value, the whole input, UTF-8, no duplicate keys, at most 64 deep
 * (jansson's own bound is 2048). E_INVALID says line and column. */
MUST_USE enum code json_parse(struct scope *sc, const void *bytes, size_t n, json_t **out);
/* Compact text, keys in the order they were set. */
char *json_text(struct scope *sc, const json_t *value);
/* Compact text with sorted keys: the same value always gives the same bytes. */
char *json_canonical(struct scope *sc, const json_t *value);

/* Members are set without checking: the arguments are ours. Each takes over v. */
void json_put(json_t *object, const char *key, json_t *v);
void json_put_text(json_t *object, const char *key, const char *s_or_null);
void json_put_int(json_t *object, const char *key, int64_t v);
void json_put_bool(json_t *object, const char *key, bool v);
void json_put_real(json_t *object, const char *key, double v);
/* "2026-11-22T06:30:00.000Z"; 0 gives null. */
void json_put_time(json_t *object, const char *key, int64_t at_ms);
/* {"lat":…,"lon":…} in degrees. */
void json_put_place(json_t *object, const char *key, struct place p);
/* {"minor":1234,"currency":"SEK"} */
void json_put_money(json_t *object, const char *key, struct money m, struct currency c);

/* The value must be an object and have no member outside the NULL-ended list. */
MUST_USE enum code json_only(struct scope *sc, const json_t *value, const char *const names[]);

/* Text lengths count code points; control characters but \n and \t are refused. */
MUST_USE enum code json_need_text(struct scope *sc, const json_t *o, const char *key, size_t min, size_t max,
				  const char **out);
MUST_USE enum code json_may_text(struct scope *sc, const json_t *o, const char *key, size_t min, size_t max,
				 const char **out);
MUST_USE enum code json_need_int(struct scope *sc, const json_t *o, const char *key, int64_t min, int64_t max,
				 int64_t *out);
MUST_USE enum code json_may_int(struct scope *sc, const json_t *o, const char *key, int64_t min, int64_t max,
				int64_t *out);
MUST_USE enum code json_need_real(struct scope *sc, const json_t *o, const char *key, double min, double max,
				  double *out);
MUST_USE enum code json_may_bool(struct scope *sc, const json_t *o, const char *key, bool *out);
MUST_USE enum code json_need_time(struct scope *sc, const json_t *o, const char *key, int64_t *at_ms);
MUST_USE enum code json_may_time(struct scope *sc, const json_t *o, const char *key, int64_t *at_ms);
MUST_USE enum code json_need_place(struct scope *sc, const json_t *o, const char *key, struct place *out);
MUST_USE enum code json_need_array(struct scope *sc, const json_t *o, const char *key, size_t min, size_t max,
				   const json_t **out);
MUST_USE enum code json_need_object(struct scope *sc, const json_t *o, const char *key, const json_t **out);
/* Index of the member's text in a NULL-ended list of words. */
MUST_USE enum code json_need_word(struct scope *sc, const json_t *o, const char *key, const char *const words[],
				  size_t *out);
MUST_USE enum code json_may_word(struct scope *sc, const json_t *o, const char *key, const char *const words[],
				 size_t *out);

#endif
