/// Makes control characters in terminal output visible.
public enum TerminalText {
    /// Whether a character controls a terminal, changes the text direction, or is an invisible line
    /// break.
    public static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0a, 0x09: false
        case 0..<0x20, 0x7f..<0xa0: true
        case 0x061c, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }

    /// An untrusted text with control characters escaped as `\u{1b}`. Line breaks and tabs stay.
    public static func safe(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            if isControl(scalar) {
                shown += "\\u{" + String(scalar.value, radix: 16) + "}"
            } else {
                shown.unicodeScalars.append(scalar)
            }
        }
        return shown
    }

    /// Output with control characters escaped as in JSON, so that JSON stays
    /// valid. Line ends of RFC 4180 stay.
    ///
    /// - Parameter keepsStyles: whether the program itself has coloured it, so that sequences that
    ///   choose colours stay.
    public static func harmless(_ text: String, keepsStyles: Bool) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var shown = ""
        let scalars = Array(text.unicodeScalars)
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            if keepsStyles, let end = styleEnd(scalars, index) {
                shown.unicodeScalars.append(contentsOf: scalars[index..<end])
                index = end
                continue
            }
            let endsLine = scalar == "\r" && index + 1 < scalars.count && scalars[index + 1] == "\n"
            if isControl(scalar), !endsLine {
                let digits = String(scalar.value, radix: 16)
                shown += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            } else {
                shown.unicodeScalars.append(scalar)
            }
            index += 1
        }
        return shown
    }

    /// Where a sequence that chooses a style (ECMA-48, SGR) ends; nil when none begins there.
    private static func styleEnd(_ scalars: [Unicode.Scalar], _ start: Int) -> Int? {
        guard scalars[start] == "\u{1b}", start + 1 < scalars.count, scalars[start + 1] == "["
        else { return nil }
        var index = start + 2
        while index < scalars.count, ("0"..."9").contains(scalars[index]) || scalars[index] == ";" {
            index += 1
        }
        return index < scalars.count && scalars[index] == "m" ? index + 1 : nil
    }
}
