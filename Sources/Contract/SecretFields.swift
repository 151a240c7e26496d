/// Which fields of the contract hold secrets. The contract itself marks none, so this is a table;
/// a test keeps it complete.
public enum SecretFields {
    /// The fields' names without their messages, but for those that other fields have, too, which
    /// are none.
    public static var unmistakableNames: Set<String> {
        Set(names.map { String($0.split(separator: ".").last ?? "") }).subtracting(["key"])
    }

    /// Bearer secrets: fields whose value grants access to its holder.
    static let names: Set<String> = [
        "qdrant.cloud.auth.v1.ManagementKey.key",
        "qdrant.cloud.cluster.auth.v1.DatabaseApiKey.key",
        "qdrant.cloud.cluster.auth.v1.EphemeralDashboardToken.token",
        "qdrant.cloud.cluster.auth.v2.DatabaseApiKey.key",
        "qdrant.cloud.hybrid.v1.GenerateBootstrapCommandsResponse.access_key",
        "qdrant.cloud.hybrid.v1.GenerateBootstrapCommandsResponse.commands",
        "qdrant.cloud.hybrid.v1.GenerateBootstrapCommandsResponse.registry_password",
        "qdrant.cloud.hybrid.v1.GenerateBootstrapCommandsResponse.registry_username",
        "qdrant.cloud.serverless.space.auth.v1.EphemeralDashboardToken.token",
        "qdrant.cloud.serverless.space.auth.v1.SpaceApiKey.key",
    ]

    /// Text fields that are named like a secret and hold none.
    static let harmless: Set<String> = [
        // Where a list goes on.
        "page_token", "next_page_token",
        // Names of pairs and labels.
        "qdrant.cloud.cluster.v1.Toleration.key",
        "qdrant.cloud.common.v1.KeyValue.key",
        "qdrant.cloud.common.v1.LabelSelectorRequirement.key",
        "qdrant.cloud.common.v1.TopologySpreadConstraint.topology_key",
        // Names of Kubernetes secrets and of entries in them.
        "qdrant.cloud.common.v1.SecretKeyRef.key",
        "qdrant.cloud.hybrid.v1.HybridCloudEnvironmentConfiguration.registry_secret_name",
    ]
}

/// The placeholder for a secret.
public enum SecretMask {
    public static let text = "********"
}
