import Contract

/// What a seed names, and how it is made.
struct SeedSection {
    let name: String
    let method: String
    /// The field of the request that takes the resource.
    let field: FieldName

    /// The sections of an account, each of which may refer to what stands in an earlier one.
    static let all = [
        SeedSection(
            name: "roles", method: "qdrant.cloud.iam.v1.IAMService/CreateRole", field: .role),
        SeedSection(
            name: "invites",
            method: "qdrant.cloud.account.v1.AccountService/CreateAccountInvite",
            field: .accountInvite),
        SeedSection(
            name: "payment_methods",
            method: "qdrant.cloud.payment.v1.PaymentService/CreatePaymentMethod",
            field: .paymentMethod),
        SeedSection(
            name: "environments",
            method: "qdrant.cloud.hybrid.v1.HybridCloudService/CreateHybridCloudEnvironment",
            field: .hybridCloudEnvironment),
        SeedSection(
            name: "clusters", method: "qdrant.cloud.cluster.v1.ClusterService/CreateCluster",
            field: .cluster),
        SeedSection(
            name: "database_keys",
            method: "qdrant.cloud.cluster.auth.v2.DatabaseApiKeyService/CreateDatabaseApiKey",
            field: .databaseApiKey),
        SeedSection(
            name: "backups", method: "qdrant.cloud.cluster.backup.v1.BackupService/CreateBackup",
            field: .backup),
        SeedSection(
            name: "backup_schedules",
            method: "qdrant.cloud.cluster.backup.v1.BackupService/CreateBackupSchedule",
            field: .backupSchedule),
        SeedSection(
            name: "spaces", method: "qdrant.cloud.serverless.space.v1.SpaceService/CreateSpace",
            field: .space),
        SeedSection(
            name: "space_keys",
            method: "qdrant.cloud.serverless.space.auth.v1.SpaceApiKeyService/CreateSpaceApiKey",
            field: .spaceApiKey),
        SeedSection(
            name: "space_backups",
            method: "qdrant.cloud.serverless.space.backup.v1.BackupService/CreateBackup",
            field: .backup),
        SeedSection(
            name: "space_schedules",
            method: "qdrant.cloud.serverless.space.backup.v1.BackupService/CreateBackupSchedule",
            field: .backupSchedule),
    ]

    /// Keys of a resource in a seed that are not fields of its message.
    static let extras: Set<String> = [
        "age", "sandbox", "package", "cluster", "space", "suspended_after", "valid_for",
    ]
}
