// Written by scripts/dev/embed from the files of scripts/; do not edit.
#include "qcsh_resources.h"

static const uint8_t script_access_review_lua[] = {
#embed "../../scripts/access-review.lua"
};
static const uint8_t script_allow_list_lua[] = {
#embed "../../scripts/allow-list.lua"
};
static const uint8_t script_app_key_lua[] = {
#embed "../../scripts/app-key.lua"
};
static const uint8_t script_backup_audit_lua[] = {
#embed "../../scripts/backup-audit.lua"
};
static const uint8_t script_backup_policy_lua[] = {
#embed "../../scripts/backup-policy.lua"
};
static const uint8_t script_backup_lua[] = {
#embed "../../scripts/backup.lua"
};
static const uint8_t script_clone_cluster_lua[] = {
#embed "../../scripts/clone-cluster.lua"
};
static const uint8_t script_costs_lua[] = {
#embed "../../scripts/costs.lua"
};
static const uint8_t script_create_cluster_lua[] = {
#embed "../../scripts/create-cluster.lua"
};
static const uint8_t script_disaster_drill_lua[] = {
#embed "../../scripts/disaster-drill.lua"
};
static const uint8_t script_ephemeral_cluster_lua[] = {
#embed "../../scripts/ephemeral-cluster.lua"
};
static const uint8_t script_expiring_keys_lua[] = {
#embed "../../scripts/expiring-keys.lua"
};
static const uint8_t script_health_digest_lua[] = {
#embed "../../scripts/health-digest.lua"
};
static const uint8_t script_hybrid_onboard_lua[] = {
#embed "../../scripts/hybrid-onboard.lua"
};
static const uint8_t script_office_hours_lua[] = {
#embed "../../scripts/office-hours.lua"
};
static const uint8_t script_price_lua[] = {
#embed "../../scripts/price.lua"
};
static const uint8_t script_report_lua[] = {
#embed "../../scripts/report.lua"
};
static const uint8_t script_restore_lua[] = {
#embed "../../scripts/restore.lua"
};
static const uint8_t script_rolling_restart_lua[] = {
#embed "../../scripts/rolling-restart.lua"
};
static const uint8_t script_rotate_keys_lua[] = {
#embed "../../scripts/rotate-keys.lua"
};
static const uint8_t script_rotate_management_key_lua[] = {
#embed "../../scripts/rotate-management-key.lua"
};
static const uint8_t script_scale_cluster_lua[] = {
#embed "../../scripts/scale-cluster.lua"
};
static const uint8_t script_terraform_export_lua[] = {
#embed "../../scripts/terraform-export.lua"
};
static const uint8_t script_tour_lua[] = {
#embed "../../scripts/tour.lua"
};
static const uint8_t script_upgrade_fleet_lua[] = {
#embed "../../scripts/upgrade-fleet.lua"
};
static const uint8_t script_user_roles_lua[] = {
#embed "../../scripts/user-roles.lua"
};
static const uint8_t script_wait_cluster_lua[] = {
#embed "../../scripts/wait-cluster.lua"
};

static const qcsh_resource scripts[] = {
    {"access-review.lua", script_access_review_lua, sizeof script_access_review_lua},
    {"allow-list.lua", script_allow_list_lua, sizeof script_allow_list_lua},
    {"app-key.lua", script_app_key_lua, sizeof script_app_key_lua},
    {"backup-audit.lua", script_backup_audit_lua, sizeof script_backup_audit_lua},
    {"backup-policy.lua", script_backup_policy_lua, sizeof script_backup_policy_lua},
    {"backup.lua", script_backup_lua, sizeof script_backup_lua},
    {"clone-cluster.lua", script_clone_cluster_lua, sizeof script_clone_cluster_lua},
    {"costs.lua", script_costs_lua, sizeof script_costs_lua},
    {"create-cluster.lua", script_create_cluster_lua, sizeof script_create_cluster_lua},
    {"disaster-drill.lua", script_disaster_drill_lua, sizeof script_disaster_drill_lua},
    {"ephemeral-cluster.lua", script_ephemeral_cluster_lua, sizeof script_ephemeral_cluster_lua},
    {"expiring-keys.lua", script_expiring_keys_lua, sizeof script_expiring_keys_lua},
    {"health-digest.lua", script_health_digest_lua, sizeof script_health_digest_lua},
    {"hybrid-onboard.lua", script_hybrid_onboard_lua, sizeof script_hybrid_onboard_lua},
    {"office-hours.lua", script_office_hours_lua, sizeof script_office_hours_lua},
    {"price.lua", script_price_lua, sizeof script_price_lua},
    {"report.lua", script_report_lua, sizeof script_report_lua},
    {"restore.lua", script_restore_lua, sizeof script_restore_lua},
    {"rolling-restart.lua", script_rolling_restart_lua, sizeof script_rolling_restart_lua},
    {"rotate-keys.lua", script_rotate_keys_lua, sizeof script_rotate_keys_lua},
    {"rotate-management-key.lua", script_rotate_management_key_lua, sizeof script_rotate_management_key_lua},
    {"scale-cluster.lua", script_scale_cluster_lua, sizeof script_scale_cluster_lua},
    {"terraform-export.lua", script_terraform_export_lua, sizeof script_terraform_export_lua},
    {"tour.lua", script_tour_lua, sizeof script_tour_lua},
    {"upgrade-fleet.lua", script_upgrade_fleet_lua, sizeof script_upgrade_fleet_lua},
    {"user-roles.lua", script_user_roles_lua, sizeof script_user_roles_lua},
    {"wait-cluster.lua", script_wait_cluster_lua, sizeof script_wait_cluster_lua},
};

size_t qcsh_scripts_count(void) { return sizeof scripts / sizeof scripts[0]; }

qcsh_resource qcsh_scripts_file(size_t index) { return scripts[index]; }
