import Contract
import GuardedYAML
import LuaMachine
import LuaMessages
import Yams

/// What `host/yaml.lua` is built from: libyaml by way of Yams for reading, our writer for writing.
struct YAMLModule {
    let registry: Registry
    let revealsSecrets: Bool

    func register(in functions: inout HostFunctions) {
        let (registry, revealsSecrets) = (registry, revealsSecrets)
        // yaml_decode(text, all): the document, or a list of all of them.
        functions.declare("yaml_decode", .string, .flag) { call, text, wantsAll in
            let documents: [Node]
            do throws(YAMLText.Problem) {
                documents = try YAMLText.documents(text)
            } catch {
                throw HostError.message("yaml.decode: \(error)")
            }
            if wantsAll {
                let values = try documents.map { try Self.value($0) }
                call.results.put(.list(values))
            } else {
                guard documents.count <= 1 else {
                    throw HostError.message(
                        "yaml.decode: got \(documents.count) documents, expected one; use "
                            + "yaml.decode_all")
                }
                call.results.put(try documents.first.map { try Self.value($0) } ?? .nil)
            }
        }
        functions.declare("yaml_encode", .any) { call, value in
            if let (path, reason) = value.unwritable(withSecrets: !revealsSecrets) {
                throw HostError.message("yaml.encode: \(path): \(reason)")
            }
            call.results.put(
                YAMLWriter(ordered: ValueText(registry: registry).ordered).text(
                    value.withSecretsRevealed))
        }
    }

    private static func value(_ node: Node) throws(HostError) -> LuaValue {
        if case .scalar(let scalar) = node {
            do throws(YAMLText.Problem) {
                return LuaValue(try YAMLScalar(scalar))
            } catch {
                let line = node.mark.map { " (line \($0.line))" } ?? ""
                throw .message("yaml.decode: \(error)\(line)")
            }
        }
        switch node {
        case .scalar, .alias: throw .message("yaml.decode: an alias refers to itself")
        case .sequence(let sequence):
            var items: [LuaValue] = []
            for item in sequence { items.append(try value(item)) }
            return .list(items)
        case .mapping(let mapping):
            var table = LuaTable()
            for (key, inner) in mapping {
                table.entries.append((try value(key), try value(inner)))
            }
            return .table(table)
        }
    }
}

extension LuaValue {
    fileprivate init(_ scalar: YAMLScalar) {
        self =
            switch scalar {
            case .null: .null
            case .flag(let flag): .bool(flag)
            case .integer(let number): .integer(number)
            case .number(let number): .number(number)
            case .text(let text): .text(text)
            case .bytes(let bytes): .string(bytes)
            }
    }

    /// The value with its secrets as texts.
    var withSecretsRevealed: LuaValue {
        switch self {
        case .secret(let bytes): return .string(bytes)
        case .table(var table):
            table.entries = table.entries.map { ($0.key, $0.value.withSecretsRevealed) }
            return .table(table)
        default: return self
        }
    }

    /// The path of the first part that cannot be written, and why; nil when everything can.
    ///
    /// - Parameter withSecrets: whether secrets are such parts.
    fileprivate func unwritable(withSecrets: Bool) -> (path: String, reason: String)? {
        switch self {
        case .secret where withSecrets: return ("the value", "a secret is not written")
        case .function, .handle, .cancellation:
            return ("the value", "a \(typeName) has no form in YAML")
        case .table(let table):
            for (key, value) in table.entries {
                let name = key.text ?? "[\(ValueText.scalar(key))]"
                if key.table != nil { return (name, "a key must be a single value") }
                guard let (inner, reason) = value.unwritable(withSecrets: withSecrets) else {
                    continue
                }
                return (inner == "the value" ? name : "\(name).\(inner)", reason)
            }
            return nil
        default: return nil
        }
    }
}
