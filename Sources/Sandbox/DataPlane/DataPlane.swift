import Codec

/// A small database at the sandbox's own port: enough to see that a key works, and for what.
///
/// The key identifies the cluster or space, since all of them share one address.
struct DataPlane {
    /// A request as the data plane takes it.
    struct Request {
        let verb: String
        /// Without empty parts.
        let path: [String]
        /// The key that came with it.
        let key: String?
        /// Which cluster is meant, for keys of several.
        let cluster: String?
    }

    /// An answer: status and JSON.
    struct Response {
        let status: Int
        let json: String

        static func result(_ json: String) -> Response {
            Response(
                status: 200, json: "{\"result\":\(json),\"status\":\"ok\",\"time\":0.000001}")
        }

        static func failure(_ status: Int, _ message: String) -> Response {
            Response(
                status: status,
                json: "{\"status\":{\"error\":\(JSONWriter.quoted(message))},\"time\":0.0}")
        }
    }

    private struct Refusal: Error {
        let response: Response

        init(_ status: Int, _ message: String) { response = .failure(status, message) }
    }

    /// Paths that need no key, because they reveal nothing about any database.
    private static let open = ["healthz": "healthz check passed", "livez": "healthz check passed"]

    private let cloud: Cloud

    init(_ cloud: Cloud) { self.cloud = cloud }

    /// Whether a path belongs to the data plane.
    static func serves(_ path: [String]) -> Bool {
        guard let first = path.first else { return true }
        return ["readyz", "healthz", "livez", "collections", "cluster", "telemetry"].contains(first)
    }

    func answer(_ request: Request) -> Response {
        if request.path.count == 1, let text = Self.open[request.path[0]] {
            return Response(status: 200, json: text)
        }
        do {
            cloud.world.clock.step()
            try cloud.catchUp()
            let now = cloud.world.clock.now
            return try cloud.world.store.transaction { transaction in
                let (database, grant) = try admit(request, transaction, now)
                return try answer(request, database, grant, transaction)
            }
        } catch let refusal as Refusal {
            return refusal.response
        } catch {
            return .failure(500, "the sandbox failed: \(error)")
        }
    }

    // MARK: - Keys

    /// The database that a key opens, and what for.
    private func admit(
        _ request: Request, _ transaction: Transaction, _ now: Int64
    ) throws -> (Record, DatabaseToken.Grant) {
        guard let key = request.key, !key.isEmpty else {
            throw Refusal(401, "Must provide an API key or an Authorization bearer token")
        }
        let (database, grant) =
            try DatabaseToken.claims(of: key).map { try granular(key, $0, transaction, now) }
            ?? legacy(key, request, transaction)
        guard Collections.canBeReached(database) else {
            throw Refusal(503, "the database is not running")
        }
        return (database, grant)
    }

    private func granular(
        _ key: String, _ claims: DatabaseToken.Claims, _ transaction: Transaction, _ now: Int64
    ) throws -> (Record, DatabaseToken.Grant) {
        guard DatabaseToken.isSigned(key, for: claims.database, seed: cloud.world.seed) else {
            throw Refusal(401, "Invalid API key or JWT: the signature does not match")
        }
        if let expires = claims.expires, expires <= now / Nanoseconds.second {
            throw Refusal(401, "Invalid API key or JWT: ExpiredSignature")
        }
        if let record = try transaction.record(.databaseKey, claims.id),
            record.parent == claims.database,
            let cluster = try transaction.record(.cluster, claims.database)
        {
            guard Int64(record.number("active_at")) <= now else {
                throw Refusal(401, "Invalid API key or JWT: the key is not active yet")
            }
            return (cluster, claims.grant)
        }
        if let record = try transaction.record(.spaceKey, claims.id),
            record.parent == claims.database,
            let space = try transaction.record(.space, claims.database)
        {
            let phase = record.message.message(.state)?.enumName(.phase) ?? ""
            guard phase == "SPACE_API_KEY_STATE_PHASE_READY" else {
                throw Refusal(401, "Invalid API key or JWT: the key is not active")
            }
            return (space, claims.grant)
        }
        throw Refusal(401, "Invalid API key or JWT: the key no longer exists")
    }

    private func legacy(
        _ key: String, _ request: Request, _ transaction: Transaction
    ) throws -> (Record, DatabaseToken.Grant) {
        guard
            let record = try transaction.records(.legacyDatabaseKey, parent: Digest.hash(key)).first
        else { throw Refusal(401, "Invalid API key or JWT") }
        let clusters = record.message.strings(.clusterIDs)
        let wanted = request.cluster?.lowercased()
        let id = wanted.flatMap { clusters.contains($0) ? $0 : nil }
        guard let id = id ?? (wanted == nil && clusters.count == 1 ? clusters[0] : nil),
            let cluster = try transaction.record(.cluster, id)
        else {
            throw Refusal(
                400,
                "the key is valid for \(clusters.count) clusters, which share the sandbox's "
                    + "address: name one in the header qcsh-cluster")
        }
        return (cluster, DatabaseToken.Grant(everywhere: .manage))
    }

    // MARK: - Answers

    private func answer(
        _ request: Request, _ database: Record, _ grant: DatabaseToken.Grant,
        _ transaction: Transaction
    ) throws -> Response {
        let version =
            database.message.message(.state)?.type.field(.version) == nil
            ? cloud.world.catalogue.defaultRelease?.version ?? ""
            : database.message.message(.state)?.string(.version) ?? ""
        switch (request.verb, request.path.first, request.path.count) {
        case ("GET", nil, _):
            return Response(
                status: 200,
                json: "{\"title\":\"qdrant - vector search engine\",\"version\":"
                    + "\(JSONWriter.quoted(String(version.dropFirst()))),\"commit\":\"sandbox\"}")
        case ("GET", "readyz", 1): return Response(status: 200, json: "all shards are ready")
        case ("GET", "cluster", 1):
            guard grant.everywhere != nil else {
                throw Refusal(403, "Forbidden: Global access is required")
            }
            return .result(peers(of: database))
        case ("GET", "collections", 1):
            let names = Collections.names(of: database)
                .filter { grant.allows($0, writing: false) }
            return .result(
                "{\"collections\":["
                    + names.map { "{\"name\":\(JSONWriter.quoted($0))}" }.joined(separator: ",")
                    + "]}")
        case (let verb, "collections", 2):
            return try collection(verb, request.path[1], database, grant, transaction)
        default: throw Refusal(404, "path not found in the sandbox's data plane")
        }
    }

    private func collection(
        _ verb: String, _ name: String, _ database: Record, _ grant: DatabaseToken.Grant,
        _ transaction: Transaction
    ) throws -> Response {
        var names = Collections.names(of: database)
        let isWriting = verb != "GET"
        // Creating and removing collections takes more than writing into them.
        let isAllowed =
            isWriting ? grant.everywhere == .manage : grant.allows(name, writing: false)
        guard isAllowed else {
            throw Refusal(403, "Forbidden: the key does not allow this for collection \(name)")
        }
        switch verb {
        case "GET":
            guard names.contains(name) else {
                throw Refusal(404, "Not found: Collection `\(name)` doesn't exist!")
            }
            return .result(
                "{\"status\":\"green\",\"optimizer_status\":\"ok\",\"points_count\":0,"
                    + "\"segments_count\":1}")
        case "PUT":
            guard Collections.isName(name) else {
                throw Refusal(422, "invalid collection name \(name)")
            }
            guard !names.contains(name) else {
                throw Refusal(409, "Wrong input: Collection `\(name)` already exists!")
            }
            names.append(name)
        case "DELETE":
            guard names.contains(name) else { return .result("false") }
            names.removeAll { $0 == name }
        default: throw Refusal(405, "\(verb) is not supported here")
        }
        var changed = database
        Collections.setNames(names, of: &changed)
        try transaction.put(changed)
        return .result("true")
    }

    private func peers(of database: Record) -> String {
        let nodes = database.message.message(.state).flatMap {
            $0.type.field(.nodes) == nil ? nil : $0.messages(.nodes)
        }
        let count = max(1, nodes?.count ?? 1)
        let peers = (0..<count).map { index in
            let id = Noise.hash("\(database.id)/\(index)") % 1_000_000_000_000
            return "\"\(id)\":{\"uri\":\"http://qdrant-\(database.id)-\(index):6335/\"}"
        }
        let first = Noise.hash("\(database.id)/0") % 1_000_000_000_000
        return "{\"status\":\"enabled\",\"peer_id\":\(first),\"peers\":{"
            + peers.joined(separator: ",") + "},\"raft_info\":{\"term\":1,\"commit\":\(count),"
            + "\"pending_operations\":0,\"leader\":\(first),\"role\":\"Leader\",\"is_voter\":true}}"
    }
}
