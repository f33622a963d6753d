// What has to happen while the process has one thread only. Landlock holds for the thread
// that asks for it and those that it starts later, so it is asked for before Go has any.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "early.h"

#ifndef __NR_landlock_create_ruleset
#define __NR_landlock_create_ruleset 444
#define __NR_landlock_restrict_self 446
#endif
#ifndef __NR_close_range
#define __NR_close_range 436
#endif

// The kernel's struct as of ABI 6; older kernels take it as long as what they do not know is 0.
struct ruleset {
	uint64_t files, net, scoped;
};

int garita_landlock = 0; // ABI under which the process is confined; 0: it is not
int garita_errno = 0;    // why not
int garita_statm = -1;   // how much memory is mapped, opened while files can be

static int confine(void) {
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return -1;
	int abi = syscall(__NR_landlock_create_ruleset, NULL, 0, 1 /* asks for the version */);
	if (abi < 0)
		return -1;
	static const int rights[] = {0, 13, 14, 15, 15, 16}; // how many rights to files each ABI knows
	struct ruleset r = {0};
	r.files = (1ULL << rights[abi < 5 ? abi : 5]) - 1;
	if (abi >= 4)
		r.net = 3; // bind and connect, TCP
	if (abi >= 6)
		r.scoped = 3; // abstract sockets and signals, to processes outside
	int fd = syscall(__NR_landlock_create_ruleset, &r, sizeof r, 0);
	if (fd < 0)
		return -1;
	// No rule is added: nothing is allowed.
	int failed = syscall(__NR_landlock_restrict_self, fd, 0);
	int why = errno;
	close(fd);
	errno = why;
	return failed ? -1 : abi;
}

// early runs before Go does. glibc hands it the arguments.
__attribute__((constructor)) static void early(int argc, char **argv, char **envp) {
	(void)envp;
	if (argc < 2 || strcmp(argv[1], GARITA_CONFINED) != 0)
		return;
	setpriority(PRIO_PROCESS, 0, 10); // the record comes first
	syscall(__NR_close_range, 3, ~0U, 0);
	garita_statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	int abi = confine();
	if (abi < 0)
		garita_errno = errno;
	else
		garita_landlock = abi;
}
