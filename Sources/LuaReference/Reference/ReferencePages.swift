import Codec
import Contract

extension APIReference {
    /// What the contract says of something, for people.
    public func page(_ subject: ReferenceSubject, width: Int = 80) -> ReferenceText {
        var text = ReferenceText(width: width)
        switch subject {
        case .module(let name): module(name, &text)
        case .service(let service): self.service(service, &text)
        case .method(let method): self.method(method, &text)
        case .message(let type): message(type, &text)
        case .enumeration(let type): enumeration(type, &text)
        case .field(let type, let field):
            text.line((type.fullName + "." + field.name, .title))
            text.blank()
            self.field(field, &text)
        }
        return text
    }

    /// Places where a word was found, for people.
    public func page(_ hits: [Hit], width: Int = 80) -> ReferenceText {
        var text = ReferenceText(width: width)
        for hit in hits {
            let name =
                hit.name.hasPrefix("qdrant.cloud.") ? String(hit.name.dropFirst(13)) : hit.name
            text.line((hit.kind, .faint), (" ", .plain), (name, .name))
            text.paragraph(hit.text, indent: 4)
        }
        return text
    }

    // MARK: - Modules and services

    private func module(_ name: String, _ text: inout ReferenceText) {
        let packages = registry.packages.sorted {
            ($0.module, $0.version) < ($1.module, $1.version)
        }
        for package in packages where package.module == name {
            for service in services(of: package) {
                if !text.lines.isEmpty { text.blank() }
                self.service(service, &text)
            }
        }
        let prefix = name.isEmpty ? "" : name + "."
        let inner = packages.filter { $0.module.hasPrefix(prefix) && $0.module != name }
        if !text.lines.isEmpty, !inner.isEmpty { text.blank() }
        for package in inner {
            for service in services(of: package) { overview(service, package, &text) }
        }
    }

    private func services(of package: Registry.Package) -> [Service] {
        package.services.compactMap { name in (try? registry.service(named: name)).flatMap { $0 } }
    }

    private func overview(
        _ service: Service, _ package: Registry.Package, _ text: inout ReferenceText
    ) {
        let version = package.version == 1 ? "" : " v\(package.version)"
        let older = service.isSuperseded
        let count = service.methods.count == 1 ? "1 method" : "\(service.methods.count) methods"
        text.line(
            (package.module, .name), (version, .faint), ("  ", .plain),
            (Self.shortName(service.fullName), .type),
            (", \(count)" + (older ? ", superseded" : ""), .faint))
        text.paragraph(registry.documentation(of: service), indent: 4)
    }

    private func service(_ service: Service, _ text: inout ReferenceText) {
        text.line((service.fullName, .title))
        text.paragraph(registry.documentation(of: service), indent: 2)
        text.blank()
        for method in service.methods {
            text.line(("  ", .plain), (method.displayName, .name))
            text.paragraph(registry.documentation(of: method), indent: 6)
        }
    }

    // MARK: - Methods

    private func method(_ method: Method, _ text: inout ReferenceText) {
        text.line(
            (method.displayName, .title),
            (method.options.isDeprecated ? "  deprecated" : "", .faint))
        text.paragraph(registry.documentation(of: method), indent: 2)
        text.blank()
        let column = 11
        text.entry("gRPC", method.path, column: column, style: .faint)
        if let route = method.route {
            text.entry("REST", "\(route.verb) \(route.template)", column: column, style: .faint)
        }
        let permissions = method.options.checkedPermissions
        let joint = method.options.requiresAllPermissions ? " and " : " or "
        text.entry(
            "permission",
            permissions.isEmpty ? Self.whoMay(method) : permissions.joined(separator: joint),
            column: column, style: .faint)
        if method.isForUsersOnly {
            text.entry("actor", "people only, no management key", column: column, style: .faint)
        }
        text.blank()
        text.line(("request ", .faint), (method.input.fullName, .type))
        fields(method.input, &text, depth: 1, filled: method.accountIDPath)
        text.blank()
        text.line(("response ", .faint), (method.output.fullName, .type))
        fields(method.output, &text, depth: 0, filled: nil)
    }

    private static func whoMay(_ method: Method) -> String {
        guard method.options.requiresAuthentication else { return "none, not even a credential" }
        let needed = method.neededPermissions.joined(separator: " and ")
        return "none; a credential is enough"
            + (needed.isEmpty ? "" : ", and in a header \(needed)")
    }

    // MARK: - Messages

    private func message(_ type: MessageType, _ text: inout ReferenceText) {
        text.line((type.fullName, .title))
        text.paragraph(registry.documentation(of: type), indent: 2)
        text.blank()
        fields(type, &text, depth: 0, filled: nil)
        let users = uses(of: type)
        guard !users.isEmpty else { return }
        text.blank()
        text.line(("used by", .faint))
        text.paragraph(users.joined(separator: ", "), indent: 2)
    }

    private func uses(of type: MessageType) -> [String] {
        let methods = (try? registry.allMethods()) ?? []
        return methods.filter { method in
            [method.input, method.output].contains { (message: MessageType) in
                message === type || message.fields.contains { $0.messageType === type }
            }
        }.map(\.displayName)
    }

    private func fields(
        _ type: MessageType, _ text: inout ReferenceText, depth: Int, filled: [String]?,
        indent: Int = 2
    ) {
        if type.fields.isEmpty { text.paragraph("no fields", indent: indent, style: .faint) }
        for field in type.fields {
            let rest = filled?.first == field.name ? Array(filled?.dropFirst() ?? []) : nil
            self.field(field, &text, indent: indent, isFilled: rest?.isEmpty == true)
            if depth > 0, let inner = field.messageType, inner.wellKnown == nil, !inner.isMapEntry {
                fields(inner, &text, depth: depth - 1, filled: rest, indent: indent + 4)
            }
        }
        for rule in type.rules.cel {
            text.paragraph(
                "rule \(rule.id): " + (rule.message.isEmpty ? rule.expression : rule.message),
                indent: indent, style: .faint)
        }
        for oneof in type.oneofs {
            let names = oneof.fieldIndexes.map { type.fields[$0].name }.joined(separator: ", ")
            text.paragraph(
                (oneof.isRequired ? "one of " : "at most one of ") + names, indent: indent,
                style: .faint)
        }
    }

    private func field(
        _ field: Field, _ text: inout ReferenceText, indent: Int = 2, isFilled: Bool = false
    ) {
        let margin = String(repeating: " ", count: indent)
        var marks: [String] = []
        if field.hasToBeSet, !isFilled { marks.append("required") }
        if field.isSecret { marks.append("secret") }
        if field.isDeprecated { marks.append("deprecated") }
        if isFilled { marks.append("filled in from the session") }
        text.line(
            (margin, .plain), (field.name, .name), ("  ", .plain), (Self.typeName(field), .type),
            (marks.isEmpty ? "" : "  " + marks.joined(separator: ", "), .faint))
        text.paragraph(registry.documentation(of: field), indent: indent + 4)
        let rules = RuleWords.words(field)
        if !rules.isEmpty {
            text.paragraph(rules.joined(separator: "; "), indent: indent + 4, style: .faint)
        }
        if let type = field.enumType {
            text.paragraph(type.choices.joined(separator: ", "), indent: indent + 4, style: .faint)
        }
    }

    /// The type as scripts see it; messages of the API without their package.
    public static func typeName(_ field: Field) -> String {
        if let key = field.mapKey, let value = field.mapValue {
            return "map of \(typeName(key)) to \(typeName(value))"
        }
        let name: String
        switch field.messageType?.wellKnown {
        case .timestamp: name = "time"
        case .duration: name = "duration"
        case .fieldMask: name = "list of paths"
        default:
            let full = field.messageType?.fullName ?? field.enumType?.fullName
            name = full.map { Self.shortName($0) } ?? "\(field.kind)"
        }
        if field.isRepeated { return "list of " + name }
        return field.isOptional || field.oneofIndex != nil ? name + "?" : name
    }

    // MARK: - Enums

    private func enumeration(_ type: EnumType, _ text: inout ReferenceText) {
        text.line((type.fullName, .title))
        text.paragraph(registry.documentation(of: type), indent: 2)
        text.blank()
        let column = min(44, type.values.map { $0.name.count + 4 }.max() ?? 0)
        for (index, value) in type.values.enumerated() {
            let number = String(value.number)
            let padded = String(repeating: " ", count: max(0, 3 - number.count)) + number
            text.entry(
                "\(padded) \(value.name)", registry.documentation(of: type, valueAt: index),
                column: column)
        }
    }
}
