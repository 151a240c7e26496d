import Foundation
import TestSupport
import Testing

/// A sandbox in a process of its own, and outside clients of it.
final class RunningSandbox {
    let server: ServerProcess
    let endpoint: String
    let key: String
    let account: String
    private let adminToken: String

    convenience init(_ arguments: String...) throws { try self.init(arguments: arguments) }

    init(arguments: [String]) throws {
        server = try ServerProcess(Project.qcsh, ["sandbox"] + arguments)
        endpoint = try #require(server.announcement["endpoint"])
        key = try #require(server.announcement["management_key"])
        account = try #require(server.announcement["account_id"])
        adminToken = try #require(server.announcement["admin_token"])
    }

    deinit { server.stop() }

    /// The number of its port.
    var port: String { server.address.split(separator: ":").last.map(String.init) ?? "" }

    /// Runs curl; the verb, then the path and query.
    func curl(_ verb: String, _ path: String, body: String? = nil, _ more: String...) throws
        -> (status: Int, text: String, exit: Int32)
    {
        try curl(
            verb, path, body, ["-H", "Authorization: apikey \(key)"] + more, endpoint: endpoint)
    }

    /// Asks the admin API by curl.
    @discardableResult
    func admin(_ verb: String, _ path: String, _ body: String? = nil) throws -> String {
        let answer = try curl(
            verb, "/sandbox/v1" + path, body, ["-H", "Authorization: Bearer \(adminToken)"],
            endpoint: endpoint)
        #expect(answer.status == 200, "\(verb) \(path): \(answer.text)")
        return answer.text
    }

    private func curl(
        _ verb: String, _ path: String, _ body: String?, _ more: [String], endpoint: String
    ) throws -> (status: Int, text: String, exit: Int32) {
        var arguments = ["-sS", "-X", verb, "-w", "\n%{http_code}", "--max-time", "20"] + more
        if let body { arguments += ["-d", body] }
        let result = try run("/usr/bin/curl", arguments + [endpoint + path])
        var lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
        let status = Int(lines.popLast() ?? "") ?? 0
        return (status, lines.joined(separator: "\n"), result.status)
    }

    /// JSON of an answer.
    static func json(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    /// Makes calls by grpcio, one after another over one channel.
    func grpcio(_ calls: [(method: String, request: String, timeout: Double)]) throws
        -> [[String: Any]]
    {
        let lines = calls.map { call in
            #"{"method":"qdrant.cloud.\#(call.method)","request":\#(call.request),"#
                + #""metadata":{"authorization":"apikey \#(key)"},"timeout":\#(call.timeout)}"#
        }
        let result = try run(
            Project.tool("python"),
            ["-B", Project.root + "/Tests/Fixtures/peers/grpc_call.py", server.address],
            input: lines.joined(separator: "\n") + "\n")
        #expect(result.status == 0, "\(result.errors)")
        return try result.output.split(separator: "\n").map { try Self.json(String($0)) }
    }

    /// Runs Lua code with qcsh.
    func qcsh(_ code: String, _ options: String...) throws -> ProgramResult {
        try TestSupport.qcsh(
            ["--endpoint", endpoint] + options + ["-e", code],
            environment: [
                "QDRANT_CLOUD_API_KEY": key, "XDG_STATE_HOME": server.stateFolder,
            ])
    }
}
