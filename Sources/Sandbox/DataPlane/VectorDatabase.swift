import Codec

/// A database as its key's bearer uses it.
struct VectorDatabase {
    /// A request that is refused, in the words and with the status of Qdrant.
    struct Refusal: Error {
        let response: DataResponse

        init(_ status: Int, _ message: String) { response = .failure(status, message) }

        /// A body of a wrong form.
        init(_ problem: YAMLValue.Problem) {
            switch problem.kind {
            case .form: self.init(400, "Format error in JSON body: \(problem)")
            case .value: self.init(422, "Validation error in JSON body: [\(problem)]")
            }
        }

        static func missing(_ collection: String) -> Refusal {
            Refusal(404, "Not found: Collection `\(collection)` doesn't exist!")
        }
    }

    let record: Record
    let grant: DatabaseToken.Grant
    let transaction: Transaction
    let now: Int64
    private(set) var contents: Collections
    /// The names in the request's path.
    let names: [String]
    private let body: [UInt8]

    init(
        _ record: Record, _ grant: DatabaseToken.Grant, _ transaction: Transaction, now: Int64,
        names: [String], body: [UInt8]
    ) {
        self.record = record
        self.grant = grant
        self.transaction = transaction
        self.now = now
        self.names = names
        self.body = body
        contents = Collections(of: record)
    }

    // MARK: - Requests

    /// A name in the path; empty when it has fewer.
    func name(_ index: Int = 0) -> String { names.indices.contains(index) ? names[index] : "" }

    /// The body, which must have a form. A missing one is an empty object.
    func request(_ shape: Shape) throws -> YAMLValue {
        guard let tree = body.isEmpty ? .map([]) : YAMLValue(json: body) else {
            throw Refusal(400, "Format error in JSON body: not valid JSON")
        }
        do throws(YAMLValue.Problem) {
            return try shape.read(tree)
        } catch {
            throw Refusal(error)
        }
    }

    /// The collection that the path names, by its own name or by an alias.
    func collection(_ wanted: String? = nil) throws -> (
        name: String, description: CollectionDescription
    ) {
        let wanted = wanted ?? name()
        guard let name = contents.resolve(wanted), let collection = contents.all[name] else {
            throw Refusal.missing(wanted)
        }
        return (name, CollectionDescription(database: record, collection: collection))
    }

    /// Changes the database's contents.
    mutating func change(_ body: (inout Collections) throws -> Void) throws {
        try body(&contents)
        var changed = record
        contents.store(in: &changed)
        try transaction.put(changed)
    }

    /// The id of a peer.
    func peer(_ index: Int) -> Int {
        Noise.hash("\(record.id)/\(index)") % 1_000_000_000_000
    }

    // MARK: - The whole

    /// The name and the version of the database.
    ///
    /// - Parameter version: the version of the software, as in `v1.18.1`.
    static func software(version: String) -> YAMLValue {
        .object([
            ("title", .string("qdrant - vector search engine")),
            ("version", .string(String(version.dropFirst()))), ("commit", .string("sandbox")),
        ])
    }

    /// The peers and the state of their consensus.
    var cluster: YAMLValue {
        let count = CollectionDescription.peers(of: record)
        let first = YAMLValue.number("\(peer(0))")
        let peers = (0..<count).map { index in
            YAMLValue.Member(
                name: "\(peer(index))",
                value: .object([("uri", .string("http://qdrant-\(record.id)-\(index):6335/"))]))
        }
        return .object([
            ("status", .string("enabled")), ("peer_id", first), ("peers", .map(peers)),
            (
                "raft_info",
                .object([
                    ("term", .number("1")), ("commit", .number("\(count)")),
                    ("pending_operations", .number("0")), ("leader", first),
                    ("role", .string("Leader")), ("is_voter", .bool(true)),
                ])
            ),
            (
                "consensus_thread_status",
                .object([
                    ("consensus_thread_status", .string("working")), ("last_update", .time(now)),
                ])
            ),
            ("message_send_failures", .map([])),
        ])
    }
}
