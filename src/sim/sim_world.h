/* sim/sim_world: what phones and desks of one simulated day share; within the room. */
#ifndef SIM_SIM_WORLD_H
#define SIM_SIM_WORLD_H

#include "base/clock.h"
#include "base/geo.h"
#include "base/prng.h"
#include "base/random.h"
#include "road/road.h"
#include "sim/sim.h"
#include "sim/sim_faces.h"
#include "sim/sim_http.h"
#include "sim/sim_truth.h"

struct sim;
struct phone;

/* One moment of somebody's day. `phone` is NULL for the desk. */
typedef enum code moment_fn(struct scope *sc, struct sim *s, struct phone *p, int arg);
struct moment {
	int64_t at_ms;
	uint64_t order; /* of asking: ties are settled by it, so that a seed is a day */
	moment_fn *run;
	struct phone *phone;
	int arg;
};

#define TOKEN_MAX 256
#define PHONE_STOPS_MAX 400

enum story {
	STORY_NONE,
	STORY_DARK_SELFIE, /* a capture that fails with a hint, then passes */
	STORY_STRANGER,	   /* somebody else's face three times: a person decides */
	STORY_GIVES_BACK,  /* returns her block the evening before */
	STORY_LIES,	   /* her phone claims to be elsewhere */
	STORY_APPEALS,	   /* against her statement, rightly */
	STORY_LEAVES,	   /* in the evening, and is erased */
	STORY_COUNT,
};

struct phone_stop {
	char id[ID_TEXT_MAX], shipment[ID_TEXT_MAX];
	struct place place;
	int64_t told_s; /* what the sender says it takes */
	const char *proof;
	bool failed_before;
};

struct phone {
	int number;
	enum story story;
	int person; /* face, or -1: the device path */
	int tries;
	uint8_t public_key[32], secret_key[64];
	char token[TOKEN_MAX];
	char driver_id[ID_TEXT_MAX], device_id[ID_TEXT_MAX];
	char awards[2][ID_TEXT_MAX];
	int64_t award_starts_ms[2];
	int n_awards;
	bool working; /* a duty is open */
	bool left;
	struct phone_stop stops[PHONE_STOPS_MAX];
	int n_stops, at_stop;
	int n_failed; /* aboard, to be handed back */
	char failed[PHONE_STOPS_MAX][ID_TEXT_MAX];
	struct place here;	/* where the van stands, or she waits */
	struct place door;	/* that she comes back from; the van's place at the depot */
	struct sim_drive drive; /* the world's scope owns it */
	int64_t drive_began_ms, left_door_ms;
};

/* The link a recipient was sent; her delivery code stands behind it. */
struct link_of {
	char shipment[ID_TEXT_MAX];
	const char *token;
};

struct sim {
	const struct sim_options *opt;
	struct scope *world; /* as long as the day */
	struct sim_http *http;
	struct road *road;
	struct sim_truth *truth;
	struct sim_faces *faces; /* NULL: none */
	struct prng rng;
	int64_t now_ms;
	struct moment *heap;
	size_t n_heap, cap_heap;
	uint64_t asked;

	char zone[64], date[DATE_TEXT_MAX];
	int64_t midnight_local_ms; /* of the working day, on its wall */
	char admin[TOKEN_MAX], dispatcher[TOKEN_MAX], reviewer[TOKEN_MAX], representative[TOKEN_MAX],
	    auditor[TOKEN_MAX];
	char station[ID_TEXT_MAX], programme[ID_TEXT_MAX], pay_plan[ID_TEXT_MAX];
	struct place depot;
	struct phone *phones;
	char (*blocks)[ID_TEXT_MAX];
	int n_blocks;
	int day; /* that work is being published and asked for: 0, or 1 for the first wave of the next */
	struct link_of *links;
	size_t n_links;
	bool told_of[STORY_COUNT]; /* each story happens to one driver: the first it can happen to */
	json_t *appeal_facts;	   /* what the reviewer finds to be true */
	json_t *told;		   /* the result's */
	json_t *statements, *draws, *people;
};

/* Ask for a moment; it runs once everything before it has. */
void sim_at(struct sim *s, int64_t at_ms, moment_fn *run, struct phone *p, int arg);
/* The wall's time of an instant, as ms since 1970 on that wall. */
int64_t sim_local_ms(const struct sim *s, int64_t at_ms);
/* "2026-05-20" of a day. */
void sim_date(const struct sim *s, int day, char out[static DATE_TEXT_MAX]);
/* The instant of hh:mm on the wall of the working day; days: -1 is the evening before. */
int64_t sim_clock(struct sim *s, int days, int hour, int minute);
void sim_say(struct sim *s, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* One call that must be answered with this status (0: any 2xx). E_CONFLICT otherwise, with the problem's words. */
MUST_USE enum code sim_do(struct scope *sc, struct sim *s, const char *method, const char *path, const char *token,
			  const json_t *body, int status, json_t **answer);
/* Text members that must be there. */
MUST_USE enum code sim_text(struct scope *sc, const json_t *o, const char *key, const char **out);
MUST_USE enum code sim_keep(struct scope *sc, const json_t *o, const char *key, char *to, size_t room);

/* Gives the phone a story that nobody has yet, if she has none. */
bool sim_story(struct sim *s, struct phone *p, enum story story);

/* sim_desk.c */
MUST_USE enum code desk_opens(struct scope *sc, struct sim *s);
moment_fn desk_signs_in, desk_publishes, desk_receives, desk_reviews, desk_learns, desk_looks_back;
/* sim_phone.c */
moment_fn phone_signs_up, phone_asks_again;
MUST_USE enum code phone_signs_in(struct scope *sc, struct sim *s, struct phone *p);
/* sim_round.c: from an opened duty to its close */
moment_fn phone_opens;

#endif
