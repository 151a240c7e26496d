/// The forms of the data plane's requests about collections and aliases.
///
/// Source: the OpenAPI description of Qdrant 1.18, and what qdrant-client 1.20 sends.
enum CollectionShapes {
    private static let memory = Shape.choice(["cold", "cached", "pinned"])
    private static let positive = Shape.integer(1...Int.max)
    private static let factor = Shape.integer(1...1_000_000)

    // MARK: - Settings

    private static let hnsw = Shape.object([
        "m": .count, "ef_construct": .integer(4...Int.max), "full_scan_threshold": .count,
        "max_indexing_threads": .count, "on_disk": .flag, "memory": memory, "payload_m": .count,
        "inline_storage": .flag,
    ])

    private static let optimizers = Shape.object([
        "deleted_threshold": .number(0...1), "vacuum_min_vector_number": .integer(100...Int.max),
        "default_segment_number": .count, "max_segment_size": .count, "memmap_threshold": .count,
        "indexing_threshold": .count, "flush_interval_sec": .count,
        "max_optimization_threads": .byType([.number: .count, .text: .choice(["auto"])]),
        "prevent_unoptimized": .flag,
    ])

    private static let log = Shape.object([
        "wal_capacity_mb": positive, "wal_segments_ahead": .count, "wal_retain_closed": positive,
    ])

    private static let quantizations: [String: Shape] = [
        "scalar": .object(
            [
                "type": .choice(["int8"]), "quantile": .number(0.5...1), "always_ram": .flag,
                "memory": memory,
            ], required: ["type"]),
        "product": .object(
            [
                "compression": .choice(["x4", "x8", "x16", "x32", "x64"]), "always_ram": .flag,
                "memory": memory,
            ], required: ["compression"]),
        "binary": .object([
            "always_ram": .flag, "memory": memory,
            "encoding": .choice(["one_bit", "two_bits", "one_and_half_bits"]),
            "query_encoding": .choice(["default", "binary", "scalar4bits", "scalar8bits"]),
        ]),
        "turbo": .object([
            "always_ram": .flag, "memory": memory,
            "bits": .choice(["bits1", "bits1_5", "bits2", "bits4", "bits8"]),
        ]),
    ]

    private static let quantizationChange = Shape.byType([
        .map: .oneOf(quantizations), .text: .choice(["Disabled"]),
    ])

    private static let datatype = Shape.choice([
        "float32", "uint8", "float16", "turbo4", "turbo8", "turbo16",
    ])

    private static let vector = Shape.object(
        [
            "size": .integer(1...65_536),
            "distance": .choice(["Cosine", "Euclid", "Dot", "Manhattan"]),
            "hnsw_config": hnsw, "quantization_config": .oneOf(quantizations), "on_disk": .flag,
            "memory": memory, "datatype": datatype,
            "multivector_config": .object(
                ["comparator": .choice(["max_sim"])], required: ["comparator"]),
        ], required: ["size", "distance"])

    private static let sparseVectors = Shape.map(
        .object([
            "index": .object([
                "full_scan_threshold": .count, "on_disk": .flag, "memory": memory,
                "datatype": datatype,
            ]),
            "modifier": .choice(["none", "idf"]),
        ]))

    private static let strictMode = Shape.object([
        "enabled": .flag, "max_query_limit": positive, "max_timeout": positive,
        "unindexed_filtering_retrieve": .flag, "unindexed_filtering_update": .flag,
        "search_max_hnsw_ef": .count, "search_allow_exact": .flag,
        "search_max_oversampling": .number(0...Double.greatestFiniteMagnitude),
        "upsert_max_batchsize": .count, "search_max_batchsize": .count,
        "max_collection_vector_size_bytes": .count, "read_rate_limit": positive,
        "write_rate_limit": positive, "max_collection_payload_size_bytes": .count,
        "max_points_count": positive, "filter_max_conditions": .count,
        "condition_max_size": .count,
        "multivector_config": .map(.object(["max_vectors": positive])),
        "sparse_config": .map(.object(["max_length": positive])),
        "max_payload_index_count": .count, "max_resident_memory_percent": .integer(1...100),
    ])

    private static let storage = Shape.object(["memory": memory])

    // MARK: - Requests

    /// A request that creates a collection.
    static let create = Shape.object([
        "vectors": .having(["size", "distance"], vector, otherwise: .map(vector)),
        "shard_number": .integer(1...4096), "sharding_method": .choice(["auto", "custom"]),
        "replication_factor": factor, "write_consistency_factor": factor,
        "on_disk_payload": .flag, "payload": storage, "id_tracker": storage, "hnsw_config": hnsw,
        "wal_config": log, "optimizers_config": optimizers,
        "quantization_config": .oneOf(quantizations), "sparse_vectors": sparseVectors,
        "strict_mode_config": strictMode, "metadata": .map(.anything),
    ])

    /// A request that changes a collection.
    static let update = Shape.object([
        "vectors": .map(
            .object([
                "hnsw_config": hnsw, "quantization_config": quantizationChange, "on_disk": .flag,
                "memory": memory,
            ])),
        "optimizers_config": optimizers,
        "params": .object([
            "replication_factor": factor, "write_consistency_factor": factor,
            "read_fan_out_factor": .count, "read_fan_out_delay_ms": .count,
            "on_disk_payload": .flag, "payload": storage, "id_tracker": storage,
        ]),
        "hnsw_config": hnsw, "quantization_config": quantizationChange,
        "sparse_vectors": sparseVectors, "strict_mode_config": strictMode,
        "metadata": .map(.anything),
    ])

    /// A request that changes aliases.
    static let aliases = Shape.object(
        [
            "actions": .list(
                .oneOf([
                    "create_alias": .object(
                        ["collection_name": .name, "alias_name": .name],
                        required: ["collection_name", "alias_name"]),
                    "delete_alias": .object(["alias_name": .name], required: ["alias_name"]),
                    "rename_alias": .object(
                        ["old_alias_name": .name, "new_alias_name": .name],
                        required: ["old_alias_name", "new_alias_name"]),
                ]))
        ], required: ["actions"])

    /// A request that indexes a payload field.
    static let index = Shape.object(
        [
            "field_name": .text(1...65_536),
            "field_schema": .byType([
                .text: .choice(indexTypes.keys.sorted()), .map: .tagged("type", indexTypes),
            ]),
        ], required: ["field_name", "field_schema"])

    /// The types of indexes, with their parameters.
    private static let indexTypes: [String: Shape] = {
        let all: [String: Shape] = [
            "on_disk": .flag, "memory": memory, "enable_hnsw": .flag, "nested": .text(1...65_536),
        ]
        let tenant: [String: Shape] = ["is_tenant": .flag]
        let principal: [String: Shape] = ["is_principal": .flag]
        let own: [String: [String: Shape]] = [
            "keyword": ["is_tenant": .flag, "prefix": .flag],
            "integer": ["lookup": .flag, "range": .flag, "is_principal": .flag],
            "float": principal, "geo": [:], "bool": [:], "datetime": principal, "uuid": tenant,
            "text": [
                "tokenizer": .choice(["prefix", "whitespace", "word", "multilingual"]),
                "min_token_len": .count, "max_token_len": .count, "lowercase": .flag,
                "ascii_folding": .flag, "phrase_matching": .flag, "stopwords": .anything,
                "stemmer": .anything, "scoring": .anything,
            ],
        ]
        return own.reduce(into: [:]) { types, entry in
            let members = all.merging(entry.value) { _, own in own }
                .merging(["type": .choice([entry.key])]) { _, own in own }
            types[entry.key] = .object(members, required: ["type"])
        }
    }()
}
