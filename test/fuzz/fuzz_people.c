/* room: people
 *
 * What strangers send before anybody knows them: a sign-up, a policy, a token.
 * The first byte chooses. */
#include "base/text.h"
#include "people/access.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
try_signup(struct scope *sc, const json_t *v)
{
	struct signup s;
	if (signup_parse(sc, v, &s) != OK)
		return;
	must(s.name != NULL && s.birth_date != NULL && s.challenge != NULL && s.language != NULL);
	must(s.vehicle <= VEHICLE_FOOT && s.capacity_g > 0 && s.capacity_ml > 0);
}

/* What was read and is written again reads the same. */
static void
try_policy(struct scope *sc, const json_t *v)
{
	struct policy p;
	struct policy again;
	if (policy_parse(sc, v, &p) != OK)
		return;
	must(!p.face_enabled || (p.lawful_basis != NULL && p.dpia_reference != NULL));
	json_t *written = policy_json(sc, &p);
	must(policy_parse(sc, written, &again) == OK);
	must(strcmp(json_canonical(sc, written), json_canonical(sc, policy_json(sc, &again))) == 0);
}

static void
try_token(struct scope *sc, const char *text)
{
	const char *op;
	uint8_t secret[32];
	if (token_split(sc, text, &op, secret, sizeof secret) != OK)
		return;
	must(id_is(op, "op"));
	const char *again;
	uint8_t same[32];
	must(token_split(sc, token_text(sc, op, secret, sizeof secret), &again, same, sizeof same) == OK);
	must(strcmp(op, again) == 0 && memcmp(secret, same, sizeof same) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scope sc;
	json_t *v;
	if (size == 0)
		return 0;
	scope_init(&sc);
	if (data[0] == 't')
		try_token(&sc, scope_strndup(&sc, (const char *)data + 1, size - 1));
	else if (json_parse(&sc, data + 1, size - 1, &v) == OK) {
		if (data[0] == 's')
			try_signup(&sc, v);
		else
			try_policy(&sc, v);
	}
	scope_release(&sc);
	return 0;
}
