/// A parsed expression.
indirect enum CELExpression: Sendable {
    case literal(CELValue)
    case name(String)
    case select(CELExpression, String)
    /// `has(operand.field)`.
    case presence(CELExpression, String)
    case element(CELExpression, CELExpression)
    case list([CELExpression])
    case map([(CELExpression, CELExpression)])
    case not(CELExpression)
    case negate(CELExpression)
    case binary(String, CELExpression, CELExpression)
    case conditional(CELExpression, CELExpression, CELExpression)
    /// A function, or a method when there is a target.
    case call(String, target: CELExpression?, [CELExpression])
    case comprehension(CELComprehension)
}

/// A macro that walks over a list or the keys of a map.
struct CELComprehension: Sendable {
    enum Kind: String, Sendable {
        case all
        case exists
        case existsOne = "exists_one"
        case filter
        case map
    }

    let kind: Kind
    let range: CELExpression
    let variable: String
    /// What is asked of each element; with `map`, which elements are taken.
    let condition: CELExpression?
    /// What `map` makes of each element.
    let transform: CELExpression?
}

extension CELExpression {
    /// The fields that the expression looks at, each as the names after `this`; nil when it looks at
    /// `this` as a whole.
    var pathsOfThis: Set<[String]>? {
        if let path = pathFromThis { return path.isEmpty ? nil : [path] }
        switch self {
        case .literal, .name: return []
        case .select(let operand, _), .presence(let operand, _), .not(let operand),
            .negate(let operand):
            return operand.pathsOfThis
        case .element(let a, let b), .binary(_, let a, let b): return Self.union([a, b])
        case .list(let items): return Self.union(items)
        case .map(let entries): return Self.union(entries.flatMap { [$0.0, $0.1] })
        case .conditional(let a, let b, let c): return Self.union([a, b, c])
        case .call(_, let target, let arguments):
            return Self.union((target.map { [$0] } ?? []) + arguments)
        case .comprehension(let macro):
            return Self.union([macro.range, macro.condition, macro.transform].compactMap { $0 })
        }
    }

    /// The names of a chain of selections that begins with `this`; nil for anything else.
    private var pathFromThis: [String]? {
        switch self {
        case .name("this"): []
        case .select(let operand, let field), .presence(let operand, let field):
            operand.pathFromThis.map { $0 + [field] }
        default: nil
        }
    }

    private static func union(_ expressions: [CELExpression]) -> Set<[String]>? {
        var paths: Set<[String]> = []
        for expression in expressions {
            guard let more = expression.pathsOfThis else { return nil }
            paths.formUnion(more)
        }
        return paths
    }
}
