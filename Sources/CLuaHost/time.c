// Timestamps and durations as userdata: exact to the nanosecond, comparable, with arithmetic.
#include "internal.h"

#include <math.h>
#include <stdio.h>

enum { NANOS = 1000000000 };

/// The seconds of a Timestamp, years 1 to 9999, and of a Duration (google/protobuf/timestamp.proto,
/// duration.proto).
#define FIRST_SECOND INT64_C(-62135596800)
#define LAST_SECOND INT64_C(253402300799)
#define LONGEST INT64_C(315576000000)

typedef struct instant {
    int64_t seconds;
    int32_t nanos;
} instant;

/// Adds two numbers of seconds; raises an error when the sum does not fit.
static int64_t sum(lua_State *L, int64_t a, int64_t b) {
    int64_t result;
    if (__builtin_add_overflow(a, b, &result)) qh_raise(L, "the time is out of range");
    return result;
}

static int64_t difference(lua_State *L, int64_t a, int64_t b) {
    int64_t result;
    if (__builtin_sub_overflow(a, b, &result)) qh_raise(L, "the time is out of range");
    return result;
}

void qh_push_instant(lua_State *L, char *key, int64_t seconds, int32_t nanos) {
    // Sums may carry. A Timestamp's nanoseconds count forward; a Duration's have the sign of its
    // seconds (google/protobuf/timestamp.proto, duration.proto).
    seconds = sum(L, seconds, nanos / NANOS);
    nanos %= NANOS;
    if (key == &qh_key_time) {
        if (nanos < 0) {
            seconds = difference(L, seconds, 1);
            nanos += NANOS;
        }
    } else if (seconds > 0 && nanos < 0) {
        seconds--;
        nanos += NANOS;
    } else if (seconds < 0 && nanos > 0) {
        seconds++;
        nanos -= NANOS;
    }
    instant *value = lua_newuserdatauv(L, sizeof *value, 0);
    value->seconds = seconds;
    value->nanos = nanos;
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    lua_setmetatable(L, -2);
}

/// Pushes the result of arithmetic; raises an error when it is out of range.
static void push_result(lua_State *L, char *key, int64_t seconds, int32_t nanos) {
    qh_push_instant(L, key, seconds, nanos);
    const instant *value = lua_touserdata(L, -1);
    if (key == &qh_key_time) {
        if (value->seconds < FIRST_SECOND || value->seconds > LAST_SECOND) {
            qh_raise(L, "the time is out of range: years 1 to 9999");
        }
    } else if (value->seconds < -LONGEST || value->seconds > LONGEST) {
        qh_raise(L, "the duration is out of range: 10,000 years");
    }
}

static bool has_metatable(lua_State *L, int index, char *key) {
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, key);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

/// The first argument, which has to be a time or a duration.
static instant check(lua_State *L, char *key) {
    if (!has_metatable(L, 1, key)) {
        luaL_typeerror(L, 1, key == &qh_key_time ? "time" : "duration");
    }
    return *(instant *)lua_touserdata(L, 1);
}

/// The address of a key of the registry: the function that reads the text of a duration.
static char key_reader;

int qh_set_duration_reader(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &key_reader);
    return 0;
}

/// Reads a duration, the text of one, or a number of seconds.
static instant to_duration(lua_State *L, int index) {
    if (has_metatable(L, index, &qh_key_duration)) {
        return *(instant *)lua_touserdata(L, index);
    }
    if (lua_type(L, index) == LUA_TSTRING) {
        lua_rawgetp(L, LUA_REGISTRYINDEX, &key_reader);
        lua_pushvalue(L, index);
        lua_call(L, 1, 1);
        if (!has_metatable(L, -1, &qh_key_duration)) {
            qh_raise(L, "invalid duration \"%s\"; expected a duration such as 36h or 7d",
                     lua_tostring(L, index));
        }
        instant length = *(instant *)lua_touserdata(L, -1);
        lua_pop(L, 1);
        return length;
    }
    if (lua_isinteger(L, index)) return (instant){lua_tointeger(L, index), 0};
    if (lua_type(L, index) != LUA_TNUMBER) {
        qh_raise(L, "expected a duration, a string such as \"36h\" or a number of seconds, got %s",
                 qh_push_type_name(L, index));
    }
    double number = lua_tonumber(L, index);
    // Not a number is not below, either.
    if (!(fabs(number) < 1e15)) qh_raise(L, "the number of seconds is out of range");
    double whole = trunc(number);
    return (instant){(int64_t)whole, (int32_t)lround((number - whole) * NANOS)};
}

static int add(lua_State *L) {
    int time = has_metatable(L, 1, &qh_key_time) ? 1 : has_metatable(L, 2, &qh_key_time) ? 2 : 0;
    if (time != 0) {
        if (has_metatable(L, 3 - time, &qh_key_time)) {
            return qh_raise(L, "two times cannot be added");
        }
        instant base = *(instant *)lua_touserdata(L, time);
        instant step = to_duration(L, 3 - time);
        push_result(L, &qh_key_time, sum(L, base.seconds, step.seconds), base.nanos + step.nanos);
        return 1;
    }
    instant a = to_duration(L, 1);
    instant b = to_duration(L, 2);
    push_result(L, &qh_key_duration, sum(L, a.seconds, b.seconds), a.nanos + b.nanos);
    return 1;
}

static int subtract(lua_State *L) {
    bool left = has_metatable(L, 1, &qh_key_time);
    bool right = has_metatable(L, 2, &qh_key_time);
    if (right && !left) return qh_raise(L, "a time cannot be subtracted from a duration");
    instant a = left ? *(instant *)lua_touserdata(L, 1) : to_duration(L, 1);
    instant b = right ? *(instant *)lua_touserdata(L, 2) : to_duration(L, 2);
    char *key = left && !right ? &qh_key_time : &qh_key_duration;
    push_result(L, key, difference(L, a.seconds, b.seconds), a.nanos - b.nanos);
    return 1;
}

static int negate(lua_State *L) {
    instant value = to_duration(L, 1);
    push_result(L, &qh_key_duration, difference(L, 0, value.seconds), -value.nanos);
    return 1;
}

static int compare(lua_State *L) {
    bool times = has_metatable(L, 1, &qh_key_time) && has_metatable(L, 2, &qh_key_time);
    bool durations = !has_metatable(L, 1, &qh_key_time) && !has_metatable(L, 2, &qh_key_time);
    if (!times && !durations) {
        return qh_raise(L, "a time and a duration cannot be compared");
    }
    instant a = times ? *(instant *)lua_touserdata(L, 1) : to_duration(L, 1);
    instant b = times ? *(instant *)lua_touserdata(L, 2) : to_duration(L, 2);
    return a.seconds != b.seconds ? (a.seconds < b.seconds ? -1 : 1)
                                  : (a.nanos > b.nanos) - (a.nanos < b.nanos);
}

static int less(lua_State *L) {
    lua_pushboolean(L, compare(L) < 0);
    return 1;
}

static int less_or_equal(lua_State *L) {
    lua_pushboolean(L, compare(L) <= 0);
    return 1;
}

static int equal(lua_State *L) {
    bool times = has_metatable(L, 1, &qh_key_time) && has_metatable(L, 2, &qh_key_time);
    bool durations = has_metatable(L, 1, &qh_key_duration) && has_metatable(L, 2, &qh_key_duration);
    lua_pushboolean(L, (times || durations) && compare(L) == 0);
    return 1;
}

static size_t write_fraction(char *text, size_t size, int32_t nanos) {
    if (nanos == 0) return 0;
    if (nanos % 1000000 == 0) return (size_t)snprintf(text, size, ".%03d", nanos / 1000000);
    if (nanos % 1000 == 0) return (size_t)snprintf(text, size, ".%06d", nanos / 1000);
    return (size_t)snprintf(text, size, ".%09d", nanos);
}

/// Days since 1970 to a date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
static void civil(int64_t days, long long *year, int *month, int *day) {
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t of_era = z - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t day_of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *month = (int)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static int time_text(lua_State *L) {
    instant value = check(L, &qh_key_time);
    int64_t days = value.seconds / 86400;
    int64_t rest = value.seconds % 86400;
    if (rest < 0) {
        days--;
        rest += 86400;
    }
    long long year;
    int month, day;
    civil(days, &year, &month, &day);
    char text[64];
    size_t used = (size_t)snprintf(text, sizeof text, "%04lld-%02d-%02dT%02d:%02d:%02d", year,
                                   month, day, (int)(rest / 3600), (int)(rest / 60 % 60),
                                   (int)(rest % 60));
    used += write_fraction(text + used, sizeof text - used, value.nanos);
    text[used++] = 'Z';
    lua_pushlstring(L, text, used);
    return 1;
}

static int duration_text(lua_State *L) {
    instant value = check(L, &qh_key_duration);
    bool negative = value.seconds < 0 || value.nanos < 0;
    char text[64];
    size_t used = (size_t)snprintf(text, sizeof text, "%s%llu", negative ? "-" : "",
                                   value.seconds < 0 ? 0ULL - (unsigned long long)value.seconds
                                                     : (unsigned long long)value.seconds);
    used += write_fraction(text + used, sizeof text - used, abs(value.nanos));
    text[used++] = 's';
    lua_pushlstring(L, text, used);
    return 1;
}

static int concatenate(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    luaL_tolstring(L, 2, NULL);
    lua_concat(L, 2);
    return 1;
}

static int get(lua_State *L) {
    instant value = has_metatable(L, 1, &qh_key_time) ? check(L, &qh_key_time)
                                                     : check(L, &qh_key_duration);
    const char *name = luaL_checkstring(L, 2);
    if (strcmp(name, "seconds") == 0) {
        lua_pushinteger(L, value.seconds);
    } else if (strcmp(name, "nanos") == 0) {
        lua_pushinteger(L, value.nanos);
    } else if (strcmp(name, "total") == 0) {
        lua_pushnumber(L, (double)value.seconds + (double)value.nanos / NANOS);
    } else {
        return qh_raise(L, "a %s has seconds, nanos and total, not \"%s\"",
                          has_metatable(L, 1, &qh_key_time) ? "time" : "duration", name);
    }
    return 1;
}

static void open_type(lua_State *L, char *key, const char *name, lua_CFunction text) {
    static const luaL_Reg shared[] = {
        {"__add", add},          {"__sub", subtract}, {"__lt", less},   {"__le", less_or_equal},
        {"__eq", equal},         {"__index", get},    {"__concat", concatenate},
        {NULL, NULL},
    };
    lua_newtable(L);
    luaL_setfuncs(L, shared, 0);
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, text);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0); // scripts do not get at the metatable
    lua_setfield(L, -2, "__metatable");
    if (key == &qh_key_duration) {
        lua_pushcfunction(L, negate);
        lua_setfield(L, -2, "__unm");
    }
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void qh_open_time(lua_State *L) {
    open_type(L, &qh_key_time, "time", time_text);
    open_type(L, &qh_key_duration, "duration", duration_text);
}
