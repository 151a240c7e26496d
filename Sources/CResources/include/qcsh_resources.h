/// Data that is embedded in the binary: the compiled contract, the Lua standard library, the
/// ready-made scripts, and libraries that others wrote.
#ifndef QCSH_RESOURCES_H
#define QCSH_RESOURCES_H

#include <stddef.h>
#include <stdint.h>

/// One embedded file.
typedef struct qcsh_resource {
    const char *name; ///< path relative to its directory, for example "qdrant/init.lua"
    const uint8_t *bytes;
    size_t size;
} qcsh_resource;

/// The contract: a serialized google.protobuf.FileDescriptorSet.
qcsh_resource qcsh_contract(void);

/// The number of files of `stdlib/`.
size_t qcsh_stdlib_count(void);

/// The file of `stdlib/` at an index below `qcsh_stdlib_count()`.
qcsh_resource qcsh_stdlib_file(size_t index);

/// The number of ready-made scripts: the Lua files of `scripts/`.
size_t qcsh_scripts_count(void);

/// The script at an index below `qcsh_scripts_count()`.
qcsh_resource qcsh_scripts_file(size_t index);

/// The number of Lua files that others wrote: luassert and say.
size_t qcsh_rocks_count(void);

/// The file of a library at an index below `qcsh_rocks_count()`; its name is relative to a directory
/// of `package.path`: "luassert/assert.lua".
qcsh_resource qcsh_rocks_file(size_t index);

#endif
