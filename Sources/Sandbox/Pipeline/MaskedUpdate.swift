import Codec
import Contract
import GRPCProtocol

/// Completes a masked update, as the cloud's gateway does before a service sees it: the present
/// object is read, the masked paths are copied over it, and the whole goes on.
enum MaskedUpdate {
    /// Fields that only the cloud writes; an echoed one is dropped before validation.
    private static let outputOnly = ["state", "status"]

    /// The complete request. Requests of other methods, and unmasked ones, stay as they are but
    /// for what only the cloud writes.
    static func expand(
        _ request: Message, _ call: Call, get: (Method, Message) throws -> Message
    ) throws -> Message {
        guard let source = call.method.options.patchSource else { return request }
        let path = source.requestResourceField.split(separator: ".").map(String.init)
        var whole = request
        var paths = request.message(.updateMask)?.strings(.paths) ?? []
        if paths == ["*"] {
            // Everything is what an update without a mask is about.
            paths = []
            whole[.updateMask] = nil
        }
        if !paths.isEmpty {
            guard let method = try call.world.registry.method(path: source.getMethod) else {
                throw APIError(.internal, "the contract has no \(source.getMethod)")
            }
            var getRequest = Message(method.input)
            for (to, from) in source.fieldMapping {
                let value = request.value(at: from.split(separator: ".").map(String.init))
                getRequest.setValue(value, at: to.split(separator: ".").map(String.init))
            }
            let response = try get(method, getRequest)
            let held = source.responseResourceField.split(separator: ".").map(String.init)
            guard case .message(var resource) = response.value(at: held) else {
                throw APIError(.internal, "\(method.name) has no \(source.responseResourceField)")
            }
            if case .message(let update) = request.value(at: path) {
                do throws(MaskError) {
                    try resource.merge(from: update, paths: paths)
                } catch {
                    throw APIError(.invalidArgument, error.description)
                }
            }
            // Who is updated is not up to the mask.
            for (_, from) in source.fieldMapping {
                let inner = Array(from.split(separator: ".").map(String.init).dropFirst(path.count))
                if !inner.isEmpty {
                    resource.setValue(
                        request.value(at: path + inner) ?? resource.value(at: inner), at: inner)
                }
            }
            whole.setValue(.message(resource), at: path)
            whole[.updateMask] = nil
        }
        for name in outputOnly {
            if case .message(let resource) = whole.value(at: path),
                resource.type.field(named: name)?.kind == .message
            {
                whole.setValue(nil, at: path + [name])
            }
        }
        return whole
    }
}
