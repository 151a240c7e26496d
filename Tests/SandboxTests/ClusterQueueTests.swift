import Codec
import Contract
import GRPCProtocol
import Testing

@testable import Sandbox

/// Changes of clusters that are still busy with an earlier one.
@Suite struct ClusterQueueTests {
    /// The phases that end by themselves, and how a healthy cluster of two nodes gets there.
    enum Busy: String, CaseIterable {
        case creating = "CREATING"
        case updating = "UPDATING"
        case scaling = "SCALING"
        case upgrading = "UPGRADING"
        case resuming = "RESUMING"

        /// A cluster in the phase.
        func cluster(_ world: TestWorld) throws -> String {
            let id = try world.create(nodes: 2) { cluster in
                cluster.edit(.configuration) { $0.set(.version, "v1.16.3") }
            }.string(.id)
            guard self != .creating else { return id }
            world.pass(60)
            switch self {
            case .creating: break
            case .updating: _ = try world.clusters("RestartCluster") { $0.set(.clusterID, id) }
            case .scaling: try ClusterQueueTests.change(world, id) { $0.set(.numberOfNodes, 3) }
            case .upgrading: try ClusterQueueTests.change(world, id) { $0.set(.version, "v1.17.1") }
            case .resuming:
                _ = try world.clusters("SuspendCluster") { $0.set(.clusterID, id) }
                world.pass(60)
                _ = try world.clusters("UnsuspendCluster") { $0.set(.clusterID, id) }
            }
            return id
        }
    }

    /// What an update can change, with the phase that it leads to.
    enum Change: String, CaseIterable {
        case nodes, package, disk, version, settings, ranges, everything

        func make(_ configuration: inout Message, _ world: TestWorld) throws {
            let all = self == .everything
            if self == .nodes || all { configuration.set(.numberOfNodes, 4) }
            if self == .package || all { configuration.set(.packageID, try world.package("gpx3")) }
            if self == .disk || all {
                configuration.edit(.additionalResources) { $0.set(.disk, 100) }
            }
            if self == .version || all { configuration.set(.version, "v1.18.1") }
            if self == .settings || all { configuration.set(.reservedCpuPercentage, 30) }
            if self == .ranges || all {
                configuration[.allowedIpSourceRanges] = .list([.string("10.0.0.0/8")])
            }
        }

        /// The phase afterwards; nil for a change that takes no time.
        var phase: String? {
            switch self {
            case .ranges: nil
            case .settings: "UPDATING"
            case .nodes, .package, .disk: "SCALING"
            case .version, .everything: "UPGRADING"
            }
        }
    }

    @discardableResult
    static func change(
        _ world: TestWorld, _ id: String, _ change: (inout Message) throws -> Void
    ) throws -> Message {
        var cluster = try world.get(id)
        var configuration = try #require(cluster.message(.configuration))
        try change(&configuration)
        cluster.set(.configuration, configuration)
        cluster[.state] = nil
        return try #require(
            try world.clusters("UpdateCluster") { $0.set(.cluster, cluster) }.message(.cluster))
    }

    /// What a cluster is, as far as its configuration says what it should be.
    private func expectSettled(_ world: TestWorld, _ id: String) throws {
        let cluster = try world.get(id)
        let state = try #require(cluster.message(.state))
        let configuration = try #require(cluster.message(.configuration))
        let package = Catalogue.builtIn.package(configuration.string(.packageID))
        let extra = configuration.message(.additionalResources)?.integer(.disk) ?? 0
        #expect(ClusterState.phase(of: cluster) == "HEALTHY")
        #expect(state.messages(.nodes).count == configuration.integer(.numberOfNodes))
        #expect(state.integer(.nodesUp) == configuration.integer(.numberOfNodes))
        #expect(state.string(.version) == configuration.string(.version))
        #expect(
            state.messages(.nodes).allSatisfy {
                $0.string(.version) == configuration.string(.version)
                    && $0.enumName(.state)?.hasSuffix("_HEALTHY") == true
                    && $0.message(.endpoint)?.string(.url).isEmpty == false
            })
        let resources = state.message(.resources)
        #expect(resources?.message(.ram)?[.base] == .double(Double(package?.ram ?? 0)))
        #expect(resources?.message(.disk)?[.additional] == .double(Double(extra)))
    }

    /// The phases that a cluster goes through until it is healthy.
    private func phases(_ world: TestWorld, _ id: String) throws -> [String] {
        var seen = [try world.phase(id)]
        for _ in 0..<600 where seen.last != "HEALTHY" {
            world.pass(0.5)
            let phase = try world.phase(id)
            if phase != seen.last { seen.append(phase) }
        }
        return seen
    }

    @Test(arguments: Busy.allCases, Change.allCases)
    func aChangeWaitsForWhatIsUnderWay(_ busy: Busy, _ wanted: Change) throws {
        let world = try TestWorld()
        let id = try busy.cluster(world)
        #expect(try world.phase(id) == busy.rawValue)
        let answer = try Self.change(world, id) { try wanted.make(&$0, world) }
        #expect(ClusterState.phase(of: answer) == busy.rawValue)
        var asked = try #require(answer.message(.configuration))
        let before = asked
        try wanted.make(&asked, world)
        #expect(asked == before, "the answer has the configuration that was asked for")
        #expect(
            try phases(world, id) == [busy.rawValue]
                + (wanted.phase.map { [$0] } ?? []).filter {
                    $0 != busy.rawValue
                } + ["HEALTHY"])
        try expectSettled(world, id)
        world.pass(600)
        try expectSettled(world, id)
        #expect(try world.get(id).message(.configuration) == asked)
    }

    @Test(arguments: Busy.allCases)
    func theNewestConfigurationWins(_ busy: Busy) throws {
        let world = try TestWorld()
        let id = try busy.cluster(world)
        for nodes in [4, 6, 5] { try Self.change(world, id) { $0.set(.numberOfNodes, nodes) } }
        try Self.change(world, id) { $0.set(.version, "v1.18.1") }
        try Self.change(world, id) { $0.set(.reservedCpuPercentage, 30) }
        let counts = try Set(
            (0..<400).map { _ in
                world.pass(0.5)
                return try world.get(id).message(.state)?.messages(.nodes).count ?? 0
            })
        #expect(!counts.contains(4) && !counts.contains(6))
        try expectSettled(world, id)
        #expect(try world.get(id).message(.state)?.messages(.nodes).count == 5)
        #expect(try world.get(id).message(.state)?.string(.version) == "v1.18.1")
    }

    /// The other calls that change a cluster, and where the contract has them refused.
    @Test(arguments: Busy.allCases)
    func otherCallsAreAcceptedOrRefusedAsTheContractSays(_ busy: Busy) throws {
        func code(_ method: String, _ change: (inout Message) -> Void = { _ in }) throws
            -> StatusCode?
        {
            let world = try TestWorld()
            let id = try busy.cluster(world)
            return world.code {
                try world.clusters(method) {
                    $0.set(.clusterID, id)
                    change(&$0)
                }
            }
        }
        for method in ["RestartCluster", "SuspendCluster", "UnsuspendCluster"] {
            #expect(try code(method) == .failedPrecondition, "\(method)")
        }
        #expect(try code("DeleteCluster") == nil)
        // Names and labels never wait.
        let world = try TestWorld()
        let id = try busy.cluster(world)
        var cluster = try world.get(id)
        cluster.set(.name, "renamed")
        cluster[.state] = nil
        let answer = try world.clusters("UpdateCluster") { $0.set(.cluster, cluster) }
        #expect(answer.message(.cluster)?.string(.name) == "renamed")
        #expect(try phases(world, id) == [busy.rawValue, "HEALTHY"])
    }

    @Test(arguments: Busy.allCases)
    func tokensAreEnabledOnceTheClusterIsReady(_ busy: Busy) throws {
        let world = try TestWorld()
        let id = try busy.cluster(world)
        try world.cloud.perform { moment in
            var record = try #require(try moment.transaction.record(.cluster, id))
            record.hidden["jwt"] = "0"
            record.message.edit(.state) { $0.set(.jwtRbac, false) }
            try moment.transaction.put(record)
        }
        _ = try world.clusters("EnableClusterJwtRbac") { $0.set(.clusterID, id) }
        #expect(try world.get(id).message(.state)?.bool(.jwtRbac) == false)
        _ = try phases(world, id)
        #expect(try world.get(id).message(.state)?.bool(.jwtRbac) == true)
        try expectSettled(world, id)
    }

    @Test func aRestoreWaitsToo() throws {
        let world = try TestWorld()
        let id = try world.create(nodes: 2) { cluster in
            cluster.edit(.configuration) { $0.set(.version, "v1.16.3") }
        }.string(.id)
        world.pass(60)
        let backup = try world.backup(of: id).string(.id)
        world.pass(60)
        try Self.change(world, id) { $0.set(.numberOfNodes, 4) }
        try Self.change(world, id) { $0.set(.version, "v1.17.1") }
        _ = try world.own("cluster.backup.v1.BackupService", "RestoreBackup") {
            $0.set(.backupID, backup)
        }
        _ = try phases(world, id)
        try expectSettled(world, id)
        #expect(try world.get(id).message(.configuration)?.integer(.numberOfNodes) == 2)
        #expect(try world.get(id).message(.configuration)?.string(.version) == "v1.16.3")
    }

    @Test(arguments: ["SUSPENDING", "SUSPENDED", "DELETING"])
    func clustersThatDoNotRunAreNotChanged(_ phase: String) throws {
        let world = try TestWorld()
        let id = try world.create(nodes: 2).string(.id)
        world.pass(60)
        let method = phase == "DELETING" ? "DeleteCluster" : "SuspendCluster"
        _ = try world.clusters(method) { $0.set(.clusterID, id) }
        if phase == "SUSPENDED" { world.pass(60) }
        #expect(try world.phase(id) == phase)
        for change in Change.allCases {
            #expect(
                world.code { try Self.change(world, id) { try change.make(&$0, world) } }
                    == .failedPrecondition, "\(change)")
        }
    }

    @Test func aSpaceThatIsProcessingTakesTheNewestConfiguration() throws {
        let world = try TestWorld()
        let space = try world.space()
        for name in ["first-name", "second-name"] {
            var wanted = space
            wanted.set(.name, name)
            let answer = try world.own("serverless.space.v1.SpaceService", "UpdateSpace") {
                $0.set(.space, wanted)
            }
            #expect(answer.message(.space)?.string(.name) == name)
        }
        world.pass(30)
        let got = try world.own("serverless.space.v1.SpaceService", "GetSpace") {
            $0.set(.spaceID, space.string(.id))
        }
        #expect(got.message(.space)?.string(.name) == "second-name")
        #expect(got.message(.space)?.message(.state)?.enumName(.phase)?.hasSuffix("READY") == true)
    }

    @Test func whatFailedGoesOnToTheNewestConfiguration() throws {
        let world = try TestWorld()
        let id = try world.create(nodes: 2).string(.id)
        world.pass(60)
        world.cloud.world.faults.add(
            try FaultReader.faults(
                YAMLValue(parsing: "{method: UpdateCluster, lifecycle: fail, times: 1}"), .embedded,
                name: { "fault" })[0])
        try Self.change(world, id) { $0.set(.numberOfNodes, 3) }
        try Self.change(world, id) { $0.set(.numberOfNodes, 4) }
        _ = try phases(world, id)
        try expectSettled(world, id)
        #expect(try world.get(id).message(.configuration)?.integer(.numberOfNodes) == 4)
    }
}
