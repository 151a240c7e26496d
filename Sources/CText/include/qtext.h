/// How much room texts take on a terminal, by the tables of libutf8proc, and how near they are to each
/// other.
#ifndef QCSH_TEXT_H
#define QCSH_TEXT_H

#include <stddef.h>

/// The columns that a UTF-8 string takes. Bytes that are not valid UTF-8 take one column each.
size_t qtext_columns(const char *text, size_t length);

/// How many bytes must be inserted, deleted, replaced or swapped with their neighbours to turn one
/// string into the other (Damerau and Levenshtein, each place touched once). For strings that are
/// longer than a name it is the length of the longer one.
size_t qtext_distance(const char *a, size_t a_length, const char *b, size_t b_length);

/// How many of them a name that is meant by another one may have.
size_t qtext_tolerance(size_t length);

#endif
