// Finalizers are run in coroutines of their own. Lua calls __gc with hooks switched off, so that
// neither an interrupt nor the count of instructions would reach them; in a coroutine both do.
#include "internal.h"

/// The key of the registry's table of metatables that were not set by the host's own Lua.
static char foreign_metatables;

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

/// Calls the script's function (upvalue 1) with the object that is gone.
static int run_finalizer(lua_State *L) {
    qh_vm *vm = qh_of(L);
    lua_settop(L, 1);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 2);
    qh_charge(vm, co);
    lua_State *outer = vm->running;
    qh_resumer resumer = {L, vm->resumer};
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
        return luaL_error(L, "attempt to yield across a C-call boundary");
    }
    // The run is being ended: the code that was interrupted by the collector is told next.
    if (qh_is_cancel(co, -1)) return 0;
    lua_xmove(co, L, 1);
    return lua_error(L);
}

/// setmetatable (upvalue 1), which has finalizers run by run_finalizer.
static int set_metatable(lua_State *L) {
    lua_settop(L, 2);
    if (lua_istable(L, 2)) {
        lua_pushliteral(L, "__gc");
        int type = lua_rawget(L, 2);
        if (type == LUA_TFUNCTION && lua_tocfunction(L, -1) != run_finalizer) {
            lua_pushcclosure(L, run_finalizer, 1);
            lua_pushliteral(L, "__gc");
            lua_insert(L, -2);
            lua_rawset(L, 2);
        } else {
            lua_pop(L, 1);
        }
        note_metatable(L);
    }
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

void qh_open_finalizers(lua_State *L) {
    lua_createtable(L, 0, 0);
    lua_createtable(L, 0, 1);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, &foreign_metatables);
    lua_getglobal(L, "setmetatable");
    lua_pushcclosure(L, set_metatable, 1);
    lua_setglobal(L, "setmetatable");
}
