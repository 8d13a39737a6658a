/* waybill backup and waybill restore.
 *
 * A backup is a directory:
 *	waybill.db, positions.db   consistent copies, taken while writes go on; of tables in
 *	                           PostgreSQL too, so that a backup fits either
 *	waybill.json               what kind of house it is
 *	signing.pub                checks the chain's signatures; secret to nobody, and not in
 *	                           backups of before it was taken along
 *	backup.json                {"format":1,"made":time,"files":{name:{"bytes":n,"sha256":hex}}}
 *
 * Keys are not in it, on purpose: whoever finds a backup reads nothing of a
 * person from it, and a key destroyed stays destroyed. Keep DIR/keys,
 * DIR/signing.key and DIR/signing.state elsewhere; a restore needs them. */
#include <glob.h>
#include <sodium.h>
#include <unistd.h>

#include "api/api.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "chain/chain_note.h"
#include "cli/cli.h"
#include "cli/cli_serve.h"

#define NOTE "keys are not in a backup: keep keys, signing.key and signing.state of the data directory elsewhere"

static const char *const tables[] = {"waybill.db", "positions.db"};
static const char settings_name[] = "waybill.json";
static const char verifier_name[] = "signing.pub";
static const char *const secrets[] = {"keys", "signing.key", "signing.state"};

/* All tables of this build. */
static const struct schema *const *
all_schemas(struct scope *sc)
{
	size_t n = 0;
	while (house_schemas[n] != NULL)
		n++;
	const struct schema **all = NEW_ARRAY(sc, n + 2, const struct schema *);
	memcpy(all, house_schemas, n * sizeof *all);
	all[n] = &api_schema;
	return all;
}

/* Copies (to may be NULL: only reads) and hashes. */
static enum code
file_pass(struct scope *sc, const char *from, const char *to, int64_t *bytes, char hash[static 65])
{
	uint8_t digest[crypto_hash_sha256_BYTES];
	uint8_t *piece = scope_alloc(sc, 1 << 16);
	crypto_hash_sha256_state h;
	crypto_hash_sha256_init(&h);
	FILE *in = fopen(from, "rbe");
	FILE *out = in != NULL && to != NULL ? fopen(to, "wbxe") : NULL;
	if (in == NULL || (to != NULL && out == NULL)) {
		if (in != NULL)
			fclose(in);
		return fail(sc, in == NULL ? E_NOT_FOUND : E_IO, "%s cannot be %s", in == NULL ? from : to,
			    in == NULL ? "read" : "made");
	}
	*bytes = 0;
	bool good = true;
	for (size_t n = fread(piece, 1, 1 << 16, in); n > 0; n = fread(piece, 1, 1 << 16, in)) {
		crypto_hash_sha256_update(&h, piece, n);
		good &= out == NULL || fwrite(piece, 1, n, out) == n;
		*bytes += (int64_t)n;
	}
	good &= ferror(in) == 0;
	fclose(in);
	if (out != NULL) {
		good &= fflush(out) == 0 && fsync(fileno(out)) == 0;
		good &= fclose(out) == 0;
	}
	crypto_hash_sha256_final(&h, digest);
	sodium_bin2hex(hash, 65, digest, sizeof digest);
	return good ? OK : fail(sc, E_IO, "%s was not copied whole", from);
}

/* Notes a file of the backup; from (may be NULL): copied from there first. */
static enum code
index_add(struct scope *sc, json_t *files, const char *dir, const char *name, const char *from)
{
	const char *here = path_join(sc, dir, name);
	int64_t bytes;
	char hash[65];
	TRY(file_pass(sc, from == NULL ? here : path_join(sc, from, name), from == NULL ? NULL : here, &bytes, hash));
	json_t *f = json_object();
	json_put_int(f, "bytes", bytes);
	json_put_text(f, "sha256", hash);
	json_put(files, name, f);
	return OK;
}

/* The tables are there already; the rest comes from `from`. */
static enum code
add_rest(struct scope *sc, const char *from, const char *dir, int64_t now_ms)
{
	json_t *o = json_new_object(sc);
	json_t *files = json_object();
	json_put_int(o, "format", 1);
	json_put_time(o, "made", now_ms);
	json_put(o, "files", files);
	for (size_t i = 0; i < COUNT_OF(tables); i++)
		TRY(index_add(sc, files, dir, tables[i], NULL));
	if (file_exists(path_join(sc, from, verifier_name)))
		TRY(index_add(sc, files, dir, verifier_name, from));
	TRY(index_add(sc, files, dir, settings_name, from));
	char *text = json_text(sc, o);
	return file_write(sc, path_join(sc, dir, "backup.json"), text, strlen(text), 0600);
}

static enum code
backup(struct scope *sc, const char *dir, const char *to)
{
	struct house_settings settings;
	struct clock clock;
	struct random random;
	struct store *st = NULL;
	TRY(house_settings_read(sc, dir, &settings));
	if (file_exists(to))
		return fail(sc, E_CONFLICT, "%s exists already", to);
	clock_init_wall(&clock);
	random_init_os(&random);
	const struct store_options opt = {
	    .clock = &clock, .random = &random, .schemas = all_schemas(sc), .read_only = true};
	TRY(store_open(sc, dir, &opt, &st));
	enum code rc = file_make_dirs(sc, to, 0700);
	if (rc == OK)
		rc = store_backup(sc, st, to);
	store_close(st);
	TRY(rc);
	return add_rest(sc, dir, to, clock_now_ms(&clock));
}

/* --- names for who gives none: DIR-backup-20261122T063000Z, beside DIR; by name is by age --- */

static const char *
backup_stem(struct scope *sc, const char *dir)
{
	char *stem = scope_strdup(sc, dir);
	for (size_t n = strlen(stem); n > 1 && stem[n - 1] == '/'; n--)
		stem[n - 1] = '\0';
	return scope_printf(sc, "%s-backup-", stem);
}

static const char *
backup_name(struct scope *sc, const char *dir)
{
	struct clock clock;
	char at[TIME_TEXT_MAX];
	struct text name;
	clock_init_wall(&clock);
	time_format(clock_now_ms(&clock), at);
	text_init(&name, sc);
	text_add(&name, backup_stem(sc, dir));
	for (const char *c = at; *c != '.' && *c != '\0'; c++)
		if (*c != '-' && *c != ':')
			text_add_char(&name, *c);
	text_add_char(&name, 'Z');
	return name.s;
}

static enum code
newest_backup(struct scope *sc, const char *dir, const char **out)
{
	glob_t found;
	const char *pattern = scope_printf(sc, "%s[0-9]*Z/backup.json", backup_stem(sc, dir));
	int rc = glob(pattern, 0, NULL, &found);
	if (rc != 0)
		return fail(sc, E_NOT_FOUND, "there is no %s*; say which backup with --from", backup_stem(sc, dir));
	const char *last = found.gl_pathv[found.gl_pathc - 1];
	*out = scope_strndup(sc, last, strlen(last) - strlen("/backup.json"));
	globfree(&found);
	return OK;
}

int
cli_backup(struct scope *sc, int argc, char **argv)
{
	const char *words[2];
	size_t n;
	enum code rc = args_parse(sc, argc, argv, NULL, 0, words, 1, 2, &n);
	if (rc == OK && n == 1)
		words[1] = backup_name(sc, words[0]);
	if (rc == OK)
		rc = backup(sc, words[0], words[1]);
	if (rc != OK)
		return cli_exit(sc, rc);
	json_t *o = json_new_object(sc);
	json_put_text(o, "data", words[0]);
	json_put_text(o, "backup", words[1]);
	json_put_text(o, "note", NOTE);
	return cli_print(sc, o);
}

/* --- restore --- */

static enum code
copy_checked(struct scope *sc, const json_t *files, const char *name, const char *from, const char *to)
{
	const json_t *f;
	const char *want;
	int64_t want_bytes;
	int64_t bytes;
	char hash[65];
	TRY(json_need_object(sc, files, name, &f));
	TRY(json_need_text(sc, f, "sha256", 64, 64, &want));
	TRY(json_need_int(sc, f, "bytes", 0, INT64_MAX, &want_bytes));
	TRY(file_pass(sc, path_join(sc, from, name), path_join(sc, to, name), &bytes, hash));
	if (bytes != want_bytes || !text_eq(hash, want))
		return fail(sc, E_CORRUPT, "%s in the backup is not what was written", name);
	return OK;
}

/* From the backup, or, where that has none, from beside the keys. Neither: `chain verify` asks for one. */
static enum code
copy_verifier(struct scope *sc, const json_t *files, const char *from, const char *keys, const char *to)
{
	uint8_t *bytes;
	size_t n;
	if (json_object_get(files, verifier_name) != NULL)
		return copy_checked(sc, files, verifier_name, from, to);
	const char *beside = keys == NULL ? NULL : path_join(sc, keys, verifier_name);
	if (beside == NULL || !file_exists(beside))
		return OK;
	TRY(file_read(sc, beside, VKEY_MAX, &bytes, &n));
	return file_write(sc, path_join(sc, to, verifier_name), bytes, n, 0644);
}

static enum code
copy_secrets(struct scope *sc, const char *from, const char *to)
{
	for (size_t i = 0; i < COUNT_OF(secrets); i++) {
		uint8_t *bytes;
		size_t n;
		const char *path = path_join(sc, from, secrets[i]);
		if (!file_exists(path) && i == COUNT_OF(secrets) - 1)
			continue; /* nothing was signed yet */
		TRY(file_read(sc, path, 1 << 20, &bytes, &n));
		TRY(file_write(sc, path_join(sc, to, secrets[i]), bytes, n, 0600));
	}
	return OK;
}

/* Opens DIR's store for writing and does something with it. */
typedef enum code with_store_fn(struct scope *sc, struct store *st, void *arg);

static enum code
with_store(struct scope *sc, const char *dir, with_store_fn *fn, void *arg)
{
	struct clock clock;
	struct random random;
	struct store *st = NULL;
	clock_init_wall(&clock);
	random_init_os(&random);
	const struct store_options opt = {.clock = &clock, .random = &random, .schemas = all_schemas(sc)};
	TRY(store_open(sc, dir, &opt, &st));
	enum code rc = fn(sc, st, arg);
	store_close(st);
	return rc;
}

static enum code
check_restored(struct scope *sc, struct store *st, void *arg)
{
	(void)arg;
	return store_check(sc, st);
}

/* --- restored into PostgreSQL: the files are put beside, and their rows taken over --- */

static enum code
copy_from(struct scope *sc, struct store *to, void *from)
{
	TRY(store_copy(sc, from, to));
	return store_check(sc, to);
}

static enum code
copy_to(struct scope *sc, struct store *from, void *dir)
{
	return with_store(sc, dir, copy_from, from);
}

static enum code
take_over(struct scope *sc, const char *dir, const char *files, const struct house_settings *where)
{
	static const char *const leavings[] = {"waybill.db", "positions.db", "waybill.lock"};
	struct random random;
	random_init_os(&random);
	TRY(store_choose(sc, &random, dir, where->store, where->schema));
	enum code rc = with_store(sc, files, copy_to, (void *)(uintptr_t)dir);
	for (size_t i = 0; i < COUNT_OF(leavings); i++)
		(void)unlink(path_join(sc, files, leavings[i]));
	(void)rmdir(files);
	return rc;
}

static enum code
restore(struct scope *sc, const char *dir, const char *from, const char *keys, const struct house_settings *where)
{
	uint8_t *bytes;
	size_t n;
	json_t *index;
	const json_t *files;
	int64_t format;
	if (file_exists(path_join(sc, dir, "waybill.json")))
		return fail(sc, E_CONFLICT, "%s is a data directory already", dir);
	TRY(file_read(sc, path_join(sc, from, "backup.json"), 1 << 20, &bytes, &n));
	TRY(json_parse(sc, bytes, n, &index));
	TRY(json_need_int(sc, index, "format", 1, 1, &format));
	TRY(json_need_object(sc, index, "files", &files));
	if (where->store != NULL)
		TRY(store_reach(sc, where->store));
	const char *beside = where->store == NULL ? dir : path_join(sc, dir, "restoring");
	TRY(file_make_dirs(sc, beside, 0700));
	if (keys != NULL)
		TRY(copy_secrets(sc, keys, dir));
	TRY(copy_verifier(sc, files, from, keys, dir));
	for (size_t i = 0; i < COUNT_OF(tables); i++)
		TRY(copy_checked(sc, files, tables[i], from, beside));
	if (where->store != NULL)
		TRY(take_over(sc, dir, beside, where));
	/* the settings last: their presence says the rest is there */
	TRY(copy_checked(sc, files, settings_name, from, dir));
	return where->store != NULL ? OK : with_store(sc, dir, check_restored, NULL);
}

int
cli_restore(struct scope *sc, int argc, char **argv)
{
	const char *words[1];
	const char *from = NULL;
	const char *keys = NULL;
	size_t n;
	struct house_settings where = {0};
	const struct option_def defs[] = {{"--from", OPTION_TEXT, &from, 0, 0},
					  {"--keys", OPTION_TEXT, &keys, 0, 0},
					  {"--store", OPTION_TEXT, &where.store, 0, 0},
					  {"--schema", OPTION_TEXT, &where.schema, 0, 0}};
	enum code rc = args_parse(sc, argc, argv, defs, COUNT_OF(defs), words, 1, 1, &n);
	if (rc == OK && from == NULL)
		rc = newest_backup(sc, words[0], &from);
	if (rc == OK)
		rc = restore(sc, words[0], from, keys, &where);
	if (rc != OK)
		return cli_exit(sc, rc);
	json_t *o = json_new_object(sc);
	json_put_text(o, "data", words[0]);
	json_put_text(o, "backup", from);
	if (keys == NULL)
		json_put_text(o, "note", "put keys, signing.key and signing.state into it before serving");
	return cli_print(sc, o);
}
