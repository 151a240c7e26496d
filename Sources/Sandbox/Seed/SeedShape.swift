import Contract

/// The form of seeds, written by people or by an export.
enum SeedShape {
    /// A hundred years.
    private static let length = Shape.duration(3_153_600_000)
    private static let text = Shape.text(0...(1 << 20))

    /// The form of a whole seed.
    static func whole(_ registry: Registry) throws -> Shape {
        .object([
            "users": .list(
                .object(
                    ["email": .name, "id": .name, "given_name": text, "family_name": text],
                    required: ["email"])),
            "accounts": .list(try account(registry)),
            "records": .list(record), "spans": .list(span), "events": .list(event),
            "version": .integer(1...1), "now": .time,
        ])
    }

    private static func account(_ registry: Registry) throws -> Shape {
        var members: [String: Shape] = [
            "id": .name, "owner": .name, "age": length, "billing_parent": .name,
            "quotas": .object(
                Quotas.defaults.reduce(into: [:]) { $0[$1.name] = .count }),
            "members": .list(
                .object(["user": .name, "roles": .list(.name)], required: ["user"])),
        ]
        for (name, type) in [("discounts", "Discount"), ("credit_contracts", "CreditContract")] {
            members[name] = .list(
                .message(
                    MessageShape(
                        type: try messageType("qdrant.cloud.billing.v1." + type, registry),
                        own: ["valid_for": length], hidden: ["id", "account_id"])))
        }
        for section in SeedSection.all {
            members[section.name] = .list(try resource(section, registry))
        }
        let type = try messageType("qdrant.cloud.account.v1.Account", registry)
        let fields = ["name", "privileges", "company", "settings"]
        let hidden = type.fields.map(\.name).filter { !fields.contains($0) && members[$0] == nil }
        return .message(MessageShape(type: type, own: members, hidden: Set(hidden)))
    }

    /// The form of a resource that a call creates.
    private static func resource(_ section: SeedSection, _ registry: Registry) throws -> Shape {
        guard let method = try registry.method(path: "/" + section.method),
            let type = method.input.field(section.field)?.messageType
        else { throw YAMLValue.Problem("the contract has no \(section.method)") }
        var own: [String: Shape] = ["age": length]
        var hidden: Set<String> = ["id", "account_id"]
        for (field, member) in [("cluster_id", "cluster"), ("space_id", "space")]
        where type.field(named: field) != nil {
            own[member] = .name
            hidden.insert(field)
        }
        switch section.name {
        case "clusters":
            own["package"] = .name
            own["suspended_after"] = length
            own["sandbox"] = .object([
                "collections": .list(.name), "inference_models": .list(.name),
            ])
        case "spaces": own["sandbox"] = .object(["collections": .list(.name)])
        case "roles":
            own["permissions"] = .list(.name)
            hidden.insert("role_type")
        default: break
        }
        return .message(MessageShape(type: type, own: own, hidden: hidden))
    }

    private static func messageType(_ name: String, _ registry: Registry) throws -> MessageType {
        guard let type = try registry.message(named: name) else {
            throw YAMLValue.Problem("the contract has no \(name)")
        }
        return type
    }

    // MARK: - Exports

    private static let facts = Shape.map(text)

    private static let record = Shape.object(
        [
            "kind": .choice(Kind.allCases.map(\.rawValue)), "id": .name, "account": text,
            "parent": text, "created": .time, "type": .name, "message": .map(.anything),
            "sandbox": facts,
        ], required: ["kind", "id", "created", "type"])

    private static let span = Shape.object(
        [
            "account": .name, "kind": .choice(Span.Kind.allCases.map(\.rawValue)),
            "subject": .name, "begun": .time, "ended": .time, "facts": facts,
        ], required: ["account", "kind", "subject", "begun"])

    private static let event = Shape.object(
        ["due": .time, "kind": .name, "subject": text, "payload": text],
        required: ["due", "kind"])
}
