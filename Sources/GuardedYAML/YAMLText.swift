import CYaml
import Foundation
import Yams

/// Reads YAML from outside at a cost bounded by its size.
///
/// Aliases let a few bytes expand to any number of values, and a collection as a key is hashed with
/// its whole expansion. Both are measured on libyaml's events before a tree is built.
public enum YAMLText {
    /// Why a document was refused.
    public struct Problem: Error, CustomStringConvertible {
        public let description: String

        init(_ description: String) { self.description = description }
    }

    /// The maximum number of values after the expansion of all aliases.
    public static let mostValues = 1_000_000
    /// The maximum nesting depth of collections.
    public static let deepest = 100

    /// The text of a file. Bytes that are not UTF-8 are refused: replaced by something else, they
    /// could not be written back.
    ///
    /// - Throws: ``Problem`` with the line.
    public static func decoded(_ bytes: [UInt8]) throws(Problem) -> String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        let line = lines.firstIndex { String(validating: $0, as: UTF8.self) == nil } ?? 0
        throw Problem("it is not UTF-8 (line \(line + 1))")
    }

    /// The documents of a string.
    ///
    /// - Throws: ``Problem`` with the line.
    public static func documents(_ text: String) throws(Problem) -> [Node] {
        let text = withoutMark(text)
        try check(text)
        var documents: [Node] = []
        let schema = YAMLSchema(text)
        do {
            var parsed = try Yams.compose_all(yaml: text)
            while let document = parsed.next() {
                documents.append(try schema.applied(to: document))
            }
            // The sequence ends at what is wrong, and keeps it.
            if let error = parsed.error { throw error }
        } catch {
            throw Problem(words(error))
        }
        return documents
    }

    /// The single document of a string; nil if there is none.
    ///
    /// - Throws: ``Problem`` with the line.
    public static func document(_ text: String) throws(Problem) -> Node? {
        let text = withoutMark(text)
        try check(text)
        do {
            return try Yams.compose(yaml: text).map { try YAMLSchema(text).applied(to: $0) }
        } catch {
            throw Problem(words(error))
        }
    }

    /// The single document of a string as dictionaries with string keys, arrays, strings, numbers
    /// and booleans; nil if there is none.
    ///
    /// - Throws: ``Problem`` with the line.
    public static func values(_ text: String) throws(Problem) -> Any? {
        try document(text).map(value)
    }

    /// A text without the byte order mark that Windows editors write at its beginning.
    static func withoutMark(_ text: String) -> String {
        text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }

    /// A node as a plain value.
    private static func value(_ node: Node) -> Any {
        switch node {
        case .scalar(let scalar):
            return switch try? YAMLScalar(scalar) {
            case .null?: NSNull()
            case .flag(let flag)?: flag
            case .integer(let number)?: Int(number)
            case .number(let number)?: number
            case .text?, .bytes?, nil: scalar.string
            }
        case .sequence(let items): return items.map(value)
        case .mapping(let pairs):
            return Dictionary(
                pairs.map { ($0.key.string ?? "", value($0.value)) },
                uniquingKeysWith: { _, last in last })
        case .alias: return NSNull()
        }
    }

    /// An error with its line. Yams quotes the line, which may hold a secret.
    private static func words(_ error: any Error) -> String {
        if let problem = error as? Problem { return problem.description }
        return switch error as? YamlError {
        case .scanner(let context, let problem, let mark, _)?,
            .parser(let context, let problem, let mark, _)?,
            .composer(let context, let problem, let mark, _)?:
            "line \(mark.line), column \(mark.column): \(problem)"
                + (context.map { " " + $0.text } ?? "")
        case .reader(let problem, _, _, _)?: problem
        case .duplicatedKeysInMapping(let names, let context)?:
            "a map has the key\(names.first.map { " \"\($0)\"" } ?? "") twice "
                + "(line \(context.mark.line))"
        case .memory?: "out of memory"
        default: "it cannot be read"
        }
    }

    // MARK: - Places

    /// A step from a value to one inside it.
    public enum Step: Equatable, Sendable {
        case member(String)
        case item(Int)
    }

    /// The line of the value that a path leads to, or of the last one on the way that exists; nil
    /// if there is none. A member's line is that of its name.
    public static func line(of path: [Step], in text: String) -> Int? {
        guard var node = (try? document(text)) ?? nil else { return nil }
        var line = node.mark?.line
        for step in path {
            switch (step, node) {
            case (.member(let name), .mapping(let pairs)):
                guard let pair = pairs.first(where: { $0.key.string == name }) else { return line }
                line = pair.key.mark?.line ?? line
                node = pair.value
            case (.item(let index), .sequence(let items)):
                guard items.indices.contains(index) else { return line }
                node = items[index]
                line = node.mark?.line ?? line
            default: return line
            }
        }
        return line
    }

    // MARK: - Measuring

    /// A collection whose end has not come.
    private struct Level {
        let isMapping: Bool
        let anchor: String?
        /// The values in it so far, itself included.
        var size = 1
        /// Whether the next value of a mapping is a key.
        var isAtKey = true
    }

    /// Measures a string. Invalid YAML passes: the parser reports its errors later.
    private static func check(_ text: String) throws(Problem) {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { throw Problem("out of memory") }
        defer { yaml_parser_delete(&parser) }
        let bytes = Array(text.utf8)
        let problem = bytes.withUnsafeBufferPointer { buffer -> Problem? in
            yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
            yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
            do throws(Problem) {
                try measure(&parser)
                return nil
            } catch {
                return error
            }
        }
        if let problem { throw problem }
    }

    private static func measure(_ parser: inout yaml_parser_t) throws(Problem) {
        var levels: [Level] = []
        var anchors: [String: Int] = [:]
        var total = 0
        while true {
            var event = yaml_event_t()
            guard yaml_parser_parse(&parser, &event) == 1 else { return }
            defer { yaml_event_delete(&event) }
            let line = event.start_mark.line + 1
            var size = 0
            switch event.type {
            case YAML_STREAM_END_EVENT: return
            case YAML_DOCUMENT_START_EVENT: anchors = [:]
            case YAML_SCALAR_EVENT:
                size = 1
                if let anchor = name(event.data.scalar.anchor) { anchors[anchor] = 1 }
            case YAML_ALIAS_EVENT:
                // One that is not known yet stands for itself, which who reads refuses.
                size = name(event.data.alias.anchor).flatMap { anchors[$0] } ?? 1
                if let level = levels.last, level.isMapping, level.isAtKey, size > 1 {
                    throw Problem("a key must be a single value (line \(line))")
                }
            case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT:
                let isMapping = event.type == YAML_MAPPING_START_EVENT
                if let level = levels.last, level.isMapping, level.isAtKey {
                    throw Problem("a key must be a single value (line \(line))")
                }
                guard levels.count < deepest else {
                    throw Problem("it is nested deeper than \(deepest) (line \(line))")
                }
                let anchor =
                    isMapping
                    ? event.data.mapping_start.anchor
                    : event.data.sequence_start.anchor
                levels.append(Level(isMapping: isMapping, anchor: name(anchor)))
                continue
            case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
                guard let level = levels.popLast() else { return }
                size = level.size
                if let anchor = level.anchor { anchors[anchor] = size }
            default: break
            }
            guard size > 0 else { continue }
            if levels.isEmpty { total += size }
            for index in levels.indices.suffix(1) {
                levels[index].size += size
                levels[index].isAtKey.toggle()
            }
            guard total <= mostValues, (levels.last?.size ?? 0) <= mostValues else {
                throw Problem("it expands to more than \(mostValues) values (line \(line))")
            }
        }
    }

    private static func name(_ anchor: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        anchor.map { String(cString: $0) }
    }
}
