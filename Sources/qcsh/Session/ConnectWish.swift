import CloudClient
import Contract
import LuaMachine

/// The options of `qdrant.connect`. Each wrong value is an error: it must not select another
/// credential.
struct ConnectWish {
    let context: Sourced<String>?
    let endpoint: Sourced<String>?
    let restEndpoint: Sourced<String>?
    let account: Sourced<String>?
    let secret: Sourced<ConnectionPlan.Secret>?
    let transport: TransportKind?

    private static let names = [
        "account", "api_key", "context", "endpoint", "rest_endpoint", "token", "transport",
    ]

    /// Reads the options of `qdrant.connect`.
    init(_ wanted: LuaTable) throws(CommandError) {
        for (key, _) in wanted.entries where !Self.names.contains(key.text ?? "") {
            let name = key.text ?? key.typeName
            let near = Names.nearest(to: name, in: Self.names)
            throw CommandError(
                "qdrant.connect has no option \"\(name)\""
                    + (near == nil
                        ? "; it has " + Self.names.joined(separator: ", ")
                        : Names.suggestion(near)))
        }
        context = try Self.text("context", wanted)
        endpoint = try Self.text("endpoint", wanted)
        restEndpoint = try Self.text("rest_endpoint", wanted)
        account = try Self.text("account", wanted)
        let key = try Self.text("api_key", wanted)
        let token = try Self.text("token", wanted)
        guard key == nil || token == nil else {
            throw CommandError("qdrant.connect: api_key and token exclude each other; give one")
        }
        if let key {
            secret = Sourced(.key(try Self.clean(key, "api_key")), key.origin)
        } else if let token {
            secret = Sourced(.token(try Self.clean(token, "token")), token.origin)
        } else {
            secret = nil
        }
        transport = try Self.text("transport", wanted).map { (text) throws(CommandError) in
            guard let kind = TransportKind(rawValue: text.value) else {
                throw CommandError(
                    "qdrant.connect: transport must be \"grpc\" or \"rest\", got \"\(text.value)\"")
            }
            return kind
        }
    }

    private static func text(
        _ name: String, _ wanted: LuaTable
    ) throws(CommandError) -> Sourced<String>? {
        switch wanted[name] {
        case nil, .nil: return nil
        case .string(let bytes): return Sourced(String(decoding: bytes, as: UTF8.self), .script)
        case .secret(let bytes) where name == "api_key" || name == "token":
            return Sourced(String(decoding: bytes, as: UTF8.self), .script)
        case .some(let other):
            throw CommandError(
                "qdrant.connect: \(name) must be a string, got a \(other.typeName)")
        }
    }

    private static func clean(
        _ text: Sourced<String>, _ name: String
    ) throws(CommandError) -> String {
        do throws(CredentialText.Problem) { return try CredentialText.clean(text.value) } catch {
            throw CommandError("qdrant.connect: \(name) \(error)")
        }
    }
}
