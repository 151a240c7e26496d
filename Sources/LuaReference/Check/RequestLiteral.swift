import Codec
import Contract
import LuaMachine
import LuaMessages
import LuaSource

/// The part of a request that a table constructor shows: values that are written out are read as
/// they will be when the script runs, with the same error messages.
struct RequestLiteral {
    /// Reports a problem.
    typealias Report = (Finding.Rule, String, Position) -> Void

    private(set) var message: Message
    /// Paths of fields whose values are not known.
    private(set) var unknown: Set<String> = []
    /// Where fields are written out, by their paths.
    private(set) var positions: [String: Position] = [:]
    /// Whether whole fields may be missing here, since keys are computed.
    private(set) var hasComputedKeys = false

    init(_ fields: [TableField], _ type: MessageType, _ report: Report) {
        message = Message(type)
        message = read(fields, type, path: "", report)
    }

    private mutating func read(
        _ fields: [TableField], _ type: MessageType, path: String, _ report: Report
    ) -> Message {
        var message = Message(type)
        var arms: [Int: String] = [:]
        for entry in fields {
            guard let key = entry.key else {
                report(
                    .unknownField,
                    "\(Self.place(path))\(type.fullName) has named fields, not elements",
                    entry.position)
                continue
            }
            guard let name = key.text else {
                hasComputedKeys = true
                unknown.insert(path)
                continue
            }
            guard let field = type.field(named: name), field.name == name else {
                let near = Names.suggestion(Names.nearest(to: name, in: type.fields.map(\.name)))
                report(
                    .unknownField, "\(type.fullName) has no field \"\(name)\"\(near)",
                    entry.position)
                continue
            }
            if field.isDeprecated {
                report(.deprecated, "\(type.name).\(name) is deprecated", entry.position)
            }
            if let oneof = field.oneofIndex {
                if let other = arms[oneof], !isNil(entry.value) {
                    report(
                        .oneof, "\(name) and \(other) exclude each other", entry.position)
                }
                arms[oneof] = name
            }
            let inner = path.isEmpty ? name : path + "." + name
            positions[inner] = entry.value.position
            message[field] = value(entry.value, field, type, path: inner, report)
        }
        return message
    }

    private func isNil(_ expression: Expression) -> Bool {
        if case .nil = expression { return true }
        return false
    }

    private static func place(_ path: String) -> String { path.isEmpty ? "" : path + ": " }

    /// The value of a field as far as it is known; adds the paths of unknown values to ``unknown``.
    private mutating func value(
        _ expression: Expression, _ field: Field, _ type: MessageType, path: String,
        _ report: Report
    ) -> Value? {
        if case .nil = expression { return nil }
        if case .table(let fields, _) = expression {
            if field.isMap { return map(fields, field, type, path: path, report) }
            if field.isRepeated { return list(fields, field, type, path: path, report) }
            if let inner = field.messageType, inner.wellKnown == nil {
                return .message(read(fields, inner, path: path, report))
            }
        }
        guard let literal = LuaValue(expression) else {
            unknown.insert(path)
            return nil
        }
        return runtimeValue(literal, field, type, at: expression.position, path: path, report)
    }

    private mutating func list(
        _ fields: [TableField], _ field: Field, _ type: MessageType, path: String,
        _ report: Report
    ) -> Value? {
        var items: [Value] = []
        for (index, entry) in fields.enumerated() {
            let inner = "\(path)[\(index)]"
            positions[inner] = entry.value.position
            if entry.key != nil {
                unknown.insert(path)
                return nil
            }
            if let messageType = field.messageType, messageType.wellKnown == nil,
                case .table(let innerFields, _) = entry.value
            {
                items.append(.message(read(innerFields, messageType, path: inner, report)))
                continue
            }
            guard let literal = LuaValue(entry.value) else {
                unknown.insert(path)
                continue
            }
            let wrapped = LuaValue.table(
                LuaTable(kind: .list, entries: [(.integer(1), literal)]))
            guard
                case .list(let one)? = runtimeValue(
                    wrapped, field, type, at: entry.value.position, path: inner, report)
            else { continue }
            items += one
        }
        return .list(items)
    }

    private mutating func map(
        _ fields: [TableField], _ field: Field, _ type: MessageType, path: String,
        _ report: Report
    ) -> Value? {
        for entry in fields {
            guard let key = entry.key, let name = LuaValue(key), let value = LuaValue(entry.value)
            else { continue }
            let pair = LuaValue.table(LuaTable(entries: [(name, value)]))
            _ = runtimeValue(pair, field, type, at: entry.position, path: path, report)
        }
        unknown.insert(path)
        return nil
    }

    /// Reads a value as it is read when the script runs.
    private mutating func runtimeValue(
        _ literal: LuaValue, _ field: Field, _ type: MessageType, at position: Position,
        path: String, _ report: Report
    ) -> Value? {
        let tape = OwnedTape()
        tape.writer.table {
            tape.writer.put(field.name)
            tape.writer.put(literal)
        }
        do throws(CodecError) {
            return try RequestReader(tape.reader).message(type)[field]
        } catch {
            report(.wrongValue, "\(error)", position)
            unknown.insert(path)
            return nil
        }
    }

    /// Where a field stands, or the nearest one around it that is written out; nil when none is.
    func position(of path: String) -> Position? {
        var rest = path[...]
        while !rest.isEmpty {
            if let found = positions[String(rest)] { return found }
            rest = rest.prefix(upTo: rest.lastIndex { $0 == "." || $0 == "[" } ?? rest.startIndex)
        }
        return nil
    }

    /// Whether it is known what stands at a path of a violation.
    func knows(_ path: String) -> Bool {
        if hasComputedKeys, unknown.contains("") { return false }
        return !unknown.contains { hidden in
            path == hidden || path.hasPrefix(hidden + ".") || path.hasPrefix(hidden + "[")
        }
    }
}

extension LuaValue {
    /// The value of a literal; nil for an expression whose value is only known at run time.
    init?(_ expression: Expression) {
        switch expression {
        case .nil: self = .nil
        case .bool(let flag, _): self = .bool(flag)
        case .integer(let number, _): self = .integer(number)
        case .float(let number, _): self = .number(number)
        case .string(let bytes, _): self = .string(bytes)
        case .unary("-", .integer(let number, _), _): self = .integer(0 &- number)
        case .unary("-", .float(let number, _), _): self = .number(-number)
        case .parenthesised(let inner, _):
            guard let value = LuaValue(inner) else { return nil }
            self = value
        case .table(let fields, _):
            var table = LuaTable()
            for field in fields {
                guard let value = LuaValue(field.value) else { return nil }
                if let key = field.key {
                    guard let name = LuaValue(key) else { return nil }
                    table.entries.append((name, value))
                } else {
                    table.entries.append((.integer(Int64(table.entries.count + 1)), value))
                }
            }
            self = .table(table)
        default: return nil
        }
    }
}
