import Contract
import Foundation
import TestSupport
import Testing

@testable import Sandbox

/// Names of types and values of enums are texts in the sandbox's code, and a misspelt one would
/// stop the process when it is used. Every one of them exists in the contract.
struct LiteralTests {
    private static let sources: [(file: String, text: String)] = {
        let folder = Project.root + "/Sources/Sandbox"
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String }
        return (names ?? []).filter { $0.hasSuffix(".swift") }.sorted().compactMap { name in
            (try? String(contentsOfFile: folder + "/" + name, encoding: .utf8)).map { (name, $0) }
        }
    }()

    /// What the groups of an expression match in all files.
    private func matches(_ expression: String) throws -> [(file: String, groups: [String])] {
        let pattern = try NSRegularExpression(pattern: expression)
        return Self.sources.flatMap { file, text in
            pattern.matches(in: text, range: NSRange(text.startIndex..., in: text)).map { match in
                let groups = (1..<match.numberOfRanges).compactMap {
                    Range(match.range(at: $0), in: text).map { String(text[$0]) }
                }
                return (file, groups)
            }
        }
    }

    /// All types that the methods' requests and answers consist of.
    private func types() throws -> [MessageType] {
        var found: [String: MessageType] = [:]
        var waiting = try Registry.embedded.allMethods().flatMap { [$0.input, $0.output] }
        waiting.append(
            try #require(try Registry.embedded.message(named: "qdrant.cloud.event.v1.Event")))
        while let type = waiting.popLast() {
            guard found[type.fullName] == nil else { continue }
            found[type.fullName] = type
            waiting += type.fields.compactMap(\.messageType)
        }
        return Array(found.values)
    }

    @Test func everyTypeExists() throws {
        let found = try matches(#"new\(\s*"([^"\\]+)""#)
        #expect(found.count > 15)
        for (file, groups) in found {
            let type = try Registry.embedded.message(named: groups[0])
            #expect(type != nil, "\(file): \(groups[0])")
        }
    }

    @Test func everyMethodExists() throws {
        let found = try matches(#""/?(qdrant\.cloud\.[a-z0-9.]+\.v\d\.\w+/\w+)""#)
        #expect(found.count > 5)
        for (file, groups) in found {
            let method = try Registry.embedded.method(path: "/" + groups[0])
            #expect(method != nil, "\(file): \(groups[0])")
        }
    }

    @Test func everyEnumHasTheValuesThatItIsSetTo() throws {
        let types = try types()
        let found = try matches(#"setEnum\(\s*\.(\w+), "(\w+)"\)"#)
        #expect(found.count > 30)
        for (file, groups) in found {
            let fields = types.flatMap(\.fields).filter { field in
                field.enumType != nil && Self.swiftName(field.name) == groups[0]
            }
            #expect(!fields.isEmpty, "\(file): no enum field \(groups[0])")
            #expect(
                fields.contains { $0.enumType?.number(looselyNamed: groups[1]) != nil },
                "\(file): \(groups[0]) has no value \(groups[1])")
        }
    }

    /// cluster_id → clusterID, as scripts/dev/contract writes it.
    private static func swiftName(_ name: String) -> String {
        let words = name.split(separator: "_").map(String.init)
        let upper = ["id": "ID", "ids": "IDs", "url": "URL", "urls": "URLs"]
        return words[0]
            + words.dropFirst().map {
                upper[$0] ?? $0.prefix(1).uppercased() + $0.dropFirst()
            }.joined()
    }

    @Test func everyFieldIsAConstant() throws {
        #expect(try matches(#"FieldName\("([^"]+)"\)"#).isEmpty)
        #expect(try matches(#"\.field\(named: "([^"]+)"\)"#).isEmpty)
        // The constants are the contract's own.
        let file = try String(
            contentsOfFile: Project.root + "/Sources/Contract/FieldNames.swift", encoding: .utf8)
        let all = Set(try types().flatMap(\.fields).map(\.name))
        #expect(all.count > 400)
        for name in all {
            #expect(file.contains("FieldName(\"\(name)\")"), "\(name)")
        }
    }
}
