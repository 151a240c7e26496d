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

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if count < 0, errno == EINTR { continue }
                // A closed pipe: nobody reads any more.
                guard count > 0 else { return }
                rest = UnsafeRawBufferPointer(rebasing: rest[count...])
            }
        }
    }
}
