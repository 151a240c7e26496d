#include "qtext.h"

#include <stdbool.h>
#include <utf8proc.h>

enum { EMOJI_PRESENTATION = 0xFE0F, KEYCAP = 0x20E3 };

/// A grapheme cluster: what is shown as one character.
struct cluster {
    int columns;           ///< the sum of its code points' widths
    bool is_pictograph;    ///< whether a code point of it has a form as a picture
    bool wants_picture;    ///< whether that form is asked for
    bool is_picture;       ///< whether it is drawn as one picture of two columns
};

static size_t width_of(const struct cluster *cluster) {
    return cluster->is_picture ? 2 : (size_t)cluster->columns;
}

static void add(struct cluster *cluster, utf8proc_int32_t point) {
    switch (utf8proc_get_property(point)->boundclass) {
    case UTF8PROC_BOUNDCLASS_REGIONAL_INDICATOR: cluster->is_picture = true; break;
    case UTF8PROC_BOUNDCLASS_EXTENDED_PICTOGRAPHIC: cluster->is_pictograph = true; break;
    case UTF8PROC_BOUNDCLASS_ZWJ: cluster->is_picture |= cluster->is_pictograph; break;
    case UTF8PROC_BOUNDCLASS_V:
    case UTF8PROC_BOUNDCLASS_T:
        // Vowels and finals of Hangul stand inside the syllable that they end.
        if (cluster->columns > 0) return;
        break;
    default: break;
    }
    if (point == EMOJI_PRESENTATION) cluster->wants_picture = true;
    cluster->is_picture |= cluster->wants_picture && (cluster->is_pictograph || point == KEYCAP);
    // A colour of skin belongs to the picture before it.
    bool is_colour = point >= 0x1F3FB && point <= 0x1F3FF;
    if (is_colour && cluster->is_pictograph) {
        cluster->is_picture = true;
    } else {
        cluster->columns += utf8proc_charwidth(point);
    }
}

size_t qtext_columns(const char *text, size_t length) {
    const utf8proc_uint8_t *bytes = (const utf8proc_uint8_t *)text;
    size_t columns = 0, position = 0;
    struct cluster cluster = {0};
    utf8proc_int32_t previous = -1, state = 0;
    while (position < length) {
        utf8proc_int32_t point;
        utf8proc_ssize_t size =
            utf8proc_iterate(bytes + position, (utf8proc_ssize_t)(length - position), &point);
        if (size <= 0) {
            // Shown as a replacement.
            size = 1;
            point = 0xFFFD;
        }
        position += (size_t)size;
        if (previous >= 0 && utf8proc_grapheme_break_stateful(previous, point, &state)) {
            columns += width_of(&cluster);
            cluster = (struct cluster){0};
        }
        add(&cluster, point);
        previous = point;
    }
    return columns + width_of(&cluster);
}
