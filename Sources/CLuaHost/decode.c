// From the tape to the Lua stack. May raise (memory), so it runs under a protected call only.
#include "internal.h"

typedef struct decoder {
    lua_State *L;
    qh_tape *tape;
    int messages; ///< stack index of the table of message types
    int enums;    ///< stack index of the table of enums
} decoder;

static void decode_value(decoder *d);

static uint8_t take_tag(decoder *d) {
    if (d->tape->cursor >= d->tape->length) luaL_error(d->L, "the host's answer ends too early");
    return d->tape->bytes[d->tape->cursor++];
}

static void take(decoder *d, void *value, size_t size) {
    if (d->tape->length - d->tape->cursor < size) {
        luaL_error(d->L, "the host's answer ends too early");
    }
    memcpy(value, d->tape->bytes + d->tape->cursor, size);
    d->tape->cursor += size;
}

static uint32_t take_u32(decoder *d) {
    uint32_t value;
    take(d, &value, sizeof value);
    return value;
}

static uint8_t peek_tag(decoder *d) {
    return d->tape->cursor < d->tape->length ? d->tape->bytes[d->tape->cursor] : QH_END;
}

static void push_string(decoder *d) {
    uint32_t length = take_u32(d);
    if (d->tape->length - d->tape->cursor < length) {
        luaL_error(d->L, "the host's answer ends too early");
    }
    lua_pushlstring(d->L, (const char *)d->tape->bytes + d->tape->cursor, length);
    d->tape->cursor += length;
}

static void fill_list(decoder *d, int table, lua_Integer position) {
    while (peek_tag(d) != QH_END) {
        decode_value(d);
        lua_rawseti(d->L, table, ++position);
    }
    take_tag(d);
}

static void fill_table(decoder *d, int table) {
    while (peek_tag(d) != QH_END) {
        decode_value(d);
        decode_value(d);
        lua_rawset(d->L, table);
    }
    take_tag(d);
}

static void fill_message(decoder *d, int table, int names);

/// Goes on with the table that the field already has, or starts as if there were none.
static void decode_again(decoder *d, int table, int names) {
    lua_State *L = d->L;
    (void)names;
    lua_pushvalue(L, -1); // the field's name
    lua_rawget(L, table);
    if (!lua_istable(L, -1)) {
        lua_pop(L, 1);
        decode_value(d);
        return;
    }
    int present = lua_gettop(L);
    switch (take_tag(d)) {
    case QH_LIST:
        take_u32(d);
        fill_list(d, present, (lua_Integer)lua_rawlen(L, present));
        break;
    case QH_TABLE: fill_table(d, present); break;
    case QH_MESSAGE: {
        uint32_t type = take_u32(d);
        take_u32(d);
        lua_rawgeti(L, d->messages, type);
        fill_message(d, present, lua_gettop(L));
        lua_pop(L, 1);
        break;
    }
    default: luaL_error(L, "the host's answer is damaged");
    }
}

static void fill_message(decoder *d, int table, int names) {
    lua_State *L = d->L;
    while (true) {
        uint8_t tag = take_tag(d);
        if (tag == QH_END) return;
        if (tag == QH_UNKNOWN) {
            lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_unknown);
            lua_pushvalue(L, table);
            lua_pushvalue(L, table);
            if (lua_rawget(L, -3) == LUA_TSTRING) {
                push_string(d);
                lua_concat(L, 2);
            } else {
                lua_pop(L, 1);
                push_string(d);
            }
            lua_rawset(L, -3);
            lua_pop(L, 1);
            continue;
        }
        if (tag != QH_FIELD) luaL_error(L, "the host's answer is damaged");
        uint16_t index;
        take(d, &index, sizeof index);
        lua_rawgeti(L, names, (lua_Integer)index + 1);
        if (peek_tag(d) == QH_AGAIN) {
            take_tag(d);
            decode_again(d, table, names);
        } else {
            decode_value(d);
        }
        lua_rawset(L, table);
    }
}

static void decode_message(decoder *d) {
    lua_State *L = d->L;
    uint32_t type = take_u32(d);
    uint32_t hint = take_u32(d);
    if (lua_rawgeti(L, d->messages, type) != LUA_TTABLE) {
        luaL_error(L, "message type %d is not defined", (int)type);
    }
    int names = lua_gettop(L);
    lua_createtable(L, 0, (int)hint);
    lua_rawgeti(L, names, 0);
    lua_setmetatable(L, -2);
    fill_message(d, lua_gettop(L), names);
    lua_remove(L, names);
}

static void decode_list(decoder *d) {
    lua_State *L = d->L;
    uint32_t count = take_u32(d);
    lua_createtable(L, (int)(count > 1000000 ? 1000000 : count), 0);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_list);
    lua_setmetatable(L, -2);
    fill_list(d, lua_gettop(L), 0);
}

static void decode_enum(decoder *d) {
    lua_State *L = d->L;
    uint32_t type = take_u32(d);
    int32_t number;
    take(d, &number, sizeof number);
    if (lua_rawgeti(L, d->enums, type) == LUA_TTABLE) {
        lua_rawgeti(L, -1, number);
        lua_remove(L, -2);
    }
    if (lua_type(L, -1) != LUA_TSTRING) {
        // A number that the contract does not know stays a number.
        lua_pop(L, 1);
        lua_pushinteger(L, number);
    }
}

static void decode_instant(decoder *d, char *key) {
    int64_t seconds;
    int32_t nanos;
    take(d, &seconds, sizeof seconds);
    take(d, &nanos, sizeof nanos);
    qh_push_instant(d->L, key, seconds, nanos);
}

static void decode_secret(decoder *d) {
    uint32_t length = take_u32(d);
    if (d->tape->length - d->tape->cursor < length) {
        luaL_error(d->L, "the host's answer ends too early");
    }
    qh_push_secret(d->L, d->tape->bytes + d->tape->cursor, length);
    d->tape->cursor += length;
}

static void decode_handle(decoder *d) {
    uint32_t slot = take_u32(d);
    uint32_t generation = take_u32(d);
    uint32_t type = take_u32(d);
    qh_push_handle(d->L, slot, generation, type);
}

/// A table with a metatable that the Lua side has registered.
static void decode_object(decoder *d) {
    lua_State *L = d->L;
    uint32_t number = take_u32(d);
    decode_value(d);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_metatables);
    lua_rawgeti(L, -1, (lua_Integer)number);
    lua_setmetatable(L, -3);
    lua_pop(L, 1);
}

static void decode_value(decoder *d) {
    lua_State *L = d->L;
    luaL_checkstack(L, 12, "the host's answer is nested too deep");
    switch (take_tag(d)) {
    case QH_NIL: lua_pushnil(L); break;
    case QH_FALSE: lua_pushboolean(L, 0); break;
    case QH_TRUE: lua_pushboolean(L, 1); break;
    case QH_INTEGER: {
        int64_t value;
        take(d, &value, sizeof value);
        lua_pushinteger(L, (lua_Integer)value);
        break;
    }
    case QH_NUMBER: {
        double value;
        take(d, &value, sizeof value);
        lua_pushnumber(L, value);
        break;
    }
    case QH_STRING: push_string(d); break;
    case QH_TABLE:
        lua_newtable(L);
        fill_table(d, lua_gettop(L));
        break;
    case QH_LIST: decode_list(d); break;
    case QH_MESSAGE: decode_message(d); break;
    case QH_AGAIN: decode_value(d); break;
    case QH_ENUM: decode_enum(d); break;
    case QH_TIME: decode_instant(d, &qh_key_time); break;
    case QH_DURATION: decode_instant(d, &qh_key_duration); break;
    case QH_SECRET: decode_secret(d); break;
    case QH_NULL: lua_pushlightuserdata(L, &qh_key_null); break;
    case QH_CANCEL: qh_push_cancel(L); break;
    case QH_FUNCTION: lua_rawgeti(L, LUA_REGISTRYINDEX, (lua_Integer)take_u32(d)); break;
    case QH_HANDLE: decode_handle(d); break;
    case QH_META: decode_object(d); break;
    case QH_HOST:
        lua_pushinteger(L, (lua_Integer)take_u32(d));
        lua_pushcclosure(L, qh_trampoline, 1);
        break;
    default: luaL_error(L, "the host's answer is damaged");
    }
}

int qh_decode(lua_State *L, qh_tape *tape) {
    qh_vm *vm = qh_of(L);
    // Tables that are built all live: collecting in between is work for nothing.
    bool pause = !vm->gc_paused && tape->length - tape->cursor > (1u << 16);
    if (pause) {
        vm->gc_paused = true;
        lua_gc(L, LUA_GCSTOP);
    }
    luaL_checkstack(L, 12, "too many results");
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_messages);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_enums);
    int top = lua_gettop(L);
    decoder d = {.L = L, .tape = tape, .messages = top - 1, .enums = top};
    while (tape->cursor < tape->length) decode_value(&d);
    lua_remove(L, top);
    lua_remove(L, top - 1);
    if (pause) {
        vm->gc_paused = false;
        lua_gc(L, LUA_GCRESTART);
        // What was allocated meanwhile has not counted: collect when memory has doubled since the
        // last time, as Lua's own pause does.
        if (vm->memory.used > vm->gc_threshold) {
            lua_gc(L, LUA_GCCOLLECT);
            vm->gc_threshold = 2 * vm->memory.used;
        }
    }
    return lua_gettop(L) - (top - 2);
}
