/* SQLite's two files, whole: checked, and copied while writes go on. */
#include "store/sqlite_conn.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"

enum code
files_check(struct scope *sc, struct sqlite_conn *c, const char *pragma, const char *what)
{
	struct tx tx = {.conn = &c->base, .writable = true};
	struct rows *r;
	TRY(sql_query(sc, &tx, &r, pragma, NO_VALS));
	enum code rc = OK;
	if (!row_next(r))
		rc = rows_end(sc, r);
	else if (!text_eq(row_text(sc, r, 0), "ok"))
		rc = fail(sc, E_CORRUPT, "%s is damaged: %s", what, row_text(sc, r, 0));
	conn_finish_rows(c);
	return rc;
}

static enum code
check_both(struct scope *sc, const struct sqlite_files *f, struct sqlite_conn *c)
{
	struct tx tx = {.conn = &c->base, .writable = true};
	struct rows *r;
	TRY(files_check(sc, c, "PRAGMA main.integrity_check(1)", f->paths[LANE_MAIN]));
	TRY(files_check(sc, c, "PRAGMA beside.integrity_check(1)", f->paths[LANE_POSITIONS]));
	TRY(sql_query(sc, &tx, &r, "PRAGMA main.foreign_key_check", NO_VALS));
	if (row_next(r))
		return fail(sc, E_CORRUPT, "table %s refers to rows that are not there", row_text(sc, r, 0));
	return rows_end(sc, r);
}

enum code
sqlite_check(struct scope *sc, struct database *db)
{
	struct conn *c;
	TRY(sqlite_connect_reader(sc, db, &c));
	enum code rc = check_both(sc, (struct sqlite_files *)db, (struct sqlite_conn *)c);
	conn_close((struct sqlite_conn *)c);
	return rc;
}

/* --- a copy while writes go on --- */

static enum code
copy_pages(struct scope *sc, struct sqlite_conn *from, const char *schema, sqlite3 *to, const char *path)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", from->db, schema);
	if (b == NULL)
		return fail(sc, E_IO, "%s: %s", path, sqlite3_errmsg(to));
	int result = sqlite3_backup_step(b, -1);
	int finished = sqlite3_backup_finish(b);
	if (result == SQLITE_DONE && finished == SQLITE_OK)
		return OK;
	bool full = (finished & 0xff) == SQLITE_FULL;
	return fail_as(sc, E_IO, full ? "disk-full" : NULL, "%s: %s", path, sqlite3_errstr(finished));
}

/* Into a new file beside, synced by SQLite, renamed when it is whole. */
static enum code
copy_file(struct scope *sc, struct sqlite_conn *from, const char *schema, const char *path)
{
	const char *beside = scope_printf(sc, "%s.new", path);
	(void)unlink(beside);
	sqlite3 *to = NULL;
	int result =
	    sqlite3_open_v2(beside, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	enum code rc = result == SQLITE_OK ? copy_pages(sc, from, schema, to, beside)
					   : fail(sc, E_IO, "%s: %s", beside, sqlite3_errstr(result));
	if (sqlite3_close(to) != SQLITE_OK && rc == OK)
		rc = fail(sc, E_IO, "%s: could not be closed", beside);
	if (rc == OK && rename(beside, path) != 0)
		rc = fail(sc, E_IO, "%s: %s", path, strerror(errno));
	if (rc != OK)
		(void)unlink(beside);
	return rc;
}

static enum code
sync_dir(struct scope *sc, const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) != 0) {
		int err = errno;
		if (fd >= 0)
			close(fd);
		return fail(sc, E_IO, "%s: %s", dir, strerror(err));
	}
	close(fd);
	return OK;
}

/* Both snapshots are opened before the first page is copied; positions first,
 * so that nothing in them speaks of a row the other file does not have yet. */
static enum code
copy_both(struct scope *sc, struct sqlite_conn *c, const char *main_to, const char *positions_to)
{
	int64_t pages;
	int result = conn_exec(c, "BEGIN");
	if (result != SQLITE_OK)
		return conn_fail(sc, c, result, "BEGIN");
	TRY(conn_int(sc, c, "SELECT COUNT(*) FROM beside.sqlite_schema", &pages));
	TRY(conn_int(sc, c, "SELECT COUNT(*) FROM main.sqlite_schema", &pages));
	TRY(copy_file(sc, c, "beside", positions_to));
	return copy_file(sc, c, "main", main_to);
}

enum code
sqlite_backup(struct scope *sc, struct database *db, const char *to_dir)
{
	TRY(file_make_dirs(sc, to_dir, 0700));
	const char *main_to = path_join(sc, to_dir, "waybill.db");
	const char *positions_to = path_join(sc, to_dir, "positions.db");
	if (file_exists(main_to) || file_exists(positions_to))
		return fail(sc, E_CONFLICT, "%s holds a database already", to_dir);
	struct conn *c;
	TRY(sqlite_connect_reader(sc, db, &c));
	enum code rc = copy_both(sc, (struct sqlite_conn *)c, main_to, positions_to);
	conn_close((struct sqlite_conn *)c);
	TRY(rc);
	return sync_dir(sc, to_dir);
}
