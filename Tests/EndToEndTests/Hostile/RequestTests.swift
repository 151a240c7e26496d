import Foundation
import TestSupport
import Testing

/// What a sandbox answers to requests at the edge of what is allowed, from those without a key, and to
/// users who have few rights and few file descriptors.
@Suite struct RequestTests {
    private static let clusters = "/api/cluster/v1/accounts/x/clusters"

    /// A program without any capability, as an ordinary user's programs are.
    private func withoutCapabilities(_ words: [String]) throws -> ProgramResult {
        let limits =
            getuid() == 0
            ? ["/usr/bin/setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
            : ["/usr/bin/env"]
        return try run(limits[0], Array(limits.dropFirst()) + words)
    }

    @Test(arguments: ["grpc", "rest"])
    func aUserWithoutCapabilitiesIsServed(_ transport: String) throws {
        let result = try withoutCapabilities([
            Project.qcsh, "--sandbox", "--transport", transport, "-e",
            "return #qdrant.api.cluster.list_clusters{}.items",
        ])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output == "2\n")
    }

    // MARK: - Deadlines

    /// All that the specification of gRPC allows: at most eight digits, of six units.
    @Test func everyDeadlineOfTheSpecificationIsValid() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let path = "/api/cluster/v1/accounts/\(sandbox.account)/clusters"
        for unit in ["H", "M", "S"] {
            let answer = try sandbox.curl(
                "GET", path, body: nil, "-H", "grpc-timeout: 99999999\(unit)")
            #expect(answer.status == 200, "\(unit): \(answer.text)")
        }
        for unit in ["H", "M", "S", "m", "u", "n"] {
            // Without a credential, which is what is refused then.
            let answer = try run(
                "/usr/bin/curl",
                [
                    "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                    "grpc-timeout: 99999999\(unit)", sandbox.endpoint + Self.clusters,
                ])
            #expect(answer.output == "401", "\(unit): \(answer)")
        }
        for text in ["999999999H", "-1S", "1", "H", "1e9S", "1X", "0x1S"] {
            let answer = try sandbox.curl("GET", path, body: nil, "-H", "grpc-timeout: \(text)")
            #expect([200, 400].contains(answer.status), "\(text): \(answer.text)")
        }
        let calls = try sandbox.grpcio([
            (
                "cluster.v1.ClusterService/ListClusters",
                #"{"account_id":"\#(sandbox.account)"}"#, 99_999_999
            )
        ])
        #expect(calls.first?["code"] as? String == "OK", "\(calls)")
    }

    // MARK: - Names

    @Test func otherNamesAreNotAnswered() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let path = "/api/cluster/v1/accounts/\(sandbox.account)/clusters"
        func status(_ header: String) throws -> (status: Int, text: String, exit: Int32) {
            try sandbox.curl("GET", path, body: nil, "-H", header)
        }
        for header in [
            "Host: attacker.example", "Host: 127.0.0.1.attacker.example:\(sandbox.port)",
            "Host: localhost.attacker.example", "Host: 192.0.2.1:\(sandbox.port)",
            "Origin: http://attacker.example", "Origin: null", "Origin: http://",
        ] {
            let answer = try status(header)
            #expect(answer.status == 421, "\(header): \(answer.text)")
            #expect(answer.text.contains("does not answer to"), "\(header): \(answer.text)")
        }
        for header in [
            "Host: localhost:\(sandbox.port)", "Host: 127.0.0.1", "Host: [::1]:1",
            "Host: LOCALHOST", "Origin: http://localhost:3000",
        ] {
            #expect(try status(header).status == 200, "\(header)")
        }
        // Nor by a client of gRPC, in :authority.
        let script = """
            import grpc, sys
            options = [("grpc.default_authority", "attacker.example")]
            channel = grpc.insecure_channel(sys.argv[1], options=options)
            call = channel.unary_unary("/qdrant.cloud.cluster.v1.ClusterService/ListClusters")
            try:
                call(b"", timeout=10, metadata=[("authorization", "apikey " + sys.argv[2])])
            except grpc.RpcError as error:
                print(error.code().name, error.details())
            """
        let result = try run(
            Project.tool("python"), ["-c", script, sandbox.server.address, sandbox.key])
        #expect(result.output.contains("does not answer to the host"), "\(result)")
    }

    @Test func namesThatAreAdvertisedAreAnswered() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--advertise", "cloud.test")
        let path = "/api/cluster/v1/accounts/\(sandbox.account)/clusters"
        let place = "cloud.test:\(sandbox.port):127.0.0.1"
        let own = try sandbox.curl("GET", path, body: nil, "--resolve", place)
        #expect(own.status == 200, "\(own.text)")
        let other = try sandbox.curl(
            "GET", path, body: nil, "--resolve", place, "-H", "Host: other.test")
        #expect(other.status == 421)
    }

    // MARK: - Expect

    @Test func aBodyIsAskedForOnlyWhenItIsWanted() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let script = """
            import socket, sys
            host, port = sys.argv[1].rsplit(":", 1)
            def answer(credential, length):
                peer = socket.create_connection((host, int(port)), timeout=10)
                head = ("POST /api/cluster/v1/accounts/%s/clusters HTTP/1.1\\r\\nHost: localhost\\r\\n"
                        "Content-Type: application/json\\r\\nExpect: 100-continue\\r\\n"
                        "Content-Length: %d\\r\\n%s\\r\\n") % (sys.argv[3], length, credential)
                peer.sendall(head.encode())
                print(peer.recv(65536).split(b"\\r\\n")[0].decode())
                return peer
            peer = answer("Authorization: apikey %s\\r\\n" % sys.argv[2], 2)
            peer.sendall(b"{}")
            print(peer.recv(65536).split(b"\\r\\n")[0].decode())
            answer("", 2)
            answer("Authorization: apikey %s\\r\\n" % sys.argv[2], 1 << 40)
            """
        let result = try run(
            "/usr/bin/python3",
            ["-c", script, sandbox.server.address, sandbox.key, sandbox.account])
        #expect(
            result.output == """
                HTTP/1.1 100 Continue
                HTTP/1.1 400 Bad Request
                HTTP/1.1 401 Unauthorized
                HTTP/1.1 429 Too Many Requests

                """, "\(result)")
    }

    // MARK: - File descriptors

    /// The time that a process has used of the processors, in seconds.
    private func used(_ process: Int32) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)
        let fields = try #require(text.components(separatedBy: ") ").last).split(separator: " ")
        return try (#require(Double(fields[11])) + #require(Double(fields[12])))
            / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    @Test func moreConnectionsThanFileDescriptorsCostNothing() throws {
        let folder = try TemporaryFolder()
        // The file descriptors of the sandbox are few; those of whom it serves are not.
        let script = """
            import json, os, socket, subprocess, sys, time
            run = ["/bin/sh", "-c", 'ulimit -n 40; exec "$0" sandbox --speed instant', sys.argv[1]]
            server = subprocess.Popen(run, stdout=subprocess.PIPE, stdin=subprocess.PIPE,
                                      stderr=subprocess.DEVNULL)
            place = json.loads(server.stdout.readline())
            host, port = place["address"].rsplit(":", 1)
            def used():
                fields = open("/proc/%d/stat" % server.pid).read().rsplit(") ", 1)[1].split()
                return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
            peers = [socket.create_connection((host, int(port))) for _ in range(100)]
            before, begun = used(), time.monotonic()
            while time.monotonic() - begun < 2:
                pass
            share = (used() - before) / (time.monotonic() - begun)
            for peer in peers:
                peer.close()
            peer = socket.create_connection((host, int(port)), timeout=20)
            peer.sendall(b"GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
            print(json.dumps({"share": share, "answer": peer.recv(4096).decode()[:12]}))
            server.kill()
            """
        let result = try run(
            "/usr/bin/python3", ["-c", script, Project.qcsh], folder: folder.path)
        let seen = try RunningSandbox.json(result.output)
        #expect(try #require(seen["share"] as? Double) < 0.3, "\(seen)")
        #expect((seen["answer"] as? String)?.hasPrefix("HTTP/1.1 ") == true, "\(seen)")
    }

    // MARK: - Interrupted rotations

    @Test func aRotationThatWasKilledGoesOn() throws {
        let folder = try TemporaryFolder()
        let sandbox = try RunningSandbox("--speed", "instant")
        func rotate(_ command: String) throws -> ProgramResult {
            try qcsh(
                [
                    "--endpoint", sandbox.endpoint, Project.root + "/scripts/rotate-keys.lua",
                    "search-prod", "application", "--folder", folder.path, "--yes", "--run",
                    command,
                ],
                environment: ["QDRANT_CLOUD_API_KEY": sandbox.key])
        }
        let keys = #"local keys = qdrant.clusters:find("search-prod"):keys()"#
        let count =
            keys + #"""
                 local found = 0
                for _, key in ipairs(keys:list()) do
                  if key.name == "application" then found = found + 1 end
                end
                return found
                """#
        let created = try sandbox.qcsh(
            keys + #" keys:create { name = "application", access = "read", expires = "90d" }"#)
        #expect(created.status == 0, "\(created.errors)")
        #expect(try sandbox.qcsh(count).output == "1\n")
        // The new key is there and the old one is, too.
        #expect(try rotate("kill -9 $PPID").status != 0)
        #expect(try sandbox.qcsh(count).output == "2\n")
        #expect(FileManager.default.fileExists(atPath: folder.path + "/application.key.rotation"))
        let again = try rotate("cat > \(folder.path)/handed")
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.errors.contains("1 key of an interrupted run"), "\(again.errors)")
        #expect(try sandbox.qcsh(count).output == "1\n")
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/application.key.rotation"))
        let handed = try String(contentsOfFile: folder.path + "/handed", encoding: .utf8)
        let kept = try String(contentsOfFile: folder.path + "/application.key", encoding: .utf8)
        #expect(handed.trimmingCharacters(in: .newlines) == kept.trimmingCharacters(in: .newlines))
    }
}
