#include "qcsh_readline.h"

#include <stdio.h>

#include <readline/history.h>
#include <readline/readline.h>

static bool is_prepared;

static void prepare(void) {
    if (is_prepared) return;
    is_prepared = true;
    rl_readline_name = "qcsh";
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    // File names are not what Lua code is completed with.
    rl_bind_key('\t', rl_insert);
    rl_variable_bind("enable-bracketed-paste", "on");
    using_history();
}

void qrl_begin(const char *prompt, qrl_line handler) {
    prepare();
    rl_callback_handler_install(prompt, handler);
}

void qrl_end(void) { rl_callback_handler_remove(); }

void qrl_read(void) { rl_callback_read_char(); }

void qrl_cancel_line(void) {
    // Outside of rl_callback_read_char readline does not take a search for one that it is in.
    RL_SETSTATE(RL_STATE_CALLBACK);
    rl_callback_sigcleanup();
    rl_free_line_state();
    fputs("^C\n", rl_outstream);
    fflush(rl_outstream);
    rl_replace_line("", 0);
    rl_callback_handler_remove();
}

void qrl_resize(void) { rl_resize_terminal(); }

void qrl_remember(const char *entry) { add_history(entry); }

int qrl_load_history(const char *file) {
    prepare();
    history_comment_char = '#';
    history_write_timestamps = 1;
    history_multiline_entries = 1;
    return read_history(file);
}

int qrl_append_history(int count, const char *file) { return append_history(count, file); }
