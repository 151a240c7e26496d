#if canImport(Glibc)
    import Glibc
#endif

/// Data goes to standard output, talk to standard error.
public enum Output {
    /// Writes data.
    public static func data(_ text: String) {
        // Lua's print has its own buffer: keep the order.
        fflush(nil)
        write(text, to: STDOUT_FILENO)
    }

    /// Writes a line of talk.
    public static func note(_ text: String) {
        fflush(nil)
        write(text + "\n", to: STDERR_FILENO)
    }

    /// Why standard output did not take all data; nil when it did, or when nobody reads any more.
    public private(set) nonisolated(unsafe) static var problem: String?

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN {
                    var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                    _ = poll(&entry, 1, -1)
                    continue
                }
                guard count > 0 else {
                    if errno != EPIPE, descriptor == STDOUT_FILENO {
                        problem = String(cString: strerror(errno))
                    }
                    return
                }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
