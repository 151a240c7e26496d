import Foundation
import TestSupport
import Testing

/// Which certificates are trusted: those of `--ca-file`, else those that the environment names.
@Suite struct TrustTests {
    private static let ways = [
        (["--transport", "grpc"], "qdrant.api.cluster.list_clusters({}, { retries = 0 })"),
        (["--transport", "rest"], "qdrant.api.cluster.list_clusters({}, { retries = 0 })"),
        ([], #"http.get(os.getenv("QDRANT_CLOUD_ENDPOINT"), { retries = 0 })"#),
    ]

    /// Whether each way to the sandbox is trusted.
    private static func trusted(
        _ sandbox: ServerProcess, _ environment: [String: String], caFile: String? = nil
    ) throws -> [Bool] {
        try ways.map { options, code in
            var code = code
            var options = options
            if let caFile, options.isEmpty {
                code = code.replacing("retries = 0", with: "retries = 0, ca_file = [[\(caFile)]]")
            } else if let caFile {
                options += ["--ca-file", caFile]
            }
            let result = try qcsh(
                options + ["-e", "\(code) print('trusted')"],
                environment: [
                    "QDRANT_CLOUD_API_KEY": sandbox.announcement["management_key"] ?? "key",
                    "QDRANT_CLOUD_ENDPOINT": sandbox.announcement["endpoint"] ?? "",
                    "QDRANT_CLOUD_ACCOUNT_ID": sandbox.announcement["account_id"] ?? "",
                ].merging(environment) { $1 })
            #expect(
                result.output == "trusted\n" || result.errors.contains("ertificate"), "\(result)")
            return result.output == "trusted\n"
        }
    }

    @Test func theEnvironmentNamesCertificatesAndTheOptionCountsMore() throws {
        let folder = try TemporaryFolder()
        let sandbox = try ServerProcess(Project.qcsh, ["sandbox", "--tls"], home: folder.path)
        let own = try #require(sandbox.announcement["ca_file"])
        let stranger = try ServerProcess.peer(
            "fault_server", ["--tls", "--tls-name", "cloud.test"])
        let other = try #require(stranger.announcement["ca_file"])
        let hash = try TestSupport.run(
            "/usr/bin/env", ["openssl", "x509", "-noout", "-hash", "-in", own])
        try #require(hash.status == 0, "\(hash.errors)")
        let name = hash.output.filter { !$0.isWhitespace } + ".0"
        try FileManager.default.copyItem(atPath: own, toPath: folder.path + "/" + name)

        let (all, none) = ([true, true, true], [false, false, false])
        #expect(try Self.trusted(sandbox, [:]) == none)
        #expect(try Self.trusted(sandbox, ["SSL_CERT_FILE": own]) == all)
        #expect(try Self.trusted(sandbox, ["SSL_CERT_DIR": folder.path]) == all)
        #expect(try Self.trusted(sandbox, ["SSL_CERT_FILE": other]) == none)
        #expect(try Self.trusted(sandbox, ["SSL_CERT_FILE": ""]) == none)
        #expect(try Self.trusted(sandbox, ["SSL_CERT_FILE": other], caFile: own) == all)
        #expect(try Self.trusted(sandbox, ["SSL_CERT_FILE": own], caFile: other) == none)
        sandbox.stop()
    }
}
