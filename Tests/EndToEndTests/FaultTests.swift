import Foundation
import TestSupport
import Testing

/// Every fault as grpcio, curl and qcsh see it.
@Suite struct FaultTests {
    private static let list = "cluster.v1.ClusterService/ListClusters"

    private func request(_ sandbox: RunningSandbox) -> String {
        #"{"account_id":"\#(sandbox.account)"}"#
    }

    private func path(_ sandbox: RunningSandbox) -> String {
        "/api/cluster/v1/accounts/\(sandbox.account)/clusters"
    }

    /// What a single attempt of qcsh ends with: the code, or OK.
    private let attempt = """
        local ok, e = pcall(qdrant.api.cluster.list_clusters, {}, { retries = 0, timeout = 5 })
        return ok and "OK" or e.code
        """

    /// Injects a fault for one call of each client, and returns what they saw.
    private func outcomes(
        _ sandbox: RunningSandbox, _ fault: String, timeout: Double = 10
    ) throws -> (
        grpcio: [String: Any], curl: (status: Int, text: String, exit: Int32), qcsh: String
    ) {
        func inject() throws {
            try sandbox.admin("DELETE", "/faults")
            try sandbox.admin(
                "POST", "/faults", "{method: cluster.list_clusters, times: 1, \(fault)}")
        }
        try inject()
        let grpcio = try sandbox.grpcio([(Self.list, request(sandbox), timeout)])[0]
        try inject()
        let curl = try sandbox.curl("GET", path(sandbox))
        try inject()
        let qcsh = try sandbox.qcsh(attempt)
        let faults = try RunningSandbox.json(try sandbox.admin("GET", "/faults"))
        let hits = (faults["faults"] as? [[String: Any]])?.first?["hits"] as? Int
        #expect(hits == 1)
        return (grpcio, curl, qcsh.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    @Test func errorsAreToldWithTheirDetails() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let seen = try outcomes(
            sandbox, "status: UNAVAILABLE, message: back soon, retry_after: 1500ms")
        #expect(seen.grpcio["code"] as? String == "UNAVAILABLE")
        #expect(seen.grpcio["message"] as? String == "back soon")
        #expect(seen.grpcio["retry_delay"] as? Double == 1.5)
        #expect(seen.curl.status == 503)
        #expect(seen.curl.text.contains(#""retryDelay":"1.500s""#), "\(seen.curl.text)")
        #expect(seen.qcsh == "UNAVAILABLE")
        // Left to itself, qcsh tries again, and that works.
        try sandbox.admin("DELETE", "/faults")
        try sandbox.admin(
            "POST", "/faults",
            "{method: cluster.list_clusters, times: 1, status: UNAVAILABLE, retry_after: 10ms}")
        #expect(
            try sandbox.qcsh("return #qdrant.api.cluster.list_clusters{}.items").output == "2\n")
        for code in ["ABORTED", "DATA_LOSS", "OUT_OF_RANGE", "UNKNOWN"] {
            let seen = try outcomes(sandbox, "status: \(code)")
            #expect(seen.grpcio["code"] as? String == code)
            #expect(seen.qcsh == code)
        }
    }

    @Test func slowAnswersMeetDeadlines() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let slow = try outcomes(sandbox, "latency: 400ms")
        #expect(slow.grpcio["code"] as? String == "OK")
        #expect(slow.grpcio["seconds"] as? Double ?? 0 >= 0.4)
        #expect(slow.curl.status == 200 && slow.qcsh == "OK")
        let late = try outcomes(sandbox, "latency: 20s", timeout: 0.3)
        #expect(late.grpcio["code"] as? String == "DEADLINE_EXCEEDED")
        #expect(late.qcsh == "DEADLINE_EXCEEDED")
        try sandbox.admin("DELETE", "/faults")
        try sandbox.admin("POST", "/faults", "{method: ListClusters, latency: 20s}")
        let told = try sandbox.curl("GET", path(sandbox), body: nil, "-H", "Grpc-Timeout: 200m")
        #expect(told.status == 504 && told.text.contains(#""code":4"#))
    }

    @Test func brokenConnectionsAreNoAnswers() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let reset = try outcomes(sandbox, "break: reset")
        #expect(reset.grpcio["code"] as? String == "INTERNAL", "RST_STREAM(INTERNAL_ERROR)")
        // curl's 52: the server sent nothing.
        #expect(reset.curl.exit == 52)
        #expect(["UNAVAILABLE", "INTERNAL"].contains(reset.qcsh), "\(reset.qcsh)")
        let cut = try outcomes(sandbox, "break: disconnect")
        #expect(cut.grpcio["code"] as? String == "UNAVAILABLE")
        #expect(cut.curl.exit == 52)
        #expect(cut.qcsh == "UNAVAILABLE")
        // A call that is known not to have been processed is made again by the client itself.
        let away = try outcomes(sandbox, "break: goaway")
        #expect(away.grpcio["code"] as? String == "OK")
        #expect(away.curl.exit == 52)
        #expect(away.qcsh == "OK")
    }

    @Test func aDroppedAnswerHasHadItsEffect() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        let create = "auth.v1.AuthService/CreateManagementKey"
        let wanted = #"{"management_key":{"account_id":"\#(sandbox.account)"}}"#
        func count() throws -> Int {
            let answer = try sandbox.grpcio([
                ("auth.v1.AuthService/ListManagementKeys", request(sandbox), 10)
            ])[0]
            return ((answer["response"] as? [String: Any])?["items"] as? [Any])?.count ?? 0
        }
        try sandbox.admin(
            "POST", "/faults", "{method: CreateManagementKey, break: drop_response}")
        #expect(try sandbox.grpcio([(create, wanted, 10)])[0]["code"] as? String == "INTERNAL")
        #expect(try count() == 2)
        let dropped = try sandbox.curl(
            "POST", "/api/auth/v1/accounts/\(sandbox.account)/management-keys", body: "{}")
        #expect(dropped.exit == 52)
        #expect(try count() == 3)
        // A write of unknown fate is not made again.
        let result = try sandbox.qcsh(
            "return pcall(qdrant.api.auth.create_management_key, { management_key = {} })")
        #expect(result.output.hasPrefix("false"), "\(result.output)")
        #expect(try count() == 4)
    }

    @Test func answersMayTrickle() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let seen = try outcomes(sandbox, "trickle: {bytes: 300, every: 100ms}")
        #expect(seen.grpcio["code"] as? String == "OK")
        #expect(seen.grpcio["seconds"] as? Double ?? 0 >= 0.2)
        let items = (seen.grpcio["response"] as? [String: Any])?["items"] as? [Any]
        #expect(items?.count == 2)
        #expect(seen.curl.status == 200 && seen.curl.text.hasSuffix("}"))
        #expect(seen.qcsh == "OK")
    }

    @Test func lifecyclesFailOrAreStuck() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--seed", "bare")
        let script = """
            local p = qdrant.api.booking.list_packages { cloud_provider_id = "aws",
              cloud_provider_region_id = "eu-central-1" }.items[2].id
            local made = qdrant.api.cluster.create_cluster { cluster = { name = "doomed",
              cloud_provider_id = "aws", cloud_provider_region_id = "eu-central-1",
              configuration = { number_of_nodes = 1, package_id = p } } }.cluster
            local seen = qdrant.api.cluster.get_cluster { cluster_id = made.id }.cluster
            return seen.state.phase .. " " .. seen.state.reason .. " " .. seen.state.endpoint.url
            """
        func create(_ fault: String) throws -> String {
            try sandbox.admin("DELETE", "/faults")
            try sandbox.admin("POST", "/faults", "{method: CreateCluster, \(fault)}")
            let result = try sandbox.qcsh(script)
            #expect(result.status == 0, "\(result.errors)")
            return result.output
        }
        #expect(
            try create("lifecycle: fail, reason: no capacity")
                == "CLUSTER_PHASE_FAILED_TO_CREATE no capacity \n")
        #expect(try create("lifecycle: stuck") == "CLUSTER_PHASE_CREATING  \n")
        try sandbox.admin("POST", "/time", #"{"advance":"30d"}"#)
        #expect(
            try sandbox.qcsh(
                "for c in qdrant.api.cluster.list_clusters:each {} do io.write(c.state.phase, ' ') end"
            ).output == "CLUSTER_PHASE_FAILED_TO_CREATE CLUSTER_PHASE_CREATING ")
        // Backups fail, too, by hand and by schedule.
        let demo = try RunningSandbox("--speed", "instant")
        try demo.admin(
            "POST", "/faults", "{method: cluster.backup.create_backup, lifecycle: fail}")
        try demo.admin("POST", "/time", #"{"advance":"25h"}"#)
        let statuses = try demo.qcsh(
            """
            local found = {}
            for b in qdrant.api.cluster.backup.list_backups:each {} do found[b.status] = true end
            return found.BACKUP_STATUS_FAILED
            """)
        #expect(statuses.output == "true\n", "\(statuses.errors)")
    }

    @Test func readsMayBeStale() throws {
        let sandbox = try RunningSandbox("--speed", "manual")
        let clusters = path(sandbox)
        let listed = try RunningSandbox.json(try sandbox.curl("GET", clusters).text)
        let id = try #require(
            ((listed["items"] as? [[String: Any]])?.first)?["id"] as? String)
        try sandbox.admin("POST", "/faults", "{name: lag, method: '*Cluster*', stale: 10s}")
        try sandbox.admin("POST", "/time", #"{"advance":"60s"}"#)
        let renamed = try sandbox.curl(
            "PUT", clusters + "/" + id,
            body: #"{"cluster":{"name":"renamed"},"updateMask":"name"}"#)
        #expect(renamed.status == 200 && renamed.text.contains(#""name":"renamed""#))
        func names() throws -> [Bool] {
            try [clusters + "/" + id, clusters].map {
                try sandbox.curl("GET", $0).text.contains(#""name":"renamed""#)
            }
        }
        #expect(try names() == [false, false])
        try sandbox.admin("POST", "/time", #"{"advance":"11s"}"#)
        #expect(try names() == [true, true])
        try sandbox.admin("DELETE", "/faults/lag")
    }

    @Test func faultsAreCountedByChanceAccountAndNumber() throws {
        let sandbox = try RunningSandbox("--speed", "instant", "--seed-number", "3")
        try sandbox.admin(
            "POST", "/faults",
            """
            faults:
              - {name: sometimes, method: cluster.list_clusters, probability: 0.5, status: ABORTED}
              - {name: third, method: cluster.get_cluster, skip: 2, times: 1, status: DATA_LOSS}
              - {name: elsewhere, account: Sandbox, status: UNKNOWN}
            """)
        let result = try sandbox.qcsh(
            """
            local bad = 0
            for _ = 1, 200 do
              if not pcall(qdrant.api.cluster.list_clusters, {}, { retries = 0 }) then bad = bad + 1 end
            end
            local id = nil
            while not id do
              local ok, r = pcall(qdrant.api.cluster.list_clusters, {}, { retries = 0 })
              id = ok and r.items[1].id
            end
            local codes = {}
            for i = 1, 4 do
              local ok, e = pcall(qdrant.api.cluster.get_cluster, { cluster_id = id }, { retries = 0 })
              codes[i] = ok and "OK" or e.code
            end
            return (bad > 60 and bad < 140), table.concat(codes, " ")
            """)
        #expect(result.output == "true\nOK OK DATA_LOSS OK\n", "\(result.output)\(result.errors)")
        let calls = try sandbox.admin("GET", "/calls?limit=10000")
        #expect(calls.contains(#""faults":["third"]"#) && !calls.contains("elsewhere"))
    }

    @Test func theAdminAPIAsksForItsToken() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        for header in ["", "Bearer", "Bearer wrong", "apikey \(sandbox.key)"] {
            let answer = try run(
                "/usr/bin/curl",
                [
                    "-sS", "-o", "/dev/null", "-w", "%{http_code}", "-H",
                    "Authorization: \(header)",
                    sandbox.endpoint + "/sandbox/v1/faults",
                ])
            #expect(answer.output == "401")
        }
        for (fault, told) in [
            ("{method: nothing}", "no method named nothing"),
            ("{status: NOPE}", "unknown code"), ("{method: '*'}", "does nothing"),
            ("{latency: soon}", "expected a duration"), ("{colour: red, latency: 1s}", "colour"),
        ] {
            let answer = try run(
                "/usr/bin/curl",
                [
                    "-sS", "-X", "POST", "-H",
                    "Authorization: Bearer \(sandbox.server.announcement["admin_token"] ?? "")",
                    "-d", fault, sandbox.endpoint + "/sandbox/v1/faults",
                ])
            #expect(answer.output.contains(told), "\(answer.output)")
        }
    }

    @Test func otherMachinesAreLetInWithTLSOnly() throws {
        let refused = try qcsh(["sandbox", "--listen", "0.0.0.0"])
        #expect(refused.status == 1 && refused.errors.contains("add --tls"))
        let served = try RunningSandbox("--listen", "0.0.0.0", "--tls")
        let authority = try #require(served.server.announcement["ca_file"])
        let answer = try run(
            "/usr/bin/curl",
            [
                "-sS", "--cacert", authority, "-H", "Authorization: apikey \(served.key)",
                served.endpoint + "/api/account/v1/accounts",
            ])
        #expect(answer.output.contains("Production"), "\(answer.errors)")
    }
}
