/// Names of values that are secret, wherever people write them: of variables, fields and parameters of
/// URLs.
public enum SecretName {
    /// Words that the name of a secret ends in, without what stands between words.
    private static let words = [
        "apikey", "managementkey", "accesskey", "privatekey", "token", "secret", "password",
        "passphrase", "passwd", "credential", "credentials", "jwt", "authorization",
    ]
    /// Further words at the end of names in URLs, which are short there.
    private static let queryWords = ["key", "signature", "sig", "auth", "pwd", "code", "webhook"]
    /// Words in front of "token" or "key" in the names of places in lists, which are not secret.
    private static let placeWords = [
        "page", "next", "continuation", "cursor", "sync", "idempotency",
    ]

    /// Whether a variable or a field with a name holds a secret.
    public static func isSecret(_ name: some StringProtocol) -> Bool {
        let plain = plain(name)
        return !isPlace(plain)
            && (words.contains { plain.hasSuffix($0) }
                || plain.hasPrefix("secret") || plain.hasPrefix("password"))
    }

    /// Whether a parameter of a URL with a name holds a secret.
    public static func isSecret(parameter name: some StringProtocol) -> Bool {
        let plain = plain(name)
        return isSecret(plain)
            || !isPlace(plain) && queryWords.contains { plain.hasSuffix($0) }
    }

    private static func isPlace(_ plain: String) -> Bool {
        placeWords.contains { plain == $0 + "token" || plain == $0 + "key" }
            || plain.hasSuffix("pagetoken")
    }

    private static func plain(_ name: some StringProtocol) -> String {
        name.lowercased().filter { $0 != "_" && $0 != "-" && $0 != "." }
    }
}
