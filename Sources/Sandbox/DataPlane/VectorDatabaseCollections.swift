import Codec

/// Collections, their indexes and aliases.
extension VectorDatabase {
    private static func names(_ key: String, _ entries: [[(String, String)]]) -> YAMLValue {
        .object([
            (
                key,
                .list(
                    entries.map { entry in .object(entry.map { ($0.0, .string($0.1)) }) })
            )
        ])
    }

    /// The collections that the key may see.
    var list: YAMLValue {
        Self.names(
            "collections",
            contents.names.filter { grant.allows($0, writing: false) }.map { [("name", $0)] })
    }

    mutating func create() throws -> YAMLValue {
        let name = name()
        if let problem = Collections.problem(ofName: name) {
            throw Refusal(422, "Validation error in path parameters: [name: \(problem)]")
        }
        let settings = try request(CollectionShapes.create)
        guard contents.all[name] == nil else {
            throw Refusal(409, "Wrong input: Collection `\(name)` already exists!")
        }
        guard contents.aliases[name] == nil else {
            throw Refusal(
                409,
                "Wrong input: Can't create collection with name \(name). Alias with the same name "
                    + "already exists")
        }
        try checkNames(settings)
        let collection = Collections.Collection(
            settings: CollectionDescription.completed(settings, for: record), created: now)
        try change { $0.all[name] = collection }
        return .bool(true)
    }

    /// Dense and sparse vectors have no name in common.
    private func checkNames(_ settings: YAMLValue) throws {
        for sparse in settings["sparse_vectors"]?.members ?? [] {
            guard settings["vectors"]?[sparse.name]?.members != nil else { continue }
            throw Refusal(
                400,
                "Wrong input: Dense and sparse vector names must be unique - duplicate found with "
                    + "vector name: '\(sparse.name)'")
        }
    }

    mutating func update() throws -> YAMLValue {
        let changes = try request(CollectionShapes.update)
        let (name, description) = try collection()
        var settings = description.collection.settings
        for (changed, known) in [("vectors", "vectors"), ("sparse_vectors", "sparse_vectors")] {
            for vector in changes[changed]?.members ?? [] {
                let isKnown =
                    vector.name.isEmpty
                    ? settings[known]?["size"]?.integer != nil
                    : settings[known]?[vector.name]?.members != nil
                guard isKnown else {
                    throw Refusal(
                        400, "Wrong input: Not existing vector name error: \(vector.name)")
                }
            }
        }
        for change in changes.members ?? [] {
            switch change.name {
            case "params": settings = settings.merged(with: change.value)
            case "vectors": Self.change(&settings, vectors: change.value)
            case "quantization_config": Self.quantize(&settings, change.value)
            default: settings = settings.merged(with: .map([change]))
            }
        }
        try self.change { $0.all[name]?.settings = settings }
        return .bool(true)
    }

    private static func change(_ settings: inout YAMLValue, vectors: YAMLValue) {
        for vector in vectors.members ?? [] {
            func apply(_ target: inout YAMLValue) {
                target = target.merged(with: vector.value.without("quantization_config"))
                if let change = vector.value["quantization_config"] { quantize(&target, change) }
            }
            settings.edit("vectors") { all in
                if vector.name.isEmpty { apply(&all) } else { all.edit(vector.name, apply) }
            }
        }
    }

    /// One kind of quantization replaces another, whole.
    private static func quantize(_ target: inout YAMLValue, _ change: YAMLValue) {
        target = target.without("quantization_config")
        if change.members != nil { target.fill("quantization_config", change) }
    }

    /// Deletes a collection by its own name only, and its aliases with it.
    mutating func delete() throws -> YAMLValue {
        let name = name()
        guard contents.all[name] != nil else { return .bool(false) }
        try change { contents in
            contents.all[name] = nil
            contents.aliases = contents.aliases.filter { $0.value != name }
        }
        return .bool(true)
    }

    // MARK: - Indexes

    private static let completed = YAMLValue.object([
        ("operation_id", .number("0")), ("status", .string("completed")),
    ])

    mutating func createIndex() throws -> YAMLValue {
        let wanted = try request(CollectionShapes.index)
        let (name, _) = try collection()
        let field = wanted["field_name"]?.text ?? ""
        let index = YAMLValue.Member(name: field, value: wanted["field_schema"] ?? .null)
        try change { contents in
            contents.all[name]?.indexes.removeAll { $0.name == field }
            contents.all[name]?.indexes.append(index)
        }
        return Self.completed
    }

    mutating func deleteIndex() throws -> YAMLValue {
        let (name, _) = try collection()
        let field = self.name(1)
        try change { $0.all[name]?.indexes.removeAll { $0.name == field } }
        return Self.completed
    }

    // MARK: - Aliases

    /// The aliases that the key may see: all, or those of the path's collection.
    func aliases(ofCollection wanted: String?) -> YAMLValue {
        Self.names(
            "aliases",
            contents.aliases.sorted { $0.key < $1.key }
                .filter { wanted == nil || $0.value == wanted }
                .filter { grant.allows($0.value, writing: false) }
                .map { [("alias_name", $0.key), ("collection_name", $0.value)] })
    }

    /// Performs all changes of aliases, or none.
    mutating func changeAliases() throws -> YAMLValue {
        let actions = try request(CollectionShapes.aliases)["actions"]?.items ?? []
        try change { contents in
            for action in actions {
                guard let (name, fields) = action.members?.first.map({ ($0.name, $0.value) })
                else { continue }
                func text(_ name: String) -> String { fields[name]?.text ?? "" }
                switch name {
                case "create_alias":
                    let target = text("collection_name")
                    guard contents.all[target] != nil else { throw Refusal.missing(target) }
                    try Self.checkAlias(text("alias_name"), contents)
                    contents.aliases[text("alias_name")] = target
                case "delete_alias": contents.aliases[text("alias_name")] = nil
                default:
                    let old = text("old_alias_name")
                    guard let target = contents.aliases[old] else {
                        throw Refusal(404, "Not found: Alias \(old) does not exists!")
                    }
                    try Self.checkAlias(text("new_alias_name"), contents)
                    contents.aliases[old] = nil
                    contents.aliases[text("new_alias_name")] = target
                }
            }
        }
        return .bool(true)
    }

    private static func checkAlias(_ name: String, _ contents: Collections) throws {
        if let problem = Collections.problem(ofName: name) {
            throw Refusal(422, "Validation error in JSON body: [alias_name: \(problem)]")
        }
        guard contents.all[name] == nil else {
            throw Refusal(409, "Wrong input: Collection `\(name)` already exists!")
        }
    }
}
