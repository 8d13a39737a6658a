#include "workers/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static enum code
shut_limits(struct scope *sc, size_t memory_bytes)
{
	const struct {
		__rlimit_resource_t what;
		rlim_t max;
	} limits[] = {{RLIMIT_CORE, 0}, {RLIMIT_NOFILE, 4}, {RLIMIT_NPROC, 0}, {RLIMIT_DATA, memory_bytes}};
	for (size_t i = 0; i < COUNT_OF(limits); i++) {
		/* A sanitizer's shadow counts as data: its builds go without this one bound. */
		if (limits[i].what == RLIMIT_DATA && SANITIZED)
			continue;
		struct rlimit r = {limits[i].max, limits[i].max};
		if (setrlimit(limits[i].what, &r) != 0)
			return fail(sc, E_UNAVAILABLE, "rlimit %zu: %s", i, strerror(errno));
	}
	return OK;
}

/* --- Landlock; ABI 1 (Linux 5.13), so that it holds wherever it exists --- */

#define LANDLOCK_ALL ((UINT64_C(1) << 13) - 1) /* execute … make_sym: the thirteen rights of ABI 1 */

static enum code
landlock_allow(struct scope *sc, int rules, const char *read_only)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access =
							 LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR,
						     .parent_fd = open(read_only, O_PATH | O_CLOEXEC | O_DIRECTORY)};
	if (beneath.parent_fd < 0)
		return fail(sc, E_UNAVAILABLE, "%s: %s", read_only, strerror(errno));
	long rc = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
	int err = errno;
	close(beneath.parent_fd);
	return rc == 0 ? OK : fail(sc, E_UNAVAILABLE, "landlock: %s", strerror(err));
}

static enum code
shut_landlock(struct scope *sc, const char *read_only)
{
	struct landlock_ruleset_attr attr = {.handled_access_fs = LANDLOCK_ALL};
	int rules = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
	if (rules < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) {
		log_line(LOG_DEBUG, "this kernel has no Landlock: seccomp alone keeps files away");
		return OK;
	}
	if (rules < 0)
		return fail(sc, E_UNAVAILABLE, "landlock: %s", strerror(errno));
	enum code rc = read_only != NULL ? landlock_allow(sc, rules, read_only) : OK;
	if (rc == OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
		rc = fail(sc, E_UNAVAILABLE, "landlock: %s", strerror(errno));
	close(rules);
	return rc;
}

/* --- seccomp --- */

static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(write),
    SCMP_SYS(writev),
    SCMP_SYS(recvfrom),
    SCMP_SYS(sendto),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(sched_yield),
    SCMP_SYS(getpid),
    SCMP_SYS(gettid),
    SCMP_SYS(tgkill),
    SCMP_SYS(setitimer),
    SCMP_SYS(sysinfo),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(close),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(getrusage),
#if SANITIZED
    SCMP_SYS(sigaltstack),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(prctl),
#endif
};

/* Libraries look for files to tune themselves; they do without. */
static const int refused[] = {SCMP_SYS(open),	    SCMP_SYS(openat),	  SCMP_SYS(stat),
			      SCMP_SYS(newfstatat), SCMP_SYS(access),	  SCMP_SYS(faccessat),
			      SCMP_SYS(readlink),   SCMP_SYS(readlinkat), SCMP_SYS(ioctl)};

static bool
fill_filter(scmp_filter_ctx filter)
{
	bool ok = true;
	for (size_t i = 0; i < COUNT_OF(allowed); i++)
		ok = ok && seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
	/* A call that this architecture does not have cannot be added: nothing to refuse. */
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (refused[i] >= 0)
			ok = ok && seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), refused[i], 0) == 0;
	const struct scmp_arg_cmp not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	ok = ok && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &not_executable) == 0;
	return ok && seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &not_executable) == 0;
}

static enum code
shut_seccomp(struct scope *sc)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	if (filter == NULL)
		return fail(sc, E_UNAVAILABLE, "seccomp: no filter");
	bool filled = fill_filter(filter);
	int rc = filled ? seccomp_load(filter) : -EINVAL;
	seccomp_release(filter);
	if (rc != 0)
		return fail(sc, E_UNAVAILABLE, "seccomp: %s", strerror(-rc));
	return OK;
}

enum code
sandbox_shut(struct scope *sc, size_t memory_bytes, const char *read_only)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_DUMPABLE, 0) != 0)
		return fail(sc, E_UNAVAILABLE, "prctl: %s", strerror(errno));
	TRY(shut_landlock(sc, read_only));
	TRY(shut_limits(sc, memory_bytes));
	return shut_seccomp(sc);
}
