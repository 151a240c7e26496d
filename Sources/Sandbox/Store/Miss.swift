/// Something that a transaction looked for and did not find. The code that opened the transaction
/// may handle it, for example by ending the transaction, fetching the record and retrying.
enum Miss: Error, Hashable {
    /// A record that the store does not have.
    case record(Kind, id: String)
    /// An account's list, which may lack records.
    case records(Kind, account: String)
    /// The list of a parent's records, which may lack some.
    case children(Kind, parent: String)
    /// The list of all records of a kind, which may lack some.
    case all(Kind)
}

/// Answers a miss: it returns when the store has all that there is, and throws to end the
/// transaction, which then leaves nothing.
typealias MissHandler = (Miss) throws -> Void
