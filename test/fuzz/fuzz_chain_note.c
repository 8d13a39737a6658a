/* room: chain */
/* Whatever comes instead of a checkpoint, a verifier key, a page of checkpoints,
 * a signing key or a signing state: the first byte says which. */
#include "chain/chain_sign.h"
#include "chain/chain_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
one(struct scope *sc, uint8_t kind, const uint8_t *data, size_t size)
{
	struct verifier_key k;
	struct checkpoint c;
	struct signing_key s;
	const char **notes;
	size_t n;
	int64_t leaves;
	uint8_t root[CHAIN_HASH];
	switch (kind) {
	case 'n':
		if (vkey_parse(sc, "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", &k) == OK &&
		    checkpoint_open(sc, (const char *)data, size, &k, &c) == OK)
			abort(); /* nobody here can sign */
		break;
	case 'v':
		if (vkey_parse(sc, scope_strndup(sc, (const char *)data, size), &k) == OK &&
		    vkey_parse(sc, vkey_text(sc, &k), &k) != OK)
			abort();
		break;
	case 'p':
		if (checkpoints_page_parse(sc, data, size, &notes, &n) == OK && n > CHECKPOINTS_PAGE)
			abort();
		break;
	case 'k': (void)!signing_key_read(sc, data, size, &s); break;
	case 's': (void)!sign_state_read(sc, data, size, &leaves, root); break;
	default: break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct scope sc;
	struct random r;
	scope_init(&sc);
	random_init_os(&r);
	one(&sc, data[0], data + 1, size - 1);
	scope_release(&sc);
	return 0;
}
