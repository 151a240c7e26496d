import Codec
import Contract
import GRPCProtocol

/// Clusters.
enum ClusterService: CloudService {
    static let name = "qdrant.cloud.cluster.v1.ClusterService"

    static let handlers: [String: Handler] = [
        "ListClusters": { call, request in
            try Pages.answer(.cluster, request, call)
        },
        "GetCluster": { call, request in
            call.answer(.cluster, try cluster(call, request).message)
        },
        "GetClusterDownscaleRisk": downscaleRisk,
        "CreateCluster": create,
        "CreateClusterFromBackup": { call, request in
            let backup = try call.find(.backup, request.string(.backupID), "backup")
            let info = try BackupLife.clusters.restorable(backup)
            var cluster = call.new("qdrant.cloud.cluster.v1.Cluster")
            cluster.set(.name, request.string(.clusterName))
            for name: FieldName in [.cloudProviderID, .cloudProviderRegionID, .configuration] {
                cluster[name] = info[name]
            }
            if let package = info.optionalString(.restorePackageID) {
                cluster.edit(.configuration) { $0.set(.packageID, package) }
            }
            let collections = backup.hidden.filter { $0.key == "collections" }
            return call.answer(
                .cluster,
                try ClusterCreation.create(cluster, call, hidden: collections).message)
        },
        "UpdateCluster": update,
        "DeleteCluster": { call, request in
            let record = try cluster(call, request)
            if !ClusterState.isLeaving(record.message) {
                try ClusterLifecycle.delete(record, call.moment)
            }
            if request.optionalBool(.deleteBackups) == true {
                try BackupLife.clusters.deleteAll(parent: record.id, call.moment)
            }
            return call.response
        },
        "RestartCluster": { call, request in
            let record = try cluster(call, request)
            try require(record, ["HEALTHY", "NOT_READY", "RECOVERY_MODE"], to: "be restarted")
            try ClusterLifecycle.restart(record, call.moment)
            return call.response
        },
        "SuspendCluster": { call, request in
            let record = try cluster(call, request)
            try require(record, ["HEALTHY", "NOT_READY"], to: "be suspended")
            try ClusterLifecycle.suspend(record, call.moment)
            return call.response
        },
        "UnsuspendCluster": { call, request in
            let record = try cluster(call, request)
            try require(record, ["SUSPENDED", "FAILED_TO_RESUME"], to: "be resumed")
            try ClusterLifecycle.resume(record, call.moment)
            return call.response
        },
        "EnableClusterJwtRbac": enableJWT,
        "SuggestClusterName": { call, _ in
            let taken = try call.transaction.records(.cluster, account: call.account)
                .map { $0.message.string(.name) }
            var response = call.response
            response.set(.name, SuggestedNames.suggest(avoiding: Set(taken), &call.world.random))
            return response
        },
        "ListQdrantReleases": listReleases,
        "GetQdrantRelease": { call, request in
            let version = request.string(.version)
            guard let release = call.catalogue.release(version) else {
                throw APIError(.notFound, "release \(version) not found")
            }
            return call.answer(.release, message(release, call.response.new(.release)))
        },
    ]

    private static func cluster(_ call: Call, _ request: Message) throws -> Record {
        try call.find(.cluster, request.string(.clusterID), "cluster")
    }

    /// Refuses an action in a phase that does not allow it.
    private static func require(
        _ record: Record, _ phases: [String], to action: String
    ) throws {
        let phase = ClusterState.phase(of: record.message)
        guard phases.contains(phase) else {
            throw APIError(
                .failedPrecondition, "a cluster that is \(phase) cannot \(action)")
        }
    }

    // MARK: - Create

    private static func create(_ call: Call, _ request: Message) throws -> Message {
        guard let cluster = request.message(.cluster) else { return call.response }
        return call.answer(.cluster, try ClusterCreation.create(cluster, call).message)
    }

    // MARK: - Update

    private static func update(_ call: Call, _ request: Message) throws -> Message {
        guard let wanted = request.message(.cluster) else { return call.response }
        var record = try call.find(.cluster, wanted.string(.id), "cluster")
        let old = record.message
        let phase = ClusterState.phase(of: old)
        guard !["SUSPENDED", "SUSPENDING", "DELETING", "FAILED_TO_CREATE"].contains(phase) else {
            throw APIError(.failedPrecondition, "a cluster that is \(phase) cannot be updated")
        }
        for name: FieldName in [.cloudProviderID, .cloudProviderRegionID]
        where wanted.string(name).lowercased() != old.string(name).lowercased() {
            throw APIError(.invalidArgument, "cluster.\(name): cannot be changed")
        }
        guard let oldConfiguration = old.message(.configuration),
            var configuration = wanted.message(.configuration)
        else { return call.response }
        configuration[.lastModifiedAt] = oldConfiguration[.lastModifiedAt]
        if configuration.optionalString(.version) == nil {
            configuration[.version] = oldConfiguration[.version]
        }
        var change = ClusterChange.none
        if configuration != oldConfiguration {
            change = try ClusterChange(
                from: oldConfiguration, to: &configuration, of: record, call: call)
            configuration.set(.lastModifiedAt, call.moment.timestamp)
        }
        if wanted.string(.name) != old.string(.name) {
            try BackupLife.clusters.rename(record.id, wanted.string(.name), call.moment)
        }
        for name: FieldName in [.name, .labels, .costAllocationLabel] {
            record.message[name] = wanted[name]
        }
        record.message.set(.configuration, configuration)
        let stored = try ClusterLifecycle.apply(change, to: record, call.moment)
        return call.answer(.cluster, stored.message)
    }

    private static func enableJWT(_ call: Call, _ request: Message) throws -> Message {
        var record = try cluster(call, request)
        let version = record.message.message(.configuration)?.string(.version) ?? ""
        guard record.hidden["jwt"] != "1" else {
            throw APIError(.failedPrecondition, "JWT is already enabled")
        }
        guard record.message.string(.cloudProviderID) != "hybrid" else {
            throw APIError(
                .failedPrecondition, "hybrid clusters take their keys from Kubernetes secrets")
        }
        guard Catalogue.isAtLeast(version, 1, 9) else {
            throw APIError(.failedPrecondition, "JWT needs version 1.9; the cluster has \(version)")
        }
        let busy = ClusterLifecycle.busyPhases
        try require(record, ["HEALTHY", "NOT_READY"] + busy, to: "enable JWT")
        record.hidden["jwt"] = "1"
        if busy.contains(ClusterState.phase(of: record.message)) {
            _ = try ClusterLifecycle.apply(.restart, to: record, call.moment)
        } else {
            try ClusterLifecycle.restart(record, call.moment)
        }
        return call.response
    }

    // MARK: - Risks and releases

    private static func downscaleRisk(_ call: Call, _ request: Message) throws -> Message {
        let record = try cluster(call, request)
        let id = request.string(.packageID)
        guard let target = call.catalogue.package(id) else {
            throw APIError(.notFound, "package \(id) not found")
        }
        let used = ClusterState.memoryUse(of: record)
        let current = record.message.message(.configuration)?.string(.packageID) ?? ""
        var risk = call.response.new(.downscaleRisks)
        risk.setEnum(.resource, "MEMORY")
        if target.ram >= call.catalogue.package(current)?.ram ?? 0 {
            risk.setEnum(.status, "NO_RISK")
            risk.set(.reason, "The target has at least as much memory as the cluster")
        } else if ClusterState.phase(of: record.message) != "HEALTHY" {
            risk.setEnum(.status, "USAGE_UNKNOWN")
            risk.set(.reason, "The cluster is not running, so its memory usage is unknown")
        } else if used > Double(target.ram) * 0.8 {
            risk.setEnum(.status, "USAGE_EXCEEDS_TARGET")
            risk.set(.reason, "The cluster uses \(used) GiB; the target has \(target.ram) GiB")
        } else {
            risk.setEnum(.status, "NO_RISK")
            risk.set(.reason, "The memory in use fits the target")
        }
        return call.list([risk], in: .downscaleRisks)
    }

    private static func listReleases(_ call: Call, _ request: Message) throws -> Message {
        var releases = call.catalogue.releases
        if let id = request.optionalString(.clusterID) {
            let record = try call.find(.cluster, id, "cluster")
            let current = Catalogue.numbers(
                of: record.message.message(.configuration)?.string(.version) ?? "")
            releases = releases.filter {
                !$0.isUnavailable && !$0.numbers.lexicographicallyPrecedes(current)
            }
        }
        return call.list(releases.map { message($0, call.response.new(.items)) })
    }

    private static func message(_ release: Catalogue.Release, _ empty: Message) -> Message {
        var message = empty
        message.set(.version, release.version)
        message.set(.default, release.isDefault)
        message.set(
            .releaseNotesURL,
            "https://github.com/qdrant/qdrant/releases/tag/\(release.version)")
        if let remarks = release.remarks { message.set(.remarks, remarks) }
        message.set(.endOfLife, release.isEndOfLife)
        message.set(.unavailable, release.isUnavailable)
        return message
    }
}
