import Codec

/// A database at the sandbox's own port, with collections and aliases but without points: enough to
/// check that a key works, and for which collections.
///
/// Source: Qdrant's REST API, as qdrant-client uses it. The key identifies the cluster or space, since all of them share one address.
struct DataPlane {
    private typealias Refusal = VectorDatabase.Refusal

    /// Paths that need no key, because they reveal nothing about any database.
    private static let open = ["healthz": "healthz check passed", "livez": "healthz check passed"]

    /// The prefix of paths.
    private static let roots = Set(routes.compactMap(\.path.first))
        .union(["readyz", "healthz", "livez"])

    private let cloud: Cloud

    init(_ cloud: Cloud) { self.cloud = cloud }

    /// Whether a path belongs to the data plane.
    static func serves(_ path: [String]) -> Bool {
        guard let first = path.first else { return true }
        return roots.contains(first)
    }

    /// Answers a request that has been received whole.
    func answer(_ request: DataRequest) -> DataResponse {
        perform(request) { decision, record, grant, transaction in
            switch decision {
            case .plain(let response): return response
            case .route(let answer, let names):
                var database = VectorDatabase(
                    record, grant, transaction, now: cloud.world.clock.now, names: names,
                    body: request.body)
                return .result(try answer(&database).json)
            }
        } ?? .failure(500, "the sandbox failed")
    }

    /// The answer to a request that is refused regardless of its body; nil if it is accepted so
    /// far.
    func refusal(_ request: DataRequest) -> DataResponse? {
        perform(request) { _, _, _, _ in nil }
    }

    private func perform(
        _ request: DataRequest,
        _ body: (Decision, Record, DatabaseToken.Grant, Transaction) throws -> DataResponse?
    ) -> DataResponse? {
        if request.path.count == 1, let text = Self.open[request.path[0]] {
            return DataResponse(status: 200, json: text)
        }
        do {
            cloud.world.clock.step()
            try cloud.catchUp()
            let now = cloud.world.clock.now
            return try cloud.world.store.transaction { transaction in
                let (database, grant) = try admit(request, transaction, now)
                let decision = try decide(request, grant, version: version(of: database))
                return try body(decision, database, grant, transaction)
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
        _ request: DataRequest, _ transaction: Transaction, _ now: Int64
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
        _ key: String, _ request: DataRequest, _ transaction: Transaction
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

    /// Answers a request.
    private enum Decision {
        case plain(DataResponse)
        case route(DataRoute.Answer, names: [String])
    }

    /// The answer that follows from key and path, regardless of the body.
    private func decide(
        _ request: DataRequest, _ grant: DatabaseToken.Grant, version: String
    ) throws -> Decision {
        if request.verb == "GET", request.path.isEmpty {
            return .plain(
                DataResponse(status: 200, json: VectorDatabase.software(version: version).json))
        }
        if request.verb == "GET", request.path == ["readyz"] {
            return .plain(DataResponse(status: 200, json: "all shards are ready"))
        }
        let routes = Self.routes.compactMap { route in
            route.names(in: request.path).map { (route: route, names: $0) }
        }
        guard !routes.isEmpty else {
            throw Refusal(
                404, "the sandbox's data plane has no /\(request.path.joined(separator: "/"))")
        }
        guard let (route, names) = routes.first(where: { $0.route.verb == request.verb }) else {
            let verbs = Set(routes.map(\.route.verb)).sorted().joined(separator: ", ")
            throw Refusal(
                405,
                "\(request.verb) is not supported for /\(request.path.joined(separator: "/")); "
                    + "expected \(verbs)")
        }
        try check(route.need, names, grant)
        guard let answer = route.answer else {
            throw Refusal(
                501,
                "the sandbox does not offer \(route.verb) /\(route.path.joined(separator: "/")): "
                    + "its databases have collections and aliases, and no points, snapshots or "
                    + "measurements")
        }
        return .route(answer, names: names)
    }

    /// Checks that a key allows a request.
    private func check(
        _ need: DataRoute.Need, _ names: [String], _ grant: DatabaseToken.Grant
    ) throws {
        switch need {
        case .key: break
        case .everywhere(let right):
            guard grant.everywhere == .manage || right == .read && grant.everywhere != nil else {
                throw Refusal(
                    403,
                    "Forbidden: Global \(right == .read ? "" : "manage ")access is required")
            }
        case .collection(let isWriting):
            let name = names.first ?? ""
            guard grant.allows(name, writing: isWriting) else {
                throw Refusal(
                    403, "Forbidden: the key does not allow this for collection \(name)")
            }
        }
    }

    private static let routes = DataRoute.all

    private func version(of database: Record) -> String {
        let state = database.message.message(.state)
        return state?.type.field(.version) == nil
            ? cloud.world.catalogue.defaultRelease?.version ?? "" : state?.string(.version) ?? ""
    }
}
