import Foundation
import TestSupport
import Testing

/// The sandbox as other people's clients see it.
@Suite struct SandboxClientTests {
    private func sandbox(_ arguments: String...) throws -> ServerProcess {
        try ServerProcess(
            Project.qcsh, ["sandbox", "--speed", "instant", "--seed", "bare"] + arguments)
    }

    private func request(_ server: ServerProcess) -> String {
        #"{"account_id":"\#(server.announcement["account_id"] ?? "")"}"#
    }

    @Test func grpcurlListsDescribesAndCalls() throws {
        let server = try sandbox()
        let grpcurl = Project.tool("grpcurl")
        let list = try run(grpcurl, ["-plaintext", server.address, "list"])
        #expect(list.output.contains("qdrant.cloud.cluster.v1.ClusterService"), "\(list.errors)")
        let describe = try run(
            grpcurl, ["-plaintext", server.address, "describe", "qdrant.cloud.cluster.v1.Cluster"])
        #expect(describe.output.contains("string cloud_provider_region_id"), "\(describe.errors)")
        let key = server.announcement["management_key"] ?? ""
        let method = "qdrant.cloud.cluster.v1.ClusterService/ListClusters"
        let call = try run(
            grpcurl,
            [
                "-plaintext", "-H", "authorization: apikey \(key)", "-d", request(server),
                server.address, method,
            ])
        #expect(call.status == 0, "\(call.errors)")
        let refused = try run(
            grpcurl, ["-plaintext", "-d", request(server), server.address, method])
        // grpcurl ends with 64 and the code.
        #expect(refused.status == 64 + 16)
        #expect(server.stop() == 0)
    }

    @Test(arguments: [false, true])
    func bufCurlCallsOverCleartextAndTLS(secure: Bool) throws {
        let server = secure ? try sandbox("--tls") : try sandbox()
        let key = server.announcement["management_key"] ?? ""
        let url =
            (server.announcement["endpoint"] ?? "")
            + "/qdrant.cloud.account.v1.AccountService/GetAccount"
        let transport =
            secure
            ? ["--cacert", server.announcement["ca_file"] ?? ""] : ["--http2-prior-knowledge"]
        let call = try run(
            Project.tool("buf"),
            ["curl", "--protocol", "grpc"] + transport
                + ["-H", "authorization: apikey \(key)", "-d", request(server), url])
        #expect(call.status == 0, "\(call.errors)")
        #expect(call.output.contains("\"name\": \"Production\""))
    }

    @Test(arguments: [["--http1.1"], ["--http2-prior-knowledge"]])
    func curlSpeaksRESTOverBothVersionsOfHTTP(_ version: [String]) throws {
        let server = try sandbox()
        let key = server.announcement["management_key"] ?? ""
        let account = server.announcement["account_id"] ?? ""
        let base = (server.announcement["rest_endpoint"] ?? "") + "/api"
        func curl(_ arguments: String...) throws -> String {
            try run("/usr/bin/curl", ["-sS"] + version + arguments).output
        }
        let authorization = "Authorization: apikey \(key)"
        #expect(
            try curl("-H", authorization, "\(base)/cluster/v1/accounts/\(account)/clusters")
                == #"{"items":[]}"#)
        let missing = try curl("-w", "%{http_code}", "\(base)/nothing/here")
        #expect(missing == #"{"code":5,"message":"Not Found","details":[]}404"#)
        let verb = try curl(
            "-w", "%{http_code}", "-X", "PATCH", "\(base)/cluster/v1/accounts/\(account)/clusters")
        #expect(verb == #"{"code":12,"message":"Method Not Allowed","details":[]}501"#)
        let anonymous = try curl(
            "-o", "/dev/null", "-w", "%{http_code}", "\(base)/account/v1/accounts")
        #expect(anonymous == "401")
        let name = try curl(
            "-H", authorization, "\(base)/cluster/v1/accounts/\(account)/clusters/suggest-name")
        #expect(name.hasPrefix(#"{"name":""#))
        let bad = try curl(
            "-H", authorization, "-d", #"{"cluster":{"name":"x"}}"#, "-w", "%{http_code}",
            "\(base)/cluster/v1/accounts/\(account)/clusters")
        #expect(bad.contains(#""@type":"type.googleapis.com/google.rpc.BadRequest""#))
        #expect(bad.contains(#""field":"cluster.name""#))
        #expect(bad.hasSuffix("400"))
    }

    @Test func grpcioWithGeneratedStubsRunsAClustersLife() throws {
        let server = try sandbox("--tls")
        let result = try run(
            Project.tool("python"),
            [
                "-B", Project.root + "/Tests/Fixtures/peers/stub_client.py", server.address,
                server.announcement["ca_file"] ?? "", server.announcement["management_key"] ?? "",
                server.announcement["account_id"] ?? "",
            ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("HEALTHY"))
        #expect(result.output.contains("NOT_FOUND"))
    }

    @Test func aPortInUseIsAClearError() throws {
        let server = try sandbox()
        let port = String(server.address.split(separator: ":")[1])
        let second = try qcsh(["sandbox", "--port", port])
        #expect(second.status == 1)
        #expect(second.output == "")
        #expect(second.errors.contains("port \(port) is in use"))
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func signalsStopItCleanly(_ signal: Int32) throws {
        let server = try sandbox()
        #expect(server.stop(signal) == 0)
    }

    @Test func acknowledgedWritesSurviveAKill() throws {
        let folder = try TemporaryFolder()
        let data = folder.path + "/data"
        let first = try sandbox("--data", data)
        let key = first.announcement["management_key"] ?? ""
        let endpoint = first.announcement["endpoint"] ?? ""
        func run(_ endpoint: String, _ code: String) throws -> ProgramResult {
            try qcsh(
                ["--endpoint", endpoint, "-e", code], environment: ["QDRANT_CLOUD_API_KEY": key])
        }
        let made = try run(
            endpoint,
            """
            local p = qdrant.api.booking.list_packages { cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1" }.items[1]
            for i = 1, 5 do
              qdrant.api.cluster.create_cluster { cluster = { name = "c" .. i, cloud_provider_id = "aws",
                cloud_provider_region_id = "eu-central-1",
                configuration = { number_of_nodes = 1, package_id = i == 1 and p.id or
                  qdrant.api.booking.list_packages { cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1" }.items[2].id } } }
            end
            """)
        #expect(made.status == 0, "\(made.errors)")
        first.stop(SIGKILL)
        let second = try sandbox("--data", data)
        // The key is the same, as it derives from the folder's seed.
        #expect(second.announcement["management_key"] == key)
        let listed = try run(
            second.announcement["endpoint"] ?? "",
            "for c in qdrant.api.cluster.list_clusters:each {} do io.write(c.name, ' ') end")
        #expect(listed.output == "c1 c2 c3 c4 c5 ", "\(listed.errors)")
        let mode = try FileManager.default.attributesOfItem(atPath: data + "/seed")[
            .posixPermissions]
        #expect(mode as? Int == 0o600)
    }
}
