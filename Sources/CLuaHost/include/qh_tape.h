/// The value tape: how values cross between Lua and Swift.
///
/// A tape is a flat sequence of tagged values in memory that neither the collector nor ARC knows.
/// C writes it from the Lua stack and reads it back onto the stack; Swift reads and writes it
/// without ever naming a Lua function.
#ifndef QH_TAPE_H
#define QH_TAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/// The first byte of each value. Numbers after a tag are in the machine's byte order.
enum qh_tag {
    QH_NIL = 0,
    QH_FALSE,
    QH_TRUE,
    QH_INTEGER,  ///< int64
    QH_NUMBER,   ///< double
    QH_STRING,   ///< uint32 length, bytes
    QH_TABLE,    ///< keys and values in turn, then QH_END
    QH_LIST,     ///< uint32 expected count, values, then QH_END; carries the list metatable
    QH_END,
    QH_MESSAGE,  ///< uint32 type, uint32 expected fields, then fields, then QH_END. From Lua: keys
                 ///< and values in turn
    QH_FIELD,    ///< uint16 index of the field, then its value (to Lua only)
    QH_AGAIN,    ///< the field's present table goes on: stands before QH_MESSAGE, QH_LIST, QH_TABLE
    QH_ENUM,     ///< uint32 enum, int32 number (to Lua only)
    QH_TIME,     ///< int64 seconds since 1970, int32 nanoseconds
    QH_DURATION, ///< int64 seconds, int32 nanoseconds
    QH_NULL,     ///< the value of qdrant.null
    QH_FUNCTION, ///< int32 reference to a Lua function or thread; 0 when nothing keeps it
    QH_HANDLE,   ///< uint32 slot, uint32 generation, uint32 type: an object of the host
    QH_META,     ///< uint32 number of a registered metatable, then QH_TABLE
    QH_HOST,     ///< uint32 number of a host function (to Lua only)
    QH_SECRET,   ///< uint32 length, bytes: a text that is not shown
    QH_CANCEL,   ///< what a cancelled task is unwound with: no error that pcall may catch
    QH_UNKNOWN,  ///< uint32 length, bytes: unknown fields of the message around it
};

/// A growing arena with a read cursor.
typedef struct qh_tape {
    uint8_t *bytes;
    size_t length;
    size_t capacity;
    size_t cursor;
    bool failed; ///< whether memory ran out while writing
} qh_tape;

static inline void qh_tape_clear(qh_tape *tape) {
    tape->length = 0;
    tape->cursor = 0;
    tape->failed = false;
    // One large answer must not pin its memory for good.
    if (tape->capacity > (1u << 20)) {
        free(tape->bytes);
        tape->bytes = NULL;
        tape->capacity = 0;
    }
}

static inline void qh_tape_free(qh_tape *tape) {
    free(tape->bytes);
    memset(tape, 0, sizeof *tape);
}

static inline uint8_t *qh_tape_reserve(qh_tape *tape, size_t size) {
    if (tape->capacity - tape->length < size) {
        // Most tapes hold next to nothing; one that holds more holds much more.
        size_t capacity = tape->capacity == 0 ? 64 : tape->capacity;
        while (capacity - tape->length < size) capacity = capacity < 2048 ? 2048 : capacity * 2;
        uint8_t *bytes = (uint8_t *)realloc(tape->bytes, capacity);
        if (bytes == NULL) {
            tape->failed = true;
            return NULL;
        }
        tape->bytes = bytes;
        tape->capacity = capacity;
    }
    uint8_t *place = tape->bytes + tape->length;
    tape->length += size;
    return place;
}

static inline void qh_put_tag(qh_tape *tape, uint8_t tag) {
    uint8_t *place = qh_tape_reserve(tape, 1);
    if (place != NULL) *place = tag;
}

static inline void qh_put_raw(qh_tape *tape, uint8_t tag, const void *value, size_t size) {
    uint8_t *place = qh_tape_reserve(tape, 1 + size);
    if (place == NULL) return;
    place[0] = tag;
    if (size > 0) memcpy(place + 1, value, size);
}

static inline void qh_put_bool(qh_tape *tape, bool value) {
    qh_put_tag(tape, value ? QH_TRUE : QH_FALSE);
}

static inline void qh_put_integer(qh_tape *tape, int64_t value) {
    qh_put_raw(tape, QH_INTEGER, &value, sizeof value);
}

static inline void qh_put_number(qh_tape *tape, double value) {
    qh_put_raw(tape, QH_NUMBER, &value, sizeof value);
}

static inline void qh_put_u32(qh_tape *tape, uint8_t tag, uint32_t value) {
    qh_put_raw(tape, tag, &value, sizeof value);
}

static inline void qh_put_bytes(qh_tape *tape, uint8_t tag, const void *bytes, size_t length) {
    uint32_t short_length = (uint32_t)length;
    uint8_t *place = length > UINT32_MAX ? NULL : qh_tape_reserve(tape, 5 + length);
    if (place == NULL) {
        tape->failed = true;
        return;
    }
    place[0] = tag;
    memcpy(place + 1, &short_length, 4);
    if (length > 0) memcpy(place + 5, bytes, length);
}

static inline void qh_put_string(qh_tape *tape, const void *bytes, size_t length) {
    qh_put_bytes(tape, QH_STRING, bytes, length);
}

static inline void qh_put_message(qh_tape *tape, uint32_t type, uint32_t fields) {
    uint32_t pair[2] = {type, fields};
    qh_put_raw(tape, QH_MESSAGE, pair, sizeof pair);
}

static inline void qh_put_field(qh_tape *tape, uint16_t index) {
    qh_put_raw(tape, QH_FIELD, &index, sizeof index);
}

static inline void qh_put_enum(qh_tape *tape, uint32_t type, int32_t number) {
    uint32_t pair[2] = {type, (uint32_t)number};
    qh_put_raw(tape, QH_ENUM, pair, sizeof pair);
}

static inline void qh_put_instant(qh_tape *tape, uint8_t tag, int64_t seconds, int32_t nanos) {
    uint8_t *place = qh_tape_reserve(tape, 13);
    if (place == NULL) return;
    place[0] = tag;
    memcpy(place + 1, &seconds, 8);
    memcpy(place + 9, &nanos, 4);
}

static inline void qh_put_handle(qh_tape *tape, uint32_t slot, uint32_t generation, uint32_t type) {
    uint32_t three[3] = {slot, generation, type};
    qh_put_raw(tape, QH_HANDLE, three, sizeof three);
}

#endif
