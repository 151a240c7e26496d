// Who has called: the code of which file, for what a library may do.
#include "internal.h"

const char *qh_caller(qh_vm *vm) {
    lua_State *L = vm->running;
    lua_Debug record;
    for (int level = 0; lua_getstack(L, level, &record); level++) {
        if (!lua_getinfo(L, "S", &record)) continue;
        // The standard library does what it is told, and so do functions of C; a text that was
        // loaded belongs to whoever runs it.
        bool is_file = record.source[0] == '@';
        bool is_typed = record.source[0] == '=' && record.source[1] != '[';
        if (is_file || is_typed) return record.source;
    }
    return NULL;
}
