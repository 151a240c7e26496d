import Contract
import LuaSource

/// Globals, and members of modules, objects and messages.
extension ScopeWalker {
    func global(_ name: String, _ position: Position) -> Shape {
        if let local = look(name) { return local }
        if assigned.globals.contains(name) || assigned.hasOwnEnvironment { return .unknown }
        if name == "qdrant" { return .qdrant }
        if KnownNames.hostModules.contains(name) {
            return checker.module(name) ?? .unknown
        }
        let isSpec = file.hasSuffix("_spec.lua") || file.hasSuffix("_test.lua")
        if KnownNames.standardGlobals.contains(name)
            || (isSpec && KnownNames.specGlobals.contains(name))
        {
            return .unknown
        }
        let known =
            Array(KnownNames.standardGlobals) + Array(KnownNames.hostModules)
            + scopes.flatMap(\.keys)
        // Of two letters, one more or less is another name.
        let near = name.count > 2 ? Names.suggestion(Names.nearest(to: name, in: known)) : ""
        report(
            .undefinedGlobal, .warning, "undefined global \"\(name)\"\(near)",
            position)
        return .unknown
    }

    func member(_ name: String, of owner: Shape, at position: Position) -> Shape {
        switch owner {
        case .qdrant:
            if name == "api" { return .api("") }
            if let inner = checker.module("qdrant." + name) { return inner }
            let known = qdrantMembers
            if !known.contains(name) {
                let near = Names.suggestion(Names.nearest(to: name, in: known))
                report(.unknownMember, .error, "qdrant has no \"\(name)\"\(near)", position)
            }
            return .unknown
        case .api(let path): return apiMember(name, of: path, at: position)
        case .method:
            if !KnownNames.methodMembers.contains(name) {
                report(.unknownMember, .error, "a method has no \"\(name)\"", position)
            }
            return .unknown
        case .object(let type): return objectMember(name, of: type, at: position)
        case .message(let type): return field(name, of: type, at: position)
        case .module(let module):
            if let known = module.members[name] { return known }
            if !module.isOpen, !module.name.isEmpty, module.name != moduleName {
                let near = Names.suggestion(Names.nearest(to: name, in: module.members.keys))
                report(
                    .unknownMember, .error, "\(module.name) has no \"\(name)\"\(near)", position)
            }
            return .unknown
        default: return .unknown
        }
    }

    private func apiMember(_ name: String, of path: String, at position: Position) -> Shape {
        if let method = checker.method(name, in: path) {
            if method.options.isDeprecated {
                report(
                    .deprecated, .warning, "\(method.displayName) is deprecated", position)
            }
            return .method(method)
        }
        let inner = path.isEmpty ? name : path + "." + name
        if let found = checker.apiShape(inner) { return found }
        let near = Names.suggestion(
            Names.nearest(to: name, in: checker.members(of: path)))
        let place = path.isEmpty ? "qdrant.api" : "qdrant.api.\(path)"
        report(.unknownMethod, .error, "\(place) has no \"\(name)\"\(near)", position)
        return .unknown
    }

    private func objectMember(_ name: String, of type: String, at position: Position) -> Shape {
        let names = methods(of: type)
        if names.contains(name) { return .unknown }
        if name == "connection" { return .qdrant }
        let message = message(of: type)
        if let message, message.field(named: name) != nil {
            return field(name, of: message, at: position)
        }
        // Modules may be about one cluster.
        if message == nil, name == "cluster" { return .unknown }
        let near = Names.suggestion(
            Names.nearest(
                to: name, in: names + (message?.fields.map(\.name) ?? [])))
        report(.unknownMember, .error, "\(type) has no \"\(name)\"\(near)", position)
        return .unknown
    }

    /// The methods of a class of the standard library.
    func methods(of type: String) -> [String] {
        LuaReference.embedded.entries.compactMap { entry in
            entry.name.hasPrefix(type + ":") ? String(entry.name.dropFirst(type.count + 1)) : nil
        }
    }

    /// The message that handles of a class read as.
    private func message(of type: String) -> MessageType? {
        let name = LuaReference.embedded.classes[type] ?? ""
        return name.isEmpty ? nil : (try? checker.registry.message(named: name)) ?? nil
    }

    func field(_ name: String, of type: MessageType, at position: Position) -> Shape {
        guard let field = type.field(named: name), field.name == name else {
            let near = Names.suggestion(Names.nearest(to: name, in: type.fields.map(\.name)))
            report(
                .unknownField, .error, "\(type.fullName) has no field \"\(name)\"\(near)", position)
            return .unknown
        }
        if field.isDeprecated {
            report(.deprecated, .warning, "\(type.name).\(name) is deprecated", position)
        }
        return Shape.of(field)
    }

    private var qdrantMembers: [String] {
        if case .module(let module)? = checker.standardModule("qdrant") {
            return Array(module.members.keys) + ["api", "session"]
        }
        return ["api", "session", "connect", "null", "mask", "now", "clock"]
    }
}
