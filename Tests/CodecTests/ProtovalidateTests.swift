import Codec
import Contract
import Foundation
import TestSupport
import Testing

/// The project's validator against protovalidate itself.
@Suite struct ProtovalidateTests {
    private struct Sample {
        let message: Message
        let bytes: [UInt8]
    }

    /// A rule as a test names it: the message's type, where, and the rule's id.
    private struct Found: Hashable, Comparable, CustomStringConvertible {
        let path: String
        let rule: String
        var description: String { "\(path) \(rule)" }
        static func < (a: Found, b: Found) -> Bool { (a.path, a.rule) < (b.path, b.rule) }
    }

    private static let now: (seconds: Int64, nanos: Int32) = {
        let seconds = Date().timeIntervalSince1970
        return (Int64(seconds), 0)
    }()

    @Test func everyMessageIsJudgedAsProtovalidateDoes() throws {
        let samples = try Self.samples()
        let verdicts = try Self.judge(samples)
        #expect(verdicts.count == samples.count)
        let validator = Validator(now: { Self.now })
        var differences = 0
        var valid: Set<String> = []
        var brokenRules: Set<String> = []
        for (sample, theirs) in zip(samples, verdicts) {
            let name = sample.message.type.fullName
            let ours = validator.violations(in: sample.message)
                .map { Found(path: $0.path, rule: $0.rule) }.sorted()
            if ours != theirs {
                differences += 1
                if differences <= 10 {
                    Issue.record(
                        """
                        \(name): ours \(ours), protovalidate's \(theirs)
                        \(JSONWriter().text(sample.message))
                        """)
                }
            }
            if theirs.isEmpty { valid.insert(name) }
            for found in theirs { brokenRules.insert(Self.rule(found, in: sample.message.type)) }
        }
        let types = Set(samples.map { $0.message.type.fullName })
        let expressions = try Self.expressions()
        let brokenExpressions = expressions.filter { brokenRules.contains($0) }
        print(
            """
            protovalidate: \(samples.count) messages of \(types.count) types, \(differences) judged \
            otherwise; \(valid.count) types with a valid message, \(brokenRules.count) rules broken, \
            \(brokenExpressions.count) of \(expressions.count) CEL rules among them
            """)
        #expect(differences == 0)
        #expect(types.count == 448)
        #expect(valid == types, "no valid sample: \(types.subtracting(valid).sorted())")
        #expect(
            brokenExpressions.count == expressions.count,
            "never broken: \(Set(expressions).subtracting(brokenRules).sorted())")
    }

    /// The rule that was broken, by the field that has it, so that places do not count.
    private static func rule(_ found: Found, in type: MessageType) -> String {
        var type = type
        var owner = type.fullName
        for part in found.path.split(separator: ".") {
            let name = part.prefix { $0 != "[" }
            guard let field = type.field(named: String(name)) else { break }
            owner = "\(type.fullName).\(name)"
            guard let inner = field.mapValue?.messageType ?? field.messageType else { break }
            type = inner
        }
        let isOfMessage = type.rules.cel.contains { $0.id == found.rule }
        return (isOfMessage ? type.fullName : owner) + " " + found.rule
    }

    /// All CEL rules, as `rule(_:in:)` names them.
    private static func expressions() throws -> [String] {
        try types().flatMap { type in
            type.rules.cel.map { "\(type.fullName) \($0.id)" }
                + type.fields.flatMap { field in
                    field.rules.cel.map { "\(type.fullName).\(field.name) \($0.id)" }
                }
        }
    }

    private static func types() throws -> [MessageType] {
        let registry = Registry.embedded
        return try registry.symbols(below: "qdrant.cloud.").compactMap {
            try registry.message(named: $0)
        }
    }

    private static func samples() throws -> [Sample] {
        var samples: [Sample] = []
        for (number, type) in try types().enumerated() {
            var maker = SampleMessages(seed: UInt64(number))
            var made = [Message(type), maker.message(type, .minimal), maker.message(type, .full)]
            // Rules between fields are met, and broken, by trying often enough.
            let likelihoods = [0, 0.05, 0.1, 0.2, 0.5, 0.9]
            for round in 0..<(type.rules.cel.isEmpty ? 6 : 240) {
                made.append(maker.message(type, .some(likelihoods[round % likelihoods.count])))
            }
            let whole = made
            for message in whole {
                for _ in 0..<(type.rules.cel.isEmpty ? 3 : 1) { made.append(maker.broken(message)) }
            }
            samples += made.map { Sample(message: $0, bytes: $0.serialized()) }
        }
        return samples
    }

    private static func judge(_ samples: [Sample]) throws -> [[Found]] {
        let folder = try TemporaryFolder()
        let lines = samples.map { sample in
            sample.message.type.fullName + " " + Data(sample.bytes).base64EncodedString()
        }
        let input = try folder.write("samples", lines.joined(separator: "\n") + "\n")
        let output = folder.path + "/verdicts"
        let script = Project.root + "/Tests/Fixtures/peers/validate.py"
        let result = try run(Project.tool("python"), ["-B", script, input, output])
        try #require(result.status == 0, "\(result.errors)")
        let text = try String(contentsOfFile: output, encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let found = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let pairs = try #require(found as? [[String]], "protovalidate: \(line)")
            return pairs.map { Found(path: $0[0], rule: $0[1]) }.sorted()
        }
    }
}
