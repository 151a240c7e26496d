import Contract

/// The permissions that one source gives a run: the command line, a script's header, a context.
public struct PermissionLayer: Sendable {
    /// The name of the source in messages: `--allow`, `the header of clean.lua`.
    public var source: String
    /// Allowed permissions; nil means everything.
    public var allowed: [PermissionWord]?
    /// Denied permissions; they take precedence over the allowed ones.
    public var denied: [PermissionWord] = []
    /// Whether nothing of the cloud may be changed.
    public var isReadOnly = false
    /// Whether things of the cloud may be deleted.
    public var mayDelete = true
    /// Whether only the session's own account may be used.
    public var locksAccount = false

    /// Creates a layer that allows everything.
    public init(source: String) { self.source = source }
}

extension PermissionLayer {
    func denies(_ use: PermissionWord) -> Bool { denied.contains { $0.covers(use) } }

    func allows(_ use: PermissionWord) -> Bool {
        allowed?.contains { $0.covers(use) } ?? true
    }

    /// Whether an account other than the session's may be used.
    func allowsAccount(_ use: PermissionWord) -> Bool {
        allowed?.contains { $0.covers(use) } ?? !locksAccount
    }

    /// Why a method may not be called; nil when it may.
    func reason(against method: Method, _ words: [PermissionWord]) -> String? {
        if isReadOnly, method.effect != .read {
            return "\(source) allows reading only, but this is a \(method.effect.rawValue)"
        }
        if !mayDelete, method.effect == .delete {
            return "\(source) allows no deletes; a header allows them with deletes=true"
        }
        if let word = words.first(where: denies) { return "\(source) forbids \(word)" }
        let missing = words.filter { !allows($0) }
        let isEnough =
            method.options.requiresAllPermissions ? missing.isEmpty : missing.count < words.count
        if words.isEmpty || isEnough { return nil }
        return "\(source) does not allow \(missing.map(\.description).joined(separator: ", "))"
    }
}
