// The machine: host functions, protected entry, opening and closing, loading.
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

int qh_run_protected(qh_vm *vm, lua_CFunction body, void *argument) {
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
    return qh_run_protected(vm, body, argument) == LUA_OK ? QH_DONE : QH_NO_MEMORY;
}

void qh_report(qh_tape *out, const char *message) {
    qh_tape_clear(out);
    qh_put_string(out, "", 0);
    qh_put_string(out, message, strlen(message));
}

int32_t qh_failure(int status, qh_tape *out) {
    if (status == LUA_ERRMEM) {
        qh_report(out, "not enough memory");
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
    qh_open_strings(L);
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
    if (qh_run_protected(vm, open_libraries, NULL) != LUA_OK) {
        qh_close(vm);
        return NULL;
    }
    // What is loaded at first stays, so that collecting would find nothing: a step of a negative size
    // puts the first cycle off.
    lua_gc(vm->L, LUA_GCSTEP, -QH_UNCOLLECTED_KILOBYTES);
    vm->memory.limit = memory_limit;
    return vm;
}

void qh_limit_memory(qh_vm *vm, size_t limit) { vm->memory.limit = limit; }

void qh_close(qh_vm *vm) {
    // Finalizers may need memory that the limit has refused.
    vm->memory.limit = 0;
    lua_close(vm->L);
    qh_close_memory(&vm->memory);
    for (int i = 0; i < QH_MAX_FRAMES; i++) {
        qh_tape_free(&vm->frames[i].in);
        qh_tape_free(&vm->frames[i].out);
    }
    free(vm->dead);
    free(vm);
}

void qh_keep_functions(qh_vm *vm, uint32_t function) {
    if (function < 64) vm->keepers |= UINT64_C(1) << function;
}

size_t qh_memory_used(const qh_vm *vm) { return vm->memory.used; }

static int collect(lua_State *L) {
    lua_gc(L, LUA_GCCOLLECT);
    return 0;
}

void qh_collect(qh_vm *vm) { qh_run_protected(vm, collect, NULL); }

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
    qh_report(load->out, message != NULL ? message : "the text cannot be compiled");
    return 0;
}

int32_t qh_load(qh_vm *vm, const char *text, size_t length, const char *name, qh_ref *function,
                qh_tape *out) {
    load_call load = {.text = text, .length = length, .name = name, .out = out};
    int status = qh_run_protected(vm, load_body, &load);
    if (status != LUA_OK) {
        qh_report(out, "the text cannot be compiled");
        return qh_failure(status, out);
    }
    *function = load.function;
    if (load.status == LUA_OK) return QH_DONE;
    if (load.status == LUA_ERRMEM) return QH_NO_MEMORY;
    return load.incomplete ? QH_INCOMPLETE : QH_FAILED;
}
