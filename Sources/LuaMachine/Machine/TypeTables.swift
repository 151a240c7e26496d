/// The types that a machine's Lua side knows, by the numbers of the contract.
package final class TypeTables {
    /// Whether messages of each type are known.
    package var definedMessages: [Bool] = []
    /// Whether each enum is known.
    package var definedEnums: [Bool] = []
    /// How many fields a message of each type had last, for the size of its table.
    package var lastFields: [UInt32] = []
}
