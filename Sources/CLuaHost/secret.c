// Secrets as userdata: their text is in no Lua string until a script asks for it.
#define _POSIX_C_SOURCE 200809L
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

void qh_push_secret(lua_State *L, const void *bytes, size_t length) {
    void *block = lua_newuserdatauv(L, length, 0);
    if (length > 0) memcpy(block, bytes, length);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_secret);
    lua_setmetatable(L, -2);
}

static bool is_secret(lua_State *L, int index) {
    if (lua_type(L, index) != LUA_TUSERDATA || !lua_getmetatable(L, index)) return false;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_secret);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

static const char *check(lua_State *L, size_t *length) {
    if (!is_secret(L, 1)) luaL_typeerror(L, 1, "secret");
    *length = (size_t)lua_rawlen(L, 1);
    return lua_touserdata(L, 1);
}

static int reveal(lua_State *L) {
    size_t length;
    const char *bytes = check(L, &length);
    lua_pushlstring(L, bytes, length);
    return 1;
}

/// Writes a new file that only its owner reads, then gives it its name: what had the name before is
/// replaced whole or not at all.
static int write_file(lua_State *L) {
    size_t length;
    const char *bytes = check(L, &length);
    size_t path_length;
    const char *path = luaL_checklstring(L, 2, &path_length);
    luaL_argcheck(L, path_length > 0 && strlen(path) == path_length, 2, "not the path of a file");
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_gate) == LUA_TFUNCTION) {
        lua_pushliteral(L, "write:files");
        lua_pushvalue(L, 2);
        lua_pushboolean(L, false);
        lua_pushliteral(L, "secret:write");
        lua_call(L, 4, 0); // raises when the run may not do that
    }
    struct stat present;
    if (stat(path, &present) == 0 && !S_ISREG(present.st_mode)) {
        return qh_raise(L, "cannot write the secret to %s: not a regular file", path);
    }
    const char *scratch = lua_pushfstring(L, "%s.%d.tmp", path, (int)getpid());
    unlink(scratch); // of a run that was killed and had this process's number
    int file = open(scratch, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    int problem = file < 0 ? errno : 0;
    for (size_t done = 0; file >= 0 && problem == 0 && done < length;) {
        ssize_t written = write(file, bytes + done, length - done);
        if (written >= 0) {
            done += (size_t)written;
        } else if (errno != EINTR) {
            problem = errno;
        }
    }
    if (file >= 0) {
        if (problem == 0 && fchmod(file, 0600) != 0) problem = errno;
        // The content must reach the disk before the name leads to it.
        if (problem == 0 && fsync(file) != 0) problem = errno;
        if (close(file) != 0 && problem == 0) problem = errno;
        if (problem == 0 && rename(scratch, path) != 0) problem = errno;
        if (problem != 0) unlink(scratch);
    }
    if (problem != 0) {
        return qh_raise(L, "the secret cannot be written to %s: %s", path, strerror(problem));
    }
    return 0;
}

static int text(lua_State *L) {
    lua_pushliteral(L, "********");
    return 1;
}

static int equal(lua_State *L) {
    if (!is_secret(L, 1) || !is_secret(L, 2) || lua_rawlen(L, 1) != lua_rawlen(L, 2)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    // In constant time: how long it takes says nothing of where they differ.
    const volatile unsigned char *a = lua_touserdata(L, 1), *b = lua_touserdata(L, 2);
    unsigned char difference = 0;
    for (size_t i = 0, length = (size_t)lua_rawlen(L, 1); i < length; i++) {
        difference |= (unsigned char)(a[i] ^ b[i]);
    }
    lua_pushboolean(L, difference == 0);
    return 1;
}

static int concatenate(lua_State *L) {
    return qh_raise(L, "a secret cannot be concatenated; use secret:reveal() to get its value");
}

static int wipe(lua_State *L) {
    if (!is_secret(L, 1)) return 0;
    volatile unsigned char *bytes = lua_touserdata(L, 1);
    for (size_t i = 0, length = (size_t)lua_rawlen(L, 1); i < length; i++) bytes[i] = 0;
    return 0;
}

static int get(lua_State *L) {
    const char *name = lua_tostring(L, 2);
    if (name != NULL && strcmp(name, "reveal") == 0) {
        lua_pushcfunction(L, reveal);
    } else if (name != NULL && strcmp(name, "write") == 0) {
        lua_pushcfunction(L, write_file);
    } else {
        return qh_raise(L, "a secret has reveal() and write(path), not \"%s\"",
                          name != NULL ? name : luaL_typename(L, 2));
    }
    return 1;
}

void qh_open_secrets(lua_State *L) {
    static const luaL_Reg functions[] = {
        {"__index", get}, {"__tostring", text},      {"__eq", equal},
        {"__gc", wipe},   {"__concat", concatenate}, {NULL, NULL},
    };
    lua_newtable(L);
    luaL_setfuncs(L, functions, 0);
    lua_pushliteral(L, "secret");
    lua_setfield(L, -2, "__name");
    lua_pushboolean(L, 0); // scripts do not get at the metatable
    lua_setfield(L, -2, "__metatable");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &qh_key_secret);
}
