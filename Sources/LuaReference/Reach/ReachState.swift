import Contract
import LuaSource
import Synchronization

/// Finds the file of a module that a script uses, itself or through other modules: its name and text;
/// nil when there is none.
public typealias ModuleResolver = (_ module: String, _ script: String) -> (
    file: String, source: [UInt8]
)?

/// Something that could not be followed.
public struct UnknownUse: Sendable, Hashable {
    public let file: String
    public let position: Position
    /// The action, as a sentence without its subject: `calls a function that comes from data`.
    public let reason: String
}

/// The state of the interpreter: tables, calls, texts and results.
class ReachState {
    struct Site: Hashable {
        let call: Int
        let offset: Int
        let tag: Int
    }

    struct Look: Hashable {
        let atom: ReachAtom
        let key: ReachValue
        let isWritten: Bool
    }

    struct Calling: Hashable {
        let atom: ReachAtom
        let arguments: ReachValues
    }

    struct CallKey: Hashable {
        let closure: Int
        let arguments: [ReachValue]
        let rest: ReachValue
    }

    /// The maximum number of evaluations of one function; further calls share one.
    static let mostCalls = 24
    /// The maximum depth of immediate evaluation; deeper calls are scheduled.
    static let depth = 16
    /// How many expressions are looked at before the check gives up.
    static let mostSteps = 1_500_000
    /// How many calls and lookups may be under way; what leads deeper is unknown.
    static let deepest = 200

    let registry: Registry
    /// The permissions that a host function can need, by its name: `fs_read`.
    let powers: (String) -> [String]
    let resolve: ModuleResolver
    /// The script's file.
    var script = ""

    // MARK: Results

    private(set) var methods: [String: (method: Method, place: ReachPlace)] = [:]
    private(set) var words: [String: ReachPlace] = [:]
    private(set) var unknown: Set<UnknownUse> = []

    // MARK: Values

    var calls: [ReachCall] = []
    var tables: [ReachTable] = []
    var sites: [Site: Int] = [:]
    var namedTables: [String: Int] = [:]
    var closures: [ReachClosure] = []
    var closureNumbers: [Site: Int] = [:]
    var callNumbers: [CallKey: Int] = [:]
    /// The number of evaluations of a function, by its file and place.
    var callCounts: [Site: Int] = [:]
    var texts: [String] = [""]
    private var textNumbers: [String: Int] = [:]
    var modules: [String: ReachCell] = [:]
    var files: [String: ReachFile] = [:]
    private var apiModules: [String: APIModules.Module?] = [:]
    /// Values that are stored in fields of data from outside.
    let dataFields = ReachTable()
    let thrown = ReachCell()
    let yielded = ReachCell()
    let resumed = ReachCell()
    let connectionFields = ReachTable()
    /// Has a value once the script opens sessions of its own.
    let hasSessions = ReachCell()
    /// Has something as soon as there is data that is not the cloud's answer as it came.
    let hasOtherData = ReachCell()

    // MARK: The present place

    var present: ReachCall?
    /// Whether unknown values may be anything.
    var isLast = false
    var queue: [ReachCall] = []
    var level = 0
    /// How many expressions were looked at.
    var steps = 0
    /// How many calls are under way, those of functions that are built in as well.
    var nesting = 0
    /// What metatables are looked up for at present: each value and key once.
    var looked: Set<Look> = []
    /// The calls under way of built-in functions and of tables.
    var calling: Set<Calling> = []

    init(
        registry: Registry, powers: @escaping (String) -> [String],
        resolve: @escaping ModuleResolver
    ) {
        self.registry = registry
        self.powers = powers
        self.resolve = resolve
    }

    /// Whether as much was looked at as a script is worth.
    var isSpent: Bool { steps >= Self.mostSteps }

    func enqueue(_ call: ReachCall) {
        guard !call.isQueued else { return }
        call.isQueued = true
        queue.append(call)
    }

    // MARK: - Notes

    /// The present place in the script's own files, or the one that led here.
    func place(_ position: Position) -> ReachPlace {
        guard let present else {
            return ReachPlace(file: script, position: position)
        }
        return present.file.isStandard
            ? present.origin : ReachPlace(file: present.file.name, position: position)
    }

    func note(_ method: Method, at position: Position) {
        if methods[method.displayName] == nil {
            methods[method.displayName] = (method, place(position))
        }
    }

    func note(word: String, at position: Position) {
        if words[word] == nil { words[word] = place(position) }
    }

    func noteUnknown(_ reason: String, at position: Position) {
        let place = place(position)
        unknown.insert(
            UnknownUse(file: place.file, position: place.position, reason: reason))
    }

    // MARK: - Texts

    func text(_ text: String) -> ReachValue {
        if let known = textNumbers[text] { return ReachValue(.text, known) }
        textNumbers[text] = texts.count
        texts.append(text)
        return ReachValue(.text, texts.count - 1)
    }

    /// The texts of a value; nil unless it consists of known texts.
    func knownTexts(_ value: ReachValue) -> [String]? {
        var found: [String] = []
        for atom in value.atoms {
            guard atom.kind == .text, atom.number > 0 else { return nil }
            found.append(texts[atom.number])
        }
        return found.isEmpty ? nil : found
    }

    func name(of atom: ReachAtom) -> String { texts[atom.number] }

    func native(_ name: String) -> ReachValue {
        ReachValue(.native, text(name).atoms[0].number)
    }

    func api(_ path: String) -> ReachValue { ReachValue(.api, text(path).atoms[0].number) }

    func apiModule(_ path: String) -> APIModules.Module? {
        if let known = apiModules[path] { return known }
        let found = (try? APIModules(registry: registry).module(path)) ?? nil
        apiModules[path] = .some(found)
        return found
    }

    // MARK: - Files

    private static let parsed = Mutex<[String: [Statement]]>([:])

    /// The code of a file of the standard library, which is parsed once.
    static func standardBody(_ module: String) -> [Statement]? {
        if let known = parsed.withLock({ $0[module] }) { return known }
        guard let file = StandardLibrary.file(of: module),
            let body = try? Parser.parse(Array(file.text))
        else { return nil }
        parsed.withLock { $0[module] = body }
        return body
    }
}
