import Contract
import LuaReference

/// What may stand where a word begins: fields, options, values, variables.
extension CompletionQuery {
    /// Fields where a field's name may stand, the values that fit where a value may, else names.
    func words() -> Completion {
        let frame = context.frames.last
        let shape = RequestShape.innermost(context, types)
        if context.followsValue, frame?.kind == .brace {
            switch shape {
            case .message, .record, .options, .list, .elements:
                return Completion(note: "a comma is missing")
            default: break
            }
        }
        switch shape {
        case .message(let type):
            if frame?.isAtKey == true { return fields(type) }
            if let key = frame?.key, let field = type.field(named: key) {
                return values(field, in: type)
            }
        case .list(let field) where field.messageType != nil && prefix.isEmpty:
            return Completion(candidates: [.init(text: "{ ", label: "{", type: typeName(field))])
        case .list(let field) where field.messageType == nil:
            if let type = outerType {
                return values(field, in: type)
            }
        case .mask(let type): return paths(type)
        case .record(let all, let function):
            if frame?.isAtKey == true { return options(all) }
            if let option = all.first(where: { $0.name == frame?.key }) {
                return values(option, of: function)
            }
        case .elements(let option, let function):
            let found = values(option.element, of: function)
            if !found.candidates.isEmpty { return found }
        case .call(let chain):
            if let (option, function) = argument(chain, frame?.argument ?? 0) {
                let found = values(option, of: function)
                if !found.candidates.isEmpty { return found }
            }
        case .options where frame?.isAtKey == true:
            return Completion(
                candidates: MetaNames.options.map {
                    .init(text: $0.name + " = ", label: $0.name, type: $0.type, doc: $0.doc)
                })
        default: break
        }
        return variables()
    }
}
