import LuaReference

/// Renders text with semantic styles, in colours if the terminal has them.
public enum StyledText {
    /// The text; with ANSI colours when asked for.
    public static func text(_ text: ReferenceText, isColoured: Bool) -> String {
        guard isColoured else { return Terminal.safe(text.plain) + "\n" }
        return text.lines.map { line in
            line.map { part in
                let shown = Terminal.safe(part.text)
                guard let code = code(part.style), !shown.isEmpty else { return shown }
                return "\u{1b}[\(code)m\(shown)\u{1b}[0m"
            }.joined() + "\n"
        }.joined()
    }

    private static func code(_ style: ReferenceText.Style) -> String? {
        switch style {
        case .plain: nil
        case .title: "1"
        case .name: "36"
        case .type: "33"
        case .faint: "2"
        }
    }
}
