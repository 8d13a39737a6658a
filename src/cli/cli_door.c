/* waybill face serve: a stateless recogniser that speaks Amazon Rekognition's JSON
 * 1.1, for systems that already do. A process of its own: it opens no store, no
 * keys of Waybill's, and has never heard of a driver.
 *
 *	POST /               x-amz-target: RekognitionService.CompareFaces | DetectFaces |
 *	                     CreateFaceLivenessSession | GetFaceLivenessSessionResults
 *	GET  /liveness/ID    the poses a camera must show, in order, and until when
 *	POST /liveness/ID    {"nonce": …, "frames": [5 pictures in base64]}: once
 *
 * The last two stand where AWS has a streaming service: they are for the camera's side,
 * unsigned, and known by the session's id alone (124 random bits, 3 minutes).
 *
 * Requests are signed (SigV4) with keys the operator issued: a file of
 *	{"keys": [{"name": …, "access_key": …, "secret": …, "per_minute": 60}, …]}
 * A key may compare so many faces a minute and no more, and every call leaves one
 * line on stderr (key, operation, faces compared, outcome), so that nobody can walk
 * through a gallery unseen. Collections, IndexFaces and Search… are refused: one-to-
 * many search does not exist here. Age, gender and emotion are never answered.
 *
 *	http thread ── queue ──▶ caller thread (cli/stand) ── workers_call ──▶ sandboxed child
 *
 * Similarity is 0 … 100 as clients expect, made from the false match rate of the
 * worst measured group: 80 at 1e-2, 99 at 1e-4, 99.5 at 1e-5. */
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/cli_face.h"
#include "cli/sigv4.h"
#include "cli/stand.h"
#include "face/door_wire.h"
#include "workers/workers.h"

#define KEYS_MAX 64u
#define QUEUE_MAX 64u
#define BODY_MAX ((size_t)24 << 20)
#define IMAGE_MAX ((size_t)5242880)
#define CALL_MS 10000
#define SESSIONS_MAX 256u
#define SESSION_MS ((int64_t)3 * 60 * 1000)

struct door_key {
	const char *name, *access_key, *secret;
	int64_t per_minute;
	/* under the lock: a bucket that fills at per_minute */
	double tokens;
	int64_t filled_ms;
};

enum session_state { SESSION_FREE, SESSION_CREATED, SESSION_IN_PROGRESS, SESSION_SUCCEEDED, SESSION_FAILED };

struct session {
	enum session_state state;
	const struct door_key *key;
	char id[40]; /* a UUID, as clients expect */
	struct face_challenge challenge;
	enum face_live live;
};

struct door {
	struct clock clock;
	struct random random;
	struct session sessions[SESSIONS_MAX]; /* under the lock */
	struct workers *children;
	struct door_key keys[KEYS_MAX];
	size_t n_keys;
	pthread_mutex_t lock;
};

/* --- answers --- */

static const struct http_field door_fields[] = {{"content-type", "application/x-amz-json-1.1"}};

static void
reply_json(struct http_exchange *x, int status, const json_t *o)
{
	char *s = json_text(http_scope(x), o);
	http_reply(x, status, door_fields, COUNT_OF(door_fields), s, strlen(s), true);
}

static void
reply_error(struct http_exchange *x, int status, const char *type, const char *message)
{
	json_t *o = json_new_object(http_scope(x));
	json_put_text(o, "__type", type);
	json_put_text(o, "message", message);
	reply_json(x, status, o);
}

/* A failure of ours as AWS names it. */
static void
reply_failure(struct http_exchange *x, const struct scope *sc)
{
	const struct error *e = &sc->err;
	switch (e->code) {
	case E_UNAUTHENTICATED:
		if (text_eq(e->reason, "missing"))
			reply_error(x, 400, "MissingAuthenticationTokenException", e->message);
		else if (text_eq(e->reason, "unknown-key"))
			reply_error(x, 400, "UnrecognizedClientException", e->message);
		else
			reply_error(x, 400, "InvalidSignatureException", e->message);
		break;
	case E_DENIED: reply_error(x, 400, "AccessDeniedException", e->message); break;
	case E_LIMIT:
		reply_error(x, 400, text_eq(e->reason, "rate") ? "ThrottlingException" : "ImageTooLargeException",
			    e->message);
		break;
	case E_INVALID:
		reply_error(x, 400,
			    text_eq(e->reason, "parameter") ? "InvalidParameterException"
							    : "InvalidImageFormatException",
			    e->message);
		break;
	case E_NOT_FOUND:
		reply_error(x, 400,
			    text_eq(e->reason, "session") ? "SessionNotFoundException" : "UnknownOperationException",
			    e->message);
		break;
	case E_DEADLINE:
	case E_UNAVAILABLE: reply_error(x, 503, "ServiceUnavailableException", "no helper is free; try again"); break;
	default: reply_error(x, 500, "InternalServerError", "something is wrong here; the log says what");
	}
}

/* --- faces as Rekognition writes them --- */

static double
share(double v)
{
	return round(v * 1e6) / 1e6;
}

static json_t *
box_json(const struct face_found *in, const struct face_box *b)
{
	double w = in->width;
	double h = in->height;
	return json_pack("{s:f,s:f,s:f,s:f}", "Width", share((double)(b->right - b->left) / w), "Height",
			 share((double)(b->bottom - b->top) / h), "Left", share((double)b->left / w), "Top",
			 share((double)b->top / h));
}

static void
put_face(json_t *o, const struct face_found *in, const struct face_box *b)
{
	static const char *const names[5] = {"eyeLeft", "eyeRight", "nose", "mouthLeft", "mouthRight"};
	const struct face_quality *q = &b->quality;
	json_t *points = json_array();
	for (size_t i = 0; i < 5; i++)
		json_array_append_new(points, json_pack("{s:s,s:f,s:f}", "Type", names[i], "X",
							share((double)b->points[i].x / in->width), "Y",
							share((double)b->points[i].y / in->height)));
	json_put(o, "BoundingBox", box_json(in, b));
	json_put_real(o, "Confidence", share((double)b->score * 100));
	json_put(o, "Landmarks", points);
	json_put(o, "Pose",
		 json_pack("{s:f,s:f,s:f}", "Roll", share((double)q->roll_deg), "Yaw", share((double)q->yaw_deg),
			   "Pitch", share((double)q->pitch_deg)));
	json_put(o, "Quality",
		 json_pack("{s:f,s:f}", "Brightness", share((double)q->brightness * 100), "Sharpness",
			   share((double)q->sharpness * 100)));
}

static double
similarity(double fmr)
{
	double digits = -log10(fmr);
	if (digits <= 2)
		return fmax(0, digits) * 40;
	if (digits <= 4)
		return 80 + (digits - 2) * 9.5;
	return fmin(100, 99 + (digits - 4) * 0.5);
}

/* --- requests --- */

static enum code
image_read(struct scope *sc, const json_t *body, const char *member, struct face_picture *out)
{
	const json_t *image = json_object_get(body, member);
	const json_t *bytes = json_object_get(image, "Bytes");
	uint8_t *p;
	size_t n;
	if (json_object_get(image, "S3Object") != NULL)
		return fail_as(sc, E_INVALID, "parameter", "%s: pictures come as Bytes; there is no S3 here", member);
	if (!json_is_string(bytes))
		return fail_as(sc, E_INVALID, "parameter", "%s.Bytes is missing", member);
	enum code rc = base64_decode(sc, json_string_value(bytes), IMAGE_MAX, &p, &n);
	if (rc == E_LIMIT)
		return fail_as(sc, E_LIMIT, "image", "%s is larger than %zu bytes", member, IMAGE_MAX);
	if (rc != OK)
		return fail_as(sc, E_INVALID, "parameter", "%s.Bytes is not base64", member);
	*out = (struct face_picture){p, n};
	return OK;
}

static enum code
ask_child(struct scope *sc, struct door *d, enum door_op op, const struct face_challenge *challenge,
	  const struct face_picture *pictures, struct door_answer *a)
{
	uint8_t *request;
	uint8_t *answer;
	size_t n;
	TRY(door_request(sc, op, challenge, pictures, &request, &n));
	TRY(workers_call(sc, d->children, request, n, clock_mono_ms() + CALL_MS, &answer, &n));
	return door_answer_read(sc, op, answer, n, a);
}

static enum code
detect_faces(struct scope *sc, struct door *d, const json_t *body, json_t *out, size_t *faces)
{
	struct face_picture picture;
	struct door_answer *a = NEW(sc, struct door_answer);
	TRY(image_read(sc, body, "Image", &picture));
	TRY(ask_child(sc, d, DOOR_DETECT, NULL, &picture, a));
	json_t *list = json_array();
	for (size_t i = 0; i < a->source.n; i++) {
		json_t *face = json_object();
		put_face(face, &a->source, &a->source.faces[i]);
		json_array_append_new(list, face);
	}
	json_put(out, "FaceDetails", list);
	*faces = a->source.n;
	return OK;
}

static enum code
compare_faces(struct scope *sc, struct door *d, const json_t *body, json_t *out, size_t *faces)
{
	struct face_picture pictures[2];
	struct door_answer *a = NEW(sc, struct door_answer);
	double threshold = 80;
	const json_t *asked = json_object_get(body, "SimilarityThreshold");
	if (asked != NULL) {
		threshold = json_number_value(asked);
		if (!json_is_number(asked) || !(threshold >= 0 && threshold <= 100))
			return fail_as(sc, E_INVALID, "parameter", "SimilarityThreshold is 0 to 100");
	}
	TRY(image_read(sc, body, "SourceImage", &pictures[0]));
	TRY(image_read(sc, body, "TargetImage", &pictures[1]));
	TRY(ask_child(sc, d, DOOR_COMPARE, NULL, pictures, a));
	if (a->source.n == 0)
		return fail_as(sc, E_INVALID, "parameter", "there is no face in the source image");
	json_t *matches = json_array();
	json_t *others = json_array();
	for (size_t i = 0; i < a->target.n; i++) {
		json_t *face = json_object();
		double s = similarity(a->fmr[i]);
		put_face(face, &a->target, &a->target.faces[i]);
		if (s >= threshold)
			json_array_append_new(matches, json_pack("{s:f,s:o}", "Similarity", share(s), "Face", face));
		else
			json_array_append_new(others, face);
	}
	json_put(out, "SourceImageFace",
		 json_pack("{s:o,s:f}", "BoundingBox", box_json(&a->source, &a->source.faces[0]), "Confidence",
			   share((double)a->source.faces[0].score * 100)));
	json_put(out, "FaceMatches", matches);
	json_put(out, "UnmatchedFaces", others);
	*faces = a->target.n;
	return OK;
}

/* --- liveness sessions --- */

/* The session of that id, also one that is over; NULL: none. Under the lock. */
static struct session *
session_find(struct door *d, const char *id)
{
	for (size_t i = 0; i < SESSIONS_MAX; i++)
		if (d->sessions[i].state != SESSION_FREE && strcmp(d->sessions[i].id, id) == 0)
			return &d->sessions[i];
	return NULL;
}

/* A place: one never used, else the oldest whose time is over. NULL: none. Under the lock. */
static struct session *
session_place(struct door *d)
{
	struct session *oldest = NULL;
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &d->sessions[i];
		if (s->state == SESSION_FREE)
			return s;
		if (s->state == SESSION_IN_PROGRESS || clock_now_ms(&d->clock) < s->challenge.deadline_ms)
			continue;
		if (oldest == NULL || s->challenge.deadline_ms < oldest->challenge.deadline_ms)
			oldest = s;
	}
	return oldest;
}

static enum code
session_create(struct scope *sc, struct door *d, const struct door_key *key, json_t *out)
{
	uint8_t r[48];
	struct session s = {.state = SESSION_CREATED, .key = key};
	random_bytes(&d->random, r, sizeof r);
	r[6] = (uint8_t)((r[6] & 0x0F) | 0x40); /* a UUID of version 4 */
	r[8] = (uint8_t)((r[8] & 0x3F) | 0x80);
	char *hex = hex_encode(sc, r, 16);
	snprintf(s.id, sizeof s.id, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
	face_challenge_make(r + 16, clock_now_ms(&d->clock) + SESSION_MS, &s.challenge);
	pthread_mutex_lock(&d->lock);
	struct session *place = session_place(d);
	if (place != NULL)
		*place = s;
	pthread_mutex_unlock(&d->lock);
	if (place == NULL)
		return fail_as(sc, E_LIMIT, "rate", "%u liveness sessions are open already", SESSIONS_MAX);
	json_put_text(out, "SessionId", s.id);
	return OK;
}

static enum code
session_results(struct scope *sc, struct door *d, const struct door_key *key, const json_t *body, json_t *out)
{
	static const char *const words[] = {"", "CREATED", "IN_PROGRESS", "SUCCEEDED", "FAILED"};
	const char *id;
	struct session s = {.state = SESSION_FREE};
	if (json_need_text(sc, body, "SessionId", 36, 36, &id) != OK)
		return fail_as(sc, E_INVALID, "parameter", "SessionId is missing");
	pthread_mutex_lock(&d->lock);
	struct session *found = session_find(d, id);
	if (found != NULL && found->key == key)
		s = *found;
	pthread_mutex_unlock(&d->lock);
	if (s.state == SESSION_FREE)
		return fail_as(sc, E_NOT_FOUND, "session", "there is no such session");
	bool late = s.state == SESSION_CREATED && clock_now_ms(&d->clock) >= s.challenge.deadline_ms;
	json_put_text(out, "SessionId", s.id);
	json_put_text(out, "Status", late ? "EXPIRED" : words[s.state]);
	if (s.state == SESSION_SUCCEEDED)
		json_put_real(out, "Confidence", s.live == LIVE_ALIVE ? 99 : 1);
	return OK;
}

static enum code
frames_read(struct scope *sc, const struct session *s, const uint8_t *bytes, size_t n,
	    struct face_picture frames[static CHALLENGE_FRAMES])
{
	json_t *body;
	const char *nonce;
	const json_t *list;
	uint8_t said[sizeof s->challenge.nonce];
	if (json_parse(sc, bytes, n, &body) != OK ||
	    json_need_text(sc, body, "nonce", 2 * sizeof said, 2 * sizeof said, &nonce) != OK ||
	    hex_decode(sc, nonce, said, sizeof said) != OK ||
	    json_need_array(sc, body, "frames", CHALLENGE_FRAMES, CHALLENGE_FRAMES, &list) != OK)
		return fail_as(sc, E_INVALID, "parameter", "a nonce and %u frames are needed", CHALLENGE_FRAMES);
	if (memcmp(said, s->challenge.nonce, sizeof said) != 0)
		return fail_as(sc, E_INVALID, "parameter", "the nonce is another session's");
	for (size_t i = 0; i < CHALLENGE_FRAMES; i++) {
		const char *text = json_string_value(json_array_get(list, i));
		uint8_t *p;
		if (text == NULL || base64_decode(sc, text, IMAGE_MAX, &p, &frames[i].n) != OK)
			return fail_as(sc, E_INVALID, "parameter", "frame %zu is not base64 of at most %zu bytes", i,
				       IMAGE_MAX);
		frames[i].bytes = p;
	}
	return OK;
}

/* A copy of a session that still waits for its camera; take: from now on it does not,
 * one try is all there is. */
static struct session
session_open(struct door *d, const char *id, bool take)
{
	struct session s = {.state = SESSION_FREE};
	pthread_mutex_lock(&d->lock);
	struct session *found = session_find(d, id);
	if (found != NULL && found->state == SESSION_CREATED &&
	    clock_now_ms(&d->clock) < found->challenge.deadline_ms) {
		s = *found;
		if (take)
			found->state = SESSION_IN_PROGRESS;
	}
	pthread_mutex_unlock(&d->lock);
	return s;
}

static enum code
camera_shows(struct scope *sc, struct door *d, const struct session *s, const uint8_t *bytes, size_t n, json_t *out)
{
	struct face_picture frames[CHALLENGE_FRAMES];
	struct door_answer *a = NEW(sc, struct door_answer);
	enum code rc = frames_read(sc, s, bytes, n, frames);
	if (rc == OK)
		rc = ask_child(sc, d, DOOR_LIVE, &s->challenge, frames, a);
	pthread_mutex_lock(&d->lock);
	struct session *found = session_find(d, s->id);
	if (found != NULL) {
		found->state = rc == OK && a->live != LIVE_POOR ? SESSION_SUCCEEDED : SESSION_FAILED;
		found->live = rc == OK ? (enum face_live)a->live : LIVE_POOR;
	}
	pthread_mutex_unlock(&d->lock);
	TRY(rc);
	/* The camera hears what would help, not why it was not believed. */
	json_put_text(out, "hint", a->hint == FACE_HINT_NONE ? NULL : face_hint_word((enum face_hint)a->hint));
	return OK;
}

/* The camera's side: what to show, or what was shown. */
static enum code
camera(struct scope *sc, struct door *d, struct http_exchange *x, const char *id, json_t *out)
{
	size_t n;
	const uint8_t *bytes = http_body(x, &n);
	bool shows = strcmp(http_method(x), "POST") == 0;
	struct session s = session_open(d, id, shows);
	if (s.state == SESSION_FREE)
		return fail_as(sc, E_NOT_FOUND, "session", "there is no such session, or no more");
	if (shows)
		return camera_shows(sc, d, &s, bytes, n, out);
	json_t *asks = json_array();
	for (size_t i = 0; i < CHALLENGE_ASKS; i++)
		json_array_append_new(asks, json_string(face_ask_word(s.challenge.asks[i])));
	json_put_text(out, "nonce", hex_encode(sc, s.challenge.nonce, sizeof s.challenge.nonce));
	json_put(out, "asks", asks);
	json_put_time(out, "until", s.challenge.deadline_ms);
	return OK;
}

/* --- who asks, and how often --- */

static const char *
header_of(void *ctx, const char *name)
{
	return http_header(ctx, name);
}

static enum code
authenticate(struct scope *sc, struct door *d, struct http_exchange *x, struct door_key **key)
{
	struct sigv4_request r = {.method = http_method(x),
				  .path = http_path(x),
				  .header = header_of,
				  .ctx = x,
				  .now_ms = clock_now_ms(&d->clock),
				  .service = "rekognition"};
	struct sigv4_claim claim;
	r.body = http_body(x, &r.body_n);
	TRY(sigv4_claim_read(sc, &r, &claim));
	struct door_key *found = NULL;
	for (size_t i = 0; i < d->n_keys; i++)
		if (strcmp(d->keys[i].access_key, claim.access_key) == 0)
			found = &d->keys[i];
	if (found == NULL)
		return fail_as(sc, E_UNAUTHENTICATED, "unknown-key", "the access key is not one of this server's");
	TRY(sigv4_check(sc, &r, &claim, found->secret));
	*key = found;
	return OK;
}

/* Takes `cost` faces from the key's minute; the bucket may go below nothing, and
 * then the next call waits until it has filled again. */
static enum code
take_tokens(struct scope *sc, struct door *d, struct door_key *key, double cost, bool owe)
{
	int64_t now = clock_mono_ms();
	pthread_mutex_lock(&d->lock);
	double gained = (double)(now - key->filled_ms) / 60000 * (double)key->per_minute;
	key->tokens = fmin((double)key->per_minute, key->tokens + gained);
	key->filled_ms = now;
	bool enough = owe || key->tokens >= 1;
	if (enough)
		key->tokens -= cost;
	pthread_mutex_unlock(&d->lock);
	return enough
		   ? OK
		   : fail_as(sc, E_LIMIT, "rate", "this key may compare %" PRId64 " faces a minute", key->per_minute);
}

static bool
is_search(const char *op)
{
	static const char *const words[] = {
	    "Collection",  "Search",	 "IndexFaces", "ListFaces", "AssociateFaces",  "DisassociateFaces",
	    "DeleteFaces", "CreateUser", "DeleteUser", "ListUsers", "StreamProcessor", "FaceSearch"};
	for (size_t i = 0; i < COUNT_OF(words); i++)
		if (strstr(op, words[i]) != NULL)
			return true;
	return false;
}

static enum code
operate(struct scope *sc, struct door *d, struct http_exchange *x, struct door_key *key, const char *op, json_t *out,
	size_t *faces)
{
	json_t *body;
	size_t n;
	const uint8_t *bytes = http_body(x, &n);
	if (is_search(op))
		return fail(sc, E_DENIED,
			    "one-to-many search does not exist here: no faces are kept, so there is nothing to search");
	static const char *const known[] = {"CompareFaces", "DetectFaces", "CreateFaceLivenessSession",
					    "GetFaceLivenessSessionResults"};
	size_t which = 0;
	while (which < COUNT_OF(known) && strcmp(op, known[which]) != 0)
		which++;
	if (which == COUNT_OF(known))
		return fail(sc, E_NOT_FOUND, "this server knows CompareFaces, DetectFaces and liveness sessions");
	if (which != 3) /* asking for a result is free */
		TRY(take_tokens(sc, d, key, 1, false));
	if (json_parse(sc, bytes, n, &body) != OK)
		return fail_as(sc, E_INVALID, "parameter", "the body is not JSON");
	if (which >= 2)
		return which == 2 ? session_create(sc, d, key, out) : session_results(sc, d, key, body, out);
	bool compare = which == 0;
	TRY(compare ? compare_faces(sc, d, body, out, faces) : detect_faces(sc, d, body, out, faces));
	/* What a picture full of faces cost beyond the first is owed from the next minute. */
	if (compare && *faces > 1)
		TRY(take_tokens(sc, d, key, (double)*faces - 1, true));
	return OK;
}

static void
serve_one(void *ctx, struct http_exchange *x)
{
	struct door *d = ctx;
	static const char prefix[] = "RekognitionService.";
	struct scope *sc = http_scope(x);
	struct door_key *key = NULL;
	json_t *out = json_new_object(sc);
	size_t faces = 0;
	static const char cameras[] = "/liveness/";
	const char *target = http_header(x, "x-amz-target");
	const char *op = target != NULL && text_starts(target, prefix) ? target + sizeof prefix - 1 : "";
	bool by_camera = text_starts(http_path(x), cameras);
	enum code rc = OK;
	if (by_camera)
		rc = camera(sc, d, x, http_path(x) + sizeof cameras - 1, out);
	else if (strcmp(http_method(x), "POST") != 0 || strcmp(http_path(x), "/") != 0 || op[0] == '\0')
		rc = fail(sc, E_NOT_FOUND, "requests are POST / with an x-amz-target of RekognitionService");
	if (rc == OK && !by_camera)
		rc = authenticate(sc, d, x, &key);
	if (rc == OK && !by_camera)
		rc = operate(sc, d, x, key, op, out, &faces);
	log_line(LOG_INFO, "door key=%s op=%.40s faces=%zu outcome=%s", key != NULL ? key->name : "-",
		 by_camera     ? "camera"
		 : key != NULL ? op
			       : "-",
		 faces, rc == OK ? "ok" : code_name(rc));
	if (rc == OK)
		reply_json(x, 200, out);
	else
		reply_failure(x, sc);
}

static size_t
body_max(void *ctx, const char *method, const char *path)
{
	(void)ctx;
	bool known = strcmp(path, "/") == 0 || text_starts(path, "/liveness/");
	return strcmp(method, "POST") == 0 && known ? BODY_MAX : HTTP_BODY_IGNORED;
}

static void
busy(void *ctx, struct http_exchange *x)
{
	(void)ctx;
	reply_error(x, 400, "ProvisionedThroughputExceededException", "too many requests wait already");
}

/* --- starting --- */

static enum code
keys_read(struct scope *sc, const char *path, struct door *d)
{
	uint8_t *bytes;
	size_t n;
	json_t *whole;
	const json_t *list;
	TRY(file_read(sc, path, (size_t)1 << 20, &bytes, &n));
	TRY(json_parse(sc, bytes, n, &whole));
	TRY(json_need_array(sc, whole, "keys", 1, KEYS_MAX, &list));
	for (d->n_keys = 0; d->n_keys < json_array_size(list); d->n_keys++) {
		struct door_key *k = &d->keys[d->n_keys];
		const json_t *o = json_array_get(list, d->n_keys);
		TRY(json_need_text(sc, o, "name", 1, 60, &k->name));
		TRY(json_need_text(sc, o, "access_key", 8, 128, &k->access_key));
		TRY(json_need_text(sc, o, "secret", 20, 200, &k->secret));
		TRY(json_need_int(sc, o, "per_minute", 1, 100000, &k->per_minute));
		k->tokens = (double)k->per_minute;
		k->filled_ms = clock_mono_ms();
	}
	return OK;
}

static enum code
run_door(struct scope *sc, struct door *d, const char *listen, int64_t threads)
{
	const struct stand stand = {.listen = listen,
				    .threads = threads,
				    .queue_max = QUEUE_MAX,
				    .body_max = body_max,
				    .serve = serve_one,
				    .busy = busy,
				    .ctx = d};
	TRY(workers_ready(sc, d->children, 20000));
	return stand_run(sc, &stand);
}

static enum code
door_serve(struct scope *sc, const char *listen, const char *keys, const char *models, int64_t children)
{
	struct door *d = NEW(sc, struct door);
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return fail(sc, E_IO, "this binary cannot be found");
	self[n] = '\0';
	const char *argv[] = {self, "face-door-child", "--models", models, NULL};
	const struct workers_config config = {.argv = argv,
					      .children = (unsigned)children,
					      .queue_max = QUEUE_MAX,
					      .request_max = DOOR_REQUEST_MAX,
					      .answer_max = DOOR_ANSWER_MAX,
					      .start_ms = 10000};
	clock_init_wall(&d->clock);
	random_init_os(&d->random);
	TRY(keys_read(sc, keys, d));
	pthread_mutex_init(&d->lock, NULL);
	stand_hold_signals();
	TRY(workers_open(sc, &config, &d->children));
	enum code rc = run_door(sc, d, listen, children);
	workers_close(d->children);
	return rc;
}

int
cli_face_serve(struct scope *sc, int argc, char **argv)
{
	const char *listen = "127.0.0.1:0";
	const char *keys = NULL;
	const char *models = NULL;
	int64_t children = 2;
	const struct option_def defs[] = {{"--listen", OPTION_TEXT, &listen, 0, 0},
					  {"--keys", OPTION_TEXT, &keys, 0, 0},
					  {"--models", OPTION_TEXT, &models, 0, 0},
					  {"--children", OPTION_INT, &children, 1, STAND_THREADS_MAX}};
	const char *words[1];
	size_t n;
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 0, 0, &n);
	if (rc == OK && keys == NULL)
		rc = fail(sc, E_USAGE, "--keys is needed");
	if (rc == OK)
		rc = door_serve(sc, listen, keys, models != NULL ? models : face_models_dir(sc), children);
	return cli_exit(sc, rc);
}
