import CHTTP2
import GRPCProtocol

/// The events of nghttp2's session, as the connection's calls take them.
extension HTTP2Connection {
    private static func connection(_ owner: UnsafeMutableRawPointer?) -> HTTP2Connection? {
        owner.map { Unmanaged<HTTP2Connection>.fromOpaque($0).takeUnretainedValue() }
    }

    static let callbacks = qh2_callbacks(
        send: { owner, bytes, length in
            connection(owner)?.socket.send(bytes, count: length) ?? -1
        },
        receive: { owner, bytes, capacity in
            connection(owner)?.socket.receive(bytes, capacity: capacity) ?? -1
        },
        header: { owner, stream, name, nameLength, value, valueLength in
            connection(owner)?.received(
                stream, UnsafeBufferPointer(start: name, count: nameLength),
                UnsafeBufferPointer(start: value, count: valueLength))
        },
        data: { owner, stream, bytes, length in
            connection(owner)?.received(
                stream, UnsafeBufferPointer(start: bytes, count: length))
        },
        stream_end: { owner, stream, error in connection(owner)?.ended(stream, error) },
        goaway: { owner, last, error in connection(owner)?.goAway(last, error) },
        settings: { owner, limit in connection(owner)?.received(limit: limit) },
        pong: { owner in connection(owner)?.receivedPong() })

    private func received(_ stream: Int32, _ bytes: UnsafeBufferPointer<UInt8>) {
        guard let call = calls[stream], let error = call.receive(data: bytes) else { return }
        giveUp(call, stream, error)
    }

    private func received(
        _ stream: Int32, _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
    ) {
        guard let call = calls[stream], let error = call.receive(header: name, value: value) else {
            return
        }
        giveUp(call, stream, error)
    }

    private func giveUp(_ call: GRPCCall, _ stream: Int32, _ error: CallError) {
        guard let session else { return }
        calls[stream] = nil
        qh2_reset(session, stream, ErrorCode.cancel)
        finish(call, .failure(error))
    }

    /// Reports a call's result, but not from inside a callback of nghttp2: the receiver may wait
    /// for another call, which would read from the session again.
    func finish(_ call: GRPCCall, _ result: Result<Reply, CallError>) {
        loop.enqueue { call.finish(result) }
    }

    private func received(limit: UInt32) {
        silence?.cancel()
        remoteLimit = limit
        if state == .open { delegate?.connectionHasRoom(self) }
    }

    private func goAway(_ lastStream: Int32, _ error: UInt32) {
        // nghttp2 ends the streams above the last one with REFUSED_STREAM.
        drain(wantsFewerPings: error == ErrorCode.enhanceYourCalm)
    }

    private func ended(_ stream: Int32, _ error: UInt32) {
        guard let call = calls.removeValue(forKey: stream) else { return closeIfDrained() }
        defer {
            if state == .open { delegate?.connectionHasRoom(self) }
            closeIfDrained()
        }
        if error == ErrorCode.refusedStream, !call.hasStatus {
            softLimit = max(1, calls.count)
            successes = 0
            refuse(call)
            return
        }
        let complaint = session.map { String(cString: qh2_complaint($0)) } ?? ""
        if error == ErrorCode.noError || (call.hasStatus && complaint.isEmpty) {
            successes += 1
            if successes >= 4 * softLimit {
                successes = 0
                softLimit += 1
            }
            finish(call, call.result())
            return
        }
        let code: StatusCode =
            switch error {
            case ErrorCode.cancel: .cancelled
            case ErrorCode.enhanceYourCalm: .resourceExhausted
            case ErrorCode.inadequateSecurity: .permissionDenied
            default: .internal
            }
        var failure = CallError.transport(
            code,
            complaint.isEmpty
                ? "the server reset the call (HTTP/2 error \(error))"
                : "the server violated HTTP/2 (\(complaint))")
        failure.outcomeIsUnknown = true
        finish(call, .failure(failure))
    }
}
