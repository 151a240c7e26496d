/// A Lua machine as a set of total functions: each returns a status, none raises.
///
/// This is the only place of the program that includes lua.h. Every call that may raise or
/// allocate inside Lua runs under lua_pcall or lua_resume with no Swift frame in between.
#ifndef QH_VM_H
#define QH_VM_H

#include "qh_tape.h"

typedef struct qh_vm qh_vm;

/// A reference to a Lua value that is kept alive; 0 is none.
typedef int32_t qh_ref;

/// What a call of the host reports back.
enum qh_result {
    QH_OK = 0,    ///< the out tape holds the results
    QH_ERROR = 1, ///< the out tape holds one value to raise
    QH_YIELD = 2, ///< the results come later, with qh_task_resume
    QH_STOP = 3,  ///< the running task is cancelled: it is unwound from here
};

/// What running Lua code ended with.
enum qh_status {
    QH_DONE = 0,
    QH_FAILED,      ///< the out tape holds the traceback and the error value
    QH_WAITING,     ///< the task waits for the host
    QH_INCOMPLETE,  ///< the text is the beginning of a chunk (qh_load only)
    QH_NO_MEMORY,   ///< memory ran out
};

/// How far a task's cancellation has come.
enum qh_level {
    QH_RUNNING = 0,
    QH_UNWINDING, ///< it has been thrown: what runs is cleaning up
    QH_KILLED,    ///< cleaning up has taken too long: nothing may go on
};

/// Called when Lua calls a host function. Reads arguments from `in`, writes results to `out`.
///
/// `can_yield` is whether QH_YIELD may be returned.
typedef int32_t (*qh_dispatch)(void *host, uint32_t function, qh_tape *in, qh_tape *out,
                               bool can_yield);

/// Called between two instructions after qh_interrupt, and when the instructions are used up.
/// Whether the running code has to stop.
typedef bool (*qh_check)(void *host, bool instructions_used_up);

/// What reading an unset field of a message gives.
enum qh_default {
    QH_DEFAULT_NIL = 0,
    QH_DEFAULT_FALSE,
    QH_DEFAULT_INTEGER, ///< 0
    QH_DEFAULT_NUMBER,  ///< 0.0
    QH_DEFAULT_STRING,  ///< ""
    QH_DEFAULT_LIST,    ///< a new list, which is stored
    QH_DEFAULT_MAP,     ///< a new table, which is stored
    QH_DEFAULT_ENUM,    ///< the name that `text` gives
};

/// One field of a message type.
typedef struct qh_field {
    const char *name;
    int32_t kind; ///< qh_default
    const char *text;
} qh_field;

/// Opens a machine with Lua's standard library. NULL when memory runs out.
///
/// `memory_limit` is in bytes; 0 means none.
qh_vm *qh_open(size_t memory_limit, qh_dispatch dispatch, void *host);

/// Closes a machine: runs pending finalizers and frees everything.
void qh_close(qh_vm *vm);

/// Lets a host function keep functions that are its arguments: they come with references, which it
/// has to release. Only the first 64 host functions can.
void qh_keep_functions(qh_vm *vm, uint32_t function);

/// Limits the bytes that Lua may hold; 0 means no limit.
void qh_limit_memory(qh_vm *vm, size_t limit);

/// The bytes that Lua has allocated.
size_t qh_memory_used(const qh_vm *vm);

/// The source of the code that has called what the host does now: the innermost function that is
/// neither of C nor of the standard library nor of a text that was loaded. `@file`, `=(command line)`;
/// NULL when there is none. Good until Lua runs again.
///
/// QH_BY_LUA where no code has called: a function of the host that is a finalizer, that closes a
/// variable, or that is a metamethod of a value which code handed over. The code that set the
/// metatable has chosen the function, and that may have been any library.
const char *qh_caller(qh_vm *vm);

/// Has it asked from now on whether Lua itself has called; without bound libraries it does not matter.
void qh_watch_callers(qh_vm *vm);

/// A source that no code has.
#define QH_BY_LUA "=[metamethod]"

/// Compiles a text chunk. On QH_DONE `function` is a new reference; else `out` holds the message.
int32_t qh_load(qh_vm *vm, const char *text, size_t length, const char *name, qh_ref *function,
                qh_tape *out);

/// Calls a function to its end, without a task; it cannot wait.
int32_t qh_call(qh_vm *vm, qh_ref function, qh_tape *in, qh_tape *out);

/// Creates a task (a coroutine) that will call a function.
int32_t qh_task_new(qh_vm *vm, qh_ref function, qh_ref *task, qh_tape *out);

/// Starts a task with arguments from `in`, or resumes it with the result of its wait: then `in`
/// begins with QH_TRUE and results, or with QH_FALSE and the error to raise.
int32_t qh_task_resume(qh_vm *vm, qh_ref task, qh_tape *in, qh_tape *out);

/// Drops a reference. A task that waits is closed: its to-be-closed variables run.
void qh_release(qh_vm *vm, qh_ref reference);

/// Makes a message type known. `id` is the number that QH_MESSAGE carries.
int32_t qh_define_message(qh_vm *vm, uint32_t id, const char *name, const qh_field *fields,
                          size_t count);

/// Makes an enum known. `id` is the number that QH_ENUM carries.
int32_t qh_define_enum(qh_vm *vm, uint32_t id, const char *const *names, const int32_t *numbers,
                       size_t count);

/// Makes the host's check be called before the next instruction of the code that runs. May be called
/// by a signal handler of the machine's thread.
void qh_interrupt(qh_vm *vm);

/// The same for handlers of signals, which know the machine as their argument.
void qh_interrupt_in_handler(void *vm);

/// Says what to ask between instructions.
void qh_set_check(qh_vm *vm, qh_check check);

/// Limits the instructions that all tasks together may execute from now on; 0 means none. Counting
/// makes code about half as fast.
void qh_set_instruction_limit(qh_vm *vm, uint64_t limit);

/// Says how far the cancellation of the running task has come (enum qh_level). pcall and its like do
/// not catch what was thrown at a higher level than they were called at.
void qh_set_level(qh_vm *vm, int32_t level);

/// Takes the slots of handles that were collected or closed since the last call.
size_t qh_drain_dead(qh_vm *vm, uint32_t *slots, size_t capacity);

/// Runs a full collection.
void qh_collect(qh_vm *vm);

#endif
