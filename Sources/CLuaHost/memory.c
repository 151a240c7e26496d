// The machine's memory: a limit, and slabs for the small blocks that Lua asks for most.
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// Tables, closures, short strings and the hash parts of small tables are a few dozen bytes each and
// come and go by the million. Each size has slabs of its own; larger blocks go to the C library. Lua
// tells a block's size when it gives it back, so none is stored, and a slab is found by its address.
// Slabs that are empty serve any size again, so that what the limit counts (the bytes that Lua holds)
// bounds what the process takes.
enum {
    GRAIN = 16,
    LARGEST = QH_SIZE_CLASSES * GRAIN,
    SLAB = 1 << 14,  ///< bytes of a slab, and what its address is a multiple of
    ARENA = 64 * SLAB, ///< bytes that slabs are cut from
};

struct qh_arena {
    qh_arena *next;
    char *slabs;
};

typedef struct block {
    struct block *next;
} block;

struct qh_slab {
    qh_slab *next;     ///< in the list of those with room, or of the empty ones
    qh_slab *previous;
    block *free;       ///< blocks that were given back
    uint32_t live;     ///< blocks in use
    uint32_t carved;   ///< blocks that were ever taken
    uint32_t capacity; ///< how many there can be
    uint32_t class;    ///< the size, in grains, less one
};

enum { HEADER = (sizeof(qh_slab) + GRAIN - 1) / GRAIN * GRAIN };

static uint32_t class_of(size_t size) { return (uint32_t)((size - 1) / GRAIN); }

static qh_slab *slab_of(void *place) {
    return (qh_slab *)((uintptr_t)place & ~(uintptr_t)(SLAB - 1));
}

static bool is_full(const qh_slab *slab) {
    return slab->free == NULL && slab->carved == slab->capacity;
}

static void link(qh_memory *memory, qh_slab *slab) {
    qh_slab **head = &memory->partial[slab->class];
    slab->previous = NULL;
    slab->next = *head;
    if (*head != NULL) (*head)->previous = slab;
    *head = slab;
}

static void unlink_slab(qh_memory *memory, qh_slab *slab) {
    if (slab->previous != NULL) {
        slab->previous->next = slab->next;
    } else {
        memory->partial[slab->class] = slab->next;
    }
    if (slab->next != NULL) slab->next->previous = slab->previous;
}

static bool add_arena(qh_memory *memory) {
    qh_arena *arena = malloc(sizeof *arena);
    char *slabs = aligned_alloc(SLAB, ARENA);
    if (arena == NULL || slabs == NULL) {
        free(arena);
        free(slabs);
        return false;
    }
    *arena = (qh_arena){memory->arenas, slabs};
    memory->arenas = arena;
    memory->uncut = slabs;
    return true;
}

static qh_slab *new_slab(qh_memory *memory, uint32_t class) {
    qh_slab *slab = memory->empty;
    if (slab != NULL) {
        memory->empty = slab->next;
    } else {
        if (memory->uncut == NULL && !add_arena(memory)) return NULL;
        slab = (qh_slab *)memory->uncut;
        memory->uncut += SLAB;
        if (memory->uncut == memory->arenas->slabs + ARENA) memory->uncut = NULL;
    }
    *slab = (qh_slab){.class = class,
                      .capacity = (SLAB - HEADER) / ((class + 1) * GRAIN)};
    link(memory, slab);
    return slab;
}

static void *take(qh_memory *memory, size_t size) {
    uint32_t class = class_of(size);
    qh_slab *slab = memory->partial[class];
    if (slab == NULL) slab = new_slab(memory, class);
    if (slab == NULL) return NULL;
    block *taken = slab->free;
    if (taken != NULL) {
        slab->free = taken->next;
    } else {
        size_t offset = HEADER + (size_t)slab->carved * (class + 1) * GRAIN;
        taken = (block *)((char *)slab + offset);
        slab->carved++;
    }
    slab->live++;
    if (is_full(slab)) unlink_slab(memory, slab);
    return taken;
}

static void give(qh_memory *memory, void *place) {
    qh_slab *slab = slab_of(place);
    if (is_full(slab)) link(memory, slab);
    block *freed = place;
    freed->next = slab->free;
    slab->free = freed;
    if (--slab->live > 0) return;
    unlink_slab(memory, slab);
    slab->next = memory->empty;
    memory->empty = slab;
}

/// A block of another size with the same beginning; the old one is unharmed when there is none.
static void *change(qh_memory *memory, void *place, size_t old_size, size_t new_size) {
    bool was_small = old_size <= LARGEST, is_small = new_size <= LARGEST;
    if (!was_small && !is_small) return realloc(place, new_size);
    if (was_small && is_small && class_of(old_size) == class_of(new_size)) return place;
    void *changed = is_small ? take(memory, new_size) : malloc(new_size);
    if (changed == NULL) {
        if (new_size > old_size) return NULL;
        // Lua counts on it that a block can become smaller. A small one stays where it is.
        if (was_small) return place;
        fprintf(stderr, "qcsh: the system has no memory left\n");
        abort();
    }
    memcpy(changed, place, old_size < new_size ? old_size : new_size);
    if (was_small) {
        give(memory, place);
    } else {
        free(place);
    }
    return changed;
}

void *qh_allocate(void *user, void *place, size_t old_size, size_t new_size) {
    qh_memory *memory = user;
    // For a new block, old_size is the kind of object, not a size.
    size_t held = place == NULL ? 0 : old_size;
    if (new_size == 0) {
        if (held > LARGEST) {
            free(place);
        } else if (held != 0) {
            give(memory, place);
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
        given = change(memory, place, held, new_size);
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
    while (memory->arenas != NULL) {
        qh_arena *arena = memory->arenas;
        memory->arenas = arena->next;
        free(arena->slabs);
        free(arena);
    }
}
