// Written by scripts/dev/embed from the files of stdlib/; do not edit.
#include "qcsh_resources.h"

static const uint8_t file_host_boot_lua[] = {
#embed "../../stdlib/host/boot.lua"
};
static const uint8_t file_host_cli_lua[] = {
#embed "../../stdlib/host/cli.lua"
};
static const uint8_t file_host_crypto_lua[] = {
#embed "../../stdlib/host/crypto.lua"
};
static const uint8_t file_host_csv_lua[] = {
#embed "../../stdlib/host/csv.lua"
};
static const uint8_t file_host_env_lua[] = {
#embed "../../stdlib/host/env.lua"
};
static const uint8_t file_host_fs_lua[] = {
#embed "../../stdlib/host/fs.lua"
};
static const uint8_t file_host_http_lua[] = {
#embed "../../stdlib/host/http.lua"
};
static const uint8_t file_host_json_lua[] = {
#embed "../../stdlib/host/json.lua"
};
static const uint8_t file_host_log_lua[] = {
#embed "../../stdlib/host/log.lua"
};
static const uint8_t file_host_process_lua[] = {
#embed "../../stdlib/host/process.lua"
};
static const uint8_t file_host_sandbox_lua[] = {
#embed "../../stdlib/host/sandbox.lua"
};
static const uint8_t file_host_secret_lua[] = {
#embed "../../stdlib/host/secret.lua"
};
static const uint8_t file_host_shell_commands_lua[] = {
#embed "../../stdlib/host/shell/commands.lua"
};
static const uint8_t file_host_shell_entries_lua[] = {
#embed "../../stdlib/host/shell/entries.lua"
};
static const uint8_t file_host_shell_help_lua[] = {
#embed "../../stdlib/host/shell/help.lua"
};
static const uint8_t file_host_shell_history_lua[] = {
#embed "../../stdlib/host/shell/history.lua"
};
static const uint8_t file_host_shell_inspect_lua[] = {
#embed "../../stdlib/host/shell/inspect.lua"
};
static const uint8_t file_host_shell_jobs_lua[] = {
#embed "../../stdlib/host/shell/jobs.lua"
};
static const uint8_t file_host_shell_session_lua[] = {
#embed "../../stdlib/host/shell/session.lua"
};
static const uint8_t file_host_shell_watch_lua[] = {
#embed "../../stdlib/host/shell/watch.lua"
};
static const uint8_t file_host_shell_lua[] = {
#embed "../../stdlib/host/shell.lua"
};
static const uint8_t file_host_task_channel_lua[] = {
#embed "../../stdlib/host/task/channel.lua"
};
static const uint8_t file_host_task_lua[] = {
#embed "../../stdlib/host/task.lua"
};
static const uint8_t file_host_term_lua[] = {
#embed "../../stdlib/host/term.lua"
};
static const uint8_t file_host_test_assertions_lua[] = {
#embed "../../stdlib/host/test/assertions.lua"
};
static const uint8_t file_host_test_reporters_lua[] = {
#embed "../../stdlib/host/test/reporters.lua"
};
static const uint8_t file_host_test_lua[] = {
#embed "../../stdlib/host/test.lua"
};
static const uint8_t file_host_time_lua[] = {
#embed "../../stdlib/host/time.lua"
};
static const uint8_t file_host_yaml_lua[] = {
#embed "../../stdlib/host/yaml.lua"
};
static const uint8_t file_qdrant_init_lua[] = {
#embed "../../stdlib/qdrant/init.lua"
};

static const qcsh_resource files[] = {
    {"host/boot.lua", file_host_boot_lua, sizeof file_host_boot_lua},
    {"host/cli.lua", file_host_cli_lua, sizeof file_host_cli_lua},
    {"host/crypto.lua", file_host_crypto_lua, sizeof file_host_crypto_lua},
    {"host/csv.lua", file_host_csv_lua, sizeof file_host_csv_lua},
    {"host/env.lua", file_host_env_lua, sizeof file_host_env_lua},
    {"host/fs.lua", file_host_fs_lua, sizeof file_host_fs_lua},
    {"host/http.lua", file_host_http_lua, sizeof file_host_http_lua},
    {"host/json.lua", file_host_json_lua, sizeof file_host_json_lua},
    {"host/log.lua", file_host_log_lua, sizeof file_host_log_lua},
    {"host/process.lua", file_host_process_lua, sizeof file_host_process_lua},
    {"host/sandbox.lua", file_host_sandbox_lua, sizeof file_host_sandbox_lua},
    {"host/secret.lua", file_host_secret_lua, sizeof file_host_secret_lua},
    {"host/shell/commands.lua", file_host_shell_commands_lua, sizeof file_host_shell_commands_lua},
    {"host/shell/entries.lua", file_host_shell_entries_lua, sizeof file_host_shell_entries_lua},
    {"host/shell/help.lua", file_host_shell_help_lua, sizeof file_host_shell_help_lua},
    {"host/shell/history.lua", file_host_shell_history_lua, sizeof file_host_shell_history_lua},
    {"host/shell/inspect.lua", file_host_shell_inspect_lua, sizeof file_host_shell_inspect_lua},
    {"host/shell/jobs.lua", file_host_shell_jobs_lua, sizeof file_host_shell_jobs_lua},
    {"host/shell/session.lua", file_host_shell_session_lua, sizeof file_host_shell_session_lua},
    {"host/shell/watch.lua", file_host_shell_watch_lua, sizeof file_host_shell_watch_lua},
    {"host/shell.lua", file_host_shell_lua, sizeof file_host_shell_lua},
    {"host/task/channel.lua", file_host_task_channel_lua, sizeof file_host_task_channel_lua},
    {"host/task.lua", file_host_task_lua, sizeof file_host_task_lua},
    {"host/term.lua", file_host_term_lua, sizeof file_host_term_lua},
    {"host/test/assertions.lua", file_host_test_assertions_lua, sizeof file_host_test_assertions_lua},
    {"host/test/reporters.lua", file_host_test_reporters_lua, sizeof file_host_test_reporters_lua},
    {"host/test.lua", file_host_test_lua, sizeof file_host_test_lua},
    {"host/time.lua", file_host_time_lua, sizeof file_host_time_lua},
    {"host/yaml.lua", file_host_yaml_lua, sizeof file_host_yaml_lua},
    {"qdrant/init.lua", file_qdrant_init_lua, sizeof file_qdrant_init_lua},
};

size_t qcsh_stdlib_count(void) { return sizeof files / sizeof files[0]; }

qcsh_resource qcsh_stdlib_file(size_t index) { return files[index]; }
