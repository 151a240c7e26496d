import Codec

/// The contents of a database: collections without points, and aliases.
struct Collections {
    /// A collection's settings.
    struct Collection {
        /// As they were asked for, completed by the database's defaults.
        var settings: YAMLValue
        /// The payload fields with an index, and their schemas.
        var indexes: [YAMLValue.Member] = []
        /// Nanoseconds since 1970; nil for those that were there from the start.
        var created: Int64?
    }

    /// The collections by name.
    var all: [String: Collection] = [:]
    /// The names of collections by alias.
    var aliases: [String: String] = [:]

    /// The fact of a database's record in which all of it is stored.
    private static let fact = "collections"

    /// The contents of a database.
    init(of database: Record) {
        let stored = database.hidden[Self.fact] ?? ""
        guard stored.hasPrefix("{") else {
            // Seeds and older versions wrote names only.
            for name in stored.split(separator: ",") {
                all[String(name)] = Collection(settings: .map([]))
            }
            return
        }
        let tree = YAMLValue(json: Array(stored.utf8))
        for member in tree?["collections"]?.members ?? [] {
            all[member.name] = Collection(
                settings: member.value["settings"] ?? .map([]),
                indexes: member.value["indexes"]?.members ?? [],
                created: member.value["created"]?.integer.map { Int64($0) })
        }
        for alias in tree?["aliases"]?.members ?? [] { aliases[alias.name] = alias.value.text }
    }

    /// Collections of default settings.
    init(names: [String]) {
        for name in names { all[name] = Collection(settings: .map([])) }
    }

    /// Stores the contents in a database's record.
    func store(in database: inout Record) {
        let collections = names.map { name in
            YAMLValue.Member(
                name: name,
                value: .object([
                    ("settings", all[name]?.settings),
                    ("indexes", (all[name]?.indexes).flatMap { $0.isEmpty ? nil : .map($0) }),
                    ("created", (all[name]?.created).map { .number("\($0)") }),
                ]))
        }
        let aliases = self.aliases.sorted { $0.key < $1.key }
            .map { YAMLValue.Member(name: $0.key, value: .string($0.value)) }
        database.hidden[Self.fact] =
            YAMLValue.object([
                ("collections", .map(collections)),
                ("aliases", aliases.isEmpty ? nil : .map(aliases)),
            ]).json
    }

    /// The names of the collections, in order.
    var names: [String] { all.keys.sorted() }

    /// The name of the collection that a name or an alias stands for; nil when there is none.
    func resolve(_ name: String) -> String? {
        if all[name] != nil { return name }
        return aliases[name].flatMap { all[$0] == nil ? nil : $0 }
    }

    /// The names of a database's collections, in order.
    static func names(of database: Record) -> [String] { Collections(of: database).names }

    /// Copies the contents of another record, for example a backup, to a database.
    static func copy(from source: Record, to target: inout Record) {
        target.hidden[fact] = source.hidden[fact]
    }

    /// Why a collection or an alias may not have a name; nil when it may.
    static func problem(ofName name: String) -> String? {
        guard (1...255).contains(name.utf8.count) else {
            return "a name must have from 1 to 255 bytes"
        }
        guard name != ".", name != ".." else { return "\"\(name)\" is not allowed as a name" }
        let refused = name.unicodeScalars.first {
            "<>:\"/\\|?*".unicodeScalars.contains($0) || $0.value < 0x20 || $0.value == 0x7F
        }
        return refused.map { "a name cannot contain \"\($0.escaped(asASCII: false))\"" }
    }

    /// Whether a database answers: it is up, and its address is known.
    static func canBeReached(_ database: Record) -> Bool {
        if database.kind == .space { return SpaceState.phase(of: database) == "READY" }
        let isUp = [
            "HEALTHY", "NOT_READY", "UPDATING", "SCALING", "UPGRADING", "RECOVERY_MODE",
        ].contains(ClusterState.phase(of: database.message))
        let state = database.message.message(.state)
        return isUp && state?.integer(.nodesUp) ?? 0 > 0
            && state?.message(.endpoint)?.string(.url).isEmpty == false
    }
}
