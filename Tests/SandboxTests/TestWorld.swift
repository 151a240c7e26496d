import Codec
import Contract
import GRPCProtocol
import Testing

@testable import Sandbox

/// An engine without a server, whose real time is turned by hand.
final class TestWorld {
    static let production = Identities.account("Production")
    static let sandbox = Identities.account("Sandbox")

    let cloud: Cloud
    let time: Time
    var key = ""
    /// Metadata of the latest answer.
    var metadata: [(name: String, value: String)] = []

    final class Time {
        var now: Int64 = 1_800_000_000_000_000_000
    }

    init(
        speed: VirtualClock.Speed = .factor(1), path: String? = nil, seed: String = "bare",
        options: WorldOptions = WorldOptions(), seedNumber: UInt64? = nil
    ) throws {
        let time = Time()
        self.time = time
        #expect(SandboxServer.cryptoProblem == nil)
        cloud = try Self.cloud(
            Store(path: path, registry: .embedded),
            VirtualClock(
                speed: speed, real: { time.now },
                start: seedNumber == nil ? nil : 1_767_225_600_000_000_000),
            options: options, seedNumber: seedNumber)
        try Seed(seed).plant(in: cloud)
        key = cloud.world.managementKey(of: Self.production)
    }

    /// An engine of all services.
    static func cloud(
        _ store: Store, _ clock: VirtualClock, seed: [UInt8] = Array("test".utf8),
        options: WorldOptions = WorldOptions(), seedNumber: UInt64? = nil
    ) throws -> Cloud {
        Cloud(
            try World(
                registry: .embedded, store: store, clock: clock, seed: seed, options: options,
                seedNumber: seedNumber),
            services: Services.table)
    }

    /// The present token of a person.
    func token(forUser email: String) throws -> String {
        try cloud.perform { try $0.world.token(forUser: email, $0) }
    }

    /// Lets virtual seconds pass.
    func pass(_ seconds: Double) { time.now += Int64(seconds * 1e9) }

    func call(
        _ service: String, _ method: String, key: String? = nil, authorization: String? = nil,
        metadata: [String: String] = [:], _ fill: (inout Message) -> Void
    ) throws -> Message {
        let found = try #require(
            try cloud.world.registry.method(path: "/qdrant.cloud.\(service)/\(method)"))
        var request = Message(found.input)
        fill(&request)
        let answer = try cloud.handle(
            found, request,
            metadata: metadata.merging(
                ["authorization": authorization ?? "apikey \(key ?? self.key)"]) { own, _ in own })
        self.metadata = answer.metadata
        return answer.message
    }

    /// Makes a call as a person, about the first account.
    func call(
        as email: String, _ service: String, _ method: String,
        _ fill: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        try call(service, method, authorization: "Bearer " + cloud.world.userToken(of: email)) {
            request in
            if request.type.field(named: "account_id") != nil {
                request.set(.accountID, TestWorld.production)
            }
            fill(&request)
        }
    }

    /// Makes a call about the first account, with its key.
    func own(
        _ service: String, _ method: String, _ fill: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        try call(service, method) { request in
            if request.type.field(named: "account_id") != nil {
                request.set(.accountID, TestWorld.production)
            }
            fill(&request)
        }
    }

    func clusters(_ method: String, _ fill: (inout Message) -> Void) throws -> Message {
        try call("cluster.v1.ClusterService", method) { request in
            if request.type.field(named: "account_id") != nil {
                request.set(.accountID, TestWorld.production)
            }
            fill(&request)
        }
    }

    /// The package of a name in aws eu-central-1.
    func package(_ name: String) throws -> String {
        try #require(
            Catalogue.builtIn.packages.first { $0.name == name && $0.region == "eu-central-1" }
        ).id
    }

    func create(
        _ name: String = "search", package: String = "gpx2", nodes: Int = 1,
        _ change: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        let package = try self.package(package)
        let answer = try clusters("CreateCluster") { request in
            request.edit(.cluster) { cluster in
                cluster.set(.accountID, TestWorld.production)
                cluster.set(.name, name)
                cluster.set(.cloudProviderID, "aws")
                cluster.set(.cloudProviderRegionID, "eu-central-1")
                cluster.edit(.configuration) {
                    $0.set(.numberOfNodes, nodes)
                    $0.set(.packageID, package)
                }
                change(&cluster)
            }
        }
        return try #require(answer.message(.cluster))
    }

    func get(_ id: String) throws -> Message {
        try #require(
            try clusters("GetCluster") { $0.set(.clusterID, id) }.message(.cluster))
    }

    func phase(_ id: String) throws -> String { ClusterState.phase(of: try get(id)) }
}

/// The error that a call ends with.
func failure(_ body: () throws -> Message) -> APIError? {
    #expect(throws: APIError.self) { _ = try body() }
}

// MARK: - What tests need again and again

extension TestWorld {
    /// Gives viewer@example.com a role with these permissions and no other but the base role.
    func restrictViewer(to permissions: [String]) throws {
        let role = try own("iam.v1.IAMService", "CreateRole") { request in
            request.edit(.role) { role in
                role.set(.accountID, TestWorld.production)
                role.set(.name, "Restricted \(permissions.joined(separator: " "))".prefixed(64))
                role.setEnum(.roleType, "CUSTOM")
                role.set(.permissions, PermissionCatalogue.messages(permissions, self.cloud.world))
            }
        }
        let user = Identities.user("viewer@example.com")
        let present = try own("iam.v1.IAMService", "ListUserRoles") { $0.set(.userID, user) }
        _ = try own("iam.v1.IAMService", "AssignUserRoles") { request in
            request.set(.userID, user)
            request[.roleIDsToAdd] = .list([
                .string(role.message(.role)?.string(.id) ?? "")
            ])
            request[.roleIDsToDelete] = .list(
                present.messages(.roles).filter { $0.optionalInteger(.subType) == nil }
                    .map { .string($0.string(.id)) })
        }
    }

    /// The code that a call ends with; nil when it succeeds.
    func code(_ body: () throws -> Message) -> StatusCode? {
        do {
            _ = try body()
            return nil
        } catch let error as APIError {
            return error.code
        } catch {
            return .unknown
        }
    }

    func backup(
        of cluster: String, _ change: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        let answer = try own("cluster.backup.v1.BackupService", "CreateBackup") { request in
            request.edit(.backup) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.clusterID, cluster)
                $0.set(.displayName, "copy")
                change(&$0)
            }
        }
        return try #require(answer.message(.backup))
    }

    func backups(_ fill: (inout Message) -> Void = { _ in }) throws -> [Message] {
        try own("cluster.backup.v1.BackupService", "ListBackups", fill).messages(.items)
    }

    func schedule(
        of cluster: String, _ text: String, _ change: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        let answer = try own("cluster.backup.v1.BackupService", "CreateBackupSchedule") { request in
            request.edit(.backupSchedule) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.clusterID, cluster)
                $0.set(.displayName, "nightly")
                $0.set(.schedule, text)
                change(&$0)
            }
        }
        return try #require(answer.message(.backupSchedule))
    }

    func space(
        _ name: String = "assistant", _ change: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        let answer = try own("serverless.space.v1.SpaceService", "CreateSpace") { request in
            request.edit(.space) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.name, name)
                $0.set(.cloudProviderID, "aws")
                $0.set(.cloudProviderRegionID, "eu-central-1")
                $0.edit(.configuration) { _ in }
                change(&$0)
            }
        }
        return try #require(answer.message(.space))
    }

    func environment(namespace: String? = "qdrant") throws -> Message {
        let answer = try own("hybrid.v1.HybridCloudService", "CreateHybridCloudEnvironment") {
            request in
            request.edit(.hybridCloudEnvironment) {
                $0.set(.accountID, TestWorld.production)
                $0.set(.name, "on-premises")
                guard let namespace else { return }
                $0.edit(.configuration) { $0.set(.namespace, namespace) }
            }
        }
        return try #require(answer.message(.hybridCloudEnvironment))
    }

    /// An answer over REST.
    struct RESTAnswer {
        let status: Int
        let text: String
        let tree: YAMLValue
        let headers: [(name: String, value: String)]
    }

    /// A request over REST, by the account's key unless a person's token is asked for.
    func rest(
        _ verb: String, _ target: String, body: String = "", as email: String? = nil,
        headers: [(name: String, value: String)] = []
    ) throws -> RESTAnswer {
        let credential = email.map { "Bearer " + cloud.world.userToken(of: $0) } ?? "apikey \(key)"
        let request = InboundRequest(
            verb: verb, target: target, headers: [("authorization", credential)] + headers,
            body: Array(body.utf8))
        let response = RESTGateway(registry: cloud.world.registry).answer(request, cloud)
        let text = String(decoding: response.body, as: UTF8.self)
        return RESTAnswer(
            status: response.status, text: text, tree: try YAMLValue(parsing: text),
            headers: response.headers)
    }
}

extension String {
    fileprivate func prefixed(_ count: Int) -> String { String(prefix(count)) }
}
