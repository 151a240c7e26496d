/// The types that a parameter may have, by its annotation.
package struct ParameterTypes: OptionSet, Sendable {
    package let rawValue: UInt16

    package init(rawValue: UInt16) { self.rawValue = rawValue }

    package static let boolean = Self(rawValue: 1 << 0)
    package static let number = Self(rawValue: 1 << 1)
    package static let integer = Self(rawValue: 1 << 2)
    package static let string = Self(rawValue: 1 << 3)
    package static let table = Self(rawValue: 1 << 4)
    package static let function = Self(rawValue: 1 << 5)
    package static let userdata = Self(rawValue: 1 << 6)
    package static let any = Self(rawValue: 1 << 7)
    package static let optional = Self(rawValue: 1 << 8)
    /// `qdrant.null`, which clears a field.
    package static let null = Self(rawValue: 1 << 9)
    /// `false` and not `true`.
    package static let onlyFalse = Self(rawValue: 1 << 10)

    /// The letters that `host.check_arguments` reads, in the order of the bits.
    private static let all: [Unicode.Scalar] = [
        "b", "n", "i", "s", "t", "f", "u", "*", "?", "0", "F",
    ]

    /// The types as `host.check_arguments` reads them; "any" replaces all but "optional".
    package var letters: String {
        var letters = ""
        let shown = contains(.any) ? intersection([.any, .optional]) : self
        for (bit, letter) in Self.all.enumerated() where shown.rawValue >> bit & 1 != 0 {
            letters.unicodeScalars.append(letter)
        }
        return letters
    }

    /// Reads a type as annotations write it: `string|integer?`.
    package init(_ type: String) {
        var type = type
        self = type.withUTF8 { Self(UnsafeRawBufferPointer($0)[...]) }
    }

    /// Reads a type from its bytes.
    init(_ bytes: Slice<UnsafeRawBufferPointer>) {
        var types = Self()
        var depth = 0
        var start = bytes.startIndex
        for index in bytes.indices {
            depth += LuaOptions.nesting(bytes[index])
            if depth == 0, bytes[index] == UInt8(ascii: "|") {
                types.formUnion(Self.one(bytes[start..<index]))
                start = index + 1
            }
        }
        self = types.union(Self.one(bytes[start...]))
    }

    /// A type without alternatives.
    private static func one(_ bytes: Slice<UnsafeRawBufferPointer>) -> Self {
        var bytes = bytes.drop { $0 == UInt8(ascii: " ") }
        while bytes.last == UInt8(ascii: " ") { bytes = bytes.dropLast() }
        if bytes.last == UInt8(ascii: "?") { return one(bytes.dropLast()).union(.optional) }
        switch bytes.first {
        case UInt8(ascii: "{"): return .table
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "(") where bytes.last == UInt8(ascii: ")"):
            return Self(bytes.dropFirst().dropLast())
        default: break
        }
        if bytes.starts(with: "fun(".utf8) { return .function }
        if bytes.last == UInt8(ascii: "]") || bytes.starts(with: "table<".utf8) { return .table }
        for (name, type) in names where bytes.elementsEqual(name.utf8) { return type }
        // A class is a table; a type parameter may be anything.
        return bytes.contains(UInt8(ascii: ".")) ? .table : .any
    }

    private static let names: [(name: String, type: Self)] = [
        ("string", .string), ("table", .table), ("integer", .integer), ("number", .number),
        ("boolean", .boolean), ("any", .any), ("function", .function), ("userdata", .userdata),
        ("nil", .optional), ("true", .boolean), ("false", .onlyFalse), ("qdrant.Null", .null),
    ]
}
