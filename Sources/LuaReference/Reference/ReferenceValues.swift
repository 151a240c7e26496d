import Codec
import Contract
import LuaMachine

extension APIReference {
    /// What the contract says of something, for programs.
    public func value(_ subject: ReferenceSubject) -> LuaValue {
        switch subject {
        case .module(let name):
            let packages = registry.packages.filter {
                name.isEmpty || $0.module == name || $0.module.hasPrefix(name + ".")
            }
            return list(
                packages.flatMap { package in
                    package.services.compactMap { name in
                        (try? registry.service(named: name)).flatMap { $0 }.map(service)
                    }
                })
        case .service(let service): return self.service(service)
        case .method(let method): return self.method(method)
        case .message(let type): return message(type)
        case .enumeration(let type): return enumeration(type)
        case .field(_, let field): return self.field(field)
        }
    }

    /// Places where a word was found, for programs.
    public func value(_ hits: [Hit]) -> LuaValue {
        list(
            hits.map {
                table(["kind": .text($0.kind), "name": .text($0.name), "doc": .text($0.text)])
            })
    }

    private func table(_ entries: KeyValuePairs<String, LuaValue?>) -> LuaValue {
        .table(
            LuaTable(
                entries: entries.compactMap { name, value in value.map { (.text(name), $0) } }))
    }

    private func list(_ items: [LuaValue]) -> LuaValue { .list(items) }

    private func texts(_ items: [String]) -> LuaValue { list(items.map { .text($0) }) }

    private func service(_ service: Service) -> LuaValue {
        table([
            "kind": .text("service"), "name": .text(service.fullName),
            "module": .text(Names.module(ofPackage: service.package).name),
            "version": .integer(Int64(Names.module(ofPackage: service.package).version)),
            "doc": .text(registry.documentation(of: service)),
            "methods": list(
                service.methods.map { method in
                    table([
                        "name": .text(method.displayName), "path": .text(method.path),
                        "doc": .text(registry.documentation(of: method)),
                    ])
                }),
        ])
    }

    private func method(_ method: Method) -> LuaValue {
        table([
            "kind": .text("method"), "name": .text(method.displayName), "path": .text(method.path),
            "http": method.route.map { .text("\($0.verb) \($0.template)") },
            "permissions": texts(method.options.checkedPermissions),
            "all_permissions": .bool(method.options.requiresAllPermissions),
            "requires_authentication": .bool(method.options.requiresAuthentication),
            "users_only": .bool(method.isForUsersOnly),
            "deprecated": .bool(method.options.isDeprecated),
            "doc": .text(registry.documentation(of: method)),
            "request": message(method.input), "response": message(method.output),
        ])
    }

    private func message(_ type: MessageType) -> LuaValue {
        table([
            "kind": .text("message"), "name": .text(type.fullName),
            "doc": .text(registry.documentation(of: type)),
            "fields": list(type.fields.map(field)), "rules": rules(type.rules.cel),
        ])
    }

    private func rules(_ rules: [CELRule]) -> LuaValue {
        list(
            rules.map { rule in
                table([
                    "id": .text(rule.id), "message": .text(rule.message),
                    "expression": .text(rule.expression),
                ])
            })
    }

    private func field(_ field: Field) -> LuaValue {
        let words = RuleWords.words(field)
        return table([
            "kind": .text("field"), "name": .text(field.name), "json_name": .text(field.jsonName),
            "number": .integer(Int64(field.number)), "type": .text(field.typeName),
            "repeated": .bool(field.isRepeated && !field.isMap),
            "optional": .bool(field.isOptional),
            "required": .bool(field.rules.isRequired), "secret": .bool(field.isSecret),
            "deprecated": .bool(field.isDeprecated),
            "rules": words.isEmpty ? nil : texts(words),
            "values": field.enumType.map { texts($0.values.map(\.name)) },
            "doc": .text(registry.documentation(of: field)),
        ])
    }

    private func enumeration(_ type: EnumType) -> LuaValue {
        table([
            "kind": .text("enum"), "name": .text(type.fullName),
            "doc": .text(registry.documentation(of: type)),
            "values": list(
                type.values.enumerated().map { index, value in
                    table([
                        "name": .text(value.name), "number": .integer(Int64(value.number)),
                        "doc": .text(registry.documentation(of: type, valueAt: index)),
                    ])
                }),
        ])
    }
}
