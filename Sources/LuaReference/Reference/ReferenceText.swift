/// Text for people whose parts say what they are, so that a terminal can colour them.
public struct ReferenceText {
    /// What a part of a line is.
    public enum Style: Sendable {
        case plain
        /// What the line is about.
        case title
        /// A name that one may type.
        case name
        case type
        /// What is only good to know.
        case faint
    }

    /// The parts of each line.
    public private(set) var lines: [[(text: String, style: Style)]] = []
    /// How many columns lines have at most.
    public let width: Int

    /// An empty text whose lines have at most `width` columns.
    public init(width: Int) { self.width = width }

    /// The text without styles.
    public var plain: String {
        lines.map { line in Self.trimmed(line.map(\.text).joined()) }.joined(separator: "\n")
    }

    private static func trimmed(_ text: String) -> Substring {
        text[..<(text.lastIndex { $0 != " " }.map { text.index(after: $0) } ?? text.startIndex)]
    }

    /// Adds a line of parts.
    public mutating func line(_ parts: (String, Style)...) {
        lines.append(parts.map { (text: $0.0, style: $0.1) })
    }

    /// Puts a line in front of all others.
    public mutating func prepend(_ text: String) { lines.insert([(text, .faint)], at: 0) }

    /// Adds an empty line.
    public mutating func blank() { lines.append([]) }

    /// Words over as many lines as they need.
    public mutating func paragraph(_ text: String, indent: Int, style: Style = .plain) {
        for part in Self.wrapped(text, width: max(20, width - indent)) {
            line((String(repeating: " ", count: indent), .plain), (part, style))
        }
    }

    /// A name and its text: side by side when they fit.
    public mutating func entry(
        _ name: String, _ text: String, column: Int, indent: Int = 2, style: Style = .name
    ) {
        let margin = String(repeating: " ", count: indent)
        let start = indent + column + 2
        let parts = Self.wrapped(text, width: max(20, width - start))
        let padding = String(repeating: " ", count: max(2, column + 2 - name.count))
        if name.count > column {
            line((margin, .plain), (name, style))
            for part in parts {
                line((String(repeating: " ", count: start), .plain), (part, .plain))
            }
            return
        }
        line((margin, .plain), (name, style), (padding, .plain), (parts.first ?? "", .plain))
        for part in parts.dropFirst() {
            line((String(repeating: " ", count: start), .plain), (part, .plain))
        }
    }

    /// Lines of at most `width` characters, broken between words.
    static func wrapped(_ text: String, width: Int) -> [String] {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n") {
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, line.count + 1 + word.count > width {
                    lines.append(line)
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + word
            }
            lines.append(line)
        }
        return lines
    }
}
