/// A name that a table of options may have, as an annotation declares it.
public struct LuaOption: Sendable, Equatable {
    public let name: String
    /// The type as it is written: `boolean|string`.
    public let type: String
    /// What it is for; may be empty.
    public let text: String
    public let isRequired: Bool

    /// An element of the list that it is.
    public var element: LuaOption {
        var type = type.hasSuffix("[]") ? String(type.dropLast(2)) : type
        if type.hasPrefix("("), type.hasSuffix(")") { type = String(type.dropFirst().dropLast()) }
        return LuaOption(name: name, type: type, text: text, isRequired: isRequired)
    }

    /// The texts that it takes: `"read"` and `"write"` of `"read"|"write"`.
    public var choices: [String] {
        type.split(separator: "|").filter { $0.hasPrefix("\"") && $0.hasSuffix("\"") }
            .map { String($0.dropFirst().dropLast()) }
    }

    /// Whether it can be true or false.
    public var isSwitch: Bool { type.split(separator: "|").contains("boolean") }
}

/// Reads the forms in which LuaCATS says what a table holds: `---@field` lines and table types.
enum LuaOptions {
    /// The option that a line declares after `---@field `: `name? string what it is for`.
    static func field(_ line: Substring) -> LuaOption? {
        let written = line.prefix { $0 != " " }
        // `["until"]?` is a word of Lua.
        let name = written.filter { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "?" }
        guard let first = name.first, first.isLetter || first == "_" else { return nil }
        let (type, text) = typeAndText(line.dropFirst(written.count))
        return option(name, type, text)
    }

    /// The type at the beginning of a string, and the text after it.
    static func typeAndText(_ text: Substring) -> (type: String, text: String) {
        let text = text.drop { $0 == " " }
        let end = endOfType(text.utf8)
        return (String(text[..<end]), String(text[end...].drop { $0 == " " }))
    }

    /// Where the type at the beginning of a text ends: at the first blank that is in no brackets.
    static func endOfType<Bytes: Collection<UInt8>>(_ bytes: Bytes) -> Bytes.Index {
        var depth = 0
        // `fun(a: string): boolean` goes on after its colon.
        var isOpen = false
        var end = bytes.startIndex
        while end < bytes.endIndex {
            let byte = bytes[end]
            depth += nesting(byte)
            if byte == UInt8(ascii: " ") {
                if depth == 0, !isOpen { return end }
            } else {
                isOpen = depth == 0 && (byte == UInt8(ascii: ":") || byte == UInt8(ascii: ","))
            }
            bytes.formIndex(after: &end)
        }
        return end
    }

    /// By how much a byte opens or closes brackets.
    static func nesting(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "{"), UInt8(ascii: "("), UInt8(ascii: "<"), UInt8(ascii: "["): 1
        case UInt8(ascii: "}"), UInt8(ascii: ")"), UInt8(ascii: ">"), UInt8(ascii: "]"): -1
        default: 0
        }
    }

    /// The options of a table type, `{ name: string, wait?: boolean }`; nil when it is another type.
    ///
    /// - Parameter text: the descriptions of the options: `wait: until it is there; name: …`
    static func table(_ type: String, _ text: String) -> [LuaOption]? {
        let tables = parts(type[...], at: "|").compactMap { table(String($0), text: text) }
        guard tables.count > 1 else { return tables.first }
        guard tables.count == parts(type[...], at: "|").count else { return nil }
        // One of several forms: what one of them needs another may not.
        return tables.joined().map {
            LuaOption(name: $0.name, type: $0.type, text: $0.text, isRequired: false)
        }
    }

    private static func table(_ type: String, text: String) -> [LuaOption]? {
        guard type.hasPrefix("{"), type.hasSuffix("}") else { return nil }
        var texts: [String: String] = [:]
        for part in text.split(separator: ";") {
            let sides = part.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { continue }
            let names = sides[0].replacing(" and ", with: ",").split(separator: ",")
            for name in names { texts[name.trimmed] = sides[1].trimmed }
        }
        let options = parts(type.dropFirst().dropLast(), at: ",").compactMap { part -> LuaOption? in
            let sides = part.split(separator: ":", maxSplits: 1)
            guard sides.count == 2 else { return nil }
            let name = sides[0].trimmed
            let bare = name.hasSuffix("?") ? String(name.dropLast()) : name
            return option(name, sides[1].trimmed, texts[bare] ?? "")
        }
        return options.isEmpty ? nil : options
    }

    private static func option(_ name: String, _ type: String, _ text: String) -> LuaOption {
        let isRequired = !name.hasSuffix("?")
        return LuaOption(
            name: isRequired ? name : String(name.dropLast()), type: type, text: text,
            isRequired: isRequired)
    }

    /// What stands between separators that are in no brackets.
    static func parts(_ text: Substring, at separator: Unicode.Scalar) -> [Substring] {
        let bytes = text.utf8
        let mark = UInt8(ascii: separator)
        var parts: [Substring] = []
        var depth = 0
        var start = bytes.startIndex
        for index in bytes.indices {
            let byte = bytes[index]
            depth += nesting(byte)
            if byte == mark, depth == 0 {
                parts.append(text[start..<index])
                start = bytes.index(after: index)
            }
        }
        parts.append(text[start...])
        return parts
    }
}

extension LuaReference {
    /// The options that a function takes with an argument, inherited ones included; nil when that is
    /// no table whose names are known.
    ///
    /// - Parameter argument: counted from 0, without `self`.
    public func options(of entry: Entry, argument: Int) -> [LuaOption]? {
        guard let parameter = parameter(of: entry, argument) else { return nil }
        return options(of: parameter)
    }

    /// What the table that an option or a parameter is may hold; nil when its names are not known.
    public func options(of option: LuaOption) -> [LuaOption]? {
        LuaOptions.table(option.type, option.text) ?? fields(ofClass: option.type)
    }

    /// A parameter of a function; nil when nothing is said of it.
    ///
    /// - Parameter argument: counted from 0, without `self`.
    public func parameter(of entry: Entry, _ argument: Int) -> LuaOption? {
        let names = entry.parameters?.split(separator: ",").map(\.trimmed) ?? []
        guard names.indices.contains(argument) else { return nil }
        let name = names[argument]
        return entry.parameterTexts.first { $0.hasPrefix(name + " ") || $0.hasPrefix(name + "? ") }
            .flatMap { LuaOptions.field($0[...]) }
    }

    /// The fields of a class, inherited ones last; nil when it declares none.
    public func fields(ofClass name: String) -> [LuaOption]? {
        guard let own = records[name] else { return nil }
        let inherited = classes[name].flatMap { $0.isEmpty ? nil : fields(ofClass: $0) } ?? []
        return own + inherited.filter { old in !own.contains { $0.name == old.name } }
    }
}
