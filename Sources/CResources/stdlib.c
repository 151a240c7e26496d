// Written by scripts/dev/embed from the files of stdlib/; do not edit.
#include "qcsh_resources.h"

static const uint8_t file_host_boot_clocks_lua[] = {
#embed "../../stdlib/host/boot/clocks.lua"
};
static const uint8_t file_host_boot_errors_lua[] = {
#embed "../../stdlib/host/boot/errors.lua"
};
static const uint8_t file_host_boot_gates_lua[] = {
#embed "../../stdlib/host/boot/gates.lua"
};
static const uint8_t file_host_boot_globals_lua[] = {
#embed "../../stdlib/host/boot/globals.lua"
};
static const uint8_t file_host_boot_modules_lua[] = {
#embed "../../stdlib/host/boot/modules.lua"
};
static const uint8_t file_host_boot_options_lua[] = {
#embed "../../stdlib/host/boot/options.lua"
};
static const uint8_t file_host_boot_program_lua[] = {
#embed "../../stdlib/host/boot/program.lua"
};
static const uint8_t file_host_boot_receivers_lua[] = {
#embed "../../stdlib/host/boot/receivers.lua"
};
static const uint8_t file_host_boot_lua[] = {
#embed "../../stdlib/host/boot.lua"
};
static const uint8_t file_host_cli_pages_lua[] = {
#embed "../../stdlib/host/cli/pages.lua"
};
static const uint8_t file_host_cli_types_lua[] = {
#embed "../../stdlib/host/cli/types.lua"
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
static const uint8_t file_host_http_body_lua[] = {
#embed "../../stdlib/host/http/body.lua"
};
static const uint8_t file_host_http_exchange_lua[] = {
#embed "../../stdlib/host/http/exchange.lua"
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
static const uint8_t file_host_test_additions_lua[] = {
#embed "../../stdlib/host/test/additions.lua"
};
static const uint8_t file_host_test_busted_lua[] = {
#embed "../../stdlib/host/test/busted.lua"
};
static const uint8_t file_host_test_context_lua[] = {
#embed "../../stdlib/host/test/context.lua"
};
static const uint8_t file_host_test_events_lua[] = {
#embed "../../stdlib/host/test/events.lua"
};
static const uint8_t file_host_test_failures_lua[] = {
#embed "../../stdlib/host/test/failures.lua"
};
static const uint8_t file_host_test_reporters_lua[] = {
#embed "../../stdlib/host/test/reporters.lua"
};
static const uint8_t file_host_test_rocks_lua[] = {
#embed "../../stdlib/host/test/rocks.lua"
};
static const uint8_t file_host_test_runner_lua[] = {
#embed "../../stdlib/host/test/runner.lua"
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
static const uint8_t file_qdrant_accounts_lua[] = {
#embed "../../stdlib/qdrant/accounts.lua"
};
static const uint8_t file_qdrant_backups_lua[] = {
#embed "../../stdlib/qdrant/backups.lua"
};
static const uint8_t file_qdrant_clusters_handle_lua[] = {
#embed "../../stdlib/qdrant/clusters/handle.lua"
};
static const uint8_t file_qdrant_clusters_operations_lua[] = {
#embed "../../stdlib/qdrant/clusters/operations.lua"
};
static const uint8_t file_qdrant_clusters_size_lua[] = {
#embed "../../stdlib/qdrant/clusters/size.lua"
};
static const uint8_t file_qdrant_clusters_lua[] = {
#embed "../../stdlib/qdrant/clusters.lua"
};
static const uint8_t file_qdrant_costs_lua[] = {
#embed "../../stdlib/qdrant/costs.lua"
};
static const uint8_t file_qdrant_environments_lua[] = {
#embed "../../stdlib/qdrant/environments.lua"
};
static const uint8_t file_qdrant_fleet_lua[] = {
#embed "../../stdlib/qdrant/fleet.lua"
};
static const uint8_t file_qdrant_init_lua[] = {
#embed "../../stdlib/qdrant/init.lua"
};
static const uint8_t file_qdrant_invites_lua[] = {
#embed "../../stdlib/qdrant/invites.lua"
};
static const uint8_t file_qdrant_keys_lua[] = {
#embed "../../stdlib/qdrant/keys.lua"
};
static const uint8_t file_qdrant_library_command_lua[] = {
#embed "../../stdlib/qdrant/library/command.lua"
};
static const uint8_t file_qdrant_library_docs_lua[] = {
#embed "../../stdlib/qdrant/library/docs.lua"
};
static const uint8_t file_qdrant_library_plan_lua[] = {
#embed "../../stdlib/qdrant/library/plan.lua"
};
static const uint8_t file_qdrant_library_rockspec_lua[] = {
#embed "../../stdlib/qdrant/library/rockspec.lua"
};
static const uint8_t file_qdrant_library_scaffold_lua[] = {
#embed "../../stdlib/qdrant/library/scaffold.lua"
};
static const uint8_t file_qdrant_library_schema_lua[] = {
#embed "../../stdlib/qdrant/library/schema.lua"
};
static const uint8_t file_qdrant_library_source_lua[] = {
#embed "../../stdlib/qdrant/library/source.lua"
};
static const uint8_t file_qdrant_library_tree_lua[] = {
#embed "../../stdlib/qdrant/library/tree.lua"
};
static const uint8_t file_qdrant_management_keys_lua[] = {
#embed "../../stdlib/qdrant/management_keys.lua"
};
static const uint8_t file_qdrant_members_lua[] = {
#embed "../../stdlib/qdrant/members.lua"
};
static const uint8_t file_qdrant_monitoring_lua[] = {
#embed "../../stdlib/qdrant/monitoring.lua"
};
static const uint8_t file_qdrant_packages_lua[] = {
#embed "../../stdlib/qdrant/packages.lua"
};
static const uint8_t file_qdrant_plot_lua[] = {
#embed "../../stdlib/qdrant/plot.lua"
};
static const uint8_t file_qdrant_regions_lua[] = {
#embed "../../stdlib/qdrant/regions.lua"
};
static const uint8_t file_qdrant_releases_lua[] = {
#embed "../../stdlib/qdrant/releases.lua"
};
static const uint8_t file_qdrant_report_access_lua[] = {
#embed "../../stdlib/qdrant/report/access.lua"
};
static const uint8_t file_qdrant_report_backups_lua[] = {
#embed "../../stdlib/qdrant/report/backups.lua"
};
static const uint8_t file_qdrant_report_chart_lua[] = {
#embed "../../stdlib/qdrant/report/chart.lua"
};
static const uint8_t file_qdrant_report_cost_lua[] = {
#embed "../../stdlib/qdrant/report/cost.lua"
};
static const uint8_t file_qdrant_report_health_lua[] = {
#embed "../../stdlib/qdrant/report/health.lua"
};
static const uint8_t file_qdrant_report_inventory_lua[] = {
#embed "../../stdlib/qdrant/report/inventory.lua"
};
static const uint8_t file_qdrant_report_markup_lua[] = {
#embed "../../stdlib/qdrant/report/markup.lua"
};
static const uint8_t file_qdrant_report_page_lua[] = {
#embed "../../stdlib/qdrant/report/page.lua"
};
static const uint8_t file_qdrant_report_style_lua[] = {
#embed "../../stdlib/qdrant/report/style.lua"
};
static const uint8_t file_qdrant_report_lua[] = {
#embed "../../stdlib/qdrant/report.lua"
};
static const uint8_t file_qdrant_resource_arguments_lua[] = {
#embed "../../stdlib/qdrant/resource/arguments.lua"
};
static const uint8_t file_qdrant_resource_changes_lua[] = {
#embed "../../stdlib/qdrant/resource/changes.lua"
};
static const uint8_t file_qdrant_resource_errors_lua[] = {
#embed "../../stdlib/qdrant/resource/errors.lua"
};
static const uint8_t file_qdrant_resource_filter_lua[] = {
#embed "../../stdlib/qdrant/resource/filter.lua"
};
static const uint8_t file_qdrant_resource_handles_lua[] = {
#embed "../../stdlib/qdrant/resource/handles.lua"
};
static const uint8_t file_qdrant_resource_keys_lua[] = {
#embed "../../stdlib/qdrant/resource/keys.lua"
};
static const uint8_t file_qdrant_resource_lookup_lua[] = {
#embed "../../stdlib/qdrant/resource/lookup.lua"
};
static const uint8_t file_qdrant_resource_readiness_lua[] = {
#embed "../../stdlib/qdrant/resource/readiness.lua"
};
static const uint8_t file_qdrant_resource_settings_lua[] = {
#embed "../../stdlib/qdrant/resource/settings.lua"
};
static const uint8_t file_qdrant_resource_units_lua[] = {
#embed "../../stdlib/qdrant/resource/units.lua"
};
static const uint8_t file_qdrant_resource_wait_lua[] = {
#embed "../../stdlib/qdrant/resource/wait.lua"
};
static const uint8_t file_qdrant_resource_lua[] = {
#embed "../../stdlib/qdrant/resource.lua"
};
static const uint8_t file_qdrant_restores_lua[] = {
#embed "../../stdlib/qdrant/restores.lua"
};
static const uint8_t file_qdrant_roles_lua[] = {
#embed "../../stdlib/qdrant/roles.lua"
};
static const uint8_t file_qdrant_schedules_lua[] = {
#embed "../../stdlib/qdrant/schedules.lua"
};
static const uint8_t file_qdrant_spaces_lua[] = {
#embed "../../stdlib/qdrant/spaces.lua"
};
static const uint8_t file_qdrant_stack_access_lua[] = {
#embed "../../stdlib/qdrant/stack/access.lua"
};
static const uint8_t file_qdrant_stack_action_lua[] = {
#embed "../../stdlib/qdrant/stack/action.lua"
};
static const uint8_t file_qdrant_stack_children_lua[] = {
#embed "../../stdlib/qdrant/stack/children.lua"
};
static const uint8_t file_qdrant_stack_clusters_lua[] = {
#embed "../../stdlib/qdrant/stack/clusters.lua"
};
static const uint8_t file_qdrant_stack_command_lua[] = {
#embed "../../stdlib/qdrant/stack/command.lua"
};
static const uint8_t file_qdrant_stack_context_lua[] = {
#embed "../../stdlib/qdrant/stack/context.lua"
};
static const uint8_t file_qdrant_stack_diff_lua[] = {
#embed "../../stdlib/qdrant/stack/diff.lua"
};
static const uint8_t file_qdrant_stack_environments_lua[] = {
#embed "../../stdlib/qdrant/stack/environments.lua"
};
static const uint8_t file_qdrant_stack_export_lua[] = {
#embed "../../stdlib/qdrant/stack/export.lua"
};
static const uint8_t file_qdrant_stack_form_lua[] = {
#embed "../../stdlib/qdrant/stack/form.lua"
};
static const uint8_t file_qdrant_stack_place_lua[] = {
#embed "../../stdlib/qdrant/stack/place.lua"
};
static const uint8_t file_qdrant_stack_render_lua[] = {
#embed "../../stdlib/qdrant/stack/render.lua"
};
static const uint8_t file_qdrant_stack_run_lua[] = {
#embed "../../stdlib/qdrant/stack/run.lua"
};
static const uint8_t file_qdrant_stack_spaces_lua[] = {
#embed "../../stdlib/qdrant/stack/spaces.lua"
};
static const uint8_t file_qdrant_stack_lua[] = {
#embed "../../stdlib/qdrant/stack.lua"
};
static const uint8_t file_qdrant_terraform_hcl_lua[] = {
#embed "../../stdlib/qdrant/terraform/hcl.lua"
};
static const uint8_t file_qdrant_terraform_lua[] = {
#embed "../../stdlib/qdrant/terraform.lua"
};
static const uint8_t file_qdrant_users_lua[] = {
#embed "../../stdlib/qdrant/users.lua"
};

static const qcsh_resource files[] = {
    {"host/boot/clocks.lua", file_host_boot_clocks_lua, sizeof file_host_boot_clocks_lua},
    {"host/boot/errors.lua", file_host_boot_errors_lua, sizeof file_host_boot_errors_lua},
    {"host/boot/gates.lua", file_host_boot_gates_lua, sizeof file_host_boot_gates_lua},
    {"host/boot/globals.lua", file_host_boot_globals_lua, sizeof file_host_boot_globals_lua},
    {"host/boot/modules.lua", file_host_boot_modules_lua, sizeof file_host_boot_modules_lua},
    {"host/boot/options.lua", file_host_boot_options_lua, sizeof file_host_boot_options_lua},
    {"host/boot/program.lua", file_host_boot_program_lua, sizeof file_host_boot_program_lua},
    {"host/boot/receivers.lua", file_host_boot_receivers_lua, sizeof file_host_boot_receivers_lua},
    {"host/boot.lua", file_host_boot_lua, sizeof file_host_boot_lua},
    {"host/cli/pages.lua", file_host_cli_pages_lua, sizeof file_host_cli_pages_lua},
    {"host/cli/types.lua", file_host_cli_types_lua, sizeof file_host_cli_types_lua},
    {"host/cli.lua", file_host_cli_lua, sizeof file_host_cli_lua},
    {"host/crypto.lua", file_host_crypto_lua, sizeof file_host_crypto_lua},
    {"host/csv.lua", file_host_csv_lua, sizeof file_host_csv_lua},
    {"host/env.lua", file_host_env_lua, sizeof file_host_env_lua},
    {"host/fs.lua", file_host_fs_lua, sizeof file_host_fs_lua},
    {"host/http/body.lua", file_host_http_body_lua, sizeof file_host_http_body_lua},
    {"host/http/exchange.lua", file_host_http_exchange_lua, sizeof file_host_http_exchange_lua},
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
    {"host/test/additions.lua", file_host_test_additions_lua, sizeof file_host_test_additions_lua},
    {"host/test/busted.lua", file_host_test_busted_lua, sizeof file_host_test_busted_lua},
    {"host/test/context.lua", file_host_test_context_lua, sizeof file_host_test_context_lua},
    {"host/test/events.lua", file_host_test_events_lua, sizeof file_host_test_events_lua},
    {"host/test/failures.lua", file_host_test_failures_lua, sizeof file_host_test_failures_lua},
    {"host/test/reporters.lua", file_host_test_reporters_lua, sizeof file_host_test_reporters_lua},
    {"host/test/rocks.lua", file_host_test_rocks_lua, sizeof file_host_test_rocks_lua},
    {"host/test/runner.lua", file_host_test_runner_lua, sizeof file_host_test_runner_lua},
    {"host/test.lua", file_host_test_lua, sizeof file_host_test_lua},
    {"host/time.lua", file_host_time_lua, sizeof file_host_time_lua},
    {"host/yaml.lua", file_host_yaml_lua, sizeof file_host_yaml_lua},
    {"qdrant/accounts.lua", file_qdrant_accounts_lua, sizeof file_qdrant_accounts_lua},
    {"qdrant/backups.lua", file_qdrant_backups_lua, sizeof file_qdrant_backups_lua},
    {"qdrant/clusters/handle.lua", file_qdrant_clusters_handle_lua, sizeof file_qdrant_clusters_handle_lua},
    {"qdrant/clusters/operations.lua", file_qdrant_clusters_operations_lua, sizeof file_qdrant_clusters_operations_lua},
    {"qdrant/clusters/size.lua", file_qdrant_clusters_size_lua, sizeof file_qdrant_clusters_size_lua},
    {"qdrant/clusters.lua", file_qdrant_clusters_lua, sizeof file_qdrant_clusters_lua},
    {"qdrant/costs.lua", file_qdrant_costs_lua, sizeof file_qdrant_costs_lua},
    {"qdrant/environments.lua", file_qdrant_environments_lua, sizeof file_qdrant_environments_lua},
    {"qdrant/fleet.lua", file_qdrant_fleet_lua, sizeof file_qdrant_fleet_lua},
    {"qdrant/init.lua", file_qdrant_init_lua, sizeof file_qdrant_init_lua},
    {"qdrant/invites.lua", file_qdrant_invites_lua, sizeof file_qdrant_invites_lua},
    {"qdrant/keys.lua", file_qdrant_keys_lua, sizeof file_qdrant_keys_lua},
    {"qdrant/library/command.lua", file_qdrant_library_command_lua, sizeof file_qdrant_library_command_lua},
    {"qdrant/library/docs.lua", file_qdrant_library_docs_lua, sizeof file_qdrant_library_docs_lua},
    {"qdrant/library/plan.lua", file_qdrant_library_plan_lua, sizeof file_qdrant_library_plan_lua},
    {"qdrant/library/rockspec.lua", file_qdrant_library_rockspec_lua, sizeof file_qdrant_library_rockspec_lua},
    {"qdrant/library/scaffold.lua", file_qdrant_library_scaffold_lua, sizeof file_qdrant_library_scaffold_lua},
    {"qdrant/library/schema.lua", file_qdrant_library_schema_lua, sizeof file_qdrant_library_schema_lua},
    {"qdrant/library/source.lua", file_qdrant_library_source_lua, sizeof file_qdrant_library_source_lua},
    {"qdrant/library/tree.lua", file_qdrant_library_tree_lua, sizeof file_qdrant_library_tree_lua},
    {"qdrant/management_keys.lua", file_qdrant_management_keys_lua, sizeof file_qdrant_management_keys_lua},
    {"qdrant/members.lua", file_qdrant_members_lua, sizeof file_qdrant_members_lua},
    {"qdrant/monitoring.lua", file_qdrant_monitoring_lua, sizeof file_qdrant_monitoring_lua},
    {"qdrant/packages.lua", file_qdrant_packages_lua, sizeof file_qdrant_packages_lua},
    {"qdrant/plot.lua", file_qdrant_plot_lua, sizeof file_qdrant_plot_lua},
    {"qdrant/regions.lua", file_qdrant_regions_lua, sizeof file_qdrant_regions_lua},
    {"qdrant/releases.lua", file_qdrant_releases_lua, sizeof file_qdrant_releases_lua},
    {"qdrant/report/access.lua", file_qdrant_report_access_lua, sizeof file_qdrant_report_access_lua},
    {"qdrant/report/backups.lua", file_qdrant_report_backups_lua, sizeof file_qdrant_report_backups_lua},
    {"qdrant/report/chart.lua", file_qdrant_report_chart_lua, sizeof file_qdrant_report_chart_lua},
    {"qdrant/report/cost.lua", file_qdrant_report_cost_lua, sizeof file_qdrant_report_cost_lua},
    {"qdrant/report/health.lua", file_qdrant_report_health_lua, sizeof file_qdrant_report_health_lua},
    {"qdrant/report/inventory.lua", file_qdrant_report_inventory_lua, sizeof file_qdrant_report_inventory_lua},
    {"qdrant/report/markup.lua", file_qdrant_report_markup_lua, sizeof file_qdrant_report_markup_lua},
    {"qdrant/report/page.lua", file_qdrant_report_page_lua, sizeof file_qdrant_report_page_lua},
    {"qdrant/report/style.lua", file_qdrant_report_style_lua, sizeof file_qdrant_report_style_lua},
    {"qdrant/report.lua", file_qdrant_report_lua, sizeof file_qdrant_report_lua},
    {"qdrant/resource/arguments.lua", file_qdrant_resource_arguments_lua, sizeof file_qdrant_resource_arguments_lua},
    {"qdrant/resource/changes.lua", file_qdrant_resource_changes_lua, sizeof file_qdrant_resource_changes_lua},
    {"qdrant/resource/errors.lua", file_qdrant_resource_errors_lua, sizeof file_qdrant_resource_errors_lua},
    {"qdrant/resource/filter.lua", file_qdrant_resource_filter_lua, sizeof file_qdrant_resource_filter_lua},
    {"qdrant/resource/handles.lua", file_qdrant_resource_handles_lua, sizeof file_qdrant_resource_handles_lua},
    {"qdrant/resource/keys.lua", file_qdrant_resource_keys_lua, sizeof file_qdrant_resource_keys_lua},
    {"qdrant/resource/lookup.lua", file_qdrant_resource_lookup_lua, sizeof file_qdrant_resource_lookup_lua},
    {"qdrant/resource/readiness.lua", file_qdrant_resource_readiness_lua, sizeof file_qdrant_resource_readiness_lua},
    {"qdrant/resource/settings.lua", file_qdrant_resource_settings_lua, sizeof file_qdrant_resource_settings_lua},
    {"qdrant/resource/units.lua", file_qdrant_resource_units_lua, sizeof file_qdrant_resource_units_lua},
    {"qdrant/resource/wait.lua", file_qdrant_resource_wait_lua, sizeof file_qdrant_resource_wait_lua},
    {"qdrant/resource.lua", file_qdrant_resource_lua, sizeof file_qdrant_resource_lua},
    {"qdrant/restores.lua", file_qdrant_restores_lua, sizeof file_qdrant_restores_lua},
    {"qdrant/roles.lua", file_qdrant_roles_lua, sizeof file_qdrant_roles_lua},
    {"qdrant/schedules.lua", file_qdrant_schedules_lua, sizeof file_qdrant_schedules_lua},
    {"qdrant/spaces.lua", file_qdrant_spaces_lua, sizeof file_qdrant_spaces_lua},
    {"qdrant/stack/access.lua", file_qdrant_stack_access_lua, sizeof file_qdrant_stack_access_lua},
    {"qdrant/stack/action.lua", file_qdrant_stack_action_lua, sizeof file_qdrant_stack_action_lua},
    {"qdrant/stack/children.lua", file_qdrant_stack_children_lua, sizeof file_qdrant_stack_children_lua},
    {"qdrant/stack/clusters.lua", file_qdrant_stack_clusters_lua, sizeof file_qdrant_stack_clusters_lua},
    {"qdrant/stack/command.lua", file_qdrant_stack_command_lua, sizeof file_qdrant_stack_command_lua},
    {"qdrant/stack/context.lua", file_qdrant_stack_context_lua, sizeof file_qdrant_stack_context_lua},
    {"qdrant/stack/diff.lua", file_qdrant_stack_diff_lua, sizeof file_qdrant_stack_diff_lua},
    {"qdrant/stack/environments.lua", file_qdrant_stack_environments_lua, sizeof file_qdrant_stack_environments_lua},
    {"qdrant/stack/export.lua", file_qdrant_stack_export_lua, sizeof file_qdrant_stack_export_lua},
    {"qdrant/stack/form.lua", file_qdrant_stack_form_lua, sizeof file_qdrant_stack_form_lua},
    {"qdrant/stack/place.lua", file_qdrant_stack_place_lua, sizeof file_qdrant_stack_place_lua},
    {"qdrant/stack/render.lua", file_qdrant_stack_render_lua, sizeof file_qdrant_stack_render_lua},
    {"qdrant/stack/run.lua", file_qdrant_stack_run_lua, sizeof file_qdrant_stack_run_lua},
    {"qdrant/stack/spaces.lua", file_qdrant_stack_spaces_lua, sizeof file_qdrant_stack_spaces_lua},
    {"qdrant/stack.lua", file_qdrant_stack_lua, sizeof file_qdrant_stack_lua},
    {"qdrant/terraform/hcl.lua", file_qdrant_terraform_hcl_lua, sizeof file_qdrant_terraform_hcl_lua},
    {"qdrant/terraform.lua", file_qdrant_terraform_lua, sizeof file_qdrant_terraform_lua},
    {"qdrant/users.lua", file_qdrant_users_lua, sizeof file_qdrant_users_lua},
};

size_t qcsh_stdlib_count(void) { return sizeof files / sizeof files[0]; }

qcsh_resource qcsh_stdlib_file(size_t index) { return files[index]; }
