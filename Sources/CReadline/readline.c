#define _GNU_SOURCE
#include "qcsh_readline.h"

#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <readline/history.h>
#include <readline/readline.h>

static qrl_host host;
static bool host_draws;

// Keys ----------------------------------------------------------------------------------------

static int begin_line(int indentation) {
    rl_insert_text("\n");
    for (int i = 0; i < indentation; i++) rl_insert_text(" ");
    return 0;
}

static int line_start(int point) {
    while (point > 0 && rl_line_buffer[point - 1] != '\n') point--;
    return point;
}

static int accept_entry(int count, int key) {
    int indentation = 0;
    int excess = 0;
    bool is_whole = !host_draws || host.is_whole(rl_line_buffer, &indentation, &excess);
    if (excess > 0 && rl_point == rl_end) {
        int start = line_start(rl_point);
        rl_delete_text(start, start + excess);
        rl_point -= excess;
    }
    if (!is_whole) {
        // In the middle of a text Return means a new line, too: what stands behind moves down.
        return begin_line(indentation);
    }
    return rl_newline(count, key);
}

static int insert_line(int count, int key) {
    (void)count;
    (void)key;
    return begin_line(0);
}

static int line_end(int point) {
    while (point < rl_end && rl_line_buffer[point] != '\n') point++;
    return point;
}

/// Goes to a line that begins at a byte, to the column that the cursor has now.
static int go_to_line(int start, int column) {
    int end = line_end(start);
    rl_point = start;
    while (column-- > 0 && rl_point < end) rl_forward_char(1, 0);
    if (rl_point > end) rl_point = end;
    return 0;
}

static int column_in_line(void) {
    int column = 0;
    for (int i = line_start(rl_point); i < rl_point; i++) {
        if (((unsigned char)rl_line_buffer[i] & 0xc0) != 0x80) column++;
    }
    return column;
}

static int go_up(int count, int key) {
    int start = line_start(rl_point);
    if (start == 0) return rl_get_previous_history(count, key);
    return go_to_line(line_start(start - 1), column_in_line());
}

static int go_down(int count, int key) {
    int end = line_end(rl_point);
    if (end == rl_end) return rl_get_next_history(count, key);
    return go_to_line(end + 1, column_in_line());
}

static int go_to_start(int count, int key) {
    (void)count;
    (void)key;
    rl_point = line_start(rl_point);
    return 0;
}

static int go_to_end(int count, int key) {
    (void)count;
    (void)key;
    rl_point = line_end(rl_point);
    return 0;
}

static int kill_rest(int count, int key) {
    int end = line_end(rl_point);
    if (count < 0 || end == rl_end) return rl_kill_line(count, key);
    // At the end of a line the line break goes, as in Emacs.
    if (end == rl_point) end++;
    return rl_kill_text(rl_point, end);
}

static int kill_begin(int count, int key) {
    int start = line_start(rl_point);
    if (start == 0) return rl_unix_line_discard(count, key);
    rl_kill_text(start, rl_point);
    rl_point = start;
    return 0;
}

static int complete_or_indent(int count, int key) {
    int i = line_start(rl_point);
    while (i < rl_point && rl_line_buffer[i] == ' ') i++;
    // Nothing to complete: at the beginning of a line Tab indents.
    if (i == rl_point && line_start(rl_point) > 0 && host.indents(rl_point)) {
        rl_insert_text("  ");
        return 0;
    }
    return rl_complete(count, key);
}

/// Inserts what stands between the terminal's brackets. Line breaks come as carriage returns, or as
/// pairs from texts of other systems: each is one line break.
static int paste(int count, int key) {
    (void)count;
    (void)key;
    static const char end[] = "\033[201~";
    size_t length = 0;
    size_t room = 1024;
    char *text = malloc(room);
    if (text == NULL) return 1;
    while (true) {
        int byte = rl_read_key();
        if (byte < 0) break;
        if (length + 2 > room) {
            char *larger = realloc(text, room *= 2);
            if (larger == NULL) break;
            text = larger;
        }
        if (byte == '\n' && length > 0 && text[length - 1] == '\r') {
            text[length - 1] = '\n';
            continue;
        }
        if (length > 0 && text[length - 1] == '\r') text[length - 1] = '\n';
        if (byte != 0) text[length++] = (char)byte;
        if (length >= sizeof end - 1 &&
            memcmp(text + length - (sizeof end - 1), end, sizeof end - 1) == 0) {
            length -= sizeof end - 1;
            break;
        }
    }
    if (length > 0 && text[length - 1] == '\r') text[length - 1] = '\n';
    text[length] = '\0';
    rl_insert_text(text);
    free(text);
    return 0;
}

static int edit(int count, int key) {
    (void)count;
    (void)key;
    host.command(QRL_EDIT);
    return 0;
}

static int help(int count, int key) {
    (void)count;
    (void)key;
    host.command(QRL_HELP);
    return 0;
}

static int clear(int count, int key) {
    if (!host_draws) return rl_clear_screen(count, key);
    host.command(QRL_CLEAR);
    return 0;
}

/// Wherever keys are bound to a command of readline that knows one line only, by default or by the
/// user's inputrc, puts the one that knows several.
static void replace_commands(Keymap map) {
    static const struct {
        rl_command_func_t *theirs;
        rl_command_func_t *ours;
    } table[] = {
        {rl_newline, accept_entry},
        {rl_get_previous_history, go_up},
        {rl_get_next_history, go_down},
        {rl_beg_of_line, go_to_start},
        {rl_end_of_line, go_to_end},
        {rl_kill_line, kill_rest},
        {rl_unix_line_discard, kill_begin},
        {rl_clear_screen, clear},
        {rl_complete, complete_or_indent},
        {rl_bracketed_paste_begin, paste},
    };
    for (int key = 0; key < KEYMAP_SIZE; key++) {
        if (map[key].type == ISKMAP) {
            replace_commands((Keymap)map[key].function);
        } else if (map[key].type == ISFUNC) {
            for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
                if (map[key].function == table[i].theirs) map[key].function = table[i].ours;
            }
        }
    }
}

// Completion ----------------------------------------------------------------------------------

static char **candidates;
static size_t candidate_count;
static size_t candidate_room;

void qrl_add_candidate(const char *text) {
    if (candidate_count == candidate_room) {
        size_t room = candidate_room == 0 ? 64 : 2 * candidate_room;
        char **larger = realloc(candidates, room * sizeof *candidates);
        if (larger == NULL) return;
        candidates = larger;
        candidate_room = room;
    }
    char *copy = strdup(text);
    if (copy != NULL) candidates[candidate_count++] = copy;
}

void qrl_append_behind_candidate(char character) { rl_completion_append_character = character; }

static char *next_candidate(const char *text, int state) {
    static size_t next;
    (void)text;
    if (state == 0) next = 0;
    // readline frees what it gets.
    return next < candidate_count ? candidates[next++] : NULL;
}

static char **complete(const char *text, int start, int end) {
    candidate_count = 0;
    rl_attempted_completion_over = 1;
    rl_completion_append_character = '\0';
    rl_completion_suppress_quote = 1;
    host.complete(start, end);
    return candidate_count == 0 ? NULL : rl_completion_matches(text, next_candidate);
}

static char *word_breaks(void) { return (char *)host.word_breaks(rl_point); }

static void show_candidates(char **matches, int count, int longest) {
    (void)matches;
    (void)count;
    (void)longest;
    host.show_candidates();
}

// The prompt ----------------------------------------------------------------------------------

static void display(void) { host.display(); }

void qrl_open(const qrl_host *what, int terminal, bool draws) {
    host = *what;
    host_draws = draws;
    rl_readline_name = "qcsh";
    rl_catch_signals = 0;
    rl_catch_sigwinch = 0;
    int descriptor = dup(terminal);
    FILE *stream = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    rl_outstream = stream == NULL ? stdout : stream;
    rl_attempted_completion_function = complete;
    rl_completion_word_break_hook = word_breaks;
    rl_sort_completion_matches = 0;
    // What ends a candidate is the host's to say.
    rl_basic_quote_characters = "";
    // The user's inputrc, which is read next, may say otherwise.
    rl_variable_bind("enable-bracketed-paste", "on");
    rl_variable_bind("show-all-if-ambiguous", "on");
    rl_variable_bind("comment-begin", "-- ");
    rl_initialize();
    if (draws) {
        rl_redisplay_function = display;
        rl_completion_display_matches_hook = show_candidates;
        Keymap maps[] = {emacs_standard_keymap, vi_insertion_keymap, vi_movement_keymap};
        for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) replace_commands(maps[i]);
        rl_bind_keyseq_in_map("\\e\\C-m", insert_line, emacs_standard_keymap);
    }
    Keymap editing[] = {emacs_standard_keymap, vi_insertion_keymap};
    for (size_t i = 0; i < sizeof editing / sizeof *editing; i++) {
        rl_bind_keyseq_in_map("\\C-x\\C-e", edit, editing[i]);
        rl_bind_keyseq_in_map("\\eOP", help, editing[i]);
        rl_bind_keyseq_in_map("\\e[11~", help, editing[i]);
    }
    rl_bind_keyseq_in_map("\\eh", help, emacs_standard_keymap);
    using_history();
}

static void receive(char *line) { host.line(line); }

/// Reads and edits UTF-8 though the environment names a locale without it: bytes above 127 would be
/// taken for keys with Meta. readline sets the locale anew with each prompt.
static void use_utf8(void) {
    if (strcmp(nl_langinfo(CODESET), "UTF-8") == 0) return;
    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) return;
    rl_variable_bind("input-meta", "on");
    rl_variable_bind("output-meta", "on");
    rl_variable_bind("convert-meta", "off");
}

void qrl_begin(const char *prompt) {
    rl_callback_handler_install(prompt, receive);
    use_utf8();
}

void qrl_end(void) { rl_callback_handler_remove(); }

void qrl_suspend(void) {
    if (rl_deprep_term_function != NULL) rl_deprep_term_function();
}

void qrl_resume(void) {
    if (rl_prep_term_function != NULL) rl_prep_term_function(1);
    rl_on_new_line();
    rl_redisplay_function();
}

void qrl_read(void) { rl_callback_read_char(); }

void qrl_cancel_line(void) {
    // Outside of rl_callback_read_char readline does not take a search for one that it is in.
    RL_SETSTATE(RL_STATE_CALLBACK);
    rl_callback_sigcleanup();
    rl_free_line_state();
    if (!host_draws) {
        fputs("^C\n", rl_outstream);
        fflush(rl_outstream);
    }
    rl_replace_line("", 0);
    rl_callback_handler_remove();
}

void qrl_resize(int rows, int columns) { rl_set_screen_size(rows, columns); }

const char *qrl_mode(void) {
    static char shown[64];
    shown[0] = '\0';
    const char *is_wanted = rl_variable_value("show-mode-in-prompt");
    if (is_wanted == NULL || strcmp(is_wanted, "on") != 0) return shown;
    const char *text = rl_variable_value(
        rl_editing_mode == 1                   ? "emacs-mode-string"
        : rl_get_keymap() == vi_movement_keymap ? "vi-cmd-mode-string"
                                                : "vi-ins-mode-string");
    size_t length = 0;
    bool is_invisible = false;
    // What is between \1 and \2 takes no column: escape sequences.
    for (; text != NULL && *text != '\0' && length < sizeof shown - 1; text++) {
        if (*text == '\1' || *text == '\2') {
            is_invisible = *text == '\1';
        } else if (!is_invisible) {
            shown[length++] = *text;
        }
    }
    shown[length] = '\0';
    return shown;
}

const char *qrl_shown_prompt(void) { return rl_display_prompt == NULL ? "" : rl_display_prompt; }

const char *qrl_text(void) { return rl_line_buffer == NULL ? "" : rl_line_buffer; }

int qrl_point(void) { return rl_point; }

void qrl_set_text(const char *text, int point) {
    rl_replace_line(text, 0);
    rl_point = point < rl_end ? point : rl_end;
}

// History -------------------------------------------------------------------------------------

void qrl_remember(const char *entry) { add_history(entry); }

void qrl_forget_all(void) { clear_history(); }

int qrl_open_memory(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
