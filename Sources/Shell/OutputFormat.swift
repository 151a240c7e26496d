/// How results are written.
public enum OutputFormat: String, Sendable, CaseIterable {
    /// Lists of messages as tables, other values as a tree: for people.
    case table
    case json
    /// One JSON document a line; a list becomes a line for each element.
    case jsonl
    case yaml
    case csv
}
