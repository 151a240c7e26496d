import EventLoop
import GRPCProtocol
import Glibc
import Testing

@testable import CloudClient

/// Cleartext connections to numeric addresses of this machine.
@Suite struct LoopbackSocketTests {
    /// A server's end, which takes no connection by itself.
    private final class Listener {
        let descriptor: Int32
        let port: Int

        init(_ host: String, backlog: Int32 = 8) throws {
            let isV6 = host.contains(":")
            descriptor = Glibc.socket(isV6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            var v4 = sockaddr_in()
            v4.sin_family = sa_family_t(AF_INET)
            inet_pton(AF_INET, host, &v4.sin_addr)
            var v6 = sockaddr_in6()
            v6.sin6_family = sa_family_t(AF_INET6)
            inet_pton(AF_INET6, host, &v6.sin6_addr)
            let descriptor = descriptor
            func withAddress(_ body: (UnsafeMutablePointer<sockaddr>, inout socklen_t) -> Int32)
                -> Int32
            {
                func call<Address>(_ address: inout Address) -> Int32 {
                    var size = socklen_t(MemoryLayout<Address>.size)
                    return withUnsafeMutableBytes(of: &address) {
                        body($0.bindMemory(to: sockaddr.self).baseAddress!, &size)
                    }
                }
                return isV6 ? call(&v6) : call(&v4)
            }
            try #require(withAddress { bind(descriptor, $0, $1) } == 0)
            try #require(listen(descriptor, backlog) == 0)
            try #require(withAddress { getsockname(descriptor, $0, &$1) } == 0)
            port = Int(UInt16(bigEndian: isV6 ? v6.sin6_port : v4.sin_port))
        }

        deinit { close(descriptor) }
    }

    private let loop = PollLoop(now: { ContinuousClock.now.nanoseconds })

    private func socket(
        to host: String, _ port: Int, timeout: Int64 = 10_000_000_000
    ) throws -> LoopbackSocket {
        var settings = ConnectionSettings()
        settings.connectTimeout = timeout
        return try #require(
            LoopbackSocket(
                endpoint: Endpoint(isSecure: false, host: host, port: port), settings: settings,
                loop: loop))
    }

    /// What opening ends with; nil is well.
    private func open(_ socket: LoopbackSocket) -> CallError? {
        var outcomes: [CallError?] = []
        socket.open { outcomes.append($0) }
        #expect(outcomes.isEmpty, "told before open has returned")
        loop.run { !outcomes.isEmpty }
        #expect(outcomes.count == 1)
        return outcomes[0]
    }

    @Test(arguments: ["127.0.0.1", "127.8.9.10", "::1"])
    func bytesGoBothWaysUntilTheEnd(_ host: String) throws {
        let listener = try Listener(host)
        let client = try socket(to: host, listener.port)
        #expect(client.descriptor == -1)
        #expect(open(client) == nil)
        #expect(client.applicationProtocol == nil)
        let server = accept(listener.descriptor, nil, nil)
        defer { Glibc.close(server) }
        var bytes = [UInt8](repeating: 0, count: 64)
        #expect(client.receive(&bytes, capacity: 64) == 0, "nothing has come")
        #expect(client.send([1, 2, 3], count: 3) == 3)
        #expect(recv(server, &bytes, 64, 0) == 3)
        #expect(bytes.prefix(3) == [1, 2, 3])
        #expect(Glibc.send(server, [UInt8]([9, 8]), 2, 0) == 2)
        var received = 0
        loop.watch(client.descriptor, for: .input) { _ in
            received = client.receive(&bytes, capacity: 64)
        }
        loop.run { received != 0 }
        #expect(received == 2)
        #expect(Array(bytes.prefix(2)) == [9, 8])
        // What the peer does not take blocks, and takes nobody's time.
        let much = [UInt8](repeating: 7, count: 1 << 20)
        while client.send(much, count: much.count) > 0 {}
        #expect(client.send(much, count: much.count) == 0)
        shutdown(server, Int32(SHUT_WR))
        received = 0
        loop.run { received != 0 }
        #expect(received == -1, "the end")
        client.close()
        client.close()
        #expect(client.descriptor == -1)
        #expect(client.send([1], count: 1) == -1 && client.receive(&bytes, capacity: 1) == -1)
    }

    @Test func aPeerThatHasGoneIsNoSignal() throws {
        let listener = try Listener("127.0.0.1")
        let client = try socket(to: "127.0.0.1", listener.port)
        #expect(open(client) == nil)
        let server = accept(listener.descriptor, nil, nil)
        // Closing with a reset.
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
            server, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        Glibc.close(server)
        loop.watch(client.descriptor, for: .input) { _ in }
        loop.turn(waitingAtMost: 10_000_000_000)
        var byte: UInt8 = 0
        #expect(client.receive(&byte, capacity: 1) == -1)
        #expect(client.send([1], count: 1) == -1)
    }

    @Test func nobodyThereIsToldOfWithTheSystemsReason() throws {
        let port = try Listener("127.0.0.1").port
        let error = try #require(open(try socket(to: "127.0.0.1", port)))
        #expect(error.code == .unavailable && error.wasNotExecuted)
        #expect(
            error.message == "cannot connect to http://127.0.0.1:\(port): Connection refused")
    }

    @Test func aServerThatTakesNoConnectionIsGivenUp() throws {
        let listener = try Listener("127.0.0.1", backlog: 0)
        // The queue of connections that nobody has accepted becomes full.
        var waiting: [LoopbackSocket] = []
        var outcome: CallError?
        while outcome == nil, waiting.count < 10 {
            let client = try socket(to: "127.0.0.1", listener.port, timeout: 50_000_000)
            waiting.append(client)
            outcome = open(client)
        }
        let error = try #require(outcome)
        #expect(error.message == "timed out connecting to http://127.0.0.1:\(listener.port)")
        #expect(error.wasNotExecuted)
        #expect(waiting.last?.descriptor == -1)
    }

    @Test func oneThatIsClosedWhileItOpensTellsNothing() throws {
        let listener = try Listener("127.0.0.1")
        let client = try socket(to: "127.0.0.1", listener.port)
        var isTold = false
        client.open { _ in isTold = true }
        client.close()
        loop.turn(waitingAtMost: 10_000_000)
        #expect(!isTold)
    }

    @Test(arguments: ["https://127.0.0.1:1", "http://localhost:1", "http://127.0.0.01:1"])
    func allElseIsLibcurlsBusiness(_ text: String) throws {
        let endpoint = try Endpoint(text)
        #expect(
            LoopbackSocket(endpoint: endpoint, settings: ConnectionSettings(), loop: loop) == nil)
    }
}
