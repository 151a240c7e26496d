import Foundation
import TestSupport
import Testing

/// HTTP proxies of the environment: used for hosts elsewhere, never for this machine.
@Suite struct ProxyTests {
    private final class Tunnel {
        let log: String
        let proxy: ServerProcess
        private let folder: TemporaryFolder

        init(to target: ServerProcess) throws {
            folder = try TemporaryFolder()
            log = folder.path + "/log"
            proxy = try ServerProcess.peer("proxy", ["--target", target.address, "--log", log])
        }

        func requests() throws -> [String] {
            try String(contentsOfFile: log, encoding: .utf8).split(separator: "\n").map(String.init)
        }

        var environment: [String: String] {
            [
                "https_proxy": "http://" + proxy.address, "http_proxy": "http://" + proxy.address,
                "QDRANT_CLOUD_API_KEY": "key",
                "QDRANT_CLOUD_ACCOUNT_ID": "00000000-0000-4000-8000-000000000001",
            ]
        }
    }

    private static let code = "return #qdrant.api.cluster.list_clusters({}, { retries = 0 }).items"

    @Test func callsToOtherHostsGoThroughTheProxy() throws {
        let server = try ServerProcess.peer("fault_server", ["--tls", "--tls-name", "cloud.test"])
        let tunnel = try Tunnel(to: server)
        let result = try qcsh(
            [
                "--endpoint", "https://cloud.test:443", "--ca-file",
                try #require(server.announcement["ca_file"]), "-e", Self.code,
            ], environment: tunnel.environment)
        #expect(result.status == 0, "\(result.errors)")
        #expect(try tunnel.requests() == ["CONNECT cloud.test:443 HTTP/1.1"])
    }

    @Test func restGoesThroughTheProxy() throws {
        let server = try ServerProcess.peer("fault_server", ["--tls", "--tls-name", "cloud.test"])
        let tunnel = try Tunnel(to: server)
        _ = try qcsh(
            [
                "--endpoint", "https://cloud.test:443", "--transport", "rest", "--ca-file",
                try #require(server.announcement["ca_file"]), "-e", Self.code,
            ], environment: tunnel.environment)
        #expect(try tunnel.requests() == ["CONNECT cloud.test:443 HTTP/1.1"])
    }

    @Test(arguments: ["grpc", "rest"])
    func callsToThisMachineDoNot(_ transport: String) throws {
        let server = try ServerProcess.peer("fault_server")
        let tunnel = try Tunnel(to: server)
        _ = try qcsh(
            ["--endpoint", "http://\(server.address)", "--transport", transport, "-e", Self.code],
            environment: tunnel.environment)
        #expect(try tunnel.requests().isEmpty)
        let sandbox = try qcsh(
            ["--sandbox", "--transport", transport, "-e", Self.code],
            environment: tunnel.environment)
        #expect(sandbox.status == 0, "\(sandbox.errors)")
        #expect(try tunnel.requests().isEmpty)
    }

    @Test func hostsThatAreExceptedDoNot() throws {
        let server = try ServerProcess.peer("fault_server", ["--tls", "--tls-name", "cloud.test"])
        let tunnel = try Tunnel(to: server)
        var environment = tunnel.environment
        environment["no_proxy"] = "cloud.test"
        let result = try qcsh(
            [
                "--endpoint", "https://cloud.test:443", "--ca-file",
                try #require(server.announcement["ca_file"]), "-e", Self.code,
            ], environment: environment)
        // The name does not exist, so only the proxy could have helped.
        #expect(result.status == 8, "\(result)")
        #expect(try tunnel.requests().isEmpty)
    }
}
