#include "qcsh_regex.h"

#include <re2/re2.h>

#include <cstring>
#include <new>

struct qcsh_regex {
    RE2 pattern;
    qcsh_regex(re2::StringPiece text, const RE2::Options &options) : pattern(text, options) {}
};

extern "C" qcsh_regex *qcsh_regex_compile(const char *pattern, size_t length, char *error,
                                          size_t capacity) {
    RE2::Options options;
    options.set_log_errors(false);
    auto *regex = new (std::nothrow) qcsh_regex(re2::StringPiece(pattern, length), options);
    if (regex == nullptr) {
        std::strncpy(error, "out of memory", capacity);
        return nullptr;
    }
    if (!regex->pattern.ok()) {
        std::strncpy(error, regex->pattern.error().c_str(), capacity);
        error[capacity - 1] = '\0';
        delete regex;
        return nullptr;
    }
    return regex;
}

extern "C" bool qcsh_regex_matches(const qcsh_regex *regex, const char *text, size_t length) {
    return RE2::PartialMatch(re2::StringPiece(text, length), regex->pattern);
}

extern "C" void qcsh_regex_free(qcsh_regex *regex) { delete regex; }
