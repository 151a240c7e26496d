/// How much room texts take on a terminal, by the tables of libutf8proc.
#ifndef QCSH_TEXT_H
#define QCSH_TEXT_H

#include <stddef.h>

/// The columns that a text in UTF-8 takes. Bytes that are no UTF-8 take one column each.
size_t qtext_columns(const char *text, size_t length);

#endif
