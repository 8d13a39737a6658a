/* sim: a working day of phones and desks that speak only the public HTTP API.
 *
 * A day is a list of moments in simulated time. Each moment belongs to one
 * phone or desk, runs alone, and asks for its next one: the server's clock is
 * stepped to the moment first (POST /sim/advance), so the same seed gives the
 * same day. The engines are used only to make things up: street points from
 * the roads, selfies from sample photographs (re-photographed: cropped, turned,
 * relit, recompressed; which proves the plumbing, not the recogniser).
 *
 *	evening before   desk opens ▸ sign-ups ▸ requests ▸ draws ▸ a block given back
 *	the day          check-ins ▸ plans ▸ rounds ▸ statements
 *	evening          appeals, reviews, a driver leaves
 *	the night        what the phones saw teaches streets and doors
 *	the next morning a wave planned by that, driven, and compared with what was foretold
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include "base/json.h"
#include "base/scope.h"

struct sim_options {
	const char *base_url;	/* "http://127.0.0.1:8080" */
	const char *passphrase; /* of the first user */
	const char *user;
	const char *roads;  /* .road file: street points */
	const char *faces;  /* directory of sample photographs; NULL: nobody takes the face path */
	const char *models; /* prepared face models: they find the people in the photographs */
	uint64_t seed;
	int drivers;   /* ≥ 8 */
	int parcels;   /* ≥ drivers */
	int blocks;    /* over both shifts */
	int with_face; /* how many drivers take the face path, if there are faces for them */
	/* Story lines while it works; may be NULL. */
	void (*say)(void *arg, const char *line);
	void *arg;
};

/* What the day did, for the people who open the pages afterwards and for the
 * checks that follow. */
struct sim_result {
	const char *date;      /* the working day, "2026-11-22" */
	const char *next_date; /* the morning after it */
	const char *zone;
	const char *auditor_token;
	const json_t *statements; /* every STATEMENT.json its driver fetched */
	const json_t *draws;	  /* every DRAW.json anybody can fetch */
	const json_t *people;	  /* [{"role","name","passphrase"}] */
	const json_t *told;	  /* what the phones saw: {"erased_token_dead":true,…} */
	int64_t requests;
};
/* E_CONFLICT  the server answered otherwise than the day needs; the message says when, who and what. */
MUST_USE enum code sim_day(struct scope *sc, const struct sim_options *opt, struct sim_result *out);

#endif
