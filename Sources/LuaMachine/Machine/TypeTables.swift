/// The types that a machine's Lua side knows, by the numbers of the contract.
package final class TypeTables {
    /// Whether messages of each type are known.
    package var definedMessages: [Bool] = []
    /// Whether each enum is known.
    package var definedEnums: [Bool] = []
    /// How many fields a message of each type had last, for the size of its table.
    package var lastFields: [UInt32] = []
    /// Names of enum values that servers sent and the contract does not have.
    package var unknownEnumNames = UnknownEnumNames()
}

/// Names of enum values that servers sent and the contract does not have. A request may contain
/// these; any other unknown name is a mistake.
package struct UnknownEnumNames {
    private var names: [Int: Set<String>] = [:]
    private var count = 0
    /// The maximum number of names; a contract has a few hundred in all.
    private static let most = 10_000

    /// Remembers a name of an enum, by the enum's number in the contract.
    package mutating func note(_ name: String, of type: Int) {
        guard count < Self.most, names[type, default: []].insert(name).inserted else { return }
        count += 1
    }

    /// Whether a server sent a name of an enum.
    package func contains(_ name: String, of type: Int) -> Bool {
        names[type]?.contains(name) ?? false
    }
}
