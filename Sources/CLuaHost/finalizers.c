// Finalizers are run in coroutines of their own. Lua calls __gc with hooks switched off, so that
// neither an interrupt nor the count of instructions would reach them; in a coroutine both do.
//
// For that, objects are never marked for Lua's own finalization. Each has a guard instead, a userdata
// that refers to it and is reached through it alone: both become garbage together, and the guard's
// __gc, which scripts do not get at, calls what the object's metatable says by then.
#include "internal.h"

/// Keys of the registry: metatables that were not set by the host's own Lua, the guards by their
/// objects, and the guards' metatable.
static char foreign_metatables, guards, guard_metatable;

bool qh_is_foreign_metatable(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &foreign_metatables);
    lua_pushvalue(L, -2);
    bool found = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 2);
    return found;
}

/// Notes the metatable at index 2, unless the host's own Lua sets it.
static void note_metatable(lua_State *L) {
    lua_Debug record;
    for (int level = 1; lua_getstack(L, level, &record); level++) {
        if (!lua_getinfo(L, "S", &record) || record.what[0] == 'C') continue;
        if (record.source[0] == '=' && record.source[1] == '[') return;
        break;
    }
    lua_rawgetp(L, LUA_REGISTRYINDEX, &foreign_metatables);
    lua_pushvalue(L, 2);
    lua_pushboolean(L, 1);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

/// The guard's __gc: runs the finalizer of what it guards.
static int finalize(lua_State *L) {
    qh_vm *vm = qh_of(L);
    lua_settop(L, 1);
    lua_getiuservalue(L, 1, 1);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &guards);
    lua_pushvalue(L, 2);
    lua_pushnil(L);
    lua_rawset(L, -3); // who sets a metatable again wants it finalized again
    lua_settop(L, 2);
    if (luaL_getmetafield(L, 2, "__gc") == LUA_TNIL) return 0;
    lua_State *co = lua_newthread(L);
    lua_insert(L, 1); // it stays on the stack
    lua_pushvalue(L, -1);
    lua_pushvalue(L, 3);
    lua_xmove(L, co, 2);
    qh_charge(vm, co);
    lua_State *outer = vm->running;
    qh_resumer resumer = {.L = L, .outer = vm->resumer};
    vm->resumer = &resumer;
    vm->blocked++;
    vm->finalizing++;
    qh_set_running(vm, co);
    int count = 0;
    int status = lua_resume(co, L, 1, &count);
    qh_set_running(vm, outer);
    vm->finalizing--;
    vm->blocked--;
    vm->resumer = resumer.outer;
    if (status == LUA_OK) return 0;
    if (status == LUA_YIELD) {
        return qh_raise(L, "attempt to yield across a C-call boundary");
    }
    if (qh_is_cancel(co, -1)) {
        // Whoever happened to collect is unwound in its place, as soon as hooks are on again.
        qh_cancel_later(vm);
        return 0;
    }
    lua_xmove(co, L, 1);
    return lua_error(L);
}

/// Gives the table at index 1 a guard, unless it has one.
static void guard(lua_State *L) {
    lua_rawgetp(L, LUA_REGISTRYINDEX, &guards);
    lua_pushvalue(L, 1);
    bool has_one = lua_rawget(L, -2) != LUA_TNIL;
    lua_pop(L, 1);
    if (!has_one) {
        lua_pushvalue(L, 1);
        lua_newuserdatauv(L, 0, 1);
        lua_pushvalue(L, 1);
        lua_setiuservalue(L, -2, 1);
        lua_rawgetp(L, LUA_REGISTRYINDEX, &guard_metatable);
        lua_setmetatable(L, -2);
        lua_rawset(L, -3);
    }
    lua_pop(L, 1);
}

/// setmetatable, as in Lua (lbaselib.c), but that objects are guarded rather than marked.
static int set_metatable(lua_State *L) {
    int type = lua_type(L, 2);
    luaL_checktype(L, 1, LUA_TTABLE);
    luaL_argexpected(L, type == LUA_TNIL || type == LUA_TTABLE, 2, "nil or table");
    qh_settle_globals(L);
    if (luaL_getmetafield(L, 1, "__metatable") != LUA_TNIL) {
        return qh_raise(L, "cannot change a protected metatable");
    }
    lua_settop(L, 2);
    if (type == LUA_TTABLE) {
        note_metatable(L);
        lua_pushliteral(L, "__gc");
        if (lua_rawget(L, 2) != LUA_TNIL) {
            guard(L);
            // While the field is not there, the object is not marked. Its place in the table stays, so
            // that putting it back needs no memory.
            lua_pushliteral(L, "__gc");
            lua_pushnil(L);
            lua_rawset(L, 2);
            lua_pushvalue(L, 2);
            lua_setmetatable(L, 1);
            lua_pushliteral(L, "__gc");
            lua_pushvalue(L, 3);
            lua_rawset(L, 2);
            lua_settop(L, 1);
            return 1;
        }
        lua_settop(L, 2);
    }
    lua_setmetatable(L, 1);
    return 1;
}

static void put_weak_table(lua_State *L, char *key) {
    lua_createtable(L, 0, 0);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

void qh_open_finalizers(lua_State *L) {
    put_weak_table(L, &foreign_metatables);
    put_weak_table(L, &guards);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, finalize);
    lua_setfield(L, -2, "__gc");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &guard_metatable);
    lua_pushcfunction(L, set_metatable);
    lua_setglobal(L, "setmetatable");
    // Files are finalized by Lua itself: scripts do not get at their metatable.
    if (luaL_getmetatable(L, LUA_FILEHANDLE) == LUA_TTABLE) {
        lua_pushboolean(L, 0);
        lua_setfield(L, -2, "__metatable");
    }
    lua_pop(L, 1);
}
