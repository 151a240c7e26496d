// Message types and enums: metatables that know the contract's names and defaults.
#include "internal.h"

#include <qtext.h>
#include <stdio.h>

/// Marks in the table of defaults, by address.
static char mark_nil, mark_list, mark_map;

/// Raises an error that names the nearest field. Upvalue 1 has the defaults, 2 the type's name.
static int unknown_field(lua_State *L, const char *name) {
    const char *type = lua_tostring(L, lua_upvalueindex(2));
    const char *best = NULL;
    size_t length = strlen(name), distance = qtext_tolerance(length) + 1;
    lua_pushnil(L);
    while (lua_next(L, lua_upvalueindex(1))) {
        const char *candidate = lua_tostring(L, -2);
        size_t found = qtext_distance(name, length, candidate, strlen(candidate));
        if (found < distance) {
            distance = found;
            best = candidate;
        }
        lua_pop(L, 1);
    }
    if (best == NULL) return qh_raise(L, "%s has no field \"%s\"", type, name);
    return qh_raise(L, "%s has no field \"%s\"; did you mean \"%s\"?", type, name, best);
}

static int message_index(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE); // scripts can get at metamethods
    if (lua_type(L, 2) != LUA_TSTRING) {
        // A number is that of a field that this contract does not know.
        if (lua_isinteger(L, 2)) return qh_unknown_field(L, 1, lua_tointeger(L, 2));
        lua_pushnil(L);
        return 1;
    }
    lua_pushvalue(L, 2);
    if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL) {
        return unknown_field(L, lua_tostring(L, 2));
    }
    if (lua_type(L, -1) != LUA_TLIGHTUSERDATA) return 1;
    const void *mark = lua_touserdata(L, -1);
    if (mark == &mark_nil) {
        lua_pushnil(L);
        return 1;
    }
    // Reading an unset list or map creates it, so that it can be filled in place.
    lua_newtable(L);
    if (mark == &mark_list) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_list);
        lua_setmetatable(L, -2);
    }
    lua_pushvalue(L, 2);
    lua_pushvalue(L, -2);
    lua_rawset(L, 1);
    return 1;
}

static int message_newindex(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTABLE);
    if (lua_type(L, 2) == LUA_TSTRING) {
        lua_pushvalue(L, 2);
        if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNIL) {
            return unknown_field(L, lua_tostring(L, 2));
        }
        lua_pop(L, 1);
    }
    lua_rawset(L, 1);
    return 0;
}

typedef struct define_call {
    uint32_t id;
    const char *name;
    const qh_field *fields;
    const char *const *names;
    const int32_t *numbers;
    size_t count;
} define_call;

static void push_default(lua_State *L, const qh_field *field) {
    switch (field->kind) {
    case QH_DEFAULT_FALSE: lua_pushboolean(L, 0); break;
    case QH_DEFAULT_INTEGER: lua_pushinteger(L, 0); break;
    case QH_DEFAULT_NUMBER: lua_pushnumber(L, 0); break;
    case QH_DEFAULT_STRING: lua_pushliteral(L, ""); break;
    case QH_DEFAULT_LIST: lua_pushlightuserdata(L, &mark_list); break;
    case QH_DEFAULT_MAP: lua_pushlightuserdata(L, &mark_map); break;
    case QH_DEFAULT_ENUM: lua_pushstring(L, field->text); break;
    default: lua_pushlightuserdata(L, &mark_nil);
    }
}

static int define_message_body(lua_State *L) {
    define_call *define = lua_touserdata(L, 1);
    lua_createtable(L, (int)define->count, 1); // names by index, metatable at 0
    int names = lua_gettop(L);
    lua_createtable(L, 0, (int)define->count);
    int defaults = lua_gettop(L);
    for (size_t i = 0; i < define->count; i++) {
        lua_pushstring(L, define->fields[i].name);
        lua_pushvalue(L, -1);
        lua_rawseti(L, names, (lua_Integer)i + 1);
        push_default(L, &define->fields[i]);
        lua_rawset(L, defaults);
    }
    lua_createtable(L, 1, 4); // the metatable; encode knows the type by its number
    int metatable = lua_gettop(L);
    lua_pushinteger(L, define->id);
    lua_rawseti(L, metatable, QH_SLOT_MESSAGE);
    lua_pushstring(L, define->name);
    lua_setfield(L, metatable, "__name");
    lua_pushvalue(L, defaults);
    lua_pushstring(L, define->name);
    lua_pushcclosure(L, message_index, 2);
    lua_setfield(L, metatable, "__index");
    lua_pushvalue(L, defaults);
    lua_pushstring(L, define->name);
    lua_pushcclosure(L, message_newindex, 2);
    lua_setfield(L, metatable, "__newindex");
    // What the Lua side adds to all messages (printing) stands in metatable number 0.
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_metatables);
    if (lua_rawgeti(L, -1, 0) == LUA_TTABLE) {
        lua_getfield(L, -1, "__tostring");
        lua_setfield(L, metatable, "__tostring");
    }
    lua_settop(L, metatable);
    lua_rawseti(L, names, 0);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_messages);
    lua_pushvalue(L, names);
    lua_rawseti(L, -2, define->id);
    return 0;
}

static int define_enum_body(lua_State *L) {
    define_call *define = lua_touserdata(L, 1);
    lua_createtable(L, (int)define->count, 1);
    for (size_t i = 0; i < define->count; i++) {
        lua_pushstring(L, define->names[i]);
        lua_rawseti(L, -2, define->numbers[i]);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_enums);
    lua_pushvalue(L, -2);
    lua_rawseti(L, -2, define->id);
    return 0;
}

int32_t qh_define_message(qh_vm *vm, uint32_t id, const char *name, const qh_field *fields,
                          size_t count) {
    define_call define = {.id = id, .name = name, .fields = fields, .count = count};
    return qh_protect(vm, define_message_body, &define);
}

int32_t qh_define_enum(qh_vm *vm, uint32_t id, const char *const *names, const int32_t *numbers,
                       size_t count) {
    define_call define = {.id = id, .names = names, .numbers = numbers, .count = count};
    return qh_protect(vm, define_enum_body, &define);
}
