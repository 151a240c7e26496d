// Places of errors: "file:line: " before a message names the user's line, never one of the host's own
// Lua.
#include <stdarg.h>
#include <string.h>

#include "internal.h"

void qh_push_user_location(lua_State *L) {
    lua_Debug record;
    for (int level = 1; lua_getstack(L, level, &record); level++) {
        if (!lua_getinfo(L, "Sl", &record) || record.currentline <= 0) continue;
        if (record.source[0] == '=' && record.source[1] == '[') continue;
        lua_pushfstring(L, "%s:%d: ", record.short_src, record.currentline);
        return;
    }
    lua_pushliteral(L, "");
}

/// The length of a place of the host's own Lua at the beginning of a message: "[host/fs.lua]:12: ".
static size_t own_place(const char *message) {
    if (strncmp(message, "[host/", 6) != 0 && strncmp(message, "[qdrant/", 8) != 0) return 0;
    const char *end = strstr(message, "]:");
    if (end == NULL) return 0;
    end += 2;
    size_t digits = strspn(end, "0123456789");
    if (digits == 0 || end[digits] != ':' || end[digits + 1] != ' ') return 0;
    return (size_t)(end - message) + digits + 2;
}

void qh_place_error(lua_State *L) {
    if (lua_type(L, -1) != LUA_TSTRING) return;
    size_t length;
    const char *message = lua_tolstring(L, -1, &length);
    size_t place = own_place(message);
    if (place == 0) return;
    for (size_t next = place; next > 0; place += next) next = own_place(message + place);
    qh_push_user_location(L);
    lua_pushlstring(L, message + place, length - place);
    // Public names of string methods lack the prefix that the host's own Lua uses.
    luaL_gsub(L, lua_tostring(L, -1), "'" QH_OWN_METHOD, "'");
    lua_remove(L, -2);
    lua_concat(L, 2);
    lua_remove(L, -2);
}

int qh_raise(lua_State *L, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    qh_push_user_location(L);
    lua_pushvfstring(L, format, arguments);
    va_end(arguments);
    lua_concat(L, 2);
    return lua_error(L);
}

/// error of the host's own Lua: a text gets the place of the user's line, unless the level is 0.
static int raise_error(lua_State *L) {
    lua_Integer level = luaL_optinteger(L, 2, 1);
    lua_settop(L, 1);
    if (lua_type(L, 1) == LUA_TSTRING && level > 0) {
        qh_push_user_location(L);
        lua_insert(L, 1);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/// host.place(problem): the problem with the user's line in place of one of the host's.
static int place_of_user(lua_State *L) {
    luaL_checkany(L, 1);
    lua_settop(L, 1);
    qh_place_error(L);
    return 1;
}

void qh_open_places(lua_State *L) {
    lua_pushcfunction(L, raise_error);
    lua_setfield(L, -2, "raise");
    lua_pushcfunction(L, place_of_user);
    lua_setfield(L, -2, "place");
}
