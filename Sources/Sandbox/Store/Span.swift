/// A time during which something was used and paid for in the same way.
struct Span {
    /// What is used.
    enum Kind: String, CaseIterable {
        /// The nodes of a running cluster.
        case cluster
        /// What a backup takes.
        case backup
    }

    /// The most nodes that a cluster can have.
    static let mostNodes = 1000

    let account: String
    let kind: Kind
    /// The cluster or the backup.
    let subject: String
    /// Nanoseconds since 1970.
    let begun: Int64
    /// nil while it goes on.
    var ended: Int64?
    /// What it was, for example package, nodes, name.
    let facts: [String: String]

    /// A number among the facts, 0 without one. It is clamped to the most that a cluster can have, so
    /// that bills can count with it.
    func number(_ name: String) -> Int {
        let most = name == "nodes" ? Self.mostNodes : 2_000_000
        return facts[name].flatMap { Int($0) }.map { min(max(0, $0), most) } ?? 0
    }
}
