/// Signals: counted for the program, and passed on to the Lua code that runs.
///
/// A handler interrupts the main thread anywhere. All that it touches is here: counters, a pipe, and
/// system calls that are safe in a handler.
#ifndef QCSH_SIGNALS_H
#define QCSH_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/// Interrupts the code that runs; must be safe in a signal handler.
typedef void (*qsignals_interrupter)(void *argument);

/// What the program has been asked for since it began.
typedef struct qsignals_counts {
    int interrupts;   ///< SIGINT since they were last forgotten
    int terminations; ///< SIGTERM and SIGHUP
    bool was_hung_up; ///< whether one of them was SIGHUP
} qsignals_counts;

/// Handles SIGINT, SIGTERM and SIGHUP from now on, in the thread that calls.
///
/// The third of a kind ends the program, with the terminal's settings as they are now.
///
/// - interrupter: called for each of them, with its argument; NULL for none.
/// - patience: the nanoseconds after which SIGTERM and SIGHUP end a program that has not ended.
///
/// Returns the descriptor that can be read after each signal, or -1 with errno: signals are handled all
/// the same.
int qsignals_install(qsignals_interrupter interrupter, void *argument, int64_t patience);

/// Handles SIGALRM, too: each is passed on like SIGINT, and one after the last moment ends the program.
void qsignals_handle_alarms(void);

/// Notes changes of the window's size and Ctrl-Z, and ignores SIGQUIT.
void qsignals_watch_terminal(void);

/// Has Ctrl-Z noted, or stop the program at once.
void qsignals_note_suspension(bool is_noted);

/// The counts.
qsignals_counts qsignals_read(void);

/// Counts SIGINT from the beginning.
void qsignals_forget_interrupts(void);

/// Whether the window has another size since this was last asked.
bool qsignals_take_resize(void);

/// Whether Ctrl-Z was pressed since this was last asked.
bool qsignals_take_suspension(void);

/// Notes a change of the window's size, as SIGWINCH does.
void qsignals_note_resize(void);

/// When a signal ends the program without a word, in nanoseconds of the monotonic clock; INT64_MAX for
/// never.
int64_t qsignals_last_moment(void);

/// Sets the last moment.
///
/// - words: written to standard error then; NULL for none. They have to live as long as the program.
void qsignals_set_last_moment(int64_t moment, int status, const char *words);

/// The exit status after SIGTERM or SIGHUP: 128 and the number of the signal.
int qsignals_terminated_status(void);

#endif
