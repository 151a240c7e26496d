/// What the files of this target share.
#ifndef QH_INTERNAL_H
#define QH_INTERNAL_H

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <signal.h>

#include "qh_vm.h"

/// How deep tables may be nested on a tape, and host calls in each other.
enum { QH_MAX_DEPTH = 100, QH_MAX_FRAMES = 220 };

/// The most bytes that one set of arguments may take.
enum { QH_MAX_TAPE = 1 << 28 };

/// How much is allocated before garbage is collected for the first time, in KiB.
enum { QH_UNCOLLECTED_KILOBYTES = 1024 };

/// How many sizes of small blocks the machine's memory keeps lists of.
enum { QH_SIZE_CLASSES = 32 };

typedef struct qh_slab qh_slab;
typedef struct qh_arena qh_arena;

/// Memory of one machine.
typedef struct qh_memory {
    size_t used;  ///< bytes that Lua holds
    size_t limit; ///< the most that it may hold; 0 means no limit
    qh_slab *partial[QH_SIZE_CLASSES]; ///< slabs with room, by the size of their blocks
    qh_slab *empty;                    ///< slabs that serve any size
    char *uncut;                       ///< the newest arena's slabs that were never used, or NULL
    qh_arena *arenas;
} qh_memory;

/// Arguments and results of one host call.
typedef struct qh_frame {
    qh_tape in;
    qh_tape out;
} qh_frame;

struct qh_vm {
    lua_State *L;
    qh_dispatch dispatch;
    qh_check check;
    void *host;
    qh_memory memory;
    qh_frame frames[QH_MAX_FRAMES];
    int frame;                ///< how many frames are in use
    int blocked;              ///< how many coroutine boundaries on the way cannot be yielded across
    bool waits;               ///< a yield that is on its way up is one of the host's
    bool gc_paused;           ///< the collector was stopped for one large decode
    size_t gc_threshold;      ///< the memory in use at which such a decode is followed by a collection
    qh_tape *resume;          ///< what the waiting host function returns
    lua_State *task;          ///< the coroutine of the task that runs
    volatile int active;      ///< how many calls into scripts are open
    lua_State *volatile running; ///< the coroutine that runs, which may be one of the script's
    const struct qh_resumer *resumer; ///< who has resumed that; NULL for the task's own
    int finalizing;           ///< how many finalizers run
    int closing;              ///< how many coroutines are being closed
    bool is_cancelled;        ///< a finalizer was cut off: whoever collected is unwound next
    bool has_libraries;       ///< whether it matters who has chosen a function that is called
    volatile sig_atomic_t interrupted; ///< whether the check is to be called
    int level;                ///< enum qh_level, of the task that runs
    uint64_t instructions;    ///< how many were counted
    uint64_t instruction_limit; ///< 0 means that none are counted
    uint32_t *dead;           ///< slots of handles that are gone
    size_t dead_count;
    size_t dead_capacity;
    size_t handles;           ///< handles alive
    uint64_t keepers;         ///< which of the first 64 host functions keep functions
};

/// Keys of the registry, each a light userdata made of its own address.
extern char qh_key_messages, qh_key_enums, qh_key_metatables, qh_key_list, qh_key_unknown,
    qh_key_time, qh_key_duration, qh_key_handle, qh_key_null, qh_key_secret, qh_key_cancel,
    qh_key_tracebacks, qh_key_gate;

/// A coroutine that waits for one that it has resumed.
typedef struct qh_resumer {
    lua_State *L;
    const struct qh_resumer *outer;
    bool is_chosen; ///< a value's metatable has chosen what is resumed, not the code that uses it
} qh_resumer;

static inline qh_vm *qh_of(lua_State *L) { return *(qh_vm **)lua_getextraspace(L); }

/// Lua's allocator; `user` is a qh_memory.
void *qh_allocate(void *user, void *block, size_t old_size, size_t new_size);

/// Sets up the C library's allocator; `qh_close_memory` frees all slabs of a closed state.
void qh_open_memory(void);
void qh_close_memory(qh_memory *memory);

/// Writes the values at indexes first…last of the stack; raises an error with a path on refusal.
/// A function or thread gets a reference only as an argument, and only with `keeps_functions`;
/// elsewhere its reference is 0.
void qh_encode(lua_State *L, qh_tape *tape, int first, int last, bool keeps_functions);

/// What metatables have under integer keys, where reading neither raises nor allocates.
enum {
    QH_SLOT_MESSAGE = 1, ///< of a message type: its number
    QH_SLOT_OBJECT = 2,  ///< of a metatable that the Lua side has registered: its number
    QH_SLOT_HANDLE = 3,  ///< of a handle: true
};

/// Where a handle keeps the message that it stands for.
enum { QH_HANDLE_MESSAGE = 1 };

/// Whether the metatable on top of the stack is that of a message type (QH_SLOT_MESSAGE) or a registered
/// one (QH_SLOT_OBJECT), and its number. Neither raises nor allocates.
bool qh_registered_number(lua_State *L, int slot, uint32_t *number);

/// The same without raising: false, with a sentence in `error`.
bool qh_try_encode(lua_State *L, qh_tape *tape, int first, int last, char *error, size_t size);

/// Pushes every value from the tape's cursor to its end; returns how many. May raise.
int qh_decode(lua_State *L, qh_tape *tape);

/// Pushes what came for a field that the message's type does not have: an integer or a text, a list
/// when it came several times, nil when it did not. Always returns 1.
int qh_unknown_field(lua_State *L, int message, lua_Integer number);

/// The C function that implements every host function; its first upvalue is the function's number.
int qh_trampoline(lua_State *L);

/// Installs the time and duration types, handles and message tables.
void qh_open_time(lua_State *L);
void qh_open_handles(lua_State *L);
void qh_open_secrets(lua_State *L);

/// Replaces pcall and xpcall, which must not catch a cancellation.
void qh_open_cancellation(lua_State *L);

/// Whether the value is the one that cancelled tasks are unwound with.
bool qh_is_cancel(lua_State *L, int index);

/// Pushes it.
void qh_push_cancel(lua_State *L);

/// Sets the hook that a thread has when nothing interrupts it: one that counts, or none.
void qh_rest_hook(qh_vm *vm, lua_State *L);

/// Notes which coroutine runs; a pending interrupt concerns it now.
void qh_set_running(qh_vm *vm, lua_State *L);

/// Counts a coroutine that begins: for what it executes before it is looked at for the first time,
/// so that many short ones count as much as one that is long.
void qh_charge(qh_vm *vm, lua_State *co);

/// Whether the metatable on top of the stack was set by code that is not the host's.
bool qh_is_foreign_metatable(lua_State *L);

/// Unwinds the running code as soon as no finalizer runs.
void qh_cancel_later(qh_vm *vm);

/// Whether the function on top of the stack is a metamethod of one of the first two arguments of a
/// frame, by a metatable that is not the host's.
bool qh_is_chosen_by_argument(lua_State *L, const lua_Debug *frame);

/// Whether a frame is that of pcall or xpcall.
bool qh_is_protected_call(lua_State *L, const lua_Debug *frame);

/// Calls the first value of the stack with the others: a function that is called so was wanted by the
/// code that has made a protected call, while closers stand on the protected call itself.
int qh_enter(lua_State *L);

/// Replaces setmetatable, so that finalizers can be interrupted and are counted.
void qh_open_finalizers(lua_State *L);

/// Replaces coroutine.* so that waiting works inside the script's own coroutines.
void qh_open_coroutines(lua_State *L);

/// Adds host.close_gate_of to the table on top of the stack.
void qh_open_gates(lua_State *L);

/// Replaces getmetatable, and adds host.settle_globals_with to the table on top of the stack.
void qh_open_globals(lua_State *L);

/// Makes ordinary globals of those that are loaded when they are first used, if the first argument is their table.
void qh_settle_globals(lua_State *L);

/// host.check_arguments(signature, function, argument …): raises an error at the user's line about
/// the first argument that has none of the types of the signature: for each parameter letters
/// (boolean, number, integer, string, table, function, userdata, * for any, ? for optional), with
/// commas between. Calls by the standard library are not checked.
int qh_check_arguments(lua_State *L);

/// host.check_count(needed, function, argument …): raises an error when fewer arguments came.
int qh_check_count(lua_State *L);

/// host.is_called_from_inside(): whether the function that called the function that asks was called by
/// the standard library.
int qh_called_from_inside(lua_State *L);

/// host.type_name(value): the name of a value's type, by its metatable where that has one.
int qh_type_name(lua_State *L);

/// host.check_receiver(self, method): raises an error when a method was called with a dot.
int qh_check_receiver(lua_State *L);

/// Pushes the place of the innermost code that is not built in, as luaL_where; "" when there is none.
void qh_push_user_location(lua_State *L);

/// Replaces a place of the host's own Lua in the error on top of the stack by the user's line.
void qh_place_error(lua_State *L);

/// As luaL_error, at the user's line.
int qh_raise(lua_State *L, const char *format, ...);

/// Adds host.raise and host.place to the table on top of the stack.
void qh_open_places(lua_State *L);

/// Pushes and returns the name of a value's type, by its metatable where that has one.
const char *qh_push_type_name(lua_State *L, int index);

/// Ends a coroutine: its to-be-closed variables run, and can be interrupted. As lua_resetthread.
int qh_reset(qh_vm *vm, lua_State *co);

/// The prefix of the names by which the host's own Lua calls methods of strings.
#define QH_OWN_METHOD "__"

/// Keeps methods of strings for the host's own Lua, whatever scripts do to `string`.
void qh_open_strings(lua_State *L);

/// Pushes the metatable of strings as scripts see it.
void qh_push_string_events(lua_State *L);

/// Restricts load, debug and package to what scripts may have.
void qh_restrict_libraries(lua_State *L);

/// Runs a body under lua_pcall with one light userdata; QH_DONE or QH_NO_MEMORY.
int32_t qh_protect(qh_vm *vm, lua_CFunction body, void *argument);

/// Runs a body under lua_pcall and returns its status. The state's stack is as before, whatever
/// happens.
int qh_run_protected(qh_vm *vm, lua_CFunction body, void *argument);

/// Writes a failure without a traceback.
void qh_report(qh_tape *out, const char *message);

/// The outcome for a status other than LUA_OK; says so when memory has run out.
int32_t qh_failure(int status, qh_tape *out);

void qh_push_secret(lua_State *L, const void *bytes, size_t length);
void qh_push_instant(lua_State *L, char *key, int64_t seconds, int32_t nanos);

/// host.set_duration_reader(function): sets the function that returns the duration of a text, or nil.
int qh_set_duration_reader(lua_State *L);
void qh_push_handle(lua_State *L, uint32_t slot, uint32_t generation, uint32_t type);

#endif
