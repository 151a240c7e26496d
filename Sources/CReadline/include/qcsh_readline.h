/// GNU readline's callback interface as typed functions. One terminal, one prompt at a time.
#ifndef QCSH_READLINE_H
#define QCSH_READLINE_H

#include <stdbool.h>

/// Called with a line without its end, which belongs to the receiver; NULL at the end of input.
typedef void (*qrl_line)(char *line);

/// Shows a prompt; from now on lines are given to the handler.
void qrl_begin(const char *prompt, qrl_line handler);

/// Takes the prompt away.
void qrl_end(void);

/// Reads what the terminal has. Call it when standard input is readable.
void qrl_read(void);

/// Gives the line up, as Ctrl-C does, and takes the prompt away.
void qrl_cancel_line(void);

/// Adapts to a new size of the terminal.
void qrl_resize(void);

/// History, kept in memory; `load` and `append` go to a file.
void qrl_remember(const char *entry);
int qrl_load_history(const char *file);
int qrl_append_history(int count, const char *file);

#endif
