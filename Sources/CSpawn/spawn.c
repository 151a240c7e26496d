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

/// Why standard output could not be written first; 0 while it could.
static int output_problem;

#ifdef __GLIBC__
/// Writes what stdio has buffered. stdio itself remembers that this failed, but not why.
static ssize_t write_output(void *unused, const char *bytes, size_t count) {
    (void)unused;
    size_t done = 0;
    while (done < count) {
        ssize_t written = write(STDOUT_FILENO, bytes + done, count - done);
        if (written > 0) {
            done += (size_t)written;
            continue;
        }
        struct pollfd entry = {.fd = STDOUT_FILENO, .events = POLLOUT};
        if (written < 0 && errno == EAGAIN && poll(&entry, 1, -1) > 0) continue;
        if (output_problem == 0) output_problem = errno;
        break;
    }
    return (ssize_t)done;
}

static int seek_output(void *unused, off64_t *offset, int whence) {
    (void)unused;
    off64_t place = lseek64(STDOUT_FILENO, *offset, whence);
    if (place < 0) return -1;
    *offset = place;
    return 0;
}

static int close_output(void *unused) {
    (void)unused;
    return close(STDOUT_FILENO);
}
#endif

void qspawn_watch_output(void) {
#ifdef __GLIBC__
    // A terminal has no full disk, and readline asks stdio for its descriptor.
    if (isatty(STDOUT_FILENO)) return;
    cookie_io_functions_t functions = {
        .write = write_output, .seek = seek_output, .close = close_output};
    FILE *watched = fopencookie(NULL, "w", functions);
    if (watched != NULL) stdout = watched;
#endif
}

int qspawn_finish_output(void) {
    errno = 0;
    if (fflush(stdout) != 0 && output_problem == 0) output_problem = errno != 0 ? errno : EIO;
    if (output_problem == 0 && ferror(stdout)) output_problem = EIO;
    return output_problem;
}
