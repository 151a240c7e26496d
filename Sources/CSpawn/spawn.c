#define _GNU_SOURCE
#include "qcsh_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

int qspawn_begin_in(posix_spawn_file_actions_t *actions, const char *folder) {
    return posix_spawn_file_actions_addchdir_np(actions, folder);
}

int qspawn_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

static int argument_count;
static char **arguments;

/// glibc hands constructors what main gets.
__attribute__((constructor)) static void keep_arguments(int count, char **values) {
    argument_count = count;
    arguments = values;
}

int qspawn_argument_count(void) { return argument_count; }

const char *qspawn_argument(int number) {
    return number >= 0 && number < argument_count ? arguments[number] : NULL;
}

void qspawn_return_large_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 128 << 10);
    mallopt(M_TRIM_THRESHOLD, 128 << 10);
#endif
}

int qspawn_finish_output(void) {
    errno = 0;
    if (fflush(stdout) != 0) return errno != 0 ? errno : EIO;
    if (!ferror(stdout)) return 0;
    // The reason of an earlier failure is gone, except that a pipe without a reader has no other.
    struct pollfd entry = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&entry, 1, 0) == 1 && entry.revents & POLLERR ? EPIPE : EIO;
}
