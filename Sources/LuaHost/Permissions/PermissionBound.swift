import CloudClient
import Codec
import Contract
import GRPCProtocol

/// What one place says that a run may do: the command line, a script's header, a context.
public struct PermissionLayer: Sendable {
    /// Who says so, for messages: `--allow`, `the header of clean.lua`.
    public var source: String
    /// What may be done; nil means everything.
    public var allowed: [PermissionWord]?
    /// What may not be done, whatever else is said.
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

/// What a run may do: what all of its layers allow. Refuses before anything happens, and notes what
/// was used.
public final class PermissionBound: CallGuard {
    /// The layers.
    public private(set) var layers: [PermissionLayer] { didSet { hasRules = asks } }
    /// Told of each use: the word, the method if it is a call, and whether it was refused.
    public var onUse: ((PermissionWord, Method?, Bool) -> Void)? { didSet { hasRules = asks } }
    /// Whether anything is forbidden or noted at all.
    public var isActive: Bool { hasRules || caller.layers != nil }
    /// Whether there is any without libraries.
    private(set) var hasRules = false
    /// What the code that calls may do, when it is a library's; shared with narrower bounds.
    let caller: Caller

    /// Tells what the code that calls may do.
    final class Caller {
        var layers: (() -> [PermissionLayer])?
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

    /// A narrower bound, of one session; what it notes is noted here.
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

    /// What a method needs, in words: its permissions, or for one that asks for none its effect on
    /// its module, as in `write:account`. Public methods need nothing.
    public static func words(of method: Method) -> [PermissionWord] {
        let checked = method.options.checkedPermissions.compactMap { try? PermissionWord($0) }
        if !checked.isEmpty { return checked }
        guard method.options.requiresAuthentication || method.effect != .read else { return [] }
        let module = Names.module(ofPackage: method.service.package).0
        return [
            PermissionWord(
                verb: method.effect.rawValue,
                noun: String(module.map { $0 == "." ? "_" : $0 }))
        ]
    }

    // MARK: - Calls

    public func refusal(of method: Method) -> CallError? {
        guard isActive else { return nil }
        let words = Self.words(of: method)
        let reason = present.lazy.compactMap { $0.reason(against: method, words) }.first
        for word in words { onUse?(word, method, reason != nil) }
        guard let reason else { return nil }
        return Self.error(reason, method)
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

    /// Why something may not be done with this machine; nil when it may.
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
    /// Why a folder may not be removed or renamed with all that is in it; nil when it may.
    func refusalInside(_ folder: String) -> CallError? {
        let base = Paths.resolvedName(folder)
        for layer in layers {
            for word in layer.denied where word.noun == "files" || word.noun == "*" {
                guard let value = word.value else { continue }
                let denied = Paths.resolved(String(value.prefix { $0 != "*" }))
                guard denied.hasPrefix(base + "/") else { continue }
                return Self.error("\(layer.source) forbids \(word), which is inside", nil)
            }
        }
        return nil
    }
}

extension PermissionLayer {
    func denies(_ use: PermissionWord) -> Bool { denied.contains { $0.covers(use) } }

    func allows(_ use: PermissionWord) -> Bool {
        allowed?.contains { $0.covers(use) } ?? true
    }

    /// Whether an account other than the session's may be used.
    fileprivate func allowsAccount(_ use: PermissionWord) -> Bool {
        allowed?.contains { $0.covers(use) } ?? !locksAccount
    }

    /// Why a method may not be called; nil when it may.
    fileprivate func reason(against method: Method, _ words: [PermissionWord]) -> String? {
        if isReadOnly, method.effect != .read {
            return "\(source) allows reading only, and this is a \(method.effect.rawValue)"
        }
        if !mayDelete, method.effect == .delete {
            return "\(source) allows no deletes; a header that does says deletes=true"
        }
        if let word = words.first(where: denies) { return "\(source) forbids \(word)" }
        let missing = words.filter { !allows($0) }
        let isEnough =
            method.options.requiresAllPermissions ? missing.isEmpty : missing.count < words.count
        if words.isEmpty || isEnough { return nil }
        return "\(source) does not allow \(missing.map(\.description).joined(separator: ", "))"
    }
}
