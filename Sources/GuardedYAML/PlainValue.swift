import Foundation

/// The meaning of a YAML text, for comparison.
indirect enum PlainValue {
    case null
    case flag(Bool)
    case number(Double)
    case text(String)
    case list([PlainValue])
    case map([String: PlainValue])

    init(_ value: Any) {
        switch value {
        case let flag as Bool: self = .flag(flag)
        case let number as Int: self = .number(Double(number))
        case let number as Double: self = .number(number)
        case let text as String: self = .text(text)
        case let items as [Any]: self = .list(items.map(PlainValue.init))
        case let fields as [String: Any]: self = .map(fields.mapValues(PlainValue.init))
        default: self = .null
        }
    }

    init(_ scalar: YAMLEditor.Scalar) {
        switch scalar {
        case .text(let text): self = .text(text)
        case .flag(let flag): self = .flag(flag)
        case .integer(let number): self = .number(Double(number))
        }
    }

    /// Changes the value at a path; returns false if there is none.
    mutating func change(
        _ path: some Collection<YAMLEditor.Step>, _ body: (inout PlainValue) -> Bool
    ) -> Bool {
        guard let step = path.first else { return body(&self) }
        switch (step, self) {
        case (.key(let name), .map(var fields)):
            guard var inner = fields[name], inner.change(path.dropFirst(), body) else {
                return false
            }
            fields[name] = inner
            self = .map(fields)
            return true
        case (.index(let index), .list(var items)):
            guard items.indices.contains(index), items[index].change(path.dropFirst(), body) else {
                return false
            }
            self = .list(items)
            return true
        default: return false
        }
    }

    /// Sets a key of a map; returns false for other values.
    mutating func set(_ key: String, _ value: PlainValue?) -> Bool {
        guard case .map(var fields) = self else { return false }
        fields[key] = value
        self = .map(fields)
        return true
    }

    /// Appends to a list in a map and creates the list if it is missing; returns false for other
    /// values.
    mutating func append(_ item: PlainValue, to key: String) -> Bool {
        guard case .map(var fields) = self else { return false }
        switch fields[key] {
        case .list(let items)?: fields[key] = .list(items + [item])
        case nil, .null?: fields[key] = .list([item])
        default: return false
        }
        self = .map(fields)
        return true
    }

    /// Removes an item of a list; returns false if there is none.
    mutating func remove(at index: Int) -> Bool {
        guard case .list(var items) = self, items.indices.contains(index) else { return false }
        items.remove(at: index)
        self = .list(items)
        return true
    }

    /// Whether another value means the same. A list without items may be written as nothing.
    func equals(_ other: PlainValue) -> Bool {
        switch (self, other) {
        case (.null, .null): true
        case (.null, .list(let items)), (.list(let items), .null): items.isEmpty
        case (.flag(let a), .flag(let b)): a == b
        case (.number(let a), .number(let b)): a == b || (a.isNaN && b.isNaN)
        case (.text(let a), .text(let b)): a == b
        case (.list(let a), .list(let b)):
            a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        case (.map(let a), .map(let b)):
            a.count == b.count && a.allSatisfy { key, value in b[key].map(value.equals) ?? false }
        default: false
        }
    }
}
