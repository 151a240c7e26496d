/// The line of a script that an error is about.
enum Excerpt {
    /// The longest line that is shown whole, in characters.
    private static let widest = 100

    /// The file and the line that a message begins with: `script.lua:12: …`.
    static func place(in message: String) -> (file: String, line: Int)? {
        let first = message.prefix { $0 != "\n" }
        guard let end = first.firstRange(of: ": ")?.lowerBound,
            let colon = first[..<end].lastIndex(of: ":"), colon != first.startIndex,
            let line = Int(first[first.index(after: colon)..<end])
        else { return nil }
        return (String(first[..<colon]), line)
    }

    /// The line at the place that begins a message, with a mark below the word that the message
    /// names; nil if the text is unknown.
    static func of(_ message: String, source: (String) -> [UInt8]?) -> String? {
        guard let (number, text) = innermost(message, source), number > 0 else { return nil }
        let lines = text.split(
            separator: UInt8(ascii: "\n"), maxSplits: number, omittingEmptySubsequences: false)
        guard lines.count >= number else { return nil }
        let line = Terminal.safe(
            String(decoding: lines[number - 1], as: UTF8.self)
                .replacing("\t", with: "    ").replacing("\r", with: ""))
        guard !line.allSatisfy(\.isWhitespace) else { return nil }
        let head = "  \(number) | "
        var shown = head + line.prefix(widest) + (line.count > widest ? "…" : "")
        if let column = column(of: message, in: line), column < widest {
            shown += "\n" + String(repeating: " ", count: head.count + column) + "^"
        }
        return shown
    }

    /// The line that a message is about and the text that it stands in. `coroutine.wrap` puts its own
    /// place before that of the error.
    private static func innermost(
        _ message: String, _ source: (String) -> [UInt8]?
    ) -> (line: Int, text: [UInt8])? {
        var found: (line: Int, text: [UInt8])?
        var rest = message[...]
        while let (file, line) = place(in: String(rest)), let text = source(file),
            let end = rest.firstRange(of: ": ")
        {
            found = (line, text)
            rest = rest[end.upperBound...]
        }
        return found
    }

    /// The position in a line of the word that a message names: `near 'x'`, `(local 'x')`; nil
    /// unless it occurs once.
    private static func column(of message: String, in line: String) -> Int? {
        let kinds = ["near", "local", "global", "field", "method", "upvalue", "constant"]
        guard let kind = kinds.lazy.compactMap({ message.firstRange(of: $0 + " '") }).first else {
            return nil
        }
        let word = message[kind.upperBound...].prefix { $0 != "'" }
        let places = line.ranges(of: word)
        guard let place = places.first, places.count == 1 else { return nil }
        return line.distance(from: line.startIndex, to: place.lowerBound)
    }
}
