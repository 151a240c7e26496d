/// A kind of value, as far as the analysis distinguishes it.
struct ReachAtom: Hashable, Comparable {
    enum Kind: UInt32 {
        case nothing, no, yes, number
        /// The value of code that raises an error.
        case failure
        /// A string; its number is that of a known text, 0 for any.
        case text
        /// Data from outside without functions: a response, an argument, a decoded text.
        case data
        /// The id of the account that the session or a handle belongs to.
        case ownAccount
        /// An open file of `io`.
        case file
        /// Either data or a method of a handle: a field that was read by a computed name.
        case member
        /// Any function, or a value that contains one: the result of `load`, a method with a
        /// computed name.
        case foreign
        /// `qdrant`, or a connection to elsewhere.
        case connection
        /// A module of `qdrant.api`, by the number of its path.
        case api
        /// A method of the API, whose use was noted when its name was read.
        case method
        /// A table, a closure, a built-in function, by its number.
        case table, closure, native
        /// A handle, or the object of a module, by the number of its class's table.
        case instance
        /// An iterator of a generic `for`, by the number of its table.
        case iterator
        /// A coroutine, or the function that `coroutine.wrap` gives, by the number of its table.
        case thread
    }

    /// Represents several values of a kind.
    static let several = 0x3ff_ffff

    private let bits: UInt32

    init(_ kind: Kind, _ number: Int = 0) {
        bits = kind.rawValue << 26 | UInt32(truncatingIfNeeded: number) & 0x3ff_ffff
    }

    var kind: Kind { Kind(rawValue: bits >> 26) ?? .data }
    /// The number within its kind.
    var number: Int { Int(bits & 0x3ff_ffff) }

    static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }
}

/// The possible values of a place: a set of kinds. An empty set is unknown yet, or the result of
/// code that does not return.
struct ReachValue: Hashable {
    /// Sorted.
    private(set) var atoms: [ReachAtom] = []

    /// The maximum number of known texts in a set.
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

    /// The part that distinguishes calls. Several tables, functions or texts count as one, since
    /// their number may grow.
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

    /// Whether it may be true as a condition.
    var canHold: Bool { atoms.contains { Self.holds($0.kind) } }

    /// Whether it may be false as a condition.
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

    /// Returns the part that is true as a condition.
    var held: Self { Self(sorted: atoms.filter { Self.holds($0.kind) }) }

    /// Returns the part that is false as a condition.
    var failed: Self { Self(sorted: atoms.filter { Self.fails($0.kind) }) }

    func has(_ kind: ReachAtom.Kind) -> Bool { atoms.contains { $0.kind == kind } }

    func filter(_ isKept: (ReachAtom) -> Bool) -> Self { Self(sorted: atoms.filter(isKept)) }

    func union(_ other: Self) -> Self {
        var result = self
        result.add(other)
        return result
    }

    /// Adds another value; returns whether that changed this one.
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

    /// Any text includes all known ones, and replaces them if they are too many.
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

/// The arguments or results of a call: values by position, and the value of further ones.
struct ReachValues: Hashable {
    var first: [ReachValue] = []
    /// The value of all further ones; empty if there are none.
    var rest = ReachValue()
    /// Whether there may be such values; a call that has not returned has none.
    var isKnown = true

    init(_ values: ReachValue..., rest: ReachValue = ReachValue()) {
        first = values
        self.rest = rest
    }

    init(list: [ReachValue], rest: ReachValue = ReachValue()) {
        first = list
        self.rest = rest
    }

    /// The results of a call that is not known to return.
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

    /// The maximum number of values by position.
    private static let most = 16

    /// Merges the values beyond the maximum.
    mutating func shorten() {
        guard first.count > Self.most else { return }
        for value in first[Self.most...] { rest.add(value) }
        first.removeSubrange(Self.most...)
    }

    /// The union of all values.
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
