import CYaml
import Foundation

/// Changes single values of a YAML or JSON text. Everything else stays as it was written: comments,
/// order, quotes, indentation.
///
/// Each change is checked: the changed text is parsed again, and must differ in meaning by the
/// change only.
public struct YAMLEditor {
    /// A scalar to write.
    public enum Scalar: Equatable, Sendable {
        case text(String)
        case flag(Bool)
        case integer(Int)
    }

    /// A step of a path to a value.
    public enum Step: Equatable, Sendable {
        case key(String)
        case index(Int)
    }

    /// The text.
    public var text: String { mark + body }
    /// The byte order mark that the text begins with, if it does.
    private let mark: String
    private var body: String
    private var scalars: [Unicode.Scalar]
    private var root: YAMLOutline?

    /// Reads a text.
    ///
    /// - Throws: a ``YAMLText/Problem`` when it is not one document of YAML.
    public init(_ text: String) throws(YAMLText.Problem) {
        body = YAMLText.withoutMark(text)
        mark = body.unicodeScalars.count < text.unicodeScalars.count ? "\u{FEFF}" : ""
        scalars = Array(body.unicodeScalars)
        root = try YAMLOutline.read(body)
    }

    /// Why a change was not made.
    private static let unsuitable = YAMLText.Problem(
        "its form does not allow this change without others; edit it by hand")

    // MARK: - Changes

    /// Sets a key of a map; nil removes it.
    ///
    /// - Throws: a ``YAMLText/Problem`` when that cannot be done without changing anything else.
    public mutating func set(
        _ key: String, to value: Scalar?, in path: [Step] = []
    ) throws(YAMLText.Problem) {
        var expected = try plain()
        guard expected.change(path, { $0.set(key, value.map(PlainValue.init)) }) else {
            throw Self.unsuitable
        }
        guard let value else {
            if let change = try removal(of: key, in: path) { try apply(change, expected) }
            return
        }
        try apply(try setting(key, value, path), expected)
    }

    /// Appends a map to a list at the top level, which is made when it does not exist.
    ///
    /// - Throws: a ``YAMLText/Problem`` when that cannot be done without changing anything else.
    public mutating func append(
        _ fields: [(key: String, value: Scalar)], to list: String
    ) throws(YAMLText.Problem) {
        var expected = try plain()
        let item = PlainValue.map(
            Dictionary(
                fields.map { ($0.key, PlainValue($0.value)) }, uniquingKeysWith: { _, last in last }
            ))
        guard expected.change([], { $0.append(item, to: list) }) else { throw Self.unsuitable }
        try apply(try appending(fields, list), expected)
    }

    /// Removes an item of a list at the top level.
    ///
    /// - Throws: a ``YAMLText/Problem`` when that cannot be done without changing anything else.
    public mutating func remove(
        item index: Int, of list: String
    ) throws(YAMLText.Problem) {
        var expected = try plain()
        guard expected.change([.key(list)], { $0.remove(at: index) }),
            let found = outline([.key(list)]), case .sequence(let items, let isFlow) = found.kind,
            items.indices.contains(index)
        else { throw Self.unsuitable }
        let item = items[index]
        if isFlow {
            try apply(
                Change(removing: separated(items.map { ($0.start, $0.end) }, index)), expected)
        } else {
            guard let dash = dash(before: item) else { throw Self.unsuitable }
            try apply(Change(removing: lineStart(dash)..<endOfLines(item)), expected)
        }
    }

    // MARK: - Texts

    /// A range of the text and its replacement.
    private struct Change {
        let range: Range<Int>
        let replacement: String

        init(_ range: Range<Int>, _ replacement: String) {
            self.range = range
            self.replacement = replacement
        }

        init(removing range: Range<Int>) { self.init(range, "") }
        init(at place: Int, insert text: String) { self.init(place..<place, text) }
    }

    private mutating func apply(
        _ change: Change, _ expected: PlainValue
    ) throws(YAMLText.Problem) {
        var changed = scalars
        // New lines end as the others do.
        let replacement = change.replacement.unicodeScalars.flatMap { scalar -> [Unicode.Scalar] in
            scalar == "\n" && hasWindowsLines ? ["\r", "\n"] : [scalar]
        }
        changed.replaceSubrange(change.range, with: replacement)
        var view = String.UnicodeScalarView()
        view.append(contentsOf: changed)
        let text = String(view)
        guard let outline = try? YAMLOutline.read(text), let value = try? YAMLText.values(text),
            PlainValue(value).equals(expected)
        else { throw Self.unsuitable }
        (scalars, body, root) = (changed, text, outline)
    }

    private func plain() throws(YAMLText.Problem) -> PlainValue {
        let value = try YAMLText.values(body)
        return value.map(PlainValue.init) ?? .map([:])
    }

    /// The value at a path; nil if there is none.
    private func outline(_ path: [Step]) -> YAMLOutline? {
        var found = root
        for step in path {
            switch (step, found?.kind) {
            case (.key(let name), .mapping(let pairs, _)?):
                found = pairs.first { $0.key.text == name }?.value
            case (.index(let index), .sequence(let items, _)?) where items.indices.contains(index):
                found = items[index]
            default: return nil
            }
        }
        return found
    }

    // MARK: - Maps

    private func setting(
        _ key: String, _ value: Scalar, _ path: [Step]
    ) throws(YAMLText.Problem) -> Change {
        guard let map = outline(path) else {
            guard path.isEmpty else { throw Self.unsuitable }
            return Change(at: scalars.count, insert: lineBreakAtEnd + "\(key): \(yaml(value))\n")
        }
        guard case .mapping(let pairs, let isFlow) = map.kind else { throw Self.unsuitable }
        if let old = pairs.first(where: { $0.key.text == key })?.value {
            guard case .scalar(_, let style) = old.kind else { throw Self.unsuitable }
            let isBlock = style == YAML_LITERAL_SCALAR_STYLE || style == YAML_FOLDED_SCALAR_STYLE
            let written = written(value, isFlow: isFlow)
            return Change(
                old.start..<old.end,
                (old.start == old.end ? " " : "") + written + (isBlock ? "\n" : ""))
        }
        let entry = (isJSON ? json(.text(key)) : key) + ": " + written(value, isFlow: isFlow)
        // Inserts the key after the others.
        return isFlow
            ? inserting(entry, intoFlow: map, pairs.map { ($0.key.start, $0.value.end) })
            : inserting(entry + "\n", after: map, column: map.column)
    }

    private func removal(of key: String, in path: [Step]) throws(YAMLText.Problem) -> Change? {
        guard let map = outline(path) else { return nil }
        guard case .mapping(let pairs, let isFlow) = map.kind else { throw Self.unsuitable }
        guard let index = pairs.firstIndex(where: { $0.key.text == key }) else { return nil }
        let (name, value) = pairs[index]
        if isFlow {
            return Change(
                removing: separated(pairs.map { ($0.key.start, $0.value.end) }, index))
        }
        let begin = lineStart(name.start)
        if scalars[begin..<name.start].allSatisfy({ $0 == " " }) {
            return Change(removing: begin..<endOfLines(value))
        }
        // The first key of an item, next to its dash: the following one takes its place.
        guard pairs.count > index + 1 else { throw Self.unsuitable }
        return Change(removing: name.start..<pairs[index + 1].key.start)
    }

    // MARK: - Lists

    private func appending(
        _ fields: [(key: String, value: Scalar)], _ list: String
    ) throws(YAMLText.Problem) -> Change {
        let flow =
            "{"
            + fields.map {
                (isJSON ? json(.text($0.key)) : $0.key) + ": " + written($0.value, isFlow: true)
            }.joined(separator: ", ") + "}"
        func block(_ column: Int) -> String {
            let indent = String(repeating: " ", count: column)
            return fields.enumerated().map { index, field in
                indent + (index == 0 ? "- " : "  ") + "\(field.key): \(yaml(field.value))\n"
            }.joined()
        }
        guard let root else {
            return Change(at: scalars.count, insert: lineBreakAtEnd + "\(list):\n" + block(2))
        }
        guard case .mapping(let pairs, let isFlow) = root.kind else { throw Self.unsuitable }
        guard let present = pairs.first(where: { $0.key.text == list }) else {
            guard isFlow else {
                return inserting("\(list):\n" + block(2), after: root, column: root.column)
            }
            return inserting(
                (isJSON ? json(.text(list)) : list) + ": [\(flow)]", intoFlow: root,
                pairs.map { ($0.key.start, $0.value.end) })
        }
        let value = present.value
        switch value.kind {
        case .sequence(let items, true):
            return inserting(flow, intoFlow: value, items.map { ($0.start, $0.end) })
        case .sequence(_, false):
            let lines = block(value.column)
            return inserting(
                String(lines.dropFirst(value.column)), after: value, column: value.column)
        case .scalar where value.start == value.end && !isFlow:
            // `contexts:` without a value: the list begins in the next line.
            let end = endOfLines(value)
            let isBroken = end > 0 && scalars[end - 1] == "\n"
            return Change(at: end, insert: (isBroken ? "" : "\n") + block(root.column + 2))
        case .scalar: return Change(value.start..<value.end, "[\(flow)]")
        case .mapping, .alias: throw Self.unsuitable
        }
    }

    /// Inserts lines after a block collection. The first line gets the indentation; it is not part of
    /// the text.
    private func inserting(
        _ lines: String, after collection: YAMLOutline, column: Int
    ) -> Change {
        let end = endOfLines(collection)
        let isBroken = end == 0 || scalars[end - 1] == "\n"
        let indent = String(repeating: " ", count: column)
        return Change(at: end, insert: (isBroken ? "" : "\n") + indent + lines)
    }

    /// Inserts an entry at the end of a flow collection: in a line of its own when the others are.
    private func inserting(
        _ entry: String, intoFlow collection: YAMLOutline, _ ranges: [(start: Int, end: Int)]
    ) -> Change {
        guard let last = ranges.last else { return Change(at: collection.start + 1, insert: entry) }
        let line = lineStart(last.start)
        let isOnOwnLine =
            line > collection.start
            && scalars[line..<last.start].allSatisfy { $0 == " " || $0 == "\t" }
        var indent = String.UnicodeScalarView()
        indent.append(contentsOf: scalars[line..<last.start])
        return Change(
            at: last.end, insert: (isOnOwnLine ? ",\n" + String(indent) : ", ") + entry)
    }

    /// The range of an entry of a flow collection with the comma that belongs to it.
    private func separated(_ ranges: [(start: Int, end: Int)], _ index: Int) -> Range<Int> {
        if index > 0 { return ranges[index - 1].end..<ranges[index].end }
        let next = ranges.count > 1 ? ranges[1].start : ranges[0].end
        return ranges[0].start..<next
    }

    // MARK: - Lines

    private func lineStart(_ place: Int) -> Int {
        var start = place
        while start > 0, scalars[start - 1] != "\n" { start -= 1 }
        return start
    }

    /// Where the lines of a value end, including a comment after it.
    private func endOfLines(_ value: YAMLOutline) -> Int {
        var end = value.end
        // A block scalar ends at the beginning of a line.
        if end > value.start, scalars[end - 1] == "\n" { return end }
        while end < scalars.count, scalars[end] != "\n" { end += 1 }
        return min(end + 1, scalars.count)
    }

    /// The dash of an item in its line; nil when it stands elsewhere.
    private func dash(before item: YAMLOutline) -> Int? {
        var place = item.start
        while place > 0, scalars[place - 1] == " " { place -= 1 }
        guard place > 0, scalars[place - 1] == "-" else { return nil }
        let dash = place - 1
        return scalars[lineStart(dash)..<dash].allSatisfy { $0 == " " } ? dash : nil
    }

    /// Whether the first line ends with CR LF.
    private var hasWindowsLines: Bool {
        scalars.firstIndex(of: "\n").map { $0 > 0 && scalars[$0 - 1] == "\r" } ?? false
    }

    private var lineBreakAtEnd: String { scalars.isEmpty || scalars.last == "\n" ? "" : "\n" }

    // MARK: - Scalars

    /// Whether the text is JSON rather than YAML of another form.
    private var isJSON: Bool {
        guard case .mapping(let pairs, true)? = root?.kind else { return false }
        return pairs.allSatisfy {
            if case .scalar(_, let style) = $0.key.kind {
                style == YAML_DOUBLE_QUOTED_SCALAR_STYLE
            } else {
                false
            }
        }
    }

    private func written(_ value: Scalar, isFlow: Bool) -> String {
        isJSON ? json(value) : yaml(value, isFlow: isFlow)
    }

    private func yaml(_ value: Scalar, isFlow: Bool = false) -> String {
        guard case .text(let text) = value else { return json(value) }
        let isSimple = text.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                || "-_./@+ :".unicodeScalars.contains($0)
        }
        guard isSimple, !text.contains(": "), !text.hasSuffix(":"), !text.hasPrefix("-"),
            !text.hasPrefix(" "), !text.hasSuffix(" "), !isFlow || !text.contains(":"),
            (try? YAMLText.values(text)) as? String == text
        else { return json(value) }
        return text
    }

    private func json(_ value: Scalar) -> String {
        switch value {
        case .flag(let flag): flag ? "true" : "false"
        case .integer(let number): String(number)
        case .text(let text):
            "\""
                + text.unicodeScalars.map { scalar in
                    switch scalar {
                    case "\"": return "\\\""
                    case "\\": return "\\\\"
                    case "\n": return "\\n"
                    case "\t": return "\\t"
                    case _ where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value):
                        let digits = String(scalar.value, radix: 16)
                        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                    default: return String(Character(scalar))
                    }
                }.joined() + "\""
        }
    }
}
