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
    /// What is done there, as a sentence without its subject: `calls a function that comes from data`.
    public let reason: String
}

/// What a script can use at most: each method of the API and each power over this machine.
///
/// The script, its modules and the standard library are interpreted over kinds of values instead
/// of values: tables by the places that make them, functions with what they have captured, and
/// everything from outside as one. Branches are taken unless a condition is known; what a variable
/// holds is everything that is assigned to it anywhere. A function is looked at once for each
/// combination of kinds of arguments, so that `create { wait = true }` and `create {}` differ. That
/// goes on until nothing is new.
final class ReachAnalysis {
    struct Site: Hashable {
        let call: Int
        let offset: Int
        let tag: Int
    }

    struct CallKey: Hashable {
        let closure: Int
        let arguments: [ReachValue]
        let rest: ReachValue
    }

    /// How many kinds of calls of one function are kept apart; further ones are one.
    static let mostCalls = 24
    /// How deep calls are followed at once; deeper ones wait for their turn.
    static let depth = 16

    let registry: Registry
    /// The permissions that a host function can need, by its name: `fs_read`.
    let powers: (String) -> [String]
    let resolve: ModuleResolver
    /// The script's file.
    private var script = ""

    // MARK: What is found

    private(set) var methods: [String: (method: Method, place: ReachPlace)] = [:]
    private(set) var words: [String: ReachPlace] = [:]
    private(set) var unknown: Set<UnknownUse> = []

    // MARK: What is known

    var calls: [ReachCall] = []
    var tables: [ReachTable] = []
    var sites: [Site: Int] = [:]
    var namedTables: [String: Int] = [:]
    var closures: [ReachClosure] = []
    var closureNumbers: [Site: Int] = [:]
    var callNumbers: [CallKey: Int] = [:]
    /// How many calls of a function there are, by its file and place.
    var callCounts: [Site: Int] = [:]
    var texts: [String] = [""]
    private var textNumbers: [String: Int] = [:]
    var modules: [String: ReachCell] = [:]
    private var files: [String: ReachFile] = [:]
    private var apiModules: [String: APIModules.Module?] = [:]
    /// What is stored in fields of what comes from outside.
    let dataFields = ReachTable()
    let thrown = ReachCell()
    let yielded = ReachCell()
    let resumed = ReachCell()
    let connectionFields = ReachTable()
    /// Has something as soon as the script opens sessions of its own.
    let hasSessions = ReachCell()

    // MARK: Where it is

    var present: ReachCall?
    /// Whether what nothing is known of may be anything.
    var isLast = false
    private var queue: [ReachCall] = []
    var level = 0

    init(
        registry: Registry, powers: @escaping (String) -> [String],
        resolve: @escaping ModuleResolver
    ) {
        self.registry = registry
        self.powers = powers
        self.resolve = resolve
    }

    /// Finds what a script can use.
    ///
    /// - Parameter isLibrary: whether others call the functions that it returns.
    func run(_ body: [Statement], file name: String, isLibrary: Bool) {
        script = name
        let file = ReachFile(name, module: nil, isStandard: false, number: files.count)
        files[name] = file
        let start = ReachPlace(file: name, position: .start)
        let closure = chunk(body, file)
        let call = ReachCall(calls.count, closure, origin: start)
        calls.append(call)
        write(call.moreVarargs, .data)
        evaluate(call)
        drain()
        if isLibrary {
            present = call
            callAll(call.results.first?.value ?? ReachValue())
            present = nil
            drain()
        }
        // What nothing is known of now is of code that cannot be followed, or does not return: it
        // counts as anything from here on.
        isLast = true
        for call in calls { enqueue(call) }
        drain()
    }

    /// Calls the functions of a module, and of tables in it, with values from outside.
    private func callAll(_ module: ReachValue) {
        var seen: Set<ReachAtom> = []
        var open = module.atoms
        while let atom = open.popLast() {
            guard seen.insert(atom).inserted else { continue }
            switch atom.kind {
            case .closure: _ = call(closure: atom.number, ReachValues(rest: .data), at: .start)
            case .table: open += tables[atom.number].all.value.atoms
            default: break
            }
        }
    }

    private func drain() {
        // First come, first served: what grows in several places is looked at once.
        var position = 0
        while position < queue.count {
            let next = queue[position]
            position += 1
            if next.isQueued { evaluate(next) }
            if position > 1000 {
                queue.removeFirst(position)
                position = 0
            }
        }
        queue = []
    }

    func enqueue(_ call: ReachCall) {
        guard !call.isQueued else { return }
        call.isQueued = true
        queue.append(call)
    }

    // MARK: - Notes

    /// The place in the script's own files that is looked at, or has led here.
    func place(_ position: Position) -> ReachPlace {
        guard let present else {
            return ReachPlace(file: "", position: position)
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

    /// The texts that a value is, if all that it can be is known.
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
    private static func standardBody(_ module: String) -> [Statement]? {
        if let known = parsed.withLock({ $0[module] }) { return known }
        guard let file = StandardLibrary.file(of: module),
            let body = try? Parser.parse(Array(file.text))
        else { return nil }
        parsed.withLock { $0[module] = body }
        return body
    }

    private func chunk(_ body: [Statement], _ file: ReachFile) -> ReachClosure {
        makeClosure(.chunk(body), file: file, offset: -1, scope: ReachScope(nil), call: -1)
    }

    /// What a file of the standard library returns; nil when there is none of the name.
    func standardModule(_ name: String) -> ReachValue? {
        if let known = modules[name] { return read(known) }
        guard let body = Self.standardBody(name) else { return nil }
        let file = ReachFile(name, module: name, isStandard: true, number: files.count)
        files[name] = file
        return load(body, file, name, host: ReachValue(.table, libraryTable("host")))
    }

    /// What `require` gives for the script's own files; nil when there is none of the name.
    func ownModule(_ name: String) -> ReachValue? {
        guard let found = resolve(name, script) else { return nil }
        if let known = modules[found.file] { return read(known) }
        guard let body = try? Parser.parse(found.source) else { return .data }
        let file = ReachFile(found.file, module: name, isStandard: false, number: files.count)
        files[found.file] = file
        return load(body, file, found.file, host: .text)
    }

    private func load(
        _ body: [Statement], _ file: ReachFile, _ key: String, host: ReachValue
    ) -> ReachValue {
        let cell = ReachCell()
        modules[key] = cell
        let origin =
            present.map { $0.origin }
            ?? ReachPlace(file: file.name, position: .start)
        let call = ReachCall(calls.count, chunk(body, file), origin: origin)
        calls.append(call)
        write(call.moreVarargs, .text)
        call.varargs = [ReachCell()]
        write(call.varargs[0], host)
        call.results = [cell]
        // It is followed to its end at once: what it makes is needed by what comes after it.
        evaluate(call)
        return read(cell)
    }
}
