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

    static let events: [String: Cloud.EventHandler] = [
        "cluster.node": { cloud, transaction, event in
            try change(event, transaction) { record, argument in
                let parts = argument.split(separator: "/")
                guard let index = Int(parts.first ?? "") else { return }
                setNode(
                    index, of: &record, parts.count > 1 ? String(parts[1]) : "HEALTHY", cloud,
                    event.due)
            }
        },
        "cluster.version": { _, transaction, event in
            try change(event, transaction) { record, version in
                record.message.edit("state") { state in
                    state.set("version", version)
                    state.set(
                        "nodes",
                        state.messages("nodes").map { node in
                            var node = node
                            node.set("version", version)
                            return node
                        })
                }
            }
        },
        "cluster.settled": { cloud, transaction, event in
            try change(event, transaction) { record, _ in settle(&record, cloud, event.due) }
        },
        "cluster.address": { _, transaction, event in
            // The address comes whatever has begun meanwhile.
            guard var record = try transaction.record(Kind.cluster, event.subject) else { return }
            setAddress(of: &record)
            try transaction.put(record)
        },
        "cluster.suspended": { _, transaction, event in
            try change(event, transaction) { record, _ in
                setPhase(&record, "SUSPENDED")
                record.message.edit("state") { state in
                    state.set("nodes_up", 0)
                    state.set(
                        "nodes",
                        state.messages("nodes").map { node in
                            var node = node
                            node.setEnum("state", "SUSPENDED")
                            return node
                        })
                }
            }
        },
        "cluster.gone": { _, transaction, event in
            guard try transaction.record(Kind.cluster, event.subject) != nil else { return }
            for kind in [Kind.databaseKey] {
                for key in try transaction.records(kind, parent: event.subject) {
                    try transaction.delete(kind, key.id)
                }
            }
            try transaction.delete(Kind.cluster, event.subject)
        },
    ]

    // MARK: - Operations

    static func create(_ record: Record, _ call: Call) throws -> Record {
        var record = record
        setState(&record, phase: "CREATING", call)
        begin(&record)
        let end = try startNodes(record, from: 0, call)
        try schedule("cluster.settled", record, call, at: end)
        try schedule(
            "cluster.address", record, call,
            at: call.cloud.clock.moment(after: Seconds.address, from: end))
        return try store(record, call)
    }

    static func restart(_ record: Record, _ call: Call) throws {
        var record = record
        record.message.edit("state") {
            $0.set("restarted_at", call.cloud.timestamp(call.now))
            $0.set("jwt_rbac", record.hidden["jwt"] == "1")
        }
        _ = try rollingChange(record, phase: "UPDATING", call)
    }

    static func suspend(_ record: Record, _ call: Call) throws {
        var record = record
        setPhase(&record, "SUSPENDING")
        begin(&record)
        try schedule(
            "cluster.suspended", record, call,
            at: call.cloud.clock.moment(after: Seconds.suspend, from: call.now))
        _ = try store(record, call)
    }

    static func resume(_ record: Record, _ call: Call) throws {
        var record = record
        setPhase(&record, "RESUMING")
        begin(&record)
        for index in 0..<nodeCount(record) {
            setNode(index, of: &record, "STARTING", call.cloud, call.now)
        }
        let end = try startNodes(record, from: 0, call)
        try schedule("cluster.settled", record, call, at: end)
        _ = try store(record, call)
    }

    static func delete(_ record: Record, _ call: Call) throws {
        var record = record
        record.message.set("deleted_at", call.cloud.timestamp(call.now))
        setPhase(&record, "DELETING")
        begin(&record)
        try schedule(
            "cluster.gone", record, call,
            at: call.cloud.clock.moment(after: Seconds.delete, from: call.now))
        _ = try store(record, call)
    }

    /// Does what a change of the configuration asks for.
    static func apply(
        _ change: ClusterChange, to record: Record, _ call: Call
    ) throws -> Record {
        switch change {
        case .none, .instant: return try store(record, call)
        case .restart: return try rollingChange(record, phase: "UPDATING", call)
        case .scale: return try scale(record, call)
        case .upgrade: return try upgrade(record, call)
        }
    }

    private static func scale(_ record: Record, _ call: Call) throws -> Record {
        var record = record
        setPhase(&record, "SCALING")
        begin(&record)
        let before = nodeCount(record)
        let wanted = record.message.message("configuration")?.integer("number_of_nodes") ?? 1
        let isSamePackage =
            record.hidden["package"]
            == record.message.message("configuration")?.string("package_id")
        resize(&record, to: wanted)
        let end = try startNodes(record, from: isSamePackage ? before : 0, call)
        try schedule("cluster.settled", record, call, at: end)
        return try store(record, call)
    }

    /// Adds or removes nodes, and gives each what the configuration says.
    private static func resize(_ record: inout Record, to wanted: Int) {
        setResources(&record)
        let id = record.id
        record.message.edit("state") { state in
            var nodes = Array(state.messages("nodes").prefix(wanted))
            while nodes.count < wanted { nodes.append(newNode(nodes.count, id, state)) }
            state.set("nodes", nodes)
            state.set("nodes_up", min(state.integer("nodes_up"), wanted))
        }
    }

    private static func upgrade(_ record: Record, _ call: Call) throws -> Record {
        var record = record
        setPhase(&record, "UPGRADING")
        begin(&record)
        resize(
            &record,
            to: record.message.message("configuration")?.integer("number_of_nodes") ?? 1)
        let from = Catalogue.numbers(of: record.message.message("state")?.string("version") ?? "")
        let target = record.message.message("configuration")?.string("version") ?? ""
        let goal = Catalogue.numbers(of: target)
        // The platform goes through every minor version on the way.
        var moment = call.now
        for release in Catalogue.releases
        where from.lexicographicallyPrecedes(release.numbers)
            && !goal.lexicographicallyPrecedes(release.numbers)
        {
            moment = call.cloud.clock.moment(after: Seconds.upgradeStep, from: moment)
            try schedule("cluster.version", record, call, argument: release.version, at: moment)
        }
        try schedule(
            "cluster.settled", record, call,
            at: call.cloud.clock.moment(after: Seconds.settle, from: moment))
        return try store(record, call)
    }

    /// The nodes restart, one after another or at once.
    private static func rollingChange(
        _ record: Record, phase: String, _ call: Call
    ) throws -> Record {
        var record = record
        setPhase(&record, phase)
        begin(&record)
        setResources(&record)
        let isParallel =
            record.message.message("configuration")?.enumName("restart_policy")?
            .hasSuffix("PARALLEL") ?? false
        var moment = call.now
        for index in 0..<nodeCount(record) {
            if index == 0 || isParallel {
                setNode(index, of: &record, "STARTING", call.cloud, call.now)
            } else {
                try schedule(
                    "cluster.node", record, call, argument: "\(index)/STARTING", at: moment)
            }
            if !isParallel || index == 0 {
                moment = call.cloud.clock.moment(after: Seconds.nextNode + 1, from: moment)
            }
            try schedule("cluster.node", record, call, argument: "\(index)", at: moment)
        }
        try schedule(
            "cluster.settled", record, call,
            at: call.cloud.clock.moment(after: Seconds.settle, from: moment))
        return try store(record, call)
    }

    /// Has the nodes from an index on come up; the moment when the cluster is done.
    private static func startNodes(
        _ record: Record, from first: Int, _ call: Call
    ) throws -> Int64 {
        let clock = call.cloud.clock
        var moment = clock.moment(after: Seconds.firstNode, from: call.now)
        for index in first..<max(first, nodeCount(record)) {
            try schedule("cluster.node", record, call, argument: "\(index)", at: moment)
            moment = clock.moment(after: Seconds.nextNode, from: moment)
        }
        return clock.moment(after: Seconds.settle, from: moment)
    }

    // MARK: - Reading

    /// The phase without its prefix.
    static func phase(of cluster: Message) -> String {
        let name = cluster.message("state")?.enumName("phase") ?? "CLUSTER_PHASE_UNSPECIFIED"
        return String(name.dropFirst("CLUSTER_PHASE_".count))
    }

    /// Whether the cluster has been asked to go.
    static func isLeaving(_ cluster: Message) -> Bool { phase(of: cluster) == "DELETING" }

    /// The memory that a node uses, in GiB: two fifths of what it was created with.
    static func memoryUse(of cluster: Message) -> Double {
        let ram = cluster.message("state")?.message("resources")?.message("ram")?["base"]
        guard case .double(let base) = ram else { return 0 }
        return (base * 4).rounded() / 10
    }

    private static func nodeCount(_ record: Record) -> Int {
        record.message.message("state")?.list("nodes").count ?? 0
    }

    // MARK: - Writing

    private static func store(_ record: Record, _ call: Call) throws -> Record {
        try call.transaction.put(record)
        return record
    }

    private static func begin(_ record: inout Record) {
        let generation = Int(record.hidden["generation"] ?? "0") ?? 0
        record.hidden["generation"] = "\(generation + 1)"
    }

    private static func schedule(
        _ kind: String, _ record: Record, _ call: Call, argument: String = "", at moment: Int64
    ) throws {
        let payload = (record.hidden["generation"] ?? "") + ":" + argument
        try call.transaction.schedule(kind, subject: record.id, payload: payload, at: moment)
    }

    /// Changes the cluster that an event is about, unless something newer has begun.
    private static func change(
        _ event: PendingEvent, _ transaction: Transaction,
        _ body: (inout Record, String) -> Void
    ) throws {
        guard var record = try transaction.record(Kind.cluster, event.subject) else { return }
        let parts = event.payload.split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, record.hidden["generation"] == String(parts[0]) else { return }
        body(&record, String(parts[1]))
        try transaction.put(record)
    }

    private static func setPhase(_ record: inout Record, _ phase: String) {
        record.message.edit("state") { $0.setEnum("phase", phase) }
    }

    private static func settle(_ record: inout Record, _ cloud: Cloud, _ moment: Int64) {
        for index in 0..<nodeCount(record) {
            setNode(index, of: &record, "HEALTHY", cloud, moment)
        }
        setPhase(&record, "HEALTHY")
        let version = record.message.message("configuration")?.string("version") ?? ""
        record.message.edit("state") { $0.set("version", version) }
    }

    private static func setNode(
        _ index: Int, of record: inout Record, _ state: String, _ cloud: Cloud, _ moment: Int64
    ) {
        let cluster = record.message
        record.message.edit("state") { clusterState in
            var nodes = clusterState.messages("nodes")
            guard nodes.indices.contains(index) else { return }
            let wasHealthy = nodes[index].enumName("state")?.hasSuffix("_HEALTHY") ?? false
            nodes[index].setEnum("state", state)
            if state == "HEALTHY", !wasHealthy {
                nodes[index].set("started_at", cloud.timestamp(moment))
                nodes[index].edit("endpoint") {
                    setEndpoint(&$0, host: "node-\(index)-" + host(of: cluster))
                }
            }
            clusterState.set("nodes", nodes)
            let up = nodes.filter { $0.enumName("state")?.hasSuffix("_HEALTHY") ?? false }
            clusterState.set("nodes_up", up.count)
        }
    }

    private static func host(of cluster: Message) -> String {
        let region = cluster.string("cloud_provider_region_id")
        let provider = cluster.string("cloud_provider_id")
        return "\(cluster.string("id")).\(region).\(provider).cloud.qdrant.io"
    }

    private static func setEndpoint(_ endpoint: inout Message, host: String) {
        endpoint.set("url", "https://" + host)
        endpoint.set("rest_port", 6333)
        endpoint.set("grpc_port", 6334)
    }

    private static func setAddress(of record: inout Record) {
        let host = host(of: record.message)
        record.message.edit("state") { state in
            state.edit("endpoint") { setEndpoint(&$0, host: host) }
        }
    }

    private static func newNode(_ index: Int, _ cluster: String, _ state: Message) -> Message {
        var node = state.new("nodes")
        node.set("name", "qdrant-\(cluster)-\(index)")
        node.set("version", state.string("version"))
        node.setEnum("state", "STARTING")
        return node
    }

    /// The state of a cluster that is being created.
    private static func setState(_ record: inout Record, phase: String, _ call: Call) {
        let cluster = record.message
        let configuration = cluster.message("configuration")
        let isFree = Catalogue.package(configuration?.string("package_id") ?? "")?.isFree ?? false
        let id = record.id
        let hasJWT = record.hidden["jwt"] == "1"
        record.message.edit("state") { state in
            state.set("version", configuration?.string("version") ?? "")
            state.set("nodes_up", 0)
            state.setEnum("phase", phase)
            state.edit("endpoint") {
                $0.set("rest_port", 6333)
                $0.set("grpc_port", 6334)
            }
            let count = configuration?.integer("number_of_nodes") ?? 1
            state.set("nodes", (0..<count).map { newNode($0, id, state) })
            state.set("jwt_rbac", hasJWT)
            state.edit("capabilities") { capabilities in
                capabilities.edit("disk_expansion") {
                    $0.setEnum("status", isFree ? "NOT_SUPPORTED" : "SUPPORTED")
                    if isFree { $0.set("reason", "Free clusters keep their disk") }
                }
                capabilities.edit("backup") {
                    $0.setEnum("status", isFree ? "NOT_SUPPORTED" : "SUPPORTED")
                    if isFree { $0.set("reason", "Free clusters have no backups") }
                }
                capabilities.edit("scalability_info") {
                    $0.setEnum("status", isFree ? "NOT_SCALABLE" : "SCALABLE")
                    if isFree { $0.set("reason", "Free clusters have one size") }
                }
            }
            state["scalability_info"] = state.message("capabilities")?["scalability_info"]
        }
        setResources(&record)
    }

    /// What each node has, from the package and the additional disk.
    private static func setResources(_ record: inout Record) {
        guard let configuration = record.message.message("configuration"),
            let package = Catalogue.package(configuration.string("package_id"))
        else { return }
        record.hidden["package"] = package.id
        let disk = configuration.message("additional_resources")?.integer("disk") ?? 0
        let cpuShare = configuration.optionalInteger("reserved_cpu_percentage") ?? 20
        let ramShare = configuration.optionalInteger("reserved_memory_percentage") ?? 20
        record.message.edit("state") { state in
            state.edit("resources") { resources in
                func fill(_ name: String, _ base: Int, extra: Int = 0, share: Int = 0) {
                    resources.edit(name) {
                        let reserved = (Double(base) * Double(share)).rounded() / 100
                        $0.set("base", Double(base))
                        $0.set("complimentary", 0.0)
                        $0.set("additional", Double(extra))
                        $0.set("reserved", reserved)
                        $0.set("available", Double(base + extra) - reserved)
                    }
                }
                fill("disk", package.disk, extra: disk)
                fill("ram", package.ram, share: ramShare)
                fill("cpu", package.cpu, share: cpuShare)
                if package.gpu > 0 {
                    fill("gpu", package.gpu)
                    fill("gpu_ram", package.gpuRAM)
                }
            }
        }
    }
}
