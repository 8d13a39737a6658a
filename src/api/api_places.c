/* Where the vans of open duties are, as they move: a stream for the desk's map.
 *
 *	commit of positions, or of an event ──▶ ring ──▶ places thread ──▶ board ──http_wake()──▶ more() of each watcher
 *
 * A board is what may be shown to one operator's dispatchers now: a row for each open
 * duty, with the last place and the street it is on. It lives in memory, as long as
 * somebody watches, and has no past: who connects is told all that it holds, and a
 * duty that is no longer open is told as gone. What is shown is what GET /v1/duties
 * shows to the same people; streets are worked out once, however many watch. */
#include "api/api_inner.h"

#include "base/log.h"
#include "base/text.h"
#include "road/match_stream.h"

#define GATHER_MS 200
#define WATCHERS_MAX 1024

struct place_row {
	char *duty_id;
	char *said;	  /* the whole event */
	int64_t at_ms;	  /* of the last place; 0: none yet, or gone */
	uint64_t version; /* of the board when it was said */
	bool gone;
};

struct board {
	char *operator_id;
	struct place_row *rows;
	size_t n, cap;
	uint64_t version;
	size_t watchers;
	struct board *next;
};

struct watcher {
	struct places *places;
	struct board *board;
	struct http_stream *stream;
	struct scope sc; /* of the batch that is being sent */
	char *token;
	uint64_t told; /* the board's version */
	const char *out;
	size_t out_n;
	struct watcher *next, *prev;
};

struct places {
	struct house *house;
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows, and the boards */
	pthread_cond_t news;
	bool rung, closing;
	struct board *boards;
	struct watcher *watchers;
	size_t n;
};

/* --- boards --- */

static struct place_row *
row_of(struct board *b, const char *duty_id)
{
	for (size_t i = 0; i < b->n; i++)
		if (text_eq(b->rows[i].duty_id, duty_id))
			return &b->rows[i];
	return NULL;
}

static struct board *
board_of(struct places *p, const char *operator_id)
{
	for (struct board *b = p->boards; b != NULL; b = b->next)
		if (text_eq(b->operator_id, operator_id))
			return b;
	return NULL;
}

static void *
never_null(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static struct board *
board_join(struct places *p, const char *operator_id)
{
	struct board *b = board_of(p, operator_id);
	if (b == NULL) {
		b = never_null(calloc(1, sizeof *b));
		b->operator_id = never_null(strdup(operator_id));
		b->next = p->boards;
		p->boards = b;
	}
	b->watchers++;
	return b;
}

static void
board_leave(struct places *p, struct board *b)
{
	if (--b->watchers > 0)
		return;
	struct board **at = &p->boards;
	while (*at != b)
		at = &(*at)->next;
	*at = b->next;
	for (size_t i = 0; i < b->n; i++) {
		free(b->rows[i].duty_id);
		free(b->rows[i].said);
	}
	free(b->rows);
	free(b->operator_id);
	free(b);
}

static void
board_say(struct board *b, const char *duty_id, const char *said, int64_t at_ms)
{
	struct place_row *row = row_of(b, duty_id);
	if (row == NULL) {
		if (b->n == b->cap) {
			b->cap = b->cap == 0 ? 16 : b->cap * 2;
			b->rows = never_null(realloc(b->rows, b->cap * sizeof *b->rows));
		}
		row = &b->rows[b->n++];
		*row = (struct place_row){.duty_id = never_null(strdup(duty_id))};
	}
	free(row->said);
	row->said = never_null(strdup(said));
	row->at_ms = at_ms;
	row->gone = at_ms == 0;
	row->version = b->version;
}

/* --- looking --- */

struct looking {
	const char *operator_id;
	struct duty_live *list;
	size_t n;
	const char **said; /* NULL: as before */
};

static enum code
look(struct scope *sc, struct tx *tx, void *arg)
{
	struct looking *l = arg;
	return positions_live(sc, tx, l->operator_id, &l->list, &l->n);
}

static const char *
place_event(struct scope *sc, const struct road *road, struct road_matcher *matcher, const struct duty_live *d)
{
	const struct position *last = &d->p[d->n - 1];
	json_t *o = json_new_object(sc);
	json_put_text(o, "duty_id", d->duty_id);
	json_put_place(o, "last_place", last->place);
	json_put_time(o, "last_at", last->at_ms);
	if (road != NULL)
		json_put_text(o, "last_street", positions_street(sc, matcher, road, d->p, d->n));
	return scope_printf(sc, "event: place\ndata: %s\n\n", json_text(sc, o));
}

/* Says what has changed since the board was last written; the lock is held only to compare. */
static void
put_in_words(struct scope *sc, struct places *p, struct looking *l)
{
	const struct road *road = p->house->road;
	struct road_matcher *matcher = NULL;
	l->said = NEW_ARRAY(sc, l->n + 1, const char *);
	for (size_t i = 0; i < l->n; i++) {
		const struct duty_live *d = &l->list[i];
		pthread_mutex_lock(&p->lock);
		struct board *b = board_of(p, l->operator_id);
		const struct place_row *before = b == NULL ? NULL : row_of(b, d->duty_id);
		bool same = before != NULL && d->n > 0 && before->at_ms == d->p[d->n - 1].at_ms;
		pthread_mutex_unlock(&p->lock);
		if (same || d->n == 0)
			continue;
		if (matcher == NULL && road != NULL)
			matcher = road_matcher_new(sc, road);
		l->said[i] = place_event(sc, road, matcher, d);
	}
}

static bool
is_open(const struct looking *l, const char *duty_id)
{
	for (size_t i = 0; i < l->n; i++)
		if (text_eq(l->list[i].duty_id, duty_id))
			return true;
	return false;
}

static void
write_board(struct scope *sc, struct places *p, const struct looking *l)
{
	pthread_mutex_lock(&p->lock);
	struct board *b = board_of(p, l->operator_id); /* NULL: everybody has left meanwhile */
	uint64_t before = b == NULL ? 0 : b->version++;
	bool changed = false;
	for (size_t i = 0; b != NULL && i < l->n; i++)
		if (l->said[i] != NULL) {
			board_say(b, l->list[i].duty_id, l->said[i], l->list[i].p[l->list[i].n - 1].at_ms);
			changed = true;
		}
	for (size_t i = 0; b != NULL && i < b->n; i++) {
		const char *duty_id = b->rows[i].duty_id;
		if (b->rows[i].gone || is_open(l, duty_id))
			continue;
		json_t *o = json_new_object(sc);
		json_put_text(o, "duty_id", duty_id);
		board_say(b, duty_id, scope_printf(sc, "event: gone\ndata: %s\n\n", json_text(sc, o)), 0);
		changed = true;
	}
	if (b != NULL && !changed)
		b->version = before;
	for (struct watcher *w = p->watchers; changed && w != NULL; w = w->next)
		if (w->board == b)
			http_wake(w->stream);
	pthread_mutex_unlock(&p->lock);
}

/* The operators that are watched now. */
static size_t
watched(struct scope *sc, struct places *p, const char ***out)
{
	size_t n = 0;
	for (struct board *b = p->boards; b != NULL; b = b->next)
		n++;
	*out = NEW_ARRAY(sc, n + 1, const char *);
	n = 0;
	for (struct board *b = p->boards; b != NULL; b = b->next)
		(*out)[n++] = scope_strdup(sc, b->operator_id);
	return n;
}

static void
look_around(struct scope *sc, struct places *p, const char **operators, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct looking l = {.operator_id = operators[i]};
		if (store_read(sc, p->house->store, look, &l) != OK) {
			log_error(sc, "places of open duties");
			error_clear(sc);
			continue;
		}
		put_in_words(sc, p, &l);
		write_board(sc, p, &l);
	}
}

static void *
places_main(void *arg)
{
	struct places *p = arg;
	struct scope sc;
	scope_init(&sc);
	pthread_mutex_lock(&p->lock);
	while (!p->closing) {
		if (!p->rung || p->boards == NULL) {
			pthread_cond_wait(&p->news, &p->lock);
			continue;
		}
		p->rung = false;
		const char **operators;
		size_t n = watched(&sc, p, &operators);
		pthread_mutex_unlock(&p->lock);
		look_around(&sc, p, operators, n);
		scope_clear(&sc);
		nanosleep(&(struct timespec){.tv_nsec = GATHER_MS * 1000000L}, NULL);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	scope_release(&sc);
	return NULL;
}

void
places_ring(void *places)
{
	struct places *p = places;
	pthread_mutex_lock(&p->lock);
	p->rung = true;
	pthread_cond_signal(&p->news);
	pthread_mutex_unlock(&p->lock);
}

enum code
places_open(struct scope *sc, struct house *house, struct places **out)
{
	struct places *p = calloc(1, sizeof *p);
	if (p == NULL)
		return fail(sc, E_MEMORY, "no memory for the desks' maps");
	p->house = house;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->news, NULL);
	if (pthread_create(&p->thread, NULL, places_main, p) != 0) {
		free(p);
		return fail(sc, E_IO, "no thread for the desks' maps");
	}
	store_on_bell(house->store, BELL_POSITIONS, places_ring, p);
	*out = p;
	return OK;
}

void
places_close(struct places *p)
{
	if (p == NULL)
		return;
	store_on_bell(p->house->store, BELL_POSITIONS, NULL, NULL);
	pthread_mutex_lock(&p->lock);
	p->closing = true;
	pthread_cond_signal(&p->news);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_cond_destroy(&p->news);
	pthread_mutex_destroy(&p->lock);
	free(p);
}

/* --- one watcher --- */

static enum code
still_she(struct scope *sc, struct tx *tx, void *arg)
{
	const struct watcher *w = arg;
	struct actor who;
	return session_actor(sc, tx, w->places->house->keys, w->token, &who);
}

static void
read_board(struct watcher *w)
{
	struct text t;
	text_init(&t, &w->sc);
	pthread_mutex_lock(&w->places->lock);
	for (size_t i = 0; i < w->board->n; i++) {
		const struct place_row *row = &w->board->rows[i];
		if (row->version > w->told && (!row->gone || w->told > 0))
			text_add(&t, row->said);
	}
	w->told = w->board->version;
	pthread_mutex_unlock(&w->places->lock);
	w->out = t.s;
	w->out_n = t.len;
}

static ssize_t
places_more(void *user, char *out, size_t room)
{
	struct watcher *w = user;
	if (w->out_n == 0) {
		scope_clear(&w->sc);
		read_board(w);
		if (w->out_n > 0 && store_read(&w->sc, w->places->house->store, still_she, w) != OK)
			return -1; /* signed out; or the store is going, and the page comes back */
	}
	size_t n = w->out_n < room ? w->out_n : room;
	if (n > 0)
		memcpy(out, w->out, n);
	w->out += n;
	w->out_n -= n;
	return (ssize_t)n;
}

static void
places_end(void *user)
{
	struct watcher *w = user;
	struct places *p = w->places;
	pthread_mutex_lock(&p->lock);
	if (w->next != NULL)
		w->next->prev = w->prev;
	if (w->prev != NULL)
		w->prev->next = w->next;
	else
		p->watchers = w->next;
	p->n--;
	board_leave(p, w->board);
	pthread_mutex_unlock(&p->lock);
	free(w->token);
	scope_release(&w->sc);
	free(w);
}

static const struct http_stream_calls place_calls = {places_more, places_end};

static void
places_start(struct call *c)
{
	struct places *p = c->api->places;
	struct watcher *w = never_null(calloc(1, sizeof *w));
	scope_init(&w->sc);
	w->places = p;
	w->token = never_null(strdup(c->token));
	w->stream = http_stream_new(c->x, &place_calls, w);
	pthread_mutex_lock(&p->lock);
	w->board = board_join(p, c->who.operator_id);
	w->next = p->watchers;
	if (w->next != NULL)
		w->next->prev = w;
	p->watchers = w;
	p->n++;
	p->rung = true;
	pthread_cond_signal(&p->news);
	pthread_mutex_unlock(&p->lock);
	http_stream_start(w->stream, NULL, 0);
}

enum code
places_subscribe(struct scope *sc, struct tx *tx, struct call *c)
{
	struct places *p = c->api->places;
	(void)tx;
	pthread_mutex_lock(&p->lock);
	bool full = p->n >= WATCHERS_MAX;
	pthread_mutex_unlock(&p->lock);
	if (full)
		return fail_as(sc, E_UNAVAILABLE, "busy", "%d maps are followed already", WATCHERS_MAX);
	c->reply.stream = places_start;
	return OK;
}
