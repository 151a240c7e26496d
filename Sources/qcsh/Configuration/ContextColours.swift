/// The colours that a context may have in the prompt.
enum ContextColours {
    /// Colours of contexts as SGR parameters: they are to be seen.
    static let codes = [
        "black": "30", "red": "1;37;41", "green": "32", "yellow": "30;43", "blue": "34",
        "magenta": "35", "cyan": "36", "white": "37",
    ]
}
