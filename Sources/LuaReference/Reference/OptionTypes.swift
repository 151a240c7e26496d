import Glibc

/// The options of a table by its annotation, found without reading the whole reference: calls with
/// options are checked while scripts run.
package enum OptionTypes {
    /// Whether a parameter's type is a table of named options: `{ limit?: integer }`, or a class with
    /// fields. Messages and handles of the API are none.
    package static func describesOptions(_ type: String) -> Bool { table(in: type) != nil }

    /// An option, as calls are checked by it.
    package struct Option {
        package let name: String
        /// The letters of its types, as ``ParameterTypes/letters`` has them.
        package let letters: String
        /// The strings that it takes; empty when it takes any, or other types, too.
        package let choices: [String]
        /// The type of a table of options that it is, or of which it is a list; nil for other types.
        package let inner: String?
        package let isList: Bool
    }

    /// The options of a type; nil when their names are not known. Values by position have the name "1".
    package static func options(of type: String) -> [Option]? {
        guard let table = table(in: type),
            let options = LuaOptions.table(table, "") ?? fields(ofClass: table)
        else { return nil }
        return options.map { option in
            let parts = LuaOptions.parts(option.type[...], at: "|").map(\.trimmed)
            // A message or an enumeration of the API is checked by the contract.
            let isOfAPI = parts.contains {
                $0.hasPrefix("qdrant.cloud.") || $0 == "qdrant.Secret"
            }
            let isClosed = parts.allSatisfy { $0.hasPrefix("\"") && !$0.hasSuffix("]") }
            let isList = option.type.hasSuffix("[]")
            let inner = isList ? option.element.type : option.type
            return Option(
                name: option.name, letters: isOfAPI ? "*" : ParameterTypes(option.type).letters,
                choices: isClosed ? option.choices : [],
                inner: describesOptions(inner) ? inner : nil, isList: isList)
        }
    }

    /// The alternative of a type that is a table of options; nil when none is, or several are.
    private static func table(in type: String) -> String? {
        let bare = type.hasSuffix("?") ? String(type.dropLast()) : type
        let tables = LuaOptions.parts(bare[...], at: "|").map(\.trimmed).filter { part in
            part.hasSuffix("}") && part.hasPrefix("{")
                || part.contains(".") && !part.hasPrefix("qdrant.cloud.")
                    && part.allSatisfy {
                        $0.isLetter || $0.isNumber || $0 == "." || $0 == "_"
                    }
        }
        guard tables.count == 1, let table = tables.first,
            // `{ [string]: integer }` has names of any kind.
            !table.hasPrefix("{ ["), !table.hasPrefix("{[")
        else { return nil }
        return table
    }

    /// Where classes are declared: the module, and where the name ends in its text.
    private static let declarations: [String: (module: String, offset: Int)] = {
        let head = Array("---@class ".utf8)
        var found: [String: (module: String, offset: Int)] = [:]
        for module in StandardLibrary.allModules {
            guard let text = StandardLibrary.file(of: module)?.text, let base = text.baseAddress
            else { continue }
            var rest = text[...]
            while !rest.isEmpty {
                if rest.count > head.count, memcmp(base + rest.startIndex, head, head.count) == 0 {
                    let name = rest.dropFirst(head.count).prefix {
                        $0 != UInt8(ascii: ":") && $0 != UInt8(ascii: "\n")
                            && $0 != UInt8(ascii: " ")
                    }
                    found[String(decoding: name, as: UTF8.self)] = (module, name.endIndex)
                }
                guard let end = memchr(base + rest.startIndex, 0x0a, rest.count) else { break }
                rest = text[(UnsafeRawPointer(end) - base + 1)...]
            }
        }
        return found
    }()

    /// The fields that a class declares with `---@field`, and those of its parent; nil when it has none.
    private static func fields(ofClass name: String) -> [LuaOption]? {
        guard let place = declarations[name],
            let text = StandardLibrary.file(of: place.module)?.text
        else { return nil }
        return fields(text[place.offset...])
    }

    private static func fields(_ text: Slice<UnsafeRawBufferPointer>) -> [LuaOption]? {
        let first = text.prefix { $0 != UInt8(ascii: "\n") }
        var rest = text[first.endIndex...].dropFirst()
        var declared: [LuaOption] = []
        while rest.starts(with: "---".utf8) {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            rest = rest[line.endIndex...].dropFirst()
            let words = String(decoding: line, as: UTF8.self)
            guard words.hasPrefix("---@field ") else { continue }
            if words.hasPrefix("---@field [1]") {
                declared.append(LuaOption(name: "1", type: "any", text: "", isRequired: false))
                continue
            }
            if let option = LuaOptions.field(words.dropFirst(10)) { declared.append(option) }
        }
        var inherited: [LuaOption] = []
        if first.first == UInt8(ascii: ":") {
            let parent = String(decoding: first.dropFirst(), as: UTF8.self).trimmed
            inherited = fields(ofClass: parent) ?? []
        }
        let all = declared + inherited.filter { old in !declared.contains { $0.name == old.name } }
        return all.isEmpty ? nil : all
    }
}
