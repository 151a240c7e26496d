// Cancelled tasks: what they are unwound with, calls that do not catch it, and the hook by which
// code that never waits is reached.
#include "internal.h"

/// How many instructions pass between two looks at the count. Each coroutine is looked at by itself,
/// and charged so many in advance.
enum { INSTRUCTIONS_PER_COUNT = 100 };

void qh_push_cancel(lua_State *L) { lua_pushlightuserdata(L, &qh_key_cancel); }

bool qh_is_cancel(lua_State *L, int index) {
    return lua_islightuserdata(L, index) && lua_touserdata(L, index) == &qh_key_cancel;
}

// MARK: Protected calls

static int entered(lua_State *L, int status, lua_KContext context) {
    (void)status;
    (void)context;
    return lua_gettop(L);
}

int qh_enter(lua_State *L) {
    lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, 0, entered);
    return lua_gettop(L);
}

// A call that began before the task was cancelled lets everything pass that is thrown after it: the
// cancellation itself, and an error of a to-be-closed variable that has taken its place. Calls that
// clean-up code makes begin later and catch as usual.

/// Ends a protected call that failed; the error is on top.
static int caught(lua_State *L, lua_KContext level) {
    if (qh_is_cancel(L, -1)) return lua_error(L);
    if (qh_of(L)->level > (int)level) {
        qh_push_cancel(L);
        return lua_error(L);
    }
    lua_pushboolean(L, 0);
    lua_pushvalue(L, -2);
    return 2;
}

/// The handler of protected calls: the stack still has the user's line.
static int place_error(lua_State *L) {
    lua_settop(L, 1);
    qh_place_error(L);
    return 1;
}

static int pcall_ended(lua_State *L, int status, lua_KContext level) {
    if (status != LUA_OK && status != LUA_YIELD) return caught(L, level);
    return lua_gettop(L) - 1; // the handler stays below
}

static int protected_call(lua_State *L) {
    luaL_checkany(L, 1);
    lua_pushcfunction(L, place_error);
    lua_pushboolean(L, 1); // the first result if all goes well
    lua_pushcfunction(L, qh_enter);
    lua_rotate(L, 1, 3); // handler, true, enter, function, arguments
    lua_KContext level = qh_of(L)->level;
    int status = lua_pcallk(L, lua_gettop(L) - 3, LUA_MULTRET, 1, level, pcall_ended);
    return pcall_ended(L, status, level);
}

static int xpcall_ended(lua_State *L, int status, lua_KContext level) {
    if (status != LUA_OK && status != LUA_YIELD) return caught(L, level);
    return lua_gettop(L) - 2; // the handler and the function stay below
}

/// Calls the script's handler (upvalue 1), but not for a cancellation.
static int call_handler(lua_State *L) {
    if (qh_is_cancel(L, 1)) return 1;
    lua_settop(L, 1);
    qh_place_error(L);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, 1);
    return 1;
}

static int protected_call_with_handler(lua_State *L) {
    luaL_checktype(L, 2, LUA_TFUNCTION);
    lua_pushvalue(L, 2);
    lua_pushcclosure(L, call_handler, 1);
    lua_replace(L, 2);
    lua_pushboolean(L, 1);
    lua_pushvalue(L, 1);
    lua_pushcfunction(L, qh_enter);
    lua_insert(L, -2);
    lua_rotate(L, 3, 3); // function, handler, true, enter, function, arguments
    lua_KContext level = qh_of(L)->level;
    int status = lua_pcallk(L, lua_gettop(L) - 4, LUA_MULTRET, 2, level, xpcall_ended);
    return xpcall_ended(L, status, level);
}

static int light_text(lua_State *L) {
    if (qh_is_cancel(L, 1)) {
        lua_pushliteral(L, "cancelled");
    } else if (lua_touserdata(L, 1) == &qh_key_null) {
        lua_pushliteral(L, "null");
    } else {
        lua_pushfstring(L, "userdata: %p", lua_touserdata(L, 1));
    }
    return 1;
}

bool qh_is_protected_call(lua_State *L, const lua_Debug *frame) {
    lua_Debug copy = *frame;
    if (!lua_getinfo(L, "f", &copy)) return false;
    lua_CFunction function = lua_tocfunction(L, -1);
    lua_pop(L, 1);
    return function == protected_call || function == protected_call_with_handler;
}

void qh_open_cancellation(lua_State *L) {
    lua_pushcfunction(L, protected_call);
    lua_setglobal(L, "pcall");
    lua_pushcfunction(L, protected_call_with_handler);
    lua_setglobal(L, "xpcall");
    qh_push_cancel(L); // all light userdata have one metatable
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, light_text);
    lua_setfield(L, -2, "__tostring");
    lua_setmetatable(L, -2);
    lua_pop(L, 1);
}

void qh_set_level(qh_vm *vm, int32_t level) { vm->level = level; }

// MARK: Reaching code that never waits

static void hook(lua_State *L, lua_Debug *record) {
    qh_vm *vm = qh_of(L);
    if (vm->is_cancelled && vm->finalizing == 0) {
        vm->is_cancelled = false;
        qh_rest_hook(vm, L);
        luaL_checkstack(L, 1, NULL);
        qh_push_cancel(L);
        lua_error(L);
    }
    bool is_interrupt = vm->interrupted != 0 || vm->level == QH_KILLED;
    vm->interrupted = 0;
    bool is_used_up = false;
    if (!is_interrupt && vm->instruction_limit != 0) {
        if (record->event == LUA_HOOKCOUNT) vm->instructions += INSTRUCTIONS_PER_COUNT;
        is_used_up = vm->instructions > vm->instruction_limit;
    }
    qh_rest_hook(vm, L);
    if (!is_interrupt && !is_used_up) return;
    // Finalizers and the like run on the thread of whoever happened to collect: they may end.
    if (vm->check == NULL || !vm->check(vm->host, is_used_up)) return;
    luaL_checkstack(L, 1, NULL);
    qh_push_cancel(L);
    lua_error(L);
}

/// Has the hook called at once. lua_sethook is what the stand-alone interpreter calls in its signal
/// handler, too.
static void arm(lua_State *L) {
    lua_sethook(L, hook, LUA_MASKCALL | LUA_MASKRET | LUA_MASKCOUNT, 1);
}

/// Whether code of a killed task runs on the thread. The first one runs the host's own only.
static bool is_killed(const qh_vm *vm, lua_State *L) {
    return vm->level == QH_KILLED && L != vm->L;
}

void qh_rest_hook(qh_vm *vm, lua_State *L) {
    if (is_killed(vm, L)) {
        arm(L); // whatever catches it does not go on
    } else if (vm->instruction_limit != 0) {
        lua_sethook(L, hook, LUA_MASKCOUNT, INSTRUCTIONS_PER_COUNT);
    } else {
        lua_sethook(L, NULL, 0, 0);
    }
}

void qh_charge(qh_vm *vm, lua_State *co) {
    if (vm->instruction_limit == 0) return;
    vm->instructions += INSTRUCTIONS_PER_COUNT;
    qh_rest_hook(vm, co);
    if (vm->instructions > vm->instruction_limit) arm(co);
}

void qh_cancel_later(qh_vm *vm) {
    vm->is_cancelled = true;
    arm(vm->running);
}

void qh_set_running(qh_vm *vm, lua_State *L) {
    vm->running = L;
    // A signal that came just before has armed another coroutine.
    if (vm->interrupted || is_killed(vm, L)) arm(L);
}

void qh_interrupt(qh_vm *vm) {
    // Between entries there is nothing to interrupt, and the hook would hit the next one.
    if (vm->active == 0) return;
    vm->interrupted = 1;
    arm(vm->running);
}

void qh_interrupt_in_handler(void *vm) { qh_interrupt(vm); }

void qh_set_check(qh_vm *vm, qh_check check) { vm->check = check; }

void qh_set_instruction_limit(qh_vm *vm, uint64_t limit) {
    vm->instruction_limit = limit;
    vm->instructions = 0;
    // Coroutines inherit the hook of the one that makes them.
    qh_rest_hook(vm, vm->L);
}
