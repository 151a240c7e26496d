import Codec
import Contract
/// Unpacks google.rpc.Status, which carries an error's details.
enum ErrorDetails {
    /// Decodes `grpc-status-details-bin`. Details of unknown types stay google.protobuf.Any.
    static func decode(status bytes: [UInt8], registry: Registry = .embedded) -> [Message] {
        guard let type = try? registry.message(named: "google.rpc.Status"),
            let status = try? ProtobufReader().message(bytes, as: type)
        else { return [] }
        return unpack(status, registry: registry)
    }

    /// Decodes the gateway's error body: code, message and details; nil when it is none.
    static func decode(
        body bytes: [UInt8], registry: Registry = .embedded
    ) -> (code: Int, message: String, details: [Message])? {
        let reader = JSONReader(ignoresUnknownFields: true, registry: registry)
        guard let type = try? registry.message(named: "google.rpc.Status"),
            let status = try? reader.message(bytes, as: type), status[.code] != nil
        else { return nil }
        return (
            status.integer(.code), status.string(.message), unpack(status, registry: registry)
        )
    }

    private static func unpack(_ status: Message, registry: Registry) -> [Message] {
        status.messages(.details).map { detail in
            let name = String(detail.string(.typeURL).split(separator: "/").last ?? "")
            guard let type = try? registry.message(named: name),
                case .bytes(let bytes) = detail[.value] ?? .bytes([]),
                let unpacked = try? ProtobufReader().message(bytes, as: type)
            else { return detail }
            return unpacked
        }
    }
}
