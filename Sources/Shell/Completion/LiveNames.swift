import Contract
import EventLoop
import LuaHost
import LuaMachine

/// Names and ids of what there is in the account, for fields that expect one: fetched beside the
/// prompt, kept for a while.
///
/// Which list answers for which field follows from the contract: `cluster_id` is the id of a
/// message `Cluster`, which some method lists. The few that do not follow are in a table.
final class LiveNames {
    /// One thing that exists.
    struct Name: Equatable {
        /// What the field takes.
        let value: String
        /// What people call it.
        let label: String
        let doc: String
    }

    /// Where the names for a field come from.
    struct Source: Equatable {
        let method: String
        /// What the elements' values are, `id` mostly.
        let item: String
        /// The fields of the request that have to be known, beside the account.
        let needs: [String]
        /// The way to the API of another session; empty for the shell's own.
        var root: [String] = []
        /// The other fields of the request that narrow the list, when they are known.
        var narrows: [String] = []
        /// What fields of the request are called where the names are written.
        var words: [String: String] = [:]
        /// Whether things are named there, rather than told by their ids.
        var namesPeopleUse = false
    }

    private struct Key: Hashable {
        let method: String
        let request: [String: String]
        let root: [String]
    }

    private enum State {
        case fetching
        case known([Name], at: Int64)
        case failed(String, at: Int64)
    }

    private let runtime: LuaRuntime
    private let wallClock: () -> (seconds: Int64, nanos: Int32)
    private let loop: PollLoop
    private var states: [Key: State] = [:]
    private lazy var listers = Self.listers(of: runtime.registry)
    /// What somebody was told to be on its way.
    private var awaited: Key?
    /// Called when what was awaited is there, or has failed.
    var onArrival: () -> Void = {}

    /// How long a first fetch is waited for, in nanoseconds.
    static let patience: Int64 = 150_000_000
    /// How long names are taken for true, and how long failures are.
    private static let lifetime: Int64 = 60_000_000_000
    private static let pause: Int64 = 5_000_000_000

    init(
        runtime: LuaRuntime, wallClock: @escaping () -> (seconds: Int64, nanos: Int32)
    ) {
        self.runtime = runtime
        self.wallClock = wallClock
        loop = runtime.machine.loop
    }

    /// Forgets all: another account is another world.
    func forget() {
        states = [:]
        awaited = nil
    }

    // MARK: - Which list

    /// Fields whose name does not tell what they refer to.
    private static let special: [String: Source] = [
        "qdrant.cloud.cluster.v1.ClusterConfiguration.version":
            Source(method: "cluster.list_qdrant_releases", item: "version", needs: []),
        "qdrant.cloud.iam.v1.Permission.value":
            Source(method: "iam.list_permissions", item: "value", needs: []),
    ]

    /// Methods that list messages with an id, by the message's name in snake case.
    private static func listers(of registry: Registry) -> [String: [Method]] {
        var found: [String: [Method]] = [:]
        for method in (try? registry.allMethods()) ?? [] where method.luaName.hasPrefix("list_") {
            guard let type = method.itemsField?.messageType, type.field(named: "id") != nil,
                !method.options.isDeprecated, !method.service.isSuperseded
            else { continue }
            found[Names.snakeCase(type.name), default: []].append(method)
        }
        return found
    }

    /// Where the names for a field of a message come from; nil when nothing lists them.
    func source(of field: Field, in type: MessageType, method: Method?) -> Source? {
        if let special = Self.special[type.fullName + "." + field.name] { return special }
        guard field.kind == .string else { return nil }
        var noun = field.name
        if let ids = noun[...].lastRange(of: "_ids") {
            // role_ids, role_ids_to_add
            noun = String(noun[..<ids.lowerBound])
        } else if noun.hasSuffix("_id") {
            noun.removeLast(3)
        } else if noun == "id" {
            noun = Names.snakeCase(type.name)
        } else {
            return nil
        }
        // `key_id` is a `database_api_key`: a name may be cut short at its front.
        let candidates =
            listers[noun]
            ?? listers.filter { $0.key.hasSuffix("_" + noun) }.min { $0.key < $1.key }?.value ?? []
        return best(
            of: candidates, near: method?.service.package ?? Names.parent(of: type.fullName))
    }

    /// What lists messages of a type, for those who know them by their names.
    func source(listing type: MessageType) -> Source? {
        let candidates = (listers[Names.snakeCase(type.name)] ?? [])
            .filter { $0.itemsField?.messageType?.fullName == type.fullName }
        var source = best(of: candidates, near: Names.parent(of: type.fullName))
        source?.namesPeopleUse = true
        return source
    }

    /// The places and sizes that options of the standard library name.
    ///
    /// - Parameter function: whose option it is: serverless spaces are elsewhere than clusters.
    func place(_ option: String, of function: String) -> Source? {
        let words = ["cloud_provider_id": "cloud", "cloud_provider_region_id": "region"]
        let isServerless = function.hasPrefix("qdrant.spaces") || function.hasPrefix("qdrant.Space")
        let platform = isServerless ? "serverless.platform" : "platform"
        switch option {
        case "cloud":
            return Source(method: "\(platform).list_cloud_providers", item: "id", needs: [])
        case "region":
            return Source(
                method: "\(platform).list_cloud_provider_regions", item: "id",
                needs: ["cloud_provider_id"], words: words)
        case "package":
            return Source(
                method: "booking.list_packages", item: "name", needs: ["cloud_provider_id"],
                narrows: ["cloud_provider_region_id"], words: words)
        case "version": return Self.special["qdrant.cloud.cluster.v1.ClusterConfiguration.version"]
        case "permissions": return Self.special["qdrant.cloud.iam.v1.Permission.value"]
        default: return nil
        }
    }

    private func best(of candidates: [Method], near own: String) -> Source? {
        let best = candidates.min { a, b in
            Self.rank(a, near: own) < Self.rank(b, near: own)
        }
        guard let best else { return nil }
        let account = Set(best.accountIDPath ?? [])
        let needs = best.input.fields.filter { field in
            (field.rules.isRequired || (best.route?.template.contains("{\(field.name)}") ?? false))
                && !account.contains(field.name) && field.kind == .string
        }.map(\.name)
        let narrows = best.input.fields.filter {
            $0.name.hasSuffix("_id") && $0.kind == .string && !$0.isRepeated
                && !account.contains($0.name) && !needs.contains($0.name)
        }.map(\.name)
        return Source(method: best.displayName, item: "id", needs: needs, narrows: narrows)
    }

    /// Lists of the same package first, those that need an account before global ones.
    private static func rank(_ method: Method, near package: String) -> (Int, Int, Int, String) {
        let shared = zip(
            method.service.package.split(separator: "."), package.split(separator: ".")
        )
        .prefix { $0 == $1 }.count
        // What needs to know less answers sooner: list_users before list_role_users.
        let needs = method.input.fields.count { $0.hasToBeSet && $0.kind == .string }
        return (-shared, needs, method.luaName.contains("global") ? 1 : 0, method.displayName)
    }

    // MARK: - Fetching

    /// The names that are known, after waiting for them for a moment when none are.
    ///
    /// - Parameter written: the texts of the fields that stand beside the one that is written.
    /// - Returns: the names, and a word on what is missing.
    func names(
        _ source: Source, _ written: [String: String?], canWait: Bool,
        unless isInterrupted: () -> Bool
    ) -> (names: [Name], note: String?) {
        var request: [String: String] = [:]
        for need in source.needs {
            let word = source.words[need] ?? need
            guard case .some(.some(let value)) = written[word] else {
                return ([], "write \(word) first: what there is depends on it")
            }
            request[need] = value
        }
        for name in source.narrows {
            let word = source.words[name] ?? name
            if case .some(.some(let value)) = written[word] { request[name] = value }
        }
        awaited = nil
        let key = Key(method: source.method, request: request, root: source.root)
        let present = loop.now()
        switch states[key] {
        case .known(let names, let time):
            if present - time > Self.lifetime { fetch(key, source, keeping: names) }
            return (names, nil)
        case .fetching: break
        case .failed(let reason, let time) where present - time < Self.pause:
            return ([], reason)
        case .failed, nil: fetch(key, source, keeping: nil)
        }
        guard canWait else { return ([], "fetching …") }
        let limit = present + Self.patience
        while case .fetching? = states[key], loop.now() < limit, !isInterrupted() {
            loop.turn(waitingAtMost: limit - loop.now())
        }
        if case .known(let names, _)? = states[key] { return (names, nil) }
        if case .failed(let reason, _)? = states[key] { return ([], reason) }
        awaited = key
        return ([], "still fetching …")
    }

    private func fetch(_ key: Key, _ source: Source, keeping names: [Name]?) {
        guard let function = runtime.kept("names") else { return }
        states[key] = names.map { .known($0, at: loop.now()) } ?? .fetching
        _ = try? runtime.machine.spawn(
            function,
            { writer in
                writer.put(key.method)
                writer.table {
                    for (name, value) in key.request {
                        writer.put(name)
                        writer.put(value)
                    }
                }
                if !key.root.isEmpty {
                    writer.list { for name in key.root { writer.put(name) } }
                }
            }
        ) { [weak self] outcome in
            guard let self else { return }
            switch outcome {
            case .success(let values):
                let rows = values.first?.table?.entries.compactMap(\.value.table) ?? []
                states[key] = .known(rows.compactMap { name($0, source) }, at: loop.now())
            case .failure(let failure):
                states[key] = .failed(failure.description, at: loop.now())
            }
            guard awaited == key else { return }
            awaited = nil
            onArrival()
        }
    }

    private func name(_ row: LuaTable, _ source: Source) -> Name? {
        guard let value = row[source.item]?.text else { return nil }
        let label =
            ["display_name", "name", "email", "schedule", "prefix", "description"]
            .compactMap { row[$0]?.text }.first { !$0.isEmpty } ?? ""
        return Name(
            value: value, label: label == value ? "" : label, doc: summary(row, label, value))
    }

    /// What tells one from another: the columns that a table of them would have.
    private func summary(_ row: LuaTable, _ label: String, _ value: String) -> String {
        let columns = [["state", "phase"], ["status", "phase"], ["status"]]
        if case .message(let id) = row.kind,
            let known = TableColumns.known[runtime.registry.message(id: id).fullName]
        {
            return summary(row, label, value, known)
        }
        return summary(row, label, value, columns.map { TableColumns.Column($0) })
    }

    private func summary(
        _ row: LuaTable, _ label: String, _ value: String, _ columns: [TableColumns.Column]
    ) -> String {
        let cells = CellText(registry: runtime.registry, style: .init(now: wallClock()))
        return columns.filter { $0.path != ["id"] && $0.path != ["name"] }
            .map { column in
                let text = cells.cell(.table(row), column.path, column.isAge).text
                // Of what is yes or no there is nothing to say but its name, when it is so.
                return text == "true" ? column.path.last ?? "" : text == "false" ? "" : text
            }
            .filter { !["", "…", label, value].contains($0) }.joined(separator: " ")
    }
}
