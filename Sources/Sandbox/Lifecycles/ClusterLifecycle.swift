import Codec

/// How clusters come up, change and go, as polling shows it.
///
/// Each operation gives the cluster a new generation and schedules what follows; what an older
/// generation had scheduled is passed over.
enum ClusterLifecycle {
    /// How long things take, in virtual seconds.
    private enum Seconds {
        static let firstNode = 6.0
        static let nextNode = 2.0
        static let settle = 3.0
        /// The address answers a while after the cluster is healthy.
        static let address = 3.0
        static let suspend = 6.0
        static let delete = 6.0
        static let upgradeStep = 4.0
    }

    static let events: [String: EventHandler] = [
        "cluster.node": { moment, event in
            try change(event, moment) { record, argument in
                let parts = argument.split(separator: "/")
                guard let index = Int(parts.first ?? "") else { return }
                setNode(
                    index, of: &record, parts.count > 1 ? String(parts[1]) : "HEALTHY", moment)
            }
        },
        "cluster.version": { moment, event in
            try change(event, moment) { record, version in
                record.message.edit(.state) { state in
                    state.set(.version, version)
                    state.set(
                        .nodes,
                        state.messages(.nodes).map { node in
                            var node = node
                            node.set(.version, version)
                            return node
                        })
                }
            }
        },
        "cluster.settled": { moment, event in
            try change(event, moment) { record, _ in settle(&record, moment) }
            try goOn(event.subject, moment)
        },
        "cluster.failed": { moment, event in
            try change(event, moment) { record, argument in
                let parts = argument.split(
                    separator: "/", maxSplits: 1, omittingEmptySubsequences: false
                ).map(String.init)
                setPhase(&record, parts[0], reason: parts.count > 1 ? parts[1] : "")
                for index in 0..<ClusterState.nodeCount(record) where parts[0] == "FAILED_TO_CREATE"
                {
                    setNode(index, of: &record, "UNHEALTHY", moment)
                }
            }
            try goOn(event.subject, moment)
        },
        "cluster.address": { moment, event in
            // The address comes whatever has begun meanwhile.
            guard var record = try moment.transaction.record(.cluster, event.subject) else {
                return
            }
            setAddress(of: &record, moment.world)
            try moment.transaction.put(record)
        },
        "cluster.suspended": { moment, event in
            try change(event, moment) { record, _ in
                setPhase(&record, "SUSPENDED")
                record.message.edit(.state) { state in
                    state.set(.nodesUp, 0)
                    state.set(
                        .nodes,
                        state.messages(.nodes).map { node in
                            var node = node
                            node.setEnum(.state, "SUSPENDED")
                            return node
                        })
                }
            }
        },
        "cluster.idle": { moment, event in
            guard let record = try moment.transaction.record(.cluster, event.subject),
                moment.world.options.retiresIdleFreeClusters,
                !ClusterState.isLeaving(record.message)
            else { return }
            if event.payload == "delete" {
                try delete(record, moment)
            } else if ClusterState.phase(of: record.message) == "HEALTHY" {
                try suspend(record, moment)
            }
        },
        "cluster.gone": { moment, event in
            guard let record = try moment.transaction.record(.cluster, event.subject) else {
                return
            }
            try remove(record, moment)
        },
    ]

    // MARK: - Operations

    static func create(_ record: Record, _ moment: Moment) throws -> Record {
        var record = record
        setState(&record, phase: "CREATING", moment.catalogue)
        begin(&record)
        let end = try startNodes(record, from: 0, moment)
        try finish(record, moment, at: end, failing: "FAILED_TO_CREATE")
        if moment.world.faults.lifecycle == nil {
            try schedule(
                "cluster.address", record, moment,
                at: moment.world.clock.moment(after: Seconds.address, from: end))
        }
        if ClusterState.isFree(record, moment.catalogue),
            moment.world.options.retiresIdleFreeClusters
        {
            for (days, action) in [(7, "suspend"), (28, "delete")] {
                try moment.transaction.schedule(
                    "cluster.idle", subject: record.id, payload: action,
                    at: moment.now + Int64(days) * Nanoseconds.day)
            }
        }
        return try store(record, moment)
    }

    static func restart(_ record: Record, _ moment: Moment) throws {
        var record = record
        let hasJWT = record.hidden["jwt"] == "1"
        record.message.edit(.state) {
            $0.set(.restartedAt, moment.timestamp)
            $0.set(.jwtRbac, hasJWT)
        }
        _ = try rollingChange(record, phase: "UPDATING", moment)
    }

    static func suspend(_ record: Record, _ moment: Moment) throws {
        var record = record
        setPhase(&record, "SUSPENDING")
        begin(&record)
        try finish(
            record, moment, with: "cluster.suspended",
            at: moment.world.clock.moment(after: Seconds.suspend, from: moment.now),
            failing: "FAILED_TO_SUSPEND")
        _ = try store(record, moment)
    }

    static func resume(_ record: Record, _ moment: Moment) throws {
        var record = record
        setPhase(&record, "RESUMING")
        begin(&record)
        for index in 0..<ClusterState.nodeCount(record) {
            setNode(index, of: &record, "STARTING", moment)
        }
        let end = try startNodes(record, from: 0, moment)
        try finish(record, moment, at: end, failing: "FAILED_TO_RESUME")
        _ = try store(record, moment)
    }

    static func delete(_ record: Record, _ moment: Moment) throws {
        var record = record
        record.message.set(.deletedAt, moment.timestamp)
        setPhase(&record, "DELETING")
        begin(&record)
        if moment.world.faults.lifecycle != .stuck {
            try schedule(
                "cluster.gone", record, moment,
                at: moment.world.clock.moment(after: Seconds.delete, from: moment.now))
        }
        _ = try store(record, moment)
    }

    /// Has the configuration be what a backup holds, as an in-place restore does.
    static func revert(
        _ record: Record, to configuration: Message, _ moment: Moment
    ) throws -> Record {
        var record = record
        record.message.set(.configuration, configuration)
        record.message.edit(.configuration) { $0.set(.lastModifiedAt, moment.timestamp) }
        return try apply(.restart, to: record, moment)
    }

    /// Ends a cluster at once, with all that hangs on it but its backups.
    static func remove(_ record: Record, _ moment: Moment) throws {
        let transaction = moment.transaction
        for kind in [Kind.databaseKey, .backupSchedule, .alert] {
            for hanging in try transaction.records(kind, parent: record.id) {
                try transaction.delete(kind, hanging.id)
            }
        }
        for var key in try transaction.records(.legacyDatabaseKey, account: record.account) {
            let others = key.message.strings(.clusterIDs).filter { $0 != record.id }
            guard others.count < key.message.strings(.clusterIDs).count else { continue }
            key.message[.clusterIDs] = .list(others.map(Value.string))
            if others.isEmpty {
                try transaction.delete(.legacyDatabaseKey, key.id)
            } else {
                try transaction.put(key)
            }
        }
        try transaction.endSpans(.cluster, subject: record.id, at: moment.now)
        try transaction.delete(.cluster, record.id)
    }

    static func scale(_ record: Record, _ moment: Moment) throws -> Record {
        var record = record
        setPhase(&record, "SCALING")
        begin(&record)
        let before = ClusterState.nodeCount(record)
        let wanted = record.message.message(.configuration)?.integer(.numberOfNodes) ?? 1
        let isSamePackage =
            record.hidden["package"]
            == record.message.message(.configuration)?.string(.packageID)
        resize(&record, to: wanted, moment.catalogue)
        let end = try startNodes(record, from: isSamePackage ? before : 0, moment)
        try finish(record, moment, at: end, failing: "FAILED_TO_UPDATE")
        return try store(record, moment)
    }

    /// Adds or removes nodes, and gives each what the configuration says.
    static func resize(
        _ record: inout Record, to wanted: Int, _ catalogue: Catalogue
    ) {
        setResources(&record, catalogue)
        let id = record.id
        record.message.edit(.state) { state in
            var nodes = Array(state.messages(.nodes).prefix(wanted))
            while nodes.count < wanted { nodes.append(newNode(nodes.count, id, state)) }
            state.set(.nodes, nodes)
            state.set(.nodesUp, min(state.integer(.nodesUp), wanted))
        }
    }

    static func upgrade(_ record: Record, _ moment: Moment) throws -> Record {
        var record = record
        setPhase(&record, "UPGRADING")
        begin(&record)
        resize(
            &record,
            to: record.message.message(.configuration)?.integer(.numberOfNodes) ?? 1,
            moment.catalogue)
        let from = Catalogue.numbers(of: record.message.message(.state)?.string(.version) ?? "")
        let target = record.message.message(.configuration)?.string(.version) ?? ""
        let goal = Catalogue.numbers(of: target)
        // The platform goes through every minor version on the way.
        let clock = moment.world.clock
        var time = moment.now
        for release in moment.catalogue.releases
        where from.lexicographicallyPrecedes(release.numbers)
            && !goal.lexicographicallyPrecedes(release.numbers)
        {
            time = clock.moment(after: Seconds.upgradeStep, from: time)
            try schedule("cluster.version", record, moment, argument: release.version, at: time)
        }
        try finish(
            record, moment, at: clock.moment(after: Seconds.settle, from: time),
            failing: "FAILED_TO_UPDATE")
        return try store(record, moment)
    }

    /// The nodes restart, one after another or at once.
    static func rollingChange(
        _ record: Record, phase: String, _ moment: Moment
    ) throws -> Record {
        var record = record
        setPhase(&record, phase)
        begin(&record)
        setResources(&record, moment.catalogue)
        let clock = moment.world.clock
        let isParallel = !rolls(record)
        var time = moment.now
        for index in 0..<ClusterState.nodeCount(record) {
            if index == 0 || isParallel {
                setNode(index, of: &record, "STARTING", moment)
            } else {
                try schedule(
                    "cluster.node", record, moment, argument: "\(index)/STARTING", at: time)
            }
            if !isParallel {
                // It is up before it has caught up with the others.
                try schedule(
                    "cluster.node", record, moment, argument: "\(index)/RECOVERING",
                    at: clock.moment(after: Seconds.nextNode, from: time))
            }
            if !isParallel || index == 0 {
                time = clock.moment(after: Seconds.nextNode + 1, from: time)
            }
            try schedule("cluster.node", record, moment, argument: "\(index)", at: time)
        }
        try finish(
            record, moment, at: clock.moment(after: Seconds.settle, from: time),
            failing: "FAILED_TO_UPDATE")
        return try store(record, moment)
    }

    /// Whether nodes restart one after another. Left to the platform, they do when the others hold
    /// the same data.
    private static func rolls(_ record: Record) -> Bool {
        let configuration = record.message.message(.configuration)
        let policy = configuration?.enumName(.restartPolicy) ?? ""
        if policy.hasSuffix("_ROLLING") { return true }
        if policy.hasSuffix("_PARALLEL") { return false }
        let factor =
            configuration?.message(.databaseConfiguration)?.message(.collection)?
            .integer(.replicationFactor) ?? 1
        return ClusterState.nodeCount(record) > 1 && factor >= 2
    }

    /// Has the nodes from an index on come up; the moment when the cluster is done.
    private static func startNodes(
        _ record: Record, from first: Int, _ moment: Moment
    ) throws -> Int64 {
        let clock = moment.world.clock
        var time = clock.moment(after: Seconds.firstNode, from: moment.now)
        for index in first..<max(first, ClusterState.nodeCount(record)) {
            if moment.world.faults.lifecycle == nil {
                try schedule("cluster.node", record, moment, argument: "\(index)", at: time)
            }
            time = clock.moment(after: Seconds.nextNode, from: time)
        }
        return clock.moment(after: Seconds.settle, from: time)
    }

    /// Has an operation end, unless a fault says that it does not, or how it fails.
    private static func finish(
        _ record: Record, _ moment: Moment, with kind: String = "cluster.settled", at end: Int64,
        failing phase: String
    ) throws {
        switch moment.world.faults.lifecycle {
        case nil: try schedule(kind, record, moment, at: end)
        case .stuck: break
        case .fails(let reason):
            try schedule("cluster.failed", record, moment, argument: phase + "/" + reason, at: end)
        }
    }

    // MARK: - Writing

    static func store(_ record: Record, _ moment: Moment) throws -> Record {
        let stored = try Metering.note(record, moment)
        try moment.transaction.put(stored)
        try ClusterAlerts.evaluate(stored, moment)
        return stored
    }

    /// Has what was scheduled for the cluster so far be passed over.
    static func begin(_ record: inout Record) {
        record.hidden["generation"] = "\(record.number("generation") + 1)"
    }

    private static func schedule(
        _ kind: String, _ record: Record, _ moment: Moment, argument: String = "", at time: Int64
    ) throws {
        let payload = (record.hidden["generation"] ?? "") + ":" + argument
        try moment.transaction.schedule(kind, subject: record.id, payload: payload, at: time)
    }

    /// Changes the cluster that an event is about, unless something newer has begun.
    private static func change(
        _ event: PendingEvent, _ moment: Moment, _ body: (inout Record, String) -> Void
    ) throws {
        guard var record = try moment.transaction.record(.cluster, event.subject) else { return }
        let parts = event.payload.split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, record.hidden["generation"] == String(parts[0]) else { return }
        body(&record, String(parts[1]))
        _ = try store(record, moment)
    }

    static func setPhase(_ record: inout Record, _ phase: String, reason: String = "") {
        record.message.edit(.state) {
            guard $0.has(.phase, value: phase) else { return }
            $0.setEnum(.phase, phase)
            $0.set(.reason, reason)
        }
    }

    private static func settle(_ record: inout Record, _ moment: Moment) {
        for index in 0..<ClusterState.nodeCount(record) {
            setNode(index, of: &record, "HEALTHY", moment)
        }
        setPhase(&record, "HEALTHY")
        let version = version(of: record)
        record.message.edit(.state) { $0.set(.version, version) }
    }
}
