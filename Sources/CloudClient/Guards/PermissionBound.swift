import Contract
import GRPCProtocol

/// The permissions of a run: those that all of its layers allow. Refuses an action before it
/// happens and records every use.
public final class PermissionBound: CallGuard {
    /// The layers.
    public private(set) var layers: [PermissionLayer] { didSet { hasRules = asks } }
    /// Called for each use: the permission, the method if it is a call, and whether it was refused.
    public var onUse: ((PermissionWord, Method?, Bool) -> Void)? { didSet { hasRules = asks } }
    /// Whether anything is forbidden or noted at all.
    public var isActive: Bool { hasRules || caller.layers != nil }
    /// Whether there is any without libraries.
    package private(set) var hasRules = false
    /// The permissions of the calling code, if it is a library's; shared with narrower bounds.
    package let caller: Caller

    /// Provides the permissions of the calling code.
    package final class Caller {
        package var layers: (() -> [PermissionLayer])?
    }

    /// Creates a bound.
    public init(_ layers: [PermissionLayer]) {
        self.layers = layers
        caller = Caller()
        hasRules = asks
    }

    private init(_ layers: [PermissionLayer], caller: Caller) {
        self.layers = layers
        self.caller = caller
        hasRules = asks
    }

    /// The layers that count for what is asked now.
    private var present: [PermissionLayer] {
        guard let more = caller.layers?(), !more.isEmpty else { return layers }
        return layers + more
    }

    /// Makes the bound narrower.
    public func add(_ layer: PermissionLayer) { layers.append(layer) }

    /// A narrower bound for one session; its uses are recorded here, too.
    public func narrowed(by layer: PermissionLayer) -> PermissionBound {
        let narrower = PermissionBound(layers + [layer], caller: caller)
        narrower.onUse = onUse
        return narrower
    }

    private var asks: Bool {
        onUse != nil
            || layers.contains {
                $0.allowed != nil || !$0.denied.isEmpty || $0.isReadOnly || !$0.mayDelete
                    || $0.locksAccount
            }
    }

    /// The permissions that a method requires. If the API requires none, a change needs its effect
    /// on its module, as in `write:account`, and a read needs none.
    public static func words(of method: Method) -> [PermissionWord] {
        method.neededPermissions.compactMap { try? PermissionWord($0) }
    }

    // MARK: - Calls

    public func refusal(of method: Method) -> CallError? {
        guard isActive else { return nil }
        let words = Self.words(of: method)
        let layers = present
        let reason = layers.lazy.compactMap { $0.reason(against: method, words) }.first
        for word in Self.used(words, of: method, by: layers) { onUse?(word, method, reason != nil) }
        guard let reason else { return nil }
        return Self.error(reason, method)
    }

    /// The permissions that a call uses: all that its method requires, or if one of several is
    /// enough, the first that every layer allows.
    private static func used(
        _ words: [PermissionWord], of method: Method, by layers: [PermissionLayer]
    ) -> [PermissionWord] {
        guard !method.options.requiresAllPermissions, let first = words.first else { return words }
        return [words.first { word in layers.allSatisfy { $0.allows(word) } } ?? first]
    }

    public func refusal(of method: Method, account: String, own: String?) -> CallError? {
        guard isActive, account != own else { return nil }
        // What is no id may be anything, a secret by mistake, too: it is not repeated.
        let isID = account.count == 36 && account.allSatisfy { $0.isHexDigit || $0 == "-" }
        let shown = isID ? account : "(no id)"
        let use = PermissionWord(verb: "use", noun: "accounts", value: shown)
        let layer = present.first { $0.denies(use) || !$0.allowsAccount(use) }
        onUse?(use, method, layer != nil)
        guard let layer else { return nil }
        return Self.error(
            "account \(shown) is not the session's\(own.map { " (\($0))" } ?? ""), and "
                + "\(layer.source) does not allow \(use)", method)
    }

    private static func error(_ reason: String, _ method: Method?) -> CallError {
        var error = CallError(.permissionDenied, reason, origin: .bound)
        if let method { error.method = method.displayName }
        return error
    }

    // MARK: - This machine

    /// Why an action on this machine is not allowed; nil if it is.
    ///
    /// - Parameters:
    ///   - word: one of ``PermissionWord/localWords``, for example `read:files`.
    ///   - value: which file, variable, program or host.
    ///   - isAboutName: whether a file's name is changed rather than what it leads to.
    public func refusal(
        of word: String, _ value: String, isAboutName: Bool = false
    ) -> CallError? {
        guard isActive else { return nil }
        let sides = word.split(separator: ":")
        var shown = value
        if sides[1] == "files" {
            shown = isAboutName ? Paths.resolvedName(value) : Paths.resolved(value)
        }
        let use = PermissionWord(verb: String(sides[0]), noun: String(sides[1]), value: shown)
        // A program is denied by its name wherever it is; it is allowed as it is written.
        var known = [use]
        if sides[1] == "processes", let name = value.split(separator: "/").last {
            known.append(PermissionWord(verb: "run", noun: "processes", value: String(name)))
        }
        func denies(_ layer: PermissionLayer) -> Bool { known.contains(where: layer.denies) }
        let layer = present.first { denies($0) || !$0.allows(use) }
        onUse?(use, nil, layer != nil)
        guard let layer else { return nil }
        let how = denies(layer) ? "forbids" : "does not allow"
        return Self.error("\(layer.source) \(how) \(use)", nil)
    }
}

extension PermissionBound {
    /// Why a directory may not be deleted or renamed with its contents; nil if it may.
    package func refusalInside(_ folder: String) -> CallError? {
        let base = Paths.resolvedName(folder)
        for layer in layers {
            for word in layer.denied where word.noun == "files" || word.noun == "*" {
                guard let value = word.value else { continue }
                let denied = Paths.resolved(String(value.prefix { $0 != "*" }))
                guard denied.hasPrefix(base + "/") else { continue }
                return Self.error("\(layer.source) forbids \(word), which is inside it", nil)
            }
        }
        return nil
    }
}
