// Written by scripts/dev/embed from the files of stdlib/; do not edit.
#include "qcsh_resources.h"

static const uint8_t file_qdrant_init_lua[] = {
#embed "../../stdlib/qdrant/init.lua"
};

static const qcsh_resource files[] = {
    {"qdrant/init.lua", file_qdrant_init_lua, sizeof file_qdrant_init_lua},
};

size_t qcsh_stdlib_count(void) { return sizeof files / sizeof files[0]; }

qcsh_resource qcsh_stdlib_file(size_t index) { return files[index]; }
