#if canImport(Glibc)
    import Glibc
#endif

/// What terminals need: escaped control characters, widths of text, the size of the window.
public enum Terminal {
    /// Whether a descriptor is a terminal.
    public static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// The columns of the window; 100 when it is not known.
    public static var width: Int {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return 100
        }
        return Int(size.ws_col)
    }

    /// The text with control characters made visible, so that what a server says cannot move the
    /// cursor or worse. Line breaks and tabs stay.
    public static func safe(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        var shown = ""
        for scalar in text.unicodeScalars {
            guard isControl(scalar) else {
                shown.unicodeScalars.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            shown += "\\u{" + digits + "}"
        }
        return shown
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x0a, 0x09: false
        case 0..<0x20, 0x7f..<0xa0: true
        // Characters that change the direction of text.
        case 0x202a...0x202e, 0x2066...0x2069: true
        default: false
        }
    }

    /// How many columns a text takes: two for wide characters, none for combining ones.
    public static func columns(of text: String) -> Int {
        text.reduce(0) { sum, character in
            guard let scalar = character.unicodeScalars.first else { return sum }
            return sum + (isWide(scalar) ? 2 : 1)
        }
    }

    private static func isWide(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x1100...0x115f, 0x2e80...0x303e, 0x3041...0xa4cf, 0xac00...0xd7a3, 0xf900...0xfaff,
            0xfe30...0xfe6f, 0xff00...0xff60, 0xffe0...0xffe6, 0x1f300...0x1f64f,
            0x1f900...0x1f9ff, 0x20000...0x3fffd:
            true
        default: false
        }
    }

    /// Fills with spaces, or cuts with an ellipsis.
    static func pad(_ text: String, to width: Int) -> String {
        let used = columns(of: text)
        if used <= width { return text + String(repeating: " ", count: width - used) }
        var cut = ""
        var columns = 0
        for character in text {
            let next = Self.columns(of: String(character))
            if columns + next > width - 1 { break }
            cut.append(character)
            columns += next
        }
        return cut + "…" + String(repeating: " ", count: width - columns - 1)
    }
}
