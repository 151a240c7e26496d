#include "qtext.h"

enum { LONGEST = 100 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t qtext_distance(const char *a, size_t a_length, const char *b, size_t b_length) {
    if (a_length > LONGEST || b_length > LONGEST) return a_length > b_length ? a_length : b_length;
    // The rows of the last three letters.
    size_t rows[3][LONGEST + 1];
    for (size_t j = 0; j <= b_length; j++) rows[0][j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        size_t *row = rows[i % 3], *last = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            row[j] = least(last[j - 1] + (a[i - 1] != b[j - 1]), least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
    }
    return rows[a_length % 3][b_length];
}

size_t qtext_tolerance(size_t length) { return length < 3 ? 1 : length / 3; }
