/// Calls of the C library that Swift does not see: those of headers that it does not import, and those
/// that need _GNU_SOURCE.
#ifndef QCSH_SPAWN_H
#define QCSH_SPAWN_H

#include <spawn.h>

/// Sets the directory in which a started program begins.
int qspawn_begin_in(posix_spawn_file_actions_t *actions, const char *folder);

/// A pipe whose ends are closed when another program is executed. Returns 0, or -1 with errno.
int qspawn_pipe(int ends[2]);

/// How many arguments the program was started with, its own name included. Swift reads them from
/// /proc, which not every sandbox has.
int qspawn_argument_count(void);

/// An argument by its number; NULL when there is none.
const char *qspawn_argument(int number);

/// Has large pieces of memory go back to the system when they are freed. Without this, glibc raises the
/// threshold after the first of them, and keeps the rest.
void qspawn_return_large_memory(void);

/// Flushes the standard output of stdio, where Lua's print writes. Returns 0, or the errno of what was not
/// written now or earlier.
int qspawn_finish_output(void);

/// Has the reason kept for which standard output cannot be written. To be called before anything is.
void qspawn_watch_output(void);

#endif
