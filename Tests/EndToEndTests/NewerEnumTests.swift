import Foundation
import TestSupport
import Testing

/// Enum values of a newer API, which come over REST by names that the contract does not have.
@Suite struct NewerEnumTests {
    private static let phase = "CLUSTER_PHASE_DREAMING"
    private static let status = "ACCOUNT_INVITE_STATUS_DREAMING"
    private static let gpu = "CLUSTER_CONFIGURATION_GPU_TYPE_TPU"
    private static let formats = ["table", "wide", "tree", "json", "jsonl", "yaml", "lua", "csv"]

    private static func start() throws -> (ServerProcess, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let peer = try ServerProcess.peer(
            "newer_rest", ["--requests", folder.path + "/requests"])
        return (peer, folder)
    }

    private static func run(
        _ peer: ServerProcess, _ arguments: [String], _ script: String = ""
    ) throws -> ProgramResult {
        try qcsh(
            arguments, input: script,
            environment: [
                "QDRANT_CLOUD_API_KEY": "key", "QDRANT_CLOUD_ENDPOINT": "http://\(peer.address)",
                "QDRANT_CLOUD_ACCOUNT_ID": "0d5ab7b4-6d8a-4a2e-9a53-0c8d7cb8f0a1",
            ])
    }

    @Test func theHelpNamesEveryFormatThatIsTried() throws {
        let help = try qcsh(["--help"]).output.split { $0.isWhitespace }.joined(separator: " ")
        #expect(help.contains("values: " + Self.formats.joined(separator: ", ") + ")"))
    }

    @Test(arguments: formats)
    func everyFormatShowsTheName(_ format: String) throws {
        let (peer, folder) = try Self.start()
        // Formats for people show the short form of names, as of those that the contract has.
        let shown =
            ["table", "wide", "tree"].contains(format)
            ? String(try #require(Self.status.split(separator: "_").last)) : Self.status
        let options = ["--transport", "rest", "--output", format]
        let call = try Self.run(peer, ["call"] + options + ["account.list_account_invites"])
        #expect(call.output.contains(shown), "\(call)")
        let script = try Self.run(
            peer, options + ["-e", "return qdrant.api.account.list_account_invites {}"])
        #expect(script.output.contains(shown), "\(script)")
        _ = folder
    }

    @Test func theNameIsEncodedAndSentBack() throws {
        let (peer, folder) = try Self.start()
        let result = try Self.run(
            peer, ["--transport", "rest", "-"],
            """
            local cluster = qdrant.api.cluster.list_clusters {}.items[1]
            assert(json.decode(json.encode(cluster)).state.phase == "\(Self.phase)")
            assert(yaml.decode(yaml.encode(cluster)).state.phase == "\(Self.phase)")
            qdrant.api.cluster.update_cluster { cluster = cluster, update_mask = { "name" } }
            local invite = qdrant.api.account.list_account_invites {}.items[1]
            qdrant.api.account.list_account_invites { statuses = { invite.status } }
            print("done")
            """)
        #expect(result.output == "done\n", "\(result.errors)")
        let requests = try String(contentsOfFile: folder.path + "/requests", encoding: .utf8)
            .split(separator: "\n")
        let update = try #require(requests.first { $0.hasPrefix("PUT") || $0.hasPrefix("PATCH") })
        #expect(update.contains(#""phase":"\#(Self.phase)""#), "\(update)")
        #expect(update.contains(#""gpuType":"\#(Self.gpu)""#), "\(update)")
        #expect(requests.last?.contains("statuses=\(Self.status)") == true, "\(requests)")
        _ = peer
    }

    @Test func overGRPCTheNameIsRefusedWithItsPath() throws {
        let (peer, folder) = try Self.start()
        let result = try Self.run(
            peer, ["--transport", "rest", "-"],
            """
            local cluster = qdrant.api.cluster.list_clusters {}.items[1]
            cluster.configuration.gpu_type = nil
            qdrant.api.cluster.update_cluster({ cluster = cluster, update_mask = { "name" } }, { transport = "grpc" })
            """)
        #expect(result.status != 0)
        #expect(
            result.errors.contains(
                "cluster.state.phase: this contract has no number for \(Self.phase)")
                && result.errors.contains("--transport rest"), "\(result)")
        let requests = try String(contentsOfFile: folder.path + "/requests", encoding: .utf8)
        #expect(requests.split(separator: "\n").count == 1, "\(requests)")
        _ = peer
    }

    @Test func aNameThatNoServerSentIsStillRefused() throws {
        let (peer, folder) = try Self.start()
        let result = try Self.run(
            peer, ["--transport", "rest", "-"],
            """
            local cluster = qdrant.api.cluster.list_clusters {}.items[1]
            cluster.state.phase = "CLUSTER_PHASE_HEALTY"
            print(pcall(qdrant.api.cluster.update_cluster, { cluster = cluster }))
            print(pcall(json.encode, cluster))
            """)
        let lines = result.output.split(separator: "\n")
        #expect(lines.count == 2, "\(result)")
        for line in lines {
            #expect(line.hasPrefix("false") && line.contains("CLUSTER_PHASE_HEALTHY"), "\(line)")
        }
        _ = (peer, folder)
    }
}
