/// How results are written.
public enum OutputFormat: String, Sendable, CaseIterable {
    /// Lists of messages as tables, other values as a tree: for people.
    case table
    /// Tables with all columns, however wide.
    case wide
    /// Each value as a tree of names.
    case tree
    case json
    /// One JSON document a line; a list becomes a line for each element.
    case jsonl
    case yaml
    /// An expression of Lua that gives an equal value.
    case lua
    case csv
}
