/* offer_draw: lots that anybody can draw again. Pure: no store, no clock.
 *
 *	pseudonym  = hex BLAKE2b-128("waybill/pseudonym/1\n" block "\n" nonce)
 *	seed       = BLAKE2b-256("waybill/draw/1\n" secret block "\n" nonces, sorted)
 *	ticket     = BLAKE2b-256(pseudonym) keyed with the seed
 *	draw       the smallest ticket first
 *	rota       fewest turns first, then the longest ago, then the smallest ticket
 *	awards     the first `vacant` of that order whom the rule of eligibility lets
 *
 * The secret is committed before requests open, so the operator cannot choose
 * it to fit the nonces; nonces are sealed, so no driver can choose hers to fit
 * the others'. The published proof, DRAW.json:
 *
 *	{"format":"waybill/draw/1",
 *	 "block":  the record of the leaf "offer.block": id, units, rule, hours, terms, commitment …
 *	 "leaf":   {"salt","entry"} of it
 *	 "secret": hex, whose SHA-256 is the block's commitment
 *	 "requests":[{"pseudonym","nonce","salt","entry"}]    by pseudonym; leaf "offer.request" {"block","nonce"}
 *	 "rounds":[{"salt","entry","record":{…}}]             leaf "offer.draw"
 *
 * A round's record: the close (round 0), then one for each unit that came back.
 *
 *	{"block","round","at","cause":"close|given_back|cancelled","from":pseudonym or null,"vacant",
 *	 "seed","ranking":[pseudonyms],"standing":[{"turns","last"}]      in round 0; standing for rota, by request
 *	 "candidates":[{"pseudonym","reason"}]      everybody never awarded yet, by rank; reason "": eligible
 *	 "awards":[pseudonyms]}
 *
 * Hex is lower case, numbers are integers: a changed byte is a changed proof. */
#ifndef OFFER_OFFER_DRAW_H
#define OFFER_OFFER_DRAW_H

#include "base/json.h"
#include "chain/chain.h"
#include "offer/offer.h"

#define PSEUDONYM_TEXT 33 /* with its NUL */

struct draw_entry {
	char pseudonym[PSEUDONYM_TEXT];
	uint8_t nonce[OFFER_NONCE];
	int64_t turns;	 /* rota */
	int64_t last_ms; /* rota: start of the newest turn; 0: none */
};

void draw_pseudonym(const char *block_id, const uint8_t nonce[static OFFER_NONCE], char out[static PSEUDONYM_TEXT]);
/* Any order of entries gives the same seed. */
void draw_seed(struct scope *sc, const uint8_t secret[static 32], const char *block_id, const struct draw_entry *e,
	       size_t n, uint8_t seed[static 32]);
/* order[rank] = index of an entry. Only by the seed and the entries' own members. */
void draw_order(struct scope *sc, enum award_rule rule, const uint8_t seed[static 32], const struct draw_entry *e,
		size_t n, size_t *order);

/* One round, to be made: everything it may depend on. */
struct draw_round {
	const char *block_id;
	int64_t round;
	int64_t at_ms;
	const char *cause; /* "close", "given_back", "cancelled" */
	const char *from;  /* pseudonym, or NULL */
	int64_t vacant;
	enum award_rule rule;
	const uint8_t *seed; /* round 0 only */
	const struct draw_entry *e;
	size_t n;
	const size_t *order;	    /* draw_order()'s */
	const char *const *reasons; /* by entry; "": eligible; unread where awarded[] */
};
/* The record that its leaf commits to. awarded[], by entry, holds who ever was
 * and gets who is now; winners[] (n entries) the indices of the latter. */
json_t *draw_round_record(struct scope *sc, const struct draw_round *q, bool *awarded, size_t *winners,
			  size_t *n_winners);
/* The whole proof; rounds is a list of {"salt","entry","record"}. */
json_t *draw_proof(struct scope *sc, const json_t *block, const struct leaf *leaf, const uint8_t secret[static 32],
		   const json_t *requests, const json_t *rounds);
/* {"salt","entry"} in hex. */
json_t *leaf_json(struct scope *sc, const struct leaf *leaf);

struct draw_verdict {
	bool ok;
	json_t *report; /* {"ok","block","rule","units","requests","rounds","awarded","mismatches":[text]} */
	uint8_t (*entries)[CHAIN_HASH]; /* every leaf the proof names, to be looked up in the chain */
	size_t n_entries;
};
/* Recomputes everything. E_INVALID  it is not a proof at all; a proof that does
 * not hold is a verdict. */
MUST_USE enum code draw_replay(struct scope *sc, const json_t *proof, struct draw_verdict *out);
/* Where a request stands: {"pseudonym","rank" from 1 or null,"awarded","reason"}; of a proof that replayed. */
MUST_USE enum code draw_find(struct scope *sc, const json_t *proof, const uint8_t nonce[static OFFER_NONCE],
			     json_t **out);

#endif
