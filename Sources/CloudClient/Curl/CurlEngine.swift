import CCurl
import EventLoop
import GRPCProtocol

/// libcurl's multi interface on the loop: it opens connections and carries REST transfers.
final class CurlEngine {
    let loop: PollLoop
    private let multi: OpaquePointer
    private let user: UnsafeMutableRawPointer
    private var timer: PollLoop.Timer?
    private var completions: [OpaquePointer: (CurlCode) -> Void] = [:]

    /// Loads libcurl and opens a multi handle.
    ///
    /// - Throws: an UNAVAILABLE ``CallError`` that says why libcurl cannot be used.
    init(loop: PollLoop) throws(CallError) {
        self.loop = loop
        if let reason = qcurl_load() {
            throw CallError(.unavailable, String(cString: reason), origin: .transport)
        }
        // libcurl wants its callbacks' argument before `self` is whole.
        let box = Unowned()
        let user = Unmanaged.passRetained(box).toOpaque()
        guard
            let multi = qcurl_multi_new(
                { _, socket, what, user, _ in
                    Unowned.engine(user)?.watch(socket, what)
                    return 0
                },
                { _, milliseconds, user in
                    Unowned.engine(user)?.setTimer(milliseconds)
                    return 0
                }, user)
        else {
            throw CallError(.unavailable, "libcurl is out of memory", origin: .transport)
        }
        self.multi = multi
        self.user = user
        box.value = self
    }

    deinit {
        qcurl_multi_free(multi)
        Unmanaged<Unowned>.fromOpaque(user).release()
    }

    /// What libcurl's callbacks are given.
    private final class Unowned {
        weak var value: CurlEngine?

        static func engine(_ user: UnsafeMutableRawPointer?) -> CurlEngine? {
            user.flatMap { Unmanaged<Unowned>.fromOpaque($0).takeUnretainedValue().value }
        }
    }

    /// Starts a transfer; the completion gets its result.
    func add(_ easy: OpaquePointer, completion: @escaping (CurlCode) -> Void) {
        completions[easy] = completion
        _ = qcurl_multi_add(multi, easy)
    }

    /// Ends a transfer, or closes a connection that was opened with CONNECT_ONLY.
    func remove(_ easy: OpaquePointer) {
        completions[easy] = nil
        _ = qcurl_multi_remove(multi, easy)
    }

    private func watch(_ socket: Int32, _ what: Int32) {
        let events: PollLoop.Events
        switch what {
        case Int32(QCURL_POLL_IN.rawValue): events = .input
        case Int32(QCURL_POLL_OUT.rawValue): events = .output
        case Int32(QCURL_POLL_INOUT.rawValue): events = [.input, .output]
        default:
            loop.unwatch(socket)
            return
        }
        loop.watch(socket, for: events) { [weak self] ready in
            var bits: UInt32 = 0
            if ready.contains(.input) { bits |= QCURL_READY_IN.rawValue }
            if ready.contains(.output) { bits |= QCURL_READY_OUT.rawValue }
            if !ready.isDisjoint(with: .failure) { bits |= QCURL_READY_ERROR.rawValue }
            self?.act(socket, Int32(truncatingIfNeeded: bits))
        }
    }

    private func setTimer(_ milliseconds: Int) {
        timer?.cancel()
        timer = nil
        guard milliseconds >= 0 else { return }
        timer = loop.after(Int64(milliseconds) * 1_000_000) { [weak self] in
            self?.act(QCURL_SOCKET_TIMEOUT.rawValue, 0)
        }
    }

    private func act(_ socket: Int32, _ events: Int32) {
        _ = qcurl_multi_act(multi, socket, events)
        var code: Int32 = 0
        while let easy = qcurl_multi_next_done(multi, &code) {
            completions.removeValue(forKey: easy)?(CurlCode(code))
        }
    }
}
