#define _GNU_SOURCE
#include "qzone.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LONGEST = 255 };

static const char prefix[] = "TZ=";

/// The entry of the environment; one without a name stands for no variable.
static char entry[sizeof prefix + LONGEST];
/// The user's own zone.
static char own[LONGEST + 1];
static bool has_own, is_reserved;

static void set(const char *zone) {
    // The name comes last: who reads meanwhile finds no variable, or a whole one.
    entry[0] = '\0';
    strcpy(entry + sizeof prefix - 1, zone);
    memcpy(entry, prefix, sizeof prefix - 1);
    tzset();
}

void qzone_reserve(void) {
    if (is_reserved) return;
    const char *value = getenv("TZ");
    if (value != NULL && strlen(value) > LONGEST) return;
    has_own = value != NULL;
    strcpy(own, has_own ? value : "");
    strcpy(entry, prefix);
    strcat(entry, own);
    if (putenv(entry) != 0) return;
    is_reserved = true;
    if (!has_own) entry[0] = '\0';
}

bool qzone_enter(const char *zone) {
    qzone_reserve();
    if (!is_reserved || strlen(zone) > LONGEST) return false;
    set(zone);
    return true;
}

void qzone_leave(void) {
    if (!is_reserved) return;
    if (has_own) {
        set(own);
    } else {
        entry[0] = '\0';
        tzset();
    }
}
