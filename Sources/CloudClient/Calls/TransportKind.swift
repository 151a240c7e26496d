/// The transports for API calls.
public enum TransportKind: String, Sendable, CaseIterable {
    case grpc
    case rest
}
