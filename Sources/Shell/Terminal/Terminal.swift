import Glibc
import LuaHost

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

    /// The size of the window that a descriptor writes to; 80 × 24 when it is not known.
    static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0, size.ws_row > 0
        else { return (80, 24) }
        return (Int(size.ws_col), Int(size.ws_row))
    }

    /// Whether a terminal can move its cursor.
    static var movesItsCursor: Bool {
        guard let name = getenv("TERM").map({ String(cString: $0) }) else { return false }
        return !["", "dumb", "unknown", "emacs"].contains(name)
    }

    /// The text with control characters made visible, so that what a server says cannot move the
    /// cursor or worse. Line breaks and tabs stay.
    public static func safe(_ text: String) -> String { TerminalText.safe(text) }

    /// Whether a character steers a terminal, or changes the direction of text.
    static func isControl(_ scalar: Unicode.Scalar) -> Bool { TerminalText.isControl(scalar) }

    /// Fills with spaces, or cuts with an ellipsis.
    static func pad(_ text: String, to width: Int) -> String {
        let cut = TextWidth.cut(text, to: width)
        return cut + String(repeating: " ", count: max(0, width - TextWidth.columns(of: cut)))
    }
}
