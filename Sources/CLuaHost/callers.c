// Who has called: the code of which file, for what a library may do.
//
// A function of the host may be called by nobody's code: Lua itself calls metamethods, closers and
// finalizers. Then the code that runs has not chosen the function; whoever has set the metatable did,
// and that may have been any library.
#include <string.h>

#include "internal.h"

bool qh_is_chosen_by_argument(lua_State *L, const lua_Debug *frame) {
    static const char *const events[] = {
        "__call", "__index", "__newindex", "__close", "__gc", "__concat", "__eq", "__lt", "__le",
        "__len", "__unm", "__add", "__sub", "__mul", "__div", "__mod", "__pow", "__idiv", "__band",
        "__bor", "__bxor", "__shl", "__shr", "__bnot", "__tostring", "__pairs",
    };
    bool found = false;
    int function = lua_gettop(L);
    for (int index = 1; index <= 2 && !found; index++) {
        if (lua_getlocal(L, frame, index) == NULL) break;
        // The metatable of all strings is open to everybody.
        bool is_string = lua_type(L, -1) == LUA_TSTRING;
        if (lua_getmetatable(L, -1)) {
            if (is_string) {
                lua_pop(L, 1);
                qh_push_string_events(L);
            }
            bool is_foreign = is_string || qh_is_foreign_metatable(L);
            for (size_t i = 0; is_foreign && !found && i < sizeof events / sizeof *events; i++) {
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

/// Whether the function on top of the stack is one that modules offer, rather than an iterator that
/// one of their functions has made.
static bool is_offered(lua_State *L) {
    int function = lua_gettop(L);
    bool found = false;
    lua_getfield(L, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
    lua_pushnil(L);
    while (!found && lua_next(L, function + 1)) {
        if (lua_istable(L, -1)) {
            lua_pushnil(L);
            while (!found && lua_next(L, function + 3)) {
                found = lua_rawequal(L, -1, function);
                lua_pop(L, found ? 2 : 1);
            }
        }
        lua_pop(L, found ? 2 : 1);
    }
    lua_settop(L, function);
    return found;
}

/// Whether one of the first two values that a frame was called with has a metatable of the host's.
static bool has_own_metatable(lua_State *L, const lua_Debug *frame) {
    bool found = false;
    for (int index = 1; index <= 2 && !found; index++) {
        if (lua_getlocal(L, frame, index) == NULL) break;
        if (lua_type(L, -1) != LUA_TSTRING && lua_getmetatable(L, -1)) {
            found = !qh_is_foreign_metatable(L);
            lua_pop(L, 1);
        }
        lua_pop(L, 1);
    }
    return found;
}

/// Whether a frame that is not of a script's or a library's code was called by Lua itself. Its
/// function is on top of the stack.
static bool is_called_by_lua(lua_State *L, const lua_Debug *frame, const lua_Debug *below) {
    if (strcmp(frame->namewhat, "metamethod") == 0) return !has_own_metatable(L, frame);
    if (strcmp(frame->namewhat, "for iterator") == 0) return is_offered(L);
    // What a protected call was made for stands on qh_enter; what stands on the call itself is a
    // closer that an error has set off.
    if (lua_tocfunction(L, -1) == qh_enter) return false;
    if (below != NULL && qh_is_protected_call(L, below)) return true;
    return qh_is_chosen_by_argument(L, frame);
}

/// The source of the innermost function of a coroutine that decides; NULL when there is none.
static const char *source_in(lua_State *L, bool has_libraries) {
    lua_Debug record, below;
    if (!lua_checkstack(L, 10)) return QH_BY_LUA;
    bool is_there = lua_getstack(L, 0, &record);
    for (int level = 1; is_there; level++, record = below) {
        is_there = lua_getstack(L, level, &below);
        if (!lua_getinfo(L, "Snf", &record)) continue;
        // The standard library does what it is told, and so do functions of C; a text that was
        // loaded belongs to whoever runs it.
        bool is_file = record.source[0] == '@';
        bool is_typed = record.source[0] == '=' && record.source[1] != '[';
        bool decides = is_file || is_typed;
        bool is_by_lua = has_libraries && !decides &&
                         is_called_by_lua(L, &record, is_there ? &below : NULL);
        lua_pop(L, 1);
        if (is_by_lua) return QH_BY_LUA;
        if (decides) return record.source;
    }
    return NULL;
}

const char *qh_caller(qh_vm *vm) {
    const char *source = source_in(vm->running, vm->has_libraries);
    for (const qh_resumer *one = vm->resumer; one != NULL && source == NULL; one = one->outer) {
        if (vm->finalizing > 0 || vm->closing > 0 || one->is_chosen) return QH_BY_LUA;
        source = source_in(one->L, vm->has_libraries);
    }
    if (source == NULL && (vm->finalizing > 0 || vm->closing > 0)) return QH_BY_LUA;
    return source;
}

void qh_watch_callers(qh_vm *vm) { vm->has_libraries = true; }
