/// A request that the data plane knows.
struct DataRoute: Sendable {
    /// The handler of a request.
    typealias Answer = @Sendable (inout VectorDatabase) throws -> YAMLValue

    /// The access that a request requires of its key.
    enum Need: Sendable {
        /// Any key is enough: the answer shows what the key may see.
        case key
        /// To read all collections, or to manage them.
        case everywhere(DatabaseToken.Right)
        /// To read or to change the collection that the path names.
        case collection(writing: Bool)
    }

    let verb: String
    /// The parts of the path; those that begin with a colon stand for names.
    let path: [String]
    let need: Need
    /// nil for requests that the sandbox does not offer.
    let answer: Answer?

    init(
        _ verb: String, _ path: String, _ need: Need,
        _ answer: Answer? = nil
    ) {
        self.verb = verb
        self.path = path.split(separator: "/").map(String.init)
        self.need = need
        self.answer = answer
    }

    /// The names that a path has at this route's places; nil when it is another's path.
    func names(in parts: [String]) -> [String]? {
        guard parts.count == path.count else { return nil }
        var names: [String] = []
        for (part, wanted) in zip(parts, path) {
            if wanted.hasPrefix(":") {
                names.append(part)
            } else if part != wanted {
                return nil
            }
        }
        return names
    }

    /// The first routes of a path win: names come last.
    static var all: [DataRoute] { whole + collections + points + refused }

    private static var whole: [DataRoute] {
        [
            DataRoute("GET", "cluster", .everywhere(.read)) { $0.cluster },
            DataRoute("GET", "collections", .key) { $0.list },
            DataRoute("GET", "aliases", .key) { $0.aliases(ofCollection: nil) },
            DataRoute("POST", "collections/aliases", .everywhere(.manage)) {
                try $0.changeAliases()
            },
            DataRoute("GET", "snapshots", .everywhere(.read)) { _ in .list([]) },
        ]
    }

    private static var collections: [DataRoute] {
        let one = "collections/:collection"
        let read = Need.collection(writing: false)
        return [
            DataRoute("GET", one, read) { try $0.collection().description.information },
            DataRoute("PUT", one, .everywhere(.manage)) { try $0.create() },
            DataRoute("PATCH", one, .everywhere(.manage)) { try $0.update() },
            DataRoute("DELETE", one, .everywhere(.manage)) { try $0.delete() },
            DataRoute("GET", one + "/exists", read) {
                .object([("exists", .bool($0.contents.resolve($0.name()) != nil))])
            },
            DataRoute("GET", one + "/aliases", read) {
                $0.aliases(ofCollection: try $0.collection().name)
            },
            DataRoute("GET", one + "/cluster", read) {
                try $0.collection().description.distribution($0.peer)
            },
            DataRoute("GET", one + "/optimizations", read) {
                _ = try $0.collection()
                let counts = ["queued_optimizations", "queued_segments", "queued_points"]
                    .map { ($0, YAMLValue.number("0") as YAMLValue?) }
                return .object([
                    ("summary", .object(counts + [("idle_segments", .number("1"))])),
                    ("running", .list([])),
                ])
            },
            DataRoute("GET", one + "/shards", read) {
                let settings = try $0.collection().description.collection.settings
                let isCustom = settings["sharding_method"]?.text == "custom"
                return .object([("shard_keys", isCustom ? .list([]) : nil)])
            },
            DataRoute("GET", one + "/snapshots", read) {
                _ = try $0.collection()
                return .list([])
            },
            DataRoute("PUT", one + "/index", .collection(writing: true)) {
                try $0.createIndex()
            },
            DataRoute("DELETE", one + "/index/:field", .collection(writing: true)) {
                try $0.deleteIndex()
            },
        ]
    }

    private static var points: [DataRoute] {
        func route(
            _ path: String, _ answer: @escaping Answer
        ) -> DataRoute {
            DataRoute(
                "POST", "collections/:collection/" + path, .collection(writing: false), answer)
        }
        let none = YAMLValue.list([])
        return [
            route("points/count") {
                try $0.read(PointShapes.count, .object([("count", .number("0"))]))
            },
            route("points/scroll") {
                try $0.read(
                    PointShapes.scroll, .object([("points", none), ("next_page_offset", .null)]))
            },
            route("points") { try $0.read(PointShapes.retrieve, none) },
            route("points/query") { try $0.query() },
            route("points/query/batch") { try $0.queryBatch() },
            route("points/query/groups") { try $0.queryGroups() },
            route("facet") { try $0.read(PointShapes.facet, .object([("hits", none)])) },
            route("points/search/matrix/pairs") { try $0.matrix(.object([("pairs", none)])) },
            route("points/search/matrix/offsets") {
                try $0.matrix(
                    .object([
                        ("offsets_row", none), ("offsets_col", none), ("scores", none),
                        ("ids", none),
                    ]))
            },
            DataRoute(
                "GET", "collections/:collection/points/:id", .collection(writing: false)
            ) { try $0.point() },
        ]
    }

    /// Requests that only a real database offers.
    private static var refused: [DataRoute] {
        let manage = Need.everywhere(.manage)
        let write = Need.collection(writing: true)
        let own: [(String, String, Need)] = [
            ("PUT", "points", write), ("POST", "points/batch", write),
            ("POST", "points/delete", write), ("PUT", "points/vectors", write),
            ("POST", "points/vectors/delete", write), ("POST", "points/payload", write),
            ("PUT", "points/payload", write), ("POST", "points/payload/clear", write),
            ("POST", "points/payload/delete", write), ("PUT", "vectors/:vector", manage),
            ("DELETE", "vectors/:vector", manage), ("POST", "cluster", manage),
            ("PUT", "shards", manage), ("POST", "shards/delete", manage),
            ("POST", "snapshots", manage), ("DELETE", "snapshots/:snapshot", manage),
            ("GET", "snapshots/:snapshot", manage), ("PUT", "snapshots/recover", manage),
            ("POST", "snapshots/upload", manage), ("GET", "shards/:shard/snapshots", manage),
            ("POST", "shards/:shard/snapshots", manage),
            ("GET", "shards/:shard/snapshot", manage),
            ("PUT", "shards/:shard/snapshots/recover", manage),
            ("POST", "shards/:shard/snapshots/upload", manage),
            ("GET", "shards/:shard/snapshots/:snapshot", manage),
            ("DELETE", "shards/:shard/snapshots/:snapshot", manage),
        ]
        let whole: [(String, String, Need)] = [
            ("GET", "telemetry", .everywhere(.read)), ("GET", "metrics", .everywhere(.read)),
            ("GET", "cluster/telemetry", .everywhere(.read)), ("POST", "cluster/recover", manage),
            ("DELETE", "cluster/peer/:peer", manage), ("POST", "snapshots", manage),
            ("GET", "snapshots/:snapshot", manage), ("DELETE", "snapshots/:snapshot", manage),
            ("GET", "quotas", .everywhere(.read)), ("PUT", "quotas", manage),
        ]
        return whole.map { DataRoute($0.0, $0.1, $0.2) }
            + own.map { DataRoute($0.0, "collections/:collection/" + $0.1, $0.2) }
    }
}
