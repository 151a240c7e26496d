import Codec
import Contract

/// Writes down what a successful call has done, as the contract's event options say.
enum EventRecorder {
    /// Appends the event of a call to the journal.
    static func record(_ call: Call, _ request: Message, _ response: Message) throws {
        guard let options = call.method.options.event, let caller = call.moment.caller else {
            return
        }
        func resolve(_ expression: String) -> String {
            text(expression, call, request, response)
        }
        var event = call.new("qdrant.cloud.event.v1.Event")
        event.set(.id, call.world.newID())
        event.set(.createdAt, call.moment.timestamp)
        event.set(.caller, caller)
        if !call.account.isEmpty { event.set(.accountID, call.account) }
        event.set(.sourceRpc, String(call.method.path.dropFirst()))
        event.setEnum(.eventType, options.type)
        event.set(.resourceType, options.resourceType)
        let id = resolve(options.resourceIDField)
        if !id.isEmpty { event.set(.resourceID, id) }
        event.set(.resourceURL, fill(options.resourceURLTemplate, resolve))
        if let action = options.actionType { event.set(.actionType, action) }
        var context: [Value: Value] = [:]
        for (name, expression) in options.context {
            context[.string(name)] = .string(resolve(expression))
        }
        event[.additionalContext] = .map(context)
        try call.transaction.append(event, at: call.now)
    }

    /// What `req.`, `resp.`, `req-md.` or `resp-md.` and a path stand for.
    private static func text(
        _ expression: String, _ call: Call, _ request: Message, _ response: Message
    ) -> String {
        guard let dot = expression.firstIndex(of: ".") else { return "" }
        let rest = String(expression[expression.index(after: dot)...])
        func value(in message: Message) -> String {
            let path = rest.split(separator: ".").map(String.init)
            if case .string(let text) = message.value(at: path) { return text }
            return ""
        }
        switch expression[..<dot] {
        case "req": return value(in: request)
        case "resp": return value(in: response)
        case "req-md": return call.metadata[rest.lowercased()] ?? ""
        case "resp-md": return call.reply.metadata.first { $0.name == rest }?.value ?? ""
        default: return ""
        }
    }

    /// Fills the holes `{path}` of a template.
    private static func fill(_ template: String, _ resolve: (String) -> String) -> String {
        var filled = ""
        var rest = template[...]
        while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
            filled += rest[..<open]
            filled += resolve(String(rest[rest.index(after: open)..<close]))
            rest = rest[rest.index(after: close)...]
        }
        return filled + rest
    }
}
