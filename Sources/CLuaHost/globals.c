// The metatable of the globals loads modules when they are first used. Whoever looks at it or replaces it finds
// ordinary globals instead.
#include "internal.h"

static char settler;

/// Loads all modules before anybody sees the metatable of the globals, if the first argument is their table.
void qh_settle_globals(lua_State *L) {
    lua_pushglobaltable(L);
    bool concerns_globals = lua_rawequal(L, 1, -1);
    lua_pop(L, 1);
    if (!concerns_globals) return;
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &settler) == LUA_TFUNCTION) {
        lua_pushnil(L);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &settler);
        lua_call(L, 0, 0);
    } else {
        lua_pop(L, 1);
    }
}

/// getmetatable, as in Lua (lbaselib.c).
static int get_metatable(lua_State *L) {
    luaL_checkany(L, 1);
    qh_settle_globals(L);
    if (!lua_getmetatable(L, 1)) {
        lua_pushnil(L);
        return 1;
    }
    luaL_getmetafield(L, 1, "__metatable");
    return 1;
}

/// Keeps the function that loads all modules.
static int settle_with(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &settler);
    return 0;
}

void qh_open_globals(lua_State *L) {
    lua_pushcfunction(L, get_metatable);
    lua_setglobal(L, "getmetatable");
    lua_pushcfunction(L, settle_with);
    lua_setfield(L, -2, "settle_globals_with");
}
