import Codec
import Contract
import Testing

@testable import Sandbox

/// An engine without a server, whose real time is turned by hand.
final class World {
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
        options: CloudOptions = CloudOptions(), seedNumber: UInt64? = nil
    ) throws {
        let time = Time()
        self.time = time
        #expect(SandboxServer.cryptoProblem == nil)
        cloud = try Cloud(
            registry: .embedded, store: try Store(path: path, registry: .embedded),
            clock: VirtualClock(
                speed: speed, real: { time.now },
                start: seedNumber == nil ? nil : 1_767_225_600_000_000_000),
            seed: Array("test".utf8), options: options, seedNumber: seedNumber)
        try Seed(seed).plant(in: cloud)
        key = cloud.managementKey(of: Self.production)
    }

    /// Lets virtual seconds pass.
    func pass(_ seconds: Double) { time.now += Int64(seconds * 1e9) }

    func call(
        _ service: String, _ method: String, key: String? = nil, authorization: String? = nil,
        metadata: [String: String] = [:], _ fill: (inout Message) -> Void
    ) throws -> Message {
        let found = try #require(
            try cloud.registry.method(path: "/qdrant.cloud.\(service)/\(method)"))
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
        try call(service, method, authorization: "Bearer " + cloud.userToken(of: email)) {
            request in
            if request.type.field(named: "account_id") != nil {
                request.set("account_id", World.production)
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
                request.set("account_id", World.production)
            }
            fill(&request)
        }
    }

    func clusters(_ method: String, _ fill: (inout Message) -> Void) throws -> Message {
        try call("cluster.v1.ClusterService", method) { request in
            if request.type.field(named: "account_id") != nil {
                request.set("account_id", World.production)
            }
            fill(&request)
        }
    }

    /// The package of a name in aws eu-central-1.
    func package(_ name: String) throws -> String {
        try #require(
            Catalogue.packages.first { $0.name == name && $0.region == "eu-central-1" }
        ).id
    }

    func create(
        _ name: String = "search", package: String = "gpx2", nodes: Int = 1,
        _ change: (inout Message) -> Void = { _ in }
    ) throws -> Message {
        let package = try self.package(package)
        let answer = try clusters("CreateCluster") { request in
            request.edit("cluster") { cluster in
                cluster.set("account_id", World.production)
                cluster.set("name", name)
                cluster.set("cloud_provider_id", "aws")
                cluster.set("cloud_provider_region_id", "eu-central-1")
                cluster.edit("configuration") {
                    $0.set("number_of_nodes", nodes)
                    $0.set("package_id", package)
                }
                change(&cluster)
            }
        }
        return try #require(answer.message("cluster"))
    }

    func get(_ id: String) throws -> Message {
        try #require(
            try clusters("GetCluster") { $0.set("cluster_id", id) }.message("cluster"))
    }

    func phase(_ id: String) throws -> String { ClusterLifecycle.phase(of: try get(id)) }
}

/// The error that a call ends with.
func failure(_ body: () throws -> Message) -> APIError? {
    #expect(throws: APIError.self) { _ = try body() }
}
