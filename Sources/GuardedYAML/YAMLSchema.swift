import Yams

/// Works the meaning of merge keys into the tree, and checks tags.
///
/// The pairs of `<<` are those of the map that it stands in. Scalars have the values that ``YAMLScalar``
/// gives them. A tag of any other schema is refused, rather than taken for what it is not.
struct YAMLSchema {
    private let hasMarks: Bool
    private let hasTags: Bool
    /// The lines of the text, when marks or tags must be looked up in them. Arrays: a line may be as long as
    /// the text, with a scalar at every place.
    private let lines: [ArraySlice<Unicode.Scalar>]

    /// Creates a schema for the documents of a text.
    init(_ text: String) {
        hasTags = text.utf8.contains(UInt8(ascii: "!"))
        hasMarks =
            text.utf8.contains(0xef) && text.contains("\u{feff}")
            || text.utf8.contains(UInt8(ascii: "\\")) && text.lowercased().contains("feff")
        lines =
            hasMarks || hasTags
            ? Array(text.unicodeScalars).split(separator: "\n", omittingEmptySubsequences: false)
            : []
    }

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
        throw problem(
            "the tag \(Self.shown(tag)) is not supported; there are !!str, !!int, !!float, !!bool, "
                + "!!null, !!binary, !!map and !!seq", mark)
    }

    private static func shown(_ tag: Tag) -> String {
        let prefix = "tag:yaml.org,2002:"
        return tag.rawValue.hasPrefix(prefix)
            ? "!!" + tag.rawValue.dropFirst(prefix.count) : tag.rawValue
    }

    // MARK: - Scalars

    /// Checks a scalar against its tag, and restores what is lost on the way from libyaml.
    private func applied(to scalar: Node.Scalar) throws(YAMLText.Problem) -> Node.Scalar {
        var scalar = scalar
        if hasMarks, begins(scalar, with: Self.marks) {
            // Foundation takes it for a byte order mark, and drops it.
            scalar.string = "\u{feff}" + scalar.string
        }
        if scalar.style == .plain, hasTags, begins(scalar, with: ["!"]) {
            // libyaml reports the tag `!` as none: nothing else begins so.
            if scalar.tag.rawValue == Tag.Name.implicit.rawValue { scalar.style = .doubleQuoted }
        }
        try refuse(
            scalar.tag,
            unless: [.implicit, .nonSpecific, .str, .int, .float, .bool, .null, .binary],
            scalar.mark
        )
        // Readers say where a plain text has a value that cannot be kept.
        guard scalar.tag.rawValue != Tag.Name.implicit.rawValue else { return scalar }
        do throws(YAMLText.Problem) {
            _ = try YAMLScalar(scalar)
        } catch {
            throw problem(error.description, scalar.mark)
        }
        return scalar
    }

    /// The forms of U+FEFF at the beginning of a scalar.
    private static let marks = [
        "\u{feff}", "'\u{feff}", "\"\u{feff}", "\"\\ufeff", "\"\\U0000feff",
    ]

    /// Whether the text of a scalar, with its tag, begins with one of some texts; letters of any case.
    private func begins(_ scalar: Node.Scalar, with starts: [String]) -> Bool {
        guard let mark = scalar.mark, lines.indices.contains(mark.line - 1) else { return false }
        let rest = lines[mark.line - 1].dropFirst(mark.column - 1).prefix(12)
        var view = String.UnicodeScalarView()
        view.append(contentsOf: rest)
        let start = String(view).lowercased()
        return starts.contains { start.unicodeScalars.starts(with: $0.lowercased().unicodeScalars) }
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
