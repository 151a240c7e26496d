#define _GNU_SOURCE
#include "qzone.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char prefix[] = "TZ=";

/// The place of TZ in the environment; the last one when the user has none.
static char **slot;
/// The user's own entry; NULL for none.
static char *own;
/// Two entries in turn: the one that is written is not the one that others may read.
static char *entries[2];
static int next;
static size_t longest;

/// Shows an entry, or none, to whoever reads the environment.
static void show(char *entry) {
    atomic_store((char *_Atomic *)slot, entry);
    tzset();
}

void qzone_reserve(void) {
    if (slot != NULL) return;
    own = NULL;
    size_t size = 256, count = 0;
    for (; environ != NULL && environ[count] != NULL; count++) {
        if (strncmp(environ[count], prefix, sizeof prefix - 1) == 0 && own == NULL) {
            own = environ[count];
            slot = &environ[count];
        }
    }
    if (own != NULL && strlen(own) + 1 > size) size = strlen(own) + 1;
    for (int i = 0; i < 2; i++) entries[i] = calloc(1, size);
    if (entries[0] == NULL || entries[1] == NULL) {
        slot = NULL;
        return;
    }
    longest = size - sizeof prefix;
    if (own != NULL) return;
    // putenv(3) makes room at the end, which is not moved again unless somebody else adds a variable.
    strcpy(entries[0], prefix);
    if (putenv(entries[0]) != 0) return;
    slot = &environ[count];
    *slot = NULL;
}

bool qzone_enter(const char *zone) {
    qzone_reserve();
    if (slot == NULL || strlen(zone) > longest) return false;
    char *entry = entries[next];
    next = !next;
    memcpy(entry, prefix, sizeof prefix - 1);
    strcpy(entry + sizeof prefix - 1, zone);
    show(entry);
    return true;
}

void qzone_leave(void) {
    if (slot != NULL) show(own);
}
