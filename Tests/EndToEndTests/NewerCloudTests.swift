import Foundation
import TestSupport
import Testing

/// A cloud whose API is newer than the contract that is built in.
@Suite struct NewerCloudTests {
    private static func start() throws -> (ServerProcess, TemporaryFolder, String) {
        let folder = try TemporaryFolder()
        let file = folder.path + "/newer.binpb"
        return (try ServerProcess.peer("newer_cloud", ["--descriptors", file]), folder, file)
    }

    private static func run(
        _ peer: ServerProcess, _ options: [String], _ script: String
    ) throws -> ProgramResult {
        try qcsh(
            [
                "--endpoint", "http://\(peer.address)", "--account",
                "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1",
            ] + options + ["-"], input: script, environment: ["QDRANT_CLOUD_API_KEY": "key"])
    }

    @Test func whatTheContractDoesNotKnowIsReadByItsNumber() throws {
        let (peer, folder, _) = try Self.start()
        let result = try Self.run(
            peer, [],
            """
            local cluster = qdrant.api.cluster.list_clusters {}.items[1]
            assert(cluster.name == "sleepy" and cluster[99] == "fine" and cluster[98] == nil)
            assert(cluster.state.phase == 77)
            assert(not pcall(function() return cluster.mood end))
            assert(not pcall(function() return qdrant.api.cluster.wake_cluster end))
            print("done")
            """)
        #expect(result.output == "done\n", "\(result.errors)")
        _ = (peer, folder)
    }

    @Test(arguments: [true, false])
    func aNewerContractIsTakenFromTheServerOrAFile(_ isFromServer: Bool) throws {
        let (peer, folder, file) = try Self.start()
        let source =
            isFromServer ? ["--from", "http://\(peer.address)"] : ["--descriptors", file]
        let result = try Self.run(
            peer, source,
            """
            local cluster = qdrant.api.cluster.list_clusters {}.items[1]
            assert(cluster.mood == "fine" and cluster.state.phase == "CLUSTER_PHASE_DREAMING")
            qdrant.api.cluster.wake_cluster { cluster_id = "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1" }
            local ok, problem = pcall(qdrant.api.cluster.wake_cluster, { cluster_id = "x" })
            assert(not ok and problem.violations[1].rule == "string.uuid")
            print("done")
            """)
        #expect(result.output == "done\n", "\(result.errors)")
        let shown = try qcsh(["api"] + source + ["Cluster.mood"])
        #expect(shown.output.contains("mood  string"), "\(shown)")
        let called = try qcsh(
            [
                "call", "--endpoint", "http://\(peer.address)", "--account",
                "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1",
            ] + source + ["cluster.list_clusters"],
            environment: ["QDRANT_CLOUD_API_KEY": "key"])
        #expect(called.output.contains("\"mood\": \"fine\""), "\(called)")
        _ = folder
    }

    @Test func aReviewerReadsWhatANewerContractChanges() throws {
        let (peer, folder, file) = try Self.start()
        let result = try TestSupport.run(
            Project.tool("python"), ["-B", Project.root + "/scripts/dev/contract", "--diff", file])
        let lines = result.output.split(separator: "\n").map(String.init)
        #expect(lines.count == 4, "\(result)")
        #expect(
            lines[0].hasPrefix("+ method  qdrant.cloud.cluster.v1.ClusterService.WakeCluster  "))
        #expect(lines[0].contains("write:clusters"))
        #expect(lines[1] == "+ field   qdrant.cloud.cluster.v1.Cluster.mood  99 string")
        #expect(
            lines[2]
                == "+ value   qdrant.cloud.cluster.v1.ClusterPhase.CLUSTER_PHASE_DREAMING  77")
        #expect(lines[3] == "0 gone, 3 new, 0 changed")
        _ = (peer, folder)
    }

    @Test func theSandboxDescribesItselfInFull() throws {
        let folder = try TemporaryFolder()
        let sandbox = try ServerProcess(Project.qcsh, ["sandbox"], home: folder.path)
        let own = folder.path + "/own.binpb"
        let theirs = folder.path + "/theirs.binpb"
        let endpoint = try #require(sandbox.announcement["endpoint"])
        #expect(try qcsh(["api", "--export", own]).status == 0)
        let fetched = try qcsh(["api", "--from", endpoint, "--export", theirs])
        #expect(fetched.status == 0, "\(fetched.errors)")
        // The same API, by a program that compares the facts of two descriptor sets.
        let difference = try TestSupport.run(
            Project.tool("python"),
            ["-B", Project.root + "/scripts/dev/contract", "--diff", theirs])
        #expect(difference.output.hasSuffix("0 gone, 0 new, 0 changed\n"), "\(difference)")
        let lint = try TestSupport.run(Project.tool("buf"), ["build", own, "-o", "/dev/null"])
        #expect(lint.status == 0, "\(lint.errors)")
        sandbox.stop()
    }

    @Test(arguments: [
        (["--descriptors", "/nowhere"], "cannot read /nowhere: No such file or directory"),
        (["--descriptors", "/etc/passwd"], "/etc/passwd does not describe an API"),
        (["--from", "http://127.0.0.1:1"], "http://127.0.0.1:1: UNAVAILABLE"),
        (["--from", "http://example.com"], "http://"),
        (["--from", "a", "--descriptors", "b"], "exclude each other"),
    ])
    func aSourceThatIsNoneIsNamed(_ options: [String], _ expected: String) throws {
        let result = try qcsh(["api"] + options)
        #expect(result.status == 2 && result.errors.contains(expected), "\(result)")
    }
}
