import EventLoop
import GRPCProtocol
import Glibc

/// A cleartext connection to a numeric loopback address, as a local cloud has: there is no name to look
/// up, no proxy and no TLS, so that libcurl with its thirty libraries need not be loaded, which takes
/// longer than all the rest of a first call.
final class LoopbackSocket: StreamSocket {
    private let endpoint: Endpoint
    private let address: Address
    private let connectTimeout: Int64
    private let loop: PollLoop
    private var timer: PollLoop.Timer?
    private(set) var descriptor: Int32 = -1

    private enum Address {
        case v4(sockaddr_in)
        case v6(sockaddr_in6)
    }

    /// Nil when the endpoint is another than this is for.
    init?(endpoint: Endpoint, settings: ConnectionSettings, loop: PollLoop) {
        guard !endpoint.isSecure, endpoint.isLoopback, let address = Self.address(of: endpoint)
        else { return nil }
        self.endpoint = endpoint
        self.address = address
        self.loop = loop
        connectTimeout = settings.connectTimeout
    }

    deinit { close() }

    private static func address(of endpoint: Endpoint) -> Address? {
        let port = UInt16(truncatingIfNeeded: endpoint.port).bigEndian
        var v4 = sockaddr_in()
        if inet_pton(AF_INET, endpoint.host, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port
            return .v4(v4)
        }
        var v6 = sockaddr_in6()
        if inet_pton(AF_INET6, endpoint.host, &v6.sin6_addr) == 1 {
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = port
            return .v6(v6)
        }
        return nil
    }

    func open(_ completion: @escaping (CallError?) -> Void) {
        let problem = connect()
        switch problem {
        case 0, EINPROGRESS:
            loop.watch(descriptor, for: .output) { [weak self] _ in self?.connected(completion) }
            timer = loop.after(connectTimeout) { [weak self] in
                guard let self else { return }
                close()
                var error = CallError.transport(
                    .unavailable, "timed out connecting to \(endpoint.url)")
                error.wasNotExecuted = true
                completion(error)
            }
        default:
            loop.enqueue { [weak self] in
                guard let self else { return }
                completion(refusal(problem))
            }
        }
    }

    /// Begins to connect; `errno`, or 0.
    private func connect() -> Int32 {
        let family = if case .v4 = address { AF_INET } else { AF_INET6 }
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        descriptor = socket(family, Int32(kind), 0)
        guard descriptor >= 0 else { return errno }
        var on: Int32 = 1
        setsockopt(
            descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        let result =
            switch address {
            case .v4(let address): Self.connect(descriptor, address)
            case .v6(let address): Self.connect(descriptor, address)
            }
        return result == 0 ? 0 : errno
    }

    private static func connect<Address>(_ descriptor: Int32, _ address: Address) -> Int32 {
        withUnsafeBytes(of: address) { bytes in
            guard let start = bytes.bindMemory(to: sockaddr.self).baseAddress else { return -1 }
            return Glibc.connect(descriptor, start, socklen_t(bytes.count))
        }
    }

    private func connected(_ completion: (CallError?) -> Void) {
        loop.unwatch(descriptor)
        timer?.cancel()
        var problem: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        if getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &problem, &size) != 0 { problem = errno }
        completion(problem == 0 ? nil : refusal(problem))
    }

    private func refusal(_ problem: Int32) -> CallError {
        .notConnected(to: endpoint, String(cString: strerror(problem)))
    }

    func send(_ bytes: UnsafePointer<UInt8>?, count: Int) -> Int {
        transferred { Glibc.send(descriptor, bytes, count, Int32(MSG_NOSIGNAL)) }
    }

    func receive(_ bytes: UnsafeMutablePointer<UInt8>?, capacity: Int) -> Int {
        transferred { recv(descriptor, bytes, capacity, 0) }
    }

    /// Repeats what a signal has interrupted. The end of the input is a failure, too.
    private func transferred(_ transfer: () -> Int) -> Int {
        while true {
            let count = transfer()
            if count > 0 { return count }
            guard count < 0 else { return -1 }
            if errno == EAGAIN || errno == EWOULDBLOCK { return 0 }
            if errno != EINTR { return -1 }
        }
    }

    var applicationProtocol: String? { nil }

    func close() {
        timer?.cancel()
        guard descriptor >= 0 else { return }
        loop.unwatch(descriptor)
        Glibc.close(descriptor)
        descriptor = -1
    }
}
