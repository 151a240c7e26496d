/// Time zones of the C library, which knows one at a time: that of the variable TZ.
///
/// setenv(3) moves the environment while other threads read it. Here TZ has memory of its own, which
/// stays where it is, so that a thread that reads another variable meanwhile is not disturbed.
#ifndef QCSH_ZONE_H
#define QCSH_ZONE_H

#include <stdbool.h>

/// Gives TZ its memory. Called once, before the program has threads; ``qzone_enter`` does so otherwise.
void qzone_reserve(void);

/// Has localtime_r(3), mktime(3) and strftime(3) go by a zone until ``qzone_leave``. False, and nothing
/// has changed, when the name is too long or there is no memory.
bool qzone_enter(const char *zone);

/// Goes back to the user's own zone.
void qzone_leave(void);

#endif
