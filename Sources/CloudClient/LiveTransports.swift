import EventLoop

/// The transports that reach a real API, over the network.
public enum LiveTransports {
    /// Opens the transport of a kind; nothing is connected before its first call.
    public static func open(
        _ kind: TransportKind, _ configuration: SessionConfiguration, _ loop: PollLoop
    ) -> any Transport {
        switch kind {
        case .grpc:
            GRPCTransport(
                endpoint: configuration.endpoint, settings: configuration.connection, loop: loop)
        case .rest:
            RESTTransport(
                endpoint: configuration.restEndpoint, settings: configuration.connection,
                loop: loop)
        }
    }
}
