import Contract
import LuaReference

/// What may stand inside of a string.
extension CompletionQuery {
    /// What may stand inside of a string; nil when only the shell knows.
    func strings() -> Completion? {
        let shape = RequestShape.innermost(context, types)
        if case .message(let type) = shape, let key = context.frames.last?.key,
            let field = type.field(named: key)
        {
            return quoted.values(field, in: type)
        }
        if case .list(let field) = shape, let type = outerType {
            return quoted.values(field, in: type)
        }
        if case .mask(let type) = shape { return quoted.paths(type) }
        if case .record(let all, let function) = shape,
            let option = all.first(where: { $0.name == context.frames.last?.key })
        {
            return quoted.values(option, of: function)
        }
        if case .elements(let option, let function) = shape {
            return quoted.values(option.element, of: function)
        }
        guard let callee = stringCallee else { return Completion() }
        let number = context.stringCallee == nil ? context.frames.last?.argument ?? 0 : 0
        if let (option, function) = argument(callee, number) {
            let found = quoted.values(option, of: function)
            if !found.candidates.isEmpty || found.note != nil { return found }
        }
        return nil
    }

    /// The function whose argument the string is.
    var stringCallee: CursorContext.Chain? {
        if let callee = context.stringCallee { return callee }
        if case .call(let chain) = RequestShape.innermost(context, types) { return chain }
        return nil
    }
}
