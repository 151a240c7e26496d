import Codec
import Contract
import Foundation
import TestSupport
import Testing

/// Every method of the contract from a script, over gRPC to grpcio and over REST to Envoy's
/// gRPC-JSON transcoder: what arrives is what the script gave, and what comes back is what was sent.
@Suite struct EveryMethodTests {
    private struct Case {
        let method: Method
        let request: Message
        let response: Message
    }

    private struct Recorded {
        let path: String
        let request: [UInt8]
        let metadata: [String: String]
    }

    @Test func requestsAndAnswersCrossUnchangedOverBothTransports() throws {
        let cases = try Self.cases()
        let folder = try TemporaryFolder()
        let replies = cases.map { Data($0.response.serialized()).base64EncodedString() }
        let repliesFile = try folder.write("replies", (replies + replies).joined(separator: "\n"))
        let requestsFile = folder.path + "/requests"
        let peer = try ServerProcess.peer(
            "recorder", ["--replies", repliesFile, "--requests", requestsFile, "--envoy"])
        let script = try folder.write("walk.lua", Self.script(cases))
        let rest = try #require(peer.announcement["rest_address"])
        var walked = 0
        for transport in ["grpc", "rest"] {
            let result = try qcsh(
                [
                    "--endpoint", "http://\(peer.address)", "--rest-endpoint", "http://\(rest)",
                    "--transport", transport, "--reveal", script,
                ], environment: ["QDRANT_CLOUD_TOKEN": "somebody"])
            #expect(result.status == 0, "\(transport): \(result.errors)")
            let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
            let failed = zip(cases, lines).filter { $0.1.hasPrefix("error") }
            for (one, line) in failed {
                Issue.record(
                    "\(transport) \(one.method.path): \(line)\n\(LuaText.table(one.request))")
            }
            let recorded = try Self.recorded(requestsFile).dropFirst(walked)
            try #require(recorded.count == cases.count, "\(transport): \(result.errors)")
            walked += recorded.count
            for ((one, line), arrived) in zip(zip(cases, lines), recorded) {
                try Self.compare(one, String(line), arrived, transport)
            }
        }
        peer.stop()
        let methods = Set(cases.map(\.method.path))
        print(
            "every method: \(methods.count) methods x 2 transports x 2 requests = \(walked) calls")
        #expect(methods.count == 152)
        #expect(walked == 152 * 2 * 2)
    }

    private static func compare(
        _ one: Case, _ line: String, _ arrived: Recorded, _ transport: String
    ) throws {
        let name = "\(transport) \(one.method.path)"
        #expect(arrived.path == one.method.path)
        let request = try decode(arrived.request, as: one.method.input)
        #expect(
            request == one.request,
            """
            \(name): the script gave \(JSONWriter().text(one.request)),
            \(JSONWriter().text(request)) arrived
            """)
        guard !line.hasPrefix("error") else { return }
        let response = try JSONReader().message(Array(line.utf8), as: one.method.output)
        #expect(
            response == one.response,
            """
            \(name): the server sent \(JSONWriter().text(one.response)),
            the script got \(line)
            """)
        let needsCredential = one.method.options.requiresAuthentication
        #expect((arrived.metadata["authorization"] != nil) == needsCredential, "\(name)")
    }

    private static func decode(_ bytes: [UInt8], as type: MessageType) throws -> Message {
        var builder = MessageBuilder(type)
        try bytes.withUnsafeBytes { try ProtobufReader().read($0, as: type, into: &builder) }
        return builder.finish()
    }

    /// A minimal and a full request for each method, each with an answer.
    private static func cases() throws -> [Case] {
        try Registry.embedded.allMethods().enumerated().flatMap { number, method in
            var maker = SampleMessages(seed: UInt64(number))
            return [SampleMessages.Fill.minimal, .full].map { fill in
                var request = maker.valid(method.input, fill)
                // A mask that names everything asks for what no mask does, but crosses like any.
                if let mask = request.type.field(named: "update_mask"),
                    let source = method.options.patchSource,
                    case .message(let resource)? = request[
                        request.type.field(named: source.requestResourceField)!]
                {
                    var paths = mask.messageType.map { Message($0) }!
                    paths[.paths] = .list(resource.setFields.map { .string($0.field.name) })
                    request[mask] = fill.isFull ? .message(paths) : nil
                }
                return Case(
                    method: method, request: request, response: maker.message(method.output, fill))
            }
        }
    }

    private static func script(_ cases: [Case]) -> String {
        var text = """
            local function try(method, request)
              local ok, answer = pcall(method, request)
              print(ok and json.encode(answer) or "error " .. tostring(answer):gsub("\\n", " "))
            end
            local api = qdrant.api

            """
        for one in cases {
            let (module, version) = Names.module(ofPackage: one.method.service.package)
            text +=
                "try(api.\(module).v\(version).\(one.method.luaName), \(LuaText.table(one.request)))\n"
        }
        return text
    }

    private static func recorded(_ file: String) throws -> [Recorded] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
            let request = try #require(Data(base64Encoded: String(parts[1])))
            let metadata = try JSONSerialization.jsonObject(with: Data(parts[2].utf8))
            return Recorded(
                path: String(parts[0]), request: [UInt8](request),
                metadata: metadata as? [String: String] ?? [:])
        }
    }
}
