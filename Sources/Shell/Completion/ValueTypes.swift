import Contract
import LuaHost
import LuaMachine
import LuaReference

/// Finds out what the names in front of the cursor lead to: by looking at live values as far as
/// there are any, then by the contract.
struct ValueTypes {
    /// What a chain leads to.
    enum Target {
        case module(String)
        case method(Method)
        case message(MessageType)
        case list(MessageType)
        /// A value of Lua: its kind, the path to it, and the names in it.
        case value(kind: String, path: [String], names: [(name: String, type: String)])
        /// An object of a class of the standard library, or a list of them.
        case object(String, isList: Bool)
        /// A function of the standard library.
        case function(LuaReference.Entry)
        case unknown
    }

    let runtime: LuaRuntime
    private let reference: APIReference
    private let modules: APIModules

    init(runtime: LuaRuntime) {
        self.runtime = runtime
        reference = APIReference(registry: runtime.registry)
        modules = APIModules(registry: runtime.registry)
    }

    /// The names at the top: variables, modules.
    func globals() -> [(name: String, type: String)] {
        if case .value(_, _, let names) = look([]) { return names }
        return []
    }

    func target(_ chain: CursorContext.Chain) -> Target {
        guard case .name(let root)? = chain.first else { return .unknown }
        var path = [root]
        var target = look(path)
        for step in chain.dropFirst() {
            switch (target, step) {
            case (.value, .name(let name)): path.append(name)
            // The elements of a list are alike: the first stands for them.
            case (.value, .index): path.append("[1]")
            default:
                target = self.step(step, from: target)
                continue
            }
            target = look(path)
        }
        return target
    }

    /// What a method is called with, when a chain leads to one or to one of its functions.
    func method(_ chain: CursorContext.Chain) -> Method? {
        var chain = chain
        if case .method(let name)? = chain.last, ["each", "all"].contains(name) {
            chain.removeLast()
        }
        if case .method(let method) = target(chain) { return method }
        return nil
    }

    /// The function of the host's modules or of the standard library that a chain leads to.
    func function(_ chain: CursorContext.Chain) -> LuaReference.Entry? {
        switch target(chain) {
        case .function(let entry): return entry
        case .value(_, let path, _):
            // `fleet.run` and `qdrant.fleet.run`; a variable of the user's hides what it is called.
            let name = path.joined(separator: ".")
            guard path.count > 1,
                lua.modules.contains(path[0]) || path[0] == "qdrant"
                    || lua.libraries.contains("qdrant." + path[0])
            else { return nil }
            return lua.entry(named: name)
        default: return nil
        }
    }

    /// The way to the API that a chain goes through, when that is another session's.
    func apiRoot(_ chain: CursorContext.Chain) -> [String] {
        var path: [String] = []
        for case .name(let name) in chain {
            path.append(name)
            guard case .module("") = look(path) else { continue }
            return [["api"], ["qdrant", "api"]].contains(path) ? [] : path
        }
        return []
    }

    /// The way to the API of the connection that a module or a handle belongs to, when that is another
    /// than the shell's own.
    func connectionRoot(_ chain: CursorContext.Chain) -> [String] {
        var path: [String] = []
        for case .name(let name) in chain {
            path.append(name)
            if case .bool(true)? = inspected(path)?["is_foreign"] {
                return path + ["connection", "api"]
            }
        }
        return []
    }

    /// The methods and modules in a module.
    func members(of module: String) -> APIModules.Module? {
        (try? modules.module(module)).flatMap { $0 }
    }

    /// What the Lua side reports about a path of names.
    private func inspected(_ path: [String]) -> LuaTable? {
        guard let function = runtime.kept("inspect") else { return nil }
        let values = try? runtime.machine.call(function) { writer in
            writer.list { for name in path { writer.put(name) } }
        }
        return values?.first?.table
    }

    private func look(_ path: [String]) -> Target {
        guard let table = inspected(path), let kind = table["kind"]?.text else { return .unknown }
        let name = table["name"]?.text ?? ""
        switch kind {
        case "module": return .module(name)
        case "method":
            return (try? reference.method(named: name)).flatMap { $0 }.map { .method($0) }
                ?? .unknown
        case "message":
            return (try? runtime.registry.message(named: name)).flatMap { $0 }.map { .message($0) }
                ?? .unknown
        default:
            var names: [(name: String, type: String)] =
                table["names"]?.table?.entries.compactMap { entry in
                    entry.value.table.map { ($0["name"]?.text ?? "", $0["type"]?.text ?? "") }
                } ?? []
            // A handle reads as its message.
            if kind == "handle", let type = (try? runtime.registry.message(named: name)) ?? nil {
                names += type.fields.map { ($0.name, APIReference.typeName($0)) }
            }
            let isOurs = ["handle", "resource"].contains(kind)
            return .value(
                kind: isOurs ? table["class"]?.text ?? kind : kind, path: path, names: names)
        }
    }

    private var lua: LuaReference { .embedded }

    /// The message that handles of a class read as.
    func message(of type: String) -> MessageType? {
        let name = lua.classes[type] ?? ""
        return name.isEmpty ? nil : (try? runtime.registry.message(named: name)) ?? nil
    }

    private func step(_ step: CursorContext.Step, from target: Target) -> Target {
        switch (target, step) {
        case (.module(let module), .name(let name)):
            guard let members = members(of: module) else { return .unknown }
            if let method = members.methods[name] { return .method(method) }
            let inner = module.isEmpty ? name : module + "." + name
            return members.children.contains(name) ? .module(inner) : .unknown
        case (.method(let method), .call): return .message(method.output)
        case (.method(let method), .method("all")):
            return method.itemsField?.messageType.map { .list($0) } ?? .unknown
        case (.value(let type, _, _), .method(let name)),
            (.object(let type, false), .method(let name)):
            return lua.entry(named: "\(type):\(name)").map { .function($0) } ?? .unknown
        case (.function(let entry), .call):
            return entry.resultClass.map { .object($0.name, isList: $0.isList) } ?? .unknown
        case (.object(let type, true), .index): return .object(type, isList: false)
        case (.object(let type, false), .name):
            return message(of: type).map { self.step(step, from: .message($0)) } ?? .unknown
        case (.list(let type), .call): return .list(type)
        case (.list(let type), .index): return .message(type)
        case (.message(let type), .name(let name)):
            guard let field = type.field(named: name), let inner = field.messageType,
                inner.wellKnown == nil, !field.isMap
            else { return .unknown }
            return field.isRepeated ? .list(inner) : .message(inner)
        default: return .unknown
        }
    }
}

extension ValueTypes {
    /// The method whose request is being written at a place.
    func method(around context: CursorContext) -> Method? {
        context.frames.first { $0.isArgument }?.callee
            .flatMap { method(context.bindings.resolved($0)) }
    }
}
