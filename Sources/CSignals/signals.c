#define _GNU_SOURCE
#include "qsignals.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { TIMES_THAT_ARE_MEANT = 3 };

static volatile sig_atomic_t interrupts, terminations, was_hung_up, is_resized, is_to_suspend;
static _Atomic int64_t last_moment = INT64_MAX;
static volatile sig_atomic_t last_status;
static const char *_Atomic last_words;
static qsignals_interrupter volatile interrupter;
static void *volatile interrupter_argument;
static int64_t patience_of_termination;
static pthread_t main_thread;
static int write_end = -1;
static struct termios terminal;
static bool has_terminal;

// MARK: In a handler

static void wake(void) {
    int problem = errno;
    char byte = 1;
    ssize_t written = write(write_end, &byte, 1);
    (void)written;
    errno = problem;
}

static void tell(void) {
    if (interrupter != NULL) interrupter(interrupter_argument);
    wake();
}

/// Passes the signal on when another thread got it.
static bool is_ours(int number) {
    if (pthread_equal(pthread_self(), main_thread)) return true;
    pthread_kill(main_thread, number);
    return false;
}

static void leave(int status) {
    if (has_terminal) tcsetattr(STDIN_FILENO, TCSANOW, &terminal);
    _exit(status);
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/// Ends the program later if the code that runs does not.
static void end_soon(void) {
    if (last_moment != INT64_MAX) return;
    last_status = qsignals_terminated_status();
    last_words = NULL;
    last_moment = now() + patience_of_termination;
    struct itimerval timer = {.it_interval = {.tv_sec = 1}, .it_value = {.tv_sec = 1}};
    setitimer(ITIMER_REAL, &timer, NULL);
}

static void on_interrupt(int number) {
    if (!is_ours(number)) return;
    interrupts = interrupts + 1;
    if (interrupts >= TIMES_THAT_ARE_MEANT) leave(128 + SIGINT);
    tell();
}

static void on_termination(int number) {
    if (!is_ours(number)) return;
    terminations = terminations + 1;
    if (number == SIGHUP) was_hung_up = 1;
    if (terminations >= TIMES_THAT_ARE_MEANT) leave(qsignals_terminated_status());
    end_soon();
    tell();
}

static void on_alarm(int number) {
    if (!is_ours(number)) return;
    if (now() >= last_moment) {
        const char *words = last_words;
        if (words != NULL) {
            ssize_t written = write(STDERR_FILENO, words, strlen(words));
            (void)written;
        }
        leave(last_status);
    }
    tell();
}

static void on_resize(int number) {
    (void)number;
    is_resized = 1;
    wake();
}

static void on_suspension(int number) {
    (void)number;
    is_to_suspend = 1;
    wake();
}

// MARK: For the program

static void handle(int number, void (*handler)(int)) {
    // No SA_RESTART: poll(2) has to return.
    struct sigaction action = {.sa_handler = handler};
    sigaction(number, &action, NULL);
    // A parent may have blocked it.
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int qsignals_install(qsignals_interrupter own, void *argument, int64_t patience) {
    // A handler that runs meanwhile finds a pair that belongs together.
    interrupter = NULL;
    atomic_signal_fence(memory_order_seq_cst);
    interrupter_argument = argument;
    atomic_signal_fence(memory_order_seq_cst);
    interrupter = own;
    patience_of_termination = patience;
    main_thread = pthread_self();
    has_terminal = tcgetattr(STDIN_FILENO, &terminal) == 0;
    int ends[2] = {-1, -1};
    bool has_pipe = pipe(ends) == 0;
    int problem = errno;
    for (int i = 0; i < 2 && has_pipe; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    write_end = ends[1];
    handle(SIGINT, on_interrupt);
    handle(SIGTERM, on_termination);
    handle(SIGHUP, on_termination);
    qsignals_handle_alarms();
    errno = problem;
    return ends[0];
}

void qsignals_handle_alarms(void) { handle(SIGALRM, on_alarm); }

void qsignals_watch_terminal(void) {
    handle(SIGWINCH, on_resize);
    handle(SIGTSTP, on_suspension);
    // As other shells do: a slip of the finger must not lose a session.
    signal(SIGQUIT, SIG_IGN);
}

void qsignals_note_suspension(bool is_noted) {
    if (is_noted) {
        handle(SIGTSTP, on_suspension);
    } else {
        signal(SIGTSTP, SIG_DFL);
    }
}

qsignals_counts qsignals_read(void) {
    return (qsignals_counts){
        .interrupts = interrupts, .terminations = terminations, .was_hung_up = was_hung_up != 0};
}

void qsignals_forget_interrupts(void) { interrupts = 0; }

static bool take(volatile sig_atomic_t *flag) {
    bool is_set = *flag != 0;
    *flag = 0;
    return is_set;
}

bool qsignals_take_resize(void) { return take(&is_resized); }

bool qsignals_take_suspension(void) { return take(&is_to_suspend); }

void qsignals_note_resize(void) { on_resize(SIGWINCH); }

int64_t qsignals_last_moment(void) { return last_moment; }

void qsignals_set_last_moment(int64_t moment, int status, const char *words) {
    last_moment = INT64_MAX;
    last_status = status;
    last_words = words;
    last_moment = moment;
}

int qsignals_terminated_status(void) { return 128 + (was_hung_up ? SIGHUP : SIGTERM); }
