import Codec

/// What is wrong with a cluster, as alerts that fire while it is and are resolved afterwards.
enum ClusterAlerts {
    private struct Condition {
        let type: String
        let severity: String
        let title: String
        let description: String
    }

    /// A key counts as about to expire so long before it does.
    private static let expiryNotice = 7 * Nanoseconds.day
    /// The share of memory or disk above which there is an alert.
    private static let high = 0.8
    private static let mostCollections = 1000

    /// Fires and resolves the alerts of a cluster by its present state.
    static func evaluate(_ cluster: Record, _ moment: Moment) throws {
        let present = try conditions(of: cluster, moment)
        var open: Set<String> = []
        for var alert in try moment.transaction.records(.alert, parent: cluster.id)
        where alert.message.enumName(.state) == "CLUSTER_ALERT_STATE_FIRING" {
            let type = String(
                (alert.message.enumName(.type) ?? "").dropFirst("CLUSTER_ALERT_TYPE_".count))
            if present.contains(where: { $0.type == type }) {
                open.insert(type)
                alert.message.set(.lastFiringAt, moment.timestamp)
            } else {
                alert.message.setEnum(.state, "RESOLVED")
            }
            try moment.transaction.put(alert)
        }
        for condition in present where !open.contains(condition.type) {
            // The same condition is told of anew when it comes again.
            let id = moment.world.newID()
            var message = moment.new("qdrant.cloud.monitoring.v1.ClusterAlert")
            message.set(.id, id)
            message.setEnum(.type, condition.type)
            message.setEnum(.severity, condition.severity)
            message.set(.title, condition.title)
            message.set(.description, condition.description)
            message.set(.lastFiringAt, moment.timestamp)
            message.setEnum(.state, "FIRING")
            try moment.transaction.put(
                Record(
                    kind: .alert, id: id, account: cluster.account, parent: cluster.id,
                    created: moment.now, message: message))
        }
    }

    private static func conditions(of cluster: Record, _ moment: Moment) throws -> [Condition] {
        var found: [Condition] = []
        func add(_ type: String, _ severity: String, _ title: String, _ description: String) {
            found.append(
                Condition(type: type, severity: severity, title: title, description: description))
        }
        let message = cluster.message
        let version = message.message(.configuration)?.string(.version) ?? ""
        if moment.catalogue.release(version)?.isEndOfLife ?? true {
            add(
                "CLUSTER_VERSION_IS_NOT_COVERED_BY_SLA", "INFO", "Version not covered by the SLA",
                "\(version) is no longer supported; upgrade the cluster")
        }
        if case .double(let ram) = message.message(.state)?.message(.resources)?.message(.ram)?[
            .base], ram > 0
        {
            let share = ClusterState.memoryUse(of: cluster) / ram
            if share > high {
                add(
                    "MEMORY_OVERUTILIZED", "WARNING", "Memory overutilized",
                    "The nodes use \(Int(min(share, 1e6) * 100)) % of their memory")
            }
        }
        switch ClusterState.phase(of: message) {
        case "RECOVERY_MODE":
            add(
                "RECOVERY_MODE", "CRITICAL", "Recovery mode",
                "At least one node started in recovery mode")
        case "NOT_READY", "FAILED_TO_CREATE", "FAILED_TO_UPDATE", "FAILED_TO_RESUME", "UNKNOWN":
            add(
                "QDRANT_CLUSTER_UNHEALTHY", "CRITICAL", "Cluster unhealthy",
                "Not all nodes of the cluster are ready")
        default: break
        }
        let nodes = message.message(.state)?.messages(.nodes) ?? []
        if nodes.contains(where: {
            $0.message(.notReadyInfo)?.enumName(.event)?.hasSuffix("OUT_OF_MEMORY") ?? false
        }) {
            add(
                "OOM", "CRITICAL", "Out of memory", "A node was ended because it had no memory left"
            )
        }
        if Collections.names(of: cluster).count > mostCollections {
            add(
                "TOO_MANY_COLLECTIONS", "WARNING", "Too many collections",
                "The cluster has more than \(mostCollections) collections")
        }
        let keys = try moment.transaction.records(.databaseKey, parent: cluster.id)
        let expiring = keys.filter {
            guard let expiry = $0.message.message(.expiresAt)?.nanoseconds else { return false }
            return expiry > moment.now && expiry - moment.now < expiryNotice
        }
        if let key = expiring.first {
            add(
                "QDRANT_JWT_API_KEY_ABOUT_TO_EXPIRE", "WARNING", "Database key about to expire",
                "The key \(key.message.string(.name)) expires within a week")
        }
        return found
    }
}
