import CHTTP2

/// Headers as CHTTP2 takes them.
enum HeaderTable {
    /// Hands over names and values, which are valid until `body` returns.
    static func with<Result>(
        _ headers: [(String, String)],
        _ body: (UnsafePointer<qh2_header>?, Int) -> Result
    ) -> Result {
        // One allocation holds all names and values.
        var text: [UInt8] = []
        text.reserveCapacity(512)
        for (name, value) in headers {
            text.append(contentsOf: name.utf8)
            text.append(contentsOf: value.utf8)
        }
        return text.withUnsafeBytes { bytes in
            var position = bytes.bindMemory(to: CChar.self).baseAddress
            let table = headers.map { name, value in
                let start = position
                let middle = start.map { $0 + name.utf8.count }
                position = middle.map { $0 + value.utf8.count }
                return qh2_header(
                    name: start, name_length: name.utf8.count, value: middle,
                    value_length: value.utf8.count, is_secret: name == "authorization")
            }
            return table.withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }
}
