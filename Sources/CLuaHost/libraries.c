// What scripts get of Lua's own library: text chunks only, a small debug, no native modules.
#include <limits.h>

#include "internal.h"

/// Calls the original function (upvalue 1) with the mode set to text.
static int text_only(lua_State *L, int mode) {
    if (lua_gettop(L) < mode) lua_settop(L, mode);
    lua_pushliteral(L, "t");
    lua_replace(L, mode);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    // What a function that gives the text was unwound with is no message about the text.
    if (lua_gettop(L) > 1 && qh_is_cancel(L, 2)) {
        lua_settop(L, 2);
        return lua_error(L);
    }
    return lua_gettop(L);
}

static int text_load(lua_State *L) { return text_only(L, 3); }

static int text_loadfile(lua_State *L) { return text_only(L, 2); }

static int set_metatable(lua_State *L) {
    // host.metatable(number, table): QH_META puts this metatable on what it carries.
    lua_Integer number = luaL_checkinteger(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    lua_settop(L, 2);
    lua_pushinteger(L, number);
    lua_rawseti(L, 2, QH_SLOT_OBJECT);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_metatables);
    lua_insert(L, 2);
    lua_rawseti(L, 2, number);
    return 0;
}

static int new_list(lua_State *L) {
    // host.list(table): marks a table as a list, so that an empty one is not taken for a map.
    if (lua_isnoneornil(L, 1)) {
        lua_settop(L, 0);
        lua_newtable(L);
    }
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_list);
    lua_setmetatable(L, 1);
    lua_settop(L, 1);
    return 1;
}

static int message_type(lua_State *L) {
    // host.is_message(value): whether a table is a message of the contract.
    uint32_t number;
    bool is_message = lua_istable(L, 1) && lua_getmetatable(L, 1) &&
                      qh_registered_number(L, QH_SLOT_MESSAGE, &number);
    lua_pushboolean(L, is_message);
    return 1;
}

/// debug.getinfo (upvalue 1) without the functions themselves: those of the host are not for scripts.
static int info_without_function(lua_State *L) {
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    // A level counts from whoever calls this function; of another thread it needs no change.
    if (lua_isinteger(L, 2)) {
        lua_pushinteger(L, lua_tointeger(L, 2) + 1);
        lua_replace(L, 2);
    }
    lua_call(L, lua_gettop(L) - 1, 1);
    if (lua_istable(L, -1)) {
        lua_pushnil(L);
        lua_setfield(L, -2, "func");
    }
    return 1;
}

static int metatable_of(lua_State *L) {
    // host.metatable_of(value): its metatable, also one that a script or a library protects; nil for
    // one that the host protects.
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    lua_pushnil(L);
    if (!lua_getmetatable(L, 1)) return 1;
    bool is_open = qh_is_foreign_metatable(L);
    if (!is_open) {
        lua_pushliteral(L, "__metatable");
        is_open = lua_rawget(L, -2) == LUA_TNIL;
        lua_pop(L, 1);
    }
    if (!is_open) lua_settop(L, 2);
    return 1;
}

static int is_foreign_metatable(lua_State *L) {
    // host.is_foreign_metatable(table): whether a script or a library has set it.
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    lua_pushboolean(L, qh_is_foreign_metatable(L));
    return 1;
}

static int set_gate(lua_State *L) {
    // host.set_gate(function): asked before a secret is written to a file.
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &qh_key_gate);
    return 0;
}

/// The most that a function called by run_briefly may allocate.
enum { QH_BRIEF_MEMORY = 1 << 26 };

static void stop_brief(lua_State *L, lua_Debug *record) {
    (void)record;
    luaL_error(L, "it computes for too long");
}

static int run_briefly(lua_State *L) {
    // host.run_briefly(function, instructions): calls it, with little time and memory, where
    // nothing waits; returns whether it has returned, and the message otherwise.
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_Integer instructions = luaL_checkinteger(L, 2);
    luaL_argcheck(L, instructions > 0 && instructions <= INT_MAX, 2, "out of range");
    lua_State *brief = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, brief, 1);
    lua_sethook(brief, stop_brief, LUA_MASKCOUNT, (int)instructions);
    qh_memory *memory = &qh_of(L)->memory;
    size_t limit = memory->limit, most = memory->used + QH_BRIEF_MEMORY;
    if (limit == 0 || most < limit) memory->limit = most;
    int results;
    int status = lua_resume(brief, L, 0, &results);
    memory->limit = limit;
    lua_pushboolean(L, status == LUA_OK);
    if (status == LUA_OK) return 1;
    if (status == LUA_YIELD) {
        lua_pushliteral(L, "it waits for something");
    } else {
        lua_xmove(brief, L, 1);
    }
    return 2;
}

/// What the Lua side of the host gets from C.
static const luaL_Reg host_functions[] = {
    {"run_briefly", run_briefly},
    {"metatable", set_metatable},
    {"metatable_of", metatable_of},
    {"is_foreign_metatable", is_foreign_metatable},
    {"list", new_list},
    {"is_message", message_type},
    {"check_arguments", qh_check_arguments},
    {"check_count", qh_check_count},
    {"check_receiver", qh_check_receiver},
    {"is_called_from_inside", qh_called_from_inside},
    {"type_name", qh_type_name},
    {"set_gate", set_gate},
    {"set_duration_reader", qh_set_duration_reader},
    {NULL, NULL},
};

void qh_restrict_libraries(lua_State *L) {
    lua_getglobal(L, "load");
    lua_pushcclosure(L, text_load, 1);
    lua_setglobal(L, "load");
    lua_getglobal(L, "loadfile");
    lua_pushcclosure(L, text_loadfile, 1);
    lua_setglobal(L, "loadfile");

    lua_getglobal(L, "debug");
    lua_createtable(L, 0, 2);
    lua_getfield(L, -2, "traceback");
    lua_setfield(L, -2, "traceback");
    lua_getfield(L, -2, "getinfo");
    lua_pushcclosure(L, info_without_function, 1);
    lua_setfield(L, -2, "getinfo");
    lua_pushvalue(L, -1);
    lua_setglobal(L, "debug");
    lua_getglobal(L, "package");
    lua_getfield(L, -1, "loaded");
    lua_pushvalue(L, -3);
    lua_setfield(L, -2, "debug");
    lua_pop(L, 1);
    lua_pushliteral(L, "");
    lua_setfield(L, -2, "cpath");
    lua_pushnil(L);
    lua_setfield(L, -2, "loadlib");
    lua_pop(L, 3);

    // The Lua side of the host takes these and removes the name.
    lua_createtable(L, 0, 16);
    luaL_setfuncs(L, host_functions, 0);
    lua_pushinteger(L, QH_SLOT_HANDLE);
    lua_setfield(L, -2, "HANDLE");
    lua_pushinteger(L, QH_HANDLE_MESSAGE);
    lua_setfield(L, -2, "MESSAGE");
    qh_open_gates(L);
    qh_open_globals(L);
    qh_open_places(L);
    lua_pushlightuserdata(L, &qh_key_null);
    lua_setfield(L, -2, "null");
    lua_setglobal(L, "__host");
}
