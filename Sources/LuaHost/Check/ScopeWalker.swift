import Codec
import Contract
import LuaSource

/// Walks through one file: which name stands for what, and what is done with it.
final class ScopeWalker {
    private let checker: ScriptChecker
    private let file: String
    private let lines: [Substring.UTF8View.SubSequence]
    private let moduleName: String?
    private var scopes: [[String: Shape]] = [[:]]
    /// What the file assigns anywhere.
    private var assigned = AssignedNames()
    private var result = Shape.unknown

    init(_ checker: ScriptChecker, file: String, source: [UInt8], moduleName: String?) {
        self.checker = checker
        self.file = file
        self.moduleName = moduleName
        lines = String(decoding: source, as: UTF8.self)[...].utf8.split(
            separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    }

    /// Checks a file's body; what it returns.
    func run(_ body: [Statement]) -> Shape {
        assigned.collect(body)
        block(body, isTop: true)
        return result
    }

    func report(
        _ rule: Finding.Rule, _ severity: Finding.Severity, _ message: String, _ position: Position
    ) {
        let line = position.line <= lines.count ? String(Substring(lines[position.line - 1])) : ""
        // `-- qcsh:ignore` at the line's end means that it is meant.
        if line.hasSuffix("qcsh:ignore") || line.hasSuffix("qcsh:ignore\r") { return }
        checker.findings.append(
            Finding(
                rule: rule, severity: severity, message: message, file: file, position: position))
    }

    // MARK: - Names

    private func declare(_ name: String, _ shape: Shape) {
        scopes[scopes.count - 1][name] = assigned.locals.contains(name) ? .unknown : shape
    }

    private func look(_ name: String) -> Shape? {
        for scope in scopes.reversed() {
            if let shape = scope[name] { return shape }
        }
        return nil
    }

    private func inner(_ body: () -> Void) {
        scopes.append([:])
        body()
        scopes.removeLast()
    }

    // MARK: - Statements

    private func block(_ statements: [Statement], isTop: Bool = false) {
        for statement in statements { walk(statement, isTop: isTop) }
    }

    private func walk(_ statement: Statement, isTop: Bool) {
        switch statement {
        case .local(let names, let values, _):
            let shapes = values.map { shape($0) }
            for (index, entry) in names.enumerated() {
                declare(entry.name, index < shapes.count ? shapes[index] : .unknown)
            }
        case .assign(let targets, let values, _):
            let shapes = values.map { shape($0) }
            for (index, target) in targets.enumerated() {
                assign(target, index < shapes.count ? shapes[index] : .unknown)
            }
        case .call(let call): _ = shape(call)
        case .block(let body): inner { block(body) }
        case .while(let condition, let body):
            _ = shape(condition)
            inner { block(body) }
        case .repeat(let body, let condition):
            inner {
                block(body)
                _ = shape(condition)
            }
        case .if(let branches, let last):
            for branch in branches {
                _ = shape(branch.condition)
                inner { block(branch.body) }
            }
            if let last { inner { block(last) } }
        case .numericFor(let name, _, let from, let to, let step, let body):
            for expression in [from, to] + (step.map { [$0] } ?? []) { _ = shape(expression) }
            inner {
                declare(name, .unknown)
                block(body)
            }
        case .genericFor(let names, let values, let body):
            let shapes = values.map { shape($0) }
            inner {
                for entry in names { declare(entry.name, .unknown) }
                bind(names.map(\.name), to: values.first, shapes.first ?? .unknown)
                block(body)
            }
        case .function(let target, let function, _):
            if case .name = target {
            } else {
                assign(target, .unknown)
            }
            self.function(function)
        case .localFunction(let name, let function, _):
            declare(name, .unknown)
            self.function(function)
        case .return(let values, _):
            let shapes = values.map { shape($0) }
            if isTop { result = shapes.first ?? .unknown }
        case .break, .goto, .label: break
        }
    }

    /// What the variables of a generic `for` stand for.
    private func bind(_ names: [String], to source: Expression?, _ value: Shape) {
        if case .iterator(let element) = value { declare(names[0], element) }
        guard names.count > 1, case .call(let call)? = source, call.method == nil,
            case .name(let iterator, _) = call.function, ["ipairs", "pairs"].contains(iterator),
            let argument = call.arguments.first
        else { return }
        switch quietShape(argument) {
        case .list(let element), .map(let element): declare(names[1], element)
        default: break
        }
    }

    private func assign(_ target: Expression, _ value: Shape) {
        switch target {
        case .name(let name, _):
            if look(name) == nil, !Self.standardGlobals.contains(name) {
                assigned.globals.insert(name)
            }
        case .index(let table, let key, let position):
            let owner = shape(table)
            if key.text == nil { _ = shape(key) }
            switch owner {
            case .module(let module):
                if let name = key.text {
                    module.members[name] = value
                } else {
                    module.isOpen = true
                }
            case .message(let type):
                if let name = key.text { _ = field(name, of: type, at: position) }
            default: break
            }
        default: break
        }
    }

    private func function(_ function: Function) {
        inner {
            if function.hasSelf { declare("self", .unknown) }
            for parameter in function.parameters { declare(parameter.name, .unknown) }
            block(function.body)
        }
    }

    // MARK: - Expressions

    /// What an expression that was walked through already stands for.
    func quietShape(_ expression: Expression) -> Shape {
        let before = checker.findings
        defer { checker.findings = before }
        return shape(expression)
    }

    private func shape(_ expression: Expression) -> Shape {
        switch expression {
        case .name(let name, let position): return global(name, position)
        case .index(let table, let key, let position):
            let owner = shape(table)
            guard let name = key.text else {
                _ = shape(key)
                if case .list(let element) = owner { return element }
                return .unknown
            }
            return member(name, of: owner, at: position)
        case .call(let call): return shape(call)
        case .function(let function, _):
            self.function(function)
            return .unknown
        case .table(let fields, _): return table(fields)
        case .unary(_, let inner, _):
            _ = shape(inner)
            return .unknown
        case .binary(let sign, let left, let right, _):
            let first = shape(left)
            // `x or {}` stays what x is.
            _ = shape(right)
            return sign == "or" ? first : .unknown
        case .parenthesised(let inner, _): return shape(inner)
        default: return .unknown
        }
    }

    private func table(_ fields: [TableField]) -> Shape {
        let module = ModuleShape(name: moduleName ?? "")
        for field in fields {
            let value = shape(field.value)
            if let key = field.key {
                if let name = key.text {
                    module.members[name] = value
                } else {
                    _ = shape(key)
                    module.isOpen = true
                }
            }
        }
        return .module(module)
    }

    private func global(_ name: String, _ position: Position) -> Shape {
        if let local = look(name) { return local }
        if assigned.globals.contains(name) || assigned.hasOwnEnvironment { return .unknown }
        if name == "qdrant" { return .qdrant }
        if Self.hostModules.contains(name) {
            return checker.module(name, from: file) ?? .unknown
        }
        let isSpec = file.hasSuffix("_spec.lua") || file.hasSuffix("_test.lua")
        if Self.standardGlobals.contains(name) || (isSpec && Self.specGlobals.contains(name)) {
            return .unknown
        }
        let known = Array(Self.standardGlobals) + Array(Self.hostModules) + scopes.flatMap(\.keys)
        // Of two letters, one more or less is another name.
        let near = name.count > 2 ? Names.suggestion(Names.nearest(to: name, in: known)) : ""
        report(
            .undefinedGlobal, .warning, "nothing gives the global \"\(name)\" a value\(near)",
            position)
        return .unknown
    }

    private func member(_ name: String, of owner: Shape, at position: Position) -> Shape {
        switch owner {
        case .qdrant:
            if name == "api" { return .api("") }
            if let inner = checker.module("qdrant." + name, from: file) { return inner }
            let known = qdrantMembers
            if !known.contains(name) {
                let near = Names.suggestion(Names.nearest(to: name, in: known))
                report(.unknownMember, .error, "qdrant has no \"\(name)\"\(near)", position)
            }
            return .unknown
        case .api(let path):
            if let method = checker.method(name, in: path) {
                checker.note(method)
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
        case .method:
            if !Self.methodMembers.contains(name) {
                report(.unknownMember, .error, "a method has no \"\(name)\"", position)
            }
            return .unknown
        case .object(let type):
            let names = methods(of: type)
            if names.contains(name) {
                checker.note(library: "\(type):\(name)")
                return .unknown
            }
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

    /// The methods of a class of the standard library.
    private func methods(of type: String) -> [String] {
        LuaReference.embedded.entries.compactMap { entry in
            entry.name.hasPrefix(type + ":") ? String(entry.name.dropFirst(type.count + 1)) : nil
        }
    }

    /// The message that handles of a class read as.
    private func message(of type: String) -> MessageType? {
        let name = LuaReference.embedded.classes[type] ?? ""
        return name.isEmpty ? nil : (try? checker.registry.message(named: name)) ?? nil
    }

    private func field(_ name: String, of type: MessageType, at position: Position) -> Shape {
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

    // MARK: - Calls

    private func shape(_ call: Call) -> Shape {
        if let required = required(call) { return required }
        let function = shape(call.function)
        for argument in call.arguments { _ = argumentShape(argument, of: function, call) }
        if case .name("setmetatable", _) = call.function, call.arguments.count > 1 {
            // What a metatable adds is not seen.
            let table = quietShape(call.arguments[0])
            if case .module(let module) = table { module.isOpen = true }
            return table
        }
        if let name = call.method { return method(name, of: function, call) }
        checkOptions(call)
        switch function {
        case .method(let method):
            checkCall(call, of: method)
            return .message(method.output)
        case .unknown:
            // `qdrant.connect {…}` and a sandbox's `connect` have the same modules.
            if case .index(let owner, let key, _) = call.function, key.text == "connect",
                case .qdrant = quietShape(owner)
            {
                return .qdrant
            }
            return .unknown
        default: return .unknown
        }
    }

    /// A request that is written out is checked by the contract, not as a plain table.
    private func argumentShape(_ argument: Expression, of function: Shape, _ call: Call) -> Shape {
        guard case .method = function, case .table(let fields, _) = argument else {
            return shape(argument)
        }
        for field in fields {
            if let key = field.key, key.text == nil { _ = shape(key) }
            _ = shape(field.value)
        }
        return .unknown
    }

    private func required(_ call: Call) -> Shape? {
        guard case .name("require", _) = call.function, look("require") == nil,
            call.arguments.count == 1, let name = call.arguments[0].text
        else { return nil }
        if let shape = checker.module(name, from: file) { return shape }
        report(
            .unknownModule, .warning, "module \"\(name)\" is not found from here",
            call.arguments[0].position)
        return .unknown
    }

    private func method(_ name: String, of owner: Shape, _ call: Call) -> Shape {
        switch owner {
        case .method(let method):
            switch name {
            case "each", "all":
                checkCall(call, of: method)
                guard let items = method.itemsField, case .list(let element) = Shape.of(items)
                else {
                    report(
                        .unknownMember, .error, "\(method.displayName) does not list anything",
                        call.position)
                    return .unknown
                }
                return name == "each" ? .iterator(element) : .list(element)
            case "describe": return .unknown
            default:
                report(
                    .unknownMember, .error,
                    "a method has each, all and describe, not \"\(name)\"", call.position)
                return .unknown
            }
        case .object(let type):
            guard let entry = LuaReference.embedded.entry(named: "\(type):\(name)") else {
                let near = Names.suggestion(Names.nearest(to: name, in: methods(of: type)))
                report(
                    .unknownMember, .error, "\(type) has no method \"\(name)\"\(near)",
                    call.position)
                return .unknown
            }
            checker.note(library: "\(type):\(name)")
            checkOptions(call, of: entry)
            guard let result = entry.resultClass else { return .unknown }
            return result.isList ? .list(.object(result.name)) : .object(result.name)
        default: return .unknown
        }
    }

    private func checkCall(_ call: Call, of method: Method) {
        if case .table(let fields, let position)? = call.arguments.first {
            checker.checkRequest(fields, of: method, at: position) {
                report($0, $1, $2, $3)
            }
        } else if call.arguments.isEmpty {
            checker.checkRequest(
                [], of: method, at: call.position
            ) { report($0, $1, $2, $3) }
        }
        if call.arguments.count > 1, case .table(let fields, _) = call.arguments[1] {
            for field in fields {
                guard let name = field.key?.text, !APIBinding.optionNames.contains(name) else {
                    continue
                }
                let near = Names.suggestion(Names.nearest(to: name, in: APIBinding.optionNames))
                report(
                    .unknownOption, .error, "there is no call option \"\(name)\"\(near)",
                    field.position)
            }
        }
    }

    // MARK: - What is there anyway

    private static let methodMembers: Set<String> = [
        "name", "permissions", "http", "request", "response", "deprecated", "each", "all",
        "describe",
    ]

    private var qdrantMembers: [String] {
        if case .module(let module)? = checker.standardModule("qdrant") {
            return Array(module.members.keys) + ["api", "session"]
        }
        return ["api", "session", "connect", "null", "mask", "now", "clock"]
    }

    private static let hostModules = Set(StandardLibrary.hostModules)

    private static let standardGlobals: Set<String> = [
        "_ENV", "_G", "_VERSION", "arg", "assert", "collectgarbage", "coroutine", "debug", "dofile",
        "error", "getmetatable", "io", "ipairs", "load", "loadfile", "math", "next", "os",
        "package", "pairs", "pcall", "print", "qdrant", "rawequal", "rawget", "rawlen", "rawset",
        "library", "require", "script", "select", "self", "setmetatable", "string", "table",
        "tonumber",
        "tostring", "type", "utf8", "warn", "xpcall",
    ]

    /// What `qcsh test` adds to the globals of a spec.
    static let specGlobals: Set<String> = [
        "describe", "context", "insulate", "expose", "it", "spec", "pending", "setup", "teardown",
        "before_each", "after_each", "before", "after", "lazy_setup", "lazy_teardown",
        "strict_setup", "strict_teardown", "finally",
    ]
}
