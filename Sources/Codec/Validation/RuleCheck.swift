import Contract
import Wire

/// A value's rules, its place, and how violations of them are reported.
///
/// The rules of each type of value stand in a file of their own; ``run(_:_:)`` chooses among them.
struct RuleCheck {
    let rules: FieldRules
    let field: Field
    /// Whether the value is an element of a list, not the list.
    var isElement = false
    let path: String
    let now: @Sendable () -> (seconds: Int64, nanos: Int32)

    typealias Numbers = ValidateNumbers.Rules

    func report(
        _ rule: String, _ message: String, _ value: Value?, _ found: inout [Violation]
    ) {
        found.append(
            Violation(
                path: path, rule: rule, message: message,
                value: value.map { Self.text($0, field) } ?? ""))
    }

    func reportUnsupported(_ value: Value, _ found: inout [Violation]) {
        report("unsupported", "has a rule that this program cannot check", value, &found)
    }

    func fail(
        _ rule: String, _ message: String, _ value: some CustomStringConvertible,
        _ found: inout [Violation]
    ) {
        found.append(
            Violation(path: path, rule: rule, message: message, value: value.description))
    }

    /// A value as it is shown in a message: long text is cut.
    static func text(_ value: Value, _ field: Field) -> String {
        if field.isSecret { return "********" }
        return switch value {
        case .string(let text):
            JSONWriter.quoted(text.count > 64 ? text.prefix(61) + "..." : text)
        case .enumeration(let number): field.enumType?.name(of: number) ?? "\(number)"
        case .unknownEnumName(let name): name
        case .bool(let flag): "\(flag)"
        case .int(let number): "\(number)"
        case .uint(let number): "\(number)"
        case .float(let number): "\(number)"
        case .double(let number): "\(number)"
        case .bytes(let bytes): "\(bytes.count) bytes"
        case .list(let items): "\(items.count) items"
        case .map(let entries): "\(entries.count) entries"
        // A message may hold what is not to be shown.
        case .message(let message) where message.type.wellKnown == nil: "a \(message.type.name)"
        case .message(let message): JSONWriter().text(message)
        }
    }

    static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// The operands of a rule that may stand several times or packed.
    func list(_ number: Int) -> [UInt64] {
        rules.standard.filter { $0.number == number }.flatMap { rule -> [UInt64] in
            switch rule.operand {
            case .integer(let value): return [value]
            case .bytes(let packed): return unpack(packed)
            }
        }
    }

    /// The packed operands of a rule, by the width that the field's type has on the wire.
    private func unpack(_ packed: [UInt8]) -> [UInt64] {
        let width: Int? =
            switch rules.type {
            case Numbers.double, Numbers.fixed64, Numbers.sfixed64: 8
            case Numbers.float, Numbers.fixed32, Numbers.sfixed32: 4
            default: nil
            }
        if let width {
            return stride(from: 0, to: packed.count - packed.count % width, by: width).map {
                start in
                packed[start..<start + width].reversed().reduce(0) { $0 << 8 | UInt64($1) }
            }
        }
        return packed.withUnsafeBytes { bytes in
            var reader = WireReader(bytes)
            var values: [UInt64] = []
            while !reader.isAtEnd, let value = try? reader.readVarint() { values.append(value) }
            return values
        }
    }
}
