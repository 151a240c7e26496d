import Codec
import Contract

/// One stored thing: what the API shows of it, and what only the sandbox knows.
struct Record {
    /// What it is.
    let kind: Kind
    /// Its id, unique in its kind.
    let id: String
    /// The account that it belongs to; empty for none.
    let account: String
    /// What it hangs on, for example a key's cluster; empty for nothing.
    var parent: String
    /// When it was created, in nanoseconds since 1970. Lists are in this order.
    var created: Int64
    /// What the API shows.
    var message: Message
    /// What only the sandbox knows, for example the hash of a secret.
    var hidden: [String: String] {
        get {
            switch facts {
            case .text(let text): Facts.decode(text)
            case .decoded(let hidden): hidden
            }
        }
        set { facts = .decoded(newValue) }
    }
    private var facts: StoredFacts

    /// What is hidden, as it is stored or as it is used.
    private enum StoredFacts {
        case text(String)
        case decoded([String: String])
    }

    init(
        kind: Kind, id: String, account: String, parent: String = "", created: Int64,
        message: Message, hidden: [String: String] = [:]
    ) {
        self.init(
            kind: kind, id: id, account: account, parent: parent, created: created,
            message: message, facts: .decoded(hidden))
    }

    /// A record as it is stored.
    init(
        kind: Kind, id: String, account: String, parent: String, created: Int64, message: Message,
        storedFacts: String
    ) {
        self.init(
            kind: kind, id: id, account: account, parent: parent, created: created,
            message: message, facts: .text(storedFacts))
    }

    private init(
        kind: Kind, id: String, account: String, parent: String, created: Int64, message: Message,
        facts: StoredFacts
    ) {
        self.kind = kind
        self.id = id
        self.account = account
        self.parent = parent
        self.created = created
        self.message = message
        self.facts = facts
    }

    /// Decodes the stored form of the record, so that callers can read its contents.
    mutating func open() {
        message = message.opened
        hidden = hidden
    }

    /// What is hidden, as it is stored.
    var storedFacts: String {
        switch facts {
        case .text(let text): text
        case .decoded(let hidden): Facts.encode(hidden)
        }
    }

    /// A number among ``hidden``, which can be a moment; 0 when there is none.
    func number(_ name: String) -> Int {
        hidden[name].flatMap { Int64($0) }.map { Int(Nanoseconds.usable($0)) } ?? 0
    }
}

/// Names and values as one text: a line each, with line breaks and backslashes escaped.
enum Facts {
    static func encode(_ facts: [String: String]) -> String {
        facts.sorted { $0.key < $1.key }.map { name, value in "\(name)=\(escape(value))" }
            .joined(separator: "\n")
    }

    /// By scalars: a carriage return and a line feed together are one character.
    private static func escape(_ value: String) -> String {
        guard value.utf8.contains(where: { $0 == UInt8(ascii: "\\") || $0 == 10 }) else {
            return value
        }
        var escaped = String.UnicodeScalarView()
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": escaped.append(contentsOf: "\\\\".unicodeScalars)
            case "\n": escaped.append(contentsOf: "\\n".unicodeScalars)
            default: escaped.append(scalar)
            }
        }
        return String(escaped)
    }

    static func decode(_ text: String) -> [String: String] {
        var facts: [String: String] = [:]
        for line in text.utf8.split(separator: 10) {
            guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
            let value = line[line.index(after: equals)...]
            facts[String(Substring(line[..<equals]))] =
                value.contains(UInt8(ascii: "\\"))
                ? unescape(Substring(value)) : String(Substring(value))
        }
        return facts
    }

    private static func unescape(_ text: Substring) -> String {
        var result = String.UnicodeScalarView()
        var isEscaped = false
        for character in text.unicodeScalars {
            if isEscaped {
                result.append(character == "n" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                result.append(character)
            }
        }
        return String(result)
    }
}

/// The kinds of records.
enum Kind: String, CaseIterable {
    case account
    case user
    /// The secret of a person: the id is the user's, the parent the secret's hash.
    case userToken = "user_token"
    /// The id is the user's.
    case profile
    /// The id is user/type.
    case consent
    /// A second factor: the id is user/external id.
    case mfaMethod = "mfa_method"
    case invite
    /// A person in an account: the id is account/user, the parent the user.
    case member
    case role
    /// The parent is the hash of the secret.
    case managementKey = "management_key"
    case cluster
    /// The parent is the cluster.
    case databaseKey = "database_key"
    /// The parent is the hash of the secret.
    case legacyDatabaseKey = "legacy_database_key"
    /// The parent is the cluster.
    case backup
    case backupSchedule = "backup_schedule"
    case backupRestore = "backup_restore"
    case environment
    case space
    /// The parent is the space.
    case spaceKey = "space_key"
    /// A dashboard token's row among the keys of a space, which is the parent.
    case spaceToken = "space_token"
    case spaceBackup = "space_backup"
    case spaceSchedule = "space_schedule"
    case spaceRestore = "space_restore"
    case paymentMethod = "payment_method"
    /// A hosted checkout: the id is the session's.
    case checkout
    case discount
    case creditContract = "credit_contract"
    case alert

    /// The fields by whose values lists of the kind can be filtered.
    var tagFields: [FieldName] {
        switch self {
        case .cluster, .space: [.cloudProviderID, .cloudProviderRegionID]
        case .backup: [.clusterID, .backupScheduleID]
        case .backupSchedule, .backupRestore: [.clusterID]
        case .spaceBackup: [.spaceID, .backupScheduleID, .collectionName]
        case .spaceSchedule, .spaceRestore: [.spaceID]
        default: []
        }
    }

    /// The full name of the records' type, without the package that all have.
    private var typeName: String {
        switch self {
        case .account: "account.v1.Account"
        case .user, .userToken: "iam.v1.User"
        case .profile: "iam.v1.UserProfile"
        case .consent: "iam.v1.UserConsent"
        case .mfaMethod: "iam.v1.UserMfaMethod"
        case .invite: "account.v1.AccountInvite"
        case .member: "account.v1.AccountMember"
        case .role: "iam.v1.Role"
        case .managementKey: "auth.v1.ManagementKey"
        case .cluster: "cluster.v1.Cluster"
        case .databaseKey: "cluster.auth.v2.DatabaseApiKey"
        case .legacyDatabaseKey: "cluster.auth.v1.DatabaseApiKey"
        case .backup: "cluster.backup.v1.Backup"
        case .backupSchedule: "cluster.backup.v1.BackupSchedule"
        case .backupRestore: "cluster.backup.v1.BackupRestore"
        case .environment: "hybrid.v1.HybridCloudEnvironment"
        case .space: "serverless.space.v1.Space"
        case .spaceKey, .spaceToken: "serverless.space.auth.v1.SpaceApiKey"
        case .spaceBackup: "serverless.space.backup.v1.Backup"
        case .spaceSchedule: "serverless.space.backup.v1.BackupSchedule"
        case .spaceRestore: "serverless.space.backup.v1.BackupRestore"
        case .paymentMethod: "payment.v1.PaymentMethod"
        case .checkout: "payment.v1.StripeCheckoutSession"
        case .discount: "billing.v1.Discount"
        case .creditContract: "billing.v1.CreditContract"
        case .alert: "monitoring.v1.ClusterAlert"
        }
    }

    /// Whether records of the kind are messages of a type.
    func holds(_ type: String) -> Bool { type == "qdrant.cloud." + typeName }

    /// Whether a change of such a record can change who may call what.
    var concernsAccess: Bool {
        switch self {
        case .managementKey, .userToken, .member, .role, .user: true
        default: false
        }
    }
}

/// Something that is to happen at a moment.
struct PendingEvent {
    let number: Int64
    /// Nanoseconds since 1970.
    let due: Int64
    let kind: String
    let subject: String
    let payload: String
}
