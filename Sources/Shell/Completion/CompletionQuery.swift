import Contract
import LuaHost
import LuaReference

/// A question for completions: the place of the cursor, what was typed there, and where answers
/// come from.
struct CompletionQuery {
    let runtime: LuaRuntime
    let types: ValueTypes
    let names: LiveNames
    let context: CursorContext
    /// The text between the beginning of the word and the cursor.
    let prefix: String
    /// Whether the cursor is inside of a string.
    var isQuoted = false
    /// Whether the answer may take a call of the API.
    let canWait: Bool
    /// Whether a person has given up waiting.
    let isInterrupted: () -> Bool

    var lua: LuaReference { .embedded }

    /// The same question inside of a string.
    var quoted: CompletionQuery {
        var query = self
        query.isQuoted = true
        return query
    }

    var outerType: MessageType? {
        if case .message(let type) = RequestShape.outer(context, types) { return type }
        return nil
    }

    /// The method whose request is being written.
    var method: Method? { types.method(around: context) }

    func candidate(_ field: Field, isKey: Bool) -> Completion.Candidate {
        .init(
            text: isKey ? Self.key(field.name) + " = " : field.name, label: field.name,
            type: APIReference.typeName(field), doc: runtime.registry.documentation(of: field),
            isMarked: isKey && field.hasToBeSet)
    }

    func typeName(_ field: Field) -> String { APIReference.typeName(field) }

    /// A field's name as a key of a table: some are words of Lua.
    static func key(_ name: String) -> String {
        MetaNames.keywords.contains(name) ? "[\"\(name)\"]" : name
    }
}
