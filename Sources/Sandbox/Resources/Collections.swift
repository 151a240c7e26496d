import Codec

/// The collections of a database, of which the sandbox keeps the names.
enum Collections {
    /// Their names, in order.
    static func names(of database: Record) -> [String] {
        (database.hidden["collections"] ?? "").split(separator: ",").map(String.init)
    }

    static func setNames(_ names: [String], of database: inout Record) {
        database.hidden["collections"] = Set(names).sorted().joined(separator: ",")
    }

    /// Whether a name may be given to a collection: 1 to 255 letters, digits, `.`, `-` and `_`.
    static func isName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy {
                $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0))
                    || ["-", "_", "."].contains($0)
            }
    }

    /// Whether a database answers: it is up, and its address is known.
    static func canBeReached(_ database: Record) -> Bool {
        if database.kind == .space { return SpaceState.phase(of: database) == "READY" }
        let isUp = [
            "HEALTHY", "NOT_READY", "UPDATING", "SCALING", "UPGRADING", "RECOVERY_MODE",
        ].contains(ClusterState.phase(of: database.message))
        let state = database.message.message(.state)
        return isUp && state?.integer(.nodesUp) ?? 0 > 0
            && state?.message(.endpoint)?.string(.url).isEmpty == false
    }
}
