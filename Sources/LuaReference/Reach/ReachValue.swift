/// A kind of value, as far as it matters for what a script can use.
struct ReachAtom: Hashable, Comparable {
    enum Kind: UInt32 {
        case nothing, no, yes, number
        /// Of code that raises an error instead.
        case failure
        /// A string; its number is that of a known text, 0 for any.
        case text
        /// Anything from outside that holds no function: a response, an argument, a decoded text.
        case data
        /// The id of the account that the session or a handle belongs to.
        case ownAccount
        /// An open file of `io`.
        case file
        /// Either data or a method of a handle: a field that was read by a computed name.
        case member
        /// May be any function, or hold any: what `load` gives, a method by a computed name.
        case foreign
        /// `qdrant`, or a connection to elsewhere.
        case connection
        /// A module of `qdrant.api`, by the number of its path.
        case api
        /// A method of the API; that it is used was noted when it was named.
        case method
        /// A table, a closure, a built-in function, by its number.
        case table, closure, native
        /// A handle, or the object of a module, by the number of its class's table.
        case instance
        /// What a generic `for` takes elements from, by the number of its table.
        case iterator
        /// A coroutine, or the function that `coroutine.wrap` gives, by the number of its table.
        case thread
    }

    /// Stands for several ones of a kind.
    static let several = 0x3ff_ffff

    private let bits: UInt32

    init(_ kind: Kind, _ number: Int = 0) {
        bits = kind.rawValue << 26 | UInt32(truncatingIfNeeded: number) & 0x3ff_ffff
    }

    var kind: Kind { Kind(rawValue: bits >> 26) ?? .data }
    /// Which one of its kind.
    var number: Int { Int(bits & 0x3ff_ffff) }

    static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }
}

/// What a place of a program can hold: a set of kinds of values. An empty one is not known yet, or
/// of code that does not return.
struct ReachValue: Hashable {
    /// Sorted.
    private(set) var atoms: [ReachAtom] = []

    /// How many known texts a set keeps apart.
    private static let mostTexts = 8

    init() {}

    init(_ atom: ReachAtom) { atoms = [atom] }

    init(_ kind: ReachAtom.Kind, _ number: Int = 0) { atoms = [ReachAtom(kind, number)] }

    private init(sorted: [ReachAtom]) { atoms = sorted }

    static let nothing = Self(.nothing)
    static let data = Self(.data)
    static let text = Self(.text)
    static let number = Self(.number)
    static let foreign = Self(.foreign)
    static let failure = Self(.failure)
    static let boolean = Self(.no).union(Self(.yes))

    /// The part of it that makes calls different: of several tables, functions or texts only that they are several, since
    /// there may be more of them each time.
    var kinds: Self {
        guard atoms.count > 1 else { return self }
        var kept: [ReachAtom] = []
        for (index, atom) in atoms.enumerated() {
            switch atom.kind {
            case .table, .closure, .native, .text, .iterator, .thread:
                let isOne =
                    (index == 0 || atoms[index - 1].kind != atom.kind)
                    && (index == atoms.count - 1 || atoms[index + 1].kind != atom.kind)
                let shown = isOne ? atom : ReachAtom(atom.kind, ReachAtom.several)
                if kept.last != shown { kept.append(shown) }
            default: kept.append(atom)
            }
        }
        return Self(sorted: kept)
    }

    var isEmpty: Bool { atoms.isEmpty }

    /// Whether a condition may hold with it.
    var canHold: Bool { atoms.contains { Self.holds($0.kind) } }

    /// Whether a condition may fail with it.
    var canFail: Bool { atoms.contains { Self.fails($0.kind) } }

    private static func holds(_ kind: ReachAtom.Kind) -> Bool {
        kind != .nothing && kind != .no && kind != .failure
    }

    private static func fails(_ kind: ReachAtom.Kind) -> Bool {
        switch kind {
        case .nothing, .no, .data, .member, .foreign: true
        default: false
        }
    }

    /// What is left of it when a condition with it holds.
    var held: Self { Self(sorted: atoms.filter { Self.holds($0.kind) }) }

    /// What is left of it when a condition with it fails.
    var failed: Self { Self(sorted: atoms.filter { Self.fails($0.kind) }) }

    func has(_ kind: ReachAtom.Kind) -> Bool { atoms.contains { $0.kind == kind } }

    func filter(_ isKept: (ReachAtom) -> Bool) -> Self { Self(sorted: atoms.filter(isKept)) }

    func union(_ other: Self) -> Self {
        var result = self
        result.add(other)
        return result
    }

    /// Adds what another one has; whether that is more.
    @discardableResult
    mutating func add(_ other: Self) -> Bool {
        if other.atoms.isEmpty || other.atoms == atoms { return false }
        if atoms.isEmpty {
            atoms = other.atoms
            return true
        }
        var merged: [ReachAtom] = []
        merged.reserveCapacity(atoms.count + other.atoms.count)
        var (i, j) = (atoms.startIndex, other.atoms.startIndex)
        while i < atoms.endIndex || j < other.atoms.endIndex {
            if j == other.atoms.endIndex || i < atoms.endIndex && atoms[i] < other.atoms[j] {
                merged.append(atoms[i])
                i += 1
            } else {
                if i < atoms.endIndex, atoms[i] == other.atoms[j] { i += 1 }
                merged.append(other.atoms[j])
                j += 1
            }
        }
        merged = Self.widened(merged)
        guard merged != atoms else { return false }
        atoms = merged
        return true
    }

    /// Any text stands for all known ones, and for too many.
    private static func widened(_ atoms: [ReachAtom]) -> [ReachAtom] {
        var texts = 0
        var hasAny = false
        for atom in atoms where atom.kind == .text {
            texts += 1
            if atom.number == 0 { hasAny = true }
        }
        guard texts > 1, hasAny || texts > mostTexts else { return atoms }
        return (atoms.filter { $0.kind != .text } + [ReachAtom(.text)]).sorted()
    }
}

/// What a call gives, or is given: values by position, and what may follow them.
struct ReachValues: Hashable {
    var first: [ReachValue] = []
    /// What all further ones can be; empty when there are none.
    var rest = ReachValue()
    /// Whether it may be there at all; a call that has not returned yet gives nothing.
    var isKnown = true

    init(_ values: ReachValue..., rest: ReachValue = ReachValue()) {
        first = values
        self.rest = rest
    }

    init(list: [ReachValue], rest: ReachValue = ReachValue()) {
        first = list
        self.rest = rest
    }

    /// Of a call that does not return, as far as is known.
    static var none: Self {
        var values = Self()
        values.isKnown = false
        return values
    }

    subscript(index: Int) -> ReachValue {
        if !isKnown { return ReachValue() }
        if first.indices.contains(index) { return first[index] }
        return rest.isEmpty ? .nothing : rest.union(.nothing)
    }

    /// How many are kept apart.
    private static let most = 16

    /// Makes one of those that are too many.
    mutating func shorten() {
        guard first.count > Self.most else { return }
        for value in first[Self.most...] { rest.add(value) }
        first.removeSubrange(Self.most...)
    }

    /// All of them together.
    var all: ReachValue { first.reduce(into: rest) { $0.add($1) } }

    func dropFirst(_ count: Int) -> Self {
        var values = self
        values.first = Array(first.dropFirst(count))
        return values
    }

    func prepending(_ value: ReachValue) -> Self {
        var values = self
        values.first.insert(value, at: 0)
        values.isKnown = true
        return values
    }

    func union(_ other: Self) -> Self {
        if !isKnown { return other }
        if !other.isKnown { return self }
        var values = self
        values.rest.add(other.rest)
        let count = max(first.count, other.first.count)
        values.first = (0..<count).map { self[$0].union(other[$0]) }
        return values
    }
}
