import Codec

/// A collection as the data plane describes it.
struct CollectionDescription {
    let database: Record
    let collection: Collections.Collection

    /// How many peers a database has, at least one.
    static func peers(of database: Record) -> Int {
        let state = database.message.message(.state)
        guard let state, state.type.field(.nodes) != nil else { return 1 }
        return max(1, state.messages(.nodes).count)
    }

    // MARK: - Settings

    /// The requested settings of a collection, completed by those that the database fixes at
    /// creation.
    static func completed(_ settings: YAMLValue, for database: Record) -> YAMLValue {
        let defaults = Defaults(of: database)
        var settings = settings
        settings.fill("shard_number", .number("\(peers(of: database))"))
        settings.fill("replication_factor", .number("\(defaults.replicationFactor)"))
        settings.fill("write_consistency_factor", .number("\(defaults.writeConsistencyFactor)"))
        settings.fill("on_disk_payload", .bool(true))
        settings.fill("vectors", .map([]))
        if let onDisk = defaults.onDisk {
            settings.edit("vectors") { vectors in
                if vectors["size"]?.members == nil, vectors["size"] != nil {
                    return vectors.fill("on_disk", .bool(onDisk))
                }
                for vector in vectors.members ?? [] {
                    vectors.edit(vector.name) { $0.fill("on_disk", .bool(onDisk)) }
                }
            }
        }
        return settings
    }

    /// The defaults for new collections in a cluster's configuration.
    private struct Defaults {
        var replicationFactor: Int = 1
        var writeConsistencyFactor: Int = 1
        var onDisk: Bool?

        init(of database: Record) {
            guard database.kind == .cluster,
                let collection = database.message.message(.configuration)?
                    .message(.databaseConfiguration)?.message(.collection)
            else { return }
            replicationFactor = max(1, collection.integer(.replicationFactor))
            writeConsistencyFactor = max(1, collection.integer(.writeConsistencyFactor))
            onDisk = collection.message(.vectors)?.optionalBool(.onDisk)
        }
    }

    private static func tree(_ json: String) -> YAMLValue {
        YAMLValue(json: Array(json.utf8)) ?? .null
    }

    private static let hnsw = tree(
        #"{"m":16,"ef_construct":100,"full_scan_threshold":10000,"max_indexing_threads":0,"on_disk":false}"#
    )
    private static let optimizers = tree(
        #"""
        {"deleted_threshold":0.2,"vacuum_min_vector_number":1000,"default_segment_number":0,
        "max_segment_size":null,"memmap_threshold":null,"indexing_threshold":10000,
        "flush_interval_sec":5,"max_optimization_threads":null}
        """#)
    private static let log = tree(
        #"{"wal_capacity_mb":32,"wal_segments_ahead":0,"wal_retain_closed":1}"#)
    private static let strictMode = tree(#"{"enabled":false}"#)

    /// The parameters of a collection: their names in settings and in descriptions.
    private static let parameters = [
        "vectors", "shard_number", "sharding_method", "replication_factor",
        "write_consistency_factor", "read_fan_out_factor", "read_fan_out_delay_ms",
        "on_disk_payload", "payload", "id_tracker", "sparse_vectors",
    ]

    private var configuration: YAMLValue {
        let settings = Self.completed(collection.settings, for: database)
        return .object([
            ("params", .object(Self.parameters.map { ($0, settings[$0]) })),
            ("hnsw_config", Self.hnsw.merged(with: settings["hnsw_config"])),
            ("optimizer_config", Self.optimizers.merged(with: settings["optimizers_config"])),
            ("wal_config", Self.log.merged(with: settings["wal_config"])),
            ("quantization_config", settings["quantization_config"] ?? .null),
            ("strict_mode_config", Self.strictMode.merged(with: settings["strict_mode_config"])),
            ("metadata", settings["metadata"]),
        ])
    }

    private var indexes: YAMLValue {
        .map(
            collection.indexes.map { index in
                let type = index.value.text ?? index.value["type"]?.text ?? ""
                return YAMLValue.Member(
                    name: index.name,
                    value: .object([
                        ("data_type", .string(type)),
                        ("params", index.value.members == nil ? nil : index.value),
                        ("points", .number("0")),
                    ]))
            })
    }

    // MARK: - Answers

    /// Everything about the collection.
    var information: YAMLValue {
        .object([
            ("status", .string("green")), ("optimizer_status", .string("ok")),
            ("indexed_vectors_count", .number("0")), ("points_count", .number("0")),
            ("segments_count", .number("1")), ("config", configuration),
            ("payload_schema", indexes), ("update_queue", .object([("length", .number("0"))])),
            ("created_at", collection.created.map { .time($0) }),
        ])
    }

    /// Where the collection's shards are, as the first peer sees them.
    func distribution(_ peer: (Int) -> Int) -> YAMLValue {
        let settings = Self.completed(collection.settings, for: database)
        let peers = Self.peers(of: database)
        let shards = settings["shard_number"]?.integer ?? 1
        let copies = min(peers, settings["replication_factor"]?.integer ?? 1)
        var local: [YAMLValue] = []
        var remote: [YAMLValue] = []
        for shard in 0..<shards {
            for copy in 0..<copies {
                let place = (shard % peers + copy) % peers
                let isLocal = place == 0
                let entry = YAMLValue.object([
                    ("shard_id", .number("\(shard)")),
                    ("peer_id", isLocal ? nil : .number("\(peer(place))")),
                    ("points_count", isLocal ? .number("0") : nil),
                    ("state", .string("Active")),
                ])
                if isLocal { local.append(entry) } else { remote.append(entry) }
            }
        }
        return .object([
            ("peer_id", .number("\(peer(0))")), ("shard_count", .number("\(shards)")),
            ("local_shards", .list(local)), ("remote_shards", .list(remote)),
            ("shard_transfers", .list([])),
        ])
    }

    /// The dimension of a vector, 0 for a sparse one; nil when there is no vector of the name.
    func dimension(of name: String) -> Int? {
        let vectors = collection.settings["vectors"]
        if collection.settings["sparse_vectors"]?[name] != nil { return 0 }
        if let size = vectors?["size"]?.integer { return name.isEmpty ? size : nil }
        return vectors?[name]?["size"]?.integer
    }
}

extension YAMLValue {
    /// Sets a member of a map that is missing.
    mutating func fill(_ name: String, _ value: YAMLValue) {
        if self[name] == nil { self = merged(with: .object([(name, value)])) }
    }

    /// Changes a member of a map.
    mutating func edit(_ name: String, _ change: (inout YAMLValue) -> Void) {
        guard case .map(var members) = self,
            let index = members.firstIndex(where: { $0.name == name })
        else { return }
        change(&members[index].value)
        self = .map(members)
    }

    /// Merges the members of another map into a map, recursively.
    func merged(with changes: YAMLValue?) -> YAMLValue {
        guard let changes else { return self }
        guard case .map(var members) = self, case .map(let changed) = changes else {
            return changes
        }
        for change in changed {
            if let index = members.firstIndex(where: { $0.name == change.name }) {
                members[index].value = members[index].value.merged(with: change.value)
            } else {
                members.append(change)
            }
        }
        return .map(members)
    }

    /// A map without a member.
    func without(_ name: String) -> YAMLValue {
        members.map { .map($0.filter { $0.name != name }) } ?? self
    }
}
