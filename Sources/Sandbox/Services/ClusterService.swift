import Codec

/// Clusters.
enum ClusterService: CloudService {
    static let name = "qdrant.cloud.cluster.v1.ClusterService"

    static let handlers: [String: Handler] = [
        "ListClusters": { call, request in
            let provider = request.optionalString("cloud_provider_id")
            let region = request.optionalString("cloud_provider_region_id")
            let clusters = try call.transaction.records(Kind.cluster, account: call.account)
                .filter { record in
                    let cluster = record.message
                    return (provider == nil || cluster.string("cloud_provider_id") == provider)
                        && (region == nil || cluster.string("cloud_provider_region_id") == region)
                }
            return try Pages.answer(clusters, request, call)
        },
        "GetCluster": { call, request in
            call.answer("cluster", try cluster(call, request).message)
        },
        "GetClusterDownscaleRisk": downscaleRisk,
        "CreateCluster": create,
        "UpdateCluster": update,
        "DeleteCluster": { call, request in
            let record = try cluster(call, request)
            if !ClusterLifecycle.isLeaving(record.message) {
                try ClusterLifecycle.delete(record, call)
            }
            return call.response
        },
        "RestartCluster": { call, request in
            let record = try cluster(call, request)
            try require(record, ["HEALTHY", "NOT_READY", "RECOVERY_MODE"], to: "be restarted")
            try ClusterLifecycle.restart(record, call)
            return call.response
        },
        "SuspendCluster": { call, request in
            let record = try cluster(call, request)
            try require(record, ["HEALTHY", "NOT_READY"], to: "be suspended")
            try ClusterLifecycle.suspend(record, call)
            return call.response
        },
        "UnsuspendCluster": { call, request in
            let record = try cluster(call, request)
            try require(record, ["SUSPENDED", "FAILED_TO_RESUME"], to: "be resumed")
            try ClusterLifecycle.resume(record, call)
            return call.response
        },
        "EnableClusterJwtRbac": enableJWT,
        "SuggestClusterName": { call, _ in
            let taken = try call.transaction.records(Kind.cluster, account: call.account)
                .map { $0.message.string("name") }
            var response = call.response
            response.set("name", ClusterNames.suggest(avoiding: Set(taken), &call.cloud.random))
            return response
        },
        "ListQdrantReleases": listReleases,
        "GetQdrantRelease": { call, request in
            let version = request.string("version")
            guard let release = Catalogue.release(version) else {
                throw APIError(.notFound, "there is no release \(version)")
            }
            return call.answer("release", message(release, call.response.new("release")))
        },
    ]

    private static func cluster(_ call: Call, _ request: Message) throws -> Record {
        try call.find(Kind.cluster, request.string("cluster_id"), "cluster")
    }

    /// Refuses an action in a phase that does not allow it.
    private static func require(
        _ record: Record, _ phases: [String], to action: String
    ) throws {
        let phase = ClusterLifecycle.phase(of: record.message)
        guard phases.contains(phase) else {
            throw APIError(
                .failedPrecondition, "a cluster that is \(phase) cannot \(action)")
        }
    }

    // MARK: - Create

    private static func create(_ call: Call, _ request: Message) throws -> Message {
        guard var cluster = request.message("cluster"),
            var configuration = cluster.message("configuration")
        else { return call.response }
        let package = try checkPlacement(cluster, configuration)
        try checkSize(configuration, package, call)
        let present = try call.transaction.records(Kind.cluster, account: call.account)
            .filter { !ClusterLifecycle.isLeaving($0.message) }
        guard present.count < Services.Limits.clusters else {
            throw APIError(
                .resourceExhausted, "the account may have \(Services.Limits.clusters) clusters")
        }
        if package.isFree {
            let free = present.filter {
                let id = $0.message.message("configuration")?.string("package_id") ?? ""
                return Catalogue.package(id)?.isFree ?? false
            }
            guard free.count < Services.Limits.freeClusters else {
                throw APIError(
                    .resourceExhausted,
                    "the account may have \(Services.Limits.freeClusters) free cluster")
            }
        }
        let version = try resolveVersion(configuration.optionalString("version"))
        let id = call.cloud.newID()
        cluster.set("id", id)
        cluster.set("account_id", call.account)
        cluster.set("created_at", call.cloud.timestamp(call.now))
        configuration.set("version", version)
        configuration.set("package_id", package.id)
        configuration.set("last_modified_at", call.cloud.timestamp(call.now))
        cluster.set("configuration", configuration)
        let wantsJWT =
            call.metadata["qc-jwt-rbac"] != "false" && Catalogue.isAtLeast(version, 1, 11)
        let record = Record(
            kind: Kind.cluster, id: id, account: call.account, created: call.now,
            message: cluster, hidden: ["jwt": wantsJWT ? "1" : "0"])
        let stored = try ClusterLifecycle.create(record, call)
        return call.answer("cluster", stored.message)
    }

    /// Provider, region and package have to exist and to go together.
    private static func checkPlacement(
        _ cluster: Message, _ configuration: Message
    ) throws -> Catalogue.Package {
        let provider = cluster.string("cloud_provider_id")
        let region = cluster.string("cloud_provider_region_id")
        guard provider != "hybrid" else {
            throw APIError(
                .invalidArgument,
                "cluster.cloud_provider_region_id: the hybrid environment \(region) does not exist")
        }
        guard Catalogue.providers.contains(where: { $0.id == provider }) else {
            throw APIError(
                .invalidArgument, "cluster.cloud_provider_id: there is no provider \(provider)")
        }
        guard Catalogue.region(provider, region) != nil else {
            throw APIError(
                .invalidArgument,
                "cluster.cloud_provider_region_id: \(provider) has no region \(region)")
        }
        let id = configuration.string("package_id")
        guard let package = Catalogue.package(id), package.provider == provider,
            package.region == region
        else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(id) is not offered in \(region)")
        }
        return package
    }

    /// Nodes, disk and storage tier have to suit the package.
    private static func checkSize(
        _ configuration: Message, _ package: Catalogue.Package, _ call: Call
    ) throws {
        guard package.isActive else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(package.name) is not sold any more")
        }
        guard !package.isPremium else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(package.name) needs the premium tier")
        }
        let nodes = configuration.integer("number_of_nodes")
        guard nodes <= Services.Limits.nodes else {
            throw APIError(
                .resourceExhausted, "a cluster may have \(Services.Limits.nodes) nodes")
        }
        let disk = configuration.message("additional_resources")?.integer("disk") ?? 0
        if package.isFree, nodes != 1 || disk > 0 {
            throw APIError(
                .invalidArgument, "a free cluster has one node and no additional disk")
        }
        let tier =
            configuration.message("cluster_storage_configuration")?
            .integer("storage_tier_type") ?? 0
        if tier > 1, package.isFree || package.disk + disk < 32 {
            throw APIError(
                .invalidArgument, "faster storage needs at least 32 GiB of disk on each node")
        }
    }

    private static func resolveVersion(_ wanted: String?) throws -> String {
        guard let wanted, wanted != "latest" else {
            return Catalogue.releases.first(where: \.isDefault)?.version ?? ""
        }
        guard let release = Catalogue.release(wanted), !release.isUnavailable,
            !release.isEndOfLife
        else {
            throw APIError(
                .invalidArgument, "cluster.configuration.version: \(wanted) cannot be installed")
        }
        return release.version
    }

    // MARK: - Update

    private static func update(_ call: Call, _ request: Message) throws -> Message {
        guard let wanted = request.message("cluster") else { return call.response }
        var record = try call.find(Kind.cluster, wanted.string("id"), "cluster")
        let old = record.message
        let phase = ClusterLifecycle.phase(of: old)
        guard !["SUSPENDED", "SUSPENDING", "DELETING"].contains(phase) else {
            throw APIError(.failedPrecondition, "a cluster that is \(phase) cannot be updated")
        }
        for name in ["cloud_provider_id", "cloud_provider_region_id"]
        where wanted.string(name) != old.string(name) {
            throw APIError(.invalidArgument, "cluster.\(name): cannot be changed")
        }
        guard let oldConfiguration = old.message("configuration"),
            var configuration = wanted.message("configuration")
        else { return call.response }
        configuration["last_modified_at"] = oldConfiguration["last_modified_at"]
        if configuration.optionalString("version") == nil {
            configuration["version"] = oldConfiguration["version"]
        }
        var change = ClusterChange.none
        if configuration != oldConfiguration {
            change = try ClusterChange(
                from: oldConfiguration, to: &configuration, region: old, call: call)
            configuration.set("last_modified_at", call.cloud.timestamp(call.now))
        }
        let busy = ["CREATING", "SCALING", "UPGRADING", "UPDATING", "RESUMING"]
        if change.takesTime, busy.contains(phase) {
            throw APIError(
                .failedPrecondition, "the cluster is \(phase); wait until it is HEALTHY")
        }
        for name in ["name", "labels", "cost_allocation_label"] {
            record.message[name] = wanted[name]
        }
        record.message.set("configuration", configuration)
        let stored = try ClusterLifecycle.apply(change, to: record, call)
        return call.answer("cluster", stored.message)
    }

    private static func enableJWT(_ call: Call, _ request: Message) throws -> Message {
        var record = try cluster(call, request)
        let version = record.message.message("configuration")?.string("version") ?? ""
        guard record.hidden["jwt"] != "1" else {
            throw APIError(.failedPrecondition, "JWT is enabled already")
        }
        guard Catalogue.isAtLeast(version, 1, 9) else {
            throw APIError(.failedPrecondition, "JWT needs version 1.9; the cluster has \(version)")
        }
        try require(record, ["HEALTHY", "NOT_READY"], to: "enable JWT")
        record.hidden["jwt"] = "1"
        try ClusterLifecycle.restart(record, call)
        return call.response
    }

    // MARK: - Risks and releases

    private static func downscaleRisk(_ call: Call, _ request: Message) throws -> Message {
        let record = try cluster(call, request)
        let id = request.string("package_id")
        guard let target = Catalogue.package(id) else {
            throw APIError(.notFound, "there is no package \(id)")
        }
        let used = ClusterLifecycle.memoryUse(of: record.message)
        let current = record.message.message("configuration")?.string("package_id") ?? ""
        var risk = call.response.new("downscale_risks")
        risk.setEnum("resource", "MEMORY")
        if target.ram >= Catalogue.package(current)?.ram ?? 0 {
            risk.setEnum("status", "NO_RISK")
            risk.set("reason", "The target has no less memory than the cluster has now")
        } else if ClusterLifecycle.phase(of: record.message) != "HEALTHY" {
            risk.setEnum("status", "USAGE_UNKNOWN")
            risk.set("reason", "The cluster is not running, so its use of memory is not known")
        } else if used > Double(target.ram) * 0.8 {
            risk.setEnum("status", "USAGE_EXCEEDS_TARGET")
            risk.set("reason", "The cluster uses \(used) GiB; the target has \(target.ram) GiB")
        } else {
            risk.setEnum("status", "NO_RISK")
            risk.set("reason", "The memory in use fits the target")
        }
        return call.list([risk], in: "downscale_risks")
    }

    private static func listReleases(_ call: Call, _ request: Message) throws -> Message {
        var releases = Catalogue.releases
        if let id = request.optionalString("cluster_id") {
            let record = try call.find(Kind.cluster, id, "cluster")
            let current = Catalogue.numbers(
                of: record.message.message("configuration")?.string("version") ?? "")
            releases = releases.filter {
                !$0.isUnavailable && !$0.numbers.lexicographicallyPrecedes(current)
            }
        }
        return call.list(releases.map { message($0, call.response.new("items")) })
    }

    private static func message(_ release: Catalogue.Release, _ empty: Message) -> Message {
        var message = empty
        message.set("version", release.version)
        message.set("default", release.isDefault)
        message.set(
            "release_notes_url",
            "https://github.com/qdrant/qdrant/releases/tag/\(release.version)")
        if let remarks = release.remarks { message.set("remarks", remarks) }
        message.set("end_of_life", release.isEndOfLife)
        message.set("unavailable", release.isUnavailable)
        return message
    }
}

/// What an update changes, and how much the cluster has to do for it.
enum ClusterChange: Int {
    /// Nothing, or what takes effect at once.
    case none
    case instant
    /// The nodes restart.
    case restart
    case scale
    case upgrade

    /// Fields of the configuration that take effect at once.
    private static let instantFields: Set<String> = [
        "allowed_ip_source_ranges", "cluster_storage_configuration", "last_modified_at",
        "rebalance_strategy", "restart_policy",
    ]
    private static let scaleFields: Set<String> = [
        "number_of_nodes", "package_id", "additional_resources",
    ]

    /// Whether the cluster is busy for a while.
    var takesTime: Bool { rawValue >= Self.restart.rawValue }

    /// Finds the strongest kind of change, and refuses what is not possible.
    init(
        from old: Message, to new: inout Message, region cluster: Message, call: Call
    ) throws {
        var strongest = ClusterChange.instant
        for field in old.type.fields where !Self.same(old, new, field.name) {
            let kind: ClusterChange
            if field.name == "version" {
                new.set(
                    "version", try Self.checkUpgrade(old.string("version"), new.string("version")))
                kind = new.string("version") == old.string("version") ? .instant : .upgrade
            } else if Self.scaleFields.contains(field.name) {
                kind = .scale
            } else if Self.instantFields.contains(field.name) {
                kind = .instant
            } else {
                kind = .restart
            }
            if kind.rawValue > strongest.rawValue { strongest = kind }
        }
        if Self.scaleFields.contains(where: { !Self.same(old, new, $0) }) {
            try Self.checkScale(old, new, cluster, call)
        }
        self = strongest
    }

    /// Whether a field is the same; an absent message and an empty one are.
    private static func same(_ old: Message, _ new: Message, _ name: String) -> Bool {
        switch (old[name], new[name]) {
        case (nil, .message(let message)), (.message(let message), nil):
            return message.setFields.allSatisfy(\.value.isDefault)
        case (let a, let b):
            return a == b || ((a?.isDefault ?? true) && (b?.isDefault ?? true))
        }
    }

    private static func checkUpgrade(_ old: String, _ wanted: String) throws -> String {
        let target =
            wanted == "latest"
            ? Catalogue.releases.first(where: \.isDefault)?.version ?? old : wanted
        guard target != old else { return old }
        guard let release = Catalogue.release(target), !release.isUnavailable,
            !release.isEndOfLife
        else {
            throw APIError(
                .invalidArgument, "cluster.configuration.version: \(target) cannot be installed")
        }
        guard !release.numbers.lexicographicallyPrecedes(Catalogue.numbers(of: old)) else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.version: a cluster of \(old) cannot go back to \(target)")
        }
        return target
    }

    private static func checkScale(
        _ old: Message, _ new: Message, _ cluster: Message, _ call: Call
    ) throws {
        guard let from = Catalogue.package(old.string("package_id")), !from.isFree else {
            throw APIError(.failedPrecondition, "free clusters cannot be scaled")
        }
        let id = new.string("package_id")
        guard let to = Catalogue.package(id), to.provider == from.provider,
            to.region == from.region, to.isActive || to.id == from.id
        else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(id) is not offered there")
        }
        guard to.isMultiAZ == from.isMultiAZ, !to.isFree else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: a cluster keeps its zones and stays paid")
        }
        guard !to.isPremium || from.isPremium else {
            throw APIError(
                .invalidArgument,
                "cluster.configuration.package_id: package \(to.name) needs the premium tier")
        }
        guard new.integer("number_of_nodes") <= Services.Limits.nodes else {
            throw APIError(
                .resourceExhausted, "a cluster may have \(Services.Limits.nodes) nodes")
        }
        func disk(_ configuration: Message, _ package: Catalogue.Package) -> Int {
            package.disk + (configuration.message("additional_resources")?.integer("disk") ?? 0)
        }
        guard disk(new, to) >= disk(old, from) else {
            throw APIError(
                .failedPrecondition,
                "disks cannot shrink: the nodes have \(disk(old, from)) GiB, asked for are "
                    + "\(disk(new, to)) GiB")
        }
        guard to.ram >= from.ram || ClusterLifecycle.memoryUse(of: cluster) <= Double(to.ram) else {
            throw APIError(
                .failedPrecondition,
                "the cluster uses more memory than package \(to.name) has")
        }
    }
}

/// Names like `weary-wombat-bronze`.
enum ClusterNames {
    private static let first = [
        "amber", "brave", "calm", "dapper", "eager", "fancy", "gentle", "happy", "jolly", "keen",
        "lucky", "merry", "noble", "proud", "quick", "sunny", "tidy", "vivid", "weary", "zesty",
    ]
    private static let second = [
        "badger", "condor", "dolphin", "egret", "ferret", "gecko", "heron", "ibis", "jackal",
        "koala", "lemur", "marmot", "newt", "otter", "pelican", "quokka", "raven", "stork",
        "tapir", "wombat",
    ]
    private static let third = [
        "azure", "bronze", "coral", "denim", "ebony", "fawn", "gold", "hazel", "indigo", "jade",
        "khaki", "lilac", "mauve", "navy", "olive", "pearl", "ruby", "sepia", "teal", "umber",
    ]

    static func suggest(
        avoiding taken: Set<String>, _ random: inout any RandomNumberGenerator
    ) -> String {
        func pick(_ words: [String]) -> String {
            words[Int.random(in: 0..<words.count, using: &random)]
        }
        while true {
            let name = "\(pick(first))-\(pick(second))-\(pick(third))"
            if !taken.contains(name) { return name }
        }
    }
}
