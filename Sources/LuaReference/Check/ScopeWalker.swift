import LuaSource

/// Walks through one file: which name stands for what, and what is done with it.
final class ScopeWalker {
    let checker: any ScopeContext
    let file: String
    private let lines: [Substring.UTF8View.SubSequence]
    let moduleName: String?
    var scopes: [[String: Shape]] = [[:]]
    /// What the file assigns anywhere.
    var assigned = AssignedNames()
    private var result = Shape.unknown

    init(_ checker: any ScopeContext, file: String, source: [UInt8], moduleName: String?) {
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

    func look(_ name: String) -> Shape? {
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
            if look(name) == nil, !KnownNames.standardGlobals.contains(name) {
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

    func shape(_ expression: Expression) -> Shape {
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
}
