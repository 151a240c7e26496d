/// What accounts and people may have.
struct Quotas {
    /// The names under which an account's own figures are stored, and what applies without them.
    static let defaults: [(name: String, figure: Int)] = [
        ("max_clusters", 10), ("max_cluster_nodes", 10), ("max_free_tier_clusters", 1),
        ("max_cluster_database_api_keys", 20), ("max_spaces", 5),
        ("max_collections_per_space", 20), ("max_storage_bytes_per_space", 107_374_182_400),
    ]
    static let ownedAccounts = 5
    static let memberAccounts = 20

    private let figures: [String: Int]

    /// Quotas by the names of ``defaults``; those that are missing have their default.
    init(_ figures: [String: Int]) {
        self.figures = figures.mapValues { max(0, $0) }
    }

    /// The quotas of an account, as its record has them.
    init(_ account: Record?) {
        var figures: [String: Int] = [:]
        for (name, _) in Self.defaults {
            figures[name] = account?.hidden["quota." + name].flatMap { Int($0) }
        }
        self.init(figures)
    }

    /// A figure of ``defaults``.
    subscript(name: String) -> Int {
        let figure = figures[name] ?? Self.defaults.first { $0.name == name }?.figure ?? 0
        return name == "max_cluster_nodes" ? min(figure, Span.mostNodes) : figure
    }

    var clusters: Int { self["max_clusters"] }
    var nodes: Int { self["max_cluster_nodes"] }
    var freeClusters: Int { self["max_free_tier_clusters"] }
    var keysPerCluster: Int { self["max_cluster_database_api_keys"] }
    var spaces: Int { self["max_spaces"] }
    var collectionsPerSpace: Int { self["max_collections_per_space"] }
    var bytesPerSpace: Int { self["max_storage_bytes_per_space"] }
}
