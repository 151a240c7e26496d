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
            if !revealsSecrets, let path = value.secretPath {
                throw HostError.message("yaml.encode: \(path): a secret is not written")
            }
            call.results.put(
                YAMLWriter(ordered: ValueText(registry: registry).ordered).text(
                    value.withSecretsRevealed))
        }
    }

    private static func value(_ node: Node) throws(HostError) -> LuaValue {
        switch node {
        case .scalar(let scalar):
            if node.null != nil { return .null }
            // What is quoted is a text.
            guard scalar.style == .plain else { return .text(scalar.string) }
            if let flag = node.bool { return .bool(flag) }
            // Numbers of base 60 (1:30) are those of YAML 1.1, and no numbers any more.
            if !scalar.string.contains(":"), let number = node.int {
                return .integer(Int64(number))
            }
            if let number = node.float { return .number(number) }
            return .text(scalar.string)
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
        case .alias: throw .message("yaml.decode: an alias refers to itself")
        }
    }
}

extension LuaValue {
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

    /// Where the first secret inside the value is; nil when there is none.
    var secretPath: String? {
        switch self {
        case .secret: return "the value"
        case .table(let table):
            for (key, value) in table.entries {
                guard let inner = value.secretPath else { continue }
                let name = key.text ?? "[\(key.integer ?? 0)]"
                return inner == "the value" ? name : "\(name).\(inner)"
            }
            return nil
        default: return nil
        }
    }
}
