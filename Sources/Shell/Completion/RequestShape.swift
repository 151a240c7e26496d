import Contract
import LuaReference

/// What the brackets around the cursor are for: which message, list or map is being written.
enum RequestShape {
    case message(MessageType)
    /// Elements of a repeated field.
    case list(Field)
    case map(Field)
    /// The paths of an update mask, and the message that they go into.
    case mask(MessageType)
    /// The second argument of a call.
    case options
    /// The options of a function of the host's modules or of the standard library.
    case record([LuaOption], LuaReference.Entry)
    /// Elements of a list that such a function takes.
    case elements(LuaOption, LuaReference.Entry)
    /// Arguments in parentheses.
    case call(CursorContext.Chain)
    case unknown

    /// What the innermost bracket is for.
    static func innermost(_ context: CursorContext, _ types: ValueTypes) -> RequestShape {
        innermost(context.frames[...], context.bindings, types)
    }

    /// What the bracket around the innermost one is for.
    static func outer(_ context: CursorContext, _ types: ValueTypes) -> RequestShape {
        innermost(context.frames.dropLast(), context.bindings, types)
    }

    private static func innermost(
        _ frames: ArraySlice<CursorContext.Frame>, _ bindings: EntryBindings, _ types: ValueTypes
    ) -> RequestShape {
        // Nobody writes a request as deep as that.
        guard let frame = frames.last, frames.count <= 100 else { return .unknown }
        let outer = frames.dropLast()
        switch frame.kind {
        case .bracket: return .unknown
        case .parenthesis: return frame.callee.map { .call($0) } ?? .unknown
        case .brace:
            if frame.isArgument, let callee = frame.callee {
                let callee = bindings.resolved(callee)
                if let method = types.method(callee) {
                    return frame.argument == 0 ? .message(method.input) : .options
                }
                guard let function = types.function(callee),
                    let option = LuaReference.embedded.parameter(of: function, frame.argument)
                else { return .unknown }
                return table(option, function)
            }
            return within(innermost(outer, bindings, types), outer.last)
        }
    }

    /// What a brace is for that is an option or a parameter.
    private static func table(_ option: LuaOption, _ function: LuaReference.Entry) -> RequestShape {
        if let inner = LuaReference.embedded.options(of: option) { return .record(inner, function) }
        return option.type.hasSuffix("[]") ? .elements(option, function) : .unknown
    }

    /// What a brace is for that stands in another one.
    private static func within(
        _ shape: RequestShape, _ frame: CursorContext.Frame?
    ) -> RequestShape {
        switch shape {
        case .message(let type):
            guard let key = frame?.key, let field = type.field(named: key) else { return .unknown }
            if field.isMap { return .map(field) }
            if field.isRepeated { return .list(field) }
            guard let inner = field.messageType else { return .unknown }
            if inner.wellKnown == .fieldMask {
                let resource = type.fields.first {
                    $0.messageType?.wellKnown == nil && !$0.isRepeated
                }
                return resource?.messageType.map { .mask($0) } ?? .unknown
            }
            return inner.wellKnown == nil ? .message(inner) : .unknown
        case .record(let options, let function):
            guard let option = options.first(where: { $0.name == frame?.key }) else {
                return .unknown
            }
            return table(option, function)
        case .list(let field):
            return field.messageType.map { .message($0) } ?? .unknown
        case .map(let field):
            return field.mapValue?.messageType.map { .message($0) } ?? .unknown
        default: return .unknown
        }
    }
}
