/// The forms of the data plane's requests that read points.
enum PointShapes {
    private static let filter: Shape = {
        let conditions = Shape.byType([.list: .list(.map(.anything)), .map: .map(.anything)])
        return .object([
            "must": conditions, "should": conditions, "must_not": conditions,
            "min_should": .object(
                ["conditions": .list(.map(.anything)), "min_count": .count],
                required: ["conditions", "min_count"]),
        ])
    }()

    private static let identifier = Shape.byType([.number: .count, .text: .name])
    private static let limit = Shape.integer(1...Int.max)
    private static let number = Shape.number(
        -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)

    private static let shardKey = Shape.byType([
        .number: .count, .text: .name, .list: .list(identifier), .map: .map(.anything),
    ])

    private static let payload = Shape.byType([
        .flag: .flag, .list: .list(.text(1...65_536)),
        .map: .oneOf([
            "include": .list(.text(1...65_536)), "exclude": .list(.text(1...65_536)),
        ]),
    ])

    private static let vectors = Shape.byType([.flag: .flag, .list: .list(.text(0...65_536))])

    /// Counts points.
    static let count = Shape.object(["shard_key": shardKey, "filter": filter, "exact": .flag])

    /// Lists points.
    static let scroll = Shape.object([
        "shard_key": shardKey, "offset": identifier, "limit": limit, "filter": filter,
        "with_payload": payload, "with_vector": vectors,
        "order_by": .byType([
            .text: .name,
            .map: .object(
                [
                    "key": .name, "direction": .choice(["asc", "desc"]), "start_from": .anything,
                ], required: ["key"]),
        ]),
    ])

    /// Reads points by their ids.
    static let retrieve = Shape.object(
        [
            "shard_key": shardKey, "ids": .list(identifier), "with_payload": payload,
            "with_vector": vectors,
        ], required: ["ids"])

    /// The kinds of queries, and whether they search in a vector.
    static let queries = [
        "nearest": true, "recommend": true, "discover": true, "context": true,
        "relevance_feedback": true, "text": false, "order_by": false, "fusion": false,
        "rrf": false, "formula": false, "sample": false,
    ]

    private static let prefetches = Shape.byType([
        .map: .map(.anything), .list: .list(.map(.anything)),
    ])

    private static let lookup = Shape.object(
        ["collection": .name, "vector": .text(0...255), "shard_key": shardKey],
        required: ["collection"])

    /// The members of each query.
    private static let searching: [String: Shape] = [
        "shard_key": shardKey, "prefetch": prefetches,
        "query": .byType([
            .number: .count, .text: .name,
            .list: .list(.byType([.number: number, .list: .list(number)])),
            .map: .map(.anything),
        ]),
        "using": .text(0...255), "filter": filter, "params": .map(.anything),
        "score_threshold": number, "limit": limit, "with_vector": vectors,
        "with_payload": payload, "lookup_from": lookup,
    ]

    /// Searches points.
    static let query = Shape.object(searching.merging(["offset": .count]) { own, _ in own })

    /// Searches points several times.
    static let queryBatch = Shape.object(["searches": .list(query)], required: ["searches"])

    /// Searches groups of points.
    static let queryGroups = Shape.object(
        searching.merging([
            "group_by": .name, "group_size": limit,
            "with_lookup": .byType([.text: .name, .map: .map(.anything)]),
        ]) { own, _ in own }, required: ["group_by"])

    /// Counts the values of a payload field.
    static let facet = Shape.object(
        [
            "shard_key": shardKey, "key": .name, "limit": limit, "filter": filter, "exact": .flag,
        ], required: ["key"])

    /// Compares a sample of points with each other.
    static let matrix = Shape.object([
        "shard_key": shardKey, "filter": filter, "sample": .integer(2...Int.max), "limit": limit,
        "using": .text(0...255),
    ])
}
