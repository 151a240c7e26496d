// Written by scripts/dev/embed from the files of stdlib/; do not edit.
#include "qcsh_resources.h"

static const uint8_t file_host_boot_lua[] = {
#embed "../../stdlib/host/boot.lua"
};
static const uint8_t file_host_json_lua[] = {
#embed "../../stdlib/host/json.lua"
};
static const uint8_t file_host_sandbox_lua[] = {
#embed "../../stdlib/host/sandbox.lua"
};
static const uint8_t file_host_task_lua[] = {
#embed "../../stdlib/host/task.lua"
};
static const uint8_t file_qdrant_init_lua[] = {
#embed "../../stdlib/qdrant/init.lua"
};

static const qcsh_resource files[] = {
    {"host/boot.lua", file_host_boot_lua, sizeof file_host_boot_lua},
    {"host/json.lua", file_host_json_lua, sizeof file_host_json_lua},
    {"host/sandbox.lua", file_host_sandbox_lua, sizeof file_host_sandbox_lua},
    {"host/task.lua", file_host_task_lua, sizeof file_host_task_lua},
    {"qdrant/init.lua", file_qdrant_init_lua, sizeof file_qdrant_init_lua},
};

size_t qcsh_stdlib_count(void) { return sizeof files / sizeof files[0]; }

qcsh_resource qcsh_stdlib_file(size_t index) { return files[index]; }
