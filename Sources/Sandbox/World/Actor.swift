/// Who calls.
enum Actor: Equatable {
    /// A person.
    case user(id: String)
    /// A management key of an account.
    case managementKey(id: String, account: String)

    /// The name of the value of ActorType.
    var typeName: String {
        switch self {
        case .user: "ACTOR_TYPE_USER"
        case .managementKey: "ACTOR_TYPE_MANAGEMENT_KEY"
        }
    }

    /// The number of the value of ActorType.
    var typeNumber: Int {
        switch self {
        case .user: 1
        case .managementKey: 2
        }
    }

    /// The id of the person or of the key.
    var id: String {
        switch self {
        case .user(let id), .managementKey(let id, _): id
        }
    }
}

/// A caller whose identity and permissions come from elsewhere.
struct Caller {
    let actor: Actor
    /// The caller's permissions in the account of the call; nil when they are unknown, which admits
    /// every method that is open to the caller's type of actor.
    let permissions: Set<String>?
}

/// An admitted call: who makes it, about which account, and what they may do there.
struct Access {
    /// nil for the public methods.
    let actor: Actor?
    /// Empty for none.
    let account: String
    let permissions: Set<String>

    /// A call that needs no credential.
    static let `public` = Access(actor: nil, account: "", permissions: [])
}
