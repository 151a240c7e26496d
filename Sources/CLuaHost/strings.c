// Methods of strings, for the host's own Lua and for scripts.
//
// Both call them by the metatable that all strings share, and a script may replace every function of
// `string`. So the host's own Lua calls them by other names (OwnMethods.swift), which lead to the
// original functions whatever a script does. Scripts find `string`, or what they put in its place, one
// step further.
#include <string.h>

#include "internal.h"

/// Keys of the registry: the metatable as scripts see it, and the host's own methods, whose metatable
/// leads to those of scripts.
static char visible_events, own_methods;

static int found(lua_State *L, int status, lua_KContext context) {
    (void)status;
    (void)context;
    return 1;
}

/// The field of a string when a script has put a function (upvalue 2) in place of `string`.
static int find_method(lua_State *L) {
    lua_settop(L, 2);
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) != LUA_TNIL) return 1;
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_insert(L, 1);
    lua_settop(L, 3);
    lua_callk(L, 2, 1, 0, found);
    return found(L, LUA_OK, 0);
}

/// Makes strings get methods from the value on top of the stack; pops it.
static void set_methods(lua_State *L) {
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &own_methods);
    if (lua_isfunction(L, -4)) {
        // The function is called with the string.
        lua_pushvalue(L, -1);
        lua_pushvalue(L, -5);
        lua_pushcclosure(L, find_method, 2);
        lua_setfield(L, -3, "__index");
    } else {
        lua_getmetatable(L, -1);
        lua_pushvalue(L, -5);
        lua_setfield(L, -2, "__index");
        lua_pop(L, 1);
        lua_pushvalue(L, -1);
        lua_setfield(L, -3, "__index");
    }
    lua_pop(L, 4);
}

/// getmetatable("").name = value
static int set_event(lua_State *L) {
    lua_settop(L, 3);
    const char *name = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
    lua_rawgetp(L, LUA_REGISTRYINDEX, &visible_events);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, -3);
    lua_pop(L, 1);
    if (strcmp(name, "__metatable") == 0) return 0;
    if (strcmp(name, "__index") == 0) {
        set_methods(L);
        return 0;
    }
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    lua_pushvalue(L, 2);
    lua_pushvalue(L, 3);
    lua_rawset(L, -3);
    return 0;
}

static int next_event(lua_State *L) {
    lua_settop(L, 2);
    return lua_next(L, 1) ? 2 : 0;
}

static int all_events(lua_State *L) {
    lua_pushcfunction(L, next_event);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &visible_events);
    lua_pushnil(L);
    return 3;
}

void qh_push_string_events(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &visible_events);
}

/// Pushes a copy of the table on top of the stack, with a prefix before each name.
static void copy_table(lua_State *L, const char *before) {
    lua_newtable(L);
    lua_pushnil(L);
    while (lua_next(L, -3)) {
        lua_pushfstring(L, "%s%s", before, lua_tostring(L, -2));
        lua_insert(L, -2);
        lua_rawset(L, -4);
    }
}

void qh_open_strings(lua_State *L) {
    int top = lua_gettop(L);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    int events = lua_gettop(L);
    copy_table(L, "");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &visible_events);

    lua_getglobal(L, LUA_STRLIBNAME);
    copy_table(L, QH_OWN_METHOD);
    lua_createtable(L, 0, 1);
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &own_methods);
    set_methods(L);

    // getmetatable gives scripts this.
    lua_newtable(L);
    lua_createtable(L, 0, 4);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &visible_events);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, set_event);
    lua_setfield(L, -2, "__newindex");
    lua_pushcfunction(L, all_events);
    lua_setfield(L, -2, "__pairs");
    lua_pushboolean(L, 0);
    lua_setfield(L, -2, "__metatable");
    lua_setmetatable(L, -2);
    lua_setfield(L, events, "__metatable");
    lua_settop(L, top);
}
