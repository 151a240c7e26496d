/// Regular expressions with RE2's meaning, which is the one that the contract's patterns have.
#ifndef QCSH_REGEX_H
#define QCSH_REGEX_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled pattern. Safe to use from several threads at once.
typedef struct qcsh_regex qcsh_regex;

/// Compiles a pattern. Returns NULL and copies a message into `error` when it is none.
qcsh_regex *qcsh_regex_compile(const char *pattern, size_t length, char *error, size_t capacity);

/// Whether the pattern matches any part of the text.
bool qcsh_regex_matches(const qcsh_regex *regex, const char *text, size_t length);

/// Frees a compiled pattern; NULL is ignored.
void qcsh_regex_free(qcsh_regex *regex);

#ifdef __cplusplus
}
#endif

#endif
