// Fields of a message that the contract does not know: kept as they came, and read by their number.
#include "internal.h"

typedef struct reader {
    const uint8_t *next;
    const uint8_t *end;
} reader;

static bool read_varint(reader *r, uint64_t *value) {
    *value = 0;
    for (int shift = 0; shift < 64 && r->next < r->end; shift += 7) {
        uint8_t byte = *r->next++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

/// Pushes one value; false, with nothing pushed, when the bytes are damaged.
static bool push_value(lua_State *L, reader *r, unsigned type) {
    uint64_t number = 0;
    size_t width = type == 1 ? 8 : 4;
    switch (type) {
    case 0:
        if (!read_varint(r, &number)) return false;
        lua_pushinteger(L, (lua_Integer)number);
        return true;
    case 1:
    case 5:
        if ((size_t)(r->end - r->next) < width) return false;
        for (size_t i = 0; i < width; i++) number |= (uint64_t)r->next[i] << (8 * i);
        r->next += width;
        lua_pushinteger(L, (lua_Integer)number);
        return true;
    case 2:
        if (!read_varint(r, &number) || number > (uint64_t)(r->end - r->next)) return false;
        lua_pushlstring(L, (const char *)r->next, (size_t)number);
        r->next += number;
        return true;
    default: return false; // groups: no newer API has them
    }
}

int qh_unknown_field(lua_State *L, int message, lua_Integer number) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_unknown);
    lua_pushvalue(L, message);
    if (lua_rawget(L, -2) != LUA_TSTRING) {
        lua_pushnil(L);
        return 1;
    }
    size_t length;
    const char *bytes = lua_tolstring(L, -1, &length);
    reader r = {(const uint8_t *)bytes, (const uint8_t *)bytes + length};
    lua_newtable(L);
    int found = lua_gettop(L);
    lua_Integer count = 0;
    uint64_t tag;
    while (read_varint(&r, &tag) && push_value(L, &r, tag & 7)) {
        if ((lua_Integer)(tag >> 3) == number) {
            lua_rawseti(L, found, ++count);
        } else {
            lua_pop(L, 1);
        }
    }
    if (count == 0) {
        lua_pushnil(L);
    } else if (count == 1) {
        lua_rawgeti(L, found, 1);
    }
    return 1;
}
