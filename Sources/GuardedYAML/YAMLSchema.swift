import Yams

/// Works the meaning of merge keys and of the tags of YAML's core schema into the tree, whose readers look
/// at plain and quoted scalars only.
///
/// `!!str 123` becomes the quoted text `"123"`, `!!int "3"` the plain number `3`, and the pairs of `<<` are
/// those of the map that it stands in. Digits after a zero that are not octal (`08`) are a text
/// in YAML 1.1 and a whole number in 1.2, but never a fraction: they are texts. A tag of any other schema is
/// refused, rather than taken for what it is not.
struct YAMLSchema {
    private let text: String

    /// Creates a schema for the documents of a text.
    init(_ text: String) { self.text = text }

    /// The tree with tags and merge keys worked in.
    func applied(to node: Node) throws(YAMLText.Problem) -> Node {
        switch node {
        case .scalar(let scalar): return .scalar(try applied(to: scalar))
        case .sequence(let sequence):
            try refuse(sequence.tag, unless: [.implicit, .nonSpecific, .seq], sequence.mark)
            var items: [Node] = []
            for item in sequence { items.append(try applied(to: item)) }
            return .sequence(
                Node.Sequence(items, .implicit, sequence.style, sequence.mark, sequence.anchor))
        case .mapping(let mapping):
            try refuse(mapping.tag, unless: [.implicit, .nonSpecific, .map], mapping.mark)
            return .mapping(try applied(to: mapping))
        case .alias: return node
        }
    }

    private func problem(_ words: String, _ mark: Mark?) -> YAMLText.Problem {
        YAMLText.Problem(words + (mark.map { " (line \($0.line))" } ?? ""))
    }

    private func refuse(
        _ tag: Tag, unless known: [Tag.Name], _ mark: Mark?
    ) throws(YAMLText.Problem) {
        guard !known.contains(where: { $0.rawValue == tag.rawValue }) else { return }
        throw problem("the tag \(Self.shown(tag)) is not supported here", mark)
    }

    private static func shown(_ tag: Tag) -> String {
        let prefix = "tag:yaml.org,2002:"
        return tag.rawValue.hasPrefix(prefix)
            ? "!!" + tag.rawValue.dropFirst(prefix.count) : tag.rawValue
    }

    // MARK: - Scalars

    private func applied(to scalar: Node.Scalar) throws(YAMLText.Problem) -> Node.Scalar {
        func with(_ style: Node.Scalar.Style, _ string: String? = nil) -> Node.Scalar {
            Node.Scalar(
                string ?? scalar.string, .implicit, style, scalar.mark, scalar.anchor)
        }
        let isQuoted = scalar.style != .plain && scalar.style != .any
        let plain = Node.scalar(with(.plain))
        switch Tag.Name(rawValue: scalar.tag.rawValue) {
        case .implicit:
            let isText = isTagged(scalar) || Self.isPaddedNumber(scalar.string)
            return isText && !isQuoted ? with(.doubleQuoted) : scalar
        case .nonSpecific, .str: return isQuoted ? scalar : with(.doubleQuoted)
        case .int where plain.int != nil: return with(.plain)
        case .float:
            if plain.int != nil { return with(.plain, scalar.string + ".0") }
            if plain.float != nil { return with(.plain) }
        case .bool where plain.bool != nil: return with(.plain)
        case .null where plain.null != nil || scalar.string.isEmpty: return with(.plain, "~")
        case .int, .bool, .null: break
        default: try refuse(scalar.tag, unless: [], scalar.mark)
        }
        // What it holds may be a secret.
        throw problem("a value is not what its tag \(Self.shown(scalar.tag)) says", scalar.mark)
    }

    /// Whether a scalar has the tag `!`, which libyaml reports as none: nothing else begins so.
    private func isTagged(_ scalar: Node.Scalar) -> Bool {
        guard text.contains("!"), let mark = scalar.mark else { return false }
        let lines = text.unicodeScalars.split(
            separator: "\n", maxSplits: mark.line, omittingEmptySubsequences: false)
        guard lines.indices.contains(mark.line - 1) else { return false }
        return lines[mark.line - 1].dropFirst(mark.column - 1).first == "!"
    }

    private static func isPaddedNumber(_ string: String) -> Bool {
        let digits = string.utf8.drop { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "+") }
        return digits.count > 1 && digits.first == UInt8(ascii: "0")
            && digits.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            && digits.contains { $0 >= UInt8(ascii: "8") }
    }

    // MARK: - Merge keys

    private func applied(to mapping: Node.Mapping) throws(YAMLText.Problem) -> Node.Mapping {
        var own: [(Node, Node)] = []
        var merged: [(Node, Node)] = []
        for (key, value) in mapping {
            guard let name = key.scalar, name.string == "<<", name.style == .plain else {
                own.append((try applied(to: key), try applied(to: value)))
                continue
            }
            for source in try sources(value, name.mark) {
                merged += source.map { ($0.key, $0.value) }
            }
        }
        // What stands in the map itself counts more, and of several maps the first.
        var names = Set(own.map(\.0))
        for pair in merged where names.insert(pair.0).inserted { own.append(pair) }
        return Node.Mapping(own, .implicit, mapping.style, mapping.mark, mapping.anchor)
    }

    /// The maps that `<<` names.
    private func sources(_ value: Node, _ mark: Mark?) throws(YAMLText.Problem) -> [Node.Mapping] {
        switch value {
        case .mapping(let mapping): return [try applied(to: mapping)]
        case .sequence(let items):
            var found: [Node.Mapping] = []
            for item in items {
                guard case .mapping(let mapping) = item else { break }
                found.append(try applied(to: mapping))
            }
            guard found.count == items.count else { break }
            return found
        default: break
        }
        throw problem("<< must be a map or a list of maps", mark)
    }
}
