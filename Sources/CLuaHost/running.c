// Running code: calls, tasks, and what is said of their errors.
#include "internal.h"

// MARK: Errors of running code

typedef struct error_call {
    lua_State *thread;
    qh_tape *out;
} error_call;

/// Writes the traceback that traceback_handler has noted for a thread.
static void put_traceback(lua_State *L, lua_State *thread, qh_tape *out) {
    size_t length = 0;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_tracebacks);
    lua_pushthread(thread);
    lua_xmove(thread, L, 1);
    lua_rawget(L, -2);
    const char *trace = lua_tolstring(L, -1, &length);
    qh_put_string(out, trace != NULL ? trace : "", length);
    lua_pop(L, 2);
}

static int text_of_error(lua_State *L) {
    luaL_tolstring(L, 1, NULL);
    return 1;
}

/// Whether an error is an object of the script's that says itself what it is, as `lua` shows it: not one of
/// ours, which has a code.
static bool has_text(lua_State *thread, int index) {
    if (!lua_istable(thread, index)) return false;
    lua_pushliteral(thread, "code");
    bool is_ours = lua_rawget(thread, index) != LUA_TNIL;
    lua_pop(thread, 1);
    if (is_ours || luaL_getmetafield(thread, index, "__tostring") == LUA_TNIL) return false;
    lua_pop(thread, 1);
    return true;
}

/// Writes an error of a script's own kind, whose text is known to be its message; false when it has none.
static bool put_object(lua_State *L, lua_State *thread, int index, qh_tape *out) {
    if (!has_text(thread, index)) return false;
    lua_pushcfunction(L, text_of_error);
    lua_pushvalue(thread, index);
    lua_xmove(thread, L, 1);
    bool is_known = lua_pcall(L, 1, 1, 0) == LUA_OK;
    char refusal[600];
    if (is_known) {
        lua_createtable(L, 0, 1);
        lua_insert(L, -2);
        lua_setfield(L, -2, "message");
        int top = lua_gettop(L);
        is_known = qh_try_encode(L, out, top, top, refusal, sizeof refusal);
    }
    lua_pop(L, 1);
    return is_known;
}

/// Writes the traceback and the error value, which is on top of the thread's stack.
static int describe_error(lua_State *L) {
    error_call *error = lua_touserdata(L, 1);
    lua_State *thread = error->thread;
    qh_tape_clear(error->out);
    luaL_checkstack(thread, 20, NULL);
    put_traceback(L, thread, error->out);
    size_t start = error->out->length;
    char refusal[600];
    int top = lua_gettop(thread);
    size_t length;
    if (put_object(L, thread, top, error->out)) return 0;
    error->out->length = start;
    if (!qh_try_encode(thread, error->out, top, top, refusal, sizeof refusal)) {
        lua_settop(thread, top);
        error->out->length = start;
        const char *kind = lua_typename(L, lua_type(thread, top));
        lua_pushfstring(L, "(error object is a %s value)", kind);
        const char *text = lua_tolstring(L, -1, &length);
        qh_put_string(error->out, text, length);
    }
    return 0;
}

static int32_t describe(qh_vm *vm, lua_State *thread, int status, qh_tape *out) {
    if (status == LUA_ERRMEM) return qh_failure(status, out);
    error_call error = {thread, out};
    int described = qh_run_protected(vm, describe_error, &error);
    if (described != LUA_OK) qh_report(out, "not enough memory to describe an error");
    return QH_FAILED;
}

// MARK: Calls and tasks

typedef struct value_call {
    lua_State *thread;
    qh_ref function;
    qh_tape *in;
    qh_tape *out;
    qh_ref result;
} value_call;

/// Notes the traceback of the thread. The error stays as it is: to-be-closed variables are given it.
static int traceback_handler(lua_State *L) {
    lua_settop(L, 1);
    if (qh_is_cancel(L, 1)) return 1;
    qh_place_error(L);
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_tracebacks);
    lua_pushthread(L);
    luaL_traceback(L, L, NULL, 1);
    lua_rawset(L, 2);
    lua_settop(L, 1);
    return 1;
}

static int call_body(lua_State *L) {
    value_call *call = lua_touserdata(L, 1);
    lua_settop(L, 0);
    lua_pushcfunction(L, traceback_handler);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->function);
    int count = qh_decode(L, call->in);
    int status = lua_pcall(L, count, LUA_MULTRET, 1);
    qh_tape_clear(call->out);
    if (status == LUA_OK) {
        qh_encode(L, call->out, 2, lua_gettop(L), false);
        call->result = QH_DONE;
        return 0;
    }
    call->result = QH_FAILED;
    if (status == LUA_ERRMEM) {
        qh_report(call->out, "not enough memory");
        return 0;
    }
    put_traceback(L, L, call->out);
    qh_encode(L, call->out, lua_gettop(L), lua_gettop(L), false);
    return 0;
}

int32_t qh_call(qh_vm *vm, qh_ref function, qh_tape *in, qh_tape *out) {
    value_call call = {.function = function, .in = in, .out = out};
    lua_State *task = vm->task;
    vm->task = NULL; // what is called here cannot wait
    vm->active++;
    int status = qh_run_protected(vm, call_body, &call);
    vm->active--;
    if (vm->active == 0) qh_rest_hook(vm, vm->L);
    vm->task = task;
    if (status == LUA_OK) return call.result;
    if (status != LUA_ERRMEM) qh_report(out, "the values cannot be passed to the host");
    return qh_failure(status, out);
}

/// Ends a task: its results stand above the handler, or its error is on top, which is raised once
/// more, now that all to-be-closed variables have run where they could still wait.
static int task_returned(lua_State *L, int status, lua_KContext context) {
    (void)context;
    if (status == LUA_OK || status == LUA_YIELD) return lua_gettop(L) - 1;
    return lua_error(L);
}

static int task_entry(lua_State *L) {
    lua_settop(L, 0);
    lua_pushcfunction(L, traceback_handler);
    lua_pushvalue(L, lua_upvalueindex(1));
    int count = qh_decode(L, qh_of(L)->resume);
    lua_pushcfunction(L, qh_enter);
    lua_insert(L, 2);
    int status = lua_pcallk(L, count + 1, LUA_MULTRET, 1, 0, task_returned);
    return task_returned(L, status, 0);
}

static int task_body(lua_State *L) {
    value_call *call = lua_touserdata(L, 1);
    lua_State *thread = lua_newthread(L);
    call->result = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_rawgeti(L, LUA_REGISTRYINDEX, call->function);
    lua_pushcclosure(L, task_entry, 1);
    lua_xmove(L, thread, 1);
    qh_charge(qh_of(L), thread);
    return 0;
}

int32_t qh_task_new(qh_vm *vm, qh_ref function, qh_ref *task, qh_tape *out) {
    value_call call = {.function = function};
    int status = qh_run_protected(vm, task_body, &call);
    if (status != LUA_OK) {
        qh_report(out, "the task cannot be made");
        return qh_failure(status, out);
    }
    *task = call.result;
    return QH_DONE;
}

static int encode_results(lua_State *L) {
    value_call *call = lua_touserdata(L, 1);
    qh_tape_clear(call->out);
    char error[600];
    luaL_checkstack(call->thread, 16, NULL);
    // Of a file, what print would show is shown. That io.write returns its file is for chains of calls, and
    // nothing to see.
    int count = lua_gettop(call->thread);
    luaL_Stream *only = count == 1 ? luaL_testudata(call->thread, 1, LUA_FILEHANDLE) : NULL;
    if (only != NULL && only->closef != NULL && (only->f == stdout || only->f == stderr)) {
        lua_settop(call->thread, 0);
    }
    for (int index = 1; index <= lua_gettop(call->thread); index++) {
        luaL_Stream *file = luaL_testudata(call->thread, index, LUA_FILEHANDLE);
        if (file == NULL) continue;
        if (file->closef == NULL) {
            lua_pushliteral(call->thread, "file (closed)");
        } else {
            lua_pushfstring(call->thread, "file (%p)", (void *)file->f);
        }
        lua_replace(call->thread, index);
    }
    if (!qh_try_encode(call->thread, call->out, 1, lua_gettop(call->thread), error, sizeof error)) {
        return luaL_error(L, "%s", error);
    }
    return 0;
}

int32_t qh_task_resume(qh_vm *vm, qh_ref task, qh_tape *in, qh_tape *out) {
    lua_State *L = vm->L;
    if (!lua_checkstack(L, 4)) return qh_failure(LUA_ERRMEM, out);
    lua_rawgeti(L, LUA_REGISTRYINDEX, task);
    lua_State *thread = lua_tothread(L, -1);
    lua_pop(L, 1); // the registry keeps it alive
    if (thread == NULL) {
        qh_report(out, "the task is gone");
        return QH_FAILED;
    }
    lua_State *outer_task = vm->task;
    lua_State *outer_running = vm->running;
    const qh_resumer *outer_resumer = vm->resumer;
    qh_tape *outer_resume = vm->resume;
    int frame = vm->frame;
    int blocked = vm->blocked;
    vm->task = thread;
    vm->resumer = NULL;
    qh_rest_hook(vm, thread);
    qh_charge(vm, thread);
    qh_set_running(vm, thread);
    vm->resume = in;
    vm->blocked = 0;
    vm->waits = false;
    int count = 0;
    vm->active++;
    int status = lua_resume(thread, L, 0, &count);
    vm->active--;
    vm->task = outer_task;
    qh_set_running(vm, outer_running);
    vm->resumer = outer_resumer;
    vm->resume = outer_resume;
    vm->frame = frame;
    vm->blocked = blocked;
    if (vm->gc_paused) {
        vm->gc_paused = false;
        lua_gc(L, LUA_GCRESTART);
    }
    if (status == LUA_YIELD) {
        if (vm->waits) return QH_WAITING;
        qh_report(out, "attempt to yield from outside a coroutine");
        return QH_FAILED;
    }
    if (status != LUA_OK) return describe(vm, thread, status, out);
    value_call call = {.thread = thread, .out = out};
    int encoded = qh_run_protected(vm, encode_results, &call);
    if (encoded == LUA_OK) return QH_DONE;
    if (encoded == LUA_ERRMEM) return qh_failure(encoded, out);
    qh_report(out, "cannot show the results: nested too deep, too large, or not plain values");
    return QH_FAILED;
}

static int release_body(lua_State *L) {
    qh_ref reference = *(qh_ref *)lua_touserdata(L, 1);
    if (lua_rawgeti(L, LUA_REGISTRYINDEX, reference) == LUA_TTHREAD) {
        qh_vm *vm = qh_of(L);
        vm->active++;
        qh_reset(vm, lua_tothread(L, -1));
        vm->active--;
    }
    luaL_unref(L, LUA_REGISTRYINDEX, reference);
    return 0;
}

void qh_release(qh_vm *vm, qh_ref reference) { qh_run_protected(vm, release_body, &reference); }
