import EventLoop

/// The connections that HTTP exchanges of one loop share. Main-thread confined.
public final class HTTPClient {
    private let loop: PollLoop
    private var opened: CurlEngine?

    /// Creates a client; libcurl is loaded with the first exchange.
    public init(loop: PollLoop) { self.loop = loop }

    /// libcurl on the client's loop.
    ///
    /// - Throws: an UNAVAILABLE ``CallError`` that says why libcurl cannot be used.
    func engine() throws(CallError) -> CurlEngine {
        if let opened { return opened }
        let engine = try CurlEngine(loop: loop)
        opened = engine
        return engine
    }

    /// Runs something from the loop, after what is running now.
    func enqueue(_ body: @escaping () -> Void) { loop.enqueue(body) }
}
