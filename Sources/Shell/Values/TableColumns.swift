/// Which columns tables of messages have. Data: a test compares the paths with the contract.
enum TableColumns {
    /// One column.
    struct Column: Sendable {
        let path: [String]
        /// What stands above it; nil for the path's last name.
        let title: String?
        /// Whether a time is shown as an age.
        let isAge: Bool

        init(_ path: [String], title: String? = nil, isAge: Bool = false) {
            self.path = path
            self.title = title
            self.isAge = isAge
        }

        /// A path with dots, and perhaps a title after a colon; `age` is the title of ages.
        init(_ text: String) {
            let parts = text.split(separator: ":").map(String.init)
            path = parts[0].split(separator: ".").map(String.init)
            title = parts.count > 1 ? parts[1] : nil
            isAge = ["age", "expires", "ends", "changed"].contains(title)
        }
    }

    private static func columns(_ texts: String...) -> [Column] { texts.map { Column($0) } }

    /// The columns by the message's full name. Types that are not here have them chosen by name.
    static let known: [String: [Column]] = [
        "qdrant.cloud.account.v1.Account": columns(
            "name", "owner_email:owner", "created_at:age", "id"),
        "qdrant.cloud.account.v1.AccountInvite": columns(
            "user_email:email", "status", "account_name:account", "created_at:age", "id"),
        "qdrant.cloud.auth.v1.ManagementKey": columns("prefix", "created_at:age", "id"),
        "qdrant.cloud.billing.v1.Invoice": columns(
            "number", "status", "total_amount:total", "created_at:age", "id"),
        "qdrant.cloud.booking.v1.Package": columns(
            "name", "tier", "resource_configuration.cpu", "resource_configuration.ram",
            "resource_configuration.disk", "unit_int_price_per_hour:hourly", "currency", "status",
            "id"),
        "qdrant.cloud.cluster.auth.v2.DatabaseApiKey": columns(
            "name", "postfix", "created_at:age", "expires_at:expires", "cluster_id:cluster", "id"),
        "qdrant.cloud.cluster.backup.v1.Backup": columns(
            "display_name:name", "status", "created_at:age", "retention_period:retention",
            "cluster_id:cluster", "id"),
        "qdrant.cloud.cluster.backup.v1.BackupRestore": columns(
            "status", "created_at:age", "backup_id:backup", "cluster_id:cluster", "id"),
        "qdrant.cloud.cluster.backup.v1.BackupSchedule": columns(
            "display_name:name", "schedule", "retention_period:retention", "status",
            "cluster_id:cluster", "created_at:age", "id"),
        "qdrant.cloud.cluster.v1.Cluster": columns(
            "name", "state.phase", "cloud_provider_id:cloud", "cloud_provider_region_id:region",
            "configuration.number_of_nodes:nodes", "state.version", "created_at:age", "id"),
        "qdrant.cloud.cluster.v1.QdrantRelease": columns(
            "version", "default", "end_of_life", "unavailable", "release_notes_url:notes"),
        "qdrant.cloud.hybrid.v1.HybridCloudEnvironment": columns(
            "name", "status.phase", "created_at:age", "created_by_email:by", "id"),
        "qdrant.cloud.iam.v1.Role": columns("name", "role_type:type", "created_at:age", "id"),
        "qdrant.cloud.iam.v1.User": columns("email", "status", "created_at:age", "id"),
        "qdrant.cloud.platform.v1.CloudProvider": columns("id", "name", "available", "free_tier"),
        "qdrant.cloud.platform.v1.CloudProviderRegion": columns(
            "id", "name", "country_iso_code:country", "available", "free_tier"),
        "qdrant.cloud.serverless.space.v1.Space": columns(
            "name", "state.phase", "cloud_provider_id:cloud", "cloud_provider_region_id:region",
            "created_at:age", "id"),
    ]
}
