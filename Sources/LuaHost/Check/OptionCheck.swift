import Contract
import LuaSource

/// Options that functions of the host's modules and of the standard library do not take, by what their
/// annotations say.
extension ScopeWalker {
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
            .wrongValue, .error, "\(option.name) is one of \(known), not \"\(text)\"",
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
