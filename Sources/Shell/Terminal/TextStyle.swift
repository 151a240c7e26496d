/// What a part of a line is, for its colour.
enum TextStyle: UInt8, Sendable {
    case plain
    case keyword
    case string
    case number
    case comment
    /// A name that Lua or the host gives: `print`, `qdrant`, `task`.
    case builtin
    /// A bracket and its partner, when the cursor is at one of them.
    case match
    /// A bracket without a partner.
    case problem
    /// What is only good to know.
    case faint
    case bold
    case good
    case warning
    case danger
    case accent

    /// The parameters of ANSI's SGR sequence; nil for text as it is.
    var code: String? {
        switch self {
        case .plain: nil
        case .keyword: "35"
        case .string: "32"
        case .number: "36"
        case .comment, .faint: "2"
        case .builtin: "34"
        case .match: "1;4"
        case .problem, .danger: "31"
        case .bold: "1"
        case .good: "32"
        case .warning: "33"
        case .accent: "36"
        }
    }
}

/// Text in one style.
struct StyledSpan: Sendable, Equatable {
    var text: String
    var style: TextStyle
    /// Another colour than the style's, as SGR parameters: what a person chose.
    var code: String?

    init(_ text: String, _ style: TextStyle = .plain, code: String? = nil) {
        self.text = text
        self.style = style
        self.code = code
    }

    /// The text with its escape sequences; without, where colour is off.
    func rendered(isColoured: Bool) -> String {
        guard isColoured, let code = code ?? style.code, !text.isEmpty else { return text }
        return "\u{1b}[\(code)m\(text)\u{1b}[0m"
    }
}
