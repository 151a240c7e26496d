// The machine: memory, protected entry, loading, tasks.
#include "internal.h"

#include <stdio.h>
#include <stdlib.h>

char qh_key_messages, qh_key_enums, qh_key_metatables, qh_key_list, qh_key_unknown, qh_key_time,
    qh_key_duration, qh_key_handle, qh_key_null, qh_key_secret, qh_key_cancel, qh_key_tracebacks,
    qh_key_gate;

static int panic(lua_State *L) {
    // Every entry is protected, so this is a bug of this file: say so and stop.
    const char *message = lua_tostring(L, -1);
    fprintf(stderr, "qcsh: unprotected Lua error: %s\n", message != NULL ? message : "(no message)");
    abort();
}

static void warn(void *user, const char *message, int to_be_continued) {
    (void)user;
    fprintf(stderr, "%s%s", message, to_be_continued ? "" : "\n");
}

// MARK: Host functions

/// A decode that ran out of memory may have left the collector stopped.
static void resume_collector(lua_State *L, qh_vm *vm) {
    if (!vm->gc_paused) return;
    vm->gc_paused = false;
    lua_gc(L, LUA_GCRESTART);
}

static int finish(lua_State *L, int status, lua_KContext context) {
    (void)status;
    (void)context;
    qh_tape *results = qh_of(L)->resume;
    if (results == NULL || results->cursor >= results->length) {
        return luaL_error(L, "a coroutine that waits for the host was resumed by the script");
    }
    bool ok = results->cursor < results->length && results->bytes[results->cursor] == QH_TRUE;
    results->cursor++;
    int count = qh_decode(L, results);
    if (ok) return count;
    return lua_error(L);
}

static int decode_tape(lua_State *L) {
    qh_tape *tape = lua_touserdata(L, 1);
    lua_settop(L, 0);
    return qh_decode(L, tape);
}

/// Decodes a frame's results and gives the frame back, also when decoding fails, as it does with a
/// table whose key cannot be one.
static int decode_protected(lua_State *L, qh_vm *vm, qh_tape *tape) {
    uint8_t tag = tape->length > 0 ? tape->bytes[0] : QH_NIL;
    if (tag != QH_TABLE && tag != QH_LIST && tag != QH_META && tag != QH_MESSAGE) {
        int count = qh_decode(L, tape);
        vm->frame--;
        return count;
    }
    lua_pushcfunction(L, decode_tape);
    lua_pushlightuserdata(L, tape);
    int status = lua_pcall(L, 1, LUA_MULTRET, 0);
    vm->frame--;
    if (status != LUA_OK) return lua_error(L);
    return lua_gettop(L);
}

int qh_trampoline(lua_State *L) {
    qh_vm *vm = qh_of(L);
    if (vm->frame == QH_MAX_FRAMES) return luaL_error(L, "host calls are nested too deep");
    resume_collector(L, vm);
    uint32_t function = (uint32_t)lua_tointeger(L, lua_upvalueindex(1));
    qh_frame *frame = &vm->frames[vm->frame];
    qh_tape_clear(&frame->in);
    qh_tape_clear(&frame->out);
    bool keeps = function < 64 && (vm->keepers >> function & 1) != 0;
    qh_encode(L, &frame->in, 1, lua_gettop(L), keeps);
    bool can_yield = lua_isyieldable(L) && vm->blocked == 0 && vm->task != NULL;
    vm->frame++;
    int32_t result = vm->dispatch(vm->host, function, &frame->in, &frame->out, can_yield);
    // The host's frames are gone: from here on Lua may raise. The tapes stay taken while they are
    // decoded, since a finalizer may call the host meanwhile.
    lua_settop(L, 0);
    if (result == QH_YIELD) {
        vm->frame--;
        vm->waits = true;
        return lua_yieldk(L, 0, 0, finish);
    }
    if (result == QH_STOP) {
        vm->frame--;
        qh_push_cancel(L);
        return lua_error(L);
    }
    int count = decode_protected(L, vm, &frame->out);
    if (result == QH_OK) return count;
    if (count == 0) lua_pushliteral(L, "the host reported an error");
    return lua_error(L);
}

// MARK: Protected entry

/// Runs a body under lua_pcall. The state's stack is as before, whatever happens.
static int protect(qh_vm *vm, lua_CFunction body, void *argument) {
    lua_State *L = vm->L;
    int top = lua_gettop(L);
    int frame = vm->frame;
    if (!lua_checkstack(L, 8)) return LUA_ERRMEM;
    lua_pushcfunction(L, body); // a light C function: nothing is allocated
    lua_pushlightuserdata(L, argument);
    int status = lua_pcall(L, 1, 0, 0);
    vm->frame = frame;
    if (vm->gc_paused) {
        vm->gc_paused = false;
        lua_gc(L, LUA_GCRESTART);
    }
    if (status != LUA_OK) lua_settop(L, top);
    return status;
}

int32_t qh_protect(qh_vm *vm, lua_CFunction body, void *argument) {
    return protect(vm, body, argument) == LUA_OK ? QH_DONE : QH_NO_MEMORY;
}

static void report(qh_tape *out, const char *message) {
    qh_tape_clear(out);
    qh_put_string(out, "", 0);
    qh_put_string(out, message, strlen(message));
}

static int32_t failure(int status, qh_tape *out) {
    if (status == LUA_ERRMEM) {
        report(out, "not enough memory");
        return QH_NO_MEMORY;
    }
    return QH_FAILED;
}

// MARK: Opening and closing

static void set_table(lua_State *L, char *key) {
    lua_newtable(L);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

/// A table that keeps none of its keys alive.
static void set_weak_table(lua_State *L, char *key) {
    lua_newtable(L);
    lua_newtable(L);
    lua_pushliteral(L, "k");
    lua_setfield(L, -2, "__mode");
    lua_setmetatable(L, -2);
    lua_rawsetp(L, LUA_REGISTRYINDEX, key);
}

static int open_libraries(lua_State *L) {
    luaL_openlibs(L);
    set_table(L, &qh_key_messages);
    set_table(L, &qh_key_enums);
    set_table(L, &qh_key_metatables);
    set_weak_table(L, &qh_key_unknown);
    set_weak_table(L, &qh_key_tracebacks);
    lua_newtable(L);
    lua_pushliteral(L, "list");
    lua_setfield(L, -2, "__name");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &qh_key_list);
    qh_open_time(L);
    qh_open_handles(L);
    qh_open_secrets(L);
    qh_open_cancellation(L);
    qh_open_coroutines(L);
    qh_open_finalizers(L);
    qh_restrict_libraries(L);
    return 0;
}

qh_vm *qh_open(size_t memory_limit, qh_dispatch dispatch, void *host) {
    qh_vm *vm = calloc(1, sizeof *vm);
    if (vm == NULL) return NULL;
    vm->dispatch = dispatch;
    vm->host = host;
    qh_open_memory();
    vm->L = lua_newstate(qh_allocate, &vm->memory);
    if (vm->L == NULL) {
        qh_close_memory(&vm->memory);
        free(vm);
        return NULL;
    }
    *(qh_vm **)lua_getextraspace(vm->L) = vm;
    lua_atpanic(vm->L, panic);
    lua_setwarnf(vm->L, warn, NULL);
    vm->running = vm->L;
    if (protect(vm, open_libraries, NULL) != LUA_OK) {
        qh_close(vm);
        return NULL;
    }
    // What is loaded at first stays, so that collecting would find nothing: a step of a negative size
    // puts the first cycle off.
    lua_gc(vm->L, LUA_GCSTEP, -QH_UNCOLLECTED_KILOBYTES);
    vm->memory.limit = memory_limit;
    return vm;
}

void qh_close(qh_vm *vm) {
    lua_close(vm->L);
    qh_close_memory(&vm->memory);
    for (int i = 0; i < QH_MAX_FRAMES; i++) {
        qh_tape_free(&vm->frames[i].in);
        qh_tape_free(&vm->frames[i].out);
    }
    free(vm->dead);
    free(vm);
}

void qh_set_memory_limit(qh_vm *vm, size_t limit) { vm->memory.limit = limit; }

void qh_keep_functions(qh_vm *vm, uint32_t function) {
    if (function < 64) vm->keepers |= UINT64_C(1) << function;
}

size_t qh_memory_used(const qh_vm *vm) { return vm->memory.used; }

static int collect(lua_State *L) {
    lua_gc(L, LUA_GCCOLLECT);
    return 0;
}

void qh_collect(qh_vm *vm) { protect(vm, collect, NULL); }

// MARK: Loading

typedef struct load_call {
    const char *text;
    size_t length;
    const char *name;
    int status;
    bool incomplete;
    qh_ref function;
    qh_tape *out;
} load_call;

static int load_body(lua_State *L) {
    load_call *load = lua_touserdata(L, 1);
    load->status = luaL_loadbufferx(L, load->text, load->length, load->name, "t");
    if (load->status == LUA_OK) {
        load->function = luaL_ref(L, LUA_REGISTRYINDEX);
        return 0;
    }
    size_t length;
    const char *message = lua_tolstring(L, -1, &length);
    static const char mark[] = "<eof>";
    size_t tail = sizeof mark - 1;
    load->incomplete = message != NULL && length >= tail &&
                       strcmp(message + length - tail, mark) == 0;
    report(load->out, message != NULL ? message : "the text cannot be compiled");
    return 0;
}

int32_t qh_load(qh_vm *vm, const char *text, size_t length, const char *name, qh_ref *function,
                qh_tape *out) {
    load_call load = {.text = text, .length = length, .name = name, .out = out};
    int status = protect(vm, load_body, &load);
    if (status != LUA_OK) {
        report(out, "the text cannot be compiled");
        return failure(status, out);
    }
    *function = load.function;
    if (load.status == LUA_OK) return QH_DONE;
    if (load.status == LUA_ERRMEM) return QH_NO_MEMORY;
    return load.incomplete ? QH_INCOMPLETE : QH_FAILED;
}

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
    if (status == LUA_ERRMEM) return failure(status, out);
    error_call error = {thread, out};
    int described = protect(vm, describe_error, &error);
    if (described != LUA_OK) report(out, "not enough memory to describe an error");
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
        report(call->out, "not enough memory");
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
    int status = protect(vm, call_body, &call);
    vm->active--;
    if (vm->active == 0) qh_rest_hook(vm, vm->L);
    vm->task = task;
    if (status == LUA_OK) return call.result;
    if (status != LUA_ERRMEM) report(out, "the values cannot be passed to the host");
    return failure(status, out);
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
    int status = protect(vm, task_body, &call);
    if (status != LUA_OK) {
        report(out, "the task cannot be made");
        return failure(status, out);
    }
    *task = call.result;
    return QH_DONE;
}

static int encode_results(lua_State *L) {
    value_call *call = lua_touserdata(L, 1);
    qh_tape_clear(call->out);
    char error[600];
    luaL_checkstack(call->thread, 16, NULL);
    if (!qh_try_encode(call->thread, call->out, 1, lua_gettop(call->thread), error, sizeof error)) {
        return luaL_error(L, "%s", error);
    }
    return 0;
}

int32_t qh_task_resume(qh_vm *vm, qh_ref task, qh_tape *in, qh_tape *out) {
    lua_State *L = vm->L;
    if (!lua_checkstack(L, 4)) return failure(LUA_ERRMEM, out);
    lua_rawgeti(L, LUA_REGISTRYINDEX, task);
    lua_State *thread = lua_tothread(L, -1);
    lua_pop(L, 1); // the registry keeps it alive
    if (thread == NULL) {
        report(out, "the task is gone");
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
        report(out, "attempt to yield from outside a coroutine");
        return QH_FAILED;
    }
    if (status != LUA_OK) return describe(vm, thread, status, out);
    value_call call = {.thread = thread, .out = out};
    int encoded = protect(vm, encode_results, &call);
    if (encoded == LUA_OK) return QH_DONE;
    if (encoded == LUA_ERRMEM) return failure(encoded, out);
    report(out, "the results cannot be shown: they are nested too deep, too large, or no plain values");
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

void qh_release(qh_vm *vm, qh_ref reference) { protect(vm, release_body, &reference); }
