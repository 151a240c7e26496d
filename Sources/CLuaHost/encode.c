// From the Lua stack to the tape. Only functions that neither raise nor allocate are used.
#include "internal.h"

#include <stdio.h>

typedef struct encoder {
    lua_State *L;
    qh_tape *tape;
    const void *open[QH_MAX_DEPTH];
    int depth;
    bool keeps_functions; ///< whether arguments that are functions get a reference
    char *error;
    size_t size;
} encoder;

static bool encode_value(encoder *e, int index);

static bool refuse(encoder *e, const char *reason) {
    snprintf(e->error, e->size, "%s", reason);
    return false;
}

/// Puts the key before the path that the error already has: "reason at path".
static void extend_path(encoder *e, int key) {
    char step[80];
    switch (lua_type(e->L, key)) {
    case LUA_TSTRING: snprintf(step, sizeof step, ".%.60s", lua_tostring(e->L, key)); break;
    case LUA_TNUMBER:
        if (lua_isinteger(e->L, key)) {
            snprintf(step, sizeof step, "[%lld]", (long long)lua_tointeger(e->L, key));
            break;
        }
        // fall through: a float has no short form
    default: snprintf(step, sizeof step, "[%s]", lua_typename(e->L, lua_type(e->L, key)));
    }
    char *at = strstr(e->error, " at ");
    char rest[400] = "";
    if (at != NULL) {
        snprintf(rest, sizeof rest, "%s", at + 4);
        *at = '\0';
    }
    size_t used = strlen(e->error);
    snprintf(e->error + used, e->size - used, " at %s%s", step, rest);
}

bool qh_registered_number(lua_State *L, int slot, uint32_t *number) {
    int metatable = lua_gettop(L);
    bool is_ours = false;
    if (lua_rawgeti(L, metatable, slot) == LUA_TNUMBER) {
        lua_Integer wanted = lua_tointeger(L, -1);
        // A script's own metatable may have a number there, too: only the registered one counts.
        lua_rawgetp(L, LUA_REGISTRYINDEX,
                    slot == QH_SLOT_MESSAGE ? &qh_key_messages : &qh_key_metatables);
        lua_rawgeti(L, -1, wanted);
        if (slot == QH_SLOT_MESSAGE && lua_istable(L, -1)) lua_rawgeti(L, -1, 0);
        is_ours = lua_rawequal(L, -1, metatable);
        *number = (uint32_t)wanted;
    }
    lua_settop(L, metatable);
    return is_ours;
}

static bool encode_table(encoder *e, int index) {
    lua_State *L = e->L;
    if (e->depth == QH_MAX_DEPTH) return refuse(e, "the table is nested too deep");
    if (!lua_checkstack(L, 12)) return refuse(e, "the table is nested too deep");
    const void *self = lua_topointer(L, index);
    for (int i = 0; i < e->depth; i++) {
        if (e->open[i] == self) return refuse(e, "the table contains itself");
    }
    e->open[e->depth++] = self;
    qh_tape *tape = e->tape;
    bool is_list = false;
    if (lua_getmetatable(L, index)) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_list);
        is_list = lua_rawequal(L, -1, -2);
        lua_pop(L, 1);
        uint32_t number;
        if (!is_list && qh_registered_number(L, QH_SLOT_MESSAGE, &number)) {
            qh_put_message(tape, number, 0);
            lua_pop(L, 1);
            goto pairs;
        }
        bool is_object = !is_list && qh_registered_number(L, QH_SLOT_OBJECT, &number);
        // A handle is what it stands for.
        bool is_handle = lua_rawgeti(L, -1, QH_SLOT_HANDLE) == LUA_TBOOLEAN;
        lua_pop(L, 2);
        // After the mark of an object comes its table, and nothing else.
        if (is_object && !is_handle) qh_put_u32(tape, QH_META, number);
        if (is_handle) {
            lua_rawgeti(L, index, QH_HANDLE_MESSAGE);
            bool ok = encode_value(e, lua_gettop(L));
            lua_pop(L, 1);
            e->depth--;
            return ok;
        }
    }
    if (is_list) {
        lua_Unsigned count = lua_rawlen(L, index);
        qh_put_u32(tape, QH_LIST, (uint32_t)count);
        for (lua_Unsigned i = 1; i <= count; i++) {
            lua_rawgeti(L, index, (lua_Integer)i);
            bool ok = encode_value(e, lua_gettop(L));
            if (!ok) {
                lua_pushinteger(L, (lua_Integer)i);
                extend_path(e, lua_gettop(L));
                lua_pop(L, 2);
                return false;
            }
            lua_pop(L, 1);
        }
        goto end;
    }
    qh_put_tag(tape, QH_TABLE);
pairs:
    lua_pushnil(L);
    while (lua_next(L, index)) {
        int value = lua_gettop(L);
        if (!encode_value(e, value - 1) || !encode_value(e, value)) {
            extend_path(e, value - 1);
            lua_pop(L, 2);
            return false;
        }
        lua_pop(L, 1);
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_unknown);
    lua_pushvalue(L, index);
    if (lua_rawget(L, -2) == LUA_TSTRING) {
        size_t length;
        const char *bytes = lua_tolstring(L, -1, &length);
        qh_put_bytes(tape, QH_UNKNOWN, bytes, length);
    }
    lua_pop(L, 2);
end:
    qh_put_tag(tape, QH_END);
    e->depth--;
    return true;
}

static bool encode_userdata(encoder *e, int index) {
    lua_State *L = e->L;
    if (!lua_getmetatable(L, index)) return refuse(e, "a userdata cannot be passed to the host");
    const void *metatable = lua_topointer(L, -1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_time);
    bool is_time = lua_topointer(L, -1) == metatable;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_duration);
    bool is_duration = lua_topointer(L, -1) == metatable;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_handle);
    bool is_handle = lua_topointer(L, -1) == metatable;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_secret);
    bool is_secret = lua_topointer(L, -1) == metatable;
    lua_pop(L, 5);
    const void *block = lua_touserdata(L, index);
    if (is_time || is_duration) {
        int64_t seconds;
        int32_t nanos;
        memcpy(&seconds, block, sizeof seconds);
        memcpy(&nanos, (const char *)block + 8, sizeof nanos);
        qh_put_instant(e->tape, is_time ? QH_TIME : QH_DURATION, seconds, nanos);
        return true;
    }
    if (is_secret) {
        qh_put_bytes(e->tape, QH_SECRET, block, (size_t)lua_rawlen(L, index));
        return true;
    }
    if (is_handle) {
        qh_put_raw(e->tape, QH_HANDLE, block, 12);
        return true;
    }
    return refuse(e, "a userdata cannot be passed to the host");
}

static bool encode_value(encoder *e, int index) {
    lua_State *L = e->L;
    qh_tape *tape = e->tape;
    switch (lua_type(L, index)) {
    case LUA_TNIL: qh_put_tag(tape, QH_NIL); break;
    case LUA_TBOOLEAN: qh_put_bool(tape, lua_toboolean(L, index)); break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, index)) {
            qh_put_integer(tape, lua_tointeger(L, index));
        } else {
            qh_put_number(tape, lua_tonumber(L, index));
        }
        break;
    case LUA_TSTRING: {
        size_t length;
        const char *bytes = lua_tolstring(L, index, &length);
        qh_put_string(tape, bytes, length);
        break;
    }
    case LUA_TTABLE:
        if (!encode_table(e, index)) return false;
        break;
    case LUA_TLIGHTUSERDATA:
        if (lua_touserdata(L, index) == &qh_key_cancel) {
            qh_put_tag(tape, QH_CANCEL);
            break;
        }
        if (lua_touserdata(L, index) != &qh_key_null) {
            return refuse(e, "a light userdata cannot be passed to the host");
        }
        qh_put_tag(tape, QH_NULL);
        break;
    case LUA_TUSERDATA:
        if (!encode_userdata(e, index)) return false;
        break;
    case LUA_TFUNCTION:
    case LUA_TTHREAD: {
        // Only who is to call the function gets a reference, which has to be released; to others it
        // is just that there is one. luaL_ref allocates: callers run in a protected call.
        int reference = 0;
        if (e->keeps_functions && e->depth == 0) {
            lua_pushvalue(L, index);
            reference = luaL_ref(L, LUA_REGISTRYINDEX);
        }
        qh_put_u32(tape, QH_FUNCTION, (uint32_t)reference);
        break;
    }
    default: return refuse(e, "this value cannot be passed to the host");
    }
    if (tape->failed) return refuse(e, "not enough memory");
    if (tape->length > QH_MAX_TAPE) return refuse(e, "the table is too large");
    return true;
}

static bool encode_range(encoder e, int first, int last) {
    for (int index = first; index <= last; index++) {
        e.depth = 0;
        if (!encode_value(&e, index)) return false;
    }
    return true;
}

bool qh_try_encode(lua_State *L, qh_tape *tape, int first, int last, char *error, size_t size) {
    return encode_range((encoder){.L = L, .tape = tape, .error = error, .size = size}, first, last);
}

void qh_encode(lua_State *L, qh_tape *tape, int first, int last, bool keeps_functions) {
    char error[600];
    luaL_checkstack(L, 16, "too many arguments");
    encoder e = {.L = L,
                 .tape = tape,
                 .keeps_functions = keeps_functions,
                 .error = error,
                 .size = sizeof error};
    if (!encode_range(e, first, last)) luaL_error(L, "%s", error);
}
