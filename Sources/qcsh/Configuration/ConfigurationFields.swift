import Contract
import GuardedYAML
import Yams

/// A map of a configuration file, read by the names of its values. Unknown names and values of a
/// wrong type are errors: if they were ignored, a misspelt `read_only` would protect nothing.
struct ConfigurationFields {
    /// How strictly a file is read.
    enum Ownership {
        /// qcsh's own: every name must be known.
        case own
        /// Another program's: it may have names of its own, and numbers where texts are meant.
        case foreign
    }

    private struct Entry {
        let name: String
        let line: Int
        let node: Node
    }

    /// The file's path.
    let file: String
    let ownership: Ownership
    /// What the map describes, for messages: `context "prod"`; empty at the top level.
    var place: String
    private let line: Int
    private let entries: [Entry]

    /// Names of values that are secret, which no message quotes.
    private static let secrets: Set<String> = ["api_key", "token"]
    /// The prefix of names that are free for other uses.
    private static let freePrefix = "x-"

    /// Reads a node as a map.
    init(
        _ node: Node, file: String, ownership: Ownership, place: String = ""
    ) throws(CommandError) {
        self.file = file
        self.ownership = ownership
        self.place = place
        line = node.mark?.line ?? 1
        guard case .mapping(let pairs) = node else {
            let subject = place.isEmpty ? "the top level" : place
            throw CommandError(
                "\(file):\(line): \(subject) must be a map, got \(Self.typeName(node))")
        }
        entries = pairs.map { key, value in
            Entry(
                name: key.scalar?.string ?? "", line: key.mark?.line ?? value.mark?.line ?? 1,
                node: value)
        }
    }

    /// An error about the map, or about one of its values.
    func problem(_ words: String, at name: String? = nil) -> CommandError {
        let line = name.flatMap { name in entry(name)?.line } ?? self.line
        return CommandError(
            "\(file):\(line): " + (place.isEmpty ? "" : place + ": ") + words)
    }

    private func entry(_ name: String) -> Entry? { entries.first { $0.name == name } }

    /// The node of a value; nil when there is none.
    func node(_ name: String) -> Node? { entry(name)?.node }

    /// Refuses names that are not known.
    ///
    /// - Parameters:
    ///   - known: the names that this map may have.
    ///   - guards: those of them that protect something; a misspelling of one is an error even in
    ///     another program's file.
    func refuse(otherThan known: [String], guards: [String] = []) throws(CommandError) {
        for entry in entries where !known.contains(entry.name) {
            if entry.name.hasPrefix(Self.freePrefix) { continue }
            let hint =
                ownership == .own
                ? Names.hint(for: entry.name, among: known)
                : Names.suggestion(Names.nearest(to: entry.name, in: guards))
            if hint.isEmpty { continue }
            throw problem("unknown key \"\(entry.name)\"\(hint)", at: entry.name)
        }
    }

    /// A text; nil when there is none.
    func text(_ name: String) throws(CommandError) -> String? {
        guard let entry = entry(name) else { return nil }
        guard case .scalar(let scalar) = entry.node else {
            throw problem("\(name) must be a string, got \(Self.typeName(entry.node))", at: name)
        }
        let value = scalar.string
        let kind = Self.typeName(entry.node)
        if ownership == .foreign {
            return kind == "nothing" || value.isEmpty ? nil : value
        }
        guard kind == "a string" else {
            throw problem(
                "\(name) must be a string, got \(kind)"
                    + (kind == "nothing"
                        ? "; give it a value, or delete the line"
                        : Self.secrets.contains(name)
                            ? "; write it in quotes" : "; write it in quotes: \"\(value)\""),
                at: name)
        }
        guard !value.isEmpty else {
            throw problem("\(name) is empty; give it a value, or delete the line", at: name)
        }
        return value
    }

    /// A flag, false when there is none.
    func flag(_ name: String) throws(CommandError) -> Bool {
        guard let node = node(name) else { return false }
        guard case .flag(let flag)? = Self.scalar(node) else {
            throw problem(
                "\(name) must be true or false, got \(Self.typeName(node))", at: name)
        }
        return flag
    }

    /// A whole number of a range; nil when there is none.
    func count(_ name: String, in range: ClosedRange<Int>) throws(CommandError) -> Int? {
        guard let node = node(name) else { return nil }
        guard case .integer(let integer)? = Self.scalar(node), let number = Int(exactly: integer),
            range.contains(number)
        else {
            let kind = Self.typeName(node)
            let got = kind == "a number" ? node.scalar?.string ?? kind : kind
            throw problem(
                "\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound), "
                    + "got \(got)", at: name)
        }
        return number
    }

    /// A map; nil when there is none.
    func map(_ name: String) throws(CommandError) -> ConfigurationFields? {
        guard let node = node(name) else { return nil }
        return try ConfigurationFields(
            node, file: file, ownership: ownership,
            place: place.isEmpty ? name : "\(place): \(name)")
    }

    /// A list of maps; empty when there is none.
    ///
    /// - Parameter item: the word for an item.
    func maps(_ name: String, of item: String) throws(CommandError) -> [ConfigurationFields] {
        guard let node = node(name) else { return [] }
        // A key without a value is an empty list.
        if Self.scalar(node) == .null { return [] }
        guard case .sequence(let items) = node else {
            throw problem(
                "\(name) must be a list, got \(Self.typeName(node)); begin each \(item) with \"- \"",
                at: name)
        }
        var maps: [ConfigurationFields] = []
        for (index, node) in items.enumerated() {
            maps.append(
                try ConfigurationFields(
                    node, file: file, ownership: ownership, place: "\(name)[\(index)]"))
        }
        return maps
    }

    /// The value of a scalar; nil for a collection, and for a number that cannot be kept.
    private static func scalar(_ node: Node) -> YAMLScalar? {
        guard case .scalar(let scalar) = node else { return nil }
        return try? YAMLScalar(scalar)
    }

    /// The kind of a value, in words.
    private static func typeName(_ node: Node) -> String {
        switch node {
        case .mapping: "a map"
        case .sequence: "a list"
        case .alias: "an alias"
        case .scalar:
            switch scalar(node) {
            case .null?: "nothing"
            case .flag?: "a boolean"
            case .integer?, .number?: "a number"
            case .text?: "a string"
            case .bytes?: "bytes"
            // One that is too large.
            case nil: "a number"
            }
        }
    }
}
