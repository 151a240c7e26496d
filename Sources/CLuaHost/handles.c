// Userdata that stand for objects of the host. No destructor runs inside the collector: what is
// gone is noted, and the host drains the notes at a safe point.
#include "internal.h"

#include <stdlib.h>

typedef struct handle {
    uint32_t slot;
    uint32_t generation;
    uint32_t type;
} handle;

static int handle_collect(lua_State *L) {
    qh_vm *vm = qh_of(L);
    handle *object = lua_touserdata(L, 1);
    if (object == NULL || object->generation == 0) return 0;
    object->generation = 0; // stale from here on
    // The list was grown when the handle was made, so this cannot fail.
    vm->dead[vm->dead_count++] = object->slot;
    vm->handles--;
    return 0;
}

void qh_open_handles(lua_State *L) {
    lua_createtable(L, 0, 3);
    lua_pushliteral(L, "handle");
    lua_setfield(L, -2, "__name");
    lua_pushcfunction(L, handle_collect);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, handle_collect);
    lua_setfield(L, -2, "__close");
    lua_rawsetp(L, LUA_REGISTRYINDEX, &qh_key_handle);
}

void qh_push_handle(lua_State *L, uint32_t slot, uint32_t generation, uint32_t type) {
    qh_vm *vm = qh_of(L);
    size_t needed = vm->handles + vm->dead_count + 1;
    if (needed > vm->dead_capacity) {
        size_t capacity = needed * 2;
        uint32_t *grown = realloc(vm->dead, capacity * sizeof *grown);
        if (grown == NULL) luaL_error(L, "not enough memory");
        vm->dead = grown;
        vm->dead_capacity = capacity;
    }
    handle *object = lua_newuserdatauv(L, sizeof *object, 0);
    *object = (handle){slot, generation, type};
    vm->handles++;
    lua_rawgetp(L, LUA_REGISTRYINDEX, &qh_key_handle);
    lua_setmetatable(L, -2);
}

size_t qh_drain_dead(qh_vm *vm, uint32_t *slots, size_t capacity) {
    size_t count = vm->dead_count < capacity ? vm->dead_count : capacity;
    memcpy(slots, vm->dead + (vm->dead_count - count), count * sizeof *slots);
    vm->dead_count -= count;
    return count;
}
