/// GNU readline's callback interface as typed functions. One terminal, one prompt at a time.
#ifndef QCSH_READLINE_H
#define QCSH_READLINE_H

#include <stdbool.h>
#include <stddef.h>

/// What keys can ask of the host.
typedef enum qrl_command {
    QRL_EDIT,  ///< Write the entry in an editor.
    QRL_HELP,  ///< Tell about what the cursor is on.
    QRL_CLEAR, ///< Clear the screen.
} qrl_command;

/// What the host does for the line editor.
typedef struct qrl_host {
    /// A line was accepted; NULL at the end of input. The text belongs to the receiver.
    void (*line)(char *text);
    /// Whether the line is a whole entry; otherwise Return begins another line of it. Also sets how
    /// many spaces that line begins with, and how many the present one has too many.
    bool (*is_whole)(const char *text, int *indentation, int *excess);
    /// The line, the cursor or the prompt has changed. Only called when the host draws.
    void (*display)(void);
    /// Whether Tab indents at a byte, where nothing is typed yet in the line.
    bool (*indents)(int point);
    /// What separates words in front of a byte: the characters.
    const char *(*word_breaks)(int point);
    /// Gives each candidate for the bytes from start to the cursor to `qrl_add_candidate`.
    void (*complete)(int start, int point);
    /// Several candidates fit, and they are asked for.
    void (*show_candidates)(void);
    /// A key of a command was pressed.
    void (*command)(qrl_command command);
} qrl_host;

/// Sets who is asked. To be called once, before a prompt is shown.
///
/// - terminal: the descriptor that the prompt is written to, when the host does not draw itself.
/// - draws: whether `display` draws the line; readline does otherwise.
void qrl_open(const qrl_host *host, int terminal, bool draws);

/// Shows a prompt. When the host does not draw, the prompt may have readline's marks \001 and \002.
void qrl_begin(const char *prompt);

/// Removes the prompt and restores the terminal's settings. Keeps the typed text.
void qrl_suspend(void);

/// Shows the prompt with what was typed again.
void qrl_resume(void);

/// Takes the prompt away for good.
void qrl_end(void);

/// Reads what the terminal has. Call it when standard input is readable.
void qrl_read(void);

/// Gives the line up, as Ctrl-C does, and takes the prompt away.
void qrl_cancel_line(void);

/// Sets the size of the terminal for readline.
void qrl_resize(int rows, int columns);

/// What the user's inputrc wants to be shown of the mode that keys are in; empty for nothing.
const char *qrl_mode(void);

/// What readline shows before the line: the prompt, or what is being searched for.
const char *qrl_shown_prompt(void);

/// The line as it is, and where the cursor stands in bytes.
const char *qrl_text(void);
int qrl_point(void);

/// Replaces the line.
void qrl_set_text(const char *text, int point);

/// Adds a candidate during `complete`.
void qrl_add_candidate(const char *text);

/// Sets the character that readline adds after a candidate that is the only one; 0 for none.
void qrl_append_behind_candidate(char character);

/// Adds an entry to the list that the arrow keys and searches go through.
void qrl_remember(const char *entry);

/// Forgets all entries of that list.
void qrl_forget_all(void);

/// A file that exists in memory only; -1 with errno. glibc declares memfd_create for _GNU_SOURCE
/// only, which Swift does not define.
int qrl_open_memory(const char *name);

#endif
