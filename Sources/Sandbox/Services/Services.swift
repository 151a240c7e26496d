import Codec

/// The services that the sandbox has.
enum Services {
    static let all: [any CloudService.Type] = [
        AccountService.self, AuthService.self, BookingService.self, ClusterService.self,
        DashboardTokenService.self, DatabaseKeyService.self, LegacyDatabaseKeyService.self,
        PermissionService.self, PlatformService.self, QuotaService.self,
    ]

    /// What an account may have.
    enum Limits {
        static let clusters = 10
        static let nodes = 10
        static let freeClusters = 1
        static let keysPerCluster = 20
        static let ownedAccounts = 5
        static let memberAccounts = 20
    }
}

extension Call {
    /// The record with an id in the call's account.
    func find(_ kind: String, _ id: String, _ what: String) throws -> Record {
        guard let record = try transaction.record(kind, id.lowercased()),
            record.account == account
        else { throw APIError.notFound(what, id) }
        return record
    }

    /// An answer whose field `items` (or another one) holds messages.
    func list(_ messages: [Message], in field: String = "items") -> Message {
        var response = response
        response.set(field, messages)
        return response
    }

    /// An answer that holds one message.
    func answer(_ field: String, _ message: Message) -> Message {
        var response = response
        response.set(field, message)
        return response
    }
}
