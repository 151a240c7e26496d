// Checks the arguments of the standard library's functions by the types of their annotations.
#include <stdio.h>
#include <string.h>

#include "internal.h"

/// The types that a parameter may have, as bits.
enum {
    BOOLEAN = 1 << 0,
    NUMBER = 1 << 1,
    INTEGER = 1 << 2,
    STRING = 1 << 3,
    TABLE = 1 << 4,
    FUNCTION = 1 << 5,
    USERDATA = 1 << 6,
    OPTIONAL = 1 << 7,
    ANY = 1 << 8,
    NONE = 1 << 9,       ///< `qdrant.null`
    ONLY_FALSE = 1 << 10, ///< `false` and not `true`
};

static const struct {
    char letter;
    int bit;
    const char *name; ///< NULL when the bit is not a type
} kinds[] = {
    {'b', BOOLEAN, "boolean"}, {'n', NUMBER, "number"},     {'i', INTEGER, "integer"},
    {'s', STRING, "string"},   {'t', TABLE, "table"},       {'f', FUNCTION, "function"},
    {'u', USERDATA, "userdata"}, {'?', OPTIONAL, NULL},     {'*', ANY, NULL},
    {'0', NONE, "null"},       {'F', ONLY_FALSE, "false"},
};

enum { KINDS = sizeof kinds / sizeof *kinds };

/// Reads the types of one parameter, up to the comma.
static int read_types(const char **signature) {
    int types = 0;
    while (**signature != '\0' && **signature != ',') {
        for (int i = 0; i < KINDS; i++) {
            if (kinds[i].letter == **signature) types |= kinds[i].bit;
        }
        (*signature)++;
    }
    if (**signature == ',') (*signature)++;
    return types;
}

static bool can_be_called(lua_State *L, int index) {
    if (lua_isfunction(L, index)) return true;
    if (luaL_getmetafield(L, index, "__call") == LUA_TNIL) return false;
    lua_pop(L, 1);
    return true;
}

static bool fits(lua_State *L, int index, int types) {
    if (types & ANY) return true;
    switch (lua_type(L, index)) {
    case LUA_TNIL: return types & OPTIONAL;
    case LUA_TBOOLEAN:
        return (types & BOOLEAN) || ((types & ONLY_FALSE) && !lua_toboolean(L, index));
    case LUA_TNUMBER:
        if (types & INTEGER && !(types & NUMBER)) {
            int is_whole = 0;
            lua_tointegerx(L, index, &is_whole);
            return is_whole != 0;
        }
        return types & NUMBER;
    case LUA_TSTRING: return types & STRING;
    case LUA_TTABLE: return (types & TABLE) || ((types & FUNCTION) && can_be_called(L, index));
    case LUA_TFUNCTION: return types & FUNCTION;
    case LUA_TLIGHTUSERDATA: return types & NONE;
    default: return (types & USERDATA) || ((types & FUNCTION) && can_be_called(L, index));
    }
}

const char *qh_push_type_name(lua_State *L, int index) {
    if (lua_touserdata(L, index) == &qh_key_null) return lua_pushliteral(L, "null");
    if (luaL_getmetafield(L, index, "__name") == LUA_TSTRING) return lua_tostring(L, -1);
    return lua_pushstring(L, luaL_typename(L, index));
}

/// Whether the function whose arguments are checked was called by the standard library, which says
/// itself what is wrong, in the words of what people have called.
///
/// @param checked  the level of that function
static bool is_called_from_inside(lua_State *L, int checked) {
    lua_Debug record;
    // Whoever makes a tail call is gone.
    if (!lua_getstack(L, checked, &record) || !lua_getinfo(L, "t", &record) || record.istailcall) {
        return false;
    }
    for (int level = checked + 1; lua_getstack(L, level, &record); level++) {
        if (!lua_getinfo(L, "St", &record) || record.what[0] == 'C') continue;
        if (strcmp(record.source, "=[host/boot/receivers.lua]") == 0) {
            if (record.istailcall) return false;
            continue;
        }
        return record.source[0] == '=' && record.source[1] == '[';
    }
    return false;
}

/// Raises the error about an argument that does not fit.
static int refuse(lua_State *L, int argument, const char *function, int index, int types) {
    char expected[128] = "";
    for (int i = 0; i < KINDS; i++) {
        if (kinds[i].name == NULL || !(types & kinds[i].bit)) continue;
        size_t length = strlen(expected);
        snprintf(expected + length, sizeof expected - length, "%s%s", length > 0 ? " or " : "",
                 kinds[i].name);
    }
    bool is_missing = lua_isnil(L, index);
    for (int other = index; other <= lua_gettop(L) && is_missing; other++) {
        is_missing = lua_isnil(L, other);
    }
    const char *got = is_missing ? "no value" : qh_push_type_name(L, index);
    if (lua_type(L, index) == LUA_TNUMBER && (types & INTEGER)) {
        qh_push_user_location(L);
        lua_pushfstring(L, "bad argument #%d to '%s' (number has no integer representation)",
                        argument, function);
    } else {
        qh_push_user_location(L);
        // A secret shows itself nowhere: whoever writes one means this.
        bool is_secret = strcmp(got, "secret") == 0 && (types & STRING);
        lua_pushfstring(L, "bad argument #%d to '%s' (%s expected, got %s%s)", argument, function,
                        expected, got, is_secret ? "; secret:write(path) writes it" : "");
    }
    lua_concat(L, 2);
    return lua_error(L);
}

int qh_check_arguments(lua_State *L) {
    const char *signature = luaL_checkstring(L, 1);
    const char *function = luaL_checkstring(L, 2);
    int count = lua_gettop(L) - 2;
    for (int argument = 1; argument <= count; argument++) {
        int types = read_types(&signature);
        if (!fits(L, argument + 2, types)) {
            if (is_called_from_inside(L, 1)) return 0;
            return refuse(L, argument, function, argument + 2, types);
        }
    }
    return 0;
}

int qh_called_from_inside(lua_State *L) {
    // The frame of the Lua function that asks lies between.
    lua_pushboolean(L, is_called_from_inside(L, 2));
    return 1;
}

int qh_type_name(lua_State *L) {
    luaL_checkany(L, 1);
    qh_push_type_name(L, 1);
    return 1;
}

int qh_check_count(lua_State *L) {
    lua_Integer needed = luaL_checkinteger(L, 1), count = lua_gettop(L) - 2;
    const char *function = luaL_checkstring(L, 2);
    if (count >= needed || is_called_from_inside(L, 1)) return 0;
    qh_push_user_location(L);
    lua_pushfstring(L, "bad argument #%d to '%s' (value expected)", (int)count + 1, function);
    lua_concat(L, 2);
    return lua_error(L);
}

int qh_check_receiver(lua_State *L) {
    const char *method = luaL_checkstring(L, 2);
    const char *colon = strchr(method, ':');
    if (colon == NULL) return qh_raise(L, "%s is called with a colon", method);
    // Objects have a metatable or the method itself; arguments in their place mostly have neither.
    if (!lua_isstring(L, 1) && lua_getmetatable(L, 1)) return 0;
    if (lua_istable(L, 1)) {
        lua_pushstring(L, colon + 1);
        if (lua_rawget(L, 1) != LUA_TNIL) return 0;
    }
    qh_push_user_location(L);
    lua_pushlstring(L, method, (size_t)(colon - method));
    lua_pushfstring(L, "%s.%s is a method, which is called with a colon: %s(…)",
                    lua_tostring(L, -1), colon + 1, method);
    lua_remove(L, -2);
    lua_concat(L, 2);
    return lua_error(L);
}
