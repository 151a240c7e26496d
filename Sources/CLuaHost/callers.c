// Who has called: the code of which file, for what a library may do.
#include "internal.h"

/// The source of the innermost function of a coroutine that decides; NULL when there is none.
static const char *source_in(lua_State *L) {
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

const char *qh_caller(qh_vm *vm) {
    const char *source = source_in(vm->running);
    for (const qh_resumer *one = vm->resumer; one != NULL && source == NULL; one = one->outer) {
        source = source_in(one->L);
    }
    return source;
}
