import Contract
import LuaSource

/// Calls: the requests of methods, and options as annotations describe them.
extension ScopeWalker {
    func shape(_ call: Call) -> Shape {
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
        if let shape = checker.module(name) { return shape }
        report(
            .unknownModule, .warning, "module \"\(name)\" not found",
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
                guard let name = field.key?.text, !CallOptionNames.all.contains(name) else {
                    continue
                }
                let near = Names.suggestion(Names.nearest(to: name, in: CallOptionNames.all))
                report(
                    .unknownOption, .error, "unknown call option \"\(name)\"\(near)",
                    field.position)
            }
        }
    }

    // MARK: - Options

    /// Checks the options of a call like `task.map(list, f, { limit = 3 })`.
    func checkOptions(_ call: Call) {
        guard call.arguments.contains(where: Self.isTable),
            case .index(let owner, let key, _) = call.function, let name = key.text,
            !Self.hasCall(owner),
            case .module(let module) = quietShape(owner),
            let entry = LuaReference.embedded.entry(named: module.name + "." + name)
        else { return }
        checkOptions(call, of: entry)
    }

    /// Checks the options that a function is called with, as far as they are written out.
    func checkOptions(_ call: Call, of entry: LuaReference.Entry) {
        for (number, argument) in call.arguments.enumerated() {
            guard case .table(let fields, let position) = argument,
                let options = LuaReference.embedded.options(of: entry, argument: number)
            else { continue }
            check(fields, options, of: entry, at: position)
        }
    }

    private func check(
        _ fields: [TableField], _ options: [LuaOption], of entry: LuaReference.Entry,
        at position: Position
    ) {
        var missing = Set(options.filter(\.isRequired).map(\.name))
        for field in fields {
            guard let key = field.key, let name = key.text else {
                // What a computed name is, nobody knows.
                missing = []
                continue
            }
            missing.remove(name)
            guard let option = options.first(where: { $0.name == name }) else {
                let near = Names.suggestion(Names.nearest(to: name, in: options.map(\.name)))
                report(
                    .unknownOption, .error, "\(entry.name) has no option \"\(name)\"\(near)",
                    field.position)
                continue
            }
            check(field.value, option, of: entry)
        }
        guard !missing.isEmpty else { return }
        let names = missing.sorted().joined(separator: " and ")
        report(.unknownOption, .error, "\(entry.name) needs \(names)", position)
    }

    private func check(_ value: Expression, _ option: LuaOption, of entry: LuaReference.Entry) {
        if case .table(let fields, let position) = value,
            let inner = LuaReference.embedded.options(of: option)
        {
            check(fields, inner, of: entry, at: position)
        }
        // Only what takes nothing but these.
        let choices = option.choices
        guard let text = value.text, !choices.isEmpty,
            choices.count == option.type.split(separator: "|").count, !choices.contains(text)
        else { return }
        let known = choices.map { "\"\($0)\"" }.joined(separator: ", ")
        report(
            .wrongValue, .error, "\(option.name) must be one of \(known), got \"\(text)\"",
            value.position)
    }

    /// Whether a value comes by a call: its owner would be looked into at each step of a chain.
    private static func hasCall(_ expression: Expression) -> Bool {
        switch expression {
        case .call: true
        case .index(let owner, _, _): hasCall(owner)
        default: false
        }
    }

    private static func isTable(_ expression: Expression) -> Bool {
        if case .table = expression { return true }
        return false
    }
}
