/* api/call: one request on its way through an endpoint, and the row that
 * describes an endpoint. Everything in a call lives in its scope.
 *
 * A row's phases (each may be missing):
 *	prepare(sc, tx, c)   on a snapshot; a read-only endpoint replies here
 *	work(sc, c)          on a pool thread, no transaction; may take long
 *	commit(sc, tx, c)    a write; may run twice, so it begins from what prepare and work left
 * The last one to run leaves the reply (reply_json() and friends). A failing
 * phase ends the call with its problem; commit's changes are then gone. An
 * answer of "no" whose changes must stay (a counted wrong passphrase) is
 * reply_problem() and OK. */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/api.h"
#include "base/json.h"
#include "http/http.h"
#include "people/access.h"

/* --- who may --- */
#define MAY_PUBLIC 1u
#define MAY_DRIVER 2u
#define MAY_ROLE(role) (4u << (role))
#define MAY_MANAGE MAY_ROLE(ROLE_ADMIN)
#define MAY_DISPATCH (MAY_MANAGE | MAY_ROLE(ROLE_DISPATCHER))
#define MAY_REVIEW (MAY_MANAGE | MAY_ROLE(ROLE_REVIEWER))
#define MAY_COSIGN MAY_ROLE(ROLE_REPRESENTATIVE)
#define MAY_AUDIT (MAY_MANAGE | MAY_ROLE(ROLE_REPRESENTATIVE) | MAY_ROLE(ROLE_AUDITOR))
#define MAY_SHIP (MAY_DISPATCH | MAY_ROLE(ROLE_INTEGRATOR))
/* Everybody of the house; not an integrator's machine. */
#define MAY_STAFF (MAY_DISPATCH | MAY_REVIEW | MAY_COSIGN | MAY_ROLE(ROLE_AUDITOR))

/* --- rows --- */

struct call;
typedef enum code call_read(struct scope *sc, struct tx *tx, struct call *c);
typedef enum code call_work(struct scope *sc, struct call *c);
typedef enum code call_write(struct scope *sc, struct tx *tx, struct call *c);

enum body_kind { BODY_NONE, BODY_JSON, BODY_CSV };

#define BODY_SMALL ((size_t)64 << 10)
#define BODY_LIST ((size_t)2 << 20)
#define BODY_PICTURES ((size_t)12 << 20)

enum limit { LIMIT_NONE, LIMIT_SIGN_UP, LIMIT_SIGN_IN, LIMIT_FACE, LIMIT_LOOK, LIMITS };

struct route {
	const char *method;
	const char *path; /* "/v1/driver/stops/{stop_id}/deliver"; "{rest*}" at the end takes slashes too */
	unsigned who;	  /* MAY_… */
	call_read *prepare;
	call_work *work;
	call_write *commit;
	/* for people and machines: /openapi.json */
	const char *summary;
	const char *query;   /* "after,limit,station_id": parameters, all optional; NULL: none */
	const char *request; /* schema name in schema/<area>.json; NULL: no body */
	const char *answer;  /* schema name, or a media type ("text/event-stream") */
	enum body_kind body;
	size_t body_max; /* 0: BODY_SMALL where there is a body */
	enum limit limit;
	bool once;	/* Idempotency-Key is heard */
	bool positions; /* commit on LANE_POSITIONS */
	bool stepped;	/* exists under a stepped clock only */
	int status;	/* of success; 0: 200 */
};
/* Ends with a row whose method is NULL. */
struct route_table {
	const char *tag; /* "Driver" */
	const char *what;
	const struct route *rows;
};
extern const struct route_table *const api_tables[]; /* NULL-ended; api_route.c */

/* --- the call --- */

#define CALL_PARAMS 4
#define CALL_FIELDS 8

struct reply {
	int status;
	const json_t *json; /* or bytes */
	const void *bytes;
	size_t n;
	bool borrowed; /* bytes are static */
	const char *content_type;
	struct http_field fields[CALL_FIELDS];
	size_t n_fields;
	void (*stream)(struct call *c); /* NULL, or the last act: a stream takes the exchange over */
};

struct call {
	struct scope *sc;
	struct api *api;
	struct house *house;
	struct http_exchange *x;
	const struct route *route;
	const char *param[CALL_PARAMS]; /* in the order of the path */
	bool known;			/* `who` is filled: not a public call without a token */
	struct actor who;
	const char *token;
	const json_t *body;   /* BODY_JSON: an object */
	const char *once_key; /* NULL: not asked for */
	uint8_t once_hash[32];
	void *user;	  /* what one phase leaves for the next; the scope's */
	const char *hint; /* a problem's: what would help; NULL: none */
	struct reply reply;
	int64_t began_ns;
	struct write write;
	bool begun; /* the pool's: past its snapshot */
	bool replayed;
	struct call *next_; /* the pool's */
};

void reply_json(struct call *c, const json_t *value);		    /* with the row's status */
void reply_status(struct call *c, int status, const json_t *value); /* another one */
void reply_bytes(struct call *c, const char *content_type, const void *bytes, size_t n);
void reply_field(struct call *c, const char *name, const char *value);
/* A refusal that is committed. */
void reply_problem(struct call *c, enum code code, const char *reason, const char *fmt, ...) PRINTF_LIKE(4, 5);

/* --- reading the request --- */

const char *call_query(const struct call *c, const char *name); /* NULL: absent or empty */
/* ?after= and ?limit= (1–200, 50). E_INVALID names the parameter. */
MUST_USE enum code call_page(struct scope *sc, const struct call *c, int64_t *after_seq, size_t *max);
/* A query parameter that must be there. */
MUST_USE enum code call_need_query(struct scope *sc, const struct call *c, const char *name, const char **out);
/* The operator of a public call: ?operator=slug, or the only one. */
MUST_USE enum code call_operator(struct scope *sc, struct tx *tx, const struct call *c, struct operator* out);
/* Pictures as base64 (1 … max of them): bytes in the scope. E_INVALID, E_LIMIT name the member. */
struct call_picture {
	const uint8_t *bytes;
	size_t n;
};
MUST_USE enum code call_pictures(struct scope *sc, const json_t *list, const char *key, size_t max,
				 struct call_picture *out, size_t *n);

/* "pictures" of a body, 1 … max (at most PICTURES_MAX) of them. */
struct pictures;
MUST_USE enum code take_pictures(struct scope *sc, const json_t *body, size_t max, struct pictures *out);

/* {"ok":true}: for calls whose success says everything. */
json_t *json_ok(struct scope *sc);
/* {"items":list,"next":null}: lists that are short by nature. */
void reply_items(struct scope *sc, struct call *c, json_t *list);

#endif
