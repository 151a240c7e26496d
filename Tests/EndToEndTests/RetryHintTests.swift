import Foundation
import TestSupport
import Testing

/// What a server asks to wait is waited, by every caller, and no longer than makes sense.
@Suite struct RetryHintTests {
    /// A server whose first answer to each path is 429 or 503, with a hint.
    private static let server = """
        import email.utils, http.server, json, sys, time
        seen = {}
        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                n = seen[self.path] = seen.get(self.path, 0) + 1
                hint = self.path.split('hint=')[-1] if 'hint=' in self.path else sys.argv[1]
                self.send_response(503 if n == 1 else 200)
                if n == 1:
                    now = time.time()
                    if hint.startswith('date'):
                        hint = email.utils.formatdate(now + float(hint[4:]), usegmt=True)
                    self.send_header('Retry-After', hint)
                body = b'{}'
                self.send_header('Content-Type', 'application/json' if n > 1 else 'text/plain')
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            do_GET = do_POST = answer
            def log_message(self, *arguments): pass
        server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        print(json.dumps({'address': '127.0.0.1:%d' % server.server_address[1]}), flush=True)
        server.serve_forever()
        """

    private func serve(_ hint: String) throws -> (ServerProcess, TemporaryFolder) {
        let folder = try TemporaryFolder()
        let file = try folder.write("server.py", Self.server)
        return (try ServerProcess(Project.tool("python"), [file, hint]), folder)
    }

    @Test(arguments: [
        ("1", 1.0), ("date2", 1.0), (" 1 ", 1.0), ("soon", 0.0), ("-5", 0.0), ("1.5", 1.5),
        ("0, 1", 1.0), ("date-3600", 0.0), ("0", 0.0), ("", 0.0), ("1e9", 0.0), ("0x5", 0.0),
        ("1,x", 0.0), ("1.", 0.0),
    ])
    func httpWaitsAsLongAsItIsAsked(_ hint: String, _ least: Double) throws {
        let (server, folder) = try serve(hint)
        let result = try qcsh([
            "-e",
            "local t = time.clock() local r = http.get('http://\(server.address)/x', { retries = 2 }) "
                + "print(r.status, time.clock() - t >= \(least), time.clock() - t < 20)",
        ])
        #expect(result.output == "200\ttrue\ttrue\n", "\(result.output)\(result.errors)")
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [
        "3600", "date3600", "99999999999999999999", "1, 3600", "3600.5", "99999999999999.9",
    ])
    func nobodyWaitsForAnHour(_ hint: String) throws {
        let (server, folder) = try serve(hint)
        let code = "print(http.get('http://\(server.address)/x', { retries = 2 }).status)"
        #expect(try qcsh(["-e", code]).output == "503\n")
        let call = try qcsh(
            [
                "call", "--endpoint", "http://\(server.address)", "--transport", "rest",
                "--account", "53edd200-075b-4687-a8a1-245a45ea32ee", "cluster.list_clusters",
            ], environment: ["QDRANT_CLOUD_API_KEY": "k"])
        #expect(call.status == 8, "\(call.errors)")
        withExtendedLifetime(folder) {}
    }

    /// A gateway in front of the API answers without the API's own form.
    @Test(arguments: ["1", "date2", "1.0", "0, 1"])
    func readsOfTheAPIWaitForAGateway(_ hint: String) throws {
        let (server, folder) = try serve(hint)
        let start = Date()
        let result = try qcsh(
            [
                "call", "--trace", "--endpoint", "http://\(server.address)", "--transport", "rest",
                "--account", "53edd200-075b-4687-a8a1-245a45ea32ee", "cluster.list_clusters",
            ], environment: ["QDRANT_CLOUD_API_KEY": "k"])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.errors.contains("attempt 2"))
        #expect(Date().timeIntervalSince(start) >= 1)
        withExtendedLifetime(folder) {}
    }

    /// Changes of the standard library wait as the API's reads do.
    @Test(arguments: ["grpc", "rest"]) func everyCallerHonoursRetryInfo(_ transport: String) throws
    {
        let folder = try TemporaryFolder()
        let script = try folder.write(
            "hints.lua",
            """
            local sb <close> = sandbox.start { speed = "instant", seed = "bare" }
            local s = sb:connect { transport = "\(transport)" }
            local number = 0
            local calls = {
              ["cluster.create_cluster"] = function()
                number = number + 1
                s.clusters:create { name = "one-" .. number, cloud = "aws", region = "eu-central-1",
                  cpu = 2, ram = "8GiB", nodes = 1 }
              end,
              ["cluster.list_clusters"] = function() s.api.cluster.list_clusters {} end,
            }
            for _, method in ipairs { "cluster.create_cluster", "cluster.list_clusters" } do
              for _, after in ipairs { "1s", "3600s" } do
                sb:clear_faults()
                sb:fault { method = method, status = "UNAVAILABLE", retry_after = after, times = 1 }
                local start = time.clock()
                local ok, problem = pcall(calls[method])
                local took = time.clock() - start
                if after == "1s" then
                  print(method, ok, took >= 1, took < 20)
                else
                  print(method, ok, problem.retry_after, took < 20)
                end
              end
            end
            """)
        let result = try qcsh([script])
        var expected = ""
        for method in ["cluster.create_cluster", "cluster.list_clusters"] {
            expected += "\(method)\ttrue\ttrue\ttrue\n\(method)\tfalse\t3600.0\ttrue\n"
        }
        #expect(result.output == expected, "\(result.output)\(result.errors)")
    }

    /// `--retries` and `retries:` of a context set how often is tried, for reads and for changes.
    @Test func retriesAreSetForARun() throws {
        let sandbox = try RunningSandbox("--speed", "instant")
        let folder = try TemporaryFolder()
        let file = try folder.write(
            "c.yaml",
            "contexts: [{name: one, endpoint: \"\(sandbox.endpoint)\", api_key: \(sandbox.key), retries: 1}]\n"
        )
        chmod(file, 0o600)
        func attempts(_ options: [String], _ code: String, _ method: String) throws -> Int {
            let fault =
                "local sb = sandbox.attach(\(sandbox.endpoint.split(separator: ":").last ?? "")) sb:clear_faults() "
                + "sb:fault { method = '\(method)', status = 'UNAVAILABLE', times = 100 } "
            let result = try qcsh(
                options + ["--trace", "-e", fault + "pcall(function() \(code) end)"],
                environment: [
                    "QDRANT_CLOUD_CONFIG": file, "XDG_STATE_HOME": sandbox.server.stateFolder,
                ])
            return result.errors.components(separatedBy: "\(method)  UNAVAILABLE").count - 1
        }
        let read = "qdrant.api.cluster.list_clusters {}"
        let change = "qdrant.clusters:find('staging'):resume()"
        #expect(
            try attempts(["--context", "one", "--retries", "0"], read, "cluster.list_clusters") == 1
        )
        #expect(try attempts(["--context", "one"], read, "cluster.list_clusters") == 2)
        #expect(
            try attempts(["--context", "one", "--retries", "4"], read, "cluster.list_clusters") == 5
        )
        #expect(
            try attempts(
                ["--context", "one", "--retries", "0"], change, "cluster.unsuspend_cluster")
                == 1)
        #expect(try attempts(["--context", "one"], change, "cluster.unsuspend_cluster") == 2)
    }
}
