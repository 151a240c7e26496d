import Contract
import LuaReference

/// Calls of a method that would pass the contract's rules: for help, and for editors to begin with.
struct RequestExample {
    let registry: Registry

    /// A call with what is required, in one line when it is short.
    func call(_ method: Method) -> String {
        let body = table(Place(method), isTemplate: false)
        return "qdrant.api.\(method.displayName)\(body == "{}" ? " {}" : " " + body)"
    }

    /// A call with all fields: those that are required filled in, the others as comments.
    func template(_ method: Method) -> String {
        "qdrant.api.\(method.displayName) " + table(Place(method), isTemplate: true)
    }

    /// Where in a request one is.
    private struct Place {
        let type: MessageType
        /// The way to the account's id from here, which the session fills in.
        var account: [String]
        /// Fields that only the cloud sets.
        let readOnly: Set<String>
        var depth = 0

        init(_ method: Method) {
            type = method.input
            account = method.accountIDPath ?? []
            readOnly = RequestExample.readOnlyFields(of: method)
        }

        private init(
            _ type: MessageType, _ account: [String], _ readOnly: Set<String>, _ depth: Int
        ) {
            self.type = type
            self.account = account
            self.readOnly = readOnly
            self.depth = depth
        }

        /// The message in a field.
        func inside(_ field: Field, _ type: MessageType) -> Place {
            Place(
                type, account.first == field.name ? Array(account.dropFirst()) : [], readOnly,
                depth + 1)
        }
    }

    /// The fields of the resource that a request must leave out: the contract's rule on them lists
    /// their names.
    static func readOnlyFields(of method: Method) -> Set<String> {
        var names: Set<String> = []
        for rule in method.input.rules.cel where rule.id.hasSuffix("no_read_only_fields") {
            let words = rule.message.prefix { $0 != ":" }
                .split { !$0.isLetter && $0 != "_" && !$0.isNumber }.map(String.init)
            names.formUnion(words.prefix { $0 != "are" && $0 != "is" }.filter { $0 != "and" })
        }
        return names
    }

    /// Fields of the resource that one of the request's rules asks for by name.
    static func fieldsAskedFor(by method: Method) -> Set<String> {
        guard
            let resource = method.input.fields.compactMap(\.messageType).first(where: {
                $0.wellKnown == nil
            })
        else { return [] }
        let rules = method.input.rules.cel.filter {
            $0.message.contains("is required") || $0.message.contains("has to be set")
        }
        let names = resource.fields.map(\.name).filter { name in
            rules.contains { $0.id.contains(".\(name)_") && !$0.message.contains(" when ") }
        }
        return Set(names)
    }

    private func table(_ place: Place, isTemplate: Bool) -> String {
        var lines: [(text: String, isComment: Bool)] = []
        let type = place.type
        let chosen = Set(type.oneofs.filter(\.isRequired).compactMap(\.fieldIndexes.first))
        var written: Set<String> = []
        for field in type.fields where !field.isDeprecated {
            if place.account == [field.name] { continue }
            if place.depth > 0, place.readOnly.contains(field.name) { continue }
            let isOnTheWay = place.account.first == field.name
            let isNeeded = field.hasToBeSet || isOnTheWay || chosen.contains(field.index)
            if isNeeded || isNeededByName(field, written) {
                written.insert(field.name)
                let value = self.value(field, place, isTemplate: isTemplate)
                lines.append(("\(field.name) = \(value)", false))
            } else if isTemplate {
                let doc = registry.documentation(of: field).split(whereSeparator: \.isNewline).first
                lines.append(
                    ("-- \(field.name) = \(APIReference.typeName(field))  \(doc ?? "")", true))
            }
        }
        if lines.isEmpty { return "{}" }
        let short = "{ " + lines.map(\.text).joined(separator: ", ") + " }"
        if !isTemplate, short.count + 2 * place.depth < 70, !short.contains("\n") { return short }
        let margin = String(repeating: "  ", count: place.depth + 1)
        return "{\n" + lines.map { margin + $0.text + ($0.isComment ? "\n" : ",\n") }.joined()
            + String(repeating: "  ", count: place.depth) + "}"
    }

    /// What is needed though the contract says so in other words than `required`: ids, names, and
    /// the region of a provider.
    private func isNeededByName(_ field: Field, _ written: Set<String>) -> Bool {
        if field.name == "cloud_provider_region_id" { return written.contains("cloud_provider_id") }
        if Self.special.contains(field.name) { return true }
        guard !field.isRepeated, field.kind == .string, !field.isOptional, field.oneofIndex == nil
        else { return false }
        return ["name", "schedule", "id"].contains(field.name)
            || field.name.hasSuffix("_id")
    }

    /// Fields that rules over several fields ask for.
    private static let special: Set<String> = ["display_name", "role_ids_to_add", "role_type"]

    private func value(_ field: Field, _ place: Place, isTemplate: Bool) -> String {
        if field.isMap { return "{}" }
        let one: String
        if let type = field.messageType {
            switch type.wellKnown {
            case .timestamp:
                one =
                    field.name.hasPrefix("end")
                    ? "\"2030-02-01T00:00:00Z\"" : "\"2030-01-01T00:00:00Z\""
            case .duration: one = "\"24h\""
            case .fieldMask: one = "{ \"name\" }"
            case nil where place.depth < 5:
                one = table(place.inside(field, type), isTemplate: isTemplate && place.depth < 2)
            default: one = "{}"
            }
        } else if let type = field.enumType {
            let own = type.choices.contains("CUSTOM") ? "CUSTOM" : type.choices.first
            one = "\"\(own ?? "")\""
        } else {
            one = scalar(field)
        }
        return field.isRepeated ? "{ \(one) }" : one
    }

    private func scalar(_ field: Field) -> String {
        switch field.kind {
        case .bool: return "true"
        case .string, .bytes: return "\"\(text(field))\""
        case .double, .float: return "1.0"
        default: return field.name == "year" ? "2026" : "1"
        }
    }

    private func text(_ field: Field) -> String {
        let name = field.name
        if name == "cloud_provider_id" { return "aws" }
        if name == "cloud_provider_region_id" { return "eu-central-1" }
        if name == "id" || name.hasSuffix("_id") || name.contains("_ids") {
            return "00000000-0000-4000-8000-000000000000"
        }
        if name.contains("email") { return "somebody@example.com" }
        if name.contains("url") || name.contains("uri") { return "https://example.com/" }
        if name == "schedule" { return "0 3 * * *" }
        if name == "value" { return "read:clusters" }
        return name == "version" ? "latest" : "example"
    }
}
