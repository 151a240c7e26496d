// What of Lua's own library reaches files, programs and the environment asks the host first.
//
// The question is asked here and not in Lua: a script can replace what Lua code would call.
#include "internal.h"

/// What a function does; the Lua side has the same numbers.
enum gate_kind { OPENS, READS, WRITES, RENAMES, RUNS, MAKES_TEMPORARY, ASKS_ENVIRONMENT };

/// Asks the host (upvalue 2), which raises an error when the run may not do that. Upvalue 4 is the name that
/// people know the function by.
static void ask(lua_State *L, const char *word, int value, bool of_the_name) {
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_pushstring(L, word);
    lua_pushvalue(L, value);
    lua_pushboolean(L, of_the_name);
    lua_pushvalue(L, lua_upvalueindex(4));
    lua_call(L, 4, 0);
}

/// Asks for permission with the value of this call.
static void ask_about(lua_State *L, const char *word, const char *value) {
    lua_pushstring(L, value);
    ask(L, word, lua_gettop(L), false);
    lua_pop(L, 1);
}

/// A path as the C library will see it. Numbers are texts there, too.
static void check_path(lua_State *L, int index) {
    size_t length;
    const char *path = luaL_checklstring(L, index, &length);
    luaL_argcheck(L, strlen(path) == length, index, "a path has no zero bytes");
}

static void check(lua_State *L, int kind) {
    switch (kind) {
    case OPENS: {
        check_path(L, 1);
        const char *mode = luaL_optstring(L, 2, "r");
        bool updates = strchr(mode, '+') != NULL;
        if (mode[0] != 'r' || updates) ask(L, "write:files", 1, false);
        if (mode[0] == 'r' || updates) ask(L, "read:files", 1, false);
        break;
    }
    case READS:
    case WRITES:
        // Without a path, or with an open file, nothing is opened.
        if (!lua_isstring(L, 1)) break;
        check_path(L, 1);
        ask(L, kind == READS ? "read:files" : "write:files", 1, false);
        break;
    case RENAMES:
        for (int index = 1; index <= 2 && !lua_isnone(L, index); index++) {
            check_path(L, index);
            ask(L, "write:files", index, true);
        }
        break;
    case RUNS:
        if (!lua_isnoneornil(L, 1)) ask_about(L, "run:processes", "sh");
        break;
    case MAKES_TEMPORARY: ask_about(L, "write:files", "/tmp"); break;
    case ASKS_ENVIRONMENT:
        luaL_checkstring(L, 1);
        ask(L, "read:environment", 1, false);
        break;
    }
}

static int called(lua_State *L, int status, lua_KContext context) {
    (void)status;
    (void)context;
    return lua_gettop(L);
}

/// Upvalues: the original, the host's question, the kind, the public name.
static int gated(lua_State *L) {
    check(L, (int)lua_tointeger(L, lua_upvalueindex(3)));
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, called);
    return called(L, LUA_OK, 0);
}

/// host.close_gate_of(library, name, kind, question, public name)
static int close_gate_of(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_checktype(L, 4, LUA_TFUNCTION);
    luaL_checkstring(L, 5);
    lua_pushvalue(L, 2);
    lua_rawget(L, 1);
    lua_pushvalue(L, 4);
    lua_pushvalue(L, 3);
    lua_pushvalue(L, 5);
    lua_pushcclosure(L, gated, 4);
    lua_pushvalue(L, 2);
    lua_insert(L, -2);
    lua_rawset(L, 1);
    return 0;
}

void qh_open_gates(lua_State *L) {
    lua_pushcfunction(L, close_gate_of);
    lua_setfield(L, -2, "close_gate_of");
}
