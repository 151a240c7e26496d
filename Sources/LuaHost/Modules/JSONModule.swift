import CLuaHost
import Codec
import Contract
import LuaMachine
import LuaMessages

/// `json`: canonical ProtoJSON for messages, plain JSON for everything else.
struct JSONModule {
    let registry: Registry
    let revealsSecrets: Bool

    func register(in functions: inout HostFunctions) {
        // json_encode(value, is_pretty) → text
        functions.declare("json_encode") { [registry, revealsSecrets] call in
            var encoder = JSONEncoder(
                registry: registry, types: call.machine.types, revealsSecrets: revealsSecrets)
            let text: String
            do throws(CodecError) {
                text = try encoder.encode(call.arguments)
            } catch {
                throw HostError.message("json.encode: \(error)")
            }
            call.results.put(call.arguments.value().isTrue ? JSONLayout.pretty(text) : text)
        }
        functions.declare("json_decode", .bytes) { call, bytes in
            do throws(CodecError) {
                try bytes.withUnsafeBufferPointer { (buffer) throws(CodecError) in
                    var scanner = JSONScanner(UnsafeRawBufferPointer(buffer))
                    try JSONTape.read(&scanner, into: call.results, depth: 100)
                    try scanner.expectEnd()
                }
            } catch {
                throw HostError.message("json.decode: \(error)")
            }
        }
    }
}

/// Writes the next value of a tape as JSON.
struct JSONEncoder {
    let registry: Registry
    let types: TypeTables
    let revealsSecrets: Bool

    mutating func encode(_ tape: TapeReader) throws(CodecError) -> String {
        if tape.peek == QH_MESSAGE.rawValue { return JSONWriter().text(try message(tape)) }
        if tape.peek == QH_TABLE.rawValue || tape.peek == QH_META.rawValue {
            return try table(tape)
        }
        if tape.peek == QH_LIST.rawValue {
            _ = tape.take()
            _ = tape.load(UInt32.self)
            var items: [String] = []
            while tape.peek != QH_END.rawValue {
                do throws(CodecError) {
                    items.append(try encode(tape))
                } catch {
                    throw error.inside("[\(items.count + 1)]")
                }
            }
            _ = tape.take()
            return "[" + items.joined(separator: ",") + "]"
        }
        switch tape.value() {
        case .nil, .null: return "null"
        case .bool(let flag): return flag ? "true" : "false"
        case .integer(let number): return "\(number)"
        case .number(let number):
            guard number.isFinite else {
                throw CodecError(.outOfRange("\(number) has no JSON form"))
            }
            return "\(number)"
        case .secret where !revealsSecrets: throw CodecError(.secret)
        case .string(let bytes), .secret(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw CodecError(.invalidUTF8)
            }
            return JSONWriter.quoted(text)
        case .time(let seconds, let nanos):
            return JSONWriter.quoted(TimeText.rfc3339(seconds: seconds, nanos: nanos))
        case .duration(let seconds, let nanos):
            return JSONWriter.quoted(TimeText.duration(seconds: seconds, nanos: nanos))
        case let other:
            throw CodecError(.mismatch(expected: "a plain value", got: "a \(other.typeName)"))
        }
    }

    private func message(_ tape: TapeReader) throws(CodecError) -> Message {
        // The type's number stands behind the tag; the reader takes both.
        let ahead = UnsafeRawPointer(tape.nextPayload).loadUnaligned(as: UInt32.self)
        return try RequestReader(tape, types: types, takesSecrets: revealsSecrets).message(
            registry.message(id: Int(ahead)))
    }

    private mutating func table(_ tape: TapeReader) throws(CodecError) -> String {
        if tape.take() == QH_META.rawValue {
            _ = tape.load(UInt32.self)
            _ = tape.take()
        }
        var entries: [(key: LuaValue, text: String)] = []
        while tape.peek != QH_END.rawValue {
            if tape.peek == QH_UNKNOWN.rawValue {
                _ = tape.take()
                _ = tape.bytes()
                continue
            }
            let key = tape.value()
            do throws(CodecError) {
                entries.append((key, try encode(tape)))
            } catch {
                throw error.inside(key.text ?? "[\(key.integer ?? 0)]")
            }
        }
        _ = tape.take()
        let isArray =
            !entries.isEmpty
            && entries.allSatisfy {
                (1...Int64(entries.count)).contains($0.key.integer ?? 0) && $0.key.text == nil
            }
        if isArray {
            let ordered = entries.sorted { ($0.key.integer ?? 0) < ($1.key.integer ?? 0) }
            return "[" + ordered.map(\.text).joined(separator: ",") + "]"
        }
        var members: [(String, String)] = []
        for (key, text) in entries {
            if case .string(let bytes) = key, String(validating: bytes, as: UTF8.self) == nil {
                throw CodecError(.invalidUTF8)
            }
            guard let name = key.text ?? key.integer.map({ "\($0)" }) else {
                throw CodecError(.mismatch(expected: "names as keys", got: "a \(key.typeName)"))
            }
            members.append((name, text))
        }
        members.sort { $0.0 < $1.0 }
        for (one, next) in zip(members, members.dropFirst()) where one.0 == next.0 {
            throw CodecError(.duplicateKey(one.0))
        }
        return "{" + members.map { JSONWriter.quoted($0.0) + ":" + $0.1 }.joined(separator: ",")
            + "}"
    }
}

/// Lays compact JSON out over lines.
public enum JSONLayout {
    /// The same document, indented by two spaces.
    public static func pretty(_ compact: String) -> String {
        var text = ""
        var depth = 0
        var isInString = false
        var isEscaped = false
        let characters = Array(compact.unicodeScalars)
        for (index, character) in characters.enumerated() {
            if isInString {
                text.unicodeScalars.append(character)
                if isEscaped {
                    isEscaped = false
                } else if character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isInString = false
                }
                continue
            }
            let closes = index + 1 < characters.count ? characters[index + 1] : " "
            switch character {
            case "\"":
                isInString = true
                text += "\""
            case "{", "[":
                text.unicodeScalars.append(character)
                if closes == "}" || closes == "]" { continue }
                depth += 1
                text += "\n" + String(repeating: "  ", count: depth)
            case "}", "]":
                if index > 0, characters[index - 1] != "{", characters[index - 1] != "[" {
                    depth -= 1
                    text += "\n" + String(repeating: "  ", count: depth)
                }
                text.unicodeScalars.append(character)
            case ",": text += ",\n" + String(repeating: "  ", count: depth)
            case ":": text += ": "
            default: text.unicodeScalars.append(character)
            }
        }
        return text
    }
}
