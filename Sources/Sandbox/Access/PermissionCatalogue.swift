import Codec

/// Every permission that a role may hold, with the group that the console shows it in.
enum PermissionCatalogue {
    /// Groups and their permissions, in the order in which they are listed.
    static let groups: [(category: String, values: [String])] = [
        (
            "Identity And Access Management",
            [
                "read:roles", "write:roles", "delete:roles", "read:management_keys",
                "write:management_keys", "delete:management_keys", "read:invites",
                "write:invites", "delete:invites", "read:users", "delete:users",
            ]
        ),
        (
            "Cluster",
            [
                "read:clusters", "write:clusters", "delete:clusters", "read:api_keys",
                "write:api_keys", "delete:api_keys", "read:backups", "write:backups",
                "delete:backups", "restore:backups", "read:backup_schedules",
                "write:backup_schedules", "delete:backup_schedules", "read:cluster_data",
                "write:cluster_data",
            ]
        ),
        (
            "Hybrid Cloud",
            [
                "read:hybrid_cloud_environments", "write:hybrid_cloud_environments",
                "delete:hybrid_cloud_environments",
            ]
        ),
        ("Payment", ["read:payment_information", "write:payment_information"]),
        ("Account", ["read:account", "write:account", "delete:account"]),
        (
            "Serverless",
            [
                "read:serverless_spaces", "write:serverless_spaces", "delete:serverless_spaces",
                "read:serverless_api_keys", "write:serverless_api_keys",
                "delete:serverless_api_keys", "read:serverless_backups",
                "write:serverless_backups", "delete:serverless_backups",
                "restore:serverless_backups", "read:serverless_backup_schedules",
                "write:serverless_backup_schedules", "delete:serverless_backup_schedules",
            ]
        ),
        ("Profile", ["read:profile"]),
    ]

    /// All permissions.
    static let values = groups.flatMap(\.values)

    private static let categories: [String: String] = Dictionary(
        groups.flatMap { group in group.values.map { ($0, group.category) } },
        uniquingKeysWith: { first, _ in first })

    /// Whether there is such a permission.
    static func contains(_ value: String) -> Bool { categories[value] != nil }

    /// Permissions as the API shows them, with their categories.
    static func messages(_ values: [String], _ world: World) -> [Message] {
        values.map { value in
            var message = world.new("qdrant.cloud.iam.v1.Permission")
            message.set(.value, value)
            if let category = categories[value] { message.set(.category, category) }
            return message
        }
    }
}
