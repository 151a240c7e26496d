import Codec
import GRPCProtocol

/// What may happen to a cluster or an environment by itself.
enum Incident: String, CaseIterable {
    /// A node has no memory left and keeps restarting.
    case outOfMemory = "out_of_memory"
    /// The nodes come up without their data.
    case recoveryMode = "recovery_mode"
    /// The agent is silent.
    case unreachable
    /// Operators are at work.
    case maintenance
    /// All is well again.
    case recovered

    /// Has it happen.
    ///
    /// - Throws: NOT_FOUND when there is neither a cluster nor an environment of that id.
    func happen(to id: String, _ moment: Moment) throws {
        if let cluster = try moment.transaction.record(.cluster, id) {
            return try happen(to: cluster, moment)
        }
        guard let environment = try moment.transaction.record(.environment, id) else {
            throw APIError(.notFound, "cluster or environment \(id) not found")
        }
        try happen(toEnvironment: environment, moment)
    }

    private func happen(to cluster: Record, _ moment: Moment) throws {
        var cluster = cluster
        let present = ClusterState.phase(of: cluster.message)
        guard !["SUSPENDED", "SUSPENDING", "DELETING", "CREATING"].contains(present) else {
            throw APIError(.failedPrecondition, "the cluster is not running: it is \(present)")
        }
        // What was under way does not end any more as it would have.
        ClusterLifecycle.begin(&cluster)
        let (phase, reason): (String, String) =
            switch self {
            case .outOfMemory: ("NOT_READY", "a node has no memory left")
            case .recoveryMode: ("RECOVERY_MODE", "the nodes could not load their data")
            case .unreachable: ("UNKNOWN", "the agent has not reported for five minutes")
            case .maintenance: ("MANUAL_MAINTENANCE", "operators are at work")
            case .recovered: ("HEALTHY", "")
            }
        ClusterLifecycle.setPhase(&cluster, phase, reason: reason)
        cluster.message.edit(.state) { state in
            var nodes = state.messages(.nodes)
            for index in nodes.indices {
                nodes[index][.notReadyInfo] = nil
                let isHit = self == .outOfMemory && index == 0
                nodes[index].setEnum(.state, isHit ? "STARTING" : "HEALTHY")
                guard isHit else { continue }
                nodes[index].edit(.notReadyInfo) { info in
                    info.setEnum(.condition, "CONTAINER_RESTARTING")
                    info.set(.conditionMessage, "The container keeps restarting")
                    info.setEnum(.event, "OUT_OF_MEMORY")
                    info.set(.eventMessage, "The container reached its memory limit")
                    var action = info.new(.actions)
                    action.setEnum(.kind, "SCALE_VERTICALLY")
                    action.set(.description, "Scale up")
                    info.set(.actions, [action])
                }
            }
            state.set(.nodes, nodes)
            state.set(.nodesUp, self == .outOfMemory ? max(0, nodes.count - 1) : nodes.count)
        }
        _ = try ClusterLifecycle.store(cluster, moment)
        try ClusterLifecycle.goOn(cluster.id, moment)
    }

    private func happen(toEnvironment environment: Record, _ moment: Moment) throws {
        var environment = environment
        guard environment.message.message(.status) != nil else {
            throw APIError(.failedPrecondition, "no agent has connected to the environment yet")
        }
        let isSilent = self == .unreachable
        environment.message.edit(.status) { status in
            status.setEnum(.phase, isSilent ? "FAILED_TO_SYNC" : "READY")
            status.setEnum(.clusterCreationReadiness, isSilent ? "NOT_READY" : "READY")
            status.set(.lastModifiedAt, moment.timestamp)
        }
        try moment.transaction.put(environment)
        // What stands in it is not heard of either.
        for cluster in try moment.transaction.records(.cluster, account: environment.account)
        where cluster.message.string(.cloudProviderRegionID).lowercased() == environment.id {
            // One that does not run has nothing to happen to.
            try? happen(to: cluster, moment)
            for var backup in try moment.transaction.records(.backup, parent: cluster.id) {
                backup.message.setEnum(.status, isSilent ? "UNKNOWN" : "SUCCEEDED")
                try moment.transaction.put(backup)
            }
        }
    }
}
