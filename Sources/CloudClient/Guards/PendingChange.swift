import Codec
import Contract

/// A change before it is made, and its expected result.
package struct PendingChange {
    let call: OutgoingCall

    /// The call that reads what an update changes; nil when the contract names none
    /// (`patch_source`).
    var readingPresent: OutgoingCall? {
        guard let source = call.method.options.patchSource,
            let method = try? Registry.embedded.method(
                path: source.getMethod.hasPrefix("/") ? source.getMethod : "/" + source.getMethod)
        else { return nil }
        var request = Message(method.input)
        for (target, origin) in source.fieldMapping {
            guard let value = call.request.value(at: Self.steps(origin)) else { continue }
            request.setValue(value, at: Self.steps(target))
        }
        return Self.call(method, request, like: call)
    }

    /// The resource as the request has it, laid over what is there now.
    ///
    /// - Parameter present: the answer to ``readingPresent``.
    func result(in field: Field, over present: Message?) -> Message? {
        guard case .message(let sent)? = call.request[field] else { return nil }
        guard let present,
            let old = present.type.fields.first(where: { $0.messageType === field.messageType }),
            case .message(var merged)? = present[old]
        else { return sent }
        merged.overlay(sent, mask: call.request.updateMask)
        return merged
    }

    static func call(_ method: Method, _ request: Message, like call: OutgoingCall) -> OutgoingCall
    {
        OutgoingCall(
            method: method, request: request, metadata: call.metadata, deadline: call.deadline,
            transport: call.transport)
    }

    static func steps(_ path: String) -> [String] { path.split(separator: ".").map(String.init) }
}

extension Message {
    /// The paths that an update names; nil when it names none.
    fileprivate var updateMask: [[String]]? {
        for (field, value) in setFields where field.messageType?.wellKnown == .fieldMask {
            guard case .message(let mask) = value else { continue }
            let paths = mask.strings(.paths)
            return paths.isEmpty ? nil : paths.map(PendingChange.steps)
        }
        return nil
    }

    /// Takes over what an update sets: all that it has, or what its mask names.
    fileprivate mutating func overlay(_ change: Message, mask: [[String]]?) {
        guard let mask else {
            for (field, value) in change.setFields { self[field] = value }
            return
        }
        for path in mask { setValue(change.value(at: path), at: path) }
    }
}
