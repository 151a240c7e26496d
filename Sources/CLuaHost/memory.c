// The machine's memory: a limit, and free lists for the small blocks that Lua asks for most.
#include "internal.h"

#include <stddef.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// Tables, closures, short strings and the hash parts of small tables are a few dozen bytes each and
// come and go by the million. They are cut from chunks and kept in one list for each size; larger
// blocks go to the C library. Lua tells a block's size when it gives it back, so none is stored.
enum {
    GRAIN = 16,
    LARGEST = QH_SIZE_CLASSES * GRAIN,
    CHUNK = 1 << 16,
};

struct qh_chunk {
    qh_chunk *next;
    max_align_t bytes[];
};

struct qh_free_block {
    qh_free_block *next;
};

static size_t class_of(size_t size) { return (size - 1) / GRAIN; }

static void *take(qh_memory *memory, size_t size) {
    size_t class = class_of(size);
    qh_free_block *block = memory->free[class];
    if (block != NULL) {
        memory->free[class] = block->next;
        return block;
    }
    size_t rounded = (class + 1) * GRAIN;
    if (memory->rest < rounded) {
        // What is left of the last chunk is a block of a smaller size.
        if (memory->rest != 0) {
            qh_free_block *rest = (qh_free_block *)memory->next;
            size_t kind = class_of(memory->rest);
            rest->next = memory->free[kind];
            memory->free[kind] = rest;
        }
        memory->rest = 0;
        qh_chunk *chunk = malloc(sizeof *chunk + CHUNK);
        if (chunk == NULL) return NULL;
        chunk->next = memory->chunks;
        memory->chunks = chunk;
        memory->next = (char *)chunk->bytes;
        memory->rest = CHUNK;
    }
    void *taken = memory->next;
    memory->next += rounded;
    memory->rest -= rounded;
    return taken;
}

static void give(qh_memory *memory, void *block, size_t size) {
    qh_free_block *freed = block;
    size_t class = class_of(size);
    freed->next = memory->free[class];
    memory->free[class] = freed;
}

/// A block of another size with the same beginning; the old one is unharmed when there is none.
static void *change(qh_memory *memory, void *block, size_t old_size, size_t new_size) {
    bool was_small = old_size <= LARGEST, is_small = new_size <= LARGEST;
    if (!was_small && !is_small) return realloc(block, new_size);
    if (was_small && is_small && class_of(old_size) == class_of(new_size)) return block;
    void *changed = is_small ? take(memory, new_size) : malloc(new_size);
    // Lua counts on it that a block can always become smaller; this one stays as large as it is.
    if (changed == NULL) return new_size < old_size ? block : NULL;
    memcpy(changed, block, old_size < new_size ? old_size : new_size);
    if (was_small) {
        give(memory, block, old_size);
    } else {
        free(block);
    }
    return changed;
}

void *qh_allocate(void *user, void *block, size_t old_size, size_t new_size) {
    qh_memory *memory = user;
    // For a new block, old_size is the kind of object, not a size.
    size_t held = block == NULL ? 0 : old_size;
    if (new_size == 0) {
        if (held > LARGEST) {
            free(block);
        } else if (held != 0) {
            give(memory, block, held);
        }
        memory->used -= held;
        return NULL;
    }
    if (memory->limit != 0 && new_size > held &&
        memory->used - held + new_size > memory->limit) {
        return NULL;
    }
    void *given;
    if (held != 0) {
        given = change(memory, block, held, new_size);
    } else {
        given = new_size <= LARGEST ? take(memory, new_size) : malloc(new_size);
    }
    if (given != NULL) memory->used += new_size - held;
    return given;
}

void qh_open_memory(void) {
#ifdef __GLIBC__
    // Memory that the collector frees is soon used again: giving it back costs a page fault each.
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
    mallopt(M_TOP_PAD, 1 << 20);
#endif
}

void qh_close_memory(qh_memory *memory) {
    while (memory->chunks != NULL) {
        qh_chunk *chunk = memory->chunks;
        memory->chunks = chunk->next;
        free(chunk);
    }
}
