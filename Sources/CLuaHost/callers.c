// Who has called: the code of which file, for what a library may do.
#include <string.h>

#include "internal.h"

/// Whether a frame was called by Lua itself rather than by code that wanted the call: to finalize an
/// object, or to close a variable.
static bool is_called_by_lua(const lua_Debug *record) {
    return record->name != NULL && strcmp(record->namewhat, "metamethod") == 0 &&
           (strcmp(record->name, "__gc") == 0 || strcmp(record->name, "gc") == 0 ||
            strcmp(record->name, "close") == 0);
}

/// Whether a function is a metamethod of one of the first two values that a frame was called with:
/// then the code that has set the metatable chose the function, not the code that uses the value.
static bool is_metamethod_of_argument(lua_State *L, const lua_Debug *record) {
    // The function is on top.
    static const char *const events[] = {"__call", "__index", "__newindex", "__close", "__gc",
                                         "__concat", "__eq", "__lt", "__le", "__len", "__unm",
                                         "__add", "__sub", "__mul", "__div", "__mod", "__pow",
                                         "__idiv", "__band", "__bor", "__bxor", "__shl", "__shr",
                                         "__bnot", "__tostring", "__pairs", "__name"};
    bool found = false;
    int function = lua_gettop(L);
    for (int index = 1; index <= 2 && !found; index++) {
        if (lua_getlocal(L, record, index) == NULL) break;
        if (lua_istable(L, -1) && lua_getmetatable(L, -1)) {
            bool is_own = !qh_is_foreign_metatable(L);
            for (size_t i = 0; i < sizeof events / sizeof *events && !found && !is_own; i++) {
                lua_pushstring(L, events[i]);
                lua_rawget(L, -2);
                found = lua_rawequal(L, -1, function);
                lua_pop(L, 1);
            }
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    return found;
}

/// The source of the innermost function of a coroutine that decides; NULL when there is none.
static const char *source_in(lua_State *L) {
    lua_Debug record;
    if (!lua_checkstack(L, 8)) return QH_BY_LUA;
    for (int level = 0; lua_getstack(L, level, &record); level++) {
        if (!lua_getinfo(L, "Snf", &record)) continue;
        // The standard library does what it is told, and so do functions of C; a text that was
        // loaded belongs to whoever runs it.
        bool is_file = record.source[0] == '@';
        bool is_typed = record.source[0] == '=' && record.source[1] != '[';
        bool is_c = strcmp(record.what, "C") == 0;
        bool decides = is_file || (is_typed && !is_c);
        bool is_hidden = !decides && (is_called_by_lua(&record) ||
                                      is_metamethod_of_argument(L, &record));
        lua_pop(L, 1);
        if (is_hidden) return QH_BY_LUA;
        if (decides) return record.source;
    }
    return NULL;
}

const char *qh_caller(qh_vm *vm) {
    const char *source = source_in(vm->running);
    for (const qh_resumer *one = vm->resumer; one != NULL && source == NULL; one = one->outer) {
        if (vm->finalizing > 0 || vm->closing > 0) return QH_BY_LUA;
        source = source_in(one->L);
    }
    if (source == NULL && (vm->finalizing > 0 || vm->closing > 0)) return QH_BY_LUA;
    return source;
}
