import LuaSource

/// What a file gives a value anywhere: nothing is taken for granted of it before.
struct AssignedNames {
    /// Names that are given a value somewhere besides their declaration: what they hold is unknown.
    private(set) var locals: Set<String> = []
    /// Globals that the file gives a value, or looks at to see whether they are there.
    var globals: Set<String> = []
    /// Whether the file has an environment of its own, whose globals are unknown.
    private(set) var hasOwnEnvironment = false

    /// Finds what is assigned anywhere in the file, so that nothing is taken for granted too early.
    mutating func collect(_ statements: [Statement]) {
        for statement in statements {
            switch statement {
            case .assign(let targets, let values, _):
                for case .name(let name, _) in targets {
                    locals.insert(name)
                    globals.insert(name)
                }
                for case .index(.name(let table, _), let key, _) in targets
                where table == "_G" || table == "_ENV" {
                    if let text = key.text { globals.insert(text) }
                }
                for case .name("_ENV", _) in targets { hasOwnEnvironment = true }
                for value in values { collect(value) }
            case .function(.name(let name, _), let function, _):
                locals.insert(name)
                globals.insert(name)
                collect(function.body)
            case .function(_, let function, _), .localFunction(_, let function, _):
                collect(function.body)
            case .while(let condition, let body):
                test(condition)
                collect(body)
            case .block(let body), .repeat(let body, _),
                .numericFor(_, _, _, _, _, let body), .genericFor(_, _, let body):
                collect(body)
            case .if(let branches, let last):
                for branch in branches {
                    test(branch.condition)
                    collect(branch.body)
                }
                collect(last ?? [])
            case .local(let names, let values, _):
                if names.contains(where: { $0.name == "_ENV" }) { hasOwnEnvironment = true }
                for value in values { collect(value) }
            case .return(let values, _): for value in values { collect(value) }
            case .call(let call): collect(.call(call))
            case .break, .goto, .label: break
            }
        }
    }

    /// A name that is looked at to see whether it is there need not be.
    private mutating func test(_ expression: Expression) {
        switch expression {
        case .name(let name, _): globals.insert(name)
        case .unary("not", let inner, _), .parenthesised(let inner, _): test(inner)
        default: collect(expression)
        }
    }

    private mutating func collect(_ expression: Expression) {
        switch expression {
        case .function(let function, _): collect(function.body)
        case .call(let call):
            collect(call.function)
            for argument in call.arguments { collect(argument) }
            guard case .name(let function, _) = call.function else { return }
            if function == "type", let first = call.arguments.first { test(first) }
            if function == "rawset", call.arguments.count > 1,
                case .name("_G", _) = call.arguments[0], let name = call.arguments[1].text
            {
                globals.insert(name)
            }
        case .table(let fields, _): for field in fields { collect(field.value) }
        case .binary(let sign, let left, let right, _):
            if sign == "and" || sign == "or" || sign == "==" || sign == "~=" {
                test(left)
            } else {
                collect(left)
            }
            collect(right)
        case .unary("not", let inner, _): test(inner)
        case .unary(_, let inner, _), .parenthesised(let inner, _): collect(inner)
        case .index(let table, let key, _):
            collect(table)
            collect(key)
        default: break
        }
    }
}
