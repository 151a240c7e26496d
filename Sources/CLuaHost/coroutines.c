// coroutine.resume and coroutine.wrap that let a host call inside the script's own coroutine wait:
// its yield travels through the coroutines up to the scheduler, and the answer travels back.
#include <string.h>

#include "internal.h"

static int resume_step(lua_State *L, lua_State *co, int arguments, bool is_chosen);
static int co_yield(lua_State *L);

static int resume_again(lua_State *L, int status, lua_KContext context) {
    (void)status;
    return resume_step(L, (lua_State *)context, 0, false);
}

/// Resumes a coroutine and returns how many results are on top. L's stack has, on top, the level of
/// cancellation at which the resumption began: what is thrown later passes through.
static int resume_step(lua_State *L, lua_State *co, int arguments, bool is_chosen) {
    qh_vm *vm = qh_of(L);
    bool blocks = !lua_isyieldable(L);
    lua_State *outer = vm->running;
    vm->blocked += blocks;
    qh_resumer resumer = {L, vm->resumer, is_chosen};
    vm->resumer = &resumer;
    qh_set_running(vm, co);
    int count = 0;
    int status = lua_resume(co, L, arguments, &count);
    qh_set_running(vm, outer);
    vm->resumer = resumer.outer;
    vm->blocked -= blocks;
    if (status == LUA_YIELD && vm->waits) {
        // Only reached when every coroutine on the way can yield.
        return lua_yieldk(L, 0, (lua_KContext)co, resume_again);
    }
    if (status > LUA_YIELD && (qh_is_cancel(co, -1) || vm->level > lua_tointeger(L, -1))) {
        qh_reset(vm, co);
        qh_push_cancel(L);
        return lua_error(L);
    }
    bool wraps = lua_toboolean(L, lua_upvalueindex(2));
    if (status == LUA_OK || status == LUA_YIELD) {
        if (!lua_checkstack(L, count + 1)) {
            lua_pop(co, count);
            return qh_raise(L, "too many results to resume");
        }
        lua_settop(L, 0);
        if (!wraps) lua_pushboolean(L, 1);
        lua_xmove(co, L, count);
        return lua_gettop(L);
    }
    if (lua_checkstack(co, 4)) qh_place_error(co);
    // As in Lua's own wrap: what failed is closed, so that its to-be-closed variables run.
    if (wraps && lua_status(co) > LUA_YIELD) qh_reset(vm, co);
    lua_settop(L, 0);
    if (!wraps) lua_pushboolean(L, 0);
    lua_xmove(co, L, 1);
    if (!wraps) return 2;
    if (lua_type(L, -1) == LUA_TSTRING) {
        luaL_where(L, 1);
        lua_insert(L, -2);
        lua_concat(L, 2);
    }
    return lua_error(L);
}

/// Whether a suspended coroutine waits for the host rather than in coroutine.yield.
static bool waits_for_host(lua_State *co) {
    lua_Debug record;
    if (lua_status(co) != LUA_YIELD || !lua_getstack(co, 0, &record)) return false;
    if (!lua_getinfo(co, "f", &record)) return false;
    bool is_yield = lua_tocfunction(co, -1) == co_yield;
    lua_pop(co, 1);
    return !is_yield;
}

/// Whether a value's metatable has chosen the function that runs. Asked before its arguments go.
static bool is_chosen(lua_State *L) {
    lua_Debug frame;
    if (!qh_of(L)->has_libraries || !lua_checkstack(L, 8)) return false;
    if (!lua_getstack(L, 0, &frame) || !lua_getinfo(L, "nf", &frame)) return false;
    // Whoever made an iterator has chosen what it does.
    bool found = strcmp(frame.namewhat, "for iterator") == 0 ||
                 qh_is_chosen_by_argument(L, &frame);
    lua_pop(L, 1);
    return found;
}

static int start(lua_State *L, lua_State *co, int arguments) {
    bool chosen = is_chosen(L);
    if (lua_status(co) == LUA_OK && lua_gettop(co) == 0) {
        lua_pushliteral(L, "cannot resume dead coroutine");
    } else if (lua_status(co) != LUA_OK && lua_status(co) != LUA_YIELD) {
        lua_pushliteral(L, "cannot resume dead coroutine");
    } else if (co == L || qh_of(L)->task == co || waits_for_host(co)) {
        lua_pushliteral(L, "cannot resume non-suspended coroutine");
    } else if (!lua_checkstack(co, arguments)) {
        lua_pushliteral(L, "too many arguments to resume");
    } else {
        if (lua_status(co) == LUA_OK) qh_charge(qh_of(L), co);
        lua_xmove(L, co, arguments);
        lua_pushinteger(L, qh_of(L)->level);
        return resume_step(L, co, arguments, chosen);
    }
    if (lua_toboolean(L, lua_upvalueindex(2))) return lua_error(L);
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    return 2;
}

static int co_resume(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTHREAD);
    return start(L, lua_tothread(L, 1), lua_gettop(L) - 1);
}

static int wrap_call(lua_State *L) {
    return start(L, lua_tothread(L, lua_upvalueindex(1)), lua_gettop(L));
}

static int co_wrap(lua_State *L) {
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_State *co = lua_newthread(L);
    lua_pushvalue(L, 1);
    lua_xmove(L, co, 1);
    lua_pushboolean(L, 1);
    lua_pushcclosure(L, wrap_call, 2);
    return 1;
}

static int co_yield(lua_State *L) {
    qh_vm *vm = qh_of(L);
    if (vm->task == L || vm->L == L) {
        return qh_raise(L, "attempt to yield from outside a coroutine");
    }
    vm->waits = false;
    return lua_yield(L, lua_gettop(L));
}

/// coroutine.close (upvalue 1), but not of a coroutine that the host goes on with.
static int co_close(lua_State *L) {
    luaL_checktype(L, 1, LUA_TTHREAD);
    if (waits_for_host(lua_tothread(L, 1))) {
        return qh_raise(L, "cannot close a coroutine that waits for the host");
    }
    // What runs is the coroutine's: an interrupt is for it.
    qh_vm *vm = qh_of(L);
    lua_State *outer = vm->running;
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_pushvalue(L, 1);
    qh_set_running(vm, lua_tothread(L, 1));
    vm->closing++;
    int status = lua_pcall(L, 1, LUA_MULTRET, 0);
    vm->closing--;
    qh_set_running(vm, outer);
    if (status != LUA_OK || qh_is_cancel(L, -1)) return lua_error(L);
    return lua_gettop(L) - 1;
}

int qh_reset(qh_vm *vm, lua_State *co) {
    lua_State *outer = vm->running;
    qh_set_running(vm, co);
    vm->closing++;
    int status = lua_resetthread(co);
    vm->closing--;
    qh_set_running(vm, outer);
    return status;
}

void qh_open_coroutines(lua_State *L) {
    lua_getglobal(L, "coroutine");
    lua_getfield(L, -1, "close");
    lua_pushcclosure(L, co_close, 1);
    lua_setfield(L, -2, "close");
    lua_pushnil(L);
    lua_pushboolean(L, 0);
    lua_pushcclosure(L, co_resume, 2);
    lua_setfield(L, -2, "resume");
    lua_pushcfunction(L, co_wrap);
    lua_setfield(L, -2, "wrap");
    lua_pushcfunction(L, co_yield);
    lua_setfield(L, -2, "yield");
    lua_pop(L, 1);
}
