import Contract
import Foundation
import TestSupport
import Testing

@testable import Codec

/// Expressions against protovalidate's own evaluator.
@Suite struct CELTests {
    @Test func expressionsHaveTheValueThatProtovalidateGivesThem() throws {
        let input = Project.root + "/Tests/Fixtures/cel/expressions.txt"
        let folder = try TemporaryFolder()
        let (output, probe) = (folder.path + "/values", folder.path + "/probe")
        let script = Project.root + "/Tests/Fixtures/peers/expressions.py"
        let result = try run(Project.tool("python"), ["-B", script, input, output, probe])
        try #require(result.status == 0, "\(result.errors)")

        let set = try Data(contentsOf: URL(fileURLWithPath: probe + ".set"))
        let registry = try Registry(descriptorSet: [UInt8](set))
        let type = try #require(try registry.message(named: "probe.Probe"))
        let bytes = try Data(contentsOf: URL(fileURLWithPath: probe + ".message"))
        var builder = MessageBuilder(type)
        try bytes.withUnsafeBytes { try ProtobufReader().read($0, as: type, into: &builder) }
        let message = builder.finish()
        let now = Int64(Date().timeIntervalSince1970)

        let expressions = try lines(input)
        let expected = try lines(output)
        try #require(expressions.count == expected.count)
        #expect(expressions.count > 250)
        for (expression, theirs) in zip(expressions, expected) {
            let ours = value(of: expression, about: message, now: now)
            #expect(ours == theirs, "\(expression)")
        }
        print(
            "CEL: \(expressions.count) expressions: \(Dictionary(grouping: expected) { $0 }.mapValues(\.count))"
        )
    }

    private func lines(_ file: String) throws -> [String] {
        try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n").map(String.init)
    }

    private func value(of expression: String, about message: Message, now: Int64) -> String {
        do {
            let program = try CELProgram(expression, about: message.type)
            let value = try program.evaluate(this: .message(message), now: { (now, 0) })
            guard case .bool(let flag) = value else { return "error" }
            return flag ? "true" : "false"
        } catch { return "error" }
    }

    @Test(arguments: [
        ("this.nope == 1", "qdrant.cloud.cluster.v1.Cluster has no field nope"),
        ("this.name.sounds('x')", "unknown function sounds()"),
        ("other == 1", "unknown name other"),
        ("this.name ==", "the expression ends too early"),
        ("this.name.size(1, 2) == 1", "size() does not take 2 arguments"),
        ("'x", "unterminated string"),
    ])
    func whatIsNotKnownIsSaid(_ expression: String, _ reason: String) throws {
        let type = try #require(
            try Registry.embedded.message(named: "qdrant.cloud.cluster.v1.Cluster"))
        let error = #expect(throws: CELError.self) { try CELProgram(expression, about: type) }
        #expect(error?.description == reason)
    }

    @Test func hostileExpressionsEndInAnError() throws {
        let type = try #require(
            try Registry.embedded.message(named: "qdrant.cloud.cluster.v1.Cluster"))
        let nested =
            String(repeating: "(", count: 10_000) + "1" + String(repeating: ")", count: 10_000)
        #expect(throws: CELError.self) { try CELProgram(nested, about: type) }
        let chain = [String](repeating: "true", count: 15_000).joined(separator: " && ")
        #expect(throws: CELError.self) { try CELProgram(chain, about: type) }
        #expect(throws: CELError.self) {
            try CELProgram("-(-9223372036854775808) == 0", about: type)
                .evaluate(this: .message(Message(type)), now: { (0, 0) })
        }
        let list = "[" + String(repeating: "1,", count: 120) + "1]"
        let product = "\(list).all(a, \(list).all(b, \(list).all(c, a == a)))"
        let program = try CELProgram(product, about: type)
        let error = #expect(throws: CELError.self) {
            try program.evaluate(this: .message(Message(type)), now: { (0, 0) })
        }
        #expect(error?.description == "the expression takes too long")
    }
}
