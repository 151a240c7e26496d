/// A connection's bytes, both ways, without waiting: what HTTP/2 is spoken on.
protocol StreamSocket: AnyObject {
    /// Opens it. The completion is called once and from the loop, with nil when it is open. After
    /// ``close()`` it may not come any more, and means nothing when it does.
    func open(_ completion: @escaping (CallError?) -> Void)
    /// The descriptor to watch; -1 when there is none (any more).
    var descriptor: Int32 { get }
    /// Sends some bytes. Returns how many, 0 when it would block, -1 when the connection is gone.
    func send(_ bytes: UnsafePointer<UInt8>?, count: Int) -> Int
    /// Receives some bytes. Returns how many, 0 when it would block, -1 at the end or on failure.
    func receive(_ bytes: UnsafeMutablePointer<UInt8>?, capacity: Int) -> Int
    /// What a TLS handshake has agreed on (ALPN, RFC 7301), known after the first receiving; nil when
    /// that is nothing, and without TLS.
    var applicationProtocol: String? { get }
    /// Closes it, after which the loop does not watch it any more.
    func close()
}
