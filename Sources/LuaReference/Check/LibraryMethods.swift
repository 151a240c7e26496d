import Contract
import LuaSource

/// Which methods of the API the functions of the standard library may call, by way of each other.
///
/// Read from their sources: a chain from a connection's `api` names a method, a call of another
/// function of the library leads on. A method that is called on an unknown value is looked up in
/// the classes of the same file.
final class LibraryMethods {
    /// What one function does, as far as it can be read.
    private struct Summary {
        var methods: Set<String> = []
        /// The functions that it calls: `qdrant.clusters:find`, or `file#name` of a local one.
        var calls: Set<String> = []
    }

    private let registry: Registry
    private let modules: APIModules
    private let reference = LuaReference.embedded
    private var summaries: [String: Summary] = [:]
    private var closures: [String: Set<String>] = [:]

    init(registry: Registry) {
        self.registry = registry
        modules = APIModules(registry: registry)
        for name in StandardLibrary.qdrantModules { read(name) }
    }

    /// The names of the methods that a function may call: `qdrant.Cluster:scale`.
    func methods(of function: String) -> Set<String> {
        if let known = closures[function] { return known }
        var found: Set<String> = []
        var seen: Set<String> = [function]
        var open = [function]
        while let name = open.popLast() {
            guard let summary = summaries[name] else { continue }
            found.formUnion(summary.methods)
            for next in summary.calls where seen.insert(next).inserted { open.append(next) }
        }
        closures[function] = found
        return found
    }

    // MARK: - Reading

    private func read(_ module: String) {
        guard let source = StandardLibrary.file(of: module),
            let body = try? Parser.parse(Array(source.text))
        else { return }
        let file = FileReader(module: module, classes: reference.classVariables(of: module))
        for statement in body {
            switch statement {
            case .localFunction(let name, let function, _):
                file.locals[name] = function
            case .local(let names, let values, _):
                for (name, value) in zip(names, values) {
                    file.imports[name.name] = Self.required(value)
                }
            default: break
            }
        }
        for (name, function) in file.locals {
            summaries["\(module)#\(name)"] = summary(function, in: file, class: nil)
        }
        for statement in body {
            switch statement {
            case .function(.index(.name(let table, _), let key, _), let function, _):
                guard let name = key.text else { continue }
                let own = file.classes[table]
                let title = own.map { "\($0):\(name)" } ?? "\(module).\(name)"
                summaries[title] = summary(function, in: file, class: own)
            // A module that is one function, as `qdrant.resource.wait` is.
            case .return(let values, _):
                if case .function(let function, _)? = values.first {
                    summaries[module] = summary(function, in: file, class: nil)
                }
            default: break
            }
        }
    }

    /// The module that an expression requires: `require "qdrant.report.page"`.
    private static func required(_ value: Expression) -> String? {
        guard case .call(let call) = value, case .name("require", _) = call.function,
            let name = call.arguments.first?.text, name.hasPrefix("qdrant.")
        else { return nil }
        return name
    }

    /// What is known of a file.
    private final class FileReader {
        let module: String
        /// Classes by the variable that holds them.
        let classes: [String: String]
        var locals: [String: Function] = [:]
        /// The modules of the library that it requires, by the variable that holds them.
        var imports: [String: String] = [:]

        init(module: String, classes: [String: String]) {
            self.module = module
            self.classes = classes
        }
    }

    private func summary(_ function: Function, in file: FileReader, class own: String?) -> Summary {
        var walk = Walk(file: file, own: own, library: self)
        walk.body(function.body)
        return walk.summary
    }

    /// The class of what a function returns; nil when it is none.
    fileprivate func result(of function: String) -> String? {
        reference.entry(named: function)?.resultClass?.name
    }

    /// Goes through one function.
    private struct Walk {
        let file: FileReader
        let own: String?
        let library: LibraryMethods
        var summary = Summary()
        /// Modules of the API and classes that locals stand for.
        var paths: [String: String] = [:]
        var types: [String: String] = [:]

        init(file: FileReader, own: String?, library: LibraryMethods) {
            self.file = file
            self.own = own
            self.library = library
        }

        mutating func body(_ statements: [Statement]) {
            for statement in statements { self.statement(statement) }
        }

        private mutating func statement(_ statement: Statement) {
            switch statement {
            case .local(let names, let values, _):
                for value in values { expression(value) }
                for (name, value) in zip(names.map(\.name), values) { bind(name, value) }
            case .assign(let targets, let values, _):
                for value in targets + values { expression(value) }
                for (target, value) in zip(targets, values) {
                    if case .name(let name, _) = target { bind(name, value) }
                }
            case .call(let call): self.call(call)
            case .block(let inner): body(inner)
            case .while(let condition, let inner):
                expression(condition)
                body(inner)
            case .repeat(let inner, let condition):
                body(inner)
                expression(condition)
            case .if(let branches, let other):
                for branch in branches {
                    expression(branch.condition)
                    body(branch.body)
                }
                body(other ?? [])
            case .numericFor(_, _, let from, let to, let step, let inner):
                for value in [from, to] + (step.map { [$0] } ?? []) { expression(value) }
                body(inner)
            case .genericFor(let names, let values, let inner):
                for value in values { expression(value) }
                if let last = names.last?.name, let type = elementType(values.first) {
                    types[last] = type
                }
                body(inner)
            case .function(_, let function, _), .localFunction(_, let function, _):
                body(function.body)
            case .return(let values, _): for value in values { expression(value) }
            case .break, .goto, .label: break
            }
        }

        private mutating func bind(_ name: String, _ value: Expression) {
            if let path = path(value) { paths[name] = path }
            if let type = type(value) { types[name] = type }
        }

        private mutating func expression(_ value: Expression) {
            switch value {
            case .function(let function, _): body(function.body)
            case .index(let owner, let key, _):
                if let outer = path(owner), let name = key.text { note(name, in: outer) }
                expression(owner)
                expression(key)
            case .call(let call): self.call(call)
            case .table(let fields, _):
                for field in fields {
                    if let key = field.key { expression(key) }
                    expression(field.value)
                }
            case .unary(_, let inner, _), .parenthesised(let inner, _): expression(inner)
            case .binary(_, let left, let right, _):
                expression(left)
                expression(right)
            case .name(let name, _):
                // Passed on to be called: `pcall(key.wait, …)` names it, too.
                if file.locals[name] != nil { summary.calls.insert("\(file.module)#\(name)") }
            case .nil, .bool, .integer, .float, .string, .vararg: break
            }
        }

        private mutating func call(_ call: Call) {
            expression(call.function)
            for argument in call.arguments { expression(argument) }
            if let function = target(call) {
                summary.calls.insert(function)
            } else if let name = call.method, path(call.function) == nil {
                for type in file.classes.values { summary.calls.insert("\(type):\(name)") }
            }
        }

        private mutating func note(_ name: String, in path: String) {
            guard let module = (try? library.modules.module(path)) ?? nil,
                let method = module.methods[name]
            else { return }
            summary.methods.insert(method.displayName)
        }

        /// The function of the library that a call is of.
        private func target(_ call: Call) -> String? {
            guard let name = call.method else {
                // `health.add(…)`
                if case .index(.name(let owner, _), let key, _) = call.function,
                    let module = file.imports[owner], let method = key.text
                {
                    return "\(module).\(method)"
                }
                // `wait { … }` does what its arguments do.
                if case .index(let owner, let key, _) = call.function, let type = type(owner),
                    let method = key.text
                {
                    return "\(type):\(method)"
                }
                return nil
            }
            if case .name("self", _) = call.function, let own { return "\(own):\(name)" }
            return type(call.function).map { "\($0):\(name)" }
        }

        /// The module of the API that an expression stands for.
        private func path(_ value: Expression) -> String? {
            switch value {
            case .name(let name, _): return paths[name]
            case .index(let owner, let key, _):
                guard let name = key.text else { return nil }
                if name == "api" {
                    switch owner {
                    case .name("qdrant", _), .name("connection", _): return ""
                    case .index(_, let inner, _) where inner.text == "connection": return ""
                    default: return nil
                    }
                }
                guard let outer = path(owner) else { return nil }
                let inner = outer.isEmpty ? name : outer + "." + name
                return ((try? library.modules.module(inner)) ?? nil) == nil ? nil : inner
            case .call(let call):
                // `service(self)`
                guard case .name(let name, _) = call.function, call.method == nil,
                    let function = file.locals[name], function.body.count == 1,
                    case .return(let values, _) = function.body[0], let result = values.first
                else { return nil }
                return path(result)
            default: return nil
            }
        }

        /// The class that an expression is of.
        private func type(_ value: Expression) -> String? {
            switch value {
            case .name("self", _): return own
            case .name(let name, _): return types[name]
            case .index(let owner, let key, _):
                guard let name = key.text else { return nil }
                switch owner {
                case .name("qdrant", _), .name("connection", _): break
                case .index(_, let inner, _) where inner.text == "connection": break
                case .call(let call) where call.method == "connect": break
                default: return nil
                }
                let type = "qdrant." + name
                return library.reference.classes[type] == nil ? nil : type
            case .call(let call): return target(call).flatMap { library.result(of: $0) }
            default: return nil
            }
        }

        private func elementType(_ value: Expression?) -> String? {
            guard case .call(let call)? = value, case .name("ipairs", _) = call.function else {
                return nil
            }
            return call.arguments.first.flatMap(type)
        }
    }
}
